"""The teacher's way from noise to a clip: what few-step students are regressed on.

Source: CausVid, arXiv 2412.07772, section 4.3: pairs of the teacher's ODE.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor

from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.flow import EulerSampler, Sampler, euler_levels
from mag_sandbox.model.generator import no_noise
from mag_sandbox.model.saved import stored, write_tensors
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.recipe.clips import Conditions, PromptSource, clip_flow
from mag_sandbox.training.recipe.presets import StudentTraining
from mag_sandbox.training.seeded_random import SeededRandom

Flow = Callable[[Tensor, float], Tensor]  # latents and timestep -> their flow
_DRAWS = 12


@dataclass(frozen=True, slots=True)
class Trajectories:
    """Clips on their way, [steps + 1, B, F, C, H, W]: noise first, clean last."""

    states: Tensor
    conditions: Conditions


class TrajectorySource(Protocol):
    """Where trajectories come from."""

    def trajectories(self, number: int) -> Trajectories:
        """Return the batch of a number, the same at every call."""


@torch.no_grad()
def trajectory(flow: Flow, noise: Tensor, sampler: Sampler) -> Tensor:
    """Return the latents before every step and after the last, [steps + 1, B, F, C, H, W].

    They follow the teacher's guided flow from standard normal noise; the sampler adds none.
    """
    states = [noise]
    for step, timestep in enumerate(sampler.timesteps):
        x = states[-1]
        states.append(sampler.advance(x, flow(x, timestep), step, no_noise))
    return torch.stack(states)


def guided_flow(
    dit: DiT, conditions: Conditions, negative: Tensor, guidance: float, device: TrainingDevice
) -> Flow:
    """Return a bidirectional teacher's flow, guided away from a prompt, [B, text_len, text_dim].

    Guidance 1 is none.

    Source: classifier-free guidance, arXiv 2207.12598.
    """
    attend = own_block_attention(dit.kernel)
    with torch.no_grad(), device.autocast():
        prompted, free = (
            dit.text_keys(device.upload(text)) for text in (conditions.text, negative)
        )

    def flow(x: Tensor, timestep: float) -> Tensor:
        at = conditions.places.at(0, x.shape[1])
        timesteps = torch.full((len(x), 1), float(timestep))
        with device.autocast():
            towards = clip_flow(dit, x, timesteps, prompted, at, attend)
            if guidance == 1:
                return towards
            away = clip_flow(dit, x, timesteps, free, at, attend)
        return away + guidance * (towards - away)

    return flow


@dataclass(eq=False)
class TeacherTrajectories:
    """Follows the teacher for every batch anew."""

    teacher: DiT  # bidirectional and frozen
    source: PromptSource  # of prompts
    config: StudentTraining  # whose steps they are for
    negative: str  # prompt that is led away from
    device: TrainingDevice  # where to compute
    seed: int  # of the noise

    def __post_init__(self) -> None:
        students = len(self.config.levels.steps)
        if self.config.teacher_steps % students:
            raise ValueError(
                f"{self.config.teacher_steps} steps of the teacher are no multiple of the "
                f"{students} steps of its student"
            )

    def trajectories(self, number: int) -> Trajectories:
        """Return the states at the student's noise levels, and the clean ones."""
        config = self.config
        conditions = self.source.conditions(number, config.frames)
        batch = len(conditions.text)
        noise = SeededRandom(self.seed, _DRAWS, number).noise(
            (batch, config.frames, *self.source.shape)
        )
        flow = guided_flow(
            self.teacher, conditions, self.source.text(self.negative, batch), config.guidance,
            self.device,
        )  # fmt: skip
        sampler = EulerSampler(euler_levels(config.teacher_steps, config.levels.shift))
        states = trajectory(flow, self.device.upload(noise), sampler)
        return Trajectories(states[:: config.teacher_steps // len(config.levels.steps)], conditions)


@dataclass(eq=False)
class KeptTrajectories:
    """Keeps the trajectories of another source on disk, a file a batch, in bf16."""

    source: TrajectorySource  # asked for batches that are not there yet
    prompts: PromptSource  # gives their conditions again
    folder: Path  # of the files; one for each teacher and setting
    count: int  # batches that are made; then the first comes again

    def trajectories(self, number: int) -> Trajectories:
        """Return a batch from its file, which is written when it is missing."""
        number %= self.count
        path = self.folder / f"{number:07d}.safetensors"
        if not path.exists():
            write_tensors(path, {"states": stored(self.source.trajectories(number).states)})
        states = load_file(path)["states"].float()
        return Trajectories(states, self.prompts.conditions(number, states.shape[2]))
