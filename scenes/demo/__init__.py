"""Demos: a scene, a camera script, and what is expected of it."""
