"""Whatever bytes a file holds, it is read, or refused by its own error in one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mag_sandbox.controls.bindings import Bindings, load_bindings
from mag_sandbox.files.yaml_files import FileError
from mag_sandbox.sandbox.recording.frame_store import StoredFrames
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, RecordingError, load_recording
from mag_sandbox.sandbox.saves.parked_scene import HEADER, StateError, read_header
from mag_sandbox.sandbox.settings import SandboxConfig, load_settings
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.demo.demo import Demo, load_demo
from mag_sandbox.scenes.demo.script import parse_script
from mag_sandbox.scenes.demo.words import ScriptError
from tests.faults.table import bomb
from tests.recorded import AWAY_AND_BACK, record
from tests.unit.sandbox.saves.test_state_files import left_after, write_state

QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,  # the same cases at every run: what is found is kept as a row of the table
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
    """Return JSON data with something else at a place of it."""
    odd = st.sampled_from((None, True, -1, 10**400, 1e308, "", "../..", "a\0b", "x" * 999, [], {}))
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: anything_in(value[key], draw)}
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
