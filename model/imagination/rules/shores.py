"""Rules by which things that stand are on land, and those that swim on water.

Data, and numbers made of it; nothing here runs a network. Things are listed from far to near.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import atan, cos, degrees, radians, tan

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.model.imagination.geometry.bodies import ground_distance
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import (
    AROUND,
    GOLDEN,
    LEVEL,
    PLASTIC,
    TOP,
    in_light,
    light_of,
    looks_of,
    with_look,
)
from mag_sandbox.scenes.conditions import SEA
from mag_sandbox.scenes.kinds import ANIMALS, COURSES, MATS, PEOPLE, THINGS
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

_ROUND = frozenset(("lake", "swimming pool", "lava lake", "lava pit", "water pit"))
_FROZEN = "frozen lake"
_DUCK = "duck"  # which is on land, too
_WET = frozenset(("river", "canal", SEA)) | _ROUND
AFLOAT = _WET - {"lava lake", "lava pit", "water pit"} | {_FROZEN}
_LAKES = frozenset(("lake", _FROZEN, "canal"))  # which a rule may move
_IN_WATER = frozenset((  # kinds that stand in water, too, or over it
    "duck", "frog", "crocodile", "turtle", "reed", "bridge", "lighthouse", "cliff", "rock", "coral",
    "seaweed", "waterfall", "pipe", "stump", "log", "willow",
))  # fmt: skip
_BORNE = frozenset(("on", "above", "under", "water"))  # relations that a step ashore would undo
BRIDGE, RUNNING = "bridge", frozenset(("river", "canal"))
_END_ON, _BROAD, _CREST = (
    6,
    1.28,
    0.73,
)  # shape of a bridge from its end: width by height, deck's end
_NEAR_BANK = 0.4  # of a river's height, below its middle
_NEAREST_RIVER = -26.0  # pitch of its middle, in a level view
_VESSELS = frozenset(("boat", "ship", "sailing ship", "gondola", "buoy"))  # rowing boats lie ashore
_ROWING, _BOAT, _SHORTER = "rowing boat", "boat", 0.7
_WIDER_ROCK, _FLAT_ROCK = 2.2, 0.3  # than the lighthouse on it; height as a share of its width
_SUNK = 0.1  # of a rock's height above its middle, at which a lighthouse begins
_EDGE, _BEFORE = 0.8, 1.8  # degrees between the far, or near, shore and the foot of a thing on it
_FOOT = 0.35  # of a thing's width, from its middle to the end of its foot
_HIDDEN, _NEAREST = 0.5, 23.0  # share of a lake; degrees below the horizon, of its middle
_LOWEST_MAT = -24.0  # pitch of what lies on the ground, in a level view
_FARTHEST = -2.0  # degrees of a foot on the ground
_SCALES = 0.55, 1.7  # by which a thing that steps ashore shrinks and grows, at most
_WORTH = 1.5  # times as far from its place that a thing steps ashore rather than hide a swimmer
_SHORE, _WIDEST_LAKE = 1.1, 92.0  # of the width of what is on a lake; degrees
_LENGTHS, _FLAT = 3.0, 0.12  # of a ship, on a lake; height of that, by its width
_BANK = 1.0  # degrees of water below what swims
_ONE_LAKE = 120.0  # degrees; what is farther apart is on lakes of its own
_ROOM, _TALLEST_LAKE = 1.4, 10.0  # of the height of what is on it; degrees
_SEVERAL, _ROOM_OF_SEVERAL = 3, (2.4, 13.0)  # likewise
_JITTER = 0.5  # of the width of one of several, by which it is aside of its place in a row
_BERTH = 4  # degrees between places that are tried
_BLUER = 0.4  # share of its blue by which a sea has less red, in any light
_ROUND_TO = (0.0, *(side * turn for turn in range(15, 166, 15) for side in (1.0, -1.0)), 180.0)
_ALOFT = 5.0  # degrees of the foot of what words put into the sky, at least
_AHEAD = 25.0  # degrees from ahead at which the middle of a sea or road is still plainly seen


def is_odd_sea(thing: PlacedObject) -> bool:
    """Tell whether a thing is a sea of a colour unlike those the painter was trained on.

    It would paint patches of that colour, of blue and of things that are not there.
    """
    if thing.kind != SEA or thing.color is None:
        return False
    red, _, blue = thing.color
    return blue - red < _BLUER * blue


def ashore(things: Sequence[PlacedObject], named: Sequence[Named]) -> list[PlacedObject]:
    """Return a plan with standing things on land, as much smaller as it is farther away.

    What words put onto something else stays on that, but nothing stands on water.
    """
    waters = [one for one in things if one.kind in _WET and one.width < AROUND]
    told = [(one.kinds, one.relation) for one in named if one.relation]
    on_others = [
        (kinds, relation) for kinds, relation in told
        if relation.where in _BORNE and not (relation.where == "on" and _WET & {*relation.kinds})
    ]  # fmt: skip
    carried = {kind for kinds, _ in on_others for kind in kinds}
    borne = carried.union(*(relation.kinds for _, relation in on_others))
    bearing = {kind for _, one in on_others if one.where == "on" for kind in one.kinds}
    dry = (borne - (bearing - carried)) | _IN_WATER
    swimmers = [one for one in things if _swims(one) or one.kind == _DUCK]
    result = [
        _off(waters, thing) if thing.kind in MATS
        else _out_of(waters, thing, swimmers) if _stands(thing) and thing.kind not in dry
        else thing
        for thing in things
    ]  # fmt: skip
    for thing, moved in zip(things, result.copy(), strict=True):
        if thing.kind in bearing and moved is not thing:  # a rider comes with the horse
            result = [
                taken_with(one, thing, moved)
                if one.kind in carried and one.overlaps(thing)
                else one
                for one in result
            ]
    return result


def on_rocks(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan with a rock below each lighthouse that would stand in water."""
    waters = [one for one in things if one.kind in _WET]
    result: list[PlacedObject] = []
    for thing in things:
        if thing.kind != "lighthouse" or not _has_foot_in(waters, thing):
            result.append(thing)
            continue
        wide = _WIDER_ROCK * thing.width
        tall, foot = _FLAT_ROCK * wide, min(thing.foot, _FARTHEST)
        rock = PlacedObject("rock", thing.yaw, foot + tall / 2, wide, tall)
        rock = with_look(rock, in_light(looks_of(rock.kind)[0], light_of(things)))
        raised = rock.pitch + _SUNK * tall
        scale = (thing.top - raised) / thing.height  # its top stays in view
        lighthouse = thing.scaled(scale).standing_at(raised)
        result += [replace(lighthouse, away=ground_distance(foot)), rock]
    return result


def taken_with(borne: PlacedObject, thing: PlacedObject, moved: PlacedObject) -> PlacedObject:
    """Return what a thing bears as it is on that after a move."""
    scale = moved.width / thing.width
    foot = moved.foot + scale * (borne.foot - thing.foot)
    turn = scale * yaw_difference(borne.yaw, thing.yaw)
    return replace(borne.scaled(scale), yaw=(moved.yaw + turn) % 360.0).standing_at(foot)


def _off(waters: Sequence[PlacedObject], mat: PlacedObject) -> PlacedObject:
    """Return a blanket that lies on the near shore of the water that it would be in."""
    for water in waters:
        if mat.overlaps(water):
            pitch = water.foot - _EDGE - mat.height / 2
            mat = replace(mat, pitch=max(pitch, _LOWEST_MAT), away=None)
    return mat


def aside_of(
    things: Sequence[PlacedObject], kept: Collection[int], said: Collection[str]
) -> list[PlacedObject]:
    """Return a plan with rivers and lakes of no said kinds where no kept things stand in them.

    A river stays below the kept bridges across it.
    """
    result = list(things)
    for place, water in enumerate(things):
        if water.kind not in _WET - {SEA, *said} or water.width >= AROUND:
            continue
        own = [things[at] for at in kept if at != place]
        bridges = [one for one in own if one.kind == BRIDGE and _carries(water, one)]
        turned = [
            one for one in map(water.turned, _ROUND_TO)
            if all(_carries(one, bridge) for bridge in bridges)
        ]  # fmt: skip
        wet = [sum(is_in_water([one], thing) for thing in own) for one in turned]
        result[place] = turned[wet.index(min(wet))]
    return result


def before_others(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan with kept lakes in front of kept things that would hide them."""
    result = list(things)
    for place in kept:
        lake = result[place]
        if lake.kind not in _LAKES:
            continue
        hiding = [
            one for one in (things[other] for other in kept)
            if _stands(one) and one.kind not in _IN_WATER and one.foot < lake.pitch
            and abs(yaw_difference(one.yaw, lake.yaw)) < (one.width + lake.width) / 2
            and one.foot + one.height > lake.pitch
        ]  # fmt: skip
        pitch = min((one.foot for one in hiding), default=0.0) - _EDGE - lake.height / 2
        if sum(one.width for one in hiding) > _HIDDEN * lake.width and pitch > -_NEAREST:
            result[place] = replace(lake, pitch=pitch)
            for at in (at for at in kept if _swims(result[at]) and _is_in([lake], result[at])):
                result[at] = result[at].standing_at(result[at].foot + pitch - lake.pitch)
    return result


def is_in_water(things: Sequence[PlacedObject], thing: PlacedObject) -> bool:
    """Tell whether the foot of a thing that stands on land is in water."""
    if thing.kind in _IN_WATER or _swims(thing):
        return False
    return _has_foot_in([one for one in things if one.kind in _WET and one.width < AROUND], thing)


def _has_foot_in(waters: Sequence[PlacedObject], thing: PlacedObject) -> bool:
    """Tell whether all of a thing's foot is between the shores of one of some waters."""
    edges = (shores_of(one, thing) for one in waters)
    return any(each is not None and each[0] < thing.foot < each[1] for each in edges)


def is_aground(things: Sequence[PlacedObject], thing: PlacedObject) -> bool:
    """Tell whether a thing is a ship or the like with its foot in no water."""
    return thing.kind in _VESSELS and not _is_in(things, thing)


def on_sand(things: Sequence[PlacedObject], named: Sequence[Named]) -> frozenset[str]:
    """Return the kinds of boats that lie on a beach: what stands on land is behind them."""
    if all(one.kind != SEA for one in things):
        return frozenset()
    told = [(one.kinds[0], one.relation) for one in named if one.relation]
    return frozenset((_BOAT, _ROWING)).intersection(*[
        relation.kinds for kind, relation in told
        if relation.where == "behind" and where_of(kind) == "floor" and kind not in _IN_WATER
    ] or [()])  # fmt: skip


def with_sailing_boats(
    things: Sequence[PlacedObject],
    named: Sequence[Named] = (),
    shown: Collection[PlacedObject] = (),
) -> list[PlacedObject]:
    """Return a plan with boats in place of rowing boats, unless words or a picture show these.

    The painter makes flat shapes of rowing boats that look like hedges. Where words ask for no
    boats, those that are not at sea are left out: no stream is deep enough for sails.
    """
    said = kinds_named(named)
    if any(one.kinds[0] == _ROWING for one in named):
        return list(things)
    seas = [one for one in things if one.kind == SEA]
    sailing = (
        _sailing(thing) if thing.kind == _ROWING and thing not in shown else thing
        for thing in things
    )  # fmt: skip
    return [
        boat for boat, thing in zip(sailing, things, strict=True)
        if boat is thing or _ROWING in said or _is_in(seas, boat)
    ]  # fmt: skip


def _sailing(thing: PlacedObject) -> PlacedObject:
    usual, width = THINGS[_BOAT], thing.width * _SHORTER
    height = width * usual.height / usual.width
    pitch = thing.pitch + (height - thing.height) / 2  # its foot stays
    return replace(thing, kind=_BOAT, pitch=pitch, width=width, height=height, variant=None)


def shores_of(water: PlacedObject, thing: PlacedObject) -> tuple[float, float] | None:
    """Return the pitch of the near and of the far shore below all of a thing's foot."""
    turns = (side * _FOOT * thing.width for side in (-1.0, 0.0, 1.0))
    edges = [each for turn in turns if (each := _edges(water, thing.turned(turn)))]
    return (min(near for near, _ in edges), max(far for _, far in edges)) if edges else None


def _out_of(
    waters: Sequence[PlacedObject], thing: PlacedObject, swimmers: Sequence[PlacedObject]
) -> PlacedObject:
    """Return a thing at the nearer shore of the waters that it is in, or where it hides less."""
    for water in waters:
        edges = shores_of(water, thing)
        if edges is None or not edges[0] < thing.foot < edges[1]:
            continue
        near, far = edges
        near -= _BEFORE
        shores = [near] if near > -LEVEL or far + _EDGE > _FARTHEST else []
        shores += [far + _EDGE] if far + _EDGE <= _FARTHEST else []

        def cost(shore: float, thing: PlacedObject = thing) -> float:
            hidden = sum(map(_at(thing, shore).overlaps, swimmers))
            return max(shore / thing.foot, thing.foot / shore) + _WORTH * hidden

        thing = _at(thing, min(shores, key=cost))
    return thing


def _at(thing: PlacedObject, shore: float) -> PlacedObject:
    """Return a thing with its foot at the pitch of a shore, as large as it is there."""
    least, most = _SCALES
    scale = min(max(tan(radians(shore)) / tan(radians(thing.foot)), least), most)
    if thing.top <= TOP < shore + scale * thing.height:
        scale = (TOP - shore) / thing.height  # its top stays in a level view
    return replace(thing.scaled(scale).standing_at(shore), away=None)


def _edges(water: PlacedObject, thing: PlacedObject) -> tuple[float, float] | None:
    """Return the pitch of the near and of the far shore at a thing's yaw; None: no water there.

    Rivers and seas are straight strips, which recede towards the horizon on both sides.
    """
    away = yaw_difference(thing.yaw, water.yaw)
    aside, half = abs(away) / (water.width / 2), water.height / 2
    if water.kind not in _ROUND | {_FROZEN}:
        straight = cos(radians(away))
        ends = (water.pitch + side * half for side in (-1.0, 1.0))
        near, far = (degrees(atan(tan(radians(end)) * straight)) for end in ends)
        return (near, far) if straight > 0.0 else None
    half *= max(1.0 - aside**2, 0.0) ** 0.5
    return (water.pitch - half, water.pitch + half) if aside < 1.0 else None


def afloat(
    things: Sequence[PlacedObject], kept: Collection[int], dry: Collection[str] = ()
) -> list[PlacedObject]:
    """Return a plan with water below kept things that swim, but for those of dry kinds.

    That is the nearest lake, or on coasts one more part of the sea: a ship may be behind.
    """
    result, seas = list(things), [one for one in things if one.kind == SEA and one.width < AROUND]
    thawed = [one for one in result if one.kind != _FROZEN]
    ducks = [place for place in sorted(kept) if result[place].kind == _DUCK]
    ducks = ducks if any(_is_in(thawed, result[place]) for place in ducks) else []
    swimmers = [place for place in sorted(kept) if _swims(result[place]) or place in ducks]
    swimmers = [place for place in swimmers if result[place].kind not in dry]
    lakes = [index for index, one in enumerate(result) if one.kind in _LAKES]
    are_several = len(swimmers) >= _SEVERAL
    if lakes and (are_several or any(not _is_in(thawed, result[place]) for place in swimmers)):
        return _on_lakes(result, swimmers, lakes)
    more: list[PlacedObject] = []
    for place in swimmers:
        thing = result[place]
        if seas and not lakes and not _is_over([*result, *more], thing):
            sea = replace(seas[0], yaw=thing.yaw)
            more.append(sea)
            result[place] = thing.standing_at(sea.pitch)
    first = result.index(seas[0]) if more else 0
    return [*result[:first], *more, *result[first:]]


def _on_lakes(
    things: list[PlacedObject], swimmers: Sequence[int], lakes: Sequence[int]
) -> list[PlacedObject]:
    """Return a plan with swimming things on the nearest lake, as large as they need it.

    A white swan that is beside the water is hardly seen on snow.
    """
    result = list(things)
    for group in _groups_for_lakes(result, swimmers):
        own = [result[place] for place in group]
        if all(_is_in([one for one in result if one.kind not in _LAKES], one) for one in own):
            continue  # on the sea, or on a river
        middle, across = _span(own)
        at = min(lakes, key=lambda index: abs(yaw_difference(result[index].yaw, middle)))
        lake, most = result[at], max(result[at].width, _WIDEST_LAKE)
        closer = min(most / (_SHORE * across), 1.0)
        if lake.kind in _ROUND | {_FROZEN}:
            room, tallest = (_ROOM, _TALLEST_LAKE) if len(own) < _SEVERAL else _ROOM_OF_SEVERAL
            room = max(room * min(one.height for one in own), lake.height)
            tall = max(min(room, tallest), lake.height)
            top, wide = lake.top, max(lake.width, closer * _SHORE * across)
            lake = replace(lake, width=wide, height=tall, pitch=top - tall / 2)
        if lake.kind == _FROZEN and not ANIMALS.isdisjoint(one.kind for one in own):
            look = in_light(looks_of("lake")[0], light_of(things))
            lake = with_look(replace(lake, kind="lake"), look)  # a swan on white ice becomes ice
        if len(own) > 1 or not _is_over([lake], own[0]):
            lake = replace(lake, yaw=middle)
        result[at] = lake
        for place in group:
            yaw = (middle + closer * yaw_difference(result[place].yaw, middle)) % 360.0
            thing = replace(result[place], yaw=yaw) if closer < 1.0 else result[place]
            foot = lake.pitch
            if thing.kind in ANIMALS:  # all of it has water behind it
                foot = max(lake.foot + _BANK, min(foot, lake.top - thing.height))
            if not _is_in([lake], thing) or thing.foot > foot:
                thing = thing.standing_at(foot)
            result[place] = thing
        _scatter(result, group, lake)
    return result


def up_to_horizon(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan in which no strip of land or sky lies between a sea and the horizon."""
    return [
        replace(one, pitch=one.foot / 2, height=-one.foot)
        if one.kind == SEA and one.width < AROUND and one.foot < 0.0
        else one
        for one in things
    ]  # fmt: skip


def with_long_lakes(things: Sequence[PlacedObject]) -> list[PlacedObject]:
    """Return a plan in which lakes are three times as long as the ships on them."""
    result = list(things)
    for at, lake in enumerate(result):
        ships = [
            place for place, one in enumerate(result)
            if one.kind in _VESSELS | {_ROWING} and _is_in([lake], one)
        ]  # fmt: skip
        if lake.kind not in _LAKES & (_ROUND | {_FROZEN}) or not ships:
            continue
        for place in ships:
            fits = _WIDEST_LAKE / _LENGTHS / result[place].width
            result[place] = result[place].scaled(min(fits, 1.0))
        wide = max(lake.width, _LENGTHS * max(result[place].width for place in ships))
        tall = max(lake.height, _FLAT * wide)
        result[at] = replace(lake, width=wide, height=tall, pitch=lake.top - tall / 2)
    return result


def _scatter(things: list[PlacedObject], group: Sequence[int], lake: PlacedObject) -> None:
    """Put several swans or boats on a lake at different distances: they float in no row."""
    kinds = [things[place].kind for place in group]
    for rank, place in enumerate(group):
        thing = things[place]
        if kinds.count(thing.kind) < _SEVERAL:
            continue
        aside = _JITTER * thing.width * (rank * PLASTIC % 1 - 0.5)
        moved = thing.turned(aside)
        near, far = _edges(lake, moved) or (0.0, 0.0)
        near, far = near + _BANK, min(far - _BANK, thing.foot)
        if near < far:
            foot = far - (rank * GOLDEN % 1) * (far - near)
            nearer = tan(radians(foot)) / tan(radians(thing.foot))
            things[place] = moved.scaled(nearer).standing_at(foot)


def _groups_for_lakes(things: Sequence[PlacedObject], swimmers: Sequence[int]) -> list[list[int]]:
    """Return swimmers as one group if one lake can come to them all, or else each by itself."""
    across = _span([things[place] for place in swimmers])[1]
    return [list(swimmers)] if across < _ONE_LAKE else [[place] for place in swimmers]


def _span(things: Sequence[PlacedObject]) -> tuple[float, float]:
    """Return the middle and the width of some things side by side."""
    first = things[0].yaw
    yaws = [yaw_difference(one.yaw, first) for one in things]
    across = max(yaws) - min(yaws) + max(one.width for one in things)
    return (first + (min(yaws) + max(yaws)) / 2) % 360.0, across


def spanning(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan with kept bridges across the nearest river, which no road there covers."""
    bridges = [place for place in kept if things[place].kind == BRIDGE]
    rivers = [_river_of(things, things[place]) for place in bridges]
    result = [
        _before_roads(things, one) if any(one is river for river in rivers) else one
        for one in things
    ]
    for place in bridges:
        result[place] = _over_river(result, things[place])
    return result


def _river_of(things: Sequence[PlacedObject], bridge: PlacedObject) -> PlacedObject | None:
    """Return the river that is nearest to a bridge; None: there is none."""
    rivers = (one for one in things if one.kind in RUNNING and one.width < AROUND)
    return min(rivers, key=lambda one: abs(yaw_difference(one.yaw, bridge.yaw)), default=None)


def _before_roads(things: Sequence[PlacedObject], river: PlacedObject) -> PlacedObject:
    """Return a river on the near side of a road that would cover it."""
    feet = [one.foot for one in things if one.kind == "road" and one.overlaps(river)]
    pitch = min(feet, default=0.0) - river.height / 2
    return replace(river, pitch=max(min(river.pitch, pitch), _NEAREST_RIVER))


def without_dry(things: Sequence[PlacedObject], kept: Collection[str]) -> list[PlacedObject]:
    """Return things without bridges beside the waters, or what swims where there are none.

    Those of kept kinds stay.
    """
    bridged = [one for one in things if one.kind in RUNNING | _ROUND]
    is_dry = all(one.kind not in AFLOAT for one in things)
    return [
        thing for thing in things
        if thing.kind in kept
        or (not (is_dry and _swims(thing))
        and (thing.kind != BRIDGE or any(_reaches(one, thing) for one in bridged)))
    ]  # fmt: skip


def _reaches(water: PlacedObject, thing: PlacedObject) -> bool:
    return abs(yaw_difference(thing.yaw, water.yaw)) < water.width / 2


def _carries(water: PlacedObject, bridge: PlacedObject) -> bool:
    """Tell whether all of a bridge is above a river."""
    aside = abs(yaw_difference(bridge.yaw, water.yaw))
    return water.kind in RUNNING and aside <= _reach(water, bridge) + _EDGE


def _reach(river: PlacedObject, bridge: PlacedObject) -> float:
    """Return how far from the middle of a river a bridge may be [degrees]."""
    return max(river.width - bridge.width, 0.0) / 2


def _over_river(things: Sequence[PlacedObject], bridge: PlacedObject) -> PlacedObject:
    """Return a bridge with its foot at the near bank of a river, if there is one."""
    river = _river_of(things, bridge)
    if river is None:
        return bridge
    reach = _reach(river, bridge)
    aside = min(max(yaw_difference(bridge.yaw, river.yaw), -reach), reach)
    pitch = river.pitch - _NEAR_BANK * river.height + bridge.height / 2
    return replace(bridge, yaw=(river.yaw + aside) % 360.0, pitch=pitch, away=None)


def with_bridges_across(
    things: Sequence[PlacedObject], named: Sequence[Named]
) -> list[PlacedObject]:
    """Return a plan with bridges over rivers seen from their ends.

    Rivers run across the view; a bridge seen from its side would lie along its river. One on or
    under which words put something stays as it is.
    """
    bears = any(
        one.relation and one.relation.where in ("on", "under") and BRIDGE in one.relation.kinds
        for one in named
    )
    return [one if bears or one.kind != BRIDGE else _end_on(things, one) for one in things]


def _end_on(things: Sequence[PlacedObject], bridge: PlacedObject) -> PlacedObject:
    """Return a bridge from the near to the far bank of the river that carries it, if any."""
    river = _river_of(things, bridge)
    banks = shores_of(river, bridge) if river and _carries(river, bridge) else None
    if banks is None:
        return bridge
    foot, tall = banks[0] - _EDGE, (banks[1] - banks[0] + 2 * _EDGE) / _CREST
    wide, pitch = _BROAD * tall, foot + tall / 2
    across = replace(bridge, variant=_END_ON, width=wide, height=tall, pitch=pitch, away=None)
    others = [
        one for one in things
        if one is not bridge and _stands(one)
        and (one.foot < banks[1] or one.kind in ANIMALS | PEOPLE)
    ]  # fmt: skip
    reach = max(bridge.width - wide, 0.0) / 2  # where it stood, seen from its side
    turned = (across.turned(share * reach) for share in (0.0, 0.5, -0.5, 1.0, -1.0))
    return min(turned, key=lambda one: sum(map(one.overlaps, others)))


def _is_over(things: Sequence[PlacedObject], thing: PlacedObject) -> bool:
    """Tell whether a thing has water below it; that all around is below all."""
    waters = (one for one in things if one.kind in AFLOAT)
    return any(one.width >= AROUND or _reaches(one, thing) for one in waters)


def _is_in(things: Sequence[PlacedObject], thing: PlacedObject) -> bool:
    """Tell whether the foot of a thing is in water."""
    waters = [one for one in things if one.kind in AFLOAT]
    edges = (_edges(one, thing) for one in waters if one.width < AROUND)
    return any(one.width >= AROUND for one in waters) or any(
        each is not None and each[0] < thing.foot < each[1] for each in edges
    )


def without_stranded(things: Sequence[PlacedObject], kept: Collection[int]) -> list[PlacedObject]:
    """Return a plan with things that swim beside the water moved onto a sea, or removed.

    Those to be kept stay.
    """
    if all(one.kind not in AFLOAT for one in things):
        return list(things)
    seas = [one for one in things if one.kind == SEA and one.width < AROUND]
    result: list[PlacedObject] = []
    for place, thing in enumerate(things):
        if place in kept or not _swims(thing) or _is_over(things, thing):
            result.append(thing)
        elif seas and (there := _out_at(seas[0], thing, [*result, *things[place + 1 :]])):
            result.append(there)
    return result


def _out_at(
    sea: PlacedObject, thing: PlacedObject, others: Sequence[PlacedObject]
) -> PlacedObject | None:
    """Return a thing where a sea has room for it, as near as can be; None: nowhere."""
    reach = int(sea.width - thing.width) // 2
    pitch = sea.pitch + thing.height / 2
    yaws = (sea.yaw + aside for aside in range(-reach, reach + 1, _BERTH))
    there = [replace(thing, yaw=yaw % 360.0, pitch=pitch, away=None) for yaw in yaws]
    there.sort(key=lambda one: abs(yaw_difference(one.yaw, thing.yaw)))
    near = [one for one in others if one.width < AROUND and (_stands(one) or _swims(one))]
    return next((one for one in there if not any(map(one.overlaps, near))), None)


def facing_course(things: Sequence[PlacedObject], yaw: float, typical: Sequence[Named]) -> float:
    """Return the yaw nearest to one from which the sea, or road, of a place is plainly seen."""
    known_by = kinds_named(typical) & COURSES
    courses = [one for one in things if one.kind in known_by and one.width < AROUND]
    if not courses:
        return yaw
    aside = min((yaw_difference(one.yaw, yaw) for one in courses), key=abs)
    return (yaw + aside - min(max(aside, -_AHEAD), _AHEAD)) % 360.0


def _stands(thing: PlacedObject) -> bool:
    return where_of(thing.kind) in ("floor", "small") and thing.width < AROUND


def _swims(thing: PlacedObject) -> bool:
    return where_of(thing.kind) == "water" and thing.foot < _ALOFT
