"""Whole generation loops reproduce those of the official pipelines: one engine, rows of data."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.recipes import (
    BLOCK_LENGTH,
    FOUR_STEPS,
    FewSteps,
    Recache,
    Recipe,
    history,
    ring,
    window,
)
from mag_sandbox.model.catalogue.worlds import RECIPES
from mag_sandbox.model.full.rollout import Rollout, full_cache
from mag_sandbox.model.generator import BlockGenerator
from mag_sandbox.model.rope import GridCoordinates
from mag_sandbox.model.world import MemorySetting
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.test_golden_dit import golden_dit

CASES = manifest()["files"]["rollout"]["cases"]
INPUTS = vectors("inputs")


@dataclass(frozen=True)
class Script:
    """What happens in an official case besides the recipe."""

    given: int = 0  # latent frames remembered first
    generated: int = INPUTS["noise"].shape[1]
    truth: bool = False  # ground truth is remembered instead of what was generated
    switch_frame: int | None = None


def recipe_of(name: str) -> Recipe:
    """Return our words for an official case.

    MAG counts ring slots besides the sinks; Self Forcing and LongLive count everything that a
    block attends, itself included.
    """
    case = CASES[name]
    if name.startswith("mag"):
        memory = ring(case["slots"], case["sink_size"])
        if name.endswith("only_generator"):
            return Recipe(*memory)
        return Recipe(*memory, remembers="memory", remembers_under="empty")
    local, sinks = case["local_attn_size"], case["sink_size"]
    if local == -1:
        return Recipe(*history(INPUTS["noise"].shape[1]))
    recache = Recache(local, case["global_sink"]) if "switch_frame" in case else None
    return Recipe(*window(local - sinks - BLOCK_LENGTH, sinks), recache=recache)


def script_of(name: str) -> Script:
    case = CASES[name]
    frames = INPUTS["noise"].shape[1]
    return Script(
        given=case.get("initial_frames", 0),
        generated=case.get("generated_frames", frames),
        truth=case.get("gt_memory", False),
        switch_frame=case.get("switch_frame"),
    )


def golden_rollout(recipe: Recipe, batch: int = INPUTS["noise"].shape[0]) -> Rollout:
    """Return a rollout of the set's tiny networks."""
    sizes = manifest()["config"]
    dit = golden_dit("dit_generator")
    memory_dit = golden_dit("dit_memory") if recipe.remembers == "memory" else dit
    cache = full_cache(dit.config, recipe, sizes["L"], torch.float32, batch=batch)
    empty = memory_dit.text_keys(INPUTS["context_empty"][:1].expand(batch, -1, -1))
    grid = GridCoordinates(sizes["H"] // 2, sizes["W"] // 2, dit.config.head_dim)
    return Rollout(BlockGenerator(dit, memory_dit, cache, 1.0, empty), grid, recipe)


def prompts(names: tuple[str, ...] = ("context", "context_2")) -> list:
    dit = golden_dit("dit_generator")
    return [dit.text_keys(INPUTS[name]) for name in names]


@torch.no_grad()
def play(rollout: Rollout, script: Script, noise: Tensor, renoise: Tensor) -> Tensor:
    """Return the latents of a whole case, given ones first."""
    text, other = prompts()
    given = INPUTS["clean"][:, : script.given]
    rollout.remember(given, text)
    made = [given]
    for index in range(script.generated // BLOCK_LENGTH):
        first = index * BLOCK_LENGTH
        if first == script.switch_frame:
            text = other
            rollout.switch_prompt(text)
        latents = rollout.denoise(
            noise[:, first : first + BLOCK_LENGTH], text, renoise[index].__getitem__
        )
        made.append(latents)
        start = script.given + first
        truth = INPUTS["clean"][:, start : start + BLOCK_LENGTH]
        rollout.remember(truth if script.truth else latents, text)
    return torch.cat(made, dim=1)


@pytest.mark.parametrize("name", list(CASES))
def test_every_rollout_matches(name):
    rollout = golden_rollout(recipe_of(name))
    golden = vectors("rollout")
    latents = play(rollout, script_of(name), INPUTS["noise"], golden["renoise"])
    assert_matches(latents, golden[f"{name}/latents"])


def test_the_steps_are_the_official_ones():
    assert_matches(FOUR_STEPS.timesteps, vectors("rollout")["denoising_steps"])
    assert_matches(FOUR_STEPS.timesteps, torch.tensor([1000.0, 937.5, 2500 / 3, 625.0]), 1e-6)
    assert_matches(FOUR_STEPS.sigmas * 1000, FOUR_STEPS.timesteps, 1e-6)


def test_steps_that_are_not_warped_take_the_nearest_level():
    levels = FewSteps((1000, 757, 522), warped=False, shift=8.0)
    assert levels.timesteps.tolist() == [1000, 757, 522]
    assert (levels.sigmas * 1000 - levels.timesteps).abs().max() < 1  # near, and not the same
    assert levels.sigmas[2] * 1000 != 522


def test_retrieval_that_may_attend_everything_is_compressed_memory_without_sinks():
    """`mag-retrieve` runs through the same classes, and differs only in what it leaves out."""
    frames = INPUTS["noise"].shape[1]
    blocks = frames // BLOCK_LENGTH
    turn = [CameraPose(yaw=120.0 * block) for block in range(blocks)]
    attentive = MemorySetting("mag-retrieve", attended_frames=3 * blocks)
    few = replace(attentive, attended_frames=1)
    plain, everything, little = (
        turned(Recipe(memory, slots=3 * blocks, remembers_under="empty"), turn)
        for memory in (MemorySetting("mag", sink_frames=0), attentive, few)
    )
    # at 0, 120 and 240 degrees all is new; then views recur, and are not kept again
    assert_matches(everything[:, :9], plain[:, :9])
    assert (little - plain)[:, 6:9].abs().max() > 1e-3 * plain.abs().max()


@torch.no_grad()
def turned(recipe: Recipe, turn: list[CameraPose]) -> Tensor:
    rollout = golden_rollout(recipe)
    text, _ = prompts()
    made = []
    for index, pose in enumerate(turn):
        noise = INPUTS["noise"][:, index * BLOCK_LENGTH : (index + 1) * BLOCK_LENGTH]
        draw = vectors("rollout")["renoise"][index].__getitem__
        made.append(rollout.denoise(noise, text, draw, pose))
        rollout.remember(made[-1], text, (pose,) * BLOCK_LENGTH)
    return torch.cat(made, dim=1)


@pytest.mark.parametrize("name", ["mag", "longlive"])
def test_beginning_again_is_like_the_first_time(name):
    recipe = RECIPES[name]
    rollout = golden_rollout(recipe)
    script = Script(switch_frame=6)
    renoise = vectors("rollout")["renoise"]
    first = play(rollout, script, INPUTS["noise"], renoise)
    rollout.restart()
    assert torch.equal(play(rollout, script, INPUTS["noise"], renoise), first)


@pytest.mark.parametrize("name", ["mag", "longlive"])
@torch.no_grad()
def test_videos_made_together_are_those_made_alone(name):
    first = INPUTS["noise"][:1]
    noise = torch.cat((first, first.flip(1)))
    together, text = golden_rollout(RECIPES[name], batch=2), INPUTS["context"][:1]
    alone = [golden_rollout(RECIPES[name], batch=1) for _ in noise]
    one = golden_dit("dit_generator").text_keys(text)
    both = golden_dit("dit_generator").text_keys(text.expand(2, -1, -1))
    for block in noise.split(BLOCK_LENGTH, dim=1):
        latents = together.denoise(block, both, lambda step, x=block: x.flip(1))
        together.remember(latents, both)
        for index, rollout in enumerate(alone):
            own = block[index : index + 1]
            expected = rollout.denoise(own, one, lambda step, x=own: x.flip(1))
            rollout.remember(expected, one)
            assert_matches(latents[index : index + 1], expected)


def test_memory_under_the_empty_prompt_survives_a_prompt_change():
    kept = []
    for switch_frame in (None, 6):
        rollout = golden_rollout(RECIPES["mag"])
        script = Script(generated=6, switch_frame=switch_frame)
        play(rollout, script, INPUTS["noise"], vectors("rollout")["renoise"])
        if switch_frame is not None:
            rollout.switch_prompt(prompts()[1])
        kept.append(rollout._generator.cache.export(rollout.policy.table.slots())[0])
    assert torch.equal(*kept)


def test_a_new_prompt_rewrites_longlive_memory_but_its_sink():
    rollout = golden_rollout(RECIPES["longlive"])
    text, other = prompts()
    cache, table = rollout._generator.cache, rollout.policy.table
    with torch.no_grad():
        rollout.remember(INPUTS["clean"][:, :BLOCK_LENGTH].repeat(1, 6, 1, 1, 1), text)
        before, _ = cache.export(table.slots())
        rollout.switch_prompt(other)
    after, _ = cache.export(table.slots())
    for place, slot in enumerate(table.slots()):
        same = torch.equal(before[:, place], after[:, place])
        assert same == (table.frames[slot].kind == "sink")


def test_latents_that_are_not_whole_blocks_are_refused():
    rollout = golden_rollout(RECIPES["mag"])
    with pytest.raises(ValueError, match="4 latent frames are not whole blocks of 3"):
        rollout.remember(INPUTS["clean"][:, :4], prompts()[0])
