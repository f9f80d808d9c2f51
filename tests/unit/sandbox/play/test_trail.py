"""The ground that was walked over, as a way back."""

from math import dist

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.sandbox.play.trail import CELL, Trail


def walked(*places):
    trail = Trail()
    trail.extend(CameraPose(x=x, z=z) for x, z in places)
    return trail


def line(start, end, count=40):
    steps = [number / count for number in range(count + 1)]
    return [tuple(a + step * (b - a) for a, b in zip(start, end, strict=True)) for step in steps]


def test_a_way_turns_only_where_it_must():
    around = [*line((0, 0), (4, 0)), *line((4, 0), (4, 4)), *line((4, 4), (0, 4))]
    way = walked(*around).way((0, 4), (0, 0))
    assert dist(way[-1], (0, 0)) < CELL
    assert 2 <= len(way) <= 4


def test_a_way_takes_the_shorter_of_two():
    there = line((0, 0), (0, 4))
    aside = [*line((0, 4), (9, 4)), *line((9, 4), (9, 0)), *line((9, 0), (0, 0))]
    assert len(walked(*there, *aside).way((0, 4), (0, 0))) == 1


def test_there_is_no_way_over_a_leap():
    leapt = [*line((0, 0), (0, 4)), *line((8, 8), (8, 12))]
    (place,) = walked(*leapt).way((8, 12), (0, 0))
    assert dist(place, (8, 8)) < CELL
    assert walked(*line((0, 0), (0, 4)), (20, 20)).way((20, 20), (0, 0)) == []


def test_a_way_that_gains_nothing_is_none():
    assert walked(*line((0, 0), (0, 4))).way((0, 4), (0, 9)) == []
