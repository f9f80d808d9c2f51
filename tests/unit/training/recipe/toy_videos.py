"""Videos of a tiny pocket world that a network can learn from: one picture, panned over."""

import torch

from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.networks import PackedNetworks
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.memorypack.presets import PackTraining, at_pocket_size
from mag_sandbox.training.memorypack.stage import MemoryPackStage, VideoBatch
from mag_sandbox.training.memorypack.train import PackSize
from mag_sandbox.training.recipe.presets import Optimisation
from tests.tiny import TINY
from tests.unit.model.memorypack.tiny_pack import LENGTH, PLACES, frames, prompt, tiny_packed


class Fp32(TrainingDevice):
    """A CPU without mixed precision, so that sums of gradients can be compared."""

    def autocast(self):
        return torch.autocast("cpu", enabled=False)


FP32 = Fp32("cpu", sdpa_attention)


class ToyVideos:
    """Still videos: every clip shows the image, which is another one at every step."""

    places, length = PLACES, LENGTH

    def __init__(self, batch: int = 2, own_prompt: int | None = None) -> None:
        self.batch, self.own_prompt = batch, own_prompt

    def videos(self, number: int, clips: int) -> VideoBatch:
        video = frames(clips, seed=number, batch=self.batch)
        still = video.latents[:, :1].expand_as(video.latents).clone()
        return VideoBatch(
            video.with_latents(still),
            prompt(number, self.batch),
            torch.zeros_like(prompt(0, self.batch)),
        )


def toy_stage(
    config: PackConfig | None = None,
    networks: PackedNetworks | None = None,
    seed: int = 0,
    **numbers,
) -> MemoryPackStage:
    """Return a stage on toy videos; `numbers` are of `PackTraining`."""
    chosen = {"optimisation": Optimisation(steps=8, rate=1e-3), "forcing": "direct"} | numbers
    return MemoryPackStage(
        networks or tiny_packed(config), ToyVideos(), PackTraining(**chosen),
        shift=TINY.flow.shift, device=FP32, seed=seed, show=lambda path, latents: None,
    )  # fmt: skip


def toy_size(seed: int = 0) -> PackSize:
    """Return what the command trains: toy videos, every one a batch of its own."""
    return PackSize(
        device=FP32, dit=tiny_packed(seed=seed).dit, base="0123456789abcdef", shift=2.0,
        adapted=at_pocket_size, source=ToyVideos, show=lambda path, latents: None,
        batches=lambda videos, processes: videos,
    )  # fmt: skip
