"""A world that paints unseen ground; what it knows of its surroundings is what memory shows."""

import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.edits import LARGEST, Edit
from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.imagination.config import (
    ImaginationConfig,
    PainterConfig,
    PlannerConfig,
    ReaderConfig,
    SpriteConfig,
)
from mag_sandbox.model.imagination.listed import write_listed
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.imagination.weights import ImaginationNetworks, save_networks
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.block_memory import BlockMemory, CutView, GeneratedBlock
from mag_sandbox.model.pocket.inventing import Outlook
from mag_sandbox.model.pocket.look_ahead import LOOK_AHEAD, SIDES, VIEWS
from mag_sandbox.model.pocket.painting.painting import BLOCKS_A_PLAN, BLOCKS_A_VIEW, Plan, next_view
from mag_sandbox.model.pocket.painting.sketched_ground import planned_things
from mag_sandbox.model.pocket.pictures.decoding import WIND, BlockDecoder, DecodedBlock
from mag_sandbox.model.pocket.view_schedule import MOST_LATE
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldFailed, WorldState
from tests.patience import PATIENCE, eventually
from tests.tiny import (
    CAPTIONS,
    FP32,
    LEFT,
    PLACE,
    RIGHT,
    STILL,
    TINY,
    UP,
    shallow,
    tiny_world,
    write_tiny_reading,
    write_tiny_weights,
)

pytestmark = pytest.mark.slow

WIDE = replace(shallow(TINY), frame_width=160, frame_height=96)  # as wide as real views: 10 x 6
IMAGINATION = ImaginationConfig(
    kinds=("tent", "tree"),
    behind={"outdoor": ("sky",)},
    among={"outdoor": ("tent", "tree")},
    planner=PlannerConfig(
        dim=32, ffn_dim=16, num_heads=1, num_layers=1, text_dim=16, text_len=8, kinds=4, most=3,
        plans=2,
    ),
    painter=PainterConfig(
        dit=DiTConfig(
            dim=16, ffn_dim=16, num_heads=1, num_layers=1, channels=4, patch=1, text_dim=16,
            text_len=8,
        ),
        kinds=4, look_dim=4, object_hidden=8, ring=(12, 40), view=(6, 10), steps=1,
        sprite=SpriteConfig(3, 4),
    ),
    reader=ReaderConfig(channels=4, view=(6, 10), dim=8, blocks=1, fine=4, kinds=4),
)  # fmt: skip
PAINTING = replace(FP32, paints=True)


@cache
def folders() -> tuple[Path, Path]:
    """Return folders of tiny weights: of the world, and of what paints for it."""
    home = Path(mkdtemp())
    write_tiny_weights(home / "world", config=WIDE)
    torch.manual_seed(0)
    networks = ImaginationNetworks(IMAGINATION, sdpa_attention)
    for module in networks.parts().values():
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    save_networks(home / "imagination", networks)
    write_tiny_reading(home / "imagination", WIDE)
    return home / "world", home / "imagination"


def world(policy: str = "mag-retrieve", slots: int = 60) -> DiffusionWorld:
    weights, imagination = folders()
    made = pocket.load(
        MemorySetting(policy, kept_mib=1),
        look_ahead=True,
        on_progress=lambda stage, fraction: None,
        weights=weights,
        execution=PAINTING,
        imagination=imagination,
    )
    made.memory.cache.slots = slots
    return made


def lattice_of(made: DiffusionWorld) -> Lattice:
    return made.painting.imagination.lattice


def begin(made: DiffusionWorld) -> None:
    """Begin a session in which both sides of the first view are remembered already."""
    made.reset(PLACE, 1)
    made._remember_views_owed()
    made.memory.take_ahead()


def state_after_a_block(policy: str, slots: int) -> WorldState:
    """Return the state of a world that has begun and shown one more block."""
    made = world(policy, slots)
    begin(made)
    made.step(STILL)
    return made.snapshot()


def play(made: DiffusionWorld, controls: list[Control], seed: int = 1) -> list[FrameBlock]:
    return [made.reset(PLACE, seed), *(made.step(control) for control in controls)]


def same(blocks: list[FrameBlock], others: list[FrameBlock]) -> bool:
    return all(np.array_equal(a.frames, b.frames) for a, b in zip(blocks, others, strict=True))


def test_a_session_replays_to_the_bit_and_another_seed_shows_something_else():
    path = [RIGHT] * 4 + [UP] * 2 + [LEFT] * 2
    first = play(world(), path)
    assert same(first, play(world(), path))
    assert not same(first[:5], play(world(), path[:4], seed=2))


def count_views(made: DiffusionWorld) -> list[int]:
    """Return a list that will hold the index of the block before which each view is taken."""
    taken: list[int] = []
    take = made.painting.take_view

    def counted(memory):
        taken.append(made._session.block_index)
        return take(memory)

    made.painting.take_view = counted  # type: ignore[method-assign]
    return taken


@pytest.mark.parametrize("rests", [0, 2])
def test_the_first_movement_waits_for_both_sides_of_the_first_view_and_rest_for_none(rests):
    made = world()
    taken = count_views(made)
    play(made, [STILL] * rests)
    owed = len(taken)
    assert owed < 2, "the first block is shown before they are there"
    blocks = [made.step(RIGHT), made.step(RIGHT)]
    assert taken[owed : owed + 2] == [1 + rests] * 2
    assert [len(block.look_ahead) for block in blocks] == [2, 0]
    assert not any(block.provisional for block in blocks)


def test_a_first_movement_that_leaves_out_the_wait_sees_guesses_until_the_views_are_due():
    made = world()
    taken = count_views(made)
    made.reset(PLACE, 1)
    taken.clear()  # the first view
    due = made.schedule.request.due
    assert SIDES in made.waits()
    blocks = [made.step(replace(RIGHT, leave_out=(SIDES,)))]
    assert made.schedule.request.due >= due, "a plan under way has as long as before"
    while not taken:
        assert blocks[-1].look_ahead == ()
        blocks.append(made.step(RIGHT))
    assert taken == [due]
    assert blocks[0].provisional
    repeated = world()
    repeated.reset(PLACE, 1)
    first, *others = (replace(RIGHT, leave_out=(SIDES,)), *[RIGHT] * (len(blocks) - 1))
    assert same(blocks, [repeated.step(control) for control in (first, *others)])


def test_a_view_that_is_not_painted_in_time_is_taken_by_a_later_block():
    made, repeated = world(), world()
    for one in (made, repeated):
        begin(one)
    taken, may_paint = count_views(made), threading.Event()
    first = made._session.block_index
    imagine = made.painting.imagination.imagine
    made.painting.imagination.imagine = lambda *args: (may_paint.wait(PATIENCE), imagine(*args))[1]
    made.schedule.cancel()
    repeated.schedule.cancel()
    controls, blocks, long = [], [], 2 * BLOCKS_A_VIEW
    for number in range(2 * long):
        if number == long:
            assert VIEWS in made.waits()
            may_paint.set()
            eventually(lambda: made.waits() == ())
        while made.prepare():
            pass
        controls.append(replace(UP, leave_out=made.waits()))
        blocks.append(made.step(controls[-1]))
    assert taken[0] == first + long
    assert same(blocks, [repeated.step(control) for control in controls])


@pytest.mark.parametrize(
    ("policy", "left_out"),
    [("window", VIEWS), ("mag-retrieve", VIEWS), ("mag-retrieve", LOOK_AHEAD)],
)
def test_a_guess_at_rest_is_not_copied_again_and_again_while_the_painter_is_behind(
    policy, left_out
):
    made = world(policy)
    begin(made)
    behind = (VIEWS, left_out)
    for _ in range(8):
        made.step(replace(UP, leave_out=behind))
    made.step(replace(STILL, leave_out=behind))
    kept = made.memory.policy.table.as_dict()
    for _ in range(3):
        made.step(replace(STILL, leave_out=behind))
    assert any(frame.passing for frame in made.memory.policy.table.frames.values())
    assert made.memory.policy.table.as_dict() == kept
    assert made.step(STILL).look_ahead, "until it is painted"
    assert made.memory.policy.table.as_dict() != kept


def test_nothing_is_painted_while_a_block_is_made_unless_it_is_waited_for():
    made = world()
    begin(made)
    made.schedule.cancel()
    painting, begun = made.painting, threading.Event()
    imagine = painting.imagination.imagine
    painting.imagination.imagine = lambda *args: (begun.set(), imagine(*args))[1]
    painting.thread.hold()
    made._request_view(UP.camera, 1)
    assert painting.has_view
    assert not begun.is_set()
    painting.take_view(made.memory)
    assert begun.is_set()
    made.step(UP)
    assert painting.thread.after_all(begun.is_set).result(PATIENCE), "it waits for what was begun"


def test_the_first_view_does_not_wait_for_the_plan_of_a_place_that_was_left():
    made = world()
    begun, left = threading.Event(), threading.Event()
    busy = made.painting.thread.begin(lambda: (begun.set(), left.wait(PATIENCE), check_cancelled()))
    queued = made.painting.thread.begin(left.clear)
    assert begun.wait(PATIENCE), "what has not begun is cancelled at once"
    made.reset(PLACE, 1)
    assert not busy.done()
    left.set()
    for one in (busy, queued):
        with pytest.raises(CancelledError):
            one.result(PATIENCE)
    assert left.is_set()
    assert same([made.reset(PLACE, 1)], [world().reset(PLACE, 1)])


def test_an_edit_is_painted_after_the_plan_that_still_waits():
    made = world()
    made.reset(PLACE, 1)
    made.painting.thread.hold()
    made.painting._begin_plan(PLACE.prompt, 3, 0.0)
    planned = made.painting.planned
    assert not planned.done()
    assert made.painting.thread.after_all(planned.done).result(PATIENCE)


def test_a_state_parked_before_the_first_movement_goes_on_to_the_bit():
    made = world()
    play(made, [STILL] * 2)
    state = made.snapshot()
    expected = [made.step(control) for control in [RIGHT] * 4]
    other = world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same(expected, [other.step(control) for control in [RIGHT] * 4])


def count_lumps(made: DiffusionWorld) -> list[int]:
    """Return a list that will hold the index of each block that the memory model makes."""
    lumps: list[int] = []
    make = made.memory.passes.generator.imagine

    def counted(*args, **options):
        lumps.append(made._session.block_index)
        return make(*args, **options)

    made.memory.passes.generator.imagine = counted  # type: ignore[method-assign]
    return lumps


def test_looking_around_after_a_moment_shows_only_painted_ground():
    made = world()
    lumps = count_lumps(made)
    turned = replace(RIGHT.camera, pitch=1.0), replace(LEFT.camera, pitch=-1.0)
    path = [STILL] * 8 + [RIGHT] * 26 + [STILL] * 8
    blocks = play(made, path + [Control(turned[0])] * 4 + [Control(turned[1])] * 6)
    assert lumps == []
    lattice = made.painting.imagination.lattice
    assert sum(len(block.look_ahead) for block in blocks) >= 9
    assert all(ahead.pose == lattice.nearest(ahead.pose)
               for block in blocks for ahead in block.look_ahead)  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "is_near"),
    [("mag-retrieve", True), ("mag-retrieve", False), ("mag", True)],
)
def test_a_camera_ahead_of_the_painter_shows_what_is_near_or_else_a_blur_until_it_arrives(
    policy, is_near
):
    made = world(policy)
    lumps = count_lumps(made)
    if not is_near:
        made.painting.pictures.nearest_view = lambda around, pose, others: None
    begin(made)
    while not made.step(UP).look_ahead:
        assert any(frame.passing for frame in made.memory.policy.table.frames.values())
        assert not made.painting.around.known[:3].any(), "neither is learned"
    assert lumps == [], "the memory model makes a mosaic of such ground"
    assert not any(frame.passing for frame in made.memory.policy.table.frames.values())


def test_no_block_waits_for_a_view_before_it_is_due_and_none_goes_on_without_it():
    made = world()
    begin(made)
    inventor, go_on = made.painting, threading.Event()
    imagine = inventor.imagination.imagine

    def held(*args, **options):
        assert go_on.wait(PATIENCE)
        return imagine(*args, **options)

    inventor.imagination.imagine = held
    made.schedule.cancel()
    made.step(UP)
    due = made.schedule.request.due
    while made._session.block_index < due:
        assert made.step(UP).look_ahead == ()
        assert not made.painting._view.made.done()
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    assert len(made.step(UP).look_ahead) == 1
    assert go_on.is_set()


@pytest.mark.parametrize(("left_out", "times"), [((), 1), ((WIND, LOOK_AHEAD), 2)])
def test_views_ahead_are_due_later_where_the_look_ahead_is_left_out(left_out, times):
    made = world()
    begin(made)
    made.step(replace(UP, leave_out=left_out))
    assert made.schedule.request.due == 1 + times * BLOCKS_A_VIEW


def test_a_view_that_was_asked_for_at_leisure_comes_soon_once_the_camera_rests():
    made = world()
    begin(made)
    behind = WIND, LOOK_AHEAD
    made.step(replace(UP, leave_out=behind))
    request = made.schedule.request
    made.schedule.request = replace(request, due=100)
    for _ in range(3):
        made.step(replace(STILL, leave_out=behind))
        assert made.schedule.request.due == 2 + BLOCKS_A_PLAN + BLOCKS_A_VIEW


def test_a_view_that_is_of_no_use_any_more_is_dropped():
    made = world()
    begin(made)
    made.step(UP)
    assert made.schedule.request.pose.pitch > 0
    for _ in range(2):
        made.step(Control(CameraCommand(pitch=-1.0)))
    assert made.schedule.request.pose.pitch < 0


def test_a_session_is_the_same_however_slow_the_painter_is(monkeypatch):
    path = [RIGHT] * 5 + [LEFT] * 6 + [UP] * 2
    quick = play(world(), path)
    slow = world()
    imagine = slow.painting.imagination.imagine

    def slowly(*args, **options):
        time.sleep(0.05)
        return imagine(*args, **options)

    monkeypatch.setattr(slow.painting.imagination, "imagine", slowly)
    assert same(quick, play(slow, path))


@pytest.mark.parametrize("blocks", [0, 2])
def test_a_session_parked_while_a_view_is_painted_goes_on_to_the_bit(blocks):
    path = [replace(RIGHT, prompt=CAPTIONS[1]), *[RIGHT] * 4, *[LEFT] * 3]
    made = world()
    play(made, [RIGHT] * blocks)
    state = made.snapshot()
    expected = [made.step(control) for control in path]
    other = world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same(expected, [other.step(control) for control in path])


@pytest.mark.parametrize("make", [lambda: world(slots=5), tiny_world])
def test_remembering_late_remembers_the_same_as_at_once(make):
    """A snapshot, of which play must know nothing, remembers what was put off."""
    zoom, words = Control(CameraCommand(zoom=1.0)), replace(STILL, prompt=CAPTIONS[1])
    path = [STILL] * 3 + [RIGHT] * 7 + [words, *[LEFT] * 9, zoom, zoom, UP, RIGHT, STILL]
    put_off, at_once = make(), make()
    blocks = play(put_off, path)
    at_once.reset(PLACE, 1)
    shown = [(at_once.snapshot(), at_once.step(control))[1] for control in path]
    assert same(blocks[1:], shown)
    state, other = put_off.snapshot(), at_once.snapshot()
    assert state.arrays.keys() == other.arrays.keys()
    assert all(np.array_equal(state.arrays[name], other.arrays[name]) for name in state.arrays)


def test_a_copy_that_is_not_read_costs_no_pass_of_the_memory_model():
    at_rest = play(tiny_world(look_ahead=False), [STILL] * 6)
    assert ["remember" in block.stage_ms for block in at_rest] == [True] + [False] * 6
    painted = play(world(), [STILL] * 6)  # the second is of the first as it was painted
    assert ["remember" in block.stage_ms for block in painted] == [True, True] + [False] * 5


def test_where_what_was_painted_stands_in_for_a_copy_the_memory_model_passes_over_no_block():
    made = world("mag-retrieve")
    made.reset(PLACE, 1)
    passes: list[bool] = []
    write = made.memory.passes.write
    made.memory.passes.write = lambda block, writes: (
        passes.append(block.info.look_ahead),
        write(block, writes),
    )  # type: ignore[assignment,method-assign,func-returns-value]
    for _ in range(16):
        made.step(Control(CameraCommand(yaw=0.5)))
    assert len(made.memory.policy.table.frames) > 4, "new views were kept"
    assert passes.count(False) <= 1, "the others are views ahead; nothing prefetched the first one"


@pytest.mark.parametrize("policy", ["mag-retrieve", "mag", "window"])
def test_a_view_ahead_takes_a_pass_of_a_single_frame(policy: str):
    made = world(policy)
    begin(made)
    memory, asked = made.memory, list[int | None]()
    attend = memory.cache.attend

    def noted(slots, frames=None):
        asked.append(frames)
        attend(slots, frames)

    memory.cache.attend = noted  # type: ignore[method-assign]
    with torch.inference_mode():
        memory.remember_ahead(CameraPose(yaw=90.0), memory.recall_view(CameraPose()))
    assert asked[-1] == 1
    assert any(one.pose.yaw == 90.0 for one in memory.policy.table.frames.values())


def focused_views(made: DiffusionWorld) -> list[tuple[CameraPose, torch.Tensor]]:
    """Return a list that will hold the views which are remembered in place of copies."""
    views: list[tuple[CameraPose, torch.Tensor]] = []

    def noting(method):
        def noted(*args):
            write = memory.passes.write_view
            if any(isinstance(one, CutView) and not one.is_painted for one in args):
                return method(*args)  # a sketch is not remembered
            if isinstance(args[0], GeneratedBlock) and args[0].info.look_ahead:
                return method(*args)

            def written(slot, pose, view, read, time):
                views.append((pose, view))
                write(slot, pose, view, read, time)

            memory.passes.write_view = written  # type: ignore[method-assign]
            done = method(*args)
            memory.passes.write_view = write  # type: ignore[method-assign]
            return done

        return noted

    memory = made.memory
    memory.remember, memory.prefetch = noting(memory.remember), noting(memory.prefetch)  # type: ignore[method-assign]
    return views


def test_a_block_reads_what_was_painted_where_it_ends_however_the_camera_turns():
    made = world()
    made.reset(PLACE, 1)
    made.step(RIGHT)
    read: list[bool] = []
    attend = made.memory.cache.attend

    def noted(slots, frames=None):
        read.append(made.memory.cache.spare in slots)
        attend(slots, frames)

    made.memory.cache.attend = noted  # type: ignore[method-assign]
    for control in (RIGHT, RIGHT, LEFT, LEFT, Control(CameraCommand(yaw=0.3))):
        read.clear()
        pose = made.step(control).poses[-1]
        assert any(read)
        assert made.memory.policy.focused_pose == pose
    made.step(UP)
    read.clear()
    pose = made.step(UP).poses[-1]
    assert made.painted(pose) is None, "the painter was outrun"
    assert any(read), "what is known of the view is read where its tokens are"
    assert made.memory.policy.focused_pose != pose, "the copy is not taken for what was painted"


@pytest.mark.parametrize("paints", [True, False])
def test_a_sky_that_is_yet_to_be_painted_is_recalled_only_where_nothing_is_painted(
    monkeypatch, paints
):
    made, asked = world(), list[bool]()
    made.schedule.enabled = paints
    finish = BlockDecoder.finish

    def noted(self: BlockDecoder, begun: object, sky: partial) -> DecodedBlock:
        asked.append(not sky.keywords["is_being_painted"])
        return finish(self, begun, sky)

    monkeypatch.setattr(BlockDecoder, "finish", noted)
    made.reset(PLACE, 0)
    made.step(Control(CameraCommand(yaw=1.0)))
    assert asked == [not paints] * 2


def test_unknown_ground_shows_the_sketch_of_its_plan_until_it_is_painted():
    made = world()
    begin(made)
    painting, above = made.painting, CameraPose(pitch=18.0)

    def sketched_at(pose: CameraPose) -> torch.Tensor | None:
        return made.schedule._sketched.view(painting.around, planned_things(painting), pose)

    assert sketched_at(CameraPose()) is None, "it is painted"
    with torch.inference_mode():
        sketched = sketched_at(above)
        painted = painting.pictures.views(painting.around, (CameraPose(),))
        plan = painting.plan
        painting.plan = replace(plan, things=(replace(plan.things[0], color=(9, 200, 9)),))
        other = sketched_at(above)
    assert not torch.equal(sketched, other)
    lowest = slice(-painting.imagination.view_size[0] // 6, None)  # far from what is unknown
    assert torch.equal(sketched[..., lowest, :], other[..., lowest, :])
    assert sketched.shape == painted.shape
    painting._begin(above, "another place", lambda: None)
    assert sketched_at(above) is None, "another plan is on its way"


def test_a_block_reads_a_sketch_and_does_not_remember_it_as_painted():
    made = world()
    begin(made)
    sketched, cut = [], made.schedule._sketched.view
    made.schedule._sketched.view = lambda *args: (sketched.append(args[-1]), cut(*args))[1]
    for _ in range(6):
        block = made.step(replace(UP, leave_out=(VIEWS,)))
    pose = block.poses[-1]
    assert block.provisional
    assert pose in sketched
    assert made.painted(pose) is None
    assert made.memory.policy.focused_pose != pose
    assert pose not in made.memory.policy.lasting


def test_the_next_view_is_begun_before_the_block_that_the_last_one_is_there_for():
    made = world()
    begin(made)
    assert made.schedule.request is None, "the first block knows where the player turns"
    aslant, arrived = Control(CameraCommand(yaw=1.0, pitch=0.5)), 0
    for index in range(1, 12):
        if made.step(aslant).look_ahead:
            arrived += 1
            assert made.schedule.request.due == index + BLOCKS_A_VIEW
    assert arrived == 3


def test_a_first_turn_to_known_ground_paints_the_same_as_resting():
    rested, turned = world(), world()
    for made, control in ((rested, STILL), (turned, RIGHT)):
        begin(made)
        made.step(control)
    assert rested.schedule.request is not None
    assert turned.schedule.request == rested.schedule.request


def test_the_view_painted_next_is_seen_when_it_is_there():
    lattice = Lattice(12, 40, (6, 10))
    level = CameraPose()
    known = lattice.shown([CameraPose(yaw) for yaw in range(0, 360, 9)])
    there = CameraPose(30.0, 7.5)
    outlook = Outlook(level, CameraCommand(yaw=1.0, pitch=0.5), there, None)
    view = next_view(lattice, known, outlook, has_room=False)
    missing = lattice.touched(there) & ~known
    assert (missing & lattice.shown([view])).sum() >= 0.9 * missing.sum()


def test_a_turn_to_half_painted_ground_shows_its_painted_part_from_the_first_block_on():
    made, read = world(), []
    play(made, [STILL] * 16)
    attend = made.memory.cache.attend

    def noted(slots, frames=None):
        read.append(made.memory.cache.spare in slots)
        attend(slots, frames)

    made.memory.cache.attend = noted  # type: ignore[method-assign]
    pose = made.step(Control(CameraCommand(yaw=0.6, pitch=0.6))).poses[-1]
    assert made.painted(pose) is None
    assert any(read)


@pytest.mark.parametrize("policy", ["mag-retrieve", "window"])
def test_memory_shows_what_was_painted_where_the_camera_is(policy):
    """Between the cells of the lattice, or zoomed, views beside it say too little."""
    made = world(policy)
    views = focused_views(made)
    slowly = Control(CameraCommand(yaw=0.3))
    blocks = play(made, [STILL] * 16 + [slowly] * 2 + [STILL] * 3)
    pose = blocks[-1].poses[-1]
    shown = {block.poses[-1] for block in blocks}
    looked = [where for where, _ in views if where in shown]  # others stand in for what lacks
    assert made.memory.policy.focused_pose == pose
    assert len(set(looked)) == len(looked), "once for each pose"
    assert made.memory.policy.focused() in made.memory.attend(pose)
    with torch.inference_mode():
        there = dict(views)[pose]
        assert torch.equal(there, made._codec.encode(made.painted(pose)).float())


def test_ground_painted_anew_in_sight_is_not_shown_as_it_was():
    made = world()
    views = focused_views(made)
    play(made, [STILL] * 16)
    for control in (Control(edit=Edit("place", 180.0, kind="tent")), *[STILL] * 8):
        made.step(control)
    assert len(views) == 1
    for edit in (Edit("place", kind="tent"), Edit("undo")):
        before = len(views)
        for control in (Control(edit=edit), *[STILL] * 8):
            made.step(control)
        assert len(views) == before + 1
        with torch.inference_mode():
            assert torch.equal(views[-1][1], made._codec.encode(made.painted(CameraPose())).float())


def test_a_place_whose_parts_lie_beside_its_own_data_as_before_goes_on_exactly():
    made, other = world(), world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    own = {key: value for key, value in state.data.items() if key != "parts"}
    other.restore(WorldState(state.arrays, {**own, **state.data["parts"]}))
    assert same([made.step(RIGHT) for _ in range(3)], [other.step(RIGHT) for _ in range(3)])


def test_a_place_parked_before_there_was_a_painter_goes_on_beside_what_memory_shows():
    made = world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    arrays = {name: array for name, array in state.arrays.items() if "/" not in name}
    data = {key: value for key, value in state.data.items() if key != "parts"}
    other = world()
    recalled: list[CameraPose] = []

    def recall_view(pose: CameraPose) -> torch.Tensor:
        recalled.append(pose)
        return BlockMemory.recall_view(other.memory, pose)

    other.memory.recall_view = recall_view  # type: ignore[method-assign]
    other.restore(WorldState(arrays, data))
    shown = lattice_of(other).shown(other.memory.policy.lasting)
    for _ in range(8):
        other.step(RIGHT)
    assert len(recalled) == 1, "only the first view lies beside ground it has not learned"
    around = other.painting.around
    assert around.known[:, 10:13].any()
    assert (around.known & shown)[:, 10:13].sum() == shown[:, 10:13].sum()


def test_what_memory_forgets_is_not_remembered_by_the_painter():
    kept, forgetful = world(), world("mag", slots=6)
    path = [RIGHT] * 18 + [LEFT] * 12
    play(kept, path)
    play(forgetful, path)
    assert kept.painting.losses == 0
    assert forgetful.painting.losses > 0
    seen = [lattice_of(each).shown(each.memory.policy.lasting).sum() for each in (forgetful, kept)]
    assert seen[0] < seen[1]


def test_a_new_prompt_leaves_what_was_seen_and_draws_what_was_not():
    other = replace(RIGHT, prompt=CAPTIONS[1])
    told, untold = world(), world()
    first = play(told, [STILL, replace(STILL, prompt=CAPTIONS[1]), STILL])
    assert told._session.prompt_index == 0
    assert first[-1].prompt == CAPTIONS[1]
    play(told, [other] + [RIGHT] * 12)
    play(untold, [RIGHT] * 13)
    beyond = (0, slice(None), slice(16, 20))
    assert not np.array_equal(
        told.painting.around.latents[beyond], untold.painting.around.latents[beyond]
    )


def test_the_painter_is_given_the_prompt_in_force(monkeypatch):
    made, told = world(), []
    imagination, (features, none) = made.painting.imagination, made.painting.texts(PLACE.prompt)
    imagine = imagination.imagine

    def noted(around, pose, subject):
        told.append(subject.prompt)
        return imagine(around, pose, subject)

    monkeypatch.setattr(imagination, "imagine", noted)
    play(made, [STILL])
    assert not torch.equal(features, none)
    assert told
    assert all(torch.equal(prompt, features) for prompt in told)


def test_a_plan_is_made_once_and_anew_for_a_new_prompt_but_turned_after_a_loss():
    made = world()
    plans: list[int] = []
    plan = made.painting.imagination.plan
    made.painting.imagination.plan = lambda *told: plans.append(told[2]) or plan(*told)
    play(made, [RIGHT] * 10)
    made.painting.thread.after_all(lambda: None).result()  # a plan may still be made
    assert plans == [1]
    first = made.painting.plan
    made.step(replace(RIGHT, prompt=CAPTIONS[1]))
    for _ in range(18):
        made.step(RIGHT)
    assert plans == [1, 1]
    assert made.painting.plan.prompt == CAPTIONS[1]
    made.painting.losses += 1
    above = lattice_of(made).nearest(CameraPose(0.0, 90.0))
    made.painting.begin_view(above, CAPTIONS[1], made.memory)
    made.painting.take_view(made.memory)
    assert plans == [1, 1], "what was forgotten is painted by the plan turned round"
    assert made.painting.plan.noise == 1 + 2**32
    assert not made.painting.plan.made_as(first)


def test_a_view_of_which_there_is_no_plan_is_given_more_time():
    made = world()
    made.reset(PLACE, 1)
    pose = CameraPose(90.0)
    assert made.painting.begin_view(pose, PLACE.prompt, made.memory) == BLOCKS_A_VIEW
    expected = BLOCKS_A_PLAN + BLOCKS_A_VIEW
    assert made.painting.begin_view(pose, CAPTIONS[1], made.memory) == expected
    assert made.painting.begin_view(pose, CAPTIONS[1], made.memory) == BLOCKS_A_VIEW, "it was begun"


def test_a_turned_plan_has_the_same_things_elsewhere():
    tent = PlacedObject("tent", 90.0, 0.0, 9.0, 9.0)
    sky, wall = replace(tent, kind="sky", width=360.0), replace(tent, kind="wall", width=80.0)
    plan = Plan("a", 1, (sky, wall, tent))
    for noise in range(20):
        *kept, moved = plan.turned(noise, ("sky", "wall")).things
        assert kept == [sky, wall]
        assert replace(moved, yaw=90.0) == tent
        assert 0.0 <= moved.yaw < 360.0
        assert type(moved.yaw) is float, "else no snapshot of it can be restored"
    assert plan.turned(2, ()) == plan.turned(2, ()) != plan.turned(3, ())


def test_a_new_plan_keeps_the_things_that_were_painted_already():
    lattice = lattice_of(world())
    known = np.zeros((12, 40), bool)
    known[:, :20] = True
    here = PlacedObject("tent", 90.0, 0.0, 9.0, 9.0)
    there, wide = replace(here, yaw=270.0), replace(here, width=200.0)
    before = Plan("a", 1, (here, there, wide))
    others = Plan("b", 2, tuple(replace(one, kind="tree") for one in (here, there, wide)))
    things = others.after(before, known, lattice).things
    assert [(one.kind, one.yaw, one.width) for one in things] == [
        ("tree", 270.0, 9.0),
        ("tree", 90.0, 200.0),
        ("tent", 90.0, 9.0),
    ]


def test_a_recording_says_whether_views_were_painted():
    said = world().provenance()
    assert said["execution"]["paints"] is True
    assert len(said["imagination"]) == 64
    assert pocket.recorded_execution(said["execution"]).paints
    older = {key: value for key, value in said["execution"].items() if key != "paints"}
    assert not pocket.recorded_execution(older).paints


@pytest.mark.parametrize("how", [True, "beside"])
def test_a_recording_whose_views_were_sketched_is_refused_in_a_sentence(how):
    execution = {**FP32.as_dict(), "sketches": how}
    with pytest.raises(WorldFailed, match=r"^views were sketched, .*; record it again with"):
        pocket.recorded_execution(execution)


@pytest.mark.parametrize("pose", [CameraPose(0.0), CameraPose(354.0, 9.0), CameraPose(9.0, -18.0)])
def test_cells_count_as_shown_only_where_a_view_shows_all_of_them(pose):
    made = world()
    lattice = lattice_of(made)
    shown = lattice.shown([pose])
    if lattice.nearest(pose) == pose:
        assert shown.sum() == 60
        assert shown[made.painting.around.cells(lattice.place(pose))].all()
        assert np.array_equal(shown, lattice.touched(pose))
        wider = lattice.touched(pose, (2 * lattice.cell, -lattice.cell))
        assert wider.sum() == 12 * 7
    else:
        assert shown.sum() < 60 < lattice.touched(pose).sum()


def test_what_other_weights_painted_is_learned_anew_from_memory(monkeypatch):
    made = world()
    play(made, [RIGHT] * 6)
    state = made.snapshot()
    around = state.data["parts"]["around"]  # as a world that drew codes left it
    around["weights"] = "others"
    for key in ("plan", "asked"):
        del around[key]
    other = world()
    thing = PlacedObject("tent", 0.0, 0.0, 9.0, 9.0, (200, 30, 30), (200, 30, 30), 1)
    monkeypatch.setattr(other.painting.imagination, "read", lambda around, given: [])
    monkeypatch.setattr(other.painting.imagination, "plan", lambda *told: (thing,))
    other.restore(state)
    assert other.painting.plan is None
    assert other.painting.around.known.sum() < made.painting.around.known.sum()
    for _ in range(6):
        block = other.step(RIGHT)
    assert other.painting.around.known[:, 10:].any()
    assert not block.planned, "a plan says nothing of ground that memory showed"


def test_a_block_lists_planned_things_that_are_painted_or_sketched(monkeypatch):
    made = world()
    thing = PlacedObject("tent", 0.0, 0.0, 9.0, 9.0, (200, 30, 30), (200, 30, 30), 1)
    unseen, everywhere = replace(thing, yaw=180.0), replace(thing, width=300.0)
    tall = replace(thing, kind="tree", pitch=30.0, height=80.0)
    plan = everywhere, unseen, tall, thing
    monkeypatch.setattr(made.painting.imagination, "plan", lambda *told: plan)
    (first, *_) = play(made, [RIGHT] * 2)
    around, sketched, cut, whole = first.planned
    assert around.width == LARGEST[0], "as far as a view shows it"
    assert (sketched.kind, sketched.yaw) == ("tent", 180.0)
    assert (whole.kind, whole.yaw, whole.height, whole.color) == ("tent", 0.0, 9.0, (200, 30, 30))
    assert (cut.kind, cut.pitch - cut.height / 2, cut.height) == ("tree", -10.0, LARGEST[1])


@pytest.mark.parametrize("reads", [True, False])
def test_of_a_given_picture_only_what_was_read_there_is_said_to_be_planned(
    tmp_path, monkeypatch, reads
):
    Image.new("RGB", (160, 96), (20, 120, 80)).save(tmp_path / "given.png")
    made = world()
    tent = PlacedObject("tent", 0.0, 0.0, 9.0, 9.0, (200, 30, 30), (200, 30, 30), 1)
    beside = replace(tent, kind="tree", yaw=80.0)
    imagination = made.painting.imagination
    monkeypatch.setattr(imagination, "read", lambda around, given: [tent] if reads else [])
    monkeypatch.setattr(imagination, "plan", lambda *told: (tent, beside))
    made.reset(replace(PLACE, image=tmp_path / "given.png"), 1)
    for _ in range(8):
        block = made.step(RIGHT)
    listed = ["tent", "tree"] if reads else ["tree"]
    assert sorted(one.kind for one in block.planned) == listed
    assert play(world("none"), [RIGHT])[1].planned is None


def test_a_given_picture_is_shown_itself_after_a_save_too(tmp_path):
    picture = np.random.default_rng(1).integers(0, 256, (6, 10, 3), np.uint8)
    picture = picture.repeat(16, axis=0).repeat(16, axis=1)
    Image.fromarray(picture).save(tmp_path / "given.png")
    made, other = world(), world()
    made.reset(replace(PLACE, image=tmp_path / "given.png"), 1)
    first = made.step(STILL).at_rest[-1]
    assert np.abs(first[8:-8, 8:-8].astype(int) - picture[8:-8, 8:-8]).max() <= 1
    other.restore(made.snapshot())
    assert np.array_equal(other.step(STILL).at_rest[-1], made.step(STILL).at_rest[-1])
    state = made.painting.snapshot()
    cut = {**state.arrays, "given": state.arrays["given"][:-1]}
    with pytest.raises(ValueError):
        made.painting.read_snapshot(replace(state, arrays=cut))
    unlike = replace(state, arrays={**state.arrays, "given": state.arrays["known"]})
    with pytest.raises(ValueError, match="given picture"):
        made.painting.read_snapshot(unlike)


SKY = PlacedObject("sky", 180.0, 27.0, 360.0, 54.0, (90, 160, 230), (90, 160, 230), 0)
TENT = PlacedObject("tent", 4.0, -3.0, 20.0, 14.0, (200, 30, 30), (200, 30, 30), 1)


@pytest.fixture
def listing(tmp_path, monkeypatch) -> DiffusionWorld:
    """A world begun from a picture that lists its things; reading the picture is an error."""
    path = tmp_path / "listed.png"
    write_listed(path, np.full((96, 160, 3), 120, np.uint8), [SKY, TENT])
    made = world()

    def read(*_: object) -> list[PlacedObject]:
        raise AssertionError("the picture lists its things")

    monkeypatch.setattr(made.painting.imagination, "read", read)
    made.reset(replace(PLACE, image=path), 1)
    return made


def test_the_things_that_a_picture_lists_are_not_read_but_planned(listing):
    for _ in range(8):
        block = listing.step(RIGHT)
    assert [one.kind for one in block.planned if one.yaw == TENT.yaw] == ["tent"]
    assert listing.painting.plan.things[0] == SKY, "the background is as the picture says"


def test_the_list_of_a_picture_is_saved_until_there_is_a_plan(listing):
    state = listing.snapshot()
    other = world()
    assert other.painting.imagination is listing.painting.imagination, "nor may this one read"
    other.restore(state)
    for _ in range(8):
        block, again = listing.step(RIGHT), other.step(RIGHT)
        assert same([block], [again])
    assert TENT in other.painting.plan.things
    state.data["parts"]["around"]["listed"][1]["width"] = -1.0
    with pytest.raises(ValueError, match="out of range"):
        other.restore(state)


def test_a_list_says_nothing_of_the_next_scene_or_of_a_forgotten_view(listing, monkeypatch):
    painting = listing.painting
    unknown = painting.around.without(painting.around.known)
    monkeypatch.setattr(painting.imagination, "read", lambda around, given: [])
    assert SKY not in painting._planner(PLACE.prompt, 1, unknown, 0.0)()
    listing.reset(PLACE, 1)
    assert painting.listed == ()


@pytest.mark.parametrize("policy", ["mag", "window"])
def test_blocks_of_painted_ground_read_no_copies(policy):
    made = world(policy, slots=12)
    play(made, [RIGHT] * 8 + [STILL] * 12)
    frames = made.memory.policy.table.frames.values()
    read = [frame for frame in frames if frame.frame_index in made.memory.attended]
    assert read
    assert not any(frame.copied for frame in read)


@pytest.mark.parametrize("policy", ["mag-retrieve", "window"])
def test_a_resting_camera_goes_on_reading_painted_ground_and_not_its_copy(policy):
    made = world(policy)

    def read() -> tuple[torch.Tensor, ...]:
        slot = made.memory.policy.focused()
        assert slot is not None
        return made.memory.kept[1].export([slot])

    play(made, [RIGHT] * 9)
    keys, values = read()
    for _ in range(6):
        made.step(STILL)
        assert all(map(torch.equal, read(), (keys, values)))


def test_a_window_forgets_ground_out_of_sight_and_paints_other_things_there():
    made = world("window")
    play(made, [RIGHT] * 32)
    assert made.painting.losses > 0
    behind = lattice_of(made).nearest(CameraPose(yaw=90.0))
    assert not made.painting.around.at(lattice_of(made).place(behind)).known.all()


def test_forgotten_ground_waits_for_no_plan_and_never_comes_back_as_it_was():
    made = world("window")
    plan, plans, begun = made.painting.imagination.plan, [], []
    made.painting.imagination.plan = lambda *told: plans.append(told) or plan(*told)
    begin_view = made.painting.begin_view

    def noted(pose, prompt, memory):
        blocks = begin_view(pose, prompt, memory)
        begun.append((blocks, made.painting.noise, lattice_of(made).place(pose)))
        return blocks

    made.painting.begin_view = noted
    play(made, [RIGHT] * 60)
    assert len(plans) == 1
    assert {blocks for blocks, _, _ in begun[2:]} == {BLOCKS_A_VIEW}
    noises = [noise for _, noise, _ in begun]
    assert 1 < len(set(noises)) < len(noises), "what was never seen is painted by the present plan"
    for noise in set(noises):
        columns = [
            (place.left + column) % 40
            for _, of, place in begun for column in range(place.columns) if of == noise
        ]  # fmt: skip
        assert len(set(columns)) < 40 or len(columns) < 80, "no ground twice by one plan"


def test_a_painter_that_is_late_paints_where_the_camera_will_be_and_catches_up():
    made, blocks = world("window"), []
    begin(made)
    for number in range(26):
        request = made.schedule.request
        is_slow = request is not None and made._session.block_index < request.due + BLOCKS_A_VIEW
        blocks.append(made.step(replace(RIGHT, leave_out=(VIEWS,) * is_slow)))
        assert made.schedule.late <= MOST_LATE, number
    assert made.schedule.late == BLOCKS_A_VIEW
    known = made.painting.around.known[lattice_of(made).touched(blocks[-1].poses[-1])]
    assert known.mean() > 0.5
    state, other = made.snapshot(), world("window")
    other.restore(state)
    assert other.schedule.late == made.schedule.late
    assert same([made.step(RIGHT) for _ in range(5)], [other.step(RIGHT) for _ in range(5)])


@pytest.mark.parametrize("noise", [-1, 2**63, 2**70])
def test_no_save_has_noise_that_cannot_be_drawn(noise):
    with pytest.raises(ValueError, match="noise is"):
        Plan(CAPTIONS[0], noise, ())


@pytest.mark.parametrize("is_planned", [True, False])
def test_nothing_is_planned_where_something_was_shown(is_planned):
    made = world()
    painting, lattice = made.painting, made.painting.imagination.lattice
    shown, unknown = (PlacedObject("tent", yaw, -8.0, 10.0, 8.0) for yaw in (90.0, 180.0))
    painting.begin(3)
    plan = Plan(PLACE.prompt, painting.noise, (shown, unknown))
    if is_planned:
        painting.plan = plan
    else:
        painting.asked = plan.prompt, plan.noise
        painting.planned.set_result(plan.things)
    ahead = painting.imagination.nothing().at(painting.imagination.ahead)
    painting.see(lattice.nearest(CameraPose(90.0)), torch.from_numpy(ahead.latents)[None])
    ground = painting._painter(plan.prompt, plan.noise, painting.plan)(
        painting.around, lattice.nearest(CameraPose(180.0))
    )
    assert ground.plan is not None
    assert ground.plan.things == (unknown,)
