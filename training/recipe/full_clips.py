"""The recipe's data at full size: latents and embeddings made beforehand, prompts one a line.

A video is one `.pt` file, read as tensors only: `video_features` [F, 16, H, W] and `prompt_embeds`
[rows, text_dim], as for VPData. Prompts are lines of a text file, as for VidProM.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.full.codec_state import START
from mag_sandbox.model.full.text_cache import pad_rows
from mag_sandbox.model.full.vae import TIME_STRIDE, WanVae
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.training.draws import Draws
from mag_sandbox.training.panorama.sheets import write_sheet
from mag_sandbox.training.recipe.clips import Clips, Conditions, GridPlaces

logger = logging.getLogger(__name__)

TextOf = Callable[[str], Tensor]  # features of a prompt, [text_len, text_dim]
LATENTS, EMBEDDINGS = "video_features", "prompt_embeds"
_ORDER = 32  # keeps draws apart


class TrainingDataError(WorldFailed, ValueError):
    """A file of training data is absent, damaged or too short."""


def read_prompts(path: Path) -> list[str]:
    """Return the prompts of a file, one a line, empty lines left out.

    Raises:
        TrainingDataError: there is none.
    """
    prompts = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    prompts = [prompt for prompt in prompts if prompt]
    if not prompts:
        raise TrainingDataError(f"{path} has no prompts; write one a line")
    return prompts


def read_video(path: Path) -> tuple[Tensor, Tensor]:
    """Return a video's latents [F, C, H, W] and embeddings [rows, text_dim], both fp32.

    Raises:
        TrainingDataError: it is not such a file.
    """
    try:
        data = torch.load(path, weights_only=True, map_location="cpu")
        latents, rows = data[LATENTS], data[EMBEDDINGS]
    except FileNotFoundError:
        raise TrainingDataError(f"{path} is missing; make it with `precompute`") from None
    except Exception as error:  # pickles fail in many ways
        raise TrainingDataError(
            f"{path} holds no {LATENTS} and {EMBEDDINGS} ({type(error).__name__}); "
            "make it again with `precompute`"
        ) from error
    if latents.ndim != 4 or rows.ndim != 2:
        raise TrainingDataError(
            f"{path}: {LATENTS} {tuple(latents.shape)} and {EMBEDDINGS} {tuple(rows.shape)} are "
            "not [F, C, H, W] and [rows, dim]; make it again with `precompute`"
        )
    return latents.float(), rows.float()


class PromptLines:
    """Prompts without videos; a `PromptSource`.

    Args:
        prompts: in the order they are learned from.
        text_of: their features.
        shape: of a latent frame: C, H, W.
        head_dim: channels of a head, for the coordinates.
        batch: videos a step.
        device: where coordinates are needed.
        skipped: prompts that an earlier stage has used up (MAG's code skips 300 * 64).
    """

    def __init__(
        self,
        prompts: Sequence[str],
        text_of: TextOf,
        shape: tuple[int, int, int],
        head_dim: int,
        batch: int = 1,
        device: str = "cpu",
        skipped: int = 0,
    ) -> None:
        self.shape = shape
        rows, columns = shape[1] // 2, shape[2] // 2
        self.tokens = rows * columns
        self._places = GridPlaces(GridCoordinates(rows, columns, head_dim, device))
        self._prompts, self._text_of = prompts, text_of
        self._batch, self._skipped = batch, skipped

    def conditions(self, number: int, frames: int) -> Conditions:  # noqa: ARG002 (any number)
        """Return the prompts of a batch; after the last the first comes again."""
        first = self._skipped + number * self._batch
        some = [self._prompts[(first + i) % len(self._prompts)] for i in range(self._batch)]
        return Conditions(torch.stack([self._text_of(prompt) for prompt in some]), self._places)

    def text(self, prompt: str, batch: int) -> Tensor:
        """Return the features of one prompt for a whole batch."""
        return self._text_of(prompt)[None].expand(batch, -1, -1)


class LatentVideos:
    """Videos encoded beforehand, one a step since they differ in length; a `ClipSource`.

    Args:
        folder: of `.pt` files.
        prompts: sizes, coordinates, and features of fixed prompts.
        text_len: rows of text features.
        fewest_frames: shorter videos are passed over.
        seed: of their order, another in every round.
    """

    def __init__(
        self, folder: Path, prompts: PromptLines, text_len: int, fewest_frames: int, seed: int
    ) -> None:
        self._files = sorted(folder.glob("*.pt"))
        if not self._files:
            raise TrainingDataError(f"{folder} has no .pt files; make them with `precompute`")
        self.shape, self.tokens = prompts.shape, prompts.tokens
        self.conditions, self.text = prompts.conditions, prompts.text
        self._prompts, self._text_len = prompts, text_len
        self._fewest, self._seed = fewest_frames, seed

    def clips(self, number: int, frames: int) -> Clips:
        """Return one video's first frames; damaged files are named and passed over.

        Raises:
            TrainingDataError: all files are damaged or too short.
        """
        for step in range(len(self._files)):
            try:
                latents, rows = read_video(self._file(number + step))
            except TrainingDataError as error:
                logger.warning("%s; passed over", error)
                continue
            if len(latents) >= self._fewest:
                places = self._prompts.conditions(number, frames).places
                text = pad_rows(rows[: self._text_len], self._text_len)
                return Clips(latents[None, :frames], Conditions(text[None], places))
        raise TrainingDataError(
            f"no whole video in {self._files[0].parent} has {self._fewest} latent frames; add some"
        )

    def _file(self, number: int) -> Path:
        turn, place = divmod(number, len(self._files))
        order = Draws(self._seed, _ORDER, turn).rng.permutation(len(self._files))
        return self._files[order[place]]


class ReencodedTail:
    """The first frames of a later clip at full size: the last pictures, encoded as a new video.

    The video is decoded piece by piece, so every clip goes through once and in order.

    Args:
        vae: the autoencoder.
        frames: latent frames of the tail.

    Source: MAG, arXiv 2512.18741, as released: 9 pictures make 3 latent frames.
    """

    def __init__(self, vae: WanVae, frames: int) -> None:
        self._vae, self._state = vae, START
        self._pictures = TIME_STRIDE * (frames - 1) + 1

    @torch.no_grad()
    def __call__(self, latents: Tensor) -> Tensor:
        """Return the latents of the video's last pictures, after a clip's new latents."""
        pictures, self._state = self._vae.decode(latents, self._state)
        again, _ = self._vae.encode(pictures[:, -self._pictures :])
        return again.to(latents)


def show_channels(path: Path, latents: Tensor) -> None:
    """Write a sheet of three latent channels as colours, without any decoder, a video a row."""
    every = max(1, latents.shape[1] // 6)
    some = latents[:4, every - 1 :: every, :3].float().cpu()
    pictures = (some * 40 + 128).clamp(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2)
    write_sheet(path, [list(row) for row in pictures.numpy()])
