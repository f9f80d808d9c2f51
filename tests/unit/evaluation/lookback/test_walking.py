"""Walks: a world that shows the given view from elsewhere scores all there is, cheats nothing."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mag_sandbox.controls.camera import AXES, LOOK_AXES, CameraPose
from mag_sandbox.evaluation.lookback import tasks, walk_measures, walk_scenes
from mag_sandbox.evaluation.lookback.participants import Player, class_spec
from mag_sandbox.evaluation.lookback.playing import path_poses, play, walk_scene
from mag_sandbox.evaluation.lookback.tasks import PRESETS, TASKS, ClipPlan, SceneSplit, plan
from mag_sandbox.evaluation.lookback.walk_measures import displacements, walk_measured
from mag_sandbox.evaluation.lookback.walk_scenes import WalkScene, flat_view, likest_flat
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.renderer.render import SceneRenderer, lay_out
from mag_sandbox.renderer.scene import Item
from mag_sandbox.renderer.views import HEIGHT, WIDTH
from mag_sandbox.scenes.stances import STANCES
from tests import walking_worlds as worlds
from tests.unit.evaluation.lookback.conftest import SECRET

WALKS = [task.name for task in TASKS.values() if task.walks]
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


@cache
def clip(task: str) -> ClipPlan:
    return plan("full", SceneSplit(SECRET), 1, [task])[0]


@pytest.fixture(scope="module")
def scene_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walks")
    drawn = {}

    def scene(task: str) -> WalkScene:
        if task not in drawn:
            drawn[task] = walk_scene(clip(task), folder)
        return drawn[task]

    return scene


@pytest.fixture(scope="module", autouse=True)
def _each_floor_once():
    """Look for the likest flat view of a truth once: all who walk one clip are held against it."""
    known = {}

    def likest(first, wanted, mask, pose):
        key = first.tobytes(), wanted.tobytes(), mask.tobytes(), pose
        if key not in known:
            known[key] = likest_flat(first, wanted, mask, pose)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk_measures, "likest_flat", likest)
        patch.setattr(tasks, "SIDE", 1.5)
        yield


def worth(kind: type[worlds.Walker], task: str, scene: WalkScene):
    """Play the unseen twin, if there is one, and the clip."""
    one = clip(task)
    player = Player(kind(scene), frozenset())
    unseen = play(player, one.twin, scene) if one.task.twinned else None
    return walk_measured(one, play(player, one, scene), unseen)


def score(kind: type[worlds.Walker], task: str, scene: WalkScene) -> float:
    found = worth(kind, task, scene)
    return 0.0 if found.refused else found.scores["score"]


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        (worlds.Walker, "walk"), (worlds.CarryingWalker, "walk"), (worlds.Walker, "loop"),
        (worlds.InventingWalker, "past"), (worlds.CollidingWalker, "walk"),
    ],
)  # fmt: skip
def test_a_world_that_shows_the_given_view_from_elsewhere_scores_all_there_is(scene_of, kind, task):
    found = worth(kind, task, scene_of(task))
    assert found.refused is None
    assert found.scores["score"] == pytest.approx(100.0, abs=2.0)
    assert found.scores["parallax_px"] in (None, pytest.approx(0.0, abs=2.5))  # nearest pixels
    if task != "past":
        assert found.scores["carried_db"] - found.scores["floor_db"] >= 3.0


@pytest.mark.parametrize("cheat", worlds.CHEATS, ids=lambda cheat: cheat.__name__)
def test_a_cheat_scores_nothing_on_a_walk(scene_of, cheat):
    assert score(cheat, "walk", scene_of("walk")) <= 2.0


def test_a_world_that_forgot_scores_nothing_on_a_loop(scene_of):
    assert score(worlds.ForgetsWhileAway, "loop", scene_of("loop")) <= 2.0


@pytest.mark.parametrize(
    "cheat",
    [worlds.Walker, worlds.InventsAnew, worlds.Zooms, worlds.StandsStill, worlds.ForgetsWhileAway],
    ids=lambda cheat: cheat.__name__,
)
def test_a_hidden_thing_counts_if_it_was_invented_before_and_by_no_rule(scene_of, cheat):
    assert score(cheat, "past", scene_of("past")) <= 2.0


@pytest.mark.parametrize("task", WALKS)
def test_a_walk_comes_back_to_the_poses_of_its_way_out(task):
    poses, given = path_poses(clip(task), worlds.SPEC)
    assert given == 1
    far = max(np.hypot(pose.x, pose.z) for pose in poses)
    assert {"walk": 1.4, "loop": tasks.SIDE * 2**0.5, "past": 1.2}[task] <= far + 1e-3 <= 5.7
    if task == "past":
        assert poses.count(poses[-1]) > 2
    else:
        assert poses[-1] == CameraPose()
        assert all(poses.count(pose) > 1 for pose in poses)


def test_only_worlds_that_walk_are_asked_to():
    for axes, walks in ((AXES, True), (LOOK_AXES, False)):
        spec = class_spec("", 16.0, axes)
        assert {TASKS[name].suits(spec, ()) for name in WALKS} == {walks}
    assert set(WALKS) <= {asked.task for asked in PRESETS["quick"]}


def test_an_enlarged_view_is_recognised_as_such(scene_of):
    first = scene_of("walk").first_view
    flat = flat_view(first, CameraPose(), 1.37, -11.0)
    assert likest_flat(first, flat, EVERYWHERE, CameraPose()) > 28.0
    assert likest_flat(first, flat[::-1], EVERYWHERE, CameraPose()) < 20.0


def test_displacements_are_those_of_the_picture(scene_of):
    first = scene_of("walk").first_view
    shifted = np.roll(first, 5, axis=1)
    found = [away for _, away in displacements(shifted, first, EVERYWHERE, 1.0 * EVERYWHERE)]
    assert np.median(found) == 5.0


@pytest.mark.parametrize("kind", ["lake", "canal", "sea"])
def test_no_way_leads_through_water(kind):
    layout = replace(lay_out("outdoor", 1), items=(Item(kind, 0.0, 4.0, scale=1.5),))
    renderer = SceneRenderer(layout)
    assert [walk_scenes._is_free(renderer, [(0.0, z)]) for z in (0.5, 3.8)] == [True, False]


@pytest.mark.parametrize(("foot", "is_free"), [(1.3, False), (0.2, False), (2.0, True)])
def test_no_way_leads_through_what_hangs_at_the_height_of_a_body(foot, is_free):
    layout = replace(lay_out("video game", 1), items=(Item("platform", 0.5, 3.0, foot=foot),))
    assert walk_scenes._is_free(SceneRenderer(layout), [(0.0, 3.0)]) is is_free


@pytest.mark.parametrize("kind", ["street lamp", "oak", "bench"])
def test_a_way_keeps_as_far_from_things_as_walkers(kind):
    layout = replace(lay_out("outdoor", 1), items=(Item(kind, 0.0, 3.0),))
    renderer = SceneRenderer(layout)
    seen = [PlacedObject(*thing.plan_entry) for thing in renderer.ring().things]
    scenery = Scenery.of([one for one in seen if one.kind == kind], STANCES, ())
    ways = [round(0.05 * step, 3) for step in range(120)]
    free = [x for x in ways if walk_scenes._is_free(renderer, [(x, 3.0)])]
    assert 0.5 < free[0] < ways[-1]
    assert all(scenery.way((x, 2.0), (x, 3.0), ()) == (x, 3.0) for x in free)
