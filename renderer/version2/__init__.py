"""Version 2 of the renderer, in pixels: training data and ground truth of the pocket world."""
