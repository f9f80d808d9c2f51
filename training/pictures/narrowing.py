"""Narrows a trained network of close-ups.

Of the channels within its blocks, those stay whose output the next convolution needs most: one
after the other is left out, the one without which the rest, fitted anew, is off least.

Source: Optimal Brain Compression, arXiv 2208.11580.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.imagination.drawing.close_up import WITHIN, CloseUp

SAMPLED = 4000  # places of a batch
DAMPED = 1e-4  # of the mean square of what channels hold: added to it
TAPS = 9  # weights of a channel: 3 x 3


def widths_of(state: dict[str, Tensor]) -> tuple[int, ...]:
    """Return the channels within the blocks of a network with these weights; see `WITHIN`."""
    firsts = "fine.first", "halves.0.first", "quarters.0.first", "twofold"
    return tuple(len(state[f"{name}.bias"]) for name in firsts)


@torch.no_grad()
def narrowed(
    wide: CloseUp, batches: Iterable[Sequence[Tensor]], within: Sequence[int] = WITHIN
) -> CloseUp:
    """Return a network with fewer channels within blocks.

    Args:
        wide: the network.
        batches: what it is given; see `CloseUp.forward`.
        within: how many channels stay.
    """
    network, state = CloseUp(within), wide.state_dict()
    blocks = [name.removesuffix(".second") for name, _ in wide.named_modules() if ".second" in name]
    names = [(f"{name}.first", f"{name}.told", f"{name}.second") for name in blocks]
    names.append(("twofold", "twofold_told", "twofold_head"))
    seen: dict[str, list[Tensor]] = {last: [] for _, _, last in names}
    hooks = [
        wide.get_submodule(last).register_forward_pre_hook(partial(_sample, seen[last]))
        for last in seen
    ]
    for batch in batches:
        wide(*batch)
    for hook in hooks:
        hook.remove()
    for first, told, last in names:
        count = len(network.get_submodule(first).get_parameter("weight"))
        weight = state[f"{last}.weight"]
        stay, state[f"{last}.weight"] = _fitted(torch.cat(seen[last]), weight, count)
        for key in ("weight", "bias"):
            factors, shifts = state[f"{told}.{key}"].chunk(2)
            state[f"{told}.{key}"] = torch.cat((factors[stay], shifts[stay]))
            state[f"{first}.{key}"] = state[f"{first}.{key}"][stay]
    network.load_state_dict(state)
    return network


def _sample(seen: list[Tensor], _module: nn.Module, given: tuple[Tensor]) -> None:
    """Keep what lies around random places of features, [N, C * TAPS]."""
    around = functional.unfold(given[0], 3, padding=1).transpose(1, 2).flatten(0, 1)
    seen.append(around[torch.randperm(len(around))[:SAMPLED]])


def _fitted(seen: Tensor, weight: Tensor, count: int) -> tuple[list[int], Tensor]:
    """Return the channels that stay, and a convolution's weights of them, [out, count, 3, 3]."""
    squares = (seen.T @ seen / len(seen)).double()
    squares.diagonal().add_(DAMPED * squares.diagonal().mean())
    inverse, rows = torch.linalg.inv(squares), weight.flatten(1).T.double()
    stay = list(range(weight.shape[1]))
    while len(stay) > count:
        parts = [slice(at * TAPS, (at + 1) * TAPS) for at in range(len(stay))]
        costs = [(rows[at] * torch.linalg.solve(inverse[at, at], rows[at])).sum() for at in parts]
        least = int(torch.stack(costs).argmin())
        out, rest = parts[least], torch.ones(len(rows), dtype=torch.bool)
        rest[out] = False
        share = inverse[rest][:, out] @ torch.linalg.inv(inverse[out, out])
        rows = rows[rest] - share @ rows[out]
        inverse = inverse[rest][:, rest] - share @ inverse[out][:, rest]
        del stay[least]
    return stay, rows.T.reshape(len(weight), count, *weight.shape[2:]).to(weight.dtype)
