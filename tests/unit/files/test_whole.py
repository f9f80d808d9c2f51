"""Files that appear whole or not at all."""

import errno
import os

import pytest

from mag_sandbox.files.whole import STALE_S, creating, replace_file, replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_the_place_of_the_older_one(tmp_path):
    path = tmp_path / "new" / "words.txt"
    replace_file(path, "old")
    replace_file(path, "größer")
    assert path.read_text(encoding="utf-8") == "größer"
    assert names(path.parent) == ["words.txt"]


@pytest.mark.parametrize("writing", [replacing, creating])
def test_what_fails_on_the_way_leaves_all_as_it_was(tmp_path, writing):
    replace_file(tmp_path / "a", "old")
    for kind in ("file", "folder"):
        with pytest.raises(KeyboardInterrupt), writing(tmp_path / "a") as part:
            part.write_text("half") if kind == "file" else part.mkdir()
            raise KeyboardInterrupt
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_disk_that_is_full_when_all_is_written_leaves_what_was_there(tmp_path, monkeypatch):
    replace_file(tmp_path / "a", "old")

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "a", "new")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    for content in ("first", "second"):
        with replacing(tmp_path / "place") as part:
            part.mkdir()
            (part / content).touch()
    assert names(tmp_path) == ["place"]
    assert names(tmp_path / "place") == ["second"]


def refuse(*paths):
    raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("links", [True, False])
def test_creating_never_replaces_what_came_meanwhile(tmp_path, monkeypatch, links):
    if not links:  # as on some file systems
        monkeypatch.setattr(os, "link", refuse)
    with creating(tmp_path / "a") as part:
        part.write_text("mine")
    with pytest.raises(FileExistsError), creating(tmp_path / "a") as part:
        part.write_text("late")
    with pytest.raises(FileExistsError), creating(tmp_path / "a") as part:
        part.mkdir()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "mine"


def test_what_a_killed_program_left_of_a_file_is_removed_when_nobody_writes_it_any_more(tmp_path):
    for name in (".part-00000000-a~", ".part-00000001-a~", ".part-00000000-b~"):
        (tmp_path / name).touch()
    long_ago = tmp_path.stat().st_mtime - 2 * STALE_S
    for name in (".part-00000000-a~", ".part-00000000-b~"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    replace_file(tmp_path / "a", "")
    assert names(tmp_path) == [".part-00000000-b~", ".part-00000001-a~", "a"]


def test_names_may_be_as_long_as_the_disk_allows(tmp_path):
    for name in ("x" * 255, "ä" * 127):
        replace_file(tmp_path / name, "words")
        assert (tmp_path / name).read_text() == "words"
