"""The player goes on in another world of the same base: same place, pictures encoded anew."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed
from mag_sandbox.evaluation.similarity.anchors import Sight
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.loading import worlds_beside
from mag_sandbox.model.world import FrameBlock, MemorySetting, WorldFailed
from mag_sandbox.sandbox import game as game_module
from mag_sandbox.sandbox import play_session
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.handover import (
    MAX_VIEWS,
    RECENT_BLOCKS,
    RecentBlocks,
    handover,
    scene_for,
)
from mag_sandbox.sandbox.play.parked_scene import StateError
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import recorded_choice, verify
from mag_sandbox.sandbox.screens import Continue, Way, play
from mag_sandbox.sandbox.screens.loading import LoadingScreen
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.title.library import RECORDINGS
from mag_sandbox.sandbox.title.screen import TitleScreen
from tests.doubles import UNKNOWN, FakeWorld
from tests.games import FAST, SCENE, SETTINGS, games

BETWEEN = 8  # px at the edge of a view that may fall between two pictures
ALIKE = 35.0  # dB; a fake world marks two pixels of every frame
# 18 degrees a block, at whatever rate.
QUICK = replace(FAST, full_speed=CameraSpeed(yaw=6 * FAST.fps, pitch=3 * FAST.fps))


def world_of(name, **options):
    policies = QUICK.policies if name == "pocket" else (name,)
    return FakeWorld(spec=replace(QUICK, name=name, policies=policies), **options)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path / "data") as start:
        yield lambda *names, **options: start(*map(world_of, names), **options)


def turn(game, key=pygame.K_RIGHT, blocks=6):
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=key))
    game.see_blocks(blocks)
    game.screen.handle(pygame.Event(pygame.KEYUP, key=key))
    game.see_blocks(4)


def fly(game, pose):
    game.services.pilot.fly_to(pose, game.screen.reel.current.spec)
    game.wait(lambda: game.screen.reel.pose == pose)
    game.see_blocks(2)
    return game.screen.reel.frame


@pytest.fixture(autouse=True)
def _all_steady(monkeypatch):
    """Let the key lead to every world: what is tested is how one goes on where another was."""
    beside = worlds_beside("pocket")
    after = dict(zip(beside, (*beside[1:], beside[0]), strict=True))
    for module in (play_session, play):
        monkeypatch.setattr(module, "next_world", after.get)


def switch(game, wanted):
    game.press(pygame.K_o)
    game.press(pygame.K_o)
    game.wait(
        lambda: isinstance(game.screen, PlayScreen) and game.screen.reel.current.spec.name == wanted
    )
    game.see_blocks(2)
    return game.screen.reel


def test_the_camera_and_the_clock_go_on_and_the_picture_does_not_jump(run):
    game = run("pocket", "memorypack")
    game.play()
    turn(game)
    reel = game.screen.reel
    pose, frame, seconds = reel.pose, reel.frame, reel.seconds
    other = switch(game, "memorypack")
    assert other.pose == pose
    assert psnr(other.frame, frame) > ALIKE
    assert other.seconds > seconds
    assert game.screen.playthrough.seed == SCENE.seed
    assert other.current.block.prompt == SCENE.prompt


def test_there_and_back_what_was_seen_is_as_it_was_and_the_rest_is_not_known(run):
    game = run("pocket", "memorypack", "pocket-framepack", "pocket")
    game.play()
    first, pose = game.screen.reel.frame, CameraPose(yaw=90.0)
    frame = fly(game, pose)  # a key would turn as far as the machine is slow
    for name in ("memorypack", "pocket-framepack", "pocket"):
        switch(game, name)
    assert game.screen.reel.pose == pose
    assert psnr(game.screen.reel.frame, frame) > ALIKE
    again = fly(game, CameraPose())
    assert psnr(again[:, BETWEEN:], first[:, BETWEEN:]) > ALIKE
    behind = fly(game, CameraPose(yaw=270.0))
    assert np.median(behind[:, :100]) == UNKNOWN


def test_the_display_says_that_memory_was_made_anew(run):
    game = run("pocket", "memorypack")
    game.play()
    assert game.screen.hud_state().block.memory.origin is None
    turn(game)
    switch(game, "memorypack")
    origin = game.screen.hud_state().block.memory.origin
    assert origin.world == "pocket"
    assert origin.pictures >= 3 * RECENT_BLOCKS
    game.said(f"rebuilt from {origin.pictures} picture")
    game.draw((1280, 720))


def test_a_switched_scene_is_parked_and_gone_on_with_also_by_another_game(run):
    game = run("pocket", "memorypack")
    game.play()
    turn(game, blocks=12)
    switch(game, "memorypack")
    game.see_blocks(5)
    said, pose = game.screen.hud_state().block.memory.origin, game.screen.reel.pose
    game.go(Way.TITLE, TitleScreen)
    game.wait(lambda: [one.header.world for one in game.parked()] == ["memorypack"])
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    assert game.screen.hud_state().block.memory.origin == said
    game.close()
    later = run("memorypack")
    later.play(Continue(entry.id))
    assert later.game.choice.name == "memorypack"
    assert later.screen.hud_state().block.memory.origin == said
    assert later.screen.reel.pose == pose


def test_nothing_is_lost_where_the_other_world_does_not_start(run):
    game = run("pocket")
    game.worlds.append(FakeWorld(spec=replace(QUICK, name="memorypack", frame_width=160)))
    game.worlds.append(world_of("pocket"))
    game.play()
    turn(game, blocks=12)
    pose = game.screen.reel.pose
    game.press(pygame.K_o)
    game.press(pygame.K_o)
    game.wait(lambda: game.navigator.worker.status.error)
    assert 'cannot continue in the world "memorypack"' in game.navigator.worker.status.error
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    game.play(Continue(entry.id))
    assert game.screen.reel.pose == pose
    assert game.screen.reel.current.spec.name == "pocket"


def test_a_recording_made_after_it_is_verified_and_says_it(run):
    game = run("pocket", "memorypack")
    game.play()
    turn(game)
    switch(game, "memorypack")
    game.press(pygame.K_F10)
    game.see_blocks(6)
    game.press(pygame.K_F10)
    game.said("recording stopped")
    game.see_blocks(2)
    (folder,) = (game.game.folder / RECORDINGS).iterdir()
    recording = load_recording(folder)
    assert recording.start.provenance["re_encoded"].endswith("pictures of pocket")
    assert verify(recording, world_of("memorypack")).matches
    with pytest.raises(
        StateError, match='was left in the world "memorypack", this one is "pocket"'
    ):
        verify(recording, world_of("pocket"))


def test_a_recording_of_everything_goes_on_in_a_second_folder(run, tmp_path):
    recorder = Recorder(tmp_path / "all", memory=MemorySetting())
    game = run("pocket", "memorypack", recorders=[recorder])
    game.play()
    turn(game)
    switch(game, "memorypack")
    game.close()
    before, after = map(load_recording, recorder.folders)
    assert verify(before, world_of("pocket")).matches
    assert verify(after, world_of("memorypack")).matches
    assert recorded_choice(after).memory.policy == "memorypack"


def test_a_moment_saved_in_another_world_is_not_loaded_and_play_goes_on(run):
    game = run("pocket", "memorypack")
    game.play()
    turn(game)
    game.press(pygame.K_F5)
    game.parked()
    switch(game, "memorypack")
    game.press(pygame.K_F9)
    game.said("this was saved with the network pocket; press O to go back to it first")
    game.see_blocks(2)


def test_the_first_press_lists_the_worlds_and_the_second_one_switches(run):
    game = run("pocket", "memorypack")
    game.play()
    game.press(pygame.K_o)
    game.said("the network pocket paints this place")
    game.said("O again lets memorypack paint it")
    game.see_blocks(4)
    assert game.screen.reel.current.spec.name == "pocket"
    switch(game, "memorypack")


def test_a_world_without_others_of_its_base_offers_none(run):
    game = run("fake")
    game.play()
    game.press(pygame.K_o)
    game.said("no other world to go on in")
    game.see_blocks(2)


def test_a_world_with_one_memory_says_that_nothing_can_be_set(run):
    game = run("memorypack", choice=WorldChoice("memorypack", MemorySetting("memorypack")))
    game.play()
    for key in (pygame.K_k, pygame.K_LEFTBRACKET):
        game.press(key)
        game.said("only one kind of memory")
        game.see_blocks(2)


def test_a_world_with_one_memory_is_compared_with_the_memory_of_another(run, monkeypatch):
    adopted = []

    def load_beside(second, past, first, on_progress):
        beside = world_of(second.name)
        world = SplitWorld(first, beside, second.memory)
        world.follow(past())
        adopted.append(beside)
        return world

    monkeypatch.setattr(game_module, "load_beside", load_beside)
    game = run("memorypack", choice=WorldChoice("memorypack", MemorySetting("memorypack")))
    game.play()
    turn(game)
    pose = game.screen.reel.pose
    game.press(pygame.K_v)
    game.wait(lambda: isinstance(game.screen, PlayScreen) and game.screen.reel.current.block.beside)
    beside = game.screen.reel.current.block.beside
    assert beside.memory.origin.world == "memorypack"
    assert beside.poses == game.screen.reel.current.block.poses
    assert len(adopted) == 1
    game.press(pygame.K_t)  # ends the comparison, and opens the box for what is typed meanwhile
    game.wait(lambda: isinstance(game.screen, LoadingScreen))
    game.write(" at night")
    game.wait(lambda: isinstance(game.screen, PlayScreen) and not game.screen._context.is_split)
    assert game.screen.session._prompt.text.endswith(" at night")
    assert game.screen.reel.pose == pose
    assert game.screen.reel.current.spec.name == "memorypack"


def blocks_of(world, count):
    recent = RecentBlocks()
    session = Session(world, Rest(), [recent])
    session.start(SCENE, 7)
    for _ in range(count - 1):
        session.advance()
    return session, recent


class Rest:
    def next_command(self):
        return CameraCommand()


def sight(number, yaw):
    return Sight(np.zeros((192, 320, 3), np.uint8), CameraPose(yaw), number, number / 16)


def carried(pictures, count=20):
    session, recent = blocks_of(FakeWorld(), count)
    return handover(session.park(), pictures, recent.blocks, lambda parked: None)


def test_newest_blocks_come_whole_and_older_views_once_each_in_order():
    pictures = [sight(8, 90.0), sight(5, 0.0), sight(2, 92.0), sight(59, 180.0)]
    given = carried(pictures).blocks
    assert [block.block_index for block in given] == [1, 2, *range(13, 20)]
    assert [block.poses[0].yaw for block in given[:2]] == [0.0, 90.0]
    assert len(set(given[0].poses)) == 1
    assert {block.frames.shape for block in given} == {(3, 192, 320, 3)}


def test_where_there_are_few_pictures_hardly_any_ground_falls_between_them():
    ring = [sight(3 * number, number * 10.0) for number in range(1, 5)]
    assert [block.poses[0].yaw for block in carried(ring).blocks[:4]] == [10.0, 20.0, 30.0, 40.0]


def test_what_is_handed_over_is_bounded_and_holds_no_state():
    many = [sight(3 * number, number * 40.0 % 360) for number in range(300)]
    tall = [replace(one, pose=CameraPose(one.pose.yaw, one.number % 54 - 27.0)) for one in many]
    given = carried(tall, count=400)
    assert len(given.blocks) <= MAX_VIEWS + RECENT_BLOCKS
    assert given.origin.pictures == len(given.blocks) + 2 * RECENT_BLOCKS
    assert not given.left.state.arrays


def test_large_blocks_are_kept_in_smaller_number():
    _, recent = blocks_of(FakeWorld(), 3)
    block: FrameBlock = recent.blocks[-1]
    huge = replace(block, frames=np.zeros((3, 1200, 2000, 3), np.uint8))
    for _ in range(3):
        recent.on_block(None, huge)
    assert [one.frames.shape for one in recent.blocks] == [huge.frames.shape]


def test_a_scene_loses_a_policy_that_the_other_world_lacks():
    assert scene_for("memorypack", replace(SCENE, memory="mag")).memory is None
    assert scene_for("pocket", replace(SCENE, memory="mag")).memory == "mag"
    assert scene_for("memorypack", SCENE) is SCENE


def test_each_world_gets_the_memory_that_is_set_for_it():
    settings = replace(SETTINGS, memory="window", kept_mib=64)
    pocket = WorldChoice("pocket", settings.memory_setting())
    pack = pocket.beside("memorypack", settings)
    assert (pack.name, pack.memory.policy) == ("memorypack", "memorypack")
    assert pack.beside("pocket", settings) == pocket
    changed = pack.changed(settings, replace(settings, memory="mag"))
    assert changed.memory.policy == "memorypack", "settings speak of another world's memory"
    with pytest.raises(WorldFailed, match='"mag" not found'):
        WorldChoice("memorypack", MemorySetting("mag"))
