"""`python -m training precompute`: videos to latents, captions and prompts to text features.

A video `harbour.mp4` with its caption in `harbour.txt` becomes `harbour.pt`, in VPData's form:
`video_features` [F, 16, H/8, W/8] and `prompt_embeds` [rows, text_dim], both bf16.
"""

import logging
from pathlib import Path

import av
import numpy as np
import torch
from av.error import FFmpegError
from PIL import ImageOps
from torch import Tensor

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.full.text_cache import EmbeddingStore
from mag_sandbox.model.full.vae import TIME_STRIDE, WanVae
from mag_sandbox.training.devices import choose_device
from mag_sandbox.training.recipe.full_clips import (
    EMBEDDINGS,
    LATENTS,
    TrainingDataError,
    read_prompts,
)
from mag_sandbox.training.recipe.full_size import TEXTS, read_vae, text_store
from mag_sandbox.training.recipe.options import PrecomputeOptions

logger = logging.getLogger(__name__)

VIDEOS = (".mp4", ".mkv", ".webm", ".mov", ".avi")


def precompute(options: PrecomputeOptions) -> None:
    """Read what is not read yet; files that cannot be decoded are named and passed over.

    Raises:
        TrainingDataError: there is nothing to read.
    """
    device = choose_device().device
    files = sorted(options.videos.iterdir()) if options.videos else []
    videos = [path for path in files if path.suffix.lower() in VIDEOS]
    prompts = read_prompts(options.prompts) if options.prompts else []
    if not videos and not prompts:
        raise TrainingDataError("nothing to precompute; give --videos, --prompts or both")
    store = text_store(options.wan, options.folder / TEXTS, device)
    captions = {path: _caption(path) for path in videos}
    store.get(["", options.negative, *prompts, *captions.values()])  # the encoder is loaded once
    vae = read_vae(options.wan, device) if videos else None
    for index, path in enumerate(videos):
        target = options.folder / f"{path.stem}.pt"
        if target.exists():
            continue
        try:
            write_video(path, captions[path], target, vae, store, options)
        except TrainingDataError as error:
            logger.warning("%s; passed over", error)
        else:
            logger.info("%s (%d/%d)", target, index + 1, len(videos))


def write_video(
    path: Path,
    caption: str,
    target: Path,
    vae: WanVae,
    store: EmbeddingStore,
    options: PrecomputeOptions,
) -> None:
    """Encode one video; its file appears whole or not at all.

    Raises:
        TrainingDataError: the video cannot be decoded, or is empty.
    """
    frames = read_frames(
        path, options.width, options.height, TIME_STRIDE * (options.longest - 1) + 1
    )
    latents = encode(vae, frames)
    rows = store.get([caption])[caption]
    filled = int(rows.any(dim=-1).sum())
    data = {LATENTS: latents.bfloat16(), EMBEDDINGS: rows[:filled].bfloat16().clone()}
    with replacing(target) as part:
        torch.save(data, part)


def read_frames(path: Path, width: int, height: int, most: int) -> np.ndarray:
    """Return a video's first frames, cut to a size, uint8 [T, height, width, 3], T = 4n + 1.

    Raises:
        TrainingDataError: it cannot be decoded.
    """
    frames = []
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(video=0):
                if len(frames) == most:
                    break
                frames.append(np.asarray(ImageOps.fit(frame.to_image(), (width, height))))
    except (FFmpegError, IndexError, OSError) as error:
        raise TrainingDataError(f"{path} cannot be decoded ({error})") from error
    if not frames:
        raise TrainingDataError(f"{path} holds no frame")
    whole = (len(frames) - 1) // TIME_STRIDE * TIME_STRIDE + 1
    return np.stack(frames[:whole])


@torch.no_grad()
def encode(vae: WanVae, frames: np.ndarray) -> Tensor:
    """Return normalised latents on the CPU, [F, 16, H/8, W/8]."""
    pictures = to_pictures(frames).to(vae.network.device)
    return vae.encode(pictures[None])[0][0].cpu()


def _caption(path: Path) -> str:
    beside = path.with_suffix(".txt")
    text = beside.read_text(encoding="utf-8").strip() if beside.exists() else ""
    return "" if text.lower() == "none" else text
