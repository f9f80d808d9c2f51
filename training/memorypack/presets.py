"""The numbers of MemoryPack's two phases, at both sizes; plain data.

Source: arXiv 2510.01784, section 4.1 and A.2, where it gives some; the others are ours.
"""

from dataclasses import dataclass, replace
from typing import Literal

from mag_sandbox.training.recipe.presets import Optimisation

Forcing = Literal["teacher", "direct", "student"]
Tuned = Literal["all", "memory", "last"]


@dataclass(frozen=True, slots=True)
class PackTraining:
    """One phase."""

    optimisation: Optimisation
    forcing: Forcing
    tuned: Tuned = "all"
    rank: int = 0  # of what changes the transformer's layers; 0: they are tuned whole
    curriculum: tuple[int, ...] = (1, 2, 4, 7)  # clips of a video, equal steps for each
    learned: int | None = None  # of a video's clips, drawn at random; None: all
    own_share: float = 1.0  # of clips that are remembered as predicted; the others as they are
    from_noise: float = 0.0  # share of clips that are pure noise
    largest_sigma: float = 1.0  # of noised clips
    differentiated: int = 2  # newest updates of psi that a clip's loss reaches
    new_rate: float = 1.0  # learning rate of MemoryPack's own parts, over that of the transformer
    psi_alone: float = 0.0  # share of clips that read neither packed frames nor the image
    sample_steps: int = 5  # of student forcing, as in the paper

    def __post_init__(self) -> None:
        if self.learned is not None and self.forcing != "teacher":
            raise ValueError(f"{self.forcing} forcing learns from all clips, not {self.learned}")
        if not self.curriculum or min(self.curriculum) < 1:
            raise ValueError(f"a curriculum of {self.curriculum} clips has nothing to learn from")


_PAPER = Optimisation(steps=20_000, rate=1e-5, betas=(0.9, 0.999), ema=0.999, batch=1, clip=1.0)
TEACHER = PackTraining(_PAPER, "teacher", curriculum=(7,))
DIRECT = PackTraining(replace(_PAPER, steps=4000), "direct", tuned="last", largest_sigma=0.95)
# a clip costs one pass over its context and one over itself; sampling it, five more
STUDENT = replace(DIRECT, forcing="student", optimisation=replace(_PAPER, steps=4000 * 2 // 7))

PRESETS: dict[str, PackTraining] = {"teacher": TEACHER, "direct": DIRECT, "student": STUDENT}


def at_pocket_size(preset: PackTraining) -> PackTraining:
    """Return a preset for the pocket world: fewer and larger steps; numbers ours."""
    numbers = replace(preset.optimisation, rate=1e-4, batch=2, betas=(0.9, 0.95), ema=0.99)
    if preset.tuned != "all":
        return replace(preset, optimisation=replace(numbers, steps=numbers.steps // 10))
    return replace(
        preset,
        optimisation=replace(numbers, steps=1000, rate=1e-3),
        tuned="memory",  # small enough to come with the game
        rank=32,
        curriculum=(4, 12, 24),
        learned=6,
        differentiated=24,  # psi must learn of frames that left the pack of six blocks
        from_noise=0.9,  # a block that is remembered is shown after one step
        psi_alone=0.8,
        new_rate=0.4,
    )
