"""What the golden tests of training share: the tiny networks, trainable, and their coordinates."""

import torch
from torch import Tensor

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.catalogue.recipes import FOUR_STEPS, FewSteps
from mag_sandbox.model.checkpoints import bare_name
from mag_sandbox.model.dit import Attend, DiT, TextKeys
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.training.recipe.clips import GridPlaces, flow_beside_clean
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


def dense_attention(mask: Tensor, tokens: int, kernel: AttentionKernel) -> Attend:
    """Return a strategy that computes all scores and leaves out the masked ones.

    Args:
        mask: of frames, bool [F, F].
        tokens: of a frame.
        kernel: one that takes a bias.
    """
    hidden = ~by_token(mask, tokens)
    bias = torch.zeros(hidden.shape).masked_fill(hidden, float("-inf"))[None, None]

    def attend(layer_index: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return kernel(q, k, v, bias.to(q))

    return attend


@torch.no_grad()
def reconstruct(
    dit: DiT,
    clean: Tensor,
    noise: Tensor,
    text: TextKeys,
    coordinates: Coordinates,
    attend: Attend,
    levels: FewSteps = FOUR_STEPS,
) -> Tensor:
    """Return whole clips rebuilt in parallel from what memory keeps of them, [B, F, C, H, W].

    Args:
        dit: the memory model.
        clean: what is remembered, [B, F, C, H, W].
        noise: to start from, then what is added after each step but the last, [steps, B, F, ...].
        text: keys of the empty prompt.
        coordinates: of the frames.
        attend: of 2F frames, clean | noisy.
        levels: the steps.
    """
    sampler, x = levels.sampler(), noise[0]
    for step, timestep in enumerate(sampler.timesteps):
        timesteps = torch.full(x.shape[:2], timestep)
        flow = flow_beside_clean(dit, clean, x, timesteps, text, coordinates, attend)
        x = sampler.advance(x, flow, step, lambda index: noise[index + 1])
    return x


def by_token(mask: Tensor, tokens: int) -> Tensor:
    """Return a mask of frames as one of tokens, `tokens` a frame."""
    return mask.repeat_interleave(tokens, dim=0).repeat_interleave(tokens, dim=1)
