"""How the pocket world comes by views that memory does not show.

A view is begun when it is known that it will be needed, and taken some blocks later: how many
depends on nothing but the work it is, so that a replay is exact however fast a machine is. The
memory model makes a view when it is taken; `sketching` makes them beside the world.
"""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.pocket.look_ahead import UPWIND, look_ahead_pose
from mag_sandbox.model.world import WorldState


class Memory(Protocol):
    """What an inventor may ask of the world that remembers."""

    @property
    def shown_poses(self) -> Sequence[CameraPose]:
        """Poses of the frames that memory keeps, but for those that only pass."""

    @property
    def upwind_pose(self) -> CameraPose | None:
        """Where the wind carries the sky in view from; None: no sky is."""

    @property
    def evictions(self) -> int:
        """Frames that memory has lost so far."""

    @property
    def has_room(self) -> bool:
        """Whether there is room for views that nobody may ever look at."""

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return what memory shows at a pose, latents [1, C, h, w]."""

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return what the memory model makes of a pose, latents [1, C, h, w]."""


class Inventor(Protocol):
    """Invents views, one at a time.

    target = inventor.next_view(pose, command, memory)
    blocks = inventor.begin_view(target, prompt, memory)
    ...  # so many blocks later
    latents = inventor.take_view(memory)
    """

    prompts_renew: bool  # whether a new prompt is also for what was seen already
    recalls_all: bool  # whether all that is shown for good was invented before, and is recalled

    @property
    def has_view(self) -> bool:
        """Whether a view was begun and not taken."""

    def begin(self, seed: int) -> None:
        """Begin a world of which nothing is known."""

    def next_view(
        self, pose: CameraPose, command: CameraCommand, memory: Memory
    ) -> CameraPose | None:
        """Return where a view is to be begun now, even if another one is dropped; None: nowhere.

        Args:
            pose: where the camera is.
            command: where it is going.
            memory: of the world.
        """

    def begin_view(self, pose: CameraPose, prompt: str, memory: Memory) -> int:
        """Begin a view at a pose of `next_view`; return after how many blocks it is taken."""

    def take_view(self, memory: Memory) -> Tensor:
        """Return the view that was begun, latents [1, C, h, w]; wait for it if need be."""

    def drop_view(self) -> None:
        """Forget the view that was begun, if there is one."""

    def see(self, pose: CameraPose, latents: Tensor) -> None:
        """Take note of a view that was given, latents [1, C, h, w]."""

    def snapshot(self) -> WorldState:
        """Return all that it knows."""

    def restore(self, state: WorldState) -> None:
        """Know what it knew at a snapshot; an empty one is that of a world of before."""

    def close(self) -> None:
        """Free what it holds; may be called twice."""


class MemoryModelInventor:
    """The memory model makes a view when it is taken; it knows nothing beside memory."""

    prompts_renew, recalls_all = True, False

    def __init__(self) -> None:
        self._begun: CameraPose | None = None

    @property
    def has_view(self) -> bool:
        """Whether a view was begun and not taken."""
        return self._begun is not None

    def begin(self, seed: int) -> None:  # noqa: ARG002
        """Begin a world."""
        self._begun = None

    def next_view(
        self, pose: CameraPose, command: CameraCommand, memory: Memory
    ) -> CameraPose | None:
        """Return a pose ahead where memory does not show what comes into view."""
        known = memory.shown_poses
        target = look_ahead_pose(pose, command, known)
        upwind = None if target else memory.upwind_pose
        return look_ahead_pose(upwind, UPWIND, known) if upwind else target

    def begin_view(self, pose: CameraPose, prompt: str, memory: Memory) -> int:  # noqa: ARG002
        """Note the pose: there is nothing to wait for."""
        self._begun = pose
        return 0

    def take_view(self, memory: Memory) -> Tensor:
        """Return what the memory model makes, under the prompt in force."""
        pose, self._begun = self._begun, None
        assert pose is not None
        return memory.imagine_view(pose)

    def drop_view(self) -> None:
        """Forget the pose."""
        self._begun = None

    def see(self, pose: CameraPose, latents: Tensor) -> None:
        """Do nothing: memory knows it."""

    def snapshot(self) -> WorldState:
        """Return nothing."""
        return WorldState({}, {})

    def restore(self, state: WorldState) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
