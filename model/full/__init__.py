"""The full-size world: Wan2.1-T2V-1.3B with MAG memory, from public checkpoints."""
