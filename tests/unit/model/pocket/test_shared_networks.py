"""Worlds over the same weights share networks and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.world import Control
from tests.tiny import FP32, assert_same_pictures, play, tiny_world, write_tiny_weights

TURN = [Control(CameraCommand(yaw=1.0))] * 3
BACK = [Control(CameraCommand(yaw=-1.0), prompt="A red tower.")] * 3


def test_worlds_beside_each_other_make_what_each_makes_alone():
    alone = play(tiny_world(), TURN), play(tiny_world(), BACK, seed=2)
    one, other = tiny_world(), tiny_world()
    assert one._conditioner is other._conditioner
    with ThreadPoolExecutor() as threads:
        beside = threads.submit(play, one, TURN), threads.submit(play, other, BACK, seed=2)
        for expected, future in zip(alone, beside, strict=True):
            assert_same_pictures(future.result(), expected)


def test_how_fast_it_was_found_to_be_is_no_difference():
    timed = tiny_world(execution=replace(FP32, pass_ms=7.0))
    assert timed._conditioner is tiny_world()._conditioner


def test_other_weights_and_number_types_are_not_shared(tmp_path):
    write_tiny_weights(tmp_path, seed=1)
    world = tiny_world()
    assert tiny_world(weights=tmp_path)._conditioner is not world._conditioner
    halved = replace(FP32, dtype=torch.bfloat16)
    assert tiny_world(execution=halved)._conditioner is not world._conditioner
