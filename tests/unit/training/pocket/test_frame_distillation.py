"""The pocket world's generator: a low-rank change of it, learned by distribution matching."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.dit import own_block_attention
from mag_sandbox.model.lora import Adapter, adapt, adapter
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.pocket import stage_distillation
from mag_sandbox.training.pocket.data import Sequences
from mag_sandbox.training.pocket.stage_distillation import (
    PERIOD,
    FrameDistillationStage,
    GenerationTask,
)
from mag_sandbox.training.pocket.stage_world import BlockMemoryAttention, MemoryReadingAttention
from tests.tiny import TINY, randomise, tiny_rays

RANK, COUNT, BLOCKS = 2, 2, 3
CPU = TrainingDevice("cpu", matmul_attention)


class RandomSequences:
    """Blocks of random latents at random places."""

    batch, reconstruct, alone = COUNT, 0.0, 0.0

    def __init__(self, frames: int) -> None:
        self._frames = frames

    def draw(self, rng: np.random.Generator, count: int) -> Sequences:
        shape = (count, BLOCKS, self._frames)
        latents = rng.normal(size=(*shape, TINY.dit.channels, *TINY.latent_size))
        poses = rng.uniform(-20, 20, (*shape, 3))
        poses[..., 2] = 90.0
        return Sequences(
            torch.from_numpy(latents).float(),
            torch.from_numpy(poses),
            torch.arange(BLOCKS * self._frames).view(BLOCKS, -1).expand(count, -1, -1),
            torch.arange(TINY.block_length)[-self._frames :],
            np.zeros(count, int),
        )


class FixedCaptions:
    """The same caption for everything; token 1 ends it."""

    def draw(self, panoramas, rng, dropout=0.0):
        return self.empty(len(panoramas))[0] + 2, self.empty(len(panoramas))[1]

    def empty(self, count):
        length = TINY.text.text_len
        return torch.ones(count, length, dtype=torch.long), torch.ones(count, length)


@pytest.fixture
def stage() -> FrameDistillationStage:
    torch.manual_seed(0)
    world = randomise(PocketNetworks(TINY, matmul_attention), 0)
    generator = adapt(copy.deepcopy(world.dit), RANK)
    critic = copy.deepcopy(world.dit)
    tasks = {
        "frames": GenerationTask(RandomSequences(1), COUNT, steps=3),
        "moving": GenerationTask(RandomSequences(3), COUNT, steps=1, empty_prompt=0.5),
    }
    module = GeneratorAndCritic(generator, critic)
    return FrameDistillationStage(module, world, tasks, FixedCaptions(), CPU, 0, lambda path: None)


def state(module) -> dict:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict, module) -> set[str]:
    return {name for name, value in module.state_dict().items() if not value.equal(before[name])}


def advance(stage: FrameDistillationStage, step: int, optimisers: list) -> None:
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    stage.loss(step).backward()
    for optimiser in optimisers:
        optimiser.step()


def steps_of(stage: FrameDistillationStage, learns: str) -> list[int]:
    return [step for step in range(2 * PERIOD) if stage.kind(step).endswith(learns)]


def test_the_critic_learns_from_every_batch_and_the_generator_from_one_in_a_period(stage):
    assert len(steps_of(stage, "generator")) == 2  # one a task
    assert len(steps_of(stage, "critic")) == 2 * PERIOD - 2


@pytest.mark.parametrize("task", [0, 1])
def test_a_critic_step_moves_nothing_but_the_critic(stage, task):
    optimisers = stage.optimisers()
    generator, world = state(stage.module.generator), state(stage.world)
    critic = state(stage.module.critic)
    advance(stage, steps_of(stage, "critic")[task], optimisers)
    assert changed(critic, stage.module.critic)
    assert not changed(generator, stage.module.generator)
    assert not changed(world, stage.world)


@pytest.mark.parametrize("task", [0, 1])
def test_a_generator_step_moves_the_low_rank_change_and_never_the_world(stage, task):
    optimisers = stage.optimisers()
    randomise(stage.module.critic, 1)  # or it agrees with the teacher and there is nothing to learn
    generator, world = state(stage.module.generator), state(stage.world)
    advance(stage, steps_of(stage, "generator")[task], optimisers)
    moved = changed(generator, stage.module.generator)
    assert moved
    assert all(name.endswith((".up", ".down")) for name in moved)
    assert not changed(world, stage.world)


def test_where_the_critic_agrees_with_the_teacher_matching_leaves_frames_as_they_are(
    stage, monkeypatch
):
    monkeypatch.setattr(stage_distillation, "MOMENTS", 0.0)
    step = next(step for step in steps_of(stage, "generator") if "frames" in stage.kind(step))
    stage.loss(step).backward()
    gradients = [p.grad for p in stage.module.generator.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.abs().max() < 1e-6 for gradient in gradients)


def test_steps_follow_from_their_number(stage):
    assert stage.loss(3).item() == stage.loss(3).item() != stage.loss(5).item()


def test_the_saved_change_gives_the_generator_again(stage, tmp_path):
    generator, dit = stage.module.generator, stage.world.dit
    with torch.no_grad():
        for name, value in generator.named_parameters():
            if name.endswith(".up"):
                value.copy_(torch.randn(value.shape))
    save_file(adapter(generator), tmp_path / "generator.safetensors")
    change = Adapter(tmp_path / "generator.safetensors", RANK, TINY.dit.num_layers)
    merged = copy.deepcopy(dit)
    merged.load_state_dict({n: change.merged(n, v) for n, v in dit.state_dict().items()})
    flows = [one_flow(network) for network in (generator, merged, dit)]
    assert torch.allclose(flows[0], flows[1], atol=1e-4)
    assert not torch.allclose(flows[0], flows[2], atol=1e-2)


@torch.no_grad()
def one_flow(dit) -> torch.Tensor:
    rays, poses, times = tiny_rays(), torch.tensor([[[0.0, 0.0, 90.0]]]), torch.zeros(1, 1)
    latents = torch.ones(1, 1, TINY.dit.channels, *TINY.latent_size)
    text = dit.text_keys(torch.ones(1, TINY.text.text_len, TINY.text.dim))
    return dit(
        latents, dit.embed_time(torch.full((1, 1), 500.0)), text,
        rays.rotary(poses, times), own_block_attention(matmul_attention),
        rays.features(poses, torch.tensor([0])),
    )  # fmt: skip


def test_recalling_reads_what_remembering_left_as_both_at_once_do():
    torch.manual_seed(1)
    tokens, heads, width = 4, 2, 6
    clean, noisy = (
        [torch.randn(COUNT * BLOCKS, 3 * tokens, heads, width) for _ in range(3)] for _ in range(2)
    )
    kept = torch.randint(3, (COUNT, BLOCKS))
    before = torch.ones(BLOCKS, BLOCKS, dtype=torch.bool).tril(-1).expand(COUNT, -1, -1)
    both = BlockMemoryAttention(torch.cat((before, before), dim=1), kept, tokens)
    beside = [
        torch.cat((a.unflatten(0, (COUNT, -1)), b.unflatten(0, (COUNT, -1))), dim=1).flatten(0, 1)
        for a, b in zip(clean, noisy, strict=True)
    ]
    at_once = both(0, *beside).unflatten(0, (COUNT, 2 * BLOCKS))
    remembering = BlockMemoryAttention(before, kept, tokens)
    first = remembering(0, *clean).unflatten(0, (COUNT, BLOCKS))
    then = MemoryReadingAttention(remembering.kept, before, tokens)(0, *noisy).unflatten(
        0, (COUNT, BLOCKS)
    )
    assert torch.allclose(at_once, torch.cat((first, then), dim=1), atol=1e-6)
