"""Watches a demo: keeps what its anchors showed, and compares when the script says so.

Unlike the prober it looks at every block, at once, on the caller's thread: a script runs as fast as
the world goes, and no return may be missed.
"""

from dataclasses import dataclass, field, replace

from mag_sandbox.controls.camera import CameraPose, mutual_overlap
from mag_sandbox.evaluation.similarity.anchors import GONE, SEEN, Return, ReturnTracker, Sight
from mag_sandbox.evaluation.similarity.recall import ProbeResult, compare
from mag_sandbox.model.world import FrameBlock, WorldSpec
from mag_sandbox.sandbox.demo.result import MarkRow, ProbeRow, outcome_of
from mag_sandbox.sandbox.hud.around import Lookout
from mag_sandbox.scenes.demo.tape import List, Mark, Probe, SetAnchor, TapeItem

MOST_RESULTS = 64  # whose pictures are kept until somebody has written them


@dataclass(slots=True)
class _Anchor:
    """A view that the script named."""

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
    """A scene, as long as the demo lasts."""

    tracker: ReturnTracker
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    lookout: Lookout = field(default_factory=Lookout)


class DemoWatch:
    """Probes of one run of a demo.

    >>> watch = DemoWatch(world.spec)
    >>> watch.enter("meadow")
    >>> watch.take(block)  # every block
    >>> watch.anchor("a")
    >>> watch.finish()
    >>> watch.probes
    []
    """

    def __init__(self, spec: WorldSpec) -> None:
        self.probes: list[ProbeRow] = []
        self.results: tuple[ProbeResult, ...] = ()  # the newest, with their pictures
        self.marks: list[MarkRow] = []
        self.frames = 0
        self.spec = spec
        self._visits: dict[str, _Visit] = {}
        self._scene = ""
        self._compared = 0

    @property
    def seconds(self) -> float:
        """World time that was played, in all scenes."""
        return self.frames / self.spec.fps

    def settle(self, timeout: float) -> bool:  # noqa: ARG002 -- nothing waits here
        """Return that everything was looked at: it is at once."""
        return True

    @property
    def outcome(self) -> str:
        """What came of the newest comparison; empty: nothing was compared yet."""
        return outcome_of(self.probes[-1]) if self.probes else ""

    def enter(self, scene: str) -> None:
        """Go to a scene, for the first time or again; the views of the other are out of sight."""
        if scene == self._scene:
            return
        if self._scene:
            for anchor in self._visit.anchors.values():
                anchor.gone = True
        self._scene = scene
        self._visits.setdefault(scene, _Visit(ReturnTracker(self.spec.fps)))

    def take(self, block: FrameBlock) -> None:
        """Look at the next block of the scene."""
        self.frames += len(block.frames)
        visit = self._visit
        visit.lookout.add(block)
        for back in visit.tracker.add(block):
            self._note(back)
        for anchor in visit.anchors.values():
            anchor.see(block.poses[-1], self.seconds)

    def obey(self, item: TapeItem) -> None:
        """Do what a script says between blocks."""
        match item:
            case SetAnchor(name):
                self.anchor(name)
            case Probe(name):
                self.probe(name)
            case Mark(text):
                self.mark(text)
            case List():
                self.list_around()

    def anchor(self, name: str) -> None:
        """Call what is seen now by a name; an older anchor of it in this scene is forgotten."""
        visit = self._visit
        newest = visit.tracker.recent[-1]
        sight = replace(newest, frame=newest.frame.copy())
        visit.anchors[name] = _Anchor(sight, self.seconds)

    def probe(self, name: str) -> None:
        """Compare what is seen now with what an anchor showed."""
        visit = self._visit
        anchor = visit.anchors[name]
        back = visit.tracker.find(anchor.sight)
        if back is None:
            self._note_missed(name, anchor)
            return
        self._note(replace(back, label=name, kind="script", seconds_away=anchor.away))

    def mark(self, text: str) -> None:
        """Note this moment."""
        self.marks.append(MarkRow(text, self._scene, self.frames, round(self.seconds, 3)))

    def list_around(self) -> None:
        """Note what is around, the nearest to the middle of the view first."""
        self.mark(f"around: {'; '.join(self._visit.lookout.lines())}")

    def finish(self) -> None:
        """Compare what was just coming back."""
        for scene, visit in self._visits.items():
            self._scene = scene
            for back in visit.tracker.finish():
                self._note(back)

    @property
    def _visit(self) -> _Visit:
        return self._visits[self._scene]

    def _note(self, back: Return) -> None:
        self._compared += 1
        result = compare(back, self._compared, exact_pose=self.spec.exact_pose)
        self.results = (*self.results, result)[-MOST_RESULTS:]
        row = ProbeRow(
            anchor=result.label,
            kind="script" if result.kind == "script" else "auto",
            scene=self._scene,
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

    def _note_missed(self, name: str, anchor: _Anchor) -> None:
        share = mutual_overlap(anchor.sight.pose, self._visit.tracker.recent[-1].pose)
        row = ProbeRow(
            anchor=name,
            kind="script",
            scene=self._scene,
            overlap=round(share, 4),
            seconds_away=round(anchor.away, 3),
            seconds=round(self.seconds, 3),
            reason=f"The view shows only {100 * share:.0f}% of it, so nothing was compared.",
        )
        self.probes.append(row)
