"""The painter: what is known stays, and what cells are told is what they show."""

import math

import numpy as np
import torch

from mag_sandbox.model.imagination.objects import PlacedObject, covering_objects, object_table
from mag_sandbox.model.imagination.painter import sketched_cells
from mag_sandbox.model.imagination.sketch import Sketch
from tests.unit.model.imagination.tiny import KINDS, TINY, networks, prompts

RING, (HEIGHT, WIDTH) = TINY.painter.ring, TINY.painter.view
CELL = 360 / RING[1]
TENT = PlacedObject("tent", 2.5 * CELL, 0.0, CELL, CELL)


def painted(
    known=None, objects=(TENT,), top=2, prompt=None, latents=None, sketched=0.0
) -> torch.Tensor:
    """Return a painted view, [1, C, H, W]."""
    painter = networks().painter.eval()
    rows = np.arange(top, top + HEIGHT)
    table = object_table(objects, KINDS, RING)
    covering = covering_objects(table, rows, np.arange(WIDTH), RING[1]).batch()
    shape = 1, TINY.painter.dit.channels, HEIGHT, WIDTH
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    known = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool) if known is None else known
    text = painter.text_keys(prompts()[0] if prompt is None else prompt)
    latents = torch.full(shape, 0.5) if latents is None else latents
    sketch = torch.full((1, shape[1] + 1, HEIGHT, WIDTH), sketched)
    with torch.inference_mode():
        return painter.paint(
            covering, sketch, torch.from_numpy(rows)[None], latents, known, noise, text
        )


def test_a_painting_is_a_function_of_all_that_it_is_told():
    first = painted()
    assert torch.equal(first, painted())
    others = (
        painted(objects=()),
        painted(top=3),
        painted(prompt=prompts()[1]),
        painted(sketched=1.0),
    )
    assert not any(torch.equal(first, other) for other in others)


def test_what_is_known_stays_to_the_bit_and_what_is_not_follows_from_it():
    known = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    known[..., :3] = True
    made = painted(known)
    assert (made[..., :3] == 0.5).all()
    assert not torch.equal(made[..., 3:], painted()[..., 3:])


def test_what_stands_in_cells_that_are_not_known_is_never_read():
    shape = 1, TINY.painter.dit.channels, HEIGHT, WIDTH
    assert torch.equal(painted(), painted(latents=torch.full(shape, 7.0)))


def test_of_a_sketch_cells_are_told_its_latents_where_it_shows_anything():
    half, nothing = np.array([[1.0, 0.0]], np.float32), np.zeros((1, 2), np.float32)
    pictures = np.full((2, 3, 16, 32), 0.5, np.float32)
    bare = np.zeros((16, 32), bool)
    sketches = [
        Sketch(picture, covered, bare, bare)
        for picture, covered in zip(pictures, (half, nothing), strict=True)
    ]
    told = sketched_cells(sketches, lambda views: views[..., ::16, ::16] + 1)
    assert told.shape == (2, 4, 1, 2)
    assert told[0, :, 0, 0].tolist() == [1.5, 1.5, 1.5, 1.0]
    assert not told[0, :, 0, 1].any()
    assert not told[1].any()


def sprites(looks, inside, cells) -> torch.Tensor:
    """Return what cells see of sprites: numbers at 4 x 4 points, [N, down, across, channels].

    Args:
        looks: of the objects.
        inside: where in their boxes the cells lie.
        cells: how large half a box is.
    """
    (layer,) = networks().painter.objects.sprites
    half = torch.full((len(looks), 2), math.log2(cells) / 2)
    with torch.inference_mode():
        seen = layer.stretched(torch.tensor(looks), torch.tensor(inside), half)
    return seen.view(len(looks), layer.config.points, layer.config.points, -1)


def test_looks_differ_by_kind_variant_and_place_within_the_object():
    looks = [1, 2, 9]
    seen = *sprites(looks, [[0.0, 0.0]] * 3, 4), *sprites(looks, [[0.9, 0.9]] * 3, 4)
    assert len({tuple(view.flatten().tolist()) for view in seen}) == 6


def test_a_sprite_is_stretched_over_its_box_and_larger_ones_are_seen_finer():
    (small,) = sprites([1], [[0.0, 0.0]], 0.5)
    above_left, right, below, _ = sprites(
        [1] * 4, [[x, y] for y in (-0.5, 0.5) for x in (-0.5, 0.5)], 1
    )
    pairs = torch.cat((above_left, right), dim=1)[:2].mean(dim=0).unflatten(0, (4, 2)).mean(dim=1)
    torch.testing.assert_close(small[0], pairs)
    torch.testing.assert_close(below[:, 0], sprites([1], [[-0.5, 0.5]], 1)[0, :, 0])
