"""Screenshots say what they show, appear whole or not at all, and replace nothing."""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pygame
import pytest
from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.sandbox.ui.screenshots import (
    KEY,
    ScreenshotError,
    ScreenshotInfo,
    Screenshots,
    save_screenshot,
)

NOW = datetime(2025, 11, 20, 9, 30, 5, tzinfo=UTC)
INFO = ScreenshotInfo(
    scene="Meadow at Dawn",
    prompt='A meadow with "quotes", an ö, a 木 and\na new line.',
    seed=7,
    pose=CameraPose(yaw=120.5, pitch=-3.25),
    block_index=41,
    policy="mag-retrieve",
    weights="0123456789abcdef",
)
FRAME = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)


def words_of(path):
    with Image.open(path) as image:
        return decode(ScreenshotInfo, parse_json(image.info[KEY].encode()))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_frame_comes_back_with_its_words(tmp_path):
    path = save_screenshot(FRAME, tmp_path / "new" / "folder", INFO, NOW)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), FRAME)
        assert image.info["Title"] == "Meadow at Dawn"
        assert image.info["Description"] == INFO.prompt
    assert words_of(path) == replace(INFO, taken="2025-11-20T09:30:05+00:00")


def test_a_surface_is_saved_as_it_looks(tmp_path):
    surface = pygame.Surface((30, 20))
    surface.fill((200, 10, 60))
    surface.set_at((3, 4), (1, 2, 3))
    with Image.open(save_screenshot(surface, tmp_path, INFO, NOW)) as image:
        assert image.size == (30, 20)
        assert image.getpixel((0, 0)) == (200, 10, 60)
        assert image.getpixel((3, 4)) == (1, 2, 3)


def test_names_are_of_scene_and_time_and_never_taken_twice(tmp_path):
    paths = [save_screenshot(FRAME, tmp_path, INFO, NOW) for _ in range(3)]
    stem = f"meadow-at-dawn-{NOW.astimezone():%Y%m%d-%H%M%S}"
    assert [path.name for path in paths] == [f"{stem}.png", f"{stem}-2.png", f"{stem}-3.png"]
    assert names(tmp_path) == sorted(path.name for path in paths)


@pytest.mark.parametrize("scene", ["../../etc/passwd", "C:\\x", "木", "", "a" * 500, ".hidden\0"])
def test_no_name_of_a_scene_leaves_the_folder(tmp_path, scene):
    path = save_screenshot(FRAME, tmp_path, replace(INFO, scene=scene), NOW)
    assert path.parent == tmp_path
    assert len(path.name) < 80
    assert not path.name.startswith(".")


def test_a_file_system_without_links_overwrites_nothing_either(tmp_path, monkeypatch):
    def no_links(source, target):
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "link", no_links)
    first = save_screenshot(FRAME, tmp_path, INFO, NOW)
    second = save_screenshot(np.zeros_like(FRAME), tmp_path, INFO, NOW)
    with Image.open(first) as image:
        assert np.array_equal(np.asarray(image), FRAME)
    assert names(tmp_path) == sorted((first.name, second.name))


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScreenshotError, match=r"no room .*delete something"):
        save_screenshot(FRAME, tmp_path, INFO, NOW)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ScreenshotError, match="check that folder"):
        save_screenshot(FRAME, tmp_path / "file" / "shots", INFO, NOW)


def test_no_path_of_the_player_is_written_into_a_picture(tmp_path):
    info = replace(INFO, recording="/home/alice/recordings/monday")
    path = save_screenshot(FRAME, tmp_path, info, NOW)
    assert words_of(path).recording == "monday"
    assert b"alice" not in path.read_bytes()


def test_a_picture_is_of_the_moment_it_was_taken(tmp_path):
    taken = Screenshots(tmp_path, clock=lambda: NOW)
    frame = FRAME.copy()
    futures = [taken.take(frame, INFO)]
    frame[:] = 0
    futures.append(taken.take(frame, INFO))
    taken.close()
    pictures = []
    for future in futures:
        with Image.open(future.result()) as image:
            pictures.append(np.asarray(image))
    assert np.array_equal(pictures[0], FRAME)
    assert not pictures[1].any()
