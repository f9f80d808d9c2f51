"""Walking in the pocket world: where the player can go, and what is seen from there.

Memory and painter know the ring around the place where a scene begins. From other places it is seen
in layers (`model/imagination/layers.py`), so a picture is a function of what is painted, the plan
and the pose: a player who returns to a pose sees the same picture, to the bit, unless the ring has
changed.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import HIGHEST, LARGEST, SPOT_ACTS, Edit
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.layers import LayeredRing
from mag_sandbox.model.imagination.scenery import FAR, Scenery
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.changes import thing_of
from mag_sandbox.model.pocket.painting import PaintingInventor, Plan
from mag_sandbox.model.world import Frames
from mag_sandbox.scenes.stances import STANCES, Stance

WALK = 2.8  # metres a second at full speed: a run
Result = TypeVar("Result")
TOO_NEAR = "that is too near to where the scene begins: point somewhere else, or go back there"


class RunBeside(Protocol):
    """Calls functions on a thread, one after the other."""

    def __call__(self, task: Callable[[], Result]) -> "Future[Result]":
        """Return the result of a function that is called after those before it."""


class WalkableGround:
    """The painted ring as a place to walk about in.

    ground = WalkableGround(painting, codec.encode, decoder.beside)
    poses = move(pose, command, speed, fps, frames, way=ground.way)
    begun = ground.begin(poses)
    ...  # a block is made
    latents = begun.result() if begun else block.latents[0]
    """

    def __init__(
        self,
        painting: PaintingInventor,
        encode: Callable[[Frames], Tensor],
        beside: RunBeside,
        placed: Callable[[], Sequence[Edit]] = tuple,
    ) -> None:
        """Walk on a painting's ground.

        Args:
            painting: knows the ring and the shapes of things.
            encode: returns the latents of frames, uint8 [T, H, W, 3] -> [T, C, h, w].
            beside: calls functions beside blocks.
            placed: returns what the player placed.
        """
        self._placed = placed
        self._painting, self._encode, self._beside = painting, encode, beside
        self._imagination = painting.imagination
        courses = self._imagination.config.courses
        self._stances = {**STANCES, **dict.fromkeys(courses, Stance("course"))}
        self._scenery: tuple[Plan, tuple[Edit, ...], Scenery] | None = None  # asked for last
        self._layers: tuple[Scenery, Surroundings, LayeredRing] | None = None  # likewise

    def way(self, start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
        """Return where a step ends [m]; without a plan, where it starts."""
        scenery = self.scenery
        return start if scenery is None else scenery.way(start, end)

    def at_start(self, edit: Edit) -> Edit | None:
        """Return an edit as it is told from where the scene begins; None: it is too near to that.

        What is renewed is the same from everywhere.
        """
        scenery, x, z = self.scenery, edit.x, edit.z
        edit = replace(edit, x=0.0, z=0.0)
        if (x, z) == (0.0, 0.0) or scenery is None or edit.act not in ("place", *SPOT_ACTS):
            return edit
        told = thing_of(edit)
        if edit.act == "place":
            moved = scenery.at_start(told, self._stances.get(edit.kind, FAR), x, z)
        else:
            moved = scenery.spot_at_start(told, x, z)
        if moved is None or moved.width > LARGEST[0] or moved.height > LARGEST[1]:
            return None
        pitch = min(HIGHEST, max(-HIGHEST, moved.pitch))
        return replace(edit, yaw=moved.yaw, pitch=pitch, width=moved.width, height=moved.height)

    @property
    def scenery(self) -> Scenery | None:
        """What was planned and placed, in metres; None: there is no plan yet."""
        plan, placed, kept = self._painting.plan, tuple(self._placed()), self._scenery
        if plan is None:
            return None
        if kept is None or kept[0] is not plan or kept[1] != placed:
            things = (*plan.things, *map(thing_of, placed))
            scenery = Scenery.of(things, self._stances, self._imagination.config.all_behind)
            self._scenery = kept = plan, placed, scenery
        return kept[2]

    def begin(self, poses: Sequence[CameraPose]) -> "Future[Tensor] | None":
        """Begin to look from poses at what is painted now, latents [F, C, h, w].

        None: all of them are where the scene begins, or there is no plan yet.
        """
        scenery, around = self.scenery, self._painting.around
        if scenery is None or not any(pose.is_away for pose in poses):
            return None
        return self._beside(partial(self._latents, poses, scenery, around))

    def prepare(self, pose: CameraPose) -> None:
        """Begin to cut the ring into layers if the player is away: the next block needs them."""
        scenery, around = self.scenery, self._painting.around
        if scenery is not None and pose.is_away:
            self._beside(partial(self._layers_of, scenery, around))

    def _latents(
        self, poses: Sequence[CameraPose], scenery: Scenery, around: Surroundings
    ) -> Tensor:
        layers, size = self._layers_of(scenery, around), self._imagination.view_size
        views = torch.stack([layers.view(pose, size) for pose in poses])
        return self._encode(to_frames(views)).float()

    def _layers_of(self, scenery: Scenery, around: Surroundings) -> LayeredRing:
        """Return a ring in layers; the last one is kept."""
        if self._layers and self._layers[0] is scenery and self._layers[1] is around:
            return self._layers[2]
        owners = self._imagination.owners(scenery.plan(0.0, 0.0))
        cell = len(owners) // len(around.known)
        known = around.known.repeat(cell, axis=0).repeat(cell, axis=1)
        picture = self._painting.pictures.ring(around).numpy()
        layers = LayeredRing(picture, known, owners, scenery)
        self._layers = scenery, around, layers
        return layers
