"""Can invented views be told from renders? A small network is trained anew each time to do so.

It sees the judge's features, cell by cell, learns from one half of the scenes and is asked about
the other, both ways round. Knows nothing of worlds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.results.intervals import interval_of
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.render import CATEGORIES

FOLDS = 2
FEWEST = FOLDS * len(CATEGORIES)  # scenes: one of each category in each fold
SEEDS, STEPS, BATCH = 3, 200, 16  # networks of each fold, whose answers are averaged; pairs a step
LEARNING_RATE, WEIGHT_DECAY, WARMUP = 5e-3, 0.05, 0.3
SHOWN = 0.75  # of a view's width and height that is learned from at a time
SMOOTHING = 0.05
_POOLED, _HIDDEN = 4, 32


def told_apart(
    views: Frames, renders: Frames, judge: Judge, seeds: Sequence[int] = range(SEEDS)
) -> dict[str, Any]:
    """Return how often networks are right about scenes that they have not seen, with an interval.

    Args:
        views: one a scene, uint8 [N, H, W, 3]; the categories of scenes take turns.
        renders: of the same scenes, in the same order.
        judge: whose features the networks see.
        seeds: one for each network of a fold.
    """
    pairs = torch.stack((_traits(views, judge), _traits(renders, judge)), dim=1)
    other = [dim for dim in range(pairs.ndim) if dim != 3]
    deviation, mean = torch.std_mean(pairs, dim=other, keepdim=True)
    pairs = (pairs - mean) / (deviation + 1e-5)  # [N, view or render, mirrored, C, h, w]
    fold_of = np.arange(len(pairs)) // len(CATEGORIES) % FOLDS
    right = np.zeros(len(pairs))
    for fold in range(FOLDS):
        learned, asked = (
            pairs[torch.from_numpy(rows)] for rows in (fold_of != fold, fold_of == fold)
        )
        for seed in seeds:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = _trained(learned, np.random.default_rng(seed))
            with torch.inference_mode():
                said = network(asked[:, :, 0].flatten(0, 1)).mean((1, 2, 3)).unflatten(0, (-1, 2))
            sure = (said > 0) == torch.tensor([True, False])
            right[fold_of == fold] += sure.double().mean(1).numpy() / len(seeds)
    return interval_of(right)


@torch.inference_mode()
def _traits(frames: Frames, judge: Judge) -> Tensor:
    """Return the judge's features of views and of their mirror images, [N, 2, C, h, w]."""
    found = []
    for frame in frames:
        both = np.stack((frame, frame[:, ::-1]))
        cells = judge.cells(both)
        pooled = functional.avg_pool2d(cells, _POOLED), functional.max_pool2d(cells, _POOLED)
        found.append(torch.cat(pooled, dim=1))
    return torch.stack(found)


def _trained(pairs: Tensor, rng: np.random.Generator) -> nn.Module:
    network = nn.Sequential(
        nn.Dropout2d(0.3), nn.Conv2d(pairs.shape[3], _HIDDEN, 1), nn.ReLU(),
        nn.Dropout2d(0.2), nn.Conv2d(_HIDDEN, 1, 1),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    right = torch.tensor([1 - SMOOTHING, SMOOTHING]).repeat(BATCH)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / (WARMUP * STEPS)) * (1 - step / STEPS)
        picks = torch.from_numpy(rng.integers(len(pairs), size=BATCH))
        some = pairs[picks, :, int(rng.integers(2))].flatten(0, 1)
        high, wide = (round(SHOWN * size) for size in some.shape[-2:])
        top, left = (
            int(rng.integers(size - own + 1))
            for size, own in zip(some.shape[-2:], (high, wide), strict=True)
        )
        said = network(some[..., top : top + high, left : left + wide]).mean((1, 2, 3))
        loss = functional.binary_cross_entropy_with_logits(said, right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()
