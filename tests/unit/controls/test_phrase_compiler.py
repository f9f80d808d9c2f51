"""Camera sentences: finitely many, natural, steady while keys jitter, settled soon after."""

import json
import re
from dataclasses import replace
from itertools import product

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.phrase_compiler import (
    AT_REST,
    AXES,
    FAST,
    HOLD,
    MOVES,
    STEADY,
    CameraMotion,
    PhraseSmoother,
    all_motions,
    all_phrases,
    compose,
    scene_prompts,
)
from mag_sandbox.files.validation import decode

FRACTIONS = (-1.0, -0.7, -0.3, -0.01, 0.0, 0.1, 0.4, 0.8)
COMMANDS = [CameraCommand(*axes) for axes in product(FRACTIONS, repeat=3)]
WALKS = [
    CameraCommand(yaw, 0.0, 0.0, *step)
    for yaw, walk in product(FRACTIONS, FRACTIONS)
    for step in ((walk, 0.0), (0.0, walk))
]
LEFT, RIGHT, REST = CameraCommand(yaw=-1.0), CameraCommand(yaw=1.0), CameraCommand()
OPPOSITES = {"left": "right", "up": "down", "in": "out", "forward": "backward"}
SWAPS = {**OPPOSITES, **{after: before for before, after in OPPOSITES.items()}}


def motion_of(command: CameraCommand) -> CameraMotion:
    """What a command means in words, whatever was before; the fastest axis sets the pace."""
    axes = [getattr(command, axis) for axis in AXES]
    speed = max(map(abs, axes))
    pace = "fast" if speed >= FAST else "steady" if speed >= STEADY else "slow"
    ways = [0 if abs(axis) < AT_REST else 1 if axis > 0 else -1 for axis in axes]
    return CameraMotion(*ways[:3], pace if any(ways) else "steady", *ways[3:])


def compile_phrase(command):
    return motion_of(command).phrase


def opposite(command: CameraCommand) -> CameraCommand:
    return CameraCommand(*(-getattr(command, axis) for axis in AXES))


def phrases_of(commands) -> list[str]:
    smoother, phrases = PhraseSmoother(), []
    for command in commands:
        smoother = smoother.after(command)
        phrases.append(smoother.motion.phrase)
    return phrases


@pytest.mark.parametrize(
    ("command", "phrase"),
    [
        (REST, HOLD),
        (CameraCommand(yaw=-0.2), "The camera slowly pans to the left."),
        (CameraCommand(yaw=0.5), "The camera pans to the right."),
        (CameraCommand(pitch=1.0), "The camera quickly tilts up."),
        (CameraCommand(0.3, -0.2), "The camera slowly pans to the right and tilts down."),
        (CameraCommand(-0.5, 0.5, 0.5), "The camera pans to the left, tilts up and zooms in."),
        (CameraCommand(zoom=-0.5), "The camera zooms out."),
        (CameraCommand(forward=0.5), "The camera moves forward."),
        (
            CameraCommand(yaw=-1.0, right=-0.5),
            "The camera quickly moves to the left and pans to the left.",
        ),
    ],
)
def test_commands_become_sentences(command, phrase):
    assert compile_phrase(command) == phrase


def test_opposite_commands_give_opposite_sentences():
    for command in (*COMMANDS, *WALKS):
        turned = re.sub(rf"\b({'|'.join(SWAPS)})\b", lambda word: SWAPS[word[0]],
                        compile_phrase(command))  # fmt: skip
        assert compile_phrase(opposite(command)) == turned


def test_the_table_holds_every_sentence_a_command_can_give_once():
    phrases = all_phrases()
    assert len(phrases) == len(set(phrases)) == 79  # 26 ways to move at 3 paces, and holding still
    assert {compile_phrase(command) for command in COMMANDS} <= set(phrases)
    assert phrases[0] == HOLD
    walking = all_phrases(AXES)  # 4 ways to walk at 3 paces, without and with a pan to either side
    assert len(walking) == len(set(walking)) == 79 + 4 * 3 * 3
    assert {compile_phrase(command) for command in WALKS} <= set(walking)
    assert walking[0] == HOLD


def test_a_world_without_zoom_has_a_shorter_table():
    assert len(all_phrases(("yaw", "pitch"))) == 25
    assert not any("zoom" in phrase for phrase in all_phrases(("yaw", "pitch")))
    assert set(all_phrases(("yaw",))) < set(all_phrases())


def test_faster_commands_never_sound_slower():
    order = ["slow", "steady", "fast"]
    from_rest = [PhraseSmoother().after(CameraCommand(yaw=n / 20)) for n in range(1, 21)]
    paces = [order.index(smoother.motion.pace) for smoother in from_rest]
    assert paces == sorted(paces)
    assert set(paces) == {0, 1, 2}


def test_every_axis_and_direction_has_its_own_words():
    assert set(MOVES) == set(product(AXES, (1, -1)))
    assert len(set(MOVES.values())) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"yaw": 2},
        {"pace": "fast"},
        {"yaw": 1, "pace": "hasty"},
        {"forward": 1, "right": 1},
        {"forward": 1, "pitch": 1},
    ],
)
def test_motions_without_a_sentence_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|no sentence"):
        CameraMotion(**wrong)


def test_of_a_walk_the_stronger_way_is_said_and_the_camera_does_not_tilt_besides():
    smoother = PhraseSmoother()
    for _ in range(3):
        smoother = smoother.after(CameraCommand(right=0.5))
    assert smoother.motion.phrase == "The camera moves to the right."
    smoother = smoother.after(CameraCommand(pitch=0.5, forward=0.5, right=0.5))
    assert smoother.motion.phrase == "The camera moves to the right."
    for _ in range(3):
        smoother = smoother.after(CameraCommand(pitch=0.5, forward=0.5))
    assert smoother.motion.phrase == "The camera moves forward."
    for _ in range(3):
        smoother = smoother.after(CameraCommand(pitch=0.5))
    assert smoother.motion.phrase == "The camera tilts up."


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("A meadow", f"A meadow. {HOLD}"),
        (" A meadow. ", f"A meadow. {HOLD}"),
        ("What a meadow!", f"What a meadow! {HOLD}"),
        ("", HOLD),
    ],
)
def test_the_sentence_follows_the_prompt(prompt, text):
    assert compose(prompt, HOLD) == text


def test_all_prompts_of_a_scene_are_known_beforehand():
    prompts = scene_prompts("A meadow", ("yaw", "pitch"))
    assert len(prompts) == 25
    assert all(prompt.startswith("A meadow. The camera ") for prompt in prompts)


@pytest.mark.parametrize("before", [REST, LEFT, RIGHT, CameraCommand(0.1, -1.0), CameraCommand(1, 1, 1)])  # fmt: skip # noqa: E501
def test_a_steady_command_is_in_force_within_six_blocks_whatever_was_before(before):
    for command in COMMANDS[::7]:
        phrases = phrases_of([before] * 5 + [command] * 20)[5:]
        assert set(phrases[5:]) == {phrases[-1]}
        motion = motion_of(command)
        assert any(phrases[-1] == replace(motion, pace=pace).phrase for pace in _paces(motion))


def _paces(motion: CameraMotion) -> tuple[str, ...]:
    """Paces that a band around the borders lets stand for a motion's own."""
    return ("slow", "steady", "fast") if any(motion.directions) else ("steady",)


def test_from_rest_a_command_takes_effect_in_its_first_block():
    for command in (*COMMANDS, *WALKS):
        assert phrases_of([command]) == [compile_phrase(command)]


def test_the_camera_holds_from_the_second_block_after_release():
    for command in COMMANDS:
        assert phrases_of([command] * 6 + [REST] * 4)[7:] == [HOLD] * 3


def test_turning_round_goes_through_a_hold():
    before, after = compile_phrase(LEFT), compile_phrase(RIGHT)
    assert phrases_of([LEFT] * 4 + [RIGHT] * 3)[3:] == [before, HOLD, after, after]


@pytest.mark.parametrize(
    "pair",
    [
        (LEFT, REST),
        (LEFT, RIGHT),
        (CameraCommand(yaw=0.3), CameraCommand(yaw=0.5)),
        (CameraCommand(yaw=0.05), CameraCommand(yaw=1.0)),
        (CameraCommand(yaw=1.0), CameraCommand(yaw=1.0, pitch=0.5)),
        (CameraCommand(yaw=1.0), CameraCommand(pitch=1.0)),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_commands_that_alternate_settle_on_one_sentence(pair, swapped):
    pair = pair[::-1] if swapped else pair
    sharp = [compile_phrase(command) for command in pair * 12]
    smooth = phrases_of(pair * 12)
    assert len(set(sharp[6:])) == 2  # without smoothing it would flip each block
    assert len(set(smooth[6:])) == 1


def test_alternating_speeds_never_flip_the_pace():
    for slow, fast in product(range(1, 21), repeat=2):
        pair = [CameraCommand(yaw=slow / 20), CameraCommand(yaw=fast / 20)]
        assert len(set(phrases_of(pair * 12)[12:])) == 1, (slow, fast)


def test_every_sentence_in_force_is_in_the_table():
    table = set(all_phrases(AXES))
    both = [CameraCommand(*axes) for axes in product((-1.0, 0.0, 0.3), repeat=5)]
    assert set(phrases_of([*COMMANDS, *WALKS, *both])) <= table
    assert {motion.phrase for motion in all_motions(AXES)} == table


def unparked(data):
    return decode(PhraseSmoother, data, "smoother")


def test_a_parked_smoother_goes_on_as_if_it_had_never_stopped():
    smoother = PhraseSmoother()
    for place, command in enumerate(COMMANDS):
        smoother = smoother.after(command)
        if place % 50 == 0:
            assert unparked(json.loads(json.dumps(smoother.as_dict()))) == smoother


def test_a_smoother_parked_before_cameras_walked_goes_on():
    parked = PhraseSmoother().after(RIGHT).as_dict()
    parked["drives"] = parked["drives"][:3]
    for axis in ("forward", "right"):
        del parked["motion"][axis]
    assert unparked(parked) == PhraseSmoother().after(RIGHT)
    with pytest.raises(ValueError, match="drives"):
        unparked({**parked, "drives": [0.0]})
