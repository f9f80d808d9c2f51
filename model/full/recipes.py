"""How each public checkpoint is run: the rows of `model/catalogue/worlds.py` in the engine's words.

A recipe says in which steps a block is denoised, what is kept, who remembers and under which text,
and what a new prompt does to memory.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal

from mag_sandbox.model.catalogue.worlds import BLOCK_LENGTH, WORLDS, WorldRow
from mag_sandbox.model.full.samplers import FOUR_STEPS, FewSteps
from mag_sandbox.model.world import MemorySetting


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
    slots: int  # latent frames that can be kept, sinks included
    sampling: FewSteps = FOUR_STEPS
    writer: Literal["memory model", "generator"] = "generator"
    remembered_under: Literal["empty prompt", "prompt"] = "prompt"
    recache: Recache | None = None  # None: memory stays as it is
    most_frames: int | None = None  # where a rollout ends and another goes on from its last frames

    @property
    def pass_frames(self) -> int:
        """Latent frames that one pass makes at most."""
        return max(BLOCK_LENGTH, self.recache.frames if self.recache else 0)


def ring(slots: int, sink_frames: int) -> tuple[MemorySetting, int]:
    """Return MAG's compressed memory: a ring of slots, besides the sinks."""
    return MemorySetting("mag", sink_frames=sink_frames), slots + sink_frames


def window(past_frames: int, sink_frames: int = 0) -> tuple[MemorySetting, int]:
    """Return a window of raw frames before the block at hand, besides the sinks.

    It need not be whole blocks: the slots end it to the frame.
    """
    blocks = ceil(past_frames / BLOCK_LENGTH)
    setting = MemorySetting("window", window_blocks=blocks, sink_frames=sink_frames)
    return setting, past_frames + sink_frames


def history(past_frames: int) -> tuple[MemorySetting, int]:
    """Return memory of every frame, raw; when it is full, the oldest go."""
    return MemorySetting("full"), past_frames


def recipe_of(row: WorldRow) -> Recipe:
    """Return how the world of a row is run."""
    return Recipe(
        row.memory_setting(),
        row.kept_frames,
        FewSteps(row.steps, row.warped, row.shift),
        writer="memory model" if row.remembers == "memory" else "generator",
        remembered_under="empty prompt" if row.remembers_under == "empty" else "prompt",
        recache=Recache(row.recached_frames) if row.recached_frames else None,
        most_frames=row.most_frames,
    )


RECIPES: dict[str, Recipe] = {name: recipe_of(row) for name, row in WORLDS.items() if row.steps}
