"""Postcards, a small game: find again what the world shows you."""
