"""Can rendered and invented views be told apart? A network is trained anew each time to do so.

It sees what the judge sees, place by place, learns from one half of the scenes and is asked about
the other, both ways round. Two questions beside it show whether it learned enough and nothing else:
it must tell views without shapes from renders, and must not tell renders from other renders.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.evaluation.judge.fitting import Fitting, fit
from mag_sandbox.evaluation.probe.metrics import bootstrap_interval
from mag_sandbox.renderer.version2.render import CATEGORIES

FOLDS = 2
SHOWN = 0.75  # of a view's width and height that is learned from at a time
SMOOTHING = 0.05  # of what is right: nobody is ever sure
FITTING = Fitting(rings=0, steps=200, batch=16, learning_rate=5e-3, test_rings=0, warmup=0.3)
_HIDDEN = 32


def told_apart(views: Tensor, renders: Tensor, fitting: Fitting = FITTING) -> dict:
    """Return how often a network is right about scenes that it has not seen.

    Args:
        views: `Judge.traits` of views, one a scene, [N, 2, C, h, w].
        renders: of the renderer's of the same scenes, in the same order.
        fitting: how the network is trained; a batch holds as many of either.

    Returns:
        Mean, low and high, a 95% interval over scenes; 0.5 is guessing.
    """
    pairs = _whitened(torch.stack((views, renders), dim=1))  # [N, 2, 2, C, h, w]
    fold_of = np.arange(len(pairs)) // len(CATEGORIES) % FOLDS  # equally many of each category
    right = np.zeros(len(pairs))
    for fold in range(FOLDS):
        seen, asked = (pairs[torch.from_numpy(rows)] for rows in (fold_of != fold, fold_of == fold))
        network = _trained(seen, fitting)
        with torch.inference_mode():
            said = _said(network, asked[:, :, 0].flatten(0, 1)).unflatten(0, (-1, 2))
        sure = (said > 0) == torch.tensor([True, False])
        right[fold_of == fold] = sure.double().mean(dim=1).numpy()
    low, high = bootstrap_interval(right)
    return {"mean": float(right.mean()), "low": low, "high": high}


def _trained(pairs: Tensor, fitting: Fitting) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fitting.seed)  # of what is dropped out
        make = partial(_network, pairs.shape[3])
        return fit(make, _loss_on(pairs, fitting.batch), fitting, _silent)


def _whitened(pairs: Tensor) -> Tensor:
    """Return traits whose every channel has mean 0 and deviation 1."""
    other = [dim for dim in range(pairs.ndim) if dim != 3]
    deviation, mean = torch.std_mean(pairs, dim=other, keepdim=True)
    return (pairs - mean) / (deviation + 1e-5)


def _network(channels: int) -> nn.Sequential:
    """Return what says of each place of a view how likely it was not rendered."""
    return nn.Sequential(
        nn.Dropout2d(0.3), nn.Conv2d(channels, _HIDDEN, 1), nn.ReLU(),
        nn.Dropout2d(0.2), nn.Conv2d(_HIDDEN, 1, 1),
    )  # fmt: skip


def _said(network: nn.Module, traits: Tensor) -> Tensor:
    return network(traits).mean(dim=(1, 2, 3))


def _loss_on(pairs: Tensor, batch: int) -> Callable[[nn.Module, np.random.Generator], Tensor]:
    """Return what draws parts of pairs, some of them mirrored, and says what is lost on them."""

    def loss(network: nn.Module, rng: np.random.Generator) -> Tensor:
        which, mirrored = rng.integers(len(pairs), size=batch), int(rng.integers(2))
        some = pairs[torch.from_numpy(which), :, mirrored].flatten(0, 1)
        height, width = (round(SHOWN * size) for size in some.shape[-2:])
        top = int(rng.integers(some.shape[-2] - height + 1))
        left = int(rng.integers(some.shape[-1] - width + 1))
        right = torch.tensor([1 - SMOOTHING, SMOOTHING]).repeat(batch)
        said = _said(network, some[..., top : top + height, left : left + width])
        return functional.binary_cross_entropy_with_logits(said, right)

    return loss


def _silent(_line: str) -> None:
    """Say nothing."""
