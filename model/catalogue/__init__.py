"""The table of worlds, their weights on this computer, and whether they fit it. No torch."""
