"""MemoryPack's trained parts, and how a transformer reads them.

Keys and values are computed once a block: history and psi tokens pass the transformer under noise
level 0 and the empty prompt and see only each other, so these serve all denoising steps.
(The public FramePack gives history the timestep of the noise and recomputes it at every step.)
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel, sdpa_attention
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.flow import AdamsBashforthSampler
from mag_sandbox.model.generator import Coordinates, no_noise
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import (
    Group,
    LatentFrames,
    PackEmbedder,
    Places,
    Tokens,
    pack,
)
from mag_sandbox.model.memorypack.ring import RingPack
from mag_sandbox.model.memorypack.semantic import SemanticPack

_NEVER = -1e4  # score of a token that is not there; finite, since a video may lack all of them


class PackedContext(NamedTuple):
    """The context that a block reads beside itself."""

    pairs: Sequence[tuple[Tensor, Tensor]]  # keys and values, a pair a layer
    absent: Tensor | None = None  # see `Tokens`


class PsiState(Protocol):
    """The state of a long-term memory of its videos."""

    @property
    def updates(self) -> int:
        """The number of blocks that were remembered."""

    def arrays(self) -> dict[str, Tensor]:
        """Return the tensors of the state, by the names under which they are saved."""

    def loaded(self, arrays: dict[str, Tensor], updates: int, places: Places) -> "PsiState":
        """Return the state with saved tensors of `arrays`; raise ValueError if they do not fit."""

    def detached(self) -> "PsiState":
        """Return the same state, cut off from its gradient."""


class LongTermMemory(Protocol):
    """`SemanticPack` or `RingPack`; each reads states of its own alone."""

    def begin(self, prompt: Tensor, image: LatentFrames, places: Places) -> PsiState:
        """Return psi_0."""

    def advance(self, state: Any, frames: LatentFrames, places: Places) -> PsiState:
        """Return the state after more frames, whole windows of them, in order."""

    def tokens(self, state: Any, coming: LatentFrames, places: Places) -> Tokens:
        """Return the context of a coming block for the transformer."""


class MemoryPack(nn.Module):
    """Short-term and long-term memory of one transformer."""

    def __init__(
        self, dit: DiTConfig, config: PackConfig, kernel: AttentionKernel = sdpa_attention
    ) -> None:
        super().__init__()
        self.config = config
        self.clean_embedder = PackEmbedder(dit, [scale.factor for scale in config.scales])
        self.semantic: LongTermMemory | None = None
        if config.structure == "ring":
            self.semantic = RingPack(dit, config)
        elif config.structure is not None:
            self.semantic = SemanticPack(dit, config, kernel)

    def initialise(self, dit: DiT) -> "MemoryPack":
        """Start from the patch embedding of a trained transformer."""
        self.clean_embedder.initialise(dit.patch_embedding)
        if isinstance(self.semantic, RingPack):
            self.semantic.initialise(dit.patch_embedding, dit.ray_embedding)
        elif isinstance(self.semantic, SemanticPack):
            self.semantic.initialise(dit.patch_embedding)
        return self

    def tokens(
        self,
        dit: DiT,
        image: LatentFrames,
        history: LatentFrames,
        state: PsiState | None,
        coming: LatentFrames,
        places: Places,
    ) -> Tokens:
        """Return the tokens that the coming block reads: psi, then history, coarse to fine.

        History is the newest frames in time order, at least the reference image, which lies at the
        time at which the whole video starts. Without a long-term memory there is no state.
        """
        rays = dit.ray_embedding if dit.config.rays is not None else None
        packed = pack(self.clean_embedder, self._groups(image, history, places), rays)
        if state is None or self.semantic is None:
            return packed
        return self.semantic.tokens(state, coming, places).joined(packed)

    def _groups(self, image: LatentFrames, history: LatentFrames, places: Places) -> list[Group]:
        groups, newest = [], history.length
        history = history.part(max(0, newest - self.config.history), newest)
        stop = history.length
        for scale in reversed(self.config.scales):
            first = max(0, stop - scale.frames)
            parts = [image] if scale.factor == 1 else []
            if first < stop:
                parts.append(history.part(first, stop))
            groups += [
                Group(scale.factor, part.latents, places.grid(part)) for part in reversed(parts)
            ]
            stop = first
        return groups[::-1]


class PackedNetworks(nn.Module):
    """A transformer and its memory under one state dict (`dit.*`, `pack.*`)."""

    def __init__(self, dit: DiT, pack: MemoryPack) -> None:
        super().__init__()
        self.dit, self.pack = dit, pack


def read_context(dit: DiT, tokens: Tokens, text: TextKeys) -> PackedContext:
    """Return the keys and values of tokens that see each other only, under the empty prompt."""
    pairs: list[tuple[Tensor, Tensor]] = []

    def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # noqa: ARG001
        pairs.append((k, v))
        return dit.kernel(q, k, v, *_bias(tokens.absent, q))

    time = dit.embed_time(torch.zeros(len(tokens.values), 1, device=tokens.values.device))
    values = tokens.values.to(dit.head.modulation.dtype)
    dit.remember(values, time, text, tokens.rotary[:, :, None], attend)
    return PackedContext(pairs, tokens.absent)


def context_attention(context: PackedContext, kernel: AttentionKernel) -> Attend:
    """Return a strategy that reads a context beside the block's own keys and values."""

    def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        keys, values = context.pairs[layer_index]
        keys, values = torch.cat((k, keys.to(k)), dim=1), torch.cat((v, values.to(v)), dim=1)
        return kernel(q, keys, values, *_bias(context.absent, q, own=k.shape[1]))

    return attend


def _bias(absent: Tensor | None, like: Tensor, own: int = 0) -> tuple[Tensor, ...]:
    """Return an additive mask of scores, [B, 1, 1, own + M], or (): no video lacks tokens."""
    if absent is None:
        return ()
    bias = like.new_zeros(absent.shape).masked_fill(absent, _NEVER)
    return (functional.pad(bias, (own, 0))[:, None, None],)


Flow = Callable[[Tensor, Tensor], Tensor]  # noisy latents, noise levels [B, F] -> flow, fp32


class BlockDenoiser:
    """Predicts the flow of one block's frames, which also read the tokens of `attend`."""

    def __init__(self, dit: DiT, attend: Attend, text: TextKeys, coordinates: Coordinates) -> None:
        self._dit, self._attend = dit, attend
        self._text, self._coordinates = text, coordinates

    def flow(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        """Return the predicted flow, fp32 [B, F, C, H, W]; sigma is [B, F]."""
        like = self._dit.head.modulation
        rotary, features = self._coordinates.rotary, self._coordinates.features
        if features is not None:
            features = features.to(like)
        time = self._dit.embed_time(sigma * 1000)
        flow = self._dit(noisy.to(like), time, self._text, rotary, self._attend, features)
        result: Tensor = flow.float()
        return result

    def sample(self, noise: Tensor, levels: Sequence[float]) -> Tensor:
        """Return clean latents from noise, by steps between noise levels."""
        return sampled(self.flow, noise, levels)


def guided(towards: Flow, away: Flow, guidance: float) -> Flow:
    """Return the flow of one text guided away from another's; 1: no guidance.

    Source: classifier-free guidance, arXiv 2207.12598.
    """
    if guidance == 1:
        return towards

    def flow(noisy: Tensor, sigma: Tensor) -> Tensor:
        free = away(noisy, sigma)
        return free + guidance * (towards(noisy, sigma) - free)

    return flow


def sampled(flow: Flow, noise: Tensor, levels: Sequence[float]) -> Tensor:
    """Return clean latents from noise, [B, F, C, H, W], by steps between noise levels."""
    x, sampler = noise, AdamsBashforthSampler(levels)
    for step, sigma in enumerate(sampler.levels[:-1]):
        level = torch.full(x.shape[:2], sigma, device=x.device)
        x = sampler.advance(x, flow(x, level), step, no_noise)
    return x
