"""Backends choose and assemble the parts of a world, nothing else."""
