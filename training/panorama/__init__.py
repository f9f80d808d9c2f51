"""Procedural panoramas: training data and ground truth of the pocket world, drawn with Pillow."""
