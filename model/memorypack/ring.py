"""psi of a world whose frames have poses: slots for places on the ring around the camera.

Memorize embeds the kept frame of each block. Squeeze is bound to places: a slot takes the token
that lies nearest to its centre, with the direction in which that token was seen, and keeps both. So
nothing fades or is blurred, and a place that is generated again does not drift. A block reads the
slots that it can see.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import (
    SIGHT,
    CellEmbedding,
    LatentFrames,
    Places,
    RayPlaces,
    Tokens,
)
from mag_sandbox.model.rope import feature_count

EMPTY = -1.0  # place in its frame of a slot that holds no token


class RingState(NamedTuple):
    """What the slots of B videos hold; bf16, as fine as the transformer reads."""

    content: Tensor  # [B, S, width]
    sights: Tensor  # see `RayPlaces.sights`, fp32 [B, S, SIGHT]
    start: Tensor  # time of the video's start, [1]
    updates: int = 0

    @property
    def taken(self) -> Tensor:
        """Which slots hold a token, [B, S]."""
        return self.sights[..., -1] != EMPTY

    def arrays(self) -> dict[str, Tensor]:
        """Return what the state consists of, by the names under which it is saved."""
        return {"psi": self.content, "sights": self.sights}

    def loaded(self, arrays: dict[str, Tensor], updates: int, places: Places) -> "RingState":
        """Return the state with saved tensors of `arrays`; raise ValueError if they do not fit."""
        assert isinstance(places, RayPlaces)
        content, sights = arrays["psi"], arrays["sights"]
        fits = content.shape == self.content.shape and sights.shape == self.sights.shape
        if not fits or not places.are_sights(sights[sights[..., -1] != EMPTY]):
            raise ValueError(f"psi is {tuple(content.shape)}, its sights are of other frames")
        return self._replace(content=content, sights=sights, updates=updates)

    def detached(self) -> "RingState":
        """Return the same state, cut off from its gradient."""
        return self._replace(content=self.content.detach())


class RingPack(nn.Module):
    """Long-term memory of fixed size; see `SemanticPack` for its use.

    Videos of a batch see different places, so some may lack tokens that others have. Memorize stays
    as it is initialised: only what reads psi is trained.
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

    def begin(self, prompt: Tensor, image: LatentFrames, places: Places) -> RingState:  # noqa: ARG002
        """Return psi with the tokens of the reference image; a block reads the prompt itself."""
        assert isinstance(places, RayPlaces)
        device, shape = image.latents.device, (len(image.latents), len(places.slots.yaw))
        content = torch.zeros(
            *shape, len(self.memorize.weight), device=device, dtype=torch.bfloat16
        )
        sights = torch.full((*shape, SIGHT), EMPTY, device=device)
        return self._squeezed(RingState(content, sights, image.times[:1]), image, places)

    def advance(self, state: RingState, frames: LatentFrames, places: Places) -> RingState:
        """Return the state after more frames, whole windows of them, in order."""
        assert isinstance(places, RayPlaces)
        for window in frames.windows(self.config.window):
            kept = window.part(window.length - 1, window.length)
            state = self._squeezed(state, kept, places)._replace(updates=state.updates + 1)
        return state

    def tokens(self, state: RingState, coming: LatentFrames, places: Places) -> Tokens:
        """Return what the transformer reads for coming blocks, those of fewest tokens padded."""
        assert isinstance(places, RayPlaces)
        known = state.taken & _seen(coming, places).to(state.sights.device)
        counts = known.sum(dim=1, keepdim=True)
        most = int(counts.max())
        slots = known.byte().argsort(dim=1, descending=True, stable=True)[:, :most, None]
        content, sights = (x.gather(1, slots.expand(-1, -1, x.shape[-1])) for x in state[:2])
        tokens = self.whole(state._replace(content=content, sights=sights), places)
        absent = torch.arange(most, device=counts.device) >= counts
        return tokens._replace(absent=absent if len(known) > 1 else None)

    def knows(self, state: RingState, coming: LatentFrames, places: Places) -> bool:
        """Tell whether psi holds all that the last frame of a coming block shows."""
        assert isinstance(places, RayPlaces)
        _, shown = _nearest(coming.part(coming.length - 1, coming.length), places)
        return bool((state.taken | ~shown.to(state.sights.device)).all())

    def whole(self, state: RingState, places: RayPlaces) -> Tokens:
        """Return the tokens of all slots; those of empty ones are absent."""
        empty = ~state.taken
        sights = state.sights.where(~empty[..., None], torch.ones_like(state.sights))
        turns, features = places.seen_at(sights, state.start)
        like = self.output.weight
        values = self.output(torch.cat((state.content.to(like), features.to(like)), dim=-1))
        return Tokens(values, turns.to(like.device), empty)

    def _squeezed(self, state: RingState, frame: LatentFrames, places: RayPlaces) -> RingState:
        content = self.memorize(frame.latents).flatten(1, 3).to(state.content)
        sights = places.sights(frame).to(state.sights)
        nearest, inside = (x.to(content.device) for x in _nearest(frame, places))
        new = (inside & ~state.taken)[..., None]
        seen, where = (
            x.gather(1, nearest[..., None].expand(-1, -1, x.shape[-1])) for x in (content, sights)
        )
        return state._replace(
            content=torch.where(new, seen, state.content),
            sights=torch.where(new, where, state.sights),
        )


def _nearest(frame: LatentFrames, places: RayPlaces) -> tuple[Tensor, Tensor]:
    """Return the frame's token nearest to each slot, and whether it lies in it, [B, S] each."""
    away, nearest = _apart(frame, places).min(dim=-1)
    return nearest, away <= places.slots.side / 2 + 1e-6


def _seen(frames: LatentFrames, places: RayPlaces) -> Tensor:
    """Return which slots lie in one of the frames, or within a token of its edge, [B, S]."""
    return (_apart(frames, places) <= places.token).any(dim=-1)


def _apart(frames: LatentFrames, places: RayPlaces) -> Tensor:
    """Return how far tokens are from slots, across or down [degrees], [B, S, tokens]."""
    slots = places.slots
    yaw, pitch = (rays[:, None] for rays in places.directions(frames))
    across = ((yaw - slots.yaw[:, None] + 180) % 360 - 180).abs()
    return torch.maximum(across, (pitch - slots.pitch[:, None]).abs())
