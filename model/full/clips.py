"""Worlds of pipelines of `diffusers` that make whole clips, shown block by block, not in real time.

The sentence on the camera and the prompt are inputs of a clip when it is made. A command waits for
the next clip; a new prompt cuts the present one off. At the end of a clip, another continues its
last frames, or an unrelated one begins: the world's row says which.
"""

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from diffusers import AutoModel, DiffusionPipeline
from PIL import Image
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import PhraseSmoother, compose
from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import decode, of_type, parse_json
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, Start
from mag_sandbox.model.catalogue.recipes import TIME_STRIDE, ClipCall, ClipRecipe
from mag_sandbox.model.catalogue.weight_files import WorldFiles
from mag_sandbox.model.catalogue.worlds import VideoShape, WorldRow
from mag_sandbox.model.checkpoints import MAX_INDEX
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.frames import open_image, to_frames, to_pictures
from mag_sandbox.model.full.loading import TEXTS, execution_for, facts, stream_spec
from mag_sandbox.model.full.offload import OomFallback
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.full.steered import ParkedSession
from mag_sandbox.model.full.text_cache import TextFiles, weights_identity
from mag_sandbox.model.parking import joined, part_of
from mag_sandbox.model.session_world import SessionWorld
from mag_sandbox.model.world import (
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    MemoryUsage,
    MissingWeights,
    Progress,
    WorldFailed,
    WorldSpec,
    WorldState,
    checked_seed,
)
from mag_sandbox.program import PROGRAM
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
NO_MEMORY = MemoryUsage("none", (), 0, 0, 0, 0, 0.0, 0, ())
READERS = ("text_encoder", "tokenizer")  # beginnings of the names of parts that read text
INDEX, CONFIG, PROCESSOR = "model_index.json", "config.json", "preprocessor_config.json"

Report = Callable[[float], None]  # progress of a clip, in [0, 1]


class ClipTextEncoder:
    """The texts of one world, encoded once and kept on disk.

    texts = ClipTextEncoder(WAN, TextFiles(folder, kind), load_reader, device="cpu")
    texts.read("a harbour at dusk")  # {"prompt_embeds": ..., ...}, on the host
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        files: TextFiles,
        load: Callable[[], DiffusionPipeline],
        device: str,
    ) -> None:
        """Read nothing yet; `load` makes a pipeline, on the host, of the parts that read text."""
        self._recipe, self._files, self._load = recipe, files, load
        self._device = device
        self._reader: DiffusionPipeline | None = None

    def read(self, text: str) -> dict[str, Tensor]:
        """Return the arguments that a pipeline is given for a text, on the host."""
        kept = self._files.read(text)
        if kept is None or set(kept) != set(self._recipe.texts):
            kept = self._encode(text)
            self._files.write(text, kept)
            self._files.trim([text])
        return kept

    def read_on(self, device: str) -> None:
        """Encode on another device; "cpu" leaves more room on the present one."""
        self._device = device
        if self._reader is not None:
            self._reader.to(device)

    def _encode(self, text: str) -> dict[str, Tensor]:
        if self._reader is None:
            self._reader = self._load().to(self._device)
        with torch.no_grad():
            encoded = self._reader.encode_prompt(
                prompt=text, device=torch.device(self._device), **self._recipe.text_options
            )
        named = zip(self._recipe.texts, encoded, strict=True)
        return {name: tensor.to("cpu") for name, tensor in named}


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """The request for a clip."""

    call: ClipCall
    text: str
    seed: int
    earlier: Frames | None = None  # the newest frames, as many as the call takes


class ClipPipelines:
    """The pipelines of one world.

    pipelines = ClipPipelines(WAN, pipeline.components, texts, video, device="cuda")
    frames = pipelines.make(ClipRequest(WAN.from_text, "a harbour at dusk", seed=7), report)
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        components: Mapping[str, Any],
        texts: ClipTextEncoder,
        video: VideoShape,
        device: str,
    ) -> None:
        """Put a loaded pipeline's components where they work; those that read text are None."""
        self._recipe, self._texts, self._video, self._device = recipe, texts, video, device
        names = dict.fromkeys(call.pipeline for call in recipe.calls)
        self._makers = {name: _assembled(name, components).to(device) for name in names}
        self._vae = components["vae"]
        self._read: tuple[str, dict[str, Tensor]] = ("", {})  # the newest text

    def read_on(self, device: str) -> None:
        """Read texts on another device; "cpu" leaves more room on the present one."""
        self._texts.read_on(device)

    def read(self, text: str) -> None:
        """Read a text, for the next clip; only the newest one is kept."""
        if text == self._read[0] and self._read[1]:
            return
        tensors = self._texts.read(text).items()
        self._read = text, {name: tensor.to(self._device) for name, tensor in tensors}

    def make(self, request: ClipRequest, report: Report) -> Frames:
        """Return a clip's new frames, the same for the same request, or raise WorldFailed."""
        recipe, call = self._recipe, request.call
        self.read(request.text)
        steps = recipe.steps

        def step_done(*state: Any) -> dict[str, Any]:
            report((state[1] + 1) / steps)  # of pipeline, step, time, tensors
            return {}

        with torch.random.fork_rng(), torch.no_grad():  # some pipelines draw without a generator
            torch.manual_seed(request.seed)
            options = {
                "height": self._video.frame_size[1],
                "width": self._video.frame_size[0],
                "num_frames": recipe.frames,
                "num_inference_steps": steps,
                "guidance_scale": recipe.guidance,
                "generator": torch.Generator().manual_seed(request.seed),
                "output_type": "np",
                "callback_on_step_end": step_done,
                **recipe.options,
                **call.options,
                **self._read[1],
                **_earlier(request),
            }
            pictures = self._makers[call.pipeline](**options).frames[0]
        return _bytes(pictures[call.repeated_frames :])

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the autoencoder alone."""
        vae = self._vae
        missing = (1 - len(frames)) % TIME_STRIDE
        whole = np.concatenate((frames, np.repeat(frames[-1:], missing, axis=0)))
        pictures = to_pictures(whole).transpose(0, 1)[None].to(self._device, vae.dtype)
        with torch.no_grad():
            decoded = vae.decode(vae.encode(pictures).latent_dist.mode()).sample
        return to_frames(decoded[0].transpose(0, 1))[: len(frames)]


def _assembled(name: str, components: Mapping[str, Any]) -> DiffusionPipeline:
    kind = getattr(diffusers, name)
    taken = inspect.signature(kind).parameters
    pipeline = kind(**{name: part for name, part in components.items() if name in taken})
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _earlier(request: ClipRequest) -> dict[str, object]:
    if not request.call.takes or request.earlier is None:
        return {}
    images = [Image.fromarray(frame) for frame in request.earlier[-request.call.taken_frames :]]
    return {request.call.takes: images if request.call.takes == "video" else images[0]}


def _bytes(pictures: np.ndarray) -> Frames:
    """Return frames of pictures in [0, 1], [T, H, W, 3]."""
    if not np.isfinite(pictures).all():
        raise WorldFailed(
            "the clip holds NaN or infinity; start the scene again, and check the weights "
            "if it happens again"
        )
    result: Frames = (np.clip(pictures, 0.0, 1.0) * 255).round().astype(np.uint8)
    return result


@dataclass(slots=True)
class _Reel:
    """The session: clips being shown."""

    seed: int
    prompt: str
    left: Frames  # of the clip, not shown yet
    shown: Frames  # the newest frames, as many as another clip continues
    smoother: PhraseSmoother = field(default_factory=PhraseSmoother)
    command: CameraCommand = field(default_factory=CameraCommand)  # that the clip was made for
    phrase: str = ""  # likewise
    clips: int = 0
    block_index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParkedReel(ParkedSession):
    """The parked data of a session but for frames."""

    phrase: str
    clips: int
    command: CameraCommand

    def __post_init__(self) -> None:
        ParkedSession.__post_init__(self)
        if self.clips < 0:
            raise ValueError(f"{self.clips} clips")


class ClipWorld(SessionWorld[_Reel]):
    """A world of clips; see `World`."""

    def __init__(
        self,
        spec: WorldSpec,
        row: WorldRow,
        recipe: ClipRecipe,
        plan: MemoryPlan,
        pipelines: ClipPipelines,
        provenance: dict[str, Any],
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
        """Return a state from which `restore` continues; see `World`."""
        session = self._running()
        names = "seed", "prompt", "phrase", "clips", "block_index"
        about = {name: getattr(session, name) for name in names}
        about |= {"smoother": session.smoother.as_dict(), "command": asdict(session.command)}
        parts = {"poses": self._poses.snapshot()}
        frames = {"left": session.left.copy(), "shown": session.shown.copy()}
        return joined(parts, {**self._signed(), "session": about}, frames)

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`. One that is refused changes nothing."""
        converted, spec = self._require_own(state), self.spec
        parked: _ParkedReel = decode(_ParkedReel, state.data["session"], "session")
        left, shown = (state.arrays[name].copy() for name in ("left", "shown"))
        for frames in (left, shown):
            if frames.shape[1:] != (*spec.frame_size, 3) or frames.dtype != np.uint8:
                raise ValueError(f"frames are {frames.shape}")
        if len(shown) != self._shown_frames:
            raise ValueError(f"a clip would go on from {len(shown)} frames")
        session = _Reel(
            parked.seed, parked.prompt, left, shown, parked.smoother, parked.command, parked.phrase,
            parked.clips, parked.block_index,
        )  # fmt: skip
        poses = PoseEstimator(spec.full_speed)
        poses.restore(part_of(state, "poses"), spec.frame_size)
        self._session, self._poses = session, poses
        self._notices += converted

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames through the autoencoder; see `World`."""
        return self._fallback.run(lambda: self._pipelines.round_trip(frames))

    def provenance(self) -> dict[str, Any]:
        """Return this world's provenance for a recording; the plan is the present one."""
        return {
            **self._provenance,
            "plan": asdict(self._fallback.plan),
            "continuity": self._recipe.continuity,
            "look_ahead": False,
        }

    def close(self) -> None:
        """Free everything; may be called twice."""
        self._session = None
        vars(self).pop("_pipelines", None)

    def _identity(self) -> dict[str, str]:
        return {"world": self.spec.name, **super()._identity()}

    @property
    def _shown_frames(self) -> int:
        """Number of frames that another clip continues, all shown by one block."""
        return self._recipe.go_on.taken_frames if self._recipe.go_on else 0

    def _beginning(self, scene: Scene) -> tuple[ClipCall, Frames | None]:
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
        with self._times.measure("pose"):
            seconds = self.spec.block_seconds
            poses = self._poses.update(frames, session.command, seconds)
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
        assert call is not None  # clips from pictures continue their last frame
        request = ClipRequest(call, self._text(session), self._seed(session), session.shown)
        self._make(session, request)
        session.command = command

    def _make(self, session: _Reel, request: ClipRequest) -> None:
        def report(fraction: float) -> None:
            self._on_progress("making a clip", min(0.99, fraction))

        report(0.0)
        with self._times.measure("clip"):
            session.left = self._fallback.run(lambda: self._pipelines.make(request, report))
        session.phrase = session.smoother.motion.phrase
        session.clips += 1
        self._on_progress("ready", 1.0)

    def _apply_plan(self, before: MemoryPlan, plan: MemoryPlan) -> None:  # noqa: ARG002
        self._pipelines.read_on("cpu")


def load(
    start: Start,
    memory: MemorySetting,  # noqa: ARG001 (clips have none)
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict[str, Any] | None,
    on_progress: Progress,
) -> ClipWorld:
    """Return a clip world of the table, run as a recording was, or as is usual here."""
    recipe, device = start.row.clips, start.device.kind
    assert recipe is not None  # only worlds of clips are loaded here
    running = execution_for(device, execution)
    running = replace(running, kernel="sdpa", compiled=False)  # as diffusers runs it
    torch.set_num_threads(running.threads)
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # the game shows one
    on_progress("pipeline", 0.1)
    components = _makers(start.files, recipe, running)
    on_progress("pipeline", 0.8)
    pipelines = ClipPipelines(
        recipe, components, _texts(start, recipe, running, on_progress), start.video, device
    )
    config = {"clips": asdict(recipe), "video": asdict(start.video)}
    world = ClipWorld(
        _spec(start, recipe),
        start.row,
        recipe,
        start.plan,
        pipelines,
        {**facts(start, running), "config": config},
        on_progress,
    )
    on_progress("ready", 1.0)
    return world


def _makers(files: WorldFiles, recipe: ClipRecipe, running: Execution) -> dict[str, object]:
    pipeline = _pipeline(files, recipe, running, reads=False)
    components = dict(pipeline.components)
    scheduler = components["scheduler"]
    components["scheduler"] = type(scheduler).from_config(scheduler.config, **recipe.scheduler)
    if recipe.tiled_decoder:
        components["vae"].enable_tiling()
    return components


def _texts(
    start: Start, recipe: ClipRecipe, running: Execution, on_progress: Progress
) -> ClipTextEncoder:
    files = start.files

    def load() -> DiffusionPipeline:
        on_progress("loading the text encoder", 0.0)
        return _pipeline(files, recipe, running, reads=True)

    folder = _folder(files, "pipeline", INDEX)
    readers = [
        path for path in files.paths("pipeline") if _reads(path.relative_to(folder).parts[0])
    ]
    kind = (
        weights_identity(*sorted(readers)),
        recipe.calls[0].pipeline,
        diffusers.__version__,
        str(running.dtype),
        json.dumps(dict(recipe.text_options), sort_keys=True),
    )
    device = "cpu" if start.plan.text_encoder == "cpu" else start.device.kind
    return ClipTextEncoder(recipe, TextFiles(files.home / TEXTS, " ".join(kind)), load, device)


def _pipeline(
    files: WorldFiles, recipe: ClipRecipe, running: Execution, *, reads: bool
) -> DiffusionPipeline:
    folder = _folder(files, "pipeline", INDEX)
    decoder = torch.float32 if recipe.precise_decoder else running.dtype
    types = {"default": running.dtype, "vae": decoder}
    pipeline = getattr(diffusers, recipe.calls[0].pipeline)
    remedy = f"run `{PROGRAM} fetch {files.world}`"
    what = f"{folder} is not a {pipeline.__name__}"
    with refusing(lambda why: MissingWeights(f"{what} ({why}); {remedy}")):
        others: dict[str, object] = {
            name: None for name in _parts(pipeline, folder) if _reads(name) != reads
        }
        if not reads:
            others |= _parts_elsewhere(files, running.dtype)
        return pipeline.from_pretrained(
            folder, dtype=types, use_safetensors=True, local_files_only=True, **others
        )


def _parts(pipeline: type[DiffusionPipeline], folder: Path) -> set[str]:
    asked = inspect.signature(pipeline).parameters.values()
    needed = {one.name for one in asked if one.default is one.empty}
    index = parse_json(read_plain(folder / INDEX, MAX_INDEX))
    return needed | {name for name, kind in index.items() if isinstance(kind, list)}


def _reads(part: str) -> bool:
    return part.startswith(READERS)


def _parts_elsewhere(files: WorldFiles, dtype: torch.dtype) -> dict[str, object]:
    how = {"dtype": dtype, "use_safetensors": True, "local_files_only": True}
    parts: dict[str, object] = {}
    if files.paths("generator"):
        folder = _folder(files, "generator", CONFIG)
        parts["transformer"] = AutoModel.from_pretrained(str(folder), **how)
    if files.paths("image encoder"):
        parts["image_encoder"] = transformers.SiglipVisionModel.from_pretrained(
            _folder(files, "image encoder", CONFIG),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
        )
        parts["feature_extractor"] = transformers.SiglipImageProcessorPil.from_pretrained(
            _folder(files, "image encoder", PROCESSOR), local_files_only=True
        )
    return parts


def _folder(files: WorldFiles, role: str, name: str) -> Path:
    found = [path.parent for path in files.paths(role) if path.name == name]
    if not found:
        raise MissingWeights(
            f'"{files.world}" has no {name} of its {role}; run `{PROGRAM} fetch {files.world}`'
        )
    return min(found, key=lambda folder: len(folder.parts))


def _spec(start: Start, recipe: ClipRecipe) -> WorldSpec:
    spec = stream_spec(start.row.name, start.video)
    policies = (NO_MEMORY.policy,)
    return replace(spec, block_length=recipe.block_length, policies=policies, latent_stride=1)
