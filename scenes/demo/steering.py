"""Turns requested moves into camera commands, one a block.

Angles are split over blocks in whole ticks of the camera and measured from the exact sum of
the requests, so turns that add up to nothing end bit-equal, whatever their steps.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from mag_sandbox.controls.camera import (
    AXES,
    FARTHEST,
    LOOK_AXES,
    MAX_PITCH,
    POSE_RESOLUTION,
    POSITION_RESOLUTION,
    WALKING,
    WIDEST_FOV,
    Axis,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    LookAxis,
    move,
)
from mag_sandbox.scenes.demo.script import Amount

RING = 360 * POSE_RESOLUTION  # ticks
HIGHEST = int(MAX_PITCH * POSE_RESOLUTION)  # ticks
WIDEST = int(WIDEST_FOV * POSE_RESOLUTION)  # ticks
ZOOM_RATE = 1.0  # doublings a second of a full zoom command in worlds steered by text
WANDER_BLOCKS = (3, 16)  # shortest and longest leg
_SLACK = 2  # ticks a frame by which scripts walk slower than they could: steps are rounded
_TURNED = {"forward": 0, "right": 90, "back": 180, "left": 270}  # degrees from where it looks


@dataclass(frozen=True, slots=True)
class Rig:
    """A world's camera and what scripts can change in the world."""

    fps: float
    block_length: int  # frames
    full_speed: CameraSpeed
    axes: tuple[str, ...]
    policies: tuple[str, ...]
    kinds: tuple[str, ...] = ()  # of things that can be placed; none: nothing can be changed

    @property
    def block_seconds(self) -> float:
        """World time of a block."""
        return self.block_length / self.fps


@dataclass(slots=True)
class AxisState:
    """The camera's place on one axis [ticks]: reached by commands, and requested."""

    made: int = 0
    exact: Fraction = Fraction(0)


@dataclass(slots=True)
class CameraState:
    """The camera's place on all axes."""

    yaw: AxisState = field(default_factory=AxisState)
    pitch: AxisState = field(default_factory=AxisState)
    zoom: AxisState = field(default_factory=AxisState)  # by how much narrower than not zoomed
    x: AxisState = field(default_factory=AxisState)  # ticks of metres, like z
    z: AxisState = field(default_factory=AxisState)

    @property
    def pose(self) -> CameraPose:
        """The pose of the camera."""
        yaw, pitch, narrower = (getattr(self, axis).made / POSE_RESOLUTION for axis in LOOK_AXES)
        x, z = (place.made / POSITION_RESOLUTION for place in (self.x, self.z))
        return CameraPose(yaw % 360.0, pitch, WIDEST_FOV - narrower, x, z)

    @property
    def factor(self) -> Fraction:
        """The requested zoom."""
        return WIDEST / (WIDEST - self.zoom.exact)

    def copy(self) -> "CameraState":
        """Return a copy, which later moves leave as it is."""
        places = (self.yaw, self.pitch, self.zoom, self.x, self.z)
        return CameraState(*map(replace, places))


class Steering:
    """Moves a camera: yields its commands and updates `camera` as they are drawn.

    Raises:
        ValueError: the world cannot make the move.
    """

    def __init__(self, rig: Rig) -> None:
        self.camera = CameraState()
        self.speed: Fraction | None = None  # degrees a second; None: full
        self._rig = rig
        full = rig.full_speed.step(CameraCommand(yaw=1.0, pitch=1.0, zoom=-1.0), rig.fps)
        ticks = (round(step * POSE_RESOLUTION) for step in full)
        self._full = dict(zip(LOOK_AXES, ticks, strict=True))  # ticks a frame
        run = rig.full_speed.walk / rig.fps * POSITION_RESOLUTION
        self._strides = tuple(int(share * run) - _SLACK for share in (WALKING, 1.0))
        self._closest = POSE_RESOLUTION * (WIDEST_FOV - rig.full_speed.narrowest_fov)  # ticks

    def blocks_of(self, seconds: Fraction) -> int:
        """Return the blocks that last about so long."""
        return max(1, round(seconds / Fraction(self._rig.block_seconds)))

    def turn(self, axis: LookAxis, sign: int, amount: Amount) -> Iterator[CameraCommand]:
        """Pan or tilt by an angle or for a time."""
        place, length = getattr(self.camera, axis), self._rig.block_length
        ticks = self._ticks(axis)
        if amount.unit == "s":
            way = Fraction(sign * self.blocks_of(amount.value) * length * ticks)
        else:
            way = sign * amount.value * POSE_RESOLUTION
        exact = place.exact + way
        if axis == "pitch" and abs(exact) > HIGHEST:
            raise ValueError(
                f"this looks {abs(float(exact)) / POSE_RESOLUTION:g} degrees up or down, "
                f"at most {MAX_PITCH:g} are possible; tilt less"
            )
        place.exact = exact
        units = round((exact - place.made) / length)  # of one tick in every frame of a block
        yield from self._spread({axis: units})

    def walk(self, way: str, amount: Amount, *, runs: bool = False) -> Iterator[CameraCommand]:
        """Walk so far or so long: "forward", "back", "left" or "right" of where it looks."""
        self._require("forward")
        camera, ticks = self.camera, amount.value * POSITION_RESOLUTION
        if amount.unit == "s":
            frames = self.blocks_of(amount.value) * self._rig.block_length
            ticks = Fraction(frames * self._strides[runs])
        if ticks > FARTHEST * POSITION_RESOLUTION:
            raise ValueError(f"this walks farther than {FARTHEST:g} m; walk less")
        heading = math.radians(float(camera.yaw.exact / POSE_RESOLUTION) + _TURNED[way])
        camera.x.exact += round(float(ticks) * math.sin(heading))
        camera.z.exact += round(float(ticks) * math.cos(heading))
        yield from self._walk_there(self._strides[runs])

    def _walk_there(self, stride: int) -> Iterator[CameraCommand]:
        """Walk straight to the requested place, so many ticks a frame at most."""
        camera, length = self.camera, self._rig.block_length
        places = camera.x, camera.z
        units = [round((place.exact - place.made) / length) for place in places]
        blocks = math.ceil(math.hypot(*units) / stride) if any(units) else 0
        yaw, full = math.radians(camera.pose.yaw), self._rig.full_speed.walk
        for block in range(blocks):
            x, z = (_share(count, blocks, block) for count in units)
            for place, count in zip(places, (x, z), strict=True):
                place.made += length * count
            share = self._rig.fps / (POSITION_RESOLUTION * full)
            ahead = share * (x * math.sin(yaw) + z * math.cos(yaw))
            yield CameraCommand(
                forward=ahead, right=share * (x * math.cos(yaw) - z * math.sin(yaw))
            )

    def zoom(self, sign: int, factor: Fraction) -> Iterator[CameraCommand]:
        """Zoom in (1) or out (-1) by a factor."""
        self._require("zoom")
        before, place, length = self.camera.factor, self.camera.zoom, self._rig.block_length
        exact = WIDEST - WIDEST / (before * factor**sign)  # ticks by which the view is narrower
        if not self._full["zoom"]:
            yield from self._zoom_by_text(sign, factor)
            place.made, place.exact = round(exact), exact
            return
        if exact < 0:
            raise ValueError(
                f"this zooms out {float(factor):.3g} times, at most {float(before):.3g} are "
                "possible here; zoom out less"
            )
        if exact > self._closest:
            most = WIDEST_FOV / self._rig.full_speed.narrowest_fov
            raise ValueError(
                f"this zooms in {float(before * factor):.3g} times in all, at most {most:.3g} are "
                "possible; zoom in less"
            )
        place.exact = exact
        units = round((exact - place.made) / length)
        yield from self._spread({"zoom": min(units, int((self._closest - place.made) // length))})

    def _zoom_by_text(self, sign: int, factor: Fraction) -> Iterator[CameraCommand]:
        # the world is steered by text: there are no poses to end on
        doublings = math.log2(factor)
        blocks = max(1, math.ceil(doublings / (ZOOM_RATE * self._rig.block_seconds)))
        share = doublings / (blocks * ZOOM_RATE * self._rig.block_seconds)
        for _ in range(blocks):
            yield CameraCommand(zoom=sign * min(1.0, share))

    def go(self, target: CameraState) -> Iterator[CameraCommand]:
        """Return to an earlier place by the shortest way: first there, then turned as it was."""
        camera, length = self.camera, self._rig.block_length
        camera.x.exact, camera.z.exact = target.x.exact, target.z.exact
        yield from self._walk_there(self._strides[0])
        right = target.yaw.made - camera.yaw.made
        turn = (right + RING // 2) % RING - RING // 2
        around = camera.yaw.made + turn - target.yaw.made  # whole turns
        ways: dict[LookAxis, int] = {"yaw": turn, "pitch": target.pitch.made - camera.pitch.made}
        if self._full["zoom"]:
            ways["zoom"] = target.zoom.made - camera.zoom.made
            camera.zoom.exact = target.zoom.exact
        yield from self._spread({axis: round(Fraction(way, length)) for axis, way in ways.items()})
        camera.yaw.exact, camera.pitch.exact = target.yaw.exact + around, target.pitch.exact
        if camera.factor != target.factor:
            factor = target.factor / camera.factor
            yield from self.zoom(1 if factor > 1 else -1, max(factor, 1 / factor))

    def wander(self, seconds: Fraction, seed: int) -> Iterator[CameraCommand]:
        """Look around at random."""
        chance = random.Random(seed).random  # the one method that no version of Python changes
        left, (shortest, longest) = self.blocks_of(seconds), WANDER_BLOCKS
        ways: tuple[tuple[LookAxis, tuple[float, ...]], ...] = (
            ("yaw", (-1.0, -0.5, 0.0, 0.5, 1.0, 1.0)),
            ("pitch", (-0.5, 0.0, 0.0, 0.0, 0.5)),
        )
        camera, length = self.camera, self._rig.block_length
        while left:
            blocks = min(left, shortest + int(chance() * (longest - shortest + 1)))
            left -= blocks
            yaw, pitch = (
                round(choices[int(chance() * len(choices))] * self._ticks(axis))
                for axis, choices in ways
            )
            if abs(camera.pitch.made + blocks * length * pitch) > HIGHEST:
                pitch = 0
            for _ in range(blocks):
                yield self._step((yaw, pitch, 0))
                camera.yaw.exact += length * yaw
                camera.pitch.exact += length * pitch

    def follow(self, command: CameraCommand, times: int) -> None:
        """Update the camera after blocks with a given command."""
        for axis in AXES:
            if getattr(command, axis):
                self._require(axis)
        camera, frames = self.camera, times * self._rig.block_length
        rig = self._rig
        end = move(camera.pose, command, rig.full_speed, rig.fps, frames)[-1]
        for place, metres in ((camera.x, end.x), (camera.z, end.z)):
            place.made = round(metres * POSITION_RESOLUTION)
            place.exact = Fraction(place.made)
        steps = self._rig.full_speed.step(command, self._rig.fps)
        right, up, wider = (frames * round(step * POSE_RESOLUTION) for step in steps)
        camera.yaw.made += right
        camera.pitch.made = min(HIGHEST, max(-HIGHEST, camera.pitch.made + up))
        camera.yaw.exact += right
        camera.pitch.exact = Fraction(camera.pitch.made)
        if wider:
            camera.zoom.made = min(int(self._closest), max(0, camera.zoom.made - wider))
            camera.zoom.exact = Fraction(camera.zoom.made)

    def _require(self, axis: Axis) -> None:
        if axis not in self._rig.axes:
            verbs = {"yaw": "pan", "pitch": "tilt", "forward": "walk", "right": "walk"}
            verb = verbs.get(axis, axis)
            raise ValueError(f"this world cannot {verb}; leave the line out or use another world")

    def _ticks(self, axis: LookAxis) -> int:
        # of a frame at the current speed; zooms are always at full speed
        self._require(axis)
        full = self._full[axis]
        if self.speed is None or axis == "zoom":
            return full
        ticks = min(full, int(self.speed * POSE_RESOLUTION / Fraction(self._rig.fps)))
        if not ticks:
            raise ValueError(f"{float(self.speed):g} degrees a second is too slow to be seen")
        return ticks

    def _spread(self, units: Mapping[LookAxis, int]) -> Iterator[CameraCommand]:
        # a unit is one tick in every frame of a block
        moving = {axis: count for axis, count in units.items() if count}
        least = (math.ceil(abs(count) / self._ticks(axis)) for axis, count in moving.items())
        blocks = max(least, default=0)
        for block in range(blocks):
            shares = (_share(moving.get(axis, 0), blocks, block) for axis in LOOK_AXES)
            yield self._step(tuple(shares))

    def _step(self, ticks: tuple[int, ...]) -> CameraCommand:
        # one block that moves these ticks a frame along each axis
        fractions = []
        for axis, count in zip(LOOK_AXES, ticks, strict=True):
            getattr(self.camera, axis).made += self._rig.block_length * count
            if abs(count) == self._full[axis]:
                fractions.append(math.copysign(1.0, count) if count else 0.0)
            else:
                speed: float = getattr(self._rig.full_speed, axis)
                fractions.append(count * self._rig.fps / (POSE_RESOLUTION * speed))
        return CameraCommand(*fractions)


def _share(units: int, blocks: int, block: int) -> int:
    least, more = divmod(abs(units), blocks)
    return int(math.copysign(least + (block < more), units))
