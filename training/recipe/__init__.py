"""MAG's recipe at either size: base, Self Forcing, memory model, generator."""
