"""Which key does what: one table for input, on-screen help, settings and documentation.

Keys of the keyboard and buttons of a gamepad go by name (`keys.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from mag_sandbox.controls.camera import WALK_AXES, Axis
from mag_sandbox.controls.keys import KEYS_BY_TITLE, find_key, is_pad, key_title
from mag_sandbox.files.border import is_missing
from mag_sandbox.files.validation import quoted
from mag_sandbox.files.yaml_files import (
    FileError,
    Problem,
    compose_yaml,
    entries,
    nearest,
    read_text,
)

Move = Literal[
    "look_left", "look_right", "look_up", "look_down", "zoom_in", "zoom_out",
    "walk_forward", "walk_left", "walk_back", "walk_right",
]  # fmt: skip
Action = Literal[
    "run", "enter", "stop", "anchor", "to_anchor", "postcards",
    "prompt", "reset", "new_seed", "pause", "step", "leave",
    "change", "undo", "around",
    "policy", "more_memory", "less_memory", "world",
    "save", "load", "fork", "record", "screenshot",
    "hud", "minimap", "split", "late_warp", "help", "fullscreen",
    "mute", "louder", "quieter",
    "back", "ahead", "first", "last",
]  # fmt: skip
Group = Literal[
    "Watch", "Look around", "Walk", "Come back", "World", "Memory", "Keep", "Show", "Sound"
]  # fmt: skip
BINDINGS_FILE = "bindings.yaml"  # in the folder of the settings


@dataclass(frozen=True, slots=True)
class Binding:
    """An action of a player, and its keys."""

    name: str  # a `Move`, an `Action` or a screen
    keys: tuple[str, ...]  # the first is shown where there is room for one
    help: str  # in a few words
    group: Group


@dataclass(frozen=True, slots=True)
class CameraBinding(Binding):
    """A binding that moves the camera; all others are actions."""

    axis: Axis
    direction: int  # +1 or -1 along the axis


@dataclass(frozen=True, slots=True)
class Pointing:
    """A way to move the camera that has no keys."""

    help: str  # in a few words
    mouse: str
    pad: str
    axes: frozenset[Axis]
    group: Group = "Look around"


BINDINGS = (
    CameraBinding("look_left", ("left", "pad left"), "look left", "Look around", "yaw", -1),
    CameraBinding("look_up", ("up", "pad up"), "look up", "Look around", "pitch", 1),
    CameraBinding("look_down", ("down", "pad down"), "look down", "Look around", "pitch", -1),
    CameraBinding("look_right", ("right", "pad right"), "look right", "Look around", "yaw", 1),
    CameraBinding("zoom_in", ("z",), "zoom in", "Look around", "zoom", 1),
    CameraBinding("zoom_out", ("x",), "zoom out", "Look around", "zoom", -1),
    CameraBinding("walk_forward", ("w",), "walk forward", "Walk", "forward", 1),
    CameraBinding("walk_left", ("a",), "walk left", "Walk", "right", -1),
    CameraBinding("walk_back", ("s",), "walk back", "Walk", "forward", -1),
    CameraBinding("walk_right", ("d",), "walk right", "Walk", "right", 1),
    Binding("run", ("left shift", "right shift"), "run while held", "Walk"),
    Binding("enter", ("return", "pad right shoulder"), "go through a door", "Walk"),
    Binding("stop", ("space", "pad b"), "stop the camera", "Look around"),
    Binding("anchor", ("e", "pad a"), "drop an anchor here", "Come back"),
    Binding("to_anchor", ("b", "pad y"), "fly back to the last anchor", "Come back"),
    Binding("postcards", ("c", "pad x"), "play the postcard game", "Come back"),
    Binding("prompt", ("t",), "change the description", "World"),
    Binding("change", ("i",), "put something here, or remove it", "World"),
    Binding("undo", ("backspace",), "undo the last change (or Ctrl+Z)", "World"),
    Binding("around", ("y",), "list the things around you", "World"),
    Binding("pause", ("p", "pad start"), "pause", "World"),
    Binding("step", (".",), "one step, while paused", "World"),
    Binding("reset", ("r",), "start over", "World"),
    Binding("new_seed", ("n",), "another place like this", "World"),
    Binding("leave", ("escape", "pad back"), "leave to the title", "World"),
    Binding("policy", ("k", "pad left shoulder"), "switch to another kind of memory", "Memory"),
    Binding("more_memory", ("]", "page up"), "remember more of what you saw", "Memory"),
    Binding("less_memory", ("[", "page down"), "remember less of what you saw", "Memory"),
    Binding("world", ("o",), "let another AI model paint this", "Memory"),
    Binding("save", ("f5",), "save this moment", "Keep"),
    Binding("load", ("f9",), "load the saved moment", "Keep"),
    Binding("fork", ("f6",), "save a copy of this place", "Keep"),
    Binding("record", ("f10",), "start or stop recording", "Keep"),
    Binding("screenshot", ("f12",), "take a picture", "Keep"),
    Binding("hud", ("h", "pad right stick"), "map, figures or none", "Show"),
    Binding("minimap", ("m",), "another map, or none", "Show"),
    Binding("split", ("v",), "two memories side by side", "Show"),
    Binding("late_warp", ("l",), "turn without delay: on or off", "Show"),
    Binding("help", ("f1",), "show or hide this help", "Show"),
    Binding("fullscreen", ("f11", "f"), "full screen", "Show"),
    Binding("mute", ("u",), "sound on or off", "Sound"),
    Binding("louder", ("=", "+", "[+]"), "louder", "Sound"),
    Binding("quieter", ("-", "[-]"), "quieter", "Sound"),
)
_LOOKS: dict[Move, Move] = {  # what the keys of a walker do in worlds that only turn
    "walk_forward": "look_up", "walk_left": "look_left",
    "walk_back": "look_down", "walk_right": "look_right",
}  # fmt: skip
_WALKS: tuple[Move | Action, ...] = (*_LOOKS, "run")
WATCH = (  # in a recording, in place of the keys that move the camera
    Binding("pause", ("space", "p", "pad start"), "pause, or go on", "Watch"),
    Binding("back", ("left", "a", "pad left"), "5 seconds back", "Watch"),
    Binding("ahead", ("right", "d", "pad right"), "5 seconds ahead", "Watch"),
    Binding("first", ("home",), "to the beginning", "Watch"),
    Binding("last", ("end",), "to the end", "Watch"),
)
ENDS = "close the game"  # what the key that leaves does where there is no title
_ALSO_WATCHING = ("step", "reset", "leave", "hud", "help", "fullscreen")
_TURNS: frozenset[Axis] = frozenset(("yaw", "pitch"))
_STEPS: frozenset[Axis] = frozenset(("forward", "right"))
POINTING = (
    Pointing("drag the view", "Mouse drag", "", _TURNS),
    Pointing("go there", "Click on map or door", "", _TURNS),
    Pointing("put something there", "Right click", "", _TURNS),
    Pointing("look around at any speed", "", "Pad right stick", _TURNS),
    Pointing("zoom by any amount", "Mouse wheel", "Pad triggers", frozenset(("zoom",))),
    Pointing("walk that way", "Click on W A S D", "Pad left stick", _STEPS, "Walk"),
)
_WATCH_POINTING = (Pointing("click or drag to any moment", "Time bar", "", frozenset(), "Watch"),)


class BindingError(ValueError):
    """A key is bound twice; `names` are the bindings."""

    def __init__(self, key: str, names: tuple[str, str]) -> None:
        one, other = names
        super().__init__(
            f'"{key_title(key)}" is a key of both {one} and {other}; give one of them another'
        )
        self.names = names


class Bindings:
    """The bindings of one player, looked up by key.

    >>> bindings = Bindings().with_keys({"anchor": ["g"]})
    >>> bindings.actions["g"], bindings.moves["a"].axis, bindings.title("anchor")
    ('anchor', 'right', 'G')

    Raises:
        BindingError: a key is given to two rows.
    """

    def __init__(
        self, rows: Sequence[Binding] = BINDINGS, pointing: Sequence[Pointing] = POINTING
    ) -> None:
        self.rows, self.pointing = tuple(rows), tuple(pointing)
        self.moves: dict[str, CameraBinding] = {}  # by key
        self.actions: dict[str, Action] = {}  # by key
        self._by_name: dict[str, Binding] = {row.name: row for row in self.rows}
        owners: dict[str, Binding] = {}
        for row in self.rows:
            for key in row.keys:
                owner = owners.setdefault(key, row)
                if owner is not row:
                    raise BindingError(key, (owner.name, row.name))
                if isinstance(row, CameraBinding):
                    self.moves[key] = row
                else:
                    self.actions[key] = cast(Action, row.name)

    def __getitem__(self, name: str) -> Binding:
        return self._by_name[name]

    @property
    def caps(self) -> tuple[CameraBinding, ...]:
        """The rows that move the camera: one key cap each on the display."""
        return tuple(row for row in self.rows if isinstance(row, CameraBinding))

    def with_keys(self, changes: Mapping[str, Sequence[str]]) -> "Bindings":
        """Return these bindings with other keys for some rows; () removes a row's keys.

        Keys of a walker that are given to other rows are free for those: older files know of none.
        """
        rows, taken = dict(self._by_name), {key for keys in changes.values() for key in keys}
        for name, row in self._by_name.items():
            if name in _WALKS:
                rows[name] = replace(row, keys=tuple(key for key in row.keys if key not in taken))
        for name, keys in changes.items():
            rows[name] = replace(self[name], keys=tuple(dict.fromkeys(keys)))
        return Bindings(tuple(rows.values()), self.pointing)

    def also(self, rows: Iterable[Binding]) -> "Bindings":
        """Return these bindings and others, or raise BindingError if a key is bound twice."""
        return Bindings((*self.rows, *rows), self.pointing)

    def without(self, name: Action) -> "Bindings":
        """Return these bindings without an action that is impossible here."""
        return Bindings([row for row in self.rows if row.name != name], self.pointing)

    def ending(self) -> "Bindings":
        """Return these bindings where no title is left to: the key that leaves ends the game."""
        rows = [replace(row, help=ENDS) if row.name == "leave" else row for row in self.rows]
        return Bindings(rows, self.pointing)

    def watching(self) -> "Bindings":
        """Return the bindings in a recording: the keys of `WATCH` come before the player's own."""
        taken = {key for row in WATCH for key in row.keys}
        own = [replace(row, keys=tuple(key for key in row.keys if key not in taken))
               for row in self.rows if row.name in _ALSO_WATCHING]  # fmt: skip
        return Bindings((*WATCH, *own), _WATCH_POINTING)

    def along(self, axes: Collection[str]) -> "Bindings":
        """Return these bindings without what moves the camera along other axes than these.

        Where the player cannot walk, the keys of a walker look around.
        """
        axes = frozenset(axes)
        rows = [row for row in self.rows if not isinstance(row, CameraBinding) or row.axis in axes]
        if not axes.intersection(WALK_AXES):
            rows = [row for row in rows if row.name != "run"]
            keys: dict[str, tuple[str, ...]] = {
                looks: self[walks].keys for walks, looks in _LOOKS.items()
            }
            rows = [replace(row, keys=(*row.keys, *keys.get(row.name, ()))) for row in rows]
        return Bindings(rows, [one for one in self.pointing if one.axes.intersection(axes)])

    def title(self, name: Move | Action) -> str:
        """Return the first key of a row for people, "" if it has none."""
        keys = self[name].keys
        return key_title(keys[0]) if keys else ""

    def groups(self) -> tuple[tuple[Group, tuple[Binding, ...]], ...]:
        """Return the rows by group, in the order of the help; groups without rows are left out."""
        groups = {
            group: tuple(row for row in self.rows if row.group == group)
            for group in get_args(Group)
        }
        return tuple((group, rows) for group, rows in groups.items() if rows)


DEFAULTS = Bindings()
CAMERA_BINDINGS = {row.keys[0]: row for row in DEFAULTS.caps}  # the first key of each direction


def keys_text(binding: Binding) -> str:
    """Return the keys of the keyboard for people: "Left or A"; "" if there are none."""
    return " or ".join(key_title(key) for key in binding.keys if not is_pad(key))


def pad_text(binding: Binding) -> str:
    """Return the buttons of a gamepad for people: "Pad A"; "" if there are none."""
    return " or ".join(key_title(key) for key in binding.keys if is_pad(key))


class BindingsError(FileError):
    """The player's own keys are wrong."""


def load_bindings(path: Path, defaults: Bindings = DEFAULTS) -> Bindings:
    """Return a player's own bindings, else the defaults, or raise BindingsError."""
    if is_missing(path):
        return defaults
    try:
        names = tuple(row.name for row in defaults.rows)
        nodes = entries(compose_yaml(read_text(path)), names, "action", "anchor: [g]")
        keys = {name: _keys(name, *pair) for name, pair in nodes.items()}
    except Problem as problem:
        raise BindingsError(problem.at(path)) from None
    try:
        return defaults.with_keys(keys)
    except BindingError as error:
        lines = (nodes[name][0].start_mark.line + 1 for name in error.names if name in nodes)
        raise BindingsError(f"{path}:{max(lines)}: {error}") from None


def _keys(name: str, name_node: yaml.Node, node: yaml.Node) -> list[str]:
    texts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(text, yaml.ScalarNode) and text.value for text in texts):
        problem = f"{name} needs a list of keys, such as [g, pad a]; [] for none"
        raise Problem(problem, name_node)
    return [_key(name, text) for text in texts]


def _key(name: str, node: yaml.ScalarNode) -> str:
    key = find_key(node.value)
    if key is None:
        guess = nearest(node.value, tuple(KEYS_BY_TITLE))
        remedy = "write a letter or a name as the help shows it"
        raise Problem(f'{name} has the unknown key "{quoted(node.value)}"{guess}; {remedy}', node)
    return key
