"""Worlds that run elsewhere: messages, the client's world, the server."""
