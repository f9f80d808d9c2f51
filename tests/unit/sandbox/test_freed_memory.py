"""What was freed is given back to the system where its C library would keep it."""

import subprocess
import sys
import weakref
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.model.world import Control, WorldState
from mag_sandbox.sandbox import freed_memory
from mag_sandbox.sandbox.diagnose.speed import resident_bytes
from mag_sandbox.sandbox.freed_memory import give_back_freed, share_freed
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves import saves
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld
from tests.patience import eventually

SCENE = Scene(prompt="A place.", name="Somewhere", seed=7)
PIECE, PIECES = 4096, 16384  # bytes; 64 MiB in all


class Rest:
    def next_command(self):
        return Control()


@pytest.mark.skipif(freed_memory._trim() is None, reason="another C library")
def test_freed_memory_goes_back_to_the_system():
    pieces = [bytes(PIECE) for _ in range(PIECES)]
    last = bytes(PIECE)  # lies behind, so that nothing is given back by itself
    del pieces
    before = resident_bytes()
    assert give_back_freed()
    assert before - resident_bytes() > PIECE * PIECES / 2
    assert len(last) == PIECE


def test_without_such_a_library_nothing_happens(monkeypatch):
    freed_memory._trim.cache_clear()
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", lambda name: object())
    try:
        assert not give_back_freed()
        assert not share_freed()
    finally:
        freed_memory._trim.cache_clear()


THREADS = """
import sys, threading
from psutil import Process
from mag_sandbox.sandbox.freed_memory import share_freed

def resident_bytes():
    return Process().memory_info().rss

if sys.argv[1] == "shared":
    assert share_freed()
turns = [threading.Event() for _ in range(9)]
kept = []

def use(number):  # one after the other, all alive: what each frees, the next may use
    turns[number].wait()
    pieces = [bytes(4096) for _ in range(4096)]
    kept.append(bytes(4096))
    del pieces
    turns[number + 1].set()
    turns[-1].wait()

threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
before = resident_bytes()
turns[0].set()
for thread in threads:
    thread.join()
print(resident_bytes() - before)
"""


@pytest.mark.skipif(freed_memory._trim() is None, reason="another C library")
def test_threads_share_what_they_free():
    grown = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", THREADS, how], capture_output=True, check=True
            ).stdout
        )
        for how in ("shared", "apart")
    }
    assert grown["shared"] < grown["apart"] / 2


def parked_with_ring():
    """Return a scene that was left, and a way to see whether its arrays still live."""
    session = Session(FakeWorld(), Rest())
    session.start(SCENE, 7)
    ring = np.zeros((4, 4), np.uint8)
    parked = replace(session.park(), parts={"map": WorldState({"ring": ring}, {})})
    return parked, weakref.ref(ring)


def test_memory_is_given_back_when_a_kept_scene_is_let_go_of(tmp_path, monkeypatch):
    parked, ring = parked_with_ring()
    alive = []
    monkeypatch.setattr(saves, "give_back_freed", lambda: alive.append(ring() is not None))
    own = saves.Saves(ParkedScenes(tmp_path, 64), lambda *said: None, {}, tmp_path / "own")
    future = Future()
    future.set_result(parked)
    waiting = [future]
    own.save(SimpleNamespace(call=lambda ask: waiting.pop()))
    del parked, future
    own.close()
    assert alive == [False]
    assert len(own.scenes.entries()) == 1


def test_what_a_session_goes_on_from_is_let_go_of():
    parked, ring = parked_with_ring()
    shown, name = parked.frames_shown, parked.name
    waiting = [parked]
    session = Session(FakeWorld(), Rest())
    session.begin(Playthrough(SCENE, 7, waiting.pop))
    del parked
    assert ring() is None
    left = session.park()
    assert (left.frames_shown, left.name) == (shown + 3, name)


def test_what_a_recording_begins_from_is_let_go_of_when_it_is_written(tmp_path):
    parked, ring = parked_with_ring()
    recorder = Recorder(tmp_path / "recording")
    session = Session(FakeWorld(), Rest(), [recorder])
    recorder.begin_from(parked)
    waiting = [parked]
    session.begin(Playthrough(SCENE, 7, waiting.pop))
    del parked
    eventually(lambda: ring() is None)
    session.end("left")
    assert (tmp_path / "recording" / "state" / "state.json").is_file()
