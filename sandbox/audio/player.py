"""Sound for the app: a handful of calls that return at once; the work is on a thread of its own."""

import os
import threading
from collections.abc import Sequence

from mag_sandbox.sandbox.audio.ambiences import RATE, check_ambience
from mag_sandbox.sandbox.audio.cues import check_cue, make_cues
from mag_sandbox.sandbox.audio.director import SILENT, Director
from mag_sandbox.sandbox.audio.mixer import MUTE_STEP, QUANTA_PER_SECOND, Mixer
from mag_sandbox.sandbox.audio.outputs import LATENCY, OUTPUTS, OpenOutput
from mag_sandbox.sandbox.audio.placing import FOV
from mag_sandbox.sandbox.audio.synthesis import Wave

FADE_SECONDS = 1 / (MUTE_STEP * QUANTA_PER_SECOND)


class Audio:
    """What the game lets be heard.

    audio = open_audio(volume=0.6)
    audio.ambience("birds", seed=3)
    audio.look(yaw=12.5, fov=90)  # with every block shown
    audio.cue("anchor")
    audio.close()                 # before the window
    """

    def __init__(self, mixer: Mixer, director: Director) -> None:
        self._mixer = mixer
        self._director = director
        self._cues: dict[str, Wave] = {}  # made on the thread of sound
        self._news = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    @property
    def output(self) -> str:
        """What plays now: "sounddevice", "SDL's mixer" or "silent"."""
        return self._director.output_name

    def ambience(self, name: str | None, seed: int = 0) -> None:
        """Fade to an ambience, the same for the same seed; None: to none.

        Raises:
            ValueError: there is no such ambience.
        """
        if name is not None:
            check_ambience(name)
        self._director.want(name, seed)
        self._news.set()

    def look(self, yaw: float, fov: float = FOV) -> None:
        """Say where the camera looks [degrees]."""
        self._mixer.look(yaw, fov)

    def cue(self, name: str) -> None:
        """Play a signal; CUES lists them.

        Raises:
            ValueError: there is no such cue.
        """
        check_cue(name)
        if self.output != SILENT and name in self._cues:
            self._mixer.cue(self._cues[name])

    def volume(self, volume: float) -> None:
        """Set how loud all is, from 0 to 1; also asks for a device if there was none."""
        self._mixer.set_volume(volume)
        self._ask_again()

    def mute(self, muted: bool) -> None:
        """Fall silent, or come back; coming back also asks for a device if there was none."""
        self._mixer.mute(muted)
        if not muted:
            self._ask_again()

    def close(self) -> None:
        """Fade out and let go of the device; does nothing the second time."""
        self._closing = True
        self._news.set()
        self._thread.join(timeout=2.0)

    def _ask_again(self) -> None:
        self._director.try_again()
        self._news.set()

    def _run(self) -> None:
        if self._director.may_sound:
            self._cues = make_cues(self._mixer.rate)
        while not self._closing:
            pause = self._director.work()
            self._news.wait(pause)
            self._news.clear()
        if self.output != SILENT:
            self._mixer.mute(True)
            threading.Event().wait(FADE_SECONDS + LATENCY)
        self._director.close()


def open_audio(
    volume: float = 0.6,
    muted: bool = False,
    outputs: Sequence[OpenOutput] | None = None,
) -> Audio:
    """Return sound for the game; it opens its device on its own thread, and never fails.

    Args:
        volume: from 0 to 1.
        muted: whether to begin silent.
        outputs: ways to play, best first; None: sounddevice, then SDL's mixer, or none at all
            where SDL is told to play on a dummy device, as in runs without a window.
    """
    if outputs is None:
        outputs = () if os.environ.get("SDL_AUDIODRIVER") == "dummy" else OUTPUTS
    mixer = Mixer(RATE, volume=volume, muted=muted)
    return Audio(mixer, Director(mixer, outputs))
