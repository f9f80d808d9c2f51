"""A ring in layers is seen from beside its viewpoint."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.drawing import cut_outs, layers, redrawing
from mag_sandbox.model.imagination.drawing.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.drawing.layers import GLIMPSED, KNOWN, LayeredRing, RingToCut
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings
from mag_sandbox.model.imagination.drawing.refiner import FINER
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.sketch import sprite_box
from mag_sandbox.scenes.stances import STANCES

SHAPE, SIZE = (96, 320), (48, 80)  # of the ring and of a view [px]
LAMP = PlacedObject("floor lamp", 20.0, -10.0, 10.0, 36.0)  # its foot 28 degrees down: 3 m away
DISTANCE = 1.6 / np.tan(np.radians(28.0))
GREY, RED = -0.5, 0.8


def lamp_alone(
    known: np.ndarray | None = None,
    picture: np.ndarray | None = None,
    viewpoint: tuple[float, float] = (0.0, 0.0),
    painted: np.ndarray | None = None,
    sprites: Mapping[int, np.ndarray] = MappingProxyType({}),
    close_ups: CloseUps | None = None,
    redrawn: RedrawnThings | None = None,
    finer: np.ndarray | None = None,
    before_sky: np.ndarray | None = None,
    given: np.ndarray | None = None,
    settled: np.ndarray | None = None,
) -> LayeredRing:
    """Return a ring with a red lamp before grey, or of a picture."""
    numbers = np.zeros(SHAPE, np.int32)
    pixel = SHAPE[1] / 360
    left, right = round(15 * pixel), round(25 * pixel)
    top, bottom = (round(SHAPE[0] / 2 - pitch * pixel) for pitch in (8, -28))
    numbers[top:bottom, left:right] = 1
    if picture is None:
        picture = np.full((3, *SHAPE), GREY, np.float32)
        picture[0, top:bottom, left:right] = RED
    known = np.ones(SHAPE, bool) if known is None else known
    scenery = Scenery.of([LAMP], STANCES, ())
    ring = RingToCut(
        picture, known, numbers, scenery, viewpoint, painted, given, settled, sprites,
        finer=finer, before_sky=before_sky,
    )  # fmt: skip
    return LayeredRing(ring, close_ups, redrawn)


def middle_of_red(view: np.ndarray) -> float:
    """Return how far to the right of the middle of a view red things are [degrees]."""
    columns = np.flatnonzero((view[0] > 0).any(axis=0))
    return (columns.mean() + 0.5 - SIZE[1] / 2) * 90 / SIZE[1]


def test_from_its_viewpoint_a_ring_looks_as_it_is():
    picture = np.random.default_rng(1).uniform(-1, 1, (3, *SHAPE)).astype(np.float32)
    view = np.asarray(lamp_alone(picture=picture).view(CameraPose(45.0), SIZE))[:3]
    assert view == pytest.approx(picture[:, 24:72, :80], abs=0.01)


def test_the_nearer_ground_is_seen_the_more_of_its_finer_pixels_show():
    fine = np.zeros((3, FINER * SHAPE[0], FINER * SHAPE[1]), np.float16)
    fine[..., ::2] += 1
    fine[..., 1::2] -= 1
    ring = lamp_alone(finer=fine, picture=np.zeros((3, *SHAPE), np.float32))
    before, nearer = (
        np.asarray(ring.view(CameraPose(180.0, -20.0, z=z), SIZE))[0, -5:] for z in (0.0, -0.8)
    )
    assert np.abs(before).max() < 0.01, "from the viewpoint, a pixel shows the mean of some"
    assert np.ptp(nearer) > 0.5


@pytest.mark.parametrize(("x", "z"), [(0.0, 1.0), (0.5, 0.0), (-0.7, 0.4), (0.0, -1.0)])
def test_things_move_as_their_distance_says_and_leave_nothing_behind(x, z):
    at = DISTANCE * np.sin(np.radians(20.0)) - x, DISTANCE * np.cos(np.radians(20.0)) - z
    view = np.asarray(lamp_alone().view(CameraPose(x=x, z=z), SIZE))
    assert middle_of_red(view) == pytest.approx(np.degrees(np.arctan2(*at)), abs=1.2)
    red = (view[0] > 0).sum()
    still = (np.asarray(lamp_alone().view(CameraPose(), SIZE))[0] > 0).sum()
    assert red / still == pytest.approx((DISTANCE / np.hypot(*at)) ** 2, rel=0.25)


class CrispCloseUps(CloseUps):
    """Repeats each pixel, and counts."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def knows(self, thing: PlacedObject) -> bool:
        return thing.kind == LAMP.kind

    def shows(self, picture: CutOutPicture, thing: PlacedObject) -> bool:
        return self.knows(thing)

    def redrawn(
        self, picture: CutOutPicture, thing: PlacedObject
    ) -> tuple[CutOutPicture, CutOutPicture]:
        self.shown.append("drawn again")
        assert self.knows(thing)
        green = picture.layer.copy()
        green[1] = green[3]
        return picture._replace(layer=green), picture._replace(layer=green)

    def enlarged(self, picture: CutOutPicture, thing: PlacedObject) -> CutOutPicture:
        self.shown.append(thing.kind)
        left, top, wide, tall = (4 * end for end in picture.box)
        return CutOutPicture(picture.layer.repeat(4, 1).repeat(4, 2), (left, top, wide, tall))


def test_a_thing_seen_from_nearer_has_crisp_edges_in_the_same_places():
    pose = CameraPose(20.0, x=0.6, z=1.6)  # 1.3 m before the lamp
    soft, crisp = (
        np.asarray(lamp_alone(close_ups=close_ups).view(pose, SIZE))
        for close_ups in (None, CrispCloseUps())
    )
    between = [((view[0] > GREY + 0.3) & (view[0] < RED - 0.3)).sum() for view in (soft, crisp)]
    assert between[1] < 0.6 * between[0]
    assert ((soft[0] > 0) != (crisp[0] > 0)).sum() < 0.05 * (soft[0] > 0).sum()


def test_a_thing_changes_little_by_little_on_the_way_to_it():
    """Though the network shows it in another colour."""

    class GreenCloseUps(CrispCloseUps):
        """Shows green things."""

        def enlarged(self, picture: CutOutPicture, thing: PlacedObject) -> CutOutPicture:
            large = super().enlarged(picture, thing)
            return large._replace(layer=large.layer[[1, 0, 2, 3]])

    ring, middle = lamp_alone(close_ups=GreenCloseUps()), (slice(None), SIZE[0] // 2, SIZE[1] // 2)
    ways = np.arange(0.4, 1.6, 0.04)
    there = np.sin(np.radians(20.0)), np.cos(np.radians(20.0))
    shown = [
        np.asarray(ring.view(CameraPose(20.0, x=way * there[0], z=way * there[1]), SIZE))[middle]
        for way in ways.tolist()
    ]
    assert shown[0][0] > 0.5 > shown[0][1]
    assert shown[-1][1] > 0.5 > shown[-1][0]
    assert np.abs(np.diff(shown, axis=0)).max() < 0.4


def test_beside_the_viewpoint_what_was_drawn_again_is_shown_from_its_larger_picture():
    class WhiteFromNear(CrispCloseUps):
        def redrawn(
            self, picture: CutOutPicture, thing: PlacedObject
        ) -> tuple[CutOutPicture, CutOutPicture]:
            own, _ = super().redrawn(picture, thing)
            return own, self.enlarged(own._replace(layer=own.layer[[3, 3, 3, 3]]), thing)

    close_ups = WhiteFromNear()
    ring = lamp_alone(close_ups=close_ups, redrawn=RedrawnThings(close_ups))
    blue = [
        float(np.asarray(ring.view(CameraPose(20.0, x=x), SIZE))[2, 20:30].max())
        for x in np.arange(0.0, 0.6, 0.02).tolist()
    ]
    assert blue[0] < 0, "where it was painted, it is as it was"
    assert blue[-1] > 0.9
    assert np.abs(np.diff(blue)).max() < 0.2, "it does not pop up"


@pytest.mark.parametrize(("yaw", "shown"), [(0.0, ["floor lamp"]), (180.0, [])])
def test_things_near_by_are_enlarged_once_before_a_view_needs_them(yaw: float, shown: list[str]):
    close_ups = CrispCloseUps()
    ring = lamp_alone(close_ups=close_ups)
    ring.mend(CameraPose(yaw))
    assert close_ups.shown == shown
    for _ in range(2):
        ring.view(CameraPose(20.0, x=0.6, z=1.6), SIZE)
    assert close_ups.shown == ["floor lamp"]


def test_what_a_nearer_thing_hides_is_drawn_by_the_network_once_the_player_moves(monkeypatch):
    monkeypatch.setattr(cut_outs, "PLAINLY", 20)  # px; the ring is small
    chair = PlacedObject("chair", 24.0, -22.0, 12.0, 24.0)  # 2.4 m away, before the lamp's foot
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    for number, thing in enumerate((LAMP, chair), 1):
        left, right = (round((thing.yaw + side * thing.width / 2) * pixel) for side in (-1, 1))
        top, bottom = (
            round(SHAPE[0] / 2 - (thing.pitch + side * thing.height / 2) * pixel)
            for side in (1, -1)
        )
        numbers[top:bottom, left:right] = number
    picture = np.full((3, *SHAPE), GREY, np.float32)
    picture[0, numbers == 1] = picture[2, numbers == 2] = RED

    class GreenCloseUps(CrispCloseUps):
        """Shows green things where they are hidden."""

        def whole(self, picture: CutOutPicture, thing: PlacedObject) -> np.ndarray:
            self.shown.append(thing.kind)
            return picture.layer[[1, 0, 2, 3]]

    close_ups, scenery = GreenCloseUps(), Scenery.of([LAMP, chair], STANCES, ())
    ring = LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery), close_ups)
    here, aside = (np.asarray(ring.view(CameraPose(20.0, x=x), SIZE)) for x in (0.0, 0.7))
    assert not (here[1] > 0).any()
    assert (aside[1] > 0).any()
    assert (aside[0] > 0).sum() > 20, "what was seen of it stays as it is"
    assert close_ups.shown == [LAMP.kind]


def test_a_thing_that_is_drawn_again_is_not_enlarged_apart():
    close_ups = CrispCloseUps()
    ring = lamp_alone(close_ups=close_ups, redrawn=RedrawnThings(close_ups))
    ring.mend(CameraPose(20.0))
    view = np.asarray(ring.view(CameraPose(20.0, x=0.6, z=1.6), SIZE))
    assert close_ups.shown == ["drawn again"]
    assert (view[1] > 0).any(), "it is shown as it was drawn"


def test_things_of_unsettled_ground_are_not_drawn_again():
    close_ups = CrispCloseUps()
    lamp_alone(close_ups=close_ups, redrawn=RedrawnThings(close_ups), settled=np.zeros(SHAPE, bool))
    assert close_ups.shown == []
    lamp_alone(close_ups=close_ups, redrawn=RedrawnThings(close_ups), settled=np.ones(SHAPE, bool))
    assert close_ups.shown == ["drawn again"]


@pytest.mark.parametrize(("is_given", "drawn"), [(True, []), (False, ["drawn again"])])
def test_things_of_a_given_picture_are_not_drawn_again(is_given, drawn):
    close_ups = CrispCloseUps()
    lamp_alone(redrawn=RedrawnThings(close_ups), given=np.full(SHAPE[1], is_given))
    assert close_ups.shown == drawn


def test_outlines_of_a_given_picture_are_believed_more_than_a_painters():
    ahead, behind = np.arange(SHAPE[1]) < 60, np.arange(SHAPE[1]) > 200
    hidden = [lamp_alone(given=given)._hidden.sum() for given in (None, behind, ahead)]
    assert hidden[0] == hidden[1] > hidden[2]


def test_no_rim_of_the_background_is_cut_out_with_a_thing():
    """The painter's lamp is a pixel narrower on each side than the plan's, which is 9 wide."""
    picture = np.full((3, *SHAPE), GREY, np.float32)
    picture[0, 48:72, 14:21] = RED
    layer = lamp_alone(picture=picture)._cut_outs[1].layer
    alpha = layer[3, layer.shape[1] // 2]
    assert alpha.sum() == pytest.approx(7.0, abs=0.1)
    assert layer[1].min() == pytest.approx(GREY, abs=0.01), "its colours are whole"


@pytest.mark.parametrize(("painted", "moves_along"), [(12, True), (40, False)])
def test_what_is_painted_outside_a_planned_shape_moves_along_unless_it_is_something_else(
    painted, moves_along
):
    sofa = PlacedObject("sofa", 45.0, -8.0, 40.0, 30.0)  # 142 px of 1280
    shape = 384, 1280
    numbers, picture = np.zeros(shape, np.int32), np.full((3, *shape), GREY, np.float32)
    numbers[168:274, 89:231] = 1
    picture[0, 168:274, 89 - painted : 231] = RED
    scenery = Scenery.of([sofa], STANCES, ())
    ring = LayeredRing(RingToCut(picture, np.ones(shape, bool), numbers, scenery))
    behind = np.asarray(ring._behind)[0]
    assert (behind.max() < 0) == moves_along, "no red is left where it was"
    assert (ring._cut_outs[1].seen[0].any(axis=0).sum() >= 142 + painted) == moves_along


def test_what_is_at_the_edge_of_what_is_known_is_not_drawn_out_over_all_that_is_not():
    shape = 384, 1280
    known, picture = np.zeros(shape, bool), np.full((3, *shape), GREY, np.float32)
    known[:, :640] = True
    picture[:, 100:110, 630:640] = RED  # a star
    ring = LayeredRing(
        RingToCut(picture, known, np.zeros(shape, np.int32), Scenery.of([], STANCES, ()))
    )
    behind = np.asarray(ring._behind)[0, 106]
    assert behind[640] > 0
    assert behind[720:1200] == pytest.approx(GREY, abs=0.01)


def test_the_horizon_goes_on_up_to_things():
    shape = 384, 1280
    post = PlacedObject("floor lamp", 20.0, -10.0, 10.0, 36.0)
    numbers, picture = np.zeros(shape, np.int32), np.full((3, *shape), GREY, np.float32)
    numbers[164:292, 54:89], picture[2, 192:] = 1, RED
    ring = LayeredRing(
        RingToCut(picture, np.ones(shape, bool), numbers, Scenery.of([post], STANCES, ()))
    )
    column = np.asarray(ring._behind)[2, :, 52]  # right beside it
    assert column[192] < GREY + 0.1
    assert column[194] > RED - 0.1


def test_a_lake_goes_on_behind_things_as_planned_and_its_colour_no_farther():
    shape = 384, 1280
    post = PlacedObject("floor lamp", 20.0, -10.0, 10.0, 36.0)
    numbers, picture = np.zeros(shape, np.int32), np.full((3, *shape), GREY, np.float32)
    lying = np.zeros(shape, np.int32)
    lying[250:280, 20:72] = 2  # its right end is hidden
    picture[2, 250:280, 20:72] = RED
    numbers[164:292, 54:89] = 1
    picture[0, 164:292, 54:89] = RED
    scenery = Scenery.of([post], STANCES, ())
    ring = RingToCut(picture, np.ones(shape, bool), numbers, scenery, lying=lying)
    blue = np.asarray(LayeredRing(ring)._behind)[2, 266]
    assert blue[60:70] == pytest.approx(RED, abs=0.01)
    assert blue[78:90] == pytest.approx(GREY, abs=0.01)


def test_mountains_of_which_a_ring_shows_nothing_are_sketched():
    shape = 384, 1280
    known, picture = np.zeros(shape, bool), np.full((3, *shape), GREY, np.float32)
    known[:, :640] = True
    lying, sketch = np.zeros(shape, np.int32), np.full((3, *shape), RED, np.float32)
    lying[120:180, 300:600], lying[120:180, 800:1000] = 1, 2
    numbers, scenery = np.zeros(shape, np.int32), Scenery.of([], STANCES, ())
    ring = RingToCut(picture, known, numbers, scenery, lying=lying, sketch=sketch)
    behind = np.asarray(LayeredRing(ring)._behind)[0, 150]
    assert behind[810:990] == pytest.approx(RED, abs=0.01)
    assert behind[310:590] == pytest.approx(GREY, abs=0.01), "as it is painted"
    assert behind[1010:1200] == pytest.approx(GREY, abs=0.01)


def test_a_thing_hidden_by_another_is_sketched_as_soon_as_it_comes_out_behind_it():
    wall = PlacedObject("cottage", 20.0, 0.0, 24.0, 50.0)
    scenery = Scenery.of([replace(LAMP, pitch=-6.0, height=20.0), wall], STANCES, ())  # 5.6 m away
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    rows, columns = (slice(round(a * pixel), round(b * pixel)) for a, b in ((29, 79), (8, 32)))
    numbers[rows, columns] = 2
    picture = np.full((3, *SHAPE), GREY, np.float32)
    sprite = np.ones((4, 32, 32), np.float32)
    sprite[1:3] = -1.0
    ring = RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery, sprites={1: sprite})

    def red(x: float, *, is_sketched: bool = True) -> int:
        view = np.asarray(
            LayeredRing(ring).view(CameraPose(20.0, x=x), SIZE, is_sketched=is_sketched)
        )
        return int((view[0] > 0.5).sum())

    assert red(0.0) == 0
    assert red(2.5) > 10
    assert red(2.5, is_sketched=False) == 0


def test_far_land_behind_things_of_a_given_picture_is_guessed_from_beside_them():
    given = np.arange(SHAPE[1]) < 60
    for columns, is_guessed in ((given, True), (~given, False)):
        guess = lamp_alone(given=columns).behind_given(CameraPose(20.0), SIZE)
        where = guess[..., 3] > 0
        assert where.any() == is_guessed
        assert not (guess[where][:, 0] > 127 * (1 + RED / 2)).any(), "nothing of the lamp is left"


@pytest.mark.parametrize("finer", [None, np.full((3, 2 * SHAPE[0], 2 * SHAPE[1]), GREY)])
def test_land_far_behind_a_thing_is_shown_as_it_was_seen_from_elsewhere(finer):
    scenery = Scenery.of([LAMP], STANCES, ())
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    rows, columns = (slice(round(a * pixel), round(b * pixel)) for a, b in ((46, 82), (15, 25)))
    numbers[rows, columns] = 1
    picture = np.full((3, *SHAPE), GREY, np.float32)
    distant = np.arange(SHAPE[0])[:, None].repeat(SHAPE[1], 1) < SHAPE[0] / 2
    far = np.zeros((*SHAPE, 4), np.uint8)
    far[:, :20, 1] = far[:, :20, 3] = 255  # its edge is behind the lamp
    ring = LayeredRing(
        RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery, distant=distant, finer=finer)
    )
    aside = CameraPose(20.0, x=1.0)
    guessed = np.asarray(ring.view(aside, SIZE))[1]
    assert guessed.max() < 0
    for _ in range(2):
        shown = np.asarray(ring.view(aside, SIZE, far=far))[1]
        assert (shown > 0.9).sum() > 4
        assert shown[SIZE[0] // 2 + 2 :].max() < 0, "it is far away alone"
    assert np.array_equal(np.asarray(ring.view(aside, SIZE))[1], guessed)
    assert np.array_equal(np.asarray(ring.view(aside, SIZE, far=0 * far))[1], guessed)
    grey = np.where(far[..., 3:] > 0, np.uint8([64, 64, 64, 255]), np.uint8(0))
    shown = np.asarray(ring.view(aside, SIZE, far=grey))[1]
    assert shown == pytest.approx(guessed, abs=0.02), (
        "no dark line along the edge of the known land"
    )


def test_the_outline_of_a_thing_far_enlarged_is_no_staircase():
    def disc(size: int) -> np.ndarray:
        across = (np.arange(size) + 0.5) / size - 0.5
        return (np.hypot(across[:, None], across) < 0.4).astype(np.float32)

    layer = np.concatenate((np.full((3, 20, 20), 0.5, np.float32) * disc(20), disc(20)[None]))
    cut, every = layers._Sprite(layer, (0.0, 0.0, 20.0, 20.0)), slice(0, 120)
    place = layers._Placement(1, cut, (0.0, 0.0, 120.0, 120.0), (every, every), 0.0)
    stepped, smooth = (
        stamp(layer, cut.box, place) for stamp in (layers._stamp, layers._smooth_stamp)
    )
    off, less = (np.abs(one[3] - disc(120)).mean() for one in (stepped, smooth))
    assert less < 0.6 * off
    assert smooth[0][disc(120) > 0].max() == pytest.approx(0.5, abs=0.01)


def test_unknown_ground_is_continued_from_known_ground():
    known = np.ones(SHAPE, bool)
    known[:, 100:200] = False
    known[:10] = False
    view = np.asarray(lamp_alone(known).view(CameraPose(150.0, 20.0, x=0.5), SIZE))
    assert np.isfinite(view).all()
    assert view[:3] == pytest.approx(GREY, abs=0.02)
    assert not view[3].any(), "nothing stands there"


def test_a_view_says_what_of_the_sky_things_cover():
    view = np.asarray(lamp_alone().view(CameraPose(20.0, x=0.5), SIZE))
    red = view[0] - view[1] > 0.9
    assert red.any()
    assert (view[3][red] > 0.9).all()
    assert (view[3] == 0).mean() > 0.9


def test_a_view_says_where_the_sky_is_beside_things():
    beside = lamp_alone(before_sky=-np.ones(SHAPE, np.float32))
    view = np.asarray(beside.view(CameraPose(20.0, x=0.5), SIZE))
    red = view[0] - view[1] > 0.9
    assert (view[3][red] > 0.9).all()
    assert (view[3] == -1).mean() > 0.5


def test_the_same_pose_shows_the_same_picture_zoomed_or_not():
    ring = lamp_alone()
    for pose in (CameraPose(10.0, 5.0, 60.0, 0.3, 0.9), CameraPose(359.0, x=-0.2)):
        assert ring.view(pose, SIZE).equal(ring.view(pose, SIZE))


def test_half_a_thing_that_is_not_known_is_lacking_and_what_is_beside_it_is_not():
    known = np.ones(SHAPE, bool)
    known[:, : round(20 * SHAPE[1] / 360)] = False  # the lamp's left half
    pose, numbers = CameraPose(20.0), np.zeros(SIZE, np.int32)
    left = SIZE[1] // 2 - 4
    numbers[20:49, left : left + 9] = 1
    lacking = lamp_alone(known).lacks(pose, SIZE, numbers)
    assert lacking[30, left]
    assert not lacking[30, left + 7]
    assert not (lacking & (numbers == 0)).any()
    assert not lamp_alone().lacks(pose, SIZE, numbers)[30].any()


def test_less_than_half_a_thing_is_shown_from_where_the_scene_begins_alone():
    known = np.ones(SHAPE, bool)
    known[:, : round(22 * SHAPE[1] / 360)] = False
    for viewpoint, shows in (((0.0, 0.0), True), ((0.01, 0.0), False)):
        view = lamp_alone(known, viewpoint=viewpoint).view(CameraPose(20.0, x=0.01), SIZE)
        assert bool((np.asarray(view)[0] > 0).any()) == shows


@pytest.mark.parametrize("first", [20, 18])  # known column: of the lamp's, 13 to 21
def test_a_thing_that_is_not_painted_yet_is_shown_by_its_sprite(first):
    known, pose = np.zeros(SHAPE, bool), CameraPose(z=0.5)
    known[:, first:] = True
    sprite = np.zeros((4, 32, 32), np.float32)
    left, top, width, height = (round(one) for one in sprite_box(sprite))
    sprite[:, top : top + height, left : left + width] = 1.0
    sprite[0] *= RED
    ring = lamp_alone(known, viewpoint=(0.0, 1e-9), sprites={1: sprite})
    whole = (np.asarray(lamp_alone().view(pose, SIZE))[0] > 0).sum()
    shown = (np.asarray(ring.view(pose, SIZE, is_sketched=True))[0] > 0).sum()
    assert shown == pytest.approx(whole, rel=0.15)
    assert (np.asarray(ring.view(pose, SIZE))[0] < 0).all(), "less than half of it is known"
    numbers = np.ones(SIZE, np.int32)
    bare = lamp_alone(known, viewpoint=(0.0, 1e-9))
    assert np.array_equal(ring.seen(pose, SIZE, numbers), bare.seen(pose, SIZE, numbers))


def test_a_thing_of_which_little_is_seen_is_shown_by_its_sprite_as_soon_as_one_walks():
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    rows, columns = (slice(round(a * pixel), round(b * pixel)) for a, b in ((46, 82), (15, 25)))
    numbers[rows, columns] = 2  # something nearer hides the lamp
    numbers[rows, columns.start] = 1
    nearer = replace(LAMP, pitch=LAMP.pitch - 6.0)
    sprite = np.ones((4, 32, 32), np.float32)
    sprite[1:3] = -1.0
    picture = np.full((3, *SHAPE), GREY, np.float32)
    ring = LayeredRing(
        RingToCut(
            picture, np.ones(SHAPE, bool), numbers, Scenery.of([LAMP, nearer], STANCES, ()),
            sprites={1: sprite},
        )
    )  # fmt: skip
    here, away = (
        np.asarray(ring.view(CameraPose(20.0, x=x), SIZE, is_sketched=True))[0] for x in (0.0, 0.5)
    )
    assert not (here > 0.5).any()
    assert (away > 0.5).sum() > 20


def test_a_tiny_thing_is_shown_by_its_sprite_and_not_carried(monkeypatch):
    sprite, pose = np.zeros((4, 32, 32), np.float32), CameraPose(z=0.5)
    left, top, width, height = (round(one) for one in sprite_box(sprite))
    sprite[(1, 3), top : top + height, left : left + width] = 1.0
    numbers, painted, shown = np.ones(SIZE, np.int32), [], []
    for smallest in (8, 64):  # it is 32 pixels high
        monkeypatch.setattr(layers, "LEAST", smallest)
        ring = lamp_alone(viewpoint=(0.0, 1e-9), sprites={1: sprite})
        painted.append((ring.seen(pose, SIZE, numbers)[..., 3] > 0).sum())
        shown.append(np.asarray(ring.view(pose, SIZE, is_sketched=True)))
        assert (np.asarray(ring.view(pose, SIZE))[0] > 0).any(), "without a plan, as it was painted"
    as_painted, as_sketched = shown
    assert (as_painted[0] > 0).any() and not (as_painted[1] > 0).any()
    assert (as_sketched[1] > 0).any() and not (as_sketched[0] > 0).any()
    assert painted[1] < painted[0], "a painter draws it anew from nearer"


def test_a_sprite_that_is_much_enlarged_is_drawn_by_the_network():
    class GreenSketches(CrispCloseUps):
        def sketched(self, thing: PlacedObject) -> CutOutPicture:
            green = np.zeros((4, 64, 64), np.float32)
            green[1], green[3] = 1.0, 1.0
            return CutOutPicture(green, (0.0, 0.0, 64.0, 64.0))

    sprite = np.full((4, 32, 32), 0.5, np.float32)
    known = np.zeros(SHAPE, bool)
    ring = lamp_alone(known, viewpoint=(0.0, 1e-9), sprites={1: sprite}, close_ups=GreenSketches())
    x, z = np.sin(np.radians(20.0)), np.cos(np.radians(20.0))
    poses = [CameraPose(20.0, x=way * x, z=way * z) for way in (0.0, DISTANCE - 0.6)]
    far, near = (np.asarray(ring.view(pose, SIZE, is_sketched=True)) for pose in poses)
    assert far[1].max() < 0.9
    assert near[1].max() > 0.9


def test_around_a_thing_that_is_drawn_again_there_is_no_haze_of_its_sprite(monkeypatch):
    monkeypatch.setattr(redrawing, "LARGE", 100)
    known, pose = np.ones(SHAPE, bool), CameraPose(z=0.5)
    known[:, :14] = False  # a column of the lamp's nine
    sprite = np.full((4, 32, 32), 0.5, np.float32)  # also outside its box

    def shown(redrawn: RedrawnThings | None) -> np.ndarray:
        ring = lamp_alone(known, None, (0.0, 1e-9), sprites={1: sprite}, redrawn=redrawn)
        bare, hazy = (ring.view(pose, SIZE, is_sketched=each) for each in (False, True))
        return np.abs(np.asarray(hazy - bare)).max()

    assert shown(None) > 0.3
    assert shown(RedrawnThings(CrispCloseUps())) == 0


@pytest.mark.parametrize("first", [17, 21])  # columns of the nearer thing: in the middle, or aside
def test_what_a_nearer_thing_covers_of_a_thing_is_guessed_and_not_taken_for_seen(first):
    sofa = PlacedObject("sofa", 20.0, -10.0, 20.0, 20.0)
    scenery = Scenery.of([sofa, LAMP], STANCES, ())
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    (left, right), (near, end) = ([round(one * pixel) for one in each]
                                  for each in ((10, 30), (first, first + 6)))  # fmt: skip
    rows = slice(SHAPE[0] // 2, round(SHAPE[0] / 2 + 20 * pixel))
    numbers[rows, left:right], numbers[rows, near:end] = 1, 2
    picture = np.full((3, *SHAPE), GREY, np.float32)
    picture[0, numbers == 1], picture[2, numbers == 2] = RED, RED
    ring = LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery))
    pose = CameraPose(20.0, -10.0)
    seen = ring.seen(pose, (24, 80), np.ones((24, 80), np.int32))[12]  # of the sofa alone
    layer = ring._cut_outs[1].layer
    reds = np.flatnonzero(layer[0, layer.shape[1] // 2] > 0)
    assert len(reds) == np.ptp(reds) + 1 == right - left, "no hole"
    picture[:, rows, near - 1] = picture[:, rows, near]  # painted a pixel wider than planned
    wider = (
        LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery))._cut_outs[1].layer
    )
    assert wider[2].max() <= 0, "no rim of what is nearer"
    red = (seen[:, 0] > 200) & (seen[:, 3] == 255)
    assert 0 < red.sum() < 0.9 * (right - left), "the guess is not known"


@pytest.mark.parametrize(("size", "z", "stays"), [(8, 9, True), (8, 12, False), (20, 12, True)])
def test_what_was_painted_small_is_painted_again_where_it_is_twice_as_near(size, z, stays):
    house = PlacedObject("cottage", 0.0, size / 2 - 4, size, size)  # 23 m away
    scenery = Scenery.of([house], STANCES, ())
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    rows = slice(round(SHAPE[0] / 2 - (size - 4) * pixel), round(SHAPE[0] / 2 + 4 * pixel))
    half = round(size / 2 * pixel)
    for columns in (slice(0, half), slice(-half, None)):
        numbers[rows, columns] = 1
    picture = np.stack([np.where(numbers == 1, RED, GREY)] * 3).astype(np.float32)
    ring = LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery, (0.0, 2.0)))
    seen = ring.seen(CameraPose(z=z), (24, 80), np.ones((24, 80), np.int32))
    assert bool(seen[11, 40, 3]) is stays
    back = LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery, (0.0, z)))
    assert back.seen(CameraPose(), (24, 80), np.ones((24, 80), np.int32))[11, 40, 3] == KNOWN


def test_of_what_is_painted_in_part_that_part_is_carried():
    painted = np.ones(SHAPE, bool)
    painted[:, : round(20 * SHAPE[1] / 360)] = False  # the lamp's left half is a guess
    seen, whole = (
        one.seen(CameraPose(20.0, -10.0), (24, 80), np.ones((24, 80), np.int32))[..., 3] > 0
        for one in (lamp_alone(painted=painted), lamp_alone())
    )
    assert 0.3 * whole.sum() < seen.sum() < 0.6 * whole.sum()


@pytest.mark.parametrize(("hidden", "known"), [(0.2, KNOWN), (0.9, GLIMPSED)])
def test_what_a_nearer_thing_hides_but_for_a_strip_is_known_less_well(hidden, known):
    sofa = PlacedObject("sofa", 20.0, -10.0, 20.0, 20.0)
    numbers, pixel = np.zeros(SHAPE, np.int32), SHAPE[1] / 360
    rows = slice(SHAPE[0] // 2, round(SHAPE[0] / 2 + 20 * pixel))
    numbers[rows, round(10 * pixel) : round(30 * pixel)] = 1
    numbers[rows, round(10 * pixel) : round((10 + 20 * hidden) * pixel)] = 2
    picture, scenery = np.zeros((3, *SHAPE), np.float32), Scenery.of([sofa, LAMP], STANCES, ())
    ring = LayeredRing(RingToCut(picture, np.ones(SHAPE, bool), numbers, scenery))
    seen = ring.seen(CameraPose(20.0, -10.0), (24, 80), np.ones((24, 80), np.int32))
    assert seen[..., 3].max() == known


def test_unknown_parts_of_a_room_look_like_its_known_walls_floor_and_ceiling():
    walls = [
        PlacedObject("wall", yaw, -2.0, 89.2, height)
        for yaw, height in ((20.0, 60.0), (110.0, 80.0), (200.0, 60.0), (290.0, 80.0))
    ]
    scenery = Scenery.of(walls, STANCES, ("wall",))
    radian = SHAPE[1] / (2 * np.pi)
    edges = scenery.edges(0.0, 0.0, (np.arange(SHAPE[1]) + 0.5) / radian)
    assert edges is not None
    rows = np.arange(SHAPE[0])[:, None]
    foot, top = SHAPE[0] / 2 - edges * radian
    floor, ceiling = rows > foot, rows < top
    picture = np.full((3, *SHAPE), GREY, np.float32)
    for channel, part in enumerate((floor, ceiling)):
        picture[channel, part] = RED
    known = np.ones(SHAPE, bool)
    known[:, 150:310] = False
    picture[2, 44:52, 140:150] = RED  # a window beside it
    true = picture.copy()
    picture[:, ~known] = 0.0
    ring = LayeredRing(RingToCut(picture, known, np.zeros(SHAPE, np.int32), scenery))
    shown = np.asarray(ring.view(CameraPose(260.0, 0.0), SIZE))[:3]
    wrong = np.abs(shown - true[:, 24:72, 191:271]).max(axis=0) > 0.3
    assert wrong.mean() < 0.1


BANDS = {  # sky or ceiling, ground or floor
    "outdoors": (("high sky", 37.0, 33.0), ("low sky", 10.0, 21.0), ("near ground", -27.0, 54.0)),
    "room": (("floor", -27.0, 54.0), ("ceiling", 27.0, 54.0)),
}


@pytest.mark.parametrize("place", BANDS)
def test_what_nothing_is_known_of_has_the_colours_of_the_plan(place):
    colors = {"high sky": 30, "low sky": 60, "ceiling": 90, "wall": 120}
    level = [
        PlacedObject(kind, 180.0, pitch, 360.0, height, None, (colors.get(kind, 200),) * 3)
        for kind, pitch, height in BANDS[place]
    ]
    walls = [
        PlacedObject("wall", yaw, -2.0, 89.2, 60.0, None, (colors["wall"],) * 3)
        for yaw in (0.0, 90.0, 180.0, 270.0)
    ]
    things = [*(walls if place == "room" else ()), *level]
    kinds = tuple(dict.fromkeys(thing.kind for thing in things))
    picture, known = np.zeros((3, *SHAPE), np.float32), np.zeros(SHAPE, bool)
    known[SHAPE[0] // 2 :, 100:200] = True  # a view down on a ground of many colours
    picture[:, :, 100:200] = np.where(np.arange(100) % 3, 0.9, -0.9)
    scenery = Scenery.of(things, STANCES, kinds)
    ring = LayeredRing(RingToCut(picture, known, np.zeros(SHAPE, np.int32), scenery))
    shown = np.asarray(ring.view(CameraPose(0.0, 27.0), SIZE))[0]
    levels = (shown[:, SIZE[1] // 2] + 1) * 127.5
    top, low = ("ceiling", "wall") if place == "room" else ("high sky", "low sky")
    assert levels[0] == pytest.approx(colors[top], abs=1)
    assert levels[38] == pytest.approx(colors[low], abs=2)
