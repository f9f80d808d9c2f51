"""How few-step checkpoints make blocks and what they remember.

A recipe is the part of a world's row that play, training and evaluation run by. Data only; torch is
imported when noise levels are computed.
"""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from mag_sandbox.model.world import MemorySetting

if TYPE_CHECKING:
    from torch import Tensor

    from mag_sandbox.model.flow import RenoisingSampler

BLOCK_LENGTH = 3  # latent frames


@dataclass(frozen=True, slots=True)
class FewSteps:
    """The noise levels of a few-step checkpoint."""

    steps: tuple[int, ...] = (1000, 750, 500, 250)
    warped: bool = True  # steps count evenly and are shifted; False: they are timesteps themselves
    shift: float = 5.0

    @property
    def timesteps(self) -> "Tensor":
        """The network's input at each step, fp32 [steps]."""
        import torch

        from mag_sandbox.model.flow import FlowSchedule

        if self.warped:
            return FlowSchedule(self.shift).warp(self.steps)
        return torch.tensor(self.steps, dtype=torch.float32)

    @property
    def sigmas(self) -> "Tensor":
        """The noise level of each step, that of the nearest entry in the table, fp32 [steps]."""
        from mag_sandbox.model.flow import FlowSchedule

        return FlowSchedule(self.shift).sigma(self.timesteps)

    def sampler(self) -> "RenoisingSampler":
        """Return a sampler of these levels."""
        from mag_sandbox.model.flow import RenoisingSampler

        return RenoisingSampler(self.timesteps, self.sigmas)


FOUR_STEPS = FewSteps()  # of MAG, Self Forcing and LongLive


@dataclass(frozen=True, slots=True)
class Recache:
    """What a new prompt does to memory: recent frames are remembered again under it.

    Source: LongLive, arXiv 2509.22622, KV-recache.
    """

    frames: int = 12  # newest latent frames to be run again, at most
    keep_sink: bool = True  # False: the oldest of these frames become the sink


@dataclass(frozen=True, slots=True)
class Recipe:
    """One few-step checkpoint with its engine settings."""

    memory: MemorySetting
    slots: int  # latent frames that can be kept, sinks included, the block's own not
    sampling: FewSteps = FOUR_STEPS
    remembers: Literal["memory", "generator"] = "generator"  # role of the network of the clean pass
    remembers_under: Literal["empty", "prompt"] = "prompt"  # text of that pass
    recache: Recache | None = None  # None: a new prompt leaves memory as it is
    most_frames: int | None = None  # latent frames of a rollout; the next continues its last ones

    @property
    def pass_frames(self) -> int:
        """Latent frames that one pass makes at most."""
        return max(BLOCK_LENGTH, self.recache.frames if self.recache else 0)


def ring(slots: int, sink_frames: int) -> tuple[MemorySetting, int]:
    """Return MAG's compressed memory: a ring of slots, besides the sinks."""
    setting = MemorySetting("mag", window_blocks=1, sink_frames=sink_frames)
    return setting, slots + sink_frames


def window(past_frames: int, sink_frames: int = 0) -> tuple[MemorySetting, int]:
    """Return a window of raw frames before the block at hand, besides the sinks.

    It need not be whole blocks: the slots end it to the frame.
    """
    blocks = ceil(past_frames / BLOCK_LENGTH)
    setting = MemorySetting("window", window_blocks=blocks, sink_frames=sink_frames)
    return setting, past_frames + sink_frames


def history(past_frames: int) -> tuple[MemorySetting, int]:
    """Return memory of every frame, raw; when it is full, the oldest are dropped."""
    return MemorySetting("full", window_blocks=1, sink_frames=0), past_frames
