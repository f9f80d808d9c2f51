"""How the pocket world's networks run on this machine: as they are, or compiled."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mag_sandbox.model.attention import named_kernel
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.execution import Execution, run_pictures
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.fused import fold_text, fuse
from mag_sandbox.model.generator import BlockGenerator, Generator
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.pocket.animation import Animation
from mag_sandbox.model.pocket.animator import Animator
from mag_sandbox.model.pocket.autoencoder import Autoencoder
from mag_sandbox.model.pocket.cells import DrawnPictures, cells_of
from mag_sandbox.model.pocket.fused_pictures import FusedAnimator, FusedDecoder
from mag_sandbox.model.world import Frames


class Coding(NamedTuple):
    """An autoencoder as it runs."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> fp32 [T, C, h, w]
    picture: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    draw: Callable[[Tensor], DrawnPictures]  # the same, as it is shown and moved


Transformer = Any  # a network as an engine runs it


class PocketEngine:
    """Runs networks as they are, laid out for this machine."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def transformer(self, dit: DiT) -> Transformer:
        """Lay a transformer out; it reads one text at once."""
        dit.kernel = named_kernel(self.execution.kernel)
        dit.to(self.execution.device, self.execution.dtype)
        return fold_text(fuse(dit))

    def painter(self, painter: Painter) -> Painter:
        """Lay a painter out, on the host."""
        fuse(painter.to(self.execution.dtype).dit)
        return painter

    def generator(
        self,
        making: Transformer,
        remembering: Transformer,
        shape: CacheShape,
        slots: int,
        shift: float,
        empty_text: TextKeys,
    ) -> Generator:
        """Return a generator over transformers, and over a cache of its own."""
        where = self.execution.dtype, self.execution.device
        cache = KVCache(shape, slots, *where, spare=1)
        return BlockGenerator(making, remembering, cache, shift, empty_text)

    def coding(
        self,
        autoencoder: Autoencoder,
        config: PocketConfig,  # noqa: ARG002 (any size will do)
    ) -> Coding:
        """Lay an autoencoder out, and return how it is used."""
        run_pictures(autoencoder, self.execution)
        device, dtype = self.execution.device, self.execution.dtype
        decoder = FusedDecoder(autoencoder)

        def encode(frames: Frames) -> Tensor:
            pictures = to_pictures(frames, dtype).to(device)
            lines = pictures.contiguous(memory_format=torch.channels_last)
            return autoencoder.encode(lines).float()

        def picture(latents: Tensor) -> Tensor:
            latents = latents.to(device, dtype)
            return decoder(latents.contiguous(memory_format=torch.channels_last))

        def draw(latents: Tensor) -> DrawnPictures:
            pictures = picture(latents)
            return DrawnPictures(to_frames(pictures), cells_of(pictures))

        return Coding(encode, picture, draw)

    def animation(
        self,
        animator: Animator,
        config: PocketConfig,  # noqa: ARG002 (likewise)
    ) -> Animation:
        """Lay an animator out, and return what moves pictures."""
        run_pictures(animator, self.execution)
        return Animation(animator, FusedAnimator(animator), self.execution.device)
