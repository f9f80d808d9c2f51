"""The pocket world's trained parts that learn together: transformer and text encoder."""

from torch import Tensor, nn

from mag_sandbox.model.attention import AttentionKernel, sdpa_attention
from mag_sandbox.model.config import PocketConfig, TextConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.umt5 import Umt5Encoder


class TextEncoder(nn.Module):
    """Text features as Wan's transformer expects them: rows past the prompt are exactly zero.

    encoder = TextEncoder(POCKET.text)
    features = encoder(*tokenise(tokenizer, ["a red tower"], POCKET.text.text_len))
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.umt5 = Umt5Encoder(config)
        self.umt5.initialise()

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return features, [B, text_len, dim], of token ids and their mask, [B, text_len]."""
        features: Tensor = self.umt5(ids, mask)
        return features * mask[..., None].to(features.dtype)


class PocketNetworks(nn.Module):
    """Transformer and text encoder under one state dict (`dit.*`, `text.*`)."""

    def __init__(self, config: PocketConfig, kernel: AttentionKernel = sdpa_attention) -> None:
        super().__init__()
        self.config = config
        self.dit = DiT(config.dit, kernel)
        self.text = TextEncoder(config.text)

    def text_keys(self, ids: Tensor, mask: Tensor) -> TextKeys:
        """Return every layer's keys and values of tokenised prompts, [B, text_len] each."""
        return self.dit.text_keys(self.text(ids, mask))
