"""Viewpoints beyond the first one: painted ahead of a walker, kept, and shown again.

The layers of a ring (`drawing/layers.py`) carry about as far as viewpoints are apart. So
before a walker gets farther, a ring around a new viewpoint is made. It begins as what the nearest
one shows of it, guesses included: the half that is looked at, and the rest when it is. Then it is
painted view by view, those looked at first, over a sketch that carries what was painted of the same
things from other viewpoints. The sky and what stands before it look the same from everywhere: they
are carried from where they were painted first, which one picture keeps, for what is carried again
and again loses its colours. It shows behind things, too. One scenery in metres tells all of them
where things stand; those that others hide from a viewpoint are sketched as soon as they come out.

A ring takes a tenth of a megabyte. The kept ones are the memory of a walk: from everywhere the
nearest ones are shown, so a picture is a function of rings, far picture, scenery and pose. A pose
shows the same picture again, to the bit, unless a ring near it was made or painted meanwhile, or
more of what is far behind things was seen. Where the player changes the scene, viewpoints are
painted again.

Memory decides what stays: the frames of a walk take slots as all others do, only that viewpoints
keep their pixels, so a ring of which every frame was dropped is gone. All rings are, when memory
forgot ground where the scene begins and the plan is turned. Beyond a budget of bytes the farthest
rings go with their frames.
"""

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from math import dist, hypot, prod
from threading import Lock
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import (
    ASPECT,
    FARTHEST,
    WIDEST_FOV,
    CameraCommand,
    CameraPose,
    Position,
    check_pose,
    view_overlap,
)
from mag_sandbox.controls.parallax import DISTANT
from mag_sandbox.files.validation import decode
from mag_sandbox.model.imagination.details import GivenPicture, shown_under
from mag_sandbox.model.imagination.drawing.layers import HALF, KNOWN, SHORE, LayeredRing, RingToCut
from mag_sandbox.model.imagination.drawing.refiner import smooth
from mag_sandbox.model.imagination.drawing.refining import RefinedRing
from mag_sandbox.model.imagination.geometry.new_ground import Patch
from mag_sandbox.model.imagination.geometry.obstacles import FARTHEST_WALK
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.geometry.skies import before_sky, unsure_in
from mag_sandbox.model.imagination.imagination import (
    Imagination,
    Subject,
    columns_ahead,
    decoded_ring,
)
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings, in_pixels
from mag_sandbox.model.parking import numbers_of, packed, plain, unpacked
from mag_sandbox.model.pocket.block_memory import BlockMemory
from mag_sandbox.model.pocket.inventing import Outlook
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.model.pocket.painting.painting import (
    BLOCKS_A_VIEW,
    PaintingInventor,
    Plan,
    next_view,
    noise_of,
    shows_given,
)
from mag_sandbox.model.pocket.painting.painting_thread import ViewPainter
from mag_sandbox.model.pocket.painting.sketched_ground import planned_things
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures
from mag_sandbox.model.pocket.pictures.decoding import Draw
from mag_sandbox.model.pocket.walks.painted_ring import PaintedRing, all_faded, faded, without
from mag_sandbox.model.pocket.walks.walk_memory import WalkMemory
from mag_sandbox.model.pocket.walks.walking import START, NewGround, WalkableGround
from mag_sandbox.model.world import MIB, WorldState
from mag_sandbox.scenes.scene import check_prompt

BLEND = 0.3  # metres by which a viewpoint that is no longer shown is farther than the nearest
FAVOURED = 3.0  # metres by which the ring of a given picture may be farther than painted ones
TOLERATED = 0.2  # share of a view that it does not show, from which on it is not favoured
RAYS = 6, 8  # rows and columns of directions that tell how much of a view a ring shows
# metres added for one that shows things from before a change, or another light
OUTDATED, OTHER_LIGHT = 4.0, 20.0
UNPAINTED = 3.0  # likewise, for one that has painted none of a view: others are better than a guess
ABSENT = 9.0  # likewise besides, for one that nothing of a view was carried to
BUDGET = 32 * MIB  # of the latents of all viewpoints
LACKS = 0.1  # share of a cell from which on it lacks a thing
# metres, and degrees across or high; nearer and larger things stay as seen from farther away
NEAR, LARGE = 4.0, 25.0
OF_NEAR, SEEN = 0.15, 0.9  # share of a cell that is of such things; of that, what must be seen
COARSE = 4  # px between those that tell what a cell lacks
LAYERED = 6  # rings whose layers are kept
SOURCES = 2  # nearest rings whose pixels are carried to a new view
ANCHORED = 0.5  # of the difference between carried ground and the first ring's, is corrected
LEAST_GROUND, OTHER_GROUND = 500, 90.0  # px; levels by which ground is of another description
GUESSED = 0.03  # share of a view that is hidden from its viewpoint, for which a resting player gets
# a new one, unless that is so near [m]; what is hidden is told at this height and width [px]
LEAST_APART, COARSE_VIEW = 0.4, (48, 80)
MISSING = 0.3  # share of a view from which on it is a guess, and painted even while one walks
BEYOND = 1.3  # of the way until a view is ready: how far ahead its viewpoint may lie
# metres to the next viewpoint, where the way goes around something, and in any case
FARTHEST_LEAP, LEAST_LEAP = 1.6 * FARTHEST_WALK, 0.5
STRIDES = 24  # of this way, at whose ends a viewpoint may lie
_CORNERS = tuple(CameraCommand(yaw, pitch) for yaw in (-1.0, 1.0) for pitch in (-1.0, 1.0))
Result = TypeVar("Result")


class RunBeside(Protocol):
    """Calls functions on a thread, one after the other."""

    def __call__(self, task: Callable[[], Result]) -> "Future[Result]":
        """Return the result of a function that is called after those before it."""


@dataclass(frozen=True, slots=True)
class _ParkedView:
    pose: CameraPose
    prompt: str

    def __post_init__(self) -> None:
        check_pose(self.pose)
        check_prompt(self.prompt)


@dataclass(frozen=True, slots=True)
class _ParkedViewpoints:
    """Parked viewpoints without their rings."""

    weights: str
    places: tuple[Position, ...]
    new: NewGround
    view: _ParkedView | None = None
    losses: int = 0
    patches: tuple[Patch, ...] = ()  # of ground that some held view shows
    lost_patches: tuple[Patch, ...] = ()  # of which they did
    seen: tuple[int, ...] = ()  # numbers in the plan of things that they show
    lost: tuple[int, ...] = ()  # likewise, of those that they showed
    # viewpoints of which memory need not hold views; None: of a save from before it held any
    for_good: tuple[Position, ...] | None = None

    def __post_init__(self) -> None:
        if self.losses < 0:
            raise ValueError(f"viewpoints lost something {self.losses} times")
        if any(not hypot(*place) <= FARTHEST for place in self.places):
            raise ValueError(f"viewpoints lie at {self.places}")


@dataclass(frozen=True, slots=True)
class _LayersSource:
    """A ring to be cut into layers."""

    place: Position
    ring: Surroundings | PaintedRing  # where the scene begins, or elsewhere
    refined: Callable[[Scenery], RefinedRing]  # returns its picture
    read: Callable[[np.ndarray], np.ndarray]  # the picture to read relief from: it, or better
    over: Callable[[], np.ndarray] | None  # returns the layer over it; None: there is none
    known: np.ndarray  # cells to be shown, bool [rows, columns]
    painted: np.ndarray  # those that are no guesses, likewise
    outdated: np.ndarray  # those that show what was there before a change, likewise

    @property
    def is_lit(self) -> bool:
        """Whether some of it is painted as it is now."""
        return bool(self.painted.any())


class _MadeView(NamedTuple):
    ring: PaintedRing  # with it
    far: np.ndarray  # what looks the same from everywhere, with its parts, see `Viewpoints.far`


class _FirstRing(NamedTuple):
    ring: object  # see `_LayersSource`
    plan: tuple[object, ...]  # things by which it was seen, and their numbers
    far: np.ndarray  # parts alike from everywhere: colours, and 255 where known [H, W, 4]
    ground: np.ndarray  # mean colours of open ground in each row, nan: none [H, 3]


class _PlannedParts(NamedTuple):
    """The planned things in each pixel of a ring, or of a view."""

    numbers: np.ndarray  # of its thing, 0: none, int32 [H, W]
    distant: np.ndarray  # whether it looks the same from everywhere, bool [H, W]
    # likewise, but so close to the horizon that painters may show the sea or the ground there
    shore: np.ndarray
    behind: np.ndarray  # whether what is behind things looks the same from everywhere, likewise


class _PlannedRings:
    """The planned things in each pixel of the rings around viewpoints; the newest are kept."""

    def __init__(self, imagination: Imagination) -> None:
        self._imagination = imagination
        self.owners = lru_cache(LAYERED)(self._owners)
        self.geometry = lru_cache(2)(self._geometry)
        self.sprites = lru_cache(2)(self._sprites)
        self.lying = lru_cache(2)(self._lying)
        self.sketch = lru_cache(2)(self._sketch)

    def before_sky(self, scenery: Scenery, place: Position) -> np.ndarray | None:
        """Return `skies.before_sky` of a ring, float32 [H, W]; None: no sky is seen."""
        numbers, distant, shore, _ = self.geometry(scenery, place)
        distant = distant | shore
        return before_sky(scenery, numbers, distant) if distant.any() else None

    def _owners(self, scenery: Scenery, place: Position) -> np.ndarray:
        """Return the place in a plan of each pixel's thing; see `Imagination.owners`."""
        return self._imagination.owners(scenery.plan(*place))

    def _sprites(self, scenery: Scenery, place: Position) -> dict[int, np.ndarray]:
        """Return the sprites of the things around a viewpoint by their numbers."""
        things = scenery.plan(*place)
        numbers = scenery.numbers(*place, np.arange(len(things))).tolist()
        return {numbers[one]: sprite for one, sprite in self._imagination.sprites(things).items()}

    def _lying(self, scenery: Scenery, place: Position) -> np.ndarray:
        """Return the number of what lies or is far away in each pixel, whatever stands before it.

        Int32 [H, W], 0: ground, sky or a wall.
        """
        behind, numbers = _lying_things(scenery, place)
        lying: np.ndarray = np.append(numbers, 0)[self._imagination.owners(behind)]
        # boxes of far land reach below the horizon, where ground is painted
        bodies = enumerate(scenery.bodies, 1)
        far = [number for number, one in bodies if one.where == "upright" and one.lies]
        below = lying[len(lying) // 2 :]
        below[np.isin(below, far)] = 0
        return lying

    def _sketch(self, scenery: Scenery, place: Position) -> np.ndarray:
        """Return the sketch of what `lying` tells, float32 [3, H, W]."""
        behind, whole = _lying_things(scenery, place)[0], self._imagination.lattice.whole
        return 2 * self._imagination.drawn_sketch(behind, whole, place)[:3] - 1

    def _geometry(self, scenery: Scenery, place: Position) -> _PlannedParts:
        """Return the planned thing in each pixel."""
        numbers = scenery.numbers(*place, self.owners(scenery, place))
        standing = np.isin(numbers, list(scenery.boxes(*place, numbers.shape)))
        behind = scenery.ring_surfaces(*place, numbers.shape) >= DISTANT
        alike = behind & ~standing
        above = np.zeros_like(alike)
        above[:-SHORE] = alike[SHORE:]
        return _PlannedParts(numbers, alike & above, alike & ~above, behind)

    def ground(self, scenery: Scenery, place: Position, *, is_open: bool) -> np.ndarray:
        """Return where a ring shows open ground on which nothing stands, bool [H, W].

        Args:
            scenery: the plan in metres.
            place: of the viewpoint.
            is_open: whether there is open ground at all.
        """
        behind = self.geometry(scenery, place).behind
        is_ground: np.ndarray = (self.owners(scenery, place) < 0) & ~behind
        return is_ground if is_open else np.zeros_like(behind)

    def cells(
        self, scenery: Scenery, pose: CameraPose
    ) -> tuple[tuple[np.ndarray, np.ndarray], _PlannedParts]:
        """Return rows and columns of the ring that a view shows, and the planned things there."""
        ring, place = self._imagination.ring_size, self._imagination.lattice.place(pose.at_origin)
        cell = self._imagination.view_size[0] // place.rows
        rows = np.arange(cell * place.top, cell * (place.top + place.rows))[:, None]
        columns = np.arange(cell * place.left, cell * (place.left + place.columns)) % ring[1]
        planned = self.geometry(scenery, (pose.x, pose.z))
        return (rows, columns), _PlannedParts(*(one[rows, columns] for one in planned))


class Viewpoints(ViewPainter[_MadeView]):
    """Makes and keeps the rings around viewpoints.

    pose = viewpoints.next_view(outlook)
    blocks = viewpoints.begin_view(pose, prompt)
    ...  # so many blocks later
    viewpoints.take_view()
    draw = viewpoints.look(poses)
    """

    def __init__(
        self, painting: PaintingInventor, ground: WalkableGround, beside: RunBeside
    ) -> None:
        """Begin at the first viewpoint.

        Args:
            painting: makes the ring of the first viewpoint.
            ground: says where everything is.
            beside: calls functions beside blocks.
        """
        super().__init__(painting.thread)
        self._painting, self._ground = painting, ground
        self._imagination, self._beside = painting.imagination, beside
        self._planned = _PlannedRings(painting.imagination)
        self._lock = Lock()
        self.begin()

    def begin(self) -> None:
        """Forget all viewpoints but the first."""
        self.drop_view()
        self._ground.begin()
        self._scenery: Scenery | None = None  # that the rings show
        self._things: tuple[PlacedObject, ...] = ()  # its things
        self._noise = 0  # of the plan
        self.losses = 0  # how often memory had lost some of a ring
        self.walk = WalkMemory(self._imagination.lattice)
        self.kept: dict[Position, PaintedRing] = {}
        # parts that look the same from everywhere, as painted first: colours, and 255 where
        # they are known, uint8 [H, W, 4]; those of the first ring, once another one is made
        self.far = np.zeros((*self._imagination.ring_size, 4), np.uint8)
        self._first: _FirstRing | None = None
        self._layered: dict[int, tuple[_LayersSource, Future[LayeredRing]]] = {}

    def nearest(self, pose: CameraPose) -> Position:
        """Return the nearest viewpoint."""
        return min((START, *self.kept), key=lambda place: _away(pose, place))

    def way(self, start: Position, end: Position) -> Position:
        """Return the end of a step [m]: things stop it, and so does a missing viewpoint."""
        return self._ground.way(start, end, (START, *self.kept))

    def way_out(self, pose: CameraPose) -> CameraPose:
        """Return the player's pose, moved aside if things have appeared there."""
        return _at(pose, self._ground.way_out((pose.x, pose.z), (START, *self.kept)))

    def is_guess(self, pose: CameraPose) -> bool:
        """Tell whether much of a view is a guess until it is painted."""
        cells = self._imagination.lattice.shown([self._imagination.lattice.nearest(pose)])
        known = self._painting.around.known
        missing = (
            share * _unpainted(self.kept.get(place), known, cells)
            for place, share in self.shares(pose)
        )
        return sum(missing) > MISSING

    def is_outdated(self, pose: CameraPose) -> bool:
        """Tell whether a view is still to be painted as the player changed it."""
        if not pose.is_away or self._followed() is None:
            return False
        shown = dict(self.shares(pose, as_changed=False))
        rings = {place: ring for place, ring in self.kept.items() if place in shown}
        lattice = self._imagination.lattice
        return bool(_outdated(rings, lattice.shown([lattice.nearest(pose)])))

    def follow(self, memory: BlockMemory, pose: CameraPose) -> None:
        """Forget the ground that memory has lost, unless a view under way begins from it.

        What a pose shows stays. A viewpoint of which memory holds nothing is gone. Things that
        no held view shows move elsewhere, and are painted with other noise: else the seed alone
        would be a memory.
        """
        painting, policy = self._painting, memory.policy
        if self.has_view or painting.has_view:
            return
        painting.forget_lost(memory)
        self._followed()
        policy.leave_out(self.kept)
        near = [place for place, _ in self.shares(pose)]
        stays = self.walk.follow(policy, self.kept, pose, near, self._ground.places)
        if stays:
            self.losses += 1
            self.kept = without(self.kept, stays, near, self._imagination.lattice)
            seen = in_pixels(self.walk.seen | painting.around.known, len(self.far))
            self.far = _only(seen, self.far)

    # Painting

    def next_view(self, outlook: Outlook, *, has_room: bool = True) -> CameraPose | None:
        """Return the view to paint next: its direction, on the lattice, and its viewpoint.

        Without room for views that may never be looked at, these are not painted.
        """
        if self._view is not None or self._followed() is None:
            return None
        lattice, pose, ahead = self._imagination.lattice, outlook.pose, outlook.ahead
        nearest = self.nearest(pose)
        walks = (pose.x, pose.z) != (ahead.x, ahead.z)
        if _away(pose, nearest) > FARTHEST_WALK:  # the nearest ones were dropped
            return _at(lattice.nearest(pose), (pose.x, pose.z))
        if walks and (there := self._next_place(pose, ahead)) is not None:
            return _at(lattice.nearest(ahead), there)
        view = lattice.nearest(ahead)
        for coming, _ in sorted(self.shares(ahead, as_changed=False), key=lambda one: -one[1]):
            # it is to be changed when the walker is there, as are those that are mixed with it
            if coming != START and self.kept[coming].outdated[lattice.shown([view])].any():
                return _at(view, coming)
        if has_room and (view_here := self._own_view(outlook)) is not None:
            return view_here
        if nearest == START:
            return None
        if walks:
            coming_there = self.nearest(ahead), view  # first: it is seen when it is painted
            for place, seen in (coming_there, (nearest, lattice.nearest(pose))):
                painted = self.kept[place].painted if place in self.kept else None
                if painted is not None and (~painted[lattice.shown([seen])]).mean() > MISSING:
                    return _at(seen, place)
            return None
        painted, here = self.kept[nearest].painted, outlook.at_origin
        missing_view = next_view(lattice, painted, here, has_room=has_room)
        if (
            missing_view is None and has_room
        ):  # from beside a viewpoint the corners of its view show, too
            lit = ~self.kept[nearest].outdated
            beyond = (here._replace(command=corner) for corner in _CORNERS)
            views = (next_view(lattice, lit, one, has_room=False) for one in beyond)
            missing_view = next(filter(None, views), None)
        return missing_view and _at(missing_view, nearest)

    def _own_view(self, outlook: Outlook) -> CameraPose | None:
        """Return a resting player's view, if much of it is a guess from where it was painted."""
        pose, scenery = outlook.pose, self._scenery
        if scenery is None or outlook.command != CameraCommand() or not pose.is_away:
            return None
        place, _ = max(self.shares(pose), key=lambda one: one[1])
        is_near = _away(pose, self.nearest(pose)) < LEAST_APART
        if is_near or (place == START and shows_given(self._painting)):
            return None
        source, view = self._source_at(place), self._imagination.lattice.nearest(pose)
        if not source.painted[self._imagination.lattice.shown([view])].all():
            return None
        guessed = self._layers(source, scenery).share_guessed(pose, COARSE_VIEW)
        return _at(view, pose.position) if guessed > GUESSED else None

    def _next_place(self, pose: CameraPose, ahead: CameraPose) -> Position | None:
        """Return where the next viewpoint of a walk will be, no farther than it must; None: later.

        A walker can get from one to the next, because neither is too far from the way between: a
        free way that goes round something may lead away from both.
        """
        apart, before = self._ground.apart, pose
        step = (1 + BEYOND) * (ahead.x - pose.x), (1 + BEYOND) * (ahead.z - pose.z)
        for share in range(1, STRIDES + 1):
            end = pose.x + step[0] * share / STRIDES, pose.z + step[1] * share / STRIDES
            there = self._ground.free_way((pose.x, pose.z), end)
            here = replace(pose, x=there[0], z=there[1])
            away = _away(here, self.nearest(here))
            if away > FARTHEST_LEAP:
                is_new = _away(before, self.nearest(before)) >= LEAST_LEAP
                return (before.x, before.z) if is_new else None
            if away >= apart:
                return there
            before = here
        return None

    def begin_view(self, pose: CameraPose, prompt: str) -> int:
        """Begin a view at a pose of `next_view`; return after how many blocks to take it."""
        self.drop_view()
        place, painting = pose.position, self._painting
        if self.walk.rearrange(painting, self._ground, pose):
            assert painting.plan is not None
            self._noise, self._scenery, self._layered = painting.plan.noise, None, {}
        self._ground.extend(place)
        scenery, before = self._followed(), self.kept.get(place)
        assert scenery is not None
        if before is not None and before.is_of_other_light:
            before = None  # it begins anew, as those around it show it in this light
        others, start, far = self._sources(pose), self._source_at(START), self.far
        text, _ = self._painting.texts(prompt)
        noise = noise_of(self._painting.noise, self.losses)
        imagination = self._imagination
        shown = imagination.lattice.shown([pose.at_origin])

        def make() -> _MadeView:
            layers = [self._layers(one, scenery) for one in others]
            at, planned = self._planned.cells(scenery, pose)
            first = self._first_ring(start, scenery)
            seen_far = _over(first.far, far)
            seen = np.zeros_like(far)
            seen[at] = _seen(layers, seen_far[at], planned, pose)
            is_ground = self._planned.ground(scenery, place, is_open=self._ground.is_open)
            things, seen = scenery.plan(*place), anchored(seen, is_ground, first.ground)
            begun = before or PaintedRing.empty(place, imagination.nothing().latents.shape)
            if begun.absent[shown].any():
                source = layers[_carrier(others, shown)]
                begun = self._carried(begun, source, pose, seen_far, scenery)
            numbers = self._planned.geometry(scenery, place).numbers
            stays = staying(seen, numbers, _near_ones(scenery, place), begun)
            known = begun.held.only(begun.painted | stays)
            subject = Subject(text, noise, things, seen, place)
            made = begun.painted_as(imagination.imagine(known, pose.at_origin, subject))
            own = self._layers(_source(made, painting), scenery)
            own_pixels = own.seen(pose, imagination.view_size, planned.numbers)
            own.mend(pose)
            whole_far = _over(far, first.far)
            new = _only(planned.distant, own_pixels)
            whole_far[at] = _over(whole_far[at], new)
            return _MadeView(made, whole_far)

        self._begin(pose, prompt, make)
        return BLOCKS_A_VIEW + (before is None)

    def take_view(self) -> None:
        """Keep the view that was begun; if there are too many viewpoints, drop the farthest."""
        made, far = self._take()
        if not np.array_equal(far, self.far):  # rings are not put before the same one again
            self.far = far
        self.kept[made.place] = made
        while sum(one.bytes for one in self.kept.values()) > BUDGET:
            del self.kept[max(self.kept, key=lambda place: dist(made.place, place))]

    def _sources(self, pose: CameraPose) -> list[_LayersSource]:
        """Return the rings whose pixels a new view may show: the nearest ones in its light.

        One of them has the view's direction painted, if any has.
        """
        others = sorted((START, *self.kept), key=lambda place: _away(pose, place))
        others = [place for place in others if place != (pose.x, pose.z)]
        sources = [self._source_at(place) for place in others]
        sources = [one for one in sources if one.is_lit] or sources
        shown = self._imagination.lattice.shown([pose.at_origin])
        looking = [one for one in sources if one.painted[shown].mean() > HALF]
        return sources[:SOURCES] + [one for one in looking[:1] if one not in sources[:SOURCES]]

    def _first_ring(self, start: _LayersSource, scenery: Scenery) -> _FirstRing:
        """Return the parts of the first ring that others use."""
        first, things = self._first, scenery.plan(*START)
        numbered = scenery.numbers(*START, np.arange(len(things)))
        plan = *things, *numbered.tolist()  # most new ground cannot be seen from there
        if first is None or first.ring is not start.ring or first.plan != plan:
            layers = self._layers(start, scenery)
            numbers, distant, _, behind = self._planned.geometry(scenery, START)
            size = len(numbers), numbers.shape[1] // 4
            split = (np.split(one, 4, axis=1) for one in (numbers, behind))
            parts = [
                (layers.seen(quarter, size, there), _only(far, layers.behind_given(quarter, size)))
                for quarter, there, far in zip(_quarters(START), *split, strict=True)
            ]
            seen, guessed = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
            is_ground = self._planned.ground(scenery, START, is_open=self._ground.is_open)
            is_ground &= seen[..., 3] > 0
            counts, sums = is_ground.sum(axis=1), (seen[..., :3] * is_ground[..., None]).sum(axis=1)
            ground = np.where(counts > 0, sums.T / np.maximum(counts, 1), np.nan).T
            far = _over(_only(distant, seen), guessed)
            first = self._first = _FirstRing(start.ring, plan, far, ground)
        return first

    def _carried(
        self,
        begun: PaintedRing,
        layers: LayeredRing,
        pose: CameraPose,
        far: np.ndarray,
        scenery: Scenery,
    ) -> PaintedRing:
        """Return a ring with half of it, around a view, as others show it.

        Most walkers never look at the other half.

        Args:
            begun: the ring so far.
            layers: of another one.
            pose: of the view.
            far: what looks the same from everywhere, see `far`.
            scenery: the plan in metres.
        """
        numbers, distant, *_ = self._planned.geometry(scenery, begun.place)
        half = _half(self._imagination.lattice, pose)
        columns = half.pixels(self._imagination.stride)[1]
        size = len(numbers), numbers.shape[1] // 4
        middle = slice(COARSE // 2, None, COARSE)
        coarse = numbers[middle, middle].shape

        def carried(part: tuple[CameraPose, np.ndarray, np.ndarray]) -> tuple[Tensor, np.ndarray]:
            quarter, there, seen = part
            picture = layers.view(quarter, size)[:3]
            known, colors = torch.from_numpy(seen[..., 3] > 0), torch.from_numpy(seen[..., :3])
            colors = colors.permute(2, 0, 1).contiguous()  # while a pixel takes three bytes
            picture = torch.where(known, colors / 127.5 - 1, picture)
            lacking = layers.lacks(quarter, (coarse[0], coarse[1] // 4), there[middle, middle])
            return picture, lacking

        each = self.thread.map
        around = np.arange(columns.start, columns.stop)
        parts = (one.take(around, axis=1, mode="wrap") for one in (numbers, _only(distant, far)))
        split = (np.split(one, 2, axis=1) for one in parts)
        quarters = [replace(pose, yaw=(pose.yaw + aside) % 360.0, pitch=0.0) for aside in (-45, 45)]
        pictures, lacking_parts = zip(
            *each(carried, zip(quarters, *split, strict=True)), strict=True
        )
        latents = self._imagination.encoded_part(torch.cat(pictures, dim=2), each)
        lacking = np.concatenate(lacking_parts, axis=1)
        cells = lacking.reshape(half.rows, coarse[0] // half.rows, half.columns, -1)
        return begun.carried(half, latents, cells.mean(axis=(1, 3)) > LACKS)

    # Looking

    def look(self, poses: Sequence[CameraPose]) -> Draw | None:
        """Return a function that draws the views at poses, as they are painted now.

        None: all of them are where the scene begins, which is known, there is no plan yet, or
        memory has lost all that was painted.
        """
        scenery, size = self._followed(), self._imagination.view_size
        has_start = self._painting.around.known.any()
        if scenery is None or not (self.kept or has_start):
            return None
        shares = [self.shares(pose) for pose in poses]
        is_at_start = {place for each in shares for place, _ in each} == {START}
        if has_start and is_at_start and not any(pose.is_away for pose in poses):
            return None
        before = shares
        if any(ring.outdated.any() for ring in self.kept.values()):
            before = [self.shares(pose, as_changed=False) for pose in poses]

        def rings_of(shares: Sequence[tuple[Position, float]]) -> list[tuple[_LayersSource, float]]:
            return [(self._source_at(place), share) for place, share in shares]

        shown = [rings_of(each) for each in shares]
        earlier = [
            rings_of(then) if then != now else [] for then, now in zip(before, shares, strict=True)
        ]
        walk, far, is_planned = self.walk, self.far, planned_things(self._painting) is not None
        is_planned = is_planned and not (walk.lost or walk.lost_patches)  # that will be elsewhere

        def mixed(pose: CameraPose, rings: Sequence[tuple[_LayersSource, float]]) -> Tensor:
            parts = []
            for ring, share in rings:
                # where nothing is painted, another light may be shown
                sketched = is_planned and ring.is_lit
                layers = self._layers(ring, scenery)
                parts.append(share * layers.view(pose, size, is_sketched=sketched, far=far))
            return torch.stack(parts).sum(dim=0)

        def draw(frames: slice) -> DrawnPictures:
            views = []
            for pose, now, then in zip(poses[frames], shown[frames], earlier[frames], strict=True):
                view = mixed(pose, now)
                if then:  # but for what the player changed, all stays as it was shown
                    changed = [
                        share * self._layers(ring, scenery).shown_of(ring.outdated, pose, size)
                        for ring, share in then
                    ]
                    view = torch.lerp(mixed(pose, then), view, torch.stack(changed).sum(dim=0))
                views.append(view)
            return DrawnPictures.of(*torch.stack(views).split((3, 1), dim=1))

        return draw

    def prepare(self, pose: CameraPose) -> None:
        """Begin to cut the nearest ring into layers if the player is away from the first one.

        Things near by are enlarged, too.
        """
        scenery = self._followed()
        if scenery is not None and pose.is_away:
            ring = self._source_at(self.nearest(pose))
            self._beside(lambda: self._layers(ring, scenery).mend(pose))

    def _followed(self) -> Scenery | None:
        """Return the scenery; where the player changed it, viewpoints are to be painted again."""
        now, before, things = self._ground.scenery, self._scenery, self._ground.things
        if now is before or now is None:
            return now
        assert self._painting.plan is not None
        forgotten, self._noise = self._noise, self._painting.plan.noise
        if before is not None and (forgotten != self._noise or things != self._things):
            self.drop_view()  # which shows what was there
        if before is not None and forgotten != self._noise:
            self.kept, self._layered = {}, {}
            self.far = np.zeros_like(self.far)
        elif before is not None and things != self._things:
            changed, lattice = set(things) ^ set(self._things), self._imagination.lattice
            # edits leave sky and ground as they are, another light does not
            is_relit = any(one.kind in self._imagination.config.all_behind for one in changed)
            if is_relit:
                self.far = np.zeros_like(self.far)
            self.kept = {
                place: all_faded(one) if is_relit else faded(one, [
                    *before.appearing(changed, *place), *now.appearing(changed, *place)
                ], lattice)
                for place, one in self.kept.items()
            }  # fmt: skip
            self._layered = {}
        self._scenery, self._things = now, things
        return now

    def shares(self, pose: CameraPose, *, as_changed: bool = True) -> list[tuple[Position, float]]:
        """Return the viewpoints that show a pose, and their shares of its picture.

        Args:
            pose: of the view.
            as_changed: whether those count as farther that show what was there before a change.
        """
        near = {place: _away(pose, place) for place in (START, *self.kept)}
        lattice = self._imagination.lattice
        cells = lattice.shown([lattice.nearest(pose)])
        if as_changed:
            first = min(near.values()) + OTHER_LIGHT + BLEND
            rings = {place: one for place, one in self.kept.items() if near[place] < first}
            for place, farther in _outdated(rings, cells).items():
                near[place] += farther
        first, known = min(near.values()) + UNPAINTED + ABSENT + BLEND, self._painting.around.known
        for place in [place for place, away in near.items() if away < first]:
            ring = self.kept.get(place)
            near[place] += UNPAINTED * _unpainted(ring, known, cells)
            near[place] += 0.0 if ring is None else ABSENT * float(ring.absent[cells].mean())
        if self._scenery is not None and shows_given(self._painting):
            missing = 1 - share_shown(self._scenery, pose, known) if len(near) > 1 else 0.0
            favour = FAVOURED * max(0.0, 1 - missing / TOLERATED)
            near[START] -= favour * view_overlap(pose.at_origin, CameraPose())
        if self.kept and not self._painting.around.known.any():
            del near[START]
        least = min(near.values())
        shown = {place: BLEND - (away - least) for place, away in near.items()}
        shown = {place: share for place, share in shown.items() if share > 0}
        return [(place, share / sum(shown.values())) for place, share in shown.items()]

    def _source_at(self, place: Position) -> _LayersSource:
        if place in self.kept:
            return _source(self.kept[place], self._painting)
        painting, things = self._painting, self._ground.things
        around, given, details = painting.around, painting.given, painting.pictures.details
        return _LayersSource(
            START, around, lambda _: details.refined_ring(GroundThings(around, things)),
            lambda picture: _as_given(picture, around, given, self._imagination.ahead),
            None if given is None else partial(details.first_ring, around, given),
            around.known, around.known, np.zeros_like(around.known),
        )  # fmt: skip

    def _layers(self, source: _LayersSource, scenery: Scenery) -> LayeredRing:
        """Return a ring in layers; the last ones are kept, and threads may share them."""
        key = id(source.ring)  # of no other one as long as this one is kept
        with self._lock:
            kept = self._layered.pop(key, None)
            made: Future[LayeredRing] = kept[1] if kept else Future()
            self._layered[key] = source, made
            for old in list(self._layered)[:-LAYERED]:
                del self._layered[old]
        if kept is None:
            try:
                made.set_result(self._cut(source, scenery))
            except BaseException as error:  # raised again by `result`, also on other threads
                made.set_exception(error)
        return made.result()

    def _cut(self, source: _LayersSource, scenery: Scenery) -> LayeredRing:
        painting, owners = self._painting, self._planned.owners(scenery, source.place)
        known, painted = (in_pixels(cells, len(owners)) for cells in (source.known, source.painted))
        picture, finer = source.refined(scenery)
        owners = self._imagination.owners_in(
            owners, scenery, source.place, source.read(picture), known
        )
        given = settled = None
        before = self._planned.before_sky(scenery, source.place)
        ahead = columns_ahead(self._imagination) if shows_given(painting) else None
        if before is not None and ahead is not None:
            before = unsure_in(before, ahead)
        if isinstance(source.ring, Surroundings):
            cells = painting.pictures.details.settled(source.ring, painting.first)
            given, settled = ahead, in_pixels(cells, len(owners))
        numbers = scenery.numbers(*source.place, owners)
        if source.over is not None:
            over = source.over()
            picture = shown_under(picture, over)
            if finer is not None:
                finer = shown_under(finer, smooth(torch.from_numpy(over)[None])[0].numpy())
        ring = RingToCut(
            picture, known, numbers, scenery, source.place, painted, given, settled,
            self._planned.sprites(scenery, source.place),
            self._planned.geometry(scenery, source.place).behind,
            finer, before, self._planned.lying(scenery, source.place),
            # in the plan's light, which may not be that of the ring
            self._planned.sketch(scenery, source.place)
            if source.is_lit and not known.all()
            else None,
        )  # fmt: skip
        return LayeredRing(ring, self._imagination.close_ups, painting.redrawn)

    # Snapshots

    def snapshot(self) -> WorldState:
        """Return all that is kept, and the inputs of a view under way."""
        self._followed()
        shape = self._imagination.nothing().latents.shape
        rings, view = list(self.kept.values()), self._view
        latents = np.array([one.latents for one in rings], np.float16).reshape(-1, *shape)
        painted = np.array([one.states for one in rings], np.uint8)
        painted = painted.reshape(-1, *shape[1:])
        tensors = {"latents": torch.from_numpy(latents), "painted": torch.from_numpy(painted)}
        if self.far.any():
            tensors["far"] = torch.frombuffer(bytearray(zlib.compress(self.far)), dtype=torch.uint8)
        return packed(tensors, {
            "weights": self._painting.weights, "places": list(self.kept),
            "new": asdict(self._ground.new), "losses": self.losses,
            "patches": sorted(self.walk.patches), "lost_patches": sorted(self.walk.lost_patches),
            "for_good": sorted(self.walk.for_good),
            "seen": _numbers_of(self.walk.things, self._painting.plan),
            "lost": _numbers_of(self.walk.lost, self._painting.plan),
            "view": view and {"pose": asdict(view.pose), "prompt": view.prompt},
        })  # fmt: skip

    def read_snapshot(self, state: WorldState) -> Callable[[], None]:
        """Return a function that restores a snapshot after the painting, or raise ValueError.

        Viewpoints painted with other weights are forgotten.
        """
        parked: _ParkedViewpoints = decode(_ParkedViewpoints, plain(state), "viewpoints")
        shape = self._imagination.nothing().latents.shape
        parked.new.check(self._imagination.config.looks)
        count = len(set(parked.places))
        if count * (2 * prod(shape) + prod(shape[1:])) > BUDGET:  # before they are unpacked
            raise ValueError(f"{count} viewpoints take more than {BUDGET // MIB} MiB")
        tensors = unpacked(state)
        latents = numbers_of(tensors, "latents", (count, *shape)).numpy()
        painted = tensors["painted"]
        if painted.dtype != torch.uint8 or painted.shape != (count, *shape[1:]):
            raise ValueError(f"cells are {tuple(painted.shape)} of {painted.dtype}")
        if parked.view:
            self._imagination.lattice.place(parked.view.pose.at_origin)
        rings = zip(parked.places, latents, painted.numpy(), strict=True)
        kept = {place: PaintedRing.of(place, *ring) for place, *ring in rings}
        far = _unpacked_far(tensors, self.far.shape)

        def restore() -> None:
            self.begin()
            if parked.weights != self._painting.weights or self._painting.plan is None:
                return
            self._ground.begin(parked.new)
            self._followed()
            self.kept, self.far, self.losses = kept, far, parked.losses
            self.walk.patches = frozenset(parked.patches)
            self.walk.lost_patches = frozenset(parked.lost_patches)
            planned = dict(enumerate(self._painting.plan.things))
            self.walk.things, self.walk.lost = (
                frozenset(planned[one] for one in places if one in planned)
                for places in (parked.seen, parked.lost)
            )
            is_older = parked.for_good is None
            self.walk.for_good = frozenset(parked.places if is_older else parked.for_good or ())
            if parked.view:
                self.begin_view(parked.view.pose, parked.view.prompt)

        return restore


def _lying_things(scenery: Scenery, place: Position) -> tuple[list[PlacedObject], np.ndarray]:
    """Return what lies or is far away around a viewpoint, from far to near, and its numbers."""
    things = scenery.plan(*place)
    numbers = scenery.numbers(*place, np.arange(len(things)))
    lies = np.array([not one or scenery.bodies[one - 1].lies for one in numbers.tolist()])
    return [one for one, there in zip(things, lies, strict=True) if there], numbers[lies]


def _source(ring: PaintedRing, painting: PaintingInventor) -> _LayersSource:
    def refined(scenery: Scenery) -> RefinedRing:
        with torch.inference_mode():
            decoded = decoded_ring(painting.imagination, ring.held, painting.thread.map)
        picture, things = decoded[0].float().numpy(), scenery.plan(*ring.place)
        return painting.refined.refined(picture, ring.painted, things, ring.place)

    return _LayersSource(
        ring.place, ring, refined, lambda picture: picture, None,
        ring.known, ring.painted, ring.outdated,
    )  # fmt: skip


def _as_given(
    picture: np.ndarray, around: Surroundings, given: GivenPicture | None, ahead: Place
) -> np.ndarray:
    """Return the first ring, [3, H, W], with the pixels of the view ahead that it begins from."""
    if given is None:
        return picture
    there, cell = around.at(ahead), len(given.pixels) // ahead.rows
    columns = (cell * ahead.left + np.arange(cell * ahead.columns)) % picture.shape[2]
    part = slice(cell * ahead.top, cell * (ahead.top + ahead.rows)), columns
    ring = picture.copy()
    view = torch.from_numpy(ring[:, *part])
    ring[:, *part] = given.over(view, there.latents, there.known).numpy()
    return ring


def _seen(
    layers: Sequence[LayeredRing], far: np.ndarray, planned: _PlannedParts, pose: CameraPose
) -> np.ndarray:
    """Return the pixels of a view that other rings show, uint8 [h, w, 4]; see `Subject`.

    A painter draws the shore anew: where it was hidden it may have been drawn a little lower.
    """
    found = _only(planned.distant, far)
    for one in layers:
        found = _over(found, one.seen(pose, planned.numbers.shape, planned.numbers))
    found[..., 3] = KNOWN * ((found[..., 3] > 0) & ~planned.shore)
    return found


def _outdated(rings: Mapping[Position, PaintedRing], cells: np.ndarray) -> dict[Position, float]:
    """Return the viewpoints that show, in some cells, what was there before; see `OUTDATED` [m]."""
    return {
        place: OTHER_LIGHT if (one.outdated & one.lacking)[cells].any() else OUTDATED
        for place, one in rings.items()
        if one.outdated[cells].any()
    }


def _carrier(others: Sequence[_LayersSource], shown: np.ndarray) -> int:
    """Return which of some rings, the nearest first, cells are carried from, bool [rows, columns].

    It is the nearest that knows most of the cells, or else the nearest.
    """
    return next((at for at, one in enumerate(others) if one.known[shown].mean() > HALF), 0)


def _unpainted(ring: PaintedRing | None, known: np.ndarray, cells: np.ndarray) -> float:
    """Return the share of some cells that are guesses in a ring; None: in the first one.

    Args:
        ring: of a viewpoint.
        known: cells of the first ring, bool [rows, columns].
        cells: to look at, likewise.
    """
    seen = known if ring is None else ring.painted | ring.outdated
    return float((~seen[cells]).mean())


def share_shown(scenery: Scenery, pose: CameraPose, known: np.ndarray) -> float:
    """Return the share of the ground, walls and sky in a view that the first ring shows.

    Seen from farther back, ground and ceiling go on below and above what it shows.

    Args:
        scenery: the plan in metres.
        pose: of the view.
        known: cells of the first ring, bool [rows, columns].
    """
    rows, columns = RAYS
    radians = np.radians(pose.fov) / columns
    yaw = np.radians(pose.yaw) + (np.arange(columns) + 0.5 - columns / 2) * radians
    high = ASPECT * np.radians(pose.fov) / rows
    pitch = (np.radians(pose.pitch) + (rows / 2 - 0.5 - np.arange(rows)) * high)[:, None]
    away = np.minimum(scenery.surfaces(pose.x, pose.z, yaw, pitch[:, 0]), DISTANT)
    x, z = away * np.sin(yaw) + pose.x, away * np.cos(yaw) + pose.z
    cell = 2 * np.pi / known.shape[1]
    across = np.floor(np.arctan2(x, z) / cell).astype(int) % known.shape[1]
    down = np.floor(len(known) / 2 - np.arctan(away * np.tan(pitch) / np.hypot(x, z)) / cell)
    within = (down >= 0) & (down < len(known))
    return float((within & known[down.astype(int).clip(0, len(known) - 1), across]).mean())


def _near_ones(scenery: Scenery, place: Position) -> list[int]:
    """Return the numbers of things that are both near and large at a viewpoint."""
    degrees = scenery.boxes(*place, (180, 360))  # a pixel each
    return [
        number
        for number, (_, _, *size) in degrees.items()
        if max(size) > LARGE and dist(scenery.bodies[number - 1].place, place) < NEAR
    ]


def staying(
    seen: np.ndarray, numbers: np.ndarray, near: Sequence[int], begun: PaintedRing
) -> np.ndarray:
    """Return the cells of near things that stay as others show them, bool [rows, columns].

    A sketch says less of such a thing than its picture from farther away, enlarged.

    Args:
        seen: of a view, from other viewpoints; see `Subject`.
        numbers: of the planned thing in each pixel of the ring, int32 [H, W].
        near: numbers of these things.
        begun: the ring before the view is painted.
    """
    rows, columns = begun.painted.shape
    is_near, is_known = np.isin(numbers, near), seen[..., 3] > 0
    planned, known, own = (
        where.reshape(rows, len(where) // rows, columns, -1).mean(axis=(1, 3))
        for where in (is_near, is_known, is_near & is_known)
    )
    whole = (planned > OF_NEAR) & (own > SEEN * planned) & (known > HALF)
    stays: np.ndarray = whole & ~begun.lacking & ~begun.outdated
    return stays


def _over(shown: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return a picture, [..., 4], and another one where that is known better."""
    return _chosen(shown[..., 3] >= behind[..., 3], shown, behind)


def _chosen(where: np.ndarray, shown: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return the pixels of one picture, uint8 [..., 4], or else those of another one.

    Four channels are chosen as one number: four times as fast.
    """
    one, other = (picture.view(np.uint32)[..., 0] for picture in (shown, behind))
    return np.where(where, one, other)[..., None].view(np.uint8)


def _only(where: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return pixels, uint8 [..., 4], with zeros but for some."""
    return _chosen(where, pixels, np.zeros(4, np.uint8))


def anchored(seen: np.ndarray, is_ground: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return carried pixels, uint8 [H, W, 4], whose ground is nearer to the first ring's colours.

    What is painted after what was painted after a picture, and so on, drifts.

    Args:
        seen: colours, and 255 where they are known.
        is_ground: which pixels show open ground, bool [H, W].
        rows: mean colours of the first ring's ground in each row, nan: none [H, 3].
    """
    where = is_ground & (seen[..., 3] > 0) & np.isfinite(rows[:, :1])
    counts = where.sum(axis=1)[:, None]
    if counts.sum() < LEAST_GROUND:
        return seen
    expected = (np.nan_to_num(rows) * counts).sum(axis=0) / counts.sum()
    shift = expected - seen[where][:, :3].mean(axis=0)
    if np.abs(shift).max() > OTHER_GROUND:
        return seen
    nearer = seen.copy()
    nearer[where, :3] = np.rint(seen[where, :3] + ANCHORED * shift).clip(0, 255)
    return nearer


def _unpacked_far(tensors: Mapping[str, Tensor], shape: tuple[int, ...]) -> np.ndarray:
    """Return the far picture of a snapshot, or raise ValueError; older ones have none."""
    if "far" not in tensors:
        return np.zeros(shape, np.uint8)
    held = tensors["far"]
    if held.dtype != torch.uint8 or held.ndim != 1:
        raise ValueError(f"the far picture is {tuple(held.shape)} of {held.dtype}")
    unpacking = zlib.decompressobj()  # never more than it should be
    try:
        pixels = unpacking.decompress(held.numpy().tobytes(), prod(shape))
    except zlib.error as error:
        raise ValueError(f"the far picture cannot be unpacked: {error}") from error
    if len(pixels) != prod(shape) or unpacking.unconsumed_tail:
        raise ValueError("the far picture is of another size")
    return np.frombuffer(pixels, np.uint8).reshape(shape).copy()


def _numbers_of(things: Collection[PlacedObject], plan: Plan | None) -> list[int]:
    return [place for place, one in enumerate(plan.things) if one in things] if plan else []


def _half(lattice: Lattice, pose: CameraPose) -> Place:
    """Return the cells of half a ring, with a view of the lattice in the middle."""
    whole, view = lattice.whole, lattice.place(replace(pose.at_origin, pitch=0.0))
    left = view.left - (whole.columns // 2 - view.columns) // 2
    return replace(whole, left=left % whole.columns, columns=whole.columns // 2)


def _quarters(place: Position) -> list[CameraPose]:
    """Return the views of the quarters of a ring around a viewpoint, from left to right."""
    return [CameraPose(yaw, 0.0, WIDEST_FOV, *place) for yaw in (45.0, 135.0, 225.0, 315.0)]


def _away(pose: CameraPose, place: Position) -> float:
    return hypot(pose.x - place[0], pose.z - place[1])


def _at(view: CameraPose, place: Position) -> CameraPose:
    return replace(view, x=place[0], z=place[1])
