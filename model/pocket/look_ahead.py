"""When and where to imagine a view ahead: before the camera reaches ground that memory lacks.

Without it a slow pan uncovers the world in strips too thin to start an object in, and the world
goes blank. Pure bookkeeping: poses in, a pose out.
"""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.controls.camera import ASPECT, MAX_PITCH, CameraCommand, CameraPose
from mag_sandbox.model.coverage import GRID_ACROSS, GRID_DOWN, covered_cells

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
