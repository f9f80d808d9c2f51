"""CausVid: the same loop with other data, and rollouts that go on from the last frames."""

import pytest
import torch

from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, FewSteps, Recipe, history
from mag_sandbox.model.catalogue.worlds import RECIPES
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.full.test_rollouts import INPUTS, Script, golden_rollout, play

CASES = manifest()["files"]["causvid"]["cases"]


def levels_of(name: str) -> FewSteps:
    case = CASES[name]
    steps = tuple(step for step in case["config_steps"] if step)  # the trailing 0 is no step
    return FewSteps(steps, case["warp_denoising_step"], float(case["shift"]))


@pytest.mark.parametrize("name", list(CASES))
def test_every_rollout_matches(name):
    case, golden = CASES[name], vectors("causvid")
    rollout = golden_rollout(Recipe(*history(case["cache_frames"]), levels_of(name)))
    given, frames = case["start_frames"], INPUTS["noise"].shape[1]
    script = Script(given=given, generated=frames - given)
    noise = INPUTS["noise"][:, given:]
    latents = play(rollout, script, noise, golden[f"{name}/renoise"])
    assert_matches(latents, golden[f"{name}/latents"])


@pytest.mark.parametrize("name", list(CASES))
def test_the_levels_match(name):
    levels, golden = levels_of(name), vectors("causvid")
    assert_matches(levels.timesteps, golden[f"{name}/steps"])
    assert_matches(levels.sigmas, golden[f"{name}/sigma_of_step"])


def test_the_recipe_has_the_official_levels():
    assert RECIPES["causvid"].sampling == FewSteps((1000, 757, 522), warped=False, shift=8.0)


def test_a_rollout_ends_after_21_frames_and_another_goes_on():
    rollout = golden_rollout(RECIPES["causvid"])
    text = rollout._generator.empty_text
    block = INPUTS["clean"][:, :BLOCK_LENGTH]
    with torch.no_grad():
        for _ in range(7):
            assert not rollout.ended
            rollout.remember(block, text)
        assert rollout.ended
        rollout.restart()
        rollout.remember(block, text)
    assert not rollout.ended
    assert rollout.made == BLOCK_LENGTH
