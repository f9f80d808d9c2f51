"""How the player changes a world that is painted: a place is painted anew, and memory follows.

The place is forgotten and painted again beside what is around it, told of the plan with the change
in it: what is placed stands before all else, and what is removed is not in it any more. Kept frames
that show any of it are remembered anew from the ring, at the nearest pose of the lattice, so that
nothing brings the old thing back; those that then show nothing more than others are let go. All
other cells and frames stay to the bit. Ground that is renewed is a loss on purpose: it is planned
anew, by the words in force, and of frames that show nothing else only those that policies rely on
stay. What was before is kept, so that a change can be taken back; once taken back, memory is what
it was to the bit, unless play went on.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.controls.edits import HIGHEST, LARGEST, Edit
from mag_sandbox.model.imagination.imagination import Imagination, Subject
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place, Surroundings
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.parking import joined, packed, part_of, unpacked
from mag_sandbox.model.pocket.inventing import Memory
from mag_sandbox.model.pocket.painting import PaintingInventor, Plan, plan_of, stands_in
from mag_sandbox.model.prompts import PromptFeatures
from mag_sandbox.model.slots import KeptFrame, SlotTable
from mag_sandbox.model.world import MIB, WorldState

MOST_CHANGES = 8  # that can be taken back
MOST_BYTES = 64 * MIB  # of what memory held before them, the newest apart
_SLACK = 1.0  # degrees
NOTHING_TO_UNDO = "there is no change to take back"


class EditedMemory(Memory, Protocol):
    """What an editor may ask of the world that remembers."""

    @property
    def kept(self) -> tuple[SlotTable, KVCache]:
        """Which frame lies in which slot, and their keys and values."""

    def rewrite(self, slot: int, pose: CameraPose, view: Tensor, beside: Sequence[int]) -> None:
        """Remember a view, latents [1, C, h, w], in a slot, reading others."""

    def look_ahead_at(self, pose: CameraPose) -> None:
        """Invent and remember a view that is not shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a change replaced."""

    place: Place
    placed: tuple[Edit, ...]  # that stood there before, in the whole world
    cells: np.ndarray  # bool [rows, columns]; of the ring, that it changed
    before: Surroundings  # what these cells were
    plan: Plan | None  # before, of the whole world
    frames: dict[int, KeptFrame]  # slot -> what lay there
    keys: Tensor  # of these frames, as `KVCache.export` returns them
    values: Tensor
    added: tuple[int, ...] = ()  # indices of frames that were remembered for it
    losses: int | None = None  # of the inventor, before ground was renewed; None: nothing was

    @property
    def bytes(self) -> int:
        """What it keeps of memory."""
        return self.keys.nbytes + self.values.nbytes


class Editor:
    """Changes one world, and takes changes back.

    editor = Editor(imagination, features, inventor)
    problem = editor.obey(Edit("place", 40.0, -3.0, kind="tent"), prompt, world)
    """

    def __init__(
        self, imagination: Imagination, features: PromptFeatures, inventor: PaintingInventor
    ) -> None:
        self._imagination, self._features, self._inventor = imagination, features, inventor
        self.begin()

    def begin(self, *, anew: bool = True) -> None:
        """Begin a world in which nothing was changed, and if it is a new one, nothing was seen."""
        self._seen = np.full_like(self._imagination.nothing().known, not anew)  # cells, ever
        self.placed: tuple[Edit, ...] = ()  # what the player placed
        self._changes: list[Change] = []
        self._count = 0  # of changes so far: each draws with other noise

    def see(self, poses: Sequence[CameraPose]) -> None:
        """Note what a block shows."""
        for pose in poses:
            self._seen |= self._imagination.lattice.touched(pose)

    def obey(self, edit: Edit, prompt: str, world: EditedMemory) -> tuple[str, Edit | None]:
        """Change the world; return what is wrong, or what was changed and where.

        Args:
            edit: what is asked for.
            prompt: in force.
            world: that remembers.
        """
        if edit.act == "undo":
            return self._undo(edit, prompt, world)
        if edit.act == "place" and edit.kind not in self._imagination.config.kinds:
            return f'this world cannot draw a "{edit.kind}"; name another thing', None
        if edit.act == "renew":
            return "", self._renew(edit, prompt, world)
        if edit.act == "forget":
            return "", self._forget_unseen(edit, prompt, world)
        inventor = self._inventor
        here, told = self._target(edit)
        place = self._place(here)
        inventor.follow(world, self._imagination.lattice.around(place))
        before, plan, placed = inventor.around, inventor.plan, self.placed
        self._count += 1
        self.placed = (*self._outside(before.mask(place)), *told)
        inventor.plan = plan and replace(plan, things=_planned(plan.things, here))
        # where something is removed, what is around says what is there, not the caption
        text, empty = self._features("" if edit.act == "remove" else prompt), self._features("")
        things = (*(inventor.plan.things if inventor.plan else ()), *map(_thing, self.placed))
        noise = inventor.noise + self._count * 2**44
        inventor.around = self._imagination.repainted(
            before, place, Subject(text, empty, noise, things)
        )
        frames, keys, values = self._remember_anew(before.mask(place), prompt, world)
        added = self._show(self._imagination.lattice.around(place), before.mask(place), world)
        cells = before.mask(place) | (inventor.around.known != before.known)
        self._keep(Change(place, placed, cells, before, plan, frames, keys, values, added))
        return "", here

    def _renew(self, edit: Edit, prompt: str, world: EditedMemory) -> Edit:
        """Paint ground anew, by the words in force; of all there is, what is looked at."""
        inventor, lattice, table = self._inventor, self._imagination.lattice, world.kept[0]
        if edit.width > LARGEST[0] or edit.height > LARGEST[1]:
            place, pose = lattice.whole, lattice.nearest(CameraPose(edit.yaw, edit.pitch))
        else:
            place = lattice.box(edit.yaw, edit.pitch, edit.width, edit.height)
            pose = lattice.around(place)
        for frame in table.frames.values():  # what the ring does not know yet would be lost
            inventor.follow(world, lattice.nearest(frame.pose))
        before, plan, placed, losses = inventor.around, inventor.plan, self.placed, inventor.losses
        there = before.mask(place)
        self.placed = self._outside(there)
        inventor.renew(there, pose, prompt, world)
        frames, keys, values = self._remember_anew(there, prompt, world, renewed=True)
        added = self._show(pose, there, world)
        cells = there | (inventor.around.known != before.known)
        self._keep(Change(place, placed, cells, before, plan, frames, keys, values, added, losses))
        return edit

    def _forget_unseen(self, edit: Edit, prompt: str, world: EditedMemory) -> Edit:
        """Forget what was painted and never shown: it is to follow other words."""
        inventor, place = self._inventor, self._imagination.lattice.whole
        before, plan, placed, losses = inventor.around, inventor.plan, self.placed, inventor.losses
        there = before.known & ~self._seen
        self.placed = self._outside(there)
        inventor.forget(there)
        kept = self._remember_anew(there, prompt, world, renewed=True)
        self._keep(Change(place, placed, there, before, plan, *kept, (), losses))
        return edit

    def _keep(self, change: Change) -> None:
        self._changes = [*self._changes, change][-MOST_CHANGES:]
        while len(self._changes) > 1 and sum(one.bytes for one in self._changes) > MOST_BYTES:
            del self._changes[0]

    @property
    def planned(self) -> tuple[Edit, ...] | None:
        """What was painted and is known to stand somewhere; None: not all that was seen was."""
        inventor = self._inventor
        if not (inventor.knows_all and inventor.plan):
            return None
        known, lattice = inventor.around.known, self._imagination.lattice
        return tuple(
            _edit(one) for one in inventor.plan.things
            if _can_be_meant(one) and stands_in(one, known, lattice)
        )  # fmt: skip

    def ground(self, pose: CameraPose | None) -> bytes:
        """Return what the inventor knows of what a view shows, to be compared; None: of nothing."""
        if pose is None:
            return b""
        there = self._inventor.around.at(self._imagination.lattice.around_all([pose]))
        return there.known.tobytes() + there.latents.tobytes()

    def snapshot(self) -> WorldState:
        """Return all that it knows."""
        weights = self._inventor.weights
        data = {
            "weights": weights,
            "count": self._count,
            "placed": [asdict(edit) for edit in self.placed],
        }
        own = packed({"seen": torch.from_numpy(self._seen.astype(np.uint8))}, data)
        changes = {str(n): _packed(one) for n, one in enumerate(self._changes)}
        return joined(changes, own.data, own.arrays)

    def restore(self, state: WorldState) -> None:
        """Know what it knew; what other weights changed cannot be taken back."""
        self._count, self.placed = state.data["count"], _edits(state.data["placed"])
        nothing = self._imagination.nothing()
        if "seen" in state.arrays:  # not in states of before
            self._seen = unpacked(state)["seen"].numpy().astype(bool)
        if state.data["weights"] != self._inventor.weights:
            return
        self._changes = [_unpacked(part_of(state, part), nothing) for part in state.data["parts"]]

    def _target(self, edit: Edit) -> tuple[Edit, tuple[Edit, ...]]:
        """Return where is painted, and what is placed there: where something stands, all of it."""
        if edit.act == "place":
            return edit, (edit,)
        plan = self._inventor.plan
        planned = (_edit(one) for one in (plan.things if plan else ()) if _can_be_meant(one))
        for things in (self.placed, tuple(planned)):
            there = [one for one in things if _covers(one, edit)]
            if there:
                thing = min(there, key=lambda one: one.width * one.height)
                box = replace(thing, act=edit.act, kind="", color=None)
                stays = edit.act == "repaint" and things is self.placed
                return box, (thing,) if stays else ()
        return edit, ()

    def _place(self, edit: Edit) -> Place:
        """Return the cells of a change: one more to every side than what it is about."""
        lattice = self._imagination.lattice
        more = 2 * lattice.cell
        return lattice.box(edit.yaw, edit.pitch, edit.width + more, edit.height + more)

    def _outside(self, there: np.ndarray) -> tuple[Edit, ...]:
        """Return what the player placed whose middle is not in some cells, and is still known."""
        around, lattice = self._inventor.around, self._imagination.lattice
        middles = [lattice.box(one.yaw, one.pitch, lattice.cell, lattice.cell)
                   for one in self.placed]  # fmt: skip
        return tuple(
            one for one, middle in zip(self.placed, middles, strict=True)
            if not there[around.cells(middle)].all() and around.at(middle).known.any()
        )  # fmt: skip

    def _remember_anew(
        self,
        there: np.ndarray,
        prompt: str,
        world: EditedMemory,
        skipped: Collection[int] = (),
        *,
        renewed: bool = False,
    ) -> tuple[dict[int, KeptFrame], Tensor, Tensor]:
        """Remember anew frames that show some of a place; return what lay in their slots.

        Args:
            there: cells of the place, bool [rows, columns].
            prompt: in force.
            world: that remembers.
            skipped: slots of frames that show it as it is.
            renewed: nothing that they show of it is to be recalled, or worth a frame.
        """
        lattice, (table, cache) = self._imagination.lattice, world.kept
        lasting = _lasting(table)
        old = {
            slot: frame
            for slot, frame in sorted(table.frames.items(), key=_by_worth(lasting))
            if slot not in skipped and (lattice.touched(frame.pose) & there).any()
        }
        keys, values = cache.export(list(old))
        if renewed:
            table.frames = {slot: one for slot, one in table.frames.items() if slot not in old}
        fresh = [slot for slot in table.slots() if slot not in old]
        lasting_poses = [
            table.frames[slot].pose for slot in fresh if not table.frames[slot].passing
        ]
        seen = lattice.shown(lasting_poses)
        for slot, frame in old.items():
            pose = lattice.nearest(frame.pose)
            shows = lattice.shown([pose])
            worth = shows & ~seen & ~there if renewed else shows & ~seen
            if slot not in lasting and (frame.passing or not worth.any()):
                table.frames.pop(slot, None)
                continue
            self._inventor.begin_view(pose, prompt, world)
            world.rewrite(slot, pose, self._inventor.take_view(world), fresh)
            table.frames[slot] = replace(
                frame, pose=pose, passing=False, copied=False, focused=False
            )
            fresh.append(slot)
            seen |= shows
        return old, keys, values

    def _show(self, pose: CameraPose, there: np.ndarray, world: EditedMemory) -> tuple[int, ...]:
        """Remember a view where no frame shows all cells of it; return the new frames' indices.

        Args:
            pose: of the view, on the lattice.
            there: the cells, bool [rows, columns].
            world: that remembers.
        """
        lattice, table = self._imagination.lattice, world.kept[0]
        before = {frame.frame_index for frame in table.frames.values()}
        there = there & self._inventor.around.mask(lattice.place(pose))
        if (there & ~lattice.shown(world.shown_poses)).any():
            world.look_ahead_at(pose)
        now = {frame.frame_index for frame in table.frames.values()}
        return tuple(sorted(now - before))

    def _undo(self, edit: Edit, prompt: str, world: EditedMemory) -> tuple[str, Edit | None]:
        if not self._changes:
            return NOTHING_TO_UNDO, None
        change = self._changes.pop()
        inventor, (table, cache) = self._inventor, world.kept
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
        self._remember_anew(there, prompt, world, slots, renewed=renewed)
        return "", self._box(edit, change.place)

    def _unplan(self, change: Change, losses: int, table: SlotTable) -> None:
        """Plan as before ground was renewed, but for what was painted elsewhere since."""
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
        lasting = _lasting(table)
        table.frames = {
            slot: frame for slot, frame in table.frames.items()
            if slot in lasting or (lattice.shown([frame.pose]) & elsewhere).any()
        }  # fmt: skip

    def _box(self, edit: Edit, place: Place) -> Edit:
        """Return an edit at a place."""
        lattice = self._imagination.lattice
        yaw = (place.left + place.columns / 2) * lattice.cell % 360.0
        middle = self._inventor.around.known.shape[0] / 2 - place.top - place.rows / 2
        width, height = place.columns * lattice.cell, place.rows * lattice.cell
        return Edit(edit.act, yaw, middle * lattice.cell, width, height)


def _covers(edit: Edit, point: Edit) -> bool:
    across = abs(yaw_difference(edit.yaw, point.yaw))
    return across <= edit.width / 2 and abs(edit.pitch - point.pitch) <= edit.height / 2


def _planned(things: Sequence[PlacedObject], change: Edit) -> tuple[PlacedObject, ...]:
    """Return what is planned after a change: without what it covers, or with other ones of it."""
    if change.act == "repaint":
        return tuple(
            replace(one, color=None, mean_color=None, variant=None) if _within(one, change) else one
            for one in things
        )
    return tuple(one for one in things if not _within(one, change))


def _within(thing: PlacedObject, change: Edit) -> bool:
    across = abs(yaw_difference(thing.yaw, change.yaw)) + thing.width / 2
    down = abs(thing.pitch - change.pitch) + thing.height / 2
    return across <= change.width / 2 + _SLACK and down <= change.height / 2 + _SLACK


def _can_be_meant(thing: PlacedObject) -> bool:
    """Tell whether a thing is one to point at, not ground or sky."""
    return thing.width <= LARGEST[0] and thing.height <= LARGEST[1] and abs(thing.pitch) <= HIGHEST


def _edit(thing: PlacedObject) -> Edit:
    return Edit("place", thing.yaw, thing.pitch, thing.width, thing.height, thing.kind, thing.color)


def _thing(edit: Edit) -> PlacedObject:
    color = None if edit.color is None else (edit.color[0], edit.color[1], edit.color[2])
    yaw = edit.yaw % 360.0
    return PlacedObject(edit.kind, yaw, edit.pitch, edit.width, edit.height, color)


def _lasting(table: SlotTable) -> set[int]:
    """Return the slots whose frames policies rely on: the first ones and the newest."""
    raw = [frame.frame_index for frame in table.frames.values() if frame.kind == "raw"]
    newest = max(raw, default=None)
    return {
        slot for slot, frame in table.frames.items()
        if frame.kind == "sink" or (frame.kind == "raw" and frame.frame_index == newest)
    }  # fmt: skip


def _by_worth(lasting: set[int]) -> Callable[[tuple[int, KeptFrame]], tuple[bool, int, int]]:
    return lambda item: (item[0] not in lasting, item[1].frame_index, item[0])


def _packed(change: Change) -> WorldState:
    cells = change.cells
    parts = {
        "cells": torch.from_numpy(cells.astype(np.uint8)),
        "known": torch.from_numpy(change.before.known[cells].astype(np.uint8)),
        "latents": torch.from_numpy(change.before.latents[:, cells]),
        "keys": change.keys,
        "values": change.values,
    }
    table = SlotTable(max(change.frames, default=0) + 1)
    table.frames = change.frames
    return packed(parts, {
        "place": astuple(change.place), "added": list(change.added), "table": table.as_dict(),
        "placed": [asdict(edit) for edit in change.placed],
        "plan": change.plan and asdict(change.plan), "losses": change.losses,
    })  # fmt: skip


def _unpacked(state: WorldState, nothing: Surroundings) -> Change:
    parts, data = unpacked(state), state.data
    cells = parts["cells"].numpy().astype(bool)
    known, latents = nothing.known.copy(), nothing.latents.copy()
    known[cells] = parts["known"].numpy().astype(bool)
    latents[:, cells] = parts["latents"].numpy()
    table = SlotTable(max((row[0] for row in data["table"]["frames"]), default=0) + 1)
    table.load_dict(data["table"])
    before = Surroundings(known, latents)
    return Change(
        Place(*data["place"]), _edits(data["placed"]), cells, before, plan_of(data["plan"]),
        table.frames,
        parts["keys"], parts["values"], tuple(data["added"]), data.get("losses"),
    )  # fmt: skip


def _edits(rows: Sequence[dict]) -> tuple[Edit, ...]:
    return tuple(
        Edit(**{**row, "color": None if row["color"] is None else tuple(row["color"])})
        for row in rows
    )
