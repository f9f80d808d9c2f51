"""The evaluation, on worlds whose verdict is known beforehand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.evaluation.__main__ import main
from mag_sandbox.evaluation.bench import adherence, memory_clips, thresholds
from mag_sandbox.evaluation.bench.adherence import Answer, attribute_report
from mag_sandbox.evaluation.bench.asides import measure_zoom, zoom_and_back
from mag_sandbox.evaluation.bench.clips import full_turn, held_out_scene, pan_and_back, record
from mag_sandbox.evaluation.bench.memory_clips import (
    STILL,
    compare,
    equal_pose_pairs,
    returned_views,
)
from mag_sandbox.evaluation.bench.pocket import PocketEvaluation, PocketSettings
from mag_sandbox.evaluation.bench.thresholds import table
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.training.panorama.render import HELD_OUT
from tests.rendered_worlds import (
    SHORT,
    SPEC,
    BlankWorld,
    ForgetfulWorld,
    FrozenWorld,
    PerfectWorld,
)


@pytest.fixture(autouse=True)
def short_clips(monkeypatch) -> None:
    monkeypatch.setattr(memory_clips, "DEGREES", SHORT)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return held_out_scene(1, 0, tmp_path_factory.mktemp("views"))


def remembering(world, scene):
    clip = record(world, scene.scene("prompt"), pan_and_back(SPEC, SHORT))
    return compare(clip, returned_views(clip, world.round_trip), Matching())[0]


def test_a_perfect_world_reaches_the_ceiling(scene):
    found = remembering(PerfectWorld(), scene)
    assert found["refused"] is None
    assert found["scores"]["recall_percent"] == 100.0
    assert max(found["motion"]["errors_px"]) < 0.2


def test_a_forgetful_world_stays_at_the_floor(scene):
    found = remembering(ForgetfulWorld(), scene)
    assert found["refused"] is None
    assert found["scores"]["recall_percent"] < 10.0


def zooming(world, scene):
    speed = replace(SPEC.full_speed, zoom=30.0, narrowest_fov=60.0)
    world.spec = replace(SPEC, full_speed=speed, axes=("yaw", "pitch", "zoom"))
    return measure_zoom(record(world, scene.scene("image"), zoom_and_back(world.spec)), scene)


def test_a_perfect_world_shows_what_the_renderer_shows_closer(scene):
    measure = zooming(PerfectWorld(), scene)
    assert measure["closer_psnr_db"] == 60.0  # dB, the most that is told
    assert measure["return_psnr_db"] == 60.0
    assert measure["gradient_ratio"] == pytest.approx(1.0)


def test_a_world_that_stands_still_does_not_pass_for_one_that_zooms(scene):
    measure = zooming(FrozenWorld(), scene)
    assert measure["return_psnr_db"] == 60.0
    assert measure["closer_psnr_db"] < 20


def test_a_world_without_zoom_is_not_asked_to():
    with pytest.raises(ValueError, match="cannot zoom"):
        zoom_and_back(SPEC)


@pytest.mark.parametrize("world", [FrozenWorld, BlankWorld])
def test_a_picture_that_does_not_move_as_commanded_is_refused(world, scene):
    assert remembering(world(), scene)["refused"] == STILL


def test_only_bit_equal_poses_away_from_the_turning_point_are_compared(scene):
    clip = record(PerfectWorld(), scene.scene("prompt"), pan_and_back(SPEC, 160.0))
    pairs = equal_pose_pairs(clip)
    assert all(clip.poses[out] == clip.poses[back] for out, back in pairs)
    assert max(clip.poses[out].yaw for out, _ in pairs) == pytest.approx(146.67, abs=0.01)
    assert min(clip.poses[out].yaw for out, _ in pairs) == 0.0


def evaluate(open_world, sheets: Path | None = None, **settings) -> dict:
    settings = PocketSettings(sheets=sheets, **settings)
    lines: list[str] = []
    return PocketEvaluation(settings, open_world, Classifier.load(), lines.append).run()


def test_a_world_that_remembers_and_obeys_meets_every_bar(tmp_path, monkeypatch):
    monkeypatch.setattr(adherence, "FEWEST", 4)  # so that few prompts are enough here
    monkeypatch.setattr(thresholds, "DRIFT_MINUTES", 1.0)  # as many as whole turns need here
    settings: list[MemorySetting] = []

    def open_world(setting: MemorySetting):
        settings.append(setting)
        return PerfectWorld(setting) if setting.policy != "window" else ForgetfulWorld(setting)

    policies = ("mag-retrieve", "window", "window-equal")
    result = evaluate(open_world, tmp_path, clips=1, prompts=16, memory=policies, drift_minutes=1.0)
    assert {name: bar["met"] for name, bar in result["bars"].items() if not bar["met"]} == {}
    windows = [setting.window_blocks for setting in settings if setting.policy == "window"]
    assert windows == [2, 4]  # 10 frames fill 4 blocks
    assert json.loads(json.dumps(result)) == result
    lines = "\n".join(table(result))
    assert "around and around for 1 min" in lines
    assert "all attributes" in lines
    names = {path.name for path in tmp_path.iterdir()}
    assert {"image-0-mag-retrieve.png", "prompt-0-window.png"} <= names


def test_a_frozen_world_misses_its_bars():
    result = evaluate(FrozenWorld, clips=1, prompts=1, memory=("mag-retrieve",), drift_minutes=0)
    for name in ("return_psnr.image", "motion_mean.prompt"):
        assert result["bars"][name]["met"] is False
    assert result["bars"]["above_window.image"]["value"] is None
    policy = result["kinds"]["image"]["policies"]["mag-retrieve"]
    assert policy["scores"] == {}
    assert result["drift"] is result["bars"]["drift"]["met"] is None  # left out, so not measured
    assert "refused" in "\n".join(table(result))
    assert "rest" not in result  # nothing moves in it, so it is not asked to
    assert not [name for name in result["bars"] if name.endswith(".rest")]
    assert "renders_still" not in result["round_trip_db"]
    assert "still_psnr_db" not in policy["unguarded"]


def test_clips_too_short_to_turn_around_in_are_refused_before_anything_is_played():
    worlds: list[PerfectWorld] = []

    def open_world(setting: MemorySetting) -> PerfectWorld:
        worlds.append(PerfectWorld(setting))
        return worlds[-1]

    with pytest.raises(ValueError, match="too short to turn around"):
        evaluate(open_world, clips=1, drift_minutes=0.1)
    assert [world.closed for world in worlds] == [True]
    assert not hasattr(worlds[0], "_made")  # no scene was begun


def test_attributes_of_all_captions_are_pooled_and_the_category_is_none():
    both, one, none = Answer(True, True), Answer(False, True), Answer(False, False)
    pooled = attribute_report(
        [
            {"category": none, "outdoor.weather": both, "outdoor.light": both, "outdoor.time": one},
            {"category": both},  # names nothing
            {"category": both, "object.light": none},
        ]
    )
    share = pooled.pop("share")
    assert pooled == {"asked": 4, "found": 2, "found_on_renders": 3}
    assert share["mean"] == 0.5  # of answers, not of pictures
    assert 0 == share["low"] < share["high"] == pytest.approx(2 / 3)


def test_captions_that_name_no_attribute_have_no_share():
    pooled = attribute_report([{"category": Answer(True, True)}])
    assert pooled == {"asked": 0, "found": 0, "found_on_renders": 0, "share": None}


@pytest.mark.parametrize(("right", "met"), [(17, True), (16, False)])
def test_85_percent_of_the_attributes_are_to_be_found(right, met):
    answers = [{"indoor.light": Answer(index < right, True)} for index in range(20)]
    share = attribute_report(answers)["share"]["mean"]
    assert thresholds.OVERALL["adherence"].met(share) is met


def test_clips_shorter_than_the_bar_asks_for_do_not_pass_it():
    drift = {"drift": {"mean": 0.01, "low": 0.0, "high": 0.02}}
    share = {"share": {"mean": 0.9, "low": 0.8, "high": 1.0}}
    result = {
        "settings": {"drift_minutes": 1.0},
        "kinds": {},
        "round_trip_db": {"renders": 40.0},
        "adherence": {"recovered": [], "attributes": share},
        "drift": drift,
    }
    assert thresholds.verdicts_of(result, "mag", "window")["drift"]["met"] is None
    result["settings"]["drift_minutes"] = 3.0
    assert thresholds.verdicts_of(result, "mag", "window")["drift"]["met"] is True


def test_a_seed_chooses_the_scenes(tmp_path):
    first, again, other = (held_out_scene(2, seed, tmp_path) for seed in (0, 0, 1))
    assert first.caption == again.caption
    assert np.array_equal(first.first_view, again.first_view)
    assert not np.array_equal(first.first_view, other.first_view)
    assert first.panorama.seed >= HELD_OUT


@pytest.mark.parametrize(
    "arguments",
    [
        ["--clips", "0"],
        ["--memory", "elephant"],
        ["--memory", "window-equal"],
        ["--seed", "-1"],
        ["--drift", "-1"],
        ["--weights", "nowhere"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(["pocket", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_paths_are_whole_blocks_and_half_turns_whole_frames():
    spec = replace(SPEC, fps=4.0)
    assert [leg.blocks for leg in pan_and_back(spec)] == [10, 1, 10]
    (leg,) = full_turn(spec)
    turn = spec.full_speed.step(leg.command, spec.fps)[0]
    assert 180 / turn == pytest.approx(round(180 / turn), abs=0.01)
    assert leg.blocks * spec.block_length * turn >= 360 - 0.1
    assert np.isclose(leg.command.yaw, 1.0)
