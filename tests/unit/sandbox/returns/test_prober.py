"""The prober hears of a session, looks at it on its own thread and publishes what came back."""

import json
import re
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.edits import ENTER, EVERYTHING, Edit
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.evaluation.similarity.recall import shrunk
from mag_sandbox.model.world import GroundPlan, MemorySetting, WorldState
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.returns import prober as module
from mag_sandbox.sandbox.returns.prober import FULL_RESULTS, MAX_WAITING, Prober
from mag_sandbox.scenes import Scene
from tests.patience import PATIENCE
from tests.rendered_worlds import SPEC, ForgetfulWorld, FrozenWorld, PerfectWorld

SCENE = Scene(prompt="A place.", name="game 1000003", category="video game")
STILL, RIGHT, LEFT = CameraCommand(), CameraCommand(yaw=0.375), CameraCommand(yaw=-0.375)
OUT_AND_BACK = (STILL, *[RIGHT] * 6, STILL, *[LEFT] * 6, STILL, STILL)  # 90 degrees each way


@pytest.fixture
def prober():
    prober = Prober(spec=SPEC)
    yield prober
    prober.close()


def play(prober, world, commands=OUT_AND_BACK, *, end=True):
    session = Session(world, ScriptSource(commands), [prober])
    session.start(SCENE, seed=1)
    while session.advance() is not None:
        assert prober.settle()  # a script is faster than any clock
    if end:
        session.end("left")
    assert prober.settle()
    return session


def result_of(prober, label="place 1"):
    (result,) = [one for one in prober.results if one.label == label]
    return result


def test_a_perfect_world_is_remembered(prober):
    play(prober, PerfectWorld())
    result = result_of(prober)
    assert (result.recall, result.word, result.motion) == (100.0, "remembered", "agrees")
    assert result.policy == "mag-retrieve"
    assert prober.latest is prober.results[-1]


def test_a_world_that_invents_anew_is_forgotten(prober):
    play(prober, ForgetfulWorld())
    assert result_of(prober).word == "forgotten"


def test_a_world_that_repeats_one_frame_gets_no_recall(prober):
    play(prober, FrozenWorld())
    assert prober.results
    assert all(result.recall is None for result in prober.results)
    assert result_of(prober).psnr > 50  # it is the same picture, and does not count


def test_the_window_is_told_of_results(prober):
    told = []
    prober._notify = lambda: told.append(prober.latest)
    play(prober, PerfectWorld())
    assert told == list(prober.results)


def test_anchors_are_published_for_the_map(prober):
    play(prober, PerfectWorld(), [RIGHT] * 6)
    assert [mark.label for mark in prober.anchors] == ["place 1", "place 2"]
    assert not any(mark.in_memory for mark in prober.anchors)  # this world lists no memory
    prober.drop_anchor()
    assert prober.settle()


def test_the_last_anchor_is_the_newest_dropped_one(prober):
    session = play(prober, PerfectWorld(), [RIGHT] * 3, end=False)
    assert prober.last_anchor is None, "places that the game marks by itself are no anchors"
    prober.drop_anchor()
    assert prober.settle()
    assert prober.last_anchor == CameraPose(45.0)
    assert "anchor 1" in [mark.label for mark in prober.anchors]
    session.end("left")


def test_a_dropped_anchor_is_probed_as_such(prober):
    world, source = PerfectWorld(), ScriptSource(OUT_AND_BACK)
    session = Session(world, source, [prober])
    session.start(SCENE, seed=1)
    prober.drop_anchor(kind="script")
    while session.advance() is not None:
        assert prober.settle()
    session.end("left")
    assert prober.settle()
    assert result_of(prober, "anchor 1").kind == "script"


def test_a_restart_forgets_places_and_keeps_results(prober):
    play(prober, PerfectWorld())
    found = prober.results
    play(prober, PerfectWorld(MemorySetting(policy="window")))
    assert len(prober.results) == 2 * len(found)
    assert prober.results[: len(found)] == found
    assert {one.policy for one in prober.results} == {"mag-retrieve", "window"}
    assert [one.number for one in prober.results] == list(range(1, 2 * len(found) + 1))
    prober.reset()
    assert prober.settle()
    assert (prober.latest, prober.anchors, prober.last_anchor) == (None, (), None)
    assert prober.seen.pictures == ()


def test_pictures_cover_what_was_seen(prober):
    play(prober, PerfectWorld(), [RIGHT] * 6, end=False)
    yaws = {round(one.pose.yaw) for one in prober.seen.pictures}
    assert {0, 15, 45, 90} <= yaws
    assert all(one.detail > 0 for one in prober.seen.pictures)


def test_a_picture_of_the_store_can_be_compared_at_its_place_only(prober):
    session = Session(PerfectWorld(), ScriptSource(OUT_AND_BACK), [prober])
    session.start(SCENE, seed=1)
    for _ in range(8):
        session.advance()
    assert prober.settle()
    card = next(one for one in prober.seen.pictures if one.pose == CameraPose())
    assert prober.compare(card).result(PATIENCE) is None  # the camera looks elsewhere
    while session.advance() is not None:
        assert prober.settle()
    result = prober.compare(card).result(PATIENCE)
    assert (result.kind, result.recall) == ("postcard", 100.0)
    assert prober.latest is result


def test_observing_returns_at_once_and_skips_what_is_too_much(prober):
    world = PerfectWorld()
    session = Session(world, ScriptSource([STILL] * 2 * MAX_WAITING), [prober])
    go_on = threading.Event()
    prober._put(lambda: go_on.wait(PATIENCE))  # the prober's thread is busy
    session.start(SCENE, seed=1)
    while session.advance() is not None:
        pass
    assert prober.skipped == MAX_WAITING + 1
    go_on.set()
    assert prober.settle()


def test_old_results_shrink_and_all_are_bounded(prober, monkeypatch):
    monkeypatch.setattr(module, "MAX_RESULTS", FULL_RESULTS + 2)
    play(prober, PerfectWorld(), OUT_AND_BACK, end=False)
    here = next(one for one in prober.seen.pictures if one.pose == CameraPose())
    for _ in range(FULL_RESULTS + 4):
        prober.compare(here)
    assert prober.settle()
    sizes = [one.then.shape[1] for one in prober.results]
    assert sizes == [80, 80, *[320] * FULL_RESULTS]


def away(prober) -> Session:
    """A session that left its first place, with an anchor dropped there by hand."""
    session = Session(PerfectWorld(), ScriptSource(OUT_AND_BACK), [prober])
    session.start(SCENE, seed=1)
    prober.drop_anchor()
    for _ in range(8):
        session.advance()
    assert prober.settle()
    return session


def test_places_outlive_a_parked_scene(prober):
    session = away(prober)
    kept, marks, last = prober.snapshot(), prober.anchors, prober.last_anchor
    session.detach(prober, "parked")
    assert all(array.dtype == np.uint8 for array in kept.arrays.values())
    data = json.loads(json.dumps(kept.data))  # as it comes from a file
    other = Prober(spec=SPEC)
    other.on_start(SimpleNamespace(scene=SCENE), session.advance().block)
    other.restore(WorldState(kept.arrays, data))
    assert other.settle()
    assert other.anchors == marks
    assert other.last_anchor == last
    while (step := session.advance()) is not None:
        other.on_block(None, step.block)
        assert other.settle()
    (result,) = [one for one in other.results if one.label == "anchor 1"]
    assert (result.recall, result.motion) == (100.0, "agrees")
    assert result.seconds_away > 3
    other.close()


def test_anchors_of_a_room_are_kept_while_the_player_is_in_another_one(prober):
    session = Session(PerfectWorld(), ScriptSource(OUT_AND_BACK), [])
    first = session.start(SCENE, seed=1).block
    blocks = [first]
    while (step := session.advance()) is not None:
        blocks.append(step.block)
    out, back = blocks[:8], blocks[8:]

    def show(to, block, room, edited=None):
        memory = replace(block.memory, policy="mag-retrieve")
        ground = GroundPlan(room=room)
        to.on_block(None, replace(block, ground=ground, edited=edited, memory=memory))
        assert to.settle()

    show(prober, out[0], 0)
    prober.drop_anchor()
    for block in out[1:]:
        show(prober, block, 0)
    marks = [mark.label for mark in prober.anchors]
    show(prober, out[-1], 1, ENTER)
    prober.drop_anchor()
    assert prober.settle()
    assert [mark.label for mark in prober.anchors] == ["anchor 2"]
    kept = prober.snapshot()
    other = Prober(spec=SPEC)
    show(other, out[-1], 1)
    other.restore(WorldState(kept.arrays, json.loads(json.dumps(kept.data))))
    for one in (prober, other):
        show(one, back[0], 0, ENTER)
        assert [mark.label for mark in one.anchors] == marks
        for block in back[1:]:
            show(one, block, 0)
        assert result_of(one, "anchor 1").recall == 100.0
    other.close()


def test_anchors_of_a_repainted_place_are_no_sights_until_seen_again(prober):
    session = Session(PerfectWorld(), ScriptSource(OUT_AND_BACK), [])
    blocks = [session.start(SCENE, seed=1).block]
    while (step := session.advance()) is not None:
        blocks.append(step.block)
    prober.on_block(None, blocks[0])
    prober.drop_anchor()
    for block in blocks[1:7]:
        prober.on_block(None, block)
    assert prober.settle()
    start = blocks[0].poses[-1]
    assert any(sight.pose == start for sight in prober.sights)

    everything = Edit("renew", width=EVERYTHING[0], height=EVERYTHING[1])
    prober.on_block(None, replace(blocks[7], edited=everything))
    assert prober.settle()
    assert prober.anchors
    assert not any(sight.pose == start for sight in prober.sights)


def test_places_of_a_damaged_file_are_refused(prober):
    away(prober)
    kept = prober.snapshot()
    text = json.dumps(kept.data)
    for damage in (
        ('"key"', '"door"'),
        ('"picture": 0}', '"picture": 9999}'),
        ('"fov": 90.0', '"fov": 0.0'),
        (re.search('"number": [0-9]+,', text)[0], '"number": "two",'),
    ):
        assert damage[0] in text
        with pytest.raises(ValueError, match="they start over"):
            prober.restore(WorldState(kept.arrays, json.loads(text.replace(*damage))))
    with pytest.raises(ValueError, match="they start over"):
        prober.restore(WorldState({}, kept.data))
    wrong = {"pictures": kept.arrays["pictures"][..., :2]}
    with pytest.raises(ValueError, match="they start over"):
        prober.restore(WorldState(wrong, kept.data))


def test_comparisons_outlive_the_game(prober):
    play(prober, PerfectWorld())
    kept = prober.snapshot()
    data = json.loads(json.dumps(kept.data, allow_nan=False))  # as it comes from a file
    other = Prober(spec=SPEC)
    other.restore(WorldState(kept.arrays, data))
    assert other.settle()
    assert [(one.label, one.recall) for one in other.results] == [
        (one.label, one.recall) for one in prober.results
    ]
    assert other.results[0].now.shape == shrunk(prober.results[0]).now.shape
    other.close()
    with pytest.raises(ValueError, match="they start over"):
        prober.restore(WorldState({}, data))


def test_a_place_that_is_continued_from_its_own_copy_keeps_its_comparisons(prober):
    play(prober, PerfectWorld())
    found = prober.results
    again = Session(PerfectWorld(), ScriptSource([STILL]), [prober])
    again.start(replace(SCENE, image="parked/image.png"), seed=1)
    assert prober.settle()
    assert found
    assert prober.results == found


def test_nothing_seen_yet_is_kept_as_nothing(prober):
    prober.restore(prober.snapshot())
    assert prober.settle()
    assert prober.anchors == ()


def test_closing_twice_is_fine(prober):
    play(prober, PerfectWorld(), [STILL])
    prober.close()
    prober.close()


def test_a_bug_in_one_comparison_does_not_end_the_others(prober, caplog):
    prober._put(lambda: 1 / 0)
    play(prober, PerfectWorld())
    assert prober.anchors
    assert "a comparison failed" in caplog.text


def test_results_are_of_this_scene_alone(prober):
    play(prober, PerfectWorld())
    play(prober, ForgetfulWorld())
    policies = len(prober.results)
    assert policies >= 2, "both times the same scene: they are compared"
    other = Session(PerfectWorld(), ScriptSource([STILL]), [prober])
    other.start(Scene(prompt="Elsewhere.", name="game 1000003", category="video game"), seed=1)
    assert prober.settle()
    assert prober.results == ()
