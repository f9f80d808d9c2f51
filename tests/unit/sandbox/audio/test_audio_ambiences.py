"""Ambiences: every name makes a place of sounds, seamless, seeded and of a pleasant loudness."""

import functools

import numpy as np
import pytest

from mag_sandbox.sandbox.audio import suggest_ambience
from mag_sandbox.sandbox.audio.ambiences import RECIPES, make_ambience
from mag_sandbox.sandbox.audio.mixer import soundtrack_pieces
from mag_sandbox.sandbox.audio.placing import Ambience, ear_gains
from mag_sandbox.sandbox.audio.synthesis import Synth, place
from mag_sandbox.scenes import Scene, SceneError, available_scenes, load_scene
from mag_sandbox.scenes.scene import AMBIENCES

RATE = 16_000
SOUNDING = [name for name in AMBIENCES if name != "silence"]


@functools.cache
def made(name: str) -> Ambience:
    return make_ambience(name, 3, RATE)


def synth(seed: int = 0) -> Synth:
    return Synth(RATE, np.random.default_rng(seed))


def decibels(ratio: float) -> float:
    return 20 * np.log10(ratio)


def heard(ambience: Ambience, yaw: float, seconds: float = 18.0) -> np.ndarray:
    """One ear each row, straight from loops and gains."""
    rows = [np.resize(source.loop, round(seconds * RATE)) for source in ambience.sources]
    return ear_gains(ambience.sources, yaw) @ np.stack(rows)


def share_between(samples: np.ndarray, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(power[(hz >= low) & (hz < high)].sum() / power.sum())


def test_every_name_a_scene_may_use_has_a_recipe():
    assert tuple(sorted(RECIPES)) == AMBIENCES


@pytest.mark.parametrize("name", SOUNDING)
def test_an_ambience_is_pleasantly_loud_without_direct_current(name):
    ambience = made(name)
    ears = np.stack([heard(ambience, yaw) for yaw in (0, 90, 180, 270)])
    rms, peak = np.sqrt(np.mean(np.square(ears))), np.abs(ears).max()
    assert np.isfinite(ears).all()
    assert -27 < decibels(rms) < -18
    assert 8 < decibels(peak / rms) < 26
    assert abs(ears.mean()) < 0.01 * rms


@pytest.mark.parametrize("name", SOUNDING)
def test_loops_join_without_a_seam(name):
    for source in made(name).sources:
        around_the_end = np.concatenate([source.loop[-64:], source.loop[:64]])
        steepest = np.abs(np.diff(source.loop)).max()
        assert np.abs(np.diff(around_the_end)).max() <= steepest * 1.0001
        assert abs(source.loop[0] - source.loop[-1]) <= steepest


@pytest.mark.parametrize("name", SOUNDING)
def test_an_ambience_has_sounds_in_different_places(name):
    yaws = sorted({s.yaw for s in made(name).sources if s.yaw is not None})
    gaps = np.diff([*yaws, yaws[0] + 360])
    assert len(yaws) >= 2
    assert gaps.min() > 20


@pytest.mark.parametrize("name", SOUNDING)
def test_turning_around_changes_what_is_heard(name):
    ambience = made(name)
    balances = [
        decibels(np.std(left) / np.std(right))
        for left, right in (heard(ambience, yaw) for yaw in range(0, 360, 45))
    ]
    assert max(balances) - min(balances) > 2  # a few decibels are plain to hear


def test_the_same_seed_gives_the_same_place_and_another_seed_another():
    first = make_ambience("birds", 3, RATE)
    make_ambience.cache_clear()
    again, other = make_ambience("birds", 3, RATE), make_ambience("birds", 4, RATE)
    assert first is not again
    for one, two in zip(first.sources, again.sources, strict=True):
        np.testing.assert_array_equal(one.loop, two.loop)
        assert one.yaw == two.yaw
    assert [source.yaw for source in other.sources] != [source.yaw for source in first.sources]


def test_an_ambience_is_made_once():
    assert make_ambience("wind", 5, RATE) is make_ambience("wind", 5, RATE)


def test_loops_cannot_be_changed_by_who_plays_them():
    with pytest.raises(ValueError, match="read-only"):
        made("room").sources[0].loop[0] = 1.0


@pytest.mark.parametrize(
    ("name", "low", "high", "least"),
    [
        ("birds", 2000, 6000, 0.4),
        ("crickets", 3500, 6000, 0.5),
        ("wind", 60, 1000, 0.7),
        ("rain", 1500, 8000, 0.5),
        ("hum", 50, 700, 0.6),
        ("stream", 250, 3000, 0.6),
    ],
)
def test_places_sound_like_their_names(name, low, high, least):
    left = heard(made(name), yaw=0.0)[0]
    assert share_between(left, low, high) > least


def test_a_clock_ticks_once_a_second():
    wall = max(made("clock").sources, key=lambda s: np.abs(s.loop).max())
    loud = np.flatnonzero(np.abs(wall.loop) > 0.5 * np.abs(wall.loop).max())
    seconds = sorted({round(at / RATE, 1) for at in loud})
    assert seconds == [float(second) for second in range(12)]


def test_silence_is_silent():
    assert make_ambience("silence", 3, RATE).sources == ()
    assert not any(map(np.any, soundtrack_pieces("silence", 3, [0.0] * 8, 16.0, rate=RATE)))


def test_noise_is_a_loop_of_loudness_one_in_its_band():
    noise = synth().noise(4, 500, 1000)
    assert np.sqrt(np.mean(np.square(noise))) == pytest.approx(1, rel=1e-3)
    assert share_between(noise, 300, 1600) > 0.9
    assert abs(noise[0] - noise[-1]) <= np.abs(np.diff(noise)).max()


def test_a_swell_is_a_loop_from_its_floor_to_one():
    swell = synth().swell(8, every=3, floor=0.3)
    assert (swell.min(), swell.max()) == (pytest.approx(0.3, abs=0.01), pytest.approx(1, abs=0.01))
    assert abs(swell[0] - swell[-1]) < 0.01


def test_a_sound_at_the_end_of_a_loop_goes_on_at_its_start():
    loop = np.zeros(10, np.float32)
    place(loop, np.arange(1, 5, dtype=np.float32), at=8)
    np.testing.assert_array_equal(loop, [3, 4, 0, 0, 0, 0, 0, 0, 1, 2])


def test_a_ping_begins_and_ends_at_zero():
    ping = synth().ping([(440, 0.1, 1.0)])
    assert ping[0] == ping[-1] == 0
    assert np.abs(ping).max() > 0.5


@pytest.mark.parametrize("name", available_scenes())
def test_scenes_of_the_library_name_their_ambience(name):
    assert load_scene(name).ambience in AMBIENCES


def test_a_scene_with_an_unknown_ambience_is_reported_with_its_line(tmp_path):
    path = tmp_path / "place.yaml"
    path.write_text("prompt: A place.\nambience: wnid\n")
    with pytest.raises(SceneError) as caught:
        load_scene(path)
    assert f'{path}:2: ambience "wnid" (did you mean "wind"?) is not one of' in str(caught.value)


@pytest.mark.parametrize(
    ("prompt", "category", "expected"),
    [
        ("A sandy beach at noon.", "outdoor", "waves"),
        ("A forest in the rain.", "outdoor", "rain"),
        ("A snowfield at dusk.", "outdoor", "crickets"),
        ("A green forest.", "outdoor", "birds"),
        ("A bedroom with a view of the sea.", "indoor", "room"),
        ("A kitchen with a view of the sea.", "outdoor", "clock"),
        ("A candy game level.", "outdoor", "arcade"),
        ("An ice cave level.", "video game", "crystals"),
        ("A vase on a pedestal.", "object", "hall"),
    ],
)
def test_a_scene_without_an_ambience_gets_one_that_fits(prompt, category, expected):
    assert suggest_ambience(Scene(prompt=prompt, category=category)) == expected


def test_a_scene_with_an_ambience_keeps_it():
    assert suggest_ambience(Scene(prompt="A beach.", ambience="hum")) == "hum"
