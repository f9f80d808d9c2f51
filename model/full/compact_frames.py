"""The layers' inputs for one frame in 4 bits a number, from which keys and values follow.

A layer adds little to its input, so every layer but the first codes only the difference to the
decoded input of the previous one: errors of one layer are corrected by the next and do not add up
over depth. The first layer's input has no predecessor and is coded twice. A few neighbouring tokens
of a channel share sixteen evenly spaced levels, since channels differ a hundredfold.
"""

from collections.abc import Iterator, Sequence
from math import gcd, prod
from typing import NamedTuple

import torch
from torch import Tensor

STEPS = 15  # between the sixteen levels
NEIGHBOURS = 26  # half a row of tokens at full size; a frame's share of every number of cards has
MOST = 2.0**15  # of any difference: half of fp16's range


class CompactFrame(NamedTuple):
    """The layers' inputs for a frame, coded in layers + 1 turns."""

    levels: Tensor  # two in a byte, uint8 [turns, B, tokens, dim / 2]
    ranges: Tensor  # the lowest level, and the step; uint8 [turns, B, 2, groups, dim]


def compact(inputs: Sequence[Tensor]) -> CompactFrame:
    """Return the layers' inputs, [B, tokens, dim] with an even dim, in a quarter of bf16's size.

    Source: predictive coding (DPCM), over depth in place of time.
    """
    before = torch.zeros_like(inputs[0])
    turns = []
    for x in (inputs[0], *inputs):
        turn = _coded(x.float() - before.float())
        before = _after(before, turn)
        turns.append(turn)
    return CompactFrame(*(torch.stack(parts) for parts in zip(*turns, strict=True)))


def layer_inputs(frame: CompactFrame, dtype: torch.dtype) -> Iterator[Tensor]:
    """Yield the decoded inputs, [B, tokens, dim], the same numbers every time.

    The type must be that of the coded inputs.
    """
    batch, tokens, half = frame.levels.shape[1:]
    x = frame.levels.new_zeros(batch, tokens, 2 * half, dtype=dtype)
    for turn, coded in enumerate(zip(*frame, strict=True)):
        x = _after(x, CompactFrame(*coded))
        if turn:
            yield x


def compact_shapes(
    layers: int, batch: int, tokens: int, dim: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of the two parts of a frame of such sizes."""
    groups = tokens // _neighbours(tokens)
    return (layers + 1, batch, tokens, dim // 2), (layers + 1, batch, 2, groups, dim)


def compact_bytes(layers: int, batch: int, tokens: int, dim: int) -> int:
    """Return the bytes of such a frame."""
    return sum(map(prod, compact_shapes(layers, batch, tokens, dim)))


def check_compact(frame: CompactFrame, layers: int, batch: int, tokens: int, dim: int) -> None:
    """Raise ValueError if a frame from outside is of other sizes, or not finite."""
    for part, expected in zip(frame, compact_shapes(layers, batch, tokens, dim), strict=True):
        if part.shape != expected or part.dtype != torch.uint8:
            raise ValueError(f"a kept frame is {tuple(part.shape)}, expected {expected}")
    if not torch.isfinite(_of_byte(frame.ranges)).all():
        raise ValueError("a kept frame holds values that are not finite")


def _neighbours(tokens: int) -> int:
    """Return how many of so many tokens share their levels."""
    return gcd(tokens, NEIGHBOURS)


def _coded(difference: Tensor) -> CompactFrame:
    """Return a difference, fp32 [B, tokens, dim], in one turn."""
    together = _neighbours(difference.shape[1])
    groups = difference.clamp(-MOST, MOST).unflatten(1, (-1, together))
    lowest = _top_byte(groups.amin(2), up=False)
    step = _top_byte((groups.amax(2) - _of_byte(lowest)) / STEPS, up=True)
    above = (groups - _of_byte(lowest)[:, :, None]) / _of_byte(step)[:, :, None].clamp_min(1e-12)
    levels = above.round().clamp(0, STEPS).to(torch.uint8).flatten(1, 2)
    pairs = levels[..., 0::2] | levels[..., 1::2] << 4
    return CompactFrame(pairs, torch.stack((lowest, step), dim=1))


def _after(before: Tensor, turn: CompactFrame) -> Tensor:
    levels = torch.stack((turn.levels & STEPS, turn.levels >> 4), dim=-1).flatten(-2)
    lowest, step = _of_byte(turn.ranges).unbind(1)
    groups = levels.float().unflatten(1, (lowest.shape[1], -1))
    difference = groups * step[:, :, None] + lowest[:, :, None]
    result: Tensor = (before.float() + difference.flatten(1, 2)).to(before.dtype)
    return result


def _top_byte(numbers: Tensor, *, up: bool) -> Tensor:
    """Return the upper half of numbers as fp16, that is sign, exponent and two bits, rounded."""
    half = numbers.half()
    bits = half.view(torch.int16).int() & 0xFFFF
    away = half > 0 if up else half < 0  # from zero
    return (bits + away * 0xFF >> 8).to(torch.uint8)


def _of_byte(top: Tensor) -> Tensor:
    """Return the numbers, fp32, of which `_top_byte` kept so much."""
    bits = top.int() << 8
    return (bits - (bits >= 0x8000) * 0x10000).to(torch.int16).view(torch.half).float()
