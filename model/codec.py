"""Pictures from and to latents, as a world is given it."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.world import Frames, WorldSpec


@dataclass(frozen=True, slots=True)
class Codec:
    """Frames from and to latents, and a scene's first picture from a file."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> [T, C, h, w]
    picture: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    open_image: Callable[[str], Frames]  # path -> uint8 [1, H, W, 3]

    def decode(self, latents: Tensor) -> Frames:
        """Return frames, uint8 [T, H, W, 3], of latents, [T, C, h, w]."""
        return to_frames(self.picture(latents))

    def encode_block(self, frames: Frames, spec: WorldSpec) -> Tensor:
        """Return the latents of a block, [1, F, C, h, w].

        Args:
            frames: uint8 [block_length, H, W, 3].
            spec: of the world.

        Raises:
            ValueError: the frames are of another number or size.
        """
        expected = (spec.block_length, spec.frame_height, spec.frame_width, 3)
        if frames.shape != expected:
            raise ValueError(f"a block's frames are {frames.shape}, expected {expected}")
        return self.encode(frames)[None].float()
