"""A session drives a world from a source and tells its observers everything, in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import xxhash

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import Control, GroundPlan, MemorySetting
from mag_sandbox.sandbox.play.events import SessionStart
from mag_sandbox.sandbox.play.session import Playthrough, Session, digest_of
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

SCENE = Scene(prompt="A meadow.", name="meadow")
PAN = CameraCommand(yaw=1.0)


class Notes:
    """An observer that keeps everything."""

    def __init__(self):
        self.starts, self.blocks, self.ends, self.pictures = [], [], [], []

    def on_start(self, event, block):
        self.starts.append(event)
        self.pictures.append(block)

    def on_block(self, event, block):
        self.blocks.append(event)
        self.pictures.append(block)

    def on_end(self, event):
        self.ends.append(event)


class ControlList:
    """A source of whole controls, as a replay is."""

    def __init__(self, *controls):
        self._controls = iter(controls)

    def next_command(self):
        return next(self._controls, None)


@pytest.fixture
def notes():
    return Notes()


def session_of(notes, *commands):
    return Session(FakeWorld(), ScriptSource(commands), observers=[notes])


def test_the_start_names_world_scene_seed_and_the_first_block(notes):
    first = session_of(notes).start(SCENE, seed=7)
    (start,) = notes.starts
    assert isinstance(start, SessionStart)
    assert (start.world, start.scene, start.seed) == (FakeWorld().spec.name, SCENE, 7)
    assert start.first_block.digest == digest_of(first.block.frames)
    assert start.provenance == FakeWorld().provenance()


def test_every_block_is_told_with_its_control_and_digest(notes):
    session = session_of(notes, PAN, CameraCommand())
    session.start(SCENE, seed=7)
    steps = [session.advance(), session.advance()]
    assert [event.control.camera for event in notes.blocks] == [PAN, CameraCommand()]
    assert [event.digest for event in notes.blocks] == [
        digest_of(step.block.frames) for step in steps
    ]
    assert [event.control for event in notes.blocks] == [step.control for step in steps]
    assert [event.block_index for event in notes.blocks] == [1, 2]
    assert all(event.latency_ms >= 0 for event in notes.blocks)


def test_a_script_that_is_over_ends_in_none(notes):
    session = session_of(notes)
    session.start(SCENE, seed=7)
    assert session.advance() is None


def test_the_end_is_told_once_with_totals(notes):
    session = session_of(notes, PAN)
    session.start(SCENE, seed=7)
    session.advance()
    session.end("left")
    session.end("left again")
    (end,) = notes.ends
    assert (end.reason, end.blocks) == ("left", 2)
    assert end.frames == sum(len(block.frames) for block in notes.pictures)


def test_observers_that_join_together_are_told_of_one_start(monkeypatch):
    """Frames belong to the recording that began when they did, to the second."""
    times = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n) for n in range(9))
    clock = SimpleNamespace(now=lambda zone: next(times))
    monkeypatch.setattr("mag_sandbox.sandbox.play.session.datetime", clock)
    session = session_of(Notes(), PAN)
    session.start(SCENE, seed=7)
    recorder, frames = Notes(), Notes()
    session.attach(recorder, "state")
    session.attach(frames, "state")
    session.advance()
    assert recorder.starts == frames.starts
    assert recorder.starts[0].state == "state"


def test_a_session_that_never_began_has_no_end(notes):
    session_of(notes).end("left")
    assert notes.ends == []


def test_starting_again_ends_the_running_session_first(notes):
    session = session_of(notes)
    session.start(SCENE, seed=7)
    session.start(SCENE, seed=8)
    assert [end.reason for end in notes.ends] == ["reset"]
    assert [start.seed for start in notes.starts] == [7, 8]


def test_changes_reach_the_next_block_only(notes):
    session = session_of(notes, PAN, PAN)
    session.start(SCENE, seed=7)
    setting = MemorySetting(policy="none")
    session.change(memory=setting)
    session.change(prompt="A beach.")
    session.advance()
    session.advance()
    asked = [event.control for event in notes.blocks]
    assert asked == [Control(PAN, "A beach.", setting), Control(PAN)]


def test_a_source_may_give_whole_controls(notes):
    control = Control(PAN, prompt="A beach.", memory=MemorySetting(policy="none"))
    session = Session(FakeWorld(), ControlList(control), observers=[notes])
    session.start(SCENE, seed=7)
    session.advance()
    assert notes.blocks[0].control == control


def test_a_digest_is_the_xxh3_hash_of_the_frames():
    frames = FakeWorld().reset(SCENE, seed=1).frames
    expected = xxhash.xxh3_64_hexdigest(frames.tobytes())
    assert digest_of(frames) == digest_of(frames[:, ::-1][:, ::-1]) == expected


def test_a_place_left_while_its_light_still_changes_has_the_name_that_it_had():
    asked = Control(prompt="A meadow, at night", edit=Edit("relight", width=360.0, height=108.0))
    session = Session(FakeWorld(), ControlList(asked))
    session.start(SCENE, seed=7)
    assert session.advance().block.prompt == "A meadow, at night"
    assert session.park().prompt == SCENE.prompt


class House(FakeWorld):
    """A hall, and in every block another room of those behind its doors, or the hall again."""

    ways = (("hall",), ("hall", "attic"), ("hall",), ("hall", "cellar"))
    numbers = (0, 1, 0, 2)

    def _make(self, control):
        block = super()._make(control)
        at = block.block_index % len(self.ways)
        return replace(block, ground=GroundPlan(rooms=self.ways[at], room=self.numbers[at]))


def test_a_parked_session_names_the_rooms_it_was_in_also_those_before_it_was_parked_once():
    session = Session(House(), ScriptSource([PAN] * 9))
    session.start(SCENE, seed=7)
    session.advance()
    session.advance()
    parked = session.park()
    assert parked.rooms == ("hall", "attic")
    session.begin(Playthrough(SCENE, 7, lambda: parked))
    assert session.park().rooms == ("hall", "attic", "cellar")
    old = replace(parked, rooms=())
    session.begin(Playthrough(SCENE, 7, lambda: old))
    assert session.park().rooms == ("", "", "cellar")
