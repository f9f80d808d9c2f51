"""Rules by which a plan shows what words name: as often and where they say, and in level views.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.objects import PlacedObject, rgb
from mag_sandbox.model.imagination.plan_rules import (
    AROUND,
    LEVEL,
    light_of,
    places_of,
    shown_shares,
)
from mag_sandbox.model.imagination.relation_rules import ON_FLOOR, related
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import STANCES
from mag_sandbox.scenes.things import EXHIBITS, FALLING, STANDS, THINGS, Named

_SHOWN = 18.0  # degrees of a named thing's height that a level view shows at least
_AHEAD = 38.0  # degrees to either side in which three quarters of a thing are ahead
_LEAST, _MOST_GROWN = 12.0, 2.5  # degrees of the longer side of few things, and their growth
_USUALLY, _MOST_NEARER = 0.8, 2.0  # of the usual width, and by how much counted things grow
_SPECK = 4.0  # degrees of the longer side of what is too far away to be drawn larger there
_LARGEST = 62.0, 44.0  # degrees that a thing's width and height grow to
_BORNE = 6.0  # degrees from the middle of a stand to that of what it bears
_EXHIBIT = 24.0, 27.0  # degrees that exhibits are tall and wide, at most
_STEP = 4.0  # degrees between the places that are tried
_COVERED = 0.12  # share of a named thing that others may cover
_BEHIND = 0.25  # share of it that may have something else right behind it: outlines would merge
_MERGED = 0.35  # of a named thing that another one covers or is behind
_HIDDEN = 0.3  # share of a thing that may be hidden
_TURNING = 0.004  # by which a place is worse for each degree that it is away from ahead
_BEYOND = 0.5  # by which it is worse for not being ahead
_HIDES = 2.0  # by which hiding what words name is worse than being hidden
_LEFT_OUT = 0.3  # by which being hidden by what is left out for it is worse
_GOLDEN, _PLASTIC = 0.618034, 0.754878  # whose multiples are spread evenly
_DARKER = 0.8  # far hills than the ground
_OPEN = "near ground"  # behind all things outdoors, and nowhere else
_WAYS, _WAY_PITCH = frozenset(("path", "road", "river", "canal", "railway track")), -19.0
_SKY = frozenset(("sun", "moon"))
_RELIEF = {  # kinds: what is added if a plan has none of them, how wide and high, and how many
    ("far hill",): ("far hill", 72.0, 17.0, 7),
    ("mountains", "snowy peaks"): ("mountains", 66.0, 22.0, 8),
}
_LAID = {  # what is laid on the ground: pitch, width, height and variant, and its colour by day
    "road": (-16.0, 89.0, 13.0, 5, (140, 140, 148)), "path": (-19.0, 89.0, 6.0, 1, (243, 217, 166)),
    "river": (-16.0, 89.0, 9.0, 1, (89, 166, 192)), "canal": (-14.0, 89.0, 9.0, 1, (89, 166, 192)),
    "railway track": (-9.0, 89.0, 3.0, 1, (140, 140, 140)),
    "lake": (-10.0, 66.0, 8.0, 2, (89, 166, 192)),
}  # fmt: skip
_WATERS = frozenset((  # coral is under it
    "sea", "lake", "frozen lake", "river", "canal", "swimming pool", "coral", "seaweed",
))  # fmt: skip
_FARTHEST = 0.5  # of its size: how small a tree that is added may be
_STARS, _STAR, _STAR_PITCHES = 40, 2.4, (8.0, 26.5)  # how many, and degrees
_DROPS = (214, 232, 248)
_STAR_COLOR = (243, 243, 217)


def obeyed(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return things that show all that words name."""
    result, said = list(things), {kind for one in named for kind in one.kinds}
    is_stage = any(thing.kind in STANDS for thing in things)
    for one in named:
        result = _with_far(result, one)
        result = [
            _sized(thing, one, grows=not is_stage) if thing.kind in one.kinds else thing
            for thing in result
        ]
        result = _counted(result, one, said)
    return _cleared(_apart(related(result, named), named, said), named, said)


def _apart(
    things: list[PlacedObject], named: Sequence[Named], said: Collection[str]
) -> list[PlacedObject]:
    """Return things of which no named one stands before another, where words do not say so."""
    if any(thing.kind in STANDS for thing in things):
        return things
    related_to = {kind for one in named if one.relation for kind in one.relation.kinds}
    free = {
        kind for one in named for kind in one.kinds
        if not one.relation and kind in THINGS and kind not in related_to
    }  # fmt: skip
    result = list(things)
    for place, thing in enumerate(things):
        others = (
            other for index, other in enumerate(result)
            if index != place and other.kind in said and _stands(other)
        )  # fmt: skip
        if thing.kind in free and _stands(thing) and any(_merge(thing, other) for other in others):
            result[place] = replace(thing, yaw=_free_yaw(result, place, said))
    return result


def _stands(thing: PlacedObject) -> bool:
    stance = STANCES.get(thing.kind)
    return stance is not None and stance.where in ON_FLOOR and thing.width < AROUND


def _merge(thing: PlacedObject, other: PlacedObject) -> bool:
    return max(_covered(thing, other), _covered(other, thing)) > _MERGED


def _cleared(
    things: list[PlacedObject], named: Sequence[Named], said: Collection[str]
) -> list[PlacedObject]:
    """Return things without those that hide named things or merge with them from behind.

    What words name stays, and so does a way on.
    """
    doors = sum(thing.kind in DOORS for thing in things)
    spared = {*said, *STANDS, *(DOORS if doors == 1 else ("door",))}  # one way must lead on
    gone: set[int] = set()
    for one in named:
        own = [place for place in places_of(things, one.kinds) if things[place].width < AROUND]
        for place in sorted(own, key=lambda place: _away(things[place]))[: one.least]:
            gone |= {
                index for index, thing in enumerate(things)
                if index != place and thing.kind in THINGS.keys() - spared and not _is_far(thing)
                and (index > place or not _is_lying(thing))
                and _covered(things[place], thing) > (_COVERED if index > place else _BEHIND)
            }  # fmt: skip
    return [thing for place, thing in enumerate(things) if place not in gone]


def _is_lying(thing: PlacedObject) -> bool:
    return thing.kind in STANCES and STANCES[thing.kind].where == "flat"


def _covered(thing: PlacedObject, other: PlacedObject) -> float:
    """Return the share of a thing's box that another one's covers, or is behind."""
    across, down = _overlap(thing, other, np.array(thing.yaw))
    return float(across * down / (thing.width * thing.height))


def _overlap(
    thing: PlacedObject, other: PlacedObject, yaws: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return how wide and tall a part of another thing's box a box covers that is at some yaws."""
    apart = np.abs((yaws - other.yaw + 180.0) % 360.0 - 180.0)
    across = np.clip((thing.width + other.width) / 2 - apart, 0.0, min(thing.width, other.width))
    down = (thing.height + other.height) / 2 - abs(thing.pitch - other.pitch)
    return across, max(min(down, thing.height, other.height), 0.0)


def _with_far(things: list[PlacedObject], one: Named) -> list[PlacedObject]:
    """Return outdoor things with the hills, mountains, stars or weather that words name."""
    ground = (thing.color for thing in things if thing.kind in (_OPEN, "far ground"))
    colors = [color for color in ground if color is not None]
    if len(colors) < 2:
        return things
    kinds = {thing.kind for thing in things}
    added: list[PlacedObject] = []
    if "starry sky" in one.kinds and "star" not in kinds:
        for index in range(_STARS):
            low, high = _STAR_PITCHES
            yaw = (index + index * _GOLDEN % 0.8) * 360 / _STARS
            pitch = low + (high - low) * (index * _PLASTIC % 1)
            color = _STAR_COLOR
            added.append(PlacedObject("star", yaw, pitch, _STAR, _STAR, color, color, 0))
    for alike, (kind, width, height, count) in _RELIEF.items():
        if not kinds.isdisjoint(alike) or not set(one.kinds) & {*alike}:
            continue
        color = rgb(np.mean(colors, axis=0) * _DARKER)
        for index in range(count):
            tall = height * (0.8 + 0.4 * (index * _GOLDEN % 1))
            yaw = index * 360 / count
            added.append(PlacedObject(kind, yaw, tall / 2 - 1, width, tall, color, color, 0))
    laid = set(one.kinds) & _LAID.keys()
    if one.kinds[0] in STANCES and STANCES[one.kinds[0]].where == "water":
        laid = set() if kinds & _WATERS else {"lake"}  # no boat is on dry land
    for kind in laid if kinds.isdisjoint(laid) else ():
        pitch, width, height, variant, by_day = _LAID[kind]
        color = rgb(np.array(by_day) * light_of(things))
        added.append(PlacedObject(kind, 0.0, pitch, width, height, color, color, variant))
    falls = [kind for kind in one.kinds if kind in FALLING and kind not in kinds]
    falling = [PlacedObject(kind, 0.0, 0.0, 360.0, 108.0, _DROPS, _DROPS, 0) for kind in falls]
    first = next((place for place, thing in enumerate(things) if not _is_far(thing)), len(things))
    return [*things[:first], *added, *things[first:], *falling]


def wooded(things: Sequence[PlacedObject], typical: Sequence[Named]) -> list[PlacedObject]:
    """Return things among as many trees, all around, as the place of a description has at least."""
    result = list(things)
    for one in typical:
        own = [thing for thing in result if thing.kind in one.kinds]
        if not own or one.least == 1:
            continue
        added = []
        for index in range(one.least - len(own)):
            like = own[index % len(own)]
            smaller = _FARTHEST + (1 - _FARTHEST) * (index * _PLASTIC % 1)
            foot = smaller * (like.pitch - like.height / 2)  # it is as much farther away
            width, height = smaller * like.width, smaller * like.height
            yaw = (like.yaw + 360.0 * (index + 1) * _GOLDEN) % 360.0
            added.append(
                replace(like, yaw=yaw, pitch=foot + height / 2, width=width, height=height)
            )
        first = next((at for at, thing in enumerate(result) if not _is_far(thing)), len(result))
        added.sort(key=lambda thing: thing.height)
        result = [*result[:first], *added, *result[first:]]
    return result


def _is_far(thing: PlacedObject) -> bool:
    stance = STANCES.get(thing.kind)
    return thing.width >= AROUND or stance is None or stance.where in ("far", "sky")


def _sized(thing: PlacedObject, one: Named, *, grows: bool) -> PlacedObject:
    """Return a named thing as large as words say, and where a level view shows it.

    If it `grows`, it is not much smaller than such things usually are.
    """
    if thing.kind in _WAYS and thing.pitch + thing.height / 2 < _WAY_PITCH:
        return replace(thing, pitch=_WAY_PITCH)
    if thing.kind not in THINGS or thing.width >= AROUND:
        return thing
    usual, scale = THINGS[thing.kind], one.scale
    if scale == 1.0 and usual.are_few and grows:
        if one.most is not None and max(thing.width, thing.height) < _SPECK:
            thing = replace(
                thing, width=usual.width, height=usual.height, pitch=usual.pitch, away=None
            )
        scale = min(max(_LEAST / max(thing.width, thing.height), 1.0), _MOST_GROWN)
        if one.most is not None:
            nearer = _USUALLY * usual.width / thing.width
            scale = max(scale, min(nearer, _MOST_NEARER))
    width, height = (
        min(side * scale, max(side, most))
        for side, most in zip((thing.width, thing.height), _LARGEST, strict=True)
    )
    reach = LEVEL - min(height, _SHOWN) + height / 2  # of its middle
    pitch = thing.pitch + (height - thing.height) / 2  # its foot stays
    pitch = min(max(pitch, -reach), reach)
    return replace(thing, pitch=pitch, width=width, height=height)


def _counted(things: list[PlacedObject], one: Named, said: Collection[str]) -> list[PlacedObject]:
    """Return things of which as many as words say are in sight, ahead as far as there is room."""
    own = [place for place in places_of(things, one.kinds) if things[place].width < AROUND]
    if not own or things[own[0]].kind not in THINGS:
        return things
    if any(thing.kind in STANDS for thing in things) and things[own[0]].kind in EXHIBITS:
        return _exhibited(things, one, said)
    shares = shown_shares(things)
    own.sort(key=lambda place: (shares[place] < 1 - _HIDDEN, _away(things[place])))
    ahead = one.least > 1 or one.most is not None or things[own[0]].kind in _SKY
    result: list[PlacedObject] = []
    moved: list[int] = []
    for place, thing in enumerate(things):
        rank = own.index(place) if place in own else 0
        if one.most and rank >= one.most:
            continue
        hidden = shares[place] < 1 - _HIDDEN or (ahead and _away(thing) + thing.width / 4 > _AHEAD)
        if place in own and rank < one.least and hidden:
            moved.append(len(result))
        result.append(thing)
        if place == own[0]:
            lacking = max(one.least - len(own), 0)
            moved += range(len(result), len(result) + lacking)
            result += [thing] * lacking
    for place in moved:
        result[place] = replace(result[place], yaw=_free_yaw(result, place, said))
    return result


def _free_yaw(things: Sequence[PlacedObject], place: int, said: Collection[str]) -> float:
    """Return where one of some things is least hidden and hides least of what words name."""
    thing = things[place]
    others = [
        (index, other)
        for index, other in enumerate(things)
        if index != place and other.width < AROUND and (index > place or other.kind in said)
    ]
    yaws = np.arange(0.0, 360.0, _STEP)
    away = np.abs((yaws + 180.0) % 360.0 - 180.0)
    worse = _TURNING * away + _BEYOND * (away + thing.width / 2 > 45.0)
    for index, other in others:
        across, down = _overlap(thing, other, yaws)
        covered = thing if index > place else other
        weight = _HIDES if index < place else 1.0 if other.kind in said else _LEFT_OUT
        worse += weight * across * down / (covered.width * covered.height)
    return float(yaws[worse.argmin()])


def _exhibited(things: list[PlacedObject], one: Named, said: Collection[str]) -> list[PlacedObject]:
    """Return a stage on whose stands as many exhibits are of a kind as words say."""
    stands = [things[place].yaw for place in places_of(things, STANDS)]
    exhibits = sorted(places_of(things, EXHIBITS), key=lambda place: _away(things[place]))
    kind = next(things[place] for place in exhibits if things[place].kind in one.kinds)
    borne = [
        place for place in exhibits
        if any(abs(yaw_difference(things[place].yaw, yaw)) < _BORNE for yaw in stands)
    ]  # fmt: skip
    own = [place for place in borne if things[place].kind in one.kinds]
    free = [place for place in borne if things[place].kind not in said]
    result = list(things)
    added = free[: max(one.least - len(own), 0)]
    for place in added:
        result[place] = _instead(things[place], _as_exhibit(kind, one))
    for place in own[one.most :] if one.most and free else ():
        result[place] = _instead(things[place], things[free[0]])
    beside = {place for place in exhibits if things[place].kind in one.kinds} - {*borne}
    gone = beside if own or added else set()
    return [thing for place, thing in enumerate(result) if place not in gone]


def _as_exhibit(thing: PlacedObject, one: Named) -> PlacedObject:
    """Return a thing as large as exhibits are, unless words say another size."""
    tallest, widest = _EXHIBIT
    scale = min(tallest / thing.height, widest / thing.width, 1.0) if one.scale == 1.0 else 1.0
    return replace(thing, width=scale * thing.width, height=scale * thing.height)


def _instead(thing: PlacedObject, like: PlacedObject) -> PlacedObject:
    """Return a thing like another that stands where one does."""
    foot = thing.pitch - thing.height / 2
    return replace(like, yaw=thing.yaw, pitch=foot + like.height / 2)


def _away(thing: PlacedObject) -> float:
    return abs(yaw_difference(thing.yaw, 0.0))
