"""Training data of the pocket world: panoramas, captions, encoded views, sequences of blocks.

Panoramas are drawn once, cached on disk, and cut into views on the spot. Batches follow from
(seed, step) alone, so a resumed run sees the data of an unbroken one.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.lighting import flickering
from mag_sandbox.renderer.motion import MotionLabel
from mag_sandbox.renderer.render import (
    HELD_OUT,
    RENDERER_VERSION,
    SceneRenderer,
    category_of,
    lay_out,
)
from mag_sandbox.renderer.setting import glows_of
from mag_sandbox.renderer.views import DEGREES_PER_PIXEL, FOV, HEIGHT, WIDTH, blended_view, view
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.pocket.paths import (
    REACH,
    MakePath,
    log_uniform,
    random_fov,
    random_path,
    stack_paths,
)

logger = logging.getLogger(__name__)

CHANNELS = 7  # of a moving ring: colours at rest, `MotionLabel`, colours at its time
# play moves these otherwise: in training they stay where they are at rest
STAYING = MotionLabel.WALKER, MotionLabel.FALLING
SOON, LATEST = 320, 4500  # frames; most rings are seen again at a time below the first
SOON_SHARE = 0.6
CAPTIONS_EACH = 6
CAPTION_DROPOUT = 0.1
ZOOMED = 0.3  # share of pooled views
PATH_BLOCKS = 6  # blocks a sequence along a path
LONGEST_PAUSE = 4000.0  # frames between two imagined views (about four minutes)
_CHUNK = 16  # panoramas drawn by one task
_BATCH = 64  # views encoded at once


class TooManyPanoramas(WorldFailed, ValueError):
    """More scenes were asked for than there are seeds for training."""


@dataclass(frozen=True, slots=True)
class PanoramaSet:
    """Drawn panoramas, which move, with their captions."""

    rings: np.ndarray  # uint8 [N, RING_HEIGHT, RING_WIDTH, CHANNELS], on disk
    times: np.ndarray  # float [N]; frames until the second picture of each
    captions: list[list[str]]  # CAPTIONS_EACH a panorama

    def __len__(self) -> int:
        return len(self.captions)

    def view_at_rest(self, index: int, left: float, top: float, fov: float) -> np.ndarray:
        """Return the view of a panorama at a place of `CameraPath`, uint8 [HEIGHT, WIDTH, 3].

        It is of time 0, which is all that the world is to know.
        """
        return blended_view(self.rings[index, ..., :3], left, top, fov)


def panorama_set(folder: Path, count: int) -> PanoramaSet:
    """Return `count` panoramas of all categories, or raise TooManyPanoramas."""
    if count > HELD_OUT:
        raise TooManyPanoramas(f"{count} scenes reach held-out seed {HELD_OUT}; ask for fewer")
    stem = folder / f"moving-v{RENDERER_VERSION}-0-{count}"
    rings, words = stem.with_suffix(".npy"), stem.with_suffix(".json")
    if not words.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _draw(rings, words, count)
    records = json.loads(words.read_text())
    return PanoramaSet(
        rings=np.load(rings, mmap_mode="c"),  # nothing is written, but tensors need to be able to
        times=np.array([record["time"] for record in records]),
        captions=[record["captions"] for record in records],
    )


def _draw(rings: Path, words: Path, count: int) -> None:
    shape, records = (count, RING_HEIGHT, RING_WIDTH, CHANNELS), []
    starts = range(0, count, _CHUNK)
    with (
        _array_file(rings, np.uint8, shape) as array,
        ProcessPoolExecutor(max_workers=os.cpu_count()) as pool,
    ):
        tasks = ((start, min(_CHUNK, count - start)) for start in starts)
        for start, drawn in zip(starts, pool.map(_draw_chunk, tasks), strict=True):
            for offset, (ring, record) in enumerate(drawn):
                array[start + offset] = ring
                records.append(record)
            if start % (_CHUNK * 16) == 0:
                logger.info("drew %d/%d panoramas", len(records), count)
    words.write_text(json.dumps(records))


@contextmanager
def _array_file(path: Path, dtype: type, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Give an array on disk; the file gets its name when the array is complete."""
    partial = path.with_suffix(".partial")
    array = np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=shape)
    yield array
    array.flush()
    partial.replace(path)


def _draw_chunk(task: tuple[int, int]) -> list[tuple[np.ndarray, dict[str, Any]]]:
    first, count = task
    return [_draw_moving(seed) for seed in range(first, first + count)]


def _draw_moving(seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    scene, rng = SceneRenderer(lay_out(category_of(seed), seed)), np.random.default_rng([seed, 5])
    low, high = np.log((SOON, LATEST))
    soon = rng.random() < SOON_SHARE
    time = round(rng.uniform(0, SOON) if soon else float(np.exp(rng.uniform(low, high))))
    rest, later = scene.ring(), scene.ring(time=time)
    labels = rest.motions
    stays = np.isin(labels, STAYING) | np.isin(later.motions, STAYING)
    if scene.layout.room is not None:
        lights = flickering(glows_of(scene.layout, rest.viewer), RING_HEIGHT, RING_WIDTH)
        labels = np.where((lights > 0) & ~stays, MotionLabel.FLICKER, labels).astype(np.uint8)
    moved = np.where(stays[..., None], rest.pixels, later.pixels)
    captions = [rest.caption(index) for index in range(CAPTIONS_EACH)]
    return np.dstack((rest.pixels, labels, moved)), {"captions": captions, "time": time}


def random_crops(
    data: PanoramaSet, rng: np.random.Generator, count: int, height: int, width: int
) -> np.ndarray:
    """Return crops of random panoramas at rest, [count, height, width, 3]."""
    crops = np.empty((count, height, width, 3), np.uint8)
    for crop in crops:
        ring = data.rings[rng.integers(len(data))]
        top = int(rng.integers(RING_HEIGHT - height + 1))
        crop[:] = view(ring[..., :3], int(rng.integers(RING_WIDTH)), top, width, height)
    return crops


class CaptionSource(Protocol):
    """Scenes with as many captions each."""

    @property
    def captions(self) -> Sequence[Sequence[str]]:
        """Captions of every scene."""


class Captions:
    """Token ids of every caption, drawn at random, sometimes empty."""

    def __init__(self, data: CaptionSource, tokenizer: Tokenizer, text_len: int) -> None:
        self._each = len(data.captions[0])
        flat = [caption for captions in data.captions for caption in captions]
        self._ids, self._mask = tokenise(tokenizer, flat, text_len)
        self._empty = tokenise(tokenizer, [""], text_len)

    def draw(
        self, panoramas: np.ndarray, rng: np.random.Generator, dropout: float = CAPTION_DROPOUT
    ) -> tuple[Tensor, Tensor]:
        """Return ids and mask, [B, text_len], of one caption for each panorama."""
        rows = torch.from_numpy(
            panoramas * self._each + rng.integers(self._each, size=len(panoramas))
        )
        dropped = torch.from_numpy(rng.random(len(panoramas)) < dropout)[:, None]
        return (
            torch.where(dropped, self._empty[0], self._ids[rows]),
            torch.where(dropped, self._empty[1], self._mask[rows]),
        )

    def empty(self, count: int) -> tuple[Tensor, Tensor]:
        """Return ids and mask of the empty prompt, [count, text_len]."""
        return self._empty[0].expand(count, -1), self._empty[1].expand(count, -1)


@dataclass(frozen=True, slots=True)
class LatentPool:
    """Encoded views of panoramas at rest, and where each was cut; those of one side by side."""

    latents: np.ndarray  # float16 [N, C, H, W], on disk
    places: np.ndarray  # float [N, 4]: panorama, left, top [px], fov [degrees]

    def __len__(self) -> int:
        return len(self.places)


def places_to_poses(left: np.ndarray, top: np.ndarray, fov: np.ndarray) -> Tensor:
    """Return yaw, pitch, fov [degrees], [..., 3], of views cut out at ring pixels.

    Left and top are of the view that is not zoomed, whose middle a zoomed one shares.
    """
    yaw = (left + WIDTH / 2) * DEGREES_PER_PIXEL
    pitch = (RING_HEIGHT / 2 - HEIGHT / 2 - top) * DEGREES_PER_PIXEL
    return torch.from_numpy(np.stack((yaw, pitch, fov), axis=-1))


class RestingViews:
    """Encoded views of panoramas at rest, cut out and encoded on a device."""

    def __init__(self, data: PanoramaSet, autoencoder: Autoencoder, device: TrainingDevice) -> None:
        self._autoencoder, self._device = autoencoder, device
        self._rings = torch.from_numpy(data.rings)[..., :3].to(device.device)

    @torch.no_grad()
    def latents(self, panorama: int, left: np.ndarray, top: np.ndarray, fov: np.ndarray) -> Tensor:
        """Return latents, fp32 [F, C, H, W], of a panorama's views at places of `CameraPath`."""
        pixels = self.pixels(panorama, left, top, fov).permute(0, 3, 1, 2)
        with self._device.autocast():
            encoded = self._autoencoder.encode(pixels.div_(127.5).sub_(1.0))
        return encoded.float()

    def pixels(self, panorama: int, left: np.ndarray, top: np.ndarray, fov: np.ndarray) -> Tensor:
        """Return the views, fp32 [F, H, W, 3] from 0 to 255; zoomed ones are blended."""
        ring = self._rings[panorama]
        x, y = (_pixels(*axis, fov) for axis in ((left, WIDTH), (top, HEIGHT)))
        (rows, down), (columns, across) = (
            [torch.from_numpy(part).to(ring.device) for part in (np.floor(at).astype(int), at % 1)]
            for at in (y, x)
        )
        rows, columns = rows[..., None], columns[:, None] % RING_WIDTH
        pixels = ring[rows, columns].float()
        if not (y % 1).any() and not (x % 1).any():
            return pixels
        below, beside = (rows + 1).clamp(max=RING_HEIGHT - 1), (columns + 1) % RING_WIDTH
        across, down = (part.float() for part in (across[:, None, :, None], down[..., None, None]))
        above = torch.lerp(pixels, ring[rows, beside].float(), across)
        under = torch.lerp(ring[below, columns].float(), ring[below, beside].float(), across)
        return torch.lerp(above, under, down)


def _pixels(start: np.ndarray, count: int, fov: np.ndarray) -> np.ndarray:
    """Return where on the ring the pixels across (or down) views lie [px], [F, count]."""
    scale = (fov / FOV)[:, None]
    middle = (count - 1) / 2
    return start[:, None] + middle + (np.arange(count) - middle) * scale


@torch.no_grad()
def encode_views(module: Autoencoder, frames: np.ndarray, device: TrainingDevice) -> Tensor:
    """Return normalised latents, fp32 [T, C, H, W], of frames, uint8 [T, H, W, 3]."""
    with device.autocast():
        return module.encode(device.upload(to_pictures(frames))).float()


def latent_pool(
    module: Autoencoder, data: PanoramaSet, per_panorama: int, folder: Path, device: TrainingDevice
) -> LatentPool:
    """Return `per_panorama` random views of every panorama, encoding those that are not cached."""
    stem = folder / f"latents-v4-{_fingerprint(module)}-{len(data)}-{per_panorama}"
    values, places = stem.with_suffix(".npy"), stem.with_suffix(".places.npy")
    if not places.exists():
        _encode(module, data, per_panorama, values, places, device)
    return LatentPool(np.load(values, mmap_mode="r"), np.load(places))


def _encode(
    module: Autoencoder,
    data: PanoramaSet,
    per_panorama: int,
    values: Path,
    places: Path,
    device: TrainingDevice,
) -> None:
    rng = np.random.default_rng(len(data))
    count = len(data) * per_panorama
    where = np.stack(
        (
            np.repeat(np.arange(len(data)), per_panorama),
            rng.integers(RING_WIDTH, size=count),
            _tops(rng, count),
            np.where(rng.random(count) < ZOOMED, random_fov(rng, (count,)), FOV),
        ),
        axis=-1,
    )
    config = module.config
    shape = (count, config.channels, HEIGHT // config.stride, WIDTH // config.stride)
    with _array_file(values, np.float16, shape) as latents:
        for start in range(0, count, _BATCH):
            rows = where[start : start + _BATCH]
            frames = np.stack([data.view_at_rest(int(i), *place) for i, *place in rows])
            latents[start : start + len(rows)] = encode_views(module, frames, device).cpu().numpy()
            if start % (_BATCH * 64) == 0:
                logger.info("encoded %d/%d views", start, count)
    np.save(places, where)


def _tops(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return tops of views [px]: half near the horizon, where people look, half anywhere."""
    near = rng.normal(REACH / 2, REACH / 10, count).round()
    anywhere = rng.integers(REACH + 1, size=count)
    return np.where(rng.random(count) < 0.5, near.clip(0, REACH), anywhere).astype(int)


def _fingerprint(module: Autoencoder) -> str:
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        if not name.startswith("decoder"):
            digest.update(value.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Sequences:
    """Clean blocks, their coordinates, and where they come from; B sequences of M blocks."""

    latents: Tensor  # fp32 [B, M, F, C, H, W]
    poses: Tensor  # yaw, pitch, fov [degrees], [B, M, F, 3]
    times: Tensor  # frame numbers, [B, M, F]
    order: Tensor  # place of each frame in its block, int [F]
    panoramas: np.ndarray  # int [B]


class SequenceSource(Protocol):
    """Where sequences come from."""

    batch: int  # sequences a step
    reconstruct: float  # share of noisy blocks that also read their own kept frame
    alone: float  # share of noisy blocks that read no other block

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return `count` sequences that follow from the generator alone."""


@dataclass(eq=False)
class PathBlocks:
    """Blocks of consecutive frames along random camera paths."""

    batch = 3
    reconstruct = 0.2
    alone = 0.0

    data: PanoramaSet
    autoencoder: Autoencoder
    block_length: int
    device: TrainingDevice
    path: MakePath = random_path

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return sequences along new paths."""
        panoramas = rng.integers(len(self.data), size=count)
        paths = [self.path(rng, PATH_BLOCKS, self.block_length) for _ in panoramas]
        frames = np.stack(
            [
                self.data.view_at_rest(panorama, *place)
                for panorama, path in zip(panoramas, paths, strict=True)
                for place in path.places()
            ]
        )
        latents, path = encode_views(self.autoencoder, frames, self.device), stack_paths(paths)
        return Sequences(
            torch.unflatten(latents, 0, path.left.shape),
            places_to_poses(path.left, path.top, path.fov),
            torch.from_numpy(path.times),
            torch.arange(self.block_length),
            panoramas,
        )


class PooledViews:
    """Single frames of one panorama at random places."""

    batch = 10
    reconstruct = 0.0
    alone = 0.15

    def __init__(self, pool: LatentPool, block_length: int) -> None:
        self._pool = pool
        self._order = torch.tensor([block_length - 1])  # the place of a frame that is kept
        self._views = int((pool.places[:, 0] == 0).sum())  # of each panorama, side by side

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        """Return all pooled views of random panoramas, in random order."""
        panoramas = np.sort(rng.integers(len(self._pool) // self._views, size=count))
        places = np.argsort(rng.random((count, self._views)), axis=1)
        rows = panoramas[:, None] * self._views + places
        _, left, top, fov = np.moveaxis(self._pool.places[rows], -1, 0)
        pauses = log_uniform(rng, 1.0, LONGEST_PAUSE, rows.shape).round()
        return Sequences(
            torch.from_numpy(self._pool.latents[rows].astype(np.float32))[:, :, None],
            places_to_poses(left, top, fov)[:, :, None],
            torch.from_numpy(pauses.cumsum(axis=1))[:, :, None],
            self._order,
            panoramas,
        )
