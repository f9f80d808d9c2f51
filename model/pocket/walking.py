"""Walking in the pocket world: where the player can go, and what is seen from there.

Memory and painter know the ring around the place where a scene begins. From other places it is seen
in layers (`model/imagination/layers.py`), so a picture is a function of what is painted, the plan
and the pose: a player who returns to a pose sees the same picture, to the bit, unless the ring has
changed.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.layers import LayeredRing
from mag_sandbox.model.imagination.scenery import Scenery
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.painting import PaintingInventor, Plan
from mag_sandbox.model.world import Frames
from mag_sandbox.scenes.stances import STANCES, Stance

WALK = 2.8  # metres a second at full speed: a run
Result = TypeVar("Result")


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
    ) -> None:
        """Walk on a painting's ground.

        Args:
            painting: knows the ring and the shapes of things.
            encode: returns the latents of frames, uint8 [T, H, W, 3] -> [T, C, h, w].
            beside: calls functions beside blocks.
        """
        self._painting, self._encode, self._beside = painting, encode, beside
        self._imagination = painting.imagination
        self._scenery: tuple[Plan, Scenery] | None = None  # of the plan that was last asked for
        self._layers: tuple[Plan, Surroundings, LayeredRing] | None = None  # likewise

    def way(self, start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
        """Return where a step ends [m]; without a plan, where it starts."""
        plan = self._painting.plan
        return start if plan is None else self._scenery_of(plan).way(start, end)

    def begin(self, poses: Sequence[CameraPose]) -> "Future[Tensor] | None":
        """Begin to look from poses at what is painted now, latents [F, C, h, w].

        None: all of them are where the scene begins, or there is no plan yet.
        """
        plan, around = self._painting.plan, self._painting.around
        if plan is None or not any(pose.is_away for pose in poses):
            return None
        return self._beside(partial(self._latents, poses, plan, around))

    def prepare(self, pose: CameraPose) -> None:
        """Begin to cut the ring into layers if the player is away: the next block needs them."""
        plan, around = self._painting.plan, self._painting.around
        if plan is not None and pose.is_away:
            self._beside(partial(self._layers_of, plan, around))

    def _latents(self, poses: Sequence[CameraPose], plan: Plan, around: Surroundings) -> Tensor:
        layers, size = self._layers_of(plan, around), self._imagination.view_size
        views = torch.stack([layers.view(pose, size) for pose in poses])
        return self._encode(to_frames(views)).float()

    def _layers_of(self, plan: Plan, around: Surroundings) -> LayeredRing:
        """Return a ring in layers; the last one is kept."""
        if self._layers and self._layers[0] is plan and self._layers[1] is around:
            return self._layers[2]
        scenery = self._scenery_of(plan)
        owners = self._imagination.owners(scenery.plan(0.0, 0.0))
        cell = len(owners) // len(around.known)
        known = around.known.repeat(cell, axis=0).repeat(cell, axis=1)
        picture = self._painting.pictures.ring(around).numpy()
        layers = LayeredRing(picture, known, owners, scenery)
        self._layers = plan, around, layers
        return layers

    def _scenery_of(self, plan: Plan) -> Scenery:
        kept = self._scenery
        if kept is None or kept[0] is not plan:
            config = self._imagination.config
            stances = {**STANCES, **dict.fromkeys(config.courses, Stance("course"))}
            self._scenery = kept = plan, Scenery.of(plan.things, stances, config.all_behind)
        return kept[1]
