"""Batch norms behind the convolutions of a picture network while it learns, and none afterwards.

With them it learns in half the steps; what they do to the pictures is a scale and a shift of each
channel, which the convolution before can do itself (arXiv 1502.03167).
"""

import torch
from torch import nn

from mag_sandbox.model.pocket.animator import ClockedBlock, PictureNetwork


def add_norms(network: PictureNetwork) -> None:
    """Put a norm behind each convolution between stem and head."""
    for parent, name in _places(network):
        layer = getattr(parent, name)
        norm = nn.BatchNorm2d(layer.out_channels, momentum=0.02)
        if name == "second":
            nn.init.zeros_(norm.weight)  # the block begins as one that changes nothing
            layer.reset_parameters()
        setattr(parent, name, nn.Sequential(layer, norm))


@torch.no_grad()
def fold_norms(network: PictureNetwork) -> None:
    """Take the norms of `add_norms` out again; the pictures of `eval` stay the same."""
    for parent, name in _places(network):
        layer, norm = getattr(parent, name)
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        layer.weight.mul_(scale[:, None, None, None])
        layer.bias.sub_(norm.running_mean).mul_(scale).add_(norm.bias)
        setattr(parent, name, layer)


def _places(network: PictureNetwork) -> list[tuple[nn.Module, str]]:
    blocks = [each for each in network.modules() if isinstance(each, ClockedBlock)]
    inner = [(block, name) for block in blocks for name in ("first", "second")]
    return [(network, "stem"), (network, "down"), *inner, (network, "up")]
