"""The World of public checkpoints: steered by sentences, played block by block, poses estimated.

The block loop is `Rollout`; here are the player, the prompt, the pictures, parking, and the
fallback when the device's memory runs out. It knows nothing of files.
"""

from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed, move
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, budget_slots
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.catalogue.worlds import WorldRow
from mag_sandbox.model.dit import TextKeys
from mag_sandbox.model.full.memory_restore import (
    ParkedMemory,
    RememberedBlock,
    RestorableMemory,
    RestoreHooks,
)
from mag_sandbox.model.full.offload import OffloadedNetwork, SideStream
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.full.rollout import Engine, TieredRollout
from mag_sandbox.model.full.steered import FIRST_FRAMES, ParkedSession, SteeredSession, SteeredWorld
from mag_sandbox.model.full.text_cache import ScenePrompts
from mag_sandbox.model.full.vae import TIME_STRIDE
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.generator import BlockGenerator, block_noises
from mag_sandbox.model.memory import make_policy, memory_usage
from mag_sandbox.model.parking import host_room, joined, part_of
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    MemoryUsage,
    Progress,
    WorldSpec,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene

OVERLAP_FRAME = -FIRST_FRAMES  # of a block: the last frame before its newest two latent frames
REBUILT = "memory was rebuilt from the pictures you saw and may differ slightly"
Result = TypeVar("Result")


@dataclass(slots=True, kw_only=True)
class _Stream(SteeredSession):
    """The state that changes from block to block, apart from the video being shown."""

    rollout: TieredRollout
    memory: RestorableMemory
    told: str = ""  # text that memory was last prepared for
    turned: bool = False  # whether the prompt has changed since then
    overlap: Frames | None = None  # the one frame that another rollout would continue


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParkedStream(ParkedSession):
    """The parked data of a session but for memory and pictures."""

    told: str


class StreamWorld(SteeredWorld[_Stream]):
    """A world of a public checkpoint; see `World`."""

    def __init__(
        self,
        spec: WorldSpec,
        row: WorldRow,
        plan: MemoryPlan,
        engine: Engine,
        prompts: ScenePrompts,
        video: VideoStream,
        side_stream: SideStream,
        memory: MemorySetting,
        provenance: dict[str, Any],
        on_progress: Progress,
    ) -> None:
        cache = engine.cache
        super().__init__(
            spec, row, plan, prompts, video, cache.device, cache.dtype, engine.latent_shape,
            provenance, on_progress,
        )  # fmt: skip
        self._engine, self._initial_memory = engine, memory
        self._writer = OffloadedNetwork(engine.memory_dit, cache.device)
        self._writer.offloaded = plan.memory_model == "offloaded"
        self._side_stream = side_stream  # decodes

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        setting = self._initial_memory
        if scene.memory is not None:
            setting = replace(setting, policy=scene.memory)
        with torch.inference_mode():
            self._begin(seed, scene.prompt, setting)
            self._video.begin()
            given = None
            if scene.image is not None:
                given = self._still(self._picture(scene.image))
            return self._show(CameraCommand(), given)

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        session = self._running()
        with torch.inference_mode():
            if control.prompt is not None and control.prompt != session.prompt:
                self._texts.prepare(control.prompt)
                session.prompt, session.turned = control.prompt, True
            if control.memory is not None and control.memory != session.rollout.policy.setting:
                session.rollout.change_memory(control.memory, self._capacity(control.memory))
            session.smoother = session.smoother.after(control.camera)
            return self._show(control.camera)

    def snapshot(self) -> WorldState:
        """Return a state on the host from which `restore` continues; see `World`."""
        session = self._running()
        assert session.overlap is not None  # a block was shown
        memory = session.memory.snapshot(self._engine.tiers.common_minimum(host_room()))
        parts = {"memory": memory, **self._film()}
        data = {
            **self._signed(),
            "setting": asdict(session.rollout.policy.setting),
            "session": {**session.described(), "told": session.told},
        }
        return joined(parts, data, {"overlap": session.overlap})

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted = self._require_own(state)
        parked: _ParkedStream = decode(_ParkedStream, state.data["session"], "session")
        setting: MemorySetting = decode(MemorySetting, state.data["setting"], "setting")
        make_policy(setting, self._capacity(setting))  # refuses what does not exist
        overlap = state.arrays["overlap"].copy()
        if overlap.shape != (1, *self.spec.frame_size, 3) or overlap.dtype != np.uint8:
            raise ValueError(f"a frame is {overlap.shape}")
        memory = self._read_memory(part_of(state, "memory"))
        with torch.inference_mode():
            film = self._parked_film(state)
            self._texts.prepare(parked.prompt)
            # all was read: from here on only the device may fail, and the session is gone
            self._notices += converted
            self._go_on_showing(film)
            session = self._begin(parked.seed, parked.prompt, setting)
            session.smoother, session.poses = parked.smoother, film.poses
            session.block_index, session.told = parked.block_index, parked.told
            session.newest = film.newest.to(self._device)
            session.overlap = overlap
            if not session.memory.restore(memory):
                self._notices.append(REBUILT)
            self._texts.prepare(session.prompt)
            self._on_progress("ready", 1.0)

    def provenance(self) -> dict[str, Any]:
        """Return this world's provenance for a recording; the plan is the present one."""
        return {
            **self._provenance,
            "plan": asdict(self._fallback.plan),
            "memory": asdict(self._initial_memory),
            "look_ahead": False,
            "rebuilt_frames": self._session.memory.rebuilt_frames if self._session else 0,
        }

    def close(self) -> None:
        """Free networks and memory; may be called twice."""
        self._side_stream.close()
        self._session = None
        if engine := vars(self).get("_engine"):
            engine.tiers.close()
        for networks in ("_engine", "_writer"):
            vars(self).pop(networks, None)
        super().close()

    def parts(self) -> tuple[Engine, ScenePrompts, VideoStream]:
        """Return the world's parts, for evaluations that generate latents themselves."""
        return self._engine, self._prompts, self._video

    def _read_memory(self, state: WorldState) -> ParkedMemory:
        memory = ParkedMemory.read(state, self._engine)
        for block in memory.history.blocks:
            if block.text not in self._prompts.texts(block.prompt):
                raise ValueError("a block was made under words that are not said here")
        return memory

    def _begin(self, seed: int, prompt: str, setting: MemorySetting) -> _Stream:
        self._session = None  # until all is there
        self._texts.forget()
        self._texts.prepare(prompt)
        engine, recipe = self._engine, self._engine.recipe
        empty = self._write(lambda: self._texts.aside(engine.memory_dit))
        generator = BlockGenerator(
            engine.dit, engine.memory_dit, engine.cache, recipe.sampling.shift, empty,
            engine.tiers.record_input,
        )  # fmt: skip
        recipe = replace(recipe, memory=setting, slots=self._capacity(setting))
        rollout = TieredRollout(generator, engine.grid, recipe, engine.tiers)
        hooks = RestoreHooks(
            self._keys_then,
            self._capacity,
            self._write,
            lambda done: self._on_progress("rebuilding memory", done),
        )
        memory = RestorableMemory(rollout, hooks)
        self._times.taken()  # is no block's
        poses = PoseEstimator(self.spec.full_speed)
        self._session = _Stream(
            seed=seed, prompt=prompt, rollout=rollout, memory=memory, poses=poses
        )
        return self._session

    def _keys_then(self, block: RememberedBlock) -> TextKeys:
        self._texts.prepare(block.prompt)
        return self._texts.keys(self._engine.dit, block.text)

    def _write(self, work: Callable[[], Result]) -> Result:
        def on_device() -> Result:
            with self._writer:
                return work()

        return self._fallback.run(on_device)

    def _text_keys(self) -> TextKeys:
        """Return keys of prompt and camera sentence; memory is prepared if they are new."""
        session = self._running()
        text = session.text
        if text != self._texts.text:
            with self._times.measure("text"):
                self._texts.keys(self._engine.dit, text)
        keys = self._texts.newest
        if text != session.told:
            rollout = session.rollout
            change = rollout.switch_prompt if session.turned else rollout.update_text
            with self._times.measure("remember"):
                self._fallback.run(lambda: change(keys))
            session.told, session.turned = text, False
        return keys

    def _show(self, command: CameraCommand, given: Tensor | None = None) -> FrameBlock:
        session = self._running()
        view = self._expected_view(command)
        text = self._text_keys()
        if session.rollout.ended:
            self._follow_on(text)
        if given is None:
            latents = self._fallback.run(lambda: self._denoise(text, view))
            with self._times.measure("denoise"):  # a card is still at work: the check waits for it
                self._require_numbers(latents)
        else:
            latents = given
            self._require_numbers(latents)
        frames = self._fallback.run(lambda: self._decode_and_compute_keys(latents, text, view))
        poses = self._place(frames, command)
        of_latents = poses[::-TIME_STRIDE][:BLOCK_LENGTH][::-1]
        session.memory.admit(latents, of_latents, session.prompt, session.told)
        session.rollout.prefetch(self._expected_view(command))
        session.newest, session.overlap = latents, frames[OVERLAP_FRAME:][:1]
        return self._handed_out(frames, poses, self._usage())

    def _denoise(self, text: TextKeys, view: CameraPose) -> Tensor:
        """Return the next block's latents, fp32 [1, F, C, h, w]."""
        session, engine = self._running(), self._engine
        steps = len(engine.recipe.sampling.steps)
        shape = (1, BLOCK_LENGTH, *engine.latent_shape)
        with self._times.measure("denoise"):
            noises = block_noises(
                session.seed, session.block_index, shape, steps, engine.cache.device
            )
            draw = noises[1:].__getitem__
            if session.rollout.is_offloaded(view):
                with self._writer:
                    session.rollout.attend(view)
            return session.rollout.denoise(noises[0], text, draw, view)

    def _expected_view(self, command: CameraCommand) -> CameraPose:
        poses = self._running().poses
        yaw, pitch = poses.gain
        full = self.spec.full_speed
        speed = CameraSpeed(full.yaw * yaw, full.pitch * pitch, walk=full.walk)
        length = self.spec.block_length
        return move(poses.pose, command, speed, self.spec.fps, length)[-1]

    def _decode_and_compute_keys(self, latents: Tensor, text: TextKeys, view: CameraPose) -> Frames:
        before, memory = self._video.state, self._running().memory
        decoding = self._side_stream.start(lambda: self._decode(latents))
        try:
            with self._times.measure("remember"), self._writer:
                memory.compute_keys(latents, text, view)
            return decoding.result()
        except BaseException:
            wait((decoding,))  # nothing is given up that is still used
            self._video.state = before
            raise
        finally:
            del decoding  # and with it a failure's traceback, which holds tensors

    def _follow_on(self, text: TextKeys) -> None:
        """Begin another rollout with the last three latent frames; the first one is made anew.

        Source: CausVid, arXiv 2412.07772: the frame before the newest two latent frames is encoded
        as the first of a video.
        """
        session = self._running()
        overlap, memory, pose = session.overlap, session.memory, session.poses.pose
        assert overlap is not None  # a block was shown
        first = self._fallback.run(lambda: self._video.encode(overlap))
        given = torch.cat((first, session.rollout.newest[:, 1 - BLOCK_LENGTH :]), 1)
        memory.restart()
        with self._times.measure("remember"):
            self._write(lambda: memory.compute_keys(given, text, pose))
        memory.admit(given, (pose,) * BLOCK_LENGTH, session.prompt, session.told)

    def _capacity(self, setting: MemorySetting) -> int:
        waiting = self._engine.tiers.waiting if make_policy(setting, 1).selects else 0
        return self._on_device(setting) + waiting

    def _on_device(self, setting: MemorySetting) -> int:
        cache = self._engine.cache
        return min(cache.slots, budget_slots(setting, cache.slot_bytes) or cache.slots)

    def _usage(self) -> MemoryUsage:
        session, rollout = self._running(), self._running().rollout
        usage = memory_usage(
            rollout.policy,
            rollout.attended,
            self._engine.cache.slot_bytes,
            self._on_device(rollout.policy.setting),
            rollout.made,
            session.block_index + 1,
            self.spec,
        )
        return session.memory.marked(usage)

    def _apply_plan(self, before: MemoryPlan, plan: MemoryPlan) -> None:
        super()._apply_plan(before, plan)
        session = self._session
        if plan.memory_model != before.memory_model:
            self._writer.offloaded = True
            with self._writer:
                pass  # which leaves it in main memory
        if plan.slots != before.slots:
            if session is None:
                self._engine.tiers.resize(plan.slots)
            else:
                session.memory.keep_fewer(min(plan.slots, session.rollout.policy.table.capacity))
