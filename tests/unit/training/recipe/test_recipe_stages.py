"""The stages learn: each lowers its loss on a toy, or moves only what it should."""

import json

import pytest
import torch

from mag_sandbox.model.catalogue.recipes import FOUR_STEPS
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.recipe.presets import MEMORY, STUDENT, TEACHER
from mag_sandbox.training.recipe.stages import (
    MemoryStage,
    StudentStage,
    TeacherStage,
    TeacherTrajectories,
    Trajectories,
    TrajectoryCache,
    at_places,
    first_index,
)
from mag_sandbox.training.seeded_random import SeededRandom
from tests.unit.training.recipe.toy_recipe import (
    CPU,
    ToySource,
    show_nothing,
    toy_dit,
    toy_sized,
    train,
)

FRAMES = 6


def teacher_stage() -> TeacherStage:
    config = toy_sized(TEACHER, frames=FRAMES)
    return TeacherStage(toy_dit(), ToySource(), config, CPU, 0, show_nothing)


def memory_stage(**changes) -> MemoryStage:
    config = toy_sized(MEMORY, **{"frames": FRAMES, **changes})
    return MemoryStage(toy_dit(), ToySource(batch=1), config, CPU, 0, show_nothing)


class StraightWays:
    """Trajectories as a perfect teacher has them: straight from noise to a clip."""

    def trajectories(self, number: int) -> Trajectories:
        drawn = ToySource().clips(number, FRAMES)
        noise = SeededRandom(3, number).noise(drawn.latents.shape)
        levels = [*FOUR_STEPS.sigmas.tolist(), 0.0]
        states = [(1 - sigma) * drawn.latents + sigma * noise for sigma in levels]
        return Trajectories(torch.stack(states), drawn.conditions)


def student_stage(context: str) -> StudentStage:
    config = toy_sized(STUDENT, frames=FRAMES, context=context)
    return StudentStage(
        toy_dit(), StraightWays(), config, CPU, 0, show_nothing, tokens=ToySource.tokens
    )


@pytest.mark.parametrize(
    "make",
    [
        teacher_stage,
        lambda: student_stage("noisy"),
        lambda: student_stage("clean"),
        memory_stage,
        lambda: memory_stage(mask="compress"),
    ],
    ids=["teacher", "student", "causvid student", "memory", "memory as drawn"],
)
def test_a_batch_seen_again_and_again_is_learned(make):
    losses = train(make(), 10, batch=0)
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("length", [1, 3, 4, 5])
def test_memory_is_trained_with_blocks_of_any_length(length):
    stage = memory_stage(frames=2 * length + length // 2, block_lengths=(length,))
    stage.loss(0).backward()
    assert stage.latest.shape[1] == 2 * length + (length // 2 if length == 1 else 0)
    assert all(p.grad is not None for p in stage.module.blocks.parameters())


def test_the_memory_model_never_hears_the_prompt():
    stage, other = memory_stage(), memory_stage()
    told = ToySource(batch=1)
    told.conditions = lambda number, frames: ToySource(1).conditions(number + 99, frames)
    other.source = told
    assert torch.equal(stage.loss(0), other.loss(0))
    prompted = memory_stage(empty_share=0.0)
    assert not torch.equal(stage.loss(0), prompted.loss(0))


def test_where_a_clip_begins_is_random_and_changes_nothing():
    firsts = {first_index(SeededRandom(0, step), 75, 3, 120) for step in range(200)}
    assert firsts == set(range(0, 46, 3))
    assert first_index(SeededRandom(0), 18, 3, 0) == 0  # paths that end with the clip
    near, far = memory_stage(longest=0), memory_stage(longest=10**4)
    assert torch.allclose(near.loss(0), far.loss(0), rtol=1e-2)  # bf16


def test_every_block_of_a_students_clip_stands_at_a_step_of_its_own():
    steps = SeededRandom(0, 1).steps(4, batch=8, frames=9, block_length=3).unflatten(1, (3, 3))
    assert (steps == steps[..., :1]).all()
    assert set(steps.flatten().tolist()) == {0, 1, 2, 3}
    states = torch.arange(5.0).view(5, 1, 1, 1, 1, 1).expand(5, 8, 9, 1, 1, 1)
    assert torch.equal(at_places(states, steps.flatten(1))[..., 0, 0, 0], steps.flatten(1).float())


def test_the_teachers_states_lie_at_the_students_noise_levels(tmp_path):
    config = toy_sized(STUDENT, frames=3, teacher_steps=8)
    source = ToySource(batch=1)
    teacher = TeacherTrajectories(toy_dit().requires_grad_(False), source, config, "bad", CPU, 0)
    states = teacher.trajectories(0).states
    assert len(states) == 5
    kept = TrajectoryCache(teacher, source, tmp_path / "ways", count=2)
    first, again = kept.trajectories(0), kept.trajectories(2)
    assert torch.equal(first.states, again.states)
    assert torch.allclose(first.states, states, atol=0.05)  # kept in bf16
    assert torch.equal(first.conditions.text, source.conditions(0, 3).text)
    assert len(list((tmp_path / "ways").iterdir())) == 1


def test_a_teachers_steps_must_include_the_students():
    config = toy_sized(STUDENT, teacher_steps=50)
    with pytest.raises(ValueError, match="50 steps"):
        TeacherTrajectories(toy_dit(), ToySource(), config, "", CPU, 0)


def test_a_step_over_several_batches_learns_from_the_mean_of_their_losses(tmp_path):
    one_by_one, together = memory_stage(), memory_stage()
    one_by_one.batches = 3
    (optimiser,) = together.optimisers()
    loss = sum(together.loss(batch) for batch in range(3)) / 3
    loss.backward()
    torch.nn.utils.clip_grad_norm_(together.module.parameters(), 1.0)
    optimiser.step()
    loop = Loop(one_by_one, LoopConfig(steps=1, warmup=1, decay=0.0), tmp_path)
    loop.run()
    record = json.loads((tmp_path / "log.jsonl").read_text())
    assert record["loss"] == pytest.approx(float(loss), rel=1e-5)
    for mine, its in zip(loop.optimisers[0].state.values(), optimiser.state.values(), strict=True):
        assert torch.allclose(mine["exp_avg"], its["exp_avg"], atol=1e-4, rtol=0.05)  # bf16
