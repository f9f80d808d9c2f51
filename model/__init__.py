"""The world itself: `loading` gives worlds by name, `world` says what a world is."""
