"""The game's sound on its way to a page: Opus, fifty pieces a second."""

import threading
import time
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from mag_sandbox.sandbox.audio import Mixer

BITS = 64_000  # a second
LOOK_S = 0.25  # between two looks whether sound is wanted
MOST_BEHIND_S = 0.5  # that is made up for after a stop of the machine


class PageSound:
    """Plays in a page; `to_page` makes the class that the game opens as an output."""

    name = "the page"
    send: Callable[[bytes], None]
    is_wanted: Callable[[], bool]

    def __init__(self, mixer: Mixer) -> None:
        self._mixer, self._ends = mixer, threading.Event()
        self._coder = OpusCoder(mixer.rate)
        self._thread = threading.Thread(target=self._run, name="sound to the page", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether it still plays."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop."""
        self._ends.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        piece = np.zeros((self._mixer.quantum, 2), np.float32)
        due = time.perf_counter()
        while not self._ends.is_set():
            now = time.perf_counter()
            if not self.is_wanted() or now > due + MOST_BEHIND_S:
                due = now
            if not self.is_wanted():
                self._ends.wait(LOOK_S)
                continue
            self._mixer.fill(piece)
            for packet in self._coder.code(piece):
                self.send(packet)
            due += len(piece) / self._mixer.rate
            self._ends.wait(max(0.0, due - time.perf_counter()))


def to_page(send: Callable[[bytes], None], is_wanted: Callable[[], bool]) -> type[PageSound]:
    """Return the output that sends to a page, as long as sound is wanted there."""
    functions = {"send": staticmethod(send), "is_wanted": staticmethod(is_wanted)}
    return type("SoundOfPage", (PageSound,), functions)


class OpusCoder:
    """Codes sound.

    >>> coder = OpusCoder(48_000)
    >>> packets = coder.code(np.zeros((960, 2), np.float32))
    """

    def __init__(self, rate: int) -> None:
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate, context.layout, context.format = rate, "stereo", "flt"
        context.bit_rate, context.time_base = BITS, Fraction(1, rate)
        self._context, self._samples = context, 0

    def code(self, piece: np.ndarray) -> list[bytes]:
        """Return the packets of the next samples, float32 [n, 2]."""
        frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts = self._context.sample_rate, self._samples
        self._samples += len(piece)
        return [bytes(packet) for packet in self._context.encode(frame)]
