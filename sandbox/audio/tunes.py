"""Small tunes for game worlds, composed from the seed: chip music, and bells among crystals.

Lead and accompaniment stand in different places, so that a tune turns with the camera.
"""

from collections.abc import Iterator

import numpy as np

from mag_sandbox.sandbox.audio.places import Sources
from mag_sandbox.sandbox.audio.placing import Source, all_around, around
from mag_sandbox.sandbox.audio.synthesis import AUDIBLE, Synth, Wave, place

BARS = 16
BEATS = 4  # in a bar; a melody moves in half beats
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
CHORDS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (0, 3, 0, 4),
    (5, 3, 0, 4),
    (0, 2, 3, 4),
)  # steps of the scale
BRIGHTEST = 5500.0  # Hz: overtones of chip voices end here
TABLE = 2048  # points of one period

Note = tuple[float, float, int]  # begins, lasts [beats], step of the scale


def arcade(synth: Synth) -> Sources:
    """A cheerful chip tune: lead, broken chords, bass and soft drums."""
    tune = _Tune(synth, scale=MAJOR, tempo=synth.rng.uniform(96, 116))
    lead_yaw, chords_yaw = around(synth.rng, 2)
    bass = tune.play(tune.bass(), "triangle", octave=-1, fade=0.5)
    drums = _drums(synth, tune)
    return (
        Source(0.5 * tune.play(tune.melody(), "reed", octave=1, fade=0.35), lead_yaw),
        Source(0.26 * tune.play(tune.broken_chords(), "square", octave=1, fade=0.12), chords_yaw),
        Source(0.3 * bass + 0.22 * drums),
    )


def crystals(synth: Synth) -> Sources:
    """Slow bells that answer each other over a frozen drone."""
    tune = _Tune(synth, scale=MINOR, tempo=synth.rng.uniform(84, 96))
    near, far, high = around(synth.rng, 3)
    bells = tune.play(tune.melody(), "bell", octave=1, fade=0.9)
    answers = np.roll(tune.play(tune.melody(), "bell", octave=2, fade=0.7), tune.samples(2))
    drone_hz = tune.hz(0, octave=-1)
    seconds = len(bells) / synth.rate
    drone = synth.hum(seconds, [(drone_hz, 1.0), (1.5 * drone_hz, 0.5), (2.004 * drone_hz, 0.4)])
    frost = synth.noise(9, 3000, 8000) * synth.swell(9, every=3) ** 2
    return (
        Source(0.35 * bells, near),
        Source(0.25 * answers, far),
        Source(0.05 * frost, high),
        *all_around(0.12 * drone * synth.swell(seconds, every=6, floor=0.4)),
    )


class _Tune:
    def __init__(self, synth: Synth, scale: tuple[int, ...], tempo: float) -> None:
        self.synth = synth
        self._scale = scale
        self._beat = 60 / tempo
        self._root = 220.0 * 2 ** (synth.rng.integers(-3, 5) / 12)
        first, second = synth.rng.choice(len(CHORDS), size=2, replace=False)
        phrase = CHORDS[first] * 2
        self._chords = (*phrase, *CHORDS[second], *CHORDS[first])

    def samples(self, beats: float) -> int:
        return self.synth.count(beats * self._beat)

    def hz(self, step: int, octave: int = 0) -> float:
        octaves, degree = divmod(step, len(self._scale))
        return self._root * 2 ** (octave + octaves + self._scale[degree] / 12)

    def melody(self) -> Iterator[Note]:
        rng = self.synth.rng
        motifs = [_motif(rng), _motif(rng)]
        for bar, chord in enumerate(self._chords):
            motif = motifs[1] if bar % 4 == 3 else motifs[0]
            for begins, lasts, step in motif:
                on_chord = begins in (0.0, 2.0)
                yield (
                    bar * BEATS + begins,
                    lasts,
                    chord + 2 * round(step / 2) if on_chord else chord + step,
                )

    def broken_chords(self) -> Iterator[Note]:
        for bar, chord in enumerate(self._chords):
            for place_in_bar, step in enumerate((0, 2, 4, 7, 4, 2, 4, 2)):
                yield bar * BEATS + place_in_bar / 2, 0.5, chord + step

    def bass(self) -> Iterator[Note]:
        for bar, chord in enumerate(self._chords):
            for begins, lasts in ((0, 1.4), (1.5, 0.4), (2, 1.4), (3.5, 0.4)):
                yield bar * BEATS + begins, lasts, chord - (7 if chord > 3 else 0)

    def play(self, notes: Iterator[Note], voice: str, octave: int, fade: float) -> Wave:
        """Return a loop of the notes in one voice; `fade` is their time to 1/e [s]."""
        loop = np.zeros(self.samples(BARS * BEATS), np.float32)
        tones: dict[tuple[float, int], Wave] = {}  # the same notes come again and again
        for begins, lasts, step in notes:
            seconds = lasts * self._beat if voice != "bell" else 4 * fade
            if (seconds, step) not in tones:
                tones[seconds, step] = _tone(
                    self.synth, self.hz(step, octave), seconds, voice, fade
                )
            place(loop, tones[seconds, step], self.samples(begins))
        return loop


def _motif(rng: np.random.Generator) -> list[Note]:
    notes, at, step = [], 0.0, int(rng.choice((0, 2, 4)))
    while at < BEATS:
        lasts = float(rng.choice((0.5, 0.5, 1.0, 1.5)))
        lasts = min(lasts, BEATS - at)
        if at == 0.0 or rng.random() > 0.15:  # else a rest
            notes.append((at, 0.9 * lasts, step))
        step = int(np.clip(step + rng.choice((-2, -1, -1, 1, 1, 2)), -1, 8))
        at += lasts
    return notes


def _tone(synth: Synth, hz: float, seconds: float, voice: str, fade: float) -> Wave:
    count = synth.count(seconds)
    period = _period(voice, int(min(BRIGHTEST, AUDIBLE * synth.rate) / hz))
    phase = (np.arange(count) * (hz * TABLE / synth.rate)).astype(np.int64) % TABLE
    wave = period[phase] * np.exp(np.arange(count, dtype=np.float32) / (-fade * synth.rate))
    attack, release = synth.count(0.006), min(count, synth.count(0.02))
    wave[:attack] *= np.linspace(0, 1, attack)[: len(wave)]
    wave[-release:] *= np.linspace(1, 0, release)
    note: Wave = wave.astype(np.float32)
    return note


def _period(voice: str, overtones: int) -> Wave:
    turn = np.linspace(0, 2 * np.pi, TABLE, endpoint=False)
    period = np.sin(turn)
    for overtone in range(2, max(2, overtones + 1)):
        period += _strength(voice, overtone) * np.sin(overtone * turn)
    wave: Wave = (period / np.abs(period).max()).astype(np.float32)
    return wave


def _strength(voice: str, overtone: int) -> float:
    odd = overtone % 2
    if voice == "triangle":
        return odd * (-1.0) ** ((overtone - 1) // 2) / overtone**2
    if voice == "square":
        return odd / overtone
    if voice == "reed":  # a pulse of a quarter period
        return float(np.sin(np.pi * overtone / 4) / (overtone * np.sin(np.pi / 4)))
    return {2: 0.05, 3: 0.22, 4: 0.04, 6: 0.06}.get(overtone, 0.0)  # a bell


def _drums(synth: Synth, tune: _Tune) -> Wave:
    loop = np.zeros(tune.samples(BARS * BEATS), np.float32)
    kick = synth.sweep(0.11, 130, 48, overtone=0.0)
    snare, tick = synth.burst(0.035, 900, 5000), synth.burst(0.012, 5000, 9000)
    for half_beat in range(2 * BARS * BEATS):
        at = tune.samples(half_beat / 2)
        if half_beat % 8 in (0, 5):
            place(loop, kick, at)
        elif half_beat % 8 == 4:
            place(loop, snare, at, 0.35)
        place(loop, tick, at, 0.12 if half_beat % 2 else 0.2)
    return loop
