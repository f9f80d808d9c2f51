"""Lookback: a benchmark of visual memory with exact truth, that any world can take part in."""
