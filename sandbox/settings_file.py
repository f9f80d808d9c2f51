"""Writes the user's settings: only what differs from the defaults, whole or not at all."""

from dataclasses import fields
from pathlib import Path

import yaml

from mag_sandbox.files.whole import replace_file
from mag_sandbox.sandbox.settings import FILE, SandboxConfig, SettingsError, config_folder

HEADER = "# Settings of the MAG sandbox. What is not named here has its default.\n"


def save_settings(config: SandboxConfig, path: Path | None = None) -> Path:
    """Write the settings so that `load_settings` returns them again.

    Args:
        config: what to keep.
        path: the file; None: where this platform keeps settings.

    Raises:
        SettingsError: the file cannot be written; what was there before is still there.
    """
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
