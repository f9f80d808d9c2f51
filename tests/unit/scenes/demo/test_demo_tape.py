"""A tape turns what was said into whole blocks; a camera that returns is bit-equal."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mag_sandbox.controls.camera import (
    LOOK_AXES,
    WALK_AXES,
    CameraCommand,
    CameraPose,
    CameraSpeed,
    move,
    mutual_overlap,
)
from mag_sandbox.evaluation.similarity import anchors
from mag_sandbox.scenes.demo import tape as demo_tape
from mag_sandbox.scenes.demo.demo import check_names
from mag_sandbox.scenes.demo.script import MemoryAsk, parse_script
from mag_sandbox.scenes.demo.steering import Rig
from mag_sandbox.scenes.demo.tape import Block, Enter, Mark, Probe, SetAnchor, Tape, tape_of
from mag_sandbox.scenes.demo.words import ScriptError

POLICIES = ("mag-retrieve", "window")
RIG = Rig(16.0, 3, CameraSpeed(40.0, 20.0), ("yaw", "pitch"), POLICIES)
IN_WORDS = Rig(16.0, 3, CameraSpeed(40.0, 20.0), LOOK_AXES, POLICIES)  # steered by text
ZOOMING = Rig(16.0, 3, CameraSpeed(40.0, 20.0, 30.0, 60.0), LOOK_AXES, POLICIES)
TURNS = st.floats(5.0, 90.0), st.floats(5.0, 45.0)
RATES, LENGTHS = st.sampled_from([8.0, 12.5, 16.0, 24.0, 30.0]), st.sampled_from([1, 2, 3, 4, 12])
RIGS = st.builds(
    Rig,
    RATES,
    LENGTHS,
    st.builds(CameraSpeed, *TURNS),
    st.just(("yaw", "pitch")),
    st.just(POLICIES),
)
ZOOMING_RIGS = st.builds(
    Rig,
    RATES,
    LENGTHS,
    st.builds(CameraSpeed, *TURNS, st.floats(2.0, 90.0), st.floats(20.0, 59.0)),
    st.just(LOOK_AXES),
    st.just(POLICIES),
)
WALKING = Rig(16.0, 3, CameraSpeed(40.0, 20.0, walk=2.8), ("yaw", "pitch", *WALK_AXES), POLICIES)
HOUSE = replace(WALKING, kinds=("door",))
FACTORS = st.decimals("1.001", "1.5", places=3)
DEGREES = st.decimals(1, 170, places=3)
ANGLES = st.decimals(1, 26, places=3)


def tape(text: str, rig: Rig = RIG) -> Tape:
    return tape_of(parse_script(text), rig, "meadow")


def commands(made: Tape) -> list[CameraCommand]:
    return [item.command for item in made.items if isinstance(item, Block)]


def end_of(made: Tape, rig: Rig = RIG) -> CameraPose:
    pose = CameraPose()
    for command in commands(made):
        pose = move(pose, command, rig.full_speed, rig.fps, rig.block_length)[-1]
    return pose


def test_full_speed_is_the_whole_command():
    assert commands(tape("pan right 75deg")) == [CameraCommand(yaw=1.0)] * 10


def test_an_angle_ends_within_a_tick_of_what_was_said():
    assert end_of(tape("pan left 33.3deg; tilt up 7.7deg")).yaw == pytest.approx(326.7, abs=0.002)
    assert end_of(tape("tilt up 7.7deg")).pitch == pytest.approx(7.7, abs=0.002)


def test_a_pan_is_as_even_as_it_can_be():
    speeds = {command.yaw for command in commands(tape("pan right 10deg"))}
    assert max(speeds) - min(speeds) < 0.001


def test_durations_are_whole_blocks():
    assert commands(tape("hold 1s")) == [CameraCommand()] * 5
    assert len(commands(tape("hold 0.01s"))) == 1
    assert tape("hold 1s").blocks == 6  # the first one comes by itself
    assert tape("hold 1s").seconds == pytest.approx(6 * 3 / 16)


def test_a_speed_slows_turns_down():
    assert len(commands(tape("speed 10deg/s; pan right 30deg"))) == 16
    assert commands(tape("speed 10deg/s; pan right 1s; speed full; pan right 1s"))[-1].yaw == 1.0


@given(RIGS, DEGREES, DEGREES, st.integers(1, 4))
def test_turns_that_add_up_to_nothing_end_bit_equal(rig, first, second, times):
    text = f"""
        repeat {times} {{ pan right {first}deg; pan left {second}deg }}
        repeat {times} {{ pan left {first}deg }}
        pan right {second * times}deg
    """
    assert end_of(tape(text, rig), rig) == CameraPose()


@given(RIGS, ANGLES, DEGREES, st.integers(1, 12))
def test_going_to_an_anchor_ends_bit_equal(rig, angle, degrees, seconds):
    text = f"tilt up {angle}deg; pan left {degrees}deg; anchor a"
    away = f"{text}; wander {seconds}s seed 3; pan right 200deg; go a; probe a"
    assert end_of(tape(away, rig), rig) == end_of(tape(text, rig), rig)
    assert end_of(tape(f"{away}; home", rig), rig) == CameraPose()


@given(RIGS, st.integers(1, 15), st.integers(1, 99))
@settings(max_examples=15, deadline=None)
def test_a_walk_takes_its_time_and_stays_in_sight_of_the_horizon(rig, seconds, seed):
    made = tape(f"wander {seconds}s seed {seed}", rig)
    wanted = Fraction(seconds) / Fraction(rig.block_seconds)  # exact: halves round alike
    assert len(commands(made)) == max(1, round(wanted))
    assert tape(f"wander {seconds}s seed {seed}", rig) == made
    pose = CameraPose()
    for command in commands(made):
        poses = move(pose, command, rig.full_speed, rig.fps, rig.block_length)
        step = rig.full_speed.step(command, rig.fps)[1]
        assert poses[0].pitch == pose.pitch + step  # never stopped by the limit
        pose = poses[-1]


def test_a_full_turn_closes():
    assert end_of(tape("pan right 360deg")) == CameraPose()


def test_turns_by_time_return_too():
    assert end_of(tape("pan right 3.3s; tilt up 1s; pan left 3.3s; tilt down 1s")) == CameraPose()


def test_going_home_takes_the_short_way():
    assert len(commands(tape("pan right 300deg; home"))) == 40 + 8


def test_recorded_controls_are_kept_to_the_bit():
    yaw, pitch = 0.12345678901234568, -1e-05
    assert commands(tape(f"control {yaw!r} {pitch!r} x2")) == [CameraCommand(yaw, pitch)] * 2
    away = "control 0.3 0.7 x9; home"
    assert end_of(tape(away)) == CameraPose()


def test_a_prompt_and_a_memory_come_with_the_next_block_only():
    first, second = tape('prompt "B."; memory window 4 blocks; hold 0.4s').items
    assert (first.prompt, first.memory) == ("B.", MemoryAsk("window", window_blocks=4))
    assert (second.prompt, second.memory) == (None, None)


def test_what_is_said_last_is_still_heard():
    (block,) = tape('prompt "B."').items
    assert block == Block(CameraCommand(), "B.")


def test_repeats_are_unrolled():
    made = tape('repeat 2 { mark "m"; repeat 3 { hold 0.2s } }')
    assert made.items.count(Mark("m")) == 2
    assert len(commands(made)) == 6


def test_a_scene_that_was_left_goes_on_with_a_block():
    made = tape("anchor a; scene kitchen; hold 0.2s; scene meadow; probe a")
    still = Block(CameraCommand())
    assert made.items == (
        SetAnchor("a"),
        Enter("kitchen", again=False),
        still,
        Enter("meadow", again=True),
        still,
        Probe("a"),
    )
    assert made.blocks == 4


def test_a_memory_holds_in_every_scene():
    made = tape("memory window; scene kitchen; hold 0.2s; scene meadow")
    asked = [item.memory for item in made.items if isinstance(item, Block)]
    assert asked == [MemoryAsk("window"), MemoryAsk("window"), None]


def test_a_factor_is_whole_blocks_at_full_zoom_speed():
    made = tape("zoom in 1.5", ZOOMING)
    assert end_of(made, ZOOMING) == CameraPose(fov=60.0)
    zooms = [command.zoom for command in commands(made)]
    assert len(zooms) == 6  # 30 degrees at 30 degrees a second
    assert max(zooms) - min(zooms) < 0.001
    assert end_of(tape("zoom in 1.2; zoom in 1.25", ZOOMING), ZOOMING).fov == pytest.approx(60.0)
    assert end_of(tape("speed 7deg/s; zoom in 1.5", ZOOMING), ZOOMING).fov == 60.0


@given(ZOOMING_RIGS, FACTORS, ANGLES, DEGREES, st.integers(1, 3))
def test_zooming_in_and_out_again_ends_bit_equal(rig, factor, angle, degrees, times):
    there = f"zoom in {factor}; tilt up {angle}deg; pan left {degrees}deg"
    back = f"pan right {degrees}deg; zoom out {factor}; tilt down {angle}deg"
    text = f"repeat {times} {{ {there}; {back} }}"
    assert end_of(tape(text, rig), rig) == CameraPose()
    close = f"pan left {degrees}deg; zoom in {factor}; anchor a"
    away = f"{close}; wander 4s seed 3; zoom out {factor}; home; hold 1s; go a; probe a"
    assert end_of(tape(away, rig), rig) == end_of(tape(close, rig), rig)
    assert end_of(tape(f"{away}; home", rig), rig) == CameraPose()


@given(ZOOMING_RIGS)
def test_all_the_way_in_is_never_more_than_the_camera_can(rig):
    most = Fraction(90) / Fraction(rig.full_speed.narrowest_fov)
    factor = math.floor(most * 1000) / 1000
    made = tape(f"zoom in {factor}", rig)
    pose = CameraPose()
    for command in commands(made):
        step = rig.full_speed.step(command, rig.fps)[2] * rig.block_length
        assert pose.fov + step >= rig.full_speed.narrowest_fov  # never stopped by the limit
        pose = move(pose, command, rig.full_speed, rig.fps, rig.block_length)[-1]
    assert end_of(tape(f"zoom in {factor}; zoom out {factor}", rig), rig) == CameraPose()


def test_controls_zoom_as_they_were_recorded():
    assert commands(tape("control 0 0 0.3 x2", ZOOMING)) == [CameraCommand(zoom=0.3)] * 2
    away = "control 0.3 0.7 0.9 x9; home"
    assert end_of(tape(away, ZOOMING), ZOOMING) == CameraPose()
    assert end_of(tape("control 0 0 1 x99; zoom out 1.5", ZOOMING), ZOOMING) == CameraPose()


def test_a_world_steered_by_text_hears_of_zoom():
    made = tape("zoom in 1.5; anchor a; home; zoom out 2; go a", IN_WORDS)
    zooms = [command.zoom for command in commands(made)]
    doublings = [zoom * IN_WORDS.block_seconds for zoom in zooms]
    assert sum(doublings) == pytest.approx(math.log2(1.5))
    assert max(zooms) > 0 > min(zooms)


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        (1, "zoom in 1.6", "zooms in 1.6 times in all, at most 1.5 are possible; zoom in less"),
        (14, "zoom in 1.2; zoom in 1.3", "zooms in 1.56 times in all"),
        (1, "zoom out 1.5", "zooms out 1.5 times, at most 1 are possible here; zoom out less"),
        (14, "zoom in 1.2; zoom out 1.3", "at most 1.2 are possible here"),
        (25, "anchor a; zoom in 1.5;  probe a", 'the view shows 44% of "a" here'),
        (37, "zoom in 1.5; anchor a; zoom out 1.5;probe a", "come back to it first"),
    ],
)
def test_zoom_beyond_what_the_world_can_is_refused(column, text, message):
    with pytest.raises(ScriptError) as caught:
        tape(text, ZOOMING)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (1, column)


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        (10, "hold 1s; zoom in 1.5", "this world cannot zoom; leave the line out"),
        (1, "control 0 0 0.5", "this world cannot zoom"),
        (1, "tilt up 28deg", "looks 28 degrees up or down, at most 27 are possible"),
        (16, "tilt up 20deg; tilt up 8deg", "looks 28 degrees"),
        (28, "anchor a; pan right 90deg; probe a", 'the view shows 0% of "a" here'),
        (26, "anchor a; tilt up 26deg; probe a", "come back to it first"),
        (1, "speed 41deg/s", "turns at most 40 degrees a second"),
        (20, "speed 0.001deg/s;  pan right 1deg", "too slow to be seen"),
        (1, "memory winow", 'memory policy "winow" not found (did you mean "window"?)'),
        (1, "hold 900000s", "takes more than 6 hours"),
    ],
)
def test_what_a_world_cannot_do_is_refused_before_anything_runs(column, text, message):
    with pytest.raises(ScriptError) as caught:
        tape(text)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (1, column)


def test_a_turn_that_would_never_end_is_refused(monkeypatch):
    monkeypatch.setattr(demo_tape, "MAX_SECONDS", 360.0)
    with pytest.raises(ScriptError, match=r"takes more than 0\.1 hours"):
        tape("pan right 900000s")


def test_repeats_that_would_never_end_are_refused(monkeypatch):
    monkeypatch.setattr(demo_tape, "MAX_ITEMS", 2000)
    with pytest.raises(ScriptError, match="or 2000 steps; shorten it"):
        tape("repeat 100000 { repeat 100000 { speed full } }")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("probe a", 'no anchor "a" in scene "meadow"; set before this: none yet'),
        ("anchor here; go hre", 'no anchor "hre" in scene "meadow" (did you mean "here"?)'),
        ("anchor a; scene kitchen; probe a", 'no anchor "a" in scene "kitchen"'),
        ("scene kichen", 'scene "kichen" not found (did you mean "kitchen"?)'),
        ("anchor a; repeat 2 { go a; scene kitchen }", 'no anchor "a" in scene "kitchen"'),
    ],
)
def test_a_name_that_is_not_there_is_refused_when_read(text, message):
    with pytest.raises(ScriptError) as caught:
        check_names(parse_script(text), "meadow", ("kitchen",))
    assert message in str(caught.value)


def test_anchors_wait_in_the_scene_that_was_left():
    text = "anchor a; scene kitchen; anchor b; probe b; scene meadow; probe a"
    check_names(parse_script(text), "meadow", ("kitchen",))


def test_a_probe_asks_for_as_much_as_the_evaluation_does():
    assert demo_tape.SEEN == anchors.SEEN


STEPS = st.sampled_from(
    [
        *("anchor a", "anchor b", "probe a", "go a", "go b", "home", "hold 0.5s", "speed full"),
        *("pan left 33.3deg", "pan right 3s", "tilt up 9deg", "tilt down 7.7deg", "speed 7deg/s"),
        *("wander 3s seed 2", "control 0.3 -0.9 x5", "scene kitchen", "scene meadow"),
        *('prompt "x"', "memory window", 'mark "m"', "repeat 2 { pan left 10deg; home }"),
    ]
)


@given(st.lists(STEPS, min_size=1, max_size=14))
def test_whatever_is_said_a_probe_finds_its_view_and_blocks_are_counted(steps):
    try:
        made = tape("; ".join(steps))
    except ScriptError:
        return
    poses, anchored, here = {"meadow": CameraPose()}, {}, "meadow"
    for item in made.items:
        match item:
            case Block(command):
                poses[here] = move(poses[here], command, RIG.full_speed, RIG.fps, 3)[-1]
            case Enter(name):
                here = name
                poses.setdefault(name, CameraPose())
            case SetAnchor(name):
                anchored[here, name] = poses[here]
            case Probe(name):
                assert mutual_overlap(anchored[here, name], poses[here]) >= anchors.SEEN
    firsts = sum(isinstance(item, Enter) and not item.again for item in made.items)
    assert made.blocks == 1 + firsts + len(commands(made))


def walked(text: str) -> list[CameraPose]:
    """Return the poses at which the commands of a script end."""
    poses = [CameraPose()]
    for command in commands(tape(text, WALKING)):
        poses.append(move(poses[-1], command, WALKING.full_speed, 16.0, 3)[-1])
    return poses


def test_walks_end_where_they_should_and_return_to_the_bit():
    there = walked("pan right 30deg; walk forward 1.2m")[-1]
    assert math.hypot(there.x, there.z) == pytest.approx(1.2, abs=0.001)
    assert math.degrees(math.atan2(there.x, there.z)) == pytest.approx(30.0, abs=0.1)
    path = "pan right 30deg; walk forward 1.2m; walk left 1s; anchor a; pan left 100deg; "
    for back in ("go a; walk right 1s; walk back 1.2m; pan left 30deg", "home"):
        assert walked(path + back)[-1] == CameraPose()
    assert walked(path + "go a; probe a")[-1] in walked(path)


def test_a_run_takes_half_as_many_blocks_and_returns_to_the_bit():
    walk, run = (walked(f"pan right 30deg; {pace} forward 3m") for pace in ("walk", "run"))
    assert len(walk) - len(run) == pytest.approx(3 / 1.4 * 16 / 3 / 2, abs=1.0)
    assert (walk[-1].x, walk[-1].z) == pytest.approx((run[-1].x, run[-1].z), abs=0.001)
    assert walked("run left 1s; run forward 2m; walk back 2m; run right 1s")[-1] == CameraPose()


def test_control_lines_walk_too():
    assert walked("control 0 0 0 1 x4; control 0 0 0 -1 x4")[-1] == CameraPose()
    assert walked("control 0 0 0 0 0.5 x4; home")[-1] == CameraPose()


@pytest.mark.parametrize("text", ["walk forward 1m", "control 0 0 0 1"])
def test_a_world_that_cannot_walk_says_so(text):
    with pytest.raises(ScriptError, match="this world cannot walk"):
        tape(text)
    with pytest.raises(ScriptError, match="walk less"):
        tape("walk forward 2000m", WALKING)


def after_a_door(text: str) -> list[Block]:
    """Return the blocks of a script from the one that enters a room on."""
    blocks = [item for item in tape(text, HOUSE).items if isinstance(item, Block)]
    (first,) = (place for place, block in enumerate(blocks) if block.edit)
    return blocks[first:]


@pytest.mark.parametrize("first", ["pan left 30deg", "control -0.5 0.2 x3", "hold 1s; run left 1m"])
def test_after_a_door_home_is_where_the_player_comes_in(first):
    entering, *others = after_a_door(f"pan right 90deg; walk forward 1m; enter; {first}; home")
    pose = CameraPose()
    for block in others:
        pose = move(pose, block.command, HOUSE.full_speed, HOUSE.fps, HOUSE.block_length)[-1]
    assert pose == CameraPose()
    if not first.startswith("control"):
        assert entering.command == CameraCommand(), "the world does not move while it enters"


def test_controls_of_a_recording_enter_with_their_own_block():
    assert len(after_a_door("enter; control 0.5 0 x3")) == 3


def test_anchors_are_left_behind_in_their_room():
    with pytest.raises(ScriptError, match='no anchor "a"'):
        tape("anchor a; enter; go a", HOUSE)
