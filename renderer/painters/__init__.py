"""Shapes: each function draws one thing around its foot. Knows nothing of scenes or viewpoints."""
