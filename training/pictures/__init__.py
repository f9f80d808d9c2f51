"""Networks that see pictures as the game shows them: what they learn from, and their training."""
