"""Reading cached keys and values equals one forward over everything under a mask."""

from dataclasses import dataclass

import pytest
import torch

from mag_sandbox.controls.camera import CameraCommand, CameraPose, CameraSpeed, move
from mag_sandbox.model.attention import KERNELS, matmul_attention
from mag_sandbox.model.generator import BlockGenerator, Coordinates
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.memory import MEMORY_POLICIES, make_policy
from mag_sandbox.model.slots import BlockInfo
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.training.pocket.stage_world import BlockMemoryAttention
from tests.tiny import TINY, tiny_networks, tiny_rays

LENGTH = TINY.block_length
TOKENS = TINY.tokens_per_frame
SIGMA = 0.7
TOUR = (1.0, 1.0, 0.0, -1.0, 1.0, 1.0, -1.0, -1.0, 0.5)  # yaw of each block
SLOTS = 6  # few, so that every policy evicts


@dataclass
class Written:
    """One remembered block and what it read while it was written."""

    latents: torch.Tensor
    poses: tuple[CameraPose, ...]
    attended: tuple[int, ...]  # frame indices


class CachedRun:
    """Remembers random blocks one by one, as the world does, and notes who read what."""

    def __init__(self, policy: str, kernel: str) -> None:
        self.networks = tiny_networks()
        self.networks.dit.kernel = KERNELS[kernel]
        dit = self.networks.dit
        shape = CacheShape(
            len(dit.blocks), TOKENS, dit.config.num_heads, dit.config.head_dim, LENGTH
        )
        self.cache = KVCache(shape, SLOTS, torch.float32)
        ids = torch.ones(1, TINY.text.text_len, dtype=torch.long)
        self.text = self.networks.text_keys(ids, ids)
        self.generator = BlockGenerator(dit, dit, self.cache, TINY.flow.shift, self.text)
        setting = MemorySetting(policy, attended_frames=4, window_blocks=1, sink_frames=2)
        self.policy = make_policy(setting, SLOTS)
        self.draw = torch.Generator().manual_seed(3)
        self.written: list[Written] = []
        self.pose = CameraPose()

    def next_block(self, yaw: float) -> tuple[BlockInfo, torch.Tensor, tuple[int, ...]]:
        """Return a block to come, random latents, and the frames it attends."""
        poses = move(self.pose, CameraCommand(yaw=yaw), CameraSpeed(160.0, 20.0), 16.0, LENGTH)
        block = BlockInfo(len(self.written) * LENGTH, poses)
        latents = torch.randn(1, LENGTH, 4, 4, 4, generator=self.draw)
        slots = self.policy.attend(poses[-1])
        self.cache.attend(slots)
        return block, latents, tuple(self.policy.table.frames[slot].frame_index for slot in slots)

    def remember(self, yaw: float) -> None:
        """Write one clean block."""
        block, latents, attended = self.next_block(yaw)
        self.generator.remember(latents, coordinates(block.poses, block.first_frame))
        self.cache.write(self.policy.admit(block))
        self.written.append(Written(latents, block.poses, attended))
        self.pose = block.poses[-1]


def coordinates(poses: tuple[CameraPose, ...], first_frame: int) -> Coordinates:
    """Return where and when the tokens of consecutive frames lie."""
    rays = tiny_rays()
    table = torch.tensor([[(pose.yaw, pose.pitch, pose.fov) for pose in poses]])
    times = torch.arange(first_frame, first_frame + len(poses))[None]
    order = torch.arange(len(poses)) % LENGTH
    return Coordinates(rays.rotary(table, times), rays.features(table, order))


def one_shot(run: CachedRun, noisy: torch.Tensor, blocks: list[Written]) -> torch.Tensor:
    """Return the flow of the last block from one forward over all frames under a mask."""
    frames = len(blocks) * LENGTH
    mask = torch.zeros(frames, frames, dtype=torch.bool)
    for index, block in enumerate(blocks):
        own = slice(index * LENGTH, (index + 1) * LENGTH)
        mask[own, own] = True
        mask[own, list(block.attended)] = True
    bias = torch.zeros(frames, frames).masked_fill(~mask, float("-inf"))
    bias = bias.repeat_interleave(TOKENS, 0).repeat_interleave(TOKENS, 1)
    dit = run.networks.dit
    timesteps = torch.zeros(1, frames)
    timesteps[:, -LENGTH:] = SIGMA * 1000
    latents = torch.cat([block.latents for block in blocks[:-1]] + [noisy], dim=1)
    where = coordinates(tuple(pose for block in blocks for pose in block.poses), 0)
    flow = dit(
        latents, dit.embed_time(timesteps), run.text, where.rotary,
        lambda layer_index, q, k, v: matmul_attention(q, k, v, bias), where.features,
    )  # fmt: skip
    return flow[:, -LENGTH:]


@pytest.mark.parametrize("kernel", list(KERNELS))
@pytest.mark.parametrize("policy", list(MEMORY_POLICIES))
def test_a_block_that_reads_the_cache_equals_one_forward_over_all(policy, kernel):
    run = CachedRun(policy, kernel)
    for yaw in TOUR:
        run.remember(yaw)
    block, noisy, attended = run.next_block(1.0)
    dit = run.networks.dit
    where = coordinates(block.poses, block.first_frame)
    time = dit.embed_time(torch.full((1, LENGTH), SIGMA * 1000))
    cached = dit(noisy, time, run.text, where.rotary, run.cache.reader(dit.kernel), where.features)
    whole = one_shot(run, noisy, [*run.written, Written(noisy, block.poses, attended)])
    assert (cached - whole).abs().max() < 1e-4 * whole.abs().max()
    alone = one_shot(run, noisy, [*run.written, Written(noisy, block.poses, ())])
    if policy == "none":
        assert attended == ()
    else:
        assert (whole - alone).abs().max() > 1e-2 * whole.abs().max()  # memory matters here


def test_denoising_is_the_euler_sampler_over_the_same_forward():
    run = CachedRun("mag", "sdpa")
    run.remember(1.0)
    block, noise, _ = run.next_block(1.0)
    where = coordinates(block.poses, block.first_frame)
    dit = run.networks.dit
    first = dit(
        noise, dit.embed_time(torch.full((1, LENGTH), 1000.0)), run.text, where.rotary,
        run.cache.reader(dit.kernel), where.features,
    )  # fmt: skip
    expected = noise - first  # one step leads from pure noise to clean latents
    assert torch.equal(run.generator.denoise(noise, where, run.text, steps=1), expected)


def test_reading_grows_without_losing_what_is_kept():
    shape = CacheShape(layers=1, tokens=1, heads=1, head_dim=2, block_length=1)
    cache = KVCache(shape, slots=40, dtype=torch.float32)
    kept = torch.arange(40.0).reshape(1, 40, 1, 1, 1, 1).expand(-1, -1, -1, -1, -1, 2)
    cache.load(range(40), kept, kept)
    seen = {}

    def kernel(q, keys, values):
        seen["values"] = values[0, :, 0, 0].tolist()
        return q

    own = torch.full((1, 1, 1, 2), -1.0)
    for slots in ((3, 1), tuple(range(40)), (7,)):
        cache.attend(slots)
        cache.reader(kernel)(0, own, own, own)
        assert seen["values"] == [-1.0, *map(float, slots)]


def test_the_attention_of_training_equals_a_dense_mask():
    draw = torch.Generator().manual_seed(5)
    batch, blocks, frame_tokens, heads, width = 2, 3, 2, 2, 4
    tokens = LENGTH * frame_tokens
    visible = torch.rand(batch, 2 * blocks, blocks, generator=draw) < 0.5
    kept = torch.randint(LENGTH, (batch, blocks), generator=draw)
    q, k, v = (
        torch.randn(batch * 2 * blocks, tokens, heads, width, generator=draw) for _ in range(3)
    )
    actual = BlockMemoryAttention(visible, kept, frame_tokens)(0, q, k, v)

    for row in range(batch):
        rows = slice(row * 2 * blocks, (row + 1) * 2 * blocks)
        allowed = torch.zeros(2 * blocks, tokens, 2 * blocks, tokens, dtype=torch.bool)
        for reader in range(2 * blocks):
            allowed[reader, :, reader] = True
            for clean in range(blocks):
                first = int(kept[row, clean]) * frame_tokens
                if visible[row, reader, clean]:
                    allowed[reader, :, clean, first : first + frame_tokens] = True
        bias = torch.zeros(2 * blocks * tokens, 2 * blocks * tokens)
        bias.masked_fill_(~allowed.view_as(bias), float("-inf"))
        dense = matmul_attention(*(x[rows].flatten(0, 1)[None] for x in (q, k, v)), bias)
        expected = dense[0].unflatten(0, (2 * blocks, tokens))
        # A noisy block that reads its own clean frame reads two tokens of one place; a clean one
        # that reads its own kept frame would count it twice, which no mask of training asks for.
        for reader in range(2 * blocks):
            if reader < blocks and visible[row, reader, reader]:
                continue
            assert torch.allclose(actual[rows][reader], expected[reader], atol=1e-5)
