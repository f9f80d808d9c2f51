"""Measures a world: memory, imagination, motion and obedience to prompts. Trains only its judge."""
