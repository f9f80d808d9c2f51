"""What a training run of the imagination can be told; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.command_line import option
from mag_sandbox.model.world import WEIGHTS


@dataclass(frozen=True, slots=True)
class ImaginationTraining:
    """How what invents views is trained."""

    folder: Path = option(Path("runs/imagination"), "state, logs and sheets")
    data: Path = option(Path("runs/imagination/rings"), "drawn rings, 1.5 MB each")
    rings: int = option(2400, "scenes to learn from")
    codes_steps: int = option(4800, "steps of the autoencoder of codes")
    sketcher_steps: int = option(4000, "steps of the transformer that sketches")
    painter_steps: int = option(1500, "steps of the transformer that paints")
    planner_steps: int = option(3000, "steps of the transformer that plans")
    seed: int = option(0, "seed of data and noise", type=int)
    weights: Path = option(
        WEIGHTS / "pocket",
        "folder of the world, whose latents are painted and whose text encoder reads",
    )
    init_from: Path | None = option(
        None, "weights folder to start from, with fresh optimisers; its codes stay"
    )
