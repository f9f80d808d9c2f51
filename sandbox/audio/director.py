"""Decides about sound: which output plays, what to do when it goes away, which ambience is made.

Works in small steps on whatever thread calls it; `player.py` gives it one. Falling back is never
silent: it is said, but only once.
"""

import logging
import time
from collections.abc import Callable, Sequence

from mag_sandbox.sandbox.audio.ambiences import make_ambience
from mag_sandbox.sandbox.audio.mixer import Mixer
from mag_sandbox.sandbox.audio.outputs import OpenOutput, Output, OutputError

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
        outputs: Sequence[OpenOutput],
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
        self._said: set[str] = set()
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
        """Do what is due; return after how many seconds to come again, None: when asked."""
        if self._output is not None and not self._output.is_alive():
            self._lose(self._output)
        elif self._output is None and self._is_time():
            self._try()
        if self._output is not None:
            self._make_ambience()
            return CHECK_EVERY
        return None if self._try_at is None else max(0.0, self._try_at - self._clock())

    def close(self) -> None:
        """Let go of the output."""
        if self._output is not None:
            self._output.close()
        self._output, self._try_at, self.output_name = None, None, SILENT

    def _is_time(self) -> bool:
        return self._try_at is not None and self._clock() >= self._try_at

    def _try(self) -> None:
        """Look for an output while there is none."""
        problems = self._open(first=0)
        if self._output is None:
            self._tries += 1
            self._try_at = self._next_try()
            if self._opened_at == NEVER:
                self._say(
                    "silent", f"no sound ({'; '.join(problems)}); the game goes on without it"
                )
        elif self._said:
            logger.info("sound is back, through %s", self.output_name)
        elif problems:
            logger.info("sound plays through %s (%s)", self.output_name, "; ".join(problems))

    def _lose(self, output: Output) -> None:
        """The device went away: another output at once, or silence until it is back."""
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
        return self._clock() + min(RETRY_LAST, RETRY_FIRST * 2**self._tries)

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
        if what not in self._said:
            logger.warning("%s", line)
        self._said.add(what)
