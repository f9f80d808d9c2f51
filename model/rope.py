"""Rotary coordinates: Wan's frame, row and column indices, or the rays of a posed camera.

Both give one unit complex number per token and rotated pair, [B or 1, L, 1, D/2] complex64;
`rotate` turns adjacent channels by them. Angles are computed in float64: time indices grow without
bound. Complex products in fp32 were measured 5 times faster on CPUs than strided real ones in bf16;
compilers support real ones only, so there the same numbers are cosines and sines.
"""

import math

import torch
from torch import Tensor

from mag_sandbox.model.config import PocketConfig, RayConfig

TABLE_FRAMES = 1024  # rows of the public checkpoints' table


def rotate(x: Tensor, rotary: Tensor) -> Tensor:
    """Turn adjacent channel pairs of queries or keys, in fp32.

    Args:
        x: queries or keys, [B, L, N, D].
        rotary: unit complex numbers, [B or 1, L, 1, D/2], or `view_as_real` of them.
    """
    pairs = x.float().unflatten(-1, (-1, 2))
    if rotary.is_complex():
        turned = torch.view_as_real(torch.view_as_complex(pairs) * rotary)
    else:
        (even, odd), (cos, sin) = pairs.unbind(-1), rotary.unbind(-1)
        turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).type_as(x)


def _unit(angles: Tensor) -> Tensor:
    return torch.polar(torch.ones_like(angles), angles).to(torch.complex64)


def index_frequencies(head_dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return Wan's frequencies of the frame, row and column axes, float64 [pairs of the axis]."""
    across = 2 * (head_dim // 6)
    return axis_frequencies((head_dim - 2 * across, across, across), 10000.0)


def axis_frequencies(widths: tuple[int, int, int], theta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the frequencies of three axes, float64 [width / 2] each.

    Widths are channels of a head; 1 / theta is just below the lowest frequency.
    """
    frames, rows, columns = (
        torch.pow(theta, -torch.arange(0, width, 2, dtype=torch.float64) / width)
        for width in widths
    )
    return frames, rows, columns


def grid_rotary(
    frames: Tensor, height: int, width: int, frequencies: tuple[Tensor, Tensor, Tensor]
) -> Tensor:
    """Return coordinates, [F, height, width, D/2], of tokens by absolute frame, row and column."""
    by_frame, by_row, by_column = (
        torch.outer(positions.double(), axis.to(frames.device))
        for positions, axis in zip(
            (
                frames,
                torch.arange(height, device=frames.device),
                torch.arange(width, device=frames.device),
            ),
            frequencies,
            strict=True,
        )
    )
    shape = (len(frames), height, width, -1)
    angles = torch.cat(
        (
            by_frame[:, None, None].expand(shape),
            by_row[None, :, None].expand(shape),
            by_column[None, None].expand(shape),
        ),
        dim=-1,
    )
    return _unit(angles)


class GridCoordinates:
    """Wan's coordinates of a video of one size, from tables: no float64 while a session runs.

    >>> grid = GridCoordinates(height=30, width=52, head_dim=128)
    >>> rotary = grid.rotary(first_frame=3, frames=3)

    Public code stops at frame 1,023, where its table ends. A row is a formula of its index, so this
    table grows (twice as long each time, computed on the CPU), and rows below 1,024 stay what they
    are. Attention sees differences of indices only, and these do not grow with the session where
    memory is a ring or a window. They do for sinks and where all history is kept: such distances
    are beyond anything the checkpoints were trained on (at most 128 frames), with or without a
    table. Every angle stays exact, but nothing is known of how a checkpoint reads so distant a
    frame.
    """

    def __init__(self, height: int, width: int, head_dim: int, device: str = "cpu") -> None:
        frequencies, by_row, by_column = index_frequencies(head_dim)
        self._frequencies, self._device = frequencies, device
        rows = torch.outer(torch.arange(height).double(), by_row)[:, None]
        columns = torch.outer(torch.arange(width).double(), by_column)[None]
        places = torch.cat(
            (rows.expand(-1, width, -1), columns.expand(height, -1, -1)), dim=-1
        ).flatten(0, 1)
        self._places = _unit(places).to(device)  # [L, pairs of rows and columns]
        self._frames = self._table(0, TABLE_FRAMES)  # [rows, pairs of frames]

    def rotary(self, first_frame: int, frames: int) -> Tensor:
        """Return the coordinates of consecutive frames, [1, F * L, 1, D/2]."""
        end = first_frame + frames
        while end > len(self._frames):
            known = len(self._frames)
            self._frames = torch.cat((self._frames, self._table(known, 2 * known)))
        tokens, across = self._places.shape
        along = len(self._frequencies)
        turns = self._places.new_empty(frames, tokens, along + across)
        turns[..., :along] = self._frames[first_frame:end, None]
        turns[..., along:] = self._places
        return turns.view(1, frames * tokens, 1, along + across)

    def _table(self, first: int, end: int) -> Tensor:
        angles = torch.outer(torch.arange(first, end).double(), self._frequencies)
        return _unit(angles).to(self._device)


class RayCoordinates:
    """Where the tokens of posed frames look, as rotary angles and as input features.

    >>> from mag_sandbox.model.config import POCKET
    >>> rays = RayCoordinates(POCKET.dit.rays, rows=6, columns=10)
    >>> poses = torch.tensor([[[10.0, 0.0, 90.0]] * 3])  # yaw, pitch, fov [degrees]
    >>> rotary = rays.rotary(poses, times=torch.tensor([[0, 1, 2]]))
    >>> features = rays.features(poses, order=torch.arange(3))
    """

    def __init__(
        self, config: RayConfig, rows: int, columns: int, block_length: int = 3, device: str = "cpu"
    ) -> None:
        self._config, self.device = config, device
        self.grid, self.block_length = (rows, columns), block_length
        self.token = config.fov / columns  # degrees at zoom 1
        self.rows = math.ceil(2 * config.max_pitch / self.token) + rows  # of tokens, all pitches
        y, x = torch.meshgrid(
            (torch.arange(rows, dtype=torch.float64) + 0.5) - rows / 2,
            (torch.arange(columns, dtype=torch.float64) + 0.5) - columns / 2,
            indexing="ij",
        )
        across, down = x.flatten() / columns, y.flatten() / columns
        yaw = torch.tensor(config.yaw_harmonics, dtype=torch.float64) * math.pi / 180
        pitch = (
            2 * math.pi / (_geometric(*config.pitch_periods, config.pitch_channels) * self.token)
        )
        time = 2 * math.pi / _geometric(*config.time_periods, config.time_channels)
        # token centres as shares of the frame's width; turns a degree; turns a frame
        self._across, self._down = across.to(device), down.to(device)
        self._yaw, self._pitch, self._time = (x.to(device) for x in (yaw, pitch, time))
        self._position = self._position_features(rows, columns)
        self._order = torch.eye(PLACES, dtype=torch.float64).to(device)

    @classmethod
    def of(
        cls, config: PocketConfig, block_length: int | None = None, device: str = "cpu"
    ) -> "RayCoordinates":
        """Return those of a pocket world, whose blocks may be cut to another length."""
        assert config.dit.rays is not None  # `PocketConfig.from_dict` requires them
        length = block_length or config.block_length
        return cls(config.dit.rays, *config.token_grid, length, device)

    def rotary(self, poses: Tensor, times: Tensor) -> Tensor:
        """Return the tokens' turns, [B, F * L, 1, D/2].

        Args:
            poses: yaw, pitch, fov [degrees] of each frame, [B, F, 3].
            times: frame number of each frame, [B, F].
        """
        yaw, pitch = self.directions(poses)
        return self.turns(yaw, pitch, times[..., None]).flatten(1, 2)[:, :, None]

    def turns(self, yaw: Tensor, pitch: Tensor, time: Tensor) -> Tensor:
        """Return the turns of rays at given angles [degrees] and frame numbers, [..., D/2]."""
        time = time.to(self.device).double().expand_as(yaw)
        axes = ((yaw, self._yaw), (pitch, self._pitch), (time, self._time))
        return _unit(torch.cat([along[..., None] * rates for along, rates in axes], dim=-1))

    def features(self, poses: Tensor, order: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return input features: sub-token shift, horizon, place in frame and block.

        Args:
            poses: yaw, pitch, fov [degrees] of each frame, [B, F, 3].
            order: place of each frame in its block, int [F]; whatever the block's length, a
                network knows three: the first, the last (the one that is kept), and those between.
            dtype: of the result, [B, F*L, feature_count].
        """
        yaw, pitch = self.directions(poses)
        fov = poses[..., 2:3].to(self.device).double().expand_as(yaw)
        place_in_block = order.clamp(max=1).masked_fill(order == self.block_length - 1, PLACES - 1)
        in_block = self._order[place_in_block.to(self.device)][None, :, None]
        return self._features(yaw, pitch, fov, self._position, in_block).flatten(1, 2).to(dtype)

    def kept_features(self, yaw: Tensor, pitch: Tensor, fov: Tensor, token: Tensor) -> Tensor:
        """Return the features of single tokens of kept frames, [..., feature_count], float64.

        Angles and fields of view are in degrees; a token is its number in its frame, int.
        """
        return self._features(yaw, pitch, fov, self._position[token], self._order[PLACES - 1])

    def _features(
        self, yaw: Tensor, pitch: Tensor, fov: Tensor, position: Tensor, in_block: Tensor
    ) -> Tensor:
        phase_yaw = yaw * (2 * math.pi / self.token)
        phase_pitch = pitch * (2 * math.pi / self.token)
        height = pitch * (math.pi / (4 * self._config.max_pitch))
        own = torch.stack(
            (
                phase_yaw.sin(), phase_yaw.cos(), phase_pitch.sin(), phase_pitch.cos(),
                height.sin(), height.cos(), (2 * height).sin(), (2 * height).cos(),
                (4 * height).sin(), (4 * height).cos(), torch.log2(self._config.fov / fov),
            ),
            dim=-1,
        )  # fmt: skip
        places = (part.expand(*yaw.shape, -1) for part in (position, in_block))
        return torch.cat((own, *places), dim=-1)

    def directions(self, poses: Tensor) -> tuple[Tensor, Tensor]:
        """Return yaw and pitch of the tokens' centres [degrees], each [B, F, L]."""
        poses = poses.to(self.device).double()
        fov = poses[..., 2:3]
        return poses[..., 0:1] + self._across * fov, poses[..., 1:2] - self._down * fov

    def _position_features(self, rows: int, columns: int) -> Tensor:
        places = torch.stack((self._across * 2, self._down * 2 * columns / rows), dim=-1)
        scale = math.pi / 2 * 2.0 ** torch.arange(self._config.position_harmonics).double()
        angles = (places[..., None] * scale.to(self.device)).flatten(1)
        return torch.cat((places, angles.sin(), angles.cos()), dim=-1)


OWN_FEATURES = 11  # sines, cosines and zoom in RayCoordinates.features
PLACES = 3  # in a block: first, between, last


def feature_count(config: RayConfig) -> int:
    """Numbers per token that `RayCoordinates.features` returns."""
    return OWN_FEATURES + 2 + 4 * config.position_harmonics + PLACES


def _geometric(first: float, last: float, count: int) -> Tensor:
    return torch.logspace(math.log2(first), math.log2(last), count, base=2.0, dtype=torch.float64)
