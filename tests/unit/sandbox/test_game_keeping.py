"""What a game writes down: recordings of every kind of beginning, and settings."""

import threading
from concurrent.futures import Future

import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.hud.hints import STEPS, HintLine, Step
from mag_sandbox.sandbox.navigator import REMEMBERING
from mag_sandbox.sandbox.play.player_input import HeldKeys, RestingMouse, repeat_keys
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording import playback
from mag_sandbox.sandbox.recording import recorder as recorder_module
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.sandbox.saves.own_scenes import own_scenes
from mag_sandbox.sandbox.saves.saves import DiskUse
from mag_sandbox.sandbox.screens import Continue, Watch, Way
from mag_sandbox.sandbox.screens.loading import READY, LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen, ReplayScreen
from mag_sandbox.sandbox.screens.settings import OPEN_SETTINGS
from mag_sandbox.sandbox.settings import load_settings
from mag_sandbox.sandbox.title.library import RECORDINGS, SCENES
from mag_sandbox.sandbox.title.screen import TitleScreen
from tests.doubles import FakeWorld
from tests.games import FAST, GLIMPSE, SCENE, SETTINGS


def glimpse(game, outcome=None):
    game.play(outcome)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT))
    game.see_blocks(GLIMPSE)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=pygame.K_RIGHT))


def recordings(game):
    folder = game.game.folder / RECORDINGS
    return sorted(folder.iterdir()) if folder.exists() else []


def matches(folder):
    recording = load_recording(folder)
    verifier = verify(recording, FakeWorld(spec=FAST))
    return verifier.matches and verifier.blocks == len(recording.blocks) > 1


def record(game, blocks=6):
    game.press(pygame.K_F10)
    game.see_blocks(blocks)
    game.press(pygame.K_F10)
    game.said("under Recordings on the title screen")
    game.see_blocks(2)


def test_recordings_of_a_scene_gone_on_with_are_the_same_when_replayed(run):
    game = run()
    glimpse(game)
    record(game)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    (first,) = recordings(game)
    assert matches(first)
    first.rename(first.with_name("first"))
    game.play(Continue(entry.id))
    record(game)
    game.go(Way.TITLE, TitleScreen)
    assert len(recordings(game)) == 2
    assert all(map(matches, recordings(game)))


def test_a_recording_of_everything_follows_saves_and_returns(run, tmp_path):
    recorder = Recorder(tmp_path / "all")
    game = run(recorders=[recorder])
    glimpse(game)
    game.press(pygame.K_F5)
    game.parked()
    game.see_blocks(3)
    game.press(pygame.K_F9)
    game.wait(lambda: game.screen.reel.starting_over)
    game.wait(lambda: not game.screen.reel.starting_over)
    game.see_blocks(3)
    game.go(Way.TITLE, TitleScreen)
    entry = next(one for one in game.parked(2) if not one.header.slot)
    game.play(Continue(entry.id))
    game.see_blocks(3)
    game.go(Way.TITLE, TitleScreen)
    game.close()
    assert len(recorder.folders) == 3
    assert all(map(matches, recorder.folders))


def test_a_recording_of_everything_says_on_screen_when_the_disk_is_full(run, tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "all")
    game = run(recorders=[recorder])

    def full(event):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder_module, "to_line", full)
    game.play()
    game.said("recording stopped: No space left on device")
    game.see_blocks(3)


def test_a_recording_that_stopped_can_be_begun_again(run, monkeypatch):
    game = run()
    game.play()
    to_line = recorder_module.to_line

    def full(event):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder_module, "to_line", full)
    game.press(pygame.K_F10)
    game.said("recording stopped: No space")
    monkeypatch.setattr(recorder_module, "to_line", to_line)
    record(game)
    game.go(Way.TITLE, TitleScreen)
    (recording,) = (one for one in recordings(game) if (one / EVENTS_FILE).exists())
    assert matches(recording)


def test_a_recording_ends_with_its_scene(run):
    game = run()
    glimpse(game)
    game.press(pygame.K_F10)
    game.see_blocks(4)
    game.go(Way.TITLE, TitleScreen)
    game.play()
    game.see_blocks(3)
    (folder,) = recordings(game)
    assert load_recording(folder).end.reason == "left"
    assert matches(folder)


def test_a_recording_that_was_stopped_before_it_began_leaves_nothing(run):
    game = run()
    game.play()
    game.see_blocks(2)
    game.press(pygame.K_p)
    game.press(pygame.K_F10)
    game.said("recording, until")
    game.press(pygame.K_F10)
    game.said("recording stopped before anything was recorded")
    game.press(pygame.K_p)
    game.see_blocks(4)
    assert recordings(game) == []


def test_a_recording_is_watched_and_not_recorded(run, tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "all")
    game = run(FakeWorld(spec=FAST), FakeWorld(spec=FAST), recorders=[recorder])
    glimpse(game)
    record(game)
    game.go(Way.TITLE, TitleScreen)
    (folder,) = recordings(game)
    monkeypatch.setattr(WorldChoice, "load", lambda self, progress: FakeWorld(spec=FAST))
    monkeypatch.setattr(playback, "recorded_choice", lambda recording, server: WorldChoice())
    anchors, explored = game.services.prober.anchors, game.services.map.picture.explored
    game.go(Watch(folder), LoadingScreen)
    game.wait(lambda: isinstance(game.screen, ReplayScreen))
    game.draw()
    game.wait(lambda: game.screen.reel.is_over)
    game.go(Way.TITLE, TitleScreen)
    assert (game.services.prober.anchors, game.services.map.picture.explored) == (anchors, explored)
    game.play()
    game.see_blocks(2)
    game.close()
    assert len(recorder.folders) == 2, "what was watched is not what was played"


def test_a_control_asked_of_one_scene_is_not_given_to_the_next():
    asked = []
    world = FakeWorld(on_step=asked.append)

    class Rest:
        def next_command(self):
            return Control()

    session = Session(world, Rest())
    session.start(SCENE, 7)
    session.change(prompt="Another prompt.")
    session.start(SCENE, 8)
    session.advance()
    assert asked == [Control()]


def test_nothing_is_parked_of_a_scene_that_a_failed_return_has_overwritten():
    world = FakeWorld()

    class Rest:
        def next_command(self):
            return Control()

    session = Session(world, Rest())
    session.start(SCENE, 7)
    world.reset = lambda scene, seed: 1 / 0
    with pytest.raises(ZeroDivisionError):
        session.start(SCENE, 8)
    with pytest.raises(WorldFailed, match="nothing was played"):
        session.park()


def test_hints_that_were_followed_do_not_come_again(run):
    game = run()
    assert game.services.settings.now.hints
    game.play()
    hints = game.screen.session._hints._hints
    hints.learned.update(STEPS[:-1])
    game.press(pygame.K_F1)
    game.see_blocks(2)
    assert not game.services.settings.now.hints
    assert game.screen.session.knows_help
    assert not load_settings().hints
    game.go(Way.TITLE, TitleScreen)
    assert not load_settings().hints


def test_hints_begin_anew_with_another_scene():
    hints = HintLine()
    hints.see(CameraPose(0.0), 0.0)
    hints.see(CameraPose(30.0), 1.0)
    hints.see(CameraPose(120.0), 2.0)
    assert hints.step is Step.RETURN
    hints.restart()
    hints.see(CameraPose(0.0), 3.0)
    assert hints.step is Step.LEAVE


def test_the_volume_that_keys_set_is_kept(run):
    game = run()
    game.play()
    game.press(pygame.K_u)
    wanted = game.services.settings.now
    assert wanted.muted is not SETTINGS.muted
    game.go(Way.TITLE, TitleScreen)
    assert load_settings() == wanted


def test_the_title_says_what_memory_new_places_have_where_it_is_not_the_usual_one(run):
    game = run(choice=WorldChoice(memory=MemorySetting(policy="window")))
    assert game.screen._picture._saying == "new places: Window (last seconds)"


def test_a_place_goes_by_its_description_wherever_it_is_named(run):
    game, described = run(), "A place. At night"
    game.play()
    game.see_blocks(3)
    game.add_words(" At night.")
    game.go(Way.TITLE, TitleScreen)
    game.said(f"“{described}” is saved as you left it")
    game.wait(lambda: game.screen.card and game.screen.card.title == described)
    (left,) = game.parked()
    game.services.saves.copy(left.id)
    copy = next(one for one in game.parked(2) if one.id != left.id)
    assert (left.name, copy.name) == (described, described)
    game.wait(lambda: game.screen.card and game.screen.card.title == described)
    loading = game.go(Continue(left.id), LoadingScreen)
    game.wait(lambda: game.screen.session if isinstance(game.screen, PlayScreen) else None)
    said = [one.text for one in game.services.notices.current]
    assert not any("as you left it" in one for one in said), "this is about the title"
    assert loading._scene.name == described
    assert loading._words[READY] == REMEMBERING, "nothing is imagined"
    assert loading._behind == game.game._title.card.picture, "of this place, not of its scene"


def test_settings_of_memory_hold_for_the_next_scene(run):
    first, second = FakeWorld(spec=FAST), FakeWorld(spec=FAST)
    game = run(first, second)
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    settings = OPEN_SETTINGS.make(game.game.services)
    settings.config = type(SETTINGS)(**{**_values(SETTINGS), "memory": "window", "parked_mib": 64})
    settings._apply(settings.config)
    assert game.game.choice.memory.policy == "window"
    assert game.services.saves.scenes.budget_bytes == 64 * 2**20
    game.play()
    assert first.closed, "another memory needs the world loaded anew"
    assert game.worlds == []


def _values(settings):
    return {name: getattr(settings, name) for name in settings.__slots__}


def test_held_keys_repeat_where_they_move_or_edit_and_act_once_elsewhere():
    keys = HeldKeys()
    down = lambda key: keys.let_pass(pygame.Event(pygame.KEYDOWN, key=key))  # noqa: E731
    assert [down(pygame.K_ESCAPE) for _ in range(3)] == [True, False, False]
    assert [down(pygame.K_DOWN) for _ in range(3)] == [True, True, True]
    keys.let_pass(pygame.Event(pygame.KEYUP, key=pygame.K_ESCAPE))
    assert down(pygame.K_ESCAPE)


def test_a_mouse_at_rest_under_a_window_that_changes_moves_nothing():
    mouse = RestingMouse()

    def moves(x, *, held=False):
        buttons = (int(held), 0, 0)
        return mouse.let_pass(pygame.Event(pygame.MOUSEMOTION, pos=(x, 50), buttons=buttons))

    assert [moves(x) for x in (300, 301, 310, 311)] == [False, False, True, True]
    for change in (pygame.WINDOWSIZECHANGED, pygame.WINDOWENTER, pygame.KEYDOWN):
        assert mouse.let_pass(pygame.Event(change))
        assert not moves(601), "the window moved under it"
        assert moves(600, held=True), "a drag goes on"
        assert moves(601)
    mouse.let_pass(pygame.Event(pygame.KEYDOWN))
    assert moves(900), "one event takes it to another place"


def test_keys_repeat_while_a_prompt_is_written_and_not_in_play(run):
    game = run()
    repeat_keys(wanted=False)
    game.play()
    assert pygame.key.get_repeat() == (0, 0)
    game.press(pygame.K_t)
    assert pygame.key.get_repeat() == (400, 40)
    game.press(pygame.K_ESCAPE)
    assert pygame.key.get_repeat() == (0, 0)
    assert isinstance(game.screen, PlayScreen)


def begun_on_the_title(run):
    """Return a game in a place that was written on the title, and seen."""
    game = run()
    game.press(pygame.K_t)
    game.write("A quiet harbour at dawn.")
    game.press(pygame.K_RETURN)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    game.see_blocks(GLIMPSE)
    return game


def test_what_was_written_on_the_title_is_listed_with_how_it_was_left(run):
    game = begun_on_the_title(run)
    game.go(Way.TITLE, TitleScreen)
    game.parked()
    folder = game.game.folder / SCENES
    game.wait(lambda: own_scenes(folder)[0].thumbnail)
    (own,) = own_scenes(folder)
    assert own.scene.prompt == "A quiet harbour at dawn."


def test_what_was_written_on_the_title_has_a_picture_although_it_was_described_anew(run):
    game = begun_on_the_title(run)
    game.add_words(" In the rain.")
    game.go(Way.TITLE, TitleScreen)
    game.parked()
    (own,) = own_scenes(game.game.folder / SCENES)
    assert own.scene.prompt == "A quiet harbour at dawn."
    assert own.thumbnail


def test_a_start_that_is_cancelled_leaves_nothing_but_its_words(run):
    game = run(*(FakeWorld(spec=FAST) for _ in range(2)))
    game.press(pygame.K_t)
    game.write("A quiet harbour at dawn.")
    game.press(pygame.K_RETURN)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, TitleScreen))
    game.wait(lambda: own_scenes(game.game.folder / SCENES))
    (own,) = own_scenes(game.game.folder / SCENES)
    assert own.scene.prompt == "A quiet harbour at dawn."
    game.play()
    assert not game.services.saves.scenes.entries()


def question(game):
    return game.screen._question and game.screen._question._title


def test_what_just_became_too_much_is_asked_about_on_the_same_title(run):
    game = run()
    glimpse(game)
    game.services.saves.scenes.budget_bytes = 1
    game.go(Way.TITLE, TitleScreen)
    game.wait(lambda: question(game) == "Saved places need space")
    assert game.parked()[0].name == SCENE.name


def test_a_player_who_keeps_all_is_asked_again_when_much_more_is_taken(run, monkeypatch):
    game = run()
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    saves = game.services.saves
    game.wait(lambda: len(saves.scenes.entries()) == 1)
    entries = tuple(saves.scenes.entries())
    for total, is_asked in ((1000, True), (1100, False), (1300, True)):
        known = Future[DiskUse]()
        known.set_result(DiskUse(entries, total))
        monkeypatch.setattr(saves, "disk_use", lambda known=known: known)
        game.play()
        game.go(Way.TITLE, TitleScreen)
        game.wait(lambda: game.game._disk_use is None)
        assert (question(game) is not None) == is_asked, total
        if is_asked:
            game.press(pygame.K_ESCAPE)


def test_the_question_for_room_waits_until_the_title_is_free(run, monkeypatch):
    game, is_written = run(), threading.Event()
    glimpse(game)
    scenes = game.services.saves.scenes
    over_budget = scenes.over_budget
    monkeypatch.setattr(scenes, "over_budget", lambda: is_written.wait() and over_budget())
    scenes.budget_bytes = 1
    game.go(Way.TITLE, TitleScreen)
    game.press(pygame.K_t)
    game.wait(lambda: game.screen.is_busy)
    is_written.set()
    game.services.saves.disk_use().result()
    game.wait(lambda: len(game.parked()) == 1)
    assert question(game) is None
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: question(game) == "Saved places need space")


def test_room_is_looked_for_beside_the_window(run, monkeypatch):
    game, threads = run(), []
    monkeypatch.setattr(
        game.services.saves.scenes,
        "over_budget",
        lambda: threads.append(threading.current_thread()) or (),
    )
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    game.wait(lambda: threads)
    assert threading.main_thread() not in threads
