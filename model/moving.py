"""How time enters a world that moves: turns in a frame that drifts with the clouds, and phases.

Clouds are found again by attending to equal coordinates in a frame of reference that drifts with
them, as all else is in one that stands still. What comes and goes (waves, lamps, creatures) follows
a clock that is the same everywhere, and is told to the tokens as sines and cosines. Yaw is that of
the ring; nothing else that a network is told of yaw is absolute.
"""

import math

import torch
from torch import Tensor

from model.config import MotionConfig


class MotionCoordinates:
    """Turns and features of tokens in a moving world; all inputs are float64 [B, F, L].

    Args:
        config: what moves, and how fast.
        token: degrees across a token at zoom 1.
    """

    def __init__(self, config: MotionConfig, token: float) -> None:
        self._config, self._token = config, token
        self.windy_heads = config.windy_heads
        self._harmonics = torch.tensor(config.wind_harmonics, dtype=torch.float64) * math.pi / 180

    def turns(self, yaw: Tensor, time: Tensor) -> Tensor:
        """Return angles in the drifting frame [radians], [B, F, L, wind_harmonics].

        Args:
            yaw: of each token [degrees].
            time: in frames.
        """
        return (yaw - self._config.wind * time)[..., None] * self._harmonics

    def features(self, yaw: Tensor, pitch: Tensor, time: Tensor) -> Tensor:
        """Return sines and cosines of what comes and goes, [B, F, L, features].

        Of the clock's periods; of the wave at a token, at rest and now; of the place in a token
        that drifts along.
        """
        config = self._config
        across, down = config.wave_lengths
        wave = yaw / across - pitch / down
        phases = torch.stack(
            (
                *(time / period for period in config.clock_periods),
                wave,
                wave - time / config.wave_period,
                (yaw - config.wind * time) / self._token,
            ),
            dim=-1,
        )
        angles = phases * (2 * math.pi)
        return torch.cat((angles.sin(), angles.cos()), dim=-1)
