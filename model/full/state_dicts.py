"""State dicts of public checkpoints: put where they are needed, and loaded strictly."""

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
