"""A world as an environment: reset and step, pictures as arrays, memory and probe beside them."""

import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.model.world import WorldFailed
from mag_sandbox.sandbox.environment import WorldEnvironment, gymnasium_environment
from mag_sandbox.scenes import Scene
from tests.doubles import WALKING, FakeWorld
from tests.unit.sandbox.demo.test_demo_run import FAST

SCENE = Scene("A meadow.", name="meadow")


def environment(**more) -> WorldEnvironment:
    return WorldEnvironment(FakeWorld(spec=FAST), SCENE, **more)


def test_an_episode_begins_with_a_picture_and_what_is_known_of_it():
    picture, info = environment().reset(seed=7)
    assert picture.shape == (192, 320, 3)
    assert picture.dtype == np.uint8
    assert info["memory"]["policy"] == "mag-retrieve"
    assert info["frames"].shape == (3, 192, 320, 3)
    assert info["probe"] is None


def test_an_action_turns_the_camera_and_costs_nothing():
    one = environment()
    one.reset(seed=7)
    picture, reward, terminated, truncated, info = one.step([1.0, 0.5])
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert info["pose"]["yaw"] > 0 < info["pose"]["pitch"]
    assert np.array_equal(one.render(), picture)


def test_the_same_seed_gives_the_same_episodes():
    one, other = environment(), environment()
    for seed in (5, None, None):
        assert np.array_equal(one.reset(seed=seed)[0], other.reset(seed=seed)[0])
    assert not np.array_equal(one.reset(seed=6)[0], one.reset()[0])


def test_an_episode_ends_after_its_blocks():
    one = environment(blocks=2)
    one.reset(seed=1)
    assert [one.step([0, 0])[3] for _ in range(2)] == [False, True]


def test_a_view_that_comes_back_is_told_with_its_recall():
    one = environment()
    one.reset(seed=7)
    infos = [one.step([turn, 0])[4] for turn in [1] * 8 + [-1] * 8]
    found = [info["probe"] for info in infos if info["probe"]]
    assert found[-1]["recall"] > 80
    assert found[-1]["seconds_away"] > 1


def test_prompts_and_scenes_can_change():
    one = environment()
    one.reset(seed=1, options={"scene": "kitchen"})
    assert one.step([0, 0], prompt="A beach.")[4]["prompt"] == "A beach."


def test_what_lies_beyond_full_speed_is_full_speed():
    one, other = environment(), environment()
    one.reset(seed=1), other.reset(seed=1)
    assert one.step([9, 0])[4]["pose"] == other.step([1, 0])[4]["pose"]


def test_mistakes_are_named():
    one = environment()
    with pytest.raises(WorldFailed, match="call reset first"):
        one.step([0, 0])
    assert one.render() is None
    one.reset(seed=1)
    with pytest.raises(ValueError, match="a number for each of yaw, pitch"):
        one.step([0, 0, 0])
    with pytest.raises(ValueError, match="expected a number"):
        one.step([float("nan"), 0])


def test_a_world_that_zooms_has_a_third_axis():
    world = FakeWorld(spec=replace(FAST, axes=("yaw", "pitch", "zoom")))
    assert WorldEnvironment(world, SCENE).axes == ("yaw", "pitch", "zoom")


def test_a_world_to_walk_in_has_two_more_and_says_where_they_led():
    one = WorldEnvironment(FakeWorld(spec=WALKING), SCENE)
    assert one.axes == ("yaw", "pitch", "zoom", "forward", "right")
    one.reset(seed=7)
    *_, info = one.step([0.0, 0.0, 0.0, 1.0, 0.0])
    assert info["pose"]["z"] > 0.2
    assert info["pose"]["x"] == 0.0


def test_closing_frees_the_world():
    one = environment()
    one.close()
    assert one.world.closed


def test_without_gymnasium_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(WorldFailed, match="pip install gymnasium"):
        gymnasium_environment(FakeWorld(spec=FAST), SCENE)


def test_it_passes_the_checker_of_gymnasium():
    pytest.importorskip("gymnasium")
    from gymnasium.utils.env_checker import check_env

    one = gymnasium_environment(FakeWorld(spec=FAST), SCENE, blocks=8)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        check_env(one)
    complaints = [str(one.message) for one in heard]
    assert all("spec" in complaint for complaint in complaints), complaints


def test_seeds_of_numpy_are_seeds():
    one, other = environment(), environment()
    assert np.array_equal(one.reset(seed=np.int64(5))[0], other.reset(seed=5)[0])


@pytest.mark.parametrize(
    "action", ["left", {"yaw": 1}, [[1], [2, 3]], None, object(), [1, 2, 3], [1j, 0]]
)
def test_an_action_of_another_kind_is_refused_in_a_sentence(action):
    one = environment()
    one.reset(seed=7)
    with pytest.raises(ValueError, match="expected a number for each of yaw, pitch"):
        one.step(action)
