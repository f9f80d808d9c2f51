"""What a training run of the imagination can be told; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.command_line import option
from mag_sandbox.model.world import WEIGHTS


@dataclass(frozen=True, slots=True)
class ImaginationTraining:
    """How what invents views is trained."""

    folder: Path = option(Path("runs/imagination"), "state, logs and sheets")
    data: Path = option(Path("runs/imagination/rings"), "what is known of rings, 0.2 MB each")
    rings: int = option(6800, "scenes to learn to paint")
    walks: int = option(0, "scenes to learn to paint again from a second viewpoint", type=int)
    logs: int = option(8400, "scenes to learn to plan, of which nothing is painted")
    painter_steps: int = option(4000, "steps of the transformer that paints")
    planner_steps: int = option(4000, "steps of the transformer that plans")
    reader_steps: int = option(3000, "steps of the network that reads given pictures")
    seed: int = option(0, "seed of data and noise", type=int)
    weights: Path = option(
        WEIGHTS / "pocket",
        "folder of the world, whose latents are painted and whose text encoder reads",
    )
    init_from: Path | None = option(None, "weights folder to start from, with fresh optimisers")
