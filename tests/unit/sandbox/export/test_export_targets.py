"""An export never overwrites by itself, checks for room first, and appears whole or not at all."""

import errno
import os
from collections import namedtuple
from pathlib import Path

import pytest

from mag_sandbox.sandbox.export.exporter import export
from mag_sandbox.sandbox.export.options import ExportError, ExportOptions, target_of, whole
from tests.recorded import AWAY_AND_BACK, record

Usage = namedtuple("Usage", "total used free")
QUICK = {"format": "frames", "end": 0.25}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("targets") / "monday", AWAY_AND_BACK[:3])


@pytest.fixture
def folder(recorded, tmp_path) -> Path:
    """The recording in a place of its own."""
    place = tmp_path / "monday"
    place.mkdir()
    for path in recorded.iterdir():
        os.link(path, place / path.name)
    return place


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_without_a_name_goes_beside_the_recording_under_a_free_one(folder):
    for name in ("monday-frames", "monday-2-frames", "monday-3-frames"):
        assert export(folder, ExportOptions(**QUICK)).path == folder.with_name(name)
    assert listed(folder.parent) == [
        "monday",
        "monday-2-frames",
        "monday-3-frames",
        "monday-frames",
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [("mp4", "monday.mp4"), ("gif", "monday.gif"), ("page", "monday-page.html")]
)
def test_names_say_the_format(folder, kind, name):
    assert target_of(folder, ExportOptions(format=kind)).name == name


def test_a_name_that_is_taken_is_refused_and_the_file_stays(folder, tmp_path):
    out = tmp_path / "mine.mp4"
    out.write_bytes(b"mine")
    with pytest.raises(ExportError, match="exists; give another name or --overwrite"):
        export(folder, ExportOptions(out=out))
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["mp4", "gif", "page"])
def test_only_exports_are_overwritten_whatever_they_are_called(folder, tmp_path, kind):
    options = {"format": kind, "out": tmp_path / "mine", "overwrite": True, "scale": 1}
    if kind != "page":
        options["end"] = 0.5
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(ExportError, match="is no export"):
        export(folder, ExportOptions(**options))
    assert (tmp_path / "mine").read_bytes() == b"mine"
    (tmp_path / "mine").unlink()
    for _ in range(2):
        export(folder, ExportOptions(**options))
    assert listed(tmp_path) == ["mine", "monday"]


def test_pictures_of_somebody_are_no_export_of_frames(folder, tmp_path):
    (tmp_path / "Pictures" / "summer.png").mkdir(parents=True)
    (tmp_path / "Pictures" / "wedding.png").write_bytes(b"mine")
    options = ExportOptions(out=tmp_path / "Pictures", overwrite=True, **QUICK)
    with pytest.raises(ExportError, match="holds other files"):
        export(folder, options)
    assert listed(tmp_path / "Pictures") == ["summer.png", "wedding.png"]


def test_a_recording_is_never_overwritten(folder):
    before = (folder / "session.jsonl").read_bytes()
    for options in (
        ExportOptions(out=folder / "session.jsonl", overwrite=True),
        ExportOptions(out=folder, overwrite=True, **QUICK),
    ):
        with pytest.raises(ExportError, match=r"belongs to the recording|holds other files"):
            export(folder, options)
    assert (folder / "session.jsonl").read_bytes() == before


def test_a_folder_is_overwritten_only_if_an_export_wrote_it(folder, tmp_path):
    out = tmp_path / "frames"
    export(folder, ExportOptions(out=out, **QUICK))
    export(folder, ExportOptions(out=out, overwrite=True, **QUICK))
    (out / "diary.txt").write_text("mine")
    with pytest.raises(ExportError, match="holds other files; give another name"):
        export(folder, ExportOptions(out=out, overwrite=True, **QUICK))
    assert (out / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize(("kind", "what"), [("mp4", "a folder"), ("frames", "a file")])
def test_a_place_of_the_wrong_kind_is_refused(folder, tmp_path, kind, what):
    out = tmp_path / "there"
    if kind == "mp4":
        out.mkdir()
    else:
        out.write_text("mine")
    with pytest.raises(ExportError, match=f"is {what}; give another name"):
        export(folder, ExportOptions(format=kind, out=out, overwrite=True))


def test_a_name_taken_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "out.mp4"
    with pytest.raises(ExportError, match="exists"), whole(target, overwrite=False) as part:
        part.write_bytes(b"new")
        target.write_bytes(b"of somebody else")
    assert target.read_bytes() == b"of somebody else"
    assert listed(tmp_path) == ["out.mp4"]


def test_too_little_room_is_said_before_anything_is_written(folder, tmp_path, monkeypatch):
    usage = Usage(10**12, 10**12, 5 * 2**20)
    monkeypatch.setattr("mag_sandbox.sandbox.export.options.shutil.disk_usage", lambda path: usage)
    with pytest.raises(ExportError, match=r"needs about \d+ MiB, and .* has 5 MiB free; make room"):
        export(folder, ExportOptions(out=tmp_path / "new" / "out.mp4"))
    assert listed(tmp_path / "new") == []


def test_a_disk_that_fills_leaves_nothing_behind(folder, tmp_path, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mag_sandbox.sandbox.export.exporter.Image.Image.save", full)
    with pytest.raises(ExportError, match=r"no room for .*out; make room or name another place"):
        export(folder, ExportOptions(out=tmp_path / "out", **QUICK))
    assert listed(tmp_path) == ["monday"]


def test_a_place_that_cannot_hold_files_is_refused(folder, tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(ExportError, match=r"cannot be written .*; name another place with --out"):
        export(folder, ExportOptions(out=tmp_path / "file" / "out.mp4"))
    assert (tmp_path / "file").read_text() == "here"


def test_an_export_that_is_stopped_leaves_nothing_behind(folder, tmp_path):
    class Stopped(Exception):
        pass

    def stop(stage: str, share: float) -> None:
        raise Stopped

    for kind in ("mp4", "gif", "frames", "page"):
        with pytest.raises(Stopped):
            export(folder, ExportOptions(format=kind, out=tmp_path / "out"), on_progress=stop)
    assert listed(tmp_path) == ["monday"]
