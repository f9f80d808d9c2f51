"""Edits by the player: a thing placed, removed or redrawn, ground repainted, an undo, or a door.

Data only: `scenes.things` parses it from words; worlds get it as part of a `Control`.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from mag_sandbox.controls.camera import (
    ASPECT,
    FARTHEST,
    MAX_PITCH,
    WIDEST_FOV,
    is_in_range,
    yaw_difference,
)
from mag_sandbox.files.validation import check_fields, of_type

Act = Literal["place", "remove", "repaint", "renew", "relight", "forget", "undo", "enter"]
HIGHEST = MAX_PITCH + WIDEST_FOV * ASPECT / 2  # degrees: the edge of the highest view
PATCH = 27.0  # degrees across an edit without a given size
LARGEST = WIDEST_FOV, WIDEST_FOV * ASPECT  # degrees across and down: a view
SLACK = 1.0  # degrees by which what lies within a box may reach beyond
EVERYTHING = 360.0, 2 * HIGHEST  # degrees: a repainting may cover everything


@dataclass(frozen=True, slots=True)
class SpotAct:
    """An act on a spot: its words, and how the ground there is painted."""

    words: frozenset[str]  # any one of them asks for it
    done: str  # for players, once it is done
    about: str  # for authors of camera scripts
    example: str  # of a script
    under_way: str = "Painting ..."
    keeps_things: bool = False  # its things get another look; otherwise they are removed
    by_prompt: bool = True  # painted by the words in force; else by the surroundings alone


SPOT_ACTS: dict[Act, SpotAct] = {  # a new one is a row here, and its name in `Act`
    "remove": SpotAct(
        frozenset(("remove", "delete", "clear", "nothing", "erase")),
        "removed",
        "Draw this spot anew, from the ground around it.",
        "remove at 40deg",
        "Removing it ...",
        by_prompt=False,
    ),
    "repaint": SpotAct(
        frozenset(("another", "repaint", "again", "anew", "other", "different")),
        "drawn again",
        "Draw this spot anew: another one, where you placed something.",
        "repaint at 40deg down 5deg",
        keeps_things=True,
    ),
}


MOST_SHAPES = 64  # of a kind


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of the world; angles and sizes are in degrees."""

    act: Act
    yaw: float = 0.0  # of its middle, as of a camera pose
    pitch: float = 0.0
    width: float = PATCH
    height: float = PATCH
    kind: str = ""  # of a placed thing; one of `WorldSpec.kinds`
    color: tuple[int, ...] | None = None  # red, green, blue, 0 to 255; None: any
    x: float = 0.0  # of the place from which yaw and pitch are told, as of a camera pose [m]
    z: float = 0.0
    shape: int | None = None  # of a thing that takes another colour: its own; None: any

    def __post_init__(self) -> None:
        check_fields(self)
        if self.act not in get_args(Act):
            known = ", ".join(get_args(Act))
            raise ValueError(f'act is "{self.act}", expected one of {known}')
        if not -360.0 <= self.yaw <= 360.0:  # also refuses nan, as the others do
            raise ValueError(f"yaw is {self.yaw}, expected -360 to 360 degrees")
        if not -HIGHEST <= self.pitch <= HIGHEST:
            raise ValueError(f"pitch is {self.pitch}, expected {-HIGHEST:g} to {HIGHEST:g} degrees")
        largest = LARGEST if self.act in ("place", *SPOT_ACTS) else EVERYTHING
        for name, most in zip(("width", "height"), largest, strict=True):
            value = getattr(self, name)
            if not 0.0 < value <= most:
                raise ValueError(f"{name} is {value}, expected more than 0 and at most {most:g}")
        if self.act == "relight" and (self.width, self.height) != EVERYTHING:
            raise ValueError(f"width is {self.width}, but light changes everywhere: {EVERYTHING}")
        if (self.act == "place") != bool(self.kind):
            raise ValueError(f'kind is "{self.kind}"; name one to place something, and only then')
        if self.shape is not None and not 0 <= self.shape < MOST_SHAPES:
            raise ValueError(f"shape is {self.shape}, expected 0 to {MOST_SHAPES - 1}")
        if not is_in_range(self.x, self.z):
            raise ValueError(f"x, z is {self.x}, {self.z}, expected at most {FARTHEST:g} metres")
        if self.color is not None:  # recordings hold whole numbers alone
            color = tuple(of_type("color", one, int) for one in self.color)
            if not (len(color) == 3 and all(0 <= one <= 255 for one in color)):
                raise ValueError(f"color is {color}, expected three numbers from 0 to 255")
            object.__setattr__(self, "color", color)

    @property
    def renews_everything(self) -> bool:
        """Whether another place is here from then on."""
        return (self.act, self.width) == ("renew", EVERYTHING[0])

    def covers(self, point: "Edit") -> bool:
        """Return whether the middle of another edit lies within this one's box."""
        across = abs(yaw_difference(self.yaw, point.yaw))
        return across <= self.width / 2 and abs(self.pitch - point.pitch) <= self.height / 2

    def contains(self, yaw: float, pitch: float, width: float, height: float) -> bool:
        """Tell whether a box lies within this one's, or hardly reaches beyond."""
        across = abs(yaw_difference(yaw, self.yaw)) + width / 2
        down = abs(pitch - self.pitch) + height / 2
        return across <= self.width / 2 + SLACK and down <= self.height / 2 + SLACK


ENTER = Edit("enter", width=EVERYTHING[0], height=EVERYTHING[1])  # the door that the player is at
