"""Scenes are left and returned to; nothing is lost, mixed up or dropped unasked."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.files.whole import tidy
from mag_sandbox.model.world import WorldState
from mag_sandbox.sandbox.play.parked_scene import ParkedScene, StateError
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.saves import parking
from mag_sandbox.sandbox.saves.parking import ParkedScenes, described
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

MEADOW, DESERT = Scene("A meadow.", name="Meadow"), Scene("A desert.", name="Desert")
FRAME = np.full((192, 320, 3), 90, np.uint8)
KIB = 1024


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


def left(scene: Scene = MEADOW, frames: int = 9, kib: int = 1, **fields) -> ParkedScene:
    state = WorldState({"keys": np.zeros(kib * KIB, np.uint8)}, {"frames": frames})
    return ParkedScene(scene, 7, state, FRAME, frames, 16.0, "fake", **fields)


def game(folder: Path, budget_mib: int = 1) -> ParkedScenes:
    """Return what one running game has; several of them are several games."""
    return ParkedScenes(folder, budget_mib, patience=0.0, now=Clock())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "parked"


@pytest.fixture
def scenes(folder):
    return game(folder)


def names(scenes: ParkedScenes) -> list[str]:
    return [entry.header.name for entry in scenes.entries()]


def test_nothing_is_parked_at_first(scenes, folder):
    assert scenes.entries() == []
    assert scenes.total_bytes() == 0
    assert not folder.exists()


def test_a_parked_scene_comes_back(scenes):
    id = scenes.park(left(prompt="a castle"))
    again = scenes.take(id)
    assert (again.id, again.scene, again.prompt, again.frames_shown) == (id, MEADOW, "a castle", 9)
    assert again.state.data == {"frames": 9}


def test_parking_a_playthrough_again_replaces_it(scenes):
    id = scenes.park(left())
    parked = scenes.take(id)
    assert scenes.park(replace(parked, frames_shown=90)) == id
    (entry,) = scenes.entries()
    assert entry.header.frames_shown == 90
    assert entry.header.created == parked.created.isoformat(timespec="milliseconds")


def test_another_playthrough_of_the_same_scene_is_kept_beside_it(scenes):
    scenes.park(left())
    scenes.park(left())
    assert names(scenes) == ["Meadow", "Meadow"]


def test_what_was_left_last_is_listed_first(scenes):
    first = scenes.park(left(MEADOW))
    scenes.park(left(DESERT))
    assert names(scenes) == ["Desert", "Meadow"]
    scenes.park(scenes.take(first))
    assert names(scenes) == ["Meadow", "Desert"]


def test_parked_through_the_session_equals_uninterrupted(scenes):
    right, back = [CameraCommand(yaw=1.0)] * 4, [CameraCommand(yaw=-1.0)] * 4

    def digests(session) -> list:
        steps = iter(session.advance, None)
        return [step.block.frames.tobytes() for step in steps]

    whole = Session(FakeWorld(), ScriptSource([*right, *back]))
    whole.start(MEADOW, 7)
    before = Session(FakeWorld(), ScriptSource(right))
    before.start(MEADOW, 7)
    first = digests(before)
    parked = scenes.take(scenes.park(before.park()))
    after = Session(FakeWorld(), ScriptSource(back))
    resumed = after.begin(Playthrough(parked.scene, parked.seed, lambda: parked))
    assert digests(whole) == [*first, resumed.block.frames.tobytes(), *digests(after)]
    assert after.park().id == parked.id


def test_a_save_is_loaded_into_the_same_playthrough(scenes):
    parked = left()
    scenes.save_slot(parked)
    scenes.save_slot(replace(parked, frames_shown=30))
    scenes.park(replace(parked, frames_shown=60))
    again = scenes.load_slot(parked.id)
    assert (again.id, again.slot, again.frames_shown) == (parked.id, "", 30)
    assert [entry.header.slot for entry in scenes.entries()] == ["", "quick"]


def test_a_save_continued_from_the_list_overwrites_nothing(scenes):
    parked = left()
    save = scenes.save_slot(parked)
    scenes.park(replace(parked, frames_shown=60))
    taken = scenes.take(save)
    scenes.park(replace(taken, frames_shown=12))
    assert sorted(entry.header.frames_shown for entry in scenes.entries()) == [9, 12, 60]


def test_loading_without_a_save_says_so(scenes):
    with pytest.raises(StateError, match="no moment of this place is saved yet"):
        scenes.load_slot(left().id)


def test_a_fork_is_a_copy_with_a_number(scenes):
    id = scenes.park(left(frames=9))
    fork = scenes.fork(id).id
    scenes.fork(fork)
    scenes.park(replace(scenes.take(fork), frames_shown=50))
    assert sorted(names(scenes)) == ["Meadow", "Meadow (2)", "Meadow (3)"]
    assert scenes.load(id).frames_shown == 9
    assert scenes.load(fork).frames_shown == 50


def test_a_place_that_was_described_anew_keeps_its_name_before_its_new_words(scenes):
    id = scenes.park(left(prompt="A snowy village at night."))
    scenes.fork(id)
    both = "Meadow, then a snowy village at night"
    assert [entry.name for entry in scenes.entries()] == [both, both]
    place = described(scenes.header(id))
    assert (place.name, place.prompt) == (both, "A snowy village at night.")


def test_deleting_leaves_nothing(scenes, folder):
    id = scenes.park(left())
    scenes.delete(id)
    assert scenes.entries() == []
    assert [path.name for path in folder.iterdir()] == [".lock"]
    with pytest.raises(StateError, match="is gone"):
        scenes.delete(id)


@pytest.mark.parametrize("id", ["../data", "/etc", "..", "", "a/../b", ".lock"])
@pytest.mark.parametrize("call", ["load", "take", "delete", "fork", "load_slot"])
def test_an_id_never_leaves_the_folder(scenes, call, id):
    with pytest.raises(StateError, match="is not the name of a parked scene"):
        getattr(scenes, call)(id)


def test_a_damaged_entry_is_listed_and_can_be_deleted(scenes, folder):
    good, bad = scenes.park(left(DESERT)), scenes.park(left(MEADOW))
    (folder / bad / "state.json").write_text("{")
    by_id = {entry.id: entry for entry in scenes.entries()}
    assert by_id[good].problem is None
    assert by_id[bad].header is None
    assert by_id[bad].name == bad
    assert "state.json is damaged (not JSON); delete it" in by_id[bad].problem
    scenes.delete(bad)
    assert names(scenes) == ["Desert"]


def test_a_truncated_state_is_known_without_reading_it(scenes, folder):
    id = scenes.park(left())
    with (folder / id / "state.safetensors").open("r+b") as file:
        file.truncate(100)
    (entry,) = scenes.entries()
    assert "it has 100 bytes" in entry.problem


def test_a_link_among_the_scenes_is_refused_and_deleting_it_spares_its_target(scenes, folder):
    scenes.park(left())
    target = folder.parent / "precious"
    target.mkdir()
    (target / "file").write_text("mine")
    (folder / "link").symlink_to(target)
    entry = next(entry for entry in scenes.entries() if entry.id == "link")
    assert "is not the folder of a parked scene" in entry.problem
    scenes.delete("link")
    assert not os.path.lexists(folder / "link")
    assert (target / "file").read_text() == "mine"


def test_what_else_lies_in_the_folder_is_ignored(scenes, folder):
    scenes.park(left())
    (folder / "Read me.txt").write_text("hello")
    (folder / "New Folder").mkdir()
    assert names(scenes) == ["Meadow"]


def test_over_budget_proposes_the_oldest_and_drops_nothing(scenes):
    for scene in (MEADOW, DESERT, MEADOW):
        scenes.park(left(scene, kib=100))
    size, taken = scenes.entries()[0].bytes, scenes.total_bytes()
    scenes.budget_bytes = taken
    assert scenes.over_budget() == ()
    scenes.budget_bytes = taken - 1
    assert scenes.over_budget() == tuple(scenes.entries()[-1:])
    scenes.budget_bytes = taken - size - 1
    assert len(scenes.over_budget()) == 2
    scenes.budget_bytes = 0
    assert len(scenes.over_budget()) == 3
    assert len(scenes.entries()) == 3


def test_a_scene_in_play_is_not_proposed(folder, scenes):
    id = scenes.park(left())
    scenes.take(id)
    for one in (scenes, game(folder)):
        one.budget_bytes = 0
        assert one.over_budget() == ()


def test_parking_is_never_refused_for_the_budget(scenes):
    scenes.park(left(kib=3000))
    assert scenes.total_bytes() > scenes.budget_bytes


def test_a_scene_is_played_in_one_game_at_a_time(folder, monkeypatch):
    monkeypatch.setattr(parking, "CLAIM_S", 0.1)
    one, other = game(folder), game(folder)
    id = one.park(left())
    parked = one.take(id)
    assert one.take(id).id == id  # again in the same game
    (entry,) = other.entries()
    assert entry.played_elsewhere
    for call in (other.take, other.delete, lambda id: other.park(parked)):
        with pytest.raises(StateError, match=r'"[Mm]eadow.*" is open in another window'):
            call(id)
    assert other.fork(id).id != id
    one.park(parked)
    assert other.take(id).frames_shown == 9


@pytest.mark.parametrize("let_go", ["release", "close"])
def test_a_scene_let_go_of_is_free(folder, let_go):
    one, other = game(folder), game(folder)
    id = one.park(left())
    one.take(id)
    one.release(id) if let_go == "release" else one.close()
    assert other.take(id).id == id


def test_games_write_in_turn(folder):
    one, other = game(folder), game(folder)
    id = one.park(left())
    lock = FileLock(folder / ".lock")
    lock.acquire()
    for call in (lambda: other.park(left()), lambda: other.load(id), lambda: other.fork(id)):
        with pytest.raises(StateError, match=r"another game is writing to .*; try again"):
            call()
    assert len(other.entries()) == 1  # looking is free
    lock.release()
    other.park(left())


def test_a_scene_is_listed_while_another_game_replaces_it(folder, monkeypatch):
    one, other = game(folder), game(folder)
    parked = one.take(one.park(left()))
    rename, seen = Path.rename, []

    def renaming(path, target):
        try:
            return rename(path, target)
        finally:
            seen.append((names(other), other.header(parked.id).name))

    monkeypatch.setattr(Path, "rename", renaming)
    one.park(parked)
    assert seen == [(["Meadow"], "Meadow")] * 2  # out of the way, and in its place


def test_a_failed_park_leaves_the_scene_with_its_game(folder, monkeypatch):
    one, other = game(folder), game(folder)
    id = one.park(left())
    parked = one.take(id)
    usage = type("Usage", (), {"free": 0})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(StateError, match="no room"):
        one.park(parked)
    with pytest.raises(StateError, match="open in another window"):
        other.take(id)


def test_what_a_kill_left_behind_is_put_right(folder, scenes):
    a, b = scenes.park(left(MEADOW)), scenes.park(left(DESERT))
    (folder / a).rename(folder / f".old-{a}")  # killed between the two renames
    (folder / f".part-{a}").mkdir()
    (folder / f".old-{b}").mkdir()  # killed just after them
    (folder / ".gone-1234-x").mkdir()
    (folder / f".playing-{b}").touch()
    assert sorted(names(game(folder))) == ["Desert", "Meadow"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([".lock", a, b])


def test_a_state_that_cannot_take_its_place_leaves_the_older_one(scenes, folder, monkeypatch):
    id = scenes.park(left())
    rename = Path.rename

    def refuse(path, target):
        if path.name.startswith(".part-"):
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StateError, match="Permission denied"):
        scenes.park(replace(left(), id=id, frames_shown=99))
    assert scenes.load(id).frames_shown == 9
    assert sorted(path.name for path in folder.iterdir()) == [".lock", id]


def test_tidying_touches_nothing_else(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / ".hidden").touch()
    tidy(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_place_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("here")
    scenes = ParkedScenes(tmp_path / "file" / "parked", 1)
    assert scenes.entries() == []
    with pytest.raises(StateError, match="or set MAG_SANDBOX_HOME to a folder on a local disk"):
        scenes.park(left())
