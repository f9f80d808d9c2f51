"""Training of MemoryPack: two phases, at either size."""
