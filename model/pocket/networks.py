"""The pocket world's trained parts that learn together: transformer and text encoder."""

from torch import Tensor, nn

from mag_sandbox.model.attention import AttentionKernel, sdpa_attention
from mag_sandbox.model.config import PocketConfig, TextConfig
from mag_sandbox.model.dit import DiT, TextKeys


class TextEncoder(nn.Module):
    """Text features as Wan's transformer expects them: rows past the prompt are exactly zero.

    encoder = TextEncoder(POCKET.text)
    features = encoder(*tokenise(tokenizer, ["a red tower"], POCKET.text.text_len))
    """

    def __init__(self, config: TextConfig) -> None:
        from transformers.models.umt5.configuration_umt5 import UMT5Config
        from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel  # slow to import

        super().__init__()
        self.config = config
        self.umt5 = UMT5EncoderModel(
            UMT5Config(
                vocab_size=config.vocab_size,
                d_model=config.dim,
                d_kv=config.dim // config.num_heads,
                d_ff=config.ffn_dim,
                num_layers=config.num_layers,
                num_heads=config.num_heads,
                dropout_rate=0.0,
                feed_forward_proj="gated-gelu",
                pad_token_id=0,
                eos_token_id=1,
            )
        )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return features, [B, text_len, dim], of token ids and their mask, [B, text_len]."""
        features: Tensor = self.umt5(input_ids=ids, attention_mask=mask).last_hidden_state
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
