"""The World of pipelines that make whole clips: each is shown block by block, not in real time.

The sentence on the camera and the prompt go into a clip when it is made. A command waits for the
next clip; a new prompt cuts the present one off. What happens at the end of a clip is a matter of
the row: it goes on from its last frames, or another one begins.
"""

import logging
from dataclasses import asdict, dataclass, field
from typing import TypeVar

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import PhraseSmoother, compose
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.catalogue.clips import ClipCall, ClipRecipe
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.catalogue.worlds import WorldRow
from mag_sandbox.model.frames import open_image
from mag_sandbox.model.full.clip_pipelines import ClipPipelines, ClipRequest
from mag_sandbox.model.full.offload import OomFallback
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.parking import joined, part_of
from mag_sandbox.model.session_world import MOST_BLOCKS, SessionWorld
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemoryUsage,
    Progress,
    WorldFailed,
    WorldSpec,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.scene import check_prompt

logger = logging.getLogger(__name__)
NO_MEMORY = MemoryUsage("none", (), 0, 0, 0, 0, 0.0, 0, ())
Result = TypeVar("Result")


@dataclass(slots=True)
class _Reel:
    """What changes while clips are shown."""

    seed: int
    prompt: str
    left: Frames  # of the clip, not shown yet
    shown: Frames  # the newest frames, as many as another clip goes on from
    smoother: PhraseSmoother = field(default_factory=PhraseSmoother)
    command: CameraCommand = field(default_factory=CameraCommand)  # that the clip was made for
    phrase: str = ""  # likewise
    clips: int = 0
    block_index: int = 0


class ClipWorld(SessionWorld[_Reel]):
    """A world of clips; see `World`."""

    def __init__(
        self,
        spec: WorldSpec,
        row: WorldRow,
        recipe: ClipRecipe,
        plan: MemoryPlan,
        pipelines: ClipPipelines,
        provenance: dict,
        on_progress: Progress,
    ) -> None:
        super().__init__(spec, provenance)
        self._recipe, self._pipelines = recipe, pipelines
        self._on_progress = on_progress
        self._fallback = OomFallback(
            row, plan, has_tiny=False, change=self._apply_plan, tell=self._notices.append
        )

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        call, picture = self._beginning(scene)
        size = self.spec.frame_height, self.spec.frame_width, 3
        nothing = np.empty((0, *size), np.uint8)
        self._session = None  # until the first clip is there
        session = _Reel(seed, scene.prompt, left=nothing, shown=nothing)
        self._make(session, ClipRequest(call, self._text(session), self._seed(session), picture))
        self._session = session
        self._poses = PoseEstimator(self.spec.full_speed)
        return self._show(CameraCommand())

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; memory settings have no effect. See `World`."""
        of_type("control", control, Control)
        session = self._running()
        if control.prompt is not None and control.prompt != session.prompt:
            session.prompt, session.left = control.prompt, session.left[:0]
        session.smoother = session.smoother.after(control.camera)
        return self._show(control.camera)

    def snapshot(self) -> WorldState:
        """Return everything needed to go on; see `World`."""
        session = self._running()
        names = "seed", "prompt", "phrase", "clips", "block_index"
        about = {name: getattr(session, name) for name in names}
        about |= {"smoother": session.smoother.as_dict(), "command": asdict(session.command)}
        parts = {"poses": self._poses.snapshot()}
        frames = {"left": session.left.copy(), "shown": session.shown.copy()}
        return joined(parts, {**self._signed(), "session": about}, frames)

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; see `World`.

        Raises:
            WorldFailed: it was taken with other weights; nothing has changed.
            ValueError: it makes no sense; likewise.
        """
        converted, about = self._require_own(state), state.data["session"]
        spec = self.spec
        session = _Reel(
            seed=decode(int, about["seed"], "seed"),
            prompt=decode(str, about["prompt"], "prompt"),
            left=state.arrays["left"].copy(),
            shown=state.arrays["shown"].copy(),
            phrase=decode(str, about["phrase"], "phrase"),
            clips=decode(int, about["clips"], "clips"),
            block_index=decode(int, about["block_index"], "block_index"),
            smoother=PhraseSmoother.from_dict(about["smoother"]),
            command=decode(CameraCommand, about["command"], "command"),
        )
        for frames in (session.left, session.shown):
            if frames.shape[1:] != (*spec.frame_size, 3) or frames.dtype != np.uint8:
                raise ValueError(f"frames are {frames.shape}")
        if len(session.shown) != self._shown_frames:
            raise ValueError(f"a clip would go on from {len(session.shown)} frames")
        check_prompt(session.prompt)
        if min(session.seed, session.clips) < 0 or not 0 < session.block_index <= MOST_BLOCKS:
            raise ValueError(f"seed {session.seed}, block {session.block_index}")
        poses = PoseEstimator(spec.full_speed)
        poses.restore(part_of(state, "poses"), spec.frame_size)
        self._session, self._poses = session, poses
        self._notices += converted

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames through the autoencoder; see `World`."""
        return self._fallback.run(lambda: self._pipelines.round_trip(frames))

    def provenance(self) -> dict:
        """Return what a recording's header says of this world; the plan is the present one."""
        return {
            **self._provenance,
            "plan": asdict(self._fallback.plan),
            "continuity": self._recipe.continuity,
            "look_ahead": False,
        }

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        self._session = None
        vars(self).pop("_pipelines", None)

    def _identity(self) -> dict[str, str]:
        return {"world": self.spec.name, **super()._identity()}

    @property
    def _shown_frames(self) -> int:
        """Frames that another clip goes on from, all of which a block shows."""
        return self._recipe.go_on.taken_frames if self._recipe.go_on else 0

    def _beginning(self, scene: Scene) -> tuple[ClipCall, Frames | None]:
        """Return how a scene's first clip is asked for, and its picture."""
        recipe = self._recipe
        if scene.image is not None and recipe.from_picture is not None:
            size = self.spec.frame_width, self.spec.frame_height
            return recipe.from_picture, open_image(scene.image, *size)
        if recipe.from_text is None:
            raise WorldFailed(
                f'"{self.spec.name}" starts from a picture and scene "{scene.name}" has none; give '
                "it an `image:`, for instance a frame made by wan2.1"
            )
        if scene.image is not None:
            logger.info("%s takes no pictures; %s starts from text", self.spec.name, scene.name)
        return recipe.from_text, None

    def _text(self, session: _Reel) -> str:
        return compose(session.prompt, session.smoother.motion.phrase)

    def _seed(self, session: _Reel) -> int:
        """Return the seed of the next clip; only the lowest 32 bits count."""
        return (session.seed * 1_000_003 + session.clips) % 2**63

    def _show(self, command: CameraCommand) -> FrameBlock:
        """Take the next block off the clip; make another one where it ends."""
        session = self._running()
        frames, wanted = session.left[:0], self.spec.block_length
        while len(frames) < wanted:
            if not len(session.left):
                self._next_clip(command)
            taken = session.left[: wanted - len(frames)]
            session.left = session.left[len(taken) :]
            frames = np.concatenate((frames, taken))
            newest = np.concatenate((session.shown, taken))
            session.shown = newest[max(0, len(newest) - self._shown_frames) :].copy()
        with self._times.of("pose"):
            seconds = self.spec.block_seconds
            poses = self._poses.update(frames, session.command, seconds).poses
        block = FrameBlock(
            frames=frames,
            poses=poses,
            block_index=session.block_index,
            phrase=session.phrase,
            prompt=session.prompt,
            stage_ms=self._times.taken(),
            memory=NO_MEMORY,
            notice=self._notice(),
        )
        session.block_index += 1
        return block

    def _next_clip(self, command: CameraCommand) -> None:
        session, recipe = self._running(), self._recipe
        call = recipe.go_on or recipe.from_text
        assert call is not None  # what begins from a picture goes on from its last frame
        request = ClipRequest(call, self._text(session), self._seed(session), session.shown)
        self._make(session, request)
        session.command = command

    def _make(self, session: _Reel, request: ClipRequest) -> None:
        def tell(fraction: float) -> None:
            self._on_progress("making a clip", min(0.99, fraction))

        tell(0.0)
        work = lambda: self._pipelines.make(request, tell)  # noqa: E731 (it is passed on)
        with self._times.of("clip"):
            session.left = self._fallback.run(work)
        session.phrase = session.smoother.motion.phrase
        session.clips += 1
        self._on_progress("ready", 1.0)

    def _apply_plan(self, before: MemoryPlan, plan: MemoryPlan) -> None:  # noqa: ARG002
        """Go to a smaller plan, of which there is one."""
        self._pipelines.read_on("cpu")
