"""What a world remembers, invents and obeys on held-out scenes, and how sure that is."""
