"""What is behind all things, read off a picture: how alike both are, and what the picture says.

Data, and numbers made of it; knows nothing of networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mag_sandbox.model.imagination.objects import PlacedObject, rgb

_ALIKE = 24.0  # levels of a channel at which two colours are hardly alike any more
_FEWEST = 800  # pixels that a picture had best show of a band
_PLAIN = 0.12  # share of a band's pixels that its own colour has, where it can be seen at all


@dataclass(frozen=True)
class RingPicture:
    """What is known of a ring, as a picture."""

    pixels: np.ndarray  # uint8 [H, W, 3], of 360 degrees
    shown: np.ndarray  # where they are known, bool [H, W]
    covered: np.ndarray  # where something may stand before what is behind all, bool [H, W]

    def of_rows(self, first: int, last: int) -> np.ndarray:
        """Return what rows from the first to before the last show of what is behind, float [N, 3].

        There are as many of each row as it shows. Of a row of which some is bare, that alone
        counts: what stands there has colours of its own.
        """
        ends = np.concatenate(([0], self.shown.sum(axis=1).cumsum()))
        return self._rows[ends[first] : ends[max(first, last)]]

    @cached_property
    def _rows(self) -> np.ndarray:
        found = [np.zeros((0, 3))]
        for pixels, shown, covered in zip(self.pixels, self.shown, self.covered, strict=True):
            own = shown & ~covered
            found.append(np.resize(pixels[own if own.any() else shown], (shown.sum(), 3)))
        return np.asfortranarray(np.concatenate(found))  # channels apart: their maximum is quick


def boxes(things: Sequence[PlacedObject], shape: tuple[int, ...]) -> np.ndarray:
    """Return where things may cover what is behind them in a ring's picture, bool [H, W]."""
    height, width = shape
    covered = np.zeros(shape, bool)
    yaws = (np.arange(width) + 0.5) * 360 / width
    pitches = (height / 2 - np.arange(height) - 0.5) * 360 / width
    for thing in things:
        across = np.abs((yaws - thing.yaw + 180) % 360 - 180)
        down = np.abs(pitches - thing.pitch)
        covered |= (down <= thing.height / 2)[:, None] & (across <= thing.width / 2)
    return covered


def likeness(behind: Sequence[PlacedObject], sight: RingPicture) -> float:
    """Return how much of what a picture shows has the colours that things behind it would have."""
    return sum(
        float(_alike(pixels, thing.color).mean())
        for thing in behind
        if thing.color and len(pixels := _band(thing, sight)) >= _FEWEST
    )


def as_seen(behind: Sequence[PlacedObject], sight: RingPicture) -> list[PlacedObject]:
    """Return things behind with the colours that a picture plainly shows of them."""
    return [_as_seen(thing, _band(thing, sight)) for thing in behind]


def _as_seen(thing: PlacedObject, pixels: np.ndarray) -> PlacedObject:
    if thing.color is None or len(pixels) < _FEWEST:
        return thing
    alike = _alike(pixels, thing.color)
    if alike.mean() < _PLAIN:
        return thing
    color = (pixels * alike[:, None]).sum(axis=0) / alike.sum()
    mean = color if thing.mean_color is None else color + np.subtract(thing.mean_color, thing.color)
    return replace(thing, color=rgb(color), mean_color=rgb(mean))


def _band(thing: PlacedObject, sight: RingPicture) -> np.ndarray:
    """Return the pixels of the rows that a thing covers, float [N, 3]; see `of_rows`."""
    height, width = sight.shown.shape
    middle, half = height / 2 - thing.pitch * width / 360, thing.height * width / 720
    return sight.of_rows(max(round(middle - half), 0), min(max(round(middle + half), 0), height))


def _alike(pixels: np.ndarray, color: Sequence[int]) -> np.ndarray:
    """Return how alike pixels are to a colour, 0 to 1 each."""
    return np.exp(-((np.abs(pixels - np.array(color)).max(axis=-1) / _ALIKE) ** 2))
