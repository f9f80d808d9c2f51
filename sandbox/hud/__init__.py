"""The head-up display: memory, map, hints and help."""
