"""The world itself: `loading` opens worlds by name, `world` defines the interface."""
