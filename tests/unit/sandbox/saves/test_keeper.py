"""The keeper writes in order, waits for nobody for ever, and loses nothing it was given."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from mag_sandbox.model.world import Control, WorldFailed
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.returning import Returning
from mag_sandbox.sandbox.saves import keeper as module
from mag_sandbox.sandbox.saves.keeper import Keeper
from mag_sandbox.sandbox.saves.parking import ParkedScenes
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
def keeper(tmp_path, said):
    keeper = Keeper(ParkedScenes(tmp_path, 64), lambda text, mood="good": said.append(text))
    yield keeper
    keeper.close()


def given(parked):
    future = Future()
    future.set_result(parked)
    return future


def test_a_world_that_never_answers_is_not_waited_for_for_ever(keeper, said, parked, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    keeper.park(Future())
    keeper.park(given(parked))
    assert keeper.take(parked.id).seed == 7
    assert said[0] == "this place could not be saved: it took too long"
    assert said[1] == "Somewhere is saved as you left it"


def test_a_bug_while_parking_keeps_the_scene_in_memory(keeper, said, parked, monkeypatch):
    monkeypatch.setattr(keeper.scenes, "park", lambda parked: 1 / 0)
    keeper.park(given(parked))
    assert keeper.take(parked.id) is parked
    assert keeper.take(parked.id) is parked, "until it is on the disk it is not given away"
    assert "see the log" in said[0]
    monkeypatch.undo()
    keeper.close()
    assert [entry.id for entry in keeper.scenes.entries()] == [parked.id]


def test_what_is_not_on_the_disk_can_be_copied_and_deleted(keeper, parked, monkeypatch):
    monkeypatch.setattr(keeper.scenes, "park", lambda parked: 1 / 0)
    keeper.park(given(parked))
    keeper.take(parked.id)
    monkeypatch.undo()
    keeper.copy(parked.id)
    keeper.delete(parked.id)
    keeper.close()
    (entry,) = keeper.scenes.entries()
    assert entry.name == "Somewhere, a fork"
    assert not keeper.unwritten


def test_deleting_makes_room_for_what_had_none(keeper, said, parked, monkeypatch):
    keeper.park(given(parked))
    keeper.take(parked.id)
    other = replace(parked, id="other", name="Other")
    monkeypatch.setattr(keeper.scenes, "park", lambda parked: fail("no room"))
    keeper.park(given(other))
    keeper.take(other.id)
    monkeypatch.undo()
    keeper.delete(parked.id)
    keeper.close()
    assert [entry.id for entry in keeper.scenes.entries()] == ["other"]
    assert said[1:] == ["no room", "Other is saved as you left it"]


def fail(text):
    raise WorldFailed(text)


def test_a_part_that_does_not_answer_is_left_out(keeper, parked):
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
    returning = Returning(keeper, {"stuck": Stuck(), "works": Works()})
    with_parts = replace(parked, parts=returning.snapshot())
    session = Session(FakeWorld(), Rest(), [returning])
    keeper.park(given(with_parts))
    session.begin(Playthrough(SCENE, 7, lambda: returning.take(parked.id)))
    assert len(restored) == 1


def test_what_was_taken_but_not_begun_is_not_put_into_another_scene(keeper, parked):
    class Works:
        def snapshot(self):
            return parked.state

        def restore(self, state):
            pytest.fail("another scene has begun")

    returning = Returning(keeper, {"works": Works()})
    keeper.park(given(replace(parked, parts=returning.snapshot())))
    returning.take(parked.id)
    Session(FakeWorld(), Rest(), [returning]).start(SCENE, 8)
    keeper.close()
