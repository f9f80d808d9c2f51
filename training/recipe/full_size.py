"""The recipe at full size: what `recipe.run` needs of Wan2.1-T2V-1.3B and prepared data."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.checkpoints import load_checkpoint, open_checkpoint
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.loading import sized_by
from mag_sandbox.model.full.text import TEXT_LEN, TextEmbedder, load_text_encoder, load_tokenizer
from mag_sandbox.model.full.text_cache import EmbeddingStore, weights_identity
from mag_sandbox.model.full.vae import WanVae, load_vae
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.memory_saving import checkpoint_activations
from mag_sandbox.training.recipe.full_clips import (
    LatentVideos,
    PromptLines,
    ReadAhead,
    ReencodedTail,
    TextOf,
    TrainingDataError,
    prompt_lines,
    show_channels,
)
from mag_sandbox.training.recipe.options import RecipeOptions
from mag_sandbox.training.recipe.presets import MEMORY
from mag_sandbox.training.recipe.train import RecipeError, Size

VAE, ENCODER, TOKENIZER, TEACHER = (
    "Wan2.1_VAE.pth",
    "models_t5_umt5-xxl-enc-bf16.pth",
    "google/umt5-xxl",
    "diffusion_pytorch_model.safetensors",
)  # in the folder of Wan2.1-T2V-1.3B
TEXTS = "texts"  # folder of text features, in the data's
TEXTS_MIB = 2**20  # all of them stay
CHANNELS, STRIDE = 16, 8  # of the latents
USED_PROMPTS = {"generator": 300 * 64}  # by the stages before, as released


def full_size(options: RecipeOptions, device: TrainingDevice | None = None) -> Size:
    """Return the parts made from public weights and prepared data.

    Raises:
        RecipeError: the folder of the public weights is not given.
        MissingWeights: it lacks a file.
    """
    if options.wan is None:
        raise RecipeError("full size needs --wan, the folder of Wan2.1-T2V-1.3B")
    device, wan = device or choose_device(), options.wan
    text_of = known_features(text_store(wan, options.folder / TEXTS, device.device))
    config = sized_by(open_checkpoint(wan / TEACHER).shapes, wan / TEACHER)
    shape = (CHANNELS, options.height // STRIDE, options.width // STRIDE)

    def prompts() -> PromptLines:
        if options.prompts is None:
            raise RecipeError(f"{options.stage} needs --prompts, a text file with a prompt a line")
        lines = list(prompt_lines(options.prompts))
        return PromptLines(
            lines, text_of, shape, config.head_dim, device=device.device,
            skipped=USED_PROMPTS.get(options.stage, 0),
        )  # fmt: skip

    def clips() -> ReadAhead:
        if options.videos is None:
            raise RecipeError(f"{options.stage} needs --videos, a folder made by `precompute`")
        sizes = PromptLines([""], text_of, shape, config.head_dim, device=device.device)
        fewest = MEMORY.fewest_frames if options.stage == "memory" else 1
        return ReadAhead(LatentVideos(options.videos, sizes, TEXT_LEN, fewest, options.seed))

    def read(path: Path) -> DiT:
        with torch.device("meta"):
            dit = DiT(config, device.kernel)
        load_checkpoint(dit, path, torch.float32, device.device)
        return checkpoint_activations(dit)

    return Size(
        device=device,
        read=read,
        start=wan / TEACHER,
        teacher=None,
        adapted=lambda preset: preset,
        clips=clips,
        prompts=prompts,
        tails=lambda overlap: partial(ReencodedTail, read_vae(wan, device.device), overlap),
        show=show_channels,
        accumulate=lambda batch: batch,
        negative=options.negative,
        save_minutes=30.0,
    )


def read_vae(wan: Path, device: str) -> WanVae:
    """Return the autoencoder of the public weights, fp32."""
    vae = load_vae(open_checkpoint(wan / VAE), device)
    vae.network.requires_grad_(False)
    return vae


def text_store(wan: Path, folder: Path, device: str) -> EmbeddingStore:
    """Return the store of text features; the encoder is loaded for texts it lacks.

    Raises:
        OSError: the encoder or its tokenizer is missing.
    """
    encoder, tokens = wan / ENCODER, wan / TOKENIZER

    def load() -> TextEmbedder:
        network = load_text_encoder(open_checkpoint(encoder), device, torch.bfloat16)
        return TextEmbedder(network, load_tokenizer(tokens, network.config.vocab_size))

    identity = f"{weights_identity(encoder, tokens / 'tokenizer.json')} bfloat16"
    return EmbeddingStore(folder, identity, load, TEXT_LEN, TEXTS_MIB)


def known_features(store: EmbeddingStore) -> TextOf:
    """Return the look-up of texts that were read by `precompute`, fp32 [text_len, text_dim]."""

    def text_of(prompt: str) -> Tensor:
        if store.missing([prompt]):
            raise TrainingDataError(
                f'prompt "{prompt[:60]}" has no text features; run `precompute` with it first'
            )
        return store.get([prompt])[prompt].float()

    return text_of
