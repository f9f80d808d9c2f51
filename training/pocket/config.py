"""Options of a training run; plain data, imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.command_line import option


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
