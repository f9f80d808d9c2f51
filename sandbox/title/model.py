"""What the title screen lists: scenes, parked scenes and recordings as plain cards; no pygame."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mag_sandbox.sandbox.ui.thumbnails import PictureSource
from mag_sandbox.scenes import Scene, SceneError, available_scenes, load_scene

logger = logging.getLogger(__name__)
SHELVES = {  # category -> what its shelf is called, in the order shown
    "outdoor": "Outdoors",
    "indoor": "Rooms",
    "video game": "Video games",
    "object": "Things on stage",
}
Act = Literal["play", "new seed", "continue", "fork", "watch", "export", "delete"]


@dataclass(frozen=True, slots=True)
class CardChoice:
    """What can be done with a card: with a word to press, and with a key."""

    act: Act
    word: str
    key: str  # as pygame.key.name() says it
    key_word: str  # the key, for people


PLAY = CardChoice("play", "Play", "return", "Enter")
NEW_SEED = CardChoice("new seed", "New seed", "n", "N")
CONTINUE = CardChoice("continue", "Continue", "return", "Enter")
FORK = CardChoice("fork", "Make a copy", "f", "F")
WATCH = CardChoice("watch", "Watch", "return", "Enter")
EXPORT = CardChoice("export", "Export a video", "e", "E")
DELETE = CardChoice("delete", "Delete", "delete", "Del")


@dataclass(frozen=True, slots=True)
class Card:
    """Something to choose: a scene, a parked scene, or a recording."""

    kind: Literal["scene", "parked", "recording"]
    id: str  # what `load_scene` takes, the id of a parked scene, the folder of a recording
    title: str
    about: str  # what is said of it
    line: str  # under its picture
    choices: tuple[CardChoice, ...]  # what can be done with it, the likeliest first
    picture: PictureSource | None = None
    tag: str = ""  # in a corner of the picture
    category: str = ""  # of a scene
    is_damaged: bool = False  # `about` says why

    @property
    def is_own(self) -> bool:
        """Whether it is a scene that the player wrote, which can be deleted."""
        return self.kind == "scene" and DELETE in self.choices

    @property
    def key(self) -> str:
        """A name by which it is found again in a later model."""
        return f"{self.kind} {self.id}"


def scene_card(key: str, scene: Scene, picture: PictureSource | None, *, own: bool = False) -> Card:
    """Return the card of a scene that comes with the game, or that the player wrote."""
    choices = (PLAY, NEW_SEED, DELETE) if own else (PLAY, NEW_SEED)
    prompt, category = scene.prompt, scene.category
    return Card("scene", key, scene.name, prompt, prompt, choices, picture, category=category)


def damaged(card: Card, why: str) -> Card:
    """Return a card of what can only be deleted."""
    return replace(card, about=why, line="damaged", choices=(DELETE,), tag="", is_damaged=True)


@dataclass(frozen=True, slots=True)
class TitleModel:
    """Everything that can be chosen."""

    scenes: tuple[Card, ...] = ()
    parked: tuple[Card, ...] = ()
    recordings: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A row of cards."""

    title: str
    cards: tuple[Card, ...]


def shelves(model: TitleModel) -> tuple[Shelf, ...]:
    """Return the rows of the title screen; empty ones are left out."""
    own = tuple(card for card in model.scenes if card.is_own)
    rows = [Shelf("Continue", model.parked), Shelf("My own worlds", own)]
    for category, title in SHELVES.items():
        cards = (card for card in model.scenes if card.category == category and not card.is_own)
        rows.append(Shelf(title, tuple(cards)))
    rows.append(Shelf("Recordings", model.recordings))
    return tuple(row for row in rows if row.cards)


def library_cards() -> tuple[Card, ...]:
    """Return the cards of the scenes that come with the game, without those that cannot be read."""
    cards = []
    for name in available_scenes():
        try:
            scene = load_scene(name)
        except SceneError as problem:
            logger.warning("%s", problem)
            continue
        cards.append(scene_card(name, scene, Path(scene.image) if scene.image else None))
    return tuple(cards)
