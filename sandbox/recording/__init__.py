"""Sessions written down, read back, kept as frames and played again."""
