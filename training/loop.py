"""The trainer of all stages: steps, logs, faults, checkpoints, exact resume.

A stage gives losses for the number of a batch. Everything random in it must follow from that
number, so that resuming needs no random state. Several processes share the batches of a step.
"""

import json
import logging
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mag_sandbox.model.world import WorldFailed
from mag_sandbox.training.optimisers import EMA
from mag_sandbox.training.processes import ALONE, Processes, State

logger = logging.getLogger(__name__)


class Stage:
    """One network to train: its optimisers, and the losses of numbered batches."""

    name: str
    module: nn.Module  # trained and saved
    batches = 1  # of a step: step s has batches s * batches to (s + 1) * batches - 1

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return the optimisers with their full learning rates."""
        raise NotImplementedError

    def kind(self, step: int) -> str:  # noqa: ARG002
        """Return the name under which a step is logged."""
        return self.name

    def loss(self, batch: int) -> Tensor:
        """Return the loss of a batch."""
        raise NotImplementedError

    def losses(self, batch: int) -> Iterator[Tensor]:
        """Yield losses that add up to that of a batch; each is differentiated before the next."""
        yield self.loss(batch)

    def sheet(self, path: Path, step: int) -> None:
        """Write a picture of samples made with the current weights."""


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How long and how fast; the same for every stage."""

    steps: int
    warmup: int = 200  # steps to full learning rate
    decay: float = 0.2  # share of the steps, at the end, over which the rate falls to zero
    clip: float = 1.0  # largest gradient norm
    ema: float = 0.999
    save_minutes: float = 4.0
    save_every: int = 1  # steps: states are saved after multiples, when nothing is carried over
    sheet_minutes: float = 8.0
    max_bad_steps: int = 20  # non-finite losses before giving up


class TrainingDiverged(WorldFailed):
    """Too many losses were not finite."""


class Loop:
    """Trains one stage to the end, from wherever its checkpoint stands.

    Loop(stage, LoopConfig(steps=4000), Path("runs/pocket")).run()
    """

    def __init__(
        self, stage: Stage, config: LoopConfig, folder: Path, processes: Processes = ALONE
    ) -> None:
        self.stage, self.config, self.folder = stage, config, folder
        self.processes = processes
        folder.mkdir(parents=True, exist_ok=True)
        self.optimisers = stage.optimisers()
        self.rates = [[g["lr"] for g in o.param_groups] for o in self.optimisers]
        self.ema = EMA(stage.module, config.ema)
        self.step = 0
        self.bad_steps = 0
        self._stopped = False
        self._resume()

    @property
    def checkpoint(self) -> Path:
        """The file of this stage's state."""
        return self.folder / f"{self.stage.name}{self.processes.suffix}"

    def run(self) -> None:
        """Train until the last step, then save and leave the averaged weights in the module.

        A termination signal saves after the step at hand and ends the program.
        """
        previous = signal.signal(signal.SIGTERM, self._stop)
        try:
            stopped = self._train()
        finally:
            signal.signal(signal.SIGTERM, previous)
        self.save()
        if stopped:
            raise SystemExit(f"{self.stage.name} was stopped at step {self.step} and saved")
        self.stage.module.load_state_dict(self.ema.state)
        self._sheet()

    def _stop(self, signal_number: int, frame: object) -> None:  # noqa: ARG002 (handler)
        self._stopped = True

    def _train(self) -> bool:
        # clocks and signals differ, and all must do the same
        any_process = self.processes.any_process
        saved = pictured = time.monotonic()
        while self.step < self.config.steps:
            started = time.monotonic()
            loss = self._advance()
            now = time.monotonic()
            self._log(loss, now - started)
            whole = self.step % self.config.save_every == 0
            if whole and any_process(now - saved > 60 * self.config.save_minutes):
                self.save()
                saved = time.monotonic()
            if any_process(now - pictured > 60 * self.config.sheet_minutes):
                self.picture()
                pictured = time.monotonic()
            if any_process(self._stopped):
                return True
        return False

    def _advance(self) -> float:
        rate = self._rate()
        for optimiser, rates in zip(self.optimisers, self.rates, strict=True):
            for group, full in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = full * rate
            optimiser.zero_grad(set_to_none=True)
        with self.processes.unsharded():
            loss = self._differentiate()
        value = self.processes.total(loss)
        norm = self.processes.clip(self.stage.module.parameters(), self.config.clip)
        if math.isfinite(norm) and math.isfinite(value):
            for optimiser in self.optimisers:
                optimiser.step()
            self.ema.update(self.stage.module, self.step)
        else:
            self._bad_step()
        self.step += 1
        return value

    def _differentiate(self) -> Tensor:
        count, total = self.stage.batches, torch.zeros(())
        first = self.step * count
        for batch in range(first + self.processes.rank, first + count, self.processes.count):
            of_batch = torch.zeros(())
            for loss in self.stage.losses(batch):
                share = loss / count
                torch.autograd.backward(share)
                of_batch = of_batch + share.detach()
            total = total + of_batch
        return total

    def _bad_step(self) -> None:
        self.bad_steps += 1
        logger.warning("%s step %d: loss is not finite, skipped", self.stage.name, self.step)
        if self.bad_steps > self.config.max_bad_steps:
            raise TrainingDiverged(
                f"{self.stage.name} stopped at step {self.step}: {self.bad_steps} losses were not "
                f"finite; resume from {self.checkpoint} with a lower learning rate"
            )

    def _rate(self) -> float:
        left = (self.config.steps - self.step) / max(1, self.config.decay * self.config.steps)
        return min(1.0, (self.step + 1) / max(1, self.config.warmup), left)

    def _log(self, loss: float, seconds: float) -> None:
        if self.processes.rank:
            return
        kind = self.stage.kind(self.step - 1)
        eta = (self.config.steps - self.step) * seconds / 60
        logger.info(
            "%s step %d/%d | loss %.4f | %.2f s | eta %.0fm",
            kind, self.step, self.config.steps, loss, seconds, eta,
        )  # fmt: skip
        record = {"kind": kind, "step": self.step, "loss": loss, "seconds": seconds}
        record["time"] = time.time()
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(record) + "\n")

    def picture(self) -> None:
        """Write a sample sheet made with the averaged weights."""
        current = {k: v.detach().clone() for k, v in self.stage.module.state_dict().items()}
        self.stage.module.load_state_dict(self.ema.state)
        self._sheet()
        self.stage.module.load_state_dict(current)

    def _sheet(self) -> None:
        if not self.processes.rank:
            self.stage.sheet(self.folder / f"{self.stage.name}-{self.step:06d}.png", self.step)

    def save(self) -> None:
        """Write the checkpoint; the one before stays until it is complete."""
        self.processes.save(self._state(), self.checkpoint)

    def _state(self) -> State:
        return {
            "step": self.step,
            "bad_steps": self.bad_steps,
            "module": self.stage.module.state_dict(),
            "ema": self.ema.state,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def _resume(self) -> None:
        state = self.processes.load(self.checkpoint, self._state())
        if state is None:
            return
        self.stage.module.load_state_dict(state["module"])
        self.ema.state = {k: v.to(self.ema.state[k].device) for k, v in state["ema"].items()}
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.bad_steps = state["step"], state["bad_steps"]
        logger.info("%s resumes at step %d", self.stage.name, self.step)
