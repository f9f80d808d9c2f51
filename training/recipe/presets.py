"""The stages' numbers, as the paper and the released code have them; plain data.

Where paper and code differ both are here, and the comment says which is the default and why.
Batches count videos; one optimiser step sees `batch` of them, on however many devices.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

from mag_sandbox.model.catalogue.recipes import FOUR_STEPS, FewSteps, Recipe, ring
from mag_sandbox.model.catalogue.worlds import RECIPES

AnyTraining = TypeVar("AnyTraining", bound=Any)  # a dataclass with `optimisation`


@dataclass(frozen=True, slots=True)
class Optimisation:
    """How a stage's AdamW steps; the rate is constant."""

    steps: int
    rate: float = 2e-6
    critic_rate: float = 4e-7
    betas: tuple[float, float] = (0.0, 0.999)
    weight_decay: float = 0.01
    clip: float = 10.0  # largest gradient norm
    ema: float = 0.99
    batch: int = 64  # videos a step


class HasOptimisation(Protocol):
    """The numbers of a stage that AdamW trains."""

    @property
    def optimisation(self) -> Optimisation:
        """The settings of AdamW."""


@dataclass(frozen=True, slots=True)
class TeacherTraining:
    """A bidirectional multi-step network; at full size it is public, Wan2.1-T2V-1.3B."""

    optimisation: Optimisation
    frames: int = 21  # latent frames of a clip
    prompt_dropout: float = 0.1  # so that it can be guided
    shift: float = 5.0


@dataclass(frozen=True, slots=True)
class StudentTraining:
    """A causal few-step student, by regression on the teacher's trajectories.

    Source: CausVid, arXiv 2412.07772, section 4.3; Self Forcing, arXiv 2506.08009.
    """

    optimisation: Optimisation
    frames: int = 21
    block_length: int = 3
    levels: FewSteps = FOUR_STEPS
    teacher_steps: int = 48  # Euler; a multiple of the student's steps
    guidance: float = 6.0  # of the teacher, as samplers count it
    context: Literal["noisy", "clean"] = "noisy"  # of earlier blocks; clean: teacher forcing


@dataclass(frozen=True, slots=True)
class MemoryTraining:
    """The memory model: [clean | noisy] sequences under the empty prompt.

    Source: MAG, arXiv 2512.18741, section 3.4, as released.
    """

    optimisation: Optimisation
    frames: int = 75  # latent frames of a clip, at most
    fewest_frames: int = 22  # shorter videos are passed over
    block_lengths: tuple[int, ...] = (3,)  # one is drawn a step; the paper also tries 1, 4, 5
    mask: Literal["history_compress", "compress"] = "history_compress"
    longest: int = 120  # frames of a video within which a clip's first index is drawn
    empty_share: float = 1.0  # of steps under the empty prompt
    levels: FewSteps = FOUR_STEPS


@dataclass(frozen=True, slots=True)
class Distillation:
    """Distribution matching on rollouts, short or long, with carried memory or without."""

    optimisation: Optimisation
    recipe: Recipe
    clip_frames: int = 21  # that the scores judge at once
    overlap: int = 3  # frames of the clip before, at the start of every later one
    clips: int = 1  # of a video
    in_turn: bool = True  # clips are learned from one after another; else one at random a video
    history_share: float = 0.0  # of later clips, made under the empty prompt: the history loss
    switch_share: float = 0.0  # of videos that change their prompt at a later clip
    critic_steps: int = 5  # for one of the generator
    guidance: float = 3.0  # of the teacher, as DMD code counts it: 4 in a sampler's words
    shift: float = 5.0  # of the scores' noise levels
    context: Literal["own", "clean"] = "own"  # clean: teacher forcing, no rollout

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.clip_frames:
            raise ValueError(f"clips of {self.clip_frames} frames cannot overlap {self.overlap}")

    @property
    def frames(self) -> int:
        """Latent frames of a whole video."""
        return self.clip_frames + (self.clips - 1) * (self.clip_frames - self.overlap)

    @property
    def period(self) -> int:
        """Steps of one generator update and the critic's that follow it."""
        return 1 + self.critic_steps


# training keeps every block of a video (43 of 3 frames) and two sink frames, see `Recipe`
MAG_TRAINING = Recipe(*ring(43, 2), remembers="memory", remembers_under="empty")

TEACHER = TeacherTraining(Optimisation(steps=100_000, rate=1e-5, betas=(0.9, 0.95)))  # numbers ours
STUDENT = StudentTraining(Optimisation(steps=6000))  # steps and rate are ours
CAUSVID_STUDENT = replace(STUDENT, context="clean")

# the paper trains 300 steps, the released file says 600; the later stages start from 300
SELF_FORCING = Distillation(Optimisation(steps=300), RECIPES["self-forcing"])
SELF_FORCING_AS_RELEASED = replace(SELF_FORCING, optimisation=Optimisation(steps=600))

MEMORY = MemoryTraining(Optimisation(steps=2000))  # paper and code agree
MEMORY_AS_DRAWN = replace(MEMORY, mask="compress")  # figure 3; the released scripts do not use it

# paper: about 1400 steps, p 0.6; released file: 1000 steps, p 0.8. The paper's are the default,
# since its results were made with them; the released ones are beside them
GENERATOR = Distillation(Optimisation(steps=1400), MAG_TRAINING, clips=7, history_share=0.6)
GENERATOR_AS_RELEASED = replace(GENERATOR, optimisation=Optimisation(steps=1000), history_share=0.8)

# other recipes over the same loop; their lengths, rates and shares are ours
CAUSVID = replace(SELF_FORCING, context="clean")
SELF_FORCING_PLUS = replace(SELF_FORCING, clips=7, in_turn=False)
LONGLIVE = Distillation(Optimisation(steps=3000), RECIPES["longlive"], clips=13, switch_share=0.5)

Preset = TeacherTraining | StudentTraining | MemoryTraining | Distillation
PRESETS: dict[str, Preset] = {
    "teacher": TEACHER,
    "student": STUDENT,
    "causvid-student": CAUSVID_STUDENT,
    "self-forcing": SELF_FORCING,
    "self-forcing-as-released": SELF_FORCING_AS_RELEASED,
    "causvid": CAUSVID,
    "self-forcing++": SELF_FORCING_PLUS,
    "longlive": LONGLIVE,
    "memory": MEMORY,
    "memory-as-drawn": MEMORY_AS_DRAWN,
    **{f"memory-block-{n}": replace(MEMORY, block_lengths=(n,)) for n in (1, 4, 5)},  # of table 4
    "generator": GENERATOR,
    "generator-as-released": GENERATOR_AS_RELEASED,
}

POCKET_FRAMES = 18  # latent frames of the pocket world's training videos


def at_pocket_size(preset: Preset) -> Preset:
    """Return a preset for the pocket world: shorter clips, smaller batches; numbers ours."""
    numbers = replace(
        preset.optimisation, rate=2e-5, critic_rate=2e-5, batch=4, clip=1.0,
        steps=min(preset.optimisation.steps, 1000),
    )  # fmt: skip
    if isinstance(preset, Distillation):
        return replace(preset, optimisation=numbers, clip_frames=12)
    changed = replace(preset, optimisation=numbers, frames=POCKET_FRAMES)
    if isinstance(changed, MemoryTraining):  # paths end with their clip
        return replace(changed, fewest_frames=1, longest=0)
    return changed


def with_options(preset: AnyTraining, options: Any) -> AnyTraining:
    """Return a stage's numbers with the steps and the batch that its options say, if they do."""
    numbers = preset.optimisation
    steps, batch = options.steps or numbers.steps, options.batch or numbers.batch
    return replace(preset, optimisation=replace(numbers, steps=steps, batch=batch))
