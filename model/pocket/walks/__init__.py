"""Walks: viewpoints beside the first one, how they are shown, and what of them is remembered."""
