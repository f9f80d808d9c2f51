"""Trains the network that names objects: halved panoramas, strips of what a pan sees together."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mag_sandbox.evaluation.judge.classifier import Head, all_objects, objects_in, save_objects
from mag_sandbox.evaluation.judge.classifier_training import (
    SPAN,
    TEST_SEED,
    VIEW,
    Report,
    Rings,
    balanced,
    cut_places,
    draw_rings,
    loss_of,
)
from mag_sandbox.evaluation.judge.object_network import ObjectNetwork
from mag_sandbox.training.panorama.render import RENDERER_VERSION

STRIP = VIEW[1] + SPAN[-1]  # columns that the views of a place show together
PLACES = 4  # looked at in each ring of the test
NOISE = 0.03
_EVERY = 200  # steps between two lines of the report


@dataclass(frozen=True, slots=True)
class ObjectTraining:
    """How the network of objects is trained."""

    panoramas: int = 4800
    steps: int = 10_500  # nothing is learned in the first thousand
    batch: int = 16
    learning_rate: float = 3e-3
    test_panoramas: int = 1280
    seed: int = 0
    threads: int = 1


def train_objects(folder: Path, training: ObjectTraining, report: Report) -> tuple[Head, ...]:
    """Draw, train, measure on held-out renders, and write weights; return the questions."""
    torch.set_num_threads(training.threads)
    objects = all_objects()
    rings = draw_rings(0, training.panoramas, objects, report)
    finder = fit_objects(rings, objects, training, report)
    test = draw_rings(TEST_SEED, training.test_panoramas, objects, report)
    objects = measured_objects(finder, objects, test, training.seed)
    for head in objects:
        report(f"{head.name}: {head.accuracy:.1%} of {len(head.values)} values, balanced")
    about = {
        "renderer_version": RENDERER_VERSION,
        "panoramas": training.panoramas,
        "steps": training.steps,
        "test_places": training.test_panoramas * PLACES,
    }
    save_objects(folder, finder, objects, about)
    return objects


def fit_objects(
    rings: Rings, objects: tuple[Head, ...], training: ObjectTraining, report: Report
) -> ObjectNetwork:
    """Train a network on strips of rings, whose answers are those to `objects`.

    The logarithm of how often a value is drawn is added to its logit in training alone: what the
    network says afterwards favours no value for being common. A fence is rare, and "none" would
    be a good answer to everything. Source: balanced softmax, arXiv 2007.10740.
    """
    rng = np.random.default_rng(training.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        finder = ObjectNetwork([len(head.values) for head in objects])
    finder = finder.train().to(memory_format=torch.channels_last)
    answers = torch.from_numpy(rings.answers)
    priors = [log_shares(rings.answers[:, place], head) for place, head in enumerate(objects)]
    optimiser = torch.optim.AdamW(finder.parameters(), weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.learning_rate, training.steps, pct_start=0.15
    )
    lost = 0.0
    for step in range(1, training.steps + 1):
        indices = rng.integers(len(rings.pixels), size=training.batch)
        strips = varied(cut_places(rings, indices, (0,), rng, STRIP)[:, 0], rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            seen = finder(strips.contiguous(memory_format=torch.channels_last))
        logits = finder.answers(*seen)
        favoured = [logit + prior for logit, prior in zip(logits, priors, strict=True)]
        loss = loss_of(favoured, answers[indices])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        lost += float(loss.detach())
        if step % _EVERY == 0:
            report(f"step {step}/{training.steps} | loss {lost / _EVERY:.3f}")
            lost = 0.0
    return finder.eval()


def varied(strips: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Return strips as the network wants them: half mirrored, half softened, all with noise.

    Args:
        strips: uint8 [B, H, W, 3].
        rng: chooses how soft and what noise, one for all of them.
    """
    pixels = torch.from_numpy(strips).permute(0, 3, 1, 2).float() / 127.5 - 1
    pixels[::2] = pixels[::2].flip(3)
    some = pixels[: len(pixels) // 2]
    soft = functional.avg_pool2d(some, 3, 1, 1, count_include_pad=False)
    some += float(rng.uniform(0, 0.9)) * (soft - some)
    noise = rng.standard_normal(pixels.shape[2:], np.float32)
    return pixels + NOISE * torch.from_numpy(noise)


def log_shares(answers: np.ndarray, head: Head) -> Tensor:
    """Return the logarithm of each value's share of the rings that are asked, [values].

    Args:
        answers: of all rings, [N]; -1: not asked.
        head: the question. A value that was never drawn counts as half a ring.
    """
    counts = np.bincount(answers[answers >= 0], minlength=len(head.values))
    shares = np.maximum(counts, 0.5) / max(counts.sum(), 1)
    return torch.from_numpy(np.log(shares)).float()


def measured_objects(
    finder: ObjectNetwork, objects: tuple[Head, ...], rings: Rings, seed: int, places: int = PLACES
) -> tuple[Head, ...]:
    """Return the questions with their balanced accuracies on `places` places of each ring.

    Args:
        finder: to measure.
        objects: its questions.
        rings: with the answers to them.
        seed: chooses the places.
        places: looked at in each ring.
    """
    rng = np.random.default_rng(seed + 1)
    indices = np.repeat(np.arange(len(rings.pixels)), places)
    found = [
        objects_in(finder, objects, cut_places(rings, indices[[i]], SPAN, rng)[0])
        for i in range(len(indices))
    ]
    return tuple(
        replace(head, accuracy=balanced(head, truth, [one[head.name] for one in found]))
        for head, truth in zip(objects, rings.answers[indices].T, strict=True)
    )
