"""Videos for MemoryPack: pans over drawn panoramas, or latents made beforehand."""

from dataclasses import dataclass

import numpy as np
import torch

from mag_sandbox.model.memorypack.places import IndexPlaces, LatentFrames, RayPlaces
from mag_sandbox.model.rope import RayCoordinates, index_frequencies
from mag_sandbox.training.memorypack.stage import VideoBatch
from mag_sandbox.training.pocket.clips import PocketParts
from mag_sandbox.training.pocket.latents import encode_views, places_to_poses
from mag_sandbox.training.pocket.paths import return_path, stacked, steady_path
from mag_sandbox.training.recipe.clips import ClipSource
from mag_sandbox.training.seeded_random import SeededRandom

_VIDEOS = 41  # keeps draws apart


@dataclass(eq=False)
class PocketVideos:
    """Pans, half of them out and back; a `VideoSource`. The image is the last frame of a block."""

    parts: PocketParts  # what they are made of
    batch: int  # videos a step
    seed: int  # of all draws

    def __post_init__(self) -> None:
        rays = RayCoordinates.of(self.parts.config)
        self.length, self.places = rays.block_length, RayPlaces(rays)

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return encoded views along pans."""
        random = SeededRandom(self.seed, _VIDEOS, number)
        panoramas = random.numpy.integers(len(self.parts.data), size=self.batch)
        ways = (random.numpy.choice((steady_path, return_path)) for _ in panoramas)
        paths = [way(random.numpy, 1 + clips, self.length) for way in ways]
        path, first = stacked(paths), self.length - 1
        left, top, fov = (
            values.reshape(self.batch, -1)[:, first:] for values in (path.left, path.top, path.fov)
        )  # [B, 1 + clips * length]
        times = torch.arange(left.shape[1]) + first  # as in play, whose pack counts from the start
        pictures = np.stack(
            [
                self.parts.data.view_at_rest(panorama, *place)
                for panorama, *rows in zip(panoramas, left, top, fov, strict=True)
                for place in zip(*rows, strict=True)
            ]
        )
        parts = self.parts
        latents = encode_views(parts.autoencoder, pictures, parts.device).unflatten(0, left.shape)
        return VideoBatch(
            LatentFrames(latents, times, places_to_poses(left, top, fov)),
            parts.read(parts.captions.draw(panoramas, random.numpy)),
            parts.read(parts.captions.empty(self.batch)),
        )


@dataclass(eq=False)
class IndexedVideos:
    """Latents made beforehand, placed by their indices: full size; a `VideoSource`.

    The image is the first latent frame, which holds the video's first picture.
    """

    clips: ClipSource  # where latents and text features come from
    patch: int  # latents across and down in one token
    head_dim: int  # channels of a head
    length: int  # latent frames of a clip

    def __post_init__(self) -> None:
        rows, columns = (side // self.patch for side in self.clips.shape[1:])
        self.places = IndexPlaces(rows, columns, index_frequencies(self.head_dim))

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return the first frames of videos: as many whole clips as they have, at most `clips`."""
        drawn = self.clips.clips(number, 1 + clips * self.length)
        batch, frames = drawn.latents.shape[:2]
        whole = 1 + (frames - 1) // self.length * self.length
        latents = LatentFrames(drawn.latents[:, :whole], torch.arange(whole))
        return VideoBatch(latents, drawn.conditions.text, self.clips.text("", batch))
