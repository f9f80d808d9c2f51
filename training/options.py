"""Options of the training commands; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import UsageError, argument, multiple_of_16, option
from mag_sandbox.model.catalogue.recipes import WAN_NEGATIVE
from mag_sandbox.model.world import WEIGHTS
from mag_sandbox.workers.options import WorkerOptions

STAGES = {
    "base": "a teacher (pocket size only), then its causal few-step student",
    "self-forcing": "the student on its own rollouts, by distribution matching",
    "memory": "a memory model that rebuilds blocks from one frame of each",
    "generator": "MAG's generator: long rollouts over the frozen memory model",
}
PHASES = ("teacher", "direct", "student")
VARIANTS = ("ring", "A", "B", "C", "zero", "framepack")


@dataclass(frozen=True, slots=True)
class PocketTraining:
    """How the pocket world is trained."""

    folder: Path = option(Path("runs/pocket"), "state, logs and sheets")
    panoramas: int = option(4800, "scenes to learn from")
    views: int = option(10, "encoded views of each scene")
    autoencoder_steps: int = option(5000, "steps of the autoencoder")
    reading_steps: int = option(1200, "steps of the text encoder, on captions alone")
    world_steps: int = option(7000, "steps of transformer and text encoder")
    image_steps: int = option(3500, "how many of these, at first, learn from single frames only")
    guide_from: int = option(
        5500, "world step from which views learn to follow their prompt without guidance"
    )
    generator_rank: int = option(
        0,
        "of a generator that is distilled from the world; 0: the world invents by itself",
        type=int,
        choices=range(193),
        metavar="RANK",
    )
    # more of these exaggerate, see docs/lab/training.md
    generator_steps: int = option(
        64, "steps of the generator and its critic, by distribution matching"
    )
    decoder_steps: int = option(1500, "steps that polish the decoder alone")
    animator_steps: int = option(6000, "last steps, of the network that moves pictures")
    seed: int = option(0, "seed of data and noise", type=int)
    init_from: Path | None = option(None, "weights folder to start from, with fresh optimisers")


@dataclass(frozen=True, slots=True)
class ImaginationTraining:
    """How planner, reader and painter are trained."""

    folder: Path = option(Path("runs/imagination"), "state, logs and sheets")
    data: Path = option(Path("runs/imagination/rings"), "descriptions of rings, 0.2 MB each")
    rings: int = option(6800, "scenes to learn to paint")
    walks: int = option(0, "scenes to learn to paint again from a second viewpoint", type=int)
    crowded: int = option(0, "scenes more, crowded with things that are painted badly", type=int)
    logs: int = option(8400, "scenes to learn to plan, of which nothing is painted")
    painter_steps: int = option(4000, "steps of the transformer that paints")
    own_steps: int = option(0, "further ones on what its own steps make", type=int)
    text_steps: int = option(
        0, "steps of a text encoder of their own, on captions; 0: the world's reads", type=int
    )
    planner_steps: int = option(4000, "steps of the transformer that plans")
    reader_steps: int = option(3000, "steps of the network that reads given pictures")
    seed: int = option(0, "seed of data and noise", type=int)
    weights: Path = option(
        WEIGHTS / "pocket",
        "folder of the world, whose latents are painted and whose text encoder reads",
    )
    init_from: Path | None = option(None, "weights folder to start from, with fresh optimisers")


@dataclass(frozen=True, slots=True)
class PictureTraining:
    """How a network that sees the game's pictures is trained."""

    folder: Path = option(Path("runs/pictures"), "state, logs, sheets and weights")
    steps: int = option(12000, "steps")
    seed: int = option(0, "seed of the order of pictures", type=int)
    weights: Path = option(WEIGHTS / "pocket", "folder of the world, whose pictures are seen")
    init_from: Path | None = option(None, "weights to start from, with fresh optimisers")


@dataclass(frozen=True, slots=True)
class EnlargerTraining(PictureTraining):
    """How the network that enlarges pictures is trained."""

    folder: Path = option(Path("runs/enlarger"), "state, logs, sheets and weights")
    scenes: int = option(120, "scenes to learn from, three views each, 10 MB a scene")


@dataclass(frozen=True, slots=True)
class CloseUpTraining(PictureTraining):
    """How the network that shows things from near is trained."""

    folder: Path = option(Path("runs/close-ups"), "state, logs, sheets and weights")
    scenes: int = option(600, "scenes to learn from, 2 MB each")
    imagination: Path = option(WEIGHTS / "imagination", "folder of the painter")


@dataclass(frozen=True, slots=True)
class RefinerTraining(CloseUpTraining):
    """How the network that makes painted pictures crisp is trained."""

    folder: Path = option(Path("runs/refiner"), "state, logs, sheets and weights")
    scenes: int = option(600, "scenes to learn from, 5 MB each")


@dataclass(frozen=True, slots=True)
class ReliefTraining(PictureTraining):
    """How the network that tells what stands out is trained."""

    folder: Path = option(Path("runs/relief"), "state, logs, sheets and weights")
    rings: int = option(600, "scenes to learn from, 2 MB each")


@dataclass(frozen=True, slots=True)
class WallsTraining(ReliefTraining):
    """How the network that tells how far away walls are is trained."""

    folder: Path = option(Path("runs/walls"), "state, logs, sheets and weights")
    rings: int = option(1400, "rooms to learn from, 1 MB each")
    steps: int = option(3000, "steps")


@dataclass(frozen=True, slots=True)
class RecipeOptions:
    """One stage of the recipe, to be trained."""

    stage: str  # of STAGES
    size: Literal["pocket", "full"] = option("pocket")
    folder: Path = option(Path("runs/recipe"), "state, logs, sheets and results")
    preset: str | None = option(None, "numbers of another recipe, see docs/training.md")
    steps: int | None = option(None, "else the preset's")
    batch: int | None = option(None, "videos a step; else the preset's")
    # parts in which a step's videos are made, side by side; one a process
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


@dataclass(frozen=True, slots=True)
class MemoryPackOptions:
    """One phase of one variant, to be trained."""

    phase: str = option("teacher", "(%(default)s)", choices=PHASES)
    variant: str = option("A", "(%(default)s)", choices=VARIANTS)
    size: Literal["pocket", "full"] = option("pocket")
    folder: Path = option(Path("runs/memorypack"), "state, logs, sheets and results")
    data: Path = option(Path("runs/pocket"), "pocket: where the panoramas are drawn")
    weights: Path = option(Path("assets/weights/pocket"), "pocket: the world to start from")
    # parts to start from; None: the teacher phase's, or untrained ones
    init: Path | None = option(None, "parts to start from")
    steps: int | None = option(None, "else the preset's")
    batch: int | None = option(None, "videos a step; else the preset's")
    seed: int = option(0, "seed of data and noise", type=int)
    panoramas: int = option(4800, "pocket: scenes to learn from")
    wan: Path | None = option(None, "full: folder of Wan2.1-T2V-1.3B")
    videos: Path | None = option(None, "full: folder made by `precompute`")
    height: int = option(480, "full: px of the videos")
    width: int = option(832, "full: px")

    def __post_init__(self) -> None:
        if self.variant == "ring" and self.size == "full":
            raise UsageError("variant ring needs poses, which videos of full size lack; choose A")

    @property
    def run(self) -> Path:
        """Folder of this phase and variant."""
        return self.folder / f"{self.variant}-{self.phase}"


@dataclass(frozen=True, slots=True)
class StateExport:
    """The averaged weights of a stage, stopped or running."""

    state: Path = argument("NAME.pt, or NAME.shards of several processes")
    weights: Path = argument("file to write")


@dataclass(frozen=True, slots=True)
class TextOptions:
    """Prompts of the library scenes, read beforehand."""

    folder: Path = argument("of the weights, where the file is written")


@dataclass(frozen=True, slots=True)
class RangeOptions:
    """Ranges for int8."""

    weights: Path = argument("folder, where the file is written")


@dataclass(frozen=True, slots=True)
class ColorOptions:
    """Colours that things are painted in."""

    file: Path | None = option(None, "to write (the one that comes with the game)")


@dataclass(frozen=True, slots=True)
class ScenePictureOptions:
    """Pictures of scenes that list their things."""

    layouts: Path = argument("YAML of layouts by name, like scenes/layouts.yaml")
    folder: Path = argument("where NAME.png of each is written")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveOptions:
    """Loss curves of a run."""

    folder: Path = option(Path("runs/pocket"), "of the run")
    picture: Path = option(help="SVG file to write")
