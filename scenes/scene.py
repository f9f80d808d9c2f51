"""Scenes: what a world is asked to invent. Read from YAML, checked, then plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from mag_sandbox.files.border import is_file
from mag_sandbox.files.validation import FieldError, check_fields, of_type, shortened
from mag_sandbox.files.yaml_files import SceneError, nearest, not_found, read_checked_yaml

LIBRARY, DEMOS = (Path(__file__).parent / name for name in ("library", "demos"))
AMBIENCES = (  # what they sound like is the app's business
    *("arcade", "birds", "cave", "chimes", "clock", "crickets", "crystals", "fireplace"),
    *("hall", "hum", "rain", "room", "silence", "stream", "waves", "wind"),
)
CATEGORIES = ("indoor", "outdoor", "object", "video game")
MAX_PROMPT = 1000  # characters
MAX_SEED = 2**31 - 1
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
MAX_QUOTED_PATH = 200  # characters of a path that are quoted in a message


@dataclass(frozen=True, slots=True)
class Scene:
    """One place to visit."""

    prompt: str  # what the world looks like
    seed: Seed = 0  # noise of the world; the same seed and commands give the same pictures
    name: str = "untitled"
    category: str = "outdoor"  # one of CATEGORIES
    image: str | None = None  # path of a picture to begin from, in YAML relative to the scene file
    memory: str | None = None  # memory policy; None: the player's setting
    ambience: str | None = None  # sound of the place, one of AMBIENCES; None: the app chooses

    def __post_init__(self) -> None:
        if isinstance(self.image, Path):
            object.__setattr__(self, "image", str(self.image))
        check_fields(self)
        if not self.prompt.strip():
            raise FieldError("prompt", "prompt is empty; describe the place in a sentence")
        check_prompt(self.prompt)
        _check_one_of("category", self.category, CATEGORIES)
        if self.ambience is not None:
            _check_one_of("ambience", self.ambience, AMBIENCES)


def check_prompt(prompt: str) -> None:
    """Raise FieldError if a prompt is too long, or holds half a character."""
    if len(prompt) > MAX_PROMPT:
        problem = f"prompt has {len(prompt)} characters, at most {MAX_PROMPT} are read"
        raise FieldError("prompt", f"{problem}; shorten it")
    if any("\ud800" <= one <= "\udfff" for one in prompt):
        raise FieldError("prompt", "prompt has half a character in it; write it again")


def _check_one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        problem = f"{field} {shortened(value)}{nearest(value, known)} is not one of "
        raise FieldError(field, problem + ", ".join(known))


def available_scenes() -> tuple[str, ...]:
    """Return the names of the scenes that come with the game."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def available_demos() -> tuple[str, ...]:
    """Return the names of the demos that come with the game."""
    return tuple(sorted(path.stem for path in DEMOS.glob("*.yaml")))


def load_scene(name_or_path: str | Path, policies: Sequence[str] = ()) -> Scene:
    """Load a scene of the library by name, or any file by path; its policy is one of those given.

    Raises:
        SceneError: there is no such scene, or its file is wrong.
    """
    path = _find(of_type("scene", name_or_path, str | Path))
    scene = read_checked_yaml(path, Scene, SceneError)
    if policies and scene.memory is not None and scene.memory not in policies:
        raise SceneError(f"{path}: {not_found('memory policy', scene.memory, policies)}")
    name = path.stem.replace("-", " ") if scene.name == "untitled" else scene.name
    return replace(
        scene, prompt=" ".join(scene.prompt.split()), name=name, image=_image(path, scene.image)
    )


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(_SUFFIXES):
        path = Path(name_or_path)
        if not is_file(path):
            name = str(path)[:MAX_QUOTED_PATH]
            raise SceneError(f'scene file "{name}" not found; give a scene name or a YAML file')
        return path
    if text not in available_scenes():
        raise SceneError(not_found("scene", text, available_scenes()))
    return LIBRARY / f"{text}.yaml"


_SUFFIXES = (".yaml", ".yml")


def _image(scene_file: Path, image: str | None) -> str | None:
    if image is None:
        return None
    path = scene_file.parent / image
    if not is_file(path):
        name = image[:MAX_QUOTED_PATH]
        raise SceneError(f'{scene_file}: image "{name}" not found; its path starts at this file')
    return str(path.resolve())
