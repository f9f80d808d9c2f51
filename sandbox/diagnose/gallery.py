"""Plays the game by itself, without a window, and saves a picture of every screen.

The documentation's pictures are made this way, so they show the real game.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from queue import Empty, SimpleQueue

import pygame

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.files.border import refusing
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.game import PlayerGame
from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from mag_sandbox.sandbox.navigator import Navigator
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.recording.reader import RecordingError
from mag_sandbox.sandbox.screens import Outcome, PlayScene, Screen, Way
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.screens.probes import OPEN_PROBES
from mag_sandbox.sandbox.screens.settings import OPEN_SETTINGS
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window

SIZE = (1280, 720)  # px of the window
SIZES = ((480, 300), SIZE, (3840, 2160))  # px that every screen is drawn in
PATIENCE_S = 180.0  # longest wait for a screen
SETTLE_S = 0.8  # until everything that glides is at rest
AWAY = 100.0  # degrees by which the camera turns away
WALKED = 2.0  # metres from where a place begins
REST = 32  # blocks until a picture that was moving is sharp
PAINTED = 64  # blocks until views are painted, also anew by two worlds in turn


def run(choice: WorldChoice, playthrough: Playthrough, folder: Path) -> Iterator[Path]:
    """Yield the pictures as they are saved, or raise WorldFailed or RecordingError."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, window(SIZE, "gallery") as surface:
        tour = _ScreenTour(choice, Path(data), surface)
        try:
            for name in tour.screens(playthrough):
                for size in SIZES:
                    path = folder / place_of(size) / f"{name}.png"
                    _save(tour.drawn(size), path)
                    yield path
        finally:
            tour.close()


def _save(picture: pygame.Surface, path: Path) -> None:
    file = BytesIO()  # SDL leaves part of a picture on a full disk, and does not say so
    pygame.image.save(picture, file, "picture.png")
    with _writing(path):
        path.parent.mkdir(exist_ok=True)
        replace_file(path, file.getvalue())


def _writing(path: Path) -> AbstractContextManager[None]:
    remedy = "make room or name another folder"
    return refusing(lambda why: RecordingError(f"cannot write {path} ({why}); {remedy}"))


def place_of(size: tuple[int, int]) -> str:
    """Return the folder of pictures of a size, beside those of the window's."""
    return "" if size == SIZE else f"{size[0]}x{size[1]}"


class _ScreenTour:
    def __init__(self, choice: WorldChoice, data: Path, surface: pygame.Surface) -> None:
        self._news: SimpleQueue[None] = SimpleQueue()
        wake = lambda: self._news.put(None)  # noqa: E731 -- one word for two callers
        settings = SandboxConfig(muted=True)
        self.game = PlayerGame(choice, settings, data, PLAYER_BINDINGS, notify=wake)
        self.navigator = Navigator(self.game.worker_spec, settings, (), self.game, wake)
        self.surface = surface
        self.game.open()
        self.screen: Screen = self.navigator.start(None)

    def screens(self, playthrough: Playthrough) -> Iterator[str]:
        """Go from screen to screen; yields the name of each when it can be drawn."""
        self.rest()
        yield "title"
        self.key(pygame.K_t)
        self.type("a snowy valley with a wizzard and pine trees")
        yield "describe"
        self.key(pygame.K_ESCAPE)
        self.lead(OPEN_SETTINGS)
        self.rest()
        yield "settings"
        self.lead(Way.BACK)
        self.lead(PlayScene(playthrough.scene, playthrough.seed))
        self.screen.update(time.perf_counter())
        yield "loading"
        self.until(lambda: isinstance(self.screen, PlayScreen))
        yield from self._play()
        yield from self._split()

    def _play(self) -> Iterator[str]:
        self.blocks(4)
        self.key(pygame.K_e)
        start = self.play.reel.pose.yaw
        self.hold("right", lambda: abs(yaw_difference(self.play.reel.pose.yaw, start)) > AWAY)
        self.blocks(PAINTED)
        yield "play"
        self.key(pygame.K_b)
        self.until(lambda: not self.game.services.pilot.is_flying)
        self.until(lambda: self.game.services.prober.latest is not None)
        self.rest()  # a wipe is under way
        yield "probe"
        if "forward" in self.play.reel.current.spec.axes:
            yield from self._walk()
        self.key(pygame.K_h)
        self.blocks(REST)
        yield "lab"
        self.key(pygame.K_h)
        self.key(pygame.K_h)
        self.key(pygame.K_F1)
        self.blocks(1)
        yield "help"
        self.key(pygame.K_F1)
        self.hold("left", lambda: abs(yaw_difference(self.play.reel.pose.yaw, start)) > AWAY)
        self.key(pygame.K_c)
        self.blocks(10)
        yield "postcard"
        self.key(pygame.K_c)
        self.key(pygame.K_t)
        yield "prompt"
        self.key(pygame.K_ESCAPE)
        self.lead(OPEN_PROBES)
        yield "probes"
        self.lead(Way.BACK)

    def _walk(self) -> Iterator[str]:
        self._walk_off()
        self.blocks(REST)
        spot = self.surface.get_rect().center
        self.screen.handle(pygame.Event(pygame.MOUSEMOTION, pos=spot, rel=(9, 9), buttons=(0,) * 3))
        yield "walk"
        self.game.services.pilot.fly_to(self.play.reel.pose.at_origin, self.play.reel.current.spec)
        self.until(lambda: not self.game.services.pilot.is_flying)

    def _walk_off(self) -> None:
        self.hold("w", lambda: math.hypot(*self.play.reel.pose.position) > WALKED)

    def _split(self) -> Iterator[str]:
        if "forward" in self.play.reel.current.spec.axes:
            self._walk_off()
            self.blocks(PAINTED)
        self.key(pygame.K_v)
        self.until(
            lambda: isinstance(self.screen, PlayScreen) and self.play.reel.current.block.beside
        )
        self.until(lambda: self.game.services.pilot.is_flying)
        self.until(lambda: not self.game.services.pilot.is_flying)
        self.blocks(PAINTED)
        yield "split"
        self.lead(Way.TITLE)
        self.until(lambda: self.game.services.saves.scenes.entries())
        self.rest()
        yield "continue"

    @property
    def play(self) -> PlayScreen:
        assert isinstance(self.screen, PlayScreen)
        return self.screen

    def lead(self, outcome: Outcome) -> None:
        self.screen.outcome = outcome
        self.follow()

    def follow(self) -> None:
        screen = self.navigator.follow(self.screen)
        assert screen is not None  # nothing here leaves the game
        self.screen = screen

    def key(self, key: int) -> None:
        for kind in (pygame.KEYDOWN, pygame.KEYUP):
            self.screen.handle(pygame.Event(kind, key=key, mod=0, unicode=""))

    def type(self, text: str) -> None:
        """Type into the focused text field; the first letter is that of the previous key."""
        self.screen.handle(pygame.Event(pygame.TEXTINPUT, text="t"))
        for letter in text:
            self.screen.handle(pygame.Event(pygame.TEXTINPUT, text=letter))

    def hold(self, key: str, until: Callable[[], bool]) -> None:
        self.play.camera_key(key, down=True)
        self.until(until)
        self.play.camera_key(key, down=False)

    def blocks(self, count: int) -> None:
        wanted = self.play.reel.blocks + count
        self.until(lambda: self.play.reel.blocks >= wanted)

    def rest(self) -> None:
        begun = time.monotonic()
        self.until(lambda: time.monotonic() > begun + SETTLE_S)

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            worker = self.navigator.worker
            if worker and worker.status.error:
                raise WorldFailed(worker.status.error)
            if time.monotonic() > end:
                raise WorldFailed("the game made no progress; is the machine busy?")
            if self.screen.update(time.perf_counter()):
                self.screen.draw(self.surface)
            self.follow()
            try:
                self._news.get(timeout=0.01)
            except Empty:
                continue

    def drawn(self, size: tuple[int, int]) -> pygame.Surface:
        surface = pygame.Surface(size)
        self.screen.handle(pygame.Event(pygame.WINDOWEXPOSED))
        if isinstance(self.screen, PlayScreen):  # its cards fade while nothing is touched
            self.key(pygame.K_F15)
        self.screen.update(time.perf_counter())
        self.screen.draw(surface)
        return surface

    def close(self) -> None:
        self.game.silence()
        self.navigator.close()
        self.game.close()
