"""What the player means: camera commands, poses, key bindings and control sources, in pure Python."""
