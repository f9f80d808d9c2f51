"""The recipe at full size: Wan2.1-T2V-1.3B, latents and text features made beforehand, prompts.

A video is one `.pt` file, read as tensors only: `video_features` [F, 16, H, W] and `prompt_embeds`
[rows, text_dim], as for VPData. Prompts are lines of a text file, as for VidProM.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from mag_sandbox.model.checkpoints import load_checkpoint, open_checkpoint
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.codec_state import START
from mag_sandbox.model.full.loading import sized_by
from mag_sandbox.model.full.text import TEXT_LEN, TextEmbedder, load_text_encoder, load_tokenizer
from mag_sandbox.model.full.text_cache import EmbeddingStore, pad_rows, weights_identity
from mag_sandbox.model.full.vae import TIME_STRIDE, WanVae, load_vae
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.training.devices import TrainingDevice, checkpoint_activations, choose_device
from mag_sandbox.training.options import RecipeOptions
from mag_sandbox.training.recipe.clips import Clips, ClipSource, Conditions, GridPlaces
from mag_sandbox.training.recipe.presets import MEMORY
from mag_sandbox.training.recipe.train import RecipeError, Size
from mag_sandbox.training.seeded_random import SeededRandom

logger = logging.getLogger(__name__)

TextOf = Callable[[str], Tensor]  # features of a prompt, [text_len, text_dim]
LATENTS, EMBEDDINGS = "video_features", "prompt_embeds"
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
_ORDER = 32  # keeps draws apart


class TrainingDataError(WorldFailed, ValueError):
    """A file of training data is absent, damaged or too short."""


def prompt_lines(path: Path) -> Iterator[str]:
    """Yield the prompts of a file, one a line, or raise TrainingDataError."""
    none = True
    with path.open(encoding="utf-8") as file:
        for line in file:
            for prompt in filter(None, map(str.strip, line.splitlines())):  # at other ends, too
                none = False
                yield prompt
    if none:
        raise TrainingDataError(f"{path} has no prompts; write one a line")


def read_video(path: Path) -> tuple[Tensor, Tensor]:
    """Return a video's latents [F, C, H, W], text [rows, text_dim], or raise TrainingDataError."""
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


@dataclass(eq=False)
class PromptLines:
    """Prompts without videos; a `PromptSource`."""

    prompts: Sequence[str]  # in the order they are learned from
    text_of: TextOf  # their features
    shape: tuple[int, int, int]  # of a latent frame: C, H, W
    head_dim: int  # channels of a head, for the coordinates
    batch: int = 1  # videos a step
    device: str = "cpu"  # where coordinates are needed
    skipped: int = 0  # prompts that an earlier stage has used up (MAG's code skips 300 * 64)

    def __post_init__(self) -> None:
        rows, columns = self.shape[1] // 2, self.shape[2] // 2
        self.tokens = rows * columns
        self.places = GridPlaces(GridCoordinates(rows, columns, self.head_dim, self.device))

    def conditions(self, number: int, frames: int) -> Conditions:  # noqa: ARG002 (any number)
        """Return the prompts of a batch; after the last the first comes again."""
        first = self.skipped + number * self.batch
        some = [self.prompts[(first + i) % len(self.prompts)] for i in range(self.batch)]
        return Conditions(torch.stack([self.text_of(prompt) for prompt in some]), self.places)

    def text(self, prompt: str, batch: int) -> Tensor:
        """Return the features of one prompt for a whole batch."""
        return self.text_of(prompt)[None].expand(batch, -1, -1)


@dataclass(eq=False)
class LatentVideos:
    """Videos encoded beforehand, one a step since they differ in length; a `ClipSource`."""

    folder: Path  # of `.pt` files
    prompts: PromptLines  # sizes, coordinates, and features of fixed prompts
    text_len: int  # rows of text features
    fewest_frames: int  # shorter videos are passed over
    seed: int  # of their order, another in every round

    def __post_init__(self) -> None:
        self._files = sorted(self.folder.glob("*.pt"))
        if not self._files:
            raise TrainingDataError(f"{self.folder} has no .pt files; make them with `precompute`")
        self.shape, self.tokens = self.prompts.shape, self.prompts.tokens
        self.conditions, self.text = self.prompts.conditions, self.prompts.text

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
            if len(latents) >= self.fewest_frames:
                text = pad_rows(rows[: self.text_len], self.text_len)
                return Clips(latents[None, :frames], Conditions(text[None], self.prompts.places))
        raise TrainingDataError(
            f"no whole video in {self.folder} has {self.fewest_frames} latent frames; add some"
        )

    def _file(self, number: int) -> Path:
        turn, place = divmod(number, len(self._files))
        order = SeededRandom(self.seed, _ORDER, turn).numpy.permutation(len(self._files))
        return self._files[int(order[place])]


class ReadAhead:
    """Clips of another source, of which the next ones are read while the present ones are learned.

    They are expected to lie as far apart as the last two did; others are read on demand.
    A `ClipSource`.
    """

    def __init__(self, source: ClipSource, most: int = 4) -> None:
        """Read at most `most` ahead, one after the other."""
        self._source, self._most = source, most
        self.shape, self.tokens = source.shape, source.tokens
        self.conditions, self.text = source.conditions, source.text
        self._thread = ThreadPoolExecutor(1, "read-ahead")
        self._coming: dict[tuple[int, int], Future[Clips]] = {}  # number, frames
        self._newest = -1

    def clips(self, number: int, frames: int) -> Clips:
        """Return the batch of a number, of `frames` frames at most; what reading raises, too."""
        coming = self._coming.pop((number, frames), None)
        step = max(1, number - self._newest)
        self._newest = number
        self._expect([(number + place * step, frames) for place in range(1, self._most + 1)])
        return coming.result() if coming else self._source.clips(number, frames)

    def _expect(self, wanted: Sequence[tuple[int, int]]) -> None:
        for key in self._coming.keys() - set(wanted):
            self._coming.pop(key).cancel()
        for key in wanted:
            if key not in self._coming:
                self._coming[key] = self._thread.submit(self._source.clips, *key)


@dataclass(eq=False)
class ReencodedTail:
    """The first frames of a later clip at full size: the last pictures, encoded as a new video.

    The video is decoded piece by piece, so every clip goes through once and in order.

    Source: MAG, arXiv 2512.18741, as released: 9 pictures make 3 latent frames.
    """

    vae: WanVae  # the autoencoder
    frames: int  # latent frames of the tail

    def __post_init__(self) -> None:
        self._state = START
        self._pictures = TIME_STRIDE * (self.frames - 1) + 1

    @torch.no_grad()
    def __call__(self, latents: Tensor) -> Tensor:
        """Return the latents of the video's last pictures, after a clip's new latents."""
        pictures, self._state = self.vae.decode(latents, self._state)
        again, _ = self.vae.encode(pictures[:, -self._pictures :])
        return again.to(latents)


def show_channels(path: Path, latents: Tensor) -> None:
    """Write a sheet of three latent channels as colours, without any decoder, a video a row."""
    every = max(1, latents.shape[1] // 6)
    some = latents[:4, every - 1 :: every, :3].float().cpu()
    pictures = (some * 40 + 128).clamp(0, 255).to(torch.uint8).permute(0, 1, 3, 4, 2)
    write_sheet(path, [list(row) for row in pictures.numpy()])


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
    """Return the store of text features; the encoder is loaded for texts it lacks."""
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
