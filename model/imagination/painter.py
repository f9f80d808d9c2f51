"""The painter: a flow transformer that turns codes into the memory's latents, a token a cell.

What is known of a view stands in the same picture as clean tokens, so that what is painted joins it
on every side. Uses the transformer of the world, at patch 1.
"""

import torch
from torch import Tensor, nn

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.dit import DiT, TextKeys, own_block_attention
from mag_sandbox.model.flow import AdamsBashforthSampler, euler_levels
from mag_sandbox.model.imagination.codes import to_values
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.rope import grid_rotary, index_frequencies


class Painter(nn.Module):
    """The flow of noisy latents that codes say something about.

    painter = Painter(ImaginationConfig(kinds), matmul_attention)
    text = painter.text_keys(features)  # once a prompt
    latents = painter.paint(codes, latents, known, noise, text, steps=4)
    """

    def __init__(self, config: ImaginationConfig, kernel: AttentionKernel) -> None:
        super().__init__()
        self.config = config
        self.dit = DiT(config.painter, kernel)
        dim, channels = config.painter.dim, config.codes.autoencoder.channels
        self.cell = nn.Sequential(  # of its code, and of whether its latent is known
            nn.Linear(channels + 1, dim), nn.GELU(), nn.Linear(dim, dim)
        )

    def initialise(self) -> "Painter":
        """Start training from layers that change nothing."""
        self.dit.initialise()
        return self

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return every layer's keys and values of text features, [B, text_len, text_dim]."""
        return self.dit.text_keys(features)

    def forward(
        self, noisy: Tensor, known: Tensor, values: Tensor, sigma: Tensor, text: TextKeys
    ) -> Tensor:
        """Return the flow of a view's latents, [B, C, H, W].

        Args:
            noisy: latents, clean where they are known, [B, C, H, W].
            known: where they are, bool [B, H, W].
            values: of the codes, in [-1, 1], [B, H, W, channels].
            sigma: noise level of what is not known, [B].
            text: `text_keys` of the prompts.
        """
        height, width = noisy.shape[-2:]
        told = torch.cat((values, known[..., None].to(values.dtype)), dim=-1)
        tokens = self.dit.embed(noisy[:, None]) + self.cell(told.to(noisy.dtype)).flatten(1, 2)
        head_dim = self.dit.config.head_dim
        frame = torch.zeros(1, device=noisy.device)
        rotary = grid_rotary(frame, height, width, index_frequencies(head_dim))
        rotary = rotary.reshape(1, height * width, 1, -1)
        flow = self.dit.flow_of_tokens(
            tokens, noisy[:, None].shape, self.dit.embed_time(sigma[:, None] * 1000), text, rotary,
            own_block_attention(self.dit.kernel),
        )  # fmt: skip
        return flow[:, 0]

    def paint(
        self,
        codes: Tensor,
        latents: Tensor,
        known: Tensor,
        noise: Tensor,
        text: TextKeys,
        steps: int,
    ) -> Tensor:
        """Return the latents of a view; those that are known come back as they are.

        Args:
            codes: of all its cells, int64 [1, H, W, codes].
            latents: [1, C, H, W]; anything where they are not known.
            known: where they are, bool [1, H, W].
            noise: standard normal, like the latents.
            text: `text_keys` of the prompt.
            steps: passes of the network.
        """
        dtype = next(self.parameters()).dtype
        values = to_values(codes, self.config.codes).to(dtype)
        there = known[:, None]
        sampler = AdamsBashforthSampler(euler_levels(steps, self.config.paint_shift))
        x = torch.where(there, latents, noise)
        for step, timestep in enumerate(sampler.timesteps):
            sigma = torch.full((len(x),), timestep / 1000, dtype=dtype, device=x.device)
            flow = self(x.to(dtype), known, values, sigma, text).float()
            x = torch.where(there, latents, sampler.advance(x, flow, step, _no_noise))
        return x


def _no_noise(step: int) -> Tensor:
    raise AssertionError(f"step {step} of a deterministic sampler asked for noise")
