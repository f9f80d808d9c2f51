"""The near end of a world that runs elsewhere: a `World` like any other.

What a session began with and every control since are kept, so that it goes on as if nothing had
been, whatever happens to line and server: on the same server where it still waits, else made again
there or on another one, to the same pictures. Knows nothing of sockets; `link.py` speaks.
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
from typing import TypeVar

import msgspec
import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.border import read_plain, refusing
from mag_sandbox.files.validation import of_type, parse_json
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.address import REMOTE, ServerAddress
from mag_sandbox.model.remote.link import ConnectionLost, Link
from mag_sandbox.model.remote.states import Pieces, batches, cut, joined_state, names_in
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
    WorldFailed,
    WorldState,
    checked_seed,
)
from mag_sandbox.scenes import Scene

logger = logging.getLogger(__name__)
PATIENCE_S = 120.0  # for a server that is gone [s]
KEEP_S = 3.0  # between two snapshots that nobody asked for [s]
PAUSE_S = 1.0  # between two tries [s]
MOST_CUTS = 8  # of the line during one request
LOOK_S = 0.25  # between two reports of progress, at which a player can leave [s]
MOST_STATE = 16 * GIB  # bytes: a full-size world with all its keys and values
Result = TypeVar("Result")
SAME = ("weights", "execution", "config")  # of provenance: what a session goes on with


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A snapshot that has arrived, with which play can begin again."""

    beginning: int  # of play, as counted
    controls: int  # since then
    outline: wire.Outline
    pieces: Pieces


class ArrivingArrays(Mapping[str, np.ndarray]):
    """The arrays of a state that is still on its way; who reads them waits."""

    def __init__(self, outline: wire.Outline, arrays: "Future[Mapping[str, np.ndarray]]") -> None:
        self._names, self._arrays = tuple(outline.arrays), arrays
        self.bytes = sum(prod(one.shape) for one in outline.arrays.values())

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays.result()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class ArrivingState(WorldState):
    """A state whose arrays are still on their way; nobody waits to hear how large it is."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """What the arrays take."""
        assert isinstance(self.arrays, ArrivingArrays)
        return self.arrays.bytes


class RemoteWorld:
    """Implements `World` for a server's.

    world = RemoteWorld(ServerAddress("wss://gpu.home:8765", token), "pocket")
    block = world.reset(scene, seed=7)
    block = world.step(Control())  # whatever happens to the line meanwhile
    """

    def __init__(
        self,
        address: ServerAddress,
        world: str = REMOTE,
        memory: MemorySetting | None = None,
        *,
        look_ahead: bool = True,
        execution: dict | None = None,
        on_progress: Progress = lambda stage, fraction: None,
    ) -> None:
        """Begin a session on a server.

        Args:
            address: of it.
            world: that is to be played; "remote": the server's own.
            memory: first setting.
            look_ahead: whether views are imagined ahead.
            execution: how a recording ran.
            on_progress: told of waiting, also later, where a line is cut.

        Raises:
            WorldFailed: the server cannot be reached, or refuses.
        """
        self._address, self._tell = address, on_progress
        self._opening = wire.Open(
            session="",
            world="" if world == REMOTE else world,
            memory=memory or MemorySetting(),
            look_ahead=look_ahead,
            execution=None if execution is None else wire.as_json(execution),
            quality=address.quality,
        )
        self._begun: wire.Begin | None = None  # what is played began with it
        self._pieces: Pieces = {}  # of the state that it began with
        self._tape: list[Control] = []  # since then
        self._forgotten = 0  # controls before these, since play began
        self._beginnings = 0  # so far
        self._arrived: deque[_Arrived] = deque()  # snapshots, from another thread
        self._held: dict[bytes, bytes] = {}  # that were fetched last
        self._fetching = ThreadPoolExecutor(1, thread_name_prefix="states")
        self._again: deque[wire.Request] = deque()  # to be done before anything else
        self._steps = 0  # how many these were
        self._number = 0  # of the newest request that was answered
        self._name = _new_name()  # of all lines, to whoever sits between
        self._keep_at = 0.0  # when the next snapshot is due, where a replica may die [s]
        self._tell(f"connecting to {address.host}", 0.0)
        try:
            self._link, welcome = self._entered(self._opening)
        except ConnectionLost as lost:
            raise WorldFailed(_out_of_reach(address, lost)) from None
        self.spec = welcome.spec
        self._session = welcome.session
        self._provenance = _facts(welcome.provenance)
        ran = self._provenance.get("execution")
        if ran is not None:  # and so it goes on, wherever that is
            as_then = wire.as_json(ran)
            self._opening = msgspec.structs.replace(self._opening, execution=as_then)
        self._tell("ready", 1.0)

    def reset(self, scene: Scene, seed: int) -> FrameBlock:
        """Return the first block of a scene; see `World`."""
        seed = checked_seed(scene, seed)
        asked = time.perf_counter()
        begin = wire.Reset(replace(scene, image=None), seed, _picture(scene))
        return self._shown(asked, self._begin(begin))

    def step(self, control: Control) -> FrameBlock:
        """Return the next block; see `World`."""
        of_type("control", control, Control)
        asked = time.perf_counter()
        block = self._shown(asked, self._ask(wire.NextBlock(control)))
        self._tape.append(control)
        if self._link.hello.replicas > 1 and time.monotonic() > self._keep_at:
            self._keep()
        return block

    def prepare(self) -> bool:
        """Do nothing: the server looks ahead by itself."""
        return False

    def snapshot(self) -> WorldState:
        """Return all that is needed to go on, here or there; see `World`.

        Its arrays are still on their way: who reads them waits.
        """
        outline = self._result(wire.Taken, self._ask(wire.Snapshot())).outline
        session, taken = self._session, (self._beginnings, self._forgotten + len(self._tape))
        arrays = self._fetching.submit(self._fetch, session, outline, taken)
        return ArrivingState(ArrivingArrays(outline, arrays), _facts(outline.data))

    def _keep(self) -> None:
        """Take a snapshot, so that little is made again where a replica dies.

        The next one is due a while after this one is here.
        """
        self._keep_at = inf
        try:
            self.snapshot()
        except WorldFailed as refused:
            logger.info("no snapshot beside play: %s", refused)
            return

        def plan() -> None:
            self._keep_at = time.monotonic() + KEEP_S

        self._fetching.submit(plan)  # behind it

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot; see `World`."""
        outline, pieces = cut(of_type("state", state, WorldState))
        names = names_in(outline)
        while True:
            session = self._session
            missing = self._result(wire.Missing, self._ask(wire.Offer(names))).names
            for batch in batches([name for name in missing if name in pieces], pieces):
                self._ask(wire.Give(batch))
            try:
                self._begin(wire.Restore(outline), pieces)
                return
            except WorldFailed:
                if self._session == session:
                    raise
                # what was given is gone with the session before

    def adopt(self, past: Past) -> None:
        """Go on where another world of the same base was; see `AdoptingWorld`."""
        blocks = [wire.Adopted(one.frames, one.poses, one.block_index) for one in past.blocks]
        scene = replace(past.scene, image=None)
        self._begin(wire.Adopt(scene, past.seed, past.prompt, blocks, past.origin))

    def expect_prompt(self) -> None:
        """Let the server get ready to read a prompt."""
        self._ask(wire.ExpectPrompt())

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the server's autoencoder; see `World`."""
        shown = self._result(wire.Shown, self._ask(wire.RoundTrip(frames)))
        if shown.frames is None or shown.frames.shape != frames.shape:
            raise self._senseless()
        return shown.frames

    def painted(self, pose: CameraPose) -> Frames | None:
        """Return what was painted or given at a pose; see `PaintingWorld`."""
        return self._result(wire.Shown, self._ask(wire.Painted(pose))).frames

    def provenance(self) -> dict:
        """Return what a recording's header says: what the server's world says of itself.

        Besides, on which machine it runs, and whether its frames are as they were made.
        """
        said = self._provenance
        if self._begun is not None:
            told = self._result(wire.Told, self._ask(wire.Provenance()))
            said = said | _facts(told.provenance)
        quality = self._address.quality
        return said if quality is None else said | {"frames": f"jpeg {quality}"}

    def close(self) -> None:
        """Leave the server when all snapshots have arrived; may be called twice."""
        self._fetching.shutdown()
        self._link.leave(self._number + 1)

    def _begin(self, begin: wire.Begin, pieces: Pieces | None = None) -> wire.Reply:
        """Begin anew; what was before is not gone back to."""
        self._begun = None
        self._tape.clear()
        self._again.clear()
        self._beginnings += 1
        answer = self._ask(begin)
        self._begun, self._pieces, self._forgotten = begin, pieces or {}, 0
        return answer

    def _fetch(
        self, session: str, outline: wire.Outline, taken: tuple[int, int]
    ) -> Mapping[str, np.ndarray]:
        """Fetch what is new of a snapshot on a line of its own, and return its arrays."""
        since = time.monotonic()
        names, held = names_in(outline), self._held.copy()
        while missing := [name for name in names if name not in held]:
            try:
                self._fetch_into(held, session, missing)
            except ConnectionLost as lost:
                if time.monotonic() - since > PATIENCE_S:
                    raise WorldFailed(_out_of_reach(self._address, lost)) from None
                time.sleep(PAUSE_S)
        pieces = {name: held[name] for name in names}
        state = joined_state(outline, pieces, MOST_STATE)
        self._held = pieces
        self._arrived.append(_Arrived(*taken, outline, pieces))
        return state.arrays

    def _fetch_into(self, held: dict[bytes, bytes], session: str, names: list[bytes]) -> None:
        """Fetch pieces, as many as come before the line is cut.

        Raises:
            ConnectionLost: it is.
            WorldFailed: the session is over.
        """
        with closing(Link(self._address, self._name)) as link:
            link.attach(session)
            for start in range(0, len(names), wire.MOST_FETCHED):
                wanted = names[start : start + wire.MOST_FETCHED]
                reply = link.ask(start, wire.Fetch(wanted))
                pieces = self._result(wire.Fetched, reply).pieces
                if len(pieces) != len(wanted):
                    raise self._senseless()
                held.update(zip(wanted, pieces, strict=True))

    def _take_arrived(self) -> None:
        """Begin with the newest snapshot from now on, if play has to begin again."""
        while self._arrived:
            one = self._arrived.popleft()
            if one.beginning == self._beginnings and self._begun is not None:
                self._begun, self._pieces = wire.Restore(one.outline), one.pieces
                del self._tape[: one.controls - self._forgotten]
                self._forgotten = one.controls

    def _shown(self, asked: float, answer: wire.Reply) -> FrameBlock:
        """Return the block that was asked for, with what server and network took."""
        block = self._result(wire.Made, answer).block
        network = 1000 * (time.perf_counter() - asked) - answer.server_ms
        self._check(block)
        times = {SERVER: answer.server_ms, NETWORK: max(0.0, network)}
        return replace(block, stage_ms=block.stage_ms | times)

    def _check(self, block: FrameBlock) -> None:
        """Take a block whose frames are as large as agreed on."""
        size = (self.spec.frame_height, self.spec.frame_width, 3)
        for frames in (block.frames, block.at_rest):
            if frames.shape != (len(block.poses), *size) or not block.poses:
                raise self._senseless()

    def _result(self, kind: type[Result], answer: wire.Reply) -> Result:
        if not isinstance(answer.result, kind):
            raise self._senseless()
        return answer.result

    def _senseless(self) -> WorldFailed:
        return WorldFailed(f"{self._address.host} answers what nobody asked; update the game there")

    def _ask(self, request: wire.Request) -> wire.Reply:
        """Return the answer to a request, after as many new connections as it takes.

        Raises:
            WorldFailed: the server refuses, or is gone for too long.
        """
        self._take_arrived()
        for _ in range(MOST_CUTS):
            try:
                while self._again:
                    self._exchange(self._again[0])
                    self._again.popleft()
                    self._tell("making again what was shown", 1 - len(self._again) / self._steps)
                return self._exchange(request)
            except ConnectionLost as lost:
                self._come_back(lost)
        raise WorldFailed(
            f"{self._address.host} hangs up whenever this is asked; begin anew, and see its log"
        )

    def _exchange(self, request: wire.Request) -> wire.Reply:
        answer = self._link.ask(self._number + 1, request)
        self._number += 1
        if isinstance(answer.result, wire.Refused):
            raise WorldFailed(answer.result.sentence)
        return answer

    def _come_back(self, lost: ConnectionLost) -> None:
        """Connect again, and see to it that play goes on where it was.

        Raises:
            WorldFailed: the server is gone for too long, or is another one.
        """
        logger.info("%s is gone: %s", self._address.host, lost)
        self._link.close()
        since, pause = time.monotonic(), 0.0
        opening = msgspec.structs.replace(self._opening, session=self._session)
        while True:
            self._wait(pause, since)
            try:
                self._link, welcome = self._entered(opening)
                break
            except ConnectionLost as error:
                if time.monotonic() - since > PATIENCE_S:
                    raise WorldFailed(_out_of_reach(self._address, error)) from None
                pause = PAUSE_S
        if welcome.session != self._session:
            self._begin_again(welcome)
        self._tell("ready", 1.0)

    def _wait(self, seconds: float, since: float) -> None:
        """Wait before another try, as a player sees it; who leaves does so from within `_tell`."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            share = min(0.99, (now - since) / PATIENCE_S)
            self._tell(f"reconnecting to {self._address.host}", share)
            if now >= until:
                return
            time.sleep(min(LOOK_S, until - now))

    def _begin_again(self, welcome: wire.Welcome) -> None:
        """Go on in a new session: ask for all that was done in the one that is over.

        Raises:
            WorldFailed: it would not be the same there.
        """
        now = _facts(welcome.provenance)
        for name in SAME:
            if now.get(name) != self._provenance.get(name):
                raise WorldFailed(
                    f"{self._address.host} is back with {name} of another kind; what was played "
                    "cannot go on there: begin anew, or have the server run as before"
                )
        self._session, self._number = welcome.session, 0
        self._again.clear()
        if isinstance(self._begun, wire.Restore):
            given = batches(names_in(self._begun.outline), self._pieces)
            self._again.extend(map(wire.Give, given))
        if self._begun is not None:
            self._again.append(self._begun)
        for start in range(0, len(self._tape), wire.MOST_CONTROLS):
            self._again.append(wire.Repeat(self._tape[start : start + wire.MOST_CONTROLS]))
        self._steps = len(self._again)

    def _entered(self, opening: wire.Open) -> tuple[Link, wire.Welcome]:
        """Connect and begin or go on with a session.

        Raises:
            ConnectionLost: the server cannot be reached.
            WorldFailed: it refuses.
        """
        while True:
            link = self._connected(is_new=not opening.session)
            try:
                if (welcome := link.open(opening, self._tell_place)) is not None:
                    return link, welcome
            except BaseException:
                link.close()
                raise
            link.close()
            self._name = _new_name()  # to which another replica may answer

    def _connected(self, *, is_new: bool) -> Link:
        """Connect; of two replicas, to the one with fewer players, where nobody waits for us.

        Raises:
            ConnectionLost, WorldFailed: see `Link`.
        """
        first = Link(self._address, self._name)
        hello = first.hello
        if not is_new or hello.replicas == 1 or not hello.players:
            return first
        first.close()
        name = _new_name()
        second = Link(self._address, name)
        if second.hello.players < hello.players:
            self._name = name
            return second
        second.close()
        return Link(self._address, self._name)

    def _tell_place(self, waiting: wire.Waiting) -> None:
        before = waiting.position - 1
        said = "you are next" if not before else f"{before} before you"
        self._tell(f"all {waiting.places} places are taken, {said}", 0.0)


def served_world(address: ServerAddress) -> str:
    """Return the name of the world that a server plays.

    Raises:
        WorldFailed: it cannot be reached, or does not let us in.
    """
    try:
        link = Link(address)
    except ConnectionLost as lost:
        raise WorldFailed(_out_of_reach(address, lost)) from None
    link.close()
    return link.hello.world


def _new_name() -> str:
    return secrets.token_hex(8)


def _out_of_reach(address: ServerAddress, lost: ConnectionLost) -> str:
    return f"{address.url} cannot be reached ({lost}); is `serve` running there?"


def _facts(text: bytes) -> dict:
    with refusing(lambda why: WorldFailed(f"the server says nothing of itself ({why})")):
        return dict(parse_json(text))


def _picture(scene: Scene) -> bytes | None:
    """Return the file of a scene's picture; the server looks at what it holds."""
    if scene.image is None:
        return None
    with refusing(lambda why: WorldFailed(f"scene image {scene.image} cannot be read ({why})")):
        return read_plain(Path(scene.image), wire.MOST_PICTURE)
