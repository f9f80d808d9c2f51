"""Clips as files, for worlds that run elsewhere: what they are given, and what they made of it.

What goes out, a folder a clip (`write_clips`):

    clips.json                     key, caption, tape, fps, frames, given (how many frames are)
    KEY/first.png, caption.txt     what a world begins with
    KEY/path.npz, path.txt         the camera, a pose a frame: see `camera_paths`
    KEY/given/00000.png ...        the frames that are given, if more than the first are

or, as MemoBench has it, SCENE/SCENE_NNN/RGB1/ with 1/poses.npy and 1/intrinsics.npy and a table of
prompts; or, as MAG-Bench has it, videos/KEY.mp4 with table.csv, of the clips that can be continued.

What comes in (`FramesFolder`): KEY/frames/*.png, KEY.mp4, videos/KEY.mp4, or MemoBench's
SCENE/SCENE_NNN/frames/*.png; a frame for every pose, the given ones too.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.lookback.camera_paths import tape_of, write_path
from mag_sandbox.evaluation.lookback.options import Layout
from mag_sandbox.evaluation.results.videos import enlarged, video_frames, write_video
from mag_sandbox.files.border import Refusal, is_file, is_folder, refusing
from mag_sandbox.files.pictures import read_picture
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.views import HEIGHT, WIDTH

PICTURES = (".png", ".jpg", ".jpeg")
MOST_SIDE = 4096  # px of a frame
FLATTEST, TALLEST = 1 / 2, 2.0  # height per width of a frame


@dataclass(frozen=True, slots=True, eq=False)
class ClipFiles:
    """The files of a clip."""

    key: str
    caption: str
    prompt: str | None  # that is in force from the first frame after the given ones on
    poses: tuple[CameraPose, ...]  # one a frame
    given: Frames  # of the first poses, at least one
    truth: Frames | None  # all frames, where they are known and may be given away
    fps: float

    @property
    def memobench(self) -> str:
        """The name in MemoBench's layout."""
        scene, _, number = self.key.rpartition("-")
        return f"{scene}/{scene}_{number}"


def write_clips(folder: Path, clips: Sequence[ClipFiles], layout: Layout) -> int:
    """Write clips in a layout; return how many could be."""
    if layout == "magbench":
        return _write_magbench(folder, clips)
    if layout == "memobench":
        _write_memobench(folder, clips)
        return len(clips)
    for clip in clips:
        place = folder / clip.key
        _write_pictures(place, [("first", clip.given[0])])
        replace_file(place / "caption.txt", clip.caption + "\n")
        for name in ("path.npz", "path.txt"):
            write_path(place / name, clip.poses, clip.fps)
        if len(clip.given) > 1:
            _write_pictures(place / "given", _numbered(clip.given))
    listed = [
        {
            "key": clip.key, "caption": clip.caption, "prompt": clip.prompt,
            "tape": tape_of(clip.poses), "fps": clip.fps, "frames": len(clip.poses),
            "given": len(clip.given),
        }
        for clip in clips
    ]  # fmt: skip
    replace_file(folder / "clips.json", json.dumps(listed, indent=1) + "\n")
    return len(clips)


def _write_memobench(folder: Path, clips: Sequence[ClipFiles]) -> None:
    rows = [("scene", "video_id", "subject", "exr_path", "prompt")]
    for clip in clips:
        place = folder / clip.memobench
        _write_pictures(place / "RGB1", _numbered(clip.given))
        write_path(place / "1" / "poses.npy", clip.poses, clip.fps)
        scene, _, number = clip.key.rpartition("-")
        rows.append((scene, number, "", f"{clip.memobench}/RGB1/00000.png", clip.caption))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _write_magbench(folder: Path, clips: Sequence[ClipFiles]) -> int:
    from mag_sandbox.evaluation.magbench.evaluate import OFFICIAL  # which imports torch
    from mag_sandbox.evaluation.magbench.table import BenchClip, write_table

    known = [clip for clip in clips if clip.truth is not None]
    table = []
    for clip in known:
        name = f"{clip.key}.mp4"
        assert clip.truth is not None
        write_video(folder / "videos" / name, enlarged(clip.truth, OFFICIAL), clip.fps)
        table.append(BenchClip(name, clip.caption, len(clip.truth) / clip.fps))
    write_table(folder / "table.csv", table)
    return len(known)


def _numbered(frames: Frames) -> list[tuple[str, Frames]]:
    return [(f"{place:05d}", frame) for place, frame in enumerate(frames)]


def _write_pictures(folder: Path, pictures: Sequence[tuple[str, Frames]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in pictures:
        Image.fromarray(frame).save(folder / f"{name}.png")


class FramesFolder:
    """Frames that a world made elsewhere, clip by clip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def frames(self, key: str) -> Iterator[Frames]:
        """Yield a clip's frames, uint8 [H, W, 3], read one by one, or raise Refusal."""
        place, video = self._pictures(key), self._video(key)
        if place:
            return map(_read_picture, place)
        if video:
            return _video_frames(video)
        raise Refusal(
            f"{self.folder} has no clip {key}; write its frames to {key}/frames/00000.png and on, "
            f"or to {key}.mp4"
        )

    def digest(self) -> str:
        """Return a hash over the names and sizes of all files."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        listing = [f"{path.relative_to(self.folder)} {path.stat().st_size}" for path in files]
        return hashlib.sha256("\n".join(listing).encode(errors="replace")).hexdigest()[:16]

    def _pictures(self, key: str) -> list[Path]:
        scene, _, number = key.rpartition("-")
        for name in (f"{key}/frames", f"{scene}/{scene}_{number}/frames", key):
            if is_folder(self.folder / name):
                some = [one for one in (self.folder / name).iterdir() if _is_picture(one)]
                if some:
                    return sorted(some)
        return []

    def _video(self, key: str) -> Path | None:
        names = (f"{key}.mp4", f"videos/{key}.mp4", f"{key}/{key}.mp4")
        return next((self.folder / one for one in names if is_file(self.folder / one)), None)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.stem.isdecimal()


def _video_frames(path: Path) -> Iterator[Frames]:
    with refusing(lambda why: Refusal(f"{path}: {why}; write it again")):
        yield from video_frames(path, check_frame_size)


def _read_picture(path: Path) -> Frames:
    with refusing(lambda why: Refusal(f"{path} cannot be read ({why}); write a PNG or JPEG")):
        return read_picture(path, check_frame_size)


def check_frame_size(width: int, height: int) -> None:
    """Raise ValueError unless frames can be compared with the renderer's views."""
    if max(width, height) > MOST_SIDE or not FLATTEST <= height / width <= TALLEST:
        raise ValueError(
            f"frames are {width} x {height} px; make some of about {WIDTH} x {HEIGHT}, or larger "
            f"of that shape, up to {MOST_SIDE} px a side"
        )
