"""Parameter names of public checkpoints, and of the libraries that run them.

A map lists modules, official to library; tensors keep their last name (`weight`, `bias`, `gamma`).
It knows nothing of what the modules compute.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mag_sandbox.model.world import MissingWeights

State = Mapping[str, Tensor]


def placed(state: State, device: torch.device | str, dtype: torch.dtype) -> dict[str, Tensor]:
    """Return a state dict where and as it is needed; what fits already is not copied."""
    return {key: value.to(device, dtype) for key, value in state.items()}


def load_strictly(module: nn.Module, state: State, what: str) -> None:
    """Make a state dict's own tensors the module's, which may have been made on the meta device.

    The module is for inference then: nothing in it is trained.

    Raises:
        MissingWeights: a name or shape differs.
    """
    try:
        module.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise MissingWeights(
            f"the {what} weights are of another architecture: {reason}; "
            "use the file that the documentation names"
        ) from None
    module.eval().requires_grad_(False)


def inside(official: str, library: str, parts: Mapping[str, str]) -> dict[str, str]:
    """Return the modules of one part: both prefixes before both names."""
    return {f"{official}.{ours}": f"{library}.{theirs}" for ours, theirs in parts.items()}


def renamed(state: State, modules: Mapping[str, str]) -> dict[str, Tensor]:
    """Return an official state dict under the library's names.

    Raises:
        MissingWeights: a name is not one of the checkpoint's.
    """
    library = {}
    for key, value in state.items():
        module, _, tensor = key.rpartition(".")
        if module not in modules:
            raise MissingWeights(
                f'the weights hold "{key}", which is unknown; use the file that the '
                "documentation names"
            )
        library[f"{modules[module]}.{tensor}"] = value
    return library
