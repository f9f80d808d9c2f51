"""What a caption says: which attributes of a scene its words fix. Knows nothing of pictures."""

from training.panorama import game_themes, indoor, outdoor_words, stage
from training.panorama.render import Panorama


def phrases_of(category: str, attribute: str, attributes: dict[str, str]) -> tuple[str, ...]:
    """Return the phrases by which a caption can name an attribute's value; () if it never does."""
    value = attributes[attribute]
    if category == "outdoor":
        return tuple(_OUTDOOR.get(attribute, {}).get(value, ()))
    if category == "video game":
        return tuple(_GAME.get(attribute, {}).get(value, ()))
    if category == "indoor":
        return _indoor(attribute, value)
    return _stage(attribute, attributes)


def mentions(caption: str, panorama: Panorama, attribute: str) -> bool:
    """Whether a caption names an attribute of its scene."""
    text = caption.lower()
    phrases = phrases_of(panorama.category, attribute, panorama.attributes)
    return any(phrase.lower() in text for phrase in phrases)


def richest_caption(
    panorama: Panorama, attributes: tuple[str, ...], tries: int = 24
) -> tuple[str, tuple[str, ...]]:
    """Return the caption that names most of the given attributes, and those it names."""
    best, named = "", ()
    for index in range(tries):
        caption = panorama.caption(index)
        found = tuple(name for name in attributes if mentions(caption, panorama, name))
        if not best or len(found) > len(named):
            best, named = caption, found
    return best, named


def _indoor(attribute: str, value: str) -> tuple[str, ...]:
    if attribute == "wall_color":
        return (f" {value} walls",)
    return indoor.LIGHT_WORDS[value] if attribute == "light" else ()


def _stage(attribute: str, attributes: dict[str, str]) -> tuple[str, ...]:
    if attribute == "backdrop_color":
        return (stage.BACKDROP_WORDS[attributes["backdrop"]].format(attributes[attribute]),)
    return stage.LIGHT_WORDS[attributes[attribute]] if attribute == "light" else ()


_OUTDOOR = {"biome": outdoor_words.PLACES, **outdoor_words.MOMENTS, **outdoor_words.THINGS}
_GAME = {
    "theme": game_themes.PLACE_WORDS,
    "sky": game_themes.SKY_WORDS,
    **game_themes.THING_WORDS,
}
