"""What a player can set once for all: `SandboxConfig`, read from the user's YAML if there is one.

Imports no pygame: the command line reads it before a window is chosen.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.files.folders import HOME_VARIABLE, config_folder, data_folder
from mag_sandbox.files.yaml_files import FieldError, FileError, nearest, read_checked_yaml
from mag_sandbox.model.loading import available_policies
from mag_sandbox.model.world import MemorySetting

__all__ = [
    "DEFAULT_SCENE",
    "FILE",
    "HOME_VARIABLE",
    "DisplayError",
    "FitMode",
    "HudLevel",
    "SandboxConfig",
    "ScaleMode",
    "SettingsError",
    "config_folder",
    "data_folder",
    "load_settings",
]

FILE = "settings.yaml"
DEFAULT_SCENE = "meadow"  # where nobody chooses
MEMORY = MemorySetting()
HudLevel = Literal["full", "small", "off"]
ScaleMode = Literal["smooth", "sharp"]  # of an enlarged picture
FitMode = Literal["whole", "fill"]  # show the whole picture, or fill the window and cut a little


class SettingsError(FileError):
    """The user's settings are wrong."""


class DisplayError(RuntimeError):
    """No window can be opened; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Settings of the app; every one has a default."""

    window_width: int = 1280  # px
    window_height: int = 720  # px
    fit: FitMode = "fill"
    scale: ScaleMode = "smooth"
    hud: HudLevel = "full"
    fullscreen: bool = False
    late_warp: bool = True  # shift the last picture at once while the next one is made
    hints: bool = True  # say what to try first
    text_scale: float = 1.0  # size of text and cards, 1: as designed
    high_contrast: bool = False
    volume: int = 70  # percent
    muted: bool = False
    memory: str = MEMORY.policy  # memory policy
    kept_mib: int = MEMORY.kept_mib  # budget of the memory [MiB]
    attended_frames: int = MEMORY.attended_frames  # most remembered frames a block reads
    window_blocks: int = MEMORY.window_blocks  # recent blocks that the policy `window` keeps
    sink_frames: int = MEMORY.sink_frames  # first frames that `mag` and `window` never drop
    look_ahead: bool = True  # imagine a view ahead while there is time
    parked_mib: int = 1024  # what parked scenes may take on the disk before the game asks [MiB]

    def __post_init__(self) -> None:
        _check_range("window_width", self.window_width, 320, 7680)
        _check_range("window_height", self.window_height, 200, 4320)
        _check_range("text_scale", self.text_scale, 0.75, 2.0)
        _check_range("volume", self.volume, 0, 100)
        _check_range("kept_mib", self.kept_mib, 1, 65536)
        _check_range("attended_frames", self.attended_frames, 1, 1024)
        _check_range("window_blocks", self.window_blocks, 1, 1024)
        _check_range("sink_frames", self.sink_frames, 0, 3)
        _check_range("parked_mib", self.parked_mib, 1, 2**20)

    def memory_setting(self, policy: str | None = None) -> MemorySetting:
        """Return what a world is loaded with; a policy asked for elsewhere goes first."""
        return MemorySetting(
            policy=policy or self.memory,
            kept_mib=self.kept_mib,
            attended_frames=self.attended_frames,
            window_blocks=self.window_blocks,
            sink_frames=self.sink_frames,
        )


def load_settings(path: Path | None = None) -> SandboxConfig:
    """Return the user's settings, the defaults where there is no file.

    Raises:
        SettingsError: the file is wrong.
    """
    path = path or config_folder() / FILE
    if not path.exists():
        return SandboxConfig()
    settings, known = read_checked_yaml(path, SandboxConfig, SettingsError), available_policies()
    if settings.memory not in known:
        guess = nearest(settings.memory, known)
        problem = f'{path}: memory policy "{settings.memory}" not found{guess}; available: '
        raise SettingsError(problem + ", ".join(known))
    return settings


def _check_range(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise FieldError(field, f"{field} is {value}, expected {low} to {high}")
