"""Changes of a painted world that can be undone: the state that each replaced, also parked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from itertools import takewhile
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.validation import decode
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.geometry.scenery import with_placed
from mag_sandbox.model.imagination.objects import PlacedObject, check_objects, rgb
from mag_sandbox.model.imagination.rules.plans import shape_in_color
from mag_sandbox.model.imagination.surroundings import Place, Surroundings
from mag_sandbox.model.kv_cache import KVCache
from mag_sandbox.model.parking import packed, part_of, parts_of, plain, unpacked
from mag_sandbox.model.pocket.painting.painting import Plan, cells_of, things_of
from mag_sandbox.model.slots import KeptFrame, SlotTable
from mag_sandbox.model.world import MIB, WorldState
from mag_sandbox.scenes.looks import usual_looks
from mag_sandbox.scenes.scene import check_prompt
from mag_sandbox.scenes.stances import STANCES, Stance

MOST_CHANGES = 8  # that can be taken back
MOST_BYTES = 64 * MIB  # of what memory held before them, the newest apart
_OWN_COLOR = 0.75  # share of the colour of its largest part in a thing's mean colour


@dataclass(frozen=True, slots=True)
class Change:
    """The state that a change replaced."""

    place: Place
    placed: tuple[Edit, ...]  # that stood there before, in the whole world
    cells: np.ndarray  # bool [rows, columns]; of the ring, that it changed
    before: Surroundings  # the earlier contents of these cells
    plan: Plan | None  # before, of the whole world
    frames: dict[int, KeptFrame]  # slot -> the frame that lay there
    keys: Tensor  # of these frames, as `KVCache.export` returns them
    values: Tensor
    added: tuple[int, ...] = ()  # indices of frames that were remembered for it
    losses: int | None = None  # of the inventor, before ground was renewed; None: nothing was

    @property
    def bytes(self) -> int:
        """The bytes of memory that it keeps."""
        return self.keys.nbytes + self.values.nbytes


@dataclass(frozen=True, slots=True)
class _ParkedChange:
    """A parked change but for its tensors."""

    place: tuple[int, int, int, int]  # of a Place
    placed: tuple[Edit, ...]
    plan: Plan | None
    table: dict[str, Any]  # of slots
    added: tuple[int, ...]
    losses: int | None = None

    def __post_init__(self) -> None:
        check_placed(self.placed)
        if self.plan:
            check_prompt(self.plan.prompt)
        if (self.losses or 0) < 0 or min(self.place[2:]) < 1:
            raise ValueError(f"{self.losses} losses, {self.place} was changed")


class ChangeHistory:
    """The newest changes.

    history.keep(change)
    history.pop()  # the newest one
    """

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self._changes = list(changes)

    def keep(self, change: Change) -> None:
        """Add a change; the oldest go when they are too many or take too much."""
        self._changes = [*self._changes, change][-MOST_CHANGES:]
        while len(self._changes) > 1 and sum(one.bytes for one in self._changes) > MOST_BYTES:
            del self._changes[0]

    def pop(self) -> Change | None:
        """Return the newest change and forget it; None: there is none."""
        return self._changes.pop() if self._changes else None

    @property
    def undoable(self) -> int:
        """The number of newest changes that renewed no ground: undoing these leaves the prompt."""
        return len(list(takewhile(lambda one: one.losses is None, reversed(self._changes))))

    def before_placing(
        self, edit: Edit, placed: Sequence[Edit], plan: Plan | None, cells: np.ndarray
    ) -> Surroundings | None:
        """Return cells of the ring as they were before the thing was placed that an edit removes.

        Args:
            edit: the change, with the box of what it covers.
            placed: everything that is placed now.
            plan: the plan now.
            cells: of the thing, bool [rows, columns].

        Returns:
            None: the edit removes no placed thing, that change is no longer kept or made room for
            the thing, or something beside the thing was changed later.
        """
        if edit.act != "remove":
            return None
        after = [*((one.placed, one.plan) for one in self._changes[1:]), (placed, plan)]
        found: Change | None = None
        for change, (things, planned) in zip(self._changes, after, strict=False):
            new = (one for one in things if one not in change.placed and one in placed)
            if any(replace(one, act=edit.act, kind="", color=None) == edit for one in new):
                made_room = any(one not in things for one in change.placed)
                made_room |= any(one not in things_of(planned) for one in things_of(change.plan))
                found = None if made_room else change
            elif found and found.place != change.place and (found.cells & change.cells).any():
                return None
        return found.before if found and found.before.known[cells].all() else None

    def snapshot(self) -> dict[str, WorldState]:
        """Return all changes as they are parked, by their numbers."""
        return {str(number): _packed(one) for number, one in enumerate(self._changes)}

    @classmethod
    def read(
        cls, state: WorldState, nothing: Surroundings, kinds: Collection[str], cache: KVCache
    ) -> Self:
        """Return the changes parked in a state.

        Args:
            state: `snapshot` as the parts of it.
            nothing: surroundings of this ring.
            kinds: of things.
            cache: keys and values are like those in it.

        Raises:
            ValueError: they are invalid.
        """
        return cls(
            _unpacked(part_of(state, part), nothing, kinds, cache) for part in parts_of(state)
        )


def stances_of(config: ImaginationConfig) -> dict[str, Stance]:
    """Return the stances of all kinds of things."""
    return {**STANCES, **dict.fromkeys(config.courses, Stance("course"))}


def with_edits(
    plan: Plan | None,
    placed: Sequence[Edit],
    stances: Mapping[str, Stance],
    behind: Collection[str],
) -> tuple[PlacedObject, ...]:
    """Return what was planned and placed, from far to near; see `with_placed`."""
    return with_placed(things_of(plan), tuple(map(thing_of, placed)), stances, behind)


def thing_of(edit: Edit) -> PlacedObject:
    """Return a placed thing as an object of a plan: one of the usual looks of its kind.

    What only takes another colour keeps its shape if that shows the colour. Without colours and a
    shape, painting would show all that its kind can be at once: a blur.
    """
    yaw, usual = edit.yaw % 360.0, usual_looks().get(edit.kind)
    color = None if edit.color is None else (edit.color[0], edit.color[1], edit.color[2])
    box = yaw, edit.pitch, edit.width, edit.height
    if usual is None:
        return PlacedObject(edit.kind, *box, color)
    look = usual.looks[round(yaw * 10) % len(usual.looks)]
    if edit.shape is not None:
        own = (one for one in usual.looks if one.variant == edit.shape)
        look = next(own, look._replace(variant=edit.shape))
    if color is None:
        return PlacedObject(edit.kind, *box, look.color, look.mean_color, look.variant)
    mean = rgb(_OWN_COLOR * np.array(color) + (1 - _OWN_COLOR) * np.array(look.mean_color))
    shape = shape_in_color(edit.kind, look.variant)
    return PlacedObject(edit.kind, *box, color, mean, shape)


def _packed(change: Change) -> WorldState:
    cells = change.cells
    parts = {
        "cells": torch.from_numpy(cells.astype(np.uint8)),
        "known": torch.from_numpy(change.before.states[cells]),
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


def _unpacked(
    state: WorldState, nothing: Surroundings, kinds: Collection[str], cache: KVCache
) -> Change:
    parts = unpacked(state)
    parked: _ParkedChange = decode(_ParkedChange, plain(state), "change")
    place = Place(*parked.place)
    nothing.cells(place)  # refuses places outside the ring
    things = (*map(thing_of, parked.placed), *things_of(parked.plan))
    check_objects(things, kinds)
    cells = cells_of(parts["cells"], nothing)
    states, latents = nothing.states, nothing.latents.copy()
    if parts["latents"].shape != latents[:, cells].shape:
        raise ValueError(f"latents are {tuple(parts['latents'].shape)}")
    states[cells] = parts["known"].numpy()
    latents[:, cells] = parts["latents"].numpy()
    table = SlotTable(max((row[0] for row in parked.table["frames"]), default=0) + 1)
    table.load_dict(parked.table)
    cache.check(len(table.frames), parts["keys"], parts["values"])
    return Change(
        place, parked.placed, cells, Surroundings.of(states, latents), parked.plan, table.frames,
        parts["keys"], parts["values"], parked.added, parked.losses,
    )  # fmt: skip


def check_placed(edits: Iterable[Edit]) -> None:
    """Check that edits are things that were placed; else ValueError."""
    if any(edit.act != "place" for edit in edits):
        raise ValueError("a thing stands there that was not placed")
