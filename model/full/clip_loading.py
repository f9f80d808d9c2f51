"""Assembles clip worlds from fetched pipelines of `diffusers`."""

import inspect
import json
from dataclasses import asdict, replace
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import AutoModel, DiffusionPipeline

from mag_sandbox.controls.camera import AXES
from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.catalogue.clips import ClipRecipe
from mag_sandbox.model.catalogue.memory_plan import Start
from mag_sandbox.model.catalogue.weight_files import WorldFiles
from mag_sandbox.model.checkpoints import MAX_INDEX
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.full.clip_pipelines import ClipPipelines, ClipTextEncoder
from mag_sandbox.model.full.clip_world import NO_MEMORY, ClipWorld
from mag_sandbox.model.full.loading import TEXTS, THOUGHT_SPEED, execution_for, facts
from mag_sandbox.model.full.text_cache import TextFiles, weights_identity
from mag_sandbox.model.world import MemorySetting, MissingWeights, Progress, WorldSpec
from mag_sandbox.program import PROGRAM

READERS = ("text_encoder", "tokenizer")  # what names of parts that read text begin with
INDEX, CONFIG, PROCESSOR = "model_index.json", "config.json", "preprocessor_config.json"


def load(
    start: Start,
    memory: MemorySetting,  # noqa: ARG001 (clips have none)
    *,
    look_ahead: bool,  # noqa: ARG001 (text cannot say where to look)
    execution: dict | None,
    on_progress: Progress,
) -> ClipWorld:
    """Return a clip world of the table, run as a recording was, or as is usual here.

    Raises:
        MissingWeights: the pipeline's files are damaged or of another kind.
        WorldFailed: a recording cannot be run as it was.
    """
    recipe, device = start.row.clips, start.device.kind
    assert recipe is not None  # only worlds of clips are loaded here
    running = execution_for(device, execution)
    running = replace(running, kernel="sdpa", compiled=False)  # as diffusers runs it
    torch.set_num_threads(running.threads)
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()  # ours is told by `on_progress`
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
    """Return the parts of a pipeline, None for those that read text."""
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
    """Return what is known of texts, and the way to know more."""
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
    """Return one half of a pipeline, the other parts None; only safetensors are read, no code.

    One half reads text, the other makes pictures.
    """
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
    """Return what a pipeline consists of: what it needs, and what the folder has besides."""
    asked = inspect.signature(pipeline).parameters.values()
    needed = {one.name for one in asked if one.default is one.empty}
    index = parse_json(read_plain(folder / INDEX, MAX_INDEX))
    return needed | {name for name, kind in index.items() if isinstance(kind, list)}


def _reads(part: str) -> bool:
    return part.startswith(READERS)


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
    found = [path.parent for path in files.paths(role) if path.name == name]
    if not found:
        raise MissingWeights(
            f'"{files.world}" has no {name} of its {role}; run `{PROGRAM} fetch {files.world}`'
        )
    return min(found, key=lambda folder: len(folder.parts))


def _spec(start: Start, recipe: ClipRecipe) -> WorldSpec:
    width, height = start.video.frame_size
    return WorldSpec(
        name=start.row.name,
        frame_width=width,
        frame_height=height,
        fps=start.video.fps,
        block_length=recipe.block_length,
        full_speed=THOUGHT_SPEED,
        policies=(NO_MEMORY.policy,),
        axes=AXES,
        exact_pose=False,
    )
