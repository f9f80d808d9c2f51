"""Text features on disk, and the texts of one scene: its prompt under every camera sentence.

The text encoder (11 GB) is loaded only for new texts, when a scene is first visited, and dropped
before it is played. A file holds the features of one text without their padding, about 0.5 MB for a
long prompt in bf16; or, for clips, the inputs of a pipeline. Its name stands for text and encoder;
damaged files are made again. They lie in up to 256 folders, since there may be a million.
"""

import gc
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional

from mag_sandbox.controls.camera import Axis
from mag_sandbox.controls.phrase_compiler import scene_prompts
from mag_sandbox.files.border import open_plain
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.checkpoints import reading
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.full.offload import OomFallback
from mag_sandbox.model.world import MIB, MissingWeights, Progress

NOTHING = ""  # the empty prompt, under which MAG remembers
FORMAT = 1  # of the files; another one is another name
SUFFIX, LOCK = ".safetensors", ".lock"
_SAMPLES, _SAMPLE_BYTES = 64, 2**16  # of a weights file, to know it again
logger = logging.getLogger(__name__)


class RowEncoder(Protocol):
    """A text encoder as the store uses it: `TextEmbedder`."""

    def rows(self, text: str) -> Tensor:
        """Return a text's features without padding, [tokens, dim]."""
        ...


class TextFiles:
    """Features of texts, a file each, which appears whole or not at all.

    files = TextFiles(folder, weights_identity(encoder_file, tokenizer_file))
    files.write("a harbour at dusk", {"rows": rows})
    files.read("a harbour at dusk")  # {"rows": ...}, on the CPU; None: not there
    """

    def __init__(self, folder: Path, kind: str, limit_mib: int = 1024) -> None:
        """Open a folder, which may hold other kinds as well; nothing is read or written yet.

        A kind names everything besides the text that features depend on. The files that were not
        read for longest are deleted when all exceed the limit.
        """
        self._folder, self._kind, self._limit = folder, kind, limit_mib * MIB

    def read(self, text: str) -> dict[str, Tensor] | None:
        """Return the kept features of a text; None: there are none, or they are damaged."""
        path = self._path(text)
        if not path.exists():
            return None
        try:
            with reading(path, "they are made again"), safe_open(path, "pt") as file:
                kept = (file.metadata() or {}).get("text")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except MissingWeights as problem:
            logger.warning("text features: %s", problem)
            return None
        if kept != text or not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
            logger.warning("text features in %s are damaged and are made again", path)
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):  # another user's folder
            os.utime(path)
        return tensors

    def has(self, text: str) -> bool:
        """Return whether a whole file is kept of a text; its numbers are not read."""
        path = self._path(text)
        if not path.exists():
            return False
        try:
            with reading(path, "it is made again"), safe_open(path, "pt") as file:
                return (file.metadata() or {}).get("text") == text
        except MissingWeights:
            return False

    def keep(self, text: str, tensors: Mapping[str, Tensor]) -> None:
        """Keep the features of a text."""
        kept = {name: tensor.contiguous() for name, tensor in tensors.items()}
        replace_file(self._path(text), save(kept, {"text": text}))

    def write(self, text: str, tensors: Mapping[str, Tensor]) -> None:
        """Keep the features of a text, if there is room."""
        try:
            self.keep(text, tensors)
        except OSError as error:
            logger.warning("text features cannot be kept in %s: %s", self._folder, error)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process makes features here: one encoder at a time."""
        lock = FileLock(self._folder / LOCK)
        with suppress(OSError):  # nothing can be kept here either
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def trim(self, texts: Iterable[str]) -> None:
        """Delete the files that were not read for longest, if there are too many; never these."""
        keep = {self._path(text) for text in texts}
        try:
            files = [(path, path.stat()) for path in self._folder.rglob("*" + SUFFIX)]
        except OSError:  # another game is trimming
            return
        total = sum(stat.st_size for _, stat in files)
        for path, stat in sorted(files, key=lambda file: file[1].st_mtime_ns):
            if total <= self._limit:
                return
            if path not in keep:
                path.unlink(missing_ok=True)
                total -= stat.st_size

    def _path(self, text: str) -> Path:
        content = "\n".join((str(FORMAT), self._kind, text))
        name = hashlib.sha256(content.encode()).hexdigest()[:40] + SUFFIX
        path, before = self._folder / name[:2] / name, self._folder / name  # all lay there once
        if before.exists():
            with suppress(OSError):
                path.parent.mkdir(exist_ok=True)
                before.replace(path)
        return path


class EmbeddingStore:
    """Features of texts, read from disk or made and kept there.

    store = EmbeddingStore(folder, weights_identity(encoder_file, tokenizer_file), load_embedder)
    features = store.get([*phrases, ""])  # {text: [512, 4096]}, on the CPU
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        load: Callable[[], RowEncoder],
        text_len: int = 512,
        limit_mib: int = 1024,
    ) -> None:
        """Open a store; nothing is read or written yet.

        Args:
            folder: made when the first text is kept.
            identity: of encoder weights, tokenizer and number type; see `weights_identity`.
            load: makes the encoder; called once for all missing texts; the encoder is dropped
                afterwards.
            text_len: rows of the features given out.
            limit_mib: of all files; those of the same call are never deleted.
        """
        self._files = TextFiles(folder, f"{identity}\n{text_len}", limit_mib)
        self._load, self._text_len = load, text_len

    def get(
        self, texts: Iterable[str], on_progress: Progress = lambda stage, fraction: None
    ) -> dict[str, Tensor]:
        """Return each text's zero-padded features, [text_len, dim], as they were made."""
        texts = tuple(dict.fromkeys(texts))
        rows = {text: kept for text in texts if (kept := self._read(text)) is not None}
        if missing := [text for text in texts if text not in rows]:
            with self._files.alone():  # another process may have made some
                rows |= {text: kept for text in missing if (kept := self._read(text)) is not None}
                if missing := [text for text in missing if text not in rows]:
                    rows |= self._make(missing, on_progress)
            self._files.trim(texts)
        return {text: pad_rows(rows[text], self._text_len) for text in texts}

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that need the encoder, each once."""
        return [text for text in dict.fromkeys(texts) if self._read(text) is None]

    @contextmanager
    def filling(self) -> Iterator[Callable[[Iterable[str]], None]]:
        """Yield a function that encodes missing texts to disk and keeps none in memory.

        The encoder is loaded once, for the first missing text. The function raises OSError if
        features cannot be kept.
        """
        with self._encoder() as encoder:

            def fill(texts: Iterable[str]) -> None:
                for text in texts:
                    if not self._files.has(text):
                        self._files.keep(text, {"rows": encoder().rows(text).to("cpu")})

            yield fill

    def _make(self, texts: Sequence[str], on_progress: Progress) -> dict[str, Tensor]:
        made = {}
        on_progress("loading the text encoder", 0.0)
        with self._encoder() as encoder:
            for index, text in enumerate(texts):
                on_progress("encoding text", index / len(texts))
                made[text] = encoder().rows(text).to("cpu")
                self._files.write(text, {"rows": made[text]})
        return made

    @contextmanager
    def _encoder(self) -> Iterator[Callable[[], RowEncoder]]:
        loaded = cache(self._load)
        try:
            yield loaded
        finally:
            loaded.cache_clear()
            gc.collect()
            if torch.cuda.is_initialized():
                torch.cuda.empty_cache()

    def _read(self, text: str) -> Tensor | None:
        rows = (self._files.read(text) or {}).get("rows")
        if rows is None or rows.ndim != 2 or not rows.is_floating_point():
            return None
        return rows if 0 < len(rows) <= self._text_len else None


def pad_rows(rows: Tensor, text_len: int) -> Tensor:
    """Return a prompt's features, [tokens, dim], with zero rows below, [text_len, dim]."""
    return functional.pad(rows, (0, 0, 0, text_len - len(rows)))


def weights_identity(*files: Path) -> str:
    """Return 16 hex digits that change with the files' contents, from samples of large ones."""
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with open_plain(path) as file:
            for offset in range(0, size, max(size // _SAMPLES, _SAMPLE_BYTES)):
                file.seek(offset)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


class ScenePrompts:
    """Text features of the scene that is played.

    prompts = ScenePrompts(folder, identity, load_encoder, ("yaw", "pitch"), device="cuda")
    prompts.prepare("a harbour at dusk", on_progress)
    prompts.features("a harbour at dusk. The camera pans to the left.")  # [1, 512, 4096]
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        load: Callable[[str], RowEncoder],
        axes: tuple[Axis, ...],
        device: str,
        aside: tuple[str, ...] = (NOTHING,),
    ) -> None:
        """Open the store of an encoder's features in a folder; nothing is loaded.

        The encoder is made on the device, which may be changed, when a text is missing. Sentences
        may speak of the given axes of the camera. Texts `aside` are read besides, whatever the
        prompt.
        """
        self.device = device
        self._axes, self._aside = axes, aside
        self.store = EmbeddingStore(folder, identity, lambda: load(self.device))
        self._features: dict[str, Tensor] = {}

    def texts(self, prompt: str) -> tuple[str, ...]:
        """Return a prompt under every sentence, and the texts aside."""
        return *scene_prompts(prompt, self._axes), *self._aside

    def prepare(self, prompt: str, on_progress: Progress) -> None:
        """Read or encode all texts of a prompt, in place of the previous one's.

        Encoding may take minutes on a processor.
        """
        self._features = self.store.get(self.texts(prompt), on_progress)

    def features(self, text: str) -> Tensor:
        """Return the features of one of the texts, [1, text_len, dim], on the host."""
        return self._features[text][None]


class ActiveText:
    """Keys and features of the present text for the networks.

    texts = ActiveText(prompts, "cuda", torch.bfloat16, fallback, on_progress)
    texts.prepare("a harbour at dusk")
    keys = texts.keys(dit, "a harbour at dusk. The camera pans to the left.")
    """

    def __init__(
        self,
        prompts: ScenePrompts,
        device: str,
        dtype: torch.dtype,
        fallback: OomFallback,
        on_progress: Progress,
    ) -> None:
        """Prepare nothing; device and number type are those of the networks."""
        self._prompts, self._device, self._dtype = prompts, device, dtype
        self._fallback, self._on_progress = fallback, on_progress
        self._prepared: str | None = None
        self._made: tuple[str, TextKeys] = ("", ())

    def prepare(self, prompt: str) -> None:
        """Read or encode a prompt under every camera sentence."""
        if prompt == self._prepared:
            return

        def report(stage: str, fraction: float) -> None:
            if fraction == 0.0:
                logger.info('%s for "%s"', stage, prompt)
            self._on_progress(stage, fraction)

        self._fallback.run(lambda: self._prompts.prepare(prompt, report))
        self._prepared = prompt
        self._on_progress("ready", 1.0)

    @property
    def text(self) -> str:
        """The text of `newest`."""
        return self._made[0]

    @property
    def newest(self) -> TextKeys:
        """The keys that were computed last."""
        return self._made[1]

    def keys(self, dit: DiT, text: str) -> TextKeys:
        """Return the keys of a text of the prepared prompt; the newest keys are cached."""
        if text != self._made[0]:
            self._made = (text, self._fallback.run(lambda: self._keys(dit, text)))
        return self._made[1]

    def aside(self, dit: DiT, text: str = NOTHING) -> TextKeys:
        """Return the keys of a text aside; they are not cached."""
        return self._keys(dit, text)

    def features(self, text: str) -> Tensor:
        """Return the features of a text of the prepared prompt, [1, text_len, dim]."""
        return self._prompts.features(text).to(self._device, self._dtype)

    def forget(self) -> None:
        """Drop the cached keys."""
        self._made = ("", ())

    def _keys(self, dit: DiT, text: str) -> TextKeys:
        return dit.text_keys(self.features(text))
