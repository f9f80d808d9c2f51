"""Scores the things that a world invents, beside those that the renderer draws."""
