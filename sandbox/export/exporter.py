"""Makes one export of one recording: checks first, then writes what appears whole or not at all."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from mag_sandbox.files.validation import counted
from mag_sandbox.files.whole import PART
from mag_sandbox.model.world import Control, Frames, Progress
from mag_sandbox.sandbox.audio import soundtrack_pieces, suggest_ambience
from mag_sandbox.sandbox.export import page, video
from mag_sandbox.sandbox.export.footage import Footage, FramesFrom, Shot, played_again
from mag_sandbox.sandbox.export.held import held_data
from mag_sandbox.sandbox.export.hud_layer import HudLayer
from mag_sandbox.sandbox.export.metadata import (
    INDEX_FILE,
    UNKNOWN,
    as_text,
    session_facts,
    video_tags,
)
from mag_sandbox.sandbox.export.options import (
    HUD_SCALE,
    ExportError,
    ExportOptions,
    Format,
    check_room,
    target_of,
    whole,
)
from mag_sandbox.sandbox.play.events import BlockEvent, MemoryEvent, SessionStart
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.in_video import NotEnclosed, tags_of
from mag_sandbox.sandbox.recording.reader import (
    Recording,
    RecordingError,
    load_recording,
    next_part_text,
)
from mag_sandbox.scenes import Scene

# Most bytes per pixel of an export, estimated.
BYTES_A_PIXEL: dict[Format, float] = {"mp4": 0.08, "gif": 0.5, "frames": 2.0}
KEPT_BYTES = 30_000  # of a frame of a session that is played again
SIMPLE: tuple[Format, ...] = ("mp4", "gif", "frames")  # that pictures are enough for
PAGE_BYTES = 16 * 2**20
SHOTS_AHEAD = 24  # frames that wait, decoded
FAST = 1  # of zlib: frames are many


@dataclass(frozen=True, slots=True)
class Exported:
    """The written files."""

    path: Path
    bytes: int
    seconds: float  # of play that it shows
    took: float  # seconds
    notes: tuple[str, ...]  # sentences about what could not be shown


def export(
    folder: Path,
    options: ExportOptions,
    *,
    frames_from: FramesFrom | None = None,
    on_progress: Progress = lambda stage, share: None,
) -> Exported:
    """Export a recording, or raise ExportError or RecordingError if that cannot be done.

    A session whose frames were not kept is played again with `frames_from`, else refused. What
    `on_progress` raises ends the export and leaves nothing behind.
    """
    begun = time.perf_counter()
    target = target_of(folder, options)
    recording, lost = _recording(folder, options)
    with ExitStack() as opened:
        stored = _stored(recording, options, target, frames_from, on_progress, opened)
        opened.callback(stored.close)
        footage = Footage(recording, stored, options.start, options.end)
        tags, without = _session_tags(recording, options) if not lost else ({}, ())
        job = _Job(footage, options, tags, on_progress)
        check_room(target, job.estimate())
        with whole(target, overwrite=options.overwrite) as part:
            job.write(part)
        took = time.perf_counter() - begun
        next_part = filter(None, (next_part_text(folder),))
        notes = *lost, *without, *_notes(footage), *next_part
        return Exported(target, _size(target), footage.seconds, took, notes)


def _recording(folder: Path, options: ExportOptions) -> tuple[Recording, tuple[str, ...]]:
    """Return a recording, or its pictures alone and a remark, or raise RecordingError."""
    try:
        return load_recording(folder), ()
    except RecordingError as error:
        stored = StoredFrames.open(folder) if options.format in SIMPLE else None
        if stored is None or options.hud:
            raise
        with stored:
            return _of_pictures(folder, stored), (f"only pictures are shown: {error}",)


def _session_tags(
    recording: Recording, options: ExportOptions
) -> tuple[dict[str, str], tuple[str, ...]]:
    if options.format != "mp4":
        return {}, ()
    try:
        return tags_of(recording), ()
    except NotEnclosed as why:
        return {}, (f"keep the recording, too, if you want to replay the session: {why}",)


def _of_pictures(folder: Path, stored: StoredFrames) -> Recording:
    first = stored.blocks[0].head
    figures = first.memory
    memory = MemoryEvent(figures.bytes, 0, figures.attended_frames)
    count = len(first.poses)
    event = BlockEvent(first.block_index, Control(), count, first.latency_ms, "", memory, 0.0)
    start = SessionStart(UNKNOWN, {}, Scene(UNKNOWN), 0, event, stored.head.created, 0.0)
    return Recording(folder, start, (event,), None)


def _stored(
    recording: Recording,
    options: ExportOptions,
    target: Path,
    frames_from: FramesFrom | None,
    on_progress: Progress,
    opened: ExitStack,
) -> StoredFrames:
    stored = StoredFrames.open(recording.folder, recording.start.created)
    if stored is not None:
        return stored
    if frames_from is None:
        raise ExportError(f"{recording.folder} keeps no frames, and nothing can play it again")
    check_room(target, KEPT_BYTES * sum(event.frame_count for event in recording.blocks))
    try:
        kept = opened.enter_context(TemporaryDirectory(prefix=PART, dir=target.parent))
    except OSError as error:
        why = error.strerror or error
        raise ExportError(f"{target.parent} cannot be written ({why}); name another") from None
    return played_again(recording, frames_from, Path(kept), options.end, on_progress)


class _Job:
    def __init__(
        self,
        footage: Footage,
        options: ExportOptions,
        session_tags: dict[str, str],
        on_progress: Progress,
    ) -> None:
        self._footage, self._options, self._progress = footage, options, on_progress
        self._session_tags = session_tags
        self._scale = options.scale_for(footage.size)
        if options.format == "page":  # the page enlarges by itself, unless words are to be read
            self._scale = options.scale or (HUD_SCALE if options.hud else 1)
        self._size = footage.size[0] * self._scale, footage.size[1] * self._scale
        _, first, _ = next(footage.figures())
        self._facts = session_facts(
            footage.recording,
            first.head.memory.policy,
            footage.first / footage.fps,
            footage.seconds,
            footage.fps,
        )

    def estimate(self) -> int:
        a_pixel = BYTES_A_PIXEL.get(self._options.format)
        pixels = self._size[0] * self._size[1] * self._footage.frame_count
        if a_pixel is None:
            return PAGE_BYTES + int(2.5 * BYTES_A_PIXEL["mp4"] * pixels)
        return int(a_pixel * pixels)

    def write(self, path: Path) -> None:
        writers = {
            "mp4": self._write_mp4,
            "gif": self._write_gif,
            "frames": self._write_frames,
            "page": self._write_page,
        }
        writers[self._options.format](path)

    def _write_mp4(self, path: Path, qp: int | None = None, sound_bits: int = 128_000) -> None:
        footage, sound = self._footage, None
        if self._options.sound:
            start, poses = footage.recording.start, footage.poses()
            sound = soundtrack_pieces(
                suggest_ambience(start.scene),
                start.seed,
                [pose.yaw for pose in poses],
                footage.fps,
                self._cues(),
                fovs=[pose.fov for pose in poses],
            )
        with video.Mp4Writer(
            path,
            self._size,
            footage.fps,
            video_tags(self._facts) | self._session_tags,
            sound=sound,
            qp=video.QP if qp is None else qp,
            sound_bits=sound_bits,
        ) as writer:
            for frame in self._video_frames("writing the video"):
                writer.add(frame)

    def _write_gif(self, path: Path) -> None:
        words, picture = as_text(self._facts), self._picture()
        step = self._options.step_for(self._footage.fps)
        fps, shots = self._footage.fps / step, self._shots("writing the animation")
        frames = (picture(shot) for shot in shots if shot.number % step == 0)
        paint = self._picture()
        samples = [paint(shot) for shot in self._footage.samples(video.SAMPLES)]
        video.write_gif(path, frames, samples, self._size, fps, words)

    def _write_frames(self, folder: Path) -> None:
        """Write every frame as a PNG, enlarged to squares, and where each looks as JSON."""
        folder.mkdir()
        scale, picture = 1 if self._options.hud else self._scale, self._picture()
        rows = []
        for shot in self._shots("writing pictures"):
            name = f"frame-{shot.number:06d}.png"
            large = picture(shot).repeat(scale, axis=0).repeat(scale, axis=1)
            Image.fromarray(large).save(folder / name, "PNG", compress_level=FAST)
            block, second = shot.block.block_index, round(shot.second, 4)
            rows.append({"file": name, "second": second, "block": block, **asdict(shot.pose)})
        text = json.dumps(
            {**self._facts, "frames": rows}, ensure_ascii=False, default=str, indent=1
        )
        (folder / INDEX_FILE).write_text(text + "\n", encoding="utf-8")

    def _write_page(self, path: Path) -> None:
        probes = self._footage.probes(self._progress)
        clip = path.with_name(path.name + ".mp4")
        try:
            data = self._small_video(clip)
        finally:
            clip.unlink(missing_ok=True)
        held = held_data(self._footage, self._progress)
        text = page.render(self._footage, probes, self._facts, held, data)
        path.write_text(text, encoding="utf-8")

    def _small_video(self, clip: Path) -> bytes | None:
        """Return a video small enough for a page; None if even the coarsest is too large."""
        for qp in page.QPS:
            self._write_mp4(clip, qp, page.SOUND_BITS)
            if clip.stat().st_size <= page.MOST_VIDEO:
                return clip.read_bytes()
        return None

    def _cues(self) -> list[tuple[float, str]]:
        if not self._footage.stored.head.probed:
            return []
        first = self._footage.first / self._footage.fps
        signals = {True: "probe_good", False: "probe_bad"}  # as in play
        return [
            (one.seconds - first, signals[one.word == "remembered"])
            for one in self._footage.probes()
        ]

    def _picture(self) -> Callable[[Shot], Frames]:
        if not self._options.hud:
            return lambda shot: shot.frame
        return HudLayer(self._footage, self._size).painted

    def _video_frames(self, stage: str) -> Iterator[bytes | Frames]:
        if self._options.hud:
            yield from map(self._picture(), self._shots(stage))
            return
        for number, frame in enumerate(self._footage.pictures(), 1):
            yield frame
            self._progress(stage, number / self._footage.frame_count)

    def _shots(self, stage: str) -> Iterator[Shot]:
        total = self._footage.frame_count
        shots = self._footage.shots(with_memory=self._options.hud)
        with video.ahead(shots, SHOTS_AHEAD) as ready:
            for shot in ready:
                yield shot
                self._progress(stage, (shot.number + 1) / total)


def _notes(footage: Footage) -> Iterator[str]:
    if footage.recording.cut_off:
        yield (
            "the last line of the recording is incomplete (writing it was interrupted) and is "
            "left out"
        )
    stored, events = footage.stored, footage.recording.blocks
    missing = events[-1].block_index - stored.blocks[-1].head.block_index
    if footage.recording.end is not None and missing > 0 and footage.last == stored.frame_count:
        kept = stored.frame_count / footage.fps
        yield (
            f"only the frames of the first {kept:.1f} s were kept; delete {stored.path} and "
            "export again to replay the whole session"
        )
    if footage.stored.lost:
        blocks = counted(footage.stored.lost, "block")
        yield f"{blocks} in between had no space for pictures and are left out"


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else (path,)
    return sum(one.stat().st_size for one in files)
