"""How drawings lie to the marks of their kinds, and what is missed where these are strong."""

from functools import cache

import numpy as np
import pytest
import torch

from mag_sandbox.controls.parallax import Box
from mag_sandbox.model.imagination.drawing.close_up import MARKED, places_in
from mag_sandbox.renderer.alone import drawn_flat
from mag_sandbox.renderer.paint import paint
from mag_sandbox.renderer.render import category_of, lay_out
from mag_sandbox.renderer.setting import light_of
from mag_sandbox.training.pictures.marked import head_of, lie_of, missed_marks
from mag_sandbox.training.pictures.marks import marks_of_kinds

BOX: Box = (24.0, 16.0, 160.0, 120.0)
SHAPE = 152, 208


@cache
def marks_of(kind: str) -> torch.Tensor:
    return marks_of_kinds([kind], 0)[0][0].view(4, MARKED, MARKED)


def drawn(kind: str, color: str | None, down: int = 0, across: int = 0) -> np.ndarray:
    """Return a drawing that lies so many px below its box, and right of it."""
    flat = drawn_flat(paint(kind, color, 0, light_of(lay_out(category_of(1), 1))), 240)
    rows, columns = (np.arange(int(size)) * 240 // int(size) for size in (BOX[3], BOX[2]))
    thing = flat[rows[:, None], columns]
    thing[..., :3] = thing[..., :3] * (thing[..., 3:] / 255)
    top, left = int(BOX[1]) + down, int(BOX[0]) + across
    picture = np.zeros((*SHAPE, 4), np.uint8)
    picture[top : top + len(rows), left : left + len(columns)] = thing
    return picture


def test_a_drawing_agrees_with_the_outline_of_its_marks_but_not_upside_down():
    picture = drawn("dog", "brown")
    assert lie_of(picture, BOX, marks_of("dog")).agreement > 0.8
    turned = np.roll(picture[::-1], 0, axis=0).copy()
    assert lie_of(turned, BOX, marks_of("dog")).agreement < 0.6


@pytest.mark.parametrize(("kind", "color"), [("dog", "brown"), ("cow", "black")])
@pytest.mark.parametrize(("down", "across"), [(0, 0), (6, -4), (-4, 8)])
def test_a_drawing_beside_its_marks_is_found_whatever_its_colours(
    kind: str, color: str, down: int, across: int
):
    lie = lie_of(drawn(kind, color, down, across), BOX, marks_of(kind))
    assert abs(lie.down - down) <= 2
    assert abs(lie.across - across) <= 2


def test_a_face_stands_out_most():
    row, column = head_of(marks_of("dog"), BOX)
    assert row < BOX[1] + BOX[3] / 2
    assert column < BOX[0] + BOX[2] / 3


def test_a_missing_eye_costs_more_than_as_large_a_spot_on_a_flank():
    side = 192
    places = torch.from_numpy(places_in((4.0, 4.0, 40.0, 40.0), (48, 48)))[None]
    picture = torch.full((1, 4, side, side), 0.5)
    row, column = (int(at) for at in head_of(marks_of("dog"), (16.0, 16.0, 160.0, 160.0)))
    eye, flank, edge = (picture.clone() for _ in range(3))
    eye[..., row - 6 : row + 6, column - 6 : column + 6] = 0
    flank[..., 90:102, 100:112] = 0
    edge[..., :8, :] = 0
    lost = [
        float(missed_marks(one, picture, marks_of("dog")[None], places, edge=8))
        for one in (picture, eye, flank, edge)
    ]
    assert lost[0] == lost[3] == 0
    assert lost[1] > 5 * lost[2]
