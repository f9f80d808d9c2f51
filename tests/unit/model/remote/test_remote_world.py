"""A world that runs elsewhere is a world like any other."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.edits import Edit
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.remote.address import ServerAddress, read_token
from mag_sandbox.model.remote.engine import WorldEngine, WorldRequest
from mag_sandbox.model.remote.world import RemoteWorld, served_world
from mag_sandbox.model.world import (
    NETWORK,
    SERVER,
    Control,
    MemoryOrigin,
    MemorySetting,
    Past,
    PastBlock,
    WorldFailed,
)
from mag_sandbox.sandbox.environment import WorldEnvironment
from mag_sandbox.sandbox.play.scripts import pan_out_and_back
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.play.split import SplitWorld
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import verify
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld
from tests.hosted import Hosted
from tests.patience import PATIENCE
from tests.tiny import RIGHT, UP, assert_same_pictures, play, tiny_world

PLACE = Scene("a place")
TURN = Control(CameraCommand(yaw=1.0))


@pytest.fixture(scope="module")
def hosted():
    with Hosted(places=4) as hosted:
        yield hosted


@pytest.fixture
def world(hosted):
    world = RemoteWorld(hosted.address)
    yield world
    world.close()


def compare(block, other):
    """Compare all of two blocks but for the times."""
    assert np.array_equal(block.frames, other.frames)
    for name in ("poses", "block_index", "phrase", "prompt", "memory", "look_ahead", "edited"):
        assert getattr(block, name) == getattr(other, name), name


def test_blocks_are_those_of_the_world_here():
    with Hosted() as hosted:
        world, here = RemoteWorld(hosted.address), FakeWorld()
        assert world.spec == here.spec
        compare(world.reset(PLACE, 7), here.reset(PLACE, 7))
        asked = (TURN, replace(TURN, prompt="another"), Control(memory=MemorySetting("window")))
        for control in asked:
            compare(world.step(control), here.step(control))
        world.close()


def test_a_tiny_pocket_world_plays_parks_and_goes_on_to_the_bit_over_the_line():
    with Hosted(lambda wish: tiny_world(wish.memory.policy)) as hosted:
        there, here = RemoteWorld(hosted.address), tiny_world()
        controls = [RIGHT, RIGHT, UP]
        assert_same_pictures(play(there, controls), play(here, controls))
        state = there.snapshot()
        assert state.data == json.loads(json.dumps(here.snapshot().data))
        ahead = [there.step(RIGHT), there.step(RIGHT)]
        for world in (there, here):  # a state of there goes on here
            world.restore(state)
            assert_same_pictures([world.step(RIGHT), world.step(RIGHT)], ahead)
        frames = ahead[0].frames
        assert np.array_equal(there.round_trip(frames), here.round_trip(frames))
        assert there.painted(CameraPose()) is None  # nothing paints in it
        there.close()


def test_what_server_and_network_took_is_said_apart(world):
    times = world.reset(PLACE, 7).stage_ms
    assert times["denoise"] == 31.0
    assert times[SERVER] > 0
    assert times[NETWORK] > 0


def test_a_recording_of_it_verifies_here(world, tmp_path):
    session = Session(world, ScriptSource(pan_out_and_back()), [Recorder(tmp_path / "rec")])
    session.start(PLACE, 7)
    for _ in range(4):
        session.advance()
    session.end("left")
    assert verify(load_recording(tmp_path / "rec"), FakeWorld()).matches


def test_two_players_share_a_screen_and_programs_play_it(hosted):
    worlds = [RemoteWorld(hosted.address, memory=MemorySetting(one)) for one in ("mag", "window")]
    split = SplitWorld(*worlds, MemorySetting("window"))
    block = split.reset(PLACE, 7)
    assert block.at_rest.shape[2] == 2 * SPEC.frame_width
    assert (block.memory.policy, block.beside.memory.policy) == ("mag", "window")
    split.close()
    worlds[0].close()
    environment = WorldEnvironment(RemoteWorld(hosted.address), PLACE)
    first, _ = environment.reset(seed=7)
    assert np.array_equal(first, FakeWorld().reset(PLACE, 7).frames[-1])
    assert environment.step([1.0, 0.0])[-1]["block_index"] == 1
    environment.close()


def test_it_goes_on_where_another_world_was(world):
    here = FakeWorld()
    frames = here.reset(PLACE, 7).frames
    blocks = (PastBlock(frames, (CameraPose(),) * len(frames), 0),)
    past = Past(PLACE, 7, "a prompt", blocks, MemoryOrigin("another", 3))
    for one in (world, here):
        one.adopt(past)
    compare(world.step(TURN), here.step(TURN))
    assert world.provenance()["re_encoded"] == "re-encoded from 3 pictures of another"


def test_nobody_goes_on_with_what_another_player_left(hosted):
    first = RemoteWorld(hosted.address)
    first.reset(PLACE, 7)
    first.close()
    second = RemoteWorld(hosted.address)
    for ask in (lambda: second.step(TURN), second.snapshot):
        with pytest.raises(WorldFailed, match="no scene yet"):
            ask()
    second.close()


def test_a_refusal_of_the_world_is_its_own_sentence_and_play_goes_on():
    def load(wish):
        return FakeWorld(fail_at=1)

    with Hosted(load) as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(PLACE, 7)
        with pytest.raises(WorldFailed, match=r"^block 1 cannot be made; start over$"):
            world.step(TURN)
        assert world.reset(PLACE, 7).block_index == 0
        world.close()


def test_a_bug_of_the_world_is_a_sentence_and_its_world_is_never_played_again():
    made = []

    def load(wish):
        def fail(control):
            raise RuntimeError("CUDA error")

        made.append(FakeWorld(on_step=fail))
        return made[-1]

    with Hosted(load) as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(PLACE, 7)
        said = r"unexpected error on the server \(RuntimeError: CUDA error\)"
        with pytest.raises(WorldFailed, match=said):
            world.step(TURN)
        world.reset(PLACE, 7)
        assert [one.closed for one in made] == [True, False]
        world.close()


def test_a_scenes_picture_goes_along_and_is_refused_there_as_here(tmp_path):
    seen = []

    class Looking(FakeWorld):
        def reset(self, scene, seed):
            seen.append(Path(scene.image).read_bytes())
            if seen[-1] != b"a picture":
                raise WorldFailed(f"scene image {scene.image} cannot be read (no picture)")
            return super().reset(scene, seed)

    path = tmp_path / "mine.png"
    path.write_bytes(b"a picture")
    with Hosted(lambda wish: Looking()) as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(replace(PLACE, image=str(path)), 7)
        path.write_bytes(b"%!PS")
        with pytest.raises(WorldFailed, match="scene image picture cannot be read") as refused:
            world.reset(replace(PLACE, image=str(path)), 7)
        assert "tmp" not in str(refused.value)
        with pytest.raises(WorldFailed, match="not found"):
            world.reset(replace(PLACE, image=str(tmp_path / "no.png")), 7)
        world.close()
    assert seen == [b"a picture", b"%!PS"]


def test_frames_as_jpeg_say_so_in_the_header_of_a_recording(hosted):
    world = RemoteWorld(replace(hosted.address, quality=80))
    block = world.reset(PLACE, 7)
    assert block.frames.shape == (3, 192, 320, 3)
    assert world.provenance()["frames"] == "jpeg 80"
    world.close()


def test_a_player_asks_for_world_memory_and_look_ahead():
    wishes = []

    def load(wish):
        wishes.append(wish)
        return FakeWorld(wish.memory)

    setting = MemorySetting("window", kept_mib=64)
    with Hosted(load) as hosted:
        assert served_world(hosted.address) == "fake"
        asked = {"look_ahead": False, "execution": {"dtype": "float32"}}
        RemoteWorld(hosted.address, "fake", setting, **asked).close()
        for name, memory, why in (
            ("mag", None, 'no world "mag"; it plays fake'),
            ("fake", MemorySetting(kept_mib=2**16), "more than the server gives"),
        ):
            with pytest.raises(WorldFailed, match=why):
                RemoteWorld(hosted.address, name, memory)
    assert wishes == [WorldRequest("fake", setting, False, '{"dtype": "float32"}')]


def test_how_many_threads_there_are_is_not_one_players_to_choose():
    with Hosted(threads=1) as hosted:
        RemoteWorld(hosted.address, execution={"threads": 1}).close()
        with pytest.raises(WorldFailed, match="ran on 64 threads, and the server on 1"):
            RemoteWorld(hosted.address, execution={"threads": 64})


@pytest.mark.parametrize(
    "url",
    ["", "http://gpu", "wss://", "gpu:8765", "ws://gpu:port", "ws://[gpu", "ws://gpu" + "u" * 70],
    ids=repr,
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(WorldFailed, match="is no address of a server"):
        ServerAddress(url)


@pytest.mark.parametrize("text", ["", "short", "two words that are long", "ключ-ключ-ключ-ключ"])
def test_what_is_no_token_is_refused(text, tmp_path):
    (tmp_path / "token").write_text(text, "utf-8")
    with pytest.raises(WorldFailed, match="holds no token"):
        read_token(tmp_path / "token")


def test_seats_take_turns_whatever_one_of_them_asks_for():
    engine = WorldEngine(lambda wish: FakeWorld(), 2)
    many, one = (
        engine.add_slot(WorldRequest("a", MemorySetting())),
        engine.add_slot(WorldRequest("b", MemorySetting())),
    )
    done = []
    calls = [engine.call(many, lambda: done.append("many")) for _ in range(5)]
    calls += [engine.call(one, lambda: done.append("one")) for _ in range(2)]
    engine.start()
    for call in calls:
        call.result(PATIENCE)
    assert done in (
        ["many", "one", "many", "one", "many", "many", "many"],
        ["one", "many", "one", "many", "many", "many", "many"],
    )
    assert engine.close()


def test_views_ahead_are_remembered_while_nobody_waits():
    looked = []

    class LooksAhead(FakeWorld):
        def prepare(self):
            looked.append(1)
            return super().prepare()

    engine = WorldEngine(lambda wish: LooksAhead(spec=SPEC), 1)
    seat = engine.add_slot(WorldRequest("a", MemorySetting()))
    engine.start()
    world = engine.call(seat, lambda: engine.world(seat)).result(PATIENCE)

    def begin():
        world.reset(PLACE, 7)
        looked.clear()
        seat.begun = seat.can_prepare = True

    engine.call(seat, begin).result(PATIENCE)
    engine.call(seat, lambda: None).result(PATIENCE)  # its turn comes after what was asked for
    engine.close()
    assert looked
    assert not seat.can_prepare


def test_worlds_are_played_one_after_the_other_and_no_more_are_kept_than_places():
    made = []

    def load(wish):
        made.append(FakeWorld(wish.memory))
        return made[-1]

    engine = WorldEngine(load, 1)
    engine.start()
    usual, other = (WorldRequest("a", MemorySetting(policy)) for policy in ("mag", "window"))
    for wish in (usual, usual, other):
        engine.warm_up(wish)
    assert [one.closed for one in made] == [True, False]
    engine.close()
    assert all(one.closed for one in made)


def test_an_edit_travels_and_comes_back():
    spec = replace(SPEC, kinds=("tent",))
    with Hosted(lambda wish: FakeWorld(spec=spec)) as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(PLACE, 7)
        edit = Edit("place", 40.0, kind="tent", color=(214, 73, 72))
        assert world.step(Control(edit=edit)).edited == edit
        world.close()
