"""Where a session stands, besides its memory: what is parked with it, and taken from another."""

from dataclasses import dataclass
from typing import Self

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.world import MemoryOrigin, Past


@dataclass(slots=True)
class SessionProgress:
    """What changes from block to block."""

    seed: int
    prompt: str
    pose: CameraPose
    block_index: int = 0  # shown blocks
    origin: MemoryOrigin | None = None  # of memory, if it was made anew from pictures

    @classmethod
    def revived(cls, saved: dict) -> Self:
        """Return what `dataclasses.asdict` made plain; older states know of no origin."""
        origin = saved.get("origin")
        pose, origin = CameraPose(**saved["pose"]), origin and MemoryOrigin(**origin)
        return cls(**{**saved, "pose": pose, "origin": origin})

    def follow(self, past: Past) -> None:
        """Stand where another world stood."""
        self.prompt, self.pose = past.prompt, past.pose
        self.block_index, self.origin = past.next_block, past.origin

    def provenance(self) -> dict:
        """Return what a recording's header says of it."""
        return {"re_encoded": self.origin.words()} if self.origin else {}


@dataclass(slots=True)
class DiffusionProgress(SessionProgress):
    """The same of a world that looks ahead."""

    made: int = 0  # blocks made, look-ahead ones counted
    prompt_index: int = 0  # how often the prompt has changed
    pending: CameraPose | None = None  # where to look ahead before the next block
    has_sky: bool = False  # whether the last shown block did, where the world moves
    looked_ahead: bool = False  # since the last shown block; once at most, to stay in time

    @classmethod
    def revived(cls, saved: dict) -> Self:
        """Return what `dataclasses.asdict` made plain."""
        progress = super(DiffusionProgress, cls).revived(saved)
        progress.pending = saved["pending"] and CameraPose(**saved["pending"])
        return progress

    def settle(self, pose: CameraPose, *, has_sky: bool) -> None:
        """Stand where a block has been shown."""
        self.pose, self.has_sky, self.looked_ahead = pose, has_sky, False
