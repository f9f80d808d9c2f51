"""Networks small enough for tests, with weights that are not zero anywhere."""

import torch
from torch import nn

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import AutoencoderConfig, DiTConfig
from mag_sandbox.model.imagination.config import (
    ImaginationConfig,
    PainterConfig,
    PlannerConfig,
    ReaderConfig,
    SpriteConfig,
)
from mag_sandbox.model.imagination.imagination import Coder, Imagination
from mag_sandbox.model.imagination.weights import ImaginationNetworks

KINDS = ("tent", "tree")
BEHIND = {"outdoor": ("sky",)}
TINY = ImaginationConfig(
    kinds=KINDS,
    behind=BEHIND,
    among={"outdoor": KINDS},
    planner=PlannerConfig(
        dim=32, ffn_dim=16, num_heads=1, num_layers=1, text_dim=4, text_len=3, kinds=4, most=5,
        plans=2, exhibits=2,
    ),
    painter=PainterConfig(
        dit=DiTConfig(
            dim=16, ffn_dim=16, num_heads=1, num_layers=1, channels=3, patch=1, text_dim=4,
            text_len=3,
        ),
        kinds=4, look_dim=4, object_hidden=8, ring=(8, 16), view=(4, 6), steps=2,
        sprite=SpriteConfig(3, 4),
    ),
    reader=ReaderConfig(channels=3, view=(4, 6), dim=8, blocks=1, fine=4, kinds=4),
)  # fmt: skip


def networks(config: ImaginationConfig = TINY) -> ImaginationNetworks:
    """Return networks whose every weight matters."""
    torch.manual_seed(0)
    made = ImaginationNetworks(config, matmul_attention)
    for module in made.parts().values():
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    for sprites in made.painter.objects.sprites:
        nn.init.normal_(sprites.table, std=0.3)
    nn.init.constant_(made.planner.head.outer[0].bias[:1], -9.0)  # no plan ends at once
    return made


def codec() -> Autoencoder:
    """Return an autoencoder of latents of three channels."""
    torch.manual_seed(0)
    return Autoencoder(AutoencoderConfig(channels=3, widths=(4, 4, 4))).requires_grad_(False)


def imagination() -> Imagination:
    """Return what invents views of 4 x 6 cells on a ring of 8 x 16."""
    made = networks()
    return Imagination(made.config, lambda: made, Coder.of(codec()))


def prompts() -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of a prompt and of the empty one."""
    features = torch.randn(1, 3, 4, generator=torch.Generator().manual_seed(1))
    return features, torch.zeros(1, 3, 4)
