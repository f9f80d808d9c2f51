"""Frames as the game has them (uint8) from and to pictures as networks have them ([-1, 1])."""

from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.model.world import WorldFailed

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # of pictures that are opened
MAX_BYTES = 2**26  # of a picture
MAX_PIXELS = 2**26  # of a picture: 200 MB when it is read


def to_pictures(frames: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return pictures [T, 3, H, W] in [-1, 1] of frames, uint8 [T, H, W, 3]."""
    pictures = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    return pictures.to(dtype).div_(127.5).sub_(1.0)


def to_frames(pictures: Tensor) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], of pictures [T, 3, H, W]; values are clamped."""
    return to_levels(pictures).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_levels(pictures: Tensor) -> Tensor:
    """Return what screens show of numbers in [-1, 1], uint8 of any shape; values are clamped."""
    levels = pictures.to(torch.float32, copy=True).add_(1.0).mul_(127.5).round_().clamp_(0, 255)
    return levels.to(torch.uint8)


def open_image(path: str, width: int, height: int) -> np.ndarray:
    """Return a scene's picture as one frame, uint8 [1, height, width, 3]; cut, not stretched.

    Raises:
        WorldFailed: it is no picture of a known format and a moderate size.
    """

    def refuse(why: str) -> WorldFailed:
        formats = ", ".join(FORMATS)
        return WorldFailed(f"scene image {path} cannot be read ({why}); give a picture: {formats}")

    with refusing(refuse):
        data = read_plain(Path(path), MAX_BYTES)
        # By what it holds, not by its name: other formats run programs, PostScript above all.
        try:
            opened = Image.open(BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError:
            raise ValueError("it is none of these") from None
        with opened as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"it has {image.width} x {image.height} px")
            fitted = ImageOps.fit(image.convert("RGB"), (width, height))
        return np.array(fitted)[None]
