"""Edits of a painted world: a place is repainted, and memory follows.

An edit is begun, painted beside play, and finished a fixed number of blocks later, like a view that
is painted ahead, so replays are exact.

The place is repainted from its surroundings and the changed plan: placed objects come first, and
removed ones are gone. Kept frames that show any of it are remembered again from the ring, at the
nearest known pose of the lattice; frames that then show nothing more than others are dropped. All
other cells and frames stay bit-equal. Renewed ground is planned again from the prompt in force; of
the frames that show nothing else, only those that policies rely on stay. Everything replaced is
kept for undo: after an undo, memory is bit-equal to before, unless play continued meanwhile.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import cos, hypot, inf, radians, sin, tan

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.controls.edits import LARGEST, SLACK, SPOT_ACTS, Edit
from mag_sandbox.files.validation import decode
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.geometry.bodies import ground_distance
from mag_sandbox.model.imagination.imagination import Imagination, Subject
from mag_sandbox.model.imagination.objects import PlacedObject, check_objects
from mag_sandbox.model.imagination.pixels import widened_around
from mag_sandbox.model.imagination.surroundings import Place, Surroundings
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.parking import joined, packed, plain, unpacked
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.changes import (
    Change,
    ChangeHistory,
    check_placed,
    stances_of,
    thing_of,
    with_edits,
)
from mag_sandbox.model.pocket.listed import as_edits, cut_to_view
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painting import (
    PaintedGround,
    PaintingInventor,
    Plan,
    cells_of,
    first_plan,
    stands_in,
    things_of,
)
from mag_sandbox.model.pocket.rewriting import FrameRewriter, Views, lasting_slots, rewriting
from mag_sandbox.model.prompts import PromptFeatures
from mag_sandbox.model.slots import SlotTable
from mag_sandbox.model.world import WorldState
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.scene import check_prompt
from mag_sandbox.scenes.stances import where_of

_EXACT = 0.2  # degrees
_AROUND = 6  # px around a thing's shape that are painted with it
_SPOT = 0.3  # of a thing's width from its middle: other things there make room for it
_RENEWING = frozenset(("renew", "relight"))  # acts by which ground is planned again
_HORIZON = 0.2  # degrees below it, at least, for the feet of standing things
_SAME = 0.01  # degrees between boxes of one thing
NOTHING_TO_UNDO = "there is no change to take back"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A change that is yet to be done."""

    edit: Edit
    prompt: str  # in force when it was asked for
    due: int = 0  # the block before which it is done, once it is begun


@dataclass(frozen=True, slots=True)
class _ParkedEditor:
    """A parked editor without the changes that can be taken back."""

    weights: str
    count: int
    placed: tuple[Edit, ...]
    asked: tuple[_Asked, ...] = ()  # absent from older states
    lit: tuple[Edit, ...] = ()  # likewise

    def __post_init__(self) -> None:
        check_placed((*self.placed, *self.lit))
        for one in self.asked:
            check_prompt(one.prompt)
        acts = [one.edit.act for one in self.asked]
        if self.count < 0 or "undo" in acts or acts[:1] == ["forget"]:
            raise ValueError(f"{self.count} changes were made, these are to come: {acts}")

    @property
    def wanted(self) -> tuple[Edit, ...]:
        """Things that are yet to be placed."""
        return tuple(one.edit for one in self.asked if one.edit.act == "place")


@dataclass(frozen=True, slots=True)
class _Begun:
    """A change that is being painted."""

    done: Edit  # the painted change, and where
    place: Place
    cells: np.ndarray  # bool [rows, columns]; of the place
    pose: CameraPose  # of the lattice; the view that shows it
    placed: tuple[Edit, ...]  # the player's things, with it
    lit: tuple[Edit, ...]  # see `Editor.lit`
    made: "Future[PaintedGround]"
    views: "Future[Views]" = field(default_factory=Future)  # of it, latents by pose


class Editor:
    """Edits one world, and undoes edits.

    editor = Editor(imagination, features, inventor)
    problem, done = editor.ask(Edit("place", 40.0, -3.0, kind="tent"), prompt, 17, memory)
    ...  # blocks are made
    if editor.is_due(20):
        done = editor.finish(20, memory)
    """

    def __init__(
        self, imagination: Imagination, features: PromptFeatures, inventor: PaintingInventor
    ) -> None:
        self._imagination, self._features, self._inventor = imagination, features, inventor
        self._frames = FrameRewriter(imagination, inventor)
        self.begin()

    def begin(self, *, anew: bool = True) -> None:
        """Begin without edits; in a new world (`anew`) nothing was seen yet either."""
        self._seen = np.full_like(self._imagination.nothing().known, not anew)  # cells, ever
        self.placed: tuple[Edit, ...] = ()  # the player's things
        self.lit: tuple[Edit, ...] = ()  # those that were, until another light planned them, too
        self.changes = ChangeHistory()
        self._count = 0  # of changes so far: each draws with other noise
        self.drop()

    def drop(self, *, history: bool = False) -> None:
        """Drop the edit in progress and those that wait for it, and perhaps those already made."""
        if history:
            self.changes = ChangeHistory()
        self._asked: tuple[_Asked, ...] = ()  # all but the first wait
        self._begun: _Begun | None = None

    @property
    def awaited(self) -> tuple[Edit, ...]:
        """Changes that are yet to be done, the first one in progress."""
        return tuple(one.edit for one in self._asked)

    def renews_by(self, prompt: str) -> bool:
        """Whether everything is about to be repainted by a prompt."""
        return any(one.prompt == prompt and one.edit.renews_everything for one in self._asked)

    def see(self, poses: Sequence[CameraPose]) -> None:
        """Note the cells that a block shows."""
        for pose in poses:
            self._seen |= self._imagination.lattice.touched(pose)

    def ask(
        self, edit: Edit, prompt: str, next_block: int, memory: BlockMemory
    ) -> tuple[str, Edit | None]:
        """Begin an edit; return a problem, or the edit that was done at once, with its place."""
        if edit.act == "undo":
            return self._drop_newest(edit) if self._asked else self._undo(edit, memory)
        if edit.act == "place" and edit.kind not in self._imagination.config.kinds:
            return f'this world cannot draw a "{edit.kind}"; name another thing', None
        if edit.act == "forget" and not self._asked:
            return "", self._forget_unseen(edit, memory)
        self._asked = (*self._asked, _Asked(edit, prompt))
        if self._begun is None:
            self._begin_next(next_block, memory)
        return "", None

    def is_due(self, next_block: int) -> bool:
        """Tell whether an edit must be finished before a block."""
        return self._begun is not None and next_block >= self._asked[0].due

    @property
    def is_ready(self) -> bool:
        """Whether the edit in progress can be finished without a wait."""
        return self._begun is None or self._begun.views.done()

    def finish(self, next_block: int, memory: BlockMemory) -> Edit:
        """Apply the painted edit, waiting for it if need be, and begin the next one."""
        begun, inventor = self._begun, self._inventor
        assert begun is not None
        others = self._asked[1:]
        made = begun.made.result()
        inventor.follow(memory, begun.pose)  # views lost meanwhile are not lost by the change
        before, plan, placed, losses = inventor.around, inventor.plan, self.placed, inventor.losses
        self.placed, self.lit = begun.placed, begun.lit
        cells = begun.cells | made.news
        renewed = begun.done.act in _RENEWING
        if renewed:
            inventor.renew(cells, made)
        else:
            self._count += 1
            inventor.plan, inventor.around = made.plan, before.replaced(cells, made.around)
            inventor.listed = ()  # of the picture as it was
        is_as_made = inventor.around.equals(made.around)
        views = begun.views.result() if is_as_made else {}
        if is_as_made and not renewed and made.plan is not None:
            things = self._things(made.plan, self.placed)
            inventor.drawing.show(GroundThings(made.around, things, inventor.first))
        kept = self._frames.rewrite(begun.cells, memory, renewed=renewed, views=views)
        added = self._frames.show(begun.pose, begun.cells, memory, views)
        cells = begun.cells | (inventor.around.known != before.known)
        lost = losses if renewed else None
        self.changes.keep(Change(begun.place, placed, cells, before, plan, *kept, added, lost))
        self._asked, self._begun = others, None
        if others:
            self._begin_next(next_block, memory)
        return begun.done

    def _begin_next(self, next_block: int, memory: BlockMemory) -> None:
        while self._asked and self._asked[0].edit.act == "forget":
            self._forget_unseen(self._asked[0].edit, memory)
            self._asked = self._asked[1:]
        if not self._asked:
            return
        for frame in memory.kept[0].here.values():  # parts unknown to the ring would be lost
            self._inventor.follow(memory, self._imagination.lattice.nearest(frame.pose))
        due = next_block + self._begin(memory.kept[0])
        self._asked = (replace(self._asked[0], due=due), *self._asked[1:])

    def _begin(self, table: SlotTable) -> int:
        """Begin to paint the first request; return the number of blocks it may take.

        Its inputs do not change until it is done. Views that will probably be remembered are
        made, too, which saves time and changes no picture.
        """
        asked, now, imagination = self._asked[0], table.copy(), self._imagination
        renewed = asked.edit.act in _RENEWING
        begin = self._begin_renewing if renewed else self._begin_painting
        begun, blocks = begin(asked.edit, asked.prompt)

        def views() -> dict[CameraPose, Tensor]:
            around = begun.made.result().around
            anew = rewriting(now, imagination.lattice, begun.cells, around.known, renewed=renewed)
            made: dict[CameraPose, Tensor] = {}
            for number, pose in enumerate(anew.poses.values()):
                check_cancelled("remembering", number / len(anew.poses))
                made[pose] = imagination.view(around, pose)
            return made

        self._begun = replace(begun, views=self._inventor.thread.after_all(views))
        return blocks

    def _drop_newest(self, edit: Edit) -> tuple[str, Edit]:
        """Cancel the newest pending request."""
        newest = self._asked[-1].edit
        self._asked = self._asked[:-1]
        if not self._asked:
            self.drop()
        box = {side: getattr(newest, side) for side in ("yaw", "pitch", "width", "height")}
        return "", replace(edit, **box)

    def _begin_painting(self, edit: Edit, prompt: str) -> tuple[_Begun, int]:
        """Begin to repaint a place from a changed plan."""
        inventor, imagination = self._inventor, self._imagination
        here, added = self._target(edit)
        before, plan = self._things(inventor.plan, self.placed), inventor.plan
        stays, planned = _left(self.placed, things_of(plan), here, self._count)
        placed = (*stays, *added)
        if plan is not None:
            plan = replace(plan, things=planned)
        by_prompt = edit.act not in SPOT_ACTS or SPOT_ACTS[edit.act].by_prompt
        text = self._features(prompt if by_prompt else "")
        things = self._things(plan, placed)
        gone = [one for one in before if one not in things] if edit.act == "place" else []
        more = 2 * imagination.lattice.cell  # the spot with one cell more on every side
        yaw, pitch, width, height = _around(here, gone)
        place = imagination.lattice.box(yaw, pitch, width + more, height + more)
        cells = inventor.around.mask(place)
        if edit.act == "place":  # its shape is painted, and that of the thing it replaces
            shape = imagination.owners(things) == things.index(thing_of(edit))
            if gone:
                numbers = [before.index(one) for one in gone]
                shape = shape | np.isin(imagination.owners(before), numbers)
            there = cells & shape_cells(shape, cells.shape)
            cells = there if there.any() else cells
        pose = imagination.lattice.around(place)
        if not inventor.around.known[cells].all():  # a view is painted, too
            inventor.renew_noise(pose)
        subject = Subject(text, inventor.noise + (self._count + 1) * 2**44, things)
        uncovered = self.changes.before_placing(here, self.placed, inventor.plan, cells)

        def change(around: Surroundings) -> Surroundings:
            if uncovered is not None:
                return around.replaced(cells, uncovered)
            return imagination.repainted(around, place, cells, subject)

        everything = partial(self._things, placed=placed)
        made, blocks = inventor.begin_change(change, cells, plan, everything, pose, prompt)
        done = replace(here, x=0.0, z=0.0)
        return _Begun(done, place, cells, pose, placed, self.lit, made), blocks

    def _things(self, plan: Plan | None, placed: Sequence[Edit]) -> tuple[PlacedObject, ...]:
        """Return the planned and placed things, from far to near."""
        config = self._imagination.config
        return with_edits(plan, placed, stances_of(config), config.all_behind)

    def _begin_renewing(self, edit: Edit, prompt: str) -> tuple[_Begun, int]:
        """Begin to plan or light ground anew by the prompt; of all ground one view is painted.

        In another light the player's things are lit, too, and belong to the plan from then on.
        """
        inventor, lattice = self._inventor, self._imagination.lattice
        if edit.width > LARGEST[0] or edit.height > LARGEST[1]:
            place, pose = lattice.whole, lattice.nearest(CameraPose(edit.yaw, edit.pitch))
        else:
            place = lattice.box(edit.yaw, edit.pitch, edit.width, edit.height)
            pose = lattice.around(place)
        cells = inventor.around.mask(place)
        before, placed, lit = None, self._outside(cells), self.lit
        if edit.act == "relight" and (plan := first_plan(inventor)) is not None:
            before = replace(plan, things=self._things(plan, self.placed))
            placed, lit = (), all_placed(self, plan)
        made, blocks = inventor.begin_renewed(cells, pose, prompt, before)
        return _Begun(edit, place, cells, pose, placed, lit, made), blocks

    def _forget_unseen(self, edit: Edit, memory: BlockMemory) -> Edit:
        """Forget painted ground that was never shown, so that it follows the new words."""
        inventor, place = self._inventor, self._imagination.lattice.whole
        before, plan, placed, losses = inventor.around, inventor.plan, self.placed, inventor.losses
        there = before.known & ~self._seen
        self.placed = self._outside(there)
        inventor.forget(there)
        kept = self._frames.rewrite(there, memory, renewed=True)
        self.changes.keep(Change(place, placed, there, before, plan, *kept, (), losses))
        return edit

    def ground(self, pose: CameraPose | None) -> bytes:
        """Return the painted ground of a view, to be compared; a pose of None has none."""
        if pose is None:
            return b""
        there = self._inventor.around.at(self._imagination.lattice.around_all([pose]))
        return there.known.tobytes() + there.latents.tobytes()

    def snapshot(self) -> WorldState:
        """Return the editor's state."""
        weights = self._inventor.weights
        data = {
            "weights": weights,
            "count": self._count,
            "placed": [asdict(edit) for edit in self.placed],
            "asked": [asdict(one) for one in self._asked],
            "lit": [asdict(edit) for edit in self.lit],
        }
        own = packed({"seen": torch.from_numpy(self._seen.astype(np.uint8))}, data)
        return joined(self.changes.snapshot(), own.data, own.arrays)

    def read_snapshot(self, state: WorldState, cache: KVCache) -> Callable[[], None]:
        """Check a snapshot; return the function that restores it.

        Changes made with other weights cannot be taken back. The inventor must be restored first.
        """
        parked: _ParkedEditor = decode(_ParkedEditor, plain(state), "edits")
        nothing, kinds = self._imagination.nothing(), self._imagination.config.looks
        seen = np.ones_like(nothing.known)  # in older states
        if "seen" in state.arrays:
            seen = cells_of(unpacked(state)["seen"], nothing)
        if parked.weights != self._inventor.weights:
            placed = tuple(edit for edit in parked.placed if edit.kind in kinds)
            parked = replace(parked, placed=placed, asked=())
            return partial(self._restore, parked, seen, ChangeHistory())
        check_objects(tuple(map(thing_of, (*parked.placed, *parked.wanted))), kinds)
        changes = ChangeHistory.read(state, nothing, kinds, cache)
        return partial(self._restore, parked, seen, changes)

    def _restore(self, parked: _ParkedEditor, seen: np.ndarray, changes: ChangeHistory) -> None:
        """Restore parked data, the cells ever seen, bool [rows, columns], and the changes."""
        self._count, self.placed, self.lit = parked.count, parked.placed, parked.lit
        self._seen, self.changes = seen, changes
        self._asked, self._begun = parked.asked, None
        if self._asked:
            self._begin(SlotTable(1))

    def _target(self, edit: Edit) -> tuple[Edit, tuple[Edit, ...]]:
        """Return the painted spot and the things placed there; a thing is painted whole.

        That is the thing which the picture shows there, else the smallest one around the spot.
        """
        if edit.act == "place":
            return edit, (replace(edit, x=0.0, z=0.0),)
        plan = self._inventor.plan
        named = {thing_of(one): one for one in self.placed}
        named |= {one: own for one in things_of(plan) for own in as_edits([one])}
        there = [thing for thing, own in named.items() if own.covers(edit)]
        if not there:
            return edit, ()
        shown = None
        if there[1:]:  # else a sketch of the ring tells nothing new
            things = self._things(plan, self.placed)
            owner = _at(self._imagination.owners(things), edit.yaw, edit.pitch)
            shown = things[owner] if owner >= 0 else None
        placed = [one for one in there if named[one] in self.placed]
        smallest = min(placed or there, key=lambda one: one.width * one.height)
        thing = named[shown if shown in there else smallest]
        box = replace(thing, act=edit.act, kind="", color=None)
        stays = _keeps_things(edit) and thing in self.placed
        return box, (thing,) if stays else ()

    def _outside(self, there: np.ndarray) -> tuple[Edit, ...]:
        """Return placed objects whose middle is known and outside some cells."""
        around, lattice = self._inventor.around, self._imagination.lattice
        middles = [lattice.box(one.yaw, one.pitch, lattice.cell, lattice.cell)
                   for one in self.placed]  # fmt: skip
        return tuple(
            one for one, middle in zip(self.placed, middles, strict=True)
            if not there[around.cells(middle)].all() and around.at(middle).known.any()
        )  # fmt: skip

    def _undo(self, edit: Edit, memory: BlockMemory) -> tuple[str, Edit | None]:
        change = self.changes.pop()
        if change is None:
            return NOTHING_TO_UNDO, None
        inventor, (table, cache) = self._inventor, memory.kept
        inventor.around = inventor.around.replaced(change.cells, change.before)
        self.placed = change.placed
        renewed = change.losses is not None
        if change.losses is not None:
            self._unplan(change, change.losses, table)
        elif change.plan and inventor.plan and change.plan.made_as(inventor.plan):
            inventor.plan = change.plan
        for slot, frame in list(table.frames.items()):
            if frame.frame_index in change.added:
                del table.frames[slot]
        back: list[int] = []
        slots: list[int] = []
        for number, (slot, frame) in enumerate(change.frames.items()):
            now = table.frames.get(slot)
            if slot < table.capacity and (now is None or now.frame_index == frame.frame_index):
                table.frames[slot] = frame if now is None else replace(frame, kind=now.kind)
                back.append(number)
                slots.append(slot)
        cache.load(slots, change.keys[:, back], change.values[:, back])
        there = change.cells if renewed else inventor.around.mask(change.place)
        self._frames.rewrite(there, memory, slots, renewed=renewed)
        yaw, pitch, width, height = self._imagination.lattice.extent(change.place)
        return "", Edit(edit.act, yaw, pitch, width, height)

    def _unplan(self, change: Change, losses: int, table: SlotTable) -> None:
        """Restore the plan before a renewal, except for ground painted elsewhere since."""
        inventor, lattice = self._inventor, self._imagination.lattice
        elsewhere = ~change.cells
        known = inventor.around.known & elsewhere
        if change.plan and inventor.plan:
            now = [one for one in inventor.plan.things if stands_in(one, known, lattice)]
            old = change.plan.things
            stay = (one for one in old if one in now or not stands_in(one, known, lattice))
            things = (*stay, *(one for one in now if one not in old))
            inventor.plan = replace(change.plan, things=things)
        if inventor.losses == losses + 1:
            inventor.losses = losses
        lasting = lasting_slots(table)
        table.frames = {
            slot: frame for slot, frame in table.frames.items()
            if slot in lasting or frame.elsewhere or (lattice.shown([frame.pose]) & elsewhere).any()
        }  # fmt: skip


def all_placed(editor: Editor, plan: Plan | None) -> tuple[Edit, ...]:
    """Return the things that the player placed, also those that the plan has in another light."""
    there = {(one.kind, one.yaw, one.pitch) for one in things_of(plan)}
    lit = [one for one in editor.lit if (one.kind, one.yaw % 360.0, one.pitch) in there]
    return (*editor.placed, *lit)


def shape_cells(shape: np.ndarray, cells: tuple[int, ...]) -> np.ndarray:
    """Return which cells of a ring of rows and columns show a shape, or the edge around it.

    Args:
        shape: pixels of the ring, bool [H, W].
        cells: rows and columns.
    """
    rows, columns = cells
    wide = widened_around(shape, _AROUND).reshape(rows, -1, columns, shape.shape[1] // columns)
    return np.asarray(wide.any(axis=(1, 3)))


def _is_replaced(thing: Edit, change: Edit) -> bool:
    """Tell whether a change is of a placed thing, or puts another one on its spot."""
    across = abs(yaw_difference(thing.yaw, change.yaw))
    down = abs(thing.pitch - change.pitch)
    if change.act == "place":
        is_there = across < _SPOT * change.width and down < change.height / 2
        return is_there and not _is_clear_of(thing_of(thing), change)
    return max(across, down) < _SAME and (thing.width, thing.height) == (
        change.width,
        change.height,
    )


def _is_clear_of(thing: PlacedObject, change: Edit) -> bool:
    """Tell whether a thing stands beside, before or behind one that a player puts there.

    From where the scene begins, one may still cover the other.
    """
    one, other = (
        (each.yaw, ground_distance(each.pitch - each.height / 2, _HORIZON), each.width)
        for each in (thing, change)
    )
    if inf in (one[1], other[1]):
        return one[1] != other[1]
    (x, z), (other_x, other_z) = ((away * sin(radians(yaw)), away * cos(radians(yaw)))
                                  for yaw, away, _ in (one, other))  # fmt: skip
    widths = (2 * away * tan(radians(min(width, 90.0)) / 2) for _, away, width in (one, other))
    return hypot(x - other_x, z - other_z) > _SPOT * sum(widths)


def _around(here: Edit, gone: Sequence[PlacedObject]) -> tuple[float, float, float, float]:
    """Return yaw, pitch, width and height of the box around a spot and things [degrees]."""
    if not gone:
        return here.yaw, here.pitch, here.width, here.height
    boxes = [*map(cut_to_view, gone), thing_of(here)]
    turns = [yaw_difference(one.yaw, here.yaw) for one in boxes]
    left = min(turn - one.width / 2 for turn, one in zip(turns, boxes, strict=True))
    right = max(turn + one.width / 2 for turn, one in zip(turns, boxes, strict=True))
    low, high = min(one.foot for one in boxes), max(one.top for one in boxes)
    return here.yaw + (left + right) / 2, (low + high) / 2, right - left, high - low


def _at(ring: np.ndarray, yaw: float, pitch: float) -> int:
    """Return the value of a ring, int32 [H, W], in a direction [degrees]."""
    height, width = ring.shape
    row, column = height / 2 - pitch / 360.0 * width, yaw % 360.0 / 360.0 * width
    return int(ring[min(max(int(row), 0), height - 1), min(int(column), width - 1)])


def _keeps_things(edit: Edit) -> bool:
    return edit.act in SPOT_ACTS and SPOT_ACTS[edit.act].keeps_things


def _left(
    placed: Sequence[Edit], planned: Sequence[PlacedObject], change: Edit, count: int
) -> tuple[Sequence[Edit], tuple[PlacedObject, ...]]:
    """Return the placed and planned things that stay, perhaps with another look, after a change.

    Where a thing only takes another colour, all others stay.

    Args:
        placed: so far.
        planned: likewise.
        change: of the place.
        count: of changes so far.
    """
    old = [one for one in placed if _is_recolored(one, change)]
    own = [one for one in planned if any(_is_recolored(it, change) for it in as_edits([one]))]
    if old or own:
        stay = tuple(one for one in planned if one not in own[:1] or old)
        return [one for one in placed if one not in old[:1]], stay
    stays = [one for one in placed if not _is_replaced(one, change)]
    return stays, _planned(planned, change, count)


def _is_recolored(thing: Edit, change: Edit) -> bool:
    """Tell whether a change only gives that thing another colour."""
    return (
        change.act == "place"
        and replace(thing, color=change.color, x=change.x, z=change.z, shape=change.shape) == change
    )


def _planned(things: Sequence[PlacedObject], change: Edit, count: int) -> tuple[PlacedObject, ...]:
    """Return the plan after one of several changes: covered things are gone, or look different."""
    if _keeps_things(change):
        return tuple(_another(one, count) if _within(one, change) else one for one in things)
    return tuple(
        one for one in things
        if not _has_its_spot(one, change)
        and (not _within(one, change) or _stands_apart(one, change))
    )  # fmt: skip


def _has_its_spot(thing: PlacedObject, change: Edit) -> bool:
    """Tell whether what a player puts stands exactly where a planned thing does, which goes."""
    foot = change.pitch - change.height / 2
    is_below = abs(cut_to_view(thing).foot - foot) < SLACK
    is_there = is_below and abs(yaw_difference(thing.yaw, change.yaw)) < _EXACT
    return change.act == "place" and is_there and where_of(thing.kind) == where_of(change.kind)


def _stands_apart(thing: PlacedObject, change: Edit) -> bool:
    """Tell whether a planned thing stays although a thing that a player puts covers its box.

    From where the scene begins, it covers what stands on the ground behind it. What is put from
    elsewhere may cover others, too, told from there.
    """
    if change.kind == "curtains" and thing.kind in WINDOWS:
        return True
    is_there = change.act != "place" or not _is_clear_of(cut_to_view(thing), change)
    return not is_there and bool(change.x or change.z or where_of(thing.kind) == "floor")


def _another(thing: PlacedObject, count: int) -> PlacedObject:
    """Return a thing with another usual look of its kind; if there is none, in any colour."""
    usual = usual_looks().get(thing.kind)
    looks = [one for one in usual.looks if one.variant != thing.variant] if usual else []
    if not looks:
        return replace(thing, color=None, mean_color=None, variant=None)
    variant, color, mean_color = looks[count % len(looks)]
    return replace(thing, color=color, mean_color=mean_color, variant=variant)


def _within(thing: PlacedObject, change: Edit) -> bool:
    cut = cut_to_view(thing)
    return change.contains(cut.yaw, cut.pitch, cut.width, cut.height)
