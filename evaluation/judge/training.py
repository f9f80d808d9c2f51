"""Trains the judge on views of labelled rings."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.evaluation.judge.judge import (
    NOTHING,
    Judge,
    JudgeVocabulary,
    full_vocabulary,
    shape_for,
)
from mag_sandbox.evaluation.judge.labelled import (
    UNKNOWN,
    LabelledRings,
    LabelledViews,
    Report,
    RoundTrip,
    cut_labelled,
    draw_labelled,
)
from mag_sandbox.evaluation.judge.segmenter import (
    Answers,
    Segmenter,
    SegmenterShape,
    to_channels_last,
)
from mag_sandbox.evaluation.options import JudgeOptions
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import World
from mag_sandbox.renderer.render import HELD_OUT, RENDERER_VERSION
from mag_sandbox.renderer.views import HEIGHT, WIDTH

TEST_SEED = HELD_OUT + 500_000  # first scene of the accuracy tests; no clip or bar uses it
FEWEST_CELLS = 3  # a class with fewer may be overlooked in a view
MOST_WEIGHT, LEAST_WEIGHT = 4.0, 0.5  # of a class's cells in the loss
NOISE = 0.03  # of training pictures, in [-1, 1]
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


FITTING = Fitting(rings=1600, steps=2000, batch=16, learning_rate=3e-3, test_rings=160, warmup=0.1)


def fit(
    make: Callable[[], Network],
    loss_of: Callable[[Network, np.random.Generator], Tensor],
    fitting: Fitting,
    report: Report,
    every: int = 50,
) -> Network:
    """Return a trained network."""
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
    """Return the mean cross-entropy of the questions that apply; every view has the same weight.

    Logits are [B, values] each, answers [B, questions].
    """
    lost = [
        functional.cross_entropy(logit.float(), right, ignore_index=UNKNOWN, reduction="sum")
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


def run_judge_training(options: JudgeOptions, say: Report) -> None:
    """Train the judge, and print its accuracy."""
    fitting = replace(FITTING, rings=options.rings, steps=options.steps)
    with closing(load_world("pocket")) as world:
        found = train_judge(options.out, fitting, partial(round_trip_of_ring, world), say)
    say(f"cells right: {found['cells_right']:.1%}, sure ones {found['sure_cells_right']:.1%}")


def round_trip_of_ring(world: World, ring: np.ndarray) -> np.ndarray:
    """Return a ring after the world's autoencoder, view by view, uint8 [H, W, 3]."""
    rows, columns = ring.shape[0] // HEIGHT, ring.shape[1] // WIDTH
    tiles = ring.reshape(rows, HEIGHT, columns, WIDTH, 3).swapaxes(1, 2)
    coded = world.round_trip(tiles.reshape(-1, HEIGHT, WIDTH, 3))
    return coded.reshape(tiles.shape).swapaxes(1, 2).reshape(ring.shape)


def train_judge(
    folder: Path, fitting: Fitting, round_trip: RoundTrip, report: Report
) -> dict[str, Any]:
    """Draw, train, measure on held-out renders, and write weights; return the measurements."""
    torch.set_num_threads(fitting.threads)
    vocabulary = full_vocabulary()
    rings = draw_labelled(0, fitting.rings, vocabulary, round_trip, report)
    network = fit_judge(rings, vocabulary, fitting, report)
    test = draw_labelled(TEST_SEED, fitting.test_rings, vocabulary, round_trip, report, spoil=False)
    return save_measured(folder, Judge(network, vocabulary), test, fitting)


def fit_judge(
    rings: LabelledRings,
    vocabulary: JudgeVocabulary,
    fitting: Fitting,
    report: Report,
    shape: SegmenterShape | None = None,
    every: int = 50,
) -> Segmenter:
    """Train a network on views of rings, with the default shape unless one is given."""
    weights = class_weights(rings.names, len(vocabulary.classes) + 1)

    def loss(network: Segmenter, rng: np.random.Generator) -> Tensor:
        cut = cut_labelled(rings, rng.integers(len(rings), size=fitting.batch), rng)
        views = weathered(to_pictures(cut.views), rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answers = network(views)
        return loss_of(answers, cut, weights)

    return fit(lambda: Segmenter(shape or shape_for(vocabulary)), loss, fitting, report, every)


def class_weights(names: np.ndarray, classes: int) -> Tensor:
    """Return how much a cell of each class counts, [classes]: more where the class is rare."""
    counts = np.bincount(names[names != UNKNOWN], minlength=classes).astype(float)
    drawn = counts > 0
    weights = np.ones(classes)
    weights[drawn] = np.sqrt(np.median(counts[drawn]) / counts[drawn])
    return torch.from_numpy(weights.clip(LEAST_WEIGHT, MOST_WEIGHT)).float()


def loss_of(answers: Answers, cut: LabelledViews, weights: Tensor) -> Tensor:
    """Return the sum of the losses on names, colours, presence, and questions."""
    names, colors = torch.from_numpy(cut.names), torch.from_numpy(cut.colors)
    logits = answers.names.float()
    total = functional.cross_entropy(logits, names, weights, ignore_index=UNKNOWN)
    if (colors != UNKNOWN).any():
        color_loss = functional.cross_entropy(answers.colors.float(), colors, ignore_index=UNKNOWN)
        total = total + 0.4 * color_loss
    cells = functional.one_hot(names.clamp(min=NOTHING), logits.shape[1])
    cells = (cells * (names != UNKNOWN)[..., None]).sum((1, 2))
    asked = ((cells == 0) | (cells >= FEWEST_CELLS)).float()
    asked[:, NOTHING] = 0
    shown = functional.binary_cross_entropy_with_logits(
        answers.shown.float(), (cells > 0).float(), asked, reduction="sum"
    )
    total = total + 0.1 * shown / len(names)
    return total + 0.15 * loss_of_answers(answers.values, torch.from_numpy(cut.answers))


def save_measured(
    folder: Path, judge: Judge, rings: LabelledRings, fitting: Fitting, views: int = 4
) -> dict[str, Any]:
    """Measure a judge on views of each ring, with weights as they will be loaded, and write it.

    Returns:
        The measurements.
    """
    with torch.no_grad():
        for values in judge.network.state_dict().values():
            if values.is_floating_point():
                values.copy_(values.bfloat16())
    rng = np.random.default_rng(fitting.seed + 1)
    cut = cut_labelled(rings, np.repeat(np.arange(len(rings)), views), rng)
    sight, vocabulary = judge.look_at_halves(cut.views), judge.vocabulary
    known, asked = cut.names != UNKNOWN, cut.answers != UNKNOWN
    right = sight.answers == cut.answers
    accuracies = [_share(right[asked[:, at], at]) or 0.0 for at in range(len(vocabulary.questions))]
    questions = tuple(
        replace(question, accuracy=accuracy)
        for question, accuracy in zip(vocabulary.questions, accuracies, strict=True)
    )
    comparable = (cut.colors != UNKNOWN) & (sight.names == cut.names)
    measured = {
        "cells_right": _share((sight.names == cut.names)[known]),
        "sure_cells_right": _share((sight.sure == cut.names)[known & (sight.sure > 0)]),
        "colors_right": _share((sight.colors == cut.colors)[comparable]),
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
        "rings": fitting.rings,
        "steps": fitting.steps,
        "test_views": len(cut.views),
        **measured,
    }
    Judge(judge.network, replace(vocabulary, questions=questions)).save(folder, about)
    return about


def _share(right: np.ndarray) -> float | None:
    return round(float(right.mean()), 4) if right.size else None
