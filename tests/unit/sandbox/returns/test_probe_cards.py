"""A wipe between then and now lies on the picture itself, as the camera sees it."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.sandbox.play.late_warp import WHOLE
from mag_sandbox.sandbox.returns.probe_cards import Wipe, recall_words, return_words
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme
from tests.unit.sandbox.screens.test_probes_screen import result

BLUE = (0, 0, 255)
WORDS = {"then": (255, 0, 255), "now": (0, 255, 0)}


@pytest.mark.parametrize("size", [(480, 300), (1280, 720), (3840, 2160)])
@pytest.mark.parametrize("yaw", [0.0, 9.0])
def test_then_lies_over_the_left_share_where_the_camera_sees_it(size, yaw):
    frame = np.full((192, 320, 3), 40, np.uint8)
    frame[:, 160:] = 90
    then = Sight(frame, CameraPose(yaw=yaw), 0, 0.0)
    width, height = size
    with window(size, "test") as surface:
        surface.fill(BLUE)
        wipe = Wipe(Theme(size), result(1, sight=then), surface.get_rect())
        wipe.draw(surface, CameraPose(), WHOLE, 0.75)
        row = [surface.get_at((x, height // 4))[:3] for x in range(width)]
    middle = width // 2 + round(yaw / 90 * width)
    assert row[middle - 20] == (40, 40, 40)
    assert row[middle + 20] == (90, 90, 90)
    assert row[width * 3 // 4 + 9] == BLUE, "now is the live picture"
    if yaw:
        assert row[4] == BLUE, "then did not show that"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, []), (0.06, ["now"]), (0.5, ["then", "now"]), (0.94, ["then"]), (0.99, []), (1.0, [])],
)
@pytest.mark.parametrize("overhang", [0, 60])
def test_words_stand_beside_the_line_of_a_wipe_and_never_alone(share, shown, overhang):
    size = 640, 400
    with window(size, "test") as surface:
        picture = surface.get_rect().inflate(2 * overhang, 0)
        wipe = Wipe(Theme(size), result(1), picture)
        for label, color in zip(wipe._labels, WORDS.values(), strict=True):
            label.fill(color)
        edge = size[0] * share
        wipe.draw(surface, CameraPose(), WHOLE, (edge - picture.left) / picture.width)
        row = {tuple(color) for color in pygame.surfarray.array3d(surface)[:, size[1] // 2]}
    assert [word for word, color in WORDS.items() if color in row] == shown


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"recall": 92.4}, "92% as it was"),
        ({"recall": None, "motion": "differs"}, "not measured: it moved unlike the camera"),
        ({"recall": None, "motion": "unmeasurable"}, "not measured: too little moved"),
    ],
)
def test_a_wipe_gives_the_recall_or_says_why_there_is_none(figures, said):
    assert recall_words(replace(result(1), **figures)) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [("auto", "You came back after 14 s of play"), ("seen", "You saw this 14 s of play ago")],
)
def test_the_time_until_a_return_is_that_of_play_which_leaves_out_the_time_between_visits(
    kind, said
):
    assert return_words(result(1, kind=kind, seconds_away=14.0)) == said
