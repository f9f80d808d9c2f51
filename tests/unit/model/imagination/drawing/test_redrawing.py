"""Things of painted rings are drawn again where they are painted whole."""

from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.model.imagination.drawing import redrawing
from mag_sandbox.model.imagination.drawing.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.drawing.cut_outs import PAINTED, cut_outs
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings, StandingThings
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.scenes.stances import STANCES

SHAPE, PIXEL = (96, 320), 320 / 360  # of the ring [px], and of a degree
FAR = PlacedObject("floor lamp", 40.0, -3.0, 20.0, 30.0)
NEAR = PlacedObject("chair", 52.0, -10.0, 20.0, 30.0)
SEAM = PlacedObject("floor lamp", 0.0, -5.0, 20.0, 30.0)
SHADES = {"floor lamp": 0.5, "chair": -0.5, "bus": 0.2, "bookshelf": 0.3}


class ShadedCloseUps(CloseUps):
    """Draws all of a cut-out's box in the shade of its kind, and counts."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def knows(self, thing: PlacedObject) -> bool:
        return thing.kind in SHADES

    def shows(self, picture: CutOutPicture, thing: PlacedObject) -> bool:
        alpha = picture.layer[3]
        return bool(abs(picture.layer[0].sum() / alpha.sum() - SHADES[thing.kind] / 2) < 0.3)

    def redrawn(
        self, picture: CutOutPicture, thing: PlacedObject
    ) -> tuple[CutOutPicture, CutOutPicture]:
        self.shown.append(thing.kind)
        layer = np.zeros_like(picture.layer)
        left, top, wide, tall = (round(end) for end in picture.box)
        box = slice(max(top, 0), top + tall), slice(left, left + wide)
        layer[3, *box] = 1.0
        layer[:3, *box] = SHADES[thing.kind]
        return CutOutPicture(layer, picture.box), CutOutPicture(layer, picture.box)


def box_of(thing: PlacedObject) -> tuple[slice, np.ndarray]:
    """Return rows and columns of a thing in the ring."""
    left, right = (round((thing.yaw + side * thing.width / 2) * PIXEL) for side in (-1, 1))
    top, bottom = (
        round(SHAPE[0] / 2 - (thing.pitch + side * thing.height / 2) * PIXEL) for side in (1, -1)
    )
    return slice(top, bottom), np.arange(left, right) % SHAPE[1]


def standing(*things: PlacedObject) -> StandingThings:
    """Return things, from far to near, around where a scene begins."""
    scenery, numbers = Scenery.of(things, STANCES, ()), np.zeros(SHAPE, np.int32)
    for number, thing in enumerate(things, 1):
        numbers[box_of(thing)] = number
    return StandingThings.around((0.0, 0.0), scenery, numbers)


def picture(*things: PlacedObject) -> np.ndarray:
    """Return a grey ring with things in other greys."""
    ring = np.full((3, *SHAPE), -0.1, np.float32)
    for thing in things:
        ring[:, *box_of(thing)] = SHADES[thing.kind] / 2
    return ring


KNOWN = np.ones(SHAPE, bool)


def test_the_box_of_a_low_thing_is_as_high_as_its_sketch():
    (box,) = standing(PlacedObject("chair", 0.0, -13.5, 20.0, 2.0)).boxes.values()
    assert box[3] == 16.0
    assert box[2] > 16.0


@pytest.mark.parametrize("thing", [FAR, SEAM])
def test_a_thing_is_drawn_again_where_it_is_and_around_it_is_what_is_behind(thing: PlacedObject):
    ring, (rows, columns) = picture(thing), box_of(thing)
    ring[:, rows, [columns[0] - 1, (columns[-1] + 1) % SHAPE[1]]] = 0.0  # its rim is soft
    over = RedrawnThings(ShadedCloseUps()).over(ring, KNOWN, standing(thing))
    assert over.shape == (4, *SHAPE)
    assert np.allclose(over[:, rows, columns][:, 1:-1, 1:-1], [[[0.5]], [[0.5]], [[0.5]], [[1]]])
    rim = over[:, rows, columns[0] - 1]
    assert rim[3].any()
    assert np.allclose(rim[:3], -0.1 * rim[3], atol=0.02)
    over[3][rows.start - 2 : rows.stop + 2, (columns[:, None] + [-2, 0, 2]) % SHAPE[1]] = 0
    assert not over[3].any()


def test_a_thing_over_which_all_that_is_seen_is_a_given_picture_is_not_drawn():
    close_ups, shown = ShadedCloseUps(), np.zeros(SHAPE, bool)
    shown[box_of(FAR)] = True
    over = RedrawnThings(close_ups).over(picture(FAR, SEAM), KNOWN, standing(FAR, SEAM), shown)
    assert over[3][box_of(FAR)].any()
    assert not over[3][box_of(SEAM)].any()
    assert len(close_ups.shown) == 1


def test_a_nearer_thing_covers_a_farther_one():
    over = RedrawnThings(ShadedCloseUps()).over(picture(FAR, NEAR), KNOWN, standing(FAR, NEAR))
    rows, columns = box_of(NEAR)
    assert over[0][rows, columns][2:-2, 2:-2].max() == SHADES["chair"]


def test_nothing_is_laid_over_a_nearer_thing_that_stays_as_it_is():
    bench = PlacedObject("bench", NEAR.yaw, NEAR.pitch, NEAR.width, NEAR.height)
    numbers = standing(FAR, NEAR).numbers
    over = RedrawnThings(ShadedCloseUps()).over(
        picture(FAR, NEAR), KNOWN, standing(FAR, bench)._replace(numbers=numbers)
    )
    rows, columns = box_of(NEAR)
    assert not over[3][rows, columns].any()
    assert over[3][box_of(FAR)].any()


def test_a_thing_of_thin_parts_is_drawn_again():
    """The leaves of a palm fill little of its box."""
    rows, columns = box_of(FAR)
    ring, thin = picture(), standing(FAR)
    thin.numbers[:] = 0
    thin.numbers[rows, columns[0] : columns[2]] = 1
    ring[:, rows, columns[0] : columns[2]] = SHADES["floor lamp"] / 2
    assert RedrawnThings(ShadedCloseUps()).over(ring, KNOWN, thin).any()


@pytest.mark.parametrize("kind", ["floor lamp", "bench"])
def test_what_is_not_painted_whole_or_not_known_stays_as_it_is(kind: str):
    thing = PlacedObject(kind, 40.0, -3.0, 20.0, 30.0)
    known, close_ups = KNOWN.copy(), ShadedCloseUps()
    known[:, : round(35 * PIXEL)] = kind != "floor lamp"
    assert not RedrawnThings(close_ups).over(picture(FAR), known, standing(thing)).any()
    assert not close_ups.shown


def test_where_the_painter_shows_something_else_that_stays():
    """A torch that was drawn from a dragon's colours was a ghost."""
    close_ups, ring = ShadedCloseUps(), -picture(FAR)
    assert not RedrawnThings(close_ups).over(ring, KNOWN, standing(FAR)).any()
    assert not close_ups.shown


def test_large_things_are_drawn_again():
    tower = PlacedObject("floor lamp", 90.0, 0.0, 120.0, 95.0)
    over = RedrawnThings(ShadedCloseUps()).over(picture(tower), KNOWN, standing(tower))
    assert over.any()


@pytest.mark.parametrize(
    ("painted", "known", "near_by", "is_drawn"),
    [
        (0.5, 1.0, 20_000, True),
        (0.5, 0.8, 20_000, True),
        (0.5, 0.6, 20_000, False),
        (0.1, 1.0, 20_000, False),
        (0.1, 1.0, 5_000, True),
    ],
    ids=["half painted", "part unknown", "much unknown", "hardly painted", "within arm's length"],
)
def test_of_a_large_thing_on_a_walk_a_share_is_enough(
    painted: float, known: float, near_by: int, is_drawn: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redrawing, "NEAR_BY", near_by)
    thing = PlacedObject("floor lamp", 90.0, 0.0, 120.0, 95.0)
    stands = standing(thing)
    cuts, _ = cut_outs(
        picture(thing), KNOWN, stands.numbers, stands.boxes, dict.fromkeys(stands.boxes, PAINTED)
    )
    of_it = [KNOWN.copy() for _ in range(2)]
    rows, columns = box_of(thing)
    for cells, share in zip(of_it, (painted, known), strict=True):
        cells[rows, columns[round(share * len(columns)) :]] = False
    drawn = RedrawnThings(ShadedCloseUps()).whole_ones(cuts, stands.told, stands.numbers, *of_it)
    assert bool(drawn) == is_drawn


def test_of_a_large_thing_also_what_is_unknown_is_drawn():
    """It would end at a straight edge where nothing more is known."""
    thing = PlacedObject("floor lamp", 90.0, 0.0, 120.0, 95.0)
    stands, known = standing(thing), KNOWN.copy()
    rows, columns = box_of(thing)
    known[rows, columns[round(0.8 * len(columns)) :]] = False
    ids = np.where(known, stands.numbers, 0)
    cuts, _ = cut_outs(
        picture(thing), known, ids, stands.boxes, dict.fromkeys(stands.boxes, PAINTED)
    )
    redrawn = RedrawnThings(ShadedCloseUps())
    (drawn,) = redrawn.whole_ones(cuts, stands.told, stands.numbers, known, known).values()
    shown = drawn.layer[3].max(axis=0).sum()
    assert cuts[1].layer[3].max(axis=0).sum() < 0.95 * thing.width * PIXEL
    assert shown == pytest.approx(thing.width * PIXEL, abs=2)
    assert drawn.seen.shape == drawn.there.shape == drawn.layer[3:].shape


@pytest.mark.parametrize("size", [4.0, 90.0])
def test_tiny_and_very_large_things_stay_as_they_are(size: float, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redrawing, "LARGEST", 5_000)  # of a small ring
    thing, close_ups = PlacedObject("floor lamp", 90.0, 0.0, size, size), ShadedCloseUps()
    assert not RedrawnThings(close_ups).over(picture(thing), KNOWN, standing(thing)).any()
    assert not close_ups.shown


@pytest.mark.parametrize(("kind", "is_drawn"), [("bus", True), ("bookshelf", False)])
def test_a_bus_as_large_as_a_player_may_put_it_is_drawn_again(kind: str, is_drawn: bool):
    """As painted, its wheels are smears; the small parts of a large bookshelf are not."""
    thing = PlacedObject(kind, 0.0, 0.0, 56.0, 22.0)
    cut = SimpleNamespace(box=(0, 0, 200, 78), is_glimpsed=False)
    redrawn = RedrawnThings(ShadedCloseUps())
    redrawn._redrawn = lambda cut, thing, *, is_part: cut
    numbers = np.ones((1, 1), np.int32)
    drawn = redrawn.whole_ones({1: cut}, {1: thing}, numbers, numbers == 1)
    assert bool(drawn) == is_drawn


def test_what_looks_the_same_is_drawn_once():
    close_ups = ShadedCloseUps()
    redrawn, ring = RedrawnThings(close_ups), picture(FAR)
    first, again = (redrawn.over(ring, KNOWN, standing(FAR)) for _ in range(2))
    assert np.array_equal(first, again)
    assert len(close_ups.shown) == 1
    ring[:, *box_of(FAR)] += 0.1
    redrawn.over(ring, KNOWN, standing(FAR))
    assert len(close_ups.shown) == 2
