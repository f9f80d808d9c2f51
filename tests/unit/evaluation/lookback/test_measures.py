"""A world that keeps what it is shown scores all there is; worlds that cheat score nothing."""

import numpy as np
import pytest

from mag_sandbox.evaluation.lookback.measures import SENTENCES, measured
from mag_sandbox.evaluation.lookback.participants import Player
from mag_sandbox.evaluation.lookback.playing import play
from mag_sandbox.evaluation.lookback.tasks import SCORED, TASKS, ClipPlan, Round, SceneSplit
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.model.world import WorldFailed
from tests import lookback_worlds as worlds
from tests.lookback_worlds import CHEATS, Keeper
from tests.unit.evaluation.lookback.conftest import INDEX, SECRET

pytestmark = pytest.mark.slow

ALL = frozenset({"shown", "carried", "prompted"})


def asked(task: str, **more) -> ClipPlan:
    split = SceneSplit(SECRET)
    number, lot = split.scene(INDEX), split.drawn("lot", INDEX)
    return ClipPlan(Round(task, 1, **more), INDEX, number, "video game", private=False, lot=lot)


def look(views):
    return np.ones((len(views), 24, 40), int)


def worth(world, plan, another=None):
    """Play the unseen twin and the clip, as the benchmark does."""
    player = Player(world, ALL)
    unseen = play(player, plan.twin, world.scene) if plan.task.twinned else None
    take = play(player, plan, world.scene, another=another)
    return measured(plan, take, Matching(), look, unseen)


def score(world, task: str) -> float:
    """Return the score of a clip, where refused and failed ones count as 0."""
    try:
        found = worth(world, asked(task, places=1, away=1.0))
    except WorldFailed:
        return 0.0
    return 0.0 if found.refused else found.scores["score"]


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if not task.walks])
def test_a_world_that_keeps_what_it_is_shown_scores_all_there_is(scene, task):
    another = (lambda: Player(Keeper(scene), ALL)) if TASKS[task].carried else None
    found = worth(Keeper(scene), asked(task, places=1, away=1.0), another=another)
    assert found.refused is None
    assert found.scores["score"] == pytest.approx(100.0, abs=2.0)
    if task not in ("edited", "change"):
        assert found.scores["match_unique"] > 0.9
        assert found.scores["timing_error_s"] <= 1 / worlds.FPS
        assert found.scores["objects_kept"] == 1.0


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_a_cheat_scores_nothing(scene, cheat):
    assert score(cheat(scene), "given") <= 2.0


@pytest.mark.parametrize("task", sorted(SCORED - {"given", "moved"}))
def test_no_task_of_the_score_is_won_without_what_was_shown(scene, task):
    assert score(worlds.RandomBlocks(scene), task) <= 2.0


@pytest.mark.parametrize("cheat", worlds.RULES, ids=lambda cheat: cheat.__name__)
def test_what_an_unseen_twin_shows_as_well_earns_nothing(scene, cheat):
    assert score(cheat(scene), "return") <= 2.0


@pytest.mark.parametrize("cheat", [worlds.StuckToTheScreen, worlds.ForgetsEdits])
def test_a_placed_object_counts_where_it_was_placed_and_nowhere_else(scene, cheat):
    assert score(cheat(scene), "edited") <= 2.0


def test_a_world_that_freezes_while_it_is_not_looked_at_scores_nothing(scene):
    found = worth(worlds.FreezesWhileAway(scene), asked("tour", places=1))
    assert found.refused == SENTENCES["obeys"]


def test_a_world_whose_time_stands_still_has_its_memory_counted_but_no_change(scene):
    changed = worth(worlds.Stopped(scene), asked("change", away=1.0))
    assert changed.refused is None
    assert changed.scores["score"] <= 2.0
    assert changed.scores["still_psnr_db"] > 50.0


def test_bytes_are_those_of_a_snapshot_and_nothing_else_survives_it(scene):
    found = worth(Keeper(scene), asked("moved"), another=lambda: Player(Keeper(scene), ALL))
    assert found.scores["state_mib"] == pytest.approx(1.0, rel=0.02)
    assert found.scores["db_per_mib"] == pytest.approx(
        found.scores["psnr_db"] - found.scores["floor_db"], rel=0.02
    )


def test_frames_are_chosen_by_a_lot_that_no_participant_knows(scene):
    one, other = (ClipPlan(Round("given", 1), INDEX, 0, "video game", private=False, lot=lot)
                  for lot in (1, 2))  # fmt: skip
    assert one.moves() == one.moves()
    assert one.moves() != other.moves()
