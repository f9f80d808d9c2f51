"""The player walks about on painted ground; memory knows the place where the scene begins."""

from dataclasses import replace
from math import cos, radians, sin
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.controls.camera import AXES, CameraCommand, CameraPose, yaw_difference
from mag_sandbox.controls.edits import HIGHEST, LARGEST, Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.shores import is_in_water
from mag_sandbox.model.pocket import world as module
from mag_sandbox.model.pocket.changes import thing_of
from mag_sandbox.model.pocket.listed import as_edits, as_far_as_seen
from mag_sandbox.model.pocket.walks import walking
from mag_sandbox.model.pocket.walks.walking import WalkableGround
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, WorldFailed
from mag_sandbox.scenes.stances import Stance
from tests.tiny import PLACE, RIGHT, STILL
from tests.unit.model.pocket.test_editing import edited
from tests.unit.model.pocket.test_inventing import begin, play, same, world

SLOWLY = 0.2  # of full speed: the tiny painter leaves little room to walk


@pytest.fixture(autouse=True)
def boxes_stay(monkeypatch: pytest.MonkeyPatch):
    """Things are placed in the very box that is asked for; see `test_standing`."""
    monkeypatch.setattr(walking, "stood", lambda edit, *_: edit)


def walk(forward: float = 0.0, right: float = 0.0) -> Control:
    return Control(CameraCommand(forward=SLOWLY * forward, right=SLOWLY * right))


def free_way(made: DiffusionWorld) -> tuple[float, float]:
    """Return a way that two blocks of steps can go, forward and right."""
    for way in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        here, step = (0.0, 0.0), (0.02 * way[1], 0.02 * way[0])
        for _ in range(6):
            here = made._way(here, (here[0] + step[0], here[1] + step[1]))
        if here == pytest.approx((6 * step[0], 6 * step[1])):
            return way
    raise AssertionError("nothing is free")


def test_a_world_that_paints_can_be_walked_in():
    spec = world().spec
    assert set(spec.axes) <= set(AXES)
    assert {"forward", "right"} <= set(spec.axes)
    assert spec.full_speed.walk > 0


def test_whoever_walks_away_and_back_sees_the_same_on_the_way_and_ends_where_all_began():
    made = world()
    begin(made)
    for _ in range(40):  # all around is painted
        made.step(STILL)
    way = free_way(made)
    out = [made.step(walk(*way)) for _ in range(2)]
    back = [made.step(walk(-way[0], -way[1])) for _ in range(2)]
    assert out[1].poses[-1].is_away
    assert back[0].poses[-1] == out[0].poses[-1]
    assert np.array_equal(back[0].frames[-1], out[0].frames[-1])
    assert back[1].poses[-1] == CameraPose()
    assert not np.array_equal(out[0].frames[-1], out[1].frames[-1])


def test_memory_stays_where_the_scene_begins():
    made, other = world(), world()
    for one in (made, other):
        begin(one)
    way = free_way(made)
    both = replace(RIGHT, camera=replace(walk(*way).camera, yaw=RIGHT.camera.yaw))
    blocks = [made.step(both) for _ in range(3)]
    turned = [other.step(RIGHT) for _ in range(3)]
    assert any(block.poses[-1].is_away for block in blocks)
    assert not any(entry.pose.is_away for entry in blocks[-1].memory.entries)
    assert [one.poses[-1].at_origin for one in blocks] == [one.poses[-1] for one in turned]
    assert made.memory.policy.table.as_dict() == other.memory.policy.table.as_dict()


def test_a_walk_replays_to_the_bit_and_a_saved_one_goes_on():
    made = world()
    begin(made)
    way = free_way(made)
    path = [RIGHT, walk(*way), walk(*way), STILL, RIGHT, walk(*way)]
    first = play(made, path)
    assert same(first, play(world(), path))
    assert first[-1].poses[-1].is_away
    state, other = made.snapshot(), world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same([made.step(walk(*way))], [other.step(walk(*way))])


def test_without_a_plan_there_is_nowhere_to_go():
    made = world()
    begin(made)
    made.painting.plan = None
    assert made._way((0.0, 0.0), (0.1, 0.0)) == (0.0, 0.0)
    said = []
    for _ in range(3):
        made.painting.plan = None
        said.append("still being planned" in made.step(walk(1)).notice)
    assert said == [False, True, False], "once, as long as the key is held"


def test_before_a_plan_is_made_things_are_put_among_those_of_the_picture(monkeypatch):
    made, among = world(), []
    begin(made)
    monkeypatch.setattr(
        walking, "stood", lambda edit, scenery, _: among.append(scenery.plan(0.0, 0.0)) or edit
    )
    made.painting.listed, made.painting.plan = made.painting.plan.things[:3], None
    made._ground.at_start(Edit("place", 10.0, -5.0, 22.0, 13.0, "tent"))
    assert [thing.kind for thing in among[0]] == [thing.kind for thing in made.painting.listed]


@pytest.mark.parametrize("shade", ["own", "green"])
def test_what_is_placed_in_any_colour_stands_out_from_what_is_painted_behind_it(shade, monkeypatch):
    made = world()
    begin(made)
    asked = Edit("place", 10.0, -5.0, 22.0, 13.0, "tent")
    own = thing_of(asked).color
    behind = own if shade == "own" else (20, 200, 30)
    monkeypatch.setattr(made.painting.pictures, "colors_in", lambda *_: [behind])
    placed = made._ground.at_start(asked)
    assert placed == replace(asked, color=placed.color)
    assert (placed.color is None) == (shade == "green")
    assert np.linalg.norm(np.subtract(thing_of(placed).color, behind)) > 60
    blue = replace(asked, color=own)
    assert made._ground.at_start(blue) == blue, "a colour that words give stays"


def test_the_colours_of_a_box_are_those_of_the_painted_ring_there():
    made = world()
    begin(made)
    painting = made.painting
    ahead = to_frames(painting.pictures.views(painting.around, [CameraPose()]))[0]
    colors = painting.pictures.colors_in(painting.around, 0.0, 0.0, 20.0, 12.0)
    assert {*colors} <= {*map(tuple, ahead.reshape(-1, 3).tolist())}
    nothing = painting.imagination.nothing()
    assert painting.pictures.colors_in(nothing, 0.0, 0.0, 20.0, 12.0) == []


@pytest.fixture
def at_lake(monkeypatch) -> DiffusionWorld:
    made = world()
    begin(made)
    lake = PlacedObject("lake", 10.0, -14.0, 60.0, 12.0)
    made.painting.listed, made.painting.plan = (lake,), None
    monkeypatch.setattr(walking, "stood", lambda edit, *_: edit)
    return made


def test_what_stands_on_land_is_not_put_into_water(at_lake):
    made = at_lake
    tent = Edit("place", 10.0, -9.0, 12.0, 10.0, "tent", (214, 73, 72))
    ashore = made._ground.at_start(tent)
    assert not is_in_water(made.painting.listed, thing_of(ashore))
    assert abs(yaw_difference(ashore.yaw, tent.yaw)) <= 24.0
    made.painting.listed = (PlacedObject("lake", 10.0, -14.0, 170.0, 26.0),)
    assert made._ground.at_start(tent) == walking.IN_WATER.format("tent")
    for dry in (replace(tent, pitch=2.0), replace(tent, kind="boat"), replace(tent, kind="duck")):
        assert isinstance(made._ground.at_start(dry), Edit)


def test_a_ship_is_not_put_on_land(at_lake):
    made = at_lake
    ship = Edit("place", 10.0, -9.0, 12.0, 10.0, "ship", (214, 73, 72))
    assert isinstance(made._ground.at_start(ship), Edit)
    aground = replace(ship, yaw=90.0)
    assert made._ground.at_start(aground) == walking.ON_LAND.format("ship", "lake")
    assert isinstance(made._ground.at_start(replace(aground, kind="rowing boat")), Edit)
    made.painting.listed = ()
    assert made._ground.at_start(ship) == walking.NO_WATER.format("ship")


@pytest.mark.parametrize("is_open", [False, True])
def test_curtains_and_windows_are_put_only_where_there_are_walls(at_lake, is_open, monkeypatch):
    monkeypatch.setattr(type(at_lake._ground), "is_open", property(lambda _: is_open))
    for kind, name in (("curtains", "curtains"), ("arched window", "windows")):
        there = at_lake._ground.placement(Edit("place", 90.0, 5.0, 12.0, 10.0, kind))
        assert (there == walking.NO_WALL.format(name)) == is_open


def test_a_thing_in_another_colour_has_the_box_of_the_one_that_it_replaces(monkeypatch):
    made = world()
    begin(made)
    there = Edit("place", 10.0, -5.0, 22.0, 13.0, "tent", (214, 73, 72))
    monkeypatch.setattr(walking, "stood", lambda edit, *_: replace(edit, width=5.0))
    monkeypatch.setattr(made._ground, "in_sight", lambda x, z: [thing_of(there)])
    blue = replace(there, color=(73, 97, 180))
    assert made._ground.at_start(blue) == blue
    assert made._ground.at_start(replace(blue, yaw=11.0)).width == 5.0


def test_what_stops_a_walker_is_said_at_the_second_step_and_again_after_a_while(monkeypatch):
    monkeypatch.setattr(module, "SAY_AGAIN", 3)
    made = world()
    begin(made)
    made._way = lambda start, end: start
    made._ground.why_stopped = lambda pose, end, viewpoints: "rock in the way"
    ways = (1, 0), (1, 0), (0, 0), *[(0, 1)] * 5
    said = [made.step(walk(*way)).notice for way in ways]
    told = "rock in the way"
    assert said == ["", told, "", "", told, "", "", told]


@pytest.mark.parametrize(
    ("yaw", "pitch", "told"),
    [
        (0.0, 0.0, "bush in the way, at your feet"),
        (0.0, -20.0, "bush in the way"),
        (-80.0, 0.0, "bush in the way, on your right"),
        (80.0, 0.0, "bush in the way, on your left"),
        (180.0, 0.0, "bush in the way, behind you"),
    ],
)  # fmt: skip
def test_where_what_stops_a_walker_is_said_if_it_is_out_of_the_picture(
    monkeypatch, yaw, pitch, told
):
    made = world()
    begin(made)
    bush = PlacedObject("bush", 0.0, -38.0, 40.0, 12.0)  # its top 32 degrees down
    scenery = Scenery.of([bush], {"bush": Stance("floor", 1.2)}, ())
    monkeypatch.setattr(WalkableGround, "scenery", scenery)
    assert made._ground.why_stopped(CameraPose(yaw % 360.0, pitch), (0.0, 1.2), ()) == told
    ahead = sin(radians(yaw)) * 0.5, cos(radians(yaw)) * 0.5
    stopped = made._ground.why_stopped(CameraPose(yaw % 360.0, pitch), ahead, ())
    assert ("; turn " in stopped) == ("on your" in told)


def test_at_deep_water_a_walker_is_told_of_its_edge(monkeypatch):
    made = world()
    begin(made)
    met = SimpleNamespace(what="sea", yaw=0.0, top=-40.0)
    scenery = SimpleNamespace(in_the_way=lambda *_: met)
    monkeypatch.setattr(WalkableGround, "scenery", scenery)
    said = made._ground.why_stopped(CameraPose(), (0.0, 1.2), ())
    assert said == "you stand at the edge of the sea"


def test_a_player_who_walks_into_a_river_is_told_that_it_is_shallow(monkeypatch):
    made = world()
    begin(made)
    river = SimpleNamespace(kind_at=lambda x, z: "river" if z > 1.0 else "")
    with monkeypatch.context() as patch:
        patch.setattr(WalkableGround, "scenery", SimpleNamespace(shallows=river))
        ways = [((0.0, 0.9), (0.0, 1.1)), ((0.0, 1.1), (0.0, 1.2)), ((0.0, 1.1), (0.0, 0.9))]
        said = [made._ground.entered(*way) for way in ways]
    assert said == ["the river is shallow: you wade through it", "", ""]
    made._ground.entered = lambda *_: said[0]
    assert made.step(STILL).notice == said[0]


def test_from_elsewhere_no_frames_are_shown():
    made = world()
    begin(made)
    block = made.step(walk(*free_way(made)))
    with pytest.raises(WorldFailed, match="only where the scene begins"):
        made.show(STILL, block.frames)
    assert made.painted(block.poses[-1]) is None


def test_a_thing_placed_from_elsewhere_stands_where_it_was_pointed_at_and_is_removed_there():
    made = world()
    begin(made)
    tent = Edit("place", 40.0, -7.0, 12.0, 12.0, "tent", x=0.4, z=0.3)
    placed = edited(made, replace(STILL, edit=tent))[-1]
    (seen,) = made._ground.scenery.appearing([thing_of(placed.edited)], 0.4, 0.3)
    told = (seen.yaw, seen.pitch, seen.width, seen.height)
    assert told == pytest.approx((tent.yaw, tent.pitch, tent.width, tent.height), abs=0.2)
    assert placed.placed == (placed.edited,)
    assert (placed.edited.x, placed.edited.z) == (0.0, 0.0)
    assert abs(placed.edited.yaw - tent.yaw) > 0.5, "from the start it is seen elsewhere"
    removed = edited(made, replace(STILL, edit=Edit("remove", 41.0, -6.0, x=0.4, z=0.3)))[-1]
    assert removed.placed == ()
    assert removed.edited.yaw == pytest.approx(placed.edited.yaw)


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.4, 0.3)])
def test_the_place_of_a_thing_is_known_before_it_is_put_there(place):
    made = world()
    begin(made)
    made._advance(pose=CameraPose(x=place[0], z=place[1]))
    asked = Edit("place", 40.0, -6.0, 12.0, 8.0, "tent", (214, 73, 72), *place)
    shown = made.placement(asked)
    placed = edited(made, replace(STILL, edit=asked))[-1]
    if place != (0.0, 0.0):
        (seen,) = made._ground.scenery.appearing([thing_of(placed.edited)], *place)
    else:
        seen = placed.edited
    box = (seen.yaw, seen.pitch, seen.width, seen.height)
    assert (shown.yaw, shown.pitch, shown.width, shown.height) == pytest.approx(box, abs=0.2)
    assert (shown.x, shown.z) == place


def test_why_a_thing_cannot_be_put_is_known_before_it_is_asked_for(at_lake):
    tent = Edit("place", 10.0, -9.0, 12.0, 10.0, "tent", (214, 73, 72))
    at_lake.painting.listed = (PlacedObject("lake", 10.0, -14.0, 170.0, 26.0),)
    for kind in ("tent", "horse", "person"):
        refused = at_lake.placement(replace(tent, kind=kind))
        assert refused == walking.IN_WATER.format(kind)
    for kind in ("duck", "swan", "bird"):
        assert isinstance(at_lake.placement(replace(tent, kind=kind)), Edit)


def test_a_removal_that_is_taken_back_before_it_is_shown_is_not_told(monkeypatch):
    made = world()
    begin(made)
    tent = Edit("place", 40.0, -7.0, 12.0, 12.0, "tent", x=0.4, z=0.3)
    edited(made, replace(STILL, edit=tent))
    waits = [True]
    monkeypatch.setattr(made._viewpoints, "is_outdated", lambda pose: waits[0])
    made.step(replace(STILL, edit=Edit("remove", 41.0, -6.0, x=0.4, z=0.3)))
    while made._running().edited is None:
        assert made.step(STILL).edited is None
    told = [made.step(replace(STILL, edit=Edit("undo"))).edited]
    waits[0] = False
    told += [made.step(STILL).edited for _ in range(3)]
    assert [one.act for one in told if one] == ["undo"]
    assert told[0] is None, "nor is it told before the picture shows it"


def test_a_thing_pointed_at_where_the_scene_begins_is_placed_beyond_it(monkeypatch):
    made = world()
    begin(made)
    foot_at_start = Edit("place", 0.0, -40.0, 12.0, 12.0, "tent", z=-1.5)
    placed = made._ground.at_start(foot_at_start)
    assert (placed.yaw, placed.z) == (0.0, -1.5), "straight ahead of the player, beyond the start"
    assert placed.width < LARGEST[0]
    assert placed.height < LARGEST[1]
    monkeypatch.setattr(walking, "FARTHER", (1.0,))  # as if nothing farther away would do
    block = made.step(replace(STILL, edit=foot_at_start))
    assert "right where the scene begins" in block.notice
    assert block.edited is None


def test_what_flies_is_put_into_the_sky_from_elsewhere_and_what_stands_far_away_is_refused(
    monkeypatch,
):
    monkeypatch.setattr(Scenery, "_seen_from", lambda *_: [])  # there is nothing to stand on
    made = world()
    begin(made)
    monkeypatch.setattr(walking.WalkableGround, "is_open", True)
    high = Edit("place", 0.0, 24.0, 12.0, 17.0, "hot air balloon", x=0.4, z=0.3)
    for edit in (high, replace(high, kind="moon"), replace(high, pitch=8.0)):
        assert isinstance(made._ground.at_start(edit), Edit)
    block = made.step(replace(STILL, edit=replace(high, kind="tent")))
    assert block.notice == walking.TOO_FAR
    assert "walk back" in block.notice
    gone = Edit("remove", 0.0, -7.0, x=50.0)
    assert made._ground.at_start(gone) == made.placement(gone) == walking.STAYS


def test_bare_ground_is_meant_where_it_is_pointed_at():
    spot = PlacedObject("", 90.0, -45.0, 27.0, 27.0)
    meant = Scenery((), (), ()).spot_at_start(spot, 0.0, EYE)
    assert (meant.yaw, meant.pitch) == pytest.approx((45.0, -35.26), abs=0.01)
    assert meant.width == pytest.approx(27.0 / 2**0.5)
    sky = replace(spot, pitch=10.0)
    assert Scenery((), (), ()).spot_at_start(sky, 0.0, EYE) == sky


def test_what_is_beside_or_below_the_player_is_listed_as_far_as_it_is_seen():
    lake = PlacedObject("lake", 20.0, -70.0, 170.0, 30.0)
    (edit,) = as_edits([as_far_as_seen(lake)])
    assert (edit.kind, edit.yaw, edit.width) == ("lake", 20.0, LARGEST[0])
    assert -HIGHEST <= edit.pitch < 0.0


def test_a_placed_thing_takes_another_colour_in_its_very_box():
    made = world()
    begin(made)
    placed = edited(
        made, Control(edit=Edit("place", 20.0, -3.0, 18.0, 12.0, "tent", (200, 30, 30)))
    )
    (tent,) = placed[-1].placed
    other = replace(tent, color=(30, 60, 200))
    assert made._ground.at_start(other) == other


def test_what_is_a_mere_line_is_not_listed():
    lake = PlacedObject("lake", 20.0, -1.0, 30.0, 4.0)
    assert as_edits([lake])
    assert as_edits([replace(lake, height=0.0)]) == as_edits([replace(lake, width=0.0)]) == ()
