"""Results as one page, and as tables within written text."""
