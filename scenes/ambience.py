"""The names of ambiences a scene can ask for; what they sound like is the app's business."""

AMBIENCES = (
    "arcade",
    "birds",
    "cave",
    "chimes",
    "clock",
    "crickets",
    "crystals",
    "fireplace",
    "hall",
    "hum",
    "rain",
    "room",
    "silence",
    "stream",
    "waves",
    "wind",
)
