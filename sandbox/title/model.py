"""What the title screen lists: scenes, parked scenes and recordings as plain cards; no pygame."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.scenes import SceneError, available_scenes, load_scene

logger = logging.getLogger(__name__)
SHELVES = {  # category -> what its shelf is called, in the order shown
    "outdoor": "Outdoors",
    "indoor": "Rooms",
    "video game": "Video games",
    "object": "Things on stage",
}
Act = Literal["play", "new seed", "continue", "fork", "watch", "export", "delete"]


@dataclass(frozen=True, slots=True)
class SceneCard:
    """A scene that comes with the game, or that the player wrote."""

    key: str  # what `load_scene` takes
    title: str
    category: str
    prompt: str
    picture: Path | None = None
    own: bool = False  # the player's: on a shelf of its own, and can be deleted


@dataclass(frozen=True, slots=True)
class ParkedCard:
    """A parked scene."""

    id: str
    title: str
    left_text: str  # "left 3 h ago"
    memory_text: str  # "holds 48 MiB"
    picture: Path | None = None
    damaged: str | None = None  # why it cannot be continued, one sentence


@dataclass(frozen=True, slots=True)
class RecordingCard:
    """A recorded session."""

    path: Path
    title: str
    detail: str  # "yesterday, 2:14 min"
    picture: Path | None = None
    damaged: str | None = None  # why it cannot be watched, one sentence


Card = SceneCard | ParkedCard | RecordingCard


@dataclass(frozen=True, slots=True)
class TitleModel:
    """Everything that can be chosen."""

    scenes: tuple[SceneCard, ...] = ()
    parked: tuple[ParkedCard, ...] = ()
    recordings: tuple[RecordingCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A row of cards."""

    title: str
    cards: tuple[Card, ...]


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


def shelves(model: TitleModel) -> tuple[Shelf, ...]:
    """Return the rows of the title screen; empty ones are left out."""
    own = tuple(card for card in model.scenes if card.own)
    rows = [Shelf("Continue", model.parked), Shelf("My own worlds", own)]
    for category, title in SHELVES.items():
        cards = (card for card in model.scenes if card.category == category and not card.own)
        rows.append(Shelf(title, tuple(cards)))
    rows.append(Shelf("Recordings", model.recordings))
    return tuple(row for row in rows if row.cards)


def choices(card: Card) -> tuple[CardChoice, ...]:
    """Return what can be done with a card, the likeliest first."""
    if isinstance(card, SceneCard):
        return (PLAY, NEW_SEED, DELETE) if card.own else (PLAY, NEW_SEED)
    if card.damaged:
        return (DELETE,)
    if isinstance(card, ParkedCard):
        return CONTINUE, FORK, DELETE
    return WATCH, EXPORT, DELETE


def card_key(card: Card) -> str:
    """Return a name by which a card is found again in a later model."""
    if isinstance(card, SceneCard):
        return f"scene {card.key}"
    return f"parked {card.id}" if isinstance(card, ParkedCard) else f"recording {card.path}"


def card_line(card: Card) -> str:
    """Return the second line of a card."""
    if isinstance(card, SceneCard):
        return card.prompt
    if card.damaged:
        return "damaged"
    return card.detail if isinstance(card, RecordingCard) else card.left_text


def library_cards() -> tuple[SceneCard, ...]:
    """Return the cards of the scenes that come with the game, without those that cannot be read."""
    cards = []
    for name in available_scenes():
        try:
            scene = load_scene(name)
        except SceneError as problem:
            logger.warning("%s", problem)
            continue
        picture = Path(scene.image) if scene.image else None
        cards.append(SceneCard(name, scene.name, scene.category, scene.prompt, picture))
    return tuple(cards)
