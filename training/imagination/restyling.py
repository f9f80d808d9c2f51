"""Ways in which a scene may look otherwise than renders: softer or crisper, paler or stronger.

What has been painted is never quite like a render. A painter that only ever continues renders turns
whatever it continues into one, a little more at every viewpoint of a walk, until shapes are too
crisp and too dark. One that continues scenes of any style keeps the style it finds.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

CONTRAST = 0.7, 1.2
SHIFT = 0.12  # of each channel, at most; colours are in [-1, 1]
SOFTNESS = -0.35, 0.9  # share of a blurred picture; below 0: crisper
BLURS = 3, 5, 9  # px


class Style(NamedTuple):
    """How pictures of a scene are changed, whatever the viewpoint."""

    contrast: float
    shift: Tensor  # of each channel, [3, 1, 1]
    softness: float
    blur: int  # px

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Style":
        """Return a random one."""
        shift = torch.from_numpy(rng.uniform(-SHIFT, SHIFT, (3, 1, 1)).astype(np.float32))
        return cls(rng.uniform(*CONTRAST), shift, rng.uniform(*SOFTNESS), int(rng.choice(BLURS)))

    def of_picture(self, picture: Tensor, known: Tensor | None = None) -> Tensor:
        """Return a picture in this style.

        Args:
            picture: [3, H, W] in [-1, 1].
            known: where its colours count, [1, H, W], 0 or 1; None: everywhere.
        """
        known = torch.ones_like(picture[:1]) if known is None else known
        blurred = self._blurred(picture * known) / self._blurred(known).clamp(min=1e-3)
        styled = picture + self.softness * (blurred - picture)
        return (self.contrast * styled + self.shift).clamp(-1, 1)

    def of_seen(self, seen: np.ndarray) -> np.ndarray:
        """Return what is seen from another viewpoint in this style; see `Sketch.carried_over`."""
        numbers = torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1))).float()
        styled = self.of_picture(numbers[:3] / 127.5 - 1, (numbers[3:] > 0).float())
        colors = ((styled + 1) * 127.5).round().byte().numpy().transpose(1, 2, 0)
        return np.concatenate((colors, seen[..., 3:]), axis=2)

    def _blurred(self, picture: Tensor) -> Tensor:
        return functional.avg_pool2d(
            picture, self.blur, stride=1, padding=self.blur // 2, count_include_pad=False
        )
