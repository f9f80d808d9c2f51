"""Zoom goes all the way: from keys to pictures, into recordings and parked scenes, and back."""

import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.sandbox.demo.command import demo_of
from mag_sandbox.sandbox.demo.run import play_demo, tape_for
from mag_sandbox.sandbox.environment import WorldEnvironment
from mag_sandbox.sandbox.hud.cards import help_pages
from mag_sandbox.sandbox.hud.hud_state import pose_text
from mag_sandbox.sandbox.play.parked_scene import read_state, write_state
from mag_sandbox.sandbox.play.pilot import Pilot
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.demo.demo import load_demo
from mag_sandbox.scenes.demo.tape import Block
from tests.doubles import SPEC, ZOOMING, FakeWorld
from tests.unit.sandbox.screens.test_play_screen import Game

SCENE = Scene(prompt="A meadow.", name="meadow")
IN, OUT = CameraCommand(zoom=0.37), CameraCommand(zoom=-0.37)
ALONG = (IN, IN, CameraCommand(yaw=1.0, zoom=0.5), CameraCommand(yaw=-0.3), OUT, IN, OUT, OUT)


def played(session: Session) -> list:
    blocks = [session.start(SCENE, 7).block]
    while (step := session.advance()) is not None:
        blocks.append(step.block)
    session.end("script over")
    return blocks


@pytest.fixture
def surface():
    with window((1280, 720), "test") as surface:
        yield surface


def zooming_game() -> Game:
    return Game(spec=ZOOMING)


def test_a_key_zooms_the_picture_and_lights_up(surface):
    game = zooming_game()
    game.pass_frames(1)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_z))
    assert game.screen.hud_state().lights["z"] == "queued"
    game.pass_frames(2)
    game.make_block()
    game.pass_frames(3)
    state = game.screen.hud_state()
    assert (state.lights["z"], state.lights["x"]) == ("applied", "idle")
    assert state.block.phrase == "camera zooms in"
    pose = state.block.poses[-1]
    assert pose.fov == 90.0 - 3 * 1.875
    assert pose_text(pose) == "0° · 1.1x"
    game.screen.level = "full"
    game.screen.draw(surface)
    assert surface.get_rect().contains(game.screen.hud.places["keys"])


def test_zoom_is_said_only_where_there_is_some():
    assert pose_text(CameraPose()) == "0°"
    assert pose_text(CameraPose(12.0, -3.0, 60.0)) == "12°, 3° down · 1.5x"
    assert pose_text(CameraPose(), exact=False) == "about 0°"
    walked = CameraPose(350.0, x=-3.0, z=6.25)
    assert pose_text(walked) == "350° · 3.0 m left, 6.2 m ahead"
    assert pose_text(CameraPose(x=0.01, z=-2.0)) == "0° · 2.0 m back"


def test_the_wheel_and_a_trigger_zoom():
    game = zooming_game()
    game.screen.handle(pygame.Event(pygame.MOUSEWHEEL, x=0, y=-1))
    assert game.keyboard.next_command() == CameraCommand(zoom=-1.0)
    axis = pygame.CONTROLLER_AXIS_TRIGGERRIGHT
    pull = pygame.Event(pygame.CONTROLLERAXISMOTION, axis=axis, value=20000)
    game.screen.handle(pull)
    assert 0.0 < game.keyboard.next_command().zoom < 1.0


def test_a_zoomed_picture_follows_the_hand(surface):
    game = zooming_game()

    def turn_of_a_drag() -> float:
        game.screen.draw(surface)
        game.keyboard.drag(-20.0, 0.0)
        return game.keyboard.next_command().yaw

    wide = turn_of_a_drag()
    game.screen.camera_key("z", down=True)
    game.pass_frames(3)
    for _ in range(6):
        game.make_block()
        game.pass_frames(3)
    game.keyboard.release("z")
    assert game.screen.reel.pose.fov == 60.0
    assert turn_of_a_drag() == pytest.approx(wide / 1.5)


def test_a_world_without_zoom_promises_none_and_hears_of_none(surface):
    game = Game(spec=SPEC)
    game.screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.K_z))
    assert game.keyboard.next_command() == CameraCommand()
    assert set(game.screen.hud_state().lights) == {"left", "up", "down", "right"}
    session = Session(FakeWorld(), ScriptSource(ALONG))
    blocks = played(session)
    assert {pose.fov for block in blocks for pose in block.poses} == {90.0}
    assert not any("zoom" in block.phrase for block in blocks)


def test_recordings_keep_the_zoom_exactly(tmp_path):
    recorder = Recorder(tmp_path / "session")
    writer = FrameWriter(recorder.begun_folder, spec=ZOOMING)
    blocks = played(Session(FakeWorld(spec=ZOOMING), ScriptSource(ALONG), [recorder, writer]))
    recording = load_recording(tmp_path / "session")
    assert [control.camera for control in recording.controls] == list(ALONG)
    assert verify(recording, FakeWorld(spec=ZOOMING)).matches
    assert not verify(recording, FakeWorld()).matches, "pictures show the zoom"
    with StoredFrames.open(tmp_path / "session") as stored:
        kept = [stored.frame_block(one) for one in stored.blocks]
    assert [block.poses for block in kept] == [block.poses for block in blocks]
    assert [block.memory.entries for block in kept] == [block.memory.entries for block in blocks]


def test_a_recording_becomes_a_demo_with_the_same_zoom(tmp_path):
    recorder = Recorder(tmp_path / "session")
    played(Session(FakeWorld(spec=ZOOMING), ScriptSource(ALONG), [recorder]))
    path = tmp_path / "demo.yaml"
    path.write_text(demo_of(load_recording(tmp_path / "session")))
    items = tape_for(load_demo(path), ZOOMING).items
    assert [item.command for item in items if isinstance(item, Block)] == list(ALONG)


def test_a_parked_scene_goes_on_at_its_zoom(tmp_path):
    whole = played(Session(FakeWorld(spec=ZOOMING), ScriptSource(ALONG)))
    first = Session(FakeWorld(spec=ZOOMING), ScriptSource(ALONG[:4]))
    played(first)
    write_state(tmp_path / "left", first.park())
    second = Session(FakeWorld(spec=ZOOMING), ScriptSource(ALONG[4:]))
    parked = Playthrough(SCENE, 7, lambda: read_state(tmp_path / "left"))
    blocks = [second.begin(parked).block]
    while (step := second.advance()) is not None:
        blocks.append(step.block)
    assert [block.poses for block in blocks] == [block.poses for block in whole[5:]]


def test_the_way_back_to_an_anchor_restores_the_zoom():
    pilot = Pilot()
    session = Session(FakeWorld(spec=ZOOMING), pilot, [pilot])
    session.start(SCENE, 7)
    anchor = CameraPose(33.0, 5.0, 66.0)
    pilot.fly_to(anchor, ZOOMING)
    while pilot.is_flying:
        block = session.advance().block
    end = block.poses[-1]
    assert (end.yaw, end.pitch, end.fov) == pytest.approx((33.0, 5.0, 66.0), abs=0.15)
    pilot.fly_to(CameraPose(), ZOOMING)
    while pilot.is_flying:
        block = session.advance().block
    assert block.poses[-1].fov == pytest.approx(90.0, abs=0.15)


def test_an_environment_zooms_by_its_third_number():
    one = WorldEnvironment(FakeWorld(spec=ZOOMING), SCENE)
    one.reset(seed=7)
    assert one.step([0.0, 0.0, 1.0])[4]["pose"]["fov"] == 90.0 - 3 * 1.875


def test_the_demo_of_zoom_comes_back_to_both_views():
    demo = load_demo("zoom-and-back")
    result = play_demo(demo, FakeWorld(spec=ZOOMING), MemorySetting())
    assert [probe.anchor for probe in result.asked] == ["near", "wide"]
    assert all(probe.overlap == 1.0 for probe in result.asked)
    assert all(probe.psnr > 40 for probe in result.asked)


def test_the_help_of_a_world_that_zooms_has_room_for_it(surface):
    game = zooming_game()
    game.key("f1")
    game.screen.draw(surface)
    theme = game.screen.hud.theme(surface)
    (card,) = help_pages(theme, game.screen._bindings, surface.get_size())
    size = card.size(theme)
    assert surface.get_width() >= size[0]
    assert surface.get_height() >= size[1]
