"""Shapes: each function draws one thing around its foot."""
