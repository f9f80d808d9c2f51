"""Frames of the game (uint8) from and to pictures of networks ([-1, 1])."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from mag_sandbox.files.border import refusing
from mag_sandbox.files.pictures import SCENE_FORMATS, read_picture
from mag_sandbox.model.world import WorldFailed


def to_pictures(frames: np.ndarray, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return pictures [T, 3, H, W] in [-1, 1] of frames, uint8 [T, H, W, 3]."""
    pictures = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    return pictures.to(dtype).div_(127.5).sub_(1.0)


def to_frames(pictures: Tensor) -> np.ndarray:
    """Return frames, uint8 [T, H, W, 3], of pictures [T, 3, H, W]; values are clamped."""
    return to_levels(pictures).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_levels(pictures: Tensor) -> Tensor:
    """Return numbers in [-1, 1] as uint8 of the same shape; values outside are clamped."""
    levels = pictures.to(torch.float32, copy=True).add_(1.0).mul_(127.5).round_().clamp_(0, 255)
    return levels.to(torch.uint8)


def open_image(path: str, width: int, height: int) -> np.ndarray:
    """Return a scene's picture, cropped, uint8 [1, height, width, 3], or raise WorldFailed."""

    def refuse(why: str) -> WorldFailed:
        formats = ", ".join(SCENE_FORMATS)
        return WorldFailed(f"scene image {path} cannot be read ({why}); give a picture: {formats}")

    with refusing(refuse):
        picture = read_picture(Path(path), formats=SCENE_FORMATS)
        return np.array(ImageOps.fit(Image.fromarray(picture), (width, height)))[None]
