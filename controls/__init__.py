"""What the player means: camera commands, poses, key bindings and sources, in pure Python."""
