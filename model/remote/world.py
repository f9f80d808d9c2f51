"""A `World` that runs on a server.

The beginning of a session and every control since are kept, so that play continues after a lost
connection or server: in the same session if the server kept it, else in a new one, there or on
another server, where the same pictures are made again. Knows nothing of sockets.
"""

import logging
import secrets
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from math import inf, prod
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import of_type, parse_json
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import REMOTE, ServerAddress
from mag_sandbox.model.remote.link import ConnectionLost, ServerLink, one_line
from mag_sandbox.model.remote.states import Pieces, batches, join_state, piece_names, split_state
from mag_sandbox.model.world import (
    GIB,
    NETWORK,
    SERVER,
    Control,
    FrameBlock,
    Frames,
    MemorySetting,
    Past,
    Progress,
    World,
    WorldFailed,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
PATIENCE_S = 120.0  # for an unreachable server [s]
SNAPSHOT_S = 3.0  # between two snapshots beside play [s]
PAUSE_S = 1.0  # between two tries [s]
MOST_CUTS = 8  # of the connection during one request
LOOK_S = 0.25  # between two reports of progress, at which a player can leave [s]
MOST_STATE = 16 * GIB  # bytes: a full-size world with all its keys and values
Result = TypeVar("Result")
SAME = ("weights", "execution", "config")  # of provenance: must be equal to continue


@dataclass(frozen=True, slots=True)
class _KeptSnapshot:
    """A snapshot from which play can be continued."""

    beginning: int  # its count
    controls: int  # since then
    outline: wire.Outline
    pieces: Pieces


class PendingArrays(Mapping[str, np.ndarray]):
    """The arrays of a state that is still being fetched; reading them waits."""

    def __init__(self, outline: wire.Outline, arrays: "Future[Mapping[str, np.ndarray]]") -> None:
        self._names, self._arrays = tuple(outline.arrays), arrays
        self.bytes = sum(prod(one.shape) for one in outline.arrays.values())

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays.result()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class PendingState(WorldState):
    """A state whose arrays are still being fetched; its size is known at once."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        assert isinstance(self.arrays, PendingArrays)
        return self.arrays.bytes


class ReplayLog:
    """The requests that repeat a session in another one, as few as its newest snapshot allows."""

    def __init__(self) -> None:
        self.beginning: wire.Beginning | None = None
        self.snapshots: deque[_KeptSnapshot] = deque()  # appended by another thread
        self._pieces: Pieces = {}  # of a restored state
        self._controls: list[Control] = []  # since the beginning
        self._dropped_controls = 0  # earlier ones, covered by a snapshot
        self._count = 0  # of beginnings

    @property
    def place(self) -> tuple[int, int]:
        """Which beginning this is, and the number of controls since."""
        return self._count, self._dropped_controls + len(self._controls)

    def clear(self) -> None:
        """Forget the session, since another one is to begin."""
        self.beginning = None
        self._controls.clear()
        self._count += 1

    def begin(self, beginning: wire.Beginning, pieces: Pieces) -> None:
        """Note how a session began, with the pieces of its state if one was restored."""
        self.beginning, self._pieces, self._dropped_controls = beginning, pieces, 0

    def add(self, control: Control) -> None:
        """Note a step."""
        self._controls.append(control)

    def shorten(self) -> None:
        """Begin at the newest snapshot."""
        while self.snapshots:
            one = self.snapshots.popleft()
            if one.beginning == self._count and self.beginning is not None:
                self.beginning, self._pieces = wire.Restore(one.outline), one.pieces
                del self._controls[: one.controls - self._dropped_controls]
                self._dropped_controls = one.controls

    def requests(self) -> Iterator[wire.Request]:
        """Yield the requests in order."""
        if isinstance(self.beginning, wire.Restore):
            names = piece_names(self.beginning.outline)
            yield from map(wire.SendPieces, batches(names, self._pieces))
        if self.beginning is not None:
            yield self.beginning
        for start in range(0, len(self._controls), wire.MOST_CONTROLS):
            yield wire.RepeatSteps(self._controls[start : start + wire.MOST_CONTROLS])


class SessionOpener:
    """Opens a session's connections, of a new one to the emptier of two replicas."""

    def __init__(self, address: ServerAddress, report: Progress) -> None:
        self.name = _new_name()  # of the session, for routers of replicas
        self._address, self._report = address, report

    def open(self, opening: wire.OpenSession) -> tuple[ServerLink, wire.SessionOpened]:
        """Open or continue a session; waits in the queue.

        Raises:
            ConnectionLost: the server cannot be reached.
            WorldFailed: it refuses.
        """
        while True:
            link = self._connect(is_new=not opening.session)
            try:
                if (welcome := link.open(opening, self._report_place)) is not None:
                    return link, welcome
            except BaseException:
                link.close()
                raise
            link.close()
            self.name = _new_name()  # for another replica

    def _connect(self, *, is_new: bool) -> ServerLink:
        first = ServerLink(self._address, self.name)
        hello = first.hello
        if not is_new or hello.replicas == 1 or not hello.players:
            return first
        first.close()
        name = _new_name()
        second = ServerLink(self._address, name)
        if second.hello.players < hello.players:
            self.name = name
            return second
        second.close()
        return ServerLink(self._address, self.name)

    def _report_place(self, waiting: wire.Queued) -> None:
        before = waiting.position - 1
        place = "you are next" if not before else f"{before} before you"
        self._report(f"all {waiting.places} places are taken, {place}", 0.0)


class RemoteWorld(World):
    """A world on a server.

    world = RemoteWorld(ServerAddress("wss://gpu.home:8765", token), "pocket")
    block = world.reset(scene, seed=7)
    block = world.step(Control())  # also over a connection that is cut meanwhile
    """

    def __init__(
        self,
        address: ServerAddress,
        world: str = REMOTE,
        memory: MemorySetting | None = None,
        *,
        look_ahead: bool = True,
        execution: dict[str, Any] | None = None,
        on_progress: Progress = lambda stage, fraction: None,
    ) -> None:
        """Open a session.

        Args:
            address: of the server.
            world: its name; "remote": the server's default.
            memory: first setting.
            look_ahead: whether views are imagined ahead.
            execution: how a recording ran.
            on_progress: called while waiting, also later, when a connection is cut.

        Raises:
            WorldFailed: the server cannot be reached, or refuses.
        """
        self._address, self._report = address, on_progress
        self._opening = wire.OpenSession(
            session="",
            world="" if world == REMOTE else world,
            memory=memory or MemorySetting(),
            look_ahead=look_ahead,
            execution=None if execution is None else wire.to_json(execution),
            quality=address.quality,
        )
        self._log = ReplayLog()
        self._fetched: dict[bytes, bytes] = {}  # pieces, of the newest snapshot
        self._fetching = ThreadPoolExecutor(1, thread_name_prefix="states")
        self._repeats: deque[wire.Request] = deque()  # requests to be sent first
        self._repeat_count = 0
        self._number = 0  # of the newest answered request
        self._opener = SessionOpener(address, on_progress)
        self._next_snapshot = 0.0  # due then, where a replica may die [s]
        self._report(f"connecting to {address.host}", 0.0)
        try:
            self._link, welcome = self._opener.open(self._opening)
        except ConnectionLost as lost:
            raise WorldFailed(_unreachable(address, lost)) from None
        self.spec = welcome.spec
        self._session = welcome.session
        self._provenance = _parse_provenance(welcome.provenance)
        ran = self._provenance.get("execution")
        if ran is not None:  # continue so on any server
            as_then = wire.to_json(ran)
            self._opening = msgspec.structs.replace(self._opening, execution=as_then)
        self._report("ready", 1.0)

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        asked = time.perf_counter()
        begin = wire.Reset(replace(scene, image=None), seed, _picture(scene))
        return self._block(asked, self._begin(begin))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        asked = time.perf_counter()
        block = self._block(asked, self._ask(wire.StepRequest(control)))
        self._log.add(control)
        if self._link.hello.replicas > 1 and time.monotonic() > self._next_snapshot:
            self._take_snapshot()
        return block

    def prepare(self) -> bool:
        """Do nothing: the server prepares by itself."""
        return False

    def snapshot(self) -> WorldState:
        """Return a snapshot, whose arrays are still being fetched; see `World`."""
        outline = self._result(wire.SnapshotReply, self._ask(wire.Call("snapshot"))).outline
        taken = self._session, outline, self._log.place
        arrays = self._fetching.submit(self._fetch, *taken)
        return PendingState(PendingArrays(outline, arrays), _parse_provenance(outline.data))

    def _take_snapshot(self) -> None:
        self._next_snapshot = inf
        try:
            self.snapshot()
        except WorldFailed as refused:
            logger.info("no snapshot beside play: %s", refused)
            return

        def plan() -> None:
            self._next_snapshot = time.monotonic() + SNAPSHOT_S

        self._fetching.submit(plan)  # after it is fetched

    def restore(self, state: WorldState) -> None:
        """Continue from a snapshot; see `World`."""
        outline, pieces = split_state(of_type("state", state, WorldState))
        names = piece_names(outline)
        while True:
            session = self._session
            missing = self._result(wire.MissingReply, self._ask(wire.OfferPieces(names))).names
            for batch in batches([name for name in missing if name in pieces], pieces):
                self._ask(wire.SendPieces(batch))
            try:
                self._begin(wire.Restore(outline), pieces)
                return
            except WorldFailed:
                if self._session == session:
                    raise
                # the given pieces are gone with the lost session

    def adopt(self, past: Past) -> None:
        """Continue where another world of the same base was; see `World`."""
        blocks = [wire.AdoptedBlock(one.frames, one.poses, one.block_index) for one in past.blocks]
        scene = replace(past.scene, image=None)
        self._begin(wire.Adopt(scene, past.seed, past.prompt, blocks, past.origin))

    def expect_prompt(self) -> None:
        """Ask the server to prepare for a prompt; see `World`."""
        self._ask(wire.Call("expect_prompt"))

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the server's autoencoder; see `World`."""
        shown = self._result(wire.FramesReply, self._ask(wire.RoundTrip(frames)))
        if shown.frames is None or shown.frames.shape != frames.shape:
            raise self._protocol_error()
        return shown.frames

    def painted(self, pose: CameraPose) -> Frames | None:
        """Return the painted or given view at a pose; see `World`."""
        return self._result(wire.FramesReply, self._ask(wire.PaintedRequest(pose))).frames

    def provenance(self) -> dict[str, Any]:
        """Return the provenance of the server's world, with its machine and how frames travel."""
        known = self._provenance
        if self._log.beginning is not None:
            reply = self._result(wire.ProvenanceReply, self._ask(wire.Call("provenance")))
            known = known | _parse_provenance(reply.provenance)
        quality = self._address.quality
        return known if quality is None else known | {"frames": f"jpeg {quality}"}

    def close(self) -> None:
        """Leave the server once all snapshots are fetched; may be called twice."""
        self._fetching.shutdown()
        self._link.leave(self._number + 1)

    def _begin(self, begin: wire.Beginning, pieces: Pieces | None = None) -> wire.Reply:
        self._log.clear()
        self._repeats.clear()
        answer = self._ask(begin)
        self._log.begin(begin, pieces or {})
        return answer

    def _fetch(
        self, session: str, outline: wire.Outline, taken: tuple[int, int]
    ) -> Mapping[str, np.ndarray]:
        since = time.monotonic()
        names, held = piece_names(outline), self._fetched.copy()
        while missing := [name for name in names if name not in held]:
            try:
                self._fetch_into(held, session, missing)
            except ConnectionLost as lost:
                if time.monotonic() - since > PATIENCE_S:
                    raise WorldFailed(_unreachable(self._address, lost)) from None
                time.sleep(PAUSE_S)
        pieces = {name: held[name] for name in names}
        state = join_state(outline, pieces, MOST_STATE)
        self._fetched = pieces
        self._log.snapshots.append(_KeptSnapshot(*taken, outline, pieces))
        return state.arrays

    def _fetch_into(self, held: dict[bytes, bytes], session: str, names: list[bytes]) -> None:
        with closing(ServerLink(self._address, self._opener.name)) as link:
            link.attach(session)
            for start in range(0, len(names), wire.MOST_FETCHED):
                wanted = names[start : start + wire.MOST_FETCHED]
                reply = link.ask(start, wire.FetchPieces(wanted))
                pieces = self._result(wire.PiecesReply, reply).pieces
                if len(pieces) != len(wanted):
                    raise self._protocol_error()
                held.update(zip(wanted, pieces, strict=True))

    def _block(self, asked: float, answer: wire.Reply) -> FrameBlock:
        block = self._result(wire.BlockReply, answer).block
        network = 1000 * (time.perf_counter() - asked) - answer.server_ms
        size = (self.spec.frame_height, self.spec.frame_width, 3)
        for frames in (block.frames, block.at_rest):
            if frames.shape != (len(block.poses), *size) or not block.poses:
                raise self._protocol_error()
        times = {SERVER: answer.server_ms, NETWORK: max(0.0, network)}
        return replace(block, stage_ms=block.stage_ms | times)

    def _result(self, kind: type[Result], answer: wire.Reply) -> Result:
        if not isinstance(answer.result, kind):
            raise self._protocol_error()
        return answer.result

    def _protocol_error(self) -> WorldFailed:
        return WorldFailed(f"{self._address.host} sends an unexpected reply; update the game there")

    def _ask(self, request: wire.Request) -> wire.Reply:
        self._log.shorten()
        for _ in range(MOST_CUTS):
            try:
                while self._repeats:
                    self._exchange(self._repeats[0])
                    self._repeats.popleft()
                    self._report(
                        "making the blocks again", 1 - len(self._repeats) / self._repeat_count
                    )
                return self._exchange(request)
            except ConnectionLost as lost:
                self._reconnect(lost)
        raise WorldFailed(
            f"{self._address.host} closes the connection at every try; start again, and see its log"
        )

    def _exchange(self, request: wire.Request) -> wire.Reply:
        answer = self._link.ask(self._number + 1, request)
        self._number += 1
        if isinstance(answer.result, wire.Refused):
            raise WorldFailed(one_line(answer.result.sentence))
        return answer

    def _reconnect(self, lost: ConnectionLost) -> None:
        logger.info("%s is gone: %s", self._address.host, lost)
        self._link.close()
        since, pause = time.monotonic(), 0.0
        opening = msgspec.structs.replace(self._opening, session=self._session)
        while True:
            self._wait(pause, since)
            try:
                self._link, welcome = self._opener.open(opening)
                break
            except ConnectionLost as error:
                if time.monotonic() - since > PATIENCE_S:
                    raise WorldFailed(_unreachable(self._address, error)) from None
                pause = PAUSE_S
        if welcome.session != self._session:
            self._continue_in(welcome)
        self._report("ready", 1.0)

    def _wait(self, seconds: float, since: float) -> None:
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            share = min(0.99, (now - since) / PATIENCE_S)
            self._report(f"reconnecting to {self._address.host}", share)
            if now >= until:
                return
            time.sleep(min(LOOK_S, until - now))

    def _continue_in(self, welcome: wire.SessionOpened) -> None:
        now = _parse_provenance(welcome.provenance)
        for name in SAME:
            if now.get(name) != self._provenance.get(name):
                raise WorldFailed(
                    f"{self._address.host} is back with other {name}; this session cannot "
                    "continue there: start again, or let the server run as before"
                )
        self._session, self._number = welcome.session, 0
        self._repeats = deque(self._log.requests())
        self._repeat_count = len(self._repeats)


def served_world(address: ServerAddress) -> str:
    """Return the name of a server's default world, or raise WorldFailed."""
    try:
        link = ServerLink(address)
    except ConnectionLost as lost:
        raise WorldFailed(_unreachable(address, lost)) from None
    link.close()
    return link.hello.world


def _new_name() -> str:
    return secrets.token_hex(8)


def _unreachable(address: ServerAddress, lost: ConnectionLost) -> str:
    return f"{address.url} cannot be reached ({lost}); is `serve` running there?"


def _parse_provenance(text: bytes) -> dict[str, Any]:
    with refusing(lambda why: WorldFailed(f"the server's provenance is unreadable ({why})")):
        return dict(parse_json(text))


def _picture(scene: Scene) -> bytes | None:
    if scene.image is None:
        return None
    with refusing(lambda why: WorldFailed(f"scene image {scene.image} cannot be read ({why})")):
        return read_plain(Path(scene.image), wire.MOST_PICTURE)
