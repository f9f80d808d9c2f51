"""Random camera paths through a panorama, in whole ring pixels: what memory is trained on.

They hold what players and the game do: slow and fast pans, tilts, still cameras, turning back,
jumps ahead (look-ahead) that are then panned into, returns to old places after a long time, and
zooming in and out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mag_sandbox.model.config import POCKET
from mag_sandbox.renderer.canvas import RING_HEIGHT
from mag_sandbox.renderer.views import FOV, HEIGHT

REACH = RING_HEIGHT - HEIGHT  # largest top of a view [px]
FASTEST = 24.0  # px a frame (108 degrees a second at 16 frames a second)
LONGEST_GAP = 16000  # frames between two visits (about 17 minutes)
NARROWEST = POCKET.narrowest_fov
ZOOMS = 0.4  # share of paths that zoom at all
FASTEST_ZOOM = 3.0  # degrees a frame
PACE = (0.3, 1.0)  # of a way back, over that of the way out


@dataclass(frozen=True, slots=True)
class CameraPath:
    """Where each frame of consecutive blocks looks, and when."""

    left: np.ndarray  # float [blocks, frames], ring pixels
    top: np.ndarray  # float [blocks, frames], 0 to REACH
    times: np.ndarray  # float [blocks, frames], frame numbers
    fov: np.ndarray  # float [blocks, frames], NARROWEST to FOV [degrees]

    def places(self) -> Iterator[tuple[float, float, float]]:
        """Yield left, top and fov of every frame in turn."""
        return zip(self.left.flat, self.top.flat, self.fov.flat, strict=True)


MakePath = Callable[[np.random.Generator, int, int], CameraPath]  # ..., blocks, block length


def random_path(rng: np.random.Generator, blocks: int, block_length: int) -> CameraPath:
    """Return one path; a block moves at one speed."""
    left, top, times, fovs = (np.empty((blocks, block_length)) for _ in range(4))
    zooms = rng.random() < ZOOMS
    fov, narrowing = random_fov(rng) if zooms else FOV, 0.0
    x, y = float(rng.integers(1280)), float(np.clip(rng.normal(REACH / 2, REACH / 5), 0, REACH))
    clock, velocity = -1.0, _velocity(rng)
    steps = np.arange(1, block_length + 1)
    index = 0
    while index < blocks:
        jump = rng.random()
        if index and jump < 0.14 and index + 1 < blocks:  # look ahead, then continue from here
            side = np.sign(velocity[0]) or rng.choice((-1.0, 1.0))
            left[index] = x + side * rng.integers(180, 290)
            top[index], fovs[index] = y, fov
            times[index] = clock + steps
            index += 1
        elif index and jump < 0.22:  # somewhere near, after a while
            x, y = x + rng.integers(-340, 341), rng.uniform(0, REACH)
            clock += _gap(rng)
        elif index and jump < 0.34:  # back to an old place
            past = rng.integers(index)
            x, y = left[past, -1] + rng.integers(-60, 61), top[past, -1]
            clock += _gap(rng)
        velocity = _next_velocity(velocity, rng)
        narrowing = _next_narrowing(narrowing, rng) if zooms else 0.0
        fovs[index] = np.clip(fov - narrowing * steps, NARROWEST, FOV)
        left[index] = np.round(x + velocity[0] * steps)
        top[index] = np.round(np.clip(y + velocity[1] * steps, 0, REACH))
        times[index] = clock + steps
        x, y, clock = left[index, -1], top[index, -1], clock + block_length
        fov = fovs[index, -1]
        index += 1
    return CameraPath(left, top, times, fovs)


def stack_paths(paths: Sequence[CameraPath]) -> CameraPath:
    """Return paths as one, with an axis in front for each of them."""
    names = CameraPath.__dataclass_fields__
    return CameraPath(*(np.stack([getattr(path, name) for path in paths]) for name in names))


def steady_path(rng: np.random.Generator, blocks: int, block_length: int) -> CameraPath:
    """Return a path without jumps or zoom: every frame continues the one before it."""
    velocities, velocity = [], _velocity(rng)
    for _ in range(blocks):
        velocity = _next_velocity(velocity, rng)
        velocities.append(velocity)
    steps = np.repeat(np.stack(velocities), block_length, axis=0)  # [frames, 2]
    x, y = float(rng.integers(1280)), float(np.clip(rng.normal(REACH / 2, REACH / 5), 0, REACH))
    left = np.round(x + steps[:, 0].cumsum())
    top = np.round(np.clip(y + steps[:, 1].cumsum(), 0, REACH))
    times = np.arange(blocks * block_length, dtype=float)
    every = left, top, times, np.full_like(times, FOV)
    return CameraPath(*(values.reshape(blocks, block_length) for values in every))


def return_path(rng: np.random.Generator, blocks: int, block_length: int) -> CameraPath:
    """Return a steady path that turns around halfway and takes the same way back, but slower.

    So views on the way back lie between those on the way out.
    """
    out, shape = steady_path(rng, (blocks + 1) // 2, block_length), (blocks, block_length)
    frames, pace = np.arange(blocks * block_length, dtype=float), rng.uniform(*PACE)
    last = out.left.size - 1
    along = np.where(frames > last, last - (frames - last) * pace, frames)
    left, top, fov = (
        np.interp(along, frames[: last + 1], values.ravel()).reshape(shape)
        for values in (out.left, out.top, out.fov)
    )
    return CameraPath(left, top, frames.reshape(shape), fov)


def _next_velocity(velocity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    change = rng.random()
    if change < 0.25:
        return -velocity
    return _velocity(rng) if change < 0.4 else velocity


def _velocity(rng: np.random.Generator) -> np.ndarray:
    kind = rng.random()
    if kind < 0.12:
        return np.zeros(2)
    across = log_uniform(rng, 1.0, FASTEST) * rng.choice((-1, 1))
    along = log_uniform(rng, 0.5, FASTEST / 3) * rng.choice((-1, 1))
    if kind < 0.2:
        return np.array([0.0, along])
    return np.array([across, along if kind < 0.45 else 0.0])


def _next_narrowing(narrowing: float, rng: np.random.Generator) -> float:
    """Degrees a frame by which the view narrows in the next block; less than 0: widens."""
    change = rng.random()
    if change < 0.4:
        return narrowing
    if change < 0.7:
        return 0.0
    return float(log_uniform(rng, 0.2, FASTEST_ZOOM) * rng.choice((-1, 1)))


def random_fov(rng: np.random.Generator, size: tuple[int, ...] | None = None) -> np.ndarray:
    """Return widths of views, anything from not zoomed to zoomed in as far as it goes [degrees]."""
    return log_uniform(rng, NARROWEST, FOV, size)


def _gap(rng: np.random.Generator) -> float:
    return float(log_uniform(rng, 3.0, LONGEST_GAP).round())


def log_uniform(
    rng: np.random.Generator, low: float, high: float, size: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return numbers whose logarithms are spread evenly from `low` to `high`."""
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
