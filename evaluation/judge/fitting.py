"""What the trainings of both networks share: their settings, the steps, and spoiling pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.evaluation.judge.segmenter import to_channels_last

NOISE = 0.03  # of what is learned from, in [-1, 1]
Report = Callable[[str], None]
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a network is trained."""

    rings: int  # that are drawn
    steps: int
    batch: int
    learning_rate: float
    test_rings: int
    warmup: float  # share of the steps until the learning rate is reached
    seed: int = 0
    threads: int = 1


def fit(
    make: Callable[[], Network],
    loss_of: Callable[[Network, np.random.Generator], Tensor],
    fitting: Fitting,
    report: Report,
    every: int = 50,
) -> Network:
    """Return a trained network.

    Args:
        make: gives it untrained.
        loss_of: draws a batch and says what is lost on it.
        fitting: how it is trained.
        report: told the mean loss.
        every: steps between two lines of the report.
    """
    rng = np.random.default_rng(fitting.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fitting.seed)
        network = make().train()
    to_channels_last(network)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, fitting.learning_rate, fitting.steps, pct_start=fitting.warmup
    )
    lost = 0.0
    for step in range(1, fitting.steps + 1):
        loss = loss_of(network, rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        lost += float(loss.detach())
        if step % every == 0:
            report(f"step {step}/{fitting.steps} | loss {lost / every:.3f}")
            lost = 0.0
    network.eval()
    return network


def loss_of_answers(logits: Sequence[Tensor], answers: Tensor) -> Tensor:
    """Return the mean cross-entropy of the questions that were asked, each view of equal weight.

    Logits are [B, values] each, answers [B, questions]; -1: not asked.
    """
    lost = [
        functional.cross_entropy(logit.float(), right, ignore_index=-1, reduction="sum")
        for logit, right in zip(logits, answers.T, strict=True)
    ]
    return torch.stack(lost).sum() / len(answers)


def weathered(views: Tensor, rng: np.random.Generator) -> Tensor:
    """Soften half of the views a little and add noise: a world's frames are not as crisp."""
    soft = functional.avg_pool2d(views, 3, 1, 1, count_include_pad=False)
    share = torch.from_numpy(rng.uniform(0, 0.9, len(views)) * rng.integers(0, 2, len(views)))
    noise = torch.from_numpy(rng.standard_normal(views.shape[1:], np.float32)) * NOISE
    mixed = views + share.float().view(-1, 1, 1, 1) * (soft - views) + noise
    return mixed.contiguous(memory_format=torch.channels_last)
