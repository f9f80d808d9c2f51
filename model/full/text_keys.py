"""The UMT5 encoder's names: Wan's `models_t5_umt5-xxl-enc-bf16.pth` beside `UMT5EncoderModel`."""

from torch import Tensor

from mag_sandbox.model.full.key_map import KeyMap, State, inside

EMBEDDING = "shared.weight"
TIED = "encoder.embed_tokens.weight"  # the same tensor under a second name of the library's

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


def text_keys(num_layers: int) -> KeyMap:
    """Return the map of an encoder of some depth."""
    modules = {"token_embedding": "shared", "norm": "encoder.final_layer_norm"}
    for layer in range(num_layers):
        modules |= inside(f"blocks.{layer}", f"encoder.block.{layer}", _LAYER)
    return KeyMap(modules)


def num_layers(official: State) -> int:
    """Return how many layers an official state dict has."""
    return sum(key.endswith(".norm1.weight") for key in official)


def to_library(official: State) -> dict[str, Tensor]:
    """Return an official state dict as `UMT5EncoderModel` wants it, the tied name included."""
    state = text_keys(num_layers(official)).to_library(official)
    if EMBEDDING in state:
        state[TIED] = state[EMBEDDING]
    return state


def to_official(library: State) -> dict[str, Tensor]:
    """Return a state dict of `UMT5EncoderModel` under the official names."""
    layers = sum(key.endswith(".layer.0.layer_norm.weight") for key in library)
    return text_keys(layers).to_official({k: v for k, v in library.items() if k != TIED})
