"""A video is enough to make its session again; what others put into one is refused."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.options import ExportOptions
from mag_sandbox.sandbox.export.video import Mp4Writer
from mag_sandbox.sandbox.recording import in_video
from mag_sandbox.sandbox.recording.in_video import EVENTS_TAG, IMAGE_TAG, opened, tags_of
from mag_sandbox.sandbox.recording.reader import RecordingError, load_recording
from mag_sandbox.sandbox.recording.replay import verify
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK, SCENE, record

SHORT = {"end": 0.25, "scale": 1, "sound": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("in-video") / "monday", AWAY_AND_BACK[:4])


def made(path: Path, tags: dict[str, str]) -> Path:
    """Write a video of one frame that says something."""
    with Mp4Writer(path, (16, 16), 16.0, tags) as writer:
        writer.add(np.zeros((16, 16, 3), np.uint8))
    return path


def changed(folder: Path, **start: object) -> str:
    """Return the tag of a recording whose header is changed."""
    lines = (folder / "session.jsonl").read_text().splitlines(keepends=True)
    header = json.dumps({**json.loads(lines[0]), **start}) + "\n"
    return in_video._packed("".join([header, *lines[1:]]).encode())


def refused(path: Path) -> str:
    """Return the sentence in which a video is refused."""
    with pytest.raises(RecordingError) as caught, opened(path):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_video_makes_its_whole_session_again_without_the_recording(folder, tmp_path):
    done = export(folder, ExportOptions(out=tmp_path / "alone.mp4", **SHORT))
    before = load_recording(folder)
    with opened(done.path) as recording:
        assert recording.controls == before.controls
        assert recording.start.provenance == before.start.provenance
        assert recording.end == replace(before.end, sha256="")
        verifier = verify(recording, FakeWorld(spec=QUICK))
        assert verifier.matches, verifier.summary()
        there = recording.folder
    assert not there.exists()
    assert done.notes == ()


def test_the_picture_that_a_scene_began_from_is_in_the_video(folder, tmp_path):
    Image.new("RGB", (32, 20), (200, 30, 30)).save(tmp_path / "mine.png")
    copy = shutil.copytree(folder, tmp_path / "pictured")
    shutil.copyfile(tmp_path / "mine.png", copy / "image.png")
    lines = (copy / "session.jsonl").read_text().splitlines(keepends=True)
    header = json.loads(lines[0])
    header["scene"]["image"] = "image.png"
    (copy / "session.jsonl").write_text("".join([json.dumps(header) + "\n", *lines[1:]]))
    video = made(tmp_path / "x.mp4", tags_of(load_recording(copy)))
    with opened(video) as recording:
        image = Path(recording.start.scene.image)
        assert image.read_bytes() == (tmp_path / "mine.png").read_bytes()


def test_a_session_that_goes_on_from_a_parked_scene_has_a_video_that_says_so(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "parked")
    lines = (copy / "session.jsonl").read_text().splitlines(keepends=True)
    header = json.dumps({**json.loads(lines[0]), "state": "state"}) + "\n"
    (copy / "session.jsonl").write_text("".join([header, *lines[1:]]))
    done = export(copy, ExportOptions(out=tmp_path / "x.mp4", **SHORT))
    assert any("keep the recording, too" in note for note in done.notes)
    assert "holds no recording" in refused(done.path)


def test_what_a_video_holds_is_refused_in_a_sentence_that_names_the_video(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(in_video, "MAX_BYTES", 2**20)
    whole = changed(folder)
    for number, (words, tags) in enumerate(
        {
            "holds no recording": {"title": "A film"},
            "changed after it was written": {EVENTS_TAG: "no base64 at all!"},
            "it is cut off": {EVENTS_TAG: whole[: len(whole) // 2 // 4 * 4]},
            "more than 1 MiB": {EVENTS_TAG: in_video._packed(b" " * 2**22)},
            "not JSON": {EVENTS_TAG: in_video._packed(b"\xff\xfe\n")},
            "no complete event": {EVENTS_TAG: in_video._packed(b"")},
            "schema is 99": {EVENTS_TAG: changed(folder, schema=99)},
            '"world": expected str': {EVENTS_TAG: changed(folder, world=7)},
            "expected 0 to": {EVENTS_TAG: changed(folder, seed=-1)},
            "no name of ours": {EVENTS_TAG: whole, IMAGE_TAG: "../../etc/image.png aaaa"},
        }.items()
    ):
        path = made(tmp_path / f"{number}.mp4", tags)
        said = refused(path)
        assert words in said
        assert said.startswith(str(path))


def test_a_picture_is_never_one_from_elsewhere(folder, tmp_path):
    scene = {**json.loads((folder / "session.jsonl").read_text().splitlines()[0])["scene"]}
    tag = changed(folder, scene={**scene, "image": "/etc/passwd"})
    assert "is missing" in refused(made(tmp_path / "x.mp4", {EVENTS_TAG: tag}))


@pytest.mark.parametrize(
    "data",
    [
        b"Dear diary",
        b"#EXTM3U\n#EXTINF:1,\nhttp://localhost/secret.mp4\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        b"\0\0\0\x01moov" + b"\xff" * 64,
    ],
)
def test_what_is_no_video_is_not_guessed_at(data, tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    assert "no MP4" in refused(path)


def test_a_damaged_video_is_read_or_refused(folder, tmp_path):
    whole = made(tmp_path / "x.mp4", tags_of(load_recording(folder))).read_bytes()
    chance, read = random.Random(7), 0
    for number in range(12):
        data = bytearray(whole)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path = tmp_path / "damaged.mp4"
        path.write_bytes(bytes(data[: chance.randrange(len(data))] if number % 3 == 0 else data))
        try:
            with opened(path) as recording:
                assert recording.start.scene.name == SCENE.name
                read += 1
        except RecordingError as error:
            assert "\n" not in str(error)
    assert read < 12
