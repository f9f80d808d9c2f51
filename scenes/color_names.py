"""Names of colours, and the colours that they name: medians of the renderer's log."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from math import atan2, degrees, dist, hypot

COLORS: dict[str, tuple[int, int, int]] = {
    "black": (71, 59, 75),
    "blue": (73, 97, 180),
    "brown": (135, 86, 68),
    "cream": (242, 228, 198),
    "gold": (228, 180, 91),
    "green": (92, 138, 92),
    "grey": (147, 130, 125),
    "orange": (230, 133, 69),
    "pink": (232, 143, 154),
    "purple": (133, 87, 163),
    "red": (214, 73, 72),
    "teal": (51, 135, 139),
    "white": (227, 207, 202),
    "wooden": (156, 104, 62),  # the renderer's (176, 108, 82) is painted as red as brick
    "yellow": (227, 182, 70),
}
_CLEAR = 17.0  # steps of L*a*b* from a named colour, up to which its name is told
_CLEARER = 0.7  # of those from the next one; likewise
_SAME_HUE = 50.0  # degrees between hues of one colour in different light
_GREYISH, _NOT_TOLD = 14.0, 40.0  # chroma of colours without a hue; how far these are, in degrees
_XYZ = (  # of linear sRGB, and of white [CIE 1931]
    ((0.4124, 0.3576, 0.1805), 0.9505),
    ((0.2126, 0.7152, 0.0722), 1.0),
    ((0.0193, 0.1192, 0.9505), 1.089),
)
SAME_COLORS = {"gray": "grey", "golden": "gold", "violet": "purple", "silver": "grey"}


def color_word(word: str | None) -> str | None:
    """Return the name of the colour that a word is; None: it is none."""
    name = SAME_COLORS.get(word or "", word)
    return name if name in COLORS else None


def color_name(color: Sequence[int]) -> str:
    """Return the name of the colour nearest to the eye; "wooden" only for that very colour."""
    return _nearest_colors((color[0], color[1], color[2]))[0][1]


def clear_color_name(color: Sequence[int]) -> str:
    """Return the name of a colour; "": it could have another one, as things at night."""
    (far, name), (farther, _) = _nearest_colors((color[0], color[1], color[2]))
    return name if far <= max(_CLEAR, _CLEARER * farther) else ""


def likely_color(color: Sequence[int], names: Collection[str]) -> str:
    """Return the one of named colours that a colour is in some light; "": it is none of them.

    >>> likely_color((108, 32, 32), ("blue", "red"))
    'red'
    """
    if (own := color_name(color)) in names:
        return own
    apart = {name: _hues_apart(color, COLORS[name]) for name in sorted(names)}
    nearest = min(apart, key=apart.__getitem__, default="")
    return nearest if nearest and apart[nearest] <= _SAME_HUE else ""


def _hues_apart(color: Sequence[int], other: Sequence[int]) -> float:
    """Return the angle between two hues [degrees], one and the same for greys."""
    (_, *one), (_, *two) = (lab_of((each[0], each[1], each[2])) for each in (color, other))
    if min(hypot(*one), hypot(*two)) < _GREYISH:
        return _NOT_TOLD
    angle = degrees(atan2(*one) - atan2(*two)) % 360.0
    return min(angle, 360.0 - angle)


@lru_cache(maxsize=1024)
def _nearest_colors(color: tuple[int, int, int]) -> list[tuple[float, str]]:
    """Return how far the two nearest named colours are, and their names."""
    own = lab_of(color)
    far = ((dist(own, lab_of(known)), name) for name, known in COLORS.items())
    return sorted(one for one in far if one[1] != "wooden" or one[0] == 0.0)[:2]


@lru_cache(maxsize=1024)
def lab_of(color: tuple[int, int, int]) -> tuple[float, float, float]:
    """Return lightness, and how red and yellow a colour is: CIE 1976 L*a*b* of sRGB at D65."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in color)
    ]
    x, y, z = (
        sum(share * part for share, part in zip(row, linear, strict=True)) / white
        for row, white in _XYZ
    )
    x, y, z = (
        one ** (1 / 3) if one > 216 / 24389 else one * 841 / 108 + 4 / 29 for one in (x, y, z)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
