import numpy as np

from mag_sandbox.model.imagination.drawing import continuing
from mag_sandbox.model.imagination.drawing.continuing import continued_in_room, mirrored

RING = np.broadcast_to(np.arange(12, dtype=np.float32), (2, 3, 12))


def known(*columns: int) -> np.ndarray:
    return np.isin(np.arange(12), columns)


def test_the_gap_of_a_ring_shows_what_lies_at_its_sides_mirrored(monkeypatch):
    monkeypatch.setattr(continuing, "CLOSE", 0.01)  # both halves meet abruptly
    rows = mirrored(RING, known(0, 1, 2, 3, 9, 10, 11))
    assert (rows == [0, 1, 2, 3, 3, 2, 6, 10, 9, 9, 10, 11]).all(), "between both halves, a mean"


def test_a_wide_gap_shows_the_little_that_is_known_to_and_fro(monkeypatch):
    monkeypatch.setattr(continuing, "CLOSE", 0.01)
    rows = mirrored(RING, known(10, 11, 0))
    assert (rows == [0, 0, 11, 10, 10, 11, 0, 0, 11, 10, 10, 11]).all()


def test_the_halves_of_a_gap_go_over_into_each_other():
    picture = np.where(np.arange(400) < 200, np.float32(0), np.float32(1)) * np.ones((1, 2, 1))
    picture = picture.astype(np.float32)
    there = (np.arange(400) < 150) | (np.arange(400) >= 250)
    filled = mirrored(picture, there)[0, 0, 150:250]
    assert (np.diff(filled) >= 0).all()
    assert np.diff(filled).max() < 0.05


def test_a_ring_without_a_gap_or_of_which_nothing_is_known_stays():
    for columns in (known(), known(*range(12))):
        assert mirrored(RING, columns) is RING


def test_a_door_goes_on_behind_a_lamp_and_not_beyond_its_own_box():
    shape = 24, 80
    door, hidden = np.zeros(shape, bool), np.zeros(shape, bool)
    door[6:18, 20:36] = True
    hidden[6:18, 28:48] = True  # a lamp before the door's edge
    true = np.where(door, np.float32(1), np.float32(-1))[None]
    edges = np.array([[18.0] * 80, [4.0] * 80])
    box = (20.0, 6.0, 16.0, 12.0)
    shown = continued_in_room(np.where(hidden, 0, true), ~hidden, edges, None, [box])
    beside = hidden & ~door
    beside[:, 36:38] = False  # its outline is the painter's, not the plan's
    assert np.abs(shown - true)[0, hidden & door].max() < 0.1
    assert np.abs(shown - true)[0, beside].max() < 0.1
