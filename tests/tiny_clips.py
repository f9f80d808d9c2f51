"""Tiny random pipelines of the clip worlds, saved as the public ones are.

write_clip_repos(folder)  # folder/OWNER/NAME/... as the hub lists them
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from mag_sandbox.model.catalogue.memory_plan import Device, MemoryPlan, Start, made_for
from mag_sandbox.model.catalogue.weight_files import WeightFile, WorldFiles
from mag_sandbox.model.catalogue.worlds import WORLDS, VideoShape
from mag_sandbox.training.pocket.words import train_tokenizer

if TYPE_CHECKING:  # diffusers takes seconds to import: who collects tests does not wait for it
    import transformers

    from mag_sandbox.model.full.clips import ClipWorld

CAPTIONS = ("a red tower by the sea", "a green hill under a grey sky", "the camera pans right")
WIDTH = 16  # of text features
PIPELINES = {"wan2.1": "Wan", "skyreels-v2": "SkyReelsV2"}
BACKWARDS = "framepack-f0"  # the pipeline of F1, asked for the other order
CLIP_WORLDS = tuple(row.name for row in WORLDS.values() if row.clips and row.name != BACKWARDS)
PROCESSOR = Device("cpu", "processor", None)
FRAMES = {"wan2.1": 33, "skyreels-v2": 49}  # of a clip: over in the third or fourth block


def repo_of(world: str, role: str) -> str:
    """Return the repository of a world's part."""
    return next(source.repo for source in WORLDS[world].sources if source.role == role)


def write_clip_repos(folder: Path, worlds: tuple[str, ...] = CLIP_WORLDS) -> None:
    """Write the repositories of clip worlds."""
    torch.manual_seed(0)
    for world in worlds:
        write = _write_framepack if world.startswith("framepack") else _write_wan_like
        write(world, folder)


def tiny_clips(
    world: str,
    repos: Path,
    *,
    steps: int = 2,
    texts: Path | None = None,
    on_progress=lambda stage, fraction: None,
    execution: dict | None = None,
) -> "ClipWorld":
    """Return a clip world of 32 x 32 px, loaded as players' are, of short clips in few steps.

    Texts are kept below `texts`, or with the repositories.
    """
    from mag_sandbox.model.full import clips

    row = WORLDS[world]
    frames = FRAMES.get(world, row.clips.frames)
    options = dict(row.clips.options)
    if "base_num_frames" in options:
        options["base_num_frames"] = frames
    recipe = replace(row.clips, steps=steps, frames=frames, options=options)
    row = replace(row, clips=recipe)
    files = [
        WeightFile(source.role, str(path), 0, f"{source.role} of {world}", "tests", 0)
        for source in row.sources
        for path in sorted((repos / source.repo).rglob("*.*"))
        if path.is_file()
    ]
    shape = VideoShape(4, 4, made_for(row).fps)
    start = Start(
        row, WorldFiles(world, texts or repos, tuple(files)), PROCESSOR, MemoryPlan(0), False, shape
    )
    return clips.load(
        start, row.memory_setting(), look_ahead=True, execution=execution, on_progress=on_progress
    )


def _write_wan_like(world: str, folder: Path) -> None:
    """Write a pipeline of the Wan family: its transformer, UMT5, its autoencoder."""
    import diffusers
    import transformers

    family = PIPELINES[world]
    transformer = getattr(diffusers, f"{family}Transformer3DModel")(
        num_attention_heads=2,
        attention_head_dim=12,
        text_dim=WIDTH,
        freq_dim=16,
        ffn_dim=32,
        num_layers=2,
        rope_max_seq_len=64,
    )
    text = transformers.UMT5Config(
        vocab_size=64, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    parts = {
        "tokenizer": _tokenizer(),
        "text_encoder": transformers.UMT5EncoderModel(text),
        "transformer": transformer,
        "vae": diffusers.AutoencoderKLWan(base_dim=2, num_res_blocks=1),
        "scheduler": diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=1.0
        ),
    }
    kind = getattr(diffusers, WORLDS[world].clips.from_text.pipeline)
    kind(**parts).save_pretrained(folder / repo_of(world, "pipeline"))


def _write_framepack(world: str, folder: Path) -> None:
    """Write the three repositories that FramePack is put together from."""
    import diffusers
    import transformers

    transformer = diffusers.HunyuanVideoFramepackTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=10,
        num_layers=1,
        num_single_layers=1,
        num_refiner_layers=1,
        text_embed_dim=WIDTH,
        pooled_projection_dim=8,
        rope_axes_dim=(2, 4, 4),
        has_image_proj=True,
        image_proj_dim=16,
        has_clean_x_embedder=True,
    )
    transformer.save_pretrained(folder / repo_of(world, "generator"))
    images = folder / repo_of(world, "image encoder")
    sight = transformers.SiglipVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    )
    transformers.SiglipVisionModel(sight).save_pretrained(images / "image_encoder")
    processor = transformers.SiglipImageProcessorPil(size={"height": 28, "width": 28})
    processor.save_pretrained(images / "feature_extractor")
    small = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 16}
    llama = transformers.LlamaConfig(
        vocab_size=64, hidden_size=WIDTH, num_key_value_heads=2, pad_token_id=0, **small
    )
    clip = transformers.CLIPTextConfig(vocab_size=64, hidden_size=8, eos_token_id=1, **small)
    pipeline = diffusers.HunyuanVideoPipeline(
        text_encoder=transformers.LlamaModel(llama),
        tokenizer=_tokenizer(),
        transformer=diffusers.HunyuanVideoTransformer3DModel(
            num_attention_heads=1,
            attention_head_dim=10,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            text_embed_dim=WIDTH,
            pooled_projection_dim=8,
            rope_axes_dim=(2, 4, 4),
        ),
        vae=diffusers.AutoencoderKLHunyuanVideo(
            block_out_channels=(4, 4, 4, 4), layers_per_block=1, norm_num_groups=2
        ),
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
        text_encoder_2=transformers.CLIPTextModel(clip),
        tokenizer_2=_tokenizer(),
    )
    pipeline.save_pretrained(folder / repo_of(world, "pipeline"))


def _tokenizer() -> "transformers.PreTrainedTokenizerFast":
    import transformers

    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(CAPTIONS, 64),
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )
