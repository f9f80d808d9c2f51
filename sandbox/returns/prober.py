"""Watches a session for views that come back, on a thread of its own.

As a session observer it only queues blocks; the thread compares pictures. The values that the
window reads (`latest`, `results`, `anchors`, ...) are immutable and replaced as a whole.
"""

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, fields, replace
from typing import TypeVar

import numpy as np

from mag_sandbox.controls.camera import MAX_PITCH, CameraPose
from mag_sandbox.evaluation.similarity.anchors import (
    MAX_ANCHORS,
    Anchor,
    AnchorFacts,
    AnchorKind,
    AnchorMark,
    Return,
    ReturnTracker,
)
from mag_sandbox.evaluation.similarity.pictures import PictureStore, Sight
from mag_sandbox.evaluation.similarity.recall import ProbeFigures, ProbeResult, compare, shrunk
from mag_sandbox.files.validation import decode
from mag_sandbox.model.world import FrameBlock, WorldSpec, WorldState
from mag_sandbox.sandbox.play.events import BlockEvent, SessionEnd, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.rooms import ParkedRooms, parted
from mag_sandbox.sandbox.recording.frames_file import FramesHead
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)

MAX_WAITING = 24  # blocks that wait to be looked at; further ones are skipped
MAX_RESULTS = 300  # newest results kept
SAVED_RESULTS = 24  # newest results that are saved with a place, as thumbnails
LOUDEST = 99.0  # dB; of equal pictures PSNR is infinite, which JSON cannot say
FULL_RESULTS = 16  # newest results with whole pictures; older ones keep thumbnails: 19 MiB in all
USUAL_FPS = 16.0  # until the world's is known

Found = TypeVar("Found")
PICTURES = "pictures"  # uint8 [N, H, W, 3]
RESULT = "result-{}"  # then, now and their difference: uint8 [3, h, w, 3]
MAX_PICTURES = 1000
MAX_SIDE = 4096  # px
MAX_LABEL = 40  # letters
MAX_NUMBER = 2**40


@dataclass(frozen=True, slots=True)
class KeptSight:
    """A sight whose frame lies among the pictures."""

    pose: CameraPose
    number: int
    seconds: float
    memory_index: int
    picture: int

    def __post_init__(self) -> None:
        pose, checks = self.pose, (self.number, self.seconds, self.memory_index)
        fits = 0 <= pose.yaw < 360 and abs(pose.pitch) <= MAX_PITCH and 1 <= pose.fov <= 180
        if not fits or not all(math.isfinite(one) and abs(one) < MAX_NUMBER for one in checks):
            raise ValueError(f"a picture lies at {pose}, number {self.number}")


@dataclass(slots=True, eq=False, kw_only=True)
class KeptAnchor(AnchorFacts):
    """An anchor whose sights lie among the pictures."""

    first: KeptSight
    last: KeptSight


@dataclass(frozen=True, slots=True)
class KeptTracker:
    """A parked tracker but for its pictures."""

    anchors: tuple[KeptAnchor, ...]
    pictures: tuple[KeptSight, ...]
    named: dict[AnchorKind, int]
    results: tuple[ProbeFigures, ...] = ()  # older versions saved none


@dataclass(frozen=True, slots=True, eq=False)
class TrackerState:
    """The state that a tracker continues from."""

    anchors: list[Anchor]
    store: PictureStore
    named: dict[AnchorKind, int]
    results: tuple[ProbeResult, ...] = ()


def keep_tracker(tracker: ReturnTracker, results: Sequence[ProbeResult] = ()) -> WorldState:
    """Return a tracker's anchors and newest pictures, and results, as arrays and plain JSON."""
    frames: list[np.ndarray] = []

    def kept(sight: Sight) -> KeptSight:
        frames.append(sight.frame)
        return KeptSight(
            sight.pose, sight.number, sight.seconds, sight.memory_index, len(frames) - 1
        )

    anchors = tuple(
        KeptAnchor(
            first=kept(one.first),
            last=kept(one.last),
            **{name: getattr(one, name) for name in _PLAIN},
        )
        for one in tracker.anchors
    )
    pictures = tuple(kept(sight) for sight in tracker.store.newest())
    small = [shrunk(one) if one.sight else one for one in results[-SAVED_RESULTS:]]
    figures = tuple(_figures(one) for one in small)
    data = asdict(KeptTracker(anchors, pictures, dict(tracker.named), figures))
    arrays = {PICTURES: np.stack(frames)} if frames else {}
    for place, one in enumerate(small):
        arrays[RESULT.format(place)] = np.stack((one.then, one.now, one.difference))
    return WorldState(arrays, data)


def _figures(result: ProbeResult) -> ProbeFigures:
    plain = {field.name: getattr(result, field.name) for field in fields(ProbeFigures)}
    for name in ("psnr", "drift_psnr"):
        plain[name] = None if plain[name] is None else min(LOUDEST, plain[name])
    return ProbeFigures(**plain)


def kept_tracker(state: WorldState) -> TrackerState:
    """Return the state that a tracker continues from, or raise ValueError if it is damaged."""
    try:
        kept = decode(KeptTracker, _as_json(state.data))
        frames = _frames(state, kept)
        anchors = [_anchor(one, frames) for one in kept.anchors]
        store = PictureStore()
        for sight in sorted(kept.pictures, key=lambda one: one.number):
            store.add(_sight(sight, frames))
        results = tuple(_result(one, state, place) for place, one in enumerate(kept.results))
    except (ValueError, IndexError) as error:
        raise ValueError(f"the saved places are damaged ({error}); they start over") from None
    return TrackerState(anchors, store, dict(kept.named), results)


_PLAIN = tuple(field.name for field in fields(AnchorFacts))


def _frames(state: WorldState, kept: KeptTracker) -> np.ndarray:
    sights = [*kept.pictures, *(one.first for one in kept.anchors)]
    if len(kept.anchors) > MAX_ANCHORS or len(kept.pictures) > MAX_PICTURES:
        raise ValueError(f"{len(kept.anchors)} anchors, {len(kept.pictures)} pictures")
    frames = state.arrays.get(PICTURES)
    if frames is None:
        if sights:
            raise ValueError("there are no pictures")
        return np.empty((0, 1, 1, 3), np.uint8)
    wrong = frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8
    if wrong or not 32 <= min(frames.shape[1:3]) <= max(frames.shape[1:3]) <= MAX_SIDE:
        raise ValueError(f"pictures are {frames.dtype} {frames.shape}")
    return frames


def _anchor(kept: KeptAnchor, frames: np.ndarray) -> Anchor:
    if len(kept.label) > MAX_LABEL:
        raise ValueError(f"a name has {len(kept.label)} letters")
    plain = {name: getattr(kept, name) for name in _PLAIN}
    replace(kept.last, pose=kept.pose)  # checks the anchor's own pose as it checks a sight's
    return Anchor(first=_sight(kept.first, frames), last=_sight(kept.last, frames), **plain)


def _sight(kept: KeptSight, frames: np.ndarray) -> Sight:
    if not 0 <= kept.picture < len(frames):
        raise ValueError(f"picture {kept.picture} of {len(frames)}")
    frame = frames[kept.picture].copy()
    return Sight(frame, kept.pose, kept.number, kept.seconds, kept.memory_index)


def _result(figures: ProbeFigures, state: WorldState, place: int) -> ProbeResult:
    pictures = state.arrays.get(RESULT.format(place))
    if pictures is None or pictures.dtype != np.uint8 or pictures.shape[:1] != (3,):
        raise ValueError(f"comparison {place} has no pictures")
    wrong = pictures.ndim != 4 or pictures.shape[-1] != 3
    if wrong or not 1 <= min(pictures.shape[1:3]) <= max(pictures.shape[1:3]) <= MAX_SIDE:
        raise ValueError(f"the pictures of comparison {place} are {pictures.shape}")
    plain = {field.name: getattr(figures, field.name) for field in fields(figures)}
    then, now, difference = pictures.copy()
    return ProbeResult(**plain, then=then, now=now, difference=difference)


def _as_json(value: object) -> object:
    """Return data as a file gives it back: tuples are lists there."""
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    return [_as_json(one) for one in value] if isinstance(value, tuple | list) else value


@dataclass(frozen=True, slots=True, eq=False)
class RoomSights:
    """The newest picture of every part of the sphere around the player, of one room."""

    room: int | None = None  # its number; None: not known
    pictures: tuple[Sight, ...] = ()


class Prober(SessionObserver):
    """Sets anchors, compares what comes back, and publishes results.

    prober = Prober(notify=wake_window)
    prober.spec = world.spec
    session = Session(world, source, observers=[prober])
    prober.drop_anchor()
    prober.latest  # a ProbeResult, once the view was left and came back
    """

    def __init__(
        self,
        *,
        spec: WorldSpec | FramesHead | None = None,
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """`notify` is called on the prober's thread when there is a result."""
        self.spec = spec
        self.latest: ProbeResult | None = None  # of this session
        self.results: tuple[ProbeResult, ...] = ()  # oldest first, of all sessions of this scene
        self.anchors: tuple[AnchorMark, ...] = ()
        self.last_anchor: CameraPose | None = None  # newest one dropped by the player
        self.seen = RoomSights()  # newest pictures
        self.sights: tuple[Sight, ...] = ()  # also the first ones, and unchanged anchors
        self.skipped = 0  # blocks that came faster than they could be looked at
        self._notify = notify
        self._taken = 0  # blocks; written by the thread that owns the world
        self._looked_at = 0  # blocks; written by the prober's thread
        self._thread = ThreadPoolExecutor(1, "prober")
        self._tracker = ReturnTracker(USUAL_FPS)
        self._rooms = ParkedRooms()
        self._compared = 0
        self._scene: Scene | None = None  # of the newest session

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:
        """Begin anew: another session, other places; of another scene, no results either."""
        scene = replace(event.scene, image=None)  # a place that is continued has its own copy
        is_other = self._scene not in (None, scene)
        self._scene = scene
        self._put(lambda: self._begin(forgets_results=is_other))
        self._take(block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Queue a block; skips it when too many wait."""
        self._take(block)

    def on_end(self, event: SessionEnd) -> None:  # noqa: ARG002 -- observer
        """Compare views that were just coming back."""
        self.finish()

    def finish(self) -> None:
        """Compare views that are just coming back: no more is shown."""
        self._put(self._finish)

    def reset(self) -> None:
        """Forget places and pictures; results stay, to be compared across sessions."""
        self._put(self._begin)

    def drop_anchor(self, pose: CameraPose | None = None, kind: AnchorKind = "key") -> None:
        """Set an anchor at the pose of the frame on screen; None: at the newest frame."""
        self._put(lambda: self._drop(kind, pose))

    def answer(self, place: CameraPose, known: int, since: int) -> "Future[bool]":
        """Compare the place at a pose with its present look, unless that was just published.

        Returns, later, whether that was possible.

        Args:
            place: pose of an anchor, at which the camera has arrived.
            known: number of the newest result when the camera set out; 0: there was none.
            since: number of the frame shown then; a look that is no older is no earlier one.
        """
        return self._put(lambda: self._answer(place, known, since))

    def compare(self, then: Sight, pose: CameraPose | None = None) -> "Future[ProbeResult | None]":
        """Return, later, how much of a picture is remembered; None if this is not the place."""
        return self._put(lambda: self._compare(then, pose))

    def snapshot(self, timeout: float = 10.0) -> WorldState:
        """Return the state for `restore`, or raise TimeoutError if too much waits to be looked at.

        Waits for the prober's own thread, which never waits for the world's.
        """
        kept = self._put(lambda: self._rooms.joined(keep_tracker(self._tracker, self.results)))
        return kept.result(timeout)

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot, after the session has started, or raise ValueError."""
        here, others = parted(state)
        places = kept_tracker(here)
        for one in others.values():
            kept_tracker(one)  # checks it

        def resume() -> None:
            self._resume(places)
            self._rooms.restore(others)

        self._put(resume)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until everything queued so far was looked at; False if that took too long."""
        return bool(wait([self._put(lambda: None)], timeout).done)

    def close(self) -> None:
        """End the thread when it has looked at everything; may be called twice."""
        self._thread.shutdown(wait=False)

    def _take(self, block: FrameBlock) -> None:
        if self._taken - self._looked_at >= MAX_WAITING:
            self.skipped += 1
            return
        self._taken += 1
        self._put(lambda: self._look(block))

    def _put(self, job: Callable[[], Found]) -> "Future[Found]":
        future = self._thread.submit(job)
        future.add_done_callback(_log_failure)
        return future

    def _begin(self, *, forgets_results: bool = False) -> None:
        self._finish()
        if forgets_results:
            self.results = ()
        self._tracker = ReturnTracker(self.spec.fps if self.spec else USUAL_FPS)
        self._rooms = ParkedRooms()
        self.latest, self.last_anchor = None, None
        self.anchors, self.seen, self.sights = (), RoomSights(), ()

    def _finish(self) -> None:
        for back in self._tracker.finish():
            self._publish(self._result(back))
        self._tracker = ReturnTracker(self._tracker.fps)

    def _look(self, block: FrameBlock) -> None:
        self._looked_at += 1
        if (left := self._rooms.left(block)) is not None:
            before = self._tracker
            self._finish()
            before.leave()
            known = self._rooms.change(left, keep_tracker(before), block)
            self._tracker.named.update(before.named)
            if known is not None:
                self._resume(kept_tracker(known))
            block = replace(block, edited=None)  # which would forget the places of this room
        for back in self._tracker.add(block):
            self._publish(self._result(back))
        self._publish_places()

    def _resume(self, places: TrackerState) -> None:
        tracker = self._tracker
        tracker.anchors[:], tracker.store = places.anchors, places.store
        for kind, count in places.named.items():  # of all rooms
            tracker.named[kind] = max(count, tracker.named.get(kind, 0))
        if not self.results:  # else a moment of this session is continued
            self.results = places.results
            self._compared = max((one.number for one in places.results), default=self._compared)
        if tracker.recent:
            self._publish_places()

    def _drop(self, kind: AnchorKind, pose: CameraPose | None) -> None:
        if self._tracker.drop(kind, pose) is not None:
            self._publish_places()

    def _publish_places(self) -> None:
        tracker = self._tracker
        self.anchors = tuple(
            AnchorMark(one.pose, one.label, one.kind, one.in_memory) for one in tracker.anchors
        )
        dropped = [one.pose for one in tracker.anchors if one.kind != "auto"]
        self.last_anchor = dropped[-1] if dropped else None
        self.seen = RoomSights(self._rooms.here, tracker.store.newest())
        same = (one for one in tracker.anchors if not one.changed)
        of_anchors = (sight for one in same for sight in (one.first, one.last))
        self.sights = (*tracker.store.all(), *of_anchors)

    def _answer(self, place: CameraPose, known: int, since: int) -> bool:
        latest = self.latest
        is_published = (
            latest and latest.number > known and latest.kind != "auto" and latest.pose == place
        )
        back = None if is_published else self._tracker.revisit(place, since)
        if back is not None:
            self._publish(self._result(back))
        return bool(is_published or back)

    def _compare(self, then: Sight, pose: CameraPose | None) -> ProbeResult | None:
        back = self._tracker.find(then, pose)
        if back is None:
            return None
        result = self._result(back)
        self._publish(result)
        return result

    def _result(self, back: Return) -> ProbeResult:
        self._compared += 1
        exact = self.spec.exact_pose if self.spec else True
        return compare(back, self._compared, exact_pose=exact)

    def _publish(self, result: ProbeResult) -> None:
        kept = [*self.results, result][-MAX_RESULTS:]
        if len(kept) > FULL_RESULTS:
            kept[-FULL_RESULTS - 1] = shrunk(kept[-FULL_RESULTS - 1])
        self.results = tuple(kept)
        self.latest = result
        self._notify()


def _log_failure(done: "Future[Found]") -> None:
    if error := done.exception():  # one comparison is lost, not all that follow
        logger.error("a comparison failed", exc_info=error)
