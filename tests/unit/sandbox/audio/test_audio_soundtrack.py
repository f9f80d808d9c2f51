"""A soundtrack is what was heard: the same samples as live, as long as the pictures."""

import numpy as np
import pytest

from mag_sandbox.sandbox.audio.ambiences import make_ambience
from mag_sandbox.sandbox.audio.cues import make_cues
from mag_sandbox.sandbox.audio.mixer import Mixer, soundtrack_pieces

RATE = 16_000
QUANTUM = RATE // 50
FPS = 12.5  # a frame is four quanta
YAWS = [index * 9.0 % 360 for index in range(50)]
ENDING = RATE // 5


def render_soundtrack(*what, **how):
    return np.concatenate([np.zeros((0, 2), np.float32), *soundtrack_pieces(*what, **how)])


def test_streamed_in_the_blocks_of_a_device_it_is_the_same_sound():
    cues = [(0.8, "anchor"), (2.0, "probe_good"), (2.0, "error")]
    rendered = render_soundtrack("crickets", 3, YAWS, FPS, cues, RATE)
    live = streamed("crickets", 3, YAWS, cues)
    np.testing.assert_array_equal(live[:-ENDING], rendered[:-ENDING])


def streamed(name: str, seed: int, yaws: list[float], cues: list[tuple[float, str]]) -> np.ndarray:
    """As the game does it: look when a frame is shown; the device asks for 40 ms at a time."""
    mixer, sounds, frame = Mixer(RATE), make_cues(RATE), round(RATE / FPS)
    mixer.play(make_ambience(name, seed, RATE))
    out = np.zeros((len(yaws) * frame + 2 * QUANTUM, 2), np.float32)
    for begin in range(0, len(out), 2 * QUANTUM):
        if begin % frame == 0 and begin // frame < len(yaws):
            mixer.look(yaws[begin // frame])
        for when, cue in cues:
            if round(when * RATE) == begin:
                mixer.cue(sounds[cue])
        mixer.fill(out[begin : begin + 2 * QUANTUM])
    return out[QUANTUM:-QUANTUM]  # the limiter holds back a quantum


@pytest.mark.parametrize(("frames", "fps"), [(1, 16.0), (7, 16.0), (48, 16.0), (31, 15.7)])
def test_it_lasts_as_long_as_the_frames_to_the_sample(frames, fps):
    sound = render_soundtrack("room", 1, [0.0] * frames, fps, rate=RATE)
    assert sound.dtype == np.float32
    assert sound.shape == (round(frames * RATE / fps), 2)


def test_no_frames_make_no_sound():
    assert render_soundtrack("room", 1, [], 16.0, rate=RATE).shape == (0, 2)


def test_it_begins_and_ends_in_silence():
    sound = render_soundtrack("wind", 3, [0.0] * 48, 16.0, rate=RATE)
    assert np.abs(sound[:16]).max() < 0.002
    assert np.abs(sound[-4:]).max() < 0.002
    assert np.abs(sound[RATE : 2 * RATE]).max() > 0.05


def test_cues_begin_when_they_are_asked_for():
    sound = render_soundtrack(None, 0, [0.0] * 48, 16.0, [(2.0, "error"), (1.0, "anchor")], RATE)
    first = np.flatnonzero(np.abs(sound[:, 0]) > 1e-4)[0]
    assert 1.0 <= first / RATE < 1.03
    assert not sound[: RATE - 1].any()
    assert np.abs(sound[2 * RATE : 3 * RATE]).max() > 0.1


def test_a_source_moves_over_when_the_camera_turns():
    ambience = make_ambience("fireplace", 3, RATE)
    fire = ambience.sources[0].yaw
    yaws = [fire - 70] * 32 + [fire + 70] * 32
    sound = render_soundtrack("fireplace", 3, yaws, 16.0, rate=RATE)
    before, after = sound[RATE : 2 * RATE].std(axis=0), sound[3 * RATE : -ENDING].std(axis=0)
    assert before[1] > 1.3 * before[0]
    assert after[0] > 1.1 * after[1]


def test_zoom_is_heard():
    yaws = [0.0] * 32
    wide = render_soundtrack("stream", 3, yaws, 16.0, rate=RATE)
    narrow = render_soundtrack("stream", 3, yaws, 16.0, rate=RATE, fovs=[30.0] * 32)
    assert not np.allclose(wide, narrow)
