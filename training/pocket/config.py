"""What a training run can be told; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PocketTraining:
    """How the pocket world is trained."""

    folder: Path = Path("runs/pocket")  # state, logs and sheets
    panoramas: int = 4800  # scenes to learn from
    views: int = 10  # of each scene, encoded for single-frame steps
    autoencoder_steps: int = 5000
    reading_steps: int = 1200  # of the text encoder, on captions alone
    world_steps: int = 7000
    image_steps: int = 3500  # first world steps, on single frames only
    guide_from: int = 5500  # world step from which views learn guidance
    generator_rank: int = 0  # of a generator that is distilled from the world; 0: none
    generator_steps: int = 64  # of it; more of them exaggerate, see docs/lab/training.md
    decoder_steps: int = 1500  # which polish the decoder alone
    animator_steps: int = 6000  # last steps, of the network that moves pictures
    seed: int = 0
    init_from: Path | None = None  # weights folder to start from, with fresh optimisers
