"""psi bound to places: what a slot takes, how long it keeps it, and who reads it."""

import pytest
import torch

from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import PackedNetworks
from mag_sandbox.model.memorypack.packing import LatentFrames, Slots
from mag_sandbox.model.memorypack.ring import RingPack, taken
from tests.tiny import TINY, tiny_rays
from tests.unit.model.memorypack.tiny_pack import LENGTH, PLACES, frames, prompt, tiny_packed

WHOLE = min(TINY.dit.dim, TINY.dit.token_dim)  # width at which nothing is lost


def networks() -> PackedNetworks:
    made = tiny_packed(PackConfig(structure="ring", width=WHOLE))
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
    assert read.values.shape[1] >= shown.shape[1] / 2
    assert across.min(dim=1).values.max() < 1e-3
    there = grid.rotary.flatten(1, 3)[0][across.argmin(dim=1)]
    assert torch.equal(read.rotary[0], there)


@torch.no_grad()
def test_a_place_keeps_what_it_showed_first():
    made, video = networks(), frames(6)
    state = ring(made).begin(prompt(), video.part(0, 1), PLACES)
    first, held = state.psi, taken(state.psi)
    state = ring(made).advance(state, video.part(1, video.length), PLACES)
    assert torch.equal(state.psi.values[held], first.values[held])
    assert torch.equal(state.psi.rotary[held], first.rotary[held])
    assert taken(state.psi).sum() > held.sum()
    assert state.psi.values.shape == first.values.shape


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


def test_psi_of_several_videos_is_written_together_but_read_alone():
    made, video = networks(), frames(2, batch=2)
    state = ring(made).begin(prompt(batch=2), video.part(0, 1), PLACES)
    one = ring(made).begin(
        prompt(),
        frames(2, batch=2)._replace(latents=video.latents[1:], poses=video.poses[1:]).part(0, 1),
        PLACES,
    )
    assert torch.equal(state.psi.values[1:], one.psi.values)
    with pytest.raises(ValueError, match="one video at a time"):
        ring(made).tokens(state, video, PLACES)
