"""Kinds that words can name: things, and grounds, skies and falling rain by category of scenes."""

from itertools import chain

from mag_sandbox.scenes.things import FALLING, THINGS

# Kinds that no player places, but words can name, by the category whose plans have them then: at
# least three of four seeds.
GROUND = {
    "outdoor": (
        "sea", "river", "path", "road", "mountains", "hills", "starry sky", "falling rain",
        "falling snow",
    ),
    "object": ("columns", "arches", "rings", "steps", "stage curtains", "spotlight"),
    "video game": ("starry sky",),
}  # fmt: skip
OVERHEAD = frozenset(("sun", "moon", "cloud", "star", "planet", "starry sky", *FALLING))
KINDS = (*THINGS, *chain(*GROUND.values()))
