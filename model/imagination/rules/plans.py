"""Rules by which plans are chosen and mended: first view, given pictures, rooms, colours.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near and
cover each other as in a picture.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import atan2, degrees, dist, hypot
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, yaw_difference
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject, in_other_light, rgb
from mag_sandbox.model.imagination.patterns import ROCK
from mag_sandbox.scenes.color_names import COLORS, color_name, lab_of
from mag_sandbox.scenes.conditions import Walls
from mag_sandbox.scenes.descriptions import WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, FALLING, HILLS, SHAPES, THINGS, WATERS
from mag_sandbox.scenes.looks import Look, Rgb, painted_colors, usual_looks
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

# The first view: which plan is best, turned which way

_CELL = 2.25  # degrees
_COLUMNS, _ROWS = 160, 24  # of such cells: around the ring, and down a level view
_VIEW = round(WIDEST_FOV / _CELL)
_STEP = 2  # cells by which a plan is turned
_EDGE = 2  # cells at either side of a view that show too little to count
_PLAINLY_SHOWN = 0.012  # of a view: things that show less are hardly recognised
_MISSED = 0.3  # a thing worth less counts as missing
_RANKS = {"behind": 0, "left": 1, "ahead": 2, "right": 3}  # in which things are parts of a name
_SINGLE = frozenset({"sun", "moon", "door"})
_BACKDROP = "backdrop"  # of a stage
SIDES = frozenset({"wall", _BACKDROP})  # of rooms and stages
SHELL = SIDES | {"floor", "ceiling"}
AHEAD = 38.0  # degrees to either side in which three quarters of a thing are ahead
AROUND = 330.0  # degrees; wider things have no place
GOLDEN, PLASTIC = 0.618034, 0.754878  # whose multiples are spread evenly
LEVEL = 27.0  # degrees above and below the horizon that a level view shows
TOP = LEVEL - 3.5  # degrees: a window, which shows 90% of a view, shows things whole up to here
_UNINVITED = {  # at most, around; mice are too large
    "bush": 6, "crab": 3, "hot air balloon": 3, "mouse": 0, "starfish": 3, "turtle": 2,
}  # fmt: skip
_GAP = 4.0  # degrees; wider gaps between bands are meant
HOMELY = (  # kinds that most first views of rooms show, though words seldom name them
    tuple(WINDOWS),
    ("curtains",),
    ("round rug", "square rug"),
)
_HOMELY = 0.5  # the worth of each, where a named thing has 1
_LIKELY = 0.02  # the worth of a nat, likewise
_CUT = 0.3  # by how much a thing that the view cuts at a side lowers its worth, likewise
_ALOFT = frozenset(("sky", "far"))  # stances of things that may be cut
_HIDDEN = frozenset(("behind", "under"))  # where a tree is meant that others hide
_THERE = 3.0, 9.0  # degrees from the other thing, at most, and of its height, at least
_WHOLE = 60.0  # degrees; views cut wider things
_EDGES = (-WIDEST_FOV / 2, WIDEST_FOV / 2)  # degrees from ahead


def ahead_best(
    things: Sequence[PlacedObject], said: np.ndarray, named: Sequence[Named] = ()
) -> tuple[float, float]:
    """Return the worth of the view that shows most of a caption, and its yaw.

    In rooms and on stages it faces a side: plans are drawn so, and seldom cut anything there. Of
    sides of a room that show as much one with a window is taken.

    Args:
        things: of a plan, from far to near.
        said: how much likelier the caption makes each [nats].
        named: by the words of the caption.
    """
    plain = _plain(things)
    worth = np.zeros(plain.shape[1])
    for one in named:
        worth += plain[places_of(things, one.kinds)].max(axis=0, initial=0.0)
    for kind in dict.fromkeys(thing.kind for thing in things):
        own = places_of(things, (kind,))
        worth += _LIKELY * np.maximum(plain[own] * said[own, None], 0.0).max(axis=0)
    for kinds in HOMELY:
        worth += _HOMELY * plain[places_of(things, kinds)].max(axis=0, initial=0.0)
    views = np.arange(len(worth))
    worth -= _CUT * cuts(things, (views * _STEP + _VIEW / 2) * _CELL)
    if facing := [thing.yaw for thing in things if thing.kind in SIDES]:
        views = np.round((np.array(facing) / _CELL - _VIEW / 2) / _STEP).astype(int) % len(worth)
    best = int(worth[views].argmax())
    yaw = facing[best] if facing else (best * _STEP + _VIEW / 2) * _CELL % 360.0
    return float(worth[views[best]]), float(yaw)


def cuts(things: Sequence[PlacedObject], yaws: np.ndarray) -> np.ndarray:
    """Return how many things a view facing each yaw cuts at its sides, int64 [yaws].

    The renderer lays scenes out so that their first views cut none, but for far ones.
    """
    whole = [
        thing for thing in things
        if thing.kind in THINGS and thing.width < _WHOLE and where_of(thing.kind) not in _ALOFT
    ]  # fmt: skip
    middles = np.array([thing.yaw for thing in whole])
    halves = np.array([thing.width / 2 for thing in whole])
    edges = np.add.outer(yaws, _EDGES)[..., None]
    count: np.ndarray = (np.abs(yaw_difference(edges, middles)) < halves - 1).sum((1, 2))
    return count


def missing(things: Sequence[PlacedObject], yaw: float, named: Sequence[Named]) -> list[Named]:
    """Return the named things that the view at a yaw could show and plainly does not.

    Of single things, and of those above or below a level view, one anywhere is enough.
    """
    start = round((yaw / _CELL - _VIEW / 2) / _STEP) % (_COLUMNS // _STEP)
    plain = _plain(things)[:, start]
    gone = []
    for one in named:
        own = places_of(things, one.kinds)
        there = any(_is_aside(things[index].kind) for index in own)
        if one.kinds[0] in THINGS and not there and plain[own].max(initial=0.0) < _MISSED:
            gone.append(one)
    return gone


def _is_aside(kind: str) -> bool:
    return kind in _SINGLE or (kind in THINGS and abs(THINGS[kind].pitch) > LEVEL)


def places_of(things: Sequence[PlacedObject], kinds: Collection[str]) -> list[int]:
    """Return the places of things of some kinds."""
    return [index for index, thing in enumerate(things) if thing.kind in kinds]


def few_of(things: Sequence[PlacedObject], one: Named) -> list[int]:
    """Return the places of as many things of a name as words say, those nearest ahead."""
    own = [place for place in places_of(things, one.kinds) if things[place].width < AROUND]
    if HILLS in one.kinds:  # rather that on which others stand
        own.sort(key=lambda place: things[place].foot)
        return sorted(own, key=lambda place: away(things[place]) > AHEAD)[: one.least]
    are_many = one.kinds[0] in THINGS and not THINGS[one.kinds[0]].are_few
    if are_many and one.relation and one.relation.where in _HIDDEN:
        others = [things[place] for place in places_of(things, one.relation.kinds)]
        own.sort(key=lambda place: -things[place].height)
        near, tall = _THERE
        if not one.one_of_many:  # of several none is singled out
            return sorted(own, key=lambda at: _from_nearest(things[at], others))[: one.least]
        return sorted(
            own, key=lambda at: _from_nearest(things[at], others) > near or things[at].height < tall
        )[: one.least]
    if are_many:  # most of many are hidden
        own.sort(key=lambda place: -things[place].height)
        own.sort(key=lambda place: _is_behind(things, place))
        own.sort(key=lambda place: away(things[place]) > AHEAD)
        seas = _seas_of(things, one)
        own.sort(key=lambda place: not any(_is_on(things[place], sea) for sea in seas))
        return own[: one.least]
    return sorted(own, key=lambda place: away(things[place]))[: one.least]


def _seas_of(things: Sequence[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return the waters that words put a thing into: an iceberg is none of the rocks ashore."""
    if one.relation is None or one.relation.where != "on":
        return []
    return [things[place] for place in places_of(things, WATERS.intersection(one.relation.kinds))]


def _is_on(thing: PlacedObject, water: PlacedObject) -> bool:
    across = abs(yaw_difference(thing.yaw, water.yaw))
    return water.foot <= thing.foot <= water.top and across < water.width / 2


def _is_behind(things: Sequence[PlacedObject], place: int) -> bool:
    """Tell whether things of other kinds hide much of a thing."""
    thing = things[place]
    for other in things[place + 1 :]:
        if other.kind == thing.kind or other.width >= AROUND or other.foot > thing.foot:
            continue  # an owl in an oak stands in it
        across = abs(yaw_difference(other.yaw, thing.yaw))
        wide = min((thing.width + other.width) / 2 - across, thing.width)
        tall = min(other.foot + other.height - thing.foot, thing.height)
        if wide > 0.0 < tall and wide * tall > _BEHIND * thing.width * thing.height:
            return True
    return False


def parts_of(things: Sequence[PlacedObject], one: Named) -> list[tuple[Named, list[int]]]:
    """Return the parts of a name, or itself, each with the things that are meant.

    The one "behind" is the farthest from ahead of those of the name; of the others the one on the
    left is the leftmost, and the one on a swing the nearest to that.
    """
    own, shares = few_of(things, one), []
    if not one.parts:
        return [(one, own)]
    if parts_differ(one):
        for part in sorted(one.parts, key=lambda part: not (part.relation and part.relation.kinds)):
            kinds = part.relation.kinds if part.relation else ()
            others = [things[place] for place in places_of(things, kinds)]
            own.sort(key=lambda place: _from_nearest(things[place], others))
            shares.append((part, own[: part.least]))
            own = own[part.least :]
        return shares
    behind = sum(part.least for part in one.parts if _direction(part) == "behind")
    own.sort(key=lambda place: -away(things[place]))
    own[behind:] = sorted(own[behind:], key=lambda place: yaw_difference(things[place].yaw, 0.0))
    for part in sorted(one.parts, key=lambda part: _RANKS.get(_direction(part), _RANKS["ahead"])):
        shares.append((part, own[: part.least]))
        own = own[part.least :]
    return shares


def parts_differ(one: Named) -> bool:
    """Tell whether parts are at different things: a child on a swing, and one on a slide."""
    relations = {part.relation for part in one.parts}
    return len(relations) > 1 and any(relation and relation.kinds for relation in relations)


def _from_nearest(thing: PlacedObject, others: Sequence[PlacedObject]) -> float:
    """Return how far a thing is from the nearest of others [degrees]."""
    far = (
        max(abs(yaw_difference(thing.yaw, one.yaw)) - one.width / 2, 0.0)
        + max(abs(thing.pitch - one.pitch) - one.height / 2, 0.0)
        for one in others
    )
    return min(far, default=0.0)


def _direction(part: Named) -> str:
    """Return the direction that words give a thing from where the scene begins; "": none."""
    return part.relation.where if part.relation and not part.relation.kinds else ""


def away(thing: PlacedObject) -> float:
    """Return how far from ahead a thing is [degrees]."""
    return abs(yaw_difference(thing.yaw, 0.0))


def _plain(things: Sequence[PlacedObject]) -> np.ndarray:
    """Return how plainly each view shows each thing, 0 to 1, [things, views]."""
    if not things:
        return np.zeros((0, _COLUMNS // _STEP))
    seen, sizes = _seen(things)
    sums = np.pad(np.concatenate((seen, seen[:, :_VIEW]), axis=1), ((0, 0), (1, 0))).cumsum(axis=1)
    starts = np.arange(0, _COLUMNS, _STEP)
    within = sums[:, starts + _VIEW - _EDGE] - sums[:, starts + _EDGE]
    plain = np.minimum(within / (_PLAINLY_SHOWN * _ROWS * (_VIEW - 2 * _EDGE)), 1.0)
    # half of it: whether all of it shows
    result: np.ndarray = plain * (1.0 + within / sizes[:, None]) / 2
    return result


def turned(things: Sequence[PlacedObject], yaw: float) -> list[PlacedObject]:
    """Return things in the directions they have for a viewer who has turned right."""
    return [thing.turned(-yaw) for thing in things]


def _seen(things: Sequence[PlacedObject]) -> tuple[np.ndarray, np.ndarray]:
    """Return how many cells of each column show each thing, [things, columns], and could at most.

    The latter is of a view, [things].
    """
    yaws = (np.arange(_COLUMNS) + 0.5) * _CELL
    pitches = (_ROWS / 2 - np.arange(_ROWS) - 0.5) * _CELL
    nearest = np.full((_ROWS, _COLUMNS), -1)
    sizes = np.ones(len(things))
    for index, thing in enumerate(things):
        across = np.abs(yaw_difference(yaws, thing.yaw)) <= thing.width / 2
        down = np.abs(pitches - thing.pitch) <= thing.height / 2
        if thing.kind not in FALLING:
            nearest[np.ix_(down, across)] = index
        sizes[index] = max(down.sum() * min(across.sum(), _VIEW - 2 * _EDGE), 1)
    return np.stack([(nearest == index).sum(axis=0) for index in range(len(things))]), sizes


def shown_shares(things: Sequence[PlacedObject]) -> np.ndarray:
    """Return which share of each thing is seen in level views around the ring, [things]."""
    if not things:
        return np.zeros(0)
    seen, sizes = _seen(things)
    shares: np.ndarray = np.minimum(seen.sum(axis=1) / sizes, 1.0)
    return shares


# The background, read off a picture

_ALIKE = 24.0  # levels of a channel at which two colours are hardly alike any more
_LIKENESS = np.exp(-((np.arange(256.0) / _ALIKE) ** 2))  # by levels of difference
_FEWEST = 800  # pixels that a picture had best show of a band
_OWN_SHARE = 0.12  # share of a band's pixels that its own colour has, where it can be seen at all
_BEYOND_WALLS = SHELL - SIDES  # most of their rows show walls


@dataclass(frozen=True)
class RingPicture:
    """The known part of a ring as a picture."""

    pixels: np.ndarray  # uint8 [H, W, 3], of 360 degrees
    shown: np.ndarray  # where they are known, bool [H, W]
    covered: np.ndarray  # where something may stand before the background, bool [H, W]

    def of_rows(self, first: int, last: int) -> np.ndarray:
        """Return the background pixels of rows from the first to before the last, int16 [N, 3].

        A row has as many as it shows. If some of a row is bare, only that counts, since things in
        front have colours of their own.
        """
        ends = np.concatenate(([0], self.shown.sum(axis=1).cumsum()))
        return self._rows[ends[first] : ends[max(first, last)]]

    @cached_property
    def _rows(self) -> np.ndarray:
        found = [np.zeros((0, 3), np.int16)]
        for pixels, shown, covered in zip(self.pixels, self.shown, self.covered, strict=True):
            own = shown & ~covered
            found.append(np.resize(pixels[own if own.any() else shown], (shown.sum(), 3)))
        return np.asfortranarray(np.concatenate(found).astype(np.int16))  # channels apart: quick


def boxes(things: Sequence[PlacedObject], shape: tuple[int, ...]) -> np.ndarray:
    """Return where things may cover the background in a ring's picture, bool [H, W]."""
    height, width = shape
    covered = np.zeros(shape, bool)
    yaws = (np.arange(width) + 0.5) * 360 / width
    pitches = (height / 2 - np.arange(height) - 0.5) * 360 / width
    for thing in things:
        across = np.abs(yaw_difference(yaws, thing.yaw))
        down = np.abs(pitches - thing.pitch)
        covered |= (down <= thing.height / 2)[:, None] & (across <= thing.width / 2)
    return covered


def likeness(behind: Sequence[PlacedObject], sight: RingPicture) -> float:
    """Return the share of a picture that has the planned colours of its background."""
    return sum(
        float(_alike(pixels, thing.color).mean())
        for thing in behind
        if thing.color and len(pixels := _band(thing, sight)) >= _FEWEST
    )


def as_seen(behind: Sequence[PlacedObject], sight: RingPicture) -> list[PlacedObject]:
    """Return the background with the colours that a picture plainly shows of it.

    Sky and open ground have nothing else in their rows, so they have its colours in any case.
    """
    return [_as_seen(thing, _band(thing, sight)) for thing in behind]


def _as_seen(thing: PlacedObject, pixels: np.ndarray) -> PlacedObject:
    if thing.color is None or len(pixels) < _FEWEST:
        return thing
    alike = _alike(pixels, thing.color)
    if alike.mean() >= _OWN_SHARE:
        color = (pixels * alike[:, None]).sum(axis=0) / alike.sum()
    elif thing.width >= AROUND and thing.kind not in _BEYOND_WALLS:
        color = np.median(pixels, axis=0)
    else:
        return thing
    mean = color if thing.mean_color is None else color + np.subtract(thing.mean_color, thing.color)
    return replace(thing, color=rgb(color), mean_color=rgb(mean))


def _band(thing: PlacedObject, sight: RingPicture) -> np.ndarray:
    """Return the pixels of the rows that a band covers, int16 [N, 3]; see `of_rows`."""
    height, width = sight.shown.shape
    middle, half = height / 2 - thing.pitch * width / 360, thing.height * width / 720
    return sight.of_rows(max(round(middle - half), 0), min(max(round(middle + half), 0), height))


def _alike(pixels: np.ndarray, color: Sequence[int]) -> np.ndarray:
    """Return how alike pixels are to a colour, 0 to 1 each."""
    differences = [np.abs(pixels[:, channel] - level) for channel, level in enumerate(color)]
    result: np.ndarray = _LIKENESS[np.maximum(np.maximum(*differences[:2]), differences[2])]
    return result


# Rooms

_BEAMS = 1  # variant of a ceiling
_PLAIN_CEILING = 0
_PANELS, _STONES, _BARE, _EARTH = 2, 4, 1, 2  # variants of walls, and of floors
_ROUND = "round window"


class _Lining(NamedTuple):
    """Variants of the walls and the floor of a place, and the colour of floor and ceiling."""

    wall: int
    floor: int
    bare: Rgb


_LININGS = {  # by material
    "stone": _Lining(_STONES, _BARE, (150, 148, 156)),
    "rock": _Lining(ROCK, _EARTH, (150, 148, 156)),
    "metal": _Lining(_PANELS, _BARE, (170, 176, 186)),
}


def without_beams(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan with a plain ceiling instead of one with beams.

    A picture seldom shows the walls from which beams are counted: others would not join its own.
    """
    return [
        replace(thing, variant=_PLAIN_CEILING)
        if thing.kind == "ceiling" and thing.variant == _BEAMS
        else thing
        for thing in things
    ]


def with_bare_walls(things: Sequence[PlacedObject], walls: Walls) -> list[PlacedObject]:
    """Return a plan with walls of stone, rock or metal, and a floor and a ceiling that fit.

    Stone walls stay as they are. Plans of caves and spaceships may have a parlour's; caves have no
    tiles, spaceships no beams, and round windows.
    """
    wall = next((one for one in things if one.kind == "wall"), None)
    lining = _LININGS[walls.material]
    if wall is None or (wall.variant == lining.wall == _STONES):
        return list(things)
    color, bare = (rgb(light_of(things) * np.array(each)) for each in (walls.color, lining.bare))
    if wall.variant == _STONES:  # in the light of a cave already
        color, bare = wall.color or color, wall.mean_color or bare
    looks = {
        "wall": (lining.wall, color),
        "floor": (lining.floor, bare),
        "ceiling": (_PLAIN_CEILING, bare),
    }

    def lined(thing: PlacedObject) -> PlacedObject:
        if thing.kind in looks:
            variant, own = looks[thing.kind]
            return replace(thing.in_color(own), variant=variant)
        return _porthole(thing) if walls.material == "metal" else thing

    return list(map(lined, things))


def _porthole(thing: PlacedObject) -> PlacedObject:
    """Return a window as a round one, another thing as it is."""
    if thing.kind not in WINDOWS:
        return thing
    size, (look, *_) = min(thing.width, thing.height), looks_of(_ROUND)
    return replace(thing, kind=_ROUND, variant=look.variant, width=size, height=size)


def with_few_uninvited(
    things: Sequence[PlacedObject],
    named: Sequence[Named] = (),
    shown: Collection[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return a plan with few bushes or balloons, and no mice, but for those in words or a picture.

    Plans of towns, coasts and airports have two dozen, which hide all else.
    """
    said = kinds_named(named)
    gone: set[int] = set()
    for kind, most in _UNINVITED.items():
        if kind not in said:
            own = places_of(things, (kind,))
            own.sort(key=lambda place: (things[place].width * things[place].height, place))
            gone.update(own[most:])
    return [one for place, one in enumerate(things) if place not in gone or one in shown]


# Ground

_NEAR, _FAR = "near ground", "far ground"
_WAYS = frozenset(("road", "path"))
_ASPHALT = np.array((140.0, 140.0, 148.0))
_UNSEEN, _WAY_SHADE = 30.0, 0.7  # steps of RGB; of the colour of the ground
_IN_CITIES = frozenset(("apartment house", "skyscraper"))
_BLUISH = 20  # levels by which blue exceeds red
_EVEN = 0.6  # share of the far ground's colour in the near one


def with_even_ground(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan with its near ground nearly as light as the far one.

    Plans make it much darker at times; the painter then draws a band with a hard edge.
    """
    far = next((thing.color for thing in things if thing.kind == _FAR), None)
    if far is None:
        return list(things)

    def even(color: Rgb) -> Rgb:
        return rgb(_EVEN * np.array(far) + (1 - _EVEN) * np.array(color))

    return [thing.recolored(even) if thing.kind == _NEAR else thing for thing in things]


def with_grey_streets(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan by day in which roads, and the ground of a city, are not blue, but grey.

    Plans make nearly all such ground light blue, which looks like water, and some roads navy.
    """
    if light_of(things) < _BY_DAY:
        return list(things)
    is_city = any(thing.kind in _IN_CITIES for thing in things)
    paved = {*_WAYS, _NEAR, _FAR} if is_city else _WAYS
    return [
        thing.recolored(_grey)
        if thing.kind in paved and thing.color is not None and _blueness(thing.color) > _BLUISH
        else thing
        for thing in things
    ]


def _blueness(color: Rgb) -> int:
    """Return by how many levels blue exceeds red."""
    return color[2] - color[0]


def _grey(color: Rgb) -> Rgb:
    """Return a grey as bright as a colour."""
    return rgb(np.full(3, np.mean(color)))


def with_plain_ways(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan whose roads and paths are no rivers, and are darker than ground like them.

    A road through grass is grey: a dark green one is no road.
    """
    far = next((thing.color for thing in things if thing.kind == _FAR), None)
    if far is None:
        return list(things)
    dark = rgb(_WAY_SHADE * np.array(far))
    is_grass = far[1] > max(far[0], far[2])
    shades = {"path": dark, "road": rgb(light_of(things) * _ASPHALT) if is_grass else dark}
    return [
        thing.in_color(shades[thing.kind])
        if thing.kind in _WAYS
        and thing.color
        and (dist(thing.color, far) < _UNSEEN or _blueness(thing.color) > _blueness(far) + _BLUISH)
        else thing
        for thing in things
    ]


def in_shade(things: Sequence[PlacedObject], light: float) -> list[PlacedObject]:
    """Return a plan with a share of the light on its ground, as under many trees."""
    return [
        in_other_light(thing, light) if light < 1.0 and thing.kind in (_NEAR, _FAR) else thing
        for thing in things
    ]


def with_joined_bands(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan whose bands all around reach up to the next one, if it is near.

    Plans are rounded, and may leave a gap: the painter then draws a line around the sky.
    """
    bands = [one for one in things if one.width > AROUND]

    def joined(band: PlacedObject) -> PlacedObject:
        foot, top = band.foot, band.top
        feet = (one.foot for one in bands)
        top = min((other for other in feet if 0 < other - top < _GAP), default=top)
        return replace(band, pitch=(foot + top) / 2, height=top - foot)

    return [joined(one) if one in bands else one for one in things]


# Colours that words give

_BEHIND = 0.3  # share of a thing that others hide, from which on others of its kind are meant
_COLORS = np.array(list(COLORS.values()))
_SHADES = np.array((0.7, 0.85, 1.0, 1.15, 1.3))  # of a scene's light in which things are seen
_DARKEST = 0.55  # share of day
# of its brightness, by which another name is nearer to what plainly has another colour; a shade of
# the right one, in the light of lamps, is hardly farther from it than from the nearest
_PLAINLY_OTHER, _IN_ROOMS = 0.1, 0.05  # in general, and in bright rooms
_PLAINLY = -1.0  # likewise, of one among others: none passes for it
_BY_DAY = 0.9  # share of day from which a colour under the sky or on a stage has just its own name
_NEUTRAL, _TINTED = 0.15, 0.35  # vividness: white, grey and black have less, tan and blue more
_AS_BRIGHT = 0.8, 1.25  # times as bright as a white or grey thing: such things pass for it
_UNTINTED = {  # without the tint of the mean of such things
    "white": np.array((236.0, 232.0, 226.0)), "grey": np.array((160.0, 164.0, 172.0)),
    "black": np.array((48.0, 46.0, 48.0)),
}  # fmt: skip
_FROZEN_LAKE, _ICE = "frozen lake", np.array((182.0, 216.0, 236.0))
_GREY_WATER = np.array((112.0, 115.0, 120.0))  # darker than sand in a storm
_SHELL_SPARE = 0.05  # like `_PLAINLY_OTHER`
_SHELL_LIT = {"wall": 0.95, "floor": 0.86, "ceiling": 0.9, _BACKDROP: 1.0}  # shares of day
_NOT_WHITE = 0.12  # vividness from which on a bluish colour does not pass for white
_PURE = 0.07  # vividness of a look's white, black or grey
_SHINING = FALLING | {"starry sky"}  # all around, and light at night, too
_ALL_WHITE = 0.7  # share of its brightness that all of a white thing has: no mill of grey stone
_BRIGHT = 200.0  # brightest channel of the brightest wide thing, by day
_OWN, _BLACK = 0.75, 0.95  # of a thing's mean colour: that of its largest part; if it is black
_USUAL = {
    "apple": COLORS["red"],
    "bear": COLORS["brown"],
    "teddy bear": COLORS["brown"],
    "red tree": COLORS["red"],
    "orange tree": COLORS["orange"],
}  # of named things; the renderer's may have any colour
_OFF_COLOR: Mapping[str, frozenset[int]] = {  # variants of which little takes a thing's colour
    "astronaut": frozenset((1, 4)), "bridge": frozenset((1,)), "elephant": frozenset((6,)),
    "fox": frozenset((0, 1, 2, 6)), "hot air balloon": frozenset((0, 1, 2, 3, 6)),
    "jetty": frozenset((4,)), "mushroom": frozenset((1,)),
    "picnic blanket": frozenset((1, 4)), "rocket": frozenset((0, 1, 3, 5)),
    "sheep": frozenset((1, 2, 3)), "statue": frozenset((2,)),
    "street lamp": frozenset((0, 4, 5)), "toy balloons": frozenset(range(6)),
    "train": frozenset((0, 1, 2, 3, 5, 6)), "turtle": frozenset((0, 2, 6)),
}  # fmt: skip
_OF_ANY_COLOR = frozenset((
    "bat", "bee", "bird", "butterfly", "crab", "crocodile", "dinosaur", "dragon", "fish", "frog",
    "jellyfish", "parrot", "shark", "snail", "snake", "starfish", "turtle", "whale",
))  # fmt: skip
_UNNATURAL = 40.0  # of a* and b*: from a usual hue of such an animal
# variants painted whole in any colour
_ANY_COLOR = {"bed": 3, "bus": 4, "plane": 0, "sailing ship": 2}
# times as bright are colours of kinds that have them throughout: parts are painted darker
_IN_SHADE = {"train": 1.25, "hot air balloon": 1.0}
# share of a coloured thing's mean that its own colour has, and the usual mean of its other parts
_OTHER_PARTS, _PARTS = (0.75, (150, 150, 150)), {"bus": (0.5, (171, 195, 177))}  # windows
_SHIP = "sailing ship"
_PURER = 0.4  # of its difference from blue, by which a lake's is to be larger than it is painted
_SHINE, _SHIMMER = 1.3, 20.0  # of water: times as bright as its colour, and levels added to that


# share of day from which on a colour is seen for what it is: darker, yellow is olive or brown
_SEEN_FROM = {"yellow": 0.85, "gold": 0.85, "orange": 0.75}
_DARKER = 0.9  # times as bright is a plan's own colour that passes for one of these
_SEEN_AT_NIGHT, _PALE_AT_NIGHT = 0.6, 0.8  # like `_SEEN_FROM`, of other colours; white and grey
_SEEN_AS_BRIGHT = 0.9, 1.25  # times as bright as that, and as by day: such colours stay
_TURNED, _PALED = 15.0, 0.55  # degrees of hue, and share of chroma, from which on a colour is bent
_GREYISH, _NO_GREY = 12.0, 14.0  # chroma of L*a*b*: of greys at most; of told colours that are none
_OF_LIGHT = 0.2  # share of a bent colour that stays, so that a thing belongs to its light


def colored(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which nothing plainly has another colour than words give its kind.

    A red house in a village is the one ahead.
    """
    wanted = _colors_given(things, named)
    light = light_of(things)
    has_day = has_backdrop(things) or any(one.kind == "low sky" for one in things)
    by_day = light >= _BY_DAY and has_day
    in_room = any(one.kind == "floor" for one in things) and light >= _BY_DAY
    spare = 0.0 if by_day else _IN_ROOMS if in_room else _PLAINLY_OTHER
    things = _without_colors_of_others(things, named, wanted, light)
    things = _without_colors_of_one(things, named, wanted, light)
    among = {kind for one in named if one.one_of_many for kind in one.kinds}
    return [
        _colored(thing, wanted[place], light, _PLAINLY if thing.kind in among else spare)
        if place in wanted and thing.kind not in WATERS | SHELL
        else thing
        for place, thing in enumerate(things)
    ]


def with_told_hues(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in some light in which named things still have the colours of their words.

    Light may darken them, but in moonlight a yellow taxi would be olive, and a green tent teal.
    Their shapes become ones that show a colour, or those of their words.
    """
    told = _colors_given(things, named)
    things = _in_told_shapes(things, named)
    return [
        _with_told_hue(thing, told[place])
        if place in told and thing.kind not in WATERS | SHELL
        else thing
        for place, thing in enumerate(things)
    ]


def _with_told_hue(thing: PlacedObject, told: np.ndarray) -> PlacedObject:
    if thing.color is None or thing.width >= AROUND:
        return thing
    name, shape = color_name(rgb(told)), shape_in_color(thing.kind, thing.variant)
    thing = replace(thing, variant=shape)
    told = _UNTINTED.get(name, told)
    at_night = _PALE_AT_NIGHT if name in _UNTINTED else _SEEN_AT_NIGHT
    seen, least = np.array(thing.color), _SEEN_FROM.get(name, at_night)
    light, (darker, brighter) = seen.max() / told.max(), _SEEN_AS_BRIGHT
    is_seen = darker * least <= light <= brighter and not _is_bent(rgb(seen), rgb(told))
    if is_seen or name == "black":
        return thing
    shade = (1 - _OF_LIGHT) * told * np.clip(light, least, 1.0) + _OF_LIGHT * seen
    return _painted(thing, shade, _OWN)


def shape_in_color(kind: str, shape: int | None) -> int | None:
    """Return a shape of a kind that shows the colour of a thing, if possible this one."""
    off = _OFF_COLOR.get(kind, frozenset())
    return shape if shape not in off else min({*range(VARIANTS)} - off)


def _is_bent(seen: Rgb, told: Rgb) -> bool:
    """Tell whether a colour has not the hue of another one, however dark it is.

    A few degrees are much between purple and blue.
    """
    (lightness, *own), (bright, *other) = lab_of(seen), lab_of(told)
    chroma, full = hypot(*own), hypot(*other)
    if full < _NO_GREY:
        return chroma > _GREYISH
    hue, told_hue = (degrees(atan2(yellow, red)) for red, yellow in (own, other))
    is_turned = abs(yaw_difference(hue, told_hue)) > _TURNED
    as_bright = rgb(np.array(seen) * max(told) / max(*seen, 1))
    is_turned |= color_name(told) == "purple" != color_name(as_bright)
    return is_turned or chroma < _PALED * full * min(lightness / bright, 1.0)


def _without_colors_of_others(
    things: Sequence[PlacedObject], named: Sequence[Named], wanted: Collection[int], light: float
) -> list[PlacedObject]:
    """Return a plan in which no named thing has a colour that words give to another one.

    "A car beside a blue house": plans may have a blue car. It looks as such things mostly do, and
    so does a golden bear, since the painter has never seen one.
    """
    parts = [part for one in named for part in (one, *one.parts)]
    told = {color_name(part.color) for part in parts if part.color}
    plain = {place for one in parts if not one.color for place in few_of(things, one)} - {*wanted}

    def shown(thing: PlacedObject) -> PlacedObject:
        usual = looks_of(thing.kind)[:1]
        if not usual or thing.color is None or color_name(usual[0].color) in told:
            return thing
        name = color_name(rgb(np.array(thing.color) / light))
        is_odd = thing.kind in ANIMALS and name not in painted_colors().get(thing.kind, (name,))
        return with_look(thing, in_light(usual[0], light)) if name in told or is_odd else thing

    return [shown(thing) if place in plain else thing for place, thing in enumerate(things)]


def _without_colors_of_one(
    things: Sequence[PlacedObject],
    named: Sequence[Named],
    wanted: Mapping[int, np.ndarray],
    light: float,
) -> list[PlacedObject]:
    """Return a plan in which the others of a kind lack the colour that words give to one.

    "One blue skyscraper": those around it look otherwise.
    """
    result = list(things)
    for one in named:
        name = one.color and color_name(one.color)
        if not name or not one.one_of_many:
            continue
        for rank, place in enumerate(places_of(things, one.kinds)):
            thing = things[place]
            others = [look for look in looks_of(thing.kind) if color_name(look.color) != name]
            if place in wanted or not others or thing.color is None:
                continue
            if color_name(rgb(np.array(thing.color) / light)) == name:
                result[place] = with_look(thing, in_light(others[rank % len(others)], light))
    return result


def with_colored_shell(
    things: Sequence[PlacedObject], named: Sequence[Named], light: Sequence[float]
) -> list[PlacedObject]:
    """Return a plan whose walls, floor and backdrop have their named colours, in some light.

    All walls change if one does. A backdrop stays as bright as planned: its stage is lit like that.
    """
    result = list(things)
    for kind in sorted(SHELL):
        own = {
            place: color for place, color in _colors_given(things, named).items()
            if things[place].kind == kind and things[place].color
        }  # fmt: skip
        for spare in (_SHELL_SPARE, _PLAINLY):
            told = {place: _shell_in(things[place], own[place], light, spare) for place in own}
            if all(told[place] == things[place] for place in own):
                break
            result = [told.get(place, thing) for place, thing in enumerate(result)]
    return result


def _shell_in(
    thing: PlacedObject, color: np.ndarray, light: Sequence[float], spare: float
) -> PlacedObject:
    planned = np.array(thing.color)
    dimmed = np.clip(planned.max() / color.max(), _DARKEST, 1.0)
    tint = _SHELL_LIT[thing.kind] * np.array(light)
    tint *= dimmed if thing.kind == _BACKDROP else 1.0
    by_day = replace(thing, color=rgb(planned / tint), mean_color=None)
    told = _colored(by_day, color, 1.0, spare)
    if told == by_day:
        return thing
    shade = np.array(told.color) * tint
    return _painted(thing, shade, _OWN)


def with_colored_waters(
    things: Sequence[PlacedObject], named: Sequence[Named], light: Sequence[float]
) -> list[PlacedObject]:
    """Return a plan with waters in just the named colours, in some light.

    A blue one passes for no turquoise one, nor in the light of a blue night for a grey one. Ice is
    paler than water and bluer than snow.
    """
    ice = rgb((_ICE * np.array(light)).clip(0, 255))
    result = [one.in_color(ice) if one.kind == _FROZEN_LAKE else one for one in things]
    for place, color in _colors_given(things, [_of_all(one) for one in named]).items():
        if things[place].kind in WATERS:
            name = color_name(rgb(color))
            color = _GREY_WATER if name == "grey" else _UNTINTED.get(name, color)
            for look in looks_of(things[place].kind)[:1]:
                color = color + _PURER * (color - np.array(look.color))
            color = (color * light).clip(0, 255)
            mean = _OWN * color + (1 - _OWN) * (_SHINE * color + _SHIMMER)
            result[place] = replace(things[place], color=rgb(color), mean_color=rgb(mean))
    return result


def _of_all(one: Named) -> Named:
    """Return named things, each in its only colour if it has one: an oasis's lake is the lake.

    One lake may be seen as two.
    """
    colors = {part.color for part in (one, *one.parts) if part.color}
    parts = () if len(colors) == 1 else one.parts
    return one._replace(one_of_many=False, parts=parts, color=one.color or next(iter(colors), None))


def in_natural_colors(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan by day without green horses, unless words ask for them."""
    told = _colors_given(things, named)
    if light_of(things) < _BY_DAY:
        return list(things)
    return [one if at in told else _in_natural_color(one) for at, one in enumerate(things)]


def _in_natural_color(thing: PlacedObject) -> PlacedObject:
    """Return a thing, in the look of its kind whose hue is nearest if it has that of none."""
    looks = looks_of(thing.kind)
    if thing.kind not in ANIMALS - _OF_ANY_COLOR or thing.color is None or not looks:
        return thing
    _, *own = lab_of(thing.color)
    away, nearest = min(
        (hypot(*np.subtract(own, lab_of(look.color)[1:])), number)
        for number, look in enumerate(looks)
    )
    return with_look(thing, looks[nearest]) if away > _UNNATURAL else thing


def _colors_given(things: Sequence[PlacedObject], named: Sequence[Named]) -> dict[int, np.ndarray]:
    """Return the colours that words give things, by their places."""
    wanted: dict[int, np.ndarray] = {}
    for part, own in _meant(things, named):
        if color := part.color or _USUAL.get(part.kinds[0]):
            wanted.update(dict.fromkeys(own, np.array(color)))
    return wanted


def _in_told_shapes(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which things have the shapes that words mean: women are no men.

    A woman who is turned into a man has the first shape of people.
    """
    result = list(things)
    for part, own in _meant(things, named):
        for place in own:
            was_told = part.kinds[0] == "person" and things[place].variant in SHAPES.values()
            shape = 0 if part.shape is None and was_told else part.shape
            if shape is not None:
                result[place] = replace(things[place], variant=shape)
    return result


def _meant(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> Iterator[tuple[Named, list[int]]]:
    """Yield names, or their parts, with the places of the things that are meant."""
    for one in named:
        # a floor is never one of many; one wall may have a colour of its own
        is_kind = not one.parts and (not one.one_of_many or one.kinds[0] in SHELL - {"wall"})
        yield from [(one, places_of(things, one.kinds))] if is_kind else parts_of(things, one)


def painted_whole(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan in which the shapes and colours of beds, buses, planes and ships agree.

    Plans choose a variant and two colours, one after the other: the painter makes rags of a bed
    whose mean colour is not its own, and of a ship with a grey hull, and a bus that has its own
    colour throughout has no windows.
    """
    told = {kind for one in named for part in (one, *one.parts) if part.color for kind in one.kinds}
    light = light_of(things)
    return [
        _whole(thing, light, has_color=thing.kind in told) if thing.kind in _ANY_COLOR else thing
        for thing in things
    ]


def _whole(thing: PlacedObject, light: float, *, has_color: bool) -> PlacedObject:
    variant = _ANY_COLOR[thing.kind]
    if thing.kind == _SHIP and not has_color:
        look = next(one for one in looks_of(thing.kind) if one.variant == variant)
        return with_look(thing, in_light(look, light))
    if thing.color is None:
        return replace(thing, variant=variant)
    own, others = _PARTS.get(thing.kind, _OTHER_PARTS)
    mean = own * np.array(thing.color) + (1 - own) * light * np.array(others)
    return replace(thing, variant=variant, mean_color=rgb(mean))


def has_backdrop(things: Iterable[PlacedObject]) -> bool:
    """Tell whether a plan is of a stage; rooms may have a podium, too."""
    return any(thing.kind == _BACKDROP for thing in things)


def light_of(things: Sequence[PlacedObject]) -> float:
    """Return how light a plan's scene is, as a share of day."""
    if has_backdrop(things):
        return 1.0  # where lamps shine, however dark the background
    around = (
        thing.mean_color for thing in things if thing.kind not in _SHINING and thing.width >= AROUND
    )
    levels = [max(color) for color in around if color is not None]
    return float(np.clip(max(levels) / _BRIGHT, _DARKEST, 1.0)) if levels else 1.0


def _colored(thing: PlacedObject, wanted: np.ndarray, light: float, spare: float) -> PlacedObject:
    thing = replace(thing, variant=_ANY_COLOR.get(thing.kind, thing.variant))
    name = color_name(rgb(wanted))
    shade = _UNTINTED.get(name, wanted) * max(light, _SEEN_FROM.get(name, 0.0))
    if thing.kind in _IN_SHADE:  # or the engine of an orange train is brown, a pink balloon grey
        bright = rgb(_IN_SHADE[thing.kind] * shade)
        return thing.in_color(bright)
    if thing.color is not None:
        mean = None if thing.kind in _ANY_COLOR else thing.mean_color  # which becomes another
        seen = np.array([thing.color, mean or thing.color])
        passes = all(  # a teal table with brown legs does not pass for a brown one
            _apart(parts, wanted[None], light) <= _apart(parts, _COLORS, light) + spare
            for parts in (seen[:1], seen)
        )
        vivid, shown = vividness(wanted), vividness(seen[0])
        tinted = _PURE if thing.kind in SIDES else _TINTED  # a pale red wall is not white
        differs = (vivid < _NEUTRAL and shown > tinted) or (vivid > _TINTED > shown)
        if vivid < _NEUTRAL:  # of white and grey only the brightness differs
            darker, lighter = _AS_BRIGHT
            differs |= not darker < seen[0].max() / (light * wanted.max()) < lighter
            is_lilac = shown > _NOT_WHITE and seen[0][2] > seen[0][1]  # as white is at dusk
            differs |= name == "white" and (is_lilac or seen[1].max() < _ALL_WHITE * seen[0].max())
        differs |= seen[0].max() < _SEEN_FROM.get(name, 0.0) * _DARKER * wanted.max()
        if passes and not differs and name != "black":  # navy passes for it
            return thing
    looks = [one for one in looks_of(thing.kind) if color_name(one.color) == name
             and vividness(np.array(one.color)) < _PURE]  # fmt: skip
    if looks and vividness(wanted) < _NEUTRAL:  # whites differ: a refrigerator's is not a horse's
        return with_look(thing, in_light(looks[0], light))
    own = _BLACK if name == "black" else _OWN  # or the walls of a black barn are brown
    return _painted(thing, shade, own)


def _painted(thing: PlacedObject, color: np.ndarray, own: float) -> PlacedObject:
    """Return a thing in another colour, which covers a share of it."""
    mean = thing.mean_color and rgb(own * color + (1 - own) * np.array(thing.mean_color))
    return replace(thing, color=rgb(color), mean_color=mean)


def looks_of(kind: str) -> Sequence[Look]:
    """Return how things of a kind usually look by day; (): it is not known."""
    usual = usual_looks().get(kind)
    return usual.looks if usual else ()


def in_light(look: Look, light: float | np.ndarray) -> Look:
    """Return a look in a scene's light, a share of day, or one of each channel."""
    color, mean = (rgb(light * np.array(one)) for one in (look.color, look.mean_color))
    return Look(look.variant, color, mean)


def with_look(thing: PlacedObject, look: Look) -> PlacedObject:
    """Return a thing in the shape and colours of a look."""
    return replace(thing, color=look.color, mean_color=look.mean_color, variant=look.variant)


def vividness(color: np.ndarray) -> float:
    """Return how far a colour, [3], is from grey, 0 to 1."""
    return float((color.max() - color.min()) / max(color.max(), 1))


def _apart(seen: np.ndarray, colors: np.ndarray, light: float) -> float:
    """Return a colour's difference from the nearest of some others, as a share of brightness.

    Args:
        seen: colours of a thing, [N, 3].
        colors: that it may have by day, [M, 3].
        light: of the scene, as a share of day.
    """
    shades = np.multiply.outer(light * _SHADES, colors)[..., None, :]
    bright = np.maximum(shades.max(axis=-1), seen.max(axis=-1))
    return float((np.abs(shades - seen).max(axis=-1) / bright).min())
