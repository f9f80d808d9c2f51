"""Which views the pocket world is waiting for, which it needs next, and when it uses them.

A *requested* view lies ahead of the camera. It is made beside play and remembered when it is due,
a fixed number of blocks later. A *prefetched* view is cut from painted ground at the pose where the
next block will end; that block reads it from the spare slot and stays sharp. Nothing here depends
on how fast the machine is, so a replay makes the same requests.
"""

import time as clock
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.coverage import views_beside
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.pocket.block_memory import BlockMemory, CutView, same_ground
from mag_sandbox.model.pocket.inventing import Inventor, Outlook, ViewMemory
from mag_sandbox.model.pocket.painting.painting import (
    BLOCKS_A_PLAN,
    BLOCKS_A_VIEW,
    PaintingInventor,
)
from mag_sandbox.model.pocket.painting.sketched_ground import SketchedGround, planned_things
from mag_sandbox.model.pocket.pictures.decoding import BlockDecoder
from mag_sandbox.model.pocket.walks.viewpoints import Viewpoints
from mag_sandbox.model.pocket.walks.walking import START
from mag_sandbox.model.session_world import StageTimer


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A view that is being made."""

    pose: CameraPose
    due: int  # index of the block before which it is remembered


MOST_LATE = 6  # blocks; in so many the camera turns by half a view


@dataclass(frozen=True, slots=True)
class _Cut:
    """A view that is being cut for the end of a block."""

    end: CameraPose
    ground: tuple[object, ...]  # see `SpareView`
    view: "Future[CutView | None]"  # None: too little is painted there


class ViewSchedule:
    """Requests views and has memory remember them when they are due.

    schedule.request_view(outlook, prompt, next_block, memory)
    ...  # blocks later
    while schedule.remember_due(next_block, memory) or schedule.prefetch(end, time, memory):
        pass
    """

    def __init__(
        self,
        inventor: Inventor,
        decoder: BlockDecoder,
        encode: Callable[[Tensor], Tensor],
        grid: tuple[int, int],
        times: StageTimer,
        viewpoints: Viewpoints | None,
        *,
        enabled: bool,
    ) -> None:
        """Assemble a schedule of which nothing is requested.

        Args:
            inventor: makes views.
            decoder: has a thread that cuts views from painted ground.
            encode: returns the latents of a picture at rest, [1, 3, H, W] -> [1, C, h, w].
            grid: tokens of a view, (down, across).
            times: counts how long the stages take.
            viewpoints: makes views from elsewhere; None: the player turns in one spot.
            enabled: whether views are made ahead at all.
        """
        self._inventor, self._decoder, self._times = inventor, decoder, times
        self._painting = inventor if isinstance(inventor, PaintingInventor) else None
        self._sketched = SketchedGround(self._painting.imagination) if self._painting else None
        self._encode, self._grid, self.enabled = encode, grid, enabled
        self._viewpoints = viewpoints
        self.begin()

    def begin(
        self,
        request: ViewRequest | None = None,
        *,
        has_remembered: bool = False,
        views_owed: int = 0,
        late: int = 0,
    ) -> None:
        """Start with nothing requested, or continue as a snapshot says.

        Args:
            request: the view that is being made.
            has_remembered: whether a view was remembered since the last shown block.
            views_owed: views beside the first one, to be remembered before the camera moves.
            late: blocks for which the last view was due and not painted, at most `MOST_LATE`.
        """
        self.late = late
        self.request, self.has_remembered, self.views_owed = request, has_remembered, views_owed
        self._cut: _Cut | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the requested view can be remembered without a wait."""
        elsewhere = self._viewpoints
        return (self._painting is None or self._painting.is_ready) and (
            elsewhere is None or elsewhere.is_ready
        )

    def runs(self, memory: ViewMemory) -> bool:
        """Tell whether views are made ahead under the memory policy."""
        return self.enabled and memory.policy.looks_ahead

    def paints(self, memory: ViewMemory) -> bool:
        """Tell whether everything that memory does not show is painted ahead."""
        return self._painting is not None and self.runs(memory)

    def request_view(
        self, outlook: Outlook, prompt: str, next_block: int, memory: ViewMemory, times: int = 1
    ) -> None:
        """Request a view if the camera is moving to where one is missing.

        Args:
            outlook: of the player.
            prompt: in force.
            next_block: index of the next block.
            memory: knows which views are there.
            times: how many times the usual number of blocks the view may take.
        """
        if self.runs(memory):
            pose = self._next_view(outlook, prompt, memory)
        elif self.enabled and self._viewpoints is not None and outlook.pose.is_away:
            pose = self._viewpoints.next_view(outlook, has_room=False)  # there are only paintings
        else:
            return
        if pose is not None:
            with self._times.measure("look_ahead"):
                blocks = self._begin_view(pose, prompt, memory)
            due = next_block + times * blocks
            if self.request is not None:  # replaced; a plan begun for it has as long as before
                self._note_late(next_block)
                due = max(due, self.request.due)
            self.request = ViewRequest(pose, due)

    def _next_view(self, outlook: Outlook, prompt: str, memory: ViewMemory) -> CameraPose | None:
        """Return the view to request; of a new prompt, first one where the scene begins."""
        elsewhere = self._viewpoints
        plan = self._painting.plan if self._painting else None
        if elsewhere is not None and plan is not None and plan.prompt != prompt:
            pose = self._inventor.next_view(outlook.at_origin, memory)
            if pose is not None or self._inventor.has_view:
                return pose
        if elsewhere is not None:
            pose = elsewhere.next_view(outlook)
            if pose is not None or elsewhere.has_view or elsewhere.nearest(outlook.pose) != START:
                return pose
        return self._inventor.next_view(outlook.at_origin, memory)

    def _begin_view(self, pose: CameraPose, prompt: str, memory: ViewMemory) -> int:
        """Begin a view; return after how many blocks to take it."""
        if self._viewpoints is None or not pose.is_away:
            return self._inventor.begin_view(pose, prompt, memory)
        self._inventor.drop_view()
        return self._viewpoints.begin_view(pose, prompt)

    def hasten(self, next_block: int) -> None:
        """Make a view that was requested at leisure due as early as others are."""
        if self.request is not None:
            due = min(self.request.due, next_block + BLOCKS_A_PLAN + BLOCKS_A_VIEW)
            self.request = replace(self.request, due=due)

    def is_due(self, block: int) -> bool:
        """Tell whether a requested view is remembered before a block."""
        return self.request is not None and block >= self.request.due

    def remember_due(self, block: int, memory: ViewMemory) -> CameraPose | None:
        """Remember the requested view if it is due before a block; return its pose.

        A view from elsewhere is kept by its viewpoint.
        """
        if self.request is None or not self.is_due(block):
            return None
        self._note_late(block)
        pose, self.request, self.has_remembered = self.request.pose, None, True
        self.views_owed = max(0, self.views_owed - 1)
        started = clock.perf_counter()
        with self._times.measure("look_ahead"):
            if self._viewpoints is not None and pose.is_away:
                if not self._viewpoints.has_view:  # dropped, since the place was changed
                    return None
                self._viewpoints.take_view()
                return pose
            view = self._inventor.take_view(memory)
        memory.remember_ahead(pose, view, started)
        return pose

    def _note_late(self, block: int) -> None:
        """Note how long before a block the requested view was due."""
        assert self.request is not None
        self.late = min(max(block - self.request.due, 0), MOST_LATE)

    def cancel(self) -> None:
        """Cancel the requested view."""
        self.request = None
        self._inventor.drop_view()
        if self._viewpoints:
            self._viewpoints.drop_view()

    def start_cut(self, end: CameraPose) -> "Future[CutView | None]":
        """Begin to cut the view at the end of a block, unless that was done already."""
        assert self._painting is not None
        # as it is now: a view may be taken or begun while this one is cut
        ground, cut = (self._painting.around, planned_things(self._painting)), self._cut
        if not (cut and cut.end == end and same_ground(cut.ground, ground)):
            view = self._decoder.beside(partial(self._nearest, end, *ground))
            self._cut = cut = _Cut(end, ground, view)
        return cut.view

    def prefetch(self, end: CameraPose, time: int, memory: BlockMemory) -> bool:
        """Write the view painted where the next block ends, or near it, to memory.

        A view between the cells of the lattice, or zoomed, is recalled softly from views beside it,
        hence the block reads the very view at which it ends.

        Args:
            end: that pose, or the one expected if the camera keeps moving as it did.
            time: frames shown before that block.
            memory: that the block reads.

        Returns:
            Whether there was something to do.
        """
        if (
            self._painting is None
            or not self.enabled
            or not memory.policy.looks_ahead
            or end == memory.policy.focused_pose
        ):
            return False
        ground = self._painting.around, planned_things(self._painting)
        if memory.spare_view and memory.spare_view.is_for(end, ground):
            return False
        with self._times.measure("remember"):
            view = self.start_cut(end).result()
            memory.prefetch(end, ground, view, time)
        return view is not None

    def _nearest(
        self, end: CameraPose, around: Surroundings, things: Things | None
    ) -> CutView | None:
        """Return the view painted or sketched at a pose, or what is painted whole tokens beside it.

        None: too little is, or it shows given frames, which memory knows better.

        Args:
            end: the pose.
            around: the painted ring.
            things: of the plan of the rest; see `planned_things`.
        """
        assert self._painting is not None
        assert self._sketched is not None
        if self._painting.pictures.shows_given(around, end):
            return None
        sketched = self._sketched.view(around, things, end)
        if sketched is not None:
            return CutView(end, self._encode(sketched), is_painted=False)
        # tokens of views at other distances lie between those of the block
        beside = views_beside(end, self._grid)
        near = self._painting.pictures.nearest_view(around, end, beside)
        return near and CutView(near[0], self._encode(near[1]), is_painted=True)
