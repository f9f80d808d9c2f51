"""Playing: frames come evenly, keys act at once, nothing stale is shown."""

from itertools import pairwise
from unittest.mock import Mock

import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import Control
from mag_sandbox.sandbox.hud.toolbar import STAYS_S
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.play.worker import ReadyBlock, WorkerStatus
from mag_sandbox.sandbox.screens import Overlay, Way
from mag_sandbox.sandbox.screens.change_progress import MOVES_S, RUN_S
from mag_sandbox.sandbox.screens.loading import (
    FIRST_TIME,
    HELD,
    QUIET_S,
    SLOW_S,
    LoadingProgress,
    LoadingScreen,
)
from mag_sandbox.sandbox.screens.play import PlayContext, PlayScreen, ReplayScreen
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, WALKING, FakeWorld, block_number

SCENE = Scene(prompt="A place.", name="Somewhere")
FRAME = 1 / 16  # s
KEYS = {"left": pygame.K_LEFT, "right": pygame.K_RIGHT, "up": pygame.K_UP, "r": pygame.K_r}
KEYS |= {"h": pygame.K_h, "p": pygame.K_p, "escape": pygame.K_ESCAPE, "f1": pygame.K_F1}


class StubWorker:
    """Hands out what a test puts in."""

    def __init__(self):
        self.status = WorkerStatus()
        self.ready = None
        self.needed = []
        self.begun = []  # from the screen on
        self.under_way = lambda: None

    def take(self):
        ready, self.ready = self.ready, None
        return ready

    def needed_at(self, moment):
        self.needed.append(moment)

    def begin(self, playthrough):
        self.begun.append(playthrough)


class Game:
    """A screen with a worker and a clock that a test moves."""

    def __init__(self, screen=PlayScreen, spec=SPEC):
        self.now = 10.0
        self.worker = StubWorker()
        self.keyboard = PlayerSource()
        self.toggled = []
        self.world = FakeWorld(spec=spec)
        context = PlayContext(
            worker=self.worker,
            playthrough=Playthrough(SCENE, 7),
            settings=SandboxConfig(),
            keyboard=self.keyboard,
            clock=lambda: self.now,
            toggle_fullscreen=lambda: self.toggled.append(True),
        )
        first = ReadyBlock(0, self.world.reset(SCENE, 7), CameraCommand(), 9.9, spec)
        self.screen = screen(context, first)

    def make_block(self):
        command = self.keyboard.next_command()
        block = self.world.step(Control(command))
        self.worker.ready = ReadyBlock(0, block, command, self.now, self.world.spec)

    def pass_frames(self, count):
        for _ in range(count):
            self.screen.update(self.now)
            self.now += FRAME

    def key(self, name, *, down=True):
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        self.screen.handle(pygame.Event(kind, key=KEYS[name]))

    @property
    def shown_block(self):
        return block_number(self.screen.reel.frame)


@pytest.fixture(autouse=True)
def surface():
    with window((640, 400), "test") as surface:
        yield surface


@pytest.fixture
def game():
    return Game()


def test_the_first_frame_is_shown_at_once(game):
    assert game.screen.wake_at is not None
    assert game.screen.wake_at <= game.now
    assert game.screen.update(game.now)


def test_the_frames_of_a_block_are_shown_one_by_one(game):
    game.pass_frames(3)
    assert game.screen.reel.frames == 3
    assert game.screen.reel.shown_at[-1] == pytest.approx(10.0 + 2 * FRAME)


def test_the_next_block_is_asked_for_when_the_current_one_is_over(game):
    game.pass_frames(1)
    assert game.worker.needed == [pytest.approx(10.0 + 3 * FRAME)]


def test_the_last_frame_stays_while_the_worker_is_late(game):
    game.pass_frames(6)
    assert game.screen.reel.frames == 3
    assert game.shown_block == 0
    assert game.screen.wake_at is None
    game.make_block()
    assert game.screen.update(game.now)
    assert game.shown_block == 1
    assert game.screen.wake_at == pytest.approx(game.now + FRAME, abs=0.05 * FRAME)


def test_between_two_frames_nothing_changes(game):
    game.pass_frames(1)
    assert not game.screen.update(game.now - FRAME / 2)


def test_a_key_lights_up_at_once_and_is_applied_by_the_block_that_answers_it(game):
    game.pass_frames(1)
    game.key("right")
    assert game.screen.update(game.now - FRAME / 2), "the key's light is drawn without a new frame"
    assert game.screen.hud_state().lights["right"] == "queued"
    game.pass_frames(2)
    game.make_block()
    game.pass_frames(1)
    state = game.screen.hud_state()
    assert state.lights["right"] == "applied"
    assert state.block.phrase == "camera pans right"
    assert list(game.screen.feedback.latencies_ms) == [pytest.approx(2 * FRAME * 1000)]


def test_losing_the_window_lets_go_of_the_keys(game):
    game.key("left")
    game.screen.handle(pygame.Event(pygame.WINDOWFOCUSLOST))
    assert game.keyboard.next_command() == CameraCommand()


def test_reset_drops_the_frames_that_were_left(game):
    game.pass_frames(1)
    game.key("r")
    assert [one.seed for one in game.worker.begun] == [7]
    game.pass_frames(3)
    assert game.screen.reel.frames == 1, "no frame of before is shown any more"
    assert game.screen.hud_state().mode == "starting over"
    block = game.world.reset(SCENE, 7)
    game.worker.ready = ReadyBlock(1, block, CameraCommand(), game.now, game.world.spec)
    game.pass_frames(1)
    assert game.shown_block == 0
    assert game.screen.hud_state().mode == ""
    assert game.screen.hud_state().seconds == pytest.approx(FRAME)


@pytest.mark.parametrize(
    ("scene", "seed", "said"),
    [
        (SCENE, 7, "starting over"),
        (SCENE, 8, "another place"),
        (Scene("A reef."), 7, "another place"),
    ],
)
def test_what_begins_is_called_what_it_is(game, scene, seed, said):
    game.pass_frames(1)
    game.screen.play(Playthrough(scene, seed))
    assert game.screen.hud_state().mode == said


def test_a_pause_holds_frames_and_generation(game):
    game.pass_frames(1)
    game.key("p")
    game.pass_frames(20)
    assert game.screen.reel.frames == 1
    assert game.worker.needed[-1] is None
    assert game.screen.hud_state().mode == "paused"
    game.key("p")
    assert game.worker.needed[-1] == pytest.approx(game.now + 2 * FRAME)
    game.pass_frames(1)
    assert game.screen.reel.frames == 2
    assert game.screen.reel.grid.late_frames == 0


def test_keys_and_the_mouse_steer_after_a_pause_only_if_they_are_still_held(game):
    game.pass_frames(1)
    for key, released in (("left", False), ("up", True)):
        game.key("p")
        game.key(key)
        if released:
            game.key(key, down=False)
        game.keyboard.drag(30.0, 0.0)
        game.key("p")
        assert game.keyboard.next_command() == CameraCommand(yaw=-1.0)


def test_escape_and_closing_the_window_leave(game):
    game.key("escape")
    assert game.screen.outcome == Way.LEAVE
    other = Game()
    other.screen.handle(pygame.Event(pygame.QUIT))
    assert other.screen.outcome == Way.LEAVE


def test_an_error_is_a_banner_with_a_way_on(game, surface):
    game.pass_frames(1)
    game.worker.status = WorkerStatus(error="block 3 cannot be made; start over")
    assert game.screen.update(game.now)
    game.screen.draw(surface)
    assert game.screen.outcome is None
    game.key("r")
    assert game.screen.outcome == Way.RETRY
    assert game.worker.begun == []


def test_while_a_world_reads_a_new_prompt_the_display_says_how_far_it_is(game):
    game.worker.status = WorkerStatus("encoding text", 0.4)
    assert game.screen.update(game.now)
    assert game.screen.hud_state().mode == "encoding text 40%"
    assert not game.screen.update(game.now)
    game.worker.status = WorkerStatus("ready", 1.0)
    assert game.screen.update(game.now)
    assert game.screen.hud_state().mode == game.screen.mode


def test_the_end_of_a_script_leaves_after_its_last_frame(game):
    game.pass_frames(2)
    game.worker.status = WorkerStatus(ended=True)
    assert game.screen.outcome is None
    game.pass_frames(2)
    assert game.screen.reel.frames == 3
    assert game.screen.outcome == Way.SCRIPT_OVER


def test_the_display_shows_what_the_block_says(game):
    game.pass_frames(1)
    state = game.screen.hud_state()
    assert (state.scene, state.block.prompt) == ("Somewhere", "A place.")
    assert dict(state.figures)["working ahead"] == "21 ms"
    assert state.block.memory.kept_frames > 0


def test_everything_can_be_drawn(game, surface):
    for key in ("h", "h", "h", "f1", "f1", "p"):
        game.pass_frames(1)
        game.screen.draw(surface)
        game.key(key)
    game.screen.draw(surface)
    assert pygame.transform.average_color(surface)[:3] != (0, 0, 0)


def test_a_replay_is_not_steered_and_not_reset():
    game = Game(ReplayScreen)
    game.key("left")
    game.key("r")
    assert game.keyboard.next_command() == CameraCommand()
    assert game.worker.begun == []
    assert game.screen.hud_state().mode == "replay"
    game.key("escape")
    assert game.screen.outcome == Way.LEAVE


def test_a_replay_shows_as_much_of_a_frame_as_the_game_did(surface):
    shown = []
    for screen in (PlayScreen, ReplayScreen):
        game = Game(screen)
        game.pass_frames(1)
        game.screen.draw(surface)
        shown.append((game.screen.reel.crop, game.screen.reel.shown_at_rest))
        if screen is ReplayScreen:
            game.key("left")
            game.pass_frames(3)
            game.screen.draw(surface)
            assert game.screen.warpable.rests, "a page shifts it as little as the window does"
            assert game.screen.reel.crop == shown[0][0]
    assert shown[0] == shown[1]


def test_loading_shows_progress_and_keeps_the_first_block(surface):
    worker = StubWorker()
    screen = LoadingScreen(worker, SCENE)
    assert screen.update(1.0)
    assert not screen.update(1.0 + MOVES_S / 2)
    pictures = []
    for now in (2.0, 2.0 + RUN_S / 2):
        assert screen.update(now)
        assert screen.wake_at == now + MOVES_S
        screen.draw(surface)
        pictures.append(pygame.image.tobytes(surface, "RGB"))
    assert pictures[0] != pictures[1], "something moves while nothing is reported"
    worker.status = WorkerStatus("Reading weights", 0.4)
    assert screen.update(4.0)
    screen.draw(surface)
    worker.ready = "block"
    screen.update(4.1)
    assert screen.first == "block"


def written_by(screen, surface, monkeypatch):
    """Return what a screen writes."""
    written, text = [], Theme.text

    def noted(theme, words, *args, **more):
        written.append(words)
        return text(theme, words, *args, **more)

    monkeypatch.setattr(Theme, "text", noted)
    screen.draw(surface)
    return written


@pytest.mark.parametrize(
    ("stage", "is_first", "is_told"),
    [
        ("weights", True, True),
        ("weights", False, False),
        ("ready", True, False),
        ("leaving", True, False),
    ],
)
def test_a_long_first_start_is_told_to_be_one(surface, monkeypatch, stage, is_first, is_told):
    worker = StubWorker()
    worker.status = WorkerStatus(stage)
    screen = LoadingScreen(
        worker, SCENE, is_first=is_first
    )  # "ready" at once: the world was loaded before
    screen.update(0.0)
    assert not any(FIRST_TIME in one for one in written_by(screen, surface, monkeypatch))
    screen.update(SLOW_S + 0.1)
    assert is_told == any(FIRST_TIME in one for one in written_by(screen, surface, monkeypatch))


@pytest.mark.parametrize(("name", "is_repeated"), [("A quiet lake", False), ("The lake", True)])
def test_a_place_that_is_named_by_its_description_says_it_once(
    surface, monkeypatch, name, is_repeated
):
    sizes, text = {}, Theme.text
    monkeypatch.setattr(
        Theme, "text",
        lambda theme, words, size, *more, **options: (
            sizes.setdefault(words, set()).add(size) or text(theme, words, size, *more, **options)
        ),
    )  # fmt: skip
    LoadingScreen(StubWorker(), Scene(prompt="a quiet lake", name=name)).draw(surface)
    assert (17 in sizes["A quiet lake"]) is is_repeated


def test_how_far_a_second_world_is_loaded_is_shown_over_the_picture(surface):
    worker, shown = StubWorker(), []
    worker.status = WorkerStatus("ready", 1.0)
    picture = pygame.Surface(surface.get_size())
    screen = LoadingScreen(worker, SCENE, picture=picture, ready="Two memories", usual_s=6.0)
    screen.update(0.0)
    for now in (QUIET_S, 3.0):
        screen.update(now)
        screen.draw(surface)
        pixels = pygame.surfarray.array3d(surface).astype(int)
        shown.append(int((abs(pixels - ACCENT).max(axis=-1) < 40).sum()))
    assert 0 < shown[0] < shown[1] / 3, "a bar grows"


@pytest.mark.parametrize("key", [pygame.K_e, pygame.K_TAB, pygame.K_F1, pygame.K_v, pygame.K_k])
def test_a_key_that_is_not_taken_while_a_place_gets_ready_says_so(surface, monkeypatch, key):
    worker = StubWorker()
    worker.status = WorkerStatus("ready", 1.0)
    picture = pygame.Surface(surface.get_size())
    screen = LoadingScreen(worker, SCENE, picture=picture, ready="Going back")
    screen.draw(surface)
    screen.handle(pygame.Event(pygame.KEYDOWN, key=key))
    assert screen.update(0.0)
    assert "Keys work once the place is there; Esc leaves" in written_by(
        screen, surface, monkeypatch
    )
    worker.status = WorkerStatus("weights", 0.5)
    written = written_by(screen, surface, monkeypatch)
    assert {"Waking the world", "Keys work once the place is there; Esc leaves"} <= set(written)


def test_a_short_way_back_shows_the_picture_alone(surface, monkeypatch):
    worker = StubWorker()
    worker.status = WorkerStatus("ready", 1.0)
    picture = pygame.Surface(surface.get_size())
    screen = LoadingScreen(worker, SCENE, picture=picture, ready="Going back")
    screen.update(1.0)
    assert written_by(screen, surface, monkeypatch) == []
    screen.update(1.0 + QUIET_S)
    assert "Going back" in written_by(screen, surface, monkeypatch)


@pytest.mark.parametrize("key", [pygame.K_v, pygame.K_ESCAPE])
def test_while_two_memories_get_ready_the_way_back_is_named_and_open(surface, monkeypatch, key):
    worker = StubWorker()
    worker.status = WorkerStatus("ready", 1.0)
    picture = pygame.Surface(surface.get_size())
    screen = LoadingScreen(worker, SCENE, Way.PLACE, picture=picture, ready="Two memories")
    screen.update(0.0)
    assert "V or Esc: back to this place" in written_by(screen, surface, monkeypatch)
    screen.handle(pygame.Event(pygame.KEYDOWN, key=key))
    assert screen.outcome is Way.PLACE


def test_the_bar_of_a_first_view_is_not_full_long_before_it_is_there():
    progress = LoadingProgress(1.0)
    progress.see("ready", 0.0, now=0.0)
    shares = [progress.see("ready", 0.0, now=float(now)) for now in (1, 5, 15, 30)]
    assert shares == sorted(set(shares))
    assert shares[2] < 0.93


@pytest.mark.parametrize("pace", [0.5, 1.0, 8.0])
def test_the_bar_grows_with_time_on_any_machine_and_is_not_full_before_the_end(pace):
    progress, now, shares = LoadingProgress(), 0.0, []
    for stage, seconds, reported in (
        ("Starting", 2.0, 0.0), ("weights", 0.2, 0.0), ("probe", 0.2, 0.1),
        ("weights", 0.2, 0.2), ("memory", 0.3, 0.9), ("ready", 4.5, 1.0),
    ):  # fmt: skip
        for _ in range(10):
            shares.append((now, progress.see(stage, reported, now)))
            now += seconds * pace / 10
    assert all(before < after for (_, before), (_, after) in pairwise(shares[11:]))
    late = [abs(share - moment / now) for moment, share in shares if moment > 0.35 * now]
    assert max(late) < 0.15
    assert 0.8 < shares[-1][1] < 1.0


def test_the_bar_of_a_loaded_world_begins_anew_and_others_follow_what_they_report():
    progress = LoadingProgress()
    assert progress.see("ready", 1.0, 5.0) == 0.0
    assert 0.4 < progress.see("ready", 1.0, 5.5) < 0.6
    progress = LoadingProgress()
    shares = [progress.see("generator", 0.1, 0.0), progress.see("decoder", 0.7, 9.0)]
    assert 0 < shares[0] < shares[1] < 0.7
    assert progress.see("generator", 0.1, 10.0) == shares[1]


def test_loading_that_failed_can_be_tried_again(surface):
    worker = StubWorker()
    worker.status = WorkerStatus(error="weights are damaged; download them again")
    screen = LoadingScreen(worker, SCENE)
    screen.update(0.0)
    screen.draw(surface)
    screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_r))
    assert screen.outcome == Way.RETRY


@pytest.mark.parametrize(
    ("stage", "hint"), [("ready", "open another one"), ("generator", "try again")]
)
def test_a_place_that_cannot_be_read_is_not_offered_again(surface, monkeypatch, stage, hint):
    worker, said = StubWorker(), []
    worker.status = WorkerStatus(stage, error="its memory is damaged")
    screen = LoadingScreen(worker, SCENE, continues=True)
    monkeypatch.setattr(screen._hud, "draw_message", lambda *words: said.extend(words))
    screen.draw(surface)
    assert hint in said[-1]


def test_letters_and_the_mouse_steer_too(game):
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_d))
    assert game.keyboard.next_command() == CameraCommand(yaw=1.0)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_SPACE))
    assert game.keyboard.next_command() == CameraCommand()
    game.screen.handle(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(9, 9), button=1))
    drag = pygame.Event(pygame.MOUSEMOTION, pos=(0, 9), rel=(-9, 0), buttons=(1, 0, 0))
    game.screen.handle(drag)
    assert game.keyboard.next_command().yaw > 0.0


def click(game, place, *, down):
    kind = pygame.MOUSEBUTTONDOWN if down else pygame.MOUSEBUTTONUP
    game.screen.handle(pygame.Event(kind, button=1, pos=place))


def test_shift_runs_as_long_as_it_is_held():
    game = Game(spec=WALKING)
    speeds = []
    for kind, key in ((pygame.KEYDOWN, "w"), (pygame.KEYDOWN, "LSHIFT"), (pygame.KEYUP, "LSHIFT")):
        game.screen.handle(pygame.Event(kind, key=getattr(pygame, f"K_{key}")))
        speeds.append(game.keyboard.next_command().forward)
    assert speeds == [0.5, 1.0, 0.5]


def test_a_camera_key_on_the_display_is_a_button(game, surface):
    game.screen.level = "full"
    game.pass_frames(1)
    game.screen.draw(surface)
    right = game.screen.hud.parts("keys")["right"].center
    click(game, right, down=True)
    assert game.keyboard.next_command().yaw == 1.0
    assert game.keyboard.next_command().yaw == 1.0, "as long as the button is held"
    click(game, (0, 0), down=False)
    assert game.keyboard.next_command().yaw == 0.0


def test_the_mouse_alone_walks(surface):
    game = Game(spec=WALKING)
    game.pass_frames(1)
    game.screen.draw(surface)
    assert not game.screen.hud.parts("steps"), "they come with the mouse"
    game.screen.handle(pygame.Event(pygame.MOUSEMOTION, pos=(9, 9), rel=(1, 1), buttons=(0, 0, 0)))
    game.screen.draw(surface)
    steps = game.screen.hud.parts("steps")
    assert steps["a"].right <= steps["s"].left
    assert steps["w"].bottom <= steps["s"].top
    click(game, steps["w"].center, down=True)
    game.now += 2 * STAYS_S
    game.screen.draw(surface)
    assert game.screen.hud.parts("steps"), "they stay while one is held"
    assert game.keyboard.next_command().forward == 0.5
    click(game, (0, 0), down=False)
    assert game.keyboard.next_command().forward == 0.0


def test_the_display_fades_while_nothing_is_touched_and_comes_back(game, surface):
    game.screen.draw(surface)
    assert game.screen.hud.opacity == 1.0
    on_a_card = next(iter(game.screen.hud.places.values())).center
    for place, fades in (((0, 0), True), (on_a_card, False), ((0, 0), True)):
        event = pygame.Event(pygame.MOUSEMOTION, pos=place, rel=(1, 1), buttons=(0, 0, 0))
        game.screen.handle(event)
        game.now += 60.0
        game.screen.draw(surface)
        assert (game.screen.hud.opacity < 0.5) == fades
    game.screen.session.overlays = (Mock(spec=Overlay, keeps_display=True, wake_at=None),)
    game.screen.draw(surface)
    assert game.screen.hud.opacity == 1.0, "something that may be about it is said"
    game.screen.session.overlays = ()
    game.now += 60.0
    game.screen.draw(surface)
    assert game.screen.hud.opacity < 0.5
    game.key("up")
    game.screen.draw(surface)
    assert game.screen.hud.opacity == 1.0


def test_the_window_is_named_after_the_place_and_its_new_description(game, surface):
    game.pass_frames(1)
    assert pygame.display.get_caption()[0].startswith("Somewhere")
    block = game.world.step(Control(CameraCommand(), prompt="A castle in the snow at noon, today."))
    game.worker.ready = ReadyBlock(0, block, CameraCommand(), game.now, game.world.spec)
    game.pass_frames(4)
    assert pygame.display.get_caption()[0].startswith("Somewhere, then a castle in the snow")
    assert game.screen.hud_state().scene.startswith("Somewhere, then a castle in the snow")


def test_the_mouse_alone_leaves_and_finds_the_keys():
    with window((1280, 720), "test") as surface:
        game = Game()
        game.make_block()
        game.pass_frames(2)
        assert not game.screen._toolbar.places, "nothing before the mouse moves"
        game.screen.handle(pygame.Event(pygame.MOUSEMOTION, pos=(5, 5), rel=(1, 1)))
        game.screen.draw(surface)
        for action in ("help", "pause", "leave"):
            place = game.screen._toolbar.places[action].center
            click = pygame.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=place)
            game.screen.handle(click)
            game.screen.draw(surface)
            if action == "help":
                assert game.screen._help is not None
                elsewhere = pygame.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(640, 360))
                while game.screen._help is not None:
                    game.screen.handle(elsewhere)
                    game.screen.draw(surface)
        assert game.screen.reel.paused
        assert game.screen.outcome is Way.LEAVE
        game.now += STAYS_S
        game.screen.draw(surface)
        assert not game.screen._toolbar.places, "gone while the mouse rests"


def test_behind_the_help_there_is_the_picture_alone(monkeypatch):
    with window((1280, 720), "test") as surface:
        game = Game()
        game.make_block()
        game.pass_frames(2)
        game.screen.handle(pygame.Event(pygame.MOUSEMOTION, pos=(5, 5), rel=(1, 1)))
        game.screen.draw(surface)
        leave = game.screen._toolbar.places["leave"].center
        game.screen.act("help")
        for drawn in (game.screen.hud, game.screen._toolbar):
            monkeypatch.setattr(drawn, "draw", lambda *told: pytest.fail("drawn behind the help"))
        game.screen.draw(surface)
        game.screen.handle(pygame.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=leave))
        assert game.screen.outcome is None
        assert game.screen._help is None


def test_what_lies_under_the_cards_knows_where_they_are_as_soon_as_the_display_changes():
    with window((1280, 720), "test") as surface:
        game, seen = Game(), []

        class Under(Overlay):
            def draw_under(self, surface):
                seen.append(set(game.screen.hud.places))

        game.make_block()
        game.pass_frames(2)
        game.screen.session.overlays = (Under(),)
        for game.screen.level in ("small", "full", "off"):
            game.screen.draw(surface)
        assert [("slim" in places, "speed" in places) for places in seen] == [
            (True, False), (False, True), (False, False)
        ]  # fmt: skip


def test_a_key_held_while_the_first_picture_loads_takes_effect():
    worker = StubWorker()
    screen = LoadingScreen(worker, SCENE)
    for name, down in (("left", True), ("right", True), ("left", False)):
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        screen.handle(pygame.Event(kind, key=KEYS[name]))
    assert list(screen.held) == ["right"]
    assert screen._no_keys == HELD
    screen.handle(pygame.Event(pygame.WINDOWFOCUSLOST))
    assert not screen.held
