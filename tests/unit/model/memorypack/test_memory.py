"""What a session remembers: constant size, exact going on, and what a block reads of it."""

from dataclasses import replace
from itertools import chain

import pytest
import torch

from mag_sandbox.model.dit import DiT
from mag_sandbox.model.memorypack.config import FRAMEPACK, MEMORYPACK, PackConfig
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import (
    MemoryPack,
    PackedContext,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.packing import IndexPlaces, LatentFrames, coordinates
from mag_sandbox.model.rope import index_frequencies
from tests.tiny import TINY
from tests.unit.model.memorypack.tiny_pack import (
    COLUMNS,
    LENGTH,
    PLACES,
    ROWS,
    frames,
    prompt,
    tiny_packed,
)

COMING = frames(1).part(1, 1 + LENGTH)


def after(networks: PackedNetworks, video: LatentFrames, differentiated: int = 0) -> PackMemory:
    memory = PackMemory(networks.pack, PLACES, video.part(0, 1), prompt(), differentiated)
    for block in video.part(1, video.length).windows(LENGTH):
        memory.push(block)
    return memory


@torch.no_grad()
@pytest.mark.parametrize("config", [FRAMEPACK, *map(PackConfig, "ABC")], ids=str)
def test_the_number_of_tokens_does_not_depend_on_the_length(config):
    networks = tiny_packed(config)
    full = -(-config.history // LENGTH)
    counts = [
        after(networks, frames(blocks)).tokens(networks.dit, COMING).values.shape[1]
        for blocks in (full, full + 1, full + 9)
    ]
    assert len(set(counts)) == 1


@torch.no_grad()
def test_packed_tokens_are_few():
    networks = tiny_packed(FRAMEPACK)
    tokens = after(networks, frames(9)).tokens(networks.dit, COMING)
    per_frame = ROWS * COLUMNS
    assert tokens.values.shape[1] == 2 * per_frame + 1 * per_frame // 4 + 4 * 1
    assert tokens.rotary.abs().max() <= 1.0001


@torch.no_grad()
def test_the_first_block_reads_the_image_twice():
    """As F1: the image is the anchor and the newest frame."""
    networks = tiny_packed(FRAMEPACK)
    image = frames(0)
    tokens = PackMemory(networks.pack, PLACES, image, prompt()).tokens(networks.dit, COMING).values
    assert torch.equal(*tokens.chunk(2, dim=1))


@torch.no_grad()
def test_the_image_keeps_the_time_at_which_the_whole_video_starts():
    networks = tiny_packed(FRAMEPACK)
    video = frames(20)
    tokens = after(networks, video).tokens(networks.dit, COMING)
    per_frame = ROWS * COLUMNS
    image = tokens.rotary[:, -2 * per_frame : -per_frame]
    assert torch.equal(image, PLACES.grid(video.part(0, 1)).rotary.flatten(1, 3))


@torch.no_grad()
def test_waiting_updates_change_nothing_but_gradients():
    networks, video = tiny_packed(), frames(6)
    at_once, waiting = (after(networks, video, n) for n in (0, 2))
    assert at_once.state().updates == waiting.state().updates == 6
    assert torch.equal(at_once.state().psi.values, waiting.state().psi.values)
    assert torch.equal(
        at_once.tokens(networks.dit, COMING).values, waiting.tokens(networks.dit, COMING).values
    )


@torch.no_grad()
def test_going_on_from_what_was_kept_equals_going_on():
    networks, video = tiny_packed(), frames(8)
    early = after(networks, video.part(0, 1 + 5 * LENGTH))
    again = PackMemory(networks.pack, PLACES, video.part(0, 1), prompt())
    again.load(early.history, early.state())
    for block in video.part(1 + 5 * LENGTH, video.length).windows(LENGTH):
        early.push(block)
        again.push(block)
    assert torch.equal(
        early.tokens(networks.dit, COMING).values, again.tokens(networks.dit, COMING).values
    )


@torch.no_grad()
def test_what_is_read_does_not_depend_on_the_block_that_reads_it():
    """Keys and values are made once a block: noisy tokens see them, never the other way round."""
    networks, video = tiny_packed(), frames(4)
    dit, memory = networks.dit, after(networks, video.part(0, 10))
    clip = video.part(10, 13)
    context = read_context(dit, memory.tokens(dit, clip), dit.text_keys(prompt(1)))
    pairs = context.pairs
    assert len(pairs) == TINY.dit.num_layers
    kept = [(k.clone(), v.clone()) for k, v in pairs]
    place = coordinates(PLACES.grid(clip))
    flows = [
        dit(
            noisy, dit.embed_time(torch.full((1, LENGTH), 700.0)), dit.text_keys(prompt()),
            place.rotary, context_attention(some, dit.kernel), place.features,
        )
        for noisy, some in (
            (clip.latents, context),
            (clip.latents, PackedContext([(k[:, :0], v[:, :0]) for k, v in pairs])),
        )
    ]  # fmt: skip
    assert not torch.allclose(*flows)
    assert all(torch.equal(a, b) for a, b in zip(chain(*kept), chain(*pairs), strict=True))


@torch.no_grad()
def test_the_same_class_packs_by_indices_without_rays():
    """Full size: frame, row and column instead of rays, everything else alike."""
    config = replace(TINY.dit, rays=None)
    dit, pack = DiT(config), MemoryPack(config, MEMORYPACK)
    pack.initialise(dit)
    places = IndexPlaces(ROWS, COLUMNS, index_frequencies(config.head_dim))
    video = frames(8)._replace(poses=None)
    memory = PackMemory(pack, places, video.part(0, 1), prompt())
    for block in video.part(1, video.length).windows(LENGTH):
        memory.push(block)
    tokens = memory.tokens(dit, COMING)
    assert tokens.values.shape[1] == tokens.rotary.shape[1] == LENGTH + 2 * 4 + 1 + 4
