"""Networks that learned some kinds of things, as ones that can learn more."""

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.objects import VARIANTS, look_number
from mag_sandbox.model.imagination.weights import ImaginationNetworks

# tables with a row for each kind, for each kind after a row for none, or for each look
OF_KINDS = ("reader.there.weight", "reader.there.bias", "reader.gain.weight", "reader.bias.weight")
AFTER_NONE = (
    "planner.content.0.weight", "planner.head.drawn.0.weight",
    "planner.head.outer.0.weight", "planner.head.outer.0.bias",
)  # fmt: skip
OF_LOOKS = ("painter.objects.look.weight", "painter.objects.sprites")


@torch.no_grad()
def grown(
    networks: ImaginationNetworks, config: ImaginationConfig, kernel: AttentionKernel
) -> ImaginationNetworks:
    """Return networks of a configuration that know what others know of kinds in both.

    What else there is begins at random. Only the tables of kinds may differ in size.
    """
    made = ImaginationNetworks(config, kernel)
    made.painter.initialise()
    old, new = networks.config.looks, config.looks
    both = [(old.index(kind), new.index(kind)) for kind in new if kind in old]
    for name, module in made.parts().items():
        learned = networks.parts()[name].state_dict()
        for key, value in module.state_dict().items():
            pairs = _rows(f"{name}.{key}", both)
            if pairs is None:
                value.copy_(learned[key])
            else:
                _copy_rows(value, learned[key], pairs)
    return made


def _rows(name: str, both: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """Return which row of a tensor becomes which, or None if it is no table of kinds."""
    if name in OF_KINDS:
        return both
    if name in AFTER_NONE:
        return [(0, 0), *((1 + before, 1 + now) for before, now in both)]
    if not name.startswith(OF_LOOKS) or not name.endswith(("look.weight", "table")):
        return None
    looks = [
        (look_number(before, None) + variant, look_number(now, None) + variant)
        for before, now in both
        for variant in range(VARIANTS)
    ]
    return [(0, 0), *looks]


def _copy_rows(value: Tensor, learned: Tensor, pairs: list[tuple[int, int]]) -> None:
    fits = [(before, now) for before, now in pairs if before < len(learned) and now < len(value)]
    before, now = torch.tensor(fits).unbind(dim=1)
    value[now] = learned[before]
