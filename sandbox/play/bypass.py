"""The way past things that stop a player who walks by keys."""

from dataclasses import replace
from itertools import pairwise
from math import atan2, cos, degrees, dist, hypot, inf, radians, sin

from mag_sandbox.controls.camera import (
    CameraCommand,
    CameraPose,
    Position,
    ahead_and_right,
    yaw_difference,
)
from mag_sandbox.model.world import FROM_WATER, GroundPlan
from mag_sandbox.sandbox.play.detour import CELL, far_from_shore, way_round
from mag_sandbox.scenes.kinds import DEEP, TREES

AHEAD = (2.0, 3.0, 4.5)  # metres: where the way past something ends, straight ahead
PAST_TREES = (6.0, 8.0)  # metres, likewise, past trees that stand side by side
PAST_WATER = (6.0, 8.0, 12.0, 16.0)  # metres, likewise, past a lake
MOST_ASIDE, MOST_ROUND = 3.0, 7.0  # metres that it may be longer; round a camel by a lake, for one
ASLANT = 1.5  # times as long as straight ahead: past a lake, up to 45 degrees to either side
NARROW, BESIDE = 1.5, 0.3  # metres: half as wide things are walked round; so near is what stops
MOST_WAYS = 4  # past one thing: steps of a way between two things may lead nowhere
LEAST_STEP = 0.05  # metres; a walker whose step is shorter is stopped
STEERED_AWAY = 25.0  # degrees from the direction in which the walker was stopped
REACHED = 0.05  # metres
MOST_ASTRAY = 2  # steps that lead no nearer to a corner, which then counts as reached
AGAIN = 20  # stopped steps after which a way is looked for again where none led past


class Bypass:
    """Leads a walker whose step was stopped past the obstacle, and then straight on.

    Only past trees, narrow things and lakes: in front of a house the walker stops.

    >>> bypass = Bypass()
    >>> bypass.led(CameraCommand(forward=1.0), CameraPose(), ground=None)
    CameraCommand(yaw=0.0, pitch=0.0, zoom=0.0, forward=1.0, right=0.0)
    """

    def __init__(self) -> None:
        self._corners: list[Position] = []  # of the way that are ahead
        self._heading = 0.0  # in which the walker was stopped [degrees]
        self._given_up: Position | None = None  # where no way leads past
        self._stopped = 0  # steps there that led nowhere
        self._nearest, self._astray = inf, 0  # to the next corner [m]; steps that led no nearer
        self._ways = 0  # that were looked for, one after the other
        self._left: tuple[CameraCommand, Position] | None = None  # the last step, and its start
        self._reach = 0.0  # of a block's step at full speed, as walked last [m]

    def led(
        self, command: CameraCommand, pose: CameraPose, ground: GroundPlan | None
    ) -> CameraCommand:
        """Return a player's command, or the one that leads a stopped walker on.

        Args:
            command: of the player.
            pose: after the newest block.
            ground: as the newest block tells it; None: it is not known.
        """
        is_stopped = self._look_back(pose)
        speed, heading = hypot(command.forward, command.right), _heading(command, pose)
        if not speed or abs(yaw_difference(heading, self._heading)) > STEERED_AWAY:
            self._set_corners([])
            self._given_up = None
        if speed and is_stopped:
            self._find_way(pose.position, heading, ground)
        led = self._along(command, speed, pose)
        self._left = (led, pose.position) if speed else None
        return led

    def _look_back(self, pose: CameraPose) -> bool:
        """Tell whether the last step led nowhere."""
        if self._left is None:
            return False
        command, start = self._left
        gone = dist(start, pose.position)
        if gone >= LEAST_STEP:
            self._reach = gone / hypot(command.forward, command.right)
        return gone < LEAST_STEP

    def _find_way(self, start: Position, heading: float, ground: GroundPlan | None) -> None:
        self._ways = self._ways + 1 if self._corners else 1
        self._set_corners([])
        self._heading = heading
        is_here = self._given_up is not None and dist(self._given_up, start) < CELL
        self._stopped = self._stopped + 1 if is_here else 0
        if ground is None or self._ways > MOST_WAYS or self._stopped % AGAIN:
            self._given_up = start
            return
        across, along = sin(radians(heading)), cos(radians(heading))
        goes_round, is_wet = is_by_tree_or_narrow_thing(start, ground), is_by_water(start, ground)
        most = MOST_ROUND if goes_round or is_wet else MOST_ASIDE
        beyond = PAST_WATER if is_wet else PAST_TREES if goes_round else ()
        for ahead in (*AHEAD, *beyond):
            end = start[0] + ahead * across, start[1] + ahead * along
            way = way_round(ground, start, end)
            length = sum(dist(*leg) for leg in pairwise((start, *way)))
            longest = max(ahead + most, ASLANT * ahead)
            if len(way) > 1 and dist(way[-1], end) < CELL and length <= longest:
                self._set_corners(way)
                return
        self._given_up = start

    def _set_corners(self, corners: list[Position]) -> None:
        self._corners, self._nearest, self._astray = corners, inf, 0

    def _along(self, command: CameraCommand, speed: float, pose: CameraPose) -> CameraCommand:
        """Return the command that leads to the next corner, as fast as the player walks."""
        while self._corners and self._is_past(self._corners[0], pose.position):
            self._set_corners(self._corners[1:])
        if not self._corners or not self._reach:
            return command
        x, z = self._corners[0][0] - pose.x, self._corners[0][1] - pose.z
        share = min(speed, 1.0, hypot(x, z) / self._reach) / hypot(x, z)
        forward, right = ahead_and_right(x, z, pose.yaw)
        return replace(command, forward=forward * share, right=right * share)

    def _is_past(self, corner: Position, place: Position) -> bool:
        """Tell whether a corner is reached, or the walker is pushed aside there."""
        away = dist(corner, place)
        self._astray = self._astray + 1 if away >= self._nearest else 0
        self._nearest = min(away, self._nearest)
        return away < REACHED or self._astray >= MOST_ASTRAY


def is_by_water(place: Position, ground: GroundPlan) -> bool:
    """Tell whether deep water is so near that it may be what stops a walker."""
    return any(
        far_from_shore(place, one.shore) < FROM_WATER + BESIDE
        for one in ground.waters
        if one.kind in DEEP
    )


def is_by_tree_or_narrow_thing(place: Position, ground: GroundPlan) -> bool:
    """Tell whether that is what stops a walker: before a house one looks."""
    room = [
        (dist((one.x, one.z), place) - one.clearance, one.radius, one.kind)
        for one in ground.things
        if one.clearance
    ]
    nearest, radius, kind = min(room, default=(BESIDE, NARROW, ""))
    return nearest < BESIDE and (radius < NARROW or kind in TREES)


def _heading(command: CameraCommand, pose: CameraPose) -> float:
    """Return the direction in which a command leads a walker [degrees]."""
    return pose.yaw + degrees(atan2(command.right, command.forward))
