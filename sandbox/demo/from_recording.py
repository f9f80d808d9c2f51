"""A recording as a demo: the very controls that were recorded, as a script that people can edit."""

from itertools import groupby
from pathlib import Path

import yaml

from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError
from mag_sandbox.scenes import Scene, SceneError, available_scenes, load_scene
from mag_sandbox.scenes.demo.script import MEMORY_PARTS, MemoryAsk


def demo_of(recording: Recording) -> str:
    """Return a recording as the text of a demo that asks the world for the same blocks.

    Raises:
        RecordingError: it goes on from a scene that was left, which a script cannot.
    """
    start = recording.start
    if start.state is not None:
        raise RecordingError(
            f"{recording.folder} continues a scene that was left; only a recording that "
            "starts a scene can become a demo"
        )
    memory = start.memory or MemorySetting(policy=start.scene.memory or MemorySetting().policy)
    head: dict[str, object] = {
        "name": f"From {recording.folder.name}",
        "scene": _scene(start.scene),
        "seed": start.seed,
        "memory": str(_ask(memory)),
    }
    if not start.look_ahead:
        head["look_ahead"] = False
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)
    return text + "script: |\n" + "".join(f"  {line}\n" for line in _lines(recording.controls))


def _lines(controls: tuple[Control, ...]) -> list[str]:
    lines = ["anchor first"]
    for control, group in groupby(controls):
        times = len(list(group))
        if control.prompt is not None:
            lines.append(f"prompt {_quoted(control.prompt)}")
        if control.memory is not None:
            lines.append(f"memory {_ask(control.memory)}")
        camera = control.camera
        words = ["control", repr(camera.yaw), repr(camera.pitch)]
        words += [repr(camera.zoom)] if camera.zoom else []
        lines.append(" ".join(words + ([f"x{times}"] if times > 1 else [])))
    return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _ask(setting: MemorySetting) -> MemoryAsk:
    limits = {name: getattr(setting, name) for name in MEMORY_PARTS.values()}
    return MemoryAsk(setting.policy, **limits)


def _scene(scene: Scene) -> str | dict[str, object]:
    """Return the name of a scene of the library, or else the scene itself."""
    for name in available_scenes():
        if _same(scene, name):
            return name
    keys = ("name", "category", "prompt", "image", "ambience")
    values = {key: getattr(scene, key) for key in keys}
    return {key: value for key, value in values.items() if value is not None}


def _same(scene: Scene, name: str) -> bool:
    try:
        known = load_scene(name)
    except SceneError:
        return False
    if (scene.prompt, scene.name) != (known.prompt, known.name):
        return False
    if scene.image is None or known.image is None:
        return scene.image == known.image
    return Path(scene.image).read_bytes() == Path(known.image).read_bytes()
