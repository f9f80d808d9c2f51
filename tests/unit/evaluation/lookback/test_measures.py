"""The renderer itself scores all there is; who cheats scores nothing."""

import numpy as np
import pytest

from mag_sandbox.evaluation.lookback.measures import SENTENCES, measured
from mag_sandbox.evaluation.lookback.participants import Player
from mag_sandbox.evaluation.lookback.playing import play
from mag_sandbox.evaluation.lookback.tasks import TASKS, ClipPlan, Round, SceneSplit
from mag_sandbox.evaluation.magbench.evaluate import Matching
from tests import lookback_worlds as worlds
from tests.lookback_worlds import CHEATS, Renderer
from tests.unit.evaluation.lookback.conftest import INDEX

ALL = frozenset({"shown", "carried", "prompted"})


def asked(task: str, **more) -> ClipPlan:
    number = SceneSplit().scene(INDEX)
    return ClipPlan(Round(task, 1, **more), INDEX, number, "video game", private=False)


def look(views):
    return np.ones((len(views), 24, 40), int)


def worth(world, plan, able=ALL, another=None):
    take = play(Player(world, able), plan, world.scene, another=another)
    return measured(plan, take, Matching(), look)


@pytest.mark.parametrize("task", TASKS)
def test_the_renderer_itself_scores_all_there_is(scene, task):
    another = (lambda: Player(Renderer(scene), ALL)) if TASKS[task].carried else None
    found = worth(Renderer(scene), asked(task, places=1, away=1.0), another=another)
    assert found.refused is None
    assert found.scores["score"] == pytest.approx(100.0)
    assert found.scores["match_unique"] == 1.0
    assert found.scores["timing_error_s"] == 0.0
    assert found.scores["objects_kept"] == 1.0


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_who_cheats_scores_nothing(scene, cheat):
    found = worth(cheat(scene), asked("return"))
    assert found.refused is not None or found.scores["score"] <= 2.0, found.scores


@pytest.mark.parametrize("cheat", [worlds.MirroredTiles, worlds.AnotherPlaceOnReturn])
def test_nor_does_what_was_shown_come_back_by_a_trick(scene, cheat):
    found = worth(cheat(scene), asked("given"))
    assert found.refused is not None or found.scores["score"] <= 2.0, found.scores


def test_a_world_that_freezes_while_it_is_not_looked_at_scores_nothing(scene):
    found = worth(worlds.FreezesWhileAway(scene), asked("tour", places=1))
    assert found.refused == SENTENCES["obeys"]


def test_a_world_whose_time_stands_still_has_its_memory_counted_but_no_change(scene):
    changed = worth(worlds.Stopped(scene), asked("change", away=1.0))
    assert changed.refused is None
    assert changed.scores["score"] <= 2.0
    assert changed.scores["still_psnr_db"] > 50.0
    assert worth(worlds.Stopped(scene), asked("return")).scores["score"] == pytest.approx(100.0)


def test_bytes_are_those_of_a_snapshot_and_what_is_not_in_it_is_gone(scene):
    found = worth(Renderer(scene), asked("moved"), another=lambda: Player(Renderer(scene), ALL))
    assert found.scores["state_mib"] == pytest.approx(1.0, rel=0.01)
    assert found.scores["db_per_mib"] == pytest.approx(
        found.scores["psnr_db"] - found.scores["floor_db"], rel=0.01
    )
