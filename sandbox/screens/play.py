"""A world being played: shows its frames evenly, takes keys, draws the display over it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pygame

from controls.bindings import ACTIONS, CAMERA_BINDINGS, Action
from controls.sources import KeyboardSource
from sandbox.display import draw_frame, shade
from sandbox.feedback import InputFeedback
from sandbox.hud import Hud, next_level
from sandbox.hud_state import HudState, stage_rows
from sandbox.pacing import FrameGrid
from sandbox.screens import Outcome
from sandbox.settings import SandboxConfig
from sandbox.worker import GenerationWorker, ReadyBlock
from scenes import Scene

FIGURES_EVERY = 0.5  # seconds between two updates of the figures: readable, not flickering
SMOOTHING = 0.2  # weight of the newest block in the stage times
AT_ONCE = 0.0  # a moment that has passed on any clock
MAX_TIMES = 20_000  # newest times kept for statistics


@dataclass(frozen=True, slots=True)
class PlayContext:
    """What a screen of play is given."""

    worker: GenerationWorker
    scene: Scene
    seed: int
    settings: SandboxConfig
    keyboard: KeyboardSource
    clock: Callable[[], float]
    toggle_fullscreen: Callable[[], object] = pygame.display.toggle_fullscreen


class PlayScreen:
    """Shows what the worker makes and tells it when the next block is needed."""

    mode = ""

    def __init__(self, context: PlayContext, first: ReadyBlock) -> None:
        self.outcome: Outcome | None = None
        self.feedback = InputFeedback()
        self.grid = FrameGrid(first.spec.fps)
        self.shown_at: deque[float] = deque(maxlen=MAX_TIMES)
        self.frames = 0  # shown in all
        self.blocks = 0  # shown in all
        self.hud_seconds = 0.0  # the last drawing of the display took
        self._context = context
        self._worker = context.worker
        self._hud = Hud()
        self._level = context.settings.hud
        self._help = self._paused = self._starting_over = False
        self._late = False  # the next block is not there although it is due
        self._error: str | None = None
        self._dirty = True
        self._next: ReadyBlock | None = first
        self._current = first
        self._place = -1  # of the frame shown, in the current block
        self._frames_since_reset = 0
        self._figures = _Figures()

    @property
    def wake_at(self) -> float | None:
        """When the next frame is due; None while the worker is late or the player pauses."""
        if self._stopped or self._late:
            return None
        return AT_ONCE if self.grid.due is None else self.grid.due

    def handle(self, event: pygame.Event) -> None:
        """Take a key or a change of the window."""
        if event.type == pygame.QUIT:
            self.outcome = "leave"
        elif event.type in (pygame.KEYDOWN, pygame.KEYUP):
            self._handle_key(pygame.key.name(event.key), down=event.type == pygame.KEYDOWN)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._context.keyboard.release_all()
            self.feedback.release_all()
            self._dirty = True
        elif event.type in (pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED):
            self._dirty = True

    def update(self, now: float) -> bool:
        """Show the next frame if it is due and there is one; True if the picture changed."""
        changed, self._dirty = self._dirty, False
        error = self._worker.status.error
        if error != self._error:
            self._error, changed = error, True
        if not self._stopped and self.grid.is_due(now):
            changed |= self._show_next(now)
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw picture, display, and what lies over them."""
        frame = self._current.block.frames[max(0, self._place)]
        settings = self._context.settings
        draw_frame(surface, frame, settings.fit, settings.scale)
        if self._starting_over or self._paused or self._error:
            surface.blit(shade(surface.get_size()), (0, 0))
        begun = self._context.clock()
        self._hud.draw(surface, self.hud_state(), self._level)
        self.hud_seconds = self._context.clock() - begun
        if self._error:
            hint = "R: try again    Esc: leave"
            self._hud.draw_message(surface, "The world stopped", self._error, hint)
        elif self._help:
            self._hud.draw_help(surface)
        elif self._starting_over or self._paused:
            self._hud.draw_notice(surface, self._mode_text().capitalize())

    def hud_state(self) -> HudState:
        """Return what the display says now."""
        ready, figures = self._current, self._figures
        block, spec = ready.block, ready.spec
        return HudState(
            scene=self._context.scene.name,
            prompt=block.prompt,
            seed=self._context.seed,
            seconds=self._frames_since_reset / spec.fps,
            phrase=block.phrase,
            pose=block.poses[-1],
            memory=block.memory,
            exact_pose=spec.exact_pose,
            fps=figures.fps,
            possible_fps=figures.possible_fps,
            stage_ms=figures.stage_ms,
            latency_ms=figures.latency_ms,
            lights={key: self.feedback.light(key) for key in CAMERA_BINDINGS},
            mode=self._mode_text(),
        )

    def act(self, action: Action) -> None:
        """Do what an action key asks for."""
        self._dirty = True
        if action == "leave":
            self.outcome = "leave"
        elif action == "reset":
            self._reset()
        elif action == "hud":
            self._level = next_level(self._level)
        elif action == "help":
            self._help = not self._help
        elif action == "fullscreen":
            self._context.toggle_fullscreen()
        elif action == "pause":
            self._pause()

    def camera_key(self, key: str, *, down: bool) -> None:
        """Pass a camera key on and follow what becomes of it."""
        keyboard = self._context.keyboard
        (keyboard.press if down else keyboard.release)(key)
        self.feedback.key_changed(key, self._context.clock(), down=down)

    @property
    def _stopped(self) -> bool:
        return self._paused or self._error is not None

    @property
    def _is_waiting(self) -> bool:
        """Whether the current block is over; the worker announces the next."""
        return self._next is None and self._place + 1 >= len(self._current.block.frames)

    def _handle_key(self, key: str, *, down: bool) -> None:
        if key in CAMERA_BINDINGS:
            self.camera_key(key, down=down)
            self._dirty = True
        elif down and key in ACTIONS:
            self.act(ACTIONS[key])

    def _show_next(self, now: float) -> bool:
        if self._is_waiting:
            self._next = self._worker.take()
            self._late = self._next is None
            if self._late:
                if self._worker.status.ended:
                    self.outcome = "script over"
                return False
        if self._next is not None:
            self._begin_block(self._next, now)
        else:
            self._place += 1
        self.grid.show(now)
        self.shown_at.append(now)
        self.frames += 1
        self._frames_since_reset += 1
        if self._place == 0:
            self._worker.needed_at(self._block_ends_at())
        self._figures.update(now, self)
        return True

    def _begin_block(self, ready: ReadyBlock, now: float) -> None:
        self._current, self._next, self._place = ready, None, 0
        self._starting_over = False
        self.blocks += 1
        self.feedback.block_shown(ready.command, ready.sampled_at, now)
        self._figures.add_block(ready)

    def _block_ends_at(self) -> float:
        left = len(self._current.block.frames) - 1 - self._place
        return self.grid.due + left * self.grid.interval

    def _reset(self) -> None:
        if self._worker.status.error:
            self.outcome = "retry"
            return
        self._worker.reset()
        self._next, self._place = None, len(self._current.block.frames) - 1
        self._starting_over, self._paused = True, False
        self._frames_since_reset = 0
        self.grid.restart()

    def _pause(self) -> None:
        self._paused = not self._paused
        if self._paused:
            self._worker.needed_at(None)
        elif not self._starting_over:
            self.grid.restart()
            left = len(self._current.block.frames) - 1 - self._place
            self._worker.needed_at(self._context.clock() + left * self.grid.interval)

    def _mode_text(self) -> str:
        if self._starting_over:
            return "starting over"
        return "paused" if self._paused else self.mode


class _Figures:
    """The figures of the display, steady enough to be read."""

    def __init__(self) -> None:
        self.fps = 0.0
        self.possible_fps = 0.0
        self.stage_ms: tuple[tuple[str, int], ...] = ()
        self.latency_ms: int | None = None
        self._stages: dict[str, float] = {}
        self._block_seconds = 0.0
        self._block_frames = 0
        self._updated = float("-inf")

    def add_block(self, ready: ReadyBlock) -> None:
        """Blend in the times of a block."""
        for stage, ms in ready.block.stage_ms.items():
            before = self._stages.get(stage, ms)
            self._stages[stage] = before + SMOOTHING * (ms - before)
        if ready.block.block_index > 0:  # the first includes the reset
            before = self._block_seconds or ready.seconds
            self._block_seconds = before + SMOOTHING * (ready.seconds - before)
            self._block_frames = len(ready.block.frames)

    def update(self, now: float, screen: PlayScreen) -> None:
        """Take new figures, not too often."""
        if now - self._updated < FIGURES_EVERY:
            return
        self._updated = now
        newest = list(screen.shown_at)[-32:]
        if len(newest) > 1:
            self.fps = round((len(newest) - 1) / (newest[-1] - newest[0]), 1)
        if self._block_seconds:
            self.possible_fps = round(self._block_frames / self._block_seconds)
        self.stage_ms = stage_rows(self._stages)
        if screen.feedback.latencies_ms:
            self.latency_ms = round(screen.feedback.latencies_ms[-1])
