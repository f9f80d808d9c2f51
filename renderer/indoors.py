"""Lays out rooms and stages; each wall has things that the others do not have."""

from functools import partial

import numpy as np

from mag_sandbox.renderer import palettes
from mag_sandbox.renderer.canvas import Rgb
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.outdoors import beside
from mag_sandbox.renderer.painters.sketch import PAINTS, contrast
from mag_sandbox.renderer.phrasing import pick
from mag_sandbox.renderer.places import NOTHING
from mag_sandbox.renderer.placing import (
    TRIES,
    Site,
    ThingGroup,
    color_of,
    group_name,
    is_cut,
    polar,
    sample_group,
    size_of,
    variant_of,
)
from mag_sandbox.renderer.scene import Item, Layout, RoomBox
from mag_sandbox.scenes.places import ALIASES, WINDOWLESS, PlaceKind

LIGHTS = ("daylight", "daylight", "lamplight", "evening", "dim")
PATTERNS = ("plain", "wide stripes", "panels", "two tones")  # and "stones" without windows
CEILINGS = ("plain", "wooden beams", "ceiling panels")
GRAND = frozenset(("throne room", "hotel lobby", "dining room", "church hall", "hallway"))
CORNER = 0.75  # metres of wall kept free at its ends
BEFORE = 0.5  # metres from a wall to the furniture at it
TALL = 1.45  # metres of furniture above which nothing hangs
EMPTY_SHARE = 0.05
COMPANY = ("cat", "dog", "person", "child")  # that any room may have
# height of the free top of furniture that carries small things, and half its width [m]
TOPS: dict[str, tuple[float, float]] = {
    "table": (0.78, 0.7), "coffee table": (0.46, 0.5), "school desk": (0.74, 0.4),
    "counter": (1.08, 0.9), "stool": (0.58, 0.1), "bench": (0.54, 0.7), "barrel": (1.0, 0.2),
    "crate": (0.9, 0.25), "treasure chest": (0.84, 0.3), "stump": (0.44, 0.2),
    "pedestal": (0.75, 0.3), "box": (0.7, 0.3), "podium": (0.56, 0.35), "steps": (0.6, 0.3),
    "table with a cloth": (0.72, 0.45), "cardboard box": (0.62, 0.2), "locker": (1.9, 0.4),
    "refrigerator": (1.85, 0.25), "washing machine": (0.96, 0.25), "suitcase": (0.64, 0.2),
}  # fmt: skip
BACKDROPS = ("stage curtains", "arches", "columns", "panels", "rings", "circles", NOTHING)
STANDS = ("pedestal", "table with a cloth", "steps", "box", "podium")
STAGE_LIGHTS = ("spotlights", "soft light", "warm light", "pink light", "blue light")
STAND_COLORS = ("white", "grey", "black", "gold", "brown", "red", "teal", "purple")
STAGE_RADIUS, STAGE_HALF, STAGE_TALL = 3.7, 5.6, 5.0  # metres
SHOWN = 1.35  # metres tall that things on stands are made
EXTRAS = ("potted plant", "potted palm", "bunch of flowers", "toy balloons", "rope barrier",
          "hanging star", "ball lamp", NOTHING)  # fmt: skip


def lay_out_room(place: PlaceKind, seed: int, rng: np.random.Generator) -> Layout:
    """Return a random room of a kind of place."""
    dark = place.name in WINDOWLESS
    light = pick(rng, ("lamplight", "dim") if dark else LIGHTS)
    made_of = pick(rng, place.some("floor"))
    wall = "grey" if dark else pick(rng, tuple(palettes.WALLS))
    halves = [float(rng.uniform(4.0, 4.8)) for _ in range(4)]
    tall, pattern = float(rng.uniform(2.9, 3.5)), "stones" if dark else pick(rng, PATTERNS)
    floor = "grey" if dark else pick(rng, tuple(palettes.FLOORS[made_of]))
    ceiling = "plain" if dark else pick(rng, CEILINGS)
    room = RoomBox(
        -halves[0], halves[1], -halves[2], halves[3], tall, wall, pattern, made_of, floor, ceiling
    )
    furnished = _FurnishedRoom(place, rng, room, light)
    attributes = {
        "place": place.name, "light": light, "wall_color": wall, "wall_pattern": room.pattern,
        "floor": made_of, "floor_color": room.floor_color, "ceiling": room.ceiling,
    }  # fmt: skip
    if rng.random() < EMPTY_SHARE:
        attributes["empty"] = "yes"
        furnished.hang_only()
    else:
        furnished.furnish()
    return Layout("indoor", seed, place.name, attributes, tuple(furnished.items), room)


class _FurnishedRoom(Site):
    def __init__(
        self, place: PlaceKind, rng: np.random.Generator, room: RoomBox, light: str
    ) -> None:
        super().__init__(rng)
        self.source, self.room, self.light = place, room, light
        back = palettes.WALLS[room.wall]
        paints = [name for name in PAINTS if contrast(PAINTS[name], back) > 75]
        self.colors = tuple(paints) or tuple(PAINTS)
        self.window = pick(rng, ("square window", "arched window", "round window", "tall window"))
        curtained = self.window != "round window" and rng.random() < 0.6
        self.curtains = self._own("curtains") if curtained else None
        self.door_wall = int(rng.integers(4))
        self.dark = place.name in WINDOWLESS

    def _own(self, kind: str) -> str | None:
        """Return a colour of a kind that stands out from the wall."""
        colors = KINDS[kind].colors
        clear = [one for one in colors if one in self.colors]
        return pick(self.rng, clear or colors) if colors else None

    def furnish(self) -> None:
        kinds = [*self.source.some("main"), *self._different("wall", 7)]
        counted = {kind: sample_group(self.rng, kind, sized=False) for kind in dict.fromkeys(kinds)}
        order = [int(one) for one in self.rng.permutation(4)]
        for index, wall in enumerate((0, *(one for one in order if one))):
            pieces = [kinds[index]] if index < len(kinds) else []
            if 4 + index < len(kinds):
                pieces.append(kinds[4 + index])
            self._wall(wall, [counted[one] for one in pieces])
        self._rugs()
        self._middle()
        self._small()
        self._lamps_and_plants()

    def hang_only(self) -> None:
        for wall in range(4):
            self._wall(wall, [])

    def _different(self, field: str, count: int) -> list[str]:
        kinds = [one for one in dict.fromkeys(self.source.some(field)) if one in KINDS]
        main = self.source.some("main")
        return [str(one) for one in self.rng.permutation(kinds) if one not in main][:count]

    def _wall(self, wall: int, groups: list[ThingGroup]) -> None:
        has_door = wall == self.door_wall and self.source.name != "cave"
        hung = "door" if has_door else self._hung(wall)
        parts: list[ThingGroup | str] = list(groups)
        if hung != NOTHING:
            parts.insert(int(self.rng.integers(len(parts) + 1)), hung)
        places = self._spread(wall, parts)
        while parts and places is None:
            parts.remove(next((part for part in reversed(parts) if part != "door"), parts[0]))
            places = self._spread(wall, parts)
        for part, along in zip(parts, places or (), strict=True):
            if isinstance(part, ThingGroup) and KINDS[part.kind].where != "wall":
                self._piece(part, wall, along)
            else:
                kind = part.kind if isinstance(part, ThingGroup) else part
                self._hang(kind, wall, along, self.curtains if kind == self.window else None)

    def _spread(self, wall: int, parts: list[ThingGroup | str]) -> list[float] | None:
        """Return where parts have their middles along a wall [m]; None: there is no room."""
        widths = [self._width(part) for part in parts]
        spare = self.room.walls()[wall][3] - 2 * CORNER - sum(widths)
        for _ in range(TRIES if spare >= 0 else 0):
            gaps = self.rng.dirichlet(np.full(len(parts) + 1, 2.0))[:-1] * spare
            ends = CORNER + np.cumsum(gaps + widths)
            places = [float(end - wide / 2) for end, wide in zip(ends, widths, strict=True)]
            if not any(self._cuts(part, wall, at) for part, at in zip(parts, places, strict=True)):
                return places
        return None

    def _cuts(self, part: ThingGroup | str, wall: int, along: float) -> bool:
        kind, scale = (part.kind, part.scale) if isinstance(part, ThingGroup) else (part, 1.0)
        x, z, _ = self.room.at_wall(wall, along, BEFORE)
        return is_cut(Item(kind, x, z, scale=scale))

    def _width(self, part: ThingGroup | str) -> float:
        kind = part.kind if isinstance(part, ThingGroup) else part
        if kind == self.window and self.curtains:
            kind = "curtains"
        return size_of(kind)[0] * (part.scale if isinstance(part, ThingGroup) else 1.0) + 0.15

    def _hung(self, wall: int) -> str:
        """Return the kind of window or picture beside the furniture of a wall."""
        if self.dark or (wall % 2 == 0 and self.light != "lamplight") or self.rng.random() < 0.3:
            return NOTHING if self.dark else self.window
        return self._picture()

    def _picture(self) -> str:
        name = pick(self.rng, self.source.some("hung") or (NOTHING,))
        return pick(self.rng, ALIASES.get(name, (name,)))

    def _hang(self, kind: str, wall: int, along: float, curtains: str | None = None) -> None:
        tall = size_of(kind)[1]
        low = 0.0 if kind == "door" else self._height(kind, tall)
        self._hang_at(kind, wall, along, low)
        if curtains and kind == self.window:
            x, z, facing = self.room.at_wall(wall, along, 0.0)
            self.put(Item("curtains", x, z, max(0.1, low + tall - 2.0), 1.0, curtains, 0, facing,
                          group_name("curtains", curtains)), solid=False)  # fmt: skip

    def _height(self, kind: str, tall: float) -> float:
        low = 0.95 if kind == "tall window" else 1.7 - tall / 2 + 0.1
        return min(low, self.room.tall - tall - 0.2)

    def _piece(self, group: ThingGroup, wall: int, along: float) -> None:
        x, z, _ = self.room.at_wall(wall, along, BEFORE)
        color = group.color if group.color is None else self._own(group.kind)
        name = group_name(group.kind, color, group.size)
        self.put(Item(group.kind, x, z, 0.0, group.scale, color, variant_of(self.rng), 0.0, name))
        wide, tall = size_of(group.kind)
        if tall < TALL and wide > 0.8 and self.rng.random() < 0.55:
            kind = self._picture()
            if kind in KINDS and kind not in ("radiator", "towel rail"):
                high = size_of(kind)[1]
                low = tall + 0.3
                if low + high < self.room.tall - 0.15 and size_of(kind)[0] < wide + 0.5:
                    self._hang_at(kind, wall, along, low)

    def _hang_at(self, kind: str, wall: int, along: float, low: float) -> None:
        x, z, facing = self.room.at_wall(wall, along, 0.0)
        color = self._own(kind)
        group = group_name(kind, color)
        self.put(Item(kind, x, z, low, 1.0, color, variant_of(self.rng), facing, group))

    def _rugs(self) -> None:
        if self.room.floor == "tiles" and self.rng.random() < 0.6:
            return
        kind = pick(self.rng, ("round rug", "square rug", NOTHING))
        if kind == NOTHING:
            return
        colors = [
            one for one in KINDS[kind].colors
            if contrast(PAINTS[one], palettes.FLOORS[self.room.floor][self.room.floor_color]) > 75
        ]  # fmt: skip
        color = pick(self.rng, colors)
        for wall in {0, int(self.rng.integers(4))}:
            x, z = polar(self.room.walls()[wall][2] + self.near(-8, 8), self.near(2.3, 2.7))
            half, name = self.near(1.0, 1.35), group_name(kind, color)
            self.put(Item(kind, x, z, 0.0, half, color, 0, wall * 90.0, name), solid=False)

    def _middle(self) -> None:
        for kind in self.source.some("rows"):
            color = self._own(kind)
            name = group_name(kind, color)
            for quarter in (0, *(int(one) for one in self.rng.integers(4, size=5))):
                self.place(partial(self._freely, kind, quarter, 1.0, color, name))
        kinds = self._different("middle", 3)
        if self.rng.random() < 0.35:
            kinds.append(pick(self.rng, COMPANY))
        for quarter, kind in zip(self.rng.permutation(4), kinds, strict=False):
            group = sample_group(self.rng, kind, most=3)
            color = self._own(kind)
            name = group_name(kind, color, group.size)
            for _ in range(group.wanted):
                self.place(partial(self._freely, kind, int(quarter), group.scale, color, name))

    def _freely(self, kind: str, quarter: int, scale: float, color: str | None, name: str) -> Item:
        low = size_of(kind)[1] * scale < 0.5
        x, z = polar(quarter * 90 + self.near(-40, 40), self.near(2.5 if low else 2.9, 3.6))
        x = min(max(x, self.room.left + 0.8), self.room.right - 0.8)
        z = min(max(z, self.room.back + 0.8), self.room.front - 0.8)
        foot = 0.8 if kind in ("bat", "ufo") else 0.0
        return Item(kind, x, z, foot, scale, color, variant_of(self.rng), 0.0, name)

    def _small(self) -> None:
        free = [number for number, item in enumerate(self.items) if item.kind in TOPS]
        kinds = self._different("small", 4)
        for kind, number in zip(kinds, self.rng.permutation(free) if free else (), strict=False):
            support = self.items[int(number)]
            height, half = TOPS[support.kind]
            group = sample_group(self.rng, kind, most=3, sized=False)
            color = self._own(kind)
            name = group_name(kind, color)
            wide = size_of(kind)[0]
            count = max(1, min(group.wanted, int(2 * half * support.scale / (wide + 0.05))))
            for index in range(count):
                x, z = beside(support, (index - (count - 1) / 2) * (wide + 0.06))
                top, shape = support.foot + height * support.scale, variant_of(self.rng)
                item = Item(kind, x, z, top, 1.0, color, shape, 0.0, name, int(number))
                if not self.hides_wall(item):
                    self.put(item, solid=False)

    def _lamps_and_plants(self) -> None:
        lamps = ["floor lamp", "hanging lamp", "wall lamp"]
        if self.source.name in GRAND:
            lamps += ["chandelier", "chandelier"]
        if self.light not in ("lamplight", "dim"):
            lamps.append(NOTHING)
        lamp = pick(self.rng, lamps)
        plant = pick(
            self.rng,
            ("potted plant", "potted palm", "potted cactus", "bunch of flowers", NOTHING, NOTHING),
        )
        if self.dark:
            lamp, plant = "torch", NOTHING
        color = self._own(lamp) if lamp in KINDS else None
        for quarter in range(4):
            corner = quarter * 90 + 45
            if plant != NOTHING and self.rng.random() < 0.6:
                self.place(partial(self._corner, plant, corner, None), tries=12)
            if lamp in ("hanging lamp", "chandelier") and self.rng.random() < 0.5:
                self.place(partial(self._hanging, lamp, quarter, color), tries=12)
            elif lamp == "wall lamp" and self.rng.random() < 0.6:
                self._hang_at(lamp, quarter, CORNER, 1.5)
            elif lamp in ("floor lamp", "torch") and self.rng.random() < 0.7:
                self.place(partial(self._corner, lamp, corner, color), tries=12)

    def _hanging(self, kind: str, quarter: int, color: str | None) -> Item:
        x, z = polar(quarter * 90 + self.near(-40, 40), self.near(2.4, 3.2))
        foot = self.room.tall - size_of(kind)[1]
        return Item(kind, x, z, foot, 1.0, color, 0, 0.0, group_name(kind, color))

    def _corner(self, kind: str, corner: float, color: str | None) -> Item:
        side = 1 if self.rng.random() < 0.5 else -1
        x, z = polar(corner + side * self.near(4, 14), self.near(3.6, 4.6))
        x = min(max(x, self.room.left + 0.55), self.room.right - 0.55)
        z = min(max(z, self.room.back + 0.55), self.room.front - 0.55)
        name = group_name(kind, color)
        return Item(kind, x, z, 0.0, 1.0, color, variant_of(self.rng), 0.0, name)


def lay_out_stage(place: PlaceKind, seed: int, rng: np.random.Generator) -> Layout:
    """Return a random stage: eight different things on stands around the player."""
    back = pick(rng, tuple(palettes.BACKDROPS))
    wall, floors = palettes.BACKDROPS[back], palettes.STAGE_FLOORS
    floor = pick(rng, [name for name, paint in floors.items() if contrast(paint, wall) > 50])
    half = STAGE_HALF
    room = RoomBox(-half, half, -half, half, STAGE_TALL, back, "plain", "stage", floor, "plain")
    attributes = {
        "place": "stage", "light": pick(rng, STAGE_LIGHTS), "backdrop_color": back,
        "backdrop": pick(rng, BACKDROPS), "floor": floor,
        "support": pick(rng, STANDS), "support_color": pick(rng, STAND_COLORS),
    }  # fmt: skip
    site = Site(rng)
    _put_backdrop(site, room, attributes["backdrop"])
    _put_stands(site, attributes["support"], attributes["support_color"], wall)
    _put_extras(site)
    return Layout("object", seed, place.name, attributes, tuple(site.items), room)


def _put_backdrop(site: Site, room: RoomBox, kind: str) -> None:
    color = room.wall if room.wall in PAINTS else "blue"
    for wall in range(4) if kind != NOTHING else ():
        for part in (0.125, 0.375, 0.625, 0.875):
            x, z, facing = room.at_wall(wall, part * 2 * STAGE_HALF, 0.0)
            site.put(Item(kind, x, z, 0.0, 0.85, color, 0, facing, kind), solid=False)


def _put_stands(site: Site, stand: str, stand_color: str, wall: Rgb) -> None:
    clear = tuple(name for name in PAINTS if contrast(PAINTS[name], wall) > 90)
    for index, kind in enumerate(site.rng.permutation(showable())[:8].tolist()):
        yaw = 22.5 + 45 * index + site.near(-4, 4)
        x, z = polar(yaw, STAGE_RADIUS * site.near(0.96, 1.06))
        base = Item(
            stand, x, z, scale=site.near(0.9, 1.2), color=stand_color,
            group=group_name(stand, stand_color),
        )  # fmt: skip
        number = site.put(base)
        wide, tall = size_of(kind)
        scale = min(SHOWN / tall, 1.7 / wide) * site.near(0.9, 1.15)
        colors = KINDS[kind].colors
        some = [one for one in colors if one in clear] or colors
        color = pick(site.rng, some) if some else None
        name = group_name(kind, color)
        top, shape = TOPS[stand][0] * base.scale, variant_of(site.rng)
        site.put(Item(kind, x, z, top, scale, color, shape, 0.0, name, number))


def _put_extras(site: Site) -> None:
    kind = pick(site.rng, EXTRAS)
    for index in range(4 if kind != NOTHING else 0):
        x, z = polar(90 * index + site.near(-3, 3), site.near(4.3, 4.8))
        foot = 2.9 if KINDS[kind].where == "ceiling" else 0.0
        item = Item(kind, x, z, foot, 1.25, color_of(site.rng, kind), index, 0.0, kind)
        site.put(item, solid=False)


def showable() -> list[str]:
    """Return the kinds that stages show: upright things about as wide as tall."""
    shown = ("object", "shape", "potted")
    kinds = []
    for name, kind in KINDS.items():
        if kind.where in ("small", "floor") and kind.painter in shown and name not in STANDS:
            wide, tall = size_of(name)
            if 0.45 < wide / max(tall, 0.1) < 2.2 and tall < 5:
                kinds.append(name)
    return kinds
