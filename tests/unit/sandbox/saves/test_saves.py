"""The queue of saves writes in order, waits for nobody for ever, and loses nothing it was given."""

from concurrent.futures import Future
from dataclasses import replace
from threading import Event

import pytest

from mag_sandbox.model.world import Control, WorldFailed
from mag_sandbox.sandbox.play.parked_scene import StateError
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.saves import saves as module
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.saves.saves import Saves
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

SCENE = Scene(prompt="A place.", name="Somewhere", seed=7)


class Rest:
    def next_command(self):
        return Control()


@pytest.fixture
def parked():
    session = Session(FakeWorld(), Rest())
    session.start(SCENE, 7)
    for _ in range(17):
        session.advance()
    return session.park()


@pytest.fixture
def said():
    return []


@pytest.fixture
def queue(tmp_path, said):
    say = lambda text, mood="good", topic="": said.append(text)  # noqa: E731 -- one expression
    queue = Saves(ParkedScenes(tmp_path, 64), say, {}, tmp_path / "own")
    yield queue
    queue.close()


class Answering:
    """A worker whose world answers with a future."""

    def __init__(self, future):
        self.call = lambda ask: future


def given(parked):
    future = Future()
    future.set_result(parked)
    return Answering(future)


def test_a_world_that_never_answers_is_not_waited_for_for_ever(queue, said, parked, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    queue.park(Answering(Future()))
    queue.park(given(parked))
    assert queue.take(parked.id).seed == 7
    assert said[0] == "the world does not answer; this place will be saved when it does"
    assert said[1] == "“Somewhere” is saved as you left it, first under Continue"


def test_what_a_world_says_after_a_minute_is_saved_and_never_over_what_is_newer(
    queue, said, parked, monkeypatch
):
    """As where the machine slept meanwhile."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    late, newer, latest = Future(), Future(), Future()
    queue.park(Answering(late))
    queue.park(Answering(newer))
    with pytest.raises(StateError):
        queue.take(parked.id)  # by then both were waited for
    queue.park(Answering(latest))
    for frames, future in enumerate((late, newer, latest)):  # in the order of the questions
        future.set_result(replace(parked, frames_shown=100 + frames))
    queue.close()
    assert said[-3:] == ["“Somewhere” is saved as you left it, first under Continue"] * 3
    assert queue.scenes.load(parked.id).frames_shown == 102


def test_a_slow_write_holds_up_nobody_and_loses_nothing(queue, parked, monkeypatch):
    disk, park = Event(), queue.scenes.park
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: disk.wait() and park(parked))
    queue.park(given(parked))
    queue.park(given(replace(parked, frames_shown=200)))
    queue.park(given(replace(parked, id="other")))  # and play goes on
    disk.set()
    queue.close()
    assert {entry.id for entry in queue.scenes.entries()} == {parked.id, "other"}
    assert queue.scenes.load(parked.id).frames_shown == 200


def test_a_bug_while_parking_keeps_the_scene_in_memory(queue, said, parked, monkeypatch):
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: 1 / 0)
    queue.park(given(parked))
    assert queue.take(parked.id) is parked
    assert queue.take(parked.id) is parked, "until it is on the disk it is not given away"
    assert "see the log" in said[0]
    monkeypatch.undo()
    queue.close()
    assert [entry.id for entry in queue.scenes.entries()] == [parked.id]


def test_what_is_not_on_the_disk_can_be_copied_and_deleted(queue, parked, monkeypatch):
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: 1 / 0)
    queue.park(given(parked))
    queue.take(parked.id)
    monkeypatch.undo()
    queue.copy(parked.id)
    queue.delete(parked.id)
    queue.close()
    (entry,) = queue.scenes.entries()
    assert entry.header.name == "Somewhere (2)"
    assert not queue.unwritten


def test_deleting_makes_room_for_what_had_none(queue, said, parked, monkeypatch):
    queue.park(given(parked))
    queue.take(parked.id)
    other = replace(parked, id="other", scene=replace(parked.scene, name="Other"))
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: fail("no room"))
    queue.park(given(other))
    queue.take(other.id)
    monkeypatch.undo()
    queue.delete(parked.id)
    queue.close()
    assert [entry.id for entry in queue.scenes.entries()] == ["other"]
    assert said[1:] == ["no room", "“Other” is saved as you left it, first under Continue"]


@pytest.mark.parametrize("keep", ["park", "autosave"])
def test_what_had_no_room_is_written_when_something_else_finds_some(
    queue, parked, monkeypatch, keep
):
    other = replace(parked, id="other", scene=replace(parked.scene, name="Other"))
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: fail("no room"))
    queue.park(given(other))
    queue.take(other.id)
    monkeypatch.undo()
    getattr(queue, keep)(given(parked))
    with pytest.raises(StateError):
        queue.take("nothing")  # by then all is done
    assert not queue.unwritten
    assert queue.scenes.load(other.id).scene.name == "Other"


def test_what_was_kept_by_itself_is_newer_than_what_had_no_room(queue, parked, monkeypatch):
    monkeypatch.setattr(queue.scenes, "park", lambda parked, **how: fail("no room"))
    queue.park(given(parked))
    queue.take(parked.id)
    monkeypatch.undo()
    queue.autosave(given(replace(parked, frames_shown=200)))
    assert queue.take(parked.id).frames_shown == 200


def fail(text):
    raise WorldFailed(text)


def test_a_part_that_does_not_answer_is_left_out(queue, parked, tmp_path):
    class Stuck:
        def snapshot(self):
            raise TimeoutError

        def restore(self, state):
            pytest.fail("it kept nothing")

    class Works:
        def snapshot(self):
            return parked.state

        def restore(self, state):
            restored.append(state)

    restored = []
    queue._parts = {"stuck": Stuck(), "works": Works()}
    saves = queue
    session = Session(FakeWorld(), Rest(), [saves])
    session.start(SCENE, 7)
    queue.park(given(replace(parked, parts=saves.collect(session).parts)))
    session.begin(Playthrough(SCENE, 7, lambda: saves.take(parked.id)))
    assert len(restored) == 1


def test_what_was_taken_but_not_begun_is_not_put_into_another_scene(queue, parked, tmp_path):
    class Works:
        def snapshot(self):
            return parked.state

        def restore(self, state):
            pytest.fail("another scene has begun")

    queue._parts = {"works": Works()}
    saves = queue
    queue.park(given(replace(parked, parts={"works": parked.state})))
    saves.take(parked.id)
    Session(FakeWorld(), Rest(), [saves]).start(SCENE, 8)
    queue.close()
