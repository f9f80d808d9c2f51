"""Pictures of the screen, as PNG files with a description.

Encoding takes a tenth of a second, so `Screenshots` does it on a thread of its own; the window only
copies its pixels. No file is ever overwritten, and none appears before it is complete.
"""

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pygame

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.border import Refusal
from mag_sandbox.files.pictures import encode_png
from mag_sandbox.files.whole import FULL, creating

KEY = "mag-sandbox"  # of the text chunk that holds everything
MOST_NAME = 40  # characters of a scene's name in a file's
MOST_SHOTS = 1000  # pictures of one scene in one second

Picture = np.ndarray | pygame.Surface


class ScreenshotError(Refusal, RuntimeError):
    """A picture cannot be written; one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class ScreenshotInfo:
    """The metadata of a picture, enough to go there again."""

    scene: str
    prompt: str
    seed: int
    pose: CameraPose
    block_index: int
    policy: str
    weights: str  # hash, as World.provenance() says it
    recording: str | None = None  # name of the recording's folder, without where it lies
    taken: str = ""  # UTC, ISO 8601; set when it is saved


class Screenshots:
    """Saves pictures in the order they were taken, beside the game.

    screenshots = Screenshots(data_folder() / "screenshots")
    future = screenshots.take(surface, info)
    future.result()  # the path, or ScreenshotError
    screenshots.close()
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder, self._clock = folder, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="screenshots")

    def take(self, picture: Picture, info: ScreenshotInfo) -> "Future[Path]":
        """Copy the screen now and save it soon."""
        pixels, now = _pixels(picture), self._clock()
        return self._thread.submit(save_screenshot, pixels, self._folder, info, now)

    def close(self) -> None:
        """Finish the pictures taken."""
        self._thread.shutdown()


def save_screenshot(
    picture: Picture, folder: Path, info: ScreenshotInfo, now: datetime | None = None
) -> Path:
    """Write a picture, uint8 [H, W, 3], as PNG; return its path, or raise ScreenshotError."""
    now = now or datetime.now(UTC)
    recording = info.recording and Path(info.recording).name  # a path would tell who took it
    info = replace(
        info, recording=recording, taken=now.astimezone(UTC).isoformat(timespec="seconds")
    )
    data = _encoded(_pixels(picture), info)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_new(folder, f"{_slug(info.scene)}-{now.astimezone():%Y%m%d-%H%M%S}", data)
    except OSError as error:
        raise ScreenshotError(_why_not(error, folder)) from None


def _pixels(picture: Picture) -> np.ndarray:
    """Return a copy of a picture's pixels, uint8 [H, W, 3]."""
    if isinstance(picture, np.ndarray):
        return picture.copy()
    width, height = picture.get_size()
    data = pygame.image.tobytes(picture, "RGB")
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def _encoded(pixels: np.ndarray, info: ScreenshotInfo) -> bytes:
    return encode_png(pixels, {
        "Software": "MAG sandbox", "Title": info.scene, "Description": info.prompt,
        "Creation Time": info.taken, KEY: json.dumps(asdict(info), ensure_ascii=False),
    })  # fmt: skip


def _write_new(folder: Path, stem: str, data: bytes) -> Path:
    for number in range(1, MOST_SHOTS + 1):
        path = folder / (f"{stem}.png" if number == 1 else f"{stem}-{number}.png")
        if os.path.lexists(path):
            continue
        with suppress(FileExistsError), creating(path) as part:
            part.write_bytes(data)
            return path
    raise FileExistsError(f"{stem}.png and {MOST_SHOTS - 1} more exist")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:MOST_NAME].strip("-") or "scene"


def _why_not(error: OSError, folder: Path) -> str:
    if error.errno in FULL:
        return f"no room for a screenshot in {folder}; delete something and take it again"
    reason = error.strerror or str(error)
    return f"no screenshot can be written to {folder} ({reason}); check that folder"
