"""The lists of the title screen as plain cards: scenes, parked scenes, recordings. No pygame."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mag_sandbox.sandbox.ui.thumbnails import PictureSource
from mag_sandbox.scenes import Scene, SceneError, available_scenes, load_scene

logger = logging.getLogger(__name__)
SHELVES = {  # category -> title of its shelf, in the order shown
    "outdoor": "Outdoors",
    "indoor": "Rooms",
    "video game": "Game scenery",
    "object": "Things on stage",
}
OWN = "My own worlds"
Act = Literal["play", "new seed", "continue", "turn", "fork", "watch", "export", "delete"]


@dataclass(frozen=True, slots=True)
class CardChoice:
    """An action on a card, with its button and key."""

    act: Act
    word: str
    key: str  # as pygame.key.name() says it
    key_word: str  # the key, for people

    @property
    def kind(self) -> Literal["plain", "danger"]:
        """The look of its button."""
        return "danger" if self.act == "delete" else "plain"


# a key means here what it means in play, or nothing there
PLAY = CardChoice("play", "Play", "return", "Enter")
NEW_SEED = CardChoice("new seed", "Another one like it", "n", "N")
CONTINUE = CardChoice("continue", "Continue", "return", "Enter")
BEGIN = CardChoice("play", "Start over", "r", "R")  # what can be continued, too
EARLIER = CardChoice("turn", "Earlier moment", "j", "J")
LATEST = CardChoice("turn", "Latest moment", "j", "J")  # after the earliest
FORK = CardChoice("fork", "Make a copy", "f6", "F6")
WATCH = CardChoice("watch", "Watch", "return", "Enter")
EXPORT = CardChoice("export", "Export a video", "g", "G")
DELETE = CardChoice("delete", "Delete", "delete", "Del")


@dataclass(frozen=True, slots=True)
class TitleCard:
    """Something to choose: a scene, a parked scene, or a recording."""

    kind: Literal["scene", "parked", "recording"]
    id: str  # what `load_scene` takes, the id of a parked scene, the folder of a recording
    title: str
    about: str  # a remark
    line: str  # under its picture
    choices: tuple[CardChoice, ...]  # its actions, the likeliest first
    picture: PictureSource | None = None
    label: str = ""  # its kind, above the title
    place: tuple[str, int] | None = None  # name and seed of a scene
    # of all visits alike: name, description, the scene it began as, the name on the disk
    shared: tuple[str, ...] | None = None
    begun: tuple[str, str] | None = None  # name and description of its first scene
    began_as: str = ""  # what `load_scene` takes, if the place began as a scene on this screen
    visit: int = 0  # how many later visits there are
    others: "tuple[TitleCard, ...]" = ()  # other visits, in the order in which they are shown
    is_damaged: bool = False  # `about` says why

    @property
    def is_own(self) -> bool:
        """Whether it is a scene that the player wrote, which can be deleted."""
        return self.kind == "scene" and DELETE in self.choices

    @property
    def key(self) -> str:
        """A name by which it is found again in a later model."""
        return f"{self.kind} {self.id}"


def scene_card(
    key: str, scene: Scene, picture: PictureSource | None, *, written: str = ""
) -> TitleCard:
    """Return the card of a scene that comes with the game, or that the player wrote, and when."""
    choices = (PLAY, NEW_SEED, DELETE) if written else (PLAY, NEW_SEED)
    label = OWN if written else SHELVES[scene.category]
    return TitleCard(
        "scene", key, scene.name, scene.prompt, written, choices, picture, label=label,
        place=(scene.name, scene.seed), begun=(scene.name, scene.prompt),
    )  # fmt: skip


def damaged(card: TitleCard, why: str) -> TitleCard:
    """Return a card of a damaged entry, which can only be deleted."""
    return replace(card, about=why, line="damaged", choices=(DELETE,), is_damaged=True)


@dataclass(frozen=True, slots=True)
class TitleModel:
    """Everything that can be chosen."""

    scenes: tuple[TitleCard, ...] = ()
    parked: tuple[TitleCard, ...] = ()
    recordings: tuple[TitleCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A row of cards."""

    title: str
    cards: tuple[TitleCard, ...]


def shelves(model: TitleModel) -> tuple[Shelf, ...]:
    """Return the rows of the title screen; empty ones are left out.

    An own scene that was begun is continued: it has no second card.
    """
    scenes = {card.begun: card for card in reversed(model.scenes)}
    parked = [_starting_over(card, scenes.get(card.begun)) for card in model.parked]
    begun = {card.began_as for card in parked}
    new = [card for card in model.scenes if card.is_own and card.id not in begun]
    rows = [Shelf("Continue", one_per_place(parked)), Shelf(OWN, tuple(new))]
    for title in SHELVES.values():
        cards = (card for card in model.scenes if card.label == title)
        rows.append(Shelf(title, tuple(cards)))
    rows.append(Shelf("Recordings", model.recordings))
    return tuple(row for row in rows if row.cards)


def _starting_over(card: TitleCard, scene: TitleCard | None) -> TitleCard:
    """Return the card of a place, which can start over where its scene is on this screen."""
    if scene is None or card.begun is None:
        return card
    first, *others = card.choices
    return replace(card, began_as=scene.id, choices=(first, BEGIN, *others))


def one_per_place(parked: Sequence[TitleCard]) -> tuple[TitleCard, ...]:
    """Return one card for each place, of its latest visit; `others` holds the earlier ones.

    Visits share name, description and the scene they began as, also with another seed.
    """
    visits: dict[object, list[TitleCard]] = {}
    for card in parked:
        visits.setdefault(card.shared or card.id, []).append(card)
    shown = []
    for place in visits.values():
        first, *others = (replace(card, visit=n) for n, card in enumerate(place))
        line = f"{first.line}, {len(others)} earlier" if others else first.line
        shown.append(_turning(replace(first, line=line), tuple(others)))
    return tuple(shown)


def turned(card: TitleCard) -> TitleCard:
    """Return the card of the visit before; after the first visit follows the latest."""
    following, *others = card.others
    shown = replace(card, others=(), choices=tuple(c for c in card.choices if c.act != "turn"))
    return _turning(following, (*others, shown))


def _turning(card: TitleCard, others: tuple[TitleCard, ...]) -> TitleCard:
    first, *rest = card.choices
    turn = [EARLIER if one.visit > card.visit else LATEST for one in others[:1]]
    return replace(card, others=others, choices=(first, *turn, *rest))


def library_cards() -> tuple[TitleCard, ...]:
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
