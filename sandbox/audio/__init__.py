"""Sound: synthesised ambiences placed in the panorama, signals, and soundtracks for exports."""

from mag_sandbox.sandbox.audio.ambiences import suggest_ambience
from mag_sandbox.sandbox.audio.cues import CUES
from mag_sandbox.sandbox.audio.mixer import Mixer, soundtrack_pieces
from mag_sandbox.sandbox.audio.outputs import Output, sound_report
from mag_sandbox.sandbox.audio.player import Audio, open_audio

__all__ = [
    "CUES",
    "Audio",
    "Mixer",
    "Output",
    "open_audio",
    "sound_report",
    "soundtrack_pieces",
    "suggest_ambience",
]
