"""The ground of the pocket world as a place to walk about in: everything in metres.

The plan says what stands around where the scene begins, the player adds to it, and beyond it there
is new ground, without end, which is arranged as it comes into sight of a viewpoint and stays so
for as long as memory holds views of it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import atan2, degrees, hypot, inf
from typing import NamedTuple

import numpy as np

from mag_sandbox.controls.camera import ASPECT, FARTHEST, CameraPose, Position, yaw_difference
from mag_sandbox.controls.edits import HIGHEST, LARGEST, SPOT_ACTS, Edit
from mag_sandbox.files.validation import shortened
from mag_sandbox.model.imagination.geometry.bodies import (
    FAR,
    HORIZON_FOOT,
    ground_distance,
    place_at,
)
from mag_sandbox.model.imagination.geometry.new_ground import (
    PLANNED,
    SQUARE,
    Patch,
    Square,
    is_town,
    patch_at,
    patches_of,
    square_of,
    squares_near,
    street_in,
    things_in,
)
from mag_sandbox.model.imagination.geometry.obstacles import Obstacle
from mag_sandbox.model.imagination.geometry.scenery import Scenery, ToldFrom, with_placed
from mag_sandbox.model.imagination.geometry.standing import farther, hiding_kind, stood
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.imagination.objects import PlacedObject, check_objects
from mag_sandbox.model.imagination.rules.contrast import colors_behind, seen_before
from mag_sandbox.model.imagination.rules.plans import AROUND, light_of
from mag_sandbox.model.imagination.rules.shores import AFLOAT, is_aground, is_in_water
from mag_sandbox.model.imagination.rules.spacing import covered, stands
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.rules.weather import AIR, relit
from mag_sandbox.model.pocket.changes import stances_of, thing_of, with_edits
from mag_sandbox.model.pocket.listed import as_edits, as_far_as_seen, things_at_start
from mag_sandbox.model.pocket.painting.painting import PaintingInventor, Plan, noise_of
from mag_sandbox.model.world import UNPAINTED_AHEAD, UNPLANNED, Door
from mag_sandbox.scenes.called import names_in
from mag_sandbox.scenes.changes import is_relit
from mag_sandbox.scenes.descriptions import LANDSCAPES, WINDOWS
from mag_sandbox.scenes.kinds import ANIMALS, DEEP, THINGS
from mag_sandbox.scenes.rooms import DOORS
from mag_sandbox.scenes.stances import Stance

AT_START = "that is right where the scene begins; point farther away from there"
BEHIND = "the {} would be hidden by the {}; step back or point beside it"
IN_WATER = "the {} would stand in the water; point at the shore"
ON_LAND = "the {} would stand on land; point at the {}"
NO_WATER = "the {} needs water, and this place has none"
NO_WALL = "{} need a wall, and this place has none"
NEW_COLOR = "this stands on new ground, where things keep their colours; place another one"
STAYS = f"so far from the start, things stay as they are; walk back to within {PLANNED:.0f} m of it"
TOO_FAR = "that is too far from where the scene begins; walk back towards it or point nearer"
ON_GROUND = Stance("floor")  # of ground itself
FLYING = frozenset(("sky", "far"))  # stances that need no ground to stand on
WADES = "the {} is shallow: you wade through it"
IN_THE_WAY, NO_FARTHER = "{} in the way", "you can walk no farther here"
AT_SHORE = "you stand at the edge of the {}"  # which is too deep to walk in
BEHIND_YOU, AHEAD = 120.0, 30.0  # degrees from the middle of the view
START: Position = (0.0, 0.0)  # where the scene begins
LARGEST_RECOLORED = 30.0  # degrees: larger things, but for animals, stand out in any colour
MOST_GENERATIONS = 8  # of new ground: descriptions that it follows
SHOWN_ALIKE = 0.5  # metres: within them, the same things show
FARTHER = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2)  # times as far away as pointed at a thing is placed
BESIDE = (-8.0, 8.0, -16.0, 16.0, -24.0, 24.0)  # degrees from there, if it cannot stand there
BEYOND = (1.0, 1.6, 2.5)  # times as far away, likewise
MOST_COVERED = 0.3  # of another thing, that it covers there
APART, APART_IN_ROOMS = 2.4, 1.2  # metres between viewpoints at least; things in rooms are near


def _where_out_of_view(met: Obstacle, pose: CameraPose) -> str:
    """Return the direction of an obstacle outside the picture at a pose; "": it is inside."""
    aside = yaw_difference(met.yaw, pose.yaw)
    if met.what == "wall":  # views show walls in most directions
        return ""
    if abs(aside) > BEHIND_YOU:
        return ", behind you"
    if abs(aside) > pose.fov / 2:
        return f", on your {'right' if aside > 0 else 'left'}"
    return ", at your feet" if met.top < pose.pitch - pose.fov * ASPECT / 2 else ""


def _advice(where: str, pose: CameraPose, end: Position) -> str:
    """Return how to pass an obstacle outside the picture that stops a step ahead [m], or ""."""
    heading = degrees(atan2(end[0] - pose.x, end[1] - pose.z))
    if not where.endswith(("left", "right")) or abs(yaw_difference(heading, pose.yaw)) > AHEAD:
        return ""
    return f"; turn {'left' if where.endswith('right') else 'right'} to pass it"


@dataclass(frozen=True, slots=True)
class NewGround:
    """The ground beyond a plan that has been in sight."""

    plan: Plan | None = None  # whose things it repeats
    squares: tuple[Square, ...] = ()
    before: "NewGround | None" = None  # of the description before; it stays as it was seen
    is_full: bool = False  # see `things_in`; that of older saves is not
    has_streets: bool = False  # in towns; likewise
    draws: tuple[int, ...] = ()  # of each square: `lost` when it was arranged; older saves: none
    lost: int = 0  # how often any ground was forgotten
    redrawn: tuple[tuple[int, int, int], ...] = ()  # patches forgotten alone, and `lost` then

    def __post_init__(self) -> None:
        if len(list(self.generations)) > MOST_GENERATIONS:
            raise ValueError("new ground is of too many descriptions")
        most = FARTHEST / SQUARE + 3
        known = set(self.squares)  # each is arranged once: a save may name one a million times over
        if len(known) < len(self.squares) or any(max(map(abs, one)) > most for one in known):
            raise ValueError(f"new ground lies at {shortened(self.squares)}")
        drawn = [*self.draws, *(draw for _, _, draw in self.redrawn), self.lost]
        was_lost = 0 <= min(drawn) <= max(drawn) <= self.lost
        if len(self.draws) not in (0, len(self.squares)) or not was_lost:
            times = f"{shortened(self.draws)}, lost {self.lost} times"
            raise ValueError(f"new ground was drawn {times}")
        patches = {(x, z) for x, z, _ in self.redrawn}
        far = any(max(map(abs, square_of(one))) > most for one in patches)
        if len(patches) < len(self.redrawn) or far:
            raise ValueError(f"new ground was drawn again at {shortened(self.redrawn)}")

    @property
    def generations(self) -> "Iterator[NewGround]":
        """This one and those before, the newest first."""
        one: NewGround | None = self
        while one is not None:
            yield one
            one = one.before

    @property
    def arranged(self) -> set[Square]:
        """All squares that have been in sight."""
        return {square for one in self.generations for square in one.squares}

    def check(self, kinds: Collection[str]) -> None:
        """Check that its plans have only things of some kinds; else ValueError."""
        for one in self.generations:
            if one.plan:
                check_objects(one.plan.things, kinds)

    def extended(self, squares: Sequence[Square], plan: Plan | None) -> "NewGround":
        """Return it with more squares; those of another description repeat its plan's things."""
        arranged = self.arranged
        more = tuple(one for one in squares if one not in arranged)
        if not more:
            return self
        is_full = len(list(self.generations)) == MOST_GENERATIONS
        draws = (self.lost,) * len(more)
        if self.plan is None or plan is None or plan.prompt == self.plan.prompt or is_full:
            draws = (*(draw for _, draw in self.drawn), *draws)
            squares = (*self.squares, *more)
            return replace(self, plan=self.plan or plan, squares=squares, draws=draws)
        return NewGround(
            plan, more, self, is_full=True, has_streets=True,
            draws=draws, lost=self.lost, redrawn=self.redrawn,
        )  # fmt: skip

    @property
    def drawn(self) -> "Iterator[tuple[Square, int]]":
        """Its squares, and the number of squares forgotten before each was arranged."""
        return zip(self.squares, self.draws or (0,) * len(self.squares), strict=True)

    def beyond(self, before: "NewGround") -> "NewGround | None":
        """Return the additions to earlier ground; None: other things changed."""
        known = len(before.squares)
        drawn = list(self.drawn)
        if (
            drawn[:known] != list(before.drawn)
            or replace(self, squares=before.squares, draws=before.draws) != before
        ):
            return None
        squares, draws = zip(*drawn[known:], strict=True) if drawn[known:] else ((), ())
        return replace(self, squares=squares, draws=draws, before=None)

    def without(self, squares: Collection[Square]) -> "NewGround":
        """Return it without some squares; in sight again, they are arranged differently."""
        left = [(square, draw) for square, draw in self.drawn if square not in squares]
        return replace(
            self,
            squares=tuple(square for square, _ in left),
            draws=tuple(draw for _, draw in left),
            before=self.before and self.before.without(squares),
            lost=self.lost + 1,
            redrawn=tuple(one for one in self.redrawn if square_of(one[:2]) not in squares),
        )

    def drawn_again(self, patches: Collection[Patch]) -> "NewGround":
        """Return it with other things in some patches of ground."""
        stay = (one for one in self.redrawn if one[:2] not in patches)
        again = ((*patch, self.lost + 1) for patch in sorted(patches))
        return replace(self, lost=self.lost + 1, redrawn=(*stay, *again))


class WalkableGround:
    """Where things stand, and where the player can go.

    ground = WalkableGround(painting, lambda: editor.placed)
    poses = move(pose, command, speed, fps, frames, way=ground.way)
    """

    def __init__(
        self, painting: PaintingInventor, placed: Callable[[], Sequence[Edit]] = tuple
    ) -> None:
        """Walk on a painting's ground.

        Args:
            painting: knows the plan and the shapes of things.
            placed: returns the player's things.
        """
        self._painting, self._placed = painting, placed
        config = painting.imagination.config
        self._behind = config.all_behind
        self._landscapes = [config.behind[one] for one in LANDSCAPES if one in config.behind]
        self._stances = stances_of(config)
        of_things = partial(Scenery.of, stances=self._stances, behind=self._behind)
        self._planned = lru_cache(2)(of_things)  # all new ground repeats things of the plan
        self.begin()

    def begin(self, new: NewGround = NewGround(is_full=True, has_streets=True)) -> None:
        """Begin with the ground that was in sight."""
        self.new = new
        self._scenery: Scenery | None = None
        self._known: tuple[Plan | None, tuple[Edit, ...], NewGround] = None, (), new
        self._places: tuple[Plan | None, dict[PlacedObject, Position]] = None, {}

    @property
    def scenery(self) -> Scenery | None:
        """The planned and placed things, in metres; None: there is no plan yet."""
        plan, placed = self._painting.plan, tuple(self._placed())
        if plan is None:
            return None
        if self._scenery is None or self._known != (plan, placed, self.new):
            more = self.new.beyond(self._known[2])
            if self._scenery and more and self._known[:2] == (plan, placed):  # a walker goes on
                scenery, new = self._scenery, [more]
            else:
                scenery = self._planned(self.things)
                new = list(self.new.generations)[::-1]  # numbers of things stay
            things = (thing for one in new for thing in self._new_things(one))
            self._scenery = scenery.extended(things, self._stances)
            self._known = plan, placed, self.new
        return self._scenery

    @property
    def places(self) -> Mapping[PlacedObject, Position]:
        """The places of the plan's things [m], except for those at infinity."""
        plan = self._painting.plan
        if plan is not None and self._places[0] is not plan:
            there = self._planned(plan.things).apart("upright", "flat")
            self._places = plan, {one: place_at(one.yaw, away) for one, away in there}
        return self._places[1]

    @property
    def things(self) -> tuple[PlacedObject, ...]:
        """The planned and placed things, as the first viewpoint shows them."""
        return with_edits(self._painting.plan, self._placed(), self._stances, self._behind)

    def in_sight(self, x: float, z: float) -> list[PlacedObject]:
        """Return the things that show from a place [m], the nearest last.

        Where the scene begins, they are planned and on known ground; see `things_at_start`.
        """
        scenery = self.scenery
        if scenery is None:
            return []
        if (x, z) != START:
            beside = (round(one / SHOWN_ALIKE) * SHOWN_ALIKE for one in (x, z))
            numbers = _shown_from(self._painting.imagination, scenery, *beside)
            things = _numbered(scenery, x, z)
            return [as_far_as_seen(one) for number, one in things if number in numbers]
        placed = [thing_of(edit) for edit in self._placed()]
        shown = things_at_start(self._painting, _on_ground(self.things, self._behind))
        return [as_far_as_seen(one) for one in shown if one not in placed]

    @property
    def doors(self) -> dict[Door, PlacedObject]:
        """Things that lead to other rooms, as in metres and as in the plan."""
        scenery = self.scenery
        return scenery.doors(DOORS) if scenery else {}

    @property
    def is_open(self) -> bool:
        """Whether ground goes on beyond what the first viewpoint shows."""
        plan = self._painting.plan
        kinds = [thing.kind for thing in plan.things] if plan else []
        return any(kinds[: len(behind)] == list(behind) for behind in self._landscapes if kinds)

    @property
    def apart(self) -> float:
        """The least distance between viewpoints [m]; inf: there is only the first one."""
        if self.is_open:
            return APART
        scenery = self.scenery
        return APART_IN_ROOMS if scenery and scenery.ground.walls else inf

    def extend(self, place: Position) -> None:
        """Arrange all new ground that is in sight of a viewpoint; rooms have none."""
        if self.is_open:
            self.new = self.new.extended(squares_near(*place), self._painting.plan)

    def forget(self, squares: Collection[Square]) -> None:
        """Forget new ground; in sight again, it is arranged differently."""
        if self.new.arranged & set(squares):
            self.new = self.new.without(squares)

    def draw_again(self, patches: Collection[Patch]) -> None:
        """Rearrange the things in patches of new ground."""
        arranged = self.new.arranged
        there = {patch for patch in patches if square_of(patch) in arranged}
        if there:
            self.new = self.new.drawn_again(there)

    def way(
        self, start: Position, end: Position, viewpoints: Sequence[Position] = (START,)
    ) -> Position:
        """Return the end of a step near viewpoints [m]; without a plan, its start."""
        scenery = self.scenery
        return start if scenery is None else scenery.way(start, end, viewpoints)

    def way_out(self, place: Position, viewpoints: Sequence[Position] = (START,)) -> Position:
        """Return the place of a walker [m], moved aside if things have appeared there."""
        scenery = self.scenery
        return place if scenery is None else scenery.way_out(*place, viewpoints)

    def why_stopped(self, pose: CameraPose, end: Position, viewpoints: Sequence[Position]) -> str:
        """Return the sentence that tells the player at a pose why a step was stopped [m]."""
        if self.scenery is None:
            return UNPLANNED
        met = self.scenery.in_the_way(pose.position, end, viewpoints)
        if met.what:
            where = _where_out_of_view(met, pose)
            plan, told = self._painting.plan, IN_THE_WAY + where + _advice(where, pose, end)
            told = AT_SHORE if met.what in DEEP else told
            return told.format(names_in(plan.prompt).get(met.what, met.what) if plan else met.what)
        return UNPAINTED_AHEAD if self.apart < inf else NO_FARTHER

    def entered(self, start: Position, end: Position) -> str:
        """Return the notice of the shallow water into which a step leads [m], or ""."""
        scenery = self.scenery
        if scenery is None or start == end or scenery.shallows.kind_at(*start):
            return ""
        kind = scenery.shallows.kind_at(*end)
        return kind and WADES.format(kind)

    def free_way(self, start: Position, end: Position) -> Position:
        """Return the end of a step [m] that may lead away from all viewpoints."""
        return self.way(start, end, () if self.apart < inf else (START,))

    def at_start(self, edit: Edit) -> Edit | str:
        """Return an edit as seen from where the scene begins, or the reason why that fails.

        Renewals are the same from everywhere. A placement still names the place
        from which the player pointed.
        """
        scenery, x, z = self.scenery, edit.x, edit.z
        edit = replace(edit, x=0.0, z=0.0)
        if self._is_there(edit, (x, z)):  # in another colour
            return edit if (x, z) == START else self._recolored(edit, x, z)
        if edit.act == "place":
            view = self._view(edit.kind, (x, z))
            there = _pointed_at(edit, view)
            if isinstance(there, str):
                return there
            edit = self._standing_out(there, view.things, at_start=(x, z) == START)
        if (x, z) == START or scenery is None or edit.act not in ("place", *SPOT_ACTS):
            return edit
        if edit.act == "place":
            placed = _placed_at_start(edit, scenery, view, (x, z), is_open=self.is_open)
            return placed if isinstance(placed, str) else placed[1]
        moved = scenery.spot_at_start(thing_of(edit), x, z)
        if hypot(x, z) > PLANNED and moved not in self.things:
            return STAYS
        return _as_told(edit, moved, self._stances.get(moved.kind, ON_GROUND), is_open=self.is_open)

    def placement(self, edit: Edit) -> Edit | str:
        """Return an edit as the player will see it, or the reason why it fails.

        The colour of a placement may change; see `at_start`.
        """
        if edit.act in SPOT_ACTS:
            there = self.at_start(edit)
            return there if isinstance(there, str) else edit
        scenery, place = self.scenery, (edit.x, edit.z)
        here = replace(edit, x=0.0, z=0.0)
        if self._is_there(here, place):  # in another colour
            return edit
        view = self._view(edit.kind, place)
        seen = _pointed_at(here, view)
        if isinstance(seen, str) or place == START or scenery is None:
            return seen
        placed = _placed_at_start(seen, scenery, view, place, is_open=self.is_open)
        return placed if isinstance(placed, str) else placed[0]

    def _view(self, kind: str, place: Position) -> "_View":
        """Return what a player sees at a place [m] who puts a thing of a kind."""
        scenery = self.scenery
        things = scenery.plan(*place) if scenery else self._painting.listed  # before the plan
        seen = Scenery.of(things, self._stances, self._behind)
        return _View(things, seen, self._stances.get(kind, FAR), self.is_open)

    def _is_there(self, edit: Edit, place: Position) -> bool:
        """Tell whether a thing of an edit's kind is seen from a place [m] in exactly its box."""
        placed = self._placed() if place == START else ()
        listed = (*as_edits(self.in_sight(*place)), *placed)
        there = replace(edit, color=None, shape=None)
        return any(replace(one, color=None, x=0.0, z=0.0, shape=None) == there for one in listed)

    def _recolored(self, edit: Edit, x: float, z: float) -> Edit | str:
        """Return a thing seen from elsewhere in another colour, or why not, as `at_start` does."""
        assert self.scenery is not None
        there = self.scenery.spot_at_start(thing_of(edit), x, z, edit.kind)
        if there not in self.things:
            return NEW_COLOR
        own = [one for one in self._placed() if thing_of(one) == there]
        own += as_edits([as_far_as_seen(there)])
        return replace(own[0], color=edit.color) if own else NEW_COLOR

    def _standing_out(self, edit: Edit, things: Sequence[PlacedObject], *, at_start: bool) -> Edit:
        """Return a thing of any colour, unless it is large, in one that stands out there.

        Where the scene begins, it stands out from the painted views, elsewhere from the plan.
        """
        thing = thing_of(edit)
        is_large = max(thing.width, thing.height) > LARGEST_RECOLORED and edit.kind not in ANIMALS
        if edit.color is not None or thing.color is None or is_large:
            return edit
        ordered = with_placed(things, (thing,), self._stances, self._behind)
        behind = ordered[: ordered.index(thing) + 1]
        box = edit.yaw, edit.pitch, edit.width, edit.height
        seen = colors_behind(thing, behind[:-1])
        if at_start:
            seen = self._painting.pictures.colors_in(self._painting.around, *box) or seen
        other = seen_before(thing, seen, light_of(behind))
        return edit if other.color == thing.color else replace(edit, color=other.color)

    def _new_things(self, new: NewGround) -> list[ToldFrom]:
        if new.plan is None:
            return []
        redrawn = {(x, z): draw for x, z, draw in self.new.redrawn}
        words, kinds = self._painting.words, self._painting.imagination.config.looks
        wanted = Wanted.of(new.plan.prompt, words, kinds)
        ground = self._planned(new.plan.things).on_ground
        if new.is_full:  # older saves stay as they were
            ground = [(one, away) for one, away in ground if not wanted.counts(one)]
        is_street = new.has_streets and is_town(new.plan.things)
        there: list[ToldFrom] = []
        for square, draw in new.drawn:
            draws = {patch: redrawn[patch] for patch in patches_of(square) if patch in redrawn}
            for drawn in sorted({draw, *draws.values()}):
                noise = noise_of(new.plan.noise, drawn)
                things = (
                    street_in(square, ground, noise)
                    if is_street
                    else things_in(square, ground, noise, is_full=new.is_full)
                )
                there += [one for one in things if draws.get(_patch_of(one), draw) == drawn]
        return self._as_lit(_without_stranded(there, new.plan.things), new.plan, wanted)

    def _as_lit(self, there: list[ToldFrom], plan: Plan, wanted: Wanted) -> list[ToldFrom]:
        """Return the things of new ground of a plan in the light where the scene begins."""
        now, words = self._painting.plan, self._painting.words
        if now is None or not is_relit(now.prompt, plan.prompt, words):
            return there
        other = Wanted.of(now.prompt, words, self._painting.imagination.config.looks)
        things = [one.told for one in there]
        behind = [one for one in now.things if one.kind in self._behind]
        under = [one for one in now.things if one.kind not in AIR]  # which is planned once
        lit = relit([*behind, *things], under, wanted, other, self._behind)
        by_place = {(one.yaw, one.width): one for one in lit}  # flowers go under snow
        places = [(one.yaw, one.width) for one in things]
        return [
            one._replace(told=by_place[place])
            for one, place in zip(there, places, strict=True)
            if place in by_place
        ]


class _View(NamedTuple):
    """The things that a player sees who puts another one."""

    things: Sequence[PlacedObject]
    scenery: Scenery  # of them
    stance: Stance  # of the kind that is put
    is_open: bool  # whether there are no walls


def _pointed_at(edit: Edit, view: _View) -> Edit | str:
    """Return a placement where the player points or at the nearest place that allows it.

    If there is none, the result is the reason why it fails where the player points.
    """
    if view.is_open and edit.kind in WINDOWS | {"curtains"}:
        return NO_WALL.format("windows" if edit.kind in WINDOWS else edit.kind)
    there = stood(edit, view.scenery, view.stance)
    fault = _fault(there, view)
    if not fault:
        return there
    turned = [replace(edit, yaw=(edit.yaw + aside) % 360.0) for aside in BESIDE]
    beside = [there, *(stood(one, view.scenery, view.stance) for one in turned)]
    others = (farther(one, times) for times in BEYOND for one in beside)
    possible = [one for one in others if not _fault(one, view)]
    standing = [one for one in view.things if one.kind in THINGS and stands(one)]

    def hides(one: Edit) -> bool:
        return any(covered(other, thing_of(one)) > MOST_COVERED for other in standing)

    return min(possible, key=hides, default=fault)


def _fault(edit: Edit, view: _View) -> str:
    """Return the reason why a thing cannot stand as it appears to the player; "": it can."""
    things, seen, stance, _ = view
    if nearer := hiding_kind(edit, seen, stance):
        return BEHIND.format(edit.kind, nearer)
    if stance.where not in FLYING and is_in_water(things, thing_of(edit)):
        return IN_WATER.format(edit.kind)
    if is_aground(things, thing_of(edit)):
        waters = [one.kind for one in things if one.kind in AFLOAT]
        return ON_LAND.format(edit.kind, waters[0]) if waters else NO_WATER.format(edit.kind)
    return ""


def _placed_at_start(
    edit: Edit, scenery: Scenery, view: _View, position: Position, *, is_open: bool
) -> tuple[Edit, Edit] | str:
    """Return a placement as seen by the player and from where the scene begins, or why it fails.

    A thing too large for the place that the player points at is placed farther away.

    Args:
        edit: as it appears to the player.
        scenery: of the plan.
        view: of the player.
        position: likewise [m].
        is_open: whether ground goes on beyond what the first viewpoint shows.
    """
    x, z = position
    for times in FARTHER:
        there = farther(edit, times)
        if times > 1.0 and hiding_kind(there, view.scenery, view.stance):
            return AT_START
        moved = scenery.at_start(thing_of(there), view.stance, x, z)
        told = _as_told(edit, moved, view.stance, is_open=is_open)
        if isinstance(told, Edit):
            return replace(there, x=x, z=z), replace(told, x=x, z=z)
        if told != AT_START:
            return told
    return AT_START


def _as_told(
    edit: Edit, moved: PlacedObject | None, stance: Stance, *, is_open: bool
) -> Edit | str:
    """Return an edit with the box of a planned thing, or the reason why it is not allowed."""
    if moved is None or moved.width > LARGEST[0] or moved.height > LARGEST[1]:
        return AT_START
    if is_open and stance.where not in FLYING and moved.foot >= -HORIZON_FOOT:
        return TOO_FAR
    pitch = min(HIGHEST, max(-HIGHEST, moved.pitch))
    return replace(edit, yaw=moved.yaw, pitch=pitch, width=moved.width, height=moved.height)


def _numbered(scenery: Scenery, x: float, z: float) -> list[tuple[int, PlacedObject]]:
    """Return the plan as it is seen from a place [m], and the numbers of its things; 0: bands."""
    things = scenery.plan(x, z)
    return list(zip(scenery.numbers(x, z, np.arange(len(things))).tolist(), things, strict=True))


@lru_cache(maxsize=4)  # every block of a walk asks
def _shown_from(imagination: Imagination, scenery: Scenery, x: float, z: float) -> frozenset[int]:
    """Return the numbers of the things that nearer ones do not hide from a place [m]."""
    numbered = [(number, one) for number, one in _numbered(scenery, x, z) if number]
    shown = imagination.visible(tuple(one for _, one in numbered))
    return frozenset(numbered[place][0] for place in shown)


def _on_ground(things: Sequence[PlacedObject], behind: Collection[str]) -> list[PlacedObject]:
    """Return the things that are no ground, sky or wall."""
    return [one for one in things if one.kind not in behind]


def _without_stranded(there: Sequence[ToldFrom], planned: Sequence[PlacedObject]) -> list[ToldFrom]:
    """Return new things without copies of floating ships that no copy of their water is below."""
    afloat = {one.kind for one in planned if not is_aground(planned, one)}
    around = [one for one in planned if one.kind in AFLOAT and one.width >= AROUND]
    waters: defaultdict[Position, list[PlacedObject]] = defaultdict(around.copy)
    for one in there:
        if one.told.kind in AFLOAT:
            waters[one.x, one.z].append(one.told)
    return [
        one for one in there
        if one.told.kind not in afloat or not is_aground(waters[one.x, one.z], one.told)
    ]  # fmt: skip


def _patch_of(thing: ToldFrom) -> Patch:
    """Return the patch of ground on which a thing stands."""
    away = ground_distance(thing.told.foot)
    x, z = place_at(thing.told.yaw, away if away < inf else 0.0)
    return patch_at(thing.x + x, thing.z + z)
