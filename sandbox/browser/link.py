"""Links that open places: `#scene=meadow&seed=7`, or a description in `text`.

With `controls` a link replays what was recorded there. A link comes from outside: a scene is one of
the game's, never a file, and controls ask for no other world and no more memory than is served.
"""

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from urllib.parse import parse_qsl, urlencode

import msgspec

from mag_sandbox.files.border import Refusal, refusing
from mag_sandbox.files.validation import decode, parse_json, quoted
from mag_sandbox.files.yaml_files import nearest
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.loading import available_policies, worlds_beside
from mag_sandbox.model.remote.server import MOST_KEPT_MIB
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.browser.messages import MOST_LINK
from mag_sandbox.sandbox.option_values import seed as read_seed
from mag_sandbox.sandbox.recording.reader import Recording
from mag_sandbox.sandbox.recordings import MOST_CONTROLS
from mag_sandbox.sandbox.saves.own_scenes import scene_of_prompt
from mag_sandbox.scenes import Scene, available_scenes, load_scene

KEYS = ("scene", "seed", "text", "controls")
MOST_FIELDS = 16
VERSION = "1"  # of coded controls, before a point
MOST_UNPACKED = 2**24  # bytes of them


class LinkError(Refusal, ValueError):
    """A link that cannot be opened; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """The place of a link."""

    scene: Scene
    seed: int
    recording: Recording | None = None  # to be replayed there


@dataclass(frozen=True, slots=True)
class _CodedControls:
    world: str
    memory: MemorySetting
    look_ahead: bool
    runs: tuple[tuple[int, Control], ...]  # how many blocks have the same control


def read_link(link: str, world: str = "pocket") -> PlaceLink | None:
    """Return the place of a link, the part of an address after #; None: it names none.

    >>> read_link("scene=meadow&seed=7").seed
    7

    Args:
        link: as the page sends it.
        world: that is played here.

    Raises:
        Refusal: there is no such place, or its controls cannot be replayed here.
    """
    with refusing(lambda why: LinkError(f"the link cannot be read ({why}); copy it again")):
        fields = dict(parse_qsl(link, max_num_fields=MOST_FIELDS))
    if unknown := [key for key in fields if key not in KEYS]:
        raise LinkError(f'the link says "{quoted(unknown[0])}", expected {", ".join(KEYS)}')
    with refusing(lambda why: LinkError(f"the link's seed cannot be used: {why}")):
        seed = read_seed(fields["seed"]) if "seed" in fields else None
    if "text" in fields:
        scene = scene_of_prompt(fields["text"], seed or 0)
    elif "scene" in fields:
        name = fields["scene"]
        if name not in available_scenes():
            guess = nearest(name, tuple(available_scenes()))
            raise LinkError(f'the link names no scene of this game: "{quoted(name)}"{guess}')
        scene = load_scene(name, available_policies())
    elif fields:
        raise LinkError(
            f"the link has {' and '.join(fields)}, no place; add scene=NAME or text=WORDS"
        )
    else:
        return None
    seed = scene.seed if seed is None else seed
    if "controls" not in fields:
        return PlaceLink(scene, seed)
    coded = _read_controls(fields["controls"], world)
    loaded = coded.world, coded.memory, coded.look_ahead
    controls = [control for count, control in coded.runs for _ in range(count)]
    return PlaceLink(scene, seed, Recording.of_controls((scene, seed), loaded, controls))


def write_link(scene: Scene, seed: int, prompt: str) -> str:
    """Return the link of a place, as it is described now."""
    name = _names().get((scene.name, prompt))
    return urlencode({"scene": name, "seed": seed} if name else {"text": prompt, "seed": seed})


def write_replay_link(recording: Recording | None) -> str:
    """Return the link that replays a recording.

    "": there is none, it is too long, or links cannot name its place (one that began from a picture
    or was continued).
    """
    if recording is None or recording.start.state or not recording.controls:
        return ""
    start = recording.start
    link = write_link(start.scene, start.seed, start.scene.prompt)
    place = read_link(link)
    if place is None or replace(place.scene, seed=start.scene.seed) != start.scene:
        return ""
    coded = _CodedControls(
        start.world,
        start.memory or MemorySetting(),
        start.look_ahead,
        tuple(_runs(recording.controls)),
    )
    link += f"&controls={VERSION}.{pack(msgspec.json.encode(coded))}"
    is_short = len(link) <= MOST_LINK and len(recording.controls) <= MOST_CONTROLS
    return link if is_short else ""


def _runs(controls: Sequence[Control]) -> Iterator[tuple[int, Control]]:
    for control, run in groupby(controls):
        yield len(list(run)), control


def _read_controls(text: str, world: str) -> _CodedControls:
    version, _, packed = text.partition(".")
    if version != VERSION:
        raise LinkError(
            f'the link\'s controls have version "{quoted(version)}", this game reads {VERSION}; '
            "open it with the version of the game that it was copied from"
        )
    coded: _CodedControls
    with refusing(lambda why: LinkError(f"the link's controls are damaged ({why}); copy it again")):
        coded = decode(_CodedControls, parse_json(_unpacked(packed)), "controls")
    count = sum(count for count, _ in coded.runs)
    if any(count < 1 for count, _ in coded.runs) or not 1 <= count <= MOST_CONTROLS:
        raise LinkError(f"the link replays {count} blocks, expected 1 to {MOST_CONTROLS}")
    if coded.world not in (world, *worlds_beside(world)):
        raise LinkError(
            f'the link replays the world "{quoted(coded.world)}", and this server plays {world}; '
            "open it on a server of that world"
        )
    most = max(MOST_KEPT_MIB, WORLDS[world].memory_setting().kept_mib)
    asked = (coded.memory, *(control.memory for _, control in coded.runs if control.memory))
    if (mib := max(memory.kept_mib for memory in asked)) > most:
        raise LinkError(f"the link asks for {mib} MiB of memory, at most {most} are given")
    return coded


def pack(data: bytes) -> str:
    """Return data, deflated, as characters of an address."""
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


def _unpacked(packed: str) -> bytes:
    """Return the packed bytes, or raise ValueError if they are damaged or too long."""
    data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars="-_", validate=True)
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(data, MOST_UNPACKED)
    if not unpacker.eof:
        raise ValueError("it is cut off, or too long")
    return unpacked


@cache
def _names() -> dict[tuple[str, str], str]:
    """Return the names of the game's scenes in links, by name and prompt."""
    known = ((name, load_scene(name, available_policies())) for name in available_scenes())
    return {(scene.name, scene.prompt): name for name, scene in known}
