"""Worlds that run elsewhere: what goes over the line, the world at its near end, the server."""
