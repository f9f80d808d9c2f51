"""Watches a demo: a prober that looks at every block, in every scene, and compares on request."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from mag_sandbox.controls.camera import CameraPose, mutual_overlap
from mag_sandbox.evaluation.similarity.anchors import GONE, SEEN, ReturnTracker
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.evaluation.similarity.recall import ProbeResult
from mag_sandbox.model.world import FrameBlock, WorldSpec
from mag_sandbox.sandbox.demo.result import MarkRow, ProbeRow
from mag_sandbox.sandbox.hud.around import Lookout
from mag_sandbox.sandbox.play.rooms import ParkedRooms
from mag_sandbox.sandbox.returns.prober import MAX_WAITING, Found, Prober
from mag_sandbox.scenes.demo.tape import List, Mark, Probe, SetAnchor, TapeItem

PATIENCE_S = 60.0  # for blocks that wait to be looked at


@dataclass(slots=True)
class _Anchor:
    sight: Sight
    seen_at: float  # when it was last in sight [s of the demo]
    away: float = 0.0  # how long it was last left [s]
    gone: bool = False  # it is out of sight

    def see(self, pose: CameraPose, now: float) -> None:
        share = mutual_overlap(self.sight.pose, pose)
        if share >= SEEN:
            if self.gone:
                self.away, self.gone = now - self.seen_at, False
            self.seen_at = now
        elif share < GONE:
            self.gone = True


@dataclass(slots=True)
class _Visit:
    tracker: ReturnTracker
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    lookout: Lookout = field(default_factory=Lookout)
    rooms: ParkedRooms = field(default_factory=ParkedRooms)


class DemoWatch(Prober):
    """The prober of one run of a demo.

    watch = DemoWatch(world.spec)
    watch.enter("meadow")
    watch.on_block(event, block)  # every block
    watch.obey(SetAnchor("a"))  # between two blocks
    watch.finish()
    watch.probes
    """

    def __init__(self, spec: WorldSpec) -> None:
        super().__init__(spec=spec)
        self.probes: list[ProbeRow] = []
        self.marks: list[MarkRow] = []
        self.frames = 0
        self.world = spec
        self._visits: dict[str, _Visit] = {}
        self._here = ""
        self._jobs: list[Future[Any]] = []

    @property
    def seconds(self) -> float:
        """World time that was played, in all scenes."""
        return self.frames / self.world.fps

    def enter(self, scene: str) -> None:
        """Go to a scene, for the first time or again; the views of the other are out of sight."""
        self._put(lambda: self._enter(scene))

    def obey(self, item: TapeItem) -> None:
        """Carry out a script's step between blocks."""
        match item:
            case SetAnchor(name):
                self._put(lambda: self._set_anchor(name))
            case Probe(name):
                self._put(lambda: self._probe(name))
            case Mark(text):
                self._put(lambda: self._mark(text))
            case List():
                self._put(lambda: self._mark(f"around: {'; '.join(self._visit.lookout.lines())}"))

    def finish(self) -> None:
        """Compare views that were just coming back, and wait until everything was looked at."""
        for scene in tuple(self._visits):
            self._put(partial(self._finish_scene, scene))
        self.settle(PATIENCE_S)
        self._raise_problem()

    @property
    def _visit(self) -> _Visit:
        return self._visits[self._here]

    def _put(self, job: Callable[[], Found]) -> "Future[Found]":
        future = super()._put(job)
        self._jobs.append(future)
        return future

    def _raise_problem(self) -> None:
        for job in self._jobs:
            if job.done():
                job.result()
        self._jobs = [job for job in self._jobs if not job.done()]

    def _take(self, block: FrameBlock) -> None:
        """Queue a block; none is skipped, so a world that is faster waits."""
        self._raise_problem()
        if self._taken - self._looked_at >= MAX_WAITING:
            self.settle(PATIENCE_S)
        super()._take(block)

    def _enter(self, scene: str) -> None:
        if self._here:
            for anchor in self._visit.anchors.values():
                anchor.gone = True
        self._here = scene
        visit = self._visits.setdefault(scene, _Visit(ReturnTracker(self.world.fps)))
        self._tracker, self._rooms = visit.tracker, visit.rooms

    def _look(self, block: FrameBlock) -> None:
        self.frames += len(block.frames)
        self._visit.lookout.add(block)
        super()._look(block)
        self._visit.tracker = self._tracker  # of another room perhaps
        for anchor in self._visit.anchors.values():
            anchor.see(block.poses[-1], self.seconds)

    def _set_anchor(self, name: str) -> None:
        newest = self._tracker.recent[-1]
        sight = replace(newest, frame=newest.frame.copy())
        self._visit.anchors[name] = _Anchor(sight, self.seconds)

    def _probe(self, name: str) -> None:
        anchor = self._visit.anchors[name]
        back = self._tracker.find(anchor.sight)
        if back is not None:
            back = replace(back, label=name, kind="script", seconds_away=anchor.away)
            self._publish(self._result(back))
            return
        share = mutual_overlap(anchor.sight.pose, self._tracker.recent[-1].pose)
        row = ProbeRow(
            anchor=name,
            kind="script",
            scene=self._here,
            overlap=round(share, 4),
            seconds_away=round(anchor.away, 3),
            seconds=round(self.seconds, 3),
            reason=f"The view shows only {100 * share:.0f}% of it, so nothing was compared.",
        )
        self.probes.append(row)

    def _mark(self, text: str) -> None:
        self.marks.append(MarkRow(text, self._here, self.frames, round(self.seconds, 3)))

    def _finish_scene(self, scene: str) -> None:
        self._here, self._tracker = scene, self._visits[scene].tracker
        self._finish()

    def _publish(self, result: ProbeResult) -> None:
        super()._publish(result)
        row = ProbeRow(
            anchor=result.label,
            kind="script" if result.kind == "script" else "auto",
            scene=self._here,
            psnr=round(result.psnr, 3),
            ssim=round(result.ssim, 4),
            recall=None if result.recall is None else round(result.recall, 2),
            overlap=round(result.overlap, 4),
            seconds_away=round(result.seconds_away, 3),
            seconds=round(self.seconds, 3),
            anchor_memory=result.fate,
            attended=result.attended,
            reason=result.reason,
        )
        self.probes.append(row)
