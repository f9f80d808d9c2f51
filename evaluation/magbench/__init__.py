"""MAG-Bench: its clips, its best-match scores, and its table."""
