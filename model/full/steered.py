"""The base of full-size worlds that make a video block by block, with any kind of memory.

They are steered by sentences at the end of the prompt, shown as one running video, and their poses
are estimated from it. Nothing here makes latents.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.phrase_compiler import PhraseSmoother, compose
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import WorldRow
from mag_sandbox.model.frames import open_image
from mag_sandbox.model.full.offload import OomFallback
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.full.text_cache import ActiveText, ScenePrompts
from mag_sandbox.model.full.vae import TIME_STRIDE
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.parking import numbers_of, packed, part_of, unpacked
from mag_sandbox.model.session_world import MOST_BLOCKS, SessionWorld
from mag_sandbox.model.world import (
    FrameBlock,
    Frames,
    MemoryUsage,
    Progress,
    WorldFailed,
    WorldSpec,
    WorldState,
)
from mag_sandbox.scenes.scene import MAX_SEED, check_prompt

FIRST_FRAMES = (BLOCK_LENGTH - 1) * TIME_STRIDE + 1  # of a scene's first block


@dataclass(slots=True, kw_only=True)
class SteeredSession:
    """The state that changes from block to block, apart from memory and the video."""

    seed: int
    prompt: str
    poses: PoseEstimator
    smoother: PhraseSmoother = field(default_factory=PhraseSmoother)
    block_index: int = 0
    newest: Tensor | None = None  # latents that were shown last

    @property
    def text(self) -> str:
        """The prompt with the sentence in force."""
        return compose(self.prompt, self.smoother.motion.phrase)

    def described(self) -> dict[str, Any]:
        """Return the data of `ParkedSession`."""
        plain = {name: getattr(self, name) for name in ("seed", "prompt", "block_index")}
        return {**plain, "smoother": self.smoother.as_dict()}


Session = TypeVar("Session", bound=SteeredSession)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedSession:
    """The parked data of a session but for memory and pictures."""

    seed: int
    prompt: str
    block_index: int
    smoother: PhraseSmoother

    def __post_init__(self) -> None:
        check_prompt(self.prompt)
        if not 0 <= self.seed <= MAX_SEED or not 0 < self.block_index <= MOST_BLOCKS:
            raise ValueError(f"seed {self.seed}, block {self.block_index}")
        drives, speed = self.smoother.drives, self.smoother.speed
        if not all(abs(one) <= 2.0 for one in (*drives, speed)):
            raise ValueError(f"drives are {drives}, the speed is {speed}")


@dataclass(frozen=True, slots=True, eq=False)
class ParkedVideo:
    """The video that was shown, as `SteeredWorld` parked it, checked."""

    newest: Tensor  # latents, fp32 on the host
    poses: PoseEstimator
    go_on: Callable[[], None]  # lets the stream continue from there


class SteeredWorld(SessionWorld[Session]):
    """A full-size world with any kind of memory; see `World`.

    `device` and `dtype` are those of its networks, `latent_shape` is C, h, w of a latent frame.
    """

    def __init__(
        self,
        spec: WorldSpec,
        row: WorldRow,
        plan: MemoryPlan,
        prompts: ScenePrompts,
        video: VideoStream,
        device: str,
        dtype: torch.dtype,
        latent_shape: tuple[int, int, int],
        provenance: dict[str, Any],
        on_progress: Progress,
    ) -> None:
        super().__init__(spec, provenance)
        self._prompts, self._video = prompts, video
        self._device, self._latent_shape = device, latent_shape
        self._on_progress = on_progress
        self._fallback = OomFallback(
            row, plan, has_tiny=video.has_tiny, change=self._apply_plan, tell=self._notices.append
        )
        self._texts = ActiveText(prompts, device, dtype, self._fallback, on_progress)

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames through the autoencoder; see `World`."""
        with torch.inference_mode():
            return self._fallback.run(lambda: self._video.round_trip(frames))

    def close(self) -> None:
        """Free networks and memory; may be called twice."""
        self._session = None
        for networks in ("_prompts", "_video", "_texts"):
            vars(self).pop(networks, None)
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()

    def _identity(self) -> dict[str, str]:
        return {"world": self.spec.name, **super()._identity()}

    def _still(self, picture: Frames) -> Tensor:
        """Return latents of a first block in which one picture, [1, H, W, 3], stands still."""
        still = np.repeat(picture, FIRST_FRAMES, axis=0)
        return self._fallback.run(lambda: self._video.encode(still))

    def _picture(self, path: str) -> Frames:
        """Return a scene's picture, [1, H, W, 3]."""
        return open_image(path, self.spec.frame_width, self.spec.frame_height)

    def _require_numbers(self, latents: Tensor) -> None:
        """Raise WorldFailed if latents hold NaN or infinity."""
        if not torch.isfinite(latents).all():
            raise WorldFailed(
                f"block {self._running().block_index} holds NaN or infinity; start the scene "
                "again, and check the weights if it happens again"
            )

    def _decode(self, latents: Tensor) -> Frames:
        with self._times.measure("decode"):
            return self._video.decode(latents)

    def _place(self, frames: Frames, command: CameraCommand) -> tuple[CameraPose, ...]:
        with self._times.measure("pose"):
            return self._running().poses.update(frames, command, len(frames) / self.spec.fps)

    def _handed_out(
        self, frames: Frames, poses: tuple[CameraPose, ...], memory: MemoryUsage
    ) -> FrameBlock:
        """Return a block as it is shown, and count it."""
        session = self._running()
        block = FrameBlock(
            frames=frames,
            poses=poses,
            block_index=session.block_index,
            phrase=session.smoother.motion.phrase,
            prompt=session.prompt,
            stage_ms=self._times.taken(),
            memory=memory,
            notice=self._notice(),
        )
        session.block_index += 1
        return block

    def _film(self) -> dict[str, WorldState]:
        session = self._running()
        assert session.newest is not None  # a block was shown
        return {
            "film": self._video.snapshot(),
            "newest": packed({"latents": session.newest}, {}),
            "poses": session.poses.snapshot(),
        }

    def _parked_film(self, state: WorldState) -> ParkedVideo:
        """Read the shown frames from a state; nothing changes."""
        shape = (1, BLOCK_LENGTH, *self._latent_shape)
        newest = numbers_of(unpacked(part_of(state, "newest")), "latents", shape)
        poses = PoseEstimator(self.spec.full_speed)
        poses.restore(part_of(state, "poses"), self.spec.frame_size)
        go_on = self._video.read_snapshot(part_of(state, "film"), newest)
        return ParkedVideo(newest, poses, go_on)

    def _go_on_showing(self, film: ParkedVideo) -> None:
        film.go_on()
        self._fallback.plan = replace(self._fallback.plan, decoder=self._video.decoder)

    def _apply_plan(self, before: MemoryPlan, plan: MemoryPlan) -> None:
        if plan.text_encoder == "cpu":
            self._prompts.device = "cpu"
        if plan.decoder != before.decoder:
            self._video.use_tiny(self._session.newest if self._session else None)
