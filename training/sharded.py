"""Several processes, one a device: each keeps a share of all weights, and learns from other videos.

Weights lie in shards (FSDP2). For a step every network is gathered once, and gradients are summed
once, when all batches of the step are through. So processes may call networks in different ways,
as rollouts do that leave at different steps, and nothing waits within a batch.
"""

import logging
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import (
    HuggingFaceStorageReader,
    HuggingFaceStorageWriter,
)
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, Partial, Shard, zeros

from mag_sandbox.model.launch import device_index, process_count
from mag_sandbox.training.processes import (
    ALONE,
    ONE_FILE,
    SHARDS,
    Network,
    Processes,
    State,
    refuse_other,
)

PATIENCE = timedelta(hours=6)  # others may draw or encode data before the first step


@contextmanager
def process_group() -> Iterator[Processes]:
    """Give the processes that `torchrun` started, this one among them, or this one alone.

    They talk by NCCL between GPUs and by gloo between CPUs.
    """
    if process_count() == 1:
        yield ALONE
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        torch.cuda.set_device(device_index())
    backend = "cuda:nccl,cpu:gloo" if device == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, timeout=PATIENCE)
    mesh = init_device_mesh(device, (torch.distributed.get_world_size(),))
    if mesh.get_rank():
        logging.getLogger().setLevel(logging.WARNING)  # the first process logs for all
    yield Sharded(mesh)
    torch.distributed.destroy_process_group()  # not after an error: it would wait for the others


class Sharded(Processes):
    """Processes that share weights, optimisers and averages, in a mesh of one dimension."""

    suffix = SHARDS

    def __init__(self, mesh: DeviceMesh) -> None:
        self._mesh = mesh
        self.rank, self.count = mesh.get_rank(), mesh.size()
        self._networks: list[nn.Module] = []

    def shard(self, network: Network) -> Network:
        """Take a network's weights apart along their first axis; it is changed in place."""
        fully_shard(network, mesh=self._mesh, reshard_after_forward=False)
        assert isinstance(network, FSDPModule)
        network.set_requires_gradient_sync(False)  # `unsharded` sums them, once a step
        network.set_reshard_after_backward(False)
        self._networks.append(network)
        return network

    @contextmanager
    def unsharded(self) -> Iterator[None]:
        """Within the block, hold the whole weights; then each shard has its summed gradient."""
        for network in self._networks:
            assert isinstance(network, FSDPModule)
            network.unshard()
        yield
        for network in self._networks:
            assert isinstance(network, FSDPModule)
            gradients = [self._summed(parameter) for parameter in network.parameters()]
            network.reshard()
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.grad = gradient

    def _summed(self, parameter: nn.Parameter) -> DTensor | None:
        if parameter.grad is None:
            return None
        local, parameter.grad = parameter.grad, None
        mine = DTensor.from_local(local, self._mesh, [Partial()], run_check=False)
        return mine.redistribute(placements=[Shard(0)])

    def clip(self, parameters: Iterable[nn.Parameter], largest: float) -> float:
        """Scale gradients down to a largest norm of them all; return the norm they had."""
        norm = nn.utils.clip_grad_norm_(parameters, largest)
        assert isinstance(norm, DTensor)
        return float(norm.full_tensor())

    def total(self, value: Tensor) -> float:
        """Return the sum of a number over all processes."""
        number = value.detach().to(self._mesh.device_type, torch.float64)
        torch.distributed.all_reduce(number)
        return float(number)

    def any_process(self, flag: bool) -> bool:
        """Return whether a flag is set in any process."""
        return self.total(torch.tensor(float(flag))) > 0

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Wait for the processes before this one, then release the next one."""
        for _ in range(self.rank):
            torch.distributed.barrier()
        yield
        for _ in range(self.rank, self.count):
            torch.distributed.barrier()

    def full_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return all of a network's weights on the CPU, to every process."""
        return {
            name: (value.full_tensor() if isinstance(value, DTensor) else value).cpu().contiguous()
            for name, value in state.items()
        }

    def save(self, state: State, path: Path) -> None:
        """Write a folder of safetensors named by the step; those of earlier steps are removed."""
        folder = path / f"{state['step']:08d}"
        part = path / f"{folder.name}.partial"
        if self.rank == 0:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
        torch.distributed.barrier()
        writer = HuggingFaceStorageWriter(str(part), save_distributed=True)
        try:
            save(flat(state), storage_writer=writer)
        except CheckpointException as error:
            first = next(iter(error.failures.values()))[0]
            raise OSError(f"the state was not written to {folder} ({first})") from error
        if self.rank == 0:
            shutil.rmtree(folder, ignore_errors=True)  # a finished run is saved once more
            part.rename(folder)
            for other in path.iterdir():
                if other != folder:
                    shutil.rmtree(other)
        torch.distributed.barrier()

    def load(self, path: Path, like: State) -> State | None:
        """Read the newest folder; it may have been written by another number of processes."""
        refuse_other(path, ONE_FILE)
        folder = newest(path)
        if folder is None:
            return None
        reader = HuggingFaceStorageReader(str(folder))
        known = flat(like)
        state = {
            name: known[name] if name in known else self._room(entry.size, entry.properties.dtype)
            for name, entry in reader.read_metadata().state_dict_metadata.items()
            if isinstance(entry, TensorStorageMetadata)
        }
        load(state, storage_reader=reader)
        return nested(state, like)

    def _room(self, size: torch.Size, dtype: torch.dtype) -> Tensor:
        if not size:
            return torch.zeros((), dtype=dtype)
        return zeros(*size, dtype=dtype, device_mesh=self._mesh, placements=[Shard(0)])


def newest(path: Path) -> Path | None:
    """Return the newest complete state in a folder of states."""
    complete = sorted(folder for folder in path.glob("*") if folder.name.isdigit())
    return complete[-1] if complete else None


def flat(state: State) -> dict[str, Tensor]:
    """Return a state as tensors by name, without the settings of optimisers."""
    tensors = {name: torch.tensor(state[name]) for name in ("step", "bad_steps")}
    for part in ("module", "ema"):
        tensors |= {f"{part}/{name}": value.detach() for name, value in state[part].items()}
    for number, optimiser in enumerate(state["optimisers"]):
        for index, values in optimiser["state"].items():
            tensors |= {f"optimiser/{number}/{index}/{name}": v for name, v in values.items()}
    return tensors


def nested(tensors: Mapping[str, Tensor], like: State) -> State:
    """Return the state that `flat` took apart; optimisers get the values of those of `like`."""
    state: State = {name: int(tensors[name]) for name in ("step", "bad_steps")}
    state |= {"module": {}, "ema": {}}
    state["optimisers"] = [{**optimiser, "state": {}} for optimiser in like["optimisers"]]
    for name, value in tensors.items():
        part, _, rest = name.partition("/")
        if part == "optimiser":
            number, index, key = rest.split("/")
            of_weight = state["optimisers"][int(number)]["state"].setdefault(int(index), {})
            of_weight[key] = value
        elif rest:
            state[part][rest] = value
    return state
