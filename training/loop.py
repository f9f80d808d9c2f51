"""The one loop that all stages share: steps, logs, faults, checkpoints, exact resume.

A stage gives a loss for a step number; everything random in it must follow from that number, so
that resuming needs no random state.
"""

import json
import logging
import math
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from model.world import WorldFailed
from scenes.replacing import replacing
from training.optimisers import EMA

logger = logging.getLogger(__name__)


class Stage(Protocol):
    """What a stage adds to the loop."""

    name: str
    module: nn.Module  # what is trained and saved

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return the optimisers with their full learning rates."""

    def kind(self, step: int) -> str:
        """Return what a step learns from, for the log."""

    def loss(self, step: int) -> Tensor:
        """Return the loss of one step's batch."""

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
    sheet_minutes: float = 8.0
    max_bad_steps: int = 20  # non-finite losses before giving up


class TrainingDiverged(WorldFailed):
    """Too many losses were not finite."""


class Loop:
    """Trains one stage to the end, from wherever its checkpoint stands.

    Loop(stage, LoopConfig(steps=4000), Path("runs/pocket")).run()
    """

    def __init__(self, stage: Stage, config: LoopConfig, folder: Path) -> None:
        self.stage, self.config, self.folder = stage, config, folder
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
        """Where this stage's state is kept."""
        return self.folder / f"{self.stage.name}.pt"

    def run(self) -> None:
        """Train until the last step, then save and leave the averaged weights in the module.

        A termination signal saves after the step at hand and ends the program.
        """
        previous = signal.signal(signal.SIGTERM, self._stop)
        try:
            self._train()
        finally:
            signal.signal(signal.SIGTERM, previous)
        self.save()
        if self._stopped:
            raise SystemExit(f"{self.stage.name} was stopped at step {self.step} and saved")
        self.stage.module.load_state_dict(self.ema.state)
        self._sheet()

    def _stop(self, signal_number: int, frame: object) -> None:  # noqa: ARG002 (handler)
        self._stopped = True

    def _train(self) -> None:
        saved = pictured = time.monotonic()
        while self.step < self.config.steps and not self._stopped:
            started = time.monotonic()
            loss = self._advance()
            now = time.monotonic()
            self._log(loss, now - started)
            if now - saved > 60 * self.config.save_minutes:
                self.save()
                saved = time.monotonic()
            if now - pictured > 60 * self.config.sheet_minutes:
                self.picture()
                pictured = time.monotonic()

    def _advance(self) -> float:
        rate = self._rate()
        for optimiser, rates in zip(self.optimisers, self.rates, strict=True):
            for group, full in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = full * rate
            optimiser.zero_grad(set_to_none=True)
        loss = self.stage.loss(self.step)
        loss.backward()
        value = float(loss.detach())
        norm = nn.utils.clip_grad_norm_(self.stage.module.parameters(), self.config.clip)
        if math.isfinite(float(norm)) and math.isfinite(value):
            for optimiser in self.optimisers:
                optimiser.step()
            self.ema.update(self.stage.module, self.step)
        else:
            self._bad_step()
        self.step += 1
        return value

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
        self.stage.sheet(self.folder / f"{self.stage.name}-{self.step:06d}.png", self.step)

    def save(self) -> None:
        """Write the checkpoint to a temporary name, then rename it."""
        state = {
            "step": self.step,
            "bad_steps": self.bad_steps,
            "module": self.stage.module.state_dict(),
            "ema": self.ema.state,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        with replacing(self.checkpoint) as part:
            torch.save(state, part)

    def _resume(self) -> None:
        if not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
        self.stage.module.load_state_dict(state["module"])
        self.ema.state = {k: v.to(self.ema.state[k].device) for k, v in state["ema"].items()}
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.bad_steps = state["step"], state["bad_steps"]
        logger.info("%s resumes at step %d", self.stage.name, self.step)
