"""Things drawn alone look as they do in the ring."""

import numpy as np
import pytest

from mag_sandbox.renderer.alone import ThingsAlone, drawn_flat
from mag_sandbox.renderer.drawing import OPAQUE
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.paint import INKS, VARIANTS, paint
from mag_sandbox.renderer.render import PLANES, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.setting import light_of
from mag_sandbox.scenes.kinds import ANIMALS

SCALE = 4


@pytest.mark.parametrize(
    ("seed", "x", "z"), [(4, 0.0, 0.0), (4, 0.3, 0.4), (5, 0.0, 0.0), (5, 0.5, 0.2)]
)
def test_a_thing_alone_has_the_pixels_that_it_has_in_the_ring(seed: int, x: float, z: float):
    """In a room, where light falls on it, and outdoors, where there is haze."""
    scene = SceneRenderer(lay_out(category_of(seed), seed))
    ring, alone = scene.ring(x, z), ThingsAlone(scene, x, z)
    first, compared = len(scene.far) + 1, 0
    for index, item in enumerate(scene.layout.items):
        own = ring.ids == first + index
        rows, columns = own.any(axis=1).nonzero()[0], own.any(axis=0).nonzero()[0]
        if item.entry.where in PLANES or own.sum() < 200 or np.ptp(columns) > 300:
            continue
        top, left = int(rows[0]), int(columns[0])
        size = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
        drawn = alone.drawn(index, (left, top), tuple(SCALE * side for side in size), SCALE)
        small = drawn.reshape(size[0], SCALE, size[1], SCALE, 4).mean(axis=(1, 3))
        part = slice(top, top + size[0]), slice(left, left + size[1])
        inside = own[part] & (small[..., 3] > 254)
        assert inside.sum() > 0.5 * own[part].sum()
        assert np.abs(small[inside][:, :3] - ring.pixels[part][inside]).mean() < 4
        compared += 1
    assert compared >= 3


def test_a_flat_drawing_fills_a_square():
    light = light_of(lay_out(category_of(4), 4))
    tall = drawn_flat(paint("floor lamp", "red", 0, light), 48)
    assert tall.shape == (48, 48, 4)
    for edge in (tall[0], tall[-1], tall[:, 0], tall[:, -1]):
        assert edge[:, 3].max() > 30
    cow = [drawn_flat(paint("cow", None, number, light), 48)[..., 3] for number in (0, 1)]
    assert np.abs(cow[0].astype(int) - cow[1][:, ::-1]).mean() < 8


@pytest.mark.parametrize(
    "kind",
    [
        "sheep", "deer", "camel", "cat", "dog", "horse", "cow", "pig", "goat", "lion", "elephant",
        "giraffe", "bear", "fox", "turtle", "unicorn", "dragon",
    ],
)  # fmt: skip
def test_an_animal_shows_four_legs_and_an_eye_in_each_of_its_colours(kind: str):
    for number, color in enumerate(KINDS[kind].colors or (None,)):
        drawing = paint(kind, color, number % VARIANTS, light_of(lay_out(category_of(4), 4)))
        feet = drawn_flat(drawing, 200)[-7, :, 3] > OPAQUE
        assert (np.diff(np.pad(feet, 1).astype(int)) == 1).sum() == 4, color
        dark, white = ((drawing.colors[:, :3] == INKS[ink]).all(1) for ink in ("dark", "white"))
        assert (dark[1:] & white[:-1]).any(), color


def test_animals_have_their_colours():
    light = light_of(lay_out(category_of(4), 4))
    for kind in sorted(ANIMALS):
        colors = KINDS[kind].colors
        shown = [drawn_flat(paint(kind, one, 0, light), 24)[..., :3].mean((0, 1)) for one in colors]
        assert all(np.abs(one - shown[0]).max() > 4 for one in shown[1:]), kind
