"""What a program gives to the Python API is what it should be, or refused in a sentence."""

import numpy as np
import pytest

from mag_sandbox import (
    CameraCommand,
    Control,
    Edit,
    MemorySetting,
    Scene,
    ServerAddress,
    load_scene,
    load_world,
    parse_edit,
)
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import checked_seed
from tests.tiny import tiny_world

SCENE = Scene("a place")

OTHERS = (3.5, b"x", ["x"], {"a": 1}, object(), np.array([1, 2]))
NO_NUMBERS = (None, "x", b"x", ["x"], True)
MAKERS = {
    "the name of a world": (load_world, (None, True, *OTHERS)),
    "memory of a world": (lambda one: load_world("pocket", one), ("mag", 1, *OTHERS)),
    "a server": (lambda one: load_world("remote", server=one), ("ws://here", *OTHERS)),
    "the name of a scene": (load_scene, (None, 3, *OTHERS)),
    "a prompt": (Scene, (None, 3, True, *OTHERS)),
    "the seed of a scene": (lambda one: Scene("a place", seed=one), (1.5, -1, *NO_NUMBERS)),
    "a seed": (lambda one: checked_seed(SCENE, one), (1.5, -1, 2**31, *NO_NUMBERS)),
    "a picture": (lambda one: Scene("a place", image=one), (3, *OTHERS)),
    "a camera": (Control, (None, 1, "left", *OTHERS)),
    "another prompt": (lambda one: Control(prompt=one), (3, True, *OTHERS)),
    "an axis": (CameraCommand, (2.0, 10**400, float("nan"), *NO_NUMBERS)),
    "a policy": (MemorySetting, (None, 3, *OTHERS)),
    "MiB": (lambda one: MemorySetting(kept_mib=one), (1.5, 0, *NO_NUMBERS)),
    "an edit": (lambda one: parse_edit(one, 0.0, None, ("tent",)), (None, 3, *OTHERS)),
    "an angle": (lambda one: Edit("renew", one), NO_NUMBERS),
    "an address": (ServerAddress, (None, 3, *OTHERS)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_has_another_type_is_refused_in_one_line(name):
    make, wrong = MAKERS[name]
    for value in wrong:
        with pytest.raises((Refusal, ValueError)) as refused:
            make(value)
        assert "\n" not in str(refused.value)


def test_numbers_of_numpy_become_pythons_own():
    scene, command = Scene("a place", seed=np.int64(3)), CameraCommand(np.float32(0.5), np.int8(1))
    assert (type(scene.seed), type(command.yaw), type(command.pitch)) == (int, float, float)
    assert type(checked_seed(scene, np.uint8(3))) is int


def test_a_world_is_asked_for_scenes_and_steered_by_controls_only():
    world = tiny_world()
    for ask in (
        lambda: world.reset("a place", 1),
        lambda: world.reset(SCENE, None),
        lambda: world.step("left"),
        lambda: world.restore({}),
    ):
        with pytest.raises(ValueError, match="expected"):
            ask()
