"""Where the game begins: everything there is to play and to watch, as cards."""
