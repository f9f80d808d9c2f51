"""Ways out of the machine: PortAudio by sounddevice, or SDL's mixer by pygame.

An output pulls samples from a mixer until it is closed or its device is gone. Both libraries are
imported when an output is opened; neither is needed for the game to play.
"""

import atexit
import logging
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Protocol

import numpy as np

from mag_sandbox.sandbox.audio.mixer import Mixer

logger = logging.getLogger(__name__)
BLOCK_QUANTA = 2  # quanta a device asks for at once: 40 ms, 25 wake-ups a second
LATENCY = 0.12  # seconds of sound under way: rides out a machine whose cores are all busy
STALLED = 3.0  # seconds without a question for samples: the device is gone
SDL_BUFFER = 1024  # samples SDL mixes at once
SDL_PIECE = 4 * SDL_BUFFER  # samples handed to SDL at once; whole buffers, else there are gaps


class OutputError(Exception):
    """A way of making sound does not work on this machine; a clause that says why."""


class Output(Protocol):
    """Plays a mixer's samples, from its creation until it is closed."""

    name: str

    def __init__(self, mixer: Mixer) -> None:
        """Begin to play, or raise an OutputError."""

    def is_alive(self) -> bool:
        """Return whether it still plays."""

    def close(self) -> None:
        """Stop."""


class SoundDeviceOutput:
    """The system's default device by PortAudio, which calls from a thread of its own."""

    name = "sounddevice"

    def __init__(self, mixer: Mixer, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the device and begin to play, or raise OutputError if something is missing."""
        looked_before = "sounddevice" in sys.modules
        library = _sounddevice()
        if looked_before:
            _look_for_devices(library)
        self._library = library
        self._mixer = mixer
        self._clock = clock
        self._over = False
        self._asked_at = clock()
        try:
            self._stream = library.OutputStream(
                samplerate=mixer.rate,
                channels=2,
                dtype="float32",
                blocksize=BLOCK_QUANTA * mixer.quantum,
                latency=LATENCY,
                callback=self._fill,
                finished_callback=self._finished,
            )
        except library.PortAudioError as error:
            raise OutputError(_reason(error)) from None
        try:
            self._stream.start()
        except library.PortAudioError as error:
            self.close()
            raise OutputError(_reason(error)) from None

    def is_alive(self) -> bool:
        """Return whether the device still asks for samples."""
        return not self._over and self._clock() - self._asked_at < STALLED

    def close(self) -> None:
        """Stop the stream; a device that is gone has nothing left to say."""
        self._over = True
        try:
            self._stream.close()
        except self._library.PortAudioError as error:
            logger.debug("closing the sound device: %s", error)

    def _fill(self, out: np.ndarray, _frames: int, _when: object, _status: object) -> None:
        self._asked_at = self._clock()
        if self._over:
            out.fill(0.0)
        else:
            self._mixer.fill(out)

    def _finished(self) -> None:
        self._over = True


class SdlOutput:
    """SDL's mixer; it cannot call for samples, so a thread hands it short pieces in time.

    While it plays, no one else may call `pygame.mixer.quit` or `pygame.quit`: pygame would crash.
    """

    name = "SDL's mixer"

    def __init__(self, mixer: Mixer) -> None:
        """Open the device and begin to play, or raise OutputError if SDL finds none."""
        try:
            from pygame import error
            from pygame import mixer as sdl

            if sdl.get_init():
                sdl.quit()  # it may not be as we need it
            sdl.init(mixer.rate, size=32, channels=2, buffer=SDL_BUFFER, allowedchanges=0)
        except (ImportError, NotImplementedError) as problem:
            raise OutputError(f"pygame has no mixer ({problem})") from None
        except error as problem:
            raise OutputError(str(problem)) from None
        self._sdl = sdl
        self._error = error
        self._mixer = mixer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="sound to SDL", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # before pygame's own, registered earlier

    def is_alive(self) -> bool:
        """Return whether SDL still takes samples."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop feeding and free the device."""
        atexit.unregister(self.close)
        self._stop.set()
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            self._sdl.quit()

    def _feed(self) -> None:
        piece = np.zeros((SDL_PIECE, 2), np.float32)
        pause = SDL_PIECE / self._mixer.rate / 4
        try:
            channel = self._sdl.Channel(0)
            while not self._stop.is_set():
                if channel.get_queue() is None:
                    self._mixer.fill(piece)
                    channel.queue(self._sdl.Sound(buffer=piece))
                else:
                    self._stop.wait(pause)
        except self._error as problem:
            logger.debug("SDL's mixer ended: %s", problem)


OUTPUTS: tuple[type[Output], ...] = (SoundDeviceOutput, SdlOutput)


def sound_report() -> tuple[str, ...]:
    """Return one line per way of making sound: its device, or why it cannot play."""
    lines = []
    for name, describe in (("sounddevice", _describe_device), ("SDL's mixer", _describe_sdl)):
        try:
            lines.append(f"{name}: {describe()}")
        except OutputError as problem:
            lines.append(f"{name}: not usable, {problem}")
    return tuple(lines)


def _describe_device() -> str:
    library = _sounddevice()
    try:
        device = library.query_devices(kind="output")
    except library.PortAudioError as error:
        raise OutputError(_reason(error)) from None
    return f"{device['name']}, {device['default_samplerate']:.0f} Hz"


def _describe_sdl() -> str:
    try:
        from pygame import mixer as sdl

        version = ".".join(map(str, sdl.get_sdl_mixer_version()))
    except (ImportError, NotImplementedError) as problem:
        raise OutputError(f"pygame has no mixer ({problem})") from None
    return f"SDL_mixer {version}"


def _sounddevice() -> ModuleType:
    try:
        return import_module("sounddevice")
    except ImportError:
        raise OutputError("sounddevice is not installed; pip install sounddevice") from None
    except OSError as problem:  # the PortAudio library
        raise OutputError(f"{problem}; install PortAudio (Debian: libportaudio2)") from None


def _look_for_devices(library: ModuleType) -> None:
    """Restart PortAudio, since it lists devices only at its start; this ends open streams."""
    try:
        library._terminate()  # there is no public call
        library._initialize()
    except library.PortAudioError as error:
        raise OutputError(_reason(error)) from None


def _reason(error: Exception) -> str:
    return "no output device" if "device -1" in str(error) else str(error)
