"""The painter: what is known stays, and what cells are told is what they show."""

import numpy as np
import torch

from mag_sandbox.model.imagination.objects import PlacedObject, object_table, tell
from tests.unit.model.imagination.tiny import KINDS, TINY, networks, prompts

RING, (HEIGHT, WIDTH) = TINY.painter.ring, TINY.painter.view
CELL = 360 / RING[1]
TENT = PlacedObject("tent", 2.5 * CELL, 0.0, CELL, CELL)


def painted(known=None, objects=(TENT,), top=2, prompt=None, latents=None) -> torch.Tensor:
    """Return a painted view, [1, C, H, W]."""
    painter = networks().painter.eval()
    rows = np.arange(top, top + HEIGHT)
    told = tell(object_table(objects, KINDS, RING), rows, np.arange(WIDTH), RING[1]).batch()
    shape = 1, TINY.painter.dit.channels, HEIGHT, WIDTH
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    known = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool) if known is None else known
    words, empty = prompts()
    text, free = (painter.text_keys(each) for each in (words if prompt is None else prompt, empty))
    latents = torch.full(shape, 0.5) if latents is None else latents
    with torch.inference_mode():
        return painter.paint(told, torch.from_numpy(rows)[None], latents, known, noise, text, free)


def test_a_painting_is_a_function_of_all_that_it_is_told():
    first = painted()
    assert torch.equal(first, painted())
    others = painted(objects=()), painted(top=3), painted(prompt=prompts()[1])
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


def test_looks_differ_by_kind_variant_and_place_within_the_object():
    with torch.inference_mode():
        layer = networks().painter.objects
        looks = torch.tensor([1, 2, 9])
        middle, corner = torch.zeros(3, 2), torch.full((3, 2), 0.9)
        at_middle, at_corner = layer._stretched(looks, middle), layer._stretched(looks, corner)
    assert len({tuple(row.tolist()) for row in (*at_middle, *at_corner)}) == 6


def test_a_sprite_is_stretched_evenly():
    with torch.inference_mode():
        layer = networks().painter.objects
        look = torch.ones(3, dtype=torch.long)
        left, middle, right = layer._stretched(
            look, torch.tensor([[-1.25, 0.0], [-0.625, 0.0], [0.0, 0.0]])
        )
    torch.testing.assert_close(middle, (left + right) / 2)
