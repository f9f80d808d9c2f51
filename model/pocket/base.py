"""The base of worlds over the pocket weights: their parts, their session, and finished blocks."""

from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import torch

from mag_sandbox.controls.camera import CameraCommand, CameraPose, Way, check_pose, move, straight
from mag_sandbox.controls.phrase_compiler import camera_phrase
from mag_sandbox.files.validation import of_type
from mag_sandbox.model.config import FlowConfig
from mag_sandbox.model.pocket.pictures.animation import Animation
from mag_sandbox.model.pocket.pictures.decoding import BlockDecoder, Codec, DecodedBlock
from mag_sandbox.model.pocket.weights import SAME_MEMORY
from mag_sandbox.model.prompts import Conditioner
from mag_sandbox.model.session_world import MOST_BLOCKS, SessionWorld
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    LookAheadBlock,
    MemoryOrigin,
    MemoryUsage,
    Past,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.scenes.scene import MAX_SEED, check_prompt
from mag_sandbox.scenes.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class PocketSession:
    """Progress of a playthrough without its memory: a value, replaced after every block."""

    seed: int
    prompt: str
    pose: CameraPose
    block_index: int = 0  # shown blocks
    origin: MemoryOrigin | None = None  # of memory, if it was rebuilt from pictures

    def __post_init__(self) -> None:
        if not (0 <= self.seed <= MAX_SEED and 0 <= self.block_index <= MOST_BLOCKS):
            raise ValueError(f"seed {self.seed}, block {self.block_index}")
        check_prompt(self.prompt)
        check_pose(self.pose)

    def following(self, past: Past) -> Self:
        """Return the session that continues from another world's last block."""
        return replace(
            self, prompt=past.prompt, pose=past.pose.at_origin, block_index=past.next_block,
            origin=past.origin,
        )  # fmt: skip

    def provenance(self) -> dict[str, Any]:
        """Return its entries in a recording's header."""
        return {"re_encoded": self.origin.words()} if self.origin else {}


Session = TypeVar("Session", bound=PocketSession)


@dataclass(frozen=True, slots=True)
class WorldParts:
    """Everything that a world over the pocket weights needs, except its memory."""

    spec: WorldSpec
    conditioner: Conditioner  # keys of prompts
    codec: Codec
    flow: FlowConfig  # how blocks are denoised
    latent_shape: tuple[int, int, int]  # of a frame: C, h, w
    provenance: dict[str, Any]  # for a recording's header
    animation: Animation | None  # moves pictures; None: the world stands still
    words: Vocabulary | None = None  # a prompt must contain one of them; None: any prompt will do


class PocketWorld(SessionWorld[Session]):
    """A world over the pocket weights with any kind of memory; see `World`."""

    def __init__(self, parts: WorldParts) -> None:
        super().__init__(parts.spec, parts.provenance)
        self._conditioner, self._codec = parts.conditioner, parts.codec
        self._decoder = BlockDecoder(parts.codec, parts.animation, self._times)
        self._words = parts.words
        self._way: Way = straight  # of a walker
        self._is_closed = False

    def expect_prompt(self) -> None:
        """Load the text encoder; see `World`."""
        self._conditioner.warm()

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames through the autoencoder; see `World`."""
        with torch.inference_mode():
            return self._codec.decode(self._codec.encode(frames))

    def provenance(self) -> dict[str, Any]:
        """Return the header of a recording of this world."""
        own = self._session.provenance() if self._session else {}
        return {**self._provenance, **own}

    def close(self) -> None:
        """Forget the session; may be called twice."""
        self._session, self._is_closed = None, True
        self._decoder.close()

    def _require_own(self, state: WorldState) -> list[str]:
        """Also accept states of weights with another animator or decoder; see `SessionWorld`."""
        self._require_open()
        of_type("state", state, WorldState)
        own = self._provenance["weights"]
        if SAME_MEMORY.get(state.data.get("weights", "")) == own:
            state = replace(state, data={**state.data, "weights": own})
        return super()._require_own(state)

    def _require_open(self) -> None:
        if self._is_closed:
            raise WorldFailed(f"the world {self.spec.name} was closed; load it again to play")

    def _require_words(self, prompt: str) -> None:
        """Raise WorldFailed, naming the nearest words, if a prompt has no known one."""
        if self._words and (problem := self._words.problem(prompt)):
            raise WorldFailed(problem)

    def _advance(self, **changes: Any) -> None:
        self._session = replace(self._running(), **changes)

    @property
    def _time(self) -> int:
        """Frames shown before the next block."""
        return self._running().block_index * self.spec.block_length

    def _poses(
        self, command: CameraCommand, since: CameraPose | None = None
    ) -> tuple[CameraPose, ...]:
        """Return the poses of a block that begins at a pose; None: where the camera is."""
        pose, spec = since or self._running().pose, self.spec
        return move(pose, command, spec.full_speed, spec.fps, spec.block_length, self._way)

    def _handed_out(
        self,
        shown: DecodedBlock,
        poses: tuple[CameraPose, ...],
        command: CameraCommand,
        memory: MemoryUsage,
        look_ahead: tuple[LookAheadBlock, ...] = (),
    ) -> FrameBlock:
        """Return a finished block, and count it."""
        session = self._running()
        block = FrameBlock(
            frames=shown.frames,
            poses=poses,
            block_index=session.block_index,
            phrase=camera_phrase(command),
            prompt=session.prompt,
            stage_ms=self._times.taken(),
            memory=memory,
            look_ahead=look_ahead,
            rest=shown.rest,
            notice=self._notice(),
        )
        self._advance(block_index=session.block_index + 1)
        return block
