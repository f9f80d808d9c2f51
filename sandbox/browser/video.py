"""The pictures that a page is sent: how often, how fine, and how they are coded.

A frame is sent only when the page keeps up: the newest one, never an older one that waited. Knows
nothing of pygame and of connections.
"""

import io
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, Protocol

import av
import numpy as np
from PIL import Image

Codec = Literal["h264", "jpeg"]
LATE_S = 0.25  # how much longer than the quickest frame the oldest may be under way [s]
MOST_WAY_S = 0.35  # longest that counts as transmission; beyond it a frame waits in a queue
LEAST_ON_THE_WAY = 2  # frames that may be under way in any case
MOST_RATE = 64  # newest answers by which the rate is measured
QUICKEST_S = 30.0  # for which a transmission may count as the quickest
LOOK_S = 2.0  # between two choices of the quality
FLUENT = 10.0  # frames a second below which they become coarser
FINER_S = 10.0  # of smooth play until they become finer; doubled each time that fails
MOST_FINER_S = 320.0
CRF = (22, 26, 30, 34, 38)  # of H.264, from fine to coarse
JPEG = (91, 75, 60, 45, 30)  # qualities, likewise
LEVELS = len(CRF)
H264 = "avc1.42E034"  # what the page is told: baseline, at any size
TICKS = 90_000  # of a video's clock a second


class FrameFlow:
    """Decides when the next frame may be sent, from the page's answers, and how coarse it is.

    >>> flow = FrameFlow(clock=lambda: 0.0)
    >>> flow.may_send
    True
    >>> number = flow.send()
    >>> flow.answer(number)  # the page shows it
    """

    def __init__(self, newest: int = 0, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin after the newest frame that went to another page, of which some may come late."""
        self.level = 0  # of coarseness
        self.newest = newest  # number of the newest frame
        self._clock = clock
        self._alone = newest + 1  # it goes alone: nothing is known of the connection
        self._under_way: dict[int, float] = {}  # when each frame was sent, oldest first
        self._ways: deque[tuple[float, float]] = deque()  # (when, seconds), of answers
        self._looked_at = self._smooth_since = clock()
        self._answered: deque[float] = deque(maxlen=MOST_RATE)  # when each answer came
        self._sent = 0  # since the last look
        self._waited = False  # since the last look
        self._patience = FINER_S
        self._finer_at = -MOST_FINER_S

    @property
    def may_send(self) -> bool:
        """Whether the page keeps up with what was sent."""
        if not self._under_way:
            return True
        if self._alone in self._under_way:
            return False
        now, allowed = self._clock(), min(self.quickest, MOST_WAY_S) + LATE_S
        rate = sum(answered > now - 1.0 for answered in self._answered)  # frames a second
        since = now - next(iter(self._under_way.values()))
        most = max(LEAST_ON_THE_WAY, rate * allowed)
        return since < allowed and len(self._under_way) < most

    @property
    def quickest(self) -> float:
        """The shortest time from sending a frame to its answer lately [s]."""
        return min((seconds for _, seconds in self._ways), default=0.0)

    def send(self, *, is_large: bool = False) -> int:
        """Note that a frame is sent, after which others wait if it is large; return its number."""
        self.newest += 1
        if is_large:
            self._alone = self.newest
        self._under_way[self.newest] = self._clock()
        self._sent += 1
        return self.newest

    def wait(self) -> None:
        """Note that a picture was not sent because the page does not keep up."""
        self._waited = True

    def answer(self, number: int) -> None:
        """Note that the page shows a frame; those before it count as shown, too."""
        now, sent_at = self._clock(), self._under_way.get(number)
        if sent_at is None:
            return
        for older in [one for one in self._under_way if one <= number]:
            del self._under_way[older]
        self._answered.append(now)
        if number != self._alone:
            self._ways.append((now, now - sent_at))
        while self._ways and self._ways[0][0] < now - QUICKEST_S:
            self._ways.popleft()
        if now - self._looked_at >= LOOK_S:
            self._choose_level(now)

    def _choose_level(self, now: float) -> None:
        rate = self._sent / (now - self._looked_at)
        if self._waited:
            self._smooth_since = now
        if self._waited and rate < FLUENT and self.level < LEVELS - 1:
            if now - self._finer_at < 2 * LOOK_S + LATE_S:  # becoming finer was too much
                self._patience = min(MOST_FINER_S, 2 * self._patience)
            self.level += 1
        elif self.level and now - self._smooth_since >= self._patience:
            self.level, self._finer_at, self._smooth_since = self.level - 1, now, now
        self._looked_at, self._sent, self._waited = now, 0, False


class Encoder(Protocol):
    """Codes pictures of one size."""

    codec: Codec
    level: int
    size: tuple[int, int]

    def encode(self, pixels: np.ndarray, now: float) -> tuple[bytes, bool]:
        """Return a coded picture, and whether it can be decoded without those before it.

        Args:
            pixels: uint8 [H, W, 4], blue first.
            now: when it is shown [s].
        """


class H264Encoder:
    """Codes pictures as a stream; the first one of an encoder stands alone."""

    codec: Codec = "h264"

    def __init__(self, size: tuple[int, int], level: int) -> None:
        """Set the size [px], both even, and the coarseness."""
        self.size, self.level = size, level
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, av.VideoCodecContext)
        self._video = context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, TICKS)
        context.thread_count = 1  # slices of several threads cost quality and time
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": str(CRF[level]),
            # flat colours gain nothing by adaptive quantisers, which letters pay for
            "x264-params": "keyint=infinite:scenecut=0:aq-mode=0:colorprim=bt709:"
            "transfer=bt709:colormatrix=bt709:range=tv",
        }
        self._begun: float | None = None
        self._last = -1

    def encode(self, pixels: np.ndarray, now: float) -> tuple[bytes, bool]:
        """See `Encoder`."""
        is_first = self._begun is None
        self._begun = now if self._begun is None else self._begun
        frame = av.VideoFrame.from_ndarray(pixels, format="bgra")
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=1, dst_color_range=1, interpolation="AREA"
        )  # BT.709, limited range
        self._last = max(self._last + 1, round((now - self._begun) * TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, TICKS)
        packets = self._video.encode(frame)
        return b"".join(map(bytes, packets)), is_first


class JpegEncoder:
    """Codes pictures one by one, where a page cannot show H.264."""

    codec: Codec = "jpeg"

    def __init__(self, size: tuple[int, int], level: int) -> None:
        self.size, self.level = size, level

    def encode(self, pixels: np.ndarray, now: float) -> tuple[bytes, bool]:  # noqa: ARG002
        """See `Encoder`."""
        file, size = io.BytesIO(), (pixels.shape[1], pixels.shape[0])
        picture = Image.frombuffer("RGB", size, pixels, "raw", "BGRX", 0, 1)
        picture.save(file, "JPEG", quality=JPEG[self.level])
        return file.getvalue(), True
