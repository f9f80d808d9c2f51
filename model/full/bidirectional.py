"""Bidirectional Wan: the same transformer reading a whole clip at once, many guided steps.

It is the teacher that few-step students learn from. It knows nothing of blocks or memory.
"""

import torch
from torch import Tensor

from mag_sandbox.model.dit import DiT, TextKeys, own_block_attention
from mag_sandbox.model.flow import Sampler
from mag_sandbox.model.generator import no_noise
from mag_sandbox.model.rope import GridCoordinates


class BidirectionalWan:
    """A clip's flow with full attention over all its frames, and sampling with guidance.

        teacher = BidirectionalWan(dit, GridCoordinates(30, 52, 128))
        latents = teacher.sample(noise, prompt, negative, euler_sampler(50, shift=5.0), 6.0)

    Source: Wan2.1, arXiv 2503.20314.
    """

    def __init__(self, dit: DiT, grid: GridCoordinates) -> None:
        self.dit, self._grid = dit, grid
        self._attend = own_block_attention(dit.kernel)

    def flow(self, latents: Tensor, timesteps: Tensor, text: TextKeys) -> Tensor:
        """Return the flow, [B, F, C, H, W], in the type of the latents.

        Args:
            latents: noisy, [B, F, C, H, W].
            timesteps: 0 to 1000, one a sample, [B].
            text: keys of the prompts.
        """
        time = self.dit.embed_time(timesteps[:, None])  # one modulation for all frames
        weight = self.dit.patch_embedding.weight
        rotary = self._grid.rotary(0, latents.shape[1])
        flow = self.dit(latents.to(weight.dtype), time, text, rotary, self._attend)
        return flow.to(latents.dtype)

    def sample(
        self, noise: Tensor, text: TextKeys, free_text: TextKeys, sampler: Sampler, guidance: float
    ) -> Tensor:
        """Return clean latents, [B, F, C, H, W].

        Args:
            noise: standard normal, fp32.
            text: keys of the prompt.
            free_text: keys of the negative prompt, from which guidance leads away.
            sampler: the steps; a fresh one where it keeps a history.
            guidance: 1: none, and the negative prompt is not asked.

        Source: classifier-free guidance, arXiv 2207.12598.
        """
        x = noise
        for step, timestep in enumerate(sampler.timesteps):
            timesteps = torch.full(x.shape[:1], float(timestep), device=x.device)
            flow = self.flow(x, timesteps, text)
            if guidance != 1.0:
                free = self.flow(x, timesteps, free_text)
                flow = free + guidance * (flow - free)
            x = sampler.advance(x, flow, step, no_noise)
        return x
