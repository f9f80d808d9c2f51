"""What the golden tests of training share: the tiny networks, trainable, and their coordinates."""

import torch

from mag_sandbox.model.checkpoints import bare_name
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.training.recipe.clips import GridPlaces
from tests.golden_vectors import assert_matches, manifest
from tests.unit.model.test_golden_dit import golden_dit

SIZES = manifest()["config"]
TOKENS = SIZES["L"]


def trainable(name: str, kernel: str = "matmul") -> DiT:
    """Return one of the set's networks with gradients."""
    return golden_dit(name, kernel).train().requires_grad_(True)


def places(dit: DiT) -> GridPlaces:
    """Return the coordinates of the set's size."""
    return GridPlaces(GridCoordinates(SIZES["H"] // 2, SIZES["W"] // 2, dit.config.head_dim))


def at(dit: DiT, first_frame: int, frames: int) -> Coordinates:
    """Return the coordinates of some frames."""
    return places(dit).at(first_frame, frames)


def assert_gradients_match(dit: DiT, golden: dict[str, torch.Tensor], prefix: str) -> None:
    """Compare every recorded gradient of a network's parameters."""
    recorded = [key for key in golden if key.startswith(prefix)]
    assert recorded
    parameters = {bare_name(name): value for name, value in dit.named_parameters()}
    for key in recorded:
        assert_matches(parameters[key.removeprefix(prefix)].grad, golden[key])
