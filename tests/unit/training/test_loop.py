"""The loop resumes exactly, survives bad losses, and writes whole files."""

import json
import re
import signal
from dataclasses import replace
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from mag_sandbox.training.loop import Loop, LoopConfig, Stage, TrainingDiverged
from mag_sandbox.training.optimisers import Muon
from tests.faults.work import limit
from tests.forks import CAN_FORK, FORKS

CONFIG = LoopConfig(steps=6, warmup=2)


class ToyStage(Stage):
    """Learns a matrix; its batches follow from the step number."""

    name = "toy"

    def __init__(self, bad_steps: tuple[int, ...] = (), stop_at: int | None = None) -> None:
        self.module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        draw = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for value in self.module.parameters():
                value.copy_(torch.randn(value.shape, generator=draw))
        self.bad_steps, self.stop_at = bad_steps, stop_at
        self.sheets: list[Path] = []

    def optimisers(self) -> list[torch.optim.Optimizer]:
        linear, norm = self.module
        return [Muon([linear.weight], lr=0.1), torch.optim.AdamW([linear.bias, *norm.parameters()])]

    def kind(self, step: int) -> str:
        return "odd" if step % 2 else "even"

    def loss(self, step: int) -> Tensor:
        if step == self.stop_at:
            raise KeyboardInterrupt
        batch = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        loss = (self.module(batch) - batch.flip(-1)).square().mean()
        return loss * float("nan") if step in self.bad_steps else loss

    def sheet(self, path: Path, step: int) -> None:
        path.write_text("sheet")
        self.sheets.append(path)


def state_of(loop: Loop) -> dict:
    """Return everything a loop would save, flat."""
    saved = torch.load(loop.checkpoint, weights_only=True)
    return {"module": saved["module"], "ema": saved["ema"], "optimisers": saved["optimisers"]}


def same(one, other) -> bool:
    """Compare nested states bit by bit."""
    if torch.is_tensor(one):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_stopped_and_resumed_equals_unbroken(tmp_path):
    unbroken = Loop(ToyStage(), CONFIG, tmp_path / "unbroken")
    unbroken.run()
    stopped = Loop(ToyStage(stop_at=3), CONFIG, tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    stopped.save()
    resumed = Loop(ToyStage(), CONFIG, tmp_path / "stopped")
    assert resumed.step == 3
    resumed.run()
    assert same(state_of(unbroken), state_of(resumed))
    assert same(unbroken.stage.module.state_dict(), resumed.stage.module.state_dict())


def test_a_termination_signal_saves_and_a_resumed_run_equals_an_unbroken_one(tmp_path):
    class Interrupted(ToyStage):
        def loss(self, step: int) -> Tensor:
            if step == 3:
                signal.raise_signal(signal.SIGTERM)
            return super().loss(step)

    unbroken = Loop(ToyStage(), CONFIG, tmp_path / "unbroken")
    unbroken.run()
    with pytest.raises(SystemExit, match="toy was stopped at step 4 and saved"):
        Loop(Interrupted(), CONFIG, tmp_path / "stopped").run()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    resumed = Loop(ToyStage(), CONFIG, tmp_path / "stopped")
    assert resumed.step == 4
    resumed.run()
    assert same(state_of(unbroken), state_of(resumed))


def test_a_finished_run_is_left_as_it_is(tmp_path):
    first = Loop(ToyStage(), CONFIG, tmp_path)
    first.run()
    again = Loop(ToyStage(stop_at=0), CONFIG, tmp_path)
    again.run()
    assert same(first.stage.module.state_dict(), again.stage.module.state_dict())


def test_the_averaged_weights_are_left_in_the_module(tmp_path):
    loop = Loop(ToyStage(), CONFIG, tmp_path)
    loop.run()
    assert same(loop.stage.module.state_dict(), loop.ema.state)
    assert not same(state_of(loop)["module"], loop.ema.state)


def test_a_loss_that_is_not_finite_is_skipped_and_counted(tmp_path):
    loop = Loop(ToyStage(bad_steps=(2, 4)), CONFIG, tmp_path)
    loop.run()
    assert loop.bad_steps == 2
    assert all(torch.isfinite(value).all() for value in loop.stage.module[0].parameters())
    assert Loop(ToyStage(), CONFIG, tmp_path).bad_steps == 2  # remembered


def test_too_many_bad_losses_stop_with_the_remedy(tmp_path):
    config = LoopConfig(steps=50, max_bad_steps=3)
    loop = Loop(ToyStage(bad_steps=tuple(range(10, 50))), config, tmp_path)
    with pytest.raises(TrainingDiverged, match=r"toy stopped at step 13: 4 .* lower learning rate"):
        loop.run()


def test_a_checkpoint_is_whole_or_absent(tmp_path, monkeypatch):
    loop = Loop(ToyStage(), CONFIG, tmp_path)
    loop.run()
    before = loop.checkpoint.read_bytes()

    def fail(state, path):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        loop.save()
    assert loop.checkpoint.read_bytes() == before
    monkeypatch.undo()
    loop.save()
    assert not list(tmp_path.glob(".part-*"))


def save_on_a_full_disk(folder: Path, said: Connection) -> None:
    """Save a run's state again, in a process of its own: other threads may be writing files."""
    loop = Loop(ToyStage(), CONFIG, folder)
    limit(1000)
    try:
        loop.save()
    except OSError as error:
        said.send(str(error))


@pytest.mark.skipif(not CAN_FORK, reason="limits of POSIX systems")
def test_a_full_disk_is_told_in_one_sentence_and_the_older_state_stays(tmp_path):
    loop = Loop(ToyStage(), CONFIG, tmp_path)
    loop.run()
    before = loop.checkpoint.read_bytes()
    reader, writer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=save_on_a_full_disk, args=(tmp_path, writer))
    process.start()
    writer.close()  # if the process ends without a word, `recv` raises
    assert re.search(r"not written to .*toy\.pt", reader.recv())
    process.join()
    assert loop.checkpoint.read_bytes() == before


def test_states_are_saved_only_when_nothing_is_under_way(tmp_path):
    class Watched(Loop):
        saved: ClassVar[list[int]] = []

        def save(self) -> None:
            self.saved.append(self.step)
            super().save()

    often = replace(CONFIG, steps=8, save_minutes=0.0, save_every=3)
    Watched(ToyStage(), often, tmp_path).run()
    assert Watched.saved == [3, 6, 8]


def test_rates_rise_hold_and_fall_to_zero(tmp_path):
    loop = Loop(ToyStage(), LoopConfig(steps=100, warmup=10, decay=0.4), tmp_path)
    rates = []
    for loop.step in range(100):
        rates.append(loop._rate())
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:60] == [1.0] * 50
    assert rates[99] == pytest.approx(1 / 40)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_each_step_is_one_line_of_the_log(tmp_path):
    Loop(ToyStage(), CONFIG, tmp_path).run()
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert [record["kind"] for record in records] == ["even", "odd"] * 3
    assert all(record["loss"] > 0 and record["seconds"] >= 0 for record in records)


def test_pictures_are_of_the_averaged_weights_and_disturb_nothing(tmp_path):
    loop = Loop(ToyStage(), CONFIG, tmp_path)
    loop._advance()
    before = {key: value.clone() for key, value in loop.stage.module.state_dict().items()}
    seen = {}

    def sheet(path, step):
        seen.update({k: v.clone() for k, v in loop.stage.module.state_dict().items()})

    loop.stage.sheet = sheet
    loop.picture()
    assert same(seen, loop.ema.state)
    assert same(before, loop.stage.module.state_dict())
