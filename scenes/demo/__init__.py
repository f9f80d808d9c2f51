"""Demos: a scene, a camera script, and expectations."""
