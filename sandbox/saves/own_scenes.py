"""Scenes that the player wrote: editable YAML files, each with a picture.

Descriptions from the title are kept here once begun. Of files that the game named the newest
are kept; one that a person named, or whose prompt was changed, is never dropped.
"""

import hashlib
import re
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

from mag_sandbox.files.border import Refusal, is_file, is_folder, read_plain, reason_of
from mag_sandbox.files.pictures import MAX_BYTES, encode_png
from mag_sandbox.files.validation import capitalized
from mag_sandbox.files.whole import changed, remedy_of, replace_file, visible
from mag_sandbox.scenes import Scene, SceneError, load_scene
from mag_sandbox.scenes.changes import is_of_air, relit_name, without_grey
from mag_sandbox.scenes.characters import clean
from mag_sandbox.scenes.descriptions import DescriptionWords, added_place
from mag_sandbox.scenes.vocabulary import FUNCTION_WORDS, Vocabulary, split_words

TITLE_WORDS = 5  # a prompt of no more words is its own name
LEAST_TITLE_WORDS = 2  # a phrase of no more words names too many prompts
TITLE_LENGTH = 60  # characters
CUT_OFF = "…"  # after a title that goes on
_ASKED = re.compile(r"^(?:(?:please|now|add|make|draw|show me|put|there is|i want)\b[ ,]*)+", re.I)
_THING_END = re.compile(r",| (?=(?:and|with|in|on|at|under|by|near|beside|behind) )")
_PART_END = re.compile(  # after which other things are named, and the joining words
    r"\s*(?:[,;:]|\b(?:and|with|where)\b)\s*"
    r"|(?<=\w)\s+(?:in|on|at|under|over|by|near|beside|behind)\b\s*", re.I
)  # fmt: skip
_DANGLING = re.compile(r"^(?:and|or|with)\b ?|, (?:it|them|him|her)(?=,|$)", re.I)
_TIME = re.compile(r"\bon an? (morning|afternoon|evening)\b", re.I)  # of which day is not shown
_LIST_ENDS = re.compile(  # in the last sentence, where no "at night" follows
    r"(?<=\. )([^.]+? and [^,.]+), (?!(?:in|on|at|with|without|under|by) )(?=[^.]+\.?$)"
)
_PHRASE_END = re.compile(r"[,.;:]|\s(?:with|under|where|in front of)\s")
MOST_OWN = 40  # scenes that the game wrote and that are kept


class LibraryError(Refusal, ValueError):
    """A file of the player's cannot be written or deleted; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class OwnScene:
    """A scene that the player wrote."""

    path: Path
    scene: Scene | None  # None: damaged
    thumbnail: Path | None = None
    problem: str | None = None  # one sentence


def own_scenes(folder: Path) -> list[OwnScene]:
    """Return the player's scenes in a folder, which need not exist, newest first."""
    paths = visible(folder, ".yaml")
    paths = sorted(paths, key=lambda path: (changed(path), path.name), reverse=True)
    return [_own_scene(path) for path in paths]


def scene_of_prompt(prompt: str, seed: int = 0, words: Vocabulary | None = None) -> Scene:
    """Return the scene of a player's sentence, or raise SceneError if it is not legible.

    `words` are those that its world knows; None: all.
    """
    text = " ".join(clean(prompt).split())
    try:
        return Scene(text, seed, title_of(text, words))
    except ValueError as error:
        raise SceneError(str(error)) from None


def save_own_scene(folder: Path, scene: Scene) -> Path:
    """Write a scene as YAML in place of one with its prompt, or raise LibraryError.

    A picture that it begins from is copied beside it.
    """
    path = folder / f"{_stem(scene)}.yaml"
    try:
        if scene.image is not None:
            source = Path(scene.image)
            image = folder / f"{path.stem}-start{source.suffix}"
            replace_file(image, _read_picture(source))
            scene = replace(scene, image=image.name)
        replace_file(path, _to_yaml(scene))
    except OSError as error:
        raise _cannot_save(path, error) from None
    return path


def keep_prompted(folder: Path, scene: Scene, most: int = MOST_OWN) -> None:
    """Keep a scene that was written on the title; the oldest beyond `most` goes."""
    save_own_scene(folder, scene)
    own = [one for one in own_scenes(folder) if one.scene and one.path.stem == _stem(one.scene)]
    for old in own[most:]:
        delete_own_scene(old.path)


def picture_own_scene(folder: Path, scene: Scene, picture: np.ndarray) -> None:
    """Show a picture on the card of an own scene (of no other), or raise LibraryError."""
    path = folder / f"{_stem(scene)}.yaml"
    try:
        if is_file(path):
            replace_file(path.with_suffix(".png"), encode_png(picture))
    except OSError as error:
        raise _cannot_save(path, error) from None


def delete_own_scene(path: Path) -> None:
    """Delete a player's scene, path as listed, and its pictures, or raise LibraryError."""
    own = path.stem, f"{path.stem}-start"
    try:
        beside = list(path.parent.iterdir()) if is_folder(path.parent) else []
        path.unlink(missing_ok=True)  # another game may have deleted it
        for picture in beside:
            if picture.stem in own and picture.suffix != ".yaml" and not is_folder(picture):
                picture.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_delete(path, error) from None


def title_of(prompt: str, known: Vocabulary | None = None) -> str:
    """Return a name made of a prompt: its first phrase, or its first words.

    With the words that a world knows, it begins with the first part of the prompt of which that
    world draws something, unless that is the sky alone, and names nothing that has no effect.
    """
    prompt = _ASKED.sub("", prompt) or prompt
    shown = prompt[_first_shown(prompt, known) :] if known else prompt
    is_sky = known and shown != prompt and is_of_air(_PART_END.split(shown, maxsplit=1)[0], known)
    shown = prompt if is_sky else shown
    return _title(_placed(_heard(shown, known), known) if known else shown)


def _placed(prompt: str, known: Vocabulary) -> str:
    """Return a prompt, or where it is set if it begins with its light and names no place.

    "At night, two camels, a tent" is "a desert at night".
    """
    air, _, things = prompt.partition(", ")
    is_list = bool(things) and isinstance(known, DescriptionWords) and is_of_air(air, known)
    _, _, place = (added_place(prompt, known) if is_list else "").partition(" ")
    return f"{place} {air[:1].lower()}{air[1:]}" if place else prompt


def told(scene: Scene, prompt: str, known: Vocabulary | None) -> str:
    """Return a prompt in force as it is shown: without a player's words that have no effect.

    What a player added to sentences is one more of these, not the end of a list.
    """
    is_given = prompt == scene.prompt and scene.image is not None
    if is_given or known is None:
        return prompt
    shown = _heard(prompt, known)
    if found := _LIST_ENDS.search(shown):
        shown = f"{shown[: found.end(1)]}. {capitalized(shown[found.end() :])}"
    return capitalized(shown) if prompt[:1].isupper() else shown


@lru_cache(maxsize=64)  # asked for with every frame of the display
def _heard(prompt: str, known: Vocabulary) -> str:
    """Return a prompt without the words that have no effect in a world; all of it, if none has."""
    heard = _TIME.sub(r"in the \1", _DANGLING.sub("", without_grey(prompt, known)))
    return heard if split_words(heard) else prompt


def _first_shown(prompt: str, known: Vocabulary) -> int:
    """Return where the first part of a prompt begins of which something is shown; 0: none is."""
    unseen = {word.start for word in known.without_effect(prompt)}
    shown = [
        word.start for word in split_words(prompt)
        if word.start not in unseen and word.text.lower() not in FUNCTION_WORDS
    ]  # fmt: skip
    starts = [0, *(end.end() for end in _PART_END.finditer(prompt))]
    return max((start for start in starts if shown and start <= shown[0]), default=0)


def _title(prompt: str) -> str:
    words = prompt.split()
    first, *others = _PHRASE_END.split(prompt, maxsplit=1)
    says_enough = others and len(first.split()) > LEAST_TITLE_WORDS
    phrase = first.split() if says_enough and len(words) > TITLE_WORDS else words
    whole = " ".join(phrase)
    title = whole[:TITLE_LENGTH]
    if len(whole) > TITLE_LENGTH and " " in title:  # ends where a thing was named
        ends = [end.start() for end in _THING_END.finditer(whole[: TITLE_LENGTH + 1])]
        title = title[: ends[-1]] if ends else title.rpartition(" ")[0]
    title = title.rstrip(" ,.;:")
    cut = CUT_OFF if len(title) < len(whole.rstrip(" ,.;:")) else ""
    return capitalized(title) + cut


def name_with(scene: Scene, prompt: str, known: Vocabulary | None = None) -> str:
    """Return a scene's name under a prompt: what was seen before a new description stays.

    A scene that has its name from its description takes that of the new one. Light and weather that
    came to a description are added to its name. Nothing is named of which a world shows nothing,
    where the words that it knows are given.
    """
    if prompt == scene.prompt:
        return scene.name
    names = {title_of(scene.prompt, known)}
    if known:
        scene, prompt = replace(scene, prompt=_heard(scene.prompt, known)), _heard(prompt, known)
    starts = (0, *(end.end() for end in _PART_END.finditer(scene.prompt)))
    is_own = scene.name in {
        *names,
        title_of(scene.prompt),
        *(_title(scene.prompt[at:]) for at in starts),
    }
    if added := _added(prompt, scene.prompt):
        kept = prompt.removesuffix(f", {added}")
        is_kept = scene.name.rstrip(CUT_OFF).casefold() in kept.casefold()
        goes_on = is_own and not is_kept  # no longer "at night"
        return f"{title_of(kept, known) if goes_on else _without_gone(scene, kept)}, {added}"
    new = title_of(prompt, known)
    if is_own or prompt.startswith(scene.prompt.rstrip(" .")):
        return new
    name = scene.name
    if known:
        name, new = relit_name(name, new, prompt, scene.prompt, known)
    return f"{name}, then {new[:1].lower()}{new[1:]}"


def named_after(before: Scene, scene: Scene, known: Vocabulary | None = None) -> Scene:
    """Return a new place with the name of the one before, if its description only adds to that."""
    told = (_heard(one.prompt, known) if known else one.prompt for one in (scene, before))
    return replace(scene, name=name_with(before, scene.prompt, known)) if _added(*told) else scene


def _without_gone(scene: Scene, kept: str) -> str:
    """Return a scene's name without words that are gone from its description: "at sunset"."""
    stay = {word.text.lower() for word in split_words(kept)}
    gone = {word.text.lower() for word in split_words(scene.prompt)} - stay
    words = [word.text for word in split_words(scene.name)]
    if gone.isdisjoint(word.lower() for word in words):
        return scene.name
    left: list[str] = []
    for word in words:
        if word.lower() not in gone:
            left.append(word)
        else:
            while left and left[-1].lower() in FUNCTION_WORDS:
                left.pop()
    return capitalized(" ".join(left)) or scene.name


def _added(prompt: str, before: str) -> str:
    """Return what a prompt adds to one before, of which words may be gone; "": it is another."""
    words = [word.text.lower() for word in split_words(before)]
    for comma in reversed([one.start() for one in re.finditer(", ", prompt)]):
        left, kept = iter(words), [word.text.lower() for word in split_words(prompt[:comma])]
        if len(kept) >= len(words) / 2 and all(word in left for word in kept):
            return prompt[comma + 2 :]
    return ""


def cannot_delete(path: Path, error: OSError) -> LibraryError:
    """Return the error that says so."""
    why = error.strerror or error
    return LibraryError(f"{path} cannot be deleted ({why}); check its permissions")


def _cannot_save(path: Path, error: OSError) -> LibraryError:
    why = error.strerror or error
    return LibraryError(f"cannot save {path} ({why}); {remedy_of(error)}")


def _read_picture(path: Path) -> bytes:
    try:
        return read_plain(path, MAX_BYTES)
    except OSError as error:
        why = reason_of(error)
        raise LibraryError(f"cannot save the scene's picture {path} ({why}); put it back") from None


def _stem(scene: Scene) -> str:
    words = "-".join(re.findall(r"[a-z0-9]+", scene.name.lower()))
    mark = hashlib.sha256(scene.prompt.encode()).hexdigest()[:6]
    return "-".join([words[:TITLE_LENGTH].strip("-") or "scene", mark])


def _own_scene(path: Path) -> OwnScene:
    try:
        scene = load_scene(path)
    except SceneError as error:
        return OwnScene(path, None, problem=str(error))
    picture = path.with_suffix(".png")
    if is_file(picture):
        return OwnScene(path, scene, picture)
    return OwnScene(path, scene, Path(scene.image) if scene.image else None)


def _to_yaml(scene: Scene) -> bytes:
    defaults = {field.name: field.default for field in fields(Scene)}
    values = {key: value for key, value in asdict(scene).items() if value != defaults[key]}
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
    return text.encode()
