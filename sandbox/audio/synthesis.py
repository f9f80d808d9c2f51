"""Sounds from numbers: noises, swells, chirps, pings.

A *loop* repeats without a click: it is made of whole periods, or its parts wrap around its end. A
*sound* is short and dies away.
"""

from collections.abc import Sequence

import numpy as np

Wave = np.ndarray  # float32 [samples]
Partial = tuple[float, float, float]  # frequency [Hz], time to fall to 1/e [s], strength

SWELL_RATE = 32  # points a second of slow curves
FAR = np.float32(60)  # times outside a band: nothing is left of a noise
AUDIBLE = 0.45  # highest frequency that is made, as a share of the sample rate


class Synth:
    """Makes sounds at one sample rate from one source of randomness.

    >>> synth = Synth(4_000, np.random.default_rng(7))
    >>> wind = synth.noise(12, 80, 600) * synth.swell(12, every=4)  # two loops of 12 s
    >>> place(wind, synth.ping([(880, 0.3, 1.0)]), at=2_000)
    """

    def __init__(self, rate: int, rng: np.random.Generator) -> None:
        self.rate = rate
        self.rng = rng

    def count(self, seconds: float) -> int:
        """Return how many samples last that long."""
        return round(seconds * self.rate)

    def silence(self, seconds: float) -> Wave:
        """Return an empty loop to place sounds in."""
        return np.zeros(self.count(seconds), np.float32)

    def noise(self, seconds: float, low: float, high: float, slope: float = 2.0) -> Wave:
        """Return a loop of pink noise of loudness 1 (RMS) between two frequencies [Hz].

        Beyond them it falls off by `slope` times 6 dB an octave; whole seconds are made fastest.
        """
        count = self.count(seconds)
        bins = self.rng.standard_normal((count // 2 + 1, 2), np.float32)
        spectrum = bins.view(np.complex64)[:, 0]
        hz = np.fft.rfftfreq(count, 1 / self.rate).astype(np.float32)
        hz[0] = hz[1]
        below, above = np.minimum(low / hz, FAR) ** slope, np.minimum(hz / high, FAR) ** slope
        spectrum /= np.sqrt((1 + below**2) * (1 + above**2) * hz)
        spectrum[0] = 0  # no direct current
        wave: Wave = np.fft.irfft(spectrum, count)
        wave = wave / np.sqrt(np.mean(np.square(wave)))  # RMS 1
        return wave.astype(np.float32, copy=False)

    def swell(self, seconds: float, every: float, floor: float = 0.0) -> Wave:
        """Return a loop that wanders slowly between `floor` and 1, up about `every` seconds."""
        points = max(8, round(seconds * SWELL_RATE))
        fastest = max(1, min(round(1.5 * seconds / every), points // 2))
        spectrum = np.zeros(points // 2 + 1, np.complex64)
        turns = self.rng.uniform(0, 2 * np.pi, fastest)
        spectrum[1 : fastest + 1] = np.exp(1j * turns) * self.rng.uniform(0.5, 1, fastest)
        curve = np.fft.irfft(spectrum, points)
        curve = (curve - curve.min()) / (curve.max() - curve.min())
        curve = floor + (1 - floor) * np.append(curve, curve[0])
        count = self.count(seconds)
        return np.interp(
            np.linspace(0, points, count, endpoint=False), np.arange(points + 1), curve
        ).astype(np.float32)

    def hum(self, seconds: float, partials: Sequence[tuple[float, float]]) -> Wave:
        """Return a loop of steady tones (frequency [Hz], strength), tuned to whole periods."""
        turn = np.arange(self.count(seconds)) * (2 * np.pi / self.count(seconds))
        loop = self.silence(seconds)
        for hz, strength in partials:
            if hz < AUDIBLE * self.rate:
                phase = self.rng.uniform(0, 2 * np.pi)
                loop += (strength * np.sin(round(hz * seconds) * turn + phase)).astype(np.float32)
        return loop

    def sweep(self, seconds: float, start: float, end: float, overtone: float = 0.1) -> Wave:
        """Return a whistle that glides from one frequency to another, soft at both ends."""
        way = np.linspace(0, 1, self.count(seconds), dtype=np.float32)
        hz = start * (end / start) ** way
        phase = np.cumsum(hz, dtype=np.float64) * (2 * np.pi / self.rate)
        wave = np.sin(phase)
        if 2 * max(start, end) < AUDIBLE * self.rate:
            wave += overtone * np.sin(2 * phase)
        soft: Wave = (wave * np.sin(np.pi * way).clip(0) ** 1.5).astype(np.float32)
        return soft

    def ping(self, partials: Sequence[Partial], attack: float = 0.002) -> Wave:
        """Return struck tones dying away to nothing."""
        longest = max(decay for _, decay, _ in partials)
        times = np.arange(self.count(6 * longest)) / self.rate
        wave = np.zeros(len(times))
        for hz, decay, strength in partials:
            if hz < AUDIBLE * self.rate:
                wave += strength * np.exp(-times / decay) * np.sin(2 * np.pi * hz * times)
        return self._eased(wave, attack)

    def burst(self, decay: float, low: float, high: float) -> Wave:
        """Return a short noise between two frequencies dying away to nothing; peak 1."""
        wave = self.noise(max(6 * decay, 0.01), low, high)
        wave = wave * np.exp(-np.arange(len(wave)) / (decay * self.rate))
        wave = self._eased(wave, 0.0005)
        wave /= np.abs(wave).max()
        return wave

    def scatter(
        self, loop: Wave, sounds: Sequence[Wave], per_second: float, spread: float = 0.6
    ) -> Wave:
        """Strew sounds over a loop at random, some much louder than others, and return the loop.

        `spread` is that of the logarithm of their strength.
        """
        total = round(per_second * len(loop) / self.rate)
        places = self.rng.integers(len(loop), size=total)
        strengths = np.exp(spread * self.rng.standard_normal(total)).clip(0, 3)
        for at, strength, kind in zip(
            places, strengths, self.rng.integers(len(sounds), size=total), strict=True
        ):
            place(loop, sounds[kind], at, strength)
        return loop

    def room(self, loop: Wave, tail: float, wet: float) -> Wave:
        """Return the loop as heard in a large room.

        The echo falls to 1/e in `tail` seconds; with `wet` 1 it is about as loud as the dry sound.
        """
        count = min(len(loop), self.count(5 * tail))
        echo = np.zeros(len(loop), np.float32)
        times = np.arange(count, dtype=np.float32) / self.rate
        echo[:count] = self.rng.standard_normal(count, np.float32) * np.exp(-times / tail)
        echo[:count] *= np.minimum(1, times / 0.012)  # the walls are metres away
        echo /= np.sqrt(np.sum(echo**2))
        hz = np.fft.rfftfreq(len(loop), 1 / self.rate).astype(np.float32)
        dull = 1 / (1 + (hz / 3500) ** 2)  # air and walls swallow the treble
        wave = np.fft.irfft(np.fft.rfft(loop) * np.fft.rfft(echo) * dull, len(loop))
        return loop + np.float32(wet) * wave

    def _eased(self, wave: np.ndarray, attack: float) -> Wave:
        rise = min(max(1, self.count(attack)), len(wave))
        wave[:rise] *= np.linspace(0, 1, rise)
        fall = max(1, len(wave) // 6)
        wave[-fall:] *= np.linspace(1, 0, fall)
        return wave.astype(np.float32)


def place(loop: Wave, sound: Wave, at: int, strength: float = 1.0) -> None:
    """Add a sound to a loop, going on at the loop's start where it passes the end."""
    at = int(at) % len(loop)
    while len(sound):
        part = sound[: len(loop) - at]
        loop[at : at + len(part)] += np.float32(strength) * part
        sound, at = sound[len(part) :], 0


def shifted(loop: Wave, share: float) -> Wave:
    """Return the loop begun elsewhere: the same noise, but unrelated to the original."""
    return np.roll(loop, round(share * len(loop)))
