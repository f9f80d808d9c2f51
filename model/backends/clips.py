"""Assembles clip worlds from fetched pipelines of `diffusers`."""

from dataclasses import asdict, replace
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import AutoModel

from controls.camera import CameraSpeed
from model.backends.full import execution_for
from model.backends.provenance import facts
from model.clips import ClipRecipe
from model.full.clip_studio import ClipStudio
from model.full.clip_world import NO_MEMORY, ClipWorld
from model.machine import Execution
from model.preflight import Start
from model.weight_files import WorldFiles
from model.world import MemorySetting, MissingWeights, Progress, WorldSpec

THOUGHT_SPEED = CameraSpeed(yaw=20.0, pitch=10.0)  # degrees a second that a sentence may mean
INDEX, CONFIG, PROCESSOR = "model_index.json", "config.json", "preprocessor_config.json"


def load(
    start: Start,
    memory: MemorySetting,  # noqa: ARG001 (clips have none)
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict | None,
    on_progress: Progress,
) -> ClipWorld:
    """Return a clip world of the table.

    Args:
        start: world, files, device and plan.
        memory: taken as for any world, and without effect.
        look_ahead: likewise.
        execution: how a recording ran; None: as is usual here.
        on_progress: told what is being loaded.

    Raises:
        MissingWeights: the pipeline's files are damaged or of another kind.
        WorldFailed: a recording cannot be run as it was.
    """
    recipe, device = start.row.clips, start.device.kind
    running = replace(execution_for(device, execution), kernel="sdpa")  # which diffusers uses
    torch.set_num_threads(running.threads)
    on_progress("pipeline", 0.1)
    components = _components(start.files, recipe, running)
    on_progress("pipeline", 0.8)
    reading_device = "cpu" if start.plan.text_encoder == "cpu" else device
    studio = ClipStudio(
        recipe, components, start.video, device=device, reading_device=reading_device
    )
    config = {"clips": asdict(recipe), "video": asdict(start.video)}
    world = ClipWorld(
        _spec(start),
        start.row,
        start.plan,
        studio,
        {**facts(start, running), "config": config},
        on_progress,
    )
    on_progress("ready", 1.0)
    return world


def _components(files: WorldFiles, recipe: ClipRecipe, running: Execution) -> dict[str, object]:
    """Return the parts of a pipeline; nothing but safetensors is read, and no code."""
    folder = _folder(files, "pipeline", INDEX)
    decoder = torch.float32 if recipe.precise_decoder else running.dtype
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # ours is told by `on_progress`
    types = {"default": running.dtype, "vae": decoder}
    try:
        elsewhere = _parts_elsewhere(files, running.dtype)
        pipeline = getattr(diffusers, recipe.calls[0].pipeline).from_pretrained(
            folder, dtype=types, use_safetensors=True, local_files_only=True, **elsewhere
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        why = " ".join(str(error).split())[:300]
        raise MissingWeights(
            f"{folder} is no {recipe.calls[0].pipeline} ({why}); run `main.py fetch {files.world}`"
        ) from error
    components = dict(pipeline.components)
    scheduler = components["scheduler"]
    components["scheduler"] = type(scheduler).from_config(scheduler.config, **recipe.scheduler)
    if recipe.tiled_decoder:
        components["vae"].enable_tiling()
    return components


def _parts_elsewhere(files: WorldFiles, dtype: torch.dtype) -> dict[str, object]:
    """Return parts that are not in the pipeline's own repository."""
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
    """Return the folder of a role's file of that name."""
    found = [path.parent for path in files.paths(role) if path.name == name]
    if not found:
        raise MissingWeights(
            f'"{files.world}" has no {name} of its {role}; run `main.py fetch {files.world}`'
        )
    return min(found, key=lambda folder: len(folder.parts))


def _spec(start: Start) -> WorldSpec:
    width, height = start.video.frame_size
    return WorldSpec(
        name=start.row.name,
        frame_width=width,
        frame_height=height,
        fps=start.video.fps,
        block_length=start.row.clips.block_length,
        full_speed=THOUGHT_SPEED,
        policies=(NO_MEMORY.policy,),
        axes=("yaw", "pitch", "zoom"),
        exact_pose=False,
    )
