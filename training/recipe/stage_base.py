"""The base: a bidirectional multi-step teacher, and its causal few-step student.

At full size the teacher is public (Wan2.1-T2V-1.3B) and only the student is trained.
"""

from dataclasses import KW_ONLY, dataclass

import torch
from torch import Tensor

from mag_sandbox.model.dit import Attend, DiT, own_block_attention
from mag_sandbox.model.flow import FlowSchedule, x0_from_flow
from mag_sandbox.training.losses import flow_loss, flow_target, x0_loss
from mag_sandbox.training.recipe.clips import ClipSource, clip_flow, flow_beside_clean
from mag_sandbox.training.recipe.masks import block_attention, block_causal, teacher_forcing
from mag_sandbox.training.recipe.presets import StudentTraining, TeacherTraining
from mag_sandbox.training.recipe.stage import RecipeStage
from mag_sandbox.training.recipe.trajectories import TrajectorySource
from mag_sandbox.training.seeded_random import SeededRandom

_TEACHER_DRAWS, _STUDENT_DRAWS = 13, 14


@dataclass(eq=False)
class TeacherStage(RecipeStage[DiT, ClipSource, TeacherTraining]):
    """Trains a bidirectional transformer by flow matching, one noise level a clip.

    Source: flow matching, arXiv 2210.02747; Wan2.1, arXiv 2503.20314.
    """

    name = "teacher"

    def __post_init__(self) -> None:
        self._schedule = FlowSchedule(self.config.shift)

    def loss(self, step: int) -> Tensor:
        """Return the error of the flow of clips at random noise levels."""
        random = SeededRandom(self.seed, _TEACHER_DRAWS, step)
        drawn = self.source.clips(step, self.config.frames)
        batch, frames = drawn.latents.shape[:2]
        entries = random.integers(len(self._schedule.sigmas), (batch,))
        sigma = self._schedule.sigmas[entries][:, None]
        noisy, target = flow_target(drawn.latents, sigma.expand(-1, frames), random.torch)
        dropped = torch.tensor([random.happens(self.config.prompt_dropout) for _ in range(batch)])
        text = torch.where(
            dropped[:, None, None], self.source.text("", batch), drawn.conditions.text
        )
        with self.device.autocast():
            flow = clip_flow(
                self.module, self.device.upload(noisy), sigma * 1000,
                self.module.text_keys(self.device.upload(text)),
                drawn.conditions.places.at(0, frames), own_block_attention(self.module.kernel),
            )  # fmt: skip
        level = self.device.upload(sigma)[..., None, None, None]
        self.latest = (self.device.upload(noisy) - level * flow).detach()
        return flow_loss(flow, self.device.upload(target))


@dataclass(eq=False)
class StudentStage(RecipeStage[DiT, TrajectorySource, StudentTraining]):
    """Trains a causal transformer, first the teacher, to name the end of its way from anywhere.

    Every block of a clip stands at a step of its own. What it reads of earlier blocks is as noisy
    as they are, or clean (teacher forcing).

    Source: CausVid, arXiv 2412.07772; Self Forcing, arXiv 2506.08009.
    """

    name = "student"

    _: KW_ONLY
    tokens: int  # of a latent frame

    def loss(self, step: int) -> Tensor:
        """Return the error of the clean latents that one batch of trajectories ends at."""
        drawn = self.source.trajectories(step)
        states = self.device.upload(drawn.states.float())
        batch, frames = states.shape[1:3]
        levels, length = self.config.levels, self.config.block_length
        places = SeededRandom(self.seed, _STUDENT_DRAWS, step).steps(
            len(levels.steps), batch, frames, length
        )
        noisy = at_places(states, places)
        timesteps, sigma = levels.timesteps[places], self.device.upload(levels.sigmas[places])
        with self.device.autocast():
            text = self.module.text_keys(self.device.upload(drawn.conditions.text))
            at = drawn.conditions.places.at(0, frames)
            if self.config.context == "clean":
                attend = self._attention(teacher_forcing(frames, length))
                flow = flow_beside_clean(
                    self.module, states[-1], noisy, timesteps, text, at, attend
                )
            else:
                attend = self._attention(block_causal(frames, length))
                flow = clip_flow(self.module, noisy, timesteps, text, at, attend)
        predicted = x0_from_flow(flow, noisy, sigma)
        self.latest = predicted.detach()
        return x0_loss(predicted, states[-1], self.device.upload(timesteps != 0))

    def _attention(self, mask: Tensor) -> Attend:
        return block_attention(mask, self.tokens, self.module.kernel)


def at_places(states: Tensor, places: Tensor) -> Tensor:
    """Return clips whose every frame is taken from a state of its own.

    States are [steps + 1, B, F, C, H, W], places which of them, int [B, F].
    """
    batch, frames = places.shape
    rows, columns = torch.arange(batch)[:, None], torch.arange(frames)[None]
    return states[places, rows, columns]
