"""How well a world remembers, invents and obeys on held-out scenes, with confidence intervals."""
