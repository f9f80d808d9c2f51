"""`python -m training precompute`: videos to latents, captions and prompts to text features.

A video `sea/harbour.mp4` with its caption in `sea/harbour.txt` becomes `sea%2Fharbour.pt`, in
VPData's form: `video_features` [F, 16, H/8, W/8] and `prompt_embeds` [rows, text_dim], both bf16.
Texts go first, a few at a time, then videos, one at a time; workers write the files themselves, so
memory does not grow with their number. Existing files are left as they are.
"""

import itertools
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import av
import numpy as np
import torch
from av.error import FFmpegError
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from mag_sandbox.files.border import reason_of
from mag_sandbox.files.videos import FORMATS, open_video
from mag_sandbox.files.whole import replacing, short_name
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.full.text_cache import EmbeddingStore
from mag_sandbox.model.full.vae import TIME_STRIDE, WanVae
from mag_sandbox.training.devices import choose_device
from mag_sandbox.training.options import PrecomputeOptions
from mag_sandbox.training.recipe.full_size import (
    EMBEDDINGS,
    LATENTS,
    TEXTS,
    TrainingDataError,
    prompt_lines,
    read_vae,
    text_store,
)

logger = logging.getLogger(__name__)

FPS = 16  # frames a second that Wan was trained on
TEXTS_AT_ONCE = 64  # of a task


def precompute(options: PrecomputeOptions) -> None:
    """Encode missing texts and videos, damaged ones left out, or raise TrainingDataError."""
    options = replace(
        options, wan=options.wan.absolute(), folder=options.folder.absolute(),
        videos=options.videos and options.videos.absolute(),
    )  # fmt: skip
    videos = sum(1 for _ in videos_of(options))
    prompts = sum(1 for _ in prompt_lines(options.prompts)) if options.prompts else 0
    if not videos and not prompts:
        raise TrainingDataError("nothing to precompute; give --videos, --prompts or both")
    workplace = options.workplace()
    texts = 2 + videos + prompts
    with workplace.workers(TextJob(options)) as results, tqdm(total=texts, unit="text") as bar:
        for some, _ in results(in_parts(texts_of(options))):
            bar.update(len(some))
    left = sum(1 for _ in videos_left(options))
    if not left:
        return
    with (
        workplace.workers(VideoJob(options)) as results,
        tqdm(total=videos, initial=videos - left, unit="video") as bar,
    ):
        for _, problem in results(videos_left(options)):
            if problem:
                logger.warning("%s; passed over", problem)
            bar.update()


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """A video to be encoded."""

    path: Path
    name: str  # of its latents; no other has it

    def target(self, folder: Path) -> Path:
        """Return the file of its latents."""
        return folder / f"{self.name}.pt"

    def caption(self) -> str:
        """Return the text of the file beside it, "" if none, or raise TrainingDataError."""
        beside = self.path.with_suffix(".txt")
        try:
            text = beside.read_text(encoding="utf-8").strip() if beside.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingDataError(f"{beside} cannot be read ({reason_of(error)})") from error
        return "" if text.lower() == "none" else text


def videos_of(options: PrecomputeOptions) -> Iterator[SourceVideo]:
    """Yield all videos, folder by folder."""
    if options.videos is None:
        return
    for folder, inside, files in os.walk(options.videos, onerror=_raised):
        inside.sort()
        paths = [Path(folder, name) for name in sorted(files)]
        paths = [path for path in paths if path.suffix.lower() in FORMATS]
        alike = Counter(path.stem for path in paths)
        for path in paths:
            whole = path.relative_to(options.videos)
            yield SourceVideo(path, _flat(whole if alike[path.stem] > 1 else whole.with_suffix("")))


def _raised(error: OSError) -> None:
    raise error


def _flat(path: Path) -> str:
    return short_name(path.as_posix().replace("%", "%25").replace("/", "%2F"))


def videos_left(options: PrecomputeOptions) -> Iterator[SourceVideo]:
    """Yield those that are not encoded."""
    return (video for video in videos_of(options) if not video.target(options.folder).exists())


def texts_of(options: PrecomputeOptions) -> Iterator[str]:
    """Yield all texts that training will ask for."""
    yield from ("", options.negative)
    for video in videos_of(options):
        with suppress(TrainingDataError):  # reported when it is the video's turn
            yield video.caption()
    if options.prompts:
        yield from prompt_lines(options.prompts)


def in_parts(texts: Iterator[str]) -> Iterator[tuple[str, ...]]:
    """Yield texts in batches."""
    while some := tuple(itertools.islice(texts, TEXTS_AT_ONCE)):
        yield some


@dataclass(frozen=True, slots=True)
class TextJob:
    """The job of workers on texts; see `mag_sandbox.workers.work.Job`."""

    options: PrecomputeOptions

    @contextmanager
    def ready(self) -> Iterator[Callable[[tuple[str, ...]], None]]:
        """Give what keeps the features of some texts; the encoder is loaded if one needs it."""
        with _store(self.options).filling() as fill:
            yield fill


@dataclass(frozen=True, slots=True)
class VideoJob:
    """The job of workers on videos; see `mag_sandbox.workers.work.Job`."""

    options: PrecomputeOptions

    @contextmanager
    def ready(self) -> Iterator[Callable[[SourceVideo], str | None]]:
        """Load the autoencoder and give what encodes a video, or says why it cannot."""
        vae = read_vae(self.options.wan, choose_device().device)
        yield partial(self._encoded, vae, _store(self.options))

    def _encoded(self, vae: WanVae, store: EmbeddingStore, video: SourceVideo) -> str | None:
        try:
            write_video(video, vae, store, self.options)
        except TrainingDataError as error:
            return str(error)
        return None


def _store(options: PrecomputeOptions) -> EmbeddingStore:
    return text_store(options.wan, options.folder / TEXTS, choose_device().device)


def write_video(
    video: SourceVideo, vae: WanVae, store: EmbeddingStore, options: PrecomputeOptions
) -> None:
    """Encode one video; its file appears whole or not at all."""
    most = TIME_STRIDE * (options.longest - 1) + 1
    frames = read_frames(video.path, options.width, options.height, most)
    latents = encode(vae, frames)
    caption = video.caption()
    rows = store.get([caption])[caption]
    filled = int(rows.any(dim=-1).sum())
    data = {LATENTS: latents.bfloat16(), EMBEDDINGS: rows[:filled].bfloat16().clone()}
    with replacing(video.target(options.folder)) as part:
        torch.save(data, part)


def read_frames(path: Path, width: int, height: int, most: int) -> np.ndarray:
    """Return a video's first 4n + 1 frames, uint8 [T, H, W, 3], or raise TrainingDataError.

    They are cut to a size, 16 a second; at other rates frames are left out, or shown again.
    """
    frames = []
    try:
        with open_video(path) as file:
            for frame in itertools.islice(_at_rate(file), most):
                picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
                frames.append(np.asarray(ImageOps.fit(picture, (width, height))))
    except (FFmpegError, IndexError, OSError) as error:
        raise TrainingDataError(f"{path} cannot be decoded ({reason_of(error)})") from error
    if not frames:
        raise TrainingDataError(f"{path} holds no frame")
    whole = (len(frames) - 1) // TIME_STRIDE * TIME_STRIDE + 1
    return np.stack(frames[:whole])


def _at_rate(file: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Yield the frames of a video that are shown at the times of FPS."""
    graph = av.filter.Graph()
    rate, end = graph.add("fps", f"fps={FPS}"), graph.add("buffersink")
    graph.link_nodes(graph.add_buffer(template=file.streams.video[0]), rate, end).configure()
    for frame in itertools.chain(file.decode(video=0), (None,)):
        graph.push(frame)
        while True:
            try:
                shown = graph.pull()
            except (BlockingIOError, EOFError):
                break
            assert isinstance(shown, av.VideoFrame)
            yield shown


@torch.no_grad()
def encode(vae: WanVae, frames: np.ndarray) -> Tensor:
    """Return normalised latents on the CPU, [F, 16, H/8, W/8]."""
    pictures = to_pictures(frames).to(vae.network.device)
    return vae.encode(pictures[None])[0][0].cpu()
