"""The rows of the settings screen: one for every setting, then all keys. No layout."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mag_sandbox.controls.bindings import DEFAULTS, POINTING_GROUP, Bindings, keys_text, pad_text
from mag_sandbox.model.loading import available_policies
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.widgets import Choice, Setting, Slider, Toggle

MakeSetting = Callable[[Any], Setting]
SIZE = ("window_width", "window_height")
WINDOW_SIZES = ((640, 400), (960, 540), (1280, 720), (1600, 900), (1920, 1080), (2560, 1440))
TEXT_SCALES = (0.85, 1.0, 1.15, 1.3, 1.5)
KEPT_MIB = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
PARKED_MIB = (256, 512, 1024, 2048, 4096, 8192, 16384)
POLICIES = {  # what is said of those we know; a world may have others
    "mag-retrieve": "Keeps a picture of every place, reads what shows the view.",
    "mag": "Keeps the last picture of every block, reads all.",
    "full": "Keeps every picture until the budget is full, reads all.",
    "window": "Keeps the newest blocks only: it forgets what you leave.",
    "none": "Keeps nothing: every block begins from words alone.",
}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One thing to set."""

    fields: tuple[str, ...]  # of SandboxConfig
    title: str
    help: str
    make: MakeSetting  # from the value, a tuple where there are several fields
    helps: Mapping[Any, str] = field(default_factory=dict)  # in place of `help`, by value

    def setting(self, config: SandboxConfig) -> Setting:
        """Return what changes it, set to what it is."""
        values = tuple(getattr(config, name) for name in self.fields)
        return self.make(values if len(values) > 1 else values[0])

    def changed(self, config: SandboxConfig, value: Any) -> SandboxConfig:
        """Return the settings with another value."""
        values = value if len(self.fields) > 1 else (value,)
        return replace(config, **dict(zip(self.fields, values, strict=True)))

    def explained(self, value: Any) -> str:
        """Return what it means, now that it is set to `value`."""
        return self.helps.get(value, self.help)


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    title: str


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that belong together, to be read only."""

    title: str
    rows: tuple[tuple[str, str, str], ...]  # what it does, keys, buttons of a gamepad


Item = Heading | SettingRow | KeyGroup


def items(bindings: Bindings = DEFAULTS) -> tuple[Item, ...]:
    """Return everything that can be set, and the keys, in the order shown."""
    pointing = tuple((one.help, one.mouse, one.pad) for one in bindings.pointing)
    groups = [
        KeyGroup(
            group,
            tuple((row.help, keys_text(row), pad_text(row)) for row in rows)
            + (pointing if group == POINTING_GROUP else ()),
        )
        for group, rows in bindings.groups()
    ]
    return (*_settings(), Heading("Keys"), *groups)


def _settings() -> tuple[Item, ...]:
    fit = _choice(("whole", "whole picture"), ("fill", "fill the window"))
    scale = _choice(("smooth", "smooth"), ("sharp", "sharp pixels"))
    level = _choice(("full", "everything"), ("small", "one line"), ("off", "nothing"))
    frames = _slider((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32), _frames)
    blocks = _slider((1, 2, 3, 4, 6, 8, 12, 16, 24, 32))
    kept, parked = _slider(KEPT_MIB, _mib), _slider(PARKED_MIB, _mib)
    volume, text = _slider(range(0, 101, 5), "{}%".format), _slider(TEXT_SCALES, "{:.0%}".format)
    warp = "Shift the last picture at once while the next is made."
    attended = "Pictures from memory that a block looks at; more is slower."
    sinks = "First pictures that “mag” and “window” never drop."
    return (
        Heading("Display"),
        SettingRow(SIZE, "Window", "Its size when it opens.", _window_sizes),
        SettingRow(("fullscreen",), "Full screen", "F11 does the same.", Toggle),
        SettingRow(("fit",), "Picture", "Show all of it, or crop a little.", fit),
        SettingRow(("scale",), "Enlarged", "How pixels are enlarged.", scale),
        SettingRow(("late_warp",), "Late warp", warp, Toggle),
        Heading("On screen"),
        SettingRow(("hud",), "Details", "How much the HUD shows.", level),
        SettingRow(("hints",), "First steps", "Tips for the first minute.", Toggle),
        Heading("Memory"),
        SettingRow(
            ("memory",), "Policy", "What is kept, and what a block reads.", _policy, POLICIES
        ),
        SettingRow(("kept_mib",), "Budget", "How much memory may hold.", kept),
        SettingRow(("attended_frames",), "Read by a block", attended, frames),
        SettingRow(
            ("window_blocks",),
            "Blocks of window",
            "How many blocks the policy “window” keeps.",
            blocks,
        ),
        SettingRow(("sink_frames",), "First frames", sinks, _slider((0, 1, 2, 3))),
        SettingRow(
            ("look_ahead",), "Look ahead", "Imagine what comes next when there is time.", Toggle
        ),
        SettingRow(("parked_mib",), "Scenes you left", "Disk space before we ask.", parked),
        Heading("Sound"),
        SettingRow(("volume",), "Volume", "Ambience and signals.", volume),
        SettingRow(("muted",), "Mute", "No sound at all.", Toggle),
        Heading("Reading"),
        SettingRow(
            ("text_scale",),
            "Text size",
            "Text and cards, as large as the window has room for.",
            text,
        ),
        SettingRow(("high_contrast",), "High contrast", "Bright words on black.", Toggle),
    )


def _choice(*options: tuple[Any, str]) -> MakeSetting:
    return lambda value: Choice(value, options)


def _slider(values: Sequence[Any], word: Callable[[Any], str] = str) -> MakeSetting:
    return lambda value: Slider(value, values, word)


def _policy(value: str) -> Choice:
    names = dict.fromkeys((*available_policies(), value))  # the file may name another one
    return Choice(value, [(name, name) for name in names])


def _window_sizes(value: tuple[int, int]) -> Choice:
    sizes = sorted({*WINDOW_SIZES, value})
    return Choice(value, [(size, f"{size[0]} x {size[1]}") for size in sizes])


def _mib(value: int) -> str:
    return f"{value // 1024} GiB" if value >= 1024 and value % 1024 == 0 else f"{value} MiB"


def _frames(value: int) -> str:
    return f"{value} picture" if value == 1 else f"{value} pictures"
