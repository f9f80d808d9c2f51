"""Low-rank adapters merged into a checkpoint while it is loaded, in fp32, before any cast.

    adapter = Adapter(folder / "lora.pt", alpha=256)
    load_checkpoint(dit, folder / "longlive_base.pt", torch.bfloat16, change=adapter.merged)

Knows nothing of training adapters.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import (
    is_parametrized,
    register_parametrization,
    remove_parametrizations,
)

from mag_sandbox.model.checkpoints import REMEDY, differences, open_checkpoint
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.world import MissingWeights

NESTINGS = ("generator_lora", "state_dict")
BASE = "base_model.model."  # before every name that PEFT writes
DOWN, UP = ".lora_A.weight", ".lora_B.weight"
TARGETS = (
    *(f"{part}_attn.{name}" for part in ("self", "cross") for name in "qkvo"),
    "ffn.0",
    "ffn.2",
)  # the Linears of one layer


class Adapter:
    """A LoRA file, added to the Linears of every layer: alpha / rank * B A.

    Args:
        path: a PEFT state dict, flat or under `generator_lora`.
        alpha: LongLive trains with alpha equal to the rank (256), a scale of one.
        num_layers: of the transformer; every Linear of every layer must be there.
        remedy: for a file that does not fit.

    Raises:
        MissingWeights: absent, damaged, or for another architecture.

    Source: LoRA, arXiv 2106.09685.
    """

    def __init__(self, path: Path, alpha: float, num_layers: int, remedy: str = REMEDY) -> None:
        self._factors = open_checkpoint(path, NESTINGS, remedy)
        self._alpha, self._remedy = alpha, remedy
        self._targets = {
            f"blocks.{index}.{target}.weight": f"{BASE}blocks.{index}.{target}"
            for index in range(num_layers)
            for target in TARGETS
        }
        self._require_all()

    def merged(self, name: str, weight: Tensor) -> Tensor:
        """Return a tensor, fp32 with the adapter added if it has any, or raise MissingWeights."""
        if name not in self._targets:
            return weight
        module = self._targets[name]
        down, up = self._factors[module + DOWN].float(), self._factors[module + UP].float()
        rank = down.shape[0]
        if (up.shape[0], down.shape[1]) != tuple(weight.shape) or up.shape[1] != rank:
            raise MissingWeights(
                f'{self._factors.path} does not fit "{name}" {tuple(weight.shape)}: its factors '
                f"are {tuple(up.shape)} and {tuple(down.shape)}; {self._remedy}"
            )
        return weight.float() + (self._alpha / rank) * (up @ down)

    def _require_all(self) -> None:
        names = {module + end: () for module in self._targets.values() for end in (DOWN, UP)}
        differing = differences(names, dict.fromkeys(self._factors, ()))
        if differing:
            raise MissingWeights(
                f"{self._factors.path} is not an adapter of this architecture: {differing}; "
                f"{self._remedy}"
            )


class LowRank(nn.Module):
    """A frozen weight, [out, in], plus up @ down, which is zero at first."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        rows, columns = weight.shape
        down = torch.randn(rank, columns) / columns**0.5  # the same on every device
        self.down = nn.Parameter(down.to(weight.device))
        self.up = nn.Parameter(torch.zeros(rows, rank, device=weight.device))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight, [out, in]."""
        return weight + self.up @ self.down


def adapt(dit: DiT, rank: int) -> DiT:
    """Freeze a transformer and add trainable low-rank changes to the Linears of its layers."""
    dit.requires_grad_(False)
    for layer in dit.layers:
        for target in TARGETS:
            linear = layer.get_submodule(target)
            register_parametrization(
                linear, "weight", LowRank(linear.get_parameter("weight"), rank)
            )
    return dit


def is_factor(name: str) -> bool:
    """Return whether a tensor of an adapted transformer's state dict is a low-rank factor."""
    return name.endswith((".parametrizations.weight.0.down", ".parametrizations.weight.0.up"))


def merge(dit: DiT) -> DiT:
    """Merge the low-rank changes of a transformer, if it has any, into its weights."""
    for layer in dit.layers:
        for target in TARGETS:
            linear = layer.get_submodule(target)
            if is_parametrized(linear, "weight"):
                remove_parametrizations(linear, "weight")
    return dit


def adapter(dit: DiT) -> dict[str, Tensor]:
    """Return the factors of an adapted transformer under PEFT's names, fp32."""
    state = {}
    for index, layer in enumerate(dit.layers):
        for target in TARGETS:
            change = layer.get_submodule(f"{target}.parametrizations.weight.0")
            name = f"{BASE}blocks.{index}.{target}"
            state[name + DOWN] = change.get_parameter("down").detach().float().contiguous()
            state[name + UP] = change.get_parameter("up").detach().float().contiguous()
    return state
