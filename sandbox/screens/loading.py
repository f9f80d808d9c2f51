"""The loading screen, shown until the first block: the scene and the progress."""

from collections.abc import Callable, Sequence

import pygame

from mag_sandbox.controls.bindings import DEFAULTS, Action, Bindings
from mag_sandbox.files.validation import capitalized
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.toolbar import Toolbar
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock, WorkerStatus
from mag_sandbox.sandbox.screens import OpenBox, Outcome, Overlay, Way
from mag_sandbox.sandbox.screens.change_progress import MOVES_S, progress_bar
from mag_sandbox.sandbox.ui.display import shade
from mag_sandbox.sandbox.ui.layout import CustomPart, Text, column, draw, height_of
from mag_sandbox.sandbox.ui.theme import BACKDROP, INK, MUTED, CachedPicture
from mag_sandbox.sandbox.ui.thumbnails import PictureSource, Thumbnails
from mag_sandbox.scenes import Scene

READY, LEAVING = "ready", "leaving"  # stages: a world is loaded; one before is closed
STAGES = {  # loaders' stages in words; others are shown as they are
    LEAVING: "Closing the previous place",
    "weights": "Waking the world",
    "probe": "Getting to know this machine",
    "memory": "Making room for memories",
    READY: "Imagining the first view",
}
USUAL_S = {"Starting": 2.0, "weights": 0.4, "probe": 0.2, "memory": 0.3, READY: 4.5}  # in order
LOADED_S = 1.0  # that the first view usually takes in a world that was played before
SLOW_S, FIRST_TIME = 4.0, "the first place takes longer than later ones"  # said after so long
QUIET_S = 0.5  # for which a picture that stays is shown alone
HELD = "held keys count once the place is there"
TYPED = "what you type goes into the box once the place is there; {} leaves"
NO_KEYS = "keys work once the place is there; {} leaves"
WAY_BACK = "{} or {}: back to this place"
WRITING = ("prompt", "change")  # actions that open a box
KEYS = (pygame.KEYDOWN, pygame.TEXTINPUT, pygame.TEXTEDITING)
STEADY = 0.7  # share of a stage's time over which the bar grows evenly; then ever more slowly
SLOWING = 0.25  # how it then slows down: after 15 times that time, a bar is not full yet
LEAST_PACE, MOST_PACE = 0.2, 100.0  # time of a stage over its usual time
DAWN = (38, 46, 78)  # lower end of the backdrop


class LoadingProgress:
    """Estimates the share of the wait that is over; it never shrinks, and never stands still.

    Stages weigh as much as they usually take; finished ones tell the pace of this machine. Other
    stages count by the share that they report.

    >>> progress = LoadingProgress()
    >>> progress.see("Starting", 0.0, now=0.0), progress.see("weights", 0.0, now=2.0) > 0.2
    (0.0, True)
    """

    def __init__(self, loaded_s: float = LOADED_S) -> None:
        """Set how long the first view usually takes where the world is loaded [s]."""
        self._loaded_s = loaded_s
        self._left = dict(USUAL_S)  # usual seconds of the unfinished stages
        self._stage, self._since = "", 0.0
        self._spent = self._usual = 0.0  # seconds of the finished stages
        self._share = 0.0

    def see(self, stage: str, reported: float, now: float) -> float:
        """Return the share, 0 to 1, at a time [s] in a stage that reports its own share."""
        if stage != self._stage and (stage in self._left or stage not in USUAL_S):
            self._enter(stage, now)
        whole = self._usual + sum(self._left.values())
        usual = self._left.get(self._stage)
        if usual is None:
            done = reported * (whole - self._left[READY])
        else:
            pace = self._spent / self._usual if self._usual else 1.0
            pace = min(MOST_PACE, max(LEAST_PACE, pace))
            done = self._usual + usual * _grown((now - self._since) / (usual * pace))
        self._share = max(self._share, done / whole)
        return self._share

    def _enter(self, stage: str, now: float) -> None:
        if not self._stage and stage == READY:  # the world is loaded
            self._left = {READY: self._loaded_s}
        if stage in self._left:
            order = list(USUAL_S)
            over = [one for one in self._left if order.index(one) < order.index(stage)]
            if self._stage:
                self._usual += sum(self._left[one] for one in over)
                self._spent += now - self._since
            self._left = {one: usual for one, usual in self._left.items() if one not in over}
        self._stage, self._since = stage, now


def _grown(share: float) -> float:
    """Return the progress of a stage, below 1, after a share of its expected time."""
    if share <= STEADY:
        return share
    late = (share - STEADY) / (1.0 - STEADY)
    left: float = (1.0 - STEADY) * (1.0 + late / SLOWING) ** -SLOWING
    return 1.0 - left


class LoadingScreen:
    """Waits for the first block, which it keeps in `first`."""

    def __init__(
        self,
        worker: GenerationWorker,
        scene: Scene,
        leave: Outcome = Way.LEAVE,
        bindings: Bindings = DEFAULTS,
        picture: pygame.Surface | None = None,
        behind: PictureSource | None = None,
        ready: str = STAGES[READY],
        *,
        usual_s: float = LOADED_S,
        continues: bool = False,
        is_first: bool = True,
    ) -> None:
        """Wait for a scene.

        Args:
            worker: makes the first block.
            scene: to wait for.
            leave: where Esc leads.
            bindings: the player's keys.
            picture: stays in the window while a loaded world gets ready.
            behind: a picture of the place; None: there is none.
            ready: the words for a loaded world before its first block.
            usual_s: time that a loaded world usually takes for it.
            continues: a place that was left is read; trying again reads the same.
            is_first: no world was loaded before: what takes long is faster the next time.
        """
        self._words = STAGES | {READY: ready}
        self._no_keys = ""  # said after a key that does nothing here
        self._way_back = ""  # said from the beginning
        if leave is Way.PLACE:
            self._way_back = WAY_BACK.format(bindings.title("split"), bindings.title("leave"))
        self._progress, self._share = LoadingProgress(usual_s), 0.0
        self._slow_at: float | None = None  # when to say that later starts are faster; None: never
        self._leave, self._bindings, self._continues = leave, bindings, continues
        self._is_first = is_first
        self._picture, self._behind = picture, behind
        self._backdrop = CachedPicture()
        word = "Back" if leave is Way.PLACE else "Leave"
        self._toolbar = Toolbar((("leave", word),), bindings.title)
        self.held: dict[str, None] = {}  # camera keys that are down, in the order of their press
        self._box: Action | None = None  # opens the box that takes what was typed
        self._typed: list[pygame.Event] = []
        self.outcome: Outcome | None = None
        self.wake_at: float | None = None
        self.first: ReadyBlock | None = None
        self._worker = worker
        self._scene = scene
        self._hud = Hud()
        self._shown: WorkerStatus | None = None
        self._moved_at = 0.0  # when the light was moved last
        self._begun_at: float | None = None
        self._waited_s = 0.0
        self._dirty = True

    @property
    def has_failed(self) -> bool:
        """Whether the world has stopped."""
        return self._worker.status.error is not None

    def open_box(self, action: Action) -> None:
        """Keep what is typed from now on for a box that an action opens once the place is there."""
        self._box = action
        pygame.key.start_text_input()
        self._no_keys = TYPED.format(self._bindings.title("leave"))
        self._dirty = True

    def hand_over(self, act: Callable[[Action], None], overlays: Sequence[Overlay]) -> None:
        """Open the box by an action of the screen of play, and give it what was typed."""
        if self._box:
            pygame.key.stop_text_input()  # the action may open none
            act(self._box)
        for event in self._typed:
            any(overlay.handle(event) for overlay in reversed(overlays))

    def handle(self, event: pygame.Event) -> None:
        """Leave, try again after a failure, or keep keys for the place."""
        if event.type == pygame.QUIT:
            self.outcome = Way.LEAVE
        elif self._toolbar.handle(event, self._moved_at) == "leave":
            self._give_up()
        elif event.type == pygame.WINDOWFOCUSLOST:
            self.held.clear()
        elif event.type == pygame.KEYUP:
            self.held.pop(pygame.key.name(event.key), None)
        elif event.type in KEYS:
            self._key(event)
        elif event.type in (pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED):
            self._dirty = True

    def _key(self, event: pygame.Event) -> None:
        key = pygame.key.name(event.key) if event.type == pygame.KEYDOWN else ""
        action, moves = self._bindings.actions.get(key), key in self._bindings.moves
        if action == "leave":
            self._give_up()
        elif action == "reset" and self.has_failed:
            self.outcome = Way.RETRY
        elif self._box:
            self._typed.append(event)
        elif action == "split" and self._leave is Way.PLACE:
            self._give_up()
        elif action in WRITING and self._leave is Way.PLACE:
            self.outcome = OpenBox(action)
        elif action in WRITING:
            self.open_box(action)
        elif moves:
            self.held[key] = None
            self._no_keys, self._dirty = HELD, True
        elif key and action != "run":
            self._no_keys = NO_KEYS.format(self._bindings.title("leave"))
            self._dirty = True

    def _give_up(self) -> None:
        pygame.key.stop_text_input()
        self.outcome = self._leave

    def update(self, now: float) -> bool:
        """Check for the first block, and animate the screen until it is there."""
        self.first = self.first or self._worker.take()
        status = self._worker.status
        changed = self._dirty or status != self._shown
        self._shown, self._dirty = status, False
        if status.error:
            self.wake_at = None
            return changed
        self._share = self._progress.see(status.stage, status.fraction, now)
        if self._slow_at is None and status.stage != READY:
            self._slow_at = now + SLOW_S
        self._begun_at = now if self._begun_at is None else self._begun_at
        self._waited_s = now - self._begun_at
        if now - self._moved_at >= MOVES_S:
            self._moved_at, changed = now, True
        self.wake_at = self._moved_at + MOVES_S
        return changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the title, the prompt and a progress bar, or the error."""
        status = self._worker.status
        theme, size = self._hud.theme(surface), surface.get_size()
        margin = theme.px(14)
        if self._picture and status.stage == READY and not status.error:
            surface.blit(pygame.transform.scale(self._picture, surface.get_size()), (0, 0))
            progress = progress_bar(240, self._share, self._moved_at)
            below = self._no_keys if self._box else self._way_back or self._no_keys
            words = Text(capitalized(below), 14, MUTED) if below else None
            lines = column(progress, words, gap=10, align=0.5)
            if below or self._waited_s >= QUIET_S:
                self._hud.draw_notice(surface, self._words[READY], lines)
            self._toolbar.draw(surface, theme, (margin, size[1] - margin), self._moved_at)
            return
        drawn = self._backdrop((theme, size), lambda: _backdrop(self._behind, size))
        surface.blit(drawn, (0, 0))
        self._toolbar.draw(surface, theme, (margin, size[1] - margin), self._moved_at)
        if status.error:
            title, hint = "The world did not start", "R: try again    Esc: leave"
            if self._continues and status.stage == READY:
                title, hint = "This place cannot be opened", "Esc: leave, and open another one"
            self._hud.draw_message(surface, title, status.error, hint)
        else:
            self._draw_progress(surface, status)

    def _draw_progress(self, surface: pygame.Surface, status: WorkerStatus) -> None:
        theme, (width, height) = self._hud.theme(surface), surface.get_size()
        stage = self._words.get(status.stage, status.stage.capitalize())
        is_slow = self._slow_at is not None and self._moved_at >= self._slow_at
        if is_slow and self._is_first and status.stage in STAGES and status.stage != LEAVING:
            stage = f"{stage}; {FIRST_TIME}"
        prompt = capitalized(self._scene.prompt)
        words = column(
            Text("MAG sandbox", 14, MUTED),
            Text(self._scene.name, 40, bold=True, lines=2, centred=True),
            None if prompt == self._scene.name else Text(prompt, 17, MUTED, lines=3, centred=True),
            CustomPart(1, 30),
            progress_bar(360, self._share, self._moved_at),
            Text(stage, 14, MUTED),
            Text(capitalized(self._no_keys), 14, INK) if self._no_keys else None,
            gap=10,
            align=0.5,
        )
        room = round(width * 0.7)
        area = pygame.Rect(0, 0, room, height_of(theme, words, room))
        area.center = width // 2, height // 2
        draw(theme, surface, words, area)


def _backdrop(behind: PictureSource | None, size: tuple[int, int]) -> pygame.Surface:
    """Draw a place, dimmed so that words can be read on it; dusk where there is no picture."""
    if behind is not None:
        picture = Thumbnails().cover(behind, size)
        picture.blit(shade(size), (0, 0))
        return picture
    backdrop = pygame.Surface(size).convert()
    strip = pygame.Surface((1, 2))
    strip.set_at((0, 0), BACKDROP)
    strip.set_at((0, 1), DAWN)
    pygame.transform.smoothscale(strip.convert(backdrop), size, backdrop)
    return backdrop
