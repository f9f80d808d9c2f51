"""Every format shows the recording, as long as it was, and says what it shows."""

import json
import os
import shlex
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.sandbox.export.exporter import Exported, export
from mag_sandbox.sandbox.export.metadata import is_ours, replay_line
from mag_sandbox.sandbox.export.options import ExportError, ExportOptions
from mag_sandbox.sandbox.export.video import PictureFiles
from mag_sandbox.sandbox.recording.frames_file import FRAMES_FILE
from mag_sandbox.sandbox.recording.reader import RecordingError
from tests.recorded import AWAY_AND_BACK, FRAMES, SCENE, SECONDS, SEED, played, record

KEY = "mag-sandbox"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("exports") / "monday")


def make(folder: Path, out: Path, **options: object) -> Exported:
    return export(folder, ExportOptions(out=out, **options))


def jpeg_of(frame: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=92, subsampling=0)
    return file.getvalue()


def check_facts(text: str) -> None:
    facts = json.loads(text)
    assert facts["scene"] == SCENE.name
    assert facts["prompt"] == SCENE.prompt
    assert facts["seed"] == SEED
    assert facts["policy"] == "mag-retrieve"
    assert facts["weights"] == "0" * 16
    assert facts["replay"] == "mag-sandbox replay monday --verify"


@pytest.fixture(scope="module")
def video(folder, tmp_path_factory) -> Path:
    return make(folder, tmp_path_factory.mktemp("video") / "out.mp4").path


def test_a_video_is_h264_of_even_size_twice_as_large(video):
    with av.open(str(video)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width, stream.height) == (640, 384)
        assert stream.average_rate == 16
        assert stream.frames == FRAMES


def test_a_video_lasts_as_long_as_the_recording_and_so_does_its_sound(video):
    with av.open(str(video)) as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert float(picture.duration * picture.time_base) == pytest.approx(SECONDS, abs=0.07)
        assert float(sound.duration * sound.time_base) == pytest.approx(SECONDS, abs=0.07)
        assert sound.codec_context.name == "aac"
        samples = np.concatenate([one.to_ndarray() for one in file.decode(audio=0)], axis=1)
    assert np.abs(samples).max() > 0.01  # a meadow is heard
    assert samples.shape[0] == 2


def test_a_video_shows_the_frames_with_sharp_pixels(video):
    frames = np.concatenate([block.frames for block in played()])
    with av.open(str(video)) as file:
        shown = [one.to_ndarray(format="rgb24") for one in file.decode(video=0)]
    assert len(shown) == len(frames)
    for place in (0, FRAMES // 2, FRAMES - 1):
        assert psnr(shown[place][::2, ::2], frames[place]) > 26
        assert psnr(shown[place][1::2, 1::2], frames[place]) > 26


def test_a_video_keeps_few_whole_pictures(video):
    """A JPEG is a whole picture; its frame in a video is mostly what changed."""
    with av.open(str(video)) as file:
        assert sum(packet.is_keyframe for packet in file.demux(video=0)) == 1


def test_a_jpeg_gives_the_same_picture_as_its_pixels():
    frame = played(AWAY_AND_BACK[:1])[0].frames[0]
    pictures = PictureFiles((640, 384))
    pixels, jpeg = (
        pictures.picture(one).to_ndarray(format="rgb24") for one in (frame, jpeg_of(frame))
    )
    assert psnr(pixels, jpeg) > 36


@pytest.mark.parametrize("damage", ["no JPEG", "cut short", "far too large"])
def test_a_jpeg_that_cannot_be_shown_is_refused_in_a_sentence(damage):
    frame = np.zeros((64, 64, 3), np.uint8)
    data = {
        "no JPEG": b"GIF89a",
        "cut short": jpeg_of(frame)[:40],
        "far too large": jpeg_of(np.zeros((800, 800, 3), np.uint8)),
    }[damage]
    with pytest.raises(ExportError, match=r"a kept picture cannot be read; delete frames\.bin"):
        PictureFiles((64, 64)).picture(data)


def test_a_video_says_what_it_shows_and_how_to_play_it_again(video):
    with av.open(str(video)) as file:
        tags = dict(file.metadata)
    check_facts(tags[KEY])
    assert "mag-sandbox replay monday --verify" in tags["comment"]
    assert tags["title"] == "meadow - mag-retrieve"


def test_a_video_without_sound_has_none(folder, tmp_path):
    done = make(folder, tmp_path / "quiet.mp4", sound=False, scale=1, end=0.5)
    with av.open(str(done.path)) as file:
        assert not file.streams.audio
        assert file.streams.video[0].frames == 8


def test_a_stretch_begins_and_ends_where_it_was_asked_to(folder, tmp_path):
    done = make(folder, tmp_path / "part", format="frames", start=0.25, end=0.75)
    assert done.seconds == 0.5
    rows = json.loads((done.path / "frames.json").read_text(encoding="utf-8"))["frames"]
    blocks = [block for block in played() for _ in block.frames]
    poses = [pose for block in played() for pose in block.poses]
    assert [row["block"] for row in rows] == [block.block_index for block in blocks[4:12]]
    assert [row["yaw"] for row in rows] == [pose.yaw for pose in poses[4:12]]
    assert rows[0]["second"] == 0.25


def test_frames_are_pictures_with_their_poses(folder, tmp_path):
    done = make(folder, tmp_path / "frames", format="frames", end=0.5, scale=2)
    check_facts((done.path / "frames.json").read_text(encoding="utf-8"))
    files = sorted(path.name for path in done.path.glob("*.png"))
    assert files == [f"frame-{number:06d}.png" for number in range(8)]
    with Image.open(done.path / files[4]) as image:
        assert image.size == (640, 384)
        assert psnr(np.asarray(image)[::2, ::2], played()[1].frames[1]) > 38


def comment_at_the_end(data: bytes) -> str:
    """Return the text of the last comment of a GIF."""
    place, text = data.rindex(b"\x21\xfe") + 2, b""
    while length := data[place]:
        text += data[place + 1 : place + 1 + length]
        place += 1 + length
    assert data[place + 1 :] == b"\x3b"
    return text.decode()


def test_a_gif_loops_at_the_right_speed_and_says_what_it_shows(folder, tmp_path):
    done = make(folder, tmp_path / "out.gif", format="gif", end=1.0)
    with Image.open(done.path) as image:
        assert image.size == (640, 384)
        assert image.info["loop"] == 0
        times = []
        for number in range(image.n_frames):
            image.seek(number)
            times.append(image.info["duration"])
        check_facts(comment_at_the_end(done.path.read_bytes()))
        assert sum(times) == pytest.approx(1000, abs=70)
        image.seek(0)
        first = np.asarray(image.convert("RGB"))
    assert psnr(first[::2, ::2], played()[0].frames[0]) > 28


def test_a_gif_may_show_fewer_frames_in_the_same_time(folder, tmp_path):
    options = {"format": "gif", "end": 1.0, "scale": 1, "sound": False}
    done = make(folder, tmp_path / "few.gif", fps=6.0, **options)
    with Image.open(done.path) as image:
        assert image.n_frames == 6
        image.seek(1)
        assert image.info["duration"] == pytest.approx(1000 * 3 / 16, abs=10)
    with pytest.raises(ExportError, match=r"--fps is 0, expected 0\.001 or more"):
        ExportOptions(fps=0.0)


def test_the_display_is_drawn_over_the_frames(folder, tmp_path):
    plain = make(folder, tmp_path / "a", format="frames", end=0.25, scale=3)
    hud = make(folder, tmp_path / "b", format="frames", end=0.25, scale=3, hud=True)
    pictures = []
    for done in (plain, hud):
        with Image.open(done.path / "frame-000003.png") as image:
            pictures.append(np.asarray(image).astype(int))
    apart = np.abs(pictures[0] - pictures[1]).max(axis=2) > 12
    assert apart[490:560, 20:940].mean() > 0.9  # the memory's card
    assert not apart[200:400, 300:600].any()  # the middle stays free


def test_views_are_compared_now_where_nobody_did_in_play(tmp_path):
    alone = record(tmp_path / "monday", with_prober=False)
    done = make(alone, tmp_path / "page.html", format="page")
    assert "one view came back" in done.path.read_text(encoding="utf-8")


def test_a_recording_without_frames_is_played_again(tmp_path):
    bare = record(tmp_path / "bare", with_frames=False)
    options, asked = ExportOptions(format="frames", out=tmp_path / "out", end=1.0), []

    def frames_from(recording):
        asked.append(recording.start.seed)
        yield from played()

    done = export(bare, options, frames_from=frames_from)
    assert asked == [SEED]
    assert len(list(done.path.glob("*.png"))) == 16
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare", "out"]
    assert not (bare / FRAMES_FILE).exists()
    with pytest.raises(ExportError, match="keeps no frames"):
        export(bare, ExportOptions(out=tmp_path / "other.mp4"))


def test_progress_ends_at_everything(folder, tmp_path):
    told = []
    options = ExportOptions(format="frames", out=tmp_path / "out", end=0.5)
    export(folder, options, on_progress=lambda stage, share: told.append((stage, share)))
    assert [share for _, share in told] == [number / 8 for number in range(1, 9)]
    assert told[0][0] == "writing pictures"


def test_damaged_frames_are_said_and_what_can_be_read_is_exported(tmp_path):
    broken = record(tmp_path / "broken", AWAY_AND_BACK[:6])
    path = broken / FRAMES_FILE
    data = bytearray(path.read_bytes())
    place = data.rindex(b"BLCK")
    data[place + 40] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(RecordingError, match=r"damaged after 1.1 s .*export what can.*--to 1.1"):
        make(broken, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    done = make(broken, tmp_path / "out", format="frames", end=1.1)
    assert len(list(done.path.glob("*.png"))) == 18


@pytest.mark.parametrize("format", ["gif", "frames"])
@pytest.mark.parametrize("session", [None, b"", b'{"kind": "bl'], ids=["no", "empty", "cut"])
def test_pictures_of_which_the_session_is_lost_are_exported(tmp_path, session, format):
    folder = record(tmp_path / "rec", AWAY_AND_BACK[:2])
    events = folder / "session.jsonl"
    events.unlink()
    if session is not None:
        events.write_bytes(session)
    made = make(folder, tmp_path / "out", format=format)
    assert "only pictures are shown" in made.notes[0]
    assert made.seconds > 0
    assert is_ours(made.path)
    with pytest.raises(RecordingError, match="or export the pictures that were kept"):
        make(folder, tmp_path / "other", format="page")


def test_what_was_played_after_a_new_start_is_named(tmp_path):
    first = record(tmp_path / "rec", AWAY_AND_BACK[:2])
    second = record(tmp_path / "rec-2", AWAY_AND_BACK[:2])
    (note,) = make(first, tmp_path / "out", format="frames").notes
    assert note == f"what was played next is in {second}; `replay {second}` plays it"
    assert make(second, tmp_path / "out2", format="frames").notes == ()
    record(tmp_path / "rec-3", AWAY_AND_BACK[:2])
    assert "rec-3" in make(second, tmp_path / "out3", format="frames").notes[0]


def test_frames_that_end_before_the_recording_are_said(tmp_path):
    short = record(tmp_path / "short", AWAY_AND_BACK[:4])
    path = short / FRAMES_FILE
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"BLCK")])
    done = make(short, tmp_path / "out", format="frames")
    (note,) = done.notes
    assert note.startswith("only the frames of the first 0.8 s were kept; delete ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 99.0}, "nothing lies between 99 s and its end: the recording lasts 2.4 s"),
        ({"start": 1.0, "end": 1.01}, "nothing lies between 1 s and 1.01 s"),
    ],
)
def test_a_stretch_of_nothing_is_refused(folder, tmp_path, options, message):
    with pytest.raises(ExportError, match=message):
        make(folder, tmp_path / "out.mp4", **options)


@pytest.mark.parametrize("name", ["monday", "it's; rm -r x", "$(reboot)", "a b", "-x"])
def test_the_line_that_replays_names_the_folder_and_nothing_else(name):
    recording = SimpleNamespace(folder=Path("/tmp") / name)
    assert shlex.split(replay_line(recording)) == ["mag-sandbox", "replay", name, "--verify"]


def test_a_folder_whose_name_is_no_text_is_named_as_far_as_it_is():
    recording = SimpleNamespace(folder=Path("/tmp") / os.fsdecode(b"gr\xf6n"))
    assert shlex.split(replay_line(recording))[2] == "gr\ufffdn"
