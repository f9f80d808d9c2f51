"""The tables in small: rebuilding is the training's own pass, and the order is told honestly."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.bench.reconstruction import FRAMES, MemoryModel, path
from mag_sandbox.evaluation.bench.tables import cited, markdown, read_table, summary
from mag_sandbox.evaluation.results.intervals import FEWEST
from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.generator import block_noise
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.saved import load_into
from mag_sandbox.training.recipe.clips import PathPlaces
from mag_sandbox.training.recipe.masks import block_attention, history_compress
from mag_sandbox.training.tables.options import METHODS, RATES
from tests.tiny import TINY, tiny_rays, write_tiny_weights
from tests.unit.training.recipe.golden_parts import reconstruct

PSNR = {"block of 1": 34.0, "block of 3": 30.0, "block of 4": 31.0, "block of 5": 28.0}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights") / "pocket")


@pytest.mark.parametrize("length", [1, 3, 4, 5])
def test_rebuilding_block_by_block_is_the_pass_that_memory_is_trained_with(weights, length):
    own = weights.parent / f"blocks-{length}"
    own.mkdir(exist_ok=True)
    for file in weights.iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    config = json.loads((weights / "config.json").read_text())
    (own / "config.json").write_text(json.dumps({**config, "block_length": length}))
    model, frames, blocks = MemoryModel(own), 2 * length, 2
    latents = torch.randn(frames, TINY.dit.channels, *TINY.latent_size)
    poses = path(16.0)[:frames]
    rebuilt = model.rebuild(latents, poses, seed=3)

    dit = DiT(TINY.dit, sdpa_attention)
    load_into(dit, weights / "world.safetensors", part="dit.")
    shape = (1, length, *latents.shape[1:])
    noise = torch.stack(
        [
            torch.cat([block_noise(3, block, shape, step) for block in range(blocks)], dim=1)
            for step in range(4)
        ]
    )
    angles = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]])
    rays = RayCoordinates(TINY.dit.rays, 2, 2, length)
    places = PathPlaces(rays, angles, torch.arange(frames)[None])
    attend = block_attention(history_compress(frames, length), 4, dit.kernel)
    at_once = reconstruct(dit, latents[None], noise, model._empty, places.at(0, frames), attend)
    assert torch.allclose(rebuilt, at_once[0], atol=1e-4)


def test_a_clip_is_whole_blocks_of_every_row_and_moves_all_the_time():
    poses = path(16.0)
    assert len(poses) == FRAMES
    assert all(FRAMES % row.block_length == 0 for row in RATES)
    turns = [b.yaw - a.yaw for a, b in pairwise(poses)]
    assert turns[0] == pytest.approx(20 / 16, abs=1e-3)
    assert turns[-1] == pytest.approx(40 / 16, abs=1e-3)


def test_a_frame_is_first_between_or_last_in_a_block_of_any_length():
    poses = torch.zeros(1, 5, 3) + 90
    of = {n: RayCoordinates(TINY.dit.rays, 2, 2, n) for n in (1, 3, 5)}

    def places(length: int) -> list[int]:
        features = of[length].features(poses[:, :length], torch.arange(length))
        return features[0, ::4, -3:].argmax(dim=-1).tolist()

    assert places(3) == [0, 1, 2]
    assert places(5) == [0, 1, 1, 1, 2]
    assert places(1) == [2]  # it is the one that is kept
    told = poses[:, :3], torch.arange(3)
    assert torch.equal(of[3].features(*told), tiny_rays().features(*told))


# ----------------------------------------------------------------------------------- the order


def trained(folder: Path, number: int, scores: dict[str, float], clips: int = FEWEST) -> Path:
    """Write a table whose rows score as told, a little more in every next clip."""
    place = folder / f"table-{number}"
    rows = []
    for name, psnr in scores.items():
        slug = name.replace(" ", "-")
        (place / slug / "weights").mkdir(parents=True)
        (place / slug / "weights" / "config.json").write_text("{}")
        (place / slug / "results").mkdir()
        with (place / slug / "results" / "clips.jsonl").open("w") as file:
            for clip in range(clips):
                scored = {"psnr_db": psnr + clip, "ssim": 0.9}
                record = {"key": str(clip), "row": {"world": name}, "clip": str(clip)}
                file.write(json.dumps({**record, "refused": None, "scores": scored}) + "\n")
        rows.append({"name": name, "weights": f"{slug}/weights", "memory": {"policy": "mag"}})
    table = {"table": number, "settings": {"steps": 2}, "rows": rows}
    (place / "table.json").write_text(json.dumps(table))
    return folder


def test_pairs_say_where_the_order_is_the_papers_and_where_not(tmp_path):
    data = summary(read_table(trained(tmp_path, 4, PSNR), 4), ["reconstruction"])
    pairs = data["modes"]["reconstruction"]["pairs"]
    verdicts = {(pair["above"], pair["below"]): pair["verdict"] for pair in pairs}
    assert verdicts.pop(("block of 3", "block of 4")) == "differs"
    assert set(verdicts.values()) == {"as in the paper"}
    text = markdown(data)
    assert "block of 3 over block of 4: differs, -1.00 dB" in text
    assert "| block of 1 | 36.00" in text and "| 34.81 | 0.93 |" in text


def test_few_clips_say_nothing(tmp_path):
    data = summary(read_table(trained(tmp_path, 4, PSNR, FEWEST - 1), 4), ["reconstruction"])
    assert {pair["verdict"] for pair in data["modes"]["reconstruction"]["pairs"]} == {"noise"}


def test_the_paper_has_every_row():
    for mode in ("history", "truth"):
        psnr = [cited(row.name, mode)["psnr_db"] for row in METHODS]
        assert psnr == sorted(psnr)
    assert all(cited(row.name, "reconstruction") for row in RATES)


@pytest.mark.parametrize("clips", ["0", "177"])
def test_an_impossible_number_of_clips_is_refused(tmp_path, clips, capsys):
    assert main(["tables", str(tmp_path), "--table", "4", "--clips", clips]) == 2
    assert "clips" in capsys.readouterr().err


def test_a_table_that_is_not_trained_says_how_to(tmp_path, capsys):
    assert main(["tables", str(tmp_path), "--table", "3"]) == 2
    error = capsys.readouterr().err
    assert "python -m training tables --table 3" in error and error.count("\n") == 1


def test_a_row_that_is_missing_is_named(tmp_path, capsys):
    trained(tmp_path, 4, PSNR)
    (tmp_path / "table-4" / "block-of-5" / "weights" / "config.json").unlink()
    assert main(["tables", str(tmp_path), "--table", "4"]) == 2
    assert "block of 5 is not trained" in capsys.readouterr().err
