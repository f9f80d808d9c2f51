"""Whatever bytes a file holds, it is read, or refused by its own error in one line."""

import json
import math
import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mag_sandbox.controls.bindings import Bindings, load_bindings
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.yaml_files import FileError
from mag_sandbox.model.catalogue import fetching
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.weight_files import manifest_path, read_files, require
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.checkpoints import parse_config
from mag_sandbox.model.world import Control, MissingWeights, World, WorldFailed, WorldState
from mag_sandbox.sandbox.play.parked_scene import (
    HEADER,
    ParkedScene,
    StateError,
    read_header,
    restore_world,
)
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, RecordingError, load_recording
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.settings import SandboxConfig, load_settings
from mag_sandbox.sandbox.title.library import read_title_model
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.demo.demo import Demo, load_demo
from mag_sandbox.scenes.demo.script import parse_script
from mag_sandbox.scenes.demo.words import ScriptError
from tests.faults.table import bomb
from tests.recorded import AWAY_AND_BACK, record
from tests.unit.sandbox.saves.test_state_files import left_after, write_state

MORE = int(os.environ.get("EXAMPLES", "0"))  # of `make fuzz`: so many each, other ones every time
QUICK = settings(
    max_examples=MORE or 30,
    deadline=None,
    derandomize=not MORE,  # else the same cases at every run; what is found becomes a row
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Pieces of YAML that mean something to its parser, and words that mean something to ours.
WORDS = st.sampled_from(
    (
        *("prompt", "seed", "name", "image", "scene", "script", "memory", "expect", "compare"),
        *("volume", "text_scale", "hud", "anchor", "probe", "kept_mib", "true", "null", "off"),
        *("~", "1e999", ".nan", "-.inf", "0x7f", "1_000", "12:30:45", "2026-11-20", "é", "\0"),
        *("meadow", "pan right 90deg", "hold 1s", "repeat 3 {", "}", '"', "'", "anchor a"),
    )
)
MARKS = st.sampled_from(
    (
        *(": ", "\n", "\n  ", "\n- ", "[", "]", "{", "}", ", ", "&a ", "*a", "!!int ", "!!binary "),
        *("|\n  ", ">-\n", "#", "\t", "? ", "<<: ", "%YAML 9.9\n", "---\n", "...\n", "=", "\ufeff"),
    )
)
YAML = st.lists(st.one_of(WORDS, MARKS, st.text(max_size=4)), max_size=24).map("".join)
BYTES = st.one_of(YAML.map(str.encode), st.binary(max_size=80), st.just(bomb().encode()))


def refused_in_one_line(read: Callable[[], object], errors: type | tuple[type, ...]) -> object:
    """Return what was read, or None where it was refused as it should be."""
    try:
        return read()
    except errors as error:
        assert str(error)
        assert "\n" not in str(error).rstrip("\n").replace("\\n", "")
        assert len(str(error)) < 2000
        return None


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (load_scene, Scene),
        (load_demo, Demo),
        (load_settings, SandboxConfig),
        (load_bindings, Bindings),
    ],
    ids=["scene", "demo", "settings", "bindings"],
)
@given(data=BYTES)
@QUICK
def test_a_file_of_people_is_read_or_refused(tmp_path, read, kind, data):
    path = tmp_path / "any.yaml"
    path.write_bytes(data)
    found = refused_in_one_line(lambda: read(path), FileError)
    assert found is None or isinstance(found, kind)
    assert path.read_bytes() == data


@given(text=st.one_of(YAML, st.text(max_size=60)))
@QUICK
def test_a_script_is_read_or_refused(text):
    refused_in_one_line(lambda: parse_script(text), ScriptError)


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("fuzz") / "rec", AWAY_AND_BACK[:3])


@st.composite
def damaged(draw, data: bytes) -> bytes:
    """Return bytes cut, changed, repeated or with something put in."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 40)))
    inside = draw(
        st.one_of(st.binary(max_size=12), st.sampled_from((b"", b"\n", b"NaN", b"9" * 400)))
    )
    tail = draw(st.sampled_from((data[end:], data[end:], b"", data[start:])))
    return data[:start] + inside + tail


def anything_in(value: object, draw: Callable) -> object:
    """Return JSON data with something else at a place of it, or something more, or less."""
    numbers = (0, -1, 2**63, 10**400, 5e-324, 1e308, math.nan)
    texts = ("", "../..", "a\0b", "\ud800", "x" * 999, "x" * 1001)
    odd = st.sampled_from((None, True, *numbers, *texts, [], {}, [[0]]))
    if isinstance(value, dict) and value and (chosen := draw(st.integers(0, 15))):
        key = draw(st.sampled_from(sorted(value)))
        if chosen == 1:
            return {**value, f"{key}s": value[key]}
        if chosen == 2:
            return {other: one for other, one in value.items() if other != key}
        return {**value, key: anything_in(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 7)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], anything_in(value[place], draw), *value[place + 1 :]]
    return draw(odd)


@given(data=st.data())
@QUICK
def test_a_damaged_recording_is_read_or_refused(session, tmp_path, data):
    path = tmp_path / EVENTS_FILE
    whole = (session / EVENTS_FILE).read_bytes()
    path.write_bytes(data.draw(damaged(whole)))
    refused_in_one_line(lambda: load_recording(tmp_path), RecordingError)


@given(data=st.data())
@QUICK
def test_a_recording_with_any_value_is_read_or_refused(session, tmp_path, data):
    lines = (session / EVENTS_FILE).read_text().splitlines()
    line = data.draw(st.integers(0, len(lines) - 1))
    lines[line] = json.dumps(anything_in(json.loads(lines[line]), data.draw))
    (tmp_path / EVENTS_FILE).write_text("\n".join(lines) + "\n")
    refused_in_one_line(lambda: load_recording(tmp_path), RecordingError)


@given(data=st.data())
@QUICK
def test_damaged_frames_are_read_or_refused(session, tmp_path, data):
    whole = (session / "frames.bin").read_bytes()
    (tmp_path / "frames.bin").write_bytes(data.draw(damaged(whole)))

    def read() -> None:
        stored = StoredFrames.open(tmp_path)
        if stored is not None:
            with stored:
                for block in stored.blocks:
                    stored.frame_block(block)

    refused_in_one_line(read, RecordingError)


@given(data=st.data())
@QUICK
def test_the_header_of_a_state_is_read_or_refused(tmp_path, data):
    folder = tmp_path / "meadow"
    if not folder.exists():
        write_state(folder, left_after(1))
        (tmp_path / "whole.json").write_bytes((folder / HEADER).read_bytes())
    whole = (tmp_path / "whole.json").read_bytes()
    changed = data.draw(st.booleans())
    text = (
        json.dumps(anything_in(json.loads(whole), data.draw)).encode()
        if changed
        else data.draw(damaged(whole))
    )
    (folder / HEADER).write_bytes(text)
    refused_in_one_line(lambda: read_header(folder), StateError)


@given(data=st.data())
@settings(QUICK, max_examples=MORE or 10)
def test_whatever_lies_in_the_data_folder_the_title_lists_it(session, tmp_path, data):
    for name in ("scenes", "recordings/a", "parked"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / "scenes" / "own.yaml").write_bytes(data.draw(BYTES))
    lines = (session / EVENTS_FILE).read_text().splitlines()
    changed = anything_in(json.loads(lines[0]), data.draw)
    lines[0] = json.dumps(changed)
    (tmp_path / "recordings" / "a" / EVENTS_FILE).write_text("\n".join(lines) + "\n")
    parked = tmp_path / "parked" / "meadow"
    if not parked.exists():
        write_state(parked, left_after(1))
        (tmp_path / "whole.json").write_bytes((parked / HEADER).read_bytes())
    header = json.loads((tmp_path / "whole.json").read_bytes())
    (parked / HEADER).write_text(json.dumps(anything_in(header, data.draw)))
    model = read_title_model(ParkedScenes(tmp_path / "parked", 64), tmp_path)
    assert len(model.parked) == len(model.recordings) == 1
    assert len([card for card in model.scenes if card.is_own]) == 1


@given(data=st.data())
@QUICK
def test_what_the_hub_lists_is_read_or_refused(data):
    listed = {
        "sha": "0" * 40,
        "cardData": {"license": "mit"},
        "siblings": [
            {"rfilename": "a/b.safetensors", "size": 3, "lfs": {"sha256": "0" * 64}},
            {"rfilename": "a/config.json", "size": 3, "blobId": "0" * 40},
        ],
    }
    said = json.dumps(anything_in(listed, data.draw)).encode()
    said = data.draw(st.one_of(st.just(said), damaged(said)))

    @contextmanager
    def answer(url, headers=None):
        yield SimpleNamespace(iter_bytes=lambda: [said])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "_answer", answer)
        found = refused_in_one_line(lambda: fetching.list_repo("a/b"), fetching.FetchFailed)
    for file in found.files if found else ():
        place = fetching.PlannedFile("vae", found, file).part(Path("/weights"))
        assert Path(os.path.normpath(place)).is_relative_to("/weights/a--b")


@given(data=st.data())
@QUICK
def test_a_manifest_of_weights_is_read_or_refused(tmp_path, data):
    one = {"role": "vae", "path": "a/b", "bytes": 3, "sha256": "0" * 64, "origin": "a@b"}
    manifest = {"format": 1, "files": [{**one, "changed_ns": 1}]}
    said = json.dumps(anything_in(manifest, data.draw)).encode()
    path = manifest_path("mag", tmp_path)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data.draw(st.one_of(st.just(said), damaged(said))))
    files = refused_in_one_line(lambda: read_files("mag", tmp_path), MissingWeights)
    if files:
        refused_in_one_line(lambda: require(WORLDS["mag"], tmp_path), MissingWeights)


@given(data=st.data())
@QUICK
def test_a_configuration_of_weights_is_read_or_refused(tmp_path, data):
    from tests.tiny import TINY  # imports torch

    path = tmp_path / "config.json"
    path.write_text(json.dumps(anything_in(asdict(TINY), data.draw)))
    parse = TINY.from_dict
    refused_in_one_line(lambda: parse_config(path, parse, "write it again"), MissingWeights)


@given(data=st.data())
@QUICK
def test_damaged_weights_are_read_or_refused(tmp_path, data):
    from torch import nn

    from mag_sandbox.model.checkpoints import load_into, write_tensors

    path, whole = tmp_path / "weights.safetensors", tmp_path / "whole.safetensors"
    if not whole.exists():
        write_tensors(whole, nn.Linear(3, 2).state_dict())
    path.write_bytes(data.draw(damaged(whole.read_bytes())))
    refused_in_one_line(lambda: load_into(nn.Linear(3, 2), path), MissingWeights)


@dataclass
class PlaceLeft:
    """A world that is being played, and a place that was left in it."""

    world: World
    parked: ParkedScene
    going_on: list[Control]
    is_there: bool = True  # the world stands where the place was left

    @classmethod
    def of(cls, world: World, going_on: list[Control]) -> "PlaceLeft":
        state = world.snapshot()
        plain = WorldState(state.arrays, json.loads(json.dumps(state.data)))
        frame = np.zeros((64, 64, 3), np.uint8)
        scene = Scene("a red tower by the sea")
        return cls(world, ParkedScene(scene, 1, plain, frame, 15, 16.0, world.spec.name), going_on)


def place_of_memory() -> PlaceLeft:
    from tests.tiny import RIGHT, play, tiny_world

    world = tiny_world()
    play(world, [RIGHT] * 4)
    return PlaceLeft.of(world, [RIGHT] * 2)


def place_painted() -> PlaceLeft:
    """Return a place with a view under way."""
    from tests.tiny import RIGHT
    from tests.unit.model.pocket.test_inventing import play, world

    made = world()
    play(made, [RIGHT] * 4)
    assert made.painting.has_view
    return PlaceLeft.of(made, [RIGHT] * 5)


def place_changed() -> PlaceLeft:
    """Return a place where two things were changed and more is to be."""
    from tests.tiny import RIGHT, STILL
    from tests.unit.model.pocket.test_editing import PLACING, REMOVING, TENT, UNDOING, edited
    from tests.unit.model.pocket.test_inventing import play, world

    made = world()
    play(made, [RIGHT, STILL])
    edited(made, PLACING)
    edited(made, replace(STILL, edit=Edit("renew", 90.0)))
    made.step(replace(STILL, edit=replace(TENT, yaw=60.0)))
    made.step(REMOVING)
    return PlaceLeft.of(made, [RIGHT, UNDOING, UNDOING, UNDOING])


def place_packed() -> PlaceLeft:
    from tests.tiny import RIGHT
    from tests.unit.model.memorypack.test_pack_world import pack_world, play

    world = pack_world()
    play(world, [RIGHT] * 3)
    return PlaceLeft.of(world, [RIGHT])


def place_packed_and_painted() -> PlaceLeft:
    from tests.tiny import RIGHT
    from tests.unit.model.memorypack.test_painted_pack import pack_world, play

    world = pack_world()
    play(world, [RIGHT] * 3)
    return PlaceLeft.of(world, [RIGHT])


def place_full_size(load: Callable[[Path, Path], World]) -> PlaceLeft:
    """Return a place of a full-size world, tiny."""
    from tests import tiny_full
    from tests.tiny import RIGHT

    with tempfile.TemporaryDirectory() as folder:
        repos, texts = Path(folder) / "repos", Path(folder) / "texts"
        tiny_full.write_repos(repos)
        world = load(repos, texts)
        world.reset(Scene("a red tower by the sea"), 1)
    for _ in range(4):
        world.step(RIGHT)
    return PlaceLeft.of(world, [RIGHT])


def place_streamed() -> PlaceLeft:
    from tests import tiny_full

    plan = MemoryPlan(5, decoder="tiny")
    return place_full_size(partial(tiny_full.tiny_stream, "mag", plan=plan))


def place_packed_at_full_size() -> PlaceLeft:
    from tests import tiny_full

    return place_full_size(tiny_full.tiny_pack)


FULL_SIZE = place_streamed, place_packed_at_full_size
longer = pytest.mark.skipif(not MORE, reason="what can be wrong there has a test of its own")


@pytest.fixture(scope="module")
def places_left() -> Callable[[Callable[[], PlaceLeft]], PlaceLeft]:
    return cache(lambda make: make())


@st.composite
def changed_array(draw, array: np.ndarray) -> np.ndarray:
    """Return an array of other bytes, another shape or another type."""
    other = array.copy()
    if other.size:
        place = draw(st.integers(0, other.size - 1))
        other.reshape(-1)[place : place + 4] = draw(st.sampled_from((0, 1, 127, 255)))
    shorter, flat = other[..., :-4], other.reshape(-1)
    return draw(st.sampled_from((other, other, other[1:], shorter, flat, other.view(np.int8))))


@pytest.mark.parametrize(
    "make",
    [
        *(place_of_memory, place_painted, place_changed, place_packed, place_packed_and_painted),
        *(pytest.param(one, marks=longer) for one in FULL_SIZE),
    ],
)
@given(data=st.data())
@settings(QUICK, max_examples=MORE or 10)
def test_a_place_with_any_value_is_gone_on_with_or_refused(places_left, make, data):
    left = places_left(make)
    state, arrays = left.parked.state, dict(left.parked.state.arrays)
    said = state.data
    if data.draw(st.integers(0, 3)):
        said = anything_in(state.data, data.draw)
    else:
        name = data.draw(st.sampled_from(sorted(arrays)))
        arrays[name] = data.draw(st.one_of(changed_array(arrays[name]), st.none()))
        arrays = {name: array for name, array in arrays.items() if array is not None}
    other = replace(left.parked, state=WorldState(arrays, said))
    if not left.is_there:
        left.world.restore(state)
    left.is_there = False
    try:
        restore_world(left.world, other)
    except WorldFailed as error:
        assert "\n" not in str(error)
        now = left.world.snapshot()
        assert json.loads(json.dumps(now.data)) == state.data
        assert all(np.array_equal(now.arrays[name], state.arrays[name]) for name in state.arrays)
        left.is_there = True
        return
    too_large = (WorldFailed,) if make in FULL_SIZE else ()  # the next numbers are none
    with suppress(*too_large):
        for control in left.going_on:
            left.world.step(control)
