"""What the recipe's commands can be told; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

STAGES = {
    "base": "a teacher (pocket size only), then its causal few-step student",
    "self-forcing": "the student on its own rollouts, by distribution matching",
    "memory": "a memory model that rebuilds blocks from one frame of each",
    "generator": "MAG's generator: long rollouts over the frozen memory model",
}


@dataclass(frozen=True, slots=True)
class RecipeOrder:
    """One stage of the recipe, to be trained."""

    stage: str  # of STAGES
    size: Literal["pocket", "full"] = "pocket"
    folder: Path = Path("runs/recipe")  # state, logs, sheets and results
    preset: str | None = None  # of `training.recipe.presets`; None: the stage's own
    steps: int | None = None  # None: the preset's
    batch: int | None = None  # videos a step; None: the preset's
    parts: int = 1  # a step's videos are made in so many parts, side by side; one a process
    seed: int = 0
    init: Path | None = None  # weights to start from; None: the stage before
    memory: Path | None = None  # memory model; None: the result of `memory`
    weights: Path = Path("runs/pocket/weights")  # pocket: the world to start from
    panoramas: int = 4800  # pocket: scenes to learn from
    data: Path | None = None  # pocket: where they are, or are drawn to; None: `folder`
    wan: Path | None = None  # full: the folder of Wan2.1-T2V-1.3B
    videos: Path | None = None  # full: folder of .pt files made by `precompute`
    prompts: Path | None = None  # full: text file, a prompt a line
    negative: str = ""  # full: prompt that the teacher is guided away from
    height: int = 480  # full: px of the videos
    width: int = 832  # full: px


@dataclass(frozen=True, slots=True)
class PrecomputeOrder:
    """Videos and prompts to be read once, before training at full size."""

    wan: Path  # the folder of Wan2.1-T2V-1.3B
    folder: Path  # where latents and text features go
    videos: Path | None = None  # folder of videos; a caption lies beside each as .txt
    prompts: Path | None = None  # text file, a prompt a line
    negative: str = ""
    height: int = 480  # px, what videos are cut to
    width: int = 832  # px
    longest: int = 75  # latent frames of a video
