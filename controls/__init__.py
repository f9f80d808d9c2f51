"""The player's intent: camera commands, poses, key bindings and sources, in pure Python."""
