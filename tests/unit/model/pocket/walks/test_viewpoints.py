"""Walks go on beyond the first viewpoint: rings are made ahead of the player, kept and shown."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from math import dist
from threading import current_thread, main_thread

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraCommand, CameraPose, move
from mag_sandbox.controls.edits import EVERYTHING, Edit
from mag_sandbox.model.imagination.details import GivenPicture
from mag_sandbox.model.imagination.drawing.layers import LayeredRing
from mag_sandbox.model.imagination.geometry.new_ground import patches_near
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.pocket import edit_requests
from mag_sandbox.model.pocket.inventing import Outlook
from mag_sandbox.model.pocket.listed import as_edits
from mag_sandbox.model.pocket.look_ahead import LOOK_AHEAD, VIEWS
from mag_sandbox.model.pocket.painting import relighting
from mag_sandbox.model.pocket.painting.painting import BLOCKS_A_VIEW, Plan
from mag_sandbox.model.pocket.pictures.cells import pixels_of
from mag_sandbox.model.pocket.pictures.decoding import WIND, BlockDecoder
from mag_sandbox.model.pocket.walks import viewpoints, walking
from mag_sandbox.model.pocket.walks.painted_ring import PaintedRing, all_faded
from mag_sandbox.model.pocket.walks.walking import START, WalkableGround
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldState
from tests.tiny import CAPTIONS, LEFT, PLACE, RIGHT, STILL
from tests.unit.model.pocket.test_inventing import begin, same, state_after_a_block, world

pytestmark = pytest.mark.slow

SKY = PlacedObject("sky", 0.0, 27.0, 360.0, 54.0)
TREE = PlacedObject("tree", 30.0, -4.0, 8.0, 12.0)  # its foot 10 degrees down: 9 m away
TENT = PlacedObject("tent", 200.0, -8.0, 10.0, 8.0)  # at 7.5 m, behind the player
AHEAD, BACK = (Control(CameraCommand(forward=way)) for way in (1.0, -1.0))


begun = cache(state_after_a_block)


def outdoors(
    *things: PlacedObject, policy: str = "mag-retrieve", slots: int = 60
) -> DiffusionWorld:
    """Return a world where these stand around; see `world`."""
    made = world(policy, slots)
    made.restore(begun(policy, slots))
    made.schedule.cancel()  # a view under way was planned otherwise
    made.painting.plan = Plan(PLACE.prompt, made.painting.noise, things)
    return made


@cache
def begun_walk(*things: PlacedObject) -> tuple[DiffusionWorld, list[WorldState]]:
    made = outdoors(*things)
    return made, [made.snapshot()]


def walked(blocks: int, *things: PlacedObject) -> DiffusionWorld:
    """Return a world in which the player has walked ahead; all tests share the walk."""
    walker, states = begun_walk(*things)
    while len(states) <= blocks:
        walker.step(AHEAD)
        states.append(walker.snapshot())
    made = world()
    made.restore(states[blocks])
    return made


def steps(made: DiffusionWorld, control: Control, count: int) -> list[FrameBlock]:
    return [made.step(control) for _ in range(count)]


def steps_one_by_one(made: DiffusionWorld, control: Control, count: int) -> Iterator[FrameBlock]:
    return (made.step(control) for _ in range(count))


def places(blocks: list[FrameBlock]) -> list[tuple[float, float]]:
    return [(pose.x, pose.z) for block in blocks for pose in block.poses]


def test_a_walk_goes_on_without_end_past_viewpoints_that_are_apart():
    made = outdoors(SKY, TREE, TENT)
    walked = steps(made, AHEAD, 24)
    assert walked[-1].poses[-1].z > 6.0
    kept = [START, *made._viewpoints.kept]
    assert len(kept) > 3
    apart = [np.hypot(*np.subtract(one, other)) for one in kept for other in kept if one != other]
    assert min(apart) >= walking.APART
    near = [min(np.hypot(*np.subtract(here, one)) for one in kept) for here in places(walked)]
    assert max(near) <= 2.0


def test_a_runner_whose_views_come_late_gets_from_one_viewpoint_to_the_next():
    made = outdoors(SKY)
    run = replace(AHEAD, leave_out=(LOOK_AHEAD,))
    assert steps(made, run, 24)[-1].poses[-1].z > 5.0
    ways = sorted(z for _, z in (START, *made._viewpoints.kept))
    assert np.diff(ways).max() < 3.0


def test_who_walks_back_and_ahead_again_sees_the_same_to_the_bit():
    made = walked(16, SKY, TREE, TENT)
    back, again = steps(made, BACK, 8), steps(made, AHEAD, 8)
    shown = {block.poses[-1]: block.frames[-1] for block in back}
    both = [block for block in again if block.poses[-1] in shown]
    assert len(both) > 5
    assert all(np.array_equal(shown[block.poses[-1]], block.frames[-1]) for block in both)


def test_a_camera_without_collisions_goes_where_its_commands_lead():
    near = PlacedObject("tree", 0.0, -7.0, 20.0, 30.0)  # its foot 22 degrees down: 4 m ahead
    for collides in (True, False):
        made = outdoors(SKY, near)
        blocks = steps(made, replace(AHEAD, no_collision=not collides), 12)
        spec = made.spec
        straight = move(CameraPose(), AHEAD.camera, spec.full_speed, spec.fps, spec.block_length)
        for block in blocks:
            goes_there = block.poses == straight
            if not goes_there:
                break
            straight = move(
                straight[-1], AHEAD.camera, spec.full_speed, spec.fps, spec.block_length
            )
        assert goes_there is not collides
    assert blocks[-1].poses[-1].z > 5.0
    assert made._viewpoints.kept, "new ones are made on such a way, too"


def test_what_is_no_landscape_ends_where_the_first_ring_does():
    made = outdoors(TREE, TENT)
    walked = steps(made, AHEAD, 20)
    assert not made._viewpoints.kept
    assert 1.5 < walked[-1].poses[-1].z <= 2.0


def test_a_room_is_painted_from_new_viewpoints_up_to_its_walls(monkeypatch):
    wall = PlacedObject("sky", 0.0, 0.0, 90.0, 40.0)  # 4.4 m away; tiny weights have no other band
    made = outdoors(*(replace(wall, yaw=yaw) for yaw in (0.0, 90.0, 180.0, 270.0)), TENT)
    monkeypatch.setattr(WalkableGround, "is_open", False)
    walked = steps(made, AHEAD, 40)
    assert 2.5 < walked[-1].poses[-1].z < 4.4
    assert len(made._viewpoints.kept) >= 2
    assert not made._ground.new.squares


def test_no_wind_moves_what_looks_like_sky_in_a_room(monkeypatch):
    begin, left_out = BlockDecoder.begin, list[bool]()

    def noted(self, draw, poses, time, sky=None, leave_out=()):
        left_out.append(WIND in leave_out)
        return begin(self, draw, poses, time, sky, leave_out)

    monkeypatch.setattr(BlockDecoder, "begin", noted)
    wall = PlacedObject("sky", 0.0, 0.0, 90.0, 40.0)
    room = [replace(wall, yaw=yaw) for yaw in (0.0, 90.0, 180.0, 270.0)]
    for things in (room, [SKY, TREE]):
        made = outdoors(*things)
        monkeypatch.setattr(WalkableGround, "is_open", things is not room)
        made.step(STILL)
    assert left_out == [True, False]


def test_new_ground_follows_the_newest_description_and_the_old_stays():
    made = walked(12, SKY, TREE)
    ground = made._ground
    old, numbered = ground.new, ground.scenery.bodies
    made.painting.plan = Plan("a castle", made.painting.plan.noise, (SKY, TENT))
    ground.extend((0.0, 90.0))
    new = ground.new
    assert (new.plan.prompt, new.before) == ("a castle", old)
    assert not set(new.squares) & set(old.squares)
    assert [one.told for one in ground.scenery.bodies if one.is_new][: len(numbered) - 1] == [
        one.told for one in numbered if one.is_new
    ], "numbers of things stay"
    other = world()
    other.reset(PLACE, 9)
    other.restore(made.snapshot())
    assert other._ground.new == new
    ground.extend((0.0, 90.0))
    assert ground.new == new


def test_a_new_description_is_planned_first_although_another_viewpoint_is_nearer():
    made = walked(10, SKY, TREE)
    steps(made, BACK, 3)
    assert made._viewpoints.nearest(made._session.pose) != START
    made.step(replace(STILL, prompt=CAPTIONS[1], edit=Edit("forget")))
    before = dict(made._viewpoints.kept)
    steps(made, RIGHT, 24)
    assert made.painting.plan.prompt == CAPTIONS[1]
    assert all(made._viewpoints.kept.get(place) is not ring for place, ring in before.items())


def test_where_everything_is_repainted_new_ground_begins_anew():
    made = walked(12, SKY, TREE)
    assert made._ground.new.squares
    edit = Edit("renew", 0.0, 0.0, *EVERYTHING)
    made.step(replace(STILL, edit=edit, prompt="a castle"))
    blocks = steps(made, STILL, 14)
    assert any(block.edited == edit for block in blocks)
    assert all(one.plan.prompt == "a castle" for one in made._ground.new.generations if one.plan)


def test_in_another_light_a_walker_stays_and_all_viewpoints_are_painted_again(monkeypatch):
    def darker(things: Sequence[PlacedObject], *_: object) -> list[PlacedObject]:
        return [replace(one, color=(20, 30, 60)) for one in things]

    for module in (walking, relighting):
        monkeypatch.setattr(module, "relit", darker)
    monkeypatch.setattr(walking, "is_relit", lambda text, before, _words: text != before)
    made = walked(12, SKY, TREE)
    steps(made, STILL, 4)
    pose, kept, new = made._session.pose, dict(made._viewpoints.kept), made._ground.new
    there = [(one.told.kind, one.x, one.z) for one in made._ground.scenery.bodies]
    edit = Edit("relight", pose.yaw, pose.pitch, *EVERYTHING)
    made.step(replace(STILL, edit=edit, prompt="a castle"))
    changed = next(one for one in steps_one_by_one(made, STILL, 14) if made._session.edited)
    assert changed.edited is None, "the picture does not show it yet"
    made._viewpoints._followed()
    faded, other = made._viewpoints.kept, world()
    assert all(one.outdated.any() and not one.painted.any() for one in faded.values())
    assert all(np.array_equal(one.known, ~one.absent) for one in faded.values()), (
        "they are shown until one is painted"
    )
    other.reset(PLACE, 9)
    other.restore(made.snapshot())
    for place, ring in faded.items():
        parked = other._viewpoints.kept[place]
        for part in ("painted", "lacking", "outdated", "absent"):
            assert np.array_equal(getattr(parked, part), getattr(ring, part)), part
    blocks = steps(made, STILL, 20)
    assert [block.edited for block in blocks if block.edited] == [edit], "once it is shown"
    assert blocks[-1].poses[-1] == pose
    ring = made._viewpoints.kept[made._viewpoints.nearest(pose)]
    assert ring.painted.any()
    assert not ring.outdated.any(), "the rest is as others show it in this light"
    assert new.squares == made._ground.new.squares
    assert there == [(one.told.kind, one.x, one.z) for one in made._ground.scenery.bodies]
    assert all(made._viewpoints.kept[place] is not ring for place, ring in kept.items())


def test_words_for_a_place_that_cannot_go_on_here_begin_it_anew_at_the_start(monkeypatch):
    def is_elsewhere(text: str, before: str, _words: object) -> bool:
        return text != before and text == "a castle"

    monkeypatch.setattr(edit_requests, "is_elsewhere", is_elsewhere)
    made = walked(12, SKY, TREE)
    assert made._session.pose.is_away
    made.step(replace(STILL, prompt="a castle"))
    blocks = steps(made, STILL, 14)
    (edited,) = (block.edited for block in blocks if block.edited)
    assert edited.renews_everything
    assert blocks[-1].poses[-1] == CameraPose()
    assert made.painting.plan.prompt == "a castle"
    made.step(replace(STILL, prompt="a tower"))
    assert not any(block.edited for block in steps(made, STILL, 14)), "it goes on from there"


def test_another_place_waits_for_a_memory_that_keeps_places(monkeypatch):
    monkeypatch.setattr(edit_requests, "is_elsewhere", lambda text, before, _: text != before)
    made = outdoors(SKY, TREE)
    keeps, forgets = (Control(memory=MemorySetting(one, kept_mib=1)) for one in ("mag", "none"))
    made.step(replace(forgets, prompt="a castle"))
    assert not any(block.edited for block in steps(made, STILL, 14))
    made.step(keeps)
    made.step(replace(keeps, memory=MemorySetting("mag", kept_mib=2)))
    blocks = steps(made, STILL, 20)
    assert [block.edited.renews_everything for block in blocks if block.edited] == [True]
    assert made.painting.plan.prompt == "a castle"


def test_the_land_of_a_game_goes_on_too(monkeypatch):
    made = outdoors(SKY, TREE, TENT)
    config = made.painting.imagination.config
    game = replace(config, behind={"video game": config.behind["outdoor"]},
                   among={"video game": config.among["outdoor"]})  # fmt: skip
    monkeypatch.setattr(made.painting.imagination, "config", game)
    ground = WalkableGround(made.painting)
    assert ground.is_open
    made.painting.plan = replace(made.painting.plan, things=(TREE, TENT))
    assert not ground.is_open


def test_a_saved_walk_goes_on_to_the_bit():
    made = outdoors(SKY, TREE, TENT, policy="window", slots=12)
    steps(made, AHEAD, 13)
    state, other = made.snapshot(), world("window", slots=12)
    other.reset(PLACE, 9)
    other.restore(state)
    path = [AHEAD] * 2 + [RIGHT] * 3 + [BACK] * 2
    blocks, others = ([one.step(control) for control in path] for one in (made, other))
    assert same(blocks, others)
    assert made._viewpoints.kept.keys() == other._viewpoints.kept.keys()
    assert blocks[-1].memory.entries == others[-1].memory.entries
    assert made._ground.new == other._ground.new


def held(block: FrameBlock) -> set[tuple[float, float]]:
    """Return the viewpoints of which memory holds frames."""
    return {entry.pose.position for entry in block.memory.entries}


def test_memory_holds_frames_of_every_viewpoint_of_a_walk_within_its_budget():
    made = outdoors(SKY, TREE, TENT)
    blocks = steps(made, AHEAD, 14)
    shown = {made._viewpoint(block.poses[-1]) for block in blocks}
    assert len(shown) > 3
    assert shown <= held(blocks[-1])
    assert blocks[-1].memory.bytes <= blocks[-1].memory.budget
    assert blocks[-1].memory.attended_frames > 0
    assert START in held(steps(made, BACK, 14)[-1])


def test_a_memory_that_forgets_loses_viewpoints_that_were_left_and_what_stood_there():
    made = outdoors(SKY, TREE, TENT, policy="window", slots=12)
    first = steps(made, AHEAD, 12)[-1]
    kept = dict(made._viewpoints.kept)
    squares = dict(made._ground.new.drawn)
    steps(made, AHEAD, 24)
    assert not kept.keys() & made._viewpoints.kept.keys()
    assert START not in held(made.step(STILL))
    back = steps(made, BACK, 36)
    again = next(block for block in back if block.poses[-1] == first.poses[-1])
    assert not np.array_equal(again.frames[-1], first.frames[-1])
    assert dict(made._ground.new.drawn) != squares


def test_a_memory_that_keeps_nothing_shows_painted_views_away_from_the_start():
    made = walked(16, SKY, TREE, TENT)
    steps(made, Control(memory=MemorySetting("none", kept_mib=1)), 1)
    steps(made, RIGHT, 8)
    pose = steps(made, STILL, 12)[-1].poses[-1]
    lattice, kept = made.painting.imagination.lattice, made._viewpoints.kept
    ring = kept[made._viewpoints.nearest(pose)]
    assert ring.painted[lattice.shown([lattice.nearest(pose)])].all()
    assert not made._viewpoints.has_view, "views that nothing keeps are painted only once"


def test_what_a_walker_looked_away_from_stands_elsewhere_if_it_was_forgotten():
    tent = replace(TENT, yaw=20.0, pitch=-5.0, height=4.0)
    made = outdoors(SKY, tent, TREE, policy="window", slots=12)
    steps(made, AHEAD, 8)
    assert made._viewpoints.walk.things == {tent}
    steps(made, RIGHT, 24)
    assert tent in made.painting.plan.things, "nothing moves before a view shows it"
    steps(made, LEFT, 24)
    steps(made, STILL, 4)
    assert tent not in made.painting.plan.things
    assert len(made.painting.plan.things) == 3


def test_what_was_forgotten_never_appears_where_the_walker_stands():
    around = [replace(TENT, yaw=30.0 * turn) for turn in range(12)]  # at 7.5 m
    made = outdoors(SKY, *around, policy="window", slots=12)
    away, walk = CameraPose(yaw=90.0, x=7.5), made._viewpoints.walk  # at a tent, and beyond it
    for _ in range(12):
        before = made._ground.places
        walk.follow(made.memory.policy, {}, away, (), before)
        walk.lost = frozenset(before)
        assert walk.rearrange(made.painting, made._ground, replace(away, yaw=270.0))
        moved = set(made._ground.places.values()) - set(before.values())
        assert moved and min(dist(away.position, place) for place in moved) > 1.0
    assert patches_near(away) <= walk.patches, "new ground there is never lost"


def test_boats_come_to_new_ground_only_with_their_water():
    lake = PlacedObject("lake", 0.0, -14.0, 60.0, 12.0)
    boats = [PlacedObject("boat", yaw, -8.0, 9.0, 11.0) for yaw in (-12.0, 0.0, 12.0)]
    made = outdoors(SKY, lake, *boats)
    ground = made._ground
    ground.extend((0.0, 90.0))
    new = ground._new_things(ground.new)
    lakes = {(one.x, one.z) for one in new if one.told.kind == "lake"}
    assert lakes >= {(one.x, one.z) for one in new if one.told.kind == "boat"}
    made.painting.plan = replace(made.painting.plan, things=(SKY, *boats))
    ground.begin()
    ground.extend((0.0, 90.0))
    assert any(one.told.kind == "boat" for one in ground._new_things(ground.new)), "as planned"


def test_of_new_ground_only_the_patches_that_were_forgotten_are_arranged_otherwise():
    made = outdoors(SKY, *(replace(TENT, yaw=36.0 * turn) for turn in range(10)))
    ground = made._ground
    ground.extend((0.0, 90.0))
    before = {walking._patch_of(one): one for one in ground._new_things(ground.new)}
    gone = set(list(before)[::2])
    ground.draw_again(gone)
    now = {walking._patch_of(one): one for one in ground._new_things(ground.new)}
    stayed = {patch for patch, one in before.items() if now.get(patch) == one}
    assert stayed == before.keys() - gone
    assert now.keys() - before.keys() <= gone
    ground.forget(ground.new.squares)
    assert not ground.new.redrawn and not ground.new.squares


def test_a_memory_that_keeps_places_loses_nothing_of_a_walk():
    made = walked(12, SKY, TREE, TENT)
    before = dict(made._viewpoints.kept)
    steps(made, AHEAD, 8)
    steps(made, BACK, 20)
    assert made._viewpoints.losses == made._ground.new.lost == 0
    for place, ring in before.items():
        now = made._viewpoints.kept[place]
        assert (now.painted >= ring.painted).all()
        assert np.array_equal(now.latents[:, ring.painted], ring.latents[:, ring.painted])


def test_far_away_a_memory_of_places_takes_over_what_a_window_held():
    made = outdoors(SKY, TREE, TENT, policy="window", slots=12)
    held = {entry.frame_index for entry in steps(made, AHEAD, 14)[-1].memory.entries}
    places = Control(memory=MemorySetting("mag-retrieve", kept_mib=1))
    made.step(places)
    block = steps(made, STILL, 3)[-1]
    kinds = Counter(entry.kind for entry in block.memory.entries)
    assert kinds["raw"] == 1, "the others are kept for good"
    stay = {entry.frame_index for entry in block.memory.entries if entry.kind == "compressed"}
    assert len(stay & held) > 1


def test_a_walk_of_an_older_save_is_kept_although_memory_holds_no_frame_of_it():
    made = walked(20, SKY, TREE, TENT)
    state = made._viewpoints.snapshot()
    data = {name: one for name, one in state.data.items() if name != "for_good"}
    made.memory.policy.leave_out(())
    made._viewpoints.read_snapshot(replace(state, data=data))()
    kept = dict(made._viewpoints.kept)
    steps(made, BACK, 20)
    assert kept.keys() <= made._viewpoints.kept.keys()
    again = made._viewpoints.snapshot()
    made._viewpoints.read_snapshot(again)()
    steps(made, AHEAD, 4)
    assert kept.keys() <= made._viewpoints.kept.keys()


def test_a_window_forgets_a_walk_that_began_without_frames_as_any_other():
    made = walked(20, SKY, TREE, TENT)
    made._viewpoints.walk.for_good = frozenset(made._viewpoints.kept)  # as in a room entered again
    kept = set(made._viewpoints.kept)
    made.step(Control(memory=MemorySetting("window", kept_mib=1)))
    steps(made, BACK, 4)
    assert len(kept & made._viewpoints.kept.keys()) < len(kept) / 2


def test_a_saved_walk_knows_which_cells_lack_things():
    made, other = walked(13, SKY, TREE), world()
    kept = made._viewpoints.kept
    for place, ring in kept.items():
        kept[place] = replace(ring, lacking=~ring.painted)
    other.reset(PLACE, 9)
    other.restore(made.snapshot())
    for place, ring in kept.items():
        assert np.array_equal(ring.known, ring.painted)
        assert np.array_equal(other._viewpoints.kept[place].known, ring.painted)
        assert np.array_equal(other._viewpoints.kept[place].painted, ring.painted)


def test_a_saved_walk_that_cannot_be_is_refused(monkeypatch):
    made = walked(13, SKY)
    state = made._viewpoints.snapshot()
    far = replace(state, data={**state.data, "places": [[5000.0, 0.0]]})
    with pytest.raises(ValueError, match="viewpoints lie at"):
        made._viewpoints.read_snapshot(far)
    fewer = replace(state, data={**state.data, "places": [[1.0, 0.0]]})
    with pytest.raises(ValueError, match="latents"):
        made._viewpoints.read_snapshot(fewer)
    new = state.data["new"]
    twice = {**new, "squares": [*new["squares"], new["squares"][0]]}
    with pytest.raises(ValueError, match="new ground lies at"):
        made._viewpoints.read_snapshot(replace(state, data={**state.data, "new": twice}))
    for wrong in ({"draws": [0]}, {"lost": -1}, {"draws": [1] * len(new["squares"]), "lost": 0}):
        other = replace(state, data={**state.data, "new": {**new, **wrong}})
        with pytest.raises(ValueError, match="new ground was drawn"):
            made._viewpoints.read_snapshot(other)
    again = {**new, "lost": 1, "redrawn": [[0, 9, 1], [0, 9, 1]]}
    with pytest.raises(ValueError, match="drawn again at"):
        made._viewpoints.read_snapshot(replace(state, data={**state.data, "new": again}))
    with pytest.raises(ValueError, match="lost something -1 times"):
        made._viewpoints.read_snapshot(replace(state, data={**state.data, "losses": -1}))
    monkeypatch.setattr(viewpoints, "BUDGET", 10)
    with pytest.raises(ValueError, match="viewpoints take more than"):
        made._viewpoints.read_snapshot(state)


def test_the_sky_is_carried_from_where_it_was_painted_first(monkeypatch):
    made = outdoors(SKY)
    painting, imagination = made.painting, made.painting.imagination
    painting.around = replace(painting.around, known=np.ones_like(painting.around.known))
    steps(made, AHEAD, 16)
    kept = made._viewpoints.kept
    kept |= {place: replace(one, latents=one.latents * 0 + 3) for place, one in kept.items()}
    carried = []
    encode = type(imagination).encoded_part

    def encoded(self, picture, each):
        carried.append(picture)
        return encode(self, picture, each)

    monkeypatch.setattr(type(imagination), "encoded_part", encoded)
    steps(made, AHEAD, 12)
    quarter = painting.imagination.ring_size[1] // 4
    first = painting.pictures.ring(painting.around).roll(quarter, dims=2)[..., : 2 * quarter]
    sky = slice(0, first.shape[1] // 2 - 4)
    assert carried
    assert all((one[:, sky] - first[:, sky]).abs().max() < 0.01 for one in carried)


def test_sky_that_was_painted_on_a_walk_stays_and_is_saved():
    made, other = walked(12, SKY, TREE), world()
    before = made._viewpoints.far.copy()
    known = before[..., 3] > 0
    assert known.any()
    steps(made, AHEAD, 8)
    assert np.array_equal(made._viewpoints.far[known], before[known])
    other.reset(PLACE, 9)
    state = made.snapshot()
    other.restore(state)
    assert np.array_equal(other._viewpoints.far, made._viewpoints.far)
    held = made._viewpoints.snapshot()
    cut = {name: array[:-9] if name == "far" else array for name, array in held.arrays.items()}
    with pytest.raises(ValueError, match="far picture"):
        made._viewpoints.read_snapshot(replace(held, arrays=cut))


def test_carried_ground_returns_to_the_colours_of_the_first_ring():
    ground = np.zeros((40, 60), bool)
    ground[20:] = True
    seen = np.full((40, 60, 4), 255, np.uint8)
    seen[..., :3] = 100, 150, 50
    rows = np.full((40, 3), np.nan)
    rows[25:] = 90, 150, 70
    nearer = viewpoints.anchored(seen, ground, rows)
    assert np.array_equal(nearer[:25], seen[:25])
    assert (nearer[25:, :, :3] == (95, 150, 60)).all()
    rows[25:] = 250, 250, 250  # snow, where all was green: another description
    assert np.array_equal(viewpoints.anchored(seen, ground, rows), seen)


@pytest.mark.parametrize(
    ("near", "seen", "lacking", "stays"),
    [
        ([7], 255, False, True),
        ([], 255, False, False),
        ([7], 0, False, False),
        ([7], 255, True, False),
    ],
    ids=["near and seen", "far", "unseen", "lacking"],
)
def test_near_things_stay_as_they_were_seen_from_farther_away(
    near: list[int], seen: int, lacking: bool, stays: bool
):
    numbers = np.zeros((24, 80), np.int32)
    numbers[4:20, 20:30] = 7
    pixels = np.full((24, 80, 4), 255, np.uint8)
    pixels[numbers == 7, 3] = seen
    cells = np.zeros((6, 20), bool)
    latents = np.zeros((4, 6, 20), np.float32)
    ring = PaintedRing(START, latents, cells, cells | lacking, cells, cells)
    staying = viewpoints.staying(pixels, numbers, near, ring)
    assert staying.any() == stays
    assert not staying[:, 8:].any(), "the ground beside it is painted"


def test_the_farthest_viewpoints_are_dropped_beyond_the_budget(monkeypatch):
    made = walked(10, SKY)
    (one, *_) = made._viewpoints.kept.values()
    monkeypatch.setattr(viewpoints, "BUDGET", 3 * one.bytes)
    end = steps(made, AHEAD, 16)[-1].poses[-1]
    kept = made._viewpoints.kept
    assert len(kept) == 3
    assert one.place not in kept
    assert min(end.z - z for _, z in kept) < 2.0


def test_a_view_from_elsewhere_is_a_guess_until_it_is_painted(monkeypatch):
    made = walked(16, SKY, TREE, TENT)
    block = made.step(STILL)
    assert not block.provisional
    assert made._viewpoints.is_guess(replace(block.poses[-1], yaw=180.0))
    monkeypatch.setattr(made._viewpoints, "is_guess", lambda pose: pose == block.poses[-1])
    assert made.step(STILL).provisional


def test_a_walker_at_a_start_that_memory_has_lost_sees_the_nearest_ring():
    made = walked(9, SKY, TREE, TENT)
    made.schedule.cancel()
    made.painting.around = made.painting.imagination.nothing()
    made._advance(pose=CameraPose())
    block = made.step(replace(STILL, leave_out=(VIEWS,)))
    assert block.poses[-1] == CameraPose()
    assert np.ptp(block.frames) > 0


def test_a_walker_back_at_the_start_sees_what_is_painted_only_from_beside_it(monkeypatch):
    made = walked(9, SKY, TREE, TENT)
    place = next(iter(made._viewpoints.kept))
    made._advance(pose=CameraPose())
    monkeypatch.setattr(made._viewpoints, "shares", lambda *_, **__: [(place, 1.0)])
    assert made._viewpoints.look([CameraPose()] * 3) is not None
    made.step(STILL)


def test_of_a_new_viewpoint_only_the_half_that_a_walker_looks_at_is_made():
    made = walked(16, SKY, TREE, TENT)
    lattice, viewpoints_ = made.painting.imagination.lattice, made._viewpoints
    pose = made._session.pose
    place = viewpoints_.nearest(pose)
    ahead, behind = (lattice.shown([lattice.nearest(CameraPose(yaw))]) for yaw in (0.0, 180.0))
    ring = viewpoints_.kept[place]
    assert not ring.absent[ahead].any()
    assert ring.absent[behind].all()
    back = replace(pose, yaw=180.0)
    (shown, _), *_ = viewpoints_.shares(back)
    assert shown == START, "nothing there is absent"
    made._advance(pose=back)
    steps(made, STILL, 12)
    ring = viewpoints_.kept[place]
    assert ring.painted[behind].all()
    assert not ring.absent.any()


def test_a_new_view_carries_nothing_that_was_painted_in_another_light():
    made = walked(16, SKY, TREE, TENT)
    viewpoints_, pose = made._viewpoints, replace(made._session.pose, yaw=180.0)
    assert viewpoints_.kept
    viewpoints_.kept = {place: all_faded(ring) for place, ring in viewpoints_.kept.items()}
    assert [one.place for one in viewpoints_._sources(pose)] == [START]


@pytest.mark.parametrize("guessed", [0.0, 0.5])
def test_much_of_a_view_that_is_a_guess_is_painted_where_the_player_rests(guessed, monkeypatch):
    made = walked(8, SKY, TREE, TENT)
    pose = made._session.pose
    near = made._viewpoints.nearest(pose)
    assert dist(pose.position, near) > viewpoints.LEAST_APART
    monkeypatch.setattr(LayeredRing, "share_guessed", lambda *_: guessed)
    steps(made, STILL, 2 * (BLOCKS_A_VIEW + 1))
    assert (pose.position in made._viewpoints.kept) == (guessed > 0)


def test_the_plan_is_sketched_where_a_ring_is_not_painted_unless_it_changes_before(monkeypatch):
    made, sketched = walked(16, SKY, TREE, TENT), list[bool]()
    viewpoints, view = made._viewpoints, LayeredRing.view

    def noted(self, pose, size, *, is_sketched: bool = False, far=None):
        if current_thread() is main_thread():  # rings are painted beside, from other views
            sketched.append(is_sketched)
        return view(self, pose, size, is_sketched=is_sketched, far=far)

    monkeypatch.setattr(LayeredRing, "view", noted)

    def is_sketched() -> bool:
        sketched.clear()
        viewpoints.look([made._session.pose])(slice(None))
        return all(sketched)

    made.schedule.cancel()
    assert is_sketched()
    viewpoints.walk.lost_patches = frozenset({(0, 0)})
    assert not is_sketched(), "what stood there will stand elsewhere"
    viewpoints.walk.lost_patches = frozenset()
    made.painting._begin(CameraPose(), "another place", lambda: None)
    assert not is_sketched()


def test_at_rest_what_lies_beside_a_view_is_painted():
    made = walked(9, SKY, TREE)
    here = made._viewpoints.nearest(made._session.pose)
    before = made._viewpoints.kept[here].painted.mean()
    steps(made, STILL, 24)
    assert before < made._viewpoints.kept[here].painted.mean()


def test_where_the_scene_changes_viewpoints_are_painted_again():
    made = walked(12, SKY, TREE)
    before = dict(made._viewpoints.kept)
    made.painting.plan = replace(made.painting.plan, things=(SKY, TREE, replace(TREE, yaw=5.0)))
    made._viewpoints.look([CameraPose(z=1.0)])(slice(None))
    faded = [
        before[place].painted.sum() - ring.painted.sum()
        for place, ring in made._viewpoints.kept.items()
    ]
    assert max(faded) > 0
    for place, ring in made._viewpoints.kept.items():
        assert np.array_equal(ring.latents, before[place].latents)


def test_a_walker_comes_to_viewpoints_where_a_change_is_painted_already():
    made = walked(20, SKY, TREE)
    made.painting.plan = replace(made.painting.plan, things=(SKY, TREE, replace(TREE, yaw=5.0)))
    steps(made, STILL, 12)
    views, lattice = made._viewpoints, made.painting.imagination.lattice
    outdated = [ring.outdated.any() for ring in views.kept.values()]
    assert sum(outdated) >= 2, "those that are not in view wait"
    saved, other = made.snapshot(), world()
    other.reset(PLACE, 9)
    other.restore(saved)
    rings = zip(views.kept.values(), other._viewpoints.kept.values(), strict=True)
    assert all(np.array_equal(one.outdated, two.outdated) for one, two in rings)
    seen = []
    for block in steps_one_by_one(made, BACK, 16):
        pose = block.poses[-1]
        nearest = views.nearest(pose)
        if nearest != START:
            shown = lattice.shown([lattice.nearest(pose.at_origin)])
            seen.append(bool(views.kept[nearest].outdated[shown].any()))
    assert len(seen) > 8
    assert sum(seen) <= 2, seen


def test_what_shows_a_change_stands_in_for_a_nearer_viewpoint_that_does_not_yet():
    made = walked(30, SKY, TREE)
    pose = made._session.pose
    views, before = made._viewpoints, made._viewpoints.shares(pose)
    made.painting.plan = replace(made.painting.plan, things=(SKY, TREE, replace(TREE, yaw=5.0)))
    views._followed()
    (nearest, _), other = before[0], min(views.kept, key=lambda one: abs(one[1] - pose.z + 4.0))
    assert views.is_outdated(pose)
    fresh = np.zeros_like(views.kept[other].outdated)
    views.kept[other] = replace(views.kept[other], outdated=fresh)
    away = abs(other[1] - pose.z) - abs(nearest[1] - pose.z)
    assert 0.5 < away < viewpoints.OUTDATED
    assert [place for place, _ in views.shares(pose)] == [other]
    assert views.shares(pose, as_changed=False) == before
    assert views.is_outdated(pose), "the nearest one is still to be painted"


def test_until_a_change_is_painted_all_but_it_is_shown_from_as_near_as_before():
    made = walked(30, SKY, TREE)
    pose, views = made._session.pose, made._viewpoints
    made.painting.plan = replace(made.painting.plan, things=(SKY, TREE, replace(TREE, yaw=5.0)))
    views._followed()
    (nearest, _), *_ = views.shares(pose, as_changed=False)
    other = min(views.kept, key=lambda one: abs(one[1] - pose.z + 4.0))
    views.kept[other] = replace(
        views.kept[other], outdated=np.zeros_like(views.kept[other].outdated)
    )
    size, scenery = views._imagination.view_size, views._followed()
    old, new = (
        views._layers(views._source_at(place), scenery).view(pose, size, is_sketched=True)[:3]
        for place in (nearest, other)
    )
    changed = views._layers(views._source_at(nearest), scenery).shown_of(
        views.kept[nearest].outdated, pose, size
    )
    shown = pixels_of(views.look([pose])(slice(None)).cells)[0]
    for share, expected, others in ((0.0, old, new), (1.0, new, old)):
        where = changed == share
        assert (expected - others)[:, where].abs().max() > 0.05
        assert torch.allclose(shown[:, where], expected[:, where], atol=1e-3)


def test_what_is_painted_stands_in_for_a_nearer_viewpoint_that_has_guesses_alone():
    made = walked(30, SKY, TREE)
    pose = made._session.pose
    views, behind = made._viewpoints, replace(pose, yaw=180.0)
    (nearest, _), *_ = views.shares(pose)
    other = min(
        (place for place in views.kept if place != nearest), key=lambda one: dist(one, nearest)
    )
    shown = views._imagination.lattice.shown([views._imagination.lattice.nearest(behind.at_origin)])
    assert not views.kept[nearest].painted[shown].any(), "the player never looked back"
    ring = views.kept[other]
    views.kept[other] = replace(ring, painted=ring.painted | shown)
    assert [place for place, _ in views.shares(behind)] == [other]
    assert [place for place, _ in views.shares(pose)] == [nearest]


def test_on_the_way_back_the_viewpoint_to_come_is_painted_first():
    made = walked(30, SKY, TREE)
    pose = replace(made._session.pose, yaw=180.0)
    views = made._viewpoints
    made.schedule.cancel()
    ahead = replace(pose, z=pose.z - 3.0)
    coming = views.next_view(Outlook(pose, CameraCommand(forward=1.0), ahead, None))
    assert coming is not None
    assert coming.position == views.nearest(ahead) != views.nearest(pose)


def test_at_rest_a_change_is_painted_from_all_viewpoints_that_are_mixed():
    made, mixed = walked(11, SKY, TREE), list[tuple[float, float]]()
    while len(mixed) < 2:
        (block,) = steps(made, AHEAD, 1)
        mixed = [place for place, _ in made._viewpoints.shares(block.poses[-1]) if place != START]
    steps(made, STILL, 4)
    made.painting.plan = replace(made.painting.plan, things=(SKY, TREE, replace(TREE, yaw=5.0)))
    steps(made, STILL, 16)
    views, lattice = made._viewpoints, made.painting.imagination.lattice
    shown = lattice.shown([lattice.nearest(block.poses[-1].at_origin)])
    assert not any(views.kept[place].outdated[shown].any() for place in mixed)


def test_a_given_picture_is_shown_from_farther_and_stays_given_when_saved():
    made = walked(12, SKY, TREE, TENT)
    first = min(made._viewpoints.kept, key=lambda place: place[1])
    here = CameraPose(x=first[0] * 0.6, z=first[1] * 0.6)  # nearer to the new one
    assert START not in dict(made._viewpoints.shares(here))
    made.painting.is_given = True
    assert START in dict(made._viewpoints.shares(here))
    for place, ring in made._viewpoints.kept.items():
        made._viewpoints.kept[place] = replace(ring, absent=np.zeros_like(ring.absent))
    assert START not in dict(made._viewpoints.shares(replace(here, yaw=180.0)))
    saved = made.snapshot()
    begin(made)
    assert not made.painting.is_given
    made.restore(saved)
    assert made.painting.is_given


def test_a_walker_who_steps_back_sees_painted_ground_that_a_given_picture_lacks():
    made = walked(12, SKY, TREE, TENT)
    made.painting.is_given, kept = True, made._viewpoints.kept
    (x, z), ring = min(kept.items(), key=lambda one: one[0][1])
    kept[-x, -z] = replace(ring, place=(-x, -z))
    assert START in dict(made._viewpoints.shares(CameraPose(x=0.9 * x, z=0.9 * z)))
    assert START not in dict(made._viewpoints.shares(CameraPose(x=-0.9 * x, z=-0.9 * z)))


def test_a_given_picture_in_another_light_is_given_no_more():
    made = walked(12, SKY, TREE, TENT)
    painting, ahead = made.painting, made.painting.imagination.ahead
    there = painting.around.at(ahead)
    pixels = np.zeros((*painting.imagination.view_size, 3), np.uint8)
    painting.is_given, painting.given = True, GivenPicture(pixels, there.latents)
    first = min(made._viewpoints.kept, key=lambda place: place[1])
    here = CameraPose(x=first[0] * 0.6, z=first[1] * 0.6)  # nearer to the new one
    assert START in dict(made._viewpoints.shares(here))
    painting.around = replace(painting.around, latents=painting.around.latents + 1)
    assert START not in dict(made._viewpoints.shares(here))


def test_a_given_picture_that_was_forgotten_is_given_no_more():
    made = outdoors(SKY, TREE, TENT, policy="window", slots=12)
    made.painting.is_given = True
    steps(made, AHEAD, 4)
    assert made.painting.is_given
    steps(made, AHEAD, 16)
    assert not made.painting.is_given


def test_relief_is_read_from_the_given_picture_itself_where_it_is_unchanged():
    made = outdoors(SKY, TREE)
    painting, imagination = made.painting, made.painting.imagination
    there, (height, width) = painting.around.at(imagination.ahead), imagination.view_size
    latents = there.latents.copy()
    latents[:, 0, 0] += 1  # of another cell
    painting.given = GivenPicture(np.zeros((height, width, 3), np.uint8), latents)
    ring = np.ones((3, *imagination.ring_size), np.float32)
    read = made._viewpoints._source_at(START).read(ring)
    cell = height // imagination.ahead.rows
    assert (read[0] == -1).sum() == there.known.sum() * cell**2 - cell**2
    assert (ring == 1).all()


def test_a_ring_of_which_all_is_forgotten_is_grey():
    painting = outdoors(SKY).painting
    painting.forget(np.ones_like(painting.around.known))
    assert not painting.pictures.ring(painting.around).any()


def test_a_ring_of_which_all_is_forgotten_is_not_shown():
    made, here = outdoors(SKY), CameraPose(z=0.5)
    made.painting.forget(np.ones_like(made.painting.around.known))
    viewpoints_ = made._viewpoints
    assert viewpoints_.look([here]) is None
    steps(made, AHEAD, 14)
    made.painting.forget(np.ones_like(made.painting.around.known))
    assert viewpoints_.kept and START not in dict(viewpoints_.shares(here))


def test_things_take_another_colour_from_away_but_for_those_of_new_ground():
    red, blue = (214, 73, 72), (73, 97, 180)
    made = outdoors(SKY, PlacedObject("tent", 10.0, -8.0, 10.0, 8.0, red, red))
    made.editor.placed = (Edit("place", 300.0, -8.0, 10.0, 8.0, "tent", red),)
    ground = made._ground

    def recolored(x: float, z: float) -> list[Edit | str]:
        seen = [one for one in as_edits(ground.in_sight(x, z)) if one.kind == "tent"]
        return [ground.at_start(replace(one, color=blue, x=x, z=z)) for one in seen]

    found = recolored(1.0, 2.0)
    assert {edit.color for edit in found} == {blue}
    boxes = [(edit.yaw, edit.pitch, edit.width, edit.height) for edit in found]
    assert sorted(boxes) == [(10.0, -8.0, 10.0, 8.0), (300.0, -8.0, 10.0, 8.0)]
    ground.extend((0.0, 60.0))
    new = [one for x in range(-40, 41, 8) for one in recolored(x, 60.0)]
    assert set(new) == {walking.NEW_COLOR}


def test_a_restored_world_tells_the_same_things_on_a_walk():
    made = outdoors(SKY, *(replace(TENT, yaw=36.0 * turn) for turn in range(10)))
    steps(made, AHEAD, 8)
    saved, told = made.snapshot(), made.step(Control()).planned
    made.restore(saved)
    assert told
    assert made.step(Control()).planned == told


def test_ground_that_is_added_on_the_way_is_as_if_all_were_arranged_at_once():
    made = outdoors(SKY, *(replace(TENT, yaw=36.0 * turn) for turn in range(10)))
    ground = made._ground
    ground.extend((0.0, 60.0))
    first = ground.scenery
    ground.extend((0.0, 120.0))
    bodies = ground.scenery.bodies
    assert len(bodies) > len(first.bodies)
    ground._scenery = None
    assert ground.scenery.bodies == bodies
