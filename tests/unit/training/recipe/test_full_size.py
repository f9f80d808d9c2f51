"""The recipe at full size with tiny weights: precomputed data, every stage, clear refusals."""

import json
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

if find_spec("diffusers") is None:
    pytest.skip("diffusers is not installed", allow_module_level=True)

from mag_sandbox.model.full.text_cache import pad_rows
from mag_sandbox.model.full.vae import load_vae
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.recipe import full_size
from mag_sandbox.training.recipe.full_size import (
    EMBEDDINGS,
    LATENTS,
    LatentVideos,
    PromptLines,
    ReadAhead,
    ReencodedTail,
    TrainingDataError,
    prompt_lines,
    read_video,
)
from tests.tiny_full import WAN, dit_state, vae_state, write_repos

PROMPTS = ("a red tower by the sea", "a green hill")
SIDE = 32  # px
SMALL = ["--height", str(SIDE), "--width", str(SIDE)]


def write_clip(path: Path, frames: int, rate: int = 16) -> None:
    """Write a video of moving stripes."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for index in range(frames):
            picture = np.full((32, 48, 3), 40, np.uint8)
            picture[:, index % 48 :: 8] = 220
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Return a folder with tiny public weights, videos, and what `precompute` makes of them."""
    root = tmp_path_factory.mktemp("full")
    write_repos(root)
    save_file(dit_state(), root / WAN / "diffusion_pytorch_model.safetensors")
    videos = root / "raw"
    videos.mkdir()
    write_clip(videos / "harbour.mp4", 24)
    (videos / "harbour.txt").write_text(PROMPTS[0])
    write_clip(videos / "short.mp4", 6)
    (videos / "broken.mp4").write_bytes(b"no video")
    (videos / "by" / "night").mkdir(parents=True)
    write_clip(videos / "by" / "night" / "harbour.mp4", 18, rate=32)
    write_clip(videos / "by" / "sea.mp4", 1)
    write_clip(videos / "by" / "sea.avi", 5)
    (root / "prompts.txt").write_text("\n".join((*PROMPTS, "", "")))
    assert precompute(root) == 0
    return root


def precompute(root: Path) -> int:
    return main(
        [
            "precompute", "--wan", str(root / WAN), "--folder", str(root / "run"),
            "--longest", "5", *SMALL, "--videos", str(root / "raw"),
            "--prompts", str(root / "prompts.txt"), "--negative", "blurred",
        ]
    )  # fmt: skip


def stage(data: Path, name: str, *more: str) -> int:
    return main(
        [
            name, "--size", "full", "--wan", str(data / WAN), "--folder", str(data / "run"),
            "--prompts", str(data / "prompts.txt"), "--videos", str(data / "run"),
            "--negative", "blurred", "--steps", "1", "--batch", "1", *SMALL, *more,
        ]
    )  # fmt: skip


def test_videos_become_latents_with_their_captions(data):
    latents, rows = read_video(data / "run" / "harbour.pt")
    assert latents.shape == (5, 16, SIDE // 8, SIDE // 8)
    assert len(rows) < 20 and rows.any(dim=-1).all()
    latents, rows = read_video(data / "run" / "short.pt")
    assert len(latents) == 2  # 6 pictures: one, and four
    assert len(rows) == 1  # the empty caption is its end mark
    assert not (data / "run" / "broken.pt").exists()


def test_videos_of_all_folders_have_files_of_their_own_at_16_frames_a_second(data):
    run = data / "run"
    lengths = {path.stem: len(read_video(path)[0]) for path in run.glob("*.pt")}
    assert lengths == {
        "harbour": 5,
        "short": 2,
        "by%2Fnight%2Fharbour": 3,  # 9 of 18 pictures
        "by%2Fsea.mp4": 1,  # its stem is another's, too
        "by%2Fsea.avi": 2,
    }


def test_what_is_there_is_not_made_again_and_what_is_lost_is(data, monkeypatch):
    run, loads = data / "run", []
    monkeypatch.setattr(full_size, "load_text_encoder", lambda *_: loads.append("encoder"))
    files = {path: path.stat().st_mtime_ns for path in run.rglob("*.*")}
    lost = run / "short.pt"
    lost.unlink()
    assert precompute(data) == 0
    assert loads == []
    made = {path for path in run.rglob("*.*") if path.stat().st_mtime_ns != files[path]}
    assert {path for path in made if path.suffix == ".pt"} == {lost}


def test_every_stage_runs_on_them(data, monkeypatch):
    from mag_sandbox.training.recipe import train as recipe

    small = {
        "student": {"frames": 3, "teacher_steps": 4},
        "self-forcing": {"clip_frames": 6},
        "memory": {"frames": 5},
        "generator": {"clip_frames": 6},
    }
    for name, changes in small.items():
        preset = recipe.replace(recipe.PRESETS[name], **changes)
        monkeypatch.setitem(recipe.PRESETS, name, preset)
    monkeypatch.setattr(full_size, "MEMORY", recipe.replace(full_size.MEMORY, fewest_frames=3))
    for name in ("base", "self-forcing", "memory", "generator"):
        assert stage(data, name) == 0
    names = ("student", "self-forcing", "memory", "generator")
    for name in names:
        assert load_file(data / "run" / f"{name}.safetensors").keys() == dit_state().keys()


def test_memorypack_runs_on_them(data, monkeypatch):
    from mag_sandbox.training.recipe import train as recipe

    monkeypatch.setattr(full_size, "MEMORY", recipe.replace(full_size.MEMORY, fewest_frames=4))
    arguments = [
        "memorypack", "--size", "full", "--wan", str(data / WAN), "--folder", str(data / "run"),
        "--videos", str(data / "run"), "--steps", "1", *SMALL,
    ]  # fmt: skip
    for phase in ("teacher", "direct"):
        assert main([*arguments, "--phase", phase]) == 0
    with safe_open(data / "run" / "A-direct.safetensors", "pt") as file:
        said = json.loads(file.metadata()["memorypack"])
    assert said["phases"] == [["teacher forcing", 1], ["direct forcing", 1]]


def test_a_prompt_that_was_not_read_is_named(data, tmp_path, capsys):
    (tmp_path / "new.txt").write_text("a prompt nobody has read")
    weights = str(data / WAN / "diffusion_pytorch_model.safetensors")
    arguments = ("--prompts", str(tmp_path / "new.txt"), "--init", weights, "--preset", "longlive")
    assert stage(data, "generator", *arguments) == 2
    assert "a prompt nobody has read" in capsys.readouterr().err


def test_prompt_files_hold_one_a_line(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text(" one \n\ntwo\n", encoding="utf-8")
    assert list(prompt_lines(path)) == ["one", "two"]
    path.write_text("\n")
    with pytest.raises(TrainingDataError, match="no prompts"):
        list(prompt_lines(path))


def test_prompts_come_in_order_and_again_after_the_last():
    features = {name: torch.full((4, 2), float(i)) for i, name in enumerate("abc")}
    lines = PromptLines("abc", features.__getitem__, (16, 4, 4), 16, batch=2, skipped=1)
    firsts = [lines.conditions(number, 21).text[:, 0, 0].tolist() for number in range(3)]
    assert firsts == [[1, 2], [0, 1], [2, 0]]


@pytest.fixture
def videos(tmp_path) -> LatentVideos:
    """Return six videos of 2 to 7 latent frames."""
    for frames in range(2, 8):
        data = {
            LATENTS: torch.full((frames, 16, 4, 4), float(frames)),
            EMBEDDINGS: torch.ones(3, 8),
        }
        torch.save(data, tmp_path / f"{frames}.pt")
    lines = PromptLines([""], lambda text: torch.zeros(12, 8), (16, 4, 4), 16)
    return LatentVideos(tmp_path, lines, 12, fewest_frames=4, seed=0)


def test_short_videos_are_passed_over_and_long_ones_cut(videos):
    drawn = [videos.clips(number, 6) for number in range(12)]
    assert {clip.latents.shape[1] for clip in drawn} == {4, 5, 6}
    assert all(torch.equal(c.conditions.text[0], pad_rows(torch.ones(3, 8), 12)) for c in drawn)


def test_damaged_videos_are_named_and_passed_over(videos, tmp_path, caplog):
    for frames in range(4, 7):
        (tmp_path / f"{frames}.pt").write_bytes(b"damaged")
    drawn = [videos.clips(number, 9).latents.shape[1] for number in range(6)]
    assert drawn == [7] * 6
    assert f"{tmp_path / '5.pt'} holds no {LATENTS}" in caplog.text
    (tmp_path / "7.pt").write_bytes(b"damaged")
    with pytest.raises(TrainingDataError, match="no whole video"):
        videos.clips(0, 9)


def test_a_file_that_is_not_tensors_is_refused(tmp_path):
    torch.save({LATENTS: Path("x")}, tmp_path / "bad.pt")
    with pytest.raises(TrainingDataError, match=r"bad\.pt"):
        read_video(tmp_path / "bad.pt")
    torch.save({LATENTS: torch.ones(2), EMBEDDINGS: torch.ones(2, 2)}, tmp_path / "flat.pt")
    with pytest.raises(TrainingDataError, match=r"\(2,\)"):
        read_video(tmp_path / "flat.pt")


def test_a_tail_is_the_last_pictures_encoded_as_a_new_video():
    vae = load_vae(vae_state())
    latents = torch.randn(1, 9, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    tail = ReencodedTail(vae, 3)
    with torch.no_grad():
        pictures, _ = vae.decode(latents)
        expected, _ = vae.encode(pictures[:, -9:])
        tail(latents[:, :6])
        assert torch.allclose(tail(latents[:, 6:]), expected, atol=1e-4)


class Counted:
    """A source that notes what was asked of it."""

    shape, tokens, conditions, text = (1, 1, 1), 1, None, None

    def __init__(self) -> None:
        self.asked: list[int] = []

    def clips(self, number: int, frames: int) -> tuple[int, int]:
        self.asked.append(number)
        if number == 40:
            raise TrainingDataError("no whole video")
        return number, frames


def test_the_next_videos_are_read_while_one_is_learned_and_none_twice():
    source = Counted()
    ahead = ReadAhead(source, most=2)
    for number in (0, 2, 4, 6, 7, 8):
        assert ahead.clips(number, 3) == (number, 3)
    ahead._thread.shutdown()
    assert all(source.asked.count(number) == 1 for number in (0, 2, 4, 6, 7, 8))
    assert max(source.asked) <= 10


def test_a_video_that_cannot_be_read_ahead_says_so_when_it_is_wanted():
    ahead = ReadAhead(Counted(), most=2)
    assert [ahead.clips(number, 3)[0] for number in (0, 20)] == [0, 20]
    with pytest.raises(TrainingDataError):
        ahead.clips(40, 3)
