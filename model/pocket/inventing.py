"""How the pocket world invents views that memory does not show: two small strategies.

With the networks of `model.imagination`, a view is sketched and painted beside what memory shows
around it. Without them, the memory model makes it in a few steps from noise.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.coverage import all_shown, covered_cells
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.parking import packed, unpacked
from mag_sandbox.model.pocket.look_ahead import KNOWN
from mag_sandbox.model.prompts import PromptFeatures
from mag_sandbox.model.world import WorldState

_NEAR = (-1, 0, 1)  # steps of the lattice around a view, in which one that completes it is sought


class Memory(Protocol):
    """What a strategy may ask of the world that remembers."""

    @property
    def shown_poses(self) -> Sequence[CameraPose]:
        """Poses of the frames that memory keeps."""

    @property
    def evictions(self) -> int:
        """Frames that memory has lost so far."""

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return what memory shows at a pose, latents [1, C, h, w]."""

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return what the memory model makes of a pose, latents [1, C, h, w]."""


class Inventor(Protocol):
    """Invents views."""

    prompts_renew: bool  # whether a new prompt is also for what was seen already
    known_ahead: float  # share of the strip beyond the edge of a view that memory must show
    recalls_all: bool  # whether shown blocks read all frames that are needed to show them

    def begin(self, seed: int) -> None:
        """Begin a world of which nothing is known."""

    def ahead(self, pose: CameraPose, shown: Sequence[CameraPose]) -> CameraPose | None:
        """Return where a view near a pose can be invented; None: frames show all of it."""

    def completing(self, pose: CameraPose, memory: Memory) -> CameraPose | None:
        """Return where to invent next so that memory shows more of a view; None: nowhere."""

    def invent(self, pose: CameraPose, prompt: str, memory: Memory) -> Tensor:
        """Return a view, latents [1, C, h, w], at a pose of `ahead` or `completing`."""

    def see(self, pose: CameraPose, latents: Tensor) -> None:
        """Take note of a view that was given, latents [1, C, h, w]."""

    def snapshot(self) -> WorldState:
        """Return all that it knows."""

    def restore(self, state: WorldState) -> None:
        """Know what it knew at a snapshot; an empty one is that of a world of before."""


class MemoryModelInventor:
    """The memory model makes whatever it is asked for; it knows nothing beside memory."""

    prompts_renew, known_ahead, recalls_all = True, KNOWN, False

    def begin(self, seed: int) -> None:
        """Begin a world."""

    def ahead(self, pose: CameraPose, shown: Sequence[CameraPose]) -> CameraPose:  # noqa: ARG002
        """Return the pose itself."""
        return pose

    def completing(self, pose: CameraPose, memory: Memory) -> CameraPose | None:
        """Return None: shown blocks are completed while they are made."""

    def invent(self, pose: CameraPose, prompt: str, memory: Memory) -> Tensor:  # noqa: ARG002
        """Return what the memory model makes, under the prompt in force."""
        return memory.imagine_view(pose)

    def see(self, pose: CameraPose, latents: Tensor) -> None:
        """Do nothing: memory knows it."""

    def snapshot(self) -> WorldState:
        """Return nothing."""
        return WorldState({}, {})

    def restore(self, state: WorldState) -> None:
        """Do nothing."""


class SketchInventor:
    """Sketches and paints on a ring of cells, of which it knows what memory shows.

    What memory has lost it forgets, and what comes there later is drawn with other noise: else
    the seed alone would be a memory. As long as nothing is lost, noise is a function of seed and
    place.
    """

    prompts_renew, known_ahead, recalls_all = False, 1.0, True

    def __init__(self, imagination: Imagination, features: PromptFeatures) -> None:
        self._imagination, self._features = imagination, features
        self.around = imagination.nothing()  # what is known
        self._seed = 0
        self._losses = 0  # how often something was forgotten
        self._evictions = 0  # of memory, when its losses were last looked at

    def begin(self, seed: int) -> None:
        """Begin a world of which nothing is known."""
        self.around, self._seed = self._imagination.nothing(), seed
        self._losses = self._evictions = 0

    def ahead(self, pose: CameraPose, shown: Sequence[CameraPose]) -> CameraPose | None:
        """Return the nearest pose of the lattice; None: frames show all of it."""
        view = self._imagination.lattice.nearest(pose)
        return None if all_shown(covered_cells(view, shown)) else view

    def completing(self, pose: CameraPose, memory: Memory) -> CameraPose | None:
        """Return the pose of the lattice that shows most of what memory does not."""
        missing = ~covered_cells(pose, memory.shown_poses).any(axis=0)
        if not missing.any():
            return None
        lattice = self._imagination.lattice
        views = list(dict.fromkeys(
            lattice.nearest(CameraPose(pose.yaw + x * lattice.cell, pose.pitch + y * lattice.cell))
            for x in _NEAR for y in _NEAR
        ))  # fmt: skip
        gain = (covered_cells(pose, views) & missing).sum(axis=(1, 2))
        return views[int(gain.argmax())] if gain.any() else None

    @property
    def noise(self) -> int:
        """Seed of what is drawn now."""
        return self._seed + self._losses * 2**32

    def invent(self, pose: CameraPose, prompt: str, memory: Memory) -> Tensor:
        """Return a view of the lattice, sketched and painted where memory does not show it."""
        self.follow(memory, pose)
        told, empty = self._features(prompt), self._features("")
        self.around = self._imagination.imagine(self.around, pose, told, empty, self.noise)
        return self._imagination.view(self.around, pose)

    def see(self, pose: CameraPose, latents: Tensor) -> None:
        """Know a view of the lattice that was given."""
        self.around = self._imagination.seen(self.around, pose, latents)

    def snapshot(self) -> WorldState:
        """Return all that it knows."""
        around = self.around
        tensors = {
            "known": torch.from_numpy(around.known.astype(np.uint8)),
            "codes": torch.from_numpy(around.codes.astype(np.int16)),
            "latents": torch.from_numpy(around.latents),
        }
        counts = {"seed": self._seed, "losses": self._losses, "evictions": self._evictions}
        return packed(tensors, counts)

    def restore(self, state: WorldState) -> None:
        """Know what it knew; a world of before is learned from its memory, view by view."""
        if not state.arrays:
            return
        parts = unpacked(state)
        self.around = Surroundings(
            parts["known"].numpy().astype(bool),
            parts["codes"].numpy().astype(np.int64),
            parts["latents"].numpy(),
        )
        self._seed, self._losses = state.data["seed"], state.data["losses"]
        self._evictions = state.data["evictions"]

    def follow(self, memory: Memory, pose: CameraPose) -> None:
        """Forget what memory has lost, and learn what it shows of a view."""
        shown = self._imagination.lattice.shown(memory.shown_poses)
        if memory.evictions != self._evictions:
            self._evictions = memory.evictions
            lost = self.around.known & ~shown
            if lost.any():
                self.around = self.around.without(lost)
                self._losses += 1
        place = self._imagination.lattice.place(pose)
        unlearned = shown & ~self.around.known
        if unlearned[self.around.cells(place)].any():
            latents = memory.recall_view(pose)
            self.around = self._imagination.seen(self.around, pose, latents, only=unlearned)
