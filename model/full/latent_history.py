"""Latent history: what memory was made of, block by block, on the host, to make it again.

They are a few hundredths of what keys and values take. It knows nothing of networks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, check_pose
from mag_sandbox.files.validation import decode
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.parking import numbers_of, packed, unpacked
from mag_sandbox.model.slots import KeptFrame
from mag_sandbox.model.world import GIB, MemorySetting, WorldState
from mag_sandbox.scenes.scene import check_prompt

LATENT_BYTES = GIB  # kept while playing: some 22 minutes at full size in bf16


@dataclass(frozen=True, slots=True, eq=False)
class RememberedBlock:
    """One block as it was remembered."""

    first_frame: int  # latent frames since the rollout began
    latents: Tensor  # on the host, [1, F, C, h, w]; number type of keys and values
    view: CameraPose  # by which it was chosen what to read meanwhile
    poses: tuple[CameraPose, ...]  # one a latent frame
    prompt: str  # in force
    text: str  # the prompt with the camera's sentence
    prompt_index: int  # how often the prompt had changed
    setting: MemorySetting  # in force

    @property
    def frames(self) -> range:
        """Indices of its latent frames."""
        return range(self.first_frame, self.first_frame + BLOCK_LENGTH)


class LatentHistory:
    """The blocks of a rollout: all of them, or where they grow too many, those still remembered.

    history = LatentHistory()
    history.add(block, policy.table.frames.values())  # after it was remembered
    blocks = history.within(room, policy.table.frames.values())  # to be parked
    """

    def __init__(self, most_bytes: int = LATENT_BYTES) -> None:
        """Begin with nothing, and keep at most so many bytes of latents."""
        self.blocks: tuple[RememberedBlock, ...] = ()  # oldest first
        self.whole = True  # every block since the rollout began is there
        self._most_bytes = most_bytes

    def add(self, block: RememberedBlock, kept: Iterable[KeptFrame]) -> None:
        """Note one more block; `kept` is all that is remembered now."""
        self.blocks += (block,)
        if not self.whole or _bytes(self.blocks) > self._most_bytes:
            self.drop(kept)

    def drop(self, kept: Iterable[KeptFrame]) -> None:
        """Forget what no kept frame comes from, for good; what was kept may have shrunk."""
        self.blocks, self.whole = self.of(kept), False

    def of(self, kept: Iterable[KeptFrame]) -> tuple[RememberedBlock, ...]:
        """Return the blocks that kept frames come from, oldest first."""
        wanted = {frame.frame_index for frame in kept}
        return tuple(block for block in self.blocks if not wanted.isdisjoint(block.frames))

    def within(self, room: int, kept: Iterable[KeptFrame]) -> tuple[RememberedBlock, ...]:
        """Return the blocks that fit into these bytes: all, or the newest still remembered."""
        if self.whole and _bytes(self.blocks) <= room:
            return self.blocks
        needed = self.of(kept)
        return needed[max(0, len(needed) - room // max(1, _bytes(needed[:1]))) :]

    def snapshot(self, blocks: Sequence[RememberedBlock]) -> WorldState:
        """Return some of the blocks, to be parked."""
        tensors = {"latents": torch.stack([one.latents for one in blocks])} if blocks else {}
        whole = self.whole and len(blocks) == len(self.blocks)
        return packed(tensors, {"whole": whole, "blocks": [_as_dict(one) for one in blocks]})

    @classmethod
    def read(
        cls, state: WorldState, latent_shape: Sequence[int], dtype: torch.dtype
    ) -> "LatentHistory":
        """Return what a snapshot is of, in a number type of keys and values.

        Raises:
            ValueError: it makes no sense; latents are of another shape [C, h, w].
        """
        rows = decode(tuple[_ParkedBlock, ...], state.data["blocks"], "blocks")
        history, tensors = cls(), unpacked(state)
        history.whole = decode(bool, state.data["whole"], "whole")
        begun = [row.first_frame for row in rows]
        expected = [place * BLOCK_LENGTH for place in range(len(rows))]
        if begun != (expected if history.whole else sorted(set(begun))):
            raise ValueError(f"blocks begin at frames {begun}")
        if rows:
            shape = len(rows), 1, BLOCK_LENGTH, *latent_shape
            latents = numbers_of(tensors, "latents", shape).to(dtype)
            pairs = zip(rows, latents, strict=True)
            history.blocks = tuple(row.block(some) for row, some in pairs)
        return history


_Angles = tuple[float, float, float]  # yaw, pitch, fov


@dataclass(frozen=True, slots=True)
class _ParkedBlock:
    """A block as it is parked, besides its latents."""

    first_frame: int
    view: _Angles
    poses: tuple[_Angles, ...]
    prompt: str
    text: str
    prompt_index: int
    setting: MemorySetting

    def __post_init__(self) -> None:
        for pose in (self.view, *self.poses):
            check_pose(CameraPose(*pose))
        check_prompt(self.prompt)
        if self.setting.policy not in MEMORY_POLICIES:
            raise ValueError(f"there is no memory policy {self.setting.policy}")
        if len(self.poses) != BLOCK_LENGTH or min(self.first_frame, self.prompt_index) < 0:
            raise ValueError(f"block of frame {self.first_frame}, {len(self.poses)} poses")

    def block(self, latents: Tensor) -> RememberedBlock:
        poses = tuple(CameraPose(*pose) for pose in self.poses)
        return RememberedBlock(
            self.first_frame, latents, CameraPose(*self.view), poses, self.prompt, self.text,
            self.prompt_index, self.setting,
        )  # fmt: skip


def _bytes(blocks: Sequence[RememberedBlock]) -> int:
    return len(blocks) * blocks[0].latents.nbytes if blocks else 0


def _as_dict(block: RememberedBlock) -> dict:
    return {
        "first_frame": block.first_frame,
        "view": astuple(block.view),
        "poses": [astuple(pose) for pose in block.poses],
        "prompt": block.prompt,
        "text": block.text,
        "prompt_index": block.prompt_index,
        "setting": asdict(block.setting),
    }
