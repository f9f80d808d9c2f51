"""Of plans the one is taken whose view ahead shows what the caption names, in plain sight."""

from dataclasses import replace

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import ahead_best, cuts, missing, turned
from mag_sandbox.scenes.naming import Named

NAMED = [Named(("house",), None)]
TENT = PlacedObject("tent", 200.0, -5.0, 30.0, 20.0)
TREE = PlacedObject("tree", 230.0, 0.0, 20.0, 25.0)
HOUSE = PlacedObject("house", 20.0, 0.0, 30.0, 20.0)
SUN = PlacedObject("sun", 200.0, 8.0, 16.0, 16.0)


def from_ahead(thing: PlacedObject, yaw: float) -> float:
    (moved,) = turned([thing], yaw)
    return abs((moved.yaw + 180.0) % 360.0 - 180.0)


def test_the_view_ahead_shows_most_of_what_the_caption_says():
    worth, yaw = ahead_best([HOUSE, TENT, TREE], np.array([2.5, 2.0, 1.0]))
    assert worth > 0
    assert max(from_ahead(TENT, yaw), from_ahead(TREE, yaw)) < 40.0


def test_what_words_name_counts_more():
    worth, yaw = ahead_best([HOUSE, TENT, TREE], np.array([2.5, 2.0, 1.0]), NAMED)
    assert worth > 1.0
    assert from_ahead(HOUSE, yaw) < 40.0


def test_in_a_room_the_view_ahead_faces_the_wall_before_which_most_of_it_is():
    walls = [PlacedObject("wall", 30.0 + 90 * side, 0.0, 90.0, 40.0) for side in range(4)]
    _, yaw = ahead_best([*walls, HOUSE, TENT, TREE], np.array([0.0] * 4 + [2.5, 2.0, 1.0]))
    assert yaw == 210.0
    _, yaw = ahead_best([*walls, HOUSE, TENT, TREE], np.zeros(7), NAMED)
    assert yaw == 30.0


def test_of_walls_that_show_as_much_of_it_one_with_a_window_is_ahead():
    walls = [PlacedObject("wall", 30.0 + 90 * side, 0.0, 90.0, 40.0) for side in range(4)]
    window = PlacedObject("square window", 120.0, 3.0, 16.0, 14.0)
    assert ahead_best([*walls, window], np.zeros(5))[1] == 120.0
    assert ahead_best([*walls, window, HOUSE], np.zeros(6), NAMED)[1] == 30.0


def test_what_stands_behind_something_else_does_not_count():
    screen = PlacedObject("screen", 20.0, 0.0, 40.0, 40.0)
    hidden, _ = ahead_best([HOUSE, screen], np.zeros(2), NAMED)
    seen, _ = ahead_best([screen, HOUSE], np.zeros(2), NAMED)
    assert (hidden, seen) == (0.0, 1.0)


def test_a_plan_of_nothing_is_worth_nothing():
    assert ahead_best([], np.zeros(0), NAMED)[0] == 0.0


def test_what_words_name_is_missing_where_the_view_ahead_does_not_show_it():
    tent, sun, hills = (Named((kind,), None) for kind in ("tent", "sun", "hills"))
    assert missing([TENT], 200.0, [tent]) == []
    assert missing([TENT], 20.0, [tent]) == [tent]
    assert missing([SUN], 20.0, [sun, hills]) == [], "there is one sun, hills do not stand"
    assert missing([], 0.0, [tent, sun]) == [tent, sun]
    assert missing([TENT], 200.0, [Named(("castle", "tent"), None)]) == []


def test_of_views_that_show_as_much_one_that_cuts_nothing_is_taken():
    trees = [replace(TREE, kind="oak", yaw=yaw) for yaw in (10.0, 45.0, 80.0, 115.0)]
    _, yaw = ahead_best([HOUSE, *trees], np.zeros(5), NAMED)
    assert cuts([HOUSE, *trees], np.array([yaw])) == [0]
    assert cuts(trees, np.array([0.0])) == [1]
