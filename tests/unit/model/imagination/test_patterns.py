"""Patterns of rooms and of the ground of games lie where the renderer has them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.model.imagination.objects import PlacedObject, object_table
from mag_sandbox.model.imagination.patterns import ROCK, Patterns, first_looks
from mag_sandbox.model.imagination.sketch import Sketcher
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.kinds import BEHIND, CLASSES
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Layout

LOOKS = CLASSES + tuple(dict.fromkeys(name for names in BEHIND.values() for name in names))
RING, CELL = (24, 80), 16
BARE = {"pattern": "plain", "floor": "carpet", "floor_color": "grey", "ceiling": "plain"}
ROWS = np.arange(6, 18)  # of cells, of level views
HERE = 0.6, -0.4  # x and z [m]
TABLE = torch.zeros(1 + len(LOOKS) * 8, 9 * 6)  # nothing has a sprite


def drawn_both(
    own: dict[str, str], variant: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the render and the sketch of an empty room, float32 [H, W, 3], and the patterned."""
    layout = lay_out("indoor", 3)
    room = replace(layout.room, **{**BARE, **own}, wall="blue")
    told = {"wall_pattern": room.pattern, "floor": room.floor, "ceiling": room.ceiling}
    attributes = {**layout.attributes, **told, "light": "daylight"}
    return sketched_too(replace(layout, items=(), room=room, attributes=attributes), variant)


def sketched_too(
    layout: Layout, variant: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the render and the sketch of a scene from `HERE`, and the patterned; see above.

    Its walls are drawn in a `variant`, if one is given.
    """
    ring = SceneRenderer(layout).ring(*HERE)
    placed = [PlacedObject(*thing.plan_entry) for thing in bands_of(ring)]
    if variant is not None:
        placed = [replace(one, variant=variant) if one.kind == "wall" else one for one in placed]
    table = object_table(placed, LOOKS, RING)
    sketcher = Sketcher(
        TABLE, 1 + len(CLASSES) * 8, RING, CELL, patterns=Patterns(first_looks(LOOKS), RING, CELL)
    )
    (picture, _, patterned, ground), _ = sketcher.draw(table, ROWS, np.arange(80), HERE)
    shown = ring.pixels[96:288].astype(np.float32)
    assert not ground[:96].any()
    assert (patterned | ~ground).all()
    return shown, (picture.transpose(1, 2, 0) + 1) * 127.5, patterned


@pytest.mark.parametrize(
    ("own", "least"),
    [
        ({"ceiling": "wooden beams"}, 0.9),
        ({"ceiling": "ceiling panels"}, 0.75),
        ({"floor": "wood", "floor_color": "pale"}, 0.9),
        ({"floor": "tiles", "floor_color": "white"}, 0.95),
        ({"pattern": "panels"}, 0.95),
        ({"pattern": "two tones"}, 0.95),
        ({"pattern": "wide stripes"}, 0.95),
        ({"pattern": "stones"}, 0.95),
        ({"pattern": "stones", "floor": "tiles", "floor_color": "grey"}, 0.94),
    ],
)
def test_patterns_lie_where_the_renderer_has_them(own, least):
    shown, sketched, patterned = drawn_both(own)
    both = [(each[patterned] - each[patterned].mean(axis=0)).ravel() for each in (shown, sketched)]
    assert patterned.any()
    assert np.corrcoef(*both)[0, 1] > least


def test_rock_has_no_rows_of_stones():
    stones, rock = (drawn_both({"pattern": "stones"}, variant) for variant in (None, ROCK))
    uneven = [sketch[60:130].mean(axis=(1, 2)).std() for _, sketch, _ in (stones, rock)]
    assert rock[2].any() and rock[1][60:130].std(axis=1).min() > 3
    assert uneven[1] < 0.7 * uneven[0]


def test_a_bare_room_has_no_pattern():
    assert not drawn_both({})[2].any()


def test_the_ground_of_games_has_its_squares_from_any_viewpoint():
    shown, sketched, drawn = sketched_too(replace(lay_out("video game", 3), items=()))
    assert drawn[130:].all()
    near = [each[130:] - each[130:].mean(axis=1, keepdims=True) for each in (shown, sketched)]
    assert np.corrcoef(*(each.ravel() for each in near))[0, 1] > 0.9
