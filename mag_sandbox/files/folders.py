"""Where this platform keeps what belongs to a player; $MAG_SANDBOX_HOME goes first."""

import os
import sys
from pathlib import Path

HOME_VARIABLE = "MAG_SANDBOX_HOME"
FOLDER = "mag-sandbox"


def config_folder() -> Path:
    """Return where settings are kept."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / FOLDER
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / FOLDER


def data_folder() -> Path:
    """Return where what a player makes or fetches is kept."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home) / "data"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / FOLDER
    if sys.platform == "darwin":
        return config_folder()
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / FOLDER
