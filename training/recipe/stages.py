"""The stages of the recipe: each trains one network, from one kind of data, by one loss.

*Teacher*: bidirectional, in many steps; at full size it is public (Wan2.1-T2V-1.3B). *Student*:
causal, in few steps, by regression on the teacher's trajectories, which are kept on disk. *Memory*:
rebuilds every block from the one frame that memory keeps of it. *Generator*: distribution matching
on its own videos (Self Forcing, MAG, and others by data), made clip by clip with carried memory;
each clip trains the generator, or the critic that learns the generator's distribution. MAG's
history loss is a clip made under the empty prompt and judged under the real one.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mag_sandbox.model.checkpoints import stored, write_tensors
from mag_sandbox.model.dit import Attend, DiT, own_block_attention
from mag_sandbox.model.flow import (
    EulerSampler,
    FlowSchedule,
    Sampler,
    add_noise,
    euler_levels,
    score_timestep,
    x0_from_flow,
)
from mag_sandbox.model.generator import Coordinates, no_noise
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.losses import (
    dmd_gradient,
    dmd_loss,
    flow_loss,
    flow_target,
    guide,
    x0_loss,
)
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.recipe.clips import (
    ClipSource,
    Conditions,
    PromptSource,
    Show,
    clip_flow,
    flow_beside_clean,
)
from mag_sandbox.training.recipe.masks import (
    block_attention,
    block_causal,
    compress,
    history_compress,
    teacher_forcing,
)
from mag_sandbox.training.recipe.presets import (
    Distillation,
    HasOptimisation,
    MemoryTraining,
    StudentTraining,
    TeacherTraining,
)
from mag_sandbox.training.recipe.videos import GeneratedClip, Lanes, TeacherForced, Videos
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
class TrajectoryCache:
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


Module = TypeVar("Module", bound=nn.Module)
Source = TypeVar("Source")
Config = TypeVar("Config", bound=HasOptimisation)  # a preset


@dataclass(eq=False)
class RecipeStage(Stage, Generic[Module, Source, Config]):
    """A stage of one network, one kind of step, and AdamW."""

    name = "stage"

    module: Module
    source: Source  # of batches
    config: Config  # the numbers
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    show: Show  # writes a picture of latents
    batches: int = field(default=1, kw_only=True)  # of a step
    latest: Tensor | None = field(default=None, init=False)  # latents of the latest batch

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the whole network."""
        numbers = self.config.optimisation
        return [
            torch.optim.AdamW(
                self.module.parameters(), numbers.rate, numbers.betas,
                weight_decay=numbers.weight_decay,
            )
        ]  # fmt: skip

    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (shows the latest step's)
        """Write the latents of the latest step, made with the weights it had then."""
        if self.latest is not None:
            self.show(path, self.latest)


_MEMORY_DRAWS, _TEACHER_DRAWS, _STUDENT_DRAWS, _GENERATOR_DRAWS = 11, 13, 14, 16  # kept apart


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

    Every block of a clip stands at a step of its own. It reads earlier blocks as
    noisy as they are, or clean (teacher forcing).

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
        return block_attention(mask, self.tokens, self.module.kernel, self.device.device)


def at_places(states: Tensor, places: Tensor) -> Tensor:
    """Return clips whose every frame is taken from a state of its own.

    States are [steps + 1, B, F, C, H, W], places which of them, int [B, F].
    """
    batch, frames = places.shape
    rows, columns = torch.arange(batch)[:, None], torch.arange(frames)[None]
    return states[places, rows, columns]


MASKS = {"history_compress": history_compress, "compress": compress}


@dataclass(eq=False)
class MemoryStage(RecipeStage[DiT, ClipSource, MemoryTraining]):
    """Trains a transformer, first a few-step student, to write and to read compressed memory."""

    name = "memory"

    def loss(self, step: int) -> Tensor:
        """Return the error of clean latents predicted in one step from one noise level."""
        config, random = self.config, SeededRandom(self.seed, _MEMORY_DRAWS, step)
        length = config.block_lengths[random.choice(len(config.block_lengths))]
        drawn = self.source.clips(step, config.frames)
        frames = drawn.latents.shape[1] // length * length
        clean = self.device.upload(drawn.latents[:, :frames])
        noise = self.device.upload(random.noise(clean.shape))
        timesteps = config.levels.timesteps
        timestep = float(timesteps[random.choice(len(timesteps))])
        noisy, sigma = noised(clean, noise, timestep, config.levels.shift)
        first = first_index(random, frames, length, config.longest)
        attend = block_attention(
            MASKS[config.mask](frames, length), self.source.tokens, self.module.kernel,
            self.device.device,
        )  # fmt: skip
        text = drawn.conditions.text
        if random.happens(config.empty_share):
            text = self.source.text("", len(clean))
        with self.device.autocast():
            flow = flow_beside_clean(
                self.module, clean, noisy, torch.full(sigma.shape, timestep),
                self.module.text_keys(self.device.upload(text)),
                drawn.conditions.places.at(first, frames), attend,
            )  # fmt: skip
        predicted = x0_from_flow(flow, noisy, sigma)
        self.latest = predicted.detach()
        return x0_loss(predicted, clean)


def first_index(random: SeededRandom, frames: int, block_length: int, longest: int) -> int:
    """Return a random index of a clip's first frame, whole blocks into a video of `longest` frames.

    All frames of a pass are moved alike and rotary scores know differences only, so it changes
    nothing but rounding; it is here because the recipe has it.
    """
    return random.choice(max(0, longest - frames) + 1) // block_length * block_length


def noised(
    clean: Tensor, noise: Tensor, timestep: float, shift: float = 5.0
) -> tuple[Tensor, Tensor]:
    """Return clips [B, F, C, H, W] at one noise level, and that level, [B, F]."""
    level = FlowSchedule(shift).sigma(torch.tensor([timestep]))
    sigma = level.to(clean.device).expand(clean.shape[:2])
    return add_noise(clean, noise, sigma), sigma


@dataclass(frozen=True, slots=True)
class NoisedClip:
    """A clip at one noise level, [B, F, C, H, W], and what made it."""

    clean: Tensor
    noise: Tensor
    timesteps: Tensor  # 20 to 980, [B]
    sigma: Tensor  # [B, F]
    noisy: Tensor


@dataclass(eq=False)
class Scores:
    """Compares both scores on generated clips.

    scores = Scores(teacher, fake, guidance=3.0)
    noised = scores.noise(clip.detach(), raw_timesteps, noise)
    loss = scores.generator_loss(clip, noised, text, negative, coordinates)
    loss = scores.critic_loss(noised, text, coordinates)
    """

    real: DiT  # the teacher, frozen
    fake: DiT  # the critic, which learns the generator's distribution
    guidance: float  # how much the prompt counts in the teacher's; 0: no negative one is asked
    shift: float = 5.0  # of the noise levels

    def __post_init__(self) -> None:
        self._schedule = FlowSchedule(self.shift)

    def noise(self, clean: Tensor, raw: Tensor, noise: Tensor) -> NoisedClip:
        """Noise generated clips, [B, F, C, H, W], to compare scores at; no gradient passes.

        Raw levels are integers from 0 to 999, [B]; the noise is standard normal.
        """
        timesteps = score_timestep(raw.float(), self._schedule.shift).to(clean.device)
        sigma = self._schedule.sigma(timesteps)[:, None].expand(clean.shape[:2])
        clean = clean.detach()
        return NoisedClip(clean, noise, timesteps, sigma, add_noise(clean, noise, sigma))

    def generator_loss(
        self, clip: Tensor, noised: NoisedClip, text: Tensor, negative: Tensor, at: Coordinates
    ) -> Tensor:
        """Return the loss that moves generated clips towards the teacher's, fp64."""
        with torch.no_grad():
            fake = self._x0(self.fake, noised, text, at)
            real = self._x0(self.real, noised, text, at)
            if self.guidance:
                real = guide(real, self._x0(self.real, noised, negative, at), self.guidance)
            gradient = dmd_gradient(noised.clean, fake, real)
        return dmd_loss(clip, gradient)

    def critic_loss(self, noised: NoisedClip, text: Tensor, at: Coordinates) -> Tensor:
        """Return the flow-matching loss of the critic on a generated clip, fp64."""
        flow = self._flow(self.fake, noised, text, at)
        return (flow.double() - (noised.noise - noised.clean).double()).square().mean()

    def _x0(self, dit: DiT, noised: NoisedClip, text: Tensor, at: Coordinates) -> Tensor:
        return x0_from_flow(self._flow(dit, noised, text, at), noised.noisy, noised.sigma)

    def _flow(self, dit: DiT, noised: NoisedClip, text: Tensor, at: Coordinates) -> Tensor:
        attend = own_block_attention(dit.kernel)  # every frame reads every other
        keys = dit.text_keys(text)
        return clip_flow(dit, noised.noisy, noised.timesteps[:, None], keys, at, attend)


@dataclass(eq=False)
class ClipDistillationStage(RecipeStage[GeneratorAndCritic, PromptSource, Distillation]):
    """Trains a generator, and its critic, by distribution matching on its own rollouts.

    A batch is one clip. The source gives the negative prompt.

    Source: DMD, arXiv 2311.18828 and 2405.14867; Self Forcing, arXiv 2506.08009; MAG, arXiv
    2512.18741.
    """

    name = "generator"

    _: KW_ONLY
    teacher: DiT  # the real score, frozen
    videos: Videos | Lanes | TeacherForced  # makes clips with the generator
    negative: str  # prompt the teacher is guided away from

    def __post_init__(self) -> None:
        self.teacher.requires_grad_(False)
        numbers = self.config.guidance, self.config.shift
        self._scores = Scores(self.teacher, self.module.critic, *numbers)

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return AdamW over the generator and, at a rate of its own, over the critic."""
        numbers = self.config.optimisation
        return self.module.optimisers(
            numbers.rate, numbers.critic_rate, numbers.betas, numbers.weight_decay
        )

    def kind(self, step: int) -> str:
        """Return which network a step trains: `generator` or `critic`."""
        return "generator" if step % self.config.period == 0 else "critic"

    def loss(self, batch: int) -> Tensor:
        """Return the loss of one clip; it has a gradient for one of the two only."""
        learns = self.kind(batch // self.batches)
        random = SeededRandom(self.seed, _GENERATOR_DRAWS, batch)
        with self.device.autocast():
            with torch.set_grad_enabled(learns == "generator"):
                clip = self.videos.clip(batch)
            noised = self._noised(clip, random)
            text = self.device.upload(clip.text)
            self.latest = clip.latents.detach()
            if learns == "critic":
                return self._scores.critic_loss(noised, text, clip.at)
            negative = self.device.upload(self.source.text(self.negative, len(text)))
            return self._scores.generator_loss(clip.latents, noised, text, negative, clip.at)

    def _noised(self, clip: GeneratedClip, random: SeededRandom) -> NoisedClip:
        raw = random.integers(1000, (len(clip.latents),))
        noise = self.device.upload(random.noise(clip.latents.shape))
        return self._scores.noise(clip.latents, raw, noise)


AnyStage = TeacherStage | StudentStage | MemoryStage | ClipDistillationStage
