"""How many processes train together, and what each of them does: one alone, or all of `torchrun`.

`Processes` is one process; `training.sharded` has several. The loop, the stages and the recipe are
the same for both.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.world import WorldFailed

Network = TypeVar("Network", bound=nn.Module)
State = dict[str, Any]  # step, bad_steps, module, ema, optimisers; see `training.loop`
ONE_FILE, SHARDS = ".pt", ".shards"  # suffixes of a stage's state


class OtherProcesses(WorldFailed):
    """A run begun by one process was resumed by several, or the other way round."""


class Processes:
    """Processes that make the steps of one loop together: here one, with nothing to share."""

    rank = 0  # of this process; 0 also writes logs, sheets and results
    count = 1
    suffix = ONE_FILE  # of the state

    def shard(self, network: Network) -> Network:
        """Take a network's weights apart, so that each process keeps its share of them."""
        return network

    def unsharded(self) -> AbstractContextManager[None]:
        """Within the block, hold the whole weights of sharded networks; then sum gradients."""
        return nullcontext()

    def clip(self, parameters: Iterable[nn.Parameter], largest: float) -> float:
        """Scale gradients down to a largest norm and return the norm they had."""
        return float(nn.utils.clip_grad_norm_(parameters, largest))

    def total(self, value: Tensor) -> float:
        """Return the sum of a number over all processes."""
        return float(value)

    def any_process(self, flag: bool) -> bool:
        """Return whether a flag is set in any process, so that all do the same."""
        return flag

    def in_turn(self) -> AbstractContextManager[None]:
        """Admit one process after the other; the first one makes the files."""
        return nullcontext()

    def full_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return all of a network's weights on the CPU."""
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def write(self, network: nn.Module, write: Callable[[dict[str, Tensor]], None]) -> None:
        """Write all of a network's weights in the first process, while the others wait."""
        state = self.full_state(network.state_dict())
        with self.in_turn():
            if not self.rank:
                write(state)

    def save(self, state: State, path: Path) -> None:
        """Write a state in place of the older one, which stays if this raises OSError."""
        with replacing(path) as part:
            try:
                torch.save(state, part)
            except RuntimeError as error:  # torch's own writer, when the disk is full
                raise OSError(f"the state was not written to {path} ({error})") from error

    def load(self, path: Path, like: State) -> State | None:  # noqa: ARG002 (the file has all)
        """Return the state that was saved last; `like` is one of the same run. None: there is none.

        Raises:
            OtherProcesses: it was saved by one process for several, or the other way round.
        """
        refuse_other(path, SHARDS)
        if not path.exists():
            return None
        state: State = torch.load(path, weights_only=True, map_location="cpu")
        return state


ALONE = Processes()


def refuse_other(path: Path, suffix: str) -> None:
    """Raise OtherProcesses if there is a state of the other kind."""
    other = path.with_suffix(suffix)
    if other.exists():
        started = "one process" if suffix == ONE_FILE else "several processes"
        raise OtherProcesses(
            f"{other} is the state of a run by {started}; continue in that way, or name "
            "another --folder"
        )
