"""Results as one page, and as JSON beside it."""
