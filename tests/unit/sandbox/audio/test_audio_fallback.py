"""Sound never stops the game: missing libraries, devices that go away and come back."""

import logging
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pygame
import pytest

from mag_sandbox.sandbox.audio import open_audio, sound_report
from mag_sandbox.sandbox.audio.mixer import Mixer
from mag_sandbox.sandbox.audio.outputs import STALLED, OutputError, SdlOutput, SoundDeviceOutput
from mag_sandbox.sandbox.audio.player import (
    CHECK_EVERY,
    MAX_TRIES,
    RETRY_FIRST,
    RETRY_LAST,
    STEADY,
    Director,
)
from tests.patience import PATIENCE

RATE = 8000


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Socket:
    """A kind of output that can be plugged and unplugged; calling it opens one."""

    def __init__(self, name: str, *, plugged: bool = True) -> None:
        self.name = name
        self.plugged = plugged
        self.opened = 0
        self.closed = 0
        self.ready = threading.Event()

    def __call__(self, mixer: Mixer) -> "Socket":
        if not self.plugged:
            raise OutputError("no output device")
        self.opened += 1
        self.fill = mixer.fill
        self.ready.set()
        return self

    def is_alive(self) -> bool:
        return self.plugged

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def said(caplog):
    """The lines a player sees."""
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def director(clock: Clock, *sockets: Socket) -> Director:
    return Director(Mixer(RATE), sockets, clock)


def test_the_first_output_that_works_is_taken(clock, said):
    first, second, third = Socket("a", plugged=False), Socket("b"), Socket("c")
    one = director(clock, first, second, third)
    assert one.work() == CHECK_EVERY
    assert (one.output_name, third.opened) == ("b", 0)
    assert said() == []


def test_without_any_output_it_says_so_once_and_is_left_alone(clock, said):
    one = director(clock, Socket("a", plugged=False), Socket("b", plugged=False))
    assert one.work() is None
    one.try_again()
    assert one.work() is None
    assert said() == [
        "no sound (a: no output device; b: no output device); the game goes on without it"
    ]


def test_silence_that_was_asked_for_says_nothing(clock, said):
    assert director(clock).work() is None
    assert said() == []


def test_a_device_that_goes_away_is_replaced_and_that_is_said_once(clock, said):
    first, second = Socket("a"), Socket("b")
    one = director(clock, first, second)
    one.work()
    for _ in range(3):
        clock.now += STEADY
        first.plugged = False
        one.work()
        assert one.output_name == "b"
        clock.now += STEADY
        first.plugged, second.plugged = True, False
        one.work()
        assert one.output_name == "a"
        second.plugged = True
    assert first.closed == 3
    assert said() == ["the sound device is gone; sound continues through b"]


def test_an_unplugged_device_is_looked_for_less_and_less_often(clock, said):
    socket = Socket("a")
    one = director(clock, socket)
    one.work()
    clock.now += STEADY
    socket.plugged = False
    pauses = [one.work()]
    while pauses[-1] is not None:
        clock.now += pauses[-1]
        pauses.append(one.work())
    assert pauses[0] == RETRY_FIRST
    assert max(pauses[:-1]) == RETRY_LAST
    assert len(pauses) == MAX_TRIES + 1
    assert said() == ["the sound device is gone; the game goes on without sound"]


def test_sound_comes_back_with_the_device(clock):
    socket = Socket("a")
    one = director(clock, socket)
    one.want("room", 1)
    one.work()
    socket.plugged = False
    assert one.work() == RETRY_FIRST
    assert one.output_name == "silent"
    socket.plugged = True
    clock.now += RETRY_FIRST
    assert one.work() == CHECK_EVERY
    assert one.output_name == "a"
    assert hears(socket)


def test_the_player_can_ask_for_a_device_that_came_late(clock):
    socket = Socket("a", plugged=False)
    one = director(clock, socket)
    one.work()
    socket.plugged = True
    clock.now += 10
    assert one.work() is None
    one.try_again()
    one.work()
    assert one.output_name == "a"


def test_a_device_that_dies_at_once_is_not_opened_again_and_again(clock):
    flaky, steady = Socket("a"), Socket("b")
    one = director(clock, flaky, steady)
    one.work()
    flaky.is_alive = lambda: False
    one.work()
    assert (one.output_name, flaky.opened) == ("b", 1)


def test_the_ambience_is_made_only_where_it_can_be_heard(clock, monkeypatch):
    made = []
    monkeypatch.setattr(
        "mag_sandbox.sandbox.audio.player.make_ambience", lambda *asked: made.append(asked) or None
    )
    socket = Socket("a", plugged=False)
    one = director(clock, socket)
    one.want("birds", 3)
    one.work()
    assert made == []
    socket.plugged = True
    clock.now += 10
    one.try_again()
    one.work()
    one.work()
    assert made == [("birds", 3, RATE)]


def hears(socket: Socket) -> bool:
    out = np.zeros((RATE, 2), np.float32)
    socket.fill(out)
    return bool(out.any())


class FakePortAudio:
    """The parts of sounddevice that are used."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *, device: bool = True) -> None:
        self.device = device
        self.looked = 0
        self.closed = 0
        self.options: dict = {}

    def OutputStream(self, **options) -> SimpleNamespace:  # noqa: N802 - sounddevice's name
        if not self.device:
            raise self.PortAudioError("Error querying device -1")
        self.options = options
        return SimpleNamespace(start=lambda: None, close=self._close)

    def query_devices(self, kind: str) -> dict:
        if not self.device:
            raise self.PortAudioError("Error querying device -1")
        return {"name": "Speakers", "default_samplerate": 44100.0}

    def ask(self, frames: int) -> np.ndarray:
        out = np.full((frames, 2), 9.0, np.float32)
        self.options["callback"](out, frames, None, None)
        return out

    def _close(self) -> None:
        self.closed += 1
        raise self.PortAudioError("the device is gone")

    def _terminate(self) -> None:
        self.looked += 1

    def _initialize(self) -> None:
        pass


@pytest.fixture
def portaudio(monkeypatch):
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_a_sound_device_is_filled_in_blocks_of_at_least_20_ms(portaudio, clock):
    output = SoundDeviceOutput(Mixer(RATE), clock)
    assert portaudio.options["blocksize"] >= RATE * 0.02
    assert not portaudio.ask(640).any()
    assert output.is_alive()


def test_a_stream_that_ends_by_itself_is_gone(portaudio, clock):
    output = SoundDeviceOutput(Mixer(RATE), clock)
    portaudio.options["finished_callback"]()
    assert not output.is_alive()
    output.close()  # PortAudio complains; nobody else does
    assert portaudio.closed == 1


def test_a_device_that_stops_asking_is_gone(portaudio, clock):
    output = SoundDeviceOutput(Mixer(RATE), clock)
    clock.now += 0.9 * STALLED
    portaudio.ask(320)
    clock.now += 0.9 * STALLED
    assert output.is_alive()
    clock.now += 0.2 * STALLED
    assert not output.is_alive()


def test_opening_again_looks_for_new_devices(portaudio):
    SoundDeviceOutput(Mixer(RATE))
    assert portaudio.looked == 1  # it was imported before


def test_a_missing_library_or_device_is_named(monkeypatch, portaudio):
    portaudio.device = False
    with pytest.raises(OutputError, match="no output device"):
        SoundDeviceOutput(Mixer(RATE))
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(OutputError, match="sounddevice is not installed"):
        SoundDeviceOutput(Mixer(RATE))


def test_without_sounddevice_sdl_plays(monkeypatch, clock):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    one = Director(Mixer(RATE), (SoundDeviceOutput, SdlOutput), clock)
    one.work()
    assert one.output_name == "SDL's mixer"
    one.close()


def test_without_both_the_game_is_silent(monkeypatch, clock, said):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setattr(pygame, "mixer", MissingModule())
    one = Director(Mixer(RATE), (SoundDeviceOutput, SdlOutput), clock)
    one.work()
    assert one.output_name == "silent"
    (line,) = said()
    assert "sounddevice is not installed" in line
    assert "pygame has no mixer" in line


class MissingModule:
    """What pygame puts in the place of a part that it was built without."""

    def __getattr__(self, name: str):
        raise NotImplementedError("mixer module not available")


def test_sdl_takes_samples_until_it_is_closed():
    mixer, asked = Mixer(RATE), threading.Event()
    fill = mixer.fill
    mixer.fill = lambda out: (fill(out), asked.set())
    output = SdlOutput(mixer)
    assert asked.wait(PATIENCE)
    assert output.is_alive()
    output.close()
    assert not output.is_alive()


def test_an_error_of_sdl_ends_the_output_only(monkeypatch):
    def gone(out: np.ndarray) -> None:
        raise pygame.error("the device is gone")

    mixer = Mixer(RATE)
    monkeypatch.setattr(mixer, "fill", gone)
    output = SdlOutput(mixer)
    output._thread.join(PATIENCE)
    assert not output.is_alive()
    output.close()


def test_the_report_says_what_sound_would_go_through(portaudio, monkeypatch):
    device, sdl = sound_report()
    assert device == "sounddevice: Speakers, 44100 Hz"
    assert portaudio.looked == 0  # that would end what plays
    assert sdl.startswith("SDL's mixer: SDL_mixer 2.")
    portaudio.device = False
    monkeypatch.setattr(pygame, "mixer", MissingModule())
    device, sdl = sound_report()
    assert device == "sounddevice: not usable, no output device"
    assert sdl.startswith("SDL's mixer: not usable, pygame has no mixer")


def test_the_game_plays_through_what_it_is_given_and_lets_go_of_it():
    socket = Socket("a")
    audio = open_audio(outputs=(socket,))
    assert socket.ready.wait(PATIENCE)
    audio.ambience("room", seed=1)
    audio.look(30.0, 90.0)
    audio.volume(0.5)
    audio.mute(False)
    audio.cue("anchor")
    audio.close()
    audio.close()
    assert (audio.output, socket.closed) == ("silent", 1)


def test_headless_runs_are_silent_and_quiet_about_it(said):
    audio = open_audio()  # the tests run on SDL's dummy devices
    audio.ambience("birds", 1)
    audio.cue("error")
    audio.close()
    assert audio.output == "silent"
    assert said() == []
