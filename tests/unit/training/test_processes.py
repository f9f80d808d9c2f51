"""Two processes train as one does, and a killed run goes on as if nothing had been.

Real processes over loopback (gloo), started once for all tests: see `together.py`.
"""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mag_sandbox.model.pocket.weights import save_pocket
from mag_sandbox.training.__main__ import main
from mag_sandbox.training.loop import Loop
from mag_sandbox.training.processes import ALONE, OtherProcesses
from tests.tiny import tiny_autoencoder, tiny_networks, tiny_tokenizer
from tests.unit.training import together
from tests.unit.training.recipe.test_recipe_command import MICRO
from tests.unit.training.recipe.toy_recipe import toy_dit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # s, when the machine has other work
CLOSE = {"rel": 1e-5}  # sums in another order


def curve(folder: Path) -> dict[int, float]:
    """Return the loss of each step; of one that was made twice, the later."""
    records = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return {record["step"]: record["loss"] for record in records}


@pytest.fixture(scope="module")
def root(tmp_path_factory, with_panoramas) -> Path:
    """Return a folder in which processes were killed, and two have done the rest."""
    root = tmp_path_factory.mktemp("together")
    write_world(with_panoramas(root / "two" / "pocket"))
    together.sharded()  # once for all forks, and for the tests
    all_of_them = together.forked(lambda: together.run_all(root))
    assert os.waitpid(all_of_them, 0)[1] == 0, "see what they wrote"
    return root


def write_world(folder: Path) -> None:
    """Write the weights of a tiny pocket world."""
    networks = tiny_networks(config=MICRO)
    save_pocket(folder / "world", MICRO, networks, tiny_autoencoder(config=MICRO), tiny_tokenizer())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> Loop:
    """Return the same run by one process, in one go."""
    loop = together.distillation(tmp_path_factory.mktemp("unbroken"), ALONE)
    loop.run()
    return loop


def test_one_process_that_was_killed_goes_on_as_if_nothing_had_been(root, unbroken):
    resumed = together.distillation(root / "one" / "distillation", ALONE)
    assert resumed.step == together.SAVED
    resumed.run()
    assert curve(resumed.folder) == curve(unbroken.folder)
    one, other = (loop.stage.module.state_dict() for loop in (resumed, unbroken))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_two_processes_that_were_killed_have_the_unbroken_curve_of_one(root, unbroken):
    folder = root / "two" / "distillation"
    steps = [json.loads(line)["step"] for line in (folder / "log.jsonl").open()]
    assert steps == [1, 2, 3, 4, 4, 5]  # killed in step 5, the state was saved after step 3
    assert curve(folder) == pytest.approx(curve(unbroken.folder), **CLOSE)


def test_only_the_newest_state_is_kept_and_no_part_of_one(root):
    states = list((root / "two" / "distillation" / "generator.shards").iterdir())
    assert [state.name for state in states] == ["00000005"]
    assert len(list(states[0].glob("*.safetensors"))) == 2


def test_the_state_of_two_processes_becomes_the_weights_of_one(root, unbroken, tmp_path):
    shards = root / "two" / "distillation" / "generator.shards"
    assert main(["export", str(shards), str(tmp_path / "two.safetensors")]) == 0
    assert main(["export", str(unbroken.checkpoint), str(tmp_path / "one.safetensors")]) == 0
    one, two = (load_file(tmp_path / f"{name}.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys() == toy_dit().state_dict().keys()
    for name, value in one.items():
        assert torch.allclose(value, two[name], rtol=1e-4, atol=1e-6)


def reports(root: Path) -> list[dict]:
    return [json.loads((root / "two" / f"{rank}.json").read_text()) for rank in (0, 1)]


def test_processes_leave_their_rollouts_at_the_same_steps(root):
    first, second = (report["exits"] for report in reports(root))
    assert first == second
    assert len(set(first)) > 1


def test_a_bad_loss_of_one_process_is_skipped_by_all(root):
    first, second = reports(root)
    assert first["bad_steps"] == second["bad_steps"] == 1
    assert first["finite"] and second["finite"]
    assert first["sum"] == second["sum"]


def test_each_process_keeps_its_share_of_the_weights(root):
    first, second = reports(root)
    assert first["share"] + second["share"] == first["all"]
    assert abs(first["share"] - second["share"]) < 0.1 * first["all"]


def test_a_full_disk_of_one_process_is_told_by_all_and_leaves_the_older_state(root):
    for report in reports(root):
        assert "No space left" in report["full"]
    assert together.sharded().newest(root / "two" / "bad" / "memory.shards").name == "00000003"


def test_the_same_command_trains_by_two_processes_what_it_trains_by_one(
    root, with_panoramas, tmp_path
):
    two, one = root / "two" / "pocket", with_panoramas(tmp_path)
    for path in two.glob("world*"):
        (one / path.name).symlink_to(path)
    assert together.command(one, "--parts", "2") == 0
    expected, made = (load_file(folder / "self-forcing.safetensors") for folder in (one, two))
    assert expected.keys() == made.keys()
    assert curve(two / "self-forcing") == pytest.approx(curve(one / "self-forcing"), **CLOSE)
    assert all(torch.allclose(expected[name], made[name], atol=1e-4) for name in expected)


def test_two_processes_learn_memorypacks_parts_as_one_does(root, tmp_path):
    together.packs(tmp_path, ALONE)
    for phase in ("teacher", "direct"):
        one, two = (folder / f"A-{phase}" for folder in (tmp_path, root / "two" / "packs"))
        assert curve(two) == pytest.approx(curve(one), **CLOSE)
        expected, made = (load_file(f"{folder}.safetensors") for folder in (one, two))
        assert expected.keys() == made.keys()


def test_a_run_of_several_processes_is_not_begun_anew_by_one(root):
    with pytest.raises(OtherProcesses, match="several processes"):
        together.distillation(root / "two" / "distillation", ALONE)


def test_a_batch_that_cannot_be_shared_is_refused(root, capsys):
    assert together.command(root / "two" / "pocket", "--parts", "3") == 2
    assert "2 videos a step cannot be made in 3 equal parts" in capsys.readouterr().err


def test_an_export_of_nothing_says_what_to_name(tmp_path, capsys):
    for name in ("memory.pt", "memory.shards"):
        assert main(["export", str(tmp_path / name), str(tmp_path / "weights")]) == 2
        assert "is not the state of a stage" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["pocket", "imagination", "precompute --wan w --folder f"])
def test_what_is_the_work_of_one_process_refuses_to_be_started_as_several(
    command, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    said = capsys.readouterr().err
    assert "torchrun has started 2 processes" in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
