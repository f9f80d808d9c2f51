"""How the pocket world obtains views that memory does not show.

A view is requested when it will be needed, and taken some blocks later. The number of blocks
depends on the amount of work alone, so a replay is exact on a machine of any speed. Views are made
before the camera reaches unknown ground: a slow pan would otherwise uncover the world in strips too
thin to start an object in. `painting` paints them on a thread of its own; without its weights, the
memory model invents them here.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor

from mag_sandbox.controls.camera import ASPECT, LOOK_AXES, MAX_PITCH, CameraCommand, CameraPose
from mag_sandbox.model.coverage import GRID_ACROSS, GRID_DOWN, covered_cells

JUMP = 0.75  # of a view: how far ahead the imagined view lies
MARGIN = 0.12  # of a view: the strip beyond the leading edge that must be known
UPWIND = CameraCommand(yaw=-1.0)  # where clouds come from: the wind blows to the right
KNOWN = 0.5  # share of that strip that memory must show if blocks can invent the rest
_COLUMNS = int(MARGIN * GRID_ACROSS)  # whole cells of the strip, none of them in the present view
_ROWS = int(MARGIN * GRID_DOWN)


def look_ahead_pose(
    pose: CameraPose, command: CameraCommand, known: Sequence[CameraPose]
) -> CameraPose | None:
    """Return where to imagine a view before the camera moves on, or None if enough is known.

    Enough is known if remembered frames show `KNOWN` of the strip beyond the leading edge.
    """
    heading = np.sign((command.yaw, command.pitch))
    if not heading.any() or not known:
        return None
    if _shown(_moved(pose, heading, MARGIN), heading, known) >= KNOWN:
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


class Outlook(NamedTuple):
    """The camera's view and where it is going."""

    pose: CameraPose
    command: CameraCommand
    ahead: CameraPose  # at the end of the first block for which a view requested now is ready
    upwind: CameraPose | None  # where the sky in view comes from; None: no sky is in view
    is_late: bool = False  # whether the last view came after it was due

    @property
    def at_origin(self) -> "Outlook":
        """The same where the scene begins."""
        looking = self.command.along(LOOK_AXES)
        pose, ahead = self.pose.at_origin, self.ahead.at_origin
        return self._replace(pose=pose, command=looking, ahead=ahead)


class KeptViews(Protocol):
    """Which views a memory keeps."""

    @property
    def looks_ahead(self) -> bool:
        """Whether a view remembered ahead is still kept when it is needed."""

    @property
    def lasting(self) -> Sequence[CameraPose]:
        """Poses of all that is kept and not provisional."""

    @property
    def has_room(self) -> bool:
        """Whether there is room for views that may never be looked at."""

    @property
    def evicted(self) -> int:
        """How many views were dropped for lack of room."""


class ViewMemory(Protocol):
    """A memory of views."""

    @property
    def policy(self) -> KeptViews:
        """Which views it keeps."""

    def recall_view(self, pose: CameraPose) -> Tensor:
        """Return the view that it holds at a pose, latents [1, C, h, w]."""

    def recall_block(self, poses: tuple[CameraPose, ...]) -> Tensor:
        """Return its latents at the poses of the next block, [F, C, h, w]."""

    def imagine_view(self, pose: CameraPose) -> Tensor:
        """Return a view invented from what it holds, latents [1, C, h, w]."""

    def remember_ahead(self, pose: CameraPose, view: Tensor, started: float | None = None) -> None:
        """Remember a view, latents [1, C, h, w], that is not shown; see `BlockMemory`."""


class Inventor(Protocol):
    """Invents views, one at a time.

    target = inventor.next_view(outlook, memory)
    blocks = inventor.begin_view(target, prompt, memory)
    ...  # so many blocks later
    latents = inventor.take_view(memory)
    """

    blocks_per_view: int  # blocks shown while a view is made, without a plan

    @property
    def has_view(self) -> bool:
        """Whether a view was begun and not taken."""

    def begin(self, seed: int) -> None:
        """Start a world of which nothing is known."""

    def next_view(self, outlook: Outlook, memory: ViewMemory) -> CameraPose | None:
        """Return where to begin a view now, even if it replaces another; None: nowhere."""

    def begin_view(self, pose: CameraPose, prompt: str, memory: ViewMemory) -> int:
        """Begin a view at a pose of `next_view`; return after how many blocks to take it."""

    def take_view(self, memory: ViewMemory) -> Tensor:
        """Return the view that was begun, latents [1, C, h, w]; wait for it if need be."""

    def drop_view(self) -> None:
        """Cancel the view that was begun, if there is one."""


class MemoryModelInventor:
    """Has the memory model invent each view at the moment when it is taken."""

    blocks_per_view = 0

    def __init__(self) -> None:
        self._begun: CameraPose | None = None

    @property
    def has_view(self) -> bool:
        """Whether a view was begun and not taken."""
        return self._begun is not None

    def begin(self, seed: int) -> None:  # noqa: ARG002 (nothing is drawn here)
        """Start a world."""
        self._begun = None

    def next_view(self, outlook: Outlook, memory: ViewMemory) -> CameraPose | None:
        """Return a pose ahead, or upwind, where memory does not show what comes into view."""
        known = memory.policy.lasting
        target = look_ahead_pose(outlook.pose, outlook.command, known)
        upwind = None if target else outlook.upwind
        return look_ahead_pose(upwind, UPWIND, known) if upwind else target

    def begin_view(self, pose: CameraPose, prompt: str, memory: ViewMemory) -> int:  # noqa: ARG002
        """Note the pose; there is nothing to wait for."""
        self._begun = pose
        return 0

    def take_view(self, memory: ViewMemory) -> Tensor:
        """Return the memory model's invention under the current prompt."""
        pose, self._begun = self._begun, None
        assert pose is not None
        return memory.imagine_view(pose)

    def drop_view(self) -> None:
        """Forget the pose."""
        self._begun = None
