"""The pocket world: small networks from the repository that play on any laptop."""
