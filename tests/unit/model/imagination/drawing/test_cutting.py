"""Views at any pose, cut out of what is known around."""

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.ground import RingPiece, ViewCutter
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings

ROWS, COLUMNS, VIEW, STRIDE = 12, 40, (6, 10), 4  # cells; px of one
LATTICE = Lattice(ROWS, COLUMNS, VIEW)
CELL = LATTICE.cell


def ring() -> np.ndarray:
    """Return a soft picture of the whole ring, float32 [3, H, W]."""
    down, across = np.mgrid[: ROWS * STRIDE, : COLUMNS * STRIDE] + 0.5
    turn = 2 * np.pi * across / (COLUMNS * STRIDE)
    return np.stack((np.sin(3 * turn), np.cos(5 * turn), np.sin(down / 9))).astype(np.float32)


def decode(around: Surroundings, place: Place) -> torch.Tensor:
    columns = np.arange(place.left * STRIDE, (place.left + place.columns) * STRIDE)
    rows = slice(place.top * STRIDE, (place.top + place.rows) * STRIDE)
    return torch.from_numpy(ring()[:, rows].take(columns % (COLUMNS * STRIDE), axis=2))[None]


class Drawn:
    """Draws each place that is asked for."""

    def piece(self, around: Surroundings, place: Place) -> RingPiece:
        return RingPiece(place, decode(around, place))


def cutter() -> ViewCutter:
    return ViewCutter(LATTICE, Drawn(), (VIEW[0] * STRIDE, VIEW[1] * STRIDE))


def all_known() -> Surroundings:
    nothing = Surroundings.unknown(ROWS, COLUMNS, 2)
    return Surroundings(np.ones_like(nothing.known), nothing.latents)


def truth(pose: CameraPose) -> np.ndarray:
    """Return what the ring of waves shows at a pose."""
    height, width = VIEW[0] * STRIDE, VIEW[1] * STRIDE
    step = pose.fov / 90.0
    across = pose.yaw / CELL * STRIDE + (np.arange(width) + 0.5 - width / 2) * step
    down = (ROWS / 2 - pose.pitch / CELL) * STRIDE + (np.arange(height) + 0.5 - height / 2) * step
    turn = 2 * np.pi * across / (COLUMNS * STRIDE)
    shown = np.broadcast_arrays(np.sin(3 * turn), np.cos(5 * turn), np.sin(down / 9)[:, None])
    return np.stack(shown)


def test_a_view_of_the_lattice_is_cut_to_the_bit():
    pose = CameraPose(yaw=3 * CELL, pitch=CELL)
    (view,) = cutter().views(all_known(), [pose])
    assert torch.equal(view, decode(all_known(), LATTICE.place(pose))[0])


@pytest.mark.parametrize(
    "pose",
    [
        CameraPose(yaw=100.3, pitch=-2.2),
        CameraPose(yaw=359.0, pitch=1.0),
        CameraPose(yaw=1.0),
        CameraPose(yaw=200.0, pitch=4.0, fov=61.0),
    ],
)
def test_a_view_between_the_cells_or_zoomed_is_what_lies_there(pose):
    (view,) = cutter().views(all_known(), [pose])
    assert np.abs(view.numpy() - truth(pose)).max() < 0.012


def test_views_on_both_sides_of_the_rings_seam_are_cut_together():
    poses = [CameraPose(yaw=358.0), CameraPose(yaw=0.5), CameraPose(yaw=3.0)]
    views = cutter().views(all_known(), poses)
    for view, pose in zip(views, poses, strict=True):
        assert np.abs(view.numpy() - truth(pose)).max() < 0.012


def test_there_is_no_view_of_what_is_not_known():
    around = all_known()
    around = around.without(around.mask(Place(5, 8, 1, 1)))
    assert cutter().views(around, [CameraPose(yaw=45.0)]) is None
    assert cutter().views(around, [CameraPose(yaw=180.0)]) is not None


@pytest.mark.parametrize(("first", "last"), [(6, 10), (0, 7), (0, 2), (8, 10)])
def test_a_view_of_which_one_side_is_unknown_is_continued_from_what_is_known(first, last):
    pose = cutter()._lattice.nearest(CameraPose(yaw=180.0))
    place = cutter()._lattice.place(pose)
    unknown = Place(0, place.left + first, ROWS, last - first)
    around = all_known()
    around = around.without(around.mask(unknown))
    assert cutter().views(around, [pose]) is None
    (view,) = cutter().continued(around, [pose], last - first)
    assert cutter().continued(around, [pose], last - first - 1) is None
    known = np.ones(VIEW[1] * STRIDE, bool)
    known[first * STRIDE : last * STRIDE] = False
    assert np.abs(view.numpy() - truth(pose))[..., known].max() < 0.012
    edge = first * STRIDE - 1 if first else last * STRIDE
    beside = view[..., first * STRIDE : last * STRIDE] - view[..., edge : edge + 1]
    assert beside.abs().max() < 0.012


def test_a_view_is_not_continued_across_a_gap_nor_from_nothing():
    pose = cutter()._lattice.nearest(CameraPose(yaw=180.0))
    place, around = cutter()._lattice.place(pose), all_known()
    gap = around.without(around.mask(Place(0, place.left + 5, ROWS, 2)))
    assert cutter().continued(gap, [pose], 9) is None
    assert cutter().continued(around.without(around.mask(place)), [pose], 10) is None


def test_where_not_all_is_known_the_nearest_view_shows_what_is_known_of_it():
    around, pose = all_known(), CameraPose(yaw=90.0, pitch=4.0)
    around = around.without(around.mask(Place(2, 0, 1, COLUMNS)))  # its uppermost cells
    others = [pose, CameraPose(94.0, 4.0), CameraPose(90.0, -5.0), CameraPose(90.0, -14.0)]
    there, picture = cutter().nearest(around, pose, others)
    assert there == others[2]
    shared = round((VIEW[0] - (4.0 + 5.0) / CELL) * STRIDE)  # rows of pixels of both views
    assert np.abs(picture[0, :, :shared].numpy() - truth(there)[:, :shared]).max() < 0.012
    assert cutter().nearest(around, pose, others[:2]) is None
    there, picture = cutter().nearest(all_known(), pose, others)
    assert there == pose
    assert torch.equal(picture, cutter().views(all_known(), [pose]))


@pytest.mark.parametrize("place", [Place(2, 5, 6, 10), Place(0, -3, 7, 16), Place(5, 38, 7, 4)])
def test_a_place_is_the_view_at_its_middle(place):
    pose = LATTICE.middle(place)
    assert 0 <= pose.yaw < 360
    column, row = LATTICE.position(pose)
    assert column == pytest.approx((place.left + place.columns / 2) % COLUMNS)
    assert row == pytest.approx(place.top + place.rows / 2)
    assert pose.fov == pytest.approx(place.columns * CELL)
