"""From latents to pictures in motion."""
