"""Crashes, trying again, leaving in the middle, and split screens, through the real navigator."""

import numpy as np
import pygame

from mag_sandbox.sandbox import game as game_module
from mag_sandbox.sandbox import memory_choices
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.sandbox.screens import Continue, PlaySplit, Way
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.title.screen import TitleScreen
from tests.doubles import FakeWorld
from tests.games import FAST, GLIMPSE, SCENE, glimpse


def test_after_a_crash_trying_again_keeps_what_was_played(run):
    game = run(FakeWorld(spec=FAST, fail_at=20), FakeWorld(spec=FAST))
    game.play()
    game.wait(lambda: game.navigator.worker.status.error)
    game.draw()
    assert game.screen.wake_at is None, "nothing moves behind the banner"
    for key in (pygame.K_t, pygame.K_i):
        game.press(key)
    assert not game.screen.session._prompt.is_open
    assert not game.screen.session._edit.box.is_open
    game.screen.outcome = Way.RETRY
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.block == 0
    (entry,) = game.parked()
    assert entry.header.frames_shown == 20 * 3


def test_after_a_crash_a_continued_scene_goes_on_where_it_crashed(run):
    game = run(FakeWorld(spec=FAST, fail_at=40), FakeWorld(spec=FAST))
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    game.wait(lambda: game.navigator.worker.status.error)
    game.go(Way.RETRY, LoadingScreen)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert 40 <= game.block < 44


def test_trying_again_plays_the_seed_that_crashed(run):
    game = run(FakeWorld(spec=FAST, fail_at=30), FakeWorld(spec=FAST))
    game.play()
    game.press(pygame.K_n)
    seed = game.screen.playthrough.seed
    game.wait(lambda: game.navigator.worker.status.error)
    game.go(Way.RETRY, LoadingScreen)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.playthrough.seed == seed != SCENE.seed


def test_leaving_while_a_block_is_made_keeps_that_block(run):
    game = run(FakeWorld(spec=FAST, delay=0.05))
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    game.parked()


def test_closing_the_window_over_the_page_of_comparisons_keeps_the_scene(run):
    game = run()
    glimpse(game)
    game.press(pygame.K_TAB)
    game.wait(lambda: not isinstance(game.screen, PlayScreen))
    game.screen.handle(pygame.Event(pygame.QUIT))
    game.wait(lambda: game.screen is None)
    game.close()
    assert len(game.services.saves.scenes.entries()) == 1


def test_a_key_let_go_of_behind_another_screen_is_let_go_of(run):
    game = run()
    game.play()
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT))
    game.press(pygame.K_TAB)
    game.wait(lambda: not isinstance(game.screen, PlayScreen))
    assert not game.services.pilot.is_steering


def test_a_bug_in_the_window_keeps_what_is_played(run):
    game = run()
    glimpse(game)
    game.navigator.rescue()
    game.close()
    assert len(game.services.saves.scenes.entries()) == 1


class Splitting:
    """Puts fake worlds beside the one that is played; counts them in `loaded`."""

    def __init__(self, monkeypatch, **options):
        self.loaded, self._options = [], options
        monkeypatch.setattr(game_module, "load_beside", self._load)

    def _load(self, second, past, first, on_progress):
        self.loaded.append(FakeWorld(spec=FAST, **self._options))
        world = SplitWorld(first, self.loaded[-1], second.memory)
        world.follow(past and past())
        return world


def test_a_split_screen_shares_the_world_and_the_game_goes_on_as_it_was(run, monkeypatch):
    splitting = Splitting(monkeypatch)
    game = run(FakeWorld(spec=FAST))  # a second one to load would be an error
    left_at = glimpse(game)
    world = game.navigator.worker
    game.press(pygame.K_F10)
    game.wait(lambda: game.services.recordings.is_recording)
    game.press(pygame.K_c)
    game.press(pygame.K_v)
    assert isinstance(game.screen.outcome, PlaySplit)
    game.said("the postcard game is over; C starts a new one")
    game.said("recording ended")
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.draw()
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    shown = game.screen.reel.current.block
    assert (shown.memory.policy, shown.beside.memory.policy) == ("mag-retrieve", "window")
    assert left_at < game.block <= left_at + 4
    explored = game.services.map.picture.explored
    game.wait(lambda: game.services.pilot.is_flying)
    game.see_blocks(4)
    game.draw()
    assert game.screen.reel.pose.yaw != 0.0, "both are led away from here, to come back"
    assert game.services.map.picture.explored == explored
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.reel.current.block.beside is None
    assert left_at < game.block <= left_at + 4
    assert game.navigator.worker is world
    assert [second.closed for second in splitting.loaded] == [True]


def test_escape_leads_from_a_split_screen_back_into_the_place(run, monkeypatch):
    Splitting(monkeypatch)
    game = run(FakeWorld(spec=FAST))
    left_at = glimpse(game)
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.reel.current.block.beside is None, "also while it gets ready"
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.reel.current.block.beside is None
    assert left_at < game.block <= left_at + 8
    game.press(pygame.K_ESCAPE)
    game.wait(lambda: isinstance(game.screen, TitleScreen))
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    assert left_at < game.block <= left_at + 12


def test_while_two_memories_get_ready_each_half_shows_the_present_picture(run, monkeypatch):
    Splitting(monkeypatch)
    game = run(FakeWorld(spec=FAST))
    glimpse(game)
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    halves = (game.screen._picture.subsurface((x, 110, 310, 180)).copy() for x in (0, 320))
    left, right = (pygame.surfarray.array3d(half).astype(int) for half in halves)
    assert np.abs(left - right).mean() < 2.0, "but for rounding as they are enlarged"


def test_when_a_split_screen_stops_trying_again_goes_on_with_the_game(run, monkeypatch):
    Splitting(monkeypatch, fail_at=GLIMPSE + 5)
    game = run(FakeWorld(spec=FAST), FakeWorld(spec=FAST))
    left_at = glimpse(game)
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: game.navigator.worker.status.error)
    game.go(Way.RETRY, LoadingScreen)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.reel.current.block.beside is None
    assert left_at < game.block <= left_at + 4


def test_after_starting_over_the_memory_that_was_chosen_is_the_one_that_is_changed(
    run, monkeypatch
):
    monkeypatch.setattr(memory_choices, "CHOOSING_S", 0.2)
    monkeypatch.setattr(memory_choices, "WARNED_S", 0.2)
    game = run(FakeWorld(spec=FAST))
    game.play()
    game.press(pygame.K_k)
    game.press(pygame.K_k)
    game.wait(lambda: game.screen.reel.current.block.memory.policy == "full")
    game.press(pygame.K_r)
    game.wait(lambda: not game.screen.reel.starting_over)
    assert game.screen.reel.current.block.memory.policy == "full", "the choice holds"
    game.see_blocks(4)
    game.press(pygame.K_k)
    game.said("Window (last seconds)")
    game.wait(lambda: game.screen.reel.current.block.memory.policy == "window")


def test_a_split_screen_compares_from_now_and_the_same_key_returns_to_that_moment(run, monkeypatch):
    Splitting(monkeypatch)
    game = run(FakeWorld(spec=FAST), FakeWorld(spec=FAST))
    game.play()
    game.see_blocks(20)
    left_at = game.block
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    both = game.screen.reel.current.block
    assert left_at < both.block_index <= left_at + 6
    assert (both.memory.policy, both.beside.memory.policy) == ("mag-retrieve", "window")
    game.see_blocks(20)
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    assert game.screen.reel.current.block.beside is None
    assert left_at < game.block <= left_at + 8
