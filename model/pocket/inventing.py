"""How the pocket world comes by views that memory does not show.

A view is begun when it is known that it will be needed, and taken some blocks later: how many
depends on nothing but the work it is, so that a replay is exact however fast a machine is. The
memory model makes a view when it is taken, before the camera reaches ground that memory lacks: else
a slow pan would uncover the world in strips too thin to start an object in. `painting` makes them
beside the world.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import ASPECT, MAX_PITCH, CameraCommand, CameraPose
from mag_sandbox.model.coverage import GRID_ACROSS, GRID_DOWN, covered_cells
from mag_sandbox.model.world import WorldState

JUMP = 0.75  # of a view: how far ahead the imagined view lies
MARGIN = 0.12  # of a view: the strip beyond the leading edge that must be known
UPWIND = CameraCommand(yaw=-1.0)  # where clouds come from: the wind blows to the right
KNOWN = 0.5  # share of that strip that memory must show if blocks can invent the rest
_COLUMNS = int(MARGIN * GRID_ACROSS)  # cells of the strip, whole ones only: a frame right here
_ROWS = int(MARGIN * GRID_DOWN)  # shows none of them


def look_ahead_pose(
    pose: CameraPose, command: CameraCommand, known: Sequence[CameraPose], share: float = KNOWN
) -> CameraPose | None:
    """Return where to imagine a block before moving on from `pose`, or None if all is known.

    All is known if remembered frames show such a share of the strip beyond the edge.
    """
    heading = np.sign((command.yaw, command.pitch))
    if not heading.any() or not known:
        return None
    if _shown(_moved(pose, heading, MARGIN), heading, known) >= share:
        return None
    target = _moved(pose, heading, JUMP)
    return None if target == pose else target


def _moved(pose: CameraPose, heading: np.ndarray, views: float) -> CameraPose:
    yaw = (pose.yaw + heading[0] * views * pose.fov) % 360.0
    pitch = pose.pitch + heading[1] * views * pose.fov * ASPECT
    return CameraPose(float(yaw), float(np.clip(pitch, -MAX_PITCH, MAX_PITCH)), pose.fov)


def _shown(view: CameraPose, heading: np.ndarray, known: Sequence[CameraPose]) -> float:
    """Return the share of the leading edges of `view` that known frames show."""
    cells = np.logical_or.reduce(covered_cells(view, known))  # [down, across]
    edges = []
    if heading[0]:
        edges.append(cells[:, -_COLUMNS:] if heading[0] > 0 else cells[:, :_COLUMNS])
    if heading[1] and abs(view.pitch) < MAX_PITCH:
        edges.append(cells[:_ROWS] if heading[1] > 0 else cells[-_ROWS:])
    return min((float(edge.mean()) for edge in edges), default=1.0)


class Memory(Protocol):
    """What an inventor may ask of the world that remembers."""

    @property
    def shown_poses(self) -> Sequence[CameraPose]:
        """Poses of the frames that memory keeps, but for those that only pass."""

    def pose_after(self, command: CameraCommand, blocks: int) -> CameraPose:
        """Return where the camera will look after so many blocks of a command."""

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

    @property
    def known(self) -> object:
        """What it knows beside memory: a value, another one after every change; None: nothing."""

    def views(self, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return pictures at rest at poses near to each other, [F, 3, H, W] in [-1, 1].

        None: it does not know all of what they show.
        """

    def nearest_view(
        self, pose: CameraPose, others: Iterable[CameraPose]
    ) -> tuple[CameraPose, Tensor] | None:
        """Return the first of some poses at which all is known that a view shows; and its picture.

        Args:
            pose: of the view.
            others: near to it, the best first.

        Returns:
            The pose and [1, 3, H, W]; None: there is none.
        """

    def skies(self, poses: Sequence[CameraPose]) -> Tensor | None:
        """Return such pictures without what stands before the sky; likewise."""

    def snapshot(self) -> WorldState:
        """Return all that it knows."""

    def reading(self, state: WorldState) -> Callable[[], None]:
        """Check a snapshot; return what makes this know what it says, and cannot fail.

        An empty one is that of a world of before.

        Raises:
            ValueError: it makes no sense.
        """

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

    @property
    def known(self) -> None:
        """Nothing."""

    def views(self, poses: Sequence[CameraPose]) -> None:
        """Return None: memory knows them."""

    def nearest_view(self, pose: CameraPose, others: Iterable[CameraPose]) -> None:
        """Return None: memory knows it."""

    def skies(self, poses: Sequence[CameraPose]) -> None:
        """Return None: memory knows them."""

    def snapshot(self) -> WorldState:
        """Return nothing."""
        return WorldState({}, {})

    def reading(self, state: WorldState) -> Callable[[], None]:  # noqa: ARG002
        """Return what does nothing."""
        return lambda: None

    def close(self) -> None:
        """Do nothing."""
