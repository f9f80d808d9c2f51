"""Trains the classifier of attributes: panoramas are drawn once, halved, and cut into views."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.evaluation.judge.classifier import (
    Classifier,
    ViewNetwork,
    ViewQuestion,
    all_heads,
    answers_of,
    as_input,
    save_classifier,
)
from mag_sandbox.evaluation.judge.fitting import Fitting, Report, fit, loss_of_answers, weathered
from mag_sandbox.evaluation.judge.segmenter import halved
from mag_sandbox.evaluation.options import ClassifierOptions
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.version2.render import CATEGORIES, HELD_OUT, RENDERER_VERSION, render

TEST_SEED = HELD_OUT + 500_000  # first scene of the accuracy test; no clip shows it
RING = (RING_HEIGHT // 2, RING_WIDTH // 2)  # rows and columns of a halved ring
VIEW = (96, 160)  # rows and columns of a halved view
FITTING = Fitting(rings=2400, steps=2000, batch=64, learning_rate=4e-3, test_rings=320, warmup=0.15)


@dataclass(frozen=True, slots=True)
class Rings:
    """Halved panoramas with the right answer to every question."""

    pixels: np.ndarray  # uint8 [N, 192, 640, 3]
    answers: np.ndarray  # int64 [N, questions]; -1: not asked of this category


def draw_rings(
    first_seed: int, count: int, heads: tuple[ViewQuestion, ...], report: Report
) -> Rings:
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


def cut_views(rings: Rings, indices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one view of each ring in any direction, mostly level, uint8 [B, 96, 160, 3]."""
    views = np.empty((len(indices), *VIEW, 3), np.uint8)
    middle = (RING[0] - VIEW[0]) / 2
    for view, index in zip(views, indices, strict=True):
        top = int(np.clip(rng.normal(middle, middle / 3), 0, 2 * middle))
        columns = (np.arange(VIEW[1]) + rng.integers(RING[1])) % RING[1]
        view[:] = rings.pixels[index, top : top + VIEW[0]][:, columns]
    return views


def run_classifier_training(options: ClassifierOptions, say: Report) -> None:
    """Train the classifier of attributes."""
    train_classifier(options.out, replace(FITTING, steps=options.steps), say)


def train_classifier(folder: Path, fitting: Fitting, report: Report) -> Classifier:
    """Draw, train, measure on held-out renders, and write weights."""
    torch.set_num_threads(fitting.threads)
    heads = all_heads()
    network = fit_classifier(draw_rings(0, fitting.rings, heads, report), heads, fitting, report)
    test = draw_rings(TEST_SEED, fitting.test_rings, heads, report)
    classifier = measured(Classifier(network, heads), test, fitting.seed)
    for head in classifier.heads:
        report(f"{head.name}: {head.accuracy:.1%} of {len(head.values)} values")
    about = {
        "renderer_version": RENDERER_VERSION,
        "panoramas": fitting.rings,
        "steps": fitting.steps,
        "test_views": fitting.test_rings * 4,
    }
    save_classifier(folder, classifier, about)
    return classifier


def fit_classifier(
    rings: Rings, heads: tuple[ViewQuestion, ...], fitting: Fitting, report: Report
) -> ViewNetwork:
    """Train a network on views of rings, whose answers are those to `heads`."""

    def loss(network: ViewNetwork, rng: np.random.Generator) -> Tensor:
        indices = rng.integers(len(rings.pixels), size=fitting.batch)
        views = weathered(as_input(cut_views(rings, indices, rng)), rng)
        return loss_of_answers(network(views), torch.from_numpy(rings.answers[indices]))

    return fit(lambda: ViewNetwork(heads), loss, fitting, report, every=200)


def measured(classifier: Classifier, rings: Rings, seed: int, views: int = 4) -> Classifier:
    """Return a classifier with its accuracies on rings, by some views of each."""
    rng = np.random.default_rng(seed + 1)
    indices = np.repeat(np.arange(len(rings.pixels)), views)
    said = classifier.read(cut_views(rings, indices, rng))
    heads = []
    for head, truth in zip(classifier.heads, rings.answers[indices].T, strict=True):
        pairs = zip(truth, said[head.name], strict=True)
        right = [head.values[answer] == one for answer, one in pairs if answer >= 0]
        heads.append(replace(head, accuracy=round(float(np.mean(right)), 4)))
    return Classifier(classifier.network, tuple(heads))
