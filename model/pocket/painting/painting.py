"""Plans the surroundings and paints views of them beside the world, on a thread of its own.

The inputs of a view are immutable values, fixed when it is begun, and the world learns the result
when it takes the view. So the speed of the thread changes no picture, and a view under way is
parked as its inputs. Where to paint next (what is in view by then, what comes into it soon and, at
rest, what lies around) is bookkeeping, quick enough for every block.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from copy import copy
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from threading import Event

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import (
    ASPECT,
    MAX_PITCH,
    WIDEST_FOV,
    CameraCommand,
    CameraPose,
    check_pose,
    yaw_difference,
)
from mag_sandbox.files.validation import decode
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.details import GivenPicture
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings
from mag_sandbox.model.imagination.drawing.refining import RefinedRings
from mag_sandbox.model.imagination.imagination import Imagination, Subject
from mag_sandbox.model.imagination.objects import PlacedObject, Things, check_objects
from mag_sandbox.model.imagination.rules.doors import NO_DOORS, RoomDoors, with_doors
from mag_sandbox.model.imagination.rules.plans import turned
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.surroundings import GIVEN, Lattice, Surroundings
from mag_sandbox.model.parking import numbers_of, packed, plain, unpacked
from mag_sandbox.model.pocket.inventing import Outlook, ViewMemory
from mag_sandbox.model.pocket.painting.drawing_again import (
    BLOCKS_TO_DRAW,
    DrawingAgain,
    GroundThings,
    drawn_name,
)
from mag_sandbox.model.pocket.painting.painted_details import PaintedDetails
from mag_sandbox.model.pocket.painting.painted_pictures import PaintedPictures, SkyAlone
from mag_sandbox.model.pocket.painting.painting_thread import PaintingThread, ViewPainter
from mag_sandbox.model.pocket.painting.relighting import Relighting
from mag_sandbox.model.prompts import PromptFeatures
from mag_sandbox.model.world import WorldState
from mag_sandbox.scenes.changes import is_same_ground
from mag_sandbox.scenes.scene import MAX_SEED, check_prompt
from mag_sandbox.scenes.vocabulary import Vocabulary

Carry = Callable[[Sequence[PlacedObject]], np.ndarray | None]
BLOCKS_A_VIEW = 3  # that are shown while a view is painted beside them, with time to spare
BLOCKS_A_PLAN = 6  # likewise, while one is made first: of a new prompt
_EVERYWHERE = 90.0  # degrees; wider things stand nowhere in particular
REACH = 0.45  # of a view: how far beyond its edge all is painted before the camera gets there
SOON = 0.1  # of a view: what the next block may show
CLOUDS = 0.12  # of a view: how far upwind of the sky in view
BORDER = 4  # cells of known ground that a view should show, to be continued from
_BORDER_WORTH = 0.1  # of an unknown cell's
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # right, left, up, down


def due_now(lattice: Lattice, outlook: Outlook) -> np.ndarray:
    """Return the cells due for the next block, if late all on the way, bool [rows, columns]."""
    pose, ahead = outlook.pose, outlook.ahead
    if outlook.is_late:
        return lattice.touched(
            pose, (yaw_difference(ahead.yaw, pose.yaw), ahead.pitch - pose.pitch)
        )
    return lattice.touched(pose, _beyond(_heading(outlook.command), SOON))


def next_view(
    lattice: Lattice, known: np.ndarray, outlook: Outlook, *, has_room: bool
) -> CameraPose | None:
    """Return the pose of the lattice to paint next, or None if enough is known.

    Args:
        lattice: of views.
        known: which cells are known, bool [rows, columns].
        outlook: of the player.
        has_room: whether memory has room for views that may never be looked at.
    """
    for pose, heading, share in _stretches(outlook, has_room=has_room):
        missing = lattice.touched(pose, _beyond(heading, share)) & ~known
        if missing.any():
            worth = missing + _BORDER_WORTH * (_grown(missing) & known)
            return lattice.best(worth, _moved(pose, heading))
    return None


def _stretches(
    outlook: Outlook, *, has_room: bool
) -> Iterator[tuple[CameraPose, tuple[float, float], float]]:
    """Yield poses around which cells must be known, headings, and how far; most urgent first."""
    heading = _heading(outlook.command)
    yield outlook.ahead, heading, REACH if outlook.is_late else 0.0
    yield outlook.pose, heading, REACH
    if outlook.upwind is not None:
        yield outlook.upwind, (-1, 0), CLOUDS
    if has_room and not any(heading):
        for side in _SIDES:
            yield outlook.pose, side, REACH


def _heading(command: CameraCommand) -> tuple[float, float]:
    return float(np.sign(command.yaw)), float(np.sign(command.pitch))


def _beyond(heading: tuple[float, float], share: float) -> tuple[float, float]:
    """Return degrees to the right and up."""
    return heading[0] * share * WIDEST_FOV, heading[1] * share * WIDEST_FOV * ASPECT


def _moved(pose: CameraPose, heading: tuple[float, float]) -> CameraPose:
    """Return the pose a view further on."""
    right, up = _beyond(heading, 1.0)
    pitch = float(np.clip(pose.pitch + up, -MAX_PITCH, MAX_PITCH))
    return CameraPose((pose.yaw + right) % 360.0, pitch, WIDEST_FOV)


def _grown(cells: np.ndarray) -> np.ndarray:
    """Return cells and those up to `BORDER` beside them, bool [rows, columns]."""
    grown = cells.copy()
    for _ in range(BORDER):
        beside = np.roll(grown, 1, axis=1) | np.roll(grown, -1, axis=1)
        beside[1:] |= grown[:-1]
        beside[:-1] |= grown[1:]
        grown |= beside
    return grown


@dataclass(frozen=True, slots=True)
class Plan:
    """The things around: on known ground and on unknown ground."""

    prompt: str
    noise: int  # seed
    things: tuple[PlacedObject, ...]  # from far to near

    def __post_init__(self) -> None:
        check_noise(self.noise)

    def is_of(self, prompt: str, noise: int) -> bool:
        """Tell whether it was made of these, whatever has changed since."""
        return (self.prompt, self.noise) == (prompt, noise)

    def made_as(self, other: "Plan") -> bool:
        """Tell whether both were made of the same prompt and noise."""
        return self.is_of(other.prompt, other.noise)

    def turned(self, noise: int, behind: Collection[str]) -> "Plan":
        """Return the plan for other noise, with most things elsewhere.

        All but the widest, and kinds of things that are behind all others, are turned by a quarter
        or more, and perhaps mirrored, which takes no time.
        """
        drawn = np.random.default_rng([noise, 4])
        way, turn = float(drawn.choice((-1.0, 1.0))), drawn.uniform(90.0, 270.0)
        things = (
            one if one.width > _EVERYWHERE or one.kind in behind
            else replace(one, yaw=(way * one.yaw + turn) % 360.0)
            for one in self.things
        )  # fmt: skip
        return Plan(self.prompt, noise, tuple(things))

    def after(self, before: "Plan", known: np.ndarray, lattice: Lattice) -> "Plan":
        """Return this plan with the things of an earlier one where those were painted already.

        Args:
            before: the plan so far.
            known: which cells are known, bool [rows, columns].
            lattice: of these cells.
        """
        new = self.without(known, lattice).things
        old = (thing for thing in before.things if stands_in(thing, known, lattice))
        return Plan(self.prompt, self.noise, (*new, *old))

    def without(self, cells: np.ndarray, lattice: Lattice) -> "Plan":
        """Return this plan without the things that stand in cells, bool [rows, columns]."""
        things = (thing for thing in self.things if not stands_in(thing, cells, lattice))
        return Plan(self.prompt, self.noise, tuple(things))


def stands_in(thing: PlacedObject, cells: np.ndarray, lattice: Lattice) -> bool:
    """Tell whether a thing's middle lies in some cells of the ring, bool [rows, columns]."""
    place = lattice.box(thing.yaw, thing.pitch, lattice.cell, lattice.cell)
    column = (place.left + place.columns // 2) % cells.shape[1]
    return thing.width <= _EVERYWHERE and bool(cells[place.top, column])


def _carry_nothing(things: Sequence[PlacedObject]) -> np.ndarray | None:  # noqa: ARG001 -- Carry
    """Carry nothing over to the painted picture."""
    return None


@dataclass(frozen=True, slots=True)
class _AskedView:
    """A view under way, as it is parked."""

    pose: CameraPose
    prompt: str


@dataclass(frozen=True, slots=True)
class _ParkedDrawing:
    """Parked things that are shown drawn again, or being drawn."""

    due: int  # index of a block; 0: they are shown
    things: tuple[PlacedObject, ...] | None = None  # None: those of the plan

    def __post_init__(self) -> None:
        if self.due < 0:
            raise ValueError(f"things are due at {self.due}")


@dataclass(frozen=True, slots=True)
class _ParkedPainter:
    """A parked inventor without its ring."""

    seed: int
    losses: int
    evictions: int
    weights: str = ""  # this and the next fields may be absent from older states
    plan: Plan | None = None
    asked: tuple[str, int] | None = None  # prompt and noise of the newest plan begun
    facing: float = 0.0  # see `PaintingInventor`
    view: _AskedView | None = None
    listed: tuple[PlacedObject, ...] = ()
    doors: tuple[float, ...] = ()
    back: PlacedObject | None = None
    is_given: bool = False
    drawn: tuple[_ParkedDrawing, ...] = ()
    first: CameraPose = field(default_factory=CameraPose)

    def __post_init__(self) -> None:
        if not (0 <= self.seed <= MAX_SEED and min(self.losses, self.evictions) >= 0):
            raise ValueError(f"seed {self.seed}, {self.losses} losses, {self.evictions} evictions")
        for yaw in (self.facing, *self.doors):
            check_pose(CameraPose(yaw))
        if self.plan:
            check_prompt(self.plan.prompt)
        for prompt, noise in [self.asked] if self.asked else []:
            check_prompt(prompt)
            check_noise(noise)
        check_noise(noise_of(self.seed, self.losses))

    def check(self, lattice: Lattice, kinds: Collection[str]) -> None:
        """Check a plan on a lattice, of things of some kinds.

        Raises:
            ValueError: it does not fit.
        """
        back = (self.back,) if self.back else ()
        for one in self.drawn:
            check_objects(one.things or (), kinds)
        check_objects((*self.listed, *things_of(self.plan), *back), kinds)
        lattice.place(check_pose(self.first))
        if self.view:
            lattice.place(check_pose(self.view.pose))
            prompts = {self.asked and self.asked[0], self.plan and self.plan.prompt}
            if self.view.prompt not in prompts:
                raise ValueError("a view is under way of which there is no plan")


def check_noise(noise: int) -> None:
    """Raise ValueError if noise has no such seed."""
    if not 0 <= noise < 2**63:
        raise ValueError(f"noise is {noise}")


def noise_of(seed: int, losses: int) -> int:
    """Return the seed of views painted after a number of losses."""
    return seed + losses * 2**32


@dataclass(frozen=True, slots=True)
class PaintedGround:
    """The known ring after a painting."""

    before: Surroundings  # it was painted on
    around: Surroundings
    plan: Plan | None
    first: CameraPose | None = None  # pose of the view if nothing was known before

    @property
    def news(self) -> np.ndarray:
        """Cells that were not known before, bool [rows, columns]."""
        news: np.ndarray = self.around.known & ~self.before.known
        return news


@dataclass(frozen=True, slots=True)
class _PaintedView:
    ground: PaintedGround
    latents: Tensor  # of the view


class _ShownCells:
    """Which cells of the ring views show; the last answer is kept: more views take longer."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._last: tuple[tuple[CameraPose, ...], np.ndarray] = (), lattice.shown(())

    def __call__(self, poses: Sequence[CameraPose]) -> np.ndarray:
        """Return them, bool [rows, columns]; not to be changed."""
        if self._last[0] != tuple(poses):
            self._last = tuple(poses), self._lattice.shown(poses)
        return self._last[1]


class PaintingInventor(ViewPainter[_PaintedView]):
    """Plans and paints on a ring of cells, of which it knows what memory shows.

    What memory has lost it forgets, and what comes there later is painted by the plan turned round,
    with other noise: else the seed alone would be a memory. A new plan would take too long: a world
    that forgets within seconds would always be waiting for one.
    A new prompt makes a new plan of the unknown part.
    """

    blocks_per_view = BLOCKS_A_VIEW

    def __init__(
        self,
        imagination: Imagination,
        features: PromptFeatures,
        words: Vocabulary,
        weights: str,
        sky_alone: SkyAlone,
    ) -> None:
        """Begin with an empty ring.

        Args:
            imagination: makes plans and views.
            features: of prompts.
            words: the vocabulary of prompts.
            weights: digest of the imagination's.
            sky_alone: removes from pictures at poses everything in front of the sky.
        """
        self.imagination, self.weights = imagination, weights
        self.texts = partial(_texts, features, words)
        self.words = words
        super().__init__(PaintingThread())
        self.redrawn: RedrawnThings = RedrawnThings(imagination.close_ups, self.thread.map)
        self.refined = RefinedRings(imagination.refine, imagination.drawn_sketch, self.thread.map)
        self.pictures = PaintedPictures(imagination, sky_alone, self.redrawn, self.refined)
        self.drawing = DrawingAgain(self.thread, self.pictures.details.drawn_again)
        self._shown = _ShownCells(imagination.lattice)
        self.around = imagination.nothing()  # the known part of the ring
        self.plan: Plan | None = None  # None: nothing was invented
        self.first = CameraPose()  # pose of the view that was painted first, in this light
        self.listed: tuple[PlacedObject, ...] = ()  # what the first view shows; (): to be read
        self.is_given = False  # whether the first view is a given picture
        self.given: GivenPicture | None = None  # that picture, if it is to be shown itself
        self.asked: tuple[str, int] | None = None  # prompt and noise of the newest plan begun
        self.planned: Future[tuple[PlacedObject, ...]] = Future()  # what it lists
        self._facing = 0.0  # the yaw at which it shows most named things
        self._seed = 0
        self.doors = NO_DOORS
        self.losses = 0  # how often the plan was turned because ground had been forgotten
        self.forgotten = np.zeros_like(self.around.known)  # cells, since it was
        self.relit = self.forgotten  # likewise, painted in another light
        self._evictions = 0  # of memory, when its losses were last looked at

    @property
    def noise(self) -> int:
        """Seed of the current view."""
        return noise_of(self._seed, self.losses)

    def begin(self, seed: int, doors: RoomDoors = NO_DOORS) -> None:
        """Begin a room of which only the doors are known."""
        self.drop_view()
        self.thread.cancel()
        self.drawing = self.drawing.anew()
        self.around, self.plan, self._seed = self.imagination.nothing(), None, seed
        self.doors, self.asked, self.listed = doors, None, ()
        self._facing, self.first = 0.0, CameraPose()
        self.is_given, self.given = False, None
        self.losses = self._evictions = 0
        self.forgotten = self.relit = np.zeros_like(self.around.known)

    def room_ahead(
        self, seed: int, doors: RoomDoors, pose: CameraPose, prompt: str
    ) -> "tuple[PaintingInventor, Event]":
        """Begin the first view of another room in the background; see `enter`.

        Args:
            seed: of that room.
            doors: of it.
            pose: of the view, on the lattice.
            prompt: of that room.

        Returns:
            The inventor of that room, and the event that cancels its work.
        """
        other = copy(self)
        other._view = None
        with self.thread.background() as given_up:
            other.begin(seed, doors)
            other._require_plan(prompt, pose)
            other._begin_painting(pose, prompt)
        return other, given_up

    def enter(self, room: "PaintingInventor") -> None:
        """Become the inventor of a room ahead, whose first view may still be under way."""
        self.drop_view()
        self.__dict__.update(room.__dict__)

    def begin_memory(self) -> None:
        """Continue with a memory that has evicted nothing yet."""
        self._evictions = 0

    def next_view(self, outlook: Outlook, memory: ViewMemory) -> CameraPose | None:
        """Return a pose of the lattice that shows the unknown ground that comes into view next.

        A view under way is continued unless the next block needs none of it.
        """
        lattice, known = self.imagination.lattice, self._shown(memory.policy.lasting)
        if self._view is not None:
            missing = due_now(lattice, outlook) & ~known
            if not missing.any() or (missing & lattice.shown([self._view.pose])).any():
                return None
        return next_view(lattice, known, outlook, has_room=memory.policy.has_room)

    def begin_view(self, pose: CameraPose, prompt: str, memory: ViewMemory) -> int:
        """Begin a view of the lattice; it takes longer if a plan is begun for it."""
        self.drop_view()
        self.follow(memory, pose)
        self.renew_noise(pose)
        blocks = BLOCKS_A_VIEW + self._require_plan(prompt, pose)
        self._begin_painting(pose, prompt)
        return blocks

    def take_view(self, memory: ViewMemory) -> Tensor:  # noqa: ARG002
        """Return the view that was begun, and add it to the known ring."""
        made = self._take()
        self.around, self.plan = made.ground.around, made.ground.plan
        _show_first(self, made.ground)
        return made.latents

    def forget(self, cells: np.ndarray) -> None:
        """Forget cells of the ring, bool [rows, columns]; new ground there is planned anew."""
        self.drop_view()
        self.around = self.around.without(cells)
        self.losses += 1

    def begin_change(
        self,
        change: Callable[[Surroundings], Surroundings],
        cells: np.ndarray,
        plan: Plan | None,
        things: Callable[[Plan], Things],
        pose: CameraPose,
        prompt: str,
    ) -> "tuple[Future[PaintedGround], int]":
        """Begin to change cells; unknown ones are painted with a view first.

        Things are drawn again, too: the change is shown so from the beginning.

        Args:
            change: applies the change to surroundings; called on the painting thread.
            cells: of the ring, bool [rows, columns].
            plan: with the change.
            things: returns those of a plan, and the player's.
            pose: of the view, on the lattice.
            prompt: in force.

        Returns:
            The result, not shown yet, and how many blocks it may take.
        """
        around, first, details = self.around, self.first, self.pictures.details
        blocks, paint = BLOCKS_A_VIEW + BLOCKS_TO_DRAW, None
        if not around.known[cells].all():
            self.renew_noise(pose)
            blocks += self._require_plan(prompt, pose)
            paint = self._painter(prompt, self.noise, plan)

        def make() -> PaintedGround:
            made = PaintedGround(around, change(around), plan)
            if paint is not None:
                made = replace(paint(made.around, pose), before=around)
            if made.plan is not None:
                details.drawn_again(GroundThings(made.around, things(made.plan), first))
            return made

        return self.thread.after_all(make), blocks

    def begin_renewed(
        self, cells: np.ndarray, pose: CameraPose, prompt: str, before: Plan | None = None
    ) -> "tuple[Future[PaintedGround], int]":
        """Begin a view as if cells of the ring were forgotten; likewise.

        Args:
            cells: of the ring, bool [rows, columns].
            pose: of the view, on the lattice.
            prompt: in force.
            before: the plan whose things stay where they are, in the light and weather of the
                prompt, which may name a few more; None: there is a plan of its own.
        """
        around, noise = self.around.without(cells), noise_of(self._seed, self.losses + 1)
        lattice = self.imagination.lattice
        if before and not (self.forgotten & ~self.around.known).any():
            noise = self.noise
        plan, carry = self._planner(prompt, noise, around, pose.yaw), _carry_nothing
        if before:
            if noise != before.noise:  # things on ground that was forgotten stand elsewhere
                moved = _turned(before, noise, self.doors, self.imagination.config)
                before = moved.after(before, self.around.known, lattice)
            light = Relighting(before.things, (before.prompt, prompt), self.words, self.imagination)
            plan = partial(light.things, plan, pose.yaw)
            carry = partial(light.carried, self.around, self.given, self.pictures)
        planned = self.thread.after_all(plan)
        paint = self._painter(prompt, noise, None, planned, carry)
        return self.thread.after_all(lambda: paint(around, pose)), BLOCKS_A_VIEW + BLOCKS_A_PLAN

    def renew(self, cells: np.ndarray, made: PaintedGround) -> None:
        """Replace cells of the ring, bool [rows, columns], by newly painted ones."""
        self.drop_view()
        known, self.around = self.around.known, self.around.replaced(cells, made.around)
        self.relit = self.relit | known
        if made.plan is None or made.plan.noise != self.noise:
            self.losses += 1
            self.forgotten = self.relit = np.zeros_like(self.forgotten)
        self.plan = made.plan
        if self.around.equals(made.around):
            _show_first(self, made)

    def see(self, pose: CameraPose, latents: Tensor, only: np.ndarray | None = None) -> None:
        """Add a given view of the lattice to the known ring, or only some of its cells.

        What was planned there is not what stands there.
        """
        known, lattice = self.around.known, self.imagination.lattice
        self.around = self.imagination.seen(self.around, pose, latents, only)
        if self.plan is not None:
            self.plan = self.plan.without(self.around.known & ~known, lattice)

    def snapshot(self) -> WorldState:
        """Return the known ring, the plan, and the inputs of a view under way."""
        around, view = self.around, self._view
        tensors = {
            "known": torch.from_numpy(around.states),
            "forgotten": torch.from_numpy(self.forgotten.astype(np.uint8)),
            "relit": torch.from_numpy(self.relit.astype(np.uint8)),
            "latents": torch.from_numpy(around.latents),
        }
        if self.given is not None:
            tensors["given"] = torch.from_numpy(self.given.pixels)
            tensors["given latents"] = torch.from_numpy(self.given.latents)
        drawn, told = self.drawing.snapshot(GroundThings(around, things_of(self.plan)))
        data = {
            "weights": self.weights,
            "seed": self._seed,
            "losses": self.losses,
            "evictions": self._evictions,
            "plan": self.plan and asdict(self.plan),
            "asked": self.asked,
            "facing": self._facing,
            "first": asdict(self.first),
            "listed": [asdict(one) for one in self.listed],
            "view": view and {"pose": asdict(view.pose), "prompt": view.prompt},
            "doors": list(self.doors.yaws),
            "back": self.doors.back and asdict(self.doors.back),
            "is_given": self.is_given,
            "drawn": told,
        }
        return packed(tensors | drawn, data)

    def read_snapshot(self, state: WorldState) -> Callable[[], None]:
        """Check a snapshot; return a function that restores it.

        An older world, or one of other weights, is learned from its memory, view by view.
        """
        parked: _ParkedPainter | None = None  # of an older world
        around: Surroundings | None = None  # of other weights, like the next
        given: GivenPicture | None = None
        drawn = list[tuple[GroundThings, int]]()
        forgotten = relit = self.imagination.nothing().known
        if state.arrays:
            parked = decode(_ParkedPainter, plain(state), "around")
        if parked is not None and parked.weights == self.weights:
            parked.check(self.imagination.lattice, self.imagination.config.looks)
            tensors = unpacked(state)
            around, forgotten, relit = _ground_of(tensors, self.imagination.nothing())
            given = _given_of(tensors, self.imagination)
            nothing = self.imagination.nothing()
            for number, one in enumerate(parked.drawn):
                name = drawn_name(number)
                states = _states_of(tensors.get(f"{name}known", tensors["known"]), nothing)
                shown = Surroundings.of(states, around.only(states > 0).latents)
                if f"{name}latents" in tensors:
                    shown = replace(shown, latents=_latents_of(tensors, nothing, name))
                things = things_of(parked.plan) if one.things is None else one.things
                drawn.append((GroundThings(shown, things, parked.first), one.due))

        def restore() -> None:
            self.drop_view()
            if parked is None:
                return
            self._seed, self.losses = parked.seed, parked.losses
            self.doors = RoomDoors(parked.doors, parked.back)
            self._evictions = parked.evictions
            if around is None:
                return
            self.around, self.plan, self.first = around, parked.plan, parked.first
            self.forgotten, self.relit = forgotten, relit
            self.listed, self.is_given, self.given = parked.listed, parked.is_given, given
            self.drawing.restore(drawn)
            if parked.asked is not None:
                self._begin_plan(*parked.asked, parked.facing)
            if parked.view is not None:
                self._begin_painting(parked.view.pose, parked.view.prompt)

        return restore

    def close(self) -> None:
        """End the thread."""
        self.drop_view()
        self.thread.close()

    def _begin_painting(self, pose: CameraPose, prompt: str) -> None:
        around, imagination = self.around, self.imagination
        paint = self._painter(prompt, self.noise, self.plan)

        def make() -> _PaintedView:
            ground = paint(around, pose)
            return _PaintedView(ground, imagination.view(ground.around, pose))

        self._begin(pose, prompt, make)

    def renew_noise(self, pose: CameraPose) -> None:
        """Draw other noise for a view of the lattice if the present noise painted some of it.

        Painted from the same noise, forgotten ground would come back.
        """
        view = self.around.mask(self.imagination.lattice.place(pose))
        if (view & self.forgotten & ~self.around.known).any():
            self.losses += 1
            self.forgotten = self.relit = np.zeros_like(self.forgotten)

    def _require_plan(self, prompt: str, pose: CameraPose) -> int:
        """Begin a plan, if this prompt has none; return how many blocks it may take.

        Named things stand on the unknown ground nearest to a view at a pose.
        """
        has_one = self.plan is not None and self.plan.prompt == prompt
        if has_one or (self.asked and self.asked[0] == prompt):
            return 0
        free = self.imagination.lattice.free_yaw(self.around.known, pose.yaw)
        self._begin_plan(prompt, self.noise, 0.0 if self.plan is None else free)
        return BLOCKS_A_PLAN

    def _begin_plan(self, prompt: str, noise: int, facing: float) -> None:
        """Begin a plan; it is continued even if its view is dropped."""
        self.asked, self._facing = (prompt, noise), facing
        self.planned = self.thread.begin(self._planner(prompt, noise, self.around, facing))

    def _planner(
        self, prompt: str, noise: int, around: Surroundings, facing: float
    ) -> Callable[[], tuple[PlacedObject, ...]]:
        """Return a function that makes a plan whose view at a yaw shows most named things.

        The background stays as it was seen, for as long as words do not change the ground.
        """
        wanted = Wanted.of(prompt, self.words, self.imagination.config.looks)
        imagination, before, doors, texts = self.imagination, self.plan, self.doors, self.texts
        listed = self.listed if around.at(imagination.ahead).known.all() else ()
        picture = self.given

        def plan() -> tuple[PlacedObject, ...]:
            text, empty = texts(prompt)
            behind: Sequence[PlacedObject] = ()
            shown: Sequence[PlacedObject] = ()
            if before is None:
                given = listed or imagination.read(around, picture)
                behind = imagination.behind_all(given)
                shown = given[len(behind) :]
                behind = behind or imagination.behind_seen(
                    text, empty, noise, around, wanted, shown
                )
            elif is_same_ground(prompt, before.prompt, self.words):
                behind = imagination.behind_all(before.things)
            things = imagination.plan(text, empty, noise, wanted, behind, shown)
            if facing:
                kept = len(behind)
                things = (*things[:kept], *turned(things[kept:], -facing))
            things = with_doors(things, doors, imagination.config)
            if before is not None:
                return things
            unread, lattice = around.known, imagination.lattice  # has things without a name
            if shown:  # only the level view ahead was read
                unread = unread & ~around.mask(imagination.ahead)
            return Plan(prompt, noise, things).without(unread, lattice).things

        return plan

    def _painter(
        self,
        prompt: str,
        noise: int,
        plan: Plan | None,
        planned: "Future[tuple[PlacedObject, ...]] | None" = None,
        carry: Carry = _carry_nothing,
    ) -> Callable[[Surroundings, CameraPose], PaintedGround]:
        """Return a function that paints a view; it changes no state of the world.

        Args:
            prompt: of the view.
            noise: seed.
            plan: so far; it is turned if its noise is another, and replaced by the plan under way
                if its prompt is.
            planned: the plan under way; None: the newest one.
            carry: returns what is carried over from another light to things, see `Subject.seen`.
        """
        planned_with = noise if planned or self.asked is None else self.asked[1]
        before, planned, imagination = self.plan, planned or self.planned, self.imagination
        doors, texts, details = self.doors, self.texts, self.pictures.details

        def paint(around: Surroundings, pose: CameraPose) -> PaintedGround:
            now = plan
            if now is None or now.prompt != prompt:
                now = Plan(prompt, planned_with, planned.result())
            if now.noise != noise:
                now = _turned(now, noise, doors, imagination.config)
            check_cancelled("painting", 0.0)  # what is carried over takes longer than to paint
            lattice = imagination.lattice
            if now is not plan and before is not None:
                now = now.after(before, around.known, lattice)
            elif now is not plan:  # what was shown since it was begun
                now = now.without(around.known & ~around.mask(imagination.ahead), lattice)
            subject = Subject(texts(prompt)[0], noise, now.things, carry(now.things))
            first = None if around.known.any() else pose
            made = PaintedGround(around, imagination.imagine(around, pose, subject), now, first)
            return _refined(details, made)

        return paint

    def follow(self, memory: ViewMemory, pose: CameraPose) -> None:
        """Forget the ground that memory has lost, and learn the part of a view that it shows."""
        self.forget_lost(memory)
        lattice, shown = self.imagination.lattice, self._shown(memory.policy.lasting)
        unlearned = shown & ~self.around.known
        if unlearned[self.around.cells(lattice.place(pose))].any():
            before = self.around
            self.see(pose, memory.recall_view(pose), unlearned)
            self.around = replace(self.around, given=self.around.known & ~before.painted)

    def forget_lost(self, memory: ViewMemory) -> None:
        """Forget the ground that memory has lost."""
        if memory.policy.evicted == self._evictions:
            return
        self._evictions = memory.policy.evicted
        lost = self.around.known & ~self._shown(memory.policy.lasting)
        if lost.any():
            self.around = self.around.without(lost)
            self.forgotten, self.relit = self.forgotten | lost, self.relit & ~lost
            self.is_given &= bool(self.around.at(self.imagination.ahead).known.any())


def first_plan(inventor: PaintingInventor) -> Plan | None:
    """Return the plan; the first one is awaited if it is under way. None: none was begun."""
    if inventor.plan is not None or inventor.asked is None:
        return inventor.plan
    inventor.thread.release()
    return Plan(*inventor.asked, inventor.planned.result())


def shows_given(inventor: PaintingInventor) -> bool:
    """Tell whether some of the first view is still as it was given: in another light, none is."""
    given, ahead = inventor.given, inventor.imagination.ahead
    if not inventor.is_given or given is None:  # older saves do not hold the picture
        return inventor.is_given
    there = inventor.around.at(ahead)
    return bool(given.stays(there.latents, there.known).any())


def _show_first(inventor: PaintingInventor, made: PaintedGround) -> None:
    """Show the things of a view drawn again if nothing was known before it was painted."""
    if made.first is not None and made.plan is not None:
        inventor.first = made.first
        inventor.drawing.show(GroundThings(made.around, made.plan.things, made.first))


def _refined(details: PaintedDetails, ground: PaintedGround) -> PaintedGround:
    """Return painted ground; it is refined before a block needs that.

    The things of a first view are drawn again, too: it is shown so from the beginning.
    """
    if ground.plan is not None:
        now = GroundThings(ground.around, ground.plan.things, ground.first or CameraPose())
        details.refined(now) if ground.first is None else details.drawn_again(now)
    return ground


def things_of(plan: Plan | None) -> tuple[PlacedObject, ...]:
    """Return the things of a plan, none if there is no plan."""
    return plan.things if plan else ()


def _turned(plan: Plan, noise: int, doors: RoomDoors, config: ImaginationConfig) -> Plan:
    """Return a plan of other noise, with its doors where they were."""
    moved = plan.turned(noise, config.all_behind)
    return replace(moved, things=with_doors(moved.things, doors, config))


def _texts(features: PromptFeatures, words: Vocabulary, prompt: str) -> tuple[Tensor, Tensor]:
    """Return the features of a prompt and of the empty one, [1, text_len, text_dim] each."""
    return features(words.reading(prompt)), features("")


def _ground_of(
    tensors: Mapping[str, Tensor], nothing: Surroundings
) -> tuple[Surroundings, np.ndarray, np.ndarray]:
    """Return parked ground and the cells forgotten and relit since the plan turned.

    Raises:
        ValueError: they are invalid.
    """
    forgotten, relit = (  # absent from older states
        cells_of(tensors[name], nothing) if name in tensors else nothing.known
        for name in ("forgotten", "relit")
    )
    states = _states_of(tensors["known"], nothing)
    return Surroundings.of(states, _latents_of(tensors, nothing)), forgotten, relit


def _latents_of(
    tensors: Mapping[str, Tensor], nothing: Surroundings, before: str = ""
) -> np.ndarray:
    """Return the latents of parked ground, whose names begin so, or raise ValueError."""
    return numbers_of(tensors, f"{before}latents", nothing.latents.shape).numpy()


def _given_of(tensors: Mapping[str, Tensor], imagination: Imagination) -> GivenPicture | None:
    """Return the parked picture that a scene begins from, if any, or raise ValueError."""
    if "given" not in tensors:
        return None
    shape = imagination.nothing().at(imagination.ahead).latents.shape
    pixels, latents = tensors["given"], numbers_of(tensors, "given latents", shape)
    if pixels.shape != (*imagination.view_size, 3) or pixels.dtype != torch.uint8:
        raise ValueError(f"the given picture is {tuple(pixels.shape)}, of {pixels.dtype}")
    return GivenPicture(pixels.numpy(), latents.numpy())


def cells_of(tensor: Tensor, ring: Surroundings) -> np.ndarray:
    """Return the cells, bool [rows, columns], of a parked array of bytes, or raise ValueError."""
    return _states_of(tensor, ring, most=1).astype(bool)


def _states_of(tensor: Tensor, ring: Surroundings, most: int = GIVEN) -> np.ndarray:
    """Return `Surroundings.states` of parked ground, or raise ValueError."""
    if tensor.dtype != torch.uint8 or tensor.shape != ring.known.shape or tensor.max() > most:
        raise ValueError(f"cells are {tuple(tensor.shape)} of {tensor.dtype}")
    states: np.ndarray = tensor.numpy()
    return states
