"""The pocket world with MemoryPack for a memory; the same pictures, words and controls.

Where psi has a place for every direction, views are painted ahead as in `model.pocket.world`. psi
learns them when they are seen, and a block that psi knows is read from it alone.
"""

from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.files.validation import decode, of_type
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS
from mag_sandbox.model.lora import merge
from mag_sandbox.model.memorypack.block_memory import PackedBlocks, PackParts
from mag_sandbox.model.memorypack.config import WORLD_OF_VARIANT
from mag_sandbox.model.memorypack.packing import RayPlaces
from mag_sandbox.model.memorypack.parts import PARTS, base_hash, packed_networks, parts_file
from mag_sandbox.model.parking import joined, part_of, parts_of
from mag_sandbox.model.pocket.base import WorldParts
from mag_sandbox.model.pocket.block_memory import PassInputs
from mag_sandbox.model.pocket.engines.engine import PocketEngine
from mag_sandbox.model.pocket.inventing import MemoryModelInventor
from mag_sandbox.model.pocket.listed import as_listed, things_at_start
from mag_sandbox.model.pocket.loading import load_base, load_memory_model, prompt_features
from mag_sandbox.model.pocket.look_ahead import (
    FIRST_VIEWS,
    VIEWS,
    LookAheadSession,
    LookAheadWorld,
    SavedProgress,
)
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.rooms import AROUND
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS
from mag_sandbox.model.prompts import Conditioner, read_texts
from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Past,
    Progress,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene

PACK_STEPS = 2  # denoising steps of a block that shows new ground; what psi holds takes one


class MemoryPackWorld(LookAheadWorld[PackedBlocks]):
    """A world that remembers by packing; see `World`. The only policy is the memory's own name."""

    def __init__(
        self,
        parts: WorldParts,
        packed: PackParts,
        title: str,
        grid: tuple[int, int],
        painting: PaintingInventor | None = None,
    ) -> None:
        """Assemble a world.

        Args:
            parts: shared by worlds over these weights.
            packed: what makes blocks from packed frames.
            title: name of the memory for people.
            grid: tokens of a view, (down, across).
            painting: plans and paints views; None: the transformer invents them as they are shown.
        """
        super().__init__(parts, painting or MemoryModelInventor())
        self._title = title
        blocks = PackedBlocks(packed, self.spec.block_length, self._inputs, self._times)
        self._remember_in(blocks, grid, enabled=painting is not None)

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        self._require_open()
        seed = checked_seed(scene, seed)
        self._require_policy(scene.memory)
        self._require_words(scene.prompt)
        self._begin(seed, scene.prompt)
        with torch.inference_mode():
            view = self._first_view(scene)
            self.memory.begin(view)
            self.schedule.views_owed = FIRST_VIEWS
            if self.painting:
                self.painting.thread.hold()  # until the next block is done: it is due soon
            length = self.spec.block_length
            latents = view.expand(length, -1, -1, -1)[None]
            return self._shown(latents, (CameraPose(),) * length, CameraCommand())

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        with torch.inference_mode():
            self._catch_up(control)
            poses = self._obey(control)
            self._schedule_views(control.camera)
            paints = self.schedule.paints(self.memory)
            is_known = self.memory.knows(poses) or (paints and self._see(poses[-1]))
            latents = self.memory.generate(poses, is_known=is_known)
            self.memory.remember(latents, poses, learns=not paints)
            block = self._shown(latents, poses, control.camera)
            if self.painting:
                self.painting.thread.release()
            return replace(block, provisional=paints and not is_known)

    def show(self, control: Control, frames: Frames) -> FrameBlock:
        """Take a block's frames as they are and remember them; see `World`.

        Painted ground that was never shown is forgotten, since the frames may differ from it.
        """
        with torch.inference_mode():
            latents = self._codec.encode_block(frames, self.spec)
            self.schedule.cancel()
            self.memory.forget_ahead()
            if self.painting:
                lattice = self.painting.imagination.lattice
                self.painting.forget(~lattice.shown(self.memory.policy.lasting))
            poses = self._obey(control)
            self.memory.remember(latents, poses)
            return self._shown(latents, poses, control.camera)

    def adopt(self, past: Past) -> None:
        """Continue another world of the same base; see `World`.

        The oldest picture becomes the reference image; all others pass through psi.
        """
        self._require_policy(past.scene.memory)
        self._begin(past.seed, past.prompt)
        with torch.inference_mode():
            for block in past.blocks:
                index = max(self._running().block_index, block.block_index)
                self._advance(block_index=index)
                latents = self._codec.encode_block(block.frames, self.spec)
                self.memory.adopt(latents, block.poses)
                self._advance(block_index=index + 1)
        self._session = self._running().following(past)
        self._times.taken()  # is no block's

    def snapshot(self) -> WorldState:
        """Return a state from which `restore` continues; see `World`."""
        arrays, memory = self.memory.snapshot()
        data = {
            "world": self.spec.name,
            **self._signed(),
            "memory": memory,
            "progress": self._progress(),
        }
        parts = {AROUND: self.painting.snapshot()} if self.painting else {}
        return joined(parts, data, arrays)

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted, data = self._require_own(state), state.data
        progress: SavedProgress = decode(SavedProgress, data["progress"], "progress")
        with torch.inference_mode():
            restores = [self.memory.read_snapshot(state.arrays, data["memory"], progress.prompt)]
        if self.painting and AROUND in parts_of(state):
            restores.append(self.painting.read_snapshot(part_of(state, AROUND)))
        self._notices += converted
        self._begin(progress.seed, progress.prompt)
        self._session = progress.session
        for restore in restores:
            restore()
        self._continue_schedule(progress)

    def provenance(self) -> dict[str, Any]:
        """Return this world's provenance for a recording."""
        setting = MemorySetting(policy=self.spec.policies[0])
        looks_ahead = self.schedule.paints(self.memory)
        return {**super().provenance(), "memory": asdict(setting), "look_ahead": looks_ahead}

    def close(self) -> None:
        """Forget the session; may be called twice."""
        self.memory.forget()
        super().close()

    def _begin(self, seed: int, prompt: str) -> None:
        """Start a session of which nothing is remembered."""
        self._session = LookAheadSession(seed, prompt, CameraPose())
        self.memory.forget()
        self._inventor.begin(seed)
        self.schedule.begin()
        self._times.taken()

    def _prepare(self, leave_out: Collection[str] = ()) -> bool:
        """Do pending work; tell whether there was any; see `LookAheadWorld`."""
        block, takes = self._running().block_index, VIEWS not in leave_out
        with torch.inference_mode():
            return takes and self.schedule.remember_due(block, self.memory) is not None

    def _obey(self, control: Control) -> tuple[CameraPose, ...]:
        session = self._running()
        self._require_policy(control.memory.policy if control.memory else None)
        if control.prompt is not None and control.prompt != session.prompt:
            self._require_words(control.prompt)
            self._advance(prompt=control.prompt)
            self.memory.follow_prompt()
        return self._poses(control.camera)

    def _see(self, end: CameraPose) -> bool:
        """Have psi learn the view painted where a block ends; tell whether all of it is painted."""
        view = self.schedule.start_cut(end).result()
        # of a view beside it, an edge may be a guess
        if view is None or view.pose != end or not view.is_painted:
            return False
        self.memory.see(view.pose, view.latents)
        return True

    def _inputs(self) -> PassInputs:
        session = self._running()
        return PassInputs(session.seed, session.prompt, session.prompt_index, self._time)

    def _shown(
        self, latents: Tensor, poses: tuple[CameraPose, ...], command: CameraCommand
    ) -> FrameBlock:
        session, schedule = self._running(), self.schedule
        draw = self._decoder.of_latents(latents[0])
        sky = self._begin_sky(poses)
        begun = self._decoder.begin(draw, poses, self._time, sky, self._left_out)
        shown = self._finish(begun, poses)
        self._advance(pose=poses[-1], command=command, has_sky=shown.has_sky)
        schedule.has_remembered = False
        self._request_view(command, session.block_index + 1)
        memory = self.memory.usage(self._title, self.spec, session.origin)
        block = self._handed_out(shown, poses, command, memory)
        if self.painting is None or self.painting.plan is None:
            return block
        things = things_at_start(self.painting, self.painting.plan.things)
        return replace(block, planned=as_listed(things))


def load(
    variant: str,
    *,
    on_progress: Progress,
    look_ahead: bool = True,
    weights: Path = POCKET_WEIGHTS,
    parts: Path = PARTS,
    phase: str = "",
    execution: Execution | None = None,
    imagination: Path = IMAGINATION_WEIGHTS,
) -> MemoryPackWorld:
    """Return the pocket world with a MemoryPack for a memory.

    Args:
        variant: one of `model.memorypack.config.VARIANTS`.
        on_progress: called with stage and fraction.
        look_ahead: whether views are painted before the camera gets there, if psi can keep them.
        weights: folder of the base's weights.
        parts: folder of parts; a variant without a file there plays with untrained ones.
        phase: of training, whose result must be there; "": the played parts.
        execution: how to run; None: what a probe finds fastest here.
        imagination: folder of the weights of what plans and paints.
    """
    base = load_base(weights, execution, on_progress, imagination=imagination)
    config, execution = base.config, base.execution
    path = parts_file(variant, parts, phase)
    dit = load_memory_model(config, weights)  # parts belong to it, and change it
    networks, info = packed_networks(
        dit, variant, path if phase or path.exists() else None, base_hash(weights)
    )
    merge(dit)
    on_progress(f"memory parts: {info.words()}", 0.5)
    networks.eval().requires_grad_(False).to(execution.device, execution.dtype)
    features = prompt_features(weights, config, read_texts(weights, base.digest))
    conditioner = Conditioner(PocketEngine(execution).transformer(dit, "denoise"), features)
    name, rays = WORLD_OF_VARIANT[variant], RayCoordinates.of(config)
    flow = replace(base.parts.flow, steps=PACK_STEPS)
    packed = PackParts(
        networks, features, conditioner, RayPlaces(rays), flow, base.parts.latent_shape
    )
    provenance = {
        **base.parts.provenance,
        "weights": f"{base.digest} {variant} {info.digest}",
        "memorypack": {**asdict(info.config), "trained": info.words()},
    }
    spec = replace(base.parts.spec, name=name, policies=(name,))
    keeps_places = info.config.structure == "ring"
    world = MemoryPackWorld(
        replace(base.parts, spec=spec, provenance=provenance),
        packed,
        name if info.trained else f"{name} (untrained)",
        rays.grid,
        base.painting() if look_ahead and keeps_places else None,
    )
    on_progress("ready", 1.0)
    return world
