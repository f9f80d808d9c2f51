"""The world from above: the way walked, where the player stands, what stands around.

North is where the scene begins to look. Far from the start the player stays in the middle. Things
of kinds that have no name on the map are faint.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

import pygame

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.evaluation.similarity.anchors import AnchorMark
from mag_sandbox.model.world import Door, FrameBlock, GroundPlan, GroundThing, MemoryEntry
from mag_sandbox.sandbox.hud.around import CALLED
from mag_sandbox.sandbox.hud.hud_state import SECTOR
from mag_sandbox.sandbox.hud.minimap import CARD_WIDTH, GONE, MEMORY, PLACE, SHADOW
from mag_sandbox.sandbox.ui.layout import SPRING, Text, bar, draw, row
from mag_sandbox.sandbox.ui.theme import ACCENT, INK, MUTED, Theme
from mag_sandbox.scenes.called import names_in

SQUARES, SHORT_SQUARES = "squares of {} m", "{} m grid"
TALL = 0.56  # height of the map over its width
HALVES = 5.0, 8.0, 12.0, 18.0  # metres from the middle to the left edge, in rooms
MOST = HALVES[-1]  # likewise outdoors
WIDE, FIVE = 8.0, 5  # metres from there on, and of a square then
IN_VIEW = 3  # of the nearest things in view, which have names first
CLOSE = 12  # px around the start or a door, in which a click means it
BEYOND, AT_WALLS = 2.0, 0.5  # metres that are seen beyond the way, and beyond walls
FAINT = 0.35  # of its colour, that a thing without a name has
AT_START = 3.0  # metres within which a player is there, and it needs no name
MOST_NAMED = 5  # kinds of things with names: more are hard to read
LOOKS, LEAST_LOOKS = 1.1, 12.0  # metres, px at least that the memory of a place reaches
WEDGE = 0.44  # of half the map's width: the view's reach
GROUND, FLOOR, GRID, STONE = (20, 26, 40), (34, 41, 62), (34, 41, 58), (112, 122, 148)
WATER = (66, 106, 146)
BEHIND_NAMES = (*GROUND, 150)
REMEMBERED = (*MEMORY, 150)


class MapArea(NamedTuple):
    """The part of the ground that a map shows."""

    place: pygame.Rect  # where it lies [px]
    x: float  # of its middle [m]
    z: float
    half: float  # from its middle to its left edge [m]

    @classmethod
    def of(
        cls,
        theme: Theme,
        width: int,
        way: Sequence[tuple[float, float]],
        pose: CameraPose,
        walls: Sequence[tuple[float, float]] = (),
    ) -> "MapArea":
        """Return the area of a card of a width [px] that shows a way [m], or a room's walls.

        The scale is one for all places outdoors, and one for each room.
        """
        pad = theme.px(14)
        across = width - 2 * pad
        place = pygame.Rect(pad, pad, across, round(across * TALL))
        xs, zs = zip((pose.x, pose.z), *way, *walls, strict=True)
        reach = max(max(xs) - min(xs), (max(zs) - min(zs)) / TALL) / 2
        needed = reach + (AT_WALLS if walls else BEYOND)
        x, z = (max(xs) + min(xs)) / 2, (max(zs) + min(zs)) / 2
        if needed > MOST:
            x, z = pose.x, pose.z
        half = next((one for one in HALVES if walls and one >= needed), MOST)
        return cls(place, round(x), round(z), half)

    @property
    def scale(self) -> float:
        """Pixels a metre."""
        return self.place.width / 2 / self.half

    def at(self, x: float, z: float) -> tuple[float, float]:
        """Return where a position [m] lies [px]."""
        middle = self.place.center
        return middle[0] + (x - self.x) * self.scale, middle[1] - (z - self.z) * self.scale

    @property
    def start(self) -> tuple[float, float]:
        """Where the start is marked [px]: beyond the map, at the edge towards it."""
        (x, y), middle = self.at(0.0, 0.0), self.place.center
        right, down, within = (
            x - middle[0],
            y - middle[1],
            self.place.inflate(-2 * CLOSE, -2 * CLOSE),
        )
        beyond = max(abs(right) / (within.width / 2), abs(down) / (within.height / 2), 1.0)
        return middle[0] + right / beyond, middle[1] + down / beyond

    def position(self, pixel: tuple[int, int]) -> tuple[float, float]:
        """Return the position [m] of a pixel: the start itself, if it is marked near by."""
        if math.dist(pixel, self.start) <= CLOSE:
            return 0.0, 0.0
        across, down = (now - middle for now, middle in zip(pixel, self.place.center, strict=True))
        return self.x + across / self.scale, self.z - down / self.scale

    def door(self, pixel: tuple[int, int], doors: Iterable[Door]) -> Door | None:
        """Return the door that a pixel means, if any."""
        far = {door: math.dist(pixel, self.at(door.x, door.z)) for door in doors}
        nearest = min(far, key=far.__getitem__, default=None)
        return nearest if nearest and far[nearest] <= CLOSE else None


class GroundMap:
    """Makes the card of the map from above, again only when it would look different.

    ground_map = GroundMap()
    card = ground_map.card(theme, block, way, marks, pose)
    draw_player(surface, theme, ground_map.area, pose)
    """

    def __init__(self) -> None:
        self.area = MapArea(pygame.Rect(0, 0, 0, 0), 0.0, 0.0, MOST)  # as drawn last
        self.names: dict[Door, pygame.Rect] = {}  # where those of doors stand in the area
        self._start: pygame.Rect | None = None  # likewise, that of the start
        self._made: tuple[tuple[object, ...], pygame.Surface] | None = None

    def card(
        self,
        theme: Theme,
        block: FrameBlock,
        way: Sequence[tuple[float, float]],
        marks: Sequence[AnchorMark],
        pose: CameraPose,
        width: int | None = None,
    ) -> pygame.Surface:
        """Return the card; the same surface as long as it looks the same.

        `way` are the positions walked through, oldest first [m]; without a width [px] the card is
        as wide as the scene's.
        """
        seen = _in_view(block.ground or GroundPlan(), pose)
        walls = block.ground.walls if block.ground else ()
        self.area = MapArea.of(theme, width or theme.px(CARD_WIDTH), way, pose, walls)
        remembered = _remembered(block.memory.entries)
        words = names_in(block.prompt)
        made_of = theme, self.area, block.ground, words, tuple(way), tuple(marks), remembered, seen
        if self._made is None or self._made[0] != made_of:
            own = (mark.pose for mark in marks if mark.kind != "auto")
            spots = [_spot(theme, self.area.at(one.x, one.z)) for one in own]
            start = _start_name(theme, self.area, pose, spots)
            corner = self.area.place.topleft
            self._start = start[1].move(-corner[0], -corner[1]) if start else None
            ground, taken = block.ground or GroundPlan(), [start[1]] if start else []
            taken += [*_arrows(theme, self.area, way), _spot(theme, self.area.start), *spots]
            card = _captioned(theme, self.area, ground)
            names = pygame.Surface(card.get_size(), pygame.SRCALPHA)
            names.set_clip(self.area.place)
            self.names = _draw_doors(theme, names, self.area, ground, words, taken)
            named = _write_names(theme, names, self.area, ground, words, taken, seen)
            _draw_ground(theme, card, self.area, ground, named)
            for place, sectors in remembered:
                _draw_memory(card, self.area, place, sectors)
            _draw_way(card, theme, self.area, way)
            card.blit(names, (0, 0))
            if start:
                _write(card, *start)
            for mark in marks:
                _draw_mark(card, theme, self.area, mark)
            self._made = made_of, card
        return self._made[1]

    def position(self, pixel: tuple[int, int]) -> tuple[float, float]:
        """Return the position [m] that a pixel of the window means; see `MapArea.position`.

        The name of the start means the start, too.
        """
        named = self._start is not None and self._start.collidepoint(self._within(pixel))
        return (0.0, 0.0) if named else self.area.position(pixel)

    def door(self, pixel: tuple[int, int], doors: Collection[Door]) -> Door | None:
        """Return the door that a pixel of the window means, if any, or its name.

        The area lies where it is in the window.
        """
        within = self._within(pixel)
        named = (door for door, name in self.names.items() if name.collidepoint(within))
        return next((door for door in named if door in doors), self.area.door(pixel, doors))

    def _within(self, pixel: tuple[int, int]) -> tuple[int, int]:
        return pixel[0] - self.area.place.left, pixel[1] - self.area.place.top


def draw_player(surface: pygame.Surface, theme: Theme, area: MapArea, pose: CameraPose) -> None:
    """Draw where the player stands and looks; the area lies where it is in the window."""
    place = area.at(pose.x, pose.z)
    reach, size = WEDGE * area.place.width / 2, max(5.0, 6.0 * theme.scale)
    _draw_wedge(surface, area.place, place, reach, (pose.yaw, pose.fov), (255, 255, 255, 70))
    tip = []
    for far, aside in ((1.5, 0), (1.0, 143), (0.4, 180), (1.0, -143)):  # sizes, degrees
        turn = math.radians(pose.yaw + aside)
        tip.append((place[0] + far * size * math.sin(turn), place[1] - far * size * math.cos(turn)))
    pygame.draw.polygon(surface, SHADOW, tip, 4)
    pygame.draw.polygon(surface, theme.colour(INK), tip)


def _in_view(ground: GroundPlan, pose: CameraPose) -> tuple[GroundThing, ...]:
    """Return the nearest things in a view."""
    yaws = (math.degrees(math.atan2(one.x - pose.x, one.z - pose.z)) for one in ground.things)
    seen = (
        one
        for one, yaw in zip(ground.things, yaws, strict=True)
        if abs(yaw_difference(yaw, pose.yaw)) < pose.fov / 2
    )
    return tuple(nsmallest(IN_VIEW, seen, lambda one: math.hypot(one.x - pose.x, one.z - pose.z)))


def _arrows(
    theme: Theme, area: MapArea, way: Sequence[tuple[float, float]]
) -> Iterable[pygame.Rect]:
    """Yield where the player's arrow lies at the end of a way."""
    for place in way[-1:]:
        arrow = pygame.Rect(0, 0, theme.px(18), theme.px(18))
        arrow.center = round(area.at(*place)[0]), round(area.at(*place)[1])
        yield arrow


def _captioned(theme: Theme, area: MapArea, ground: GroundPlan) -> pygame.Surface:
    """Return the card with its caption and bare ground."""
    place, line = area.place, theme.line_height(13)
    card = theme.card((place.width + 2 * place.left, place.bottom + line + theme.px(12)))
    card.fill(GROUND, place)
    remembered = bar(14, 9, REMEMBERED[:3], 0), Text("remembered", 13, MUTED)
    room = place.width - theme.px(14 + 3 * 6) - theme.text("remembered", 13, MUTED).get_width()
    ways = (
        (" > ".join(ground.rooms[-2:]), ground.rooms[-1])
        if ground.rooms[1:]
        else (SQUARES.format(_square(area)), SHORT_SQUARES.format(_square(area)))
    )
    way = next((one for one in ways if theme.text(one, 13, MUTED).get_width() <= room), ways[-1])
    caption = row(Text(way, 13, MUTED, lines=1), SPRING, *remembered, gap=6)
    below = pygame.Rect(place.left, place.bottom + theme.px(5), place.width, line)
    draw(theme, card, caption, below)
    return card


def _draw_ground(
    theme: Theme, card: pygame.Surface, area: MapArea, ground: GroundPlan, named: Collection[str]
) -> None:
    """Draw walls, waters, squares and things, those of kinds that are not `named` faintly."""
    place = area.place
    card.set_clip(place)
    if ground.walls:
        corners = [area.at(*corner) for corner in ground.walls]
        pygame.draw.polygon(card, FLOOR, corners)
        pygame.draw.polygon(card, theme.colour(MUTED), corners, max(2, theme.px(2)))
    for water in ground.waters:
        shore = [area.at(*point) for point in water.shore]
        pygame.draw.polygon(card, water.color or WATER, shore)
    square, squares = _square(area), math.ceil(area.half / _square(area)) + 1
    for line in range(-squares, squares + 1):
        x, y = area.at(*(square * (round(middle / square) + line) for middle in (area.x, area.z)))
        pygame.draw.line(card, GRID, (x, place.top), (x, place.bottom))
        pygame.draw.line(card, GRID, (place.left, y), (place.right, y))
    for thing in sorted(ground.things, key=lambda one: -one.radius):
        middle, radius = area.at(thing.x, thing.z), max(3.0, thing.radius * area.scale)
        pygame.draw.aacircle(card, SHADOW, middle, radius + 1.5)
        color = thing.color or STONE
        pygame.draw.aacircle(card, color if thing.kind in named else _faint(color), middle, radius)
    card.set_clip(None)


def _faint(color: Sequence[int]) -> tuple[int, ...]:
    both = zip(color[:3], GROUND, strict=True)
    return tuple(round(FAINT * own + (1 - FAINT) * ground) for own, ground in both)


def _square(area: MapArea) -> int:
    """Return the length of a square [m]."""
    return FIVE if area.half > WIDE else 1


def _apart(theme: Theme) -> tuple[int, int]:
    """Return by how much names are kept apart: closer ones read as one."""
    return theme.px(14), theme.px(9)


def _draw_doors(
    theme: Theme,
    card: pygame.Surface,
    area: MapArea,
    ground: GroundPlan,
    words: Mapping[str, str],
    taken: list[pygame.Rect],
) -> dict[Door, pygame.Rect]:
    """Draw doors with names; add the places of both to `taken`, and return those of names.

    All that lead to known rooms have one, of the others the nearest of each kind that is in sight.
    """
    place, apart = area.place, _apart(theme)
    names: dict[Door, pygame.Rect] = {}
    posts: list[pygame.Rect] = []
    unnamed = {door.kind for door in ground.doors}
    discs = [_disc(area, thing) for thing in ground.things]
    for door in sorted(ground.doors, key=lambda one: math.hypot(one.x - area.x, one.z - area.z)):
        post = pygame.Rect(0, 0, max(6, theme.px(7)), max(10, theme.px(11)))
        post.center = round(area.at(door.x, door.z)[0]), round(area.at(door.x, door.z)[1])
        posts.append(pygame.draw.rect(card, SHADOW, post.inflate(4, 4)))
        pygame.draw.rect(card, theme.colour(ACCENT if door == ground.door else INK), post)
        if not door.leads_to:
            if door.kind not in unnamed or not place.collidepoint(post.center):
                continue
            unnamed.remove(door.kind)
        there = f"to {door.leads_to}" if door.leads_to else words.get(door.kind, door.kind)
        name = theme.text(there, 11, INK)
        spots = (
            name.get_rect(midbottom=post.midtop), name.get_rect(midtop=post.midbottom),
            name.get_rect(midleft=post.midright), name.get_rect(midright=post.midleft),
        )  # fmt: skip
        moved = [one.clamp(place) for one in spots]
        labels = [one for one in moved if one.inflate(apart).collidelist(taken) < 0]
        if labels:
            taken.append(_write(card, name, clearest(labels, discs)))
            names[door] = taken[-1].move(-place.left, -place.top)
    taken += posts
    return names


def _write_names(
    theme: Theme,
    card: pygame.Surface,
    area: MapArea,
    ground: GroundPlan,
    words: Mapping[str, str],
    taken: list[pygame.Rect],
    seen: Collection[GroundThing],
) -> set[str]:
    """Write names of things and waters where no name stands yet; add their places to `taken`.

    Returns the kinds of things that have a name, also as doors.

    Things that are `seen` come first, then near ones. A name is moved so that it lies on the map,
    in rooms within the walls, and off other things; it is left out where another name would lie
    under it, or another thing.
    """
    apart, room = _apart(theme), _room(theme, area, ground)
    unnamed = {thing.kind for thing in ground.things} - {door.kind for door in ground.doors}
    discs = {thing: _disc(area, thing) for thing in ground.things}
    named = 0
    far = {one: (one not in seen, math.hypot(one.x - area.x, one.z - area.z)) for one in discs}
    for thing in sorted(discs, key=far.__getitem__):
        disc = discs[thing]
        if named == MOST_NAMED:
            break
        if thing.kind not in unnamed or not room.colliderect(disc):
            continue
        called = words.get(thing.kind, thing.kind)
        name = theme.text(CALLED.get(called, called), 11, MUTED)
        others = [one for one in discs.values() if one is not disc]
        labels = [
            label for label in _labels(name, disc, room)
            if label.inflate(apart).collidelist(taken) < 0 and not _hidden(label, others)
        ]  # fmt: skip
        if labels:  # one name for each kind: a map has little room
            unnamed.remove(thing.kind)
            named += 1
            taken.append(_write(card, name, clearest(labels, discs.values())))
    for water in ground.waters:
        label = (name := theme.text(water.kind, 11, INK)).get_rect(center=area.at(*water.middle))
        if area.place.contains(label) and label.inflate(apart).collidelist(taken) < 0:
            taken.append(_write(card, name, label))
    return {thing.kind for thing in ground.things} - unnamed


def _room(theme: Theme, area: MapArea, ground: GroundPlan) -> pygame.Rect:
    """Return the part of the map in which names of things may lie."""
    shown = area.place.inflate(-theme.px(6), -theme.px(6))
    if not ground.walls:
        return shown
    xs, ys = zip(*(area.at(*corner) for corner in ground.walls), strict=True)
    walls = pygame.Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
    return shown.clip(walls.inflate(-theme.px(6), -theme.px(6)))


def _disc(area: MapArea, thing: GroundThing) -> pygame.Rect:
    (x, y), radius = area.at(thing.x, thing.z), max(3.0, thing.radius * area.scale)
    return pygame.Rect(x - radius, y - radius, 2 * radius, 2 * radius)


def _labels(name: pygame.Surface, disc: pygame.Rect, room: pygame.Rect) -> list[pygame.Rect]:
    """Return where the name of a thing may stand, the best first: below, above, or around it."""
    places = (
        name.get_rect(midtop=disc.midbottom), name.get_rect(midbottom=disc.midtop),
        name.get_rect(midleft=disc.midright), name.get_rect(midright=disc.midleft),
        name.get_rect(topleft=disc.midbottom), name.get_rect(topright=disc.midbottom),
        name.get_rect(bottomleft=disc.midtop), name.get_rect(bottomright=disc.midtop),
    )  # fmt: skip
    moved = (one.clamp(room) for one in places)
    shown = disc.clip(room).inflate(2, 2)
    return [one for one in moved if room.contains(one) and one.colliderect(shown.inflate(4, 4))]


def clearest(labels: Iterable[pygame.Rect], discs: Iterable[pygame.Rect]) -> pygame.Rect:
    """Return the first of those places for a name that hide the least of all things."""
    things = list(discs)
    return min(labels, key=lambda label: _hidden(label, things))


def _hidden(label: pygame.Rect, discs: Iterable[pygame.Rect]) -> float:
    """Return how much of things a name would hide, as a share of its own area."""
    parts = (label.clip(disc) for disc in discs)
    return sum(part.width * part.height for part in parts) / (label.width * label.height)


def _write(card: pygame.Surface, name: pygame.Surface, place: pygame.Rect) -> pygame.Rect:
    """Write a name that can be read on things of any colour; return its place."""
    behind = pygame.Surface(place.size, pygame.SRCALPHA)
    behind.fill(BEHIND_NAMES)
    card.blit(behind, place)
    return card.blit(name, place)


def _remembered(
    entries: Iterable[MemoryEntry],
) -> tuple[tuple[tuple[float, float], frozenset[int]], ...]:
    """Return the sectors of the compass that memory shows, by the place they are seen from."""
    found: dict[tuple[float, float], set[int]] = {}
    for entry in entries:
        pose = entry.pose
        sectors = found.setdefault((round(pose.x, 1), round(pose.z, 1)), set())
        first, last = (
            math.floor((pose.yaw + side) / SECTOR) for side in (-pose.fov / 2, pose.fov / 2)
        )
        sectors.update(sector % (360 // SECTOR) for sector in range(first, last))
    return tuple((place, frozenset(sectors)) for place, sectors in found.items())


def _draw_memory(
    card: pygame.Surface, area: MapArea, place: tuple[float, float], sectors: frozenset[int]
) -> None:
    reach, count = max(LOOKS * area.scale, LEAST_LOOKS), 360 // SECTOR
    begins = [one for one in sectors if (one - 1) % count not in sectors] or [0]
    for begin in begins:
        length = next(
            (more for more in range(count) if (begin + more) % count not in sectors), count
        )
        turn = (begin + length / 2) * SECTOR, length * SECTOR
        _draw_wedge(card, area.place, area.at(*place), reach, turn, REMEMBERED)


def _draw_wedge(
    surface: pygame.Surface,
    within: pygame.Rect,
    place: tuple[float, float],
    reach: float,
    turn: tuple[float, float],
    colour: tuple[int, ...],
) -> None:
    """Draw a piece of a disc; `turn` is where its middle lies and how wide it is [degrees]."""
    size = 2 * math.ceil(reach) + 2
    layer = pygame.Surface((size, size), pygame.SRCALPHA)
    middle, wide = turn
    steps = max(2, math.ceil(wide / 6))
    angles = [math.radians(middle - wide / 2 + wide * step / steps) for step in range(steps + 1)]
    rim = [(size / 2 + reach * math.sin(a), size / 2 - reach * math.cos(a)) for a in angles]
    pygame.draw.polygon(layer, colour, [(size / 2, size / 2), *rim])
    before = surface.get_clip()
    surface.set_clip(within)
    surface.blit(layer, (place[0] - size / 2, place[1] - size / 2))
    surface.set_clip(before)


def _draw_way(
    card: pygame.Surface, theme: Theme, area: MapArea, way: Sequence[tuple[float, float]]
) -> None:
    points = [area.at(*place) for place in way]
    card.set_clip(area.place)
    if len(points) > 1:
        pygame.draw.lines(card, SHADOW, False, points, max(4, theme.px(4)))
        pygame.draw.lines(card, theme.colour(INK), False, points, max(2, theme.px(2)))
    start, radius = area.start, max(3.0, PLACE * theme.scale)
    pygame.draw.aacircle(card, INK, start, radius, 2)
    card.set_clip(None)


def _start_name(
    theme: Theme, area: MapArea, pose: CameraPose, spots: Sequence[pygame.Rect]
) -> tuple[pygame.Surface, pygame.Rect] | None:
    """Return what the start is called and where that stands; None: the player is there.

    It keeps off the spots of marks, where there is room.
    """
    (x, y), away = area.start, math.hypot(*pose.position)
    if away < AT_START:
        return None
    is_shown = (x, y) == area.at(0.0, 0.0)
    name = theme.text("start" if is_shown else f"start, {away:.0f} m", 11, INK)
    spot = _spot(theme, area.start)
    places = (
        name.get_rect(midbottom=(x, spot.top)), name.get_rect(midtop=(x, spot.bottom)),
        name.get_rect(midleft=(spot.right, y)), name.get_rect(midright=(spot.left, y)),
    )  # fmt: skip
    moved = [one.clamp(area.place) for one in places]
    return name, next((one for one in moved if one.collidelist(spots) < 0), moved[0])


def _spot(theme: Theme, place: tuple[float, float]) -> pygame.Rect:
    """Return the area of a small disc on the map, as of the start or of a mark."""
    size = max(8, theme.px(10))
    return pygame.Rect(round(place[0] - size / 2), round(place[1] - size / 2), size, size)


def _draw_mark(card: pygame.Surface, theme: Theme, area: MapArea, mark: AnchorMark) -> None:
    """Draw an anchor of the player where it was dropped, and where it looks."""
    if mark.kind == "auto":
        return
    colour = theme.colour(ACCENT if mark.in_memory else GONE)
    x, y = area.at(mark.pose.x, mark.pose.z)
    if not area.place.collidepoint(x, y):
        return
    ahead, reach = math.radians(mark.pose.yaw), max(12.0, 14.0 * theme.scale)
    tip = x + reach * math.sin(ahead), y - reach * math.cos(ahead)
    pygame.draw.line(card, SHADOW, (x, y), tip, max(4, theme.px(4)))
    pygame.draw.line(card, colour, (x, y), tip, max(2, theme.px(2)))
    pygame.draw.aacircle(card, SHADOW, (x, y), max(4.0, 5.0 * theme.scale) + 1.6)
    pygame.draw.aacircle(card, colour, (x, y), max(4.0, 5.0 * theme.scale))
