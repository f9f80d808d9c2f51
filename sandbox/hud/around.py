"""What is around, as a list: for those who cannot see the picture, and to know what one may name.

What the player placed and what the world planned is known exactly. Where pictures were given, what
a network that was trained on renders is sure to find in the map of what was seen is all there is;
it is loaded when it is first asked.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.model.world import FrameBlock
from mag_sandbox.sandbox.hud.seen import SCALE, TOP, WIDTH, SeenRing
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.scenes.things import SMALLEST, THINGS, color_name

FEWEST_CELLS = 12  # of the map, 4 x 4 px each, that make a thing
WRAP = 64  # px of the map beyond either end, so that things on the seam are seen whole
HERE = 4.0  # degrees from the middle of the view that are called "ahead"


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing and where it is; angles and sizes are in degrees."""

    kind: str
    color: str  # "": any
    yaw: float  # of its middle, as of a camera pose
    pitch: float
    width: float
    height: float
    placed: bool = False  # by the player

    def words(self, pose: CameraPose) -> str:
        """Say what it is, and where as seen from a pose."""
        name = f"{self.color} {self.kind}".strip()
        away, up = yaw_difference(self.yaw, pose.yaw), self.pitch - pose.pitch
        side = f"{abs(away):.0f}° {'right' if away > 0 else 'left'}"
        across = "ahead" if abs(away) < HERE else side
        height = "" if abs(up) < 2 * HERE else f", {abs(up):.0f}° {'up' if up > 0 else 'down'}"
        return f"{name}, {across}{height}{', placed by you' if self.placed else ''}"


class Lookout(SessionObserver):
    """A session observer that can say what is around.

    >>> lookout = Lookout()
    >>> lookout.add(block)  # every block; then lookout.things(), lookout.lines()
    """

    def __init__(self) -> None:
        self._ring = SeenRing()
        self._newest: FrameBlock | None = None

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Begin with a first block."""
        self._ring = SeenRing()
        self.add(block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Take one more block."""
        self.add(block)

    def add(self, block: FrameBlock) -> None:
        """Take a block as it is shown."""
        self._ring.add(block)
        self._newest = block

    def things(self) -> tuple[Seen, ...]:
        """Return what is around; see `things_around`."""
        return things_around(self._ring.pixels, self._ring.is_seen, self._newest)

    def lines(self) -> list[str]:
        """Return a line a thing, the nearest to the middle of the newest view first."""
        pose = self._newest.poses[-1] if self._newest else CameraPose()
        return around_lines(self.things(), pose)


def things_around(ring: np.ndarray, seen: np.ndarray, block: FrameBlock | None) -> tuple[Seen, ...]:
    """Return what is around, from left to right of the map.

    Args:
        ring: the map, uint8 [HEIGHT, WIDTH, 3]; its left edge lies behind the first view.
        seen: which of its pixels were seen, bool [HEIGHT, WIDTH].
        block: the newest; it says what was placed, and what was planned if all was.

    Raises:
        MissingWeights: those of the network that looks are not there.
    """
    placed, planned = (block.placed, block.planned) if block else ((), None)
    own = tuple(replace(_told(edit), placed=True) for edit in placed)
    if planned is None:
        found = _found(ring, seen)
    else:
        found = [_told(edit) for edit in planned if edit.kind in THINGS and _is_seen(edit, seen)]
    others = [one for one in found if not any(_same_place(one, mine) for mine in own)]
    return tuple(sorted((*own, *others), key=lambda one: (one.yaw + 180.0) % 360.0))


def around_lines(things: Sequence[Seen], pose: CameraPose) -> list[str]:
    """Return a line a thing, the nearest to the middle of a view first; says when there is none."""
    nearest = sorted(things, key=lambda one: abs(yaw_difference(one.yaw, pose.yaw)))
    return [one.words(pose) for one in nearest] or ["nothing that has a name was seen yet"]


def _told(edit: Edit) -> Seen:
    color = color_name(edit.color) if edit.color else ""
    return Seen(edit.kind, color, edit.yaw % 360.0, edit.pitch, edit.width, edit.height)


def _is_seen(edit: Edit, seen: np.ndarray) -> bool:
    """Tell whether the middle of a thing, large enough to be named, was seen."""
    height, width = seen.shape
    row, column = round((TOP - edit.pitch) * SCALE), round((edit.yaw + 180.0) * SCALE) % width
    large = min(edit.width, edit.height) >= SMALLEST
    return large and bool(seen[min(max(row, 0), height - 1), column])


def _found(ring: np.ndarray, seen: np.ndarray) -> list[Seen]:
    names, colors, words = _looked_at(ring)
    step = ring.shape[0] // names.shape[0]  # px of a cell
    known = seen[step // 2 :: step, step // 2 :: step]
    names = np.where(known, names, -1)
    found = []
    for cells in _patches(names):
        rows, columns = np.array(cells).T
        kind = words[0][names[rows[0], columns[0] % names.shape[1]]]
        if len(cells) < FEWEST_CELLS or kind not in THINGS:
            continue
        counts = np.bincount(colors[rows, columns % names.shape[1]])
        left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        yaw = (left + right) / 2 * step / SCALE - 180.0
        pitch = TOP - (top + bottom) / 2 * step / SCALE
        size = float((right - left) * step / SCALE), float((bottom - top) * step / SCALE)
        color = words[1][int(counts.argmax())]
        found.append(Seen(kind, color, float(yaw % 360.0), float(pitch), *size))
    return found


def _looked_at(ring: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[list[str], list[str]]]:
    """Return the class and colour of each cell, and their names; the first class is nothing."""
    judge = _judge()
    around = np.concatenate((ring[:, -WRAP:], ring, ring[:, :WRAP]), axis=1)
    sight = judge.look_at_halves(around[None])
    step = ring.shape[0] // sight.names.shape[1]
    inside = slice(WRAP // step, (WRAP + WIDTH) // step)
    words = ["", *judge.vocabulary.classes], list(judge.vocabulary.colors)
    return sight.sure[0][:, inside], sight.colors[0][:, inside], words


@cache
def _judge():
    from mag_sandbox.evaluation.judge.judge import Judge  # torch, and weights

    return Judge.load()


def _patches(names: np.ndarray) -> list[list[tuple[int, int]]]:
    """Return cells that touch and are of one name, above 0; columns are unwrapped at the seam."""
    rows, columns = names.shape
    waiting = names > 0
    patches = []
    for row, column in zip(*np.nonzero(names > 0), strict=True):
        if not waiting[row, column]:
            continue
        waiting[row, column] = False
        cells, queue = [], deque([(int(row), int(column))])
        while queue:
            r, c = queue.popleft()
            cells.append((r, c))
            for y, x in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if (
                    0 <= y < rows
                    and waiting[y, x % columns]
                    and (names[y, x % columns] == names[row, column])
                ):
                    waiting[y, x % columns] = False
                    queue.append((y, x))
        patches.append(cells)
    return patches


def _same_place(one: Seen, other: Seen) -> bool:
    """Tell whether the middle of one lies within another."""
    across = abs(yaw_difference(one.yaw, other.yaw)) <= other.width / 2
    return across and abs(one.pitch - other.pitch) <= other.height / 2
