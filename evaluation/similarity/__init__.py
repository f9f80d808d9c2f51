"""Which views came back, and how similar they are; the game uses it, too."""
