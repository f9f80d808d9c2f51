"""A game on a fake world, moved on by a test as the main loop does it."""

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

import pygame

from mag_sandbox.controls.camera import CameraSpeed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.navigator import Navigator
from mag_sandbox.sandbox.screens import PlayScene
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld, block_number
from tests.patience import PATIENCE

SCENE = Scene(prompt="A place.", name="Somewhere", seed=7)
FAST = replace(SPEC, fps=960.0, full_speed=CameraSpeed(yaw=80.0, pitch=48.0))
GLIMPSE = 17  # blocks: enough to be kept
SETTINGS = SandboxConfig(window_width=640, window_height=400, muted=True, scale="smooth")


class Run:
    """A game whose screens a test moves on."""

    def __init__(self, folder, worlds, settings=SETTINGS, choice=None, **options):
        self.worlds = worlds
        self._news = SimpleQueue()
        self.game = PlayerGame(
            choice or WorldChoice(),
            settings,
            folder,
            PLAYER_BINDINGS,
            load=lambda progress: self.worlds.pop(0),
            notify=self._wake,
            **options,
        )
        self.navigator = Navigator(self.game.worker_spec, settings, (), self.game, self._wake)
        self.services = self.game.services
        self.game.open()
        self.screen = self.navigator.start(None)

    def _wake(self):
        self._news.put(None)

    def go(self, outcome, wanted):
        """Lead somewhere, and wait until a screen of that kind is there."""
        self.screen.outcome = outcome
        return self.wait(lambda: isinstance(self.screen, wanted))

    def play(self, outcome=None):
        return self.go(outcome or PlayScene(SCENE), PlayScreen)

    def wait(self, condition):
        """Move on as the main loop does until something holds."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, "nothing happened"
            self.screen.update(time.perf_counter())
            self.screen = self.navigator.follow(self.screen)
            with suppress(Empty):  # as the main loop does: sleep until there is news
                self._news.get(timeout=0.004)
        return self.screen

    def see_blocks(self, count):
        blocks = self.screen.reel.blocks + count
        return self.wait(lambda: self.screen.reel.blocks >= blocks)

    @property
    def block(self):
        reel = self.screen.reel
        shown = reel.current.block
        whole = reel.frame if shown.beside is None else shown.at_rest[-1]  # V shows the middle
        return block_number(whole)

    def press(self, key):
        for kind in (pygame.KEYDOWN, pygame.KEYUP):
            self.screen.handle(pygame.Event(kind, key=key, mod=0, unicode=""))

    def draw(self, size=(640, 400)):
        """Draw the present screen as large as a window."""
        self.screen.handle(pygame.Event(pygame.WINDOWSIZECHANGED))
        self.screen.update(time.perf_counter())
        surface = pygame.Surface(size)
        self.screen.draw(surface)
        return surface

    def write(self, text):
        """Write after what stands there; the key that opened it is not written."""
        self.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
        self.press(pygame.K_END)
        self.screen.handle(pygame.Event(pygame.TEXTINPUT, text=text))

    def add_words(self, text):
        """Go on with the description of the place by more words, and wait until they are heard."""
        before = self.screen.reel.current.block.prompt
        self.press(pygame.K_t)
        self.write(text)
        self.press(pygame.K_RETURN)
        self.wait(lambda: self.screen.reel.current.block.prompt == before + text)

    def said(self, words):
        """Wait until a notice says something."""
        return self.wait(lambda: any(words in one.text for one in self.services.notices.current))

    def parked(self, count=1):
        """Wait until so many places that were left are written, and return them."""
        saves = self.services.saves
        self.wait(lambda: not saves.unwritten and len(saves.scenes.entries()) >= count)
        return saves.scenes.entries()

    def close(self):
        self.game.silence()
        self.navigator.close()
        self.game.close()


def glimpse(game, outcome=None):
    """Play long enough to be kept and return the block that was seen last."""
    game.play(outcome)
    game.see_blocks(GLIMPSE)
    return game.block


@contextmanager
def games(folder):
    """Give a function that starts a game of some worlds, in a window; all are closed at the end."""
    runs = []

    def start(*worlds, **options):
        runs.append(Run(folder, list(worlds or [FakeWorld(spec=FAST)]), **options))
        return runs[-1]

    with window((640, 400), "test"):
        try:
            yield start
        finally:
            for one in runs:
                one.close()
