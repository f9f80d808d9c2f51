"""Networks small enough for tests, with weights that are not zero anywhere."""

import torch
from torch import nn

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.config import AutoencoderConfig, DiTConfig
from mag_sandbox.model.imagination.config import (
    CodesConfig,
    ImaginationConfig,
    PlannerConfig,
    SketcherConfig,
)
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.weights import ImaginationNetworks
from mag_sandbox.model.pocket.autoencoder import Autoencoder

KINDS = ("tent", "tree")
TINY = ImaginationConfig(
    kinds=KINDS,
    codes=CodesConfig(AutoencoderConfig(channels=6, widths=(4, 4, 4), bound=1.0), levels=2),
    planner=PlannerConfig(
        dim=8, ffn_dim=8, num_heads=1, num_layers=1, text_dim=4, text_len=3, kinds=4, most=5
    ),
    sketcher=SketcherConfig(
        dim=32, ffn_dim=32, num_heads=2, num_layers=3, text_dim=4, text_len=3, ring_rows=8,
        ring_columns=16, code_count=8, object_kinds=4, object_dim=4,
    ),
    painter=DiTConfig(
        dim=16, ffn_dim=16, num_heads=1, num_layers=1, channels=3, patch=1, text_dim=4, text_len=3
    ),
    paint_steps=2,
    view_rows=4,
    view_columns=6,
)  # fmt: skip


def networks() -> ImaginationNetworks:
    """Return networks whose every weight matters."""
    torch.manual_seed(0)
    made = ImaginationNetworks(TINY, matmul_attention)
    for module in made.parts().values():
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    return made


def imagination() -> Imagination:
    """Return what invents views of 4 x 6 cells on a ring of 8 x 16."""
    autoencoder = Autoencoder(AutoencoderConfig(channels=3, widths=(4, 4, 4)))
    return Imagination(networks(), autoencoder)


def prompts() -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of a prompt and of the empty one."""
    features = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(1))
    return features, torch.zeros(1, 3, 4)
