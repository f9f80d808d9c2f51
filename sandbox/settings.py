"""The player's settings: `SandboxConfig`, kept in a YAML file.

Imports no pygame: the command line reads it before a window is chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from msgspec import Meta

from mag_sandbox.files.border import Refusal, is_missing
from mag_sandbox.files.folders import config_folder
from mag_sandbox.files.validation import check_fields
from mag_sandbox.files.whole import replace_file
from mag_sandbox.files.yaml_files import FileError, not_found, read_checked_yaml
from mag_sandbox.model.loading import available_policies
from mag_sandbox.model.world import MemorySetting, Precision
from mag_sandbox.scenes.memory_limits import AttendedFrames, KeptMib, SinkFrames, WindowBlocks

FILE = "settings.yaml"
HEADER = "# Settings of the MAG sandbox. Settings that are not named here have their defaults.\n"
DEFAULT_SCENE = "meadow"  # where none is chosen
MEMORY = MemorySetting()
HudLevel = Literal["small", "full", "off"]
ScaleMode = Literal["crisp", "smooth", "sharp"]  # of an enlarged picture
FitMode = Literal["whole", "fill"]  # show the whole picture, or fill the window and cut a little


class SettingsError(FileError):
    """The user's settings are wrong."""


class DisplayError(Refusal, RuntimeError):
    """No window can be opened; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Settings of the app; every one has a default."""

    window_width: Annotated[int, Meta(ge=320, le=7680)] = 1280  # px
    window_height: Annotated[int, Meta(ge=200, le=4320)] = 720  # px
    fit: FitMode = "fill"
    scale: ScaleMode = "crisp"
    hud: HudLevel = "small"
    fullscreen: bool = False
    late_warp: bool = True  # shift the last picture at once while the next one is made
    hints: bool = True  # show hints to new players
    learned: str = ""  # names of the hints that were followed, with blanks between
    text_scale: Annotated[float, Meta(ge=0.75, le=2.0)] = 1.0  # of text and cards, 1: as designed
    high_contrast: bool = False
    mouse_speed: Annotated[float, Meta(ge=0.1, le=10.0)] = 1.0  # 1: the picture follows the hand
    invert_sideways: bool = False  # a drag or stick to the right turns the other way
    invert_up_down: bool = False
    volume: Annotated[int, Meta(ge=0, le=100)] = 70  # percent
    muted: bool = False
    memory: str = MEMORY.policy  # memory policy
    kept_mib: KeptMib = MEMORY.kept_mib
    attended_frames: AttendedFrames = MEMORY.attended_frames
    window_blocks: WindowBlocks = MEMORY.window_blocks
    sink_frames: SinkFrames | None = None  # None: 2 of `mag`, 0 of others
    look_ahead: bool = True  # imagine a view ahead while there is time
    precision: Precision = "auto"  # of the pocket world's networks; auto: the fastest of each
    parked_mib: Annotated[int, Meta(ge=1, le=2**20)] = 1024  # on the disk before the game asks

    def __post_init__(self) -> None:
        check_fields(self)

    def memory_setting(self, policy: str | None = None) -> MemorySetting:
        """Return the memory setting to load a world with; a policy given here goes first."""
        return MemorySetting(
            policy=policy or self.memory,
            kept_mib=self.kept_mib,
            attended_frames=self.attended_frames,
            window_blocks=self.window_blocks,
            sink_frames=self.sink_frames,
        )


def load_settings(path: Path | None = None) -> SandboxConfig:
    """Return the user's settings, else the defaults, or raise SettingsError."""
    path = path or config_folder() / FILE
    if is_missing(path):
        if path.is_symlink():
            raise SettingsError(
                f"{path}: is a link to {path.readlink()}, which is missing; put that file back or "
                "delete the link"
            )
        return SandboxConfig()
    settings, known = read_checked_yaml(path, SandboxConfig, SettingsError), available_policies()
    if settings.memory not in known:
        raise SettingsError(f"{path}: {not_found('memory policy', settings.memory, known)}")
    return settings


def save_settings(config: SandboxConfig, path: Path | None = None) -> Path:
    """Write the settings, or raise SettingsError and leave the file as it was."""
    path = path or config_folder() / FILE
    changed = {
        field.name: getattr(config, field.name)
        for field in fields(config)
        if getattr(config, field.name) != field.default
    }
    text = HEADER + (yaml.safe_dump(changed, sort_keys=False) if changed else "")
    try:
        replace_file(path, text)
    except OSError as problem:
        raise SettingsError(
            f"{path}: cannot be written ({problem.strerror}); make room or allow writing there"
        ) from None
    return path


class SettingsStore:
    """The current settings; reports every change and writes them when asked to.

    store = SettingsStore(load_settings())
    store.listeners.append(lambda before: sound.mute(store.now.muted))
    store.change(muted=True)
    store.save()
    """

    def __init__(self, settings: SandboxConfig) -> None:
        self.now = settings
        self.listeners: list[Callable[[SandboxConfig], object]] = []  # given the old ones
        self._saved = settings  # as the file says them

    def use(self, settings: SandboxConfig) -> None:
        """Replace the settings."""
        before, self.now = self.now, settings
        for listener in self.listeners:
            listener(before)

    def change(self, **values: Any) -> None:
        """Replace the values of some fields."""
        self.use(replace(self.now, **values))

    @property
    def knows_keys(self) -> bool:
        """Whether the player has looked at all keys once."""
        return "help" in self.now.learned.split()

    def learn_keys(self) -> None:
        """Note that the player looks at all keys."""
        if not self.knows_keys:
            self.change(learned=f"{self.now.learned} help".strip())

    def save(self) -> None:
        """Write the changes; a problem is raised once for the same settings."""
        if self.now != self._saved:
            self._saved = self.now
            save_settings(self.now)
