"""Where a script's camera is, on paper: whole ticks that were made, and exactly what was said."""

from dataclasses import dataclass, field
from fractions import Fraction

from mag_sandbox.controls.camera import AXES, MAX_PITCH, POSE_RESOLUTION, WIDEST_FOV, CameraPose
from mag_sandbox.scenes.demo.script import MemoryAsk

RING = 360 * POSE_RESOLUTION  # ticks
HIGHEST = int(MAX_PITCH * POSE_RESOLUTION)  # ticks
WIDEST = int(WIDEST_FOV * POSE_RESOLUTION)  # ticks


@dataclass(slots=True)
class AxisPlace:
    """Where the camera is on one axis, in ticks that were made and in those that were said."""

    made: int = 0
    said: Fraction = Fraction(0)


@dataclass(slots=True)
class Place:
    """A scene that is being visited."""

    yaw: AxisPlace = field(default_factory=AxisPlace)
    pitch: AxisPlace = field(default_factory=AxisPlace)
    zoom: AxisPlace = field(default_factory=AxisPlace)  # by how much narrower than not zoomed
    anchors: dict[str, "Place"] = field(default_factory=dict)
    memory: MemoryAsk | None = None  # in force

    @property
    def pose(self) -> CameraPose:
        """Where the camera looks."""
        yaw, pitch, narrower = (getattr(self, axis).made / POSE_RESOLUTION for axis in AXES)
        return CameraPose(yaw % 360.0, pitch, WIDEST_FOV - narrower)

    @property
    def factor(self) -> Fraction:
        """How far it is zoomed in, as it was said."""
        return WIDEST / (WIDEST - self.zoom.said)

    def copy(self) -> "Place":
        """Return the same view, without anchors."""
        places = (getattr(self, axis) for axis in AXES)
        return Place(*(AxisPlace(place.made, place.said) for place in places))
