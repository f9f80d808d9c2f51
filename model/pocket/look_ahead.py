"""Worlds that make views before the camera gets there, with any memory of these views."""

from abc import abstractmethod
from collections.abc import Collection
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraCommand, CameraPose, check_pose, move, straight
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.validation import of_type
from mag_sandbox.model.imagination.details import GivenPicture
from mag_sandbox.model.imagination.listed import read_listed
from mag_sandbox.model.pocket.base import PocketSession, PocketWorld, WorldParts
from mag_sandbox.model.pocket.inventing import Inventor, Outlook, ViewMemory
from mag_sandbox.model.pocket.painting.painting import PaintingInventor
from mag_sandbox.model.pocket.painting.painting_cuts import PaintingCuts
from mag_sandbox.model.pocket.pictures.decoding import (
    MOTION,
    WIND,
    DecodedBlock,
    MadePart,
    SharedWork,
)
from mag_sandbox.model.pocket.pictures.falling import fallen
from mag_sandbox.model.pocket.view_schedule import MOST_LATE, ViewRequest, ViewSchedule
from mag_sandbox.model.pocket.walks.viewpoints import Viewpoints
from mag_sandbox.model.pocket.walks.walking import WalkableGround
from mag_sandbox.model.session_world import MOST_BLOCKS
from mag_sandbox.model.world import Control, Frames, StageShare
from mag_sandbox.scenes import Scene

Memory = TypeVar("Memory", bound=ViewMemory)
FIRST_VIEWS = 2  # one to each side of the first, for which the camera's first movement waits
LOOK_AHEAD = "look-ahead"  # while the camera moves, views are made at leisure, and come later
SIDES = "sides"  # the first movement does not wait for the views beside the first one
VIEWS = "views"  # views and edits that are due are not remembered yet: they are being painted
THINGS = "things"  # things are not shown drawn again yet: they are being drawn
OPTIONAL = (WIND, LOOK_AHEAD, MOTION)  # what blocks may leave out, first what shows least
_LEISURE = 2  # times the blocks that are given to a view otherwise


@dataclass(frozen=True, slots=True)
class LookAheadSession(PocketSession):
    """Progress of a playthrough in a world that looks ahead."""

    prompt_index: int = 0  # how often the prompt has changed
    has_sky: bool = False  # whether the last shown block did, in a world that moves
    leave_out: tuple[str, ...] = ()  # of `OPTIONAL`, by the last control
    no_collision: bool = False  # likewise
    edited: Edit | None = None  # the edit that the next block is the first to show
    command: CameraCommand = field(default_factory=CameraCommand)  # of the last shown block


@dataclass(frozen=True, slots=True)
class SavedProgress(LookAheadSession):
    """The session with the counters of memory and schedule, as a snapshot stores them."""

    made: int = 0  # blocks generated, look-ahead ones included
    pending: CameraPose | None = None  # of the requested view
    due: int = 0  # block before which that view is remembered
    looked_ahead: bool = False  # whether a view was remembered since the last shown block
    views_owed: int = 0  # beside the first view, to be remembered before the camera moves
    late: int = 0  # blocks for which the last view was due and not painted

    def __post_init__(self) -> None:
        PocketSession.__post_init__(self)
        if not 0 <= self.made <= 2 * MOST_BLOCKS or min(self.prompt_index, self.due) < 0:
            raise ValueError(f"{self.made} blocks were made, {self.prompt_index} prompts changed")
        if not 0 <= self.views_owed <= FIRST_VIEWS:
            raise ValueError(f"{self.views_owed} views are owed")
        if not 0 <= self.late <= MOST_LATE:
            raise ValueError(f"the last view was {self.late} blocks late")
        if self.pending:
            check_pose(self.pending)

    @property
    def session(self) -> LookAheadSession:
        """The session alone."""
        values = {one.name: getattr(self, one.name) for one in fields(LookAheadSession)}
        return LookAheadSession(**values)

    @property
    def request(self) -> ViewRequest | None:
        """The requested view."""
        return None if self.pending is None else ViewRequest(self.pending, self.due)


class LookAheadWorld(PocketWorld[LookAheadSession], Generic[Memory]):
    """A world over the pocket weights that requests views before they are seen; see `World`.

    A subclass gives it the memory of these views with `_remember_in`.
    """

    def __init__(
        self, parts: WorldParts, inventor: Inventor, ground: WalkableGround | None = None
    ) -> None:
        """Assemble the part that looks ahead.

        Args:
            parts: shared by worlds over these weights.
            inventor: makes views.
            ground: where a player may walk; None: the player turns in one spot.
        """
        super().__init__(replace(parts, spec=replace(parts.spec, optional=OPTIONAL)))
        self._inventor, self._ground = inventor, ground
        self._viewpoints: Viewpoints | None = None
        self.painting = inventor if isinstance(inventor, PaintingInventor) else None

    def _remember_in(
        self,
        memory: Memory,
        grid: tuple[int, int],
        viewpoints: Viewpoints | None = None,
        *,
        enabled: bool,
    ) -> None:
        """Set what remembers views; for the other arguments see `ViewSchedule`."""
        self.memory = memory
        self.schedule = ViewSchedule(
            self._inventor, self._decoder, self._codec.encode_picture, grid, self._times,
            viewpoints, enabled=enabled,
        )  # fmt: skip
        ground = self._ground
        things = (lambda: ground.things) if ground else None
        self._cuts = PaintingCuts(
            self.painting, memory, self._decoder, self._codec, self._times, things
        )

    def prepare(self) -> bool:
        """Finish the edit and remember the views that are due and painted; see `World`."""
        return self._prepare(self.waits())

    def waits(self) -> tuple[str, ...]:
        """Return the work that the next block would wait for; see `World`."""
        if self.painting is None:
            return ()
        block, schedule = self._running().block_index, self.schedule
        is_owed = schedule.views_owed > 0 and schedule.paints(self.memory)
        is_drawing = self.painting.drawing.is_late(block)
        return (SIDES,) * is_owed + (VIEWS,) * self._is_late(block) + (THINGS,) * is_drawing

    def under_way(self) -> StageShare | None:
        """Return how far the newest change is, or another room; see `World`."""
        return self.painting.thread.under_way if self.painting else None

    def placement(self, edit: Edit) -> Edit | str | None:
        """Return an edit as the player would see it; see `World`."""
        return self._ground.placement(edit) if self._ground else None

    def expect_prompt(self) -> None:
        """Load what reads prompts and, beside, what plans and paints; see `World`."""
        super().expect_prompt()
        if self.painting:
            self.painting.thread.begin_later(self.painting.imagination.prepare)

    def painted(self, pose: CameraPose) -> Frames | None:
        """Return the painted or given view at a pose; see `World`."""
        of_type("pose", pose, CameraPose)
        with torch.inference_mode():
            return None if pose.is_away else self._cuts.frames(pose)

    def close(self) -> None:
        """Free everything; may be called twice."""
        if self.painting:
            self.painting.close()
        super().close()

    def _first_view(self, scene: Scene) -> Tensor:
        """Return the first view of a scene, latents [1, C, h, w]: invented, or its picture's."""
        painting = self.painting
        if scene.image is None:
            with painting.thread.awaited() if painting else nullcontext():
                self._inventor.begin_view(CameraPose(), scene.prompt, self.memory)
            return self._inventor.take_view(self.memory)
        frames = self._codec.open_image(scene.image)
        view = self._codec.encode(frames).float()
        if painting:
            painting.see(CameraPose(), view)
            painting.is_given = True
            if self._ground is not None:  # else no details are shown
                seen = painting.around.at(painting.imagination.ahead).latents
                painting.given = GivenPicture(frames[0], seen)
            size = self.spec.frame_width, self.spec.frame_height
            painting.listed = read_listed(Path(scene.image), size, painting.imagination.config)
        return view

    def _catch_up(self, control: Control) -> None:
        """Do the work due before a block, unless its control leaves it out."""
        while self._prepare(control.leave_out):  # first: work done early makes no difference
            pass
        if control.camera != CameraCommand():
            self._remember_views_owed(wait=SIDES not in control.leave_out)
        self._advance(leave_out=control.leave_out, no_collision=control.no_collision)

    @abstractmethod
    def _prepare(self, leave_out: Collection[str] = ()) -> bool:
        """Do pending work; tell whether there was any.

        Args:
            leave_out: `VIEWS` or `THINGS`, which the next block does without; it waits for others
                that are due and still being made.
        """

    def _is_late(self, block: int) -> bool:
        """Tell whether something is due before a block and still being painted."""
        return self.schedule.is_due(block) and not self.schedule.is_ready

    def _remember_views_owed(self, wait: bool = True) -> None:
        """Remember both sides of the first view, so that the camera turns into a finished world.

        Without the wait they arrive later, and ground beside the first view is a guess until then.
        Either depends on controls alone, so a replay waits at the same block.
        """
        schedule, session = self.schedule, self._running()
        while wait and schedule.views_owed and schedule.paints(self.memory):
            self._request_view(session.command, session.block_index)
            if schedule.request is None:
                break
            schedule.request = replace(schedule.request, due=session.block_index)
            self._prepare()
            schedule.has_remembered = False
        schedule.views_owed = 0

    def _schedule_views(self, command: CameraCommand) -> None:
        """Request the view that a command leads to, or else the one the camera was heading for."""
        session, schedule = self._running(), self.schedule
        if self.painting:
            self.painting.thread.hold()  # until the block is done
        paints = schedule.paints(self.memory)
        if not paints and schedule.has_remembered:
            return  # once a block, to stay in time
        self._request_view(command, session.block_index)
        if paints and schedule.request is None:
            self._request_view(session.command, session.block_index)
        if command == CameraCommand():  # the player looks at unpainted places
            schedule.hasten(session.block_index)
        self._prepare(session.leave_out)

    def _request_view(self, command: CameraCommand, next_block: int) -> None:
        """Request a view if the camera moves to where one is missing."""
        session = self._running()
        is_leisurely = LOOK_AHEAD in session.leave_out and command != CameraCommand()
        times = _LEISURE if is_leisurely else 1
        outlook = self._outlook(command, times)
        self.schedule.request_view(outlook, session.prompt, next_block, self.memory, times)

    def _outlook(self, command: CameraCommand, times: int) -> Outlook:
        session, spec = self._running(), self.spec
        blocks = times * self._inventor.blocks_per_view + self.schedule.late + 1
        frames = blocks * spec.block_length
        ground = None if session.no_collision else self._ground
        pose, way = session.pose, ground.free_way if ground else straight
        ahead = move(pose, command, spec.full_speed, spec.fps, frames, way)[-1]
        upwind = self._decoder.upwind((pose.at_origin,), self._time)[0] if session.has_sky else None
        return Outlook(pose, command, ahead, upwind, is_late=self.schedule.late > 0)

    def _begin_sky(self, poses: tuple[CameraPose, ...]) -> "Future[Tensor | None] | None":
        """Begin to cut the sky that the wind carries into the next block, if it is needed."""
        session = self._running()
        if not session.has_sky or WIND in self._left_out:
            return None
        return self._cuts.begin_sky(
            poses, self._time, self._far, is_being_painted=self._paints_here
        )

    @property
    def _left_out(self) -> tuple[str, ...]:
        """The work that a block leaves out: in rooms wind, too, since no wall is a sky."""
        left_out, scenery = self._running().leave_out, self._ground and self._ground.scenery
        return (*left_out, WIND) if scenery and scenery.ground.walls else left_out

    @property
    def _paints_here(self) -> bool:
        """Whether views are painted ahead where the camera is: at the start."""
        return self.schedule.paints(self.memory) and not self._running().pose.is_away

    @property
    def _far(self) -> np.ndarray | None:
        """The sky that was painted on a walk; None: the camera is where the scene begins."""
        return self._viewpoints.far if self._viewpoints and self._running().pose.is_away else None

    def _finish(self, begun: SharedWork[MadePart], poses: tuple[CameraPose, ...]) -> DecodedBlock:
        """Return the frames of the next block with clouds, rain and snow."""
        time = self._time
        is_being_painted = self._paints_here
        sky = partial(self._cuts.sky, poses, time, self._far, is_being_painted=is_being_painted)
        shown = self._decoder.finish(begun, sky)
        if self.painting and self.painting.plan:
            shown = fallen(shown, self.painting.plan.things, poses, time)
        return shown

    def _progress(self, made: int = 0) -> dict[str, Any]:
        """Return the progress as a snapshot stores it; see `SavedProgress`."""
        schedule = self.schedule
        request = schedule.request
        return {
            **asdict(self._running()),
            "made": made,
            "pending": request and asdict(request.pose),
            "due": request.due if request else 0,
            "looked_ahead": schedule.has_remembered,
            "views_owed": schedule.views_owed,
            "late": schedule.late,
        }

    def _continue_schedule(
        self, progress: SavedProgress, viewpoints: Viewpoints | None = None
    ) -> None:
        """Go on as a snapshot says; what its views are made from was restored before."""
        self.schedule.begin(
            progress.request,
            has_remembered=progress.looked_ahead,
            views_owed=progress.views_owed,
            late=progress.late,
        )
        is_elsewhere = viewpoints is not None and viewpoints.has_view
        if progress.pending is not None and not (self._inventor.has_view or is_elsewhere):
            if self.painting:  # an old state, whose views lay off the lattice
                self.schedule.request = None
            else:
                with torch.inference_mode():
                    self._inventor.begin_view(progress.pending, progress.prompt, self.memory)
