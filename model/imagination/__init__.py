"""Imagination: things are planned all around, and views of them are painted."""
