"""Scenes a player can visit: data only, checked when loaded."""

from mag_sandbox.files.yaml_files import SceneError
from mag_sandbox.scenes.scene import Scene, available_demos, available_scenes, load_scene

__all__ = ["Scene", "SceneError", "available_demos", "available_scenes", "load_scene"]
