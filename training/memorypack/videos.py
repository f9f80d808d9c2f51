"""Videos for MemoryPack: pans over drawn panoramas, or latents made beforehand."""

import numpy as np
import torch

from mag_sandbox.model.memorypack.places import IndexPlaces, LatentFrames, RayPlaces
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.rope import RayCoordinates, index_frequencies
from mag_sandbox.training.devices import Device
from mag_sandbox.training.draws import Draws
from mag_sandbox.training.memorypack.stage import VideoBatch
from mag_sandbox.training.pocket.data import PanoramaSet
from mag_sandbox.training.pocket.latents import encode_views, places_to_poses
from mag_sandbox.training.pocket.paths import return_path, stacked, steady_path
from mag_sandbox.training.pocket.stage_images import Captions
from mag_sandbox.training.recipe.clips import ClipSource

_VIDEOS = 41  # keeps draws apart


class PocketVideos:
    """Pans, half of them out and back; a `VideoSource`. The image is the last frame of a block.

    Args:
        networks: whose text encoder reads the captions; it stays as it is.
        autoencoder: makes the latents.
        data: the panoramas.
        captions: of them.
        device: where frames are encoded.
        batch: videos a step.
        seed: of all draws.
    """

    def __init__(
        self,
        networks: PocketNetworks,
        autoencoder: Autoencoder,
        data: PanoramaSet,
        captions: Captions,
        device: Device,
        batch: int,
        seed: int,
    ) -> None:
        config = networks.config
        rows, columns = (size // config.dit.patch for size in config.latent_size)
        rays = RayCoordinates(config.dit.rays, rows, columns, config.block_length)
        self.length = config.block_length
        self.places = RayPlaces(rays, rows, columns, self.length)
        self._networks, self._autoencoder = networks, autoencoder
        self._data, self._captions, self._device = data, captions, device
        self._batch, self._seed = batch, seed

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return encoded views along pans."""
        draws = Draws(self._seed, _VIDEOS, number)
        panoramas = draws.rng.integers(len(self._data), size=self._batch)
        ways = (draws.rng.choice((steady_path, return_path)) for _ in panoramas)
        paths = [way(draws.rng, 1 + clips, self.length) for way in ways]
        path, first = stacked(paths), self.length - 1
        left, top, fov = (
            values.reshape(self._batch, -1)[:, first:] for values in (path.left, path.top, path.fov)
        )  # [B, 1 + clips * length]
        times = torch.arange(left.shape[1]) + first  # as in play, whose pack counts from the start
        pictures = np.stack(
            [
                self._data.view_at_rest(panorama, *place)
                for panorama, *rows in zip(panoramas, left, top, fov, strict=True)
                for place in zip(*rows, strict=True)
            ]
        )
        latents = encode_views(self._autoencoder, pictures, self._device).unflatten(0, left.shape)
        words, empty = self._captions.draw(panoramas, draws.rng), self._captions.empty(self._batch)
        return VideoBatch(
            LatentFrames(latents, times, places_to_poses(left, top, fov)), self._read(*words),
            self._read(*empty),
        )  # fmt: skip

    @torch.no_grad()
    def _read(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        upload = self._device.upload
        return self._networks.text(upload(ids), upload(mask)).float()


class IndexedVideos:
    """Latents made beforehand, placed by their indices: full size; a `VideoSource`.

    The image is the first latent frame, which holds the video's first picture.

    Args:
        clips: where latents and text features come from.
        patch: latents across and down in one token.
        head_dim: channels of a head.
        length: latent frames of a clip.
    """

    def __init__(self, clips: ClipSource, patch: int, head_dim: int, length: int) -> None:
        rows, columns = (side // patch for side in clips.shape[1:])
        self.length = length
        self.places = IndexPlaces(rows, columns, index_frequencies(head_dim))
        self._clips = clips

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return the first frames of videos: as many whole clips as they have, at most `clips`."""
        drawn = self._clips.clips(number, 1 + clips * self.length)
        batch, frames = drawn.latents.shape[:2]
        whole = 1 + (frames - 1) // self.length * self.length
        latents = LatentFrames(drawn.latents[:, :whole], torch.arange(whole))
        return VideoBatch(latents, drawn.conditions.text, self._clips.text("", batch))
