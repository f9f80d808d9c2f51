"""A list of the things around, for players who cannot see the picture, and to learn their names.

The world provides the list: things that the player placed, and things of its plan, which begins
with those that it read in a given picture. Worlds without a plan list placed things only.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import atan, atan2, degrees, dist, hypot

import numpy as np

from mag_sandbox.controls.camera import ASPECT, CameraPose, yaw_difference
from mag_sandbox.controls.edits import Edit
from mag_sandbox.controls.parallax import EYE
from mag_sandbox.model.world import FrameBlock, GroundPlan
from mag_sandbox.sandbox.hud.seen import SCALE, TOP, WIDTH, SeenGround, SeenRing
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.scenes.called import colors_in, counts_in, likenesses_in, names_in
from mag_sandbox.scenes.color_names import clear_color_name, likely_color
from mag_sandbox.scenes.conditions import SEA
from mag_sandbox.scenes.descriptions import BUILDINGS, parts_of_houses
from mag_sandbox.scenes.kinds import (
    CLOUD,
    DRESSED,
    LANDSCAPE,
    OF_OWN_COLORS,
    OVERHEAD,
    RANGES,
    THINGS,
    WATERS,
)
from mag_sandbox.scenes.naming import UNCOUNTED, named_things, with_article
from mag_sandbox.scenes.stances import STANCES, where_of
from mag_sandbox.scenes.synonyms import plural, synonyms_of
from mag_sandbox.scenes.things import SMALLEST
from mag_sandbox.scenes.vocabulary import in_good_spelling, split_words

_BARE = "flat land"  # the one kind of a plan that is nothing
CALLED = {  # kinds by names that players use
    "shop shelf": "shelf", "far hill": "hill", "snowy peaks": "snowy mountain",
    "lightning": "flash of lightning", "christmas tree": "Christmas tree",
    "wild flower": "wildflower", "columns": "column", "arches": "arch", "rings": "ring",
    "circles": "circle", "panels": "panel", "stage curtains": "curtains", "water pit": "pond",
}  # fmt: skip
_UNITS = {  # of several
    "bunch of flowers": "bunch", "toy balloons": "bunch", "spikes": "row", "wheat": "patch",
    "bamboo": "clump", "seaweed": "clump", "curtains": "pair", "steps": "flight",
}  # fmt: skip
_UNFROZEN = frozenset(("pond", "lake"))  # names of water, which ice may have
_LAKES = frozenset(("lake", "frozen lake"))  # of which words name one twice: it freezes
_OF_WOOD = frozenset(("log cabin", "log", "stump"))  # which are of no other material
NARROWEST = 2.7  # degrees of the shorter side of a thing: of a chicken that is some steps away
# of that size: enough for a thing beside a larger one of its kind, or where so many are as large
SMALLER, MANY = 0.6, 3
NEAR = 0.1  # metres: the least distance that sizes are told for
MOST_DIRECTIONS = 2  # of the things of a name; of more, only ahead, left, right, behind
ALL_AROUND = 4  # of what is far away
_NUMBERS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
_AHEAD, _IN_VIEW, _BEHIND = 10.0, 45.0, 140.0  # degrees from the middle of the view
SHORE = 0.45  # share of a water's box from its middle to where it is seen
RIDGE = 0.2  # likewise of a range far away, which ends low
UPPER = 0.25  # share of the box of what lies, from its middle up to where it is seen
MAPPED = 36.0  # metres across the map of the ground, which may name what is as far
PARTS = 7  # of water, across, of which one seen is enough
_STAGE_CURTAINS, _STAR = "stage curtains", "star"


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing and where it is; angles and sizes are in degrees."""

    kind: str
    color: str  # "": any
    yaw: float  # of its middle, as of a camera pose
    pitch: float
    width: float
    height: float
    placed: bool = False  # by the player
    word: str = ""  # that the description in force has for its kind; "": none
    in_sight: bool = True

    @property
    def is_in_sky(self) -> bool:
        """Whether it is a cloud or a star of the night, which have no direction of their own."""
        return self.kind == CLOUD or _is_of_night(self)

    @property
    def name(self) -> str:
        """Its name, with its colour; that of land far away is a plural."""
        name = CALLED.get(self.word or self.kind, self.word or self.kind)
        if self.kind == "frozen lake" and name in _UNFROZEN:
            name = f"frozen {name}"
        if self.kind in _UNITS and name != "bouquet" and " of " not in name:
            many = name if name in UNCOUNTED else _plural(name)
            return " ".join(filter(None, (_UNITS[self.kind], "of", self.color, many)))
        if self.kind in RANGES:
            return _plural(name)
        if self.color and self.kind in DRESSED:
            return f"{name} in {self.color}"
        is_plain = self.kind in OF_OWN_COLORS or (self.color == "wooden" and name in _OF_WOOD)
        color = "" if is_plain else self.color
        return f"{color} {name}".strip()

    def is_at(self, kind: str, yaw: float) -> bool:
        """Tell whether it is of a kind and lies in a direction [degrees]."""
        return self.kind == kind and abs(yaw_difference(self.yaw, yaw)) <= self.width / 2

    def direction(self, pose: CameraPose) -> str:
        """Return its direction from a pose in words, and whether it is hidden or placed.

        Clouds drift with the wind and have none; nor have stars, which are all over the sky. How
        high it is helps only those who need not turn round first.
        """
        if self.is_in_sky:
            return "in the sky"
        away, up = yaw_difference(self.yaw, pose.yaw), self.pitch - pose.pitch
        if (
            self.kind in WATERS | LANDSCAPE and abs(away) <= _BEHIND
        ):  # a lake at the feet, or a path, is where its nearest part is seen
            away, up = _beyond(away, _reach(self)), _beyond(up, SHORE * self.height)
        side = "on the right" if away > 0 else "on the left"
        ahead = "ahead" if abs(away) < _AHEAD else f"ahead {side}"
        aside = "behind you" if abs(away) > _BEHIND else side
        across = ahead if abs(away) < _IN_VIEW else aside
        is_level = abs(up) < pose.fov * ASPECT / 2
        height = (
            ""
            if is_level or aside == "behind you"
            else ", above the view"
            if up > 0
            else ", below the view"
        )
        hidden = "" if self.in_sight else ", behind something"
        return f"{across}{height}{hidden}{', placed by you' if self.placed else ''}"


def _reach(one: Edit | Seen) -> float:
    """Return how far to both sides of its middle some water, way or range is seen [degrees]."""
    return (RIDGE if one.kind in RANGES else SHORE) * one.width


def _beyond(angle: float, half: float) -> float:
    """Return the angle to the nearer edge of what extends so far to both sides; 0: within it."""
    return angle - min(max(angle, -half), half)


class Lookout(SessionObserver):
    """A session observer that can list the things around.

    >>> lookout = Lookout()
    >>> lookout.add(block)  # every block; then lookout.things(), lookout.lines()
    """

    def __init__(self) -> None:
        self._ring, self._ground = SeenRing(), SeenGround()
        self._newest: FrameBlock | None = None

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Begin with a first block."""
        self._ring, self._ground = SeenRing(), SeenGround()
        self.add(block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Take one more block."""
        self.add(block)

    def add(self, block: FrameBlock) -> None:
        """Take a block as it is shown."""
        self._ring.add(block)
        self._ground.add(block)
        self._newest = block

    def things(self) -> tuple[Seen, ...]:
        """Return the things around; see `things_around`."""
        return things_around(self._ring, self._newest, self._ground)

    def lines(self) -> list[str]:
        """Return a line a name, the nearest to the middle of the newest view first."""
        pose = self._newest.poses[-1] if self._newest else CameraPose()
        return around_lines(self.things(), pose)


def things_around(
    ring: SeenRing, block: FrameBlock | None, walked: SeenGround | None = None
) -> tuple[Seen, ...]:
    """Return the things around, from left to right of the map.

    The colour of a planned thing is told if the words in force name it: players often doubt other
    colours of a plan.

    Args:
        ring: what was seen from where the scene begins.
        block: the newest; it holds placed and planned things, and what stands on the ground.
        walked: what was seen on walks; None: all that stands on the ground.
    """
    if block is None:
        return ()
    said = names_in(block.prompt)
    planned = [one for one in block.planned or () if one.kind != _BARE]
    large = {one.kind for one in planned if _is_large(one)}
    counts = Counter(one.kind for one in planned if _is_large(one, SMALLER))
    large |= {kind for kind, count in counts.items() if count >= MANY}
    named = [
        one for one in planned
        if one.kind in said
        or _is_of_night(one)
        or _is_large(one, SMALLER if one.kind in large else 1.0)
    ]  # fmt: skip
    if block.ground and block.poses[-1].is_away:
        own = [seen_from(edit, block.ground, block.poses[-1]) for edit in block.placed]
        directions = np.asarray(ring.is_seen.any(axis=0)) if walked else np.ones(WIDTH, bool)
        ground = walked.part_of(block.ground, directions) if walked else block.ground
        mapped = _mapped(ground, block.poses[-1]) - {one.kind for one in named}
        named += (one for one in planned if one.kind in mapped)
        told = [
            _planned(edit, block.prompt) for edit in named
            if (_is_seen(edit, ring.is_seen) if edit.kind in OVERHEAD
                else _is_known(edit, block.poses[-1], block.ground, ground, directions))
        ]  # fmt: skip
        told += _not_shown(ground, block.poses[-1], block.prompt, (*own, *told))
    else:
        own = [_told(edit) for edit in block.placed]
        seen = (edit for edit in named if _is_seen(edit, ring.is_seen))
        told = [_planned(edit, block.prompt) for edit in seen]
    found = [replace(one, placed=True) for one in own]
    found += (one for one in told if not any(_same_place(one, mine) for mine in own))
    return tuple(sorted(_called(found, block.prompt), key=lambda one: (one.yaw + 180.0) % 360.0))


def _called(found: Sequence[Seen], prompt: str) -> list[Seen]:
    """Return things by the names that a description has for them, and by colours that it has.

    Of several apartment houses, "a hospital" is the one nearest to straight ahead.
    """
    names, alike, colors = names_in(prompt), likenesses_in(prompt), colors_in(prompt)
    meant = {
        kind: [one for one in found if one.kind == kind
               and one.color in colors.get(kind, (one.color,))]
        for kind in alike
    }  # fmt: skip
    for kind, ones in meant.items():
        ones.sort(key=lambda one: abs(yaw_difference(one.yaw, 0.0)))
        if counts_in(prompt).get(kind) == 1:
            del ones[1:]

    def called(one: Seen) -> Seen:
        if one.kind in alike and not any(one is other for other in meant[one.kind]):
            return one
        return replace(one, word=names.get(one.kind, ""))

    return [called(one) for one in found]


def seen_from(edit: Edit, ground: GroundPlan | None, pose: CameraPose) -> Seen:
    """Return a placed thing as it is seen from a pose; it is told from where the scene begins."""
    seen = _told(edit)
    for thing in ground.things if ground and pose.is_away else ():
        if seen.is_at(thing.kind, degrees(atan2(thing.x, thing.z))):
            x, z = thing.x - pose.x, thing.z - pose.z
            away = max(hypot(x, z), NEAR)
            size = 2 * degrees(atan(thing.radius / away))
            yaw, pitch = degrees(atan2(x, z)) % 360.0, degrees(atan(-EYE / away))
            return replace(seen, yaw=yaw, pitch=pitch, width=size, height=size)
    return seen


def _is_known(
    edit: Edit, pose: CameraPose, ground: GroundPlan, known: GroundPlan, seen_ways: np.ndarray
) -> bool:
    """Tell whether a thing around a pose is on the known part of the ground.

    Birds and paths, which are not on it, are known in the view and in directions seen from where
    the scene begins, `seen_ways` (bool [WIDTH]).
    """
    if edit.kind in WATERS:
        kinds, seen = ({one.kind for one in part.waters} for part in (ground, known))
        return edit.kind in seen or edit.kind not in kinds
    here, told = set(known.things), _told(edit)
    there = [
        one for one in ground.things
        if told.is_at(one.kind, degrees(atan2(one.x - pose.x, one.z - pose.z)))
    ]  # fmt: skip
    if there:
        return not here.isdisjoint(there)
    yaws = _parts(edit)
    in_view = (abs(yaw_difference(yaw, pose.yaw)) <= pose.fov / 2 for yaw in yaws)
    return any(in_view) or bool(seen_ways[_columns(yaws)].any())


def _mapped(ground: GroundPlan, pose: CameraPose) -> set[str]:
    """Return the kinds of things that the map of the ground may name around a pose."""
    return {one.kind for one in ground.things if dist((one.x, one.z), pose.position) <= MAPPED}


def _not_shown(
    ground: GroundPlan, pose: CameraPose, prompt: str, shown: Collection[Seen]
) -> list[Seen]:
    """Return what words name, and the nearest of what else the map has, that no view shows.

    Of several that words count ("two bears"), those are returned that are farthest from all shown;
    they may still be seen, small, so only a thing of which none is shown is out of sight.
    """
    there = defaultdict[str, list[tuple[str, float]]](list)  # colours and directions by kind
    for one in sorted(ground.things, key=lambda one: dist((one.x, one.z), pose.position)):
        color = _color_said(one.kind, one.color, prompt)
        there[one.kind].append((color, degrees(atan2(one.x - pose.x, one.z - pose.z)) % 360.0))
    for water in ground.waters:
        x, z = min(water.shore, key=lambda at: dist(at, pose.position))
        there[water.kind].append(("", degrees(atan2(x - pose.x, z - pose.z)) % 360.0))
    counts, found = counts_in(prompt), list[Seen]()
    for kind in (*counts, *sorted(_mapped(ground, pose) - counts.keys())):
        ways, missing = [one.yaw for one in shown if one.kind == kind], there[kind]
        if kind not in counts:
            missing = [] if ways else missing[:1]
        elif ways:
            turns = {one: min(abs(yaw_difference(one[1], way)) for way in ways) for one in missing}
            missing.sort(key=turns.__getitem__, reverse=True)
            missing = missing[: max(0, min(counts[kind], len(missing)) - len(ways))]
        found += (
            Seen(kind, color, yaw, pose.pitch, 0.0, 0.0, in_sight=bool(ways))
            for color, yaw in missing
        )
    return found


def unplanned_names(block: FrameBlock, kinds: Collection[str]) -> tuple[str, ...]:
    """Return the names of things that the description names and that the finished plan lacks.

    What is planned is told as it shows from where the player is; on walks, the ground has more.
    """
    if block.planned is None:
        return ()
    present = {one.kind for one in block.planned} | {one.kind for one in block.placed}
    present.update(one.kind for one in (block.ground.things if block.ground else ()))
    present |= _LAKES if present & _LAKES else set()
    present |= parts_of_houses(is_built=not present.isdisjoint(BUILDINGS))
    prompt = _in_known_pairs(block.prompt)
    said, told = names_in(block.prompt), {*kinds} & THINGS.keys() - OVERHEAD
    return tuple(
        said.get(one.kinds[0], one.kinds[0])
        for one in named_things(prompt, tuple(STANCES))  # a table mountain is no table
        if present.isdisjoint(one.kinds) and one.kinds[0] in told
    )


def _in_known_pairs(text: str) -> str:
    """Return a description with what is drawn for two words together, perhaps nothing.

    A dragon fly, which is drawn as a butterfly, is no dragon.
    """
    words = split_words(text)
    for word, after in reversed([*pairwise(words)]):
        listed = synonyms_of(f"{word.text} {after.text}".lower())
        if listed and (listed.near or listed.same):
            text = text[: word.start] + "".join(listed.same[:1]) + text[after.end :]
    return text


def around_lines(things: Sequence[Seen], pose: CameraPose, most: int | None = None) -> list[str]:
    """Return a line a name, the nearest to the middle of a view first; says when there is none.

    The last of `most` lines tells all others, by direction.
    """
    named = defaultdict[str, list[str]](list)
    drifting = [one for one in things if one.is_in_sky]
    are_many = {one.kind for one in drifting if not one.placed}  # small clouds are not listed
    are_many |= {kind for kind, count in Counter(one.kind for one in drifting).items() if count > 1}
    whole = {
        one: _plural(one.name) if one.is_in_sky and one.kind in are_many else one.name
        for one in things if one.is_in_sky or one.kind in RANGES or one.kind == _STAGE_CURTAINS
    }  # fmt: skip
    for one in sorted(things, key=lambda one: abs(yaw_difference(one.yaw, pose.yaw))):
        ways = named[whole.get(one, one.name)]
        if one.kind == SEA and ways:
            continue  # there is one
        if one not in whole:
            ways.append(one.direction(pose))
        elif (way := _coarse(one.direction(pose))) not in ways:
            ways.append(way)
    far = set(whole.values())
    rows = sorted(named.items(), key=lambda row: row[0] in far)
    shown = rows if most is None or len(rows) <= most else rows[: most - 1]
    lines = [
        f"{with_article(name)}: {', '.join(ways) if len(ways) < ALL_AROUND else 'all around'}"
        if name in far
        else f"{several(name, len(ways))}: {_counted(ways)}"
        for name, ways in shown
    ]  # fmt: skip
    others = [_by_direction(rows[len(shown) :], far)] if shown is not rows else []
    return lines + others or ["you have not seen anything with a name yet"]


def several(name: str, count: int) -> str:
    """Return a number of things: "a cow", "two cows"."""
    if count == 1 or name.partition(" of ")[0].split()[-1] in UNCOUNTED:
        return with_article(name)
    return f"{_number(count)} {_plural(name)}"


def _plural(name: str) -> str:
    return in_good_spelling(plural(name))


def _number(count: int) -> str:
    if not len(_NUMBERS) < count < 100:
        return _NUMBERS[count - 1] if count < 100 else str(count)
    tens, ones = divmod(count, 10)
    return f"{_TENS[tens - 2]}-{_NUMBERS[ones - 1]}" if ones else _TENS[tens - 2]


def _by_direction(rows: Iterable[tuple[str, Sequence[str]]], far: Collection[str]) -> str:
    """Return names and their directions in one line: "also: a tent and two dogs ahead; ...".

    What is `far`, and in all directions, is told once.
    """
    there = defaultdict[str, list[str]](list)
    for name, ways in rows:
        if name in far and len(ways) >= ALL_AROUND:
            there["all around"].append(with_article(name))
            continue
        for way, count in Counter(map(_coarse, ways)).items():
            there[way].append(several(name, count))
    lists = {way: (", ".join(names[:-1]), names[-1]) for way, names in there.items()}
    return "also: " + "; ".join(
        f"{' and '.join(filter(None, names))} {way}" for way, names in lists.items()
    )


def _counted(directions: Sequence[str]) -> str:
    """Return how many things are in each direction, in one line: "two ahead, one on the left"."""
    if len(set(directions)) > MOST_DIRECTIONS:
        directions = [*map(_coarse, directions)]
    if len(set(directions)) == 1:
        way, count = directions[0], len(directions)
        return way if count == 1 else f"{'both' if count == 2 else 'all'} {way}"
    there = defaultdict[str, Counter[str]](Counter)
    for way, _, detail in (direction.partition(", ") for direction in directions):
        there[way][detail] += 1
    ways = [_with_details(way, details) for way, details in there.items()]
    return ("; " if any("," in way for way in ways) else ", ").join(ways)


def _with_details(way: str, details: Counter[str]) -> str:
    """Return how many things are in a direction: "seven on the right, two of them below the view".

    >>> _with_details("ahead", Counter({"": 5, "below the view": 2}))
    'seven ahead, two of them below the view'
    """
    them = " of them" if len(details) > 1 else ""
    told = (f"{_number(count)}{them} {detail}" if them else detail
            for detail, count in details.items() if detail)  # fmt: skip
    return ", ".join((f"{_number(details.total())} {way}", *told))


def _coarse(direction: str) -> str:
    """Return a direction without its details: "ahead on the left, placed by you" is ahead."""
    way = direction.partition(",")[0]
    return "ahead" if way.startswith("ahead") else way


def _planned(edit: Edit, prompt: str) -> Seen:
    return replace(_told(edit), color=_color_said(edit.kind, edit.color, prompt))


def _color_said(kind: str, color: Sequence[int] | None, prompt: str) -> str:
    """Return the one of the colours that a description gives a kind which a thing of it has."""
    return likely_color(color, colors_in(prompt).get(kind, frozenset())) if color else ""


def _told(edit: Edit) -> Seen:
    color = clear_color_name(edit.color) if edit.color else ""
    return Seen(edit.kind, color, edit.yaw % 360.0, edit.pitch, edit.width, edit.height)


def _is_seen(edit: Edit, seen: np.ndarray) -> bool:
    """Tell whether the middle of a thing was seen, or any part of some water, way or range.

    Of a rug and the like, which reach below level views, the upper half counts.
    """
    height = len(seen)
    above = UPPER * edit.height if where_of(edit.kind) == "flat" else 0.0
    row = min(max(round((TOP - edit.pitch - above) * SCALE), 0), height - 1)
    return bool(seen[row, _columns(_parts(edit))].any())


def _parts(edit: Edit) -> np.ndarray:
    """Return the directions of a thing's middle, or of the parts of some water, way or range."""
    half = _reach(edit) if edit.kind in WATERS | LANDSCAPE else 0.0
    return edit.yaw + np.linspace(-half, half, PARTS)


def _columns(yaws: np.ndarray) -> np.ndarray:
    """Return the columns of the ring in some directions [degrees]."""
    return np.rint((yaws + 180.0) * SCALE).astype(int) % WIDTH


def _is_of_night(one: Edit | Seen) -> bool:
    """Tell whether a thing is a star of the night, not a large one to collect or hung up."""
    return one.kind == _STAR and 0.0 < one.width < SMALLEST


def _is_large(edit: Edit, share: float = 1.0) -> bool:
    """Tell whether a thing that no words name is large enough, or a share of that, to be listed."""
    short, long = sorted((edit.width, edit.height))
    return long >= share * SMALLEST and short >= share * NARROWEST


def _same_place(one: Seen, other: Seen) -> bool:
    """Tell whether the middle of one, or its foot, lies within another of its kind.

    Of the other, where it is told from the map, the foot is known, and its width only.
    """
    if one.kind != other.kind:  # what a placed thing hides is not planned as visible
        return False
    across = abs(yaw_difference(one.yaw, other.yaw)) <= other.width / 2
    pitches = one.pitch, one.pitch - one.height / 2
    return across and min(abs(pitch - other.pitch) for pitch in pitches) <= other.height / 2
