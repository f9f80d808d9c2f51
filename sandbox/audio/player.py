"""Sound for the app: a handful of calls that return at once; the work is on a thread of its own."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

from mag_sandbox.sandbox.audio.ambiences import RATE, make_ambience
from mag_sandbox.sandbox.audio.cues import make_cues
from mag_sandbox.sandbox.audio.mixer import MUTE_STEP, QUANTA_PER_SECOND, Mixer
from mag_sandbox.sandbox.audio.outputs import LATENCY, OUTPUTS, Output, OutputError
from mag_sandbox.sandbox.audio.placing import FOV
from mag_sandbox.sandbox.audio.synthesis import Wave

FADE_SECONDS = 1 / (MUTE_STEP * QUANTA_PER_SECOND)
logger = logging.getLogger(__name__)
SILENT = "silent"
CHECK_EVERY = 0.5  # seconds between two looks at the output
STEADY = 10.0  # an output that dies sooner is not tried again at once [s]
RETRY_FIRST, RETRY_LAST = 5.0, 60.0  # seconds between tries for a device that went away, doubling
NEVER = float("-inf")  # a moment
MAX_TRIES = 12  # then it takes the player to ask
ASK_EVERY = 2.0  # seconds between two tries the player asks for: a slider asks all the time


class Director:
    """Keeps a mixer playing on the best output there is.

    director = Director(mixer, OUTPUTS)
    director.want("birds", 3)
    while playing:
        sleep(director.work())
    director.close()
    """

    def __init__(
        self,
        mixer: Mixer,
        outputs: Sequence[type[Output]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.output_name = SILENT
        self._mixer = mixer
        self._openers = tuple(outputs)
        self._clock = clock
        self._output: Output | None = None
        self._opener = 0  # index of what opened it
        self._opened_at = NEVER
        self._try_at = clock() if outputs else None  # None: not by itself
        self._tried_at = NEVER
        self._tries = 0  # in a row that ended silent
        self._reported: set[str] = set()
        self._wanted: tuple[str, int] | None = None
        self._playing: tuple[str, int] | None = None

    @property
    def may_sound(self) -> bool:
        """Whether there is anything to try; else the game was asked to be silent."""
        return bool(self._openers)

    def want(self, name: str | None, seed: int) -> None:
        """Choose the ambience; None: none."""
        self._wanted = (name, seed) if name else None

    def try_again(self) -> None:
        """Look for a device at the next step if there is no sound now: the player asks for it."""
        silent = self._output is None and self.may_sound
        if silent and self._clock() - self._tried_at >= ASK_EVERY:
            self._tries, self._try_at = 0, self._clock()

    def work(self) -> float | None:
        """Do the due work; return after how many seconds to come again, None: when asked."""
        if self._output is not None and not self._output.is_alive():
            self._lose(self._output)
        elif self._output is None and self._try_at is not None and self._clock() >= self._try_at:
            self._try()
        if self._output is not None:
            self._make_ambience()
            return CHECK_EVERY
        return None if self._try_at is None else max(0.0, self._try_at - self._clock())

    def close(self) -> None:
        """Release the output."""
        if self._output is not None:
            self._output.close()
        self._output, self._try_at, self.output_name = None, None, SILENT

    def _try(self) -> None:
        problems = self._open(first=0)
        if self._output is None:
            self._tries += 1
            self._try_at = self._next_try()
            if self._opened_at == NEVER:
                self._say(
                    "silent", f"no sound ({'; '.join(problems)}); the game goes on without it"
                )
        elif self._reported:
            logger.info("sound is back, through %s", self.output_name)
        elif problems:
            logger.info("sound plays through %s (%s)", self.output_name, "; ".join(problems))

    def _lose(self, output: Output) -> None:
        output.close()
        self._output, self.output_name = None, SILENT
        steady = self._clock() - self._opened_at >= STEADY
        self._open(first=0 if steady else self._opener + 1)
        if self._output is None:
            self._tries = 0
            self._try_at = self._next_try()
            self._say("lost", "the sound device is gone; the game goes on without sound")
        else:
            self._say(
                "lost", f"the sound device is gone; sound continues through {self.output_name}"
            )

    def _next_try(self) -> float | None:
        """Return when to look again; a machine that never had a device is left alone."""
        if self._opened_at == NEVER or self._tries >= MAX_TRIES:
            return None
        return self._clock() + min(RETRY_LAST, RETRY_FIRST * 2.0**self._tries)

    def _open(self, first: int) -> list[str]:
        """Open the first output that works, from `first` on; return why others do not."""
        problems = []
        self._tried_at = self._clock()
        for index in range(first, len(self._openers)):
            opener = self._openers[index]
            try:
                self._output = opener(self._mixer)
            except OutputError as problem:
                problems.append(f"{opener.name}: {problem}")
                continue
            self._opener, self._opened_at, self._try_at = index, self._clock(), None
            self.output_name = self._output.name
            break
        return problems

    def _make_ambience(self) -> None:
        wanted = self._wanted
        if wanted == self._playing:
            return
        self._mixer.play(None)  # fades while the next is made
        if wanted is not None:
            self._mixer.play(make_ambience(*wanted, self._mixer.rate))
        self._playing = wanted

    def _say(self, what: str, line: str) -> None:
        if what not in self._reported:
            logger.warning("%s", line)
        self._reported.add(what)


class Audio:
    """The game's sound.

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
        """The present output: "sounddevice", "SDL's mixer" or "silent"."""
        return self._director.output_name

    def ambience(self, name: str | None, seed: int = 0) -> None:
        """Fade to an ambience, one of RECIPES, the same for the same seed; None: to none."""
        self._director.want(name, seed)
        self._news.set()

    def look(self, yaw: float, fov: float = FOV) -> None:
        """Say where the camera looks [degrees]."""
        self._mixer.look(yaw, fov)

    def cue(self, name: str) -> None:
        """Play a signal; CUES lists them."""
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
        """Fade out and release the device; does nothing the second time."""
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
    volume: float = 0.6, muted: bool = False, outputs: Sequence[type[Output]] | None = None
) -> Audio:
    """Return sound for the game; it opens its device on its own thread, and never fails.

    Without `outputs`, it is sounddevice, then SDL's mixer; or none at all where SDL is told to play
    on a dummy device, as in runs without a window.
    """
    if outputs is None:
        outputs = () if os.environ.get("SDL_AUDIODRIVER") == "dummy" else OUTPUTS
    mixer = Mixer(RATE, volume=volume, muted=muted)
    return Audio(mixer, Director(mixer, outputs))
