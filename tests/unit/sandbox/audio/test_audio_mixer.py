"""What each ear hears: panning with the camera, fades without clicks, nothing ever clips."""

import numpy as np
import pytest

from mag_sandbox.sandbox.audio.cues import CUES, make_cues
from mag_sandbox.sandbox.audio.mixer import CEILING, Mixer
from mag_sandbox.sandbox.audio.placing import Ambience, Source

RATE = 8000
QUANTUM = RATE // 50
HZ = 90  # no whole number of periods in a quantum: a step between two would show
TONE = (0.2 * np.sin(2 * np.pi * HZ * np.arange(RATE) / RATE)).astype(np.float32)
STEEPEST = np.sqrt(0.5) * 0.2 * 2 * np.pi * HZ / RATE  # from sample to sample, as one ear hears it


def place_of(yaw: float | None, loop: np.ndarray = TONE) -> Ambience:
    return Ambience("test", (Source(loop, yaw),))


def playing(ambience: Ambience, yaw: float = 0.0, fov: float = 90.0, **settings) -> Mixer:
    """A mixer whose ambience has faded in."""
    mixer = Mixer(RATE, **settings)
    mixer.look(yaw, fov)
    mixer.play(ambience)
    heard(mixer, 1.5)
    return mixer


def heard(mixer: Mixer, seconds: float, block: int = 2 * QUANTUM) -> np.ndarray:
    out = np.zeros((round(seconds * RATE), 2), np.float32)
    for begin in range(0, len(out), block):
        mixer.fill(out[begin : begin + block])
    return out


def loudness(samples: np.ndarray) -> tuple[float, float]:
    left, right = np.sqrt(np.mean(np.square(samples), axis=0))
    return float(left), float(right)


@pytest.mark.parametrize(("yaw", "louder"), [(60.0, 1), (300.0, 0), (90.0, 1), (-90.0, 0)])
def test_a_source_is_louder_on_its_side(yaw, louder):
    ears = loudness(heard(playing(place_of(yaw)), 0.5))
    assert ears[louder] > 2 * ears[1 - louder]
    assert ears[1 - louder] > 0  # no ear is ever cut off


def test_a_source_straight_ahead_is_in_the_middle():
    left, right = loudness(heard(playing(place_of(123.0), yaw=123.0), 0.5))
    assert left == pytest.approx(right, rel=1e-4)


def test_a_source_passes_from_right_to_left_as_the_camera_turns_over_it():
    mixer = playing(place_of(10.0), yaw=350.0)
    before = loudness(heard(mixer, 0.5))
    mixer.look(30.0)
    heard(mixer, 1.0)
    after = loudness(heard(mixer, 0.5))
    assert before[1] > before[0]
    assert after == pytest.approx(before[::-1], rel=0.01)


def test_a_source_keeps_its_power_across_the_view():
    powers = [
        sum(ear**2 for ear in loudness(heard(playing(place_of(yaw)), 0.5))) for yaw in (0, 20, 340)
    ]
    assert max(powers) < 1.1 * min(powers)


def test_a_source_behind_fades_but_stays():
    ahead, behind = (
        loudness(heard(playing(place_of(90.0), yaw=yaw), 0.5))[0] for yaw in (90.0, 270.0)
    )
    assert 0.2 * ahead < behind < 0.4 * ahead


def test_a_zoomed_view_fades_what_is_outside_it():
    wide, narrow = (
        sum(loudness(heard(playing(place_of(90.0), fov=fov), 0.5))) for fov in (90.0, 45.0)
    )
    assert narrow < 0.8 * wide


def test_a_sound_all_around_does_not_turn():
    mixer = playing(place_of(None))
    before = loudness(heard(mixer, 0.5))
    mixer.look(180.0)
    assert loudness(heard(mixer, 0.5)) == pytest.approx(before, rel=1e-3)


def test_a_jump_of_the_camera_does_not_click():
    mixer = playing(place_of(0.0))
    mixer.look(180.0)
    turning = heard(mixer, 0.5)
    assert np.abs(np.diff(turning, axis=0)).max() < 1.1 * STEEPEST
    begin, middle, end = (loudness(turning[n * QUANTUM :][:QUANTUM])[0] for n in (0, 4, 24))
    assert begin > 1.2 * middle > 1.4 * end


def test_a_loop_goes_on_over_its_end():
    loop = np.sin(2 * np.pi * np.arange(3960) / 40).astype(np.float32)  # not whole quanta
    assert len(loop) % QUANTUM
    samples = heard(playing(place_of(None, 0.5 * loop)), 2.0)[:, 0]
    assert np.abs(np.diff(samples, n=2)).max() < 1.01 * np.sqrt(0.5) * 0.5 * (2 * np.pi / 40) ** 2


def test_muting_reaches_silence_quickly_and_without_a_click():
    mixer = playing(place_of(0.0))
    mixer.mute(True)
    fading = heard(mixer, 0.2)
    assert fading[3 * QUANTUM : 4 * QUANTUM].any()  # not at once
    assert np.abs(np.diff(fading, axis=0)).max() < 1.1 * STEEPEST
    assert not heard(mixer, 0.2).any()
    mixer.mute(False)
    back = heard(mixer, 0.3)
    assert np.abs(np.diff(back, axis=0)).max() < 1.1 * STEEPEST
    assert loudness(back[-RATE // 10 :])[0] > 0.05


def test_volume_changes_without_a_click():
    mixer = playing(place_of(0.0))
    loud = loudness(heard(mixer, 0.2))[0]
    mixer.set_volume(0.25)
    assert np.abs(np.diff(heard(mixer, 0.3), axis=0)).max() < 1.1 * STEEPEST
    assert loudness(heard(mixer, 0.2))[0] == pytest.approx(loud / 8, rel=0.01)


@pytest.mark.parametrize("volume", [-1.0, 0.0])
def test_no_volume_is_silence(volume):
    assert not heard(playing(place_of(0.0), volume=volume), 0.2).any()


def test_another_ambience_fades_in_after_the_first_faded_out():
    mixer = playing(place_of(0.0))
    mixer.play(place_of(0.0, loop=np.zeros(RATE, np.float32)))
    fading = heard(mixer, 1.0)
    assert np.abs(np.diff(fading, axis=0)).max() < 1.1 * STEEPEST
    assert loudness(fading[8 * QUANTUM : 10 * QUANTUM])[0] > 0.03
    assert not fading[-QUANTUM:].any()
    mixer.play(place_of(0.0))
    coming = heard(mixer, 3.0)
    assert np.abs(np.diff(coming, axis=0)).max() < 1.1 * STEEPEST
    assert loudness(coming[-RATE // 10 :])[0] > 0.05


def test_no_ambience_is_silence():
    mixer = playing(place_of(0.0))
    mixer.play(None)
    heard(mixer, 1.0)
    assert not heard(mixer, 0.2).any()


def test_nothing_ever_clips():
    rng = np.random.default_rng(1)
    loops = [rng.standard_normal(RATE).astype(np.float32) for _ in range(4)]
    mixer = playing(Ambience("loud", tuple(Source(loop) for loop in loops)))
    for sound in make_cues(RATE).values():
        mixer.cue(sound)
    assert np.abs(heard(mixer, 2.0)).max() <= CEILING + 1e-6


def test_the_limiter_leaves_quiet_sound_alone():
    assert loudness(heard(playing(place_of(None)), 1.0))[0] == pytest.approx(0.1, rel=1e-3)


def test_a_peak_is_turned_down_before_it_comes_and_the_rest_recovers():
    loop = TONE.copy()
    loop[5440:5450] = 3.0
    samples = heard(playing(place_of(None, loop)), 1.0)[:, 0]
    assert np.abs(samples).max() == pytest.approx(CEILING, rel=0.01)
    steps, peak = np.abs(np.diff(samples)), np.abs(samples) > 0.5
    assert steps[~(peak[1:] | peak[:-1])].max() < 1.1 * STEEPEST
    assert np.sqrt(np.mean(np.square(samples[-QUANTUM * 4 :]))) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("block", [1, 37, QUANTUM, 1000])
def test_the_size_of_a_devices_blocks_does_not_change_the_sound(block):
    expected = heard(playing(place_of(40.0)), 0.3)
    np.testing.assert_array_equal(heard(playing(place_of(40.0)), 0.3, block), expected)


@pytest.mark.parametrize("name", CUES)
def test_a_cue_is_heard_once_in_both_ears_and_is_short(name):
    mixer = Mixer(RATE)
    mixer.cue(make_cues(RATE)[name])
    samples = heard(mixer, 2.0)
    assert 0.1 < np.abs(samples).max() < 0.5
    assert not samples[round(1.6 * RATE) :].any()
    np.testing.assert_array_equal(samples[:, 0], samples[:, 1])


def test_cues_sound_different():
    sounds = list(make_cues(RATE).values())
    assert len({sound.tobytes() for sound in sounds}) == len(CUES)


def test_cues_asked_for_while_muted_are_not_heard_later():
    mixer = Mixer(RATE, muted=True)
    for _ in range(20):
        mixer.cue(make_cues(RATE)["anchor"])
    heard(mixer, 0.1)
    mixer.mute(False)
    assert not heard(mixer, 0.5).any()


def test_many_cues_at_once_stay_bounded():
    mixer = Mixer(RATE)
    for _ in range(50):
        mixer.cue(make_cues(RATE)["error"])
        heard(mixer, 0.02)
    heard(mixer, 1.0)
    assert not heard(mixer, 0.1).any()
