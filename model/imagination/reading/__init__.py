"""Reading: the things, distances and walls of a given picture, as far as a plan needs them."""
