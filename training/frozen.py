"""Networks that do not learn take half the memory, and say what they said before."""

import torch
from torch import nn

from mag_sandbox.model.dit import DiT


def frozen(network: DiT) -> DiT:
    """Make a network read-only and keep its weights in bf16; it is changed in place.

    Under autocast these weights are rounded to bf16 wherever they are used, so nothing changes.
    Layer norms are left: autocast has them in fp32.
    """
    for module in network.modules():
        if not isinstance(module, nn.LayerNorm):
            for parameter in module.parameters(recurse=False):
                parameter.data = parameter.data.to(torch.bfloat16)
    return network.requires_grad_(False)
