"""A game whose world is a neural video model that remembers: the library's public names.

>>> from mag_sandbox import Scene, load_world
>>> world = load_world("pocket")
>>> world.reset(Scene("a meadow with an oak"), seed=1).frames.shape
(3, 192, 320, 3)

Names are imported when they are first used: the window opens before torch is there.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mag_sandbox.controls.camera import CameraCommand
    from mag_sandbox.controls.edits import Edit
    from mag_sandbox.model.loading import load_world
    from mag_sandbox.model.remote.address import ServerAddress
    from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, World
    from mag_sandbox.sandbox.environment import WorldEnvironment, gymnasium_environment
    from mag_sandbox.scenes.scene import Scene, load_scene
    from mag_sandbox.scenes.things import parse_edit

if "OPENBLAS_NUM_THREADS" not in os.environ:
    # A world multiplies small matrices on three threads, whose own threads would wait for cores.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    if "numpy" in sys.modules:  # too late for the variable
        from threadpoolctl import ThreadpoolController

        ThreadpoolController().select(internal_api="openblas").limit(limits=1)

_SOURCE_TREE = Path(__file__).parents[1]
if (_SOURCE_TREE / "setup.py").is_file():
    # In a source tree the subpackages lie beside this folder. Without this line, an editable
    # installation from another checkout would supply that checkout's subpackages.
    __path__.append(str(_SOURCE_TREE))

_HOMES = {
    "CameraCommand": "controls.camera",
    "Control": "model.world",
    "Edit": "controls.edits",
    "FrameBlock": "model.world",
    "MemorySetting": "model.world",
    "Scene": "scenes.scene",
    "ServerAddress": "model.remote.address",
    "World": "model.world",
    "WorldEnvironment": "sandbox.environment",
    "gymnasium_environment": "sandbox.environment",
    "load_scene": "scenes.scene",
    "load_world": "model.loading",
    "parse_edit": "scenes.things",
}
__all__ = [
    "CameraCommand",
    "Control",
    "Edit",
    "FrameBlock",
    "MemorySetting",
    "Scene",
    "ServerAddress",
    "World",
    "WorldEnvironment",
    "gymnasium_environment",
    "load_scene",
    "load_world",
    "parse_edit",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
