"""Networks that name what a view shows; trained on renders, never used in a loss."""
