"""The app: window, sessions, recordings. Nothing here is imported by another package."""
