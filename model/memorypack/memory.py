"""The memory of a session or a training video: its image, its newest frames, and psi.

    memory = PackMemory(pack, places, image, prompt)
    tokens = memory.tokens(dit, coming)  # what the next block reads
    memory.push(frames)  # the finished block

In play psi is updated at once and frames older than packing reaches are gone. In training the last
updates wait, so that every block's loss reaches them with a gradient of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, check_pose, view_overlap
from mag_sandbox.files.validation import decode, shortened
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.networks import MemoryPack, PsiState
from mag_sandbox.model.memorypack.packing import LatentFrames, Places, RayPlaces, Tokens, joined
from mag_sandbox.model.memorypack.ring import RingPack, RingState
from mag_sandbox.model.memorypack.semantic import SemanticPack, SemanticState
from mag_sandbox.model.parking import bytes_of, tensor_of
from mag_sandbox.model.world import (
    MemoryEntry,
    MemoryOrigin,
    MemorySegment,
    MemoryUsage,
    SegmentKind,
    WorldSpec,
)

ALIKE = 12.0  # degrees between frames of psi that are listed
MOST_TIME = 2**45  # frames; more than any session has


class PackMemory:
    """One video's memory, of constant size.

    Args:
        pack: the trained parts.
        places: of tokens.
        image: the reference image, one frame at the time at which the video starts.
        prompt: features, [B, text_len, text_dim].
        differentiated: newest updates of psi that a loss reaches; 0 in play.
    """

    def __init__(
        self,
        pack: MemoryPack,
        places: Places,
        image: LatentFrames,
        prompt: Tensor,
        differentiated: int = 0,
    ) -> None:
        self.pack, self.places, self.prompt = pack, places, prompt
        self.image = self.history = _kept(image)
        self._differentiated = differentiated if isinstance(pack.semantic, SemanticPack) else 0
        self._waiting: list[LatentFrames] = []
        self._old: PsiState | None = None  # without the waiting frames, and no gradient
        self._known: tuple[PsiState | None, tuple[CameraPose, ...]] = (None, ())

    @property
    def frames(self) -> int:
        """History frames that are held."""
        return self.history.length

    def state(self) -> PsiState | None:
        """Return psi, with a gradient through the last updates and through psi_0."""
        semantic, state = self.pack.semantic, self._settled()
        for frames in self._waiting:
            assert semantic is not None and state is not None
            state = semantic.advance(state, frames, self.places)
        return state

    def _settled(self) -> PsiState | None:
        """Return psi without what waits."""
        if self.pack.semantic is None or isinstance(self._old, RingState):
            return self._old
        state = self.pack.semantic.begin(self.prompt, self.image, self.places)
        if isinstance(self._old, SemanticState) and isinstance(state, SemanticState):
            return self._old._replace(guide=state.guide)  # its projections learn from every block
        return state

    def tokens(self, dit: DiT, coming: LatentFrames) -> Tokens:
        """Return the tokens that a block reads; its latents do not matter."""
        return self.pack.tokens(dit, self.image, self.history, self.state(), coming, self.places)

    def psi_tokens(self, coming: LatentFrames) -> Tokens | None:
        """Return those of psi alone; None if it knows nothing of what the block shows."""
        state = self.state()
        if state is None or self.pack.semantic is None:
            return None
        tokens = self.pack.semantic.tokens(state, coming, self.places)
        return tokens if tokens.values.shape[1] else None

    def knows(self, coming: LatentFrames) -> bool:
        """Tell whether psi holds all that a block will show at its end; only psi of slots knows."""
        semantic, state = self.pack.semantic, self.state()
        if not isinstance(semantic, RingPack) or not isinstance(state, RingState):
            return False
        return semantic.knows(state, coming, self.places)

    def known_poses(self) -> tuple[CameraPose, ...]:
        """Return poses of the frames of which psi holds something; only psi of slots has them."""
        state = self.state()
        if not isinstance(state, RingState) or not isinstance(self.places, RayPlaces):
            return ()
        if state is not self._known[0]:  # it takes a while
            poses = self.places.poses(state.sights[0, state.taken[0]]).unique(dim=0)
            self._known = state, tuple(CameraPose(*pose) for pose in poses.tolist())
        return self._known[1]

    def push(self, frames: LatentFrames, *, learns: bool = True) -> None:
        """Remember a block, a whole window of Memorize; no gradient reaches what made it.

        Args:
            frames: of the block.
            learns: whether psi does as well.
        """
        frames = _kept(frames)
        whole = joined((self.history, frames))
        self.history = whole.part(max(0, whole.length - self.pack.config.history), whole.length)
        if learns:
            self.learn(frames)

    def learn(self, frames: LatentFrames) -> None:
        """Have psi alone learn a whole window of Memorize."""
        if self.pack.semantic is None:
            return
        self._waiting.append(_kept(frames))
        while len(self._waiting) > self._differentiated:
            self._settle()

    @torch.no_grad()
    def _settle(self) -> None:
        rest, self._waiting = self._waiting[1:], self._waiting[:1]
        if (state := self.state()) is not None:
            self._old = state.detached()
        self._waiting = rest

    def load(self, history: LatentFrames, state: PsiState | None) -> None:
        """Continue from `history` and `state()` of a memory without waiting frames."""
        self.history, self._old, self._waiting = _kept(history), state, []


def _kept(frames: LatentFrames) -> LatentFrames:
    """Return frames in bf16, as fine as the transformer reads them."""
    return frames.with_latents(frames.latents.detach().to(torch.bfloat16))


KINDS: dict[int, SegmentKind] = {4: "packed-4x", 2: "packed-2x", 1: "raw"}


def pack_usage(
    memory: PackMemory, title: str, spec: WorldSpec, origin: MemoryOrigin | None = None
) -> MemoryUsage:
    """Return the usage of memory; its bytes are those of latents and psi."""
    frames, known = memory.history, memory.known_poses()
    each = frames.latents.nbytes // frames.length
    entries = (_entry(memory.image, 0, "sink"), *_of_psi(memory, known), *_packed(memory))
    counted = [
        MemorySegment(kind, number, number * each)
        for kind in ("sink", *KINDS.values())
        if (number := sum(entry.kind == kind for entry in entries))
    ]
    state = memory.state()  # as large however long the session gets
    psi_bytes = sum(array.nbytes for array in state.arrays().values()) if state else 0
    psi = MemorySegment("psi", 0, psi_bytes)
    segments = (*counted, *((psi,) if psi.bytes else ()))
    made = int(frames.times[-1]) + 1
    held = sum(segment.bytes for segment in segments)
    length = spec.block_length // spec.latent_stride
    current = MemorySegment("current", length, length * each)
    return MemoryUsage(
        policy=title,
        segments=(*segments, current),
        bytes=held,
        budget=(1 + memory.pack.config.history) * each + psi.bytes,
        full_history_bytes=made * each,
        # the image stays, and psi forgets none
        evicted=0 if known else max(0, int(frames.times[0] - memory.image.times[0]) - 1),
        oldest_seconds=(made - int(memory.image.times[0])) * spec.latent_stride / spec.fps,
        attended_frames=sum(entry.attended for entry in entries),
        entries=entries,
        origin=origin,
    )


def _packed(memory: PackMemory) -> Iterator[MemoryEntry]:
    frames, start = memory.history, memory.image.times[0]
    ages = range(frames.length - 1, -1, -1)
    for place, age in enumerate(ages):
        factor, within = 0, 0
        for scale in reversed(memory.pack.config.scales):  # finest first
            factor, within = scale.factor, within + scale.frames
            if age < within:
                break
        if frames.times[place] != start:
            yield _entry(frames, place, KINDS[factor])


def _of_psi(memory: PackMemory, known: Sequence[CameraPose]) -> Iterator[MemoryEntry]:
    """Yield one of the frames that psi knows in each direction, as old as the session."""
    here, start = _entry(memory.history, -1, "psi").pose, int(memory.image.times[0])
    alike = {
        (round(pose.yaw / ALIKE), round(pose.pitch / ALIKE), round(pose.fov / ALIKE)): pose
        for pose in known
    }
    for pose in alike.values():
        yield MemoryEntry(start, "psi", pose, attended=view_overlap(here, pose) > 0.0)


def _entry(frames: LatentFrames, place: int, kind: SegmentKind) -> MemoryEntry:
    assert frames.poses is not None  # in play every frame has one
    yaw, pitch, fov = frames.poses[0, place].tolist()
    return MemoryEntry(int(frames.times[place]), kind, CameraPose(yaw, pitch, fov), attended=True)


def saved_memory(memory: PackMemory) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return arrays of bytes, and the data that belongs to them."""
    arrays = {
        "image": bytes_of(memory.image.latents.float()),
        "history": bytes_of(memory.history.latents.float()),
    }
    data = {"image": _places(memory.image), "history": _places(memory.history), "updates": 0}
    state = memory.state()
    if state is not None and state.updates:
        arrays |= {name: bytes_of(array.float()) for name, array in state.arrays().items()}
        data["updates"] = state.updates
    return arrays, data


@dataclass(frozen=True, slots=True)
class _ParkedPlaces:
    times: tuple[int, ...]
    poses: tuple[tuple[tuple[float, float, float], ...], ...]  # of one video, yaw, pitch, fov

    def __post_init__(self) -> None:
        for pose in (poses := self.poses[0]):
            check_pose(CameraPose(*pose))
        times = self.times
        fits = list(times) == sorted(times) and 0 <= times[0] <= times[-1] <= MOST_TIME
        if not fits or len(self.poses) != 1 or len(poses) != len(times):
            raise ValueError(f"{len(poses)} frames are of the times {shortened(times)}")


@dataclass(frozen=True, slots=True)
class _ParkedMemory:
    """The data of `saved_memory`."""

    image: _ParkedPlaces
    history: _ParkedPlaces
    updates: int


def load_memory(
    arrays: Mapping[str, np.ndarray],
    data: dict[str, Any],
    pack: MemoryPack,
    places: Places,
    prompt: Tensor,
    latent_shape: tuple[int, int, int],
) -> PackMemory:
    """Return the memory that `saved_memory` saved, or raise ValueError if it is invalid."""
    parked: _ParkedMemory = decode(_ParkedMemory, data, "memory")
    image, history = (
        _frames(arrays[name], of, latent_shape, prompt.device)
        for name, of in (("image", parked.image), ("history", parked.history))
    )
    if image.length != 1 or history.length > pack.config.history or parked.updates < 0:
        raise ValueError(f"{history.length} frames are held, {parked.updates} were remembered")
    memory = PackMemory(pack, places, image, prompt)
    state = memory.state()
    if state is None or not parked.updates:
        memory.load(history, None)
        return memory
    psi = {name: _like(arrays[name], like) for name, like in state.arrays().items()}
    memory.load(history, state.loaded(psi, parked.updates, places))
    return memory


def _places(frames: LatentFrames) -> dict[str, Any]:
    return {
        "times": frames.times.tolist(),
        "poses": None if frames.poses is None else frames.poses.tolist(),
    }


def _frames(
    array: np.ndarray, data: _ParkedPlaces, latent_shape: tuple[int, int, int], device: torch.device
) -> LatentFrames:
    latents = tensor_of("latents", array).to(device)
    if latents.shape != (1, len(data.times), *latent_shape):
        raise ValueError(f"latents are {tuple(latents.shape)}")
    poses = torch.tensor(data.poses, dtype=torch.float64)
    return LatentFrames(latents, torch.tensor(data.times), poses)


def _like(array: np.ndarray, expected: Tensor) -> Tensor:
    numbers = tensor_of("psi", array).to(expected.device)
    if (numbers.ndim, *numbers.shape[2:]) != (expected.ndim, *expected.shape[2:]):
        raise ValueError(f"numbers are {tuple(numbers.shape)}, expected {tuple(expected.shape)}")
    return numbers.to(expected.dtype)
