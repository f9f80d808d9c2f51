"""The pocket world's trained parts that learn together: transformer and text encoder."""

from torch import Tensor, nn

from mag_sandbox.model.attention import AttentionKernel, sdpa_attention
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.pocket.text_encoder import TextEncoder


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
