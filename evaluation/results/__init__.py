"""Shared by all measurements: stored results, intervals, provenance, progress, videos."""
