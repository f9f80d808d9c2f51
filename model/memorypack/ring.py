"""psi of a world whose frames have poses: slots for places on the ring around the camera.

Memorize takes the latents of each block's kept frame, a token's patch together. Squeeze is bound to
places: a slot takes the patch that lies nearest to its centre, with the direction in which it was
seen, and keeps both. So nothing fades or is blurred, and a place that is generated again does not
drift. A block reads the slots that lie nearest to its own tokens.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import (
    SIGHT,
    LatentFrames,
    Places,
    RayPlaces,
    Tokens,
    cells,
)
from mag_sandbox.model.rope import feature_count

NEAREST = 4  # slots that a token of a block reads: farther ones add time and no detail
KNOWN = 1 / 6  # of a token: how far from it the nearest slot may lie that holds what it shows
EMPTY = -1.0  # place in its frame of a slot that holds no token
_LEVELS, _LEAST_SCALE = 127, 1e-6  # of the numbers that a slot holds


class RingState(NamedTuple):
    """The contents of the slots of B videos."""

    content: Tensor  # latents, int8 [B, S, token_dim]
    scales: Tensor  # of the numbers of a slot, fp32 [B, S, 1]
    sights: Tensor  # see `RayPlaces.sights`, fp32 [B, S, SIGHT]
    start: Tensor  # time of the video's start, [1]
    updates: int = 0

    @property
    def taken(self) -> Tensor:
        """Which slots hold a token, [B, S]."""
        return self.sights[..., -1] != EMPTY

    def arrays(self) -> dict[str, Tensor]:
        """Return the tensors of the state, by the names under which they are saved."""
        return {"psi": self.content, "scales": self.scales, "sights": self.sights}

    def loaded(self, arrays: dict[str, Tensor], updates: int, places: Places) -> "RingState":
        """Return the state with saved tensors of `arrays`; raise ValueError if they do not fit.

        Older states have fewer slots, whose tokens take their places among the present ones.
        """
        assert isinstance(places, RayPlaces)
        saved, sights = [arrays[name] for name in self.arrays()], arrays["sights"]
        fits = all(one.shape[:2] == (1, sights.shape[1]) for one in saved)
        taken = sights[..., -1] != EMPTY
        if not fits or not places.are_sights(sights[taken]):
            shape = tuple(arrays["psi"].shape)
            raise ValueError(f"psi is {shape}, its sights are of other frames")
        if sights.shape != self.sights.shape:
            slots = _slots_at(sights[taken], places)
            saved = [
                own.index_put((torch.zeros_like(slots), slots), one[taken])
                for own, one in zip(self.arrays().values(), saved, strict=True)
            ]
        content, scales, sights = saved
        return RingState(content, scales, sights, self.start, updates)

    def detached(self) -> "RingState":
        """Return the same state: no gradient reaches what slots hold."""
        return self


class RingPack(nn.Module):
    """Long-term memory of fixed size; see `SemanticPack` for its use.

    Videos of a batch see different places, so some may lack tokens that others have. Only what
    reads psi is trained.
    """

    def __init__(self, dit: DiTConfig, config: PackConfig) -> None:
        super().__init__()
        assert dit.rays is not None
        self.config, self._cell, self._width = config, (1, dit.patch, dit.patch), dit.token_dim
        self.output = nn.Linear(dit.token_dim + feature_count(dit.rays), dit.dim)

    @torch.no_grad()
    def initialise(self, patches: nn.Conv3d, rays: nn.Linear) -> "RingPack":
        """Start from a transformer's own embedding of frames."""
        content = patches.weight.permute(0, 2, 3, 4, 1).flatten(1)
        self.output.weight.copy_(torch.cat((content, rays.weight), dim=1))
        self.output.bias.copy_(patches.get_parameter("bias") + rays.bias)
        return self

    def begin(self, prompt: Tensor, image: LatentFrames, places: Places) -> RingState:  # noqa: ARG002
        """Return psi with the tokens of the reference image; a block reads the prompt itself."""
        assert isinstance(places, RayPlaces)
        device, shape = image.latents.device, (len(image.latents), len(places.slots.yaw))
        content = torch.zeros(*shape, self._width, device=device, dtype=torch.int8)
        scales = torch.zeros(*shape, 1, device=device)
        sights = torch.full((*shape, SIGHT), EMPTY, device=device)
        state = RingState(content, scales, sights, image.times[:1])
        return self._squeezed(state, image, places)

    def advance(self, state: RingState, frames: LatentFrames, places: Places) -> RingState:
        """Return the state after more frames, whole windows of them, in order."""
        assert isinstance(places, RayPlaces)
        for window in frames.windows(self.config.window):
            kept = window.part(window.length - 1, window.length)
            state = self._squeezed(state, kept, places)._replace(updates=state.updates + 1)
        return state

    def tokens(self, state: RingState, coming: LatentFrames, places: Places) -> Tokens:
        """Return the context of coming blocks, padded to the most tokens of any."""
        assert isinstance(places, RayPlaces)
        apart = _apart(coming, places).to(state.sights.device)
        known = _nearest_taken(state.taken, apart, places.token)
        counts = known.sum(dim=1, keepdim=True)
        most = int(counts.max())
        slots = known.byte().argsort(dim=1, descending=True, stable=True)[:, :most, None]
        content, scales, sights = (_rows(x, slots) for x in state.arrays().values())
        absent = torch.arange(most, device=counts.device) >= counts
        sights = sights.where(~absent[..., None], torch.ones_like(sights))
        turns, features = places.seen_at(sights, state.start)
        like = self.output.weight
        values = torch.cat((content * scales, features), dim=-1).to(like)
        absent_from = absent if len(known) > 1 else None
        return Tokens(self.output(values), turns.to(like.device), absent_from)

    def knows(self, state: RingState, coming: LatentFrames, places: Places) -> bool:
        """Tell whether psi holds all that the last frame of a coming block shows."""
        assert isinstance(places, RayPlaces)
        apart = _apart(coming.part(coming.length - 1, coming.length), places)
        near = (apart <= KNOWN * places.token).to(state.sights.device)
        return bool((near & state.taken[..., None]).any(dim=1).all())

    @torch.no_grad()
    def _squeezed(self, state: RingState, frame: LatentFrames, places: RayPlaces) -> RingState:
        nearest, inside = (x.to(state.content.device) for x in _nearest(frame, places))
        shown = cells(frame.latents.movedim(2, -1), self._cell).flatten(-2).flatten(1, 3).float()
        scales = shown.abs().amax(dim=-1, keepdim=True).clamp(min=_LEAST_SCALE) / _LEVELS
        frame_holds = (shown / scales).round().to(torch.int8), scales, places.sights(frame)
        new = (inside & ~state.taken)[..., None]
        content, scales, sights = (
            torch.where(new, _rows(seen.to(before.device), nearest[..., None]), before)
            for seen, before in zip(frame_holds, state.arrays().values(), strict=True)
        )
        return RingState(content, scales, sights, state.start, state.updates)


def _rows(x: Tensor, rows: Tensor) -> Tensor:
    """Return rows of x, [B, N, K], by their numbers, [B, M, 1]."""
    return x.gather(1, rows.expand(-1, -1, x.shape[-1]))


def _nearest(frame: LatentFrames, places: RayPlaces) -> tuple[Tensor, Tensor]:
    """Return the frame's token nearest to each slot, and whether it lies in it, [B, S] each."""
    away, nearest = _apart(frame, places).min(dim=-1)
    return nearest, away <= places.slots.side / 2 + 1e-6


def _slots_at(sights: Tensor, places: RayPlaces) -> Tensor:
    """Return the slots in which tokens lie, [M, SIGHT] -> [M]."""
    (yaw, pitch), (slots, columns) = sights[:, :2].unbind(-1), (places.slots, _columns(places))
    row = ((slots.pitch[0] - pitch) / slots.side).round().clamp(0, len(slots.yaw) / columns - 1)
    return (row * columns + (yaw / slots.side).floor() % columns).long()


def _columns(places: RayPlaces) -> int:
    """Return the number of slots around."""
    return round(360 / places.slots.side)


def _nearest_taken(taken: Tensor, apart: Tensor, reach: float) -> Tensor:
    """Return which of the taken slots, [B, S], are the `NEAREST` of a token, and within reach."""
    within = taken & (apart <= reach).any(dim=-1)
    (some,) = within.any(dim=0).nonzero(as_tuple=True)  # far fewer to sort
    away = apart[:, some].masked_fill(~within[:, some, None], torch.inf)
    last = away.topk(min(NEAREST, len(some)), dim=1, largest=False).values[:, -1:]
    within[:, some] &= (away <= last.clamp(max=reach)).any(dim=-1)
    return within


def _apart(frames: LatentFrames, places: RayPlaces) -> Tensor:
    """Return how far tokens are from slots, across or down [degrees], fp32 [B, S, tokens]."""
    slots, columns = places.slots, _columns(places)
    yaw, pitch = (rays[:, None] for rays in places.directions(frames))
    across = ((yaw - slots.yaw[:columns, None] + 180) % 360 - 180).abs().float()
    down = (pitch - slots.pitch[::columns, None]).abs().float()
    return torch.maximum(across[:, None], down[:, :, None]).flatten(1, 2)
