"""Sound: synthesised ambiences placed in the panorama, signals, and soundtracks for exports."""

from sandbox.audio.cues import CUES
from sandbox.audio.outputs import sound_report
from sandbox.audio.player import Audio, open_audio
from sandbox.audio.soundtrack import render_soundtrack, soundtrack_pieces
from sandbox.audio.words import suggest_ambience

__all__ = [
    "CUES",
    "Audio",
    "open_audio",
    "render_soundtrack",
    "sound_report",
    "soundtrack_pieces",
    "suggest_ambience",
]
