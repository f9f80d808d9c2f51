"""What a training run of the imagination can be told; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.model.world import WEIGHTS


@dataclass(frozen=True, slots=True)
class ImaginationTraining:
    """How what invents views is trained."""

    folder: Path = Path("runs/imagination")  # state, logs and sheets
    data: Path = Path("runs/imagination/rings")  # drawn rings, 1.5 MB each
    rings: int = 2400  # scenes to learn from
    codes_steps: int = 4800
    sketcher_steps: int = 4000
    painter_steps: int = 1500
    seed: int = 0
    weights: Path = WEIGHTS / "pocket"  # the world's: its latents and its text encoder
    init_from: Path | None = None  # weights folder to start from, with fresh optimisers
