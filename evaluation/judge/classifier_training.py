"""Trains the network of attributes: panoramas are drawn once, halved, and cut into views."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.evaluation.judge.classifier import (
    Head,
    ViewNetwork,
    all_heads,
    as_input,
    read_heads,
    save_attributes,
)
from mag_sandbox.training.panorama.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.training.panorama.render import CATEGORIES, HELD_OUT, RENDERER_VERSION, render

Report = Callable[[str], None]
TEST_SEED = HELD_OUT + 500_000  # first scene of the accuracy test; no clip shows it
RING = (RING_HEIGHT // 2, RING_WIDTH // 2)  # rows and columns of a halved ring
VIEW = (96, 160)  # rows and columns of a halved view
# columns between views of one place: what a pan of 150 degrees shows beyond the first view, every
# 15 degrees (`evaluation.bench.imagination.views_beyond`)
SPAN = tuple(round(RING[1] * degrees / 360) for degrees in (0, 15, 30, 45, 60))


@dataclass(frozen=True, slots=True)
class ClassifierTraining:
    """How the network of attributes is trained."""

    panoramas: int = 2400
    steps: int = 2000
    batch: int = 64
    learning_rate: float = 4e-3
    test_panoramas: int = 320
    seed: int = 0
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Rings:
    """Halved panoramas with the right answer to every question."""

    pixels: np.ndarray  # uint8 [N, 192, 640, 3]
    answers: np.ndarray  # int64 [N, questions]; -1: not asked of this category


def draw_rings(first_seed: int, count: int, heads: tuple[Head, ...], report: Report) -> Rings:
    """Draw panoramas, the categories in turn, with the answers to some questions."""
    names = list(CATEGORIES)
    pixels = np.empty((count, *RING, 3), np.uint8)
    answers = np.empty((count, len(heads)), np.int64)
    for place in range(count):
        seed = first_seed + place
        panorama = render(names[seed % len(names)], seed)
        pixels[place] = halved(panorama.pixels)
        answers[place] = answers_of(panorama.category, panorama.attributes, heads)
        if (place + 1) % 400 == 0:
            report(f"drew {place + 1}/{count} panoramas")
    return Rings(pixels, answers)


def answers_of(category: str, attributes: dict[str, str], heads: tuple[Head, ...]) -> list[int]:
    """Return the index of the right value of every head, -1 where it is not asked."""
    truth = {f"{category}.{name}": value for name, value in attributes.items()}
    truth["category"] = category
    return [head.values.index(truth[head.name]) if head.name in truth else -1 for head in heads]


def halved(pixels: np.ndarray) -> np.ndarray:
    """Return a picture at half its size, box-filtered, uint8."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    return pixels.reshape(height, 2, width, 2, 3).mean((1, 3)).round().astype(np.uint8)


def cut_views(rings: Rings, indices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one view of each ring in any direction, mostly level, uint8 [B, 96, 160, 3]."""
    return cut_places(rings, indices, (0,), rng)[:, 0]


def cut_places(
    rings: Rings,
    indices: np.ndarray,
    offsets: tuple[int, ...],
    rng: np.random.Generator,
    width: int = VIEW[1],
) -> np.ndarray:
    """Return some views of a place in each ring, uint8 [B, K, 96, width, 3].

    Args:
        rings: to cut from.
        indices: of the rings, [B].
        offsets: columns of the K views beyond the first one, which looks in any direction, mostly
            level.
        rng: chooses the directions.
        width: of the views [columns].
    """
    views = np.empty((len(indices), len(offsets), VIEW[0], width, 3), np.uint8)
    middle = (RING[0] - VIEW[0]) / 2
    for place, index in zip(views, indices, strict=True):
        top = int(np.clip(rng.normal(middle, middle / 3), 0, 2 * middle))
        columns = np.arange(width) + rng.integers(RING[1])
        for view, offset in zip(place, offsets, strict=True):
            view[:] = rings.pixels[index, top : top + VIEW[0]][:, (columns + offset) % RING[1]]
    return views


def train_attributes(
    folder: Path, training: ClassifierTraining, report: Report
) -> tuple[Head, ...]:
    """Draw, train, measure on held-out renders, and write weights; return the questions."""
    torch.set_num_threads(training.threads)
    heads = all_heads()
    rings = draw_rings(0, training.panoramas, heads, report)
    network = fit(rings, heads, training, report)
    test = draw_rings(TEST_SEED, training.test_panoramas, heads, report)
    heads = measured(network, heads, test, training.seed)
    for head in heads:
        report(f"{head.name}: {head.accuracy:.1%} of {len(head.values)} values")
    about = {
        "renderer_version": RENDERER_VERSION,
        "panoramas": training.panoramas,
        "steps": training.steps,
        "test_views": training.test_panoramas * 4,
    }
    save_attributes(folder, network, heads, about)
    return heads


def fit(
    rings: Rings, heads: tuple[Head, ...], training: ClassifierTraining, report: Report
) -> ViewNetwork:
    """Train a network on views of rings, whose answers are those to `heads`."""
    rng = np.random.default_rng(training.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = ViewNetwork(heads).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.learning_rate, training.steps, pct_start=0.15
    )
    for step in range(1, training.steps + 1):
        indices = rng.integers(len(rings.pixels), size=training.batch)
        views = weathered(as_input(cut_views(rings, indices, rng)), rng)
        _, logits = network(views.contiguous(memory_format=torch.channels_last))
        loss = loss_of(logits, torch.from_numpy(rings.answers[indices]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0:
            report(f"step {step}/{training.steps} | loss {float(loss.detach()):.3f}")
    return network.eval()


def weathered(views: Tensor, rng: np.random.Generator) -> Tensor:
    """Soften half of the views a little and add noise: a world's frames are not as crisp."""
    soft = functional.avg_pool2d(views, 3, 1, 1, count_include_pad=False)
    share = torch.from_numpy(rng.uniform(0, 0.9, len(views)) * rng.integers(0, 2, len(views)))
    share = share.float().view(-1, 1, 1, 1)
    noise = torch.from_numpy(rng.standard_normal(views.shape, np.float32)) * 0.03
    return views + share * (soft - views) + noise


def loss_of(logits: list[Tensor], answers: Tensor) -> Tensor:
    """Return the mean cross-entropy of the questions that were asked, each view of equal weight.

    Args:
        logits: of every question, [B, values].
        answers: [B, questions]; -1: not asked.
    """
    total = torch.zeros(())
    for place, logit in enumerate(logits):
        asked = answers[:, place] >= 0
        total = total + functional.cross_entropy(
            logit[asked], answers[asked, place], reduction="sum"
        )
    return total / len(answers)


def measured(
    network: ViewNetwork, heads: tuple[Head, ...], rings: Rings, seed: int, views: int = 4
) -> tuple[Head, ...]:
    """Return the questions with their accuracies on rings.

    Args:
        network: to measure.
        heads: its questions.
        rings: with the answers to them.
        seed: chooses the views.
        views: that are looked at in each ring.
    """
    rng = np.random.default_rng(seed + 1)
    indices = np.repeat(np.arange(len(rings.pixels)), views)
    names = read_heads(network, heads, cut_views(rings, indices, rng)).names
    return tuple(
        replace(head, accuracy=round(float(np.mean(_right(head, truth, names[head.name]))), 4))
        for head, truth in zip(heads, rings.answers[indices].T, strict=True)
    )


def balanced(head: Head, answers: np.ndarray, said: Sequence[str]) -> float:
    """Return the share of right answers, the mean over the values that occur, in [0, 1].

    Who always gives the same answer has one share of the values, however common it is.

    Args:
        head: the question.
        answers: the right ones, [N]; -1: not asked.
        said: what was answered, [N].
    """
    right = _right(head, answers, said)
    asked = answers[answers >= 0]
    return round(float(np.mean([right[asked == value].mean() for value in np.unique(asked)])), 4)


def _right(head: Head, answers: np.ndarray, said: Sequence[str]) -> np.ndarray:
    """Return which answers were right where the question was asked."""
    pairs = zip(answers, said, strict=True)
    return np.array([head.values[answer] == one for answer, one in pairs if answer >= 0])
