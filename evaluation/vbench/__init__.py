"""Samples for VBench, and what can be said of a video without it."""
