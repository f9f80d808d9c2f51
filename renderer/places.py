"""Places and levels: what they contain, and the words for them. Only data."""

from pathlib import Path

from mag_sandbox.scenes.places import PlaceKind, places_in, read_places

NOTHING = "none"
LEVELS = places_in(Path(__file__).with_name("levels.txt"))
# places that were added since the scenes of training and of the bars were drawn: a seed has to
# draw the same scene as then
NOT_RENDERED = frozenset(("rocky coast",))
PLACES: dict[str, PlaceKind] = {
    **{name: place for name, place in read_places().items() if name not in NOT_RENDERED},
    "stage": PlaceKind("stage", "object", ("stage", "studio", "show stage", "exhibition"), {}),
    **{f"{name} level": level for name, level in LEVELS.items()},
}
