"""From a stage's state to weights that can be played: safetensors under the official names."""

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.checkpoints import write_tensors
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.training.options import StateExport
from mag_sandbox.training.processes import SHARDS

logger = logging.getLogger(__name__)

_AVERAGES, _GENERATOR = "ema", "generator."  # names in a state; beside the generator: its critic


def export(options: StateExport) -> None:
    """Write the averaged weights of a run, stopped or running, or raise MissingWeights."""
    state = options.state
    averages = _of_several(state) if state.suffix == SHARDS else _of_one(state)
    generator = {
        name.removeprefix(_GENERATOR): value
        for name, value in averages.items()
        if name.startswith(_GENERATOR)
    }
    write_weights(generator or averages, options.weights)


def write_weights(state: dict[str, Tensor], path: Path) -> None:
    """Write weights, whole or not at all."""
    write_tensors(path, {name: value.contiguous() for name, value in state.items()})
    logger.info("%s written", path)


def _of_one(state: Path) -> dict[str, Tensor]:
    if not state.is_file():
        raise _missing(state)
    averages: dict[str, Tensor] = torch.load(
        state, weights_only=True, map_location="cpu", mmap=True
    )[_AVERAGES]
    return averages


def _of_several(state: Path) -> dict[str, Tensor]:
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata
    from torch.distributed.checkpoint.state_dict_loader import load

    from mag_sandbox.training.sharded import newest

    folder = newest(state)
    if folder is None:
        raise _missing(state)
    reader = HuggingFaceStorageReader(str(folder))
    averages = {
        name: torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in reader.read_metadata().state_dict_metadata.items()
        if name.startswith(f"{_AVERAGES}/") and isinstance(entry, TensorStorageMetadata)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about reading by one process, which is meant
        load(averages, storage_reader=reader, no_dist=True)
    return {name.partition("/")[2]: value for name, value in averages.items()}


def _missing(state: Path) -> MissingWeights:
    return MissingWeights(
        f"{state} is not the state of a stage; "
        "name FOLDER/STAGE/NAME.pt or FOLDER/STAGE/NAME.shards"
    )
