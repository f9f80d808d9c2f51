"""A player who never tires: wanders, leaves and returns, changes prompts and memory, records.

It acts on the window's thread, with the keys and outcomes of a person, at blocks that are counted:
the same seed does the same. Knows nothing of what is measured meanwhile.
"""

import random
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pygame

from mag_sandbox.controls.bindings import CAMERA_BINDINGS, Action
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.screens import Continue, PlayScene, Screen, ToTitle
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.title.library import RECORDINGS, delete_recording, past_recordings
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.scenes import Scene, load_scene

PLACES = ("kitchen", "village")  # besides the first; left and gone on with in turn
PROMPTS = ("The same place at night, with rain.", "The same place on a bright morning.")
REST_S = 1.0  # on the title, while what was left is written
TURNS = tuple(key for key, row in CAMERA_BINDINGS.items() if row.axis != "zoom")  # camera keys
TURN_BLOCKS = (3, 16)  # between two changes of the camera keys
# What is done at which block of a visit, and when it ends: 27 seconds of the pocket world.
CHORES: dict[int, Action] = {
    4: "record",
    8: "anchor",
    40: "to_anchor",
    64: "policy",
    72: "prompt",
    96: "save",
    104: "screenshot",
    112: "to_anchor",
    128: "record",
}
VISIT_BLOCKS = 144


class SoakPlayer:
    """Decides what is done next, whenever the main loop has turned.

    player = SoakPlayer(seed=7)
    player.act(game, screen)
    player.done  # Counter({"anchor": 3, "left": 2, ...})
    """

    def __init__(self, seed: int, places: Iterable[Scene] = ()) -> None:
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._places = list(places) or [load_scene(name) for name in PLACES]
        self._screen: Screen | None = None  # the one that it acted on last
        self._since = 0.0  # when it saw that screen first [s]
        self._begun = self._seen = self._turn_at = 0  # blocks that its screen has shown
        self._held: str | None = None  # camera key

    def act(self, game: PlayerGame, screen: Screen) -> None:
        """Do what is due on the present screen."""
        if screen is not self._screen:
            self._screen, self._since, self._held = screen, time.monotonic(), None
            if isinstance(screen, PlayScreen):
                self._begun = self._seen = self._turn_at = screen.reel.blocks
        if isinstance(screen, PlayScreen):
            self._play(game, screen)
        elif isinstance(screen, TitleScreen) and time.monotonic() >= self._since + REST_S:
            self._choose(game, screen)

    def _play(self, game: PlayerGame, screen: PlayScreen) -> None:
        while self._seen < screen.reel.blocks:  # no chore is missed when blocks come fast
            self._seen += 1
            chore = CHORES.get(self._seen - self._begun)
            if chore:
                self._press(game, screen, chore)
        if self._seen - self._begun >= VISIT_BLOCKS:
            self._hold(screen, None)
            self.done["left"] += 1
            screen.outcome = ToTitle()
        elif self._seen >= self._turn_at and not game.services.pilot.is_flying:
            self._turn_at = self._seen + self._random.randint(*TURN_BLOCKS)
            self._hold(screen, self._random.choice((None, *TURNS)))

    def _press(self, game: PlayerGame, screen: PlayScreen, action: Action) -> None:
        self.done[action] += 1
        if action == "to_anchor":
            self._hold(screen, None)  # whoever steers does not fly
        _strike(screen, pygame.key.key_code(game.services.bindings[action].keys[0]))
        if action == "prompt":
            for _ in range(len(screen.reel.current.block.prompt)):
                _strike(screen, pygame.K_BACKSPACE)
            prompt = PROMPTS[self.done[action] % len(PROMPTS)]
            screen.handle(pygame.Event(pygame.TEXTINPUT, text=prompt))
            _strike(screen, pygame.K_RETURN)

    def _hold(self, screen: PlayScreen, key: str | None) -> None:
        """Hold another camera key, or none."""
        if self._held:
            screen.camera_key(self._held, down=False)
        if key:
            screen.camera_key(key, down=True)
        self._held = key

    def _choose(self, game: PlayerGame, screen: TitleScreen) -> None:
        """Go to a place not seen yet, else to the one that was left longest ago."""
        self._clear(game.folder)
        parked = [
            one
            for one in game.services.saves.queue.scenes.entries()
            if one.header and not one.header.slot
        ]
        if self._places:
            screen.outcome = PlayScene(self._places.pop(0))
        elif parked:
            self.done["continued"] += 1
            screen.outcome = Continue(parked[-1].id)

    def _clear(self, folder: Path) -> None:
        """Keep the newest recording only, as somebody who wants room on the disk."""
        for old in past_recordings(folder / RECORDINGS)[1:]:
            delete_recording(old.folder)


def _strike(screen: PlayScreen, key: int) -> None:
    for kind in (pygame.KEYDOWN, pygame.KEYUP):
        screen.handle(pygame.Event(kind, key=key, mod=0, unicode=""))
