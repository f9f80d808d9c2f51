"""The folders of a player on this platform; $MAG_SANDBOX_HOME goes first."""

import os
import sys
from pathlib import Path

from mag_sandbox.files.border import Refusal

HOME_VARIABLE = "MAG_SANDBOX_HOME"
CACHE_VARIABLE = "MAG_SANDBOX_CACHE"
FOLDER = "mag-sandbox"


def config_folder() -> Path:
    """Return the folder of the settings."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or _home() / "AppData" / "Roaming") / FOLDER
    if sys.platform == "darwin":
        return _home() / "Library" / "Application Support" / FOLDER
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config") / FOLDER


def data_folder() -> Path:
    """Return the folder of everything that a player makes or fetches."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "data"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or _home() / "AppData" / "Local") / FOLDER
    if sys.platform == "darwin":
        return config_folder()
    return Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local" / "share") / FOLDER


def cache_folder() -> Path:
    """Return the folder of files that the game can make again; $MAG_SANDBOX_CACHE goes first."""
    folder, home = os.environ.get(CACHE_VARIABLE), os.environ.get(HOME_VARIABLE)
    if folder:
        return Path(folder)
    if home:
        return Path(home) / "cache"
    if sys.platform == "win32":
        return data_folder() / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / FOLDER
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / FOLDER


def from_home(folder: Path) -> str:
    """Return a folder for people: "~/Pictures", where it is below their home."""
    try:
        return f"~/{folder.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(folder)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        problem = f"no home folder is known for this user; set {HOME_VARIABLE} to a folder"
        raise Refusal(problem) from None
