"""Things that are painted in other colours than the plan's, for networks that follow told ones.

Painters follow the light of their renders: they make a yellow taxi olive at night. Where no words
give a colour, paintings are nearer to renders than plans are, so that a network had better trust
them. So only a share of the things is marked as told. Most of these are painted in another colour,
or half in that of something else, while plan and render stay.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SHARE, MOST = 0.5, 3  # of crops with things that are told, and these in each of them
RIGHT = 0.3  # share of told things that are painted as they are planned
AS_ANOTHER = 0.25  # share of the others in which something else shows
FEWEST = 25  # px of a thing that is bent
_TINT = torch.tensor([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])
_COLOR = torch.linalg.inv(_TINT)  # of brightness and tint (ITU-R BT.601)


def bent(colors: Tensor, rng: np.random.Generator) -> Tensor:
    """Return colours, [3, H, W] in [0, 1], of another hue, vividness and brightness."""
    turn, vivid, light = rng.uniform(-np.pi, np.pi), rng.uniform(0.2, 1.6), rng.uniform(0.75, 1.25)
    across, along = vivid * np.cos(turn), vivid * np.sin(turn)
    change = torch.tensor([[light, 0, 0], [0, across, -along], [0, along, across]])
    moved = torch.einsum("ij,jhw->ihw", _COLOR @ change.float() @ _TINT, colors)
    return moved.clamp(0, 1)


def wrong(colors: Tensor, others: Tensor, rng: np.random.Generator) -> Tensor:
    """Return colours of a thing, [3, H, W], bent, or mixed with those of something else."""
    if rng.random() < AS_ANOTHER:
        return torch.lerp(colors, others, rng.uniform(0.3, 0.9))
    return bent(colors, rng)


def with_told_things(
    given: Tensor, numbers: np.ndarray, told: float, rng: np.random.Generator
) -> Tensor:
    """Return what a refiner is given, [C, H, W], in which some things are told.

    Args:
        given: colours as painted and sketched, and where things stand.
        numbers: of the thing in each pixel, 0: none, [H, W].
        told: stands for told things.
        rng: chooses them.
    """
    painted, stand = given[:3].clone(), given[-1].clone()
    things, counts = np.unique(numbers[numbers > 0], return_counts=True)
    chosen = rng.permutation(things[counts > FEWEST])[: int(rng.integers(1, MOST + 1))]
    for number in chosen:
        own = torch.from_numpy(numbers == number)
        stand[own & (stand > 0)] = told
        if rng.random() < RIGHT:
            continue
        soft = functional.avg_pool2d(own[None].float(), 3, 1, 1)
        beside = painted.roll(int(own.any(dim=0).sum()), 2)
        painted = torch.lerp(painted, wrong(painted, beside, rng), soft)
    return torch.cat((painted, given[3:-1], stand[None]))
