"""The short signals of the game: what each means, and what it sounds like."""

import numpy as np

from mag_sandbox.sandbox.audio.synthesis import Synth, Wave, place

NOTE = 440.0  # Hz
BELL = ((1.0, 0.16, 1.0), (2.0, 0.09, 0.28), (3.01, 0.05, 0.12))  # of a note: times, decay, share
WOOD = ((1.0, 0.07, 1.0), (2.76, 0.02, 0.25))
CUES = {  # loudness; colour; notes: (begins [s], half tones from NOTE)
    "anchor": (0.20, BELL, ((0.0, 3), (0.07, 10))),
    "probe_good": (0.20, BELL, ((0.0, 3), (0.08, 7), (0.16, 10))),
    "probe_bad": (0.22, BELL, ((0.0, 0), (0.14, -4))),
    "postcard_found": (0.20, BELL, ((0.0, 3), (0.08, 7), (0.16, 10), (0.24, 15), (0.40, 19))),
    "postcard_missed": (0.22, BELL, ((0.0, -2), (0.16, -5), (0.32, -9))),
    "error": (0.30, WOOD, ((0.0, -12), (0.13, -12))),
}


def make_cues(rate: int) -> dict[str, Wave]:
    """Return the sound of every cue; takes a few milliseconds."""
    synth = Synth(rate, np.random.default_rng(0))
    return {name: _cue(synth, *CUES[name]) for name in CUES}


def _cue(
    synth: Synth,
    loudness: float,
    colour: tuple[tuple[float, float, float], ...],
    notes: tuple[tuple[float, int], ...],
) -> Wave:
    longest = 6 * max(decay for _, decay, _ in colour)
    cue = synth.silence(notes[-1][0] + longest + 0.01)
    for begins, half_tones in notes:
        hz = NOTE * 2 ** (half_tones / 12)
        partials = [(hz * times, decay, share) for times, decay, share in colour]
        place(cue, synth.ping(partials, attack=0.004), synth.count(begins), loudness)
    return cue
