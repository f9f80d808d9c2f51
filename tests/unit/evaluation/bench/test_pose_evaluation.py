"""The pose evaluation, on worlds whose verdict is known beforehand."""

import json

import pytest

from mag_sandbox.controls.camera import HALF_PIXEL, yaw_difference
from mag_sandbox.evaluation import __main__ as command
from mag_sandbox.evaluation.bench.pose import (
    COMMAND_ERRORS,
    PATHS,
    PoseSettings,
    commanded_poses,
    evaluate_poses,
    misled,
    play,
    pose_table,
    wander,
)
from mag_sandbox.scenes import Scene
from tests.rendered_worlds import SPEC, BlankWorld, ForgetfulWorld, FrozenWorld, PerfectWorld

SETTINGS = PoseSettings(seconds=10.0, clips=1)
SCENE = Scene("a room", name="held out 3", category="indoor")


@pytest.fixture(scope="module")
def results() -> dict[str, dict]:
    return {
        world.__name__: evaluate_poses(SETTINGS, world)["paths"]
        for world in (PerfectWorld, ForgetfulWorld, FrozenWorld, BlankWorld)
    }


@pytest.mark.parametrize("path", PATHS)
def test_sessions_go_far_away_and_end_where_they_began(path):
    poses = play(PerfectWorld(), SCENE, path, SETTINGS).poses
    assert abs(yaw_difference(poses[-1].yaw, 0.0)) < HALF_PIXEL
    assert max(abs(yaw_difference(pose.yaw, 0.0)) for pose in poses) > 60.0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("error", COMMAND_ERRORS)
def test_where_pictures_follow_the_camera_so_do_estimates(results, path, error):
    one = results["PerfectWorld"][path][error]
    assert one["estimated"]["p95_yaw"] < 0.8
    assert one["estimated"]["return_yaw"] < 0.2
    assert one["estimated"]["confidence"] > 0.9


def test_commands_alone_are_right_only_if_they_were_told_right(results):
    by_error = results["PerfectWorld"]["out and back"]
    assert by_error["none"]["commands_alone"]["p95_yaw"] < 0.1
    for error in ("30% low", "40% high", "uneven"):
        alone, estimated = by_error[error]["commands_alone"], by_error[error]["estimated"]
        assert alone["mean_yaw"] > 5 * estimated["mean_yaw"]


@pytest.mark.parametrize("error", COMMAND_ERRORS)
def test_recall_with_estimated_poses_is_that_with_exact_ones(results, error):
    recall = results["PerfectWorld"]["out and back"][error]["recall"]
    assert recall["exact_counted"] == recall["estimated_counted"] == recall["paired"] > 0
    assert recall["exact"] == 100.0
    assert recall["difference"] < 10.0


@pytest.mark.parametrize("error", COMMAND_ERRORS)
def test_a_world_that_forgets_is_found_out_with_estimated_poses_too(results, error):
    recall = results["ForgetfulWorld"]["out and back"][error]["recall"]
    assert recall["exact_counted"] == recall["estimated_counted"] > 0
    assert max(recall["exact"], recall["estimated"]) < 10.0


@pytest.mark.parametrize("world", ["FrozenWorld", "BlankWorld"])
def test_a_return_of_a_picture_that_never_moved_is_not_scored(results, world):
    for by_error in results[world].values():
        for one in by_error.values():
            assert one["recall"]["estimated_counted"] == one["recall"]["exact_counted"] == 0


def test_a_frozen_picture_never_leaves_at_all(results):
    assert results["FrozenWorld"]["out and back"]["none"]["recall"]["estimated_returns"] == 0


def test_wrongly_told_commands_are_wrong_by_their_factor():
    session = play(PerfectWorld(), SCENE, "out and back", SETTINGS)
    told = misled(session, (0.5, 0.5), seed=0)
    half = commanded_poses(told, SPEC.full_speed, SPEC.fps)[4][-1]
    assert half.yaw == pytest.approx(session.blocks[4].poses[-1].yaw / 4, abs=0.1)  # and HEADROOM
    assert misled(session, (0.5, 1.5), 1).commands == misled(session, (0.5, 1.5), 1).commands


def test_walks_repeat_and_differ_by_seed():
    assert wander(1, 30) == wander(1, 30) != wander(2, 30)
    assert len(wander(1, 30)) == 30


@pytest.mark.parametrize("wrong", [{"seconds": 1.0}, {"clips": 0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        PoseSettings(**wrong)


def test_the_command_prints_a_table_and_writes_all_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "_opener", lambda weights, execution=None: PerfectWorld)
    file = tmp_path / "numbers" / "pose.json"
    assert command.main(["pose", "--seconds", "4", "--clips", "1", "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert result["settings"] == {"seconds": 4.0, "clips": 1, "seed": 0}
    assert capsys.readouterr().out.endswith("\n".join(pose_table(result)) + "\n")
    assert [one.name for one in file.parent.iterdir()] == ["pose.json"]


def test_the_command_refuses_in_one_line(capsys):
    assert command.main(["pose", "--seconds", "1"]) == 2
    assert capsys.readouterr().err == "error: seconds is 1.0, expected 4 to 600\n"
