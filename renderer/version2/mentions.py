"""The attributes of a scene that the words of a caption fix."""

from mag_sandbox.renderer.phrasing import phrases_of_category, plural
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.renderer.version2 import indoor, stage
from mag_sandbox.renderer.version2.render import DrawnScene, LoggedPanorama

TRIES = 24  # captions of which the richest is taken


def phrases_of(category: str, attribute: str, attributes: dict[str, str]) -> tuple[str, ...]:
    """Return the phrases by which a caption can name an attribute's value; () if it never does."""
    value = attributes[attribute]
    if value == "none":
        return ()
    if category == "outdoor":
        return tuple(_OUTDOOR.get(attribute, {}).get(value, ()))
    if category == "video game":
        if attribute == "structure":
            color = attributes["structure_color"]
            return tuple(f"{color} {noun}" for noun in _GAME["structure"][value])
        return tuple(_GAME.get(attribute, {}).get(value, ()))
    return (_indoor if category == "indoor" else _stage)(attribute, attributes)


def mentions(caption: str, scene: DrawnScene, attribute: str) -> bool:
    """Whether a caption names an attribute of its scene.

    A phrase within a longer one of another attribute does not: "huge mushrooms in the background"
    speaks of no mushrooms that grow here.
    """
    text = caption.lower()
    phrases = phrases_of(scene.category, attribute, scene.attributes)
    for other in scene.attributes:
        longer = phrases_of(scene.category, other, scene.attributes)
        for phrase in longer if other != attribute else ():
            if any(own in phrase and own != phrase for own in phrases):
                text = text.replace(phrase, "")
    return any(phrase in text for phrase in phrases)


def named_things(caption: str, scene: LoggedPanorama) -> tuple[Thing, ...]:
    """Return the things of a scene that its caption names."""
    attributes = {thing.attribute for thing in scene.things if thing.nameable}
    named = {attribute for attribute in attributes if mentions(caption, scene, attribute)}
    return tuple(thing for thing in scene.things if thing.attribute in named)


def richest_caption(scene: DrawnScene, attributes: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the caption that names most of the given attributes, and those it names."""
    best, named = "", tuple[str, ...]()
    for index in range(TRIES):
        caption = scene.caption(index)
        found = tuple(name for name in attributes if mentions(caption, scene, name))
        if not best or len(found) > len(named):
            best, named = caption, found
    return best, named


def _indoor(attribute: str, attributes: dict[str, str]) -> tuple[str, ...]:
    value = attributes[attribute]
    if attribute == "light":
        return indoor.LIGHT_WORDS[value]
    if attribute in (*indoor.PLACED, "lamp", "rug"):
        return (f"{attributes[f'{attribute}_color']} {value}",)
    nouns = {"wall_color": " {} walls", "curtains": "{} curtains", "door": "{} door"}
    if attribute in nouns:
        return (nouns[attribute].format(value),)
    return (value,) if attribute in ("window", "plant", "picture") else ()


def _stage(attribute: str, attributes: dict[str, str]) -> tuple[str, ...]:
    value = attributes[attribute]
    if attribute in ("backdrop", "backdrop_color"):
        value = attributes["backdrop_color"]
        return (stage.BACKDROP_WORDS[attributes["backdrop"]].format(value),)
    if attribute == "light":
        return stage.LIGHT_WORDS[value]
    if attribute in ("main", "second"):
        return (f"{attributes[f'{attribute}_color']} {plural(value)}",)
    if attribute == "support":
        return (f"{attributes['support_color']} {value}",)
    return (value,) if attribute == "extra" else ()


_OUTDOOR, _GAME = phrases_of_category("outdoor"), phrases_of_category("video game")
