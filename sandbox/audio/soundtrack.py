"""The sound of a recording, made from what was seen: the same mixing as live, without a device."""

from collections.abc import Iterator, Sequence

import numpy as np

from mag_sandbox.sandbox.audio.ambiences import RATE, make_ambience
from mag_sandbox.sandbox.audio.cues import make_cues
from mag_sandbox.sandbox.audio.mixer import Mixer
from mag_sandbox.sandbox.audio.placing import FOV

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
