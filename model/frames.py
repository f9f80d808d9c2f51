"""Frames as the game has them (uint8) from and to pictures as networks have them ([-1, 1])."""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from mag_sandbox.model.world import WorldFailed


def to_pictures(frames: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return pictures [T, 3, H, W] in [-1, 1] of frames, uint8 [T, H, W, 3]."""
    pictures = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    return pictures.to(dtype).div_(127.5).sub_(1.0)


def to_frames(pictures: Tensor) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], of pictures [T, 3, H, W]; values are clamped."""
    levels = pictures.float().add(1.0).mul_(127.5).round_().clamp_(0, 255)
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def open_image(path: str, width: int, height: int) -> np.ndarray:
    """Return a scene's picture as one frame, uint8 [1, height, width, 3]; cut, not stretched.

    Raises:
        WorldFailed: it is no picture.
    """
    try:
        with Image.open(path) as image:
            fitted = ImageOps.fit(image.convert("RGB"), (width, height))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise WorldFailed(
            f"scene image {path} cannot be read ({error}); give a PNG or JPEG picture"
        ) from error
    return np.array(fitted)[None]
