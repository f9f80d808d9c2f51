"""Data of the recipe's stages at either size: latents, text and places.

A *clip* is what one loss sees: some whole blocks of latent frames, 21 frames at full size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.rope import GridCoordinates, RayCoordinates

Show = Callable[[Path, Tensor], None]  # where to write a picture of latents, [B, F, C, H, W]


class FramePlaces(Protocol):
    """Where and when the latent frames of a batch of videos lie."""

    def at(self, first_frame: int, frames: int) -> Coordinates:
        """Return the coordinates of consecutive frames."""

    def rotary(self, first_frame: int, frames: int) -> Tensor:
        """Return their rotary part alone, [1 or B, F * L, 1, D/2]."""


class GridPlaces:
    """Frame, row and column indices: full size."""

    def __init__(self, grid: GridCoordinates) -> None:
        self.rotary = grid.rotary

    def at(self, first_frame: int, frames: int) -> Coordinates:
        """Return the coordinates of consecutive frames; any number of them exists."""
        return Coordinates(self.rotary(first_frame, frames))


@dataclass(eq=False)
class PathPlaces:
    """The rays of posed frames along camera paths: the pocket world."""

    rays: RayCoordinates  # of the world
    poses: Tensor  # yaw, pitch, fov [degrees], [B, F, 3]
    times: Tensor  # frame numbers, [B, F]
    device: str = "cpu"  # where coordinates are needed

    def at(self, first_frame: int, frames: int) -> Coordinates:
        """Return the coordinates of consecutive frames, which the paths must reach."""
        some = slice(first_frame, first_frame + frames)
        order = torch.arange(first_frame, first_frame + frames) % self.rays.block_length
        features = self.rays.features(self.poses[:, some], order)
        return Coordinates(self.rotary(first_frame, frames), features.to(self.device))

    def rotary(self, first_frame: int, frames: int) -> Tensor:
        """Return the turns of consecutive frames."""
        some = slice(first_frame, first_frame + frames)
        return self.rays.rotary(self.poses[:, some], self.times[:, some]).to(self.device)


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of B videos to be made."""

    text: Tensor  # features of the prompts, [B, text_len, text_dim]
    places: FramePlaces


@dataclass(frozen=True, slots=True)
class Clips:
    """Videos to learn from."""

    latents: Tensor  # clean, fp32 [B, F, C, H, W]
    conditions: Conditions


class PromptSource(Protocol):
    """Where prompts and camera paths come from; all that data-free stages need."""

    shape: tuple[int, int, int]  # of a latent frame: C, H, W
    tokens: int  # of a latent frame

    def conditions(self, number: int, frames: int) -> Conditions:
        """Return the conditions of the batch of a number, the same at every call."""

    def text(self, prompt: str, batch: int) -> Tensor:
        """Return the features of one prompt for a whole batch, as the empty or negative one."""


class ClipSource(PromptSource, Protocol):
    """Where videos come from."""

    def clips(self, number: int, frames: int) -> Clips:
        """Return the batch of a number, of `frames` frames at most, the same at every call."""


def clip_flow(
    dit: DiT,
    latents: Tensor,
    timesteps: Tensor,
    text: TextKeys,
    coordinates: Coordinates,
    attend: Attend,
) -> Tensor:
    """Return the flow of clips, [B, F, C, H, W], in one pass, fp32.

    Timesteps are 0 to 1000, [B, F], or [B, 1] for all frames alike.
    """
    time = dit.embed_time(timesteps.to(latents.device))
    flow: Tensor = dit(latents, time, text, coordinates.rotary, attend, coordinates.features)
    return flow.float()


def flow_beside_clean(
    dit: DiT,
    clean: Tensor,
    noisy: Tensor,
    timesteps: Tensor,
    text: TextKeys,
    coordinates: Coordinates,
    attend: Attend,
) -> Tensor:
    """Return the flow of noisy frames that read clean ones, fp32 [B, F, C, H, W].

    Clean frames (timestep 0) come first, their noisy copies after them, at the same coordinates.
    `attend` is of 2F frames, clean | noisy.
    """
    frames = noisy.shape[1]
    levels = torch.cat((torch.zeros_like(timesteps), timesteps), dim=1)
    both = torch.cat((clean.to(noisy), noisy), dim=1)
    return clip_flow(dit, both, levels, text, _twice(coordinates), attend)[:, frames:]


def _twice(coordinates: Coordinates) -> Coordinates:
    rotary, features = coordinates.rotary, coordinates.features
    return Coordinates(
        torch.cat((rotary, rotary), dim=1),
        None if features is None else torch.cat((features, features), dim=1),
    )
