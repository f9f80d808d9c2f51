"""psi bound to places: what a slot takes, how long it keeps it, and who reads it."""

import pytest
import torch

from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import (
    BlockDenoiser,
    PackedNetworks,
    context_attention,
    read_context,
)
from mag_sandbox.model.memorypack.packing import PER_TOKEN, LatentFrames, Slots, coordinates
from mag_sandbox.model.memorypack.ring import RingPack
from tests.tiny import TINY, tiny_rays
from tests.unit.model.memorypack.tiny_pack import LENGTH, PLACES, frames, prompt, tiny_packed


def networks() -> PackedNetworks:
    made = tiny_packed(PackConfig(structure="ring"))
    made.pack.initialise(made.dit)
    return made


def ring(made: PackedNetworks) -> RingPack:
    assert isinstance(made.pack.semantic, RingPack)
    return made.pack.semantic


def turned(video: LatentFrames, yaw: float) -> LatentFrames:
    return video._replace(poses=video.poses + torch.tensor([yaw, 0.0, 0.0]))


def test_slots_cover_all_that_a_camera_can_see():
    slots = Slots.of(tiny_rays())
    assert len(slots.yaw) == len(set(zip(slots.yaw.tolist(), slots.pitch.tolist(), strict=True)))
    rows = int((slots.yaw == slots.yaw[0]).sum())
    assert slots.side == tiny_rays().token / PER_TOKEN
    assert len(slots.yaw) * slots.side == pytest.approx(rows * 360)
    assert rows * slots.side >= 2 * TINY.dit.rays.max_pitch
    assert float(slots.pitch.mean()) == pytest.approx(0)


@torch.no_grad()
def test_a_block_reads_places_as_the_transformer_embeds_frames():
    made, image = networks(), frames(0)
    state = ring(made).begin(prompt(), image, PLACES)
    read = ring(made).tokens(state, image, PLACES)
    grid = PLACES.grid(image)
    shown = made.dit.embed(image.latents, grid.features.flatten(1, 3))
    across = torch.cdist(read.values[0], shown[0])
    assert read.values.shape[1] >= shown.shape[1]
    assert across.min(dim=1).values.max() < 0.1  # psi is kept in 8 bits
    there = grid.rotary.flatten(1, 3)[0][across.argmin(dim=1)]
    assert torch.allclose(read.rotary[0], there, atol=1e-4)


@torch.no_grad()
def test_a_place_keeps_what_it_showed_first():
    made, video = networks(), frames(6)
    first = ring(made).begin(prompt(), video.part(0, 1), PLACES)
    state = ring(made).advance(first, video.part(1, video.length), PLACES)
    for before, now in zip(first.arrays().values(), state.arrays().values(), strict=True):
        assert torch.equal(before[first.taken], now[first.taken])
        assert before.shape == now.shape
    assert state.taken.sum() > first.taken.sum()


@torch.no_grad()
def test_only_places_in_view_are_read():
    made, image = networks(), frames(0)
    memory = PackMemory(made.pack, PLACES, image, prompt())
    coming = frames(1).part(1, 1 + LENGTH)
    alone = memory.psi_tokens(coming)
    assert alone is not None
    assert torch.equal(
        memory.tokens(made.dit, coming).values[:, : alone.values.shape[1]], alone.values
    )
    assert memory.psi_tokens(turned(coming, 180.0)) is None


def test_without_a_long_term_memory_psi_is_nothing():
    made = tiny_packed(PackConfig(structure=None))
    memory = PackMemory(made.pack, PLACES, frames(0), prompt())
    assert memory.psi_tokens(frames(0)) is None


@torch.no_grad()
def test_videos_of_a_batch_read_what_each_would_read_alone():
    made, video = networks(), frames(4, batch=2)
    elsewhere = torch.tensor([[[0.0, 0.0, 0.0]], [[9.0, 0.0, 0.0]]])
    video = video._replace(poses=video.poses + elsewhere)
    coming = frames(1, batch=2).part(1, 1 + LENGTH)

    def read(first: int, last: int) -> torch.Tensor:
        some = slice(first, last)
        own = video._replace(latents=video.latents[some], poses=video.poses[some])
        asked = coming._replace(latents=coming.latents[some], poses=coming.poses[some])
        words = prompt().expand(last - first, -1, -1)
        text = made.dit.text_keys(words)
        memory = PackMemory(made.pack, PLACES, own.part(0, 1), words)
        memory.push(own.part(1, own.length))
        tokens = memory.psi_tokens(asked)
        assert tokens is not None
        attend = context_attention(read_context(made.dit, tokens, text), made.dit.kernel)
        place = coordinates(PLACES.grid(asked))
        denoiser = BlockDenoiser(made.dit, attend, text, place)
        return denoiser.flow(asked.latents, torch.full(asked.latents.shape[:2], 0.5))

    together, alone = read(0, 2), (read(0, 1), read(1, 2))
    assert not torch.allclose(*alone, atol=1e-3)
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


@torch.no_grad()
def test_psi_knows_a_view_once_all_of_it_was_shown():
    made, video = networks(), frames(6)
    memory = PackMemory(made.pack, PLACES, video.part(0, 1), prompt())
    coming = video.part(10, 10 + LENGTH)
    assert not memory.knows(coming)
    memory.push(video.part(1, video.length))
    assert memory.knows(coming)
    assert not memory.knows(turned(coming, 180.0))


@torch.no_grad()
def test_a_view_is_known_a_little_beside_those_that_were_shown():
    made, image = networks(), frames(0)
    memory = PackMemory(made.pack, PLACES, image, prompt())
    assert memory.knows(turned(image, PLACES.token / 20))
    assert not memory.knows(turned(image, PLACES.token / 2))


@torch.no_grad()
def test_a_block_reads_the_nearest_slots_alone():
    """Of many views a little apart, those in between are crowded out by the ones at hand."""
    made, image = networks(), frames(0)
    state = ring(made).begin(prompt(), image, PLACES)
    alone = ring(made).tokens(state, image, PLACES).values
    for step in range(1, PER_TOKEN):
        beside = turned(image, step * PLACES.token / PER_TOKEN)
        state = ring(made).advance(state, beside, PLACES)
    read = ring(made).tokens(state, image, PLACES).values
    assert state.taken.sum() > read.shape[1] > alone.shape[1]
    own = torch.cdist(alone[0], read[0]).min(dim=1).values
    assert own.max() < 1e-4  # what was seen exactly there is among them


@torch.no_grad()
def test_tokens_of_a_state_with_fewer_slots_take_their_places():
    made, video = networks(), frames(6)
    begun = ring(made).begin(prompt(), video.part(0, 1), PLACES)
    state = ring(made).advance(begun, video.part(1, video.length), PLACES)
    older = {name: array[:, state.taken[0]] for name, array in state.arrays().items()}
    loaded = begun.loaded(older, state.updates, PLACES)
    for saved, own in zip(state.arrays().values(), loaded.arrays().values(), strict=True):
        assert torch.equal(saved[state.taken], own[state.taken])
    assert torch.equal(state.taken, loaded.taken)


@torch.no_grad()
def test_psi_of_other_frames_is_refused():
    made = networks()
    state = ring(made).begin(prompt(), frames(0), PLACES)
    arrays = state.arrays()
    assert torch.equal(state.loaded(arrays, 3, PLACES).content, state.content)
    beyond = arrays["sights"].clone()
    beyond[state.taken] += 1000
    for wrong in ({"sights": beyond}, {"psi": arrays["psi"][:, 1:]}):
        with pytest.raises(ValueError, match="other frames"):
            state.loaded(arrays | wrong, 3, PLACES)
