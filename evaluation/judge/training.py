"""Trains the judge on views of labelled rings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.evaluation.judge.judge import Judge, shape_for
from mag_sandbox.evaluation.judge.labelled import (
    UNKNOWN,
    LabelledRings,
    LabelledViews,
    Report,
    RoundTrip,
    cut_labelled,
    draw_labelled,
)
from mag_sandbox.evaluation.judge.segmenter import Answers, Segmenter, SegmenterShape
from mag_sandbox.evaluation.judge.vocabulary import NOTHING, Vocabulary, full_vocabulary
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.training.panorama.render import HELD_OUT, RENDERER_VERSION

TEST_SEED = HELD_OUT + 500_000  # first scene of the accuracy test; the bar shows others
NOISE = 0.03  # of what is learned from, in [-1, 1]
FEWEST_CELLS = 3  # a class of fewer may be overlooked in a view
MOST_WEIGHT, LEAST_WEIGHT = 4.0, 0.5  # of a class's cells in the loss


@dataclass(frozen=True, slots=True)
class JudgeTraining:
    """How the judge is trained."""

    rings: int = 1600
    steps: int = 2000
    batch: int = 16
    learning_rate: float = 3e-3
    test_rings: int = 160
    seed: int = 0
    threads: int = 1


def train_judge(
    folder: Path, training: JudgeTraining, round_trip: RoundTrip, report: Report
) -> dict:
    """Draw, train, measure on held-out renders, and write weights; return what was measured."""
    torch.set_num_threads(training.threads)
    vocabulary = full_vocabulary()
    rings = draw_labelled(0, training.rings, vocabulary, round_trip, report)
    network = fit(rings, vocabulary, training, report)
    test = draw_labelled(
        TEST_SEED, training.test_rings, vocabulary, round_trip, report, spoil=False
    )
    return save_measured(folder, Judge(network, vocabulary), test, training)


def fit(
    rings: LabelledRings,
    vocabulary: Vocabulary,
    training: JudgeTraining,
    report: Report,
    shape: SegmenterShape | None = None,
    every: int = 50,
) -> Segmenter:
    """Train a network on views of rings.

    Args:
        rings: to learn from.
        vocabulary: of their labels.
        training: how.
        report: told the loss.
        shape: of the network; None: the usual one.
        every: steps between two lines of the report.
    """
    rng = np.random.default_rng(training.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        network = Segmenter(shape or shape_for(vocabulary)).train()
    network.to(memory_format=torch.channels_last)
    weights = class_weights(rings.names, len(vocabulary.classes) + 1)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.learning_rate, training.steps, pct_start=0.1
    )
    lost = 0.0
    for step in range(1, training.steps + 1):
        cut = cut_labelled(rings, rng.integers(len(rings), size=training.batch), rng)
        views = weathered(to_pictures(cut.views), rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answers = network(views.contiguous(memory_format=torch.channels_last))
        loss = loss_of(answers, cut, weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        lost += float(loss.detach())
        if step % every == 0:
            report(f"step {step}/{training.steps} | loss {lost / every:.3f}")
            lost = 0.0
    return network.eval()


def class_weights(names: np.ndarray, classes: int) -> Tensor:
    """Return how much a cell of each class counts, [classes]: more where the class is rare."""
    counts = np.bincount(names.ravel(), minlength=UNKNOWN + 1)[:classes].astype(float)
    drawn = counts > 0
    weights = np.ones(classes)
    weights[drawn] = np.sqrt(np.median(counts[drawn]) / counts[drawn])
    return torch.from_numpy(weights.clip(LEAST_WEIGHT, MOST_WEIGHT)).float()


def weathered(views: Tensor, rng: np.random.Generator) -> Tensor:
    """Soften half of the views a little and add noise: a world's frames are not as crisp."""
    soft = functional.avg_pool2d(views, 3, 1, 1, count_include_pad=False)
    share = torch.from_numpy(rng.uniform(0, 0.9, len(views)) * rng.integers(0, 2, len(views)))
    noise = torch.from_numpy(rng.standard_normal(views.shape[1:], np.float32)) * NOISE
    return views + share.float().view(-1, 1, 1, 1) * (soft - views) + noise


def loss_of(answers: Answers, cut: LabelledViews, weights: Tensor) -> Tensor:
    """Return the sum of what is lost on names, colours, what is shown at all, and questions.

    Questions about whole views are asked only so that the features hold what they are like; nobody
    reads the answers, which the classifier gives better.
    """
    names, colors = torch.from_numpy(cut.names), torch.from_numpy(cut.colors)
    logits = answers.names.float()
    total = functional.cross_entropy(logits, names, weights, ignore_index=UNKNOWN)
    if (colors != UNKNOWN).any():
        told = functional.cross_entropy(answers.colors.float(), colors, ignore_index=UNKNOWN)
        total = total + 0.4 * told
    cells = functional.one_hot(names.clamp(max=logits.shape[1] - 1), logits.shape[1])
    cells = (cells * (names != UNKNOWN)[..., None]).sum((1, 2))
    asked = ((cells == 0) | (cells >= FEWEST_CELLS)).float()
    asked[:, NOTHING] = 0
    shown = functional.binary_cross_entropy_with_logits(
        answers.shown.float(), (cells > 0).float(), asked, reduction="sum"
    )
    total = total + 0.1 * shown / len(names)
    right = torch.from_numpy(cut.answers)
    for place, value in enumerate(answers.values):
        if (right[:, place] >= 0).any():
            lost = functional.cross_entropy(
                value.float(), right[:, place], ignore_index=-1, reduction="sum"
            )
            total = total + 0.15 * lost / len(names)
    return total


def save_measured(
    folder: Path, judge: Judge, rings: LabelledRings, training: JudgeTraining, views: int = 4
) -> dict:
    """Measure a judge as it will be read back, write it, and return what was measured.

    Args:
        folder: to write to.
        judge: to measure and write.
        rings: to measure on.
        training: of the judge.
        views: of each ring that are looked at.
    """
    with torch.no_grad():
        for values in judge.network.state_dict().values():
            if values.is_floating_point():
                values.copy_(values.bfloat16())
    rng = np.random.default_rng(training.seed + 1)
    cut = cut_labelled(rings, np.repeat(np.arange(len(rings)), views), rng)
    sight, vocabulary = judge.look_at_halves(cut.views), judge.vocabulary
    known = cut.names != UNKNOWN
    told = (cut.colors != UNKNOWN) & (sight.names == cut.names)
    measured = {
        "cells_right": _share((sight.names == cut.names)[known]),
        "sure_cells_right": _share((sight.sure == cut.names)[known & (sight.sure > 0)]),
        "colors_right": _share((sight.colors == cut.colors)[told]),
        "per_class": {
            name: {
                "recall": _share((sight.names == cut.names)[cut.names == index]),
                "precision": _share((sight.names == cut.names)[(sight.names == index) & known]),
            }
            for index, name in enumerate(vocabulary.classes, 1)
        },
    }
    about = {
        "renderer_version": RENDERER_VERSION,
        "rings": training.rings,
        "steps": training.steps,
        "test_views": len(cut.views),
        **measured,
    }
    judge.save(folder, about)
    return about


def _share(right: np.ndarray) -> float | None:
    return round(float(right.mean()), 4) if right.size else None
