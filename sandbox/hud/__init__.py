"""What lies over the picture: memory, map, hints and help."""
