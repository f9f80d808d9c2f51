"""Links that open places: `#scene=meadow&seed=7`, or a description in `text`.

A link comes from outside: a scene is one of the game's, never a file.
"""

from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, urlencode

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.yaml_files import nearest, quoted
from mag_sandbox.model.loading import available_policies
from mag_sandbox.sandbox.option_values import seed as read_seed
from mag_sandbox.sandbox.saves.own_scenes import scene_of_prompt
from mag_sandbox.scenes import Scene, available_scenes, load_scene

KEYS = ("scene", "seed", "text")
MOST_FIELDS = 16


class LinkError(Refusal, ValueError):
    """A link that cannot be opened; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """The place of a link."""

    scene: Scene
    seed: int


def read_link(link: str) -> PlaceLink | None:
    """Return the place of a link, the part of an address after #; None: it names none.

    >>> read_link("scene=meadow&seed=7").seed
    7

    Raises:
        Refusal: there is no such place.
    """
    with refusing(lambda why: LinkError(f"the link cannot be read ({why}); copy it again")):
        said = dict(parse_qsl(link, max_num_fields=MOST_FIELDS))
    if unknown := [key for key in said if key not in KEYS]:
        raise LinkError(f'the link says "{quoted(unknown[0])}", expected {", ".join(KEYS)}')
    with refusing(lambda why: LinkError(f"the link's seed cannot be used: {why}")):
        seed = read_seed(said["seed"]) if "seed" in said else None
    if "text" in said:
        scene = scene_of_prompt(said["text"], seed or 0)
    elif "scene" in said:
        name = said["scene"]
        if name not in available_scenes():
            guess = nearest(name, tuple(available_scenes()))
            raise LinkError(f'the link names no scene of this game: "{quoted(name)}"{guess}')
        scene = load_scene(name, available_policies())
    elif seed is not None:
        raise LinkError("the link has a seed and no place; add scene=NAME or text=DESCRIPTION")
    else:
        return None
    return PlaceLink(scene, scene.seed if seed is None else seed)


def write_link(scene: Scene, seed: int, prompt: str) -> str:
    """Return the link of a place, as it is described now."""
    name = _names().get((scene.name, prompt))
    return urlencode({"scene": name, "seed": seed} if name else {"text": prompt, "seed": seed})


@cache
def _names() -> dict[tuple[str, str], str]:
    """Return the names of the game's scenes in links, by name and prompt."""
    known = ((name, load_scene(name, available_policies())) for name in available_scenes())
    return {(scene.name, scene.prompt): name for name, scene in known}
