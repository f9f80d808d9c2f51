"""Training of the pocket world, stage by stage."""
