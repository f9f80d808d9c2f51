"""A parked scene becomes files and comes back exactly, or is refused in one sentence."""

import errno
import functools
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import Control, FrameBlock, WorldFailed, WorldState
from mag_sandbox.sandbox.play.parked_scene import (
    DiskFull,
    KeptMemory,
    ParkedScene,
    StateError,
    read_header,
    read_state,
    restore_world,
    write_state,
)
from mag_sandbox.sandbox.play.session import telling
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld

RIGHT, LEFT = Control(CameraCommand(yaw=1.0)), Control(CameraCommand(yaw=-1.0))
SCENE = Scene(prompt="A meadow — with flowers.", name="Morning meadow", seed=3)


@functools.cache
def play(blocks: int) -> tuple[WorldState, FrameBlock]:
    """Play on to the right and return the state and the last block."""
    world = FakeWorld()
    block = world.reset(SCENE, seed=7)
    for _ in range(blocks):
        block = world.step(RIGHT)
    return world.snapshot(), block


def left_after(blocks: int, scene: Scene = SCENE, **fields) -> ParkedScene:
    """Return what is parked after some blocks."""
    state, block = play(blocks)
    known = {
        "scene": scene,
        "seed": 7,
        "state": state,
        "last_frame": block.frames[-1],
        "frames_shown": 3 * (blocks + 1),
        "fps": SPEC.fps,
        "world": SPEC.name,
        "kept": KeptMemory.of(block.memory),
    }
    return ParkedScene(**known | fields)


@pytest.fixture
def folder(tmp_path):
    write_state(tmp_path / "meadow", left_after(2))
    return tmp_path / "meadow"


def refusal(folder) -> str:
    with pytest.raises(StateError) as caught:
        read_state(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def edit(folder, **changes) -> None:
    path = folder / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_resumed_from_files_equals_uninterrupted(tmp_path):
    world = FakeWorld()
    world.reset(SCENE, seed=7)
    for _ in range(5):
        world.step(RIGHT)
    future = [LEFT, Control(prompt="a castle"), RIGHT, LEFT]
    write_state(tmp_path / "meadow", left_after(5))
    other = FakeWorld()
    other.reset(Scene("another place"), seed=1)
    restore_world(other, read_state(tmp_path / "meadow"))
    for control in future:
        block, again = world.step(control), other.step(control)
        np.testing.assert_array_equal(block.frames, again.frames)
        assert replace(block, frames=None) == replace(again, frames=None)


def test_everything_is_read_back(tmp_path):
    moment = datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC)
    part = WorldState({"map": np.arange(12, dtype=np.uint8)}, {"anchors": [1.1, None]})
    parked = left_after(
        2,
        prompt="a castle 🏰",
        name="Mine",
        created=moment,
        left=moment,
        provenance={"execution": {"threads": 2}},
        parts={"map": part},
    )
    write_state(tmp_path / "meadow", parked)
    again = read_state(tmp_path / "meadow")
    names = ("scene", "seed", "prompt", "name", "frames_shown", "fps", "world", "kept")
    for name in (*names, "provenance"):
        assert getattr(again, name) == getattr(parked, name)
    assert (again.created, again.left, again.id) == (moment, moment, "meadow")
    np.testing.assert_array_equal(again.last_frame, parked.last_frame)
    assert again.parts["map"].data == part.data
    np.testing.assert_array_equal(again.parts["map"].arrays["map"], part.arrays["map"])


def test_arrays_come_back_writable_and_empty_ones_keep_their_shape(tmp_path):
    state = WorldState({"keys": np.zeros((2, 0, 3), np.uint8), "a/b": np.ones(1, np.uint8)}, {})
    write_state(tmp_path / "s", left_after(0, state=state))
    arrays = read_state(tmp_path / "s").state.arrays
    assert arrays["keys"].shape == (2, 0, 3)
    arrays["a/b"][0] = 5


def test_a_card_needs_no_arrays(folder):
    header = read_header(folder)
    assert (header.name, header.seed, header.frames_shown) == ("Morning meadow", 7, 9)
    assert header.fps == 16
    assert header.kept.frames > 0


def test_the_thumbnail_shows_the_last_frame(folder):
    with Image.open(folder / "thumbnail.png") as picture:
        np.testing.assert_array_equal(np.array(picture), left_after(2).last_frame)


def test_the_thumbnail_shows_what_the_scene_is_recognised_by(tmp_path):
    before = np.indices((48, 80)).sum(axis=0)[..., None].repeat(3, axis=2).astype(np.uint8)
    level, up = [CameraPose()], [CameraPose(pitch=30.0)]
    wall = SimpleNamespace(frames=[np.full_like(before, 90)], poses=level, provisional=False)
    view = SimpleNamespace(frames=[before], poses=level, provisional=False)
    assert telling(view, None) is before
    assert telling(wall, before) is before
    assert telling(wall, None) is None
    sky = SimpleNamespace(frames=[before.copy()], poses=up, provisional=False)
    assert telling(sky, before) is before, "a card of stars tells nothing of the place"
    guess = SimpleNamespace(frames=[before.copy()], poses=level, provisional=True)
    assert telling(guess, before) is before, "nor does a blurred guess"
    write_state(tmp_path / "left", left_after(1, picture=before))
    with Image.open(tmp_path / "left" / "thumbnail.png") as picture:
        np.testing.assert_array_equal(np.array(picture), before)


def test_the_scenes_picture_travels_with_it(tmp_path):
    picture = tmp_path / "view.PNG"
    picture.write_bytes(b"picture")
    write_state(tmp_path / "a", left_after(0, replace(SCENE, image=str(picture))))
    picture.unlink()
    (tmp_path / "a").rename(tmp_path / "b")
    image = read_state(tmp_path / "b").scene.image
    assert image == str((tmp_path / "b" / "image.png").resolve())
    write_state(tmp_path / "b", read_state(tmp_path / "b"))  # parked again onto itself
    assert (tmp_path / "b" / "image.png").read_bytes() == b"picture"


def test_a_scene_whose_picture_is_gone_is_parked_without_it(tmp_path):
    scene = replace(SCENE, image=str(tmp_path / "gone.png"))
    write_state(tmp_path / "a", left_after(0, scene))
    assert read_state(tmp_path / "a").scene.image is None


@pytest.mark.parametrize("moment", range(4))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_leaves_the_older_state_whole(folder, monkeypatch, moment, number):
    syncs = []

    def full(file):
        syncs.append(file)
        if len(syncs) > moment:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFull, match='no room for "Morning meadow": it needs 2 MiB in') as caught:
        write_state(folder, left_after(5))
    assert str(caught.value).endswith("delete parked scenes or other files and try again")
    assert read_state(folder).frames_shown == 9
    assert [path.name for path in folder.parent.iterdir()] == ["meadow"]


def test_room_is_looked_for_before_anything_is_written(folder, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    monkeypatch.setattr("mag_sandbox.sandbox.play.parked_scene.replacing", None)
    with pytest.raises(DiskFull):
        write_state(folder, left_after(5))


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(StateError, match=r"cannot write .*check the folder's permissions"):
        write_state(tmp_path / "file" / "meadow", left_after(0))


@pytest.mark.parametrize("name", ["state.json", "state.safetensors", "world.json"])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    assert f"{name} is missing; delete it, or put back a copy" in refusal(folder)


@pytest.mark.parametrize("name", ["state.json", "state.safetensors", "world.json"])
def test_a_file_cut_short_is_refused(folder, name):
    data = (folder / name).read_bytes()
    for end in (0, 7, len(data) // 2, len(data) - 1):
        (folder / name).write_bytes(data[:end])
        assert f"{name} is damaged" in refusal(folder)


@pytest.mark.parametrize("name", ["state.safetensors", "world.json"])
def test_one_changed_byte_is_refused(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(data)
    assert f"{name} is damaged (its contents were changed)" in refusal(folder)


def rewrite(folder, arrays: dict | bytes) -> None:
    """Put other arrays in place, with a hash that fits."""
    data = arrays if isinstance(arrays, bytes) else safetensors.numpy.save(arrays)
    (folder / "state.safetensors").write_bytes(data)
    files = json.loads((folder / "state.json").read_text())["files"]
    files["state.safetensors"] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    edit(folder, files=files)


FRAME = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (b"\x80\x04K\x01.", "is damaged"),
        ({"world/a": FRAME}, "it holds no last frame"),
        ({"last_frame": FRAME[0]}, "it holds no last frame"),
        ({"last_frame": np.zeros((9000, 1, 3), np.uint8)}, "its last frame is 1 x 9000 px"),
        ({"last_frame": FRAME, "world/a": np.zeros(2)}, '"world/a" holds no bytes'),
        ({"last_frame": FRAME, "parts/map/a": FRAME}, "world.json is damaged (it does not belong"),
        ({"last_frame": FRAME, "../../a": FRAME}, "world.json is damaged (it does not belong"),
    ],
)
def test_arrays_that_make_no_sense_are_refused(folder, arrays, said):
    rewrite(folder, arrays)
    assert said in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": "7"}, '"seed": expected int, got str'),
        ({"seed": -1}, '"seed" is -1'),
        ({"fps": 0}, '"fps" is 0'),
        ({"fps": 1e999}, "not JSON"),
        ({"frames_shown": 2.5}, '"frames_shown": expected int, got float'),
        ({"left": "yesterday"}, '"time" is "yesterday"'),
        ({"left": "2030-01-01T00:00:00"}, '"time" is'),
        ({"kept": {"policy": "mag", "frames": -1, "bytes": 0}}, '"kept" is -1'),
        ({"kept": {}}, '"kept" lacks "policy"'),
        ({"provenance": []}, '"provenance": expected object, got array'),
        ({"schema": 0}, '"schema" is 0'),
        ({"schema": 9}, "saved by a newer version of the game (schema 9"),
        ({"files": {}}, '"files" is []'),
        ({"files": {"../../../etc/hostname": {"bytes": 1, "sha256": ""}}}, '"files" is'),
        ({"scene": {"prompt": "A.", "image": "../x.png"}}, '"image" is "../x.png"'),
        ({"scene": {"prompt": ""}}, "prompt is empty"),
    ],
)
def test_a_wrong_header_is_refused_with_its_field(folder, changes, said):
    edit(folder, **changes)
    assert said in refusal(folder)


def test_a_scene_saved_before_it_had_all_its_fields_is_read(folder):
    edit(folder, scene={"prompt": "A meadow.", "name": "Old"})
    assert read_state(folder).scene == Scene("A meadow.", name="Old")


def test_a_place_saved_before_rooms_had_names_is_read(folder):
    header = json.loads((folder / "state.json").read_text())
    del header["rooms"]
    (folder / "state.json").write_text(json.dumps(header))
    assert read_state(folder).rooms == ()


def test_arrays_that_do_not_fit_into_memory_are_not_read(folder, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1000))
    monkeypatch.setattr("safetensors.numpy.load_file", None)
    with pytest.raises(StateError, match="MiB of memory, 0 MiB are free; close other programs"):
        read_state(folder)


@pytest.mark.parametrize("name", ["state.json", "state.safetensors", "world.json"])
def test_links_are_not_followed(folder, tmp_path, name):
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    assert f"{name} is damaged (it is not a plain file)" in refusal(folder)


def test_a_folder_that_is_a_link_is_refused(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert "link is not the folder of a parked scene" in refusal(tmp_path / "link")


def test_a_pipe_is_refused_and_not_waited_for(folder):
    (folder / "world.json").unlink()
    os.mkfifo(folder / "world.json")
    assert "it is not a plain file" in refusal(folder)


@pytest.mark.parametrize("data", [b"[" * 100_000, b"9" * 10_000, b'{"world": NaN}', b"\xff"])
def test_a_header_that_is_no_plain_json_is_refused(folder, data):
    (folder / "state.json").write_bytes(data)
    assert "state.json is damaged (" in refusal(folder)


@pytest.mark.parametrize(
    "id", ["../up", "a/b", "a\\b", "A", "", ".", "a b", "a" * 81, "con\n", "-"]
)
def test_an_id_can_lead_to_no_other_folder(id):
    if id:
        with pytest.raises(StateError, match="is not the name of a parked scene"):
            left_after(0, id=id)
    else:
        assert left_after(0, id=id).id.startswith("morning-meadow-")


def test_a_scene_named_in_another_script_has_an_id():
    assert left_after(0, replace(SCENE, name="草原")).id.startswith("scene-")


def test_a_very_long_prompt_is_kept(tmp_path):
    write_state(tmp_path / "a", left_after(0, prompt="🏰\x00\ud800" * 5000))
    assert read_state(tmp_path / "a").prompt == "🏰\x00?" * 5000


def test_a_state_of_another_world_is_refused():
    with pytest.raises(StateError, match='left in the world "moon", this one is "fake"'):
        restore_world(FakeWorld(), left_after(0, world="moon"))


@pytest.mark.parametrize("changes", [{"kept": 3}, {"pose": {"up": 1}}, {"sectors": None}])
def test_a_state_the_world_cannot_read_is_refused_in_a_sentence(changes):
    parked = left_after(1)
    state = replace(parked.state, data=parked.state.data | changes)
    with pytest.raises(StateError, match=r"its state is damaged .*; delete it"):
        restore_world(FakeWorld(), replace(parked, state=state))


def test_the_worlds_own_refusal_is_passed_on():
    world = FakeWorld()
    world.restore = lambda state: (_ for _ in ()).throw(WorldFailed("other weights"))
    with pytest.raises(WorldFailed, match=r"^other weights$"):
        restore_world(world, left_after(0))
