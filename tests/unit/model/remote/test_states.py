"""A state travels in pieces, and only what is new of it."""

import threading

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.remote import wire
from mag_sandbox.model.remote.link import ServerLink
from mag_sandbox.model.remote.states import (
    PieceStore,
    batches,
    join_state,
    piece_names,
    split_state,
)
from mag_sandbox.model.remote.world import RemoteWorld
from mag_sandbox.model.world import Control, MemorySetting, WorldState
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld
from tests.hosted import Hosted
from tests.patience import PATIENCE

PLACE = Scene("a place")
TURN = Control(CameraCommand(yaw=1.0))
MOST = 2**24


def keys(frames, seed=0):
    """As a cache exports them: layers, frames, and the rest."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (2, frames, 1, 48, 128), np.uint8)


def alike(state, other):
    assert state.data == other.data
    assert [*state.arrays] == [*other.arrays]
    return all(np.array_equal(state.arrays[name], other.arrays[name]) for name in state.arrays)


@pytest.mark.parametrize(
    "shape", [(1,), (0,), (3, 2), (2, 0, 5), (2, 3, 4096), (2, 2, 300_000), (700_000,)], ids=str
)
def test_any_state_is_put_together_again(shape):
    array = np.resize(np.arange(251, dtype=np.uint8), shape)
    state = WorldState({"keys": array, "again": array}, {"pose": [1.5, None]})
    outline, pieces = split_state(state)
    assert alike(join_state(outline, pieces, MOST), state)


def test_a_frame_that_is_remembered_is_all_that_travels_of_the_new_state():
    before, pieces = split_state(WorldState({"keys": keys(8)}, {}))
    grown = np.concatenate((keys(8), keys(1, seed=1)), axis=1)
    after, now = split_state(WorldState({"keys": grown}, {}))
    new = [name for name in piece_names(after) if name not in pieces]
    assert sum(len(now[name]) for name in new) == grown.nbytes // 9
    assert len(piece_names(before)) == 16


def test_what_is_missing_or_makes_no_sense_is_refused():
    outline, pieces = split_state(WorldState({"keys": keys(2)}, {}))
    few = {name: pieces[name] for name in piece_names(outline)[1:]}
    array = outline.arrays["keys"]
    longer = wire.ArrayOutline((2, 3, 1, 48, 128), array.pieces)
    many = wire.ArrayOutline((2, 2 * 2**20, 1, 48, 128), array.pieces * 2**20)
    for wrong, held in (
        (outline, few),
        (wire.Outline({"keys": longer}, b"{}"), pieces),
        (wire.Outline({"keys": many}, b"{}"), pieces),
        (wire.Outline({"keys": wire.ArrayOutline((), [])}, b"{}"), pieces),
        (wire.Outline({}, b"nan"), pieces),
    ):
        with pytest.raises(wire.WireError, match="an unreadable state"):
            join_state(wrong, held, MOST)


def test_an_array_of_less_than_nothing_makes_no_room_for_others():
    piece = bytes(2**18)
    name = b"piece"
    many = wire.ArrayOutline((2**36,), [name] * 2**18)
    less = wire.ArrayOutline((-(2**36),), [])
    with pytest.raises(wire.WireError, match="not of 0 to"):
        join_state(wire.Outline({"many": many, "less": less}, b"{}"), {name: Never(piece)}, MOST)


class Never(bytes):
    """A piece that is not to be looked at."""

    def __len__(self):
        raise AssertionError("pieces are joined")


def test_a_server_holds_the_newest_snapshots_and_what_it_was_given_and_no_more():
    store = PieceStore(most=10)
    for number in range(5):
        store.keep({bytes([number]): bytes([number])})
    assert store.missing([bytes([number]) for number in range(5)]) == [b"\0", b"\1"]
    assert store.find([b"\3"]) == [b"\3"]
    with pytest.raises(wire.WireError, match="not kept any more"):
        store.find([b"\0"])
    store.give([bytes(8)])
    with pytest.raises(wire.WireError, match="a state of more than"):
        store.give([bytes(8)])
    store.forget_given()
    store.give([bytes(8)])


def test_batches_are_of_about_a_part_each():
    pieces = {bytes([number]): bytes(2**18) for number in range(9)}
    assert [len(batch) for batch in batches(list(pieces), pieces)] == [4, 4, 1]


def test_play_goes_on_while_a_snapshot_is_on_its_way_and_nothing_comes_twice(monkeypatch):
    on_its_way, fetched = threading.Event(), []
    ask = ServerLink.ask

    def slowly(link, number, request):
        if isinstance(request, wire.FetchPieces):
            assert on_its_way.wait(PATIENCE)
            fetched.append(len(request.names))
        return ask(link, number, request)

    monkeypatch.setattr(ServerLink, "ask", slowly)
    with Hosted() as hosted:
        world, here = RemoteWorld(hosted.address), FakeWorld()
        for one in (world, here):
            one.reset(PLACE, 7)
        state, expected = world.snapshot(), here.snapshot()
        assert np.array_equal(world.step(TURN).frames, here.step(TURN).frames)
        assert state.bytes == expected.bytes  # for which nobody waits
        on_its_way.set()
        assert alike(state, expected)
        assert fetched
        fetched.clear()
        assert alike(world.snapshot(), here.snapshot())  # of which no picture has changed
        assert not fetched
        world.close()


def test_a_state_that_the_server_took_is_not_sent_back(monkeypatch):
    given = []
    ask = ServerLink.ask

    def watched(link, number, request):
        if isinstance(request, wire.SendPieces):
            given.append(request)
        return ask(link, number, request)

    monkeypatch.setattr(ServerLink, "ask", watched)
    with Hosted() as hosted:
        world = RemoteWorld(hosted.address, memory=MemorySetting("window"))
        world.reset(PLACE, 7)
        state = world.snapshot()
        first = world.step(TURN)
        world.restore(state)
        assert np.array_equal(world.step(TURN).frames, first.frames)
        assert not given
        elsewhere = RemoteWorld(hosted.address) if hosted.house.places > 1 else world
        elsewhere.restore(WorldState({**state.arrays, "more": keys(1)[0]}, state.data))
        assert len(given) == 1
        world.close()
