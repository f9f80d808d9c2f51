"""The paper's tables in small: every row is trained alike, plays, and is measured."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mag_sandbox.evaluation.__main__ import main as evaluate
from mag_sandbox.evaluation.bench import continuations
from mag_sandbox.evaluation.bench.tables import open_row, read_table
from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.pocket.weights import save_pocket
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.paths import steady_path
from mag_sandbox.training.pocket.size import PocketClips, pocket_parts
from mag_sandbox.training.recipe.options import RecipeOptions
from mag_sandbox.training.tables import train as tables
from mag_sandbox.training.tables.options import METHODS, RATES
from mag_sandbox.training.tables.train import shares
from tests.tiny import FP32, RIGHT, TINY, play, tiny_autoencoder, tiny_networks, tiny_tokenizer
from tests.unit.training.together import PANORAMAS

pytestmark = pytest.mark.slow
MICRO = replace(TINY, frame_width=320, frame_height=192, fps=3.0)
STEPS = {3: 7, 4: 2}  # at the first one critic and teacher are equal, so nothing is learned


@pytest.fixture(scope="module")
def run(tmp_path_factory, with_panoramas) -> Path:
    """Return a folder with both tables, trained over a minute world."""
    folder = tmp_path_factory.mktemp("tables")
    with_panoramas(folder / "data")
    parts = tiny_networks(config=MICRO), tiny_autoencoder(config=MICRO), tiny_tokenizer()
    save_pocket(folder / "world", MICRO, *parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "TEACHER_STEPS", 4)
        assert command(folder, 3) == 0
        assert command(folder, 4) == 0
    return folder


def command(folder: Path, table: int, steps: int | None = None) -> int:
    return main(
        [
            "tables", "--table", str(table), "--folder", str(folder), "--batch", "1",
            "--weights", str(folder / "world"), "--data", str(folder / "data"),
            "--panoramas", str(PANORAMAS), "--steps", str(steps or STEPS[table]),
            "--base-steps", "1",
        ]
    )  # fmt: skip


def logged(folder: Path) -> dict[str, int]:
    """Return how many steps every network of a table has taken."""
    return {
        str(log.parent.relative_to(folder)): log.read_text().count("\n")
        for log in folder.rglob("log.jsonl")
    }


@pytest.mark.parametrize("row", [*METHODS, *RATES], ids=lambda row: row.name)
def test_every_row_costs_the_same_steps(row):
    for steps in (2, 3, 150):
        assert sum(shares(row, steps).values()) == steps


def test_every_row_has_taken_its_steps(run):
    taken = logged(run / "table-3")
    for row in METHODS:
        assert sum(n for name, n in taken.items() if name.split("/")[0] == row.folder) == STEPS[3]
    assert set(logged(run / "table-4").values()) == {STEPS[4]}


@pytest.mark.parametrize(("table", "rows"), [(3, METHODS), (4, RATES)])
def test_every_row_leaves_weights_that_play(run, table, rows):
    read = read_table(run, table)
    assert [row.name for row in read.rows] == [row.name for row in rows]
    for row, trained in zip(read.rows, rows, strict=True):
        world = open_row(row, FP32.as_dict())
        blocks = play(world, [RIGHT, RIGHT])
        assert len(blocks[-1].frames) == getattr(trained, "block_length", 3)
        assert blocks[-1].memory.policy == row.memory.policy
        world.close()


def test_all_methods_start_from_one_student_and_what_remembers_stays(run):
    folder = run / "table-3"
    student = load_file(folder / "base" / "student.safetensors")
    name = "blocks.0.self_attn.q.weight"

    def remembers(row: str) -> torch.Tensor:
        return load_file(folder / row / "weights" / "world.safetensors")[f"dit.{name}"]

    first = student[name].bfloat16()
    assert torch.equal(remembers("mag-without-stage-1"), first)
    assert not torch.equal(remembers("mag"), first)  # stage 1 has trained it
    for row in ("self-forcing", "causvid", "longlive"):  # the generator remembers by itself
        learned = load_file(folder / row / f"{row}.safetensors")
        part = "blocks.0.self_attn.q.parametrizations.weight."
        change = learned[f"{part}0.up"] @ learned[f"{part}0.down"]
        assert change.any()
        assert torch.equal(remembers(row), (student[name] + change).bfloat16())
    for row in METHODS:
        own = (folder / row.folder / "weights" / "generator.safetensors").exists()
        assert own == row.name.startswith("MAG")


def test_only_a_change_of_low_rank_is_learned_by_a_generator(run):
    folder = run / "table-3"
    student = load_file(folder / "base" / "student.safetensors")
    learned = load_file(folder / "causvid" / "causvid.safetensors")
    for name, value in student.items():
        frozen = learned.get(name, learned.get(_original(name)))
        assert torch.equal(frozen, value), name


def _original(name: str) -> str:
    return f"{name.removesuffix('.weight')}.parametrizations.weight.original"


def test_what_is_trained_is_not_trained_again(run):
    before = logged(run)
    assert command(run, 4) == 0
    assert logged(run) == before


def test_rows_of_other_settings_are_not_mixed(run, capsys):
    before = logged(run)
    assert command(run, 4, steps=3) == 2
    error = capsys.readouterr().err
    assert "steps 2" in error and "--folder" in error and error.count("\n") == 1
    assert logged(run) == before


def test_one_step_cannot_be_shared(run, capsys):
    assert command(run, 3, steps=1) == 2
    assert "--steps" in capsys.readouterr().err


def test_every_rate_learns_from_the_same_clips(run):
    order = RecipeOptions("memory", weights=run / "world", data=run / "data", panoramas=PANORAMAS)
    parts = pocket_parts(order, TrainingDevice("cpu", sdpa_attention))
    sources = (PocketClips(parts, 1, 0, steady_path, row.block_length) for row in RATES)
    drawn = [source.clips(5, 18) for source in sources]
    for other in drawn[1:]:
        assert torch.equal(other.latents, drawn[0].latents)
        places = [one.conditions.places.at(0, 18) for one in (drawn[0], other)]
        assert torch.equal(places[0].rotary, places[1].rotary)
        assert not torch.equal(places[0].features, places[1].features)  # the place in the block


# ------------------------------------------------------------------------------------- measured


def test_the_rows_of_table_4_are_measured_beside_the_papers(run, capsys):
    assert evaluate(["tables", str(run), "--table", "4", "--clips", "1"]) == 0
    said = capsys.readouterr().out
    data = json.loads((run / "table-4" / "results.json").read_text())
    part = data["modes"]["reconstruction"]
    assert [row["paper"]["psnr_db"] for row in part["rows"]] == [34.81, 31.73, 29.89, 28.64]
    assert [row["clips"] for row in part["rows"]] == [1] * 4
    assert len({row["ceiling_db"]["mean"] for row in part["rows"]}) == 1  # one autoencoder
    assert len(part["pairs"]) == 6
    assert {pair["verdict"] for pair in part["pairs"]} == {"noise"}  # of one clip
    assert said.endswith((run / "table-4" / "results.md").read_text())


def test_the_rows_of_table_3_are_continued(run, tmp_path, monkeypatch):
    monkeypatch.setattr(continuations, "DEGREES", 105.0)  # shorter clips
    data = json.loads((run / "table-3" / "table.json").read_text())
    some = [row for row in data["rows"] if row["name"] in ("LongLive", "MAG")]
    for row in some:
        shutil.copytree(run / "table-3" / row["weights"], tmp_path / "table-3" / row["weights"])
    (tmp_path / "table-3" / "table.json").write_text(json.dumps({**data, "rows": some}))
    told = ["tables", str(tmp_path), "--table", "3", "--clips", "1", "--mode", "truth"]
    assert evaluate(told) == 0
    part = json.loads((tmp_path / "table-3" / "results.json").read_text())["modes"]["truth"]
    assert [row["clips"] for row in part["rows"]] == [1, 1]
    assert [(pair["above"], pair["below"]) for pair in part["pairs"]] == [("MAG", "LongLive")]
    records = [row.results / "clips.jsonl" for row in read_table(tmp_path, 3).rows]
    before = [path.read_text() for path in records]
    assert evaluate(told) == 0  # nothing is measured twice
    assert [path.read_text() for path in records] == before
