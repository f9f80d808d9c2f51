"""MemoryPack: short-term memory as packed frames, long-term memory as a state of fixed size."""
