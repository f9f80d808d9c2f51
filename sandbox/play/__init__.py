"""One playthrough: session, generation thread, and the pacing of frames."""
