"""The evaluation, on worlds whose verdict is known beforehand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.options import PocketOptions
from mag_sandbox.evaluation.quality import thresholds
from mag_sandbox.evaluation.quality.pocket import measure
from mag_sandbox.evaluation.quality.scenes import full_turn, held_out_scene
from mag_sandbox.evaluation.quality.thresholds import table
from mag_sandbox.renderer.render import HELD_OUT
from tests.rendered_worlds import SPEC, FrozenWorld, PerfectWorld


def evaluate(open_world, **settings) -> dict:
    lines: list[str] = []
    return measure(PocketOptions(**settings), open_world, lines.append)


def test_a_world_that_obeys_meets_every_bar(monkeypatch):
    monkeypatch.setattr(thresholds, "DRIFT_MINUTES", 1.0)  # as many as whole turns need here
    result = evaluate(PerfectWorld, clips=1, drift=1.0)
    assert {name: bar["met"] for name, bar in result["bars"].items() if not bar["met"]} == {}
    assert json.loads(json.dumps(result)) == result
    assert "around and around for 1 min" in "\n".join(table(result))


def test_what_is_left_out_is_not_measured():
    result = evaluate(FrozenWorld, clips=1, drift=0)
    assert result["drift"] is result["bars"]["drift"]["met"] is None
    assert "rest" not in result  # nothing moves in it, so it is not asked to
    assert not [name for name in result["bars"] if name.endswith(".rest")]


def test_clips_too_short_to_turn_around_in_are_refused_before_anything_is_played():
    worlds: list[PerfectWorld] = []

    def open_world() -> PerfectWorld:
        worlds.append(PerfectWorld())
        return worlds[-1]

    with pytest.raises(ValueError, match="too short to turn around"):
        evaluate(open_world, clips=1, drift=0.1)
    assert [world.closed for world in worlds] == [True]
    assert not hasattr(worlds[0], "_made")  # no scene was begun


def test_clips_shorter_than_the_bar_asks_for_do_not_pass_it():
    drift = {"drift": {"mean": 0.01, "low": 0.0, "high": 0.02}}
    result = {"settings": {"drift_minutes": 1.0}, "round_trip_db": 40.0, "drift": drift}
    assert thresholds.verdicts_of(result)["drift"]["met"] is None
    result["settings"]["drift_minutes"] = 3.0
    assert thresholds.verdicts_of(result)["drift"]["met"] is True


def test_a_seed_chooses_the_scenes(tmp_path):
    first, again, other = (held_out_scene(2, seed, tmp_path) for seed in (0, 0, 1))
    assert first.caption == again.caption
    assert np.array_equal(first.first_view, again.first_view)
    assert not np.array_equal(first.first_view, other.first_view)
    assert first.layout.seed >= HELD_OUT


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clips", "0"],
        ["--world", "elephant"],
        ["--seed", "-1"],
        ["--drift", "-1"],
        ["--weights", "nowhere"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(["pocket", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_half_turns_are_whole_frames():
    spec = replace(SPEC, fps=4.0)
    leg = full_turn(spec)
    turn = spec.full_speed.step(leg.command, spec.fps)[0]
    assert 180 / turn == pytest.approx(round(180 / turn), abs=0.01)
    assert leg.blocks * spec.block_length * turn >= 360 - 0.1
    assert np.isclose(leg.command.yaw, 1.0)
