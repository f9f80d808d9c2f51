"""Phrases for the attributes of stages. Only data; knows nothing of drawing."""

LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "spotlights": ("under bright spotlights", "lit by spotlights"),
    "soft light": ("in soft light", "in even studio light"),
    "warm light": ("in warm light", "in golden light"),
    "pink light": ("in pink light", "under pink stage lights"),
    "blue light": ("in blue light", "under cool blue light"),
}
BACKDROP_WORDS: dict[str, str] = {
    "plain": "plain {} backdrop",
    "curtains": "{} curtains",
    "arches": "{} wall with arches",
    "columns": "{} wall with columns",
    "panels": "{} wall panels",
    "rings": "{} backdrop with big rings",
    "circles": "{} wall with big circles",
}
SUBJECTS = ("stage", "studio", "gallery", "showroom", "exhibition")
