"""What can go wrong from title to title: full disks, other games, strange input, crashes."""

import errno
import os
import shutil
import threading
from collections import namedtuple
from dataclasses import replace

import pygame
import pytest

from mag_sandbox.sandbox.audio.outputs import OutputError
from mag_sandbox.sandbox.audio.player import SILENT
from mag_sandbox.sandbox.play.parked_scene import HEADER
from mag_sandbox.sandbox.screens import Continue, PlayScene, Way
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.screens.probes import OPEN_PROBES
from mag_sandbox.sandbox.screens.settings import OPEN_SETTINGS
from mag_sandbox.sandbox.title.library import new_recording_folder
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.sandbox.view import View
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import MAX_PROMPT
from tests.doubles import FakeWorld
from tests.games import FAST, GLIMPSE, SCENE, SETTINGS, glimpse
from tests.patience import PATIENCE, eventually

Usage = namedtuple("Usage", "total used free")
STRANGE = {
    "ten thousand characters": "meadow " * 1500,
    "emoji": "a castle 🏰 by the 🌊, 👩‍👩‍👧‍👦 and 🇪🇺",
    "control characters": "a\x00 meadow\x1b[2J\r\n\t at\u202e night\x7f",
}


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that has no room; returns a function that makes some."""
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 0))
        yield patch.undo


@pytest.fixture
def failing_disk(monkeypatch):
    """A disk that is full when something is written; returns a function that makes room."""

    def sync(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        yield patch.undo


def listed(game):
    listing = game.game.title()._actions.listing
    eventually(listing.news)
    return listing.newest.parked


@pytest.mark.parametrize("disk", ["full_disk", "failing_disk"])
def test_what_finds_no_room_on_the_disk_is_listed_and_goes_on(run, disk, request):
    make_room = request.getfixturevalue(disk)
    game = run()
    left_at = glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    game.said("no room")
    (card,) = listed(game)
    assert card.line == "not on the disk yet"
    assert game.services.saves.scenes.entries() == []
    game.play(Continue(card.id))
    assert left_at < game.block <= left_at + 4
    make_room()
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    assert entry.id == card.id
    game.wait(lambda: [one.line for one in listed(game)] != [card.line])


def test_what_is_given_up_while_loading_is_still_kept_in_memory(run, full_disk):
    game = run()
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    game.said("no room")
    (card,) = listed(game)
    game.go(Continue(card.id), LoadingScreen)
    game.go(Way.TITLE, TitleScreen)
    assert [one.id for one in listed(game)] == [card.id]


def test_room_is_used_when_the_game_ends(run, full_disk):
    game = run()
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    game.said("no room")
    full_disk()
    game.close()
    assert len(game.services.saves.scenes.entries()) == 1


def test_a_save_that_finds_no_room_is_said_and_play_goes_on(run, full_disk):
    game = run()
    glimpse(game)
    game.press(pygame.K_F5)
    game.said("no room")
    game.see_blocks(2)
    assert listed(game) == (), "what goes on is not a scene that was left"


def test_loading_without_a_save_is_said_and_play_goes_on(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_F9)
    game.said("no moment of this place is saved yet; F5 saves this one")
    game.see_blocks(2)
    assert game.navigator.worker.status.error is None
    assert game.block >= 4


def test_a_damaged_save_is_said_and_play_goes_on(run):
    game = run()
    game.play()
    game.see_blocks(3)
    game.press(pygame.K_F5)
    (entry,) = game.parked()
    (entry.folder / "world.json").write_bytes(b"\xff" * 10)
    game.press(pygame.K_F9)
    game.said("damaged")
    game.see_blocks(2)
    assert game.navigator.worker.status.error is None


@pytest.mark.parametrize("file", [HEADER, "world.json", "state.safetensors"])
def test_a_damaged_scene_is_said_and_can_be_deleted(run, file):
    game = run()
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    path = entry.folder / file
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"?" * (len(data) - len(data) // 2))
    game.screen.outcome = Continue(entry.id)
    game.wait(lambda: said_or_shown(game, "damaged"))
    game.worlds.append(FakeWorld(spec=FAST))
    game.go(Way.TITLE, TitleScreen)
    game.screen._actions.delete_parked(entry.id)
    game.wait(lambda: not entry.folder.exists())
    game.play()


def said_or_shown(game, words):
    worker = game.navigator.worker
    shown = (isinstance(game.screen, LoadingScreen) and worker and worker.status.error) or ""
    return words in shown or any(words in one.text for one in game.services.notices.current)


def test_what_one_game_plays_another_cannot_go_on_with(run):
    first, second = run(), run()
    glimpse(first)
    first.go(Way.TITLE, TitleScreen)
    (entry,) = first.parked()
    first.play(Continue(entry.id))
    assert listed(second)[0].line == "open in another window"
    second.screen.outcome = Continue(entry.id)
    second.wait(lambda: said_or_shown(second, "open in another window"))
    second.worlds.append(FakeWorld(spec=FAST))
    second.go(Way.TITLE, TitleScreen)
    first.go(Way.TITLE, TitleScreen)
    first.wait(lambda: not any(one.played_elsewhere for one in second.parked()))
    second.play(Continue(entry.id))


def test_a_scene_that_is_begun_anew_is_free_for_another_game(run):
    first, second = run(), run()
    glimpse(first)
    first.go(Way.TITLE, TitleScreen)
    (entry,) = first.parked()
    first.play(Continue(entry.id))
    first.press(pygame.K_n)
    first.wait(lambda: first.block == 0)
    first.wait(lambda: not any(one.played_elsewhere for one in second.parked()))


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_prompts_become_plain_ones(run, text):
    game = run()
    game.play()
    game.press(pygame.K_t)
    game.write(text)
    game.draw()
    game.press(pygame.K_RETURN)
    game.wait(lambda: game.screen.reel.current.block.prompt != SCENE.prompt)
    prompt = game.screen.reel.current.block.prompt
    assert prompt.isprintable() or "\u200d" in prompt
    assert len(prompt) <= MAX_PROMPT
    game.draw()


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_prompts_are_places_to_go_to(run, text):
    game = run()
    game.press(pygame.K_t)
    game.write(text)
    game.draw()
    game.press(pygame.K_RETURN)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    game.see_blocks(GLIMPSE)
    game.press(pygame.K_F10)
    game.said("recording")
    game.draw()
    game.go(Way.TITLE, TitleScreen)
    game.parked()
    game.draw()


def test_an_empty_prompt_goes_nowhere(run):
    game = run()
    for _ in range(2):
        game.press(pygame.K_t)
        game.write("  \n ")
        game.press(pygame.K_RETURN)
        game.draw()
        game.press(pygame.K_ESCAPE)
    assert game.screen.outcome is None
    game.play()
    game.press(pygame.K_t)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_a, mod=pygame.KMOD_CTRL))
    game.press(pygame.K_BACKSPACE)
    game.press(pygame.K_RETURN)
    game.press(pygame.K_ESCAPE)
    game.see_blocks(2)
    assert game.screen.reel.current.block.prompt == SCENE.prompt


def test_a_prompt_that_was_not_yet_heard_stays_in_its_own_scene(run):
    game = run()
    game.play()
    game.press(pygame.K_p)
    game.press(pygame.K_t)
    game.write(" At night.")
    game.press(pygame.K_RETURN)
    game.go(Way.TITLE, TitleScreen)
    game.play(PlayScene(Scene("Elsewhere.", name="Elsewhere")))
    game.see_blocks(3)
    assert game.screen.reel.current.block.prompt == "Elsewhere."


def test_a_recording_stays_in_its_folder_whatever_the_scene_is_called(tmp_path):
    folder = new_recording_folder(tmp_path, "../../../Etc/pass wd\x00🏰")
    assert folder.parent == tmp_path
    assert folder.name.startswith("etc-pass-wd-2")


class Socket:
    """A sound device that can be pulled out."""

    name = "a device"

    def __init__(self):
        self.plugged = True

    def __call__(self, mixer):
        if not self.plugged:
            raise OutputError("no output device")
        return self

    def is_alive(self):
        return self.plugged

    def close(self):
        pass


def test_a_sound_device_that_is_pulled_out_stops_nothing(run, monkeypatch):
    socket = Socket()
    monkeypatch.setattr(View, "outputs", (socket,))
    game = run()
    game.play()
    game.wait(lambda: game.services.audio.output == "a device")
    socket.plugged = False
    game.wait(lambda: game.services.audio.output == SILENT)
    game.press(pygame.K_e)  # has a signal
    game.see_blocks(3)


@pytest.mark.parametrize("size", [(1, 1), (320, 200), (2000, 3), (201, 900)])
def test_every_screen_can_be_drawn_at_any_size(run, size):
    game = run(settings=replace(SETTINGS, text_scale=2.0))
    game.draw(size)
    game.press(pygame.K_t)
    game.write(" far " * 60)
    game.draw(size)
    game.press(pygame.K_ESCAPE)
    game.go(PlayScene(SCENE), LoadingScreen)
    game.draw(size)
    game.wait(lambda: isinstance(game.screen, PlayScreen))
    game.see_blocks(2)
    for key in (None, pygame.K_F1, pygame.K_c, pygame.K_p, pygame.K_t):
        if key:
            game.press(key)
        game.draw(size)
    game.press(pygame.K_ESCAPE)
    for screen in (OPEN_PROBES.make(game.game.services), OPEN_SETTINGS.make(game.game.services)):
        game.screen, play = screen, game.screen
        game.draw(size)
        game.screen = play


def test_a_window_that_is_minimised_and_comes_back_goes_on(run):
    game = run()
    game.play()
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_RIGHT))
    game.screen.handle(pygame.Event(pygame.WINDOWFOCUSLOST))
    game.screen.handle(pygame.Event(pygame.WINDOWMINIMIZED))
    game.see_blocks(4)
    resting = game.screen.reel.pose
    game.screen.handle(pygame.Event(pygame.WINDOWRESTORED))
    game.see_blocks(2)
    assert game.screen.reel.pose == resting


def test_the_window_does_not_wait_for_a_world_that_is_left(run):
    go_on = threading.Event()

    class Slow(FakeWorld):
        def reset(self, scene, seed):
            assert go_on.wait(PATIENCE)
            return super().reset(scene, seed)

    slow = Slow(spec=FAST)
    game = run(slow, FakeWorld(spec=FAST))
    game.go(PlayScene(SCENE), LoadingScreen)
    game.wait(lambda: game.navigator.worker.status.stage == "ready")
    begun = pygame.time.get_ticks()
    game.screen.outcome = Way.TITLE
    game.screen = game.navigator.follow(game.screen)
    assert pygame.time.get_ticks() - begun < 1000
    assert isinstance(game.screen, TitleScreen)
    go_on.set()
    game.play()
    assert slow.closed, "two worlds at once may be more than fits"


def test_the_title_hears_of_other_threads_only_while_it_is_shown(run):
    game = run()
    title = game.screen
    game.play()
    title.refresh = lambda: pytest.fail("it reads files, and the picture waits")
    game.see_blocks(GLIMPSE)
    game.press(pygame.K_F5)
    game.parked()
    game.see_blocks(2)


def test_deleting_does_not_wait_for_another_game_that_writes(run):
    game = run()
    glimpse(game)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    with game.services.saves.scenes._alone():
        begun = pygame.time.get_ticks()
        game.screen._actions.delete_parked(entry.id)
        game.screen._actions.fork(entry.id)
        assert pygame.time.get_ticks() - begun < 1000
    game.said("is gone" if not entry.folder.exists() else "")
