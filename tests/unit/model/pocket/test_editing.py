"""A player changes the world: the new thing stays, all else is what it was, undo gives it back."""

import json
from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import atan, degrees
from threading import current_thread, main_thread

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import EVERYTHING, LARGEST, Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.imagination.imagination import Subject
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place
from mag_sandbox.model.pocket import changes, editing
from mag_sandbox.model.pocket.changes import thing_of
from mag_sandbox.model.pocket.editing import NOTHING_TO_UNDO, _is_replaced, _left, _planned
from mag_sandbox.model.pocket.listed import as_edits
from mag_sandbox.model.pocket.painting import painting
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painted_details import PaintedDetails
from mag_sandbox.model.pocket.painting.painting import BLOCKS_A_VIEW
from mag_sandbox.model.pocket.painting.relighting import Relighting
from mag_sandbox.model.pocket.walks import walking
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldState
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.things import recolored
from tests.tiny import LEFT, PLACE, RIGHT, STILL, play, tiny_world
from tests.unit.model.pocket.test_inventing import same, world

pytestmark = pytest.mark.slow

TENT = Edit("place", 20.0, 0.0, 18.0, 9.0, "tent", (214, 73, 72))
PLACING = replace(STILL, edit=TENT)
REMOVING = replace(STILL, edit=Edit("remove", 21.0, 1.0))
UNDOING = replace(STILL, edit=Edit("undo"))
AWAY = [RIGHT] * 14  # 105 degrees: nothing of the tent is in sight
BACK = [LEFT] * 14


@pytest.fixture(autouse=True)
def boxes_stay(monkeypatch: pytest.MonkeyPatch):
    """Things are placed in the very box that is asked for; see `test_standing`."""
    monkeypatch.setattr(walking, "stood", lambda edit, *_: edit)


@cache
def _played(controls: tuple[Control, ...]) -> WorldState:
    made = world()
    play(made, list(controls))
    return made.snapshot()


def played(controls: list[Control]) -> DiffusionWorld:
    """Return a world that was played so far, once for all tests."""
    made = world()
    made.restore(_played(tuple(controls)))
    return made


def memory_of(made: DiffusionWorld) -> tuple[dict, dict[int, torch.Tensor]]:
    """Return what is kept, frame by frame, and its keys and values."""
    table, cache = made.memory.kept
    slots = table.slots()
    keys, values = cache.export(slots)
    bits = {
        slot: torch.stack((keys[:, place], values[:, place])) for place, slot in enumerate(slots)
    }
    return dict(table.frames), bits


def ring_of(made: DiffusionWorld) -> tuple[np.ndarray, np.ndarray]:
    around = made.painting.around
    return around.known, around.latents


def changed_cells(before: tuple[np.ndarray, ...], after: tuple[np.ndarray, ...]) -> np.ndarray:
    return (before[0] != after[0]) | (before[1] != after[1]).any(axis=0)


def edit_at_rest(made: DiffusionWorld, edit: Edit) -> Edit:
    """Change the world without making a block, to compare memories."""
    with torch.inference_mode():
        session, edits = made._running(), made._edits
        done = edits.begin(edit, session.prompt, session.block_index)
        done = done or edits.finish(made.editor, session.block_index)
    assert done is not None
    return done


def edited(made: DiffusionWorld, control: Control, then: Control = STILL) -> list[FrameBlock]:
    """Ask for a change and go on until it is done; return the blocks."""
    blocks = [made.step(control)]
    while blocks[-1].edited is None:
        blocks.append(made.step(then))
        assert len(blocks) < 12
    return blocks


def place_of(made: DiffusionWorld, edit: Edit) -> Place:
    """Return the cells that a change repaints: its spot, and one more on every side."""
    lattice = made.painting.imagination.lattice
    more = 2 * lattice.cell
    return lattice.box(edit.yaw, edit.pitch, edit.width + more, edit.height + more)


def shows_tent(made: DiffusionWorld, pose: CameraPose) -> bool:
    lattice = made.painting.imagination.lattice
    there = place_of(made, TENT)
    return bool((lattice.touched(pose) & made.painting.around.mask(there)).any())


def test_a_thing_is_placed_and_all_else_stays_to_the_bit():
    made = played(AWAY)
    ring, (frames, bits) = ring_of(made), memory_of(made)
    edit_at_rest(made, TENT)
    cells = changed_cells(ring, ring_of(made))
    place = made.painting.around.mask(place_of(made, TENT))
    assert cells.any()
    assert not (cells & ~place).any()
    now, now_bits = memory_of(made)
    elsewhere = [slot for slot, frame in frames.items() if not shows_tent(made, frame.pose)]
    assert 0 < len(elsewhere) < len(frames)
    for slot in elsewhere:
        assert now[slot] == frames[slot]
        assert torch.equal(now_bits[slot], bits[slot])
    poses = [frame.pose for slot, frame in now.items() if slot not in elsewhere]
    lattice = made.painting.imagination.lattice
    assert [lattice.nearest(pose) for pose in poses] == poses, "remembered anew from the ring"


def test_no_frame_of_memory_shows_what_was_there_before():
    """Two worlds that differed in the place alone end with the same memory of it."""
    made, other = world(), world()
    for one in (made, other):
        play(one, [RIGHT] * 5 + [LEFT] * 5)
    with torch.inference_mode():
        place = place_of(other, TENT)
        inventor = other.painting
        there = inventor.around.mask(place)
        inventor.around = inventor.imagination.repainted(
            inventor.around, place, there, Subject(inventor.texts("")[0], 77)
        )
        other.editor._frames.rewrite(there, other.memory)
        before = inventor.around.latents[:, there].copy()
        inventor.around = inventor.around.without(there)
        inventor.around = inventor.around.replaced(there, made.painting.around)
        assert not np.array_equal(before, inventor.around.latents[:, there])
    for one in (made, other):
        edit_at_rest(one, TENT)
    for a, b in zip(ring_of(made), ring_of(other), strict=True):
        assert np.array_equal(a, b)
    frames, bits = memory_of(made)
    others, other_bits = memory_of(other)
    touched = [slot for slot, frame in frames.items() if shows_tent(made, frame.pose)]
    assert touched
    for slot in touched:
        if slot in others and others[slot].pose == frames[slot].pose:
            assert torch.equal(bits[slot], other_bits[slot])


def test_frames_that_show_nothing_more_than_others_are_let_go():
    made = played([RIGHT] * 5 + [LEFT] * 5)
    frames, lattice = memory_of(made)[0], made.painting.imagination.lattice
    shown = lattice.shown([lattice.nearest(frame.pose) for frame in frames.values()])
    edit_at_rest(made, TENT)
    now = memory_of(made)[0]
    gone = [slot for slot in frames if slot not in now]
    assert gone
    assert all(shows_tent(made, frames[slot].pose) for slot in gone)
    after = lattice.shown([frame.pose for frame in now.values()])
    assert not (shown & ~after).any(), "what could be seen can be seen"


def test_a_placed_thing_has_the_colour_that_was_asked_for():
    red, blue = world(), world()
    for made, color in ((red, (214, 73, 72)), (blue, (60, 90, 210))):
        play(made, [STILL])
        edit_at_rest(made, replace(TENT, color=color))
    cells = changed_cells(ring_of(red), ring_of(blue))
    assert cells[red.painting.around.mask(place_of(red, TENT))].any()


def test_what_stands_before_a_thing_stays_when_that_takes_another_colour():
    house = replace(TENT, width=30.0, height=18.0, pitch=2.0)
    before = replace(TENT, color=(60, 90, 210))
    blue = replace(house, color=(73, 97, 180))
    trees = tuple(thing_of(replace(house, kind="tree", yaw=yaw)) for yaw in (22.0, 200.0))
    flower = thing_of(replace(before, kind="tree", width=3.0, height=2.0))
    left, planned = _left((house, before), (*trees, flower), blue, 1)
    assert (list(left), planned) == ([before], (*trees, flower))
    left, planned = _left((before,), (*trees, thing_of(house), flower), blue, 1)
    assert (list(left), planned) == ([before], (*trees, flower))
    castle = replace(blue, kind="castle", yaw=19.0, pitch=4.5)  # its foot is where the tent's is
    left, planned = _left((before,), (flower,), castle, 1)
    assert (list(left), planned) == ([], ()), "the new thing replaces the old one"


def test_after_turning_away_and_back_the_new_thing_is_still_there():
    made = world()
    old = memory_of_first(play(made, [STILL]) and made)
    told = edited(made, PLACING)[-1]
    assert (told.edited, told.placed, told.notice) == (TENT, (TENT,), "")
    ring, new = ring_of(made), memory_of_first(made)
    assert not torch.equal(old, new)
    blocks = [made.step(control) for control in [*AWAY, *BACK]]
    there = made.painting.around.mask(place_of(made, TENT))
    assert not (changed_cells(ring, ring_of(made)) & there).any()
    assert torch.equal(memory_of_first(made), new), "what the first view shows is remembered"
    assert any(one.attended for one in blocks[-1].memory.entries if one.kind == "sink")
    assert blocks[-1].placed == (TENT,)


def memory_of_first(made: DiffusionWorld) -> torch.Tensor:
    frames, bits = memory_of(made)
    return next(bits[slot] for slot, frame in frames.items() if frame.kind == "sink")


@pytest.mark.parametrize("policy", ["mag-retrieve", "mag"])
def test_undo_gives_back_all_bits(policy):
    made = world(policy)
    play(made, [RIGHT] * 4 + [LEFT] * 2)
    ring, (frames, bits) = ring_of(made), memory_of(made)
    for edit in (TENT, Edit("remove", 10.0, 4.0), Edit("repaint", 21.0, 1.0)):
        edit_at_rest(made, edit)
        assert changed_cells(ring, ring_of(made)).any()
    for _ in range(3):
        edit_at_rest(made, Edit("undo"))
    assert not changed_cells(ring, ring_of(made)).any()
    now, now_bits = memory_of(made)
    assert now == frames
    assert all(torch.equal(bits[slot], now_bits[slot]) for slot in bits)
    assert made.editor.placed == ()


def test_undo_of_a_thing_on_unseen_ground_leaves_the_ground_unknown_again():
    made = world()
    made.reset(PLACE, 1)
    ring, (frames, _) = ring_of(made), memory_of(made)
    edit_at_rest(made, replace(TENT, yaw=180.0))
    assert made.painting.around.known[ring[0] == 0].any()
    assert len(made.memory.kept[0].frames) > len(frames), (
        "it is remembered before anybody gets there"
    )
    edit_at_rest(made, Edit("undo"))
    assert not changed_cells(ring, ring_of(made)).any()
    assert memory_of(made)[0] == frames


def test_undo_after_play_went_on_gives_the_place_back_and_leaves_the_rest():
    made = world()
    play(made, [STILL])
    before = made.painting.around
    edited(made, PLACING)
    for control in [RIGHT] * 8 + [LEFT] * 6:
        made.step(control)
    place = before.mask(place_of(made, TENT))
    after = ring_of(made)
    block = made.step(UNDOING)
    assert block.notice == ""
    assert block.edited is not None
    assert abs(block.edited.yaw - TENT.yaw) < 10
    assert block.placed == ()
    cells = changed_cells(after, ring_of(made))
    assert cells.any()
    assert not (cells & ~place & after[0]).any()  # a view ahead may have arrived meanwhile
    assert not changed_cells((before.known, before.latents), ring_of(made))[
        place & before.known
    ].any()


def test_only_the_shape_of_a_thing_is_painted_and_what_is_beside_it_stays(monkeypatch):
    made = world()
    play(made, [STILL])
    before, shape = ring_of(made), np.zeros_like(made.painting.around.known)
    there = made.painting.around.mask(place_of(made, TENT))
    shape[np.argwhere(there)[3][0], np.argwhere(there)[3][1]] = True
    monkeypatch.setattr(editing, "shape_cells", lambda *_: shape)
    edit_at_rest(made, TENT)
    changed = changed_cells(before, ring_of(made))
    assert np.array_equal(changed, shape)
    edit_at_rest(made, Edit("undo"))
    assert not changed_cells(before, ring_of(made)).any()


def test_cells_of_a_shape_are_those_around_its_pixels():
    pixels = np.zeros((96, 320), bool)
    pixels[40, 100] = pixels[8, 0] = True
    cells = np.argwhere(editing.shape_cells(pixels, (6, 20))).tolist()
    assert cells == [[0, 0], [0, 19], [2, 5], [2, 6]]


def test_a_thing_put_beside_another_leaves_it_standing():
    made = world()
    play(made, [STILL])
    beside = replace(TENT, yaw=TENT.yaw + 0.5 * TENT.width, kind="tree")
    for edit in (TENT, beside, replace(beside, kind="tent")):
        edit_at_rest(made, edit)
    assert [(one.kind, one.yaw) for one in made.editor.placed] == [
        ("tent", TENT.yaw), ("tent", beside.yaw)
    ]  # fmt: skip
    edit_at_rest(made, Edit("remove", TENT.yaw - 4.0, 0.0))
    assert [one.yaw for one in made.editor.placed] == [beside.yaw]


def test_curtains_leave_the_window_behind_them():
    window = PlacedObject("square window", 10.0, 5.0, 12.0, 12.0)
    curtains = Edit("place", 10.0, 5.0, 26.0, 18.0, "curtains")
    assert _planned([window], curtains, 1) == (window,)
    assert _planned([window], replace(curtains, kind="bookshelf"), 1) == ()


def test_of_two_things_the_one_in_front_is_removed(monkeypatch):
    made = world()
    play(made, [STILL])
    house = replace(plan_tree(made), height=20.0, width=24.0)  # before the tent
    made.painting.plan = replace(made.painting.plan, things=(house,))
    made.editor.placed = (TENT,)
    things = made.editor._things(made.painting.plan, (TENT,))
    for number, one in enumerate(things):
        owners = np.full((9, 30), number)
        monkeypatch.setattr(made.editor._imagination, "owners", lambda things, shown=owners: shown)
        target, _ = made.editor._target(Edit("remove", TENT.yaw, 0.0))
        assert target.width == one.width


def test_of_a_thing_that_makes_room_nothing_stays():
    made = world()
    play(made, [STILL])
    before = ring_of(made)
    edit_at_rest(made, TENT)
    large = changed_cells(before, ring_of(made))
    between = ring_of(made)
    edit_at_rest(made, replace(TENT, kind="tree", width=TENT.width / 4))
    assert (changed_cells(between, ring_of(made)) >= large).all()


def test_a_thing_is_removed_or_drawn_anew_as_a_whole():
    made = world()
    made.reset(PLACE, 1)
    edit_at_rest(made, TENT)
    tent = ring_of(made)
    edit_at_rest(made, Edit("repaint", 27.0, 3.0))
    assert made.editor.placed == (TENT,), "another one, of the same kind and in the same place"
    again = ring_of(made)
    assert changed_cells(tent, again).any()
    assert not (changed_cells(tent, again)
                & ~made.painting.around.mask(place_of(made, TENT))).any()  # fmt: skip
    edit_at_rest(made, Edit("remove", 27.0, 3.0))
    assert made.editor.placed == ()
    assert changed_cells(again, ring_of(made)).any()


def test_a_placed_thing_that_is_removed_leaves_what_stood_there_before():
    made = world()
    play(made, [STILL] * 3)
    before = ring_of(made)
    there = made.painting.around.mask(place_of(made, TENT)) & before[0]
    edit_at_rest(made, TENT)
    edit_at_rest(made, Edit("repaint", 27.0, 3.0))
    edit_at_rest(made, Edit("remove", 27.0, 3.0))
    assert there.any()
    assert not (changed_cells(before, ring_of(made)) & there).any()
    edit_at_rest(made, Edit("undo"))
    assert changed_cells(before, ring_of(made))[there].any(), "the tent is back"


def test_what_made_room_for_a_thing_does_not_come_back_with_its_removal():
    made = world()
    play(made, [STILL] * 3)
    edit_at_rest(made, TENT)
    tent = ring_of(made)
    edit_at_rest(made, replace(TENT, color=(40, 80, 210)))
    edit_at_rest(made, Edit("remove", TENT.yaw, TENT.pitch))
    assert made.editor.placed == ()
    there = made.painting.around.mask(place_of(made, TENT)) & tent[0]
    assert changed_cells(tent, ring_of(made))[there].any()


@pytest.mark.parametrize("yaw", [10.0, 20.1, 30.2])
def test_a_thing_in_another_colour_keeps_its_shape_if_that_shows_the_colour(yaw):
    house = PlacedObject("cottage", yaw, 0.0, 20.0, 14.0, (200, 90, 80), (180, 100, 90), 3)
    mushroom = replace(house, kind="mushroom", variant=1)  # of which only the stem would be blue
    blue = [recolored(one, "blue") for one in as_edits([house, mushroom])]
    shapes = [thing_of(one).variant for one in blue]
    assert shapes[0] == house.variant
    assert shapes[1] != mushroom.variant


def test_a_planned_thing_in_another_colour_is_gone_once_it_is_removed():
    made = world()
    play(made, [STILL] * 3)
    planned = replace(plan_tree(made), kind=TENT.kind)
    made.painting.plan = replace(made.painting.plan, things=(planned,))
    before = ring_of(made)
    recolored = as_edits(made.painting.plan.things)[0]
    edit_at_rest(made, replace(recolored, color=(40, 80, 210)))
    edit_at_rest(made, Edit("remove", recolored.yaw, recolored.pitch))
    assert (made.editor.placed, made.painting.plan.things) == ((), ())
    there = made.painting.around.mask(place_of(made, recolored)) & before[0]
    assert changed_cells(before, ring_of(made))[there].any(), "it does not come back"


def test_beside_a_later_change_what_was_removed_is_painted():
    made = world()
    play(made, [STILL] * 3)
    before = ring_of(made)
    edit_at_rest(made, TENT)
    edit_at_rest(made, replace(TENT, yaw=TENT.yaw + 0.8 * TENT.width))
    edit_at_rest(made, Edit("remove", TENT.yaw - TENT.width / 2 + 1.0, TENT.pitch))
    assert len(made.editor.placed) == 1
    there = made.painting.around.mask(place_of(made, TENT)) & before[0]
    assert changed_cells(before, ring_of(made))[there].any()


def plan_tree(made: DiffusionWorld) -> PlacedObject:
    """Let a tree be planned where the tent of tests goes, and return it."""
    tree = PlacedObject("tree", 20.0, 0.0, 12.0, 8.0, (0, 200, 0), (0, 200, 0), 3)
    house = replace(tree, width=60.0, height=40.0)
    made.painting.plan = replace(made.painting.plan, things=(house, tree))
    return tree


def test_a_planned_thing_is_removed_as_a_whole_and_undo_plans_it_again():
    made = world()
    play(made, [STILL])
    tree = plan_tree(made)
    removed = edit_at_rest(made, Edit("remove", 24.0, 2.0))
    assert (removed.yaw, removed.width, removed.height) == (20.0, 12.0, 8.0)
    assert [one.width for one in made.painting.plan.things] == [60.0], "what stands behind stays"
    edit_at_rest(made, Edit("undo"))
    assert made.painting.plan.things[1] == tree


def test_another_one_of_a_planned_thing_looks_different_each_time(monkeypatch):
    made = world()
    play(made, [STILL])
    tree = plan_tree(made)
    edit_at_rest(made, Edit("repaint", 24.0, 2.0))
    assert made.painting.plan.things[1] == replace(tree, color=None, mean_color=None, variant=None)
    assert made.editor.placed == ()
    looks = usual_looks()["tent"]
    monkeypatch.setattr(editing, "usual_looks", lambda: {"tree": looks})
    seen = []
    for _ in range(4):
        edit_at_rest(made, Edit("repaint", 24.0, 2.0))
        seen.append(made.painting.plan.things[1])
    assert {(one.variant, one.color) for one in seen} <= {one[:2] for one in looks.looks}
    assert all(one != other for one, other in pairwise(seen))


def test_a_placed_thing_stands_before_planned_ones_and_hides_those_that_it_covers(monkeypatch):
    made = world()
    play(made, [STILL])
    plan_tree(made)
    told = []
    repainted = made.painting.imagination.repainted

    def noted(around, place, cells, subject):
        told.extend(subject.things)
        return repainted(around, place, cells, subject)

    monkeypatch.setattr(made.painting.imagination, "repainted", noted)
    edit_at_rest(made, TENT)
    assert [(one.kind, one.width) for one in told] == [("tree", 60.0), ("tent", 18.0)]
    assert len(made.painting.plan.things) == 1


def test_a_parked_world_goes_on_with_its_changes_and_takes_them_back():
    made = world()
    play(made, [PLACING, *AWAY[:6]])
    state = made.snapshot()
    state = WorldState(state.arrays, json.loads(json.dumps(state.data)))
    path = [*BACK[:6], UNDOING, STILL, REMOVING, STILL]
    expected = [made.step(control) for control in path]
    other = world()
    play(other, [REMOVING])
    other.restore(state)
    assert other.editor.placed == (TENT,)
    resumed = [other.step(control) for control in path]
    assert same(expected, resumed)
    assert [block.placed for block in expected] == [block.placed for block in resumed]
    assert [block.undoable for block in resumed[5:8]] == [1, 0, 0]
    assert [block.undoable for block in expected] == [block.undoable for block in resumed]
    assert [block.planned for block in expected] == [block.planned for block in resumed]


@pytest.mark.parametrize(("limit", "most", "left"), [("CHANGES", 2, 2), ("BYTES", 1, 1)])
def test_only_the_newest_changes_can_be_taken_back(monkeypatch, limit, most, left):
    monkeypatch.setattr(changes, f"MOST_{limit}", most)
    made = world()
    made.reset(PLACE, 1)
    for _ in range(3):
        edit_at_rest(made, TENT)
    notices = [made.step(UNDOING).notice for _ in range(3)]
    assert notices == [*[""] * left, *[NOTHING_TO_UNDO] * (3 - left)]


def test_a_new_scene_has_no_changes():
    made = world()
    play(made, [PLACING, *[STILL] * 4, REMOVING])
    made.reset(PLACE, 2)
    assert made.step(UNDOING).notice == NOTHING_TO_UNDO


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tiny_world(), "nothing can be changed in the world"),
        (lambda: world("window"), "window keeps no places, so nothing can be changed; choose mag-"),
        (lambda: world("none"), "the memory policy none keeps no places"),
    ],
)
def test_worlds_that_cannot_say_so_in_a_sentence_and_go_on(make, said):
    made, plain = make(), make()
    blocks = play(made, [PLACING, RIGHT])
    assert said in blocks[1].notice
    assert blocks[1].edited is None
    assert same(blocks, play(plain, [STILL, RIGHT]))


def test_a_kind_that_the_weights_do_not_know_is_refused():
    made = world()
    assert made.spec.kinds == ("tent",)
    block: FrameBlock = play(made, [replace(STILL, edit=replace(TENT, kind="castle"))])[1]
    assert 'cannot draw a "castle"' in block.notice


def test_memory_may_change_together_with_the_world():
    made = world("window")
    control = Control(memory=MemorySetting("mag-retrieve", kept_mib=1), edit=TENT)
    made.reset(PLACE, 1)
    assert edited(made, control)[-1].edited == TENT


VIEW = Edit("renew", 0.0, 0.0, *LARGEST)
ALL = Edit("renew", 0.0, 0.0, *EVERYTHING)
CASTLE = "A castle at night."


def renew(made: DiffusionWorld, edit: Edit) -> np.ndarray:
    """Renew ground under other words, without making a block; return which cells changed."""
    before = ring_of(made)
    made._advance(prompt=CASTLE)
    edit_at_rest(made, edit)
    return changed_cells(before, ring_of(made))


def test_a_renewed_view_is_of_the_words_in_force_and_all_else_stays_to_the_bit():
    made = played(AWAY)
    around, (frames, bits) = made.painting.around, memory_of(made)
    lattice = made.painting.imagination.lattice
    there = around.mask(lattice.place(CameraPose()))
    cells = renew(made, VIEW)
    assert cells[there].all()
    assert not cells[~there].any()
    assert made.painting.plan.prompt == CASTLE
    now, now_bits = memory_of(made)
    beside = [slot for slot, one in frames.items() if not lattice.touched(one.pose)[there].any()]
    assert beside
    assert all(torch.equal(now_bits[slot], bits[slot]) for slot in beside)
    shown = lattice.shown([frame.pose for frame in now.values()])
    assert (shown & around.known)[around.known].mean() > 0.9, "what else frames showed is kept"


PLANNED = (PlacedObject("sky", 0.0, 27.0, 360.0, 54.0), PlacedObject("tree", 3.0, 0.0, 8.0, 12.0))


def planned_for(made: DiffusionWorld, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Let all plans have a tree ahead; return the backgrounds that they are made for."""
    behind: list[tuple] = []

    def plan(told, empty, noise, wanted, kept=(), shown=()):
        behind.append(tuple(kept))
        return (*kept, *PLANNED[bool(kept) :])

    monkeypatch.setattr(made.painting.imagination, "plan", plan)
    return behind


def tree_of(made: DiffusionWorld) -> PlacedObject:
    return next(thing for thing in made.painting.plan.things if thing.kind == "tree")


@pytest.mark.parametrize("edit", [VIEW, ALL], ids=["view", "everything"])
def test_what_words_name_is_planned_where_the_player_looks(edit, monkeypatch):
    made = world()
    play(made, AWAY)
    behind = planned_for(made, monkeypatch)
    renew(made, replace(edit, yaw=117.0))
    assert behind == [()]
    assert tree_of(made).yaw == pytest.approx(120.0)


def test_words_for_new_areas_are_planned_at_the_nearest_unknown_ground(monkeypatch):
    made = world()
    play(made, [STILL])
    made.painting.plan = replace(made.painting.plan, things=PLANNED[:1])
    planned_for(made, monkeypatch)
    made.step(replace(RIGHT, prompt=CASTLE))
    known = made.painting.around.known.copy()
    parked, other = made.snapshot(), world()
    other.reset(PLACE, 1)
    other.restore(parked)
    planned_for(other, monkeypatch)
    for _ in range(12):
        made.step(RIGHT)
        other.step(RIGHT)
    lattice = made.painting.imagination.lattice
    tree = tree_of(made)
    assert tree.yaw == pytest.approx(lattice.free_yaw(known, 7.5) + 3.0)
    assert 90.0 < tree.yaw < 180.0
    assert other.painting.plan == made.painting.plan


def test_the_ground_stays_where_words_do_not_change_it(monkeypatch):
    made = world()
    play(made, AWAY)
    made.painting.plan = replace(made.painting.plan, things=PLANNED)
    behind = planned_for(made, monkeypatch)
    monkeypatch.setattr(painting, "is_same_ground", lambda text, before, words: True)
    renew(made, VIEW)
    assert behind == [PLANNED[:1]]
    assert made.painting.plan.things.count(PLANNED[0]) == 1


def test_when_everything_is_renewed_no_old_ground_is_known_or_remembered():
    made = played(AWAY)
    before = made.painting.around
    renew(made, ALL)
    now = made.painting.around
    assert not (before.known & now.known & (before.latents == now.latents).all(axis=0)).any()
    kinds = [frame.kind for frame in memory_of(made)[0].values()]
    assert kinds.count("look-ahead") <= 1, "only what is looked at, and what policies rely on"
    assert made.painting.plan.prompt == CASTLE


@pytest.mark.parametrize("edit", [VIEW, ALL], ids=["view", "everything"])
def test_undo_of_renewed_ground_gives_back_all_bits(edit):
    made = played(AWAY)
    around, plan, (frames, bits) = made.painting.around, made.painting.plan, memory_of(made)
    noise = made.painting.noise
    edit_at_rest(made, edit)
    assert made.painting.noise != noise
    edit_at_rest(made, Edit("undo"))
    now, now_bits = memory_of(made)
    assert now == frames
    assert all(torch.equal(bits[slot], now_bits[slot]) for slot in bits)
    assert np.array_equal(ring_of(made)[0], around.known)
    assert not changed_cells((around.known, around.latents), ring_of(made))[around.known].any()
    assert (made.painting.noise, made.painting.plan) == (noise, plan)


def test_another_light_paints_everything_anew_and_moves_nothing(monkeypatch):
    made = world()
    play(made, [*AWAY, replace(STILL, edit=TENT), *[STILL] * 6])
    made.painting.plan = replace(made.painting.plan, things=PLANNED)
    planned_for(made, monkeypatch)
    before, plan, noise = ring_of(made), made.painting.plan, made.painting.noise
    (tent,) = placed = made.editor.placed
    listed = {(one.kind, one.yaw) for one in made.step(STILL).planned}
    renew(made, replace(ALL, act="relight", yaw=117.0))
    again = {(one.kind, one.yaw) for one in made.step(STILL).planned}
    assert listed
    assert again == listed | {(tent.kind, tent.yaw)}, "also where nothing is painted yet"
    now = made.painting.plan
    assert (now.prompt, now.noise, made.painting.noise) == (CASTLE, noise, noise)
    there = [{(one.kind, one.yaw, one.pitch) for one in each.things} for each in (plan, now)]
    assert there[1] == there[0] | {(tent.kind, tent.yaw, tent.pitch)}  # it is painted with the rest
    assert made.editor.placed == ()
    assert made.step(STILL).placed == placed, "the player placed it all the same"
    state = made.snapshot()
    parked = WorldState(state.arrays, json.loads(json.dumps(state.data)))
    again = world()
    again.restore(parked)
    assert again.step(STILL).placed == placed
    assert not (
        before[0] & made.painting.around.known & (before[1] == ring_of(made)[1]).all(0)
    ).any()
    edit_at_rest(made, Edit("undo"))
    assert (made.painting.plan, made.editor.placed) == (plan, placed)
    assert made.step(STILL).placed == placed
    assert not changed_cells(before, ring_of(made))[before[0]].any()


def test_what_is_carried_over_into_another_light_counts_as_painting(monkeypatch):
    made, stages = played(AWAY), []
    planned_for(made, monkeypatch)

    def carried(light, *parts):
        stages.append(made.painting.thread.under_way.stage)
        return carry(light, *parts)

    carry = Relighting.carried
    monkeypatch.setattr(Relighting, "carried", carried)
    renew(made, replace(ALL, act="relight"))
    assert stages == ["painting"]


def test_things_of_a_view_are_drawn_again_before_it_is_shown_in_another_light(monkeypatch):
    made, begun = played(AWAY), list[GroundThings]()
    planned_for(made, monkeypatch)
    draw, pose = PaintedDetails.drawn_again, CameraPose(117.0)
    monkeypatch.setattr(
        PaintedDetails,
        "drawn_again",
        lambda self, ground: begun.append(ground) or draw(self, ground),
    )
    renew(made, replace(ALL, act="relight", yaw=117.0))
    (ground,) = begun
    assert ground.first == made.painting.first == pose
    assert ground.equals(made.painting.drawing.shown)
    assert ground.around.equals(made.painting.around)
    again = world()
    again.restore(made.snapshot())
    assert again.painting.first == again.painting.drawing.shown.first == pose


def test_another_light_moves_nothing_while_the_first_plan_is_under_way(monkeypatch):
    made = played(AWAY)
    planned_for(made, monkeypatch)
    tent, planned = PlacedObject("tent", 30.0, -8.0, 8.0, 6.0), Future()
    planned.set_result((*PLANNED, tent))
    made.painting.plan, made.painting.planned = None, planned
    made.painting.asked = PLACE.prompt, made.painting.noise
    renew(made, replace(ALL, act="relight"))
    assert (tent.kind, tent.yaw) in [(one.kind, one.yaw) for one in made.painting.plan.things]


def test_in_another_light_what_memory_forgot_is_elsewhere(monkeypatch):
    made = played(AWAY)
    around, lattice = made.painting.around, made.painting.imagination.lattice
    made.painting.forgotten = ~around.known
    unseen = replace(PLANNED[1], yaw=lattice.free_yaw(around.known, 180.0))
    things = (*PLANNED, unseen)
    made.painting.plan = replace(made.painting.plan, things=things)
    planned_for(made, monkeypatch)
    renew(made, replace(ALL, act="relight"))
    now = [one.yaw for one in made.painting.plan.things if one.kind == "tree"]
    assert PLANNED[1].yaw in now
    assert unseen.yaw not in now
    assert made.painting.plan.noise == made.painting.noise


def test_undo_after_play_went_on_in_a_renewed_world_gives_the_old_ground_back():
    made = played(AWAY)
    before = made.painting.around
    play_on = [replace(STILL, edit=ALL, prompt=CASTLE), *BACK, *[RIGHT] * 6, UNDOING]
    blocks = [made.step(control) for control in play_on]
    assert blocks[-1].edited is not None
    now = made.painting.around
    known = before.known
    assert now.known[known].all()
    assert np.array_equal(before.latents[:, known], now.latents[:, known])


def test_a_parked_world_takes_renewed_ground_back_as_it_would_have():
    made = world()
    play(made, [*AWAY[:6], replace(STILL, edit=ALL), *BACK[:3]])
    state = made.snapshot()
    state = WorldState(state.arrays, json.loads(json.dumps(state.data)))
    path = [UNDOING, *AWAY[:4], replace(STILL, edit=VIEW), *BACK]
    expected = [made.step(control) for control in path]
    other = world()
    other.restore(state)
    assert same(expected, [other.step(control) for control in path])


def test_unseen_ground_is_forgotten_and_seen_ground_stays_to_the_bit():
    made = world()
    blocks = play(made, [RIGHT] * 5 + [STILL] * 12)
    before, (frames, bits) = ring_of(made), memory_of(made)
    lattice = made.painting.imagination.lattice
    seen = np.zeros_like(before[0])
    for block in blocks:
        for pose in block.poses:
            seen |= lattice.touched(pose)
    unseen = before[0] & ~seen
    assert unseen.any(), "views ahead were painted"
    made._advance(prompt=CASTLE)
    edit_at_rest(made, Edit("forget"))
    now, (_, kept_bits) = ring_of(made), memory_of(made)
    assert not (now[0] & unseen & (now[1] == before[1]).all(axis=0)).any(), "none is as it was"
    assert (unseen & ~now[0]).any(), "most is left for later"
    assert np.array_equal(now[0][seen], before[0][seen])
    assert np.array_equal(now[1][:, seen & now[0]], before[1][:, seen & now[0]])
    stay = [slot for slot, one in frames.items() if not (lattice.touched(one.pose) & unseen).any()]
    assert stay
    assert all(torch.equal(bits[slot], kept_bits[slot]) for slot in stay)
    edit_at_rest(made, Edit("undo"))
    assert memory_of(made)[0] == frames
    assert np.array_equal(ring_of(made)[0], before[0])
    made.step(replace(STILL, edit=Edit("forget"), prompt=CASTLE))
    for _ in range(12):
        made.step(RIGHT)
    assert made.painting.plan.prompt == CASTLE


def test_a_parked_world_forgets_unseen_ground_as_it_would_have():
    made = played([RIGHT] * 5 + [STILL] * 12)
    state = made.snapshot()
    state = WorldState(state.arrays, json.loads(json.dumps(state.data)))
    path = [replace(STILL, edit=Edit("forget"), prompt=CASTLE), *[RIGHT] * 6]
    expected = [made.step(control) for control in path]
    other = world()
    other.restore(state)
    assert same(expected, [other.step(control) for control in path])


def test_a_given_picture_overrules_painted_ground_that_was_not_seen():
    """Both sides of the first view are painted ahead; a history that is shown may be otherwise."""
    made = world()
    first = made.reset(PLACE, seed=1)
    made._remember_views_owed()
    unseen = made.painting.around.known & ~made.editor._seen
    assert unseen.any()
    made.show(RIGHT, np.zeros_like(first.frames))
    assert not (made.painting.around.known & unseen).any()


def test_where_nothing_is_painted_ahead_there_is_nothing_to_forget_or_to_say():
    made = world("window")
    made.reset(PLACE, 1)
    block = made.step(replace(STILL, edit=Edit("forget")))
    assert (block.notice, block.edited) == ("", None)


@pytest.mark.parametrize("edit", [TENT, Edit("remove", 10.0), ALL], ids=lambda edit: edit.act)
def test_play_goes_on_as_it_was_while_a_change_is_painted(edit):
    """No block waits for a painter, and none shows half of a change."""
    made, plain = (played([STILL] * 16) for _ in range(2))
    control = replace(STILL, edit=edit)
    waited = []
    inventor = made.painting
    paint = inventor.imagination._painted
    inventor.imagination._painted = lambda *args: waited.append(current_thread()) or paint(*args)
    blocks = edited(made, control)
    assert len(blocks) > BLOCKS_A_VIEW
    assert same(blocks[:-1], [plain.step(STILL) for _ in blocks[:-1]])
    assert waited
    assert main_thread() not in waited, "all is painted beside the world"


@pytest.mark.parametrize(
    ("edit", "blocks"),
    [(TENT, 0), (ALL, 1), (ALL, 8)],
    ids=lambda one: getattr(one, "act", one),
)
def test_a_world_parked_while_a_change_is_painted_goes_on_as_it_would_have(edit, blocks):
    made = world()
    play(made, [*AWAY[:6], replace(STILL, edit=edit), replace(RIGHT, edit=TENT), *[RIGHT] * blocks])
    state = made.snapshot()
    state = WorldState(state.arrays, json.loads(json.dumps(state.data)))
    path = [*BACK[:4], UNDOING, STILL]
    awaits = made.editor.awaited
    expected = [made.step(control) for control in path]
    other = world()
    play(other, [REMOVING])
    other.restore(state)
    assert awaits
    assert other.editor.awaited == awaits
    resumed = [other.step(control) for control in path]
    assert same(expected, resumed)
    assert [block.awaited for block in expected] == [block.awaited for block in resumed]
    assert [block.edited for block in expected] == [block.edited for block in resumed]


def test_changes_asked_for_at_once_are_done_one_after_another():
    made = played([STILL] * 12)
    there = (TENT, replace(TENT, yaw=100.0), Edit("forget"), ALL)
    blocks = [made.step(replace(STILL, edit=edit)) for edit in there]
    blocks += [made.step(STILL) for _ in range(22)]
    done = [block.edited for block in blocks if block.edited]
    assert done == [TENT, replace(TENT, yaw=100.0), ALL]
    assert not made.editor.awaited


def test_a_change_that_is_not_done_yet_is_taken_back_at_once():
    made, plain = (played([STILL] * 16) for _ in range(2))
    blocks = [made.step(control) for control in (PLACING, UNDOING, *[STILL] * 6)]
    assert (blocks[1].edited.act, blocks[1].edited.yaw) == ("undo", TENT.yaw)
    assert same(blocks, [plain.step(STILL) for _ in blocks])


def test_a_change_is_dropped_where_memory_keeps_no_places_any_more():
    made = world()
    play(made, [STILL, PLACING])
    blocks = [made.step(Control(memory=MemorySetting("none", kept_mib=1)))]
    blocks += [made.step(STILL) for _ in range(6)]
    assert not any(block.edited for block in blocks)
    assert ["keeps no places" in block.notice for block in blocks].count(True) == 1


def thing(away: float, aside: float, wide: float = 1.0, tall: float = 2.0, kind="tent") -> Edit:
    """Return a thing on the ground, sizes and places in metres, as it is seen from the start."""
    low, high = (degrees(atan((end - EYE) / away)) for end in (0.0, tall))
    width = 2 * degrees(atan(wide / 2 / away))
    yaw = degrees(atan(aside / away)) % 360.0
    return Edit("place", yaw, (low + high) / 2, width, high - low, kind, (200, 30, 30))


@pytest.mark.parametrize(
    ("other", "stays"),
    [
        (thing(10.0, 1.0, 2.0, 1.4, "cow"), True),  # far behind it, under the canopy
        (thing(4.0, 0.3, 1.0, 1.0, "bush"), False),  # on its spot
        (replace(thing(10.0, 1.0, 2.0, 1.4, "cow"), kind="portrait"), False),  # on a wall
    ],
)
def test_what_is_put_before_things_far_behind_it_leaves_them_where_they_stand(other, stays):
    umbrella = thing(3.7, 0.0, 3.1, 2.6, "beach umbrella")
    planned = (thing_of(other),)
    assert _left((), planned, umbrella, 1) == ([], planned if stays else ())


def test_what_is_put_somewhere_takes_the_place_of_what_stands_there_and_of_nothing_behind_it():
    bench, there, behind = thing(50.0, 0.0, 1.5, 1.0), thing(50.0, 0.2), thing(56.0, 0.4)
    giraffe = thing(51.5, 0.6, 2.5, 4.5)
    from_beside = replace(giraffe, x=2.0, z=47.0)
    for one in (bench, behind):
        assert not _is_replaced(one, giraffe), "told from where the scene begins, it hides them"
        assert not _is_replaced(one, from_beside)
        assert thing_of(one) in _planned([thing_of(one)], from_beside, 0)
    assert _is_replaced(there, replace(thing(50.1, 0.0), x=2.0, z=47.0))
