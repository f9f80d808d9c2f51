"""Shared parts of trainings whose networks see pictures as the game shows them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import eight_bits, load_into, stored, write_tensors
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.pocket.weights import AUTOENCODER, read_config
from mag_sandbox.training.imagination.rings import MARGIN, with_margins
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.options import PictureTraining

Drawn = TypeVar("Drawn")
Network = TypeVar("Network", bound=nn.Module)


def begun(network: Callable[[], Network], options: PictureTraining) -> tuple[Network, Autoencoder]:
    """Return a network with its weights to start from, and the frozen autoencoder of a world."""
    torch.manual_seed(options.seed)
    module = network()
    if options.init_from is not None:
        load_into(module, options.init_from)
    autoencoder = Autoencoder(read_config(options.weights).autoencoder).requires_grad_(False)
    load_into(autoencoder, options.weights / AUTOENCODER)
    return module, autoencoder


def as_shown(pixels: np.ndarray, autoencoder: Autoencoder) -> np.ndarray:
    """Return rows of a ring after the autoencoder, uint8 [H, RING_WIDTH, 3]; H fits its stride."""
    decoded = autoencoder.decode(autoencoder.encode(to_pictures(with_margins(pixels)[None])))
    shown: np.ndarray = to_frames(decoded)[0][:, MARGIN:-MARGIN]
    return shown


def random_views(
    drawn: Sequence[Drawn],
    view: Callable[[Drawn, np.random.Generator], tuple[np.ndarray, ...]],
    rng: np.random.Generator,
    count: int,
) -> tuple[Tensor, ...]:
    """Return views of random drawings, pictures first, [B, 3, H, W] in [-1, 1].

    Args:
        drawn: what is seen.
        view: returns a picture of one, uint8 [H, W, 3], and what is to be told of it.
        rng: chooses the drawings, and is given to `view`.
        count: of the views, B.
    """
    chosen = [view(drawn[int(rng.integers(len(drawn)))], rng) for _ in range(count)]
    pictures, *values = (torch.from_numpy(np.stack(one)) for one in zip(*chosen, strict=True))
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1, *values


def train_and_write(
    stage: Stage, config: LoopConfig, path: Path, in_eight_bits: Sequence[str] = ()
) -> None:
    """Train a stage in a file's folder and write its weights there; resumes where it stopped."""
    Loop(stage, config, path.parent).run()
    state = {name: stored(value) for name, value in stage.module.state_dict().items()}
    for name in in_eight_bits:
        state |= eight_bits(name, state[name])
    write_tensors(path, state)
