"""A title screen in a window that a test steers, with doubles of what it needs."""

from dataclasses import replace

import pygame

from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.title.model import (
    CONTINUE,
    DELETE,
    EXPORT,
    FORK,
    WATCH,
    TitleCard,
    TitleModel,
    damaged,
    scene_card,
)
from mag_sandbox.sandbox.title.screen import TitleActions, TitleScreen
from mag_sandbox.scenes import Scene
from tests.steering import Steered


def scene(key: str, name: str, category: str, prompt: str, *, own: bool = False) -> TitleCard:
    return scene_card(
        key,
        Scene(prompt, name=name, category=category),
        None,
        written="written today 18:20" if own else "",
    )


def parked(id: str, name: str, left: str, memory: str, seed: int = 7, words: str = "") -> TitleCard:
    choices, place, shared = (CONTINUE, FORK, DELETE), (name, seed), (name, words or name)
    about = f"{left} · {memory}"
    return TitleCard("parked", id, name, about, left, choices, place=place, shared=shared)


WHEN = "yesterday, 2:14 min"
MODEL = TitleModel(
    scenes=(
        scene("meadow", "Meadow", "outdoor", "A green meadow."),
        scene("desert", "Desert", "outdoor", "A desert."),
        scene("kitchen", "Kitchen", "indoor", "A kitchen."),
        scene("/mine.yaml", "Mine", "outdoor", "A place of mine.", own=True),
    ),
    parked=(
        parked("p1", "Left meadow", "left 3 h ago", "Left 3 h ago"),
        damaged(parked("p2", "Old castle", "", ""), "its state is cut short"),
    ),
    recordings=(
        TitleCard("recording", "runs/monday", "Monday", WHEN, WHEN, (WATCH, EXPORT, DELETE)),
    ),
)


class FakeWriting:
    """A card for prompts that opens and tells what is written."""

    wake_at = None
    vocabulary = None

    def __init__(self, apply):
        self.apply, self.is_open, self.heard = apply, False, []

    def open(self, prompt):
        self.is_open = True

    def handle(self, event):
        self.heard.append(event)
        return True

    def update(self, now):
        return False

    def draw(self, surface):
        pass


class ListedAtOnce:
    """Lists everything as soon as it is asked to."""

    newest, is_waiting = None, False

    def __init__(self, read):
        self.read, self.told = read, None

    def ask(self):
        self.told = self.read()

    def news(self):
        told, self.told = self.told, None
        return told


class ListedLater(ListedAtOnce):
    """Lists nothing before it is let go."""

    is_waiting = True

    def news(self):
        return None if self.is_waiting else super().news()


class Game(Steered):
    """A title screen in a window, steered by keys and mouse."""

    def __init__(self, surface, model=MODEL, **actions):
        self.surface, self.model, self.done = surface, model, []
        self.now = 0.0
        given = {
            "listing": ListedAtOnce(lambda: self.model),
            "writing": self._writing,
            "fork": lambda one: self.done.append(("fork", one)),
            "delete_parked": self._delete_parked,
            "export": lambda path: self.done.append(("export", path)),
            "delete_recording": lambda path: self.done.append(("delete", path)),
            "keep_scene": lambda scene: self.done.append(("keep", scene)),
            "delete_scene": lambda key: self.done.append(("delete", key)),
            "load_scene": lambda key: Scene(f"Scene {key}."),
            "seed": lambda: 77,
        }
        self.screen = TitleScreen(TitleActions(**{**given, **actions}), SandboxConfig())
        self.settle()

    def _writing(self, apply):
        self.writing = FakeWriting(apply)
        return self.writing

    def _delete_parked(self, parked):
        self.done.append(("delete", parked))
        kept = tuple(card for card in self.model.parked if card.id != parked)
        self.model = replace(self.model, parked=kept)

    def point(self, pos, kind=pygame.MOUSEMOTION, **also):
        self.screen.handle(pygame.Event(kind, pos=pos, **also))
        self.settle()
        return self.screen.outcome

    def find(self, key):
        """Return a point from which the mouse moves the focus to a card."""
        width, height = self.surface.get_size()
        for y in range(0, height, 10):
            for x in range(0, width, 20):
                self.point((x, y))
                if self.screen.focused == key:
                    return x, y
        raise AssertionError(f"{key} is nowhere")
