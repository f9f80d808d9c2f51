"""Prompts to text features with Wan's text encoder, UMT5-XXL, under the official weights.

The library is `transformers`; only the encoder half exists. Tokens come from `tokenizer.json` as it
is: `AutoTokenizer` of transformers 5 builds a T5 tokenizer anew, with another normaliser.
"""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ftfy
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.model.checkpoints import State, load_strictly, open_tokenizer, placed
from mag_sandbox.model.config import END
from mag_sandbox.model.full.text_cache import pad_rows
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.model.world import MissingWeights

if TYPE_CHECKING:  # slow to import
    from transformers.models.umt5.configuration_umt5 import UMT5Config
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

TEXT_LEN = 512  # rows that the transformer reads; a prompt's tokens, the end mark, then zeros
_EMBEDDING = "token_embedding.weight"
_REMEDY = "use google/umt5-xxl as it lies beside the weights of Wan2.1-T2V-1.3B"
_SHARED = "shared.weight"
_TIED = "encoder.embed_tokens.weight"  # the same tensor under a second name of the library's

_LAYER = {
    "norm1": "layer.0.layer_norm",
    "attn.q": "layer.0.SelfAttention.q",
    "attn.k": "layer.0.SelfAttention.k",
    "attn.v": "layer.0.SelfAttention.v",
    "attn.o": "layer.0.SelfAttention.o",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}


def to_library(official: State) -> dict[str, Tensor]:
    """Return an official state dict as `UMT5EncoderModel` wants it, the tied name included."""
    modules = {"token_embedding": "shared", "norm": "encoder.final_layer_norm"}
    for layer in range(_num_layers(official)):
        modules |= {
            f"blocks.{layer}.{ours}": f"encoder.block.{layer}.{theirs}"
            for ours, theirs in _LAYER.items()
        }
    state = _renamed(official, modules)
    if _SHARED in state:
        state[_TIED] = state[_SHARED]
    return state


def _renamed(state: State, modules: Mapping[str, str]) -> dict[str, Tensor]:
    """Return an official state dict under the library's names, or raise MissingWeights."""
    library = {}
    for key, value in state.items():
        module, _, tensor = key.rpartition(".")
        if module not in modules:
            raise MissingWeights(
                f'the weights hold "{key}", which is unknown; use the file that the '
                "documentation names"
            )
        library[f"{modules[module]}.{tensor}"] = value
    return library


def _num_layers(official: State) -> int:
    return sum(key.endswith(".norm1.weight") for key in official)


class TextEmbedder:
    """One encoder with its tokenizer.

    embedder = TextEmbedder(load_text_encoder(state, "cuda", torch.bfloat16), tokenizer)
    features = embedder.embed(["a harbour at dusk", ""])  # [2, 512, 4096]
    """

    def __init__(
        self, encoder: "UMT5EncoderModel", tokenizer: Tokenizer, text_len: int = TEXT_LEN
    ) -> None:
        self.encoder, self.tokenizer, self.text_len = encoder, tokenizer, text_len

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Return features, [B, text_len, dim]; rows past a prompt are exactly zero."""
        return torch.stack([pad_rows(self.rows(text), self.text_len) for text in texts])

    def rows(self, text: str) -> Tensor:
        """Return the features of a prompt's own tokens and its end mark, [tokens, dim].

        Each prompt is encoded alone and without padding, so its numbers depend on nothing else.
        """
        ids, mask = tokenise(self.tokenizer, [clean_text(text)], self.text_len)
        used = slice(0, int(mask.sum()))
        return encode_tokens(self.encoder, ids[:, used], mask[:, used])[0]


def encode_tokens(encoder: "UMT5EncoderModel", ids: Tensor, mask: Tensor) -> Tensor:
    """Return features, [B, L, dim], zero where the mask is, of token ids and mask, int [B, L]."""
    ids, mask = ids.to(encoder.device), mask.to(encoder.device)
    with torch.no_grad():
        features = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        result: Tensor = features.masked_fill(mask[..., None] == 0, 0)
        return result


def text_config(official: State) -> "UMT5Config":
    """Return the sizes of an official state dict, or raise MissingWeights if it is another's."""
    from transformers.models.umt5.configuration_umt5 import UMT5Config

    try:
        vocabulary, dim = official[_EMBEDDING].shape
        buckets, heads = official["blocks.0.pos_embedding.embedding.weight"].shape
        inner, ffn = (len(official[f"blocks.0.{part}.weight"]) for part in ("attn.q", "ffn.fc1"))
    except KeyError as error:
        raise MissingWeights(
            f"the text encoder weights lack {error}; use models_t5_umt5-xxl-enc-bf16.pth of "
            "Wan2.1-T2V-1.3B"
        ) from None
    return UMT5Config(
        vocab_size=vocabulary,
        d_model=dim,
        d_kv=inner // heads,
        d_ff=ffn,
        num_layers=_num_layers(official),
        num_heads=heads,
        relative_attention_num_buckets=buckets,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",  # tanh approximation, as officially
        pad_token_id=0,
        eos_token_id=1,
    )


def load_text_encoder(
    official: State, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> "UMT5EncoderModel":
    """Return the encoder of a state dict with the official names, sized by it.

    Tensors of the state dict are used as they are where device and dtype already fit, so a
    memory-mapped file is not copied twice.
    """
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

    with torch.device("meta"):
        encoder = UMT5EncoderModel(text_config(official))
    state = to_library(placed(official, device, dtype))
    load_strictly(encoder, state, "text encoder")
    encoder.tie_weights()
    return encoder


def load_tokenizer(folder: Path, vocabulary: int) -> Tokenizer:
    """Return the tokenizer of a folder with `tokenizer.json`, or raise MissingWeights.

    The folder is `google/umt5-xxl` of the public weights. The encoder may have more token
    embeddings than it has tokens.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise MissingWeights(f"tokenizer not found: {path} is missing; {_REMEDY}")
    tokenizer = open_tokenizer(path, _REMEDY)
    tokens = tokenizer.get_vocab_size()
    if tokens > vocabulary or tokenizer.token_to_id(END) != 1:
        raise MissingWeights(
            f"{path} has {tokens} tokens and end mark {tokenizer.token_to_id(END)}, the encoder "
            f"knows {vocabulary} and 1; {_REMEDY}"
        )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def clean_text(text: str) -> str:
    """Return a prompt with repaired characters, HTML entities resolved and single spaces.

    Entities are resolved twice, since scraped captions are often escaped twice.
    """
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())
