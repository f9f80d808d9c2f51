"""The limits of memory, declared once for scripts, settings, worlds and servers."""

from typing import Annotated

from msgspec import Meta

MOST = 2**16
KeptMib = Annotated[int, Meta(ge=1, le=MOST)]  # budget of kept keys and values [MiB]
AttendedFrames = Annotated[int, Meta(ge=1, le=MOST)]  # most frames of memory that a block reads
WindowBlocks = Annotated[int, Meta(ge=1, le=MOST)]  # newest blocks that the policy `window` keeps
SinkFrames = Annotated[int, Meta(ge=0, le=MOST)]  # first frames that are never dropped
