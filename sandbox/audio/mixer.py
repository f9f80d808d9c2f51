"""Mixes an ambience and cues for the way the camera looks, live and for soundtracks alike.

Sound is made in quanta of 20 ms, whatever piece sizes a device asks for. Controls take effect at
the next quantum, and every gain glides over at least one: nothing clicks.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from mag_sandbox.sandbox.audio.ambiences import RATE, make_ambience
from mag_sandbox.sandbox.audio.cues import make_cues
from mag_sandbox.sandbox.audio.placing import FOV, Ambience, ear_gains
from mag_sandbox.sandbox.audio.synthesis import Wave

QUANTA_PER_SECOND = 50
TURN_SHARE = 0.22  # of the way to the new gains in a quantum: a turn is followed within 0.1 s
MUTE_STEP = 0.2  # of full volume in a quantum
FADE_IN_STEP = 0.02  # of an ambience that begins
FADE_OUT_STEP = 0.05  # of one that ends
MAX_CUES = 4  # at once
CEILING = 0.9  # largest value of a sample that leaves
RELEASE = 0.04  # how much louder it may get from one quantum to the next


class Limiter:
    """Turns down before a peak arrives: it delays sound by one quantum, and so knows the next one.

    Within a quantum the gain goes straight from one end to the other, and neither is above what
    the quantum's peak allows: so nothing ever clips, and nothing clicks.

    >>> limiter = Limiter(960)
    >>> mix, out = np.zeros((2, 2, 960), np.float32)
    >>> limiter.push(mix, out)  # out is the quantum pushed before, at most CEILING
    """

    def __init__(self, quantum: int) -> None:
        self._ramp = np.arange(1, quantum + 1, dtype=np.float32) / np.float32(quantum)
        self._held = np.zeros((2, quantum), np.float32)
        self._allowed = 1.0  # by the peak of the held samples
        self._gain = 1.0  # at the end of the last quantum that left

    def push(self, mix: np.ndarray, out: np.ndarray) -> None:
        """Take the next quantum, [2, samples], and write the previous one to `out`."""
        peak = max(float(mix.max()), -float(mix.min()))
        allowed = CEILING / peak if peak > CEILING else 1.0
        end = min(self._allowed, allowed, self._gain + RELEASE)
        if end == self._gain == 1.0:
            np.copyto(out, self._held)
        else:
            np.multiply(self._held, self._gain + (end - self._gain) * self._ramp, out=out)
        np.copyto(self._held, mix)
        self._allowed, self._gain = allowed, end


class Mixer:
    """Turns sounds into samples.

    >>> mixer = Mixer(volume=0.6)
    >>> mixer.look(yaw=90.0)  # the window's thread says where the camera looks
    >>> out = np.empty((960, 2), np.float32)
    >>> mixer.fill(out)  # the device's thread asks for samples

    Every method but `fill` may be called on any thread; `fill` on one at a time. `fill` allocates
    little and waits for nothing.
    """

    def __init__(self, rate: int = RATE, *, volume: float = 1.0, muted: bool = False) -> None:
        self.rate = rate
        self.quantum = rate // QUANTA_PER_SECOND
        self._view = (0.0, FOV)
        self._volume = volume
        self._muted = muted
        self._next: _Deck | None = None
        self._asked: deque[Wave] = deque(maxlen=MAX_CUES)
        # the rest belongs to the thread that fills
        self._deck: _Deck | None = None
        self._fade = 0.0  # of the deck
        self._level = 0.0 if muted else loudness(volume)
        self._cues: list[tuple[Wave, int]] = []  # and how much of it was played
        self._ramp = np.arange(1, self.quantum + 1, dtype=np.float32) / np.float32(self.quantum)
        self._limiter = Limiter(self.quantum)
        self._mix = np.zeros((2, self.quantum), np.float32)
        self._ready = np.zeros((2, self.quantum), np.float32)
        self._left = 0  # samples of `_ready` not handed out yet

    def look(self, yaw: float, fov: float = FOV) -> None:
        """Say where the camera looks [degrees]."""
        self._view = (yaw, fov)

    def set_volume(self, volume: float) -> None:
        """Set how loud all is, from 0 to 1."""
        self._volume = volume

    def mute(self, muted: bool) -> None:
        """Fall silent, or come back."""
        self._muted = muted

    def cue(self, sound: Wave) -> None:
        """Play a short sound now."""
        self._asked.append(sound)

    def play(self, ambience: Ambience | None) -> None:
        """Fade to another ambience; None: to none."""
        self._next = _Deck(ambience, self.quantum) if ambience and ambience.sources else None

    def fill(self, out: np.ndarray) -> None:
        """Write the next samples, float32 [n, 2]."""
        done = 0
        while done < len(out):
            if not self._left:
                self._advance()
                self._left = self.quantum
            count = min(self._left, len(out) - done)
            begin = self.quantum - self._left
            out[done : done + count] = self._ready[:, begin : begin + count].T
            self._left -= count
            done += count

    def _advance(self) -> None:
        """Make one quantum; the limiter hands out the one before."""
        before = self._level
        self._level = _stepped(before, 0.0 if self._muted else loudness(self._volume), MUTE_STEP)
        if before == self._level == 0.0:
            self._mix.fill(0.0)
            self._asked.clear()
            self._cues.clear()
        else:
            self._mix_deck()
            self._mix_cues()
            self._mix *= before + (self._level - before) * self._ramp
        self._limiter.push(self._mix, self._ready)

    def _mix_deck(self) -> None:
        wanted = self._next
        if self._fade == 0.0:
            self._deck = wanted
        if self._deck is None:
            self._mix.fill(0.0)
            return
        stays, before = self._deck is wanted, self._fade
        self._fade = _stepped(before, float(stays), FADE_IN_STEP if stays else FADE_OUT_STEP)
        self._deck.mix(self._mix, self._ramp, self._view, (before, self._fade))

    def _mix_cues(self) -> None:
        while self._asked:
            sound = self._asked.popleft()
            if len(self._cues) < MAX_CUES:
                self._cues.append((sound, 0))
        for sound, played in self._cues:
            part = sound[played : played + self.quantum]
            self._mix[:, : len(part)] += part
        self._cues = [
            (sound, played + self.quantum)
            for sound, played in self._cues
            if played + self.quantum < len(sound)
        ]


class _Deck:
    def __init__(self, ambience: Ambience, quantum: int) -> None:
        self._sources = ambience.sources
        self._loops = [source.loop for source in ambience.sources]
        self._played = [0] * len(self._loops)
        self._rows = np.zeros((len(self._loops), quantum), np.float32)
        self._planes = np.zeros((4, quantum), np.float32)
        self._gains = np.zeros((4, len(self._loops)), np.float32)  # now; change in this quantum
        self._view: tuple[float, float] | None = None
        self._target = self._now = np.zeros((2, len(self._loops)), np.float32)

    def mix(
        self,
        out: np.ndarray,
        ramp: np.ndarray,
        view: tuple[float, float],
        fade: tuple[float, float],
    ) -> None:
        """Write the next quantum to `out`, [2, samples]; `fade` is its gain at both ends."""
        if view != self._view:
            self._target = ear_gains(self._sources, *view)
            self._now = self._target if self._view is None else self._now
            self._view = view
        begin, self._now = self._now, self._now + TURN_SHARE * (self._target - self._now)
        np.multiply(begin, fade[0], out=self._gains[:2])
        np.subtract(self._now * fade[1], self._gains[:2], out=self._gains[2:])
        for index, loop in enumerate(self._loops):
            self._played[index] = _read(loop, self._played[index], self._rows[index])
        np.matmul(self._gains, self._rows, out=self._planes)
        np.multiply(self._planes[2:], ramp, out=out)
        out += self._planes[:2]


def loudness(volume: float) -> float:
    """Return the gain of a volume from 0 to 1; halfway sounds about half as loud."""
    return math.pow(min(1.0, max(0.0, volume)), 1.5)


def _read(loop: Wave, begin: int, row: np.ndarray) -> int:
    filled = 0
    while filled < len(row):
        part = loop[begin : begin + len(row) - filled]
        row[filled : filled + len(part)] = part
        filled += len(part)
        begin = (begin + len(part)) % len(loop)
    return begin


def _stepped(value: float, target: float, step: float) -> float:
    return min(value + step, target) if target > value else max(value - step, target)


ENDING = 0.12  # seconds over which the end fades


def soundtrack_pieces(
    ambience: str | None,
    seed: int,
    yaws: Sequence[float],
    fps: float,
    cues: Sequence[tuple[float, str]] = (),
    rate: int = RATE,
    fovs: Sequence[float] | None = None,
) -> Iterator[np.ndarray]:
    """Make a soundtrack piece by piece, so that an hour needs no more memory than a second.

    `yaws` and `fovs` say where the camera looks in each frame and how wide [degrees]; `cues` are
    (second, name) in any order.

    Yields:
        Samples at full volume, float32 [n, 2]; together as long as the frames, to the sample.
    """
    total = round(len(yaws) * rate / fps)
    if not total:
        return
    mixer, sounds = Mixer(rate), make_cues(rate)
    mixer.play(make_ambience(ambience, seed, rate) if ambience else None)
    waiting = sorted(cues, key=lambda cue: cue[0])
    piece = np.zeros((mixer.quantum, 2), np.float32)
    for begin in range(0, total + mixer.quantum, mixer.quantum):
        frame = min(int(begin * fps / rate + 1e-6), len(yaws) - 1)
        mixer.look(yaws[frame], fovs[frame] if fovs else FOV)
        while waiting and waiting[0][0] * rate <= begin:
            mixer.cue(sounds[waiting.pop(0)[1]])
        mixer.mute(begin > total - (ENDING * rate))
        mixer.fill(piece)
        if begin:  # the limiter holds back a quantum
            yield piece[: total - begin + mixer.quantum].copy()
