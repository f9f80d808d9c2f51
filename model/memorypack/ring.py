"""psi of a world whose frames have poses: a slot for every place on the ring around the camera.

Memorize embeds the kept frame of each block. Squeeze is bound to places: a slot takes the token
that lies nearest to its centre, with that token's own coordinates, and keeps it. So nothing fades
or is blurred, and a place that is generated again does not drift. A block reads the slots that it
can see.
"""

import torch
from torch import Tensor, nn

from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import (
    CellEmbedding,
    LatentFrames,
    Places,
    RayPlaces,
    Tokens,
)
from mag_sandbox.model.memorypack.semantic import SemanticState
from mag_sandbox.model.rope import feature_count


class RingPack(nn.Module):
    """Long-term memory of fixed size; see `SemanticPack` for its use.

    psi is what the slots hold: `width` numbers of content, and the ray features of the token. Empty
    slots have turns of 0. Videos of a batch see different places, so a transformer reads one alone.
    """

    def __init__(self, dit: DiTConfig, config: PackConfig) -> None:
        super().__init__()
        assert dit.rays is not None
        self.config = config
        width = min(config.width, dit.token_dim)
        self.memorize = CellEmbedding(dit, (1, dit.patch, dit.patch), width)
        self.output = nn.Linear(width + feature_count(dit.rays), dit.dim)

    @torch.no_grad()
    def initialise(self, patches: nn.Conv3d, rays: nn.Linear) -> "RingPack":
        """Start from a transformer's own embedding of frames, in its largest directions."""
        left, size, right = torch.linalg.svd(patches.weight.flatten(1), full_matrices=False)
        width = len(self.memorize.weight)
        self.memorize.weight.copy_(right[:width].view_as(self.memorize.weight))
        nn.init.zeros_(self.memorize.get_parameter("bias"))
        self.output.weight.copy_(torch.cat((left[:, :width] * size[:width], rays.weight), dim=1))
        self.output.bias.copy_(patches.get_parameter("bias") + rays.bias)
        return self

    def begin(self, prompt: Tensor, image: LatentFrames, places: Places) -> SemanticState:  # noqa: ARG002
        """Return psi with the tokens of the reference image; a block reads the prompt itself."""
        assert isinstance(places, RayPlaces)
        batch, count = len(image.latents), len(places.slots().yaw)
        values = self.output.weight.new_zeros(batch, count, self.output.in_features)
        turns = places.grid(image).rotary
        empty = Tokens(values, turns.new_zeros(batch, count, turns.shape[-1]))
        return self._squeezed(SemanticState(empty, empty, image.times[:1]), image, places)

    def advance(self, state: SemanticState, frames: LatentFrames, places: Places) -> SemanticState:
        """Return the state after more frames, whole windows of them, in order."""
        for window in frames.windows(self.config.window):
            kept = window.part(window.length - 1, window.length)
            state = self._squeezed(state, kept, places)._replace(updates=state.updates + 1)
        return state

    def tokens(self, state: SemanticState, coming: LatentFrames, places: Places) -> Tokens:
        """Return what the transformer reads for a coming block of one video."""
        if len(state.psi.values) != 1:
            raise ValueError("psi of one video at a time can be read: each knows other places")
        seen = _seen(coming, places).to(state.psi.values.device)
        known = (taken(state.psi) & seen)[0]
        return Tokens(self.output(state.psi.values[:, known]), state.psi.rotary[:, known])

    def _squeezed(self, state: SemanticState, frame: LatentFrames, places: Places) -> SemanticState:
        psi, grid = state.psi, places.grid(frame.at(state.start))
        content = self.memorize(frame.latents)
        assert grid.features is not None
        features = grid.features.to(content).expand(*content.shape[:-1], -1)
        values = torch.cat((content, features), dim=-1).flatten(1, 3)
        turns = grid.rotary.flatten(1, 3).expand(len(values), -1, -1)
        nearest, inside = (x.to(values.device) for x in _nearest(frame, places))
        videos = torch.arange(len(values), device=values.device)[:, None]
        new = (inside & ~taken(psi))[..., None]
        return state._replace(
            psi=Tokens(
                torch.where(new, values[videos, nearest].to(psi.values), psi.values),
                torch.where(new, turns[videos, nearest], psi.rotary),
            )
        )


def taken(psi: Tokens) -> Tensor:
    """Return which slots hold a token, [B, S]."""
    return psi.rotary[..., 0] != 0


def _nearest(frame: LatentFrames, places: Places) -> tuple[Tensor, Tensor]:
    """Return the frame's token nearest to each slot, and whether it lies in it, [B, S] each."""
    apart, side = _apart(frame, places)
    away, nearest = apart.min(dim=-1)
    return nearest, away <= side / 2 + 1e-6


def _seen(frames: LatentFrames, places: Places) -> Tensor:
    """Return which slots lie in one of the frames, or within a slot of its tokens, [B, S]."""
    apart, side = _apart(frames, places)
    return (apart <= side).any(dim=-1)


def _apart(frames: LatentFrames, places: Places) -> tuple[Tensor, float]:
    """Return how far tokens are from slots, [B, S, tokens], and how wide these are [degrees]."""
    assert isinstance(places, RayPlaces)
    slots = places.slots()
    yaw, pitch = (rays.flatten(1)[:, None] for rays in places.directions(frames))
    across = ((yaw - slots.yaw[:, None] + 180) % 360 - 180).abs()
    return torch.maximum(across, (pitch - slots.pitch[:, None]).abs()), slots.side
