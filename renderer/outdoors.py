"""Lays out places under the open sky: landscapes, streets, and worlds of platform games.

Each quarter of the ring gets things that the others do not have.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from mag_sandbox.renderer.flats import bend_of
from mag_sandbox.renderer.game_themes import PLATFORMS
from mag_sandbox.renderer.kinds import KINDS
from mag_sandbox.renderer.palettes import LIGHTS
from mag_sandbox.renderer.phrasing import pick
from mag_sandbox.renderer.places import NOTHING
from mag_sandbox.renderer.placing import (
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
from mag_sandbox.renderer.scene import Item, Layout
from mag_sandbox.scenes.places import PlaceKind

CALM = ("clear", "clear", "cloudy", "foggy", "rainy")
PLANTS = {NOTHING: 0, "sparse": 7, "groups": 16, "dense": 30}
FAR_PLANTS = 20  # a long way off, where there are any
FEET_IN_VIEW = 3.3  # metres from which on a level view shows where things stand
FLOWERS, SKYLINE, PUDDLES = 40, 26, 8
EMPTY_SHARE = 0.03  # of places in which only plants and land are
# height and distance of flying things [m]: least and most of each
FLIGHT: dict[str, tuple[float, float, float, float]] = {
    "butterfly": (0.9, 1.5, 2.6, 4.0), "bee": (0.9, 1.6, 2.4, 3.6), "fish": (0.6, 2.6, 3.0, 6.0),
    "jellyfish": (1.0, 3.0, 3.5, 6.0), "ghost": (0.3, 0.8, 4.0, 7.0), "bat": (2.2, 3.4, 4.5, 8.0),
    "bird": (4.0, 8.0, 12.0, 24.0), "seagull": (2.6, 5.0, 8.0, 15.0), "ufo": (6.0, 9.0, 14.0, 24.0),
    "helicopter": (7.0, 10.0, 20.0, 30.0), "hot air balloon": (9.0, 18.0, 30.0, 55.0),
}  # fmt: skip
ON_ROADS = frozenset(("car", "bus", "truck", "motorcycle", "tram", "train", "plane"))
BANDS = {  # half width [m]
    "river": 1.7, "path": 0.8, "road": 2.6, "railway track": 1.2, "canal": 2.4, "runway": 5.0,
}  # fmt: skip
BAND_DISTANCES = {  # metres to the near edge: room for the traffic
    "railway track": (6.5, 9.0), "runway": (9.0, 13.0), "canal": (4.0, 6.0), "road": (3.6, 5.4),
}  # fmt: skip
PONDS = {  # half width [m]: least and most
    "lake": (2.6, 4.2), "frozen lake": (2.6, 4.2), "lava lake": (2.0, 3.4),
    "swimming pool": (3.0, 4.2), "sandpit": (1.2, 1.6), "lava pit": (1.1, 1.5),
    "water pit": (1.1, 1.5),
}  # fmt: skip
LARGER = {"rocket": 6.0, "robot": 2.0}  # than the toys of rooms
WET = frozenset(("lake", "river", "canal", "swimming pool", "sea"))
OPEN_SKY = ("clear", "cloudy")


def lay_out_land(place: PlaceKind, seed: int, rng: np.random.Generator) -> Layout:
    """Return a random landscape, street or other place under the open sky."""
    time, weather = pick(rng, tuple(LIGHTS)), pick(rng, place.some("weather") or CALM)
    land = _Land(place, rng, time, weather)
    land.lay_flats(pick(rng, place.some("flat")))
    land.put_specials()
    land.put_skyline()
    land.put_plants()
    land.put_flowers()
    land.put_puddles()
    land.put_in_the_air()
    return land.layout(seed)


class _Land(Site):
    def __init__(self, place: PlaceKind, rng: np.random.Generator, time: str, weather: str) -> None:
        super().__init__(rng)
        self.source, self.time, self.weather = place, time, weather
        self.ponds: list[tuple[float, float, float]] = []  # x, z and half width [m]
        self.shore = 0.0, 0.0  # direction [degrees] and distance [m] of a sea
        self.road: Callable[[], tuple[float, float, float]] | None = None
        self.attributes: dict[str, str] = {}
        self.flat = NOTHING

    def layout(self, seed: int) -> Layout:
        relief = pick(self.rng, self.source.some("relief"))
        if relief == "mountains" and self.weather == "snowy":
            relief = "snowy peaks"
        attributes = {
            "place": self.source.name, "time_of_day": self.time, "weather": self.weather,
            "relief": relief, "celestial": self._celestial(),
            "sky": "stars" if self.time == "night" and self.weather == "clear" else NOTHING,
        }  # fmt: skip
        return Layout(
            self.source.category, seed, self.source.name, attributes | self.attributes,
            tuple(self.items),
        )  # fmt: skip

    def _celestial(self) -> str:
        if self.weather not in OPEN_SKY or self.source.name == "coral reef":
            return NOTHING
        dark = self.time in ("dusk", "night")
        return "moon" if dark else pick(self.rng, ("sun", "sun", NOTHING))

    def lay_flats(self, kind: str) -> None:
        if kind == "lake" and self.weather == "snowy":
            kind = "frozen lake"
        self.flat = kind
        if kind in BANDS:
            self._band(kind)
        elif kind == "sea":
            self._sea()
        elif kind in PONDS:
            count = int(self.rng.integers(1, 4)) if kind.endswith("lake") else 1
            quarters = self.rng.permutation(4)[:count]
            for quarter in (0, *(q for q in quarters if q))[:count]:
                self.pond(kind, quarter * 90 + self.near(-24, 24), self.near(5.5, 8.5))

    def _band(self, kind: str) -> None:
        half = BANDS[kind] * self.near(0.9, 1.15)
        yaw, away = self.near(-30, 30), self.near(*BAND_DISTANCES.get(kind, (3.4, 5.0))) + half
        if kind == "path" and self.rng.random() < 0.6:  # leads away from the player
            facing, (x, z) = self.near(60, 120), polar(yaw, away)
        else:
            facing, (x, z) = yaw + self.near(-18, 18), polar(yaw, away)
        band = Item(kind, x, z, scale=half, variant=variant_of(self.rng), facing=facing, group=kind)
        self.put(band, solid=False)
        turn = np.radians(facing)
        sine, cosine = float(np.sin(turn)), float(np.cos(turn))

        def covers(px: float, pz: float, radius: float) -> bool:
            dx, dz = px - x, pz - z
            along, ahead = dx * cosine - dz * sine, dx * sine + dz * cosine
            return abs(ahead - float(bend_of(band, np.array(along)))) < half * 1.35 + radius * 0.7

        def spot() -> tuple[float, float, float]:
            along = self.near(-4, 4) if self.rng.random() < 0.4 else self.near(-24, 24)
            ahead = self.near(-0.3, 0.3) * half + float(bend_of(band, np.array(along)))
            return x + along * cosine + ahead * sine, z - along * sine + ahead * cosine, facing

        self.blocked.append(covers)
        self.road = spot

    def _sea(self) -> None:
        facing, shore = self.near(-40, 40), self.near(6.5, 9.0)
        x, z = polar(facing, shore)
        self.put(Item("sea", x, z, scale=shore, variant=variant_of(self.rng), facing=facing,
                      group="sea"), solid=False)  # fmt: skip
        ahead = np.array(polar(facing, 1.0))
        self.blocked.append(
            lambda px, pz, radius: px * ahead[0] + pz * ahead[1] > shore - 1.7 - radius * 0.3
        )
        self.shore = facing, shore

    def pond(self, kind: str, yaw: float, away: float) -> None:
        half = self.near(*PONDS[kind])
        x, z = polar(yaw, away + half * 0.6)
        self.put(Item(kind, x, z, scale=half, variant=variant_of(self.rng), facing=yaw, group=kind),
                 solid=False)  # fmt: skip
        self.blocked.append(
            lambda px, pz, radius: np.hypot(px - x, pz - z) < half * 1.12 + radius * 0.8
        )
        self.ponds.append((x, z, half))

    def put_specials(self) -> None:
        main = pick(self.rng, self.source.some("main") or (NOTHING,))
        near = self._some("near", 4 + int(self.rng.integers(5)))
        far = self._some("far", 2 + int(self.rng.integers(3)))
        water = self._some("water", 1 + int(self.rng.integers(3))) if self.flat in WET else []
        if self.rng.random() < EMPTY_SHARE:
            self.attributes["empty"] = "yes"
            main, near, far, water = NOTHING, [], [], []
        for quarter in (0, int(self.rng.integers(1, 4))) if main in KINDS else ():
            self.put_group(sample_group(self.rng, main), quarter)
        for quarter, kind in enumerate(far):
            self.put_group(sample_group(self.rng, kind, most=2), quarter % 4)
        for kind in water:
            self.put_group(sample_group(self.rng, kind, most=3), 0)
        for quarter, kind in enumerate(near):
            self.put_group(sample_group(self.rng, kind), quarter % 4)

    def _some(self, field: str, count: int) -> list[str]:
        kinds = [one for one in dict.fromkeys(self.source.some(field)) if one in KINDS]
        return [str(one) for one in self.rng.permutation(kinds)[:count]]

    def put_group(self, group: ThingGroup, quarter: int) -> None:
        first: Item | None = None
        for _ in range(group.wanted):
            number = self.place(
                partial(self._candidate, group, quarter, first),
                anywhere=group.kind in ON_ROADS or KINDS[group.kind].where in ("water", "flat"),
            )
            if number is not None and first is None:
                first = self.items[number]

    def _candidate(self, group: ThingGroup, quarter: int, first: Item | None) -> Item:
        kind = group.kind
        scale = group.scale * self.near(0.94, 1.06) * LARGER.get(kind, 1.0)
        where = KINDS[kind].where
        wide, tall = (extent * scale for extent in size_of(kind))
        foot, facing = 0.0, 0.0
        nearest = max(FEET_IN_VIEW, 1.25 * tall + 1.2, 0.95 * wide)
        farthest = nearest * 1.7 + 2.5
        yaw = quarter * 90 + self.near(-42, 42)
        if kind in FLIGHT:
            low, high, nearest, farthest = FLIGHT[kind]
            foot = self.near(low, high)
        x, z = polar(yaw, self.near(nearest, farthest))
        if first is not None:
            spread = max(1.0, wide * 1.15) * (1 if kind not in FLIGHT else 1.6)
            angle, away = self.near(0, 360), self.near(spread, spread * 2.2)
            x, z = (a + b for a, b in zip((first.x, first.z), polar(angle, away), strict=True))
            back = max(nearest / max(float(np.hypot(x, z)), 0.1), 1.0)
            x, z = x * back, z * back
        if where == "water":
            x, z = self._afloat(nearest)
        elif kind in ON_ROADS and self.road is not None:
            x, z, facing = self.road()
        return Item(kind, x, z, foot, scale, group.color, variant_of(self.rng), facing, group.name)

    def _afloat(self, nearest: float) -> tuple[float, float]:
        if self.flat == "sea":
            facing, shore = self.shore
            return polar(
                facing + self.near(-58, 58), max(shore * 2.2, nearest) * self.near(1.0, 1.9)
            )
        if self.ponds:
            x, z, half = self.ponds[int(self.rng.integers(len(self.ponds)))]
            return x + self.near(-0.6, 0.6) * half, z + self.near(-0.6, 0.6) * half
        if self.road is not None:
            return self.road()[:2]
        return polar(0.0, 0.1)  # nowhere

    def put_skyline(self) -> None:
        kinds = self.source.some("skyline")
        for index in range(SKYLINE if kinds else 0):
            kind = pick(self.rng, kinds)
            away = self.near(1.6, 2.6) * size_of(kind)[1] + 14
            x, z = polar((index + self.near(0.1, 0.9)) * 360 / SKYLINE, away)
            color = color_of(self.rng, kind)
            item = Item(kind, x, z, color=color, variant=variant_of(self.rng), group=kind)
            if not is_cut(item) and not any(covers(x, z, 3.0) for covers in self.blocked):
                self.put(item, solid=False)

    def put_plants(self) -> None:
        kinds = [kind for kind in self.source.some("plants") if kind in KINDS]
        if not kinds:
            return
        density = pick(self.rng, ("sparse", "groups", "dense"))
        main = pick(self.rng, kinds)
        others = [kind for kind in dict.fromkeys(kinds) if kind != main]
        corner = int(self.rng.integers(4)) if others else -1
        for index in range(PLANTS[density]):
            quarter = index % 4
            kind = pick(self.rng, others) if quarter == corner else main
            self.place(partial(self._plant, kind, quarter), tries=8)
        for _ in range(FAR_PLANTS):
            tall = size_of(main)[1]
            x, z = polar(self.near(0, 360), self.near(8, 13) * max(tall, 2.5) * 0.9)
            item = Item(
                main, x, z, scale=self.near(0.8, 1.2), color=color_of(self.rng, main),
                variant=variant_of(self.rng), group=main,
            )  # fmt: skip
            if self.fits(item):
                self.put(item, solid=False)
        self.attributes["density"] = density

    def _plant(self, kind: str, quarter: int) -> Item:
        tall = size_of(kind)[1]
        away = max(2.6, tall * 1.1) * (1 + 2.2 * self.near(0, 1) ** 1.4) + 1.0
        x, z = polar(quarter * 90 + self.near(-44, 44), away)
        scale = self.near(0.8, 1.2)
        return Item(
            kind, x, z, scale=scale, color=color_of(self.rng, kind), variant=variant_of(self.rng),
            group=kind,
        )  # fmt: skip

    def put_flowers(self) -> None:
        chance = float((self.source.some("flowers") or ("0",))[0]) / 100
        if self.weather == "snowy" or self.rng.random() >= chance:
            return
        color = pick(self.rng, KINDS["wild flower"].colors)
        for index in range(FLOWERS):
            x, z = polar(index * 360 / FLOWERS + self.near(0, 9), self.near(2.2, 9.0))
            item = Item("wild flower", x, z, scale=self.near(0.8, 1.3), color=color,
                        group=group_name("wild flower", color))  # fmt: skip
            if self.fits(item):
                self.put(item, solid=False)

    def put_puddles(self) -> None:
        for index in range(PUDDLES if self.weather in ("rainy", "stormy") else 0):
            x, z = polar(index * 360 / PUDDLES + self.near(0, 30), self.near(3.0, 8.0))
            half = self.near(0.35, 0.8)
            if not any(covers(x, z, half) for covers in self.blocked):
                puddle = Item("puddle", x, z, scale=half, variant=variant_of(self.rng))
                self.put(puddle, solid=False)

    def put_in_the_air(self) -> None:
        if self.weather not in OPEN_SKY or self.time == "night" or self.flat == NOTHING:
            return
        kind = pick(self.rng, (NOTHING, "hot air balloon", "bird", "bird"))
        if kind == NOTHING or self.source.name in ("coral reef", "moon"):
            return
        for quarter in range(4):
            group = ThingGroup(kind, None, "", int(self.rng.integers(1, 4)))
            self.put_group(group, quarter)


def lay_out_level(place: PlaceKind, seed: int, rng: np.random.Generator) -> Layout:
    """Return a random world of a platform game."""
    land = _Land(place, rng, "noon", "clear")
    sky = pick(rng, place.some("sky"))
    backdrop = pick(rng, place.some("backdrop"))
    hazard = pick(rng, place.some("flat"))
    if hazard in PONDS:
        for quarter in rng.permutation(4)[:2]:
            land.pond(hazard, quarter * 90 + land.near(-30, 30), land.near(3.6, 4.6))
    structures = [one for one in dict.fromkeys(place.some("far")) if one in KINDS]
    for quarter, kind in enumerate(rng.permutation(structures)):
        land.put_group(sample_group(rng, str(kind), most=1), quarter % 4)
    if backdrop in KINDS and KINDS[backdrop].where == "floor":
        for index in range(7):
            tall, color = size_of(backdrop)[1], color_of(rng, backdrop)
            x, z = polar(index * 51 + land.near(-12, 12), max(tall * 1.6, 12) * land.near(1, 1.5))
            item = Item(
                backdrop, x, z, scale=land.near(1.0, 1.5), color=color, variant=variant_of(rng),
                group=backdrop,
            )  # fmt: skip
            if land.fits(item):
                land.put(item)
    creatures = rng.permutation(("slime", "small robot", "ghost", "bat", "snail"))
    collected = [str(one) for one in rng.permutation(("coin", "gem", "star", "heart", "key"))[:2]]
    blocks = [
        str(one)
        for one in rng.permutation(("brick block", "question block", "crate", "crystal block"))[:2]
    ]
    shape = tuple(PLATFORMS).index(pick(rng, place.some("platforms")))
    for quarter in range(4):
        _platforms(land, quarter, shape, collected[quarter % 2], blocks[quarter // 2])
        creature = sample_group(rng, str(creatures[quarter]), most=2, sized=False)
        land.put_group(creature, quarter)
    if hazard == "spikes":
        land.put_group(ThingGroup("spikes", None, "", 3), int(rng.integers(4)))
    land.put_plants()
    relief = backdrop if backdrop in ("hills", "mountains") else "flat land"
    thing = pick(rng, place.some("sky object"))
    attributes = {"place": f"{place.name} level", "sky_color": sky, "relief": relief,
                  "celestial": thing if thing in ("sun", "moon") else NOTHING,
                  "sky": thing if thing in ("stars", "planets", "clouds") else NOTHING}  # fmt: skip
    return Layout("video game", seed, f"{place.name} level", attributes, tuple(land.items))


def _platforms(land: _Land, quarter: int, shape: int, collectible: str, block: str) -> None:
    for low, high in ((1.0, 1.6), (2.3, 2.9)):
        yaw = quarter * 90 + land.near(-32, 32)
        away, foot = land.near(4.6, 6.4), land.near(low, high)
        platform = Item("platform", 0.0, 0.0, foot, variant=shape, group="platform")
        number = land.place(partial(_around, land, platform, yaw, 8.0, (away, away)))
        if number is None:
            continue
        for step in (-1, 0, 1):
            x, z = beside(land.items[number], step * 0.75)
            top = foot + 1.05 + 0.2 * (step == 0)
            land.put(Item(collectible, x, z, top, 0.72, group=collectible, support=number),
                     solid=False)  # fmt: skip
    foot = 0.0 if block == "crate" else land.near(1.5, 2.1)
    first = Item(block, 0.0, 0.0, foot, 0.9, group=block)
    yaw = quarter * 90 + land.near(-34, 34)
    number = land.place(partial(_around, land, first, yaw, 0.0, (4.6, 6.0)))
    if number is not None:
        x, z = beside(land.items[number], 0.83)
        second = replace(land.items[number], x=x, z=z)
        if land.fits(second):
            land.put(second)


def _around(
    land: _Land, item: Item, yaw: float, sway: float, distances: tuple[float, float]
) -> Item:
    """Return a thing somewhere about a direction [degrees], at one of some distances [m]."""
    x, z = polar(yaw + land.near(-sway, sway), land.near(*distances))
    return replace(item, x=x, z=z)


def beside(item: Item, right: float) -> tuple[float, float]:
    """Return x and z of a point to the right of a thing, as the player first sees it [m]."""
    yaw = np.arctan2(item.x, item.z)
    return item.x + right * float(np.cos(yaw)), item.z - right * float(np.sin(yaw))
