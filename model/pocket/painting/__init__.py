"""Painting: views of a planned ring, painted ahead on a thread of their own, then redrawn."""
