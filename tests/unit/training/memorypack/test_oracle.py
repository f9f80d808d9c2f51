"""The oracle of MemoryPack: what a reader can tell of a ring from psi alone."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.rope import RayCoordinates
from mag_sandbox.training.devices import choose_device
from mag_sandbox.training.imagination.rings import RINGS_EACH
from mag_sandbox.training.memorypack.oracle import SHAPES, Oracle, OracleStage
from mag_sandbox.training.options import TOKENS, OracleOptions
from tests.tiny import TINY

CELLS = 24, 80  # of a ring, down and across


def stage(**told) -> OracleStage:
    options = OracleOptions(tokens=18, batch=2, **told)
    rng = np.random.default_rng(0)
    shape = (RINGS_EACH, TINY.autoencoder.channels, *CELLS)
    files = [rng.standard_normal(shape, np.float32).astype(np.float16) for _ in range(2)]
    torch.manual_seed(0)
    device = choose_device()
    oracle = Oracle(TINY.dit, RayCoordinates.of(TINY), options, device.kernel)
    return OracleStage(oracle, files, options, device, stride=16)


def test_psi_has_as_many_tokens_however_long_the_camera_turned():
    made = stage()
    for blocks in (2, 5):
        turn = made.turn(np.array([0, 1]), blocks, np.random.default_rng(1))
        psi = made.module.remembered(turn.latents, turn.poses)
        assert psi.values.shape == (2, 18, TINY.dit.dim)
        assert made.module.read(psi, turn.asked_poses).shape == turn.asked.shape


def test_every_number_of_tokens_has_places_on_the_ring():
    assert set(SHAPES) == set(TOKENS)
    assert all(rows * columns == tokens for tokens, (rows, columns) in SHAPES.items())


def test_the_reader_is_asked_for_what_the_camera_saw_where_it_saw_it():
    turn = stage().turn(np.array([0, 1]), 6, np.random.default_rng(1))
    for seen, poses, asked, asked_poses in zip(*turn, strict=True):
        for view, pose in zip(asked, asked_poses, strict=True):
            there = [i for i, one in enumerate(poses) if torch.equal(one, pose)]
            assert any(torch.equal(seen[i], view) for i in there)


@pytest.mark.parametrize("told", [{}, {"unplaced": True}, {"reads": "frames"}])
def test_the_reader_learns_from_all_that_the_camera_saw(told: dict):
    made = stage(**told)
    turn = made.turn(np.array([0, 1]), 4, np.random.default_rng(1), all_views=True)
    latents = turn.latents.clone().requires_grad_(True)
    made.module.update.requires_grad_(True)
    torch.nn.init.normal_(made.module.output.weight)
    psi = made.module.remembered(latents, turn.poses)
    made.module.read(psi, turn.asked_poses[:, -1:]).square().sum().backward()
    assert latents.grad.abs().amax(dim=(2, 3, 4)).min() > 0


def test_a_reader_of_slots_learns_from_the_first_view_of_a_place():
    made = stage(reads="ring", width=4)
    turn = made.turn(np.array([0, 1]), 4, np.random.default_rng(1), all_views=True)
    latents = turn.latents.clone().requires_grad_(True)
    made.module.read(made.module.remembered(latents, turn.poses), turn.asked_poses).sum().backward()
    assert latents.grad[:, 0].abs().amax(dim=(1, 2, 3)).min() > 0


def test_a_network_that_tells_nothing_explains_nothing():
    made = stage()
    for values in made.module.output.parameters():
        torch.nn.init.zeros_(values)
    assert made.explained(4, turns=2)["all"] == pytest.approx(0, abs=0.05)


def test_the_loss_of_a_step_is_the_same_after_a_stop():
    assert torch.equal(stage().loss(7), stage().loss(7))


def test_a_row_of_the_table_says_what_it_is():
    assert OracleOptions(tokens=64, unplaced=True).name == "64-unplaced"
    assert OracleOptions(reads="nothing").name == "nothing"
    assert OracleOptions(reads="ring", width=40).name == "ring-40"
