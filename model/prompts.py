"""Prompts to text features: from a file for scenes that come with the game, else by the encoder.

The encoder is loaded only when a prompt comes up whose features are not in the file.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.files.validation import parse_json
from mag_sandbox.model.checkpoints import reading, write_tensors
from mag_sandbox.model.config import END
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.world import MissingWeights

logger = logging.getLogger(__name__)
TEXTS = "texts.safetensors"
Encoder = Callable[[Tensor, Tensor], Tensor]  # ids and mask, [B, text_len] -> [B, text_len, dim]


class PromptFeatures:
    """Text features of prompts, always fp32 on the CPU.

    features = PromptFeatures(tokenizer, 48, load_encoder, read_texts(folder, weights))
    features("a red tower")  # [1, text_len, dim]
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        text_len: int,
        load_encoder: Callable[[], Encoder],
        known: Mapping[str, Tensor],
        read: Callable[[str], str] = str,
    ) -> None:
        """Take known features of prompts, [rows, dim] without the zero rows past the prompt.

        The encoder is loaded at the first prompt that is not known, and reads `read(prompt)`.
        """
        self._read = read
        self._tokenizer, self._text_len = tokenizer, text_len
        self._load_encoder, self._known = load_encoder, known
        self._encoder: Encoder | None = None
        self._loading = Lock()  # plans are made on another thread than blocks

    def __call__(self, prompt: str) -> Tensor:
        """Return the features of a prompt, [1, text_len, dim]; rows past it are zero."""
        rows = self._known.get(prompt)
        if rows is not None:
            return torch.nn.functional.pad(rows, (0, 0, 0, self._text_len - len(rows)))[None]
        encoder = self.warm()
        with torch.inference_mode():
            return encoder(*tokenise(self._tokenizer, [self._read(prompt)], self._text_len))

    def warm(self) -> Encoder:
        """Return the encoder, loading it once."""
        with self._loading:
            if self._encoder is None:
                self._encoder = self._load_encoder()
            return self._encoder


def tokenise(tokenizer: Tokenizer, prompts: Sequence[str], text_len: int) -> tuple[Tensor, Tensor]:
    """Return ids and mask, int64 [B, text_len]; longer prompts are cut, the end mark stays."""
    ids = torch.zeros(len(prompts), text_len, dtype=torch.long)
    mask = torch.zeros_like(ids)
    end = tokenizer.token_to_id(END)
    for row, prompt in enumerate(prompts):
        tokens = [*tokenizer.encode(prompt, add_special_tokens=False).ids[: text_len - 1], end]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return ids, mask


def read_texts(folder: Path, weights: str) -> dict[str, Tensor]:
    """Return features of prompts, [rows, dim] each, computed by weights with this hash.

    A file that is absent, damaged or of other weights counts as empty.
    """
    path = folder / TEXTS
    if not path.exists():
        return {}
    try:
        with reading(path, "prompts are encoded again"), safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            prompts = parse_json(about.get("prompts", "[]").encode())
            if about.get("weights") == weights:
                return {prompt: file.get_tensor(str(row)) for row, prompt in enumerate(prompts)}
            logger.warning("%s belongs to other weights; prompts are encoded again", path)
    except MissingWeights as problem:
        logger.warning("%s", problem)
    return {}


def write_texts(folder: Path, weights: str, texts: Mapping[str, Tensor]) -> None:
    """Write features, [1, text_len, dim] each, for `read_texts`; whole or not at all."""
    rows = {
        str(row): features[0, : int(features[0].abs().amax(dim=-1).nonzero().max()) + 1].clone()
        for row, features in enumerate(texts.values())
    }
    about = {"weights": weights, "prompts": json.dumps(list(texts))}
    write_tensors(folder / TEXTS, rows, about)


_REMEMBERED = 16  # prompts


class Conditioner:
    """Turns prompts into keys and values for one transformer, on its device and in its dtype."""

    def __init__(self, dit: DiT, features: PromptFeatures) -> None:
        self._dit, self._features = dit, features
        self._keys: OrderedDict[str, TextKeys] = OrderedDict()
        self._lock = Lock()  # worlds on other threads may share it

    def text_keys(self, prompt: str) -> TextKeys:
        """Return every layer's keys and values of a prompt."""
        with self._lock:
            if prompt not in self._keys:
                like = self._dit.head.modulation
                with torch.inference_mode():
                    self._keys[prompt] = self._dit.text_keys(self._features(prompt).to(like))
                if len(self._keys) > _REMEMBERED:
                    self._keys.popitem(last=False)
            self._keys.move_to_end(prompt)
            return self._keys[prompt]

    def warm(self) -> None:
        """Load the text encoder."""
        self._features.warm()
