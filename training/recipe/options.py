"""Options of the recipe's commands; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import multiple_of_16, option
from mag_sandbox.model.catalogue.clips import WAN_NEGATIVE
from mag_sandbox.workers.options import WorkerOptions

STAGES = {
    "base": "a teacher (pocket size only), then its causal few-step student",
    "self-forcing": "the student on its own rollouts, by distribution matching",
    "memory": "a memory model that rebuilds blocks from one frame of each",
    "generator": "MAG's generator: long rollouts over the frozen memory model",
}


@dataclass(frozen=True, slots=True)
class RecipeOptions:
    """One stage of the recipe, to be trained."""

    stage: str  # of STAGES
    size: Literal["pocket", "full"] = option("pocket")
    folder: Path = option(Path("runs/recipe"), "state, logs, sheets and results")
    preset: str | None = option(None, "numbers of another recipe, see docs/training.md")
    steps: int | None = option(None, "else the preset's")
    batch: int | None = option(None, "videos a step; else the preset's")
    # a step's videos are made in so many parts, side by side; one a process
    parts: int = option(1, "in which videos are made, else processes", default=None)
    memory_gib: int = option(32, "of a device, for what videos under way remember; more waits")
    seed: int = option(0, "seed of data and noise", type=int)
    init: Path | None = option(None, "weights to start from, else the stage before's")
    memory: Path | None = option(None, "memory model, else the result of `memory`")
    weights: Path = option(Path("runs/pocket/weights"), "pocket: the world")
    panoramas: int = option(4800, "pocket: scenes to learn from")
    data: Path | None = option(None, "pocket: where panoramas are, or are drawn to, else --folder")
    wan: Path | None = option(None, "full: folder of Wan2.1-T2V-1.3B")
    videos: Path | None = option(None, "full: folder made by `precompute`")
    prompts: Path | None = option(None, "full: text file, a prompt a line")
    negative: str = option(
        WAN_NEGATIVE, "full: prompt that the teacher is guided away from; else Wan's"
    )
    height: int = option(480, "full: px of the videos", type=multiple_of_16)
    width: int = option(832, "full: px", type=multiple_of_16)


@dataclass(frozen=True, slots=True)
class PrecomputeOptions(WorkerOptions):
    """Videos and prompts to be read once, before training at full size."""

    wan: Path = option(help="folder of Wan2.1-T2V-1.3B")
    folder: Path = option(help="where latents and text features go")
    videos: Path | None = option(
        None, "folder of videos, also in folders within; captions beside as .txt"
    )
    prompts: Path | None = option(None, "text file, a prompt a line")
    negative: str = option(WAN_NEGATIVE, "prompt the teacher is guided away from; else Wan's")
    longest: int = option(75, "latent frames of a video")
    height: int = option(480, "px that videos are cut to", type=multiple_of_16)
    width: int = option(832, "px", type=multiple_of_16)
