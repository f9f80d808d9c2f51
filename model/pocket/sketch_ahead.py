"""Where to sketch next: what is in view, what comes into it soon and, at rest, what lies around.

Pure bookkeeping, quick enough to be asked at every block: poses in, a pose out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import ASPECT, MAX_PITCH, WIDEST_FOV, CameraCommand, CameraPose
from mag_sandbox.model.imagination.surroundings import Lattice

REACH = 0.45  # of a view: how far beyond its edge all is sketched before the camera gets there
SOON = 0.1  # of a view: what the next block may show
CLOUDS = 0.12  # of a view: how far upwind of the sky in view
BORDER = 4  # cells of known ground that a view had best show, to be painted on from
_BORDER_WORTH = 0.1  # of an unknown cell's
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # right, left, up, down


class Outlook(NamedTuple):
    """What a player sees and where it is going."""

    pose: CameraPose
    command: CameraCommand
    upwind: CameraPose | None  # where the sky in view comes from; None: there is none
    spare: bool  # whether memory has room for what nobody may ever look at


def due_now(lattice: Lattice, outlook: Outlook) -> np.ndarray:
    """Return which cells the next block may show, bool [rows, columns]."""
    return lattice.touched(outlook.pose, _beyond(_heading(outlook.command), SOON))


def next_view(lattice: Lattice, known: np.ndarray, outlook: Outlook) -> CameraPose | None:
    """Return the pose of the lattice that is to be sketched next, or None if enough is known.

    Args:
        lattice: of views.
        known: which cells are known, bool [rows, columns].
        outlook: of the player.
    """
    for pose, heading, share in _stretches(outlook):
        missing = lattice.touched(pose, _beyond(heading, share)) & ~known
        if missing.any():
            worth = missing + _BORDER_WORTH * (_grown(missing) & known)
            return lattice.best(worth, _moved(pose, heading))
    return None


def _stretches(outlook: Outlook) -> Iterator[tuple[CameraPose, tuple[float, float], float]]:
    """Yield what is to be known, most urgent first: a pose, a heading and how far beyond."""
    heading = _heading(outlook.command)
    yield outlook.pose, heading, SOON
    yield outlook.pose, heading, REACH
    if outlook.upwind is not None:
        yield outlook.upwind, (-1, 0), CLOUDS
    if outlook.spare and not any(heading):
        for side in _SIDES:
            yield outlook.pose, side, REACH


def _heading(command: CameraCommand) -> tuple[float, float]:
    return float(np.sign(command.yaw)), float(np.sign(command.pitch))


def _beyond(heading: tuple[float, float], share: float) -> tuple[float, float]:
    """Return degrees to the right and up."""
    return heading[0] * share * WIDEST_FOV, heading[1] * share * WIDEST_FOV * ASPECT


def _moved(pose: CameraPose, heading: tuple[float, float]) -> CameraPose:
    """Return the pose a view further on."""
    right, up = _beyond(heading, 1.0)
    pitch = float(np.clip(pose.pitch + up, -MAX_PITCH, MAX_PITCH))
    return CameraPose((pose.yaw + right) % 360.0, pitch, WIDEST_FOV)


def _grown(cells: np.ndarray) -> np.ndarray:
    """Return cells and those up to `BORDER` beside them, bool [rows, columns]."""
    grown = cells.copy()
    for _ in range(BORDER):
        beside = np.roll(grown, 1, axis=1) | np.roll(grown, -1, axis=1)
        beside[1:] |= grown[:-1]
        beside[:-1] |= grown[1:]
        grown |= beside
    return grown
