"""What happens to those who play on a server when line, server, or one of them fails."""

import os
import socket
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.remote import link, wire
from mag_sandbox.model.remote import server as serving_side
from mag_sandbox.model.remote import world as near_side
from mag_sandbox.model.remote.address import ServerAddress
from mag_sandbox.model.remote.serving import ListenAddress, ServingError
from mag_sandbox.model.remote.world import RemoteWorld
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.scenes import Scene
from tests.certificates import NEEDS_OPENSSL, certify_localhost
from tests.doubles import FakeWorld, block_number
from tests.hosted import Hosted
from tests.patience import PATIENCE, eventually

PLACE = Scene("a place")
TURN = Control(CameraCommand(yaw=1.0))
TOKEN = "correct-horse-battery"


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    monkeypatch.setattr(near_side, "PAUSE_S", 0.01)


@pytest.fixture(scope="module")
def hosted():
    with Hosted(places=4) as hosted:
        yield hosted


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


class Stopping(FakeWorld):
    """Waits in mid-block until it is told to go on."""

    def __init__(self):
        super().__init__(on_step=self._wait)
        self.reached, self.go_on, self.steps = threading.Event(), threading.Event(), 0

    def _wait(self, control):
        self.steps += 1
        if self.steps == 3:
            self.reached.set()
            assert self.go_on.wait(PATIENCE)


def in_mid_block(stopping, mishap):
    """Let something happen while a block is made, then let it be made."""

    def happen():
        assert stopping.reached.wait(PATIENCE)
        mishap()
        stopping.go_on.set()

    thread = threading.Thread(target=happen, daemon=True)
    thread.start()
    return thread


def frames_of(world, blocks=6):
    return [world.reset(PLACE, 7).frames, *(world.step(TURN).frames for _ in range(blocks))]


EXPECTED = frames_of(FakeWorld())


def test_after_a_cut_in_mid_block_play_goes_on_and_no_block_is_made_twice():
    stopping, said = Stopping(), []
    with Hosted(lambda wish: stopping) as hosted:
        world = RemoteWorld(hosted.address, on_progress=lambda stage, share: said.append(stage))
        thread = in_mid_block(stopping, hosted.cut)
        assert np.array_equal(frames_of(world), EXPECTED)
        assert stopping.steps == 6
        assert said[-2:] == ["reconnecting to 127.0.0.1", "ready"]
        thread.join()
        world.close()


class Replicas:
    """Servers behind one address, of which a session's name decides, as a cluster does it."""

    def __init__(self, servers, monkeypatch):
        self.alive = list(servers)
        monkeypatch.setattr(near_side, "ServerLink", self._link)

    def _link(self, address, name):
        return link.ServerLink(self.alive[int(name, 16) % len(self.alive)].address, name)

    def kill(self, server):
        self.alive.remove(server)
        server.kill()

    def of(self, world):
        return self.alive[int(world._opener.name, 16) % len(self.alive)]


@pytest.fixture
def replicas(monkeypatch):
    with Hosted(places=2, replicas=2) as one, Hosted(places=2, replicas=2) as other:
        yield Replicas((one, other), monkeypatch)


def test_of_two_replicas_a_player_takes_the_emptier_one(replicas, monkeypatch):
    monkeypatch.setattr(near_side, "_new_name", iter(["0", "0", "1", "1", "0"]).__next__)
    first, second, third = players = [RemoteWorld(replicas.alive[0].address) for _ in range(3)]
    assert replicas.of(first) is not replicas.of(second)
    assert replicas.of(third) is replicas.of(second)
    for player in players:
        player.close()


def test_a_player_does_not_wait_for_a_full_replica(replicas, monkeypatch):
    monkeypatch.setattr(link, "ELSEWHERE_S", 0.0)
    players = [RemoteWorld(replicas.alive[0].address) for _ in range(4)]
    assert [server.players for server in replicas.alive] == [2, 2]
    for player in players:
        player.close()


def test_where_a_replica_dies_play_goes_on_in_another_from_a_newer_snapshot(replicas, monkeypatch):
    monkeypatch.setattr(near_side, "SNAPSHOT_S", 0.0)
    with closing(RemoteWorld(replicas.alive[0].address)) as world:
        frames = [world.reset(PLACE, 7).frames, *(world.step(TURN).frames for _ in range(3))]
        eventually(lambda: world._log.snapshots)
        replicas.kill(replicas.of(world))
        frames += [world.step(TURN).frames for _ in range(3)]
        assert np.array_equal(frames, EXPECTED)
        assert isinstance(world._log.beginning, wire.Restore)


class Proxy:
    """A line that can be held up, both ways, as a network does that loses every packet."""

    def __init__(self, port):
        self.flows = threading.Event()
        self.flows.set()
        self._port, self._listener = port, socket.create_server(("127.0.0.1", 0))
        self.address = ServerAddress(f"ws://127.0.0.1:{self._listener.getsockname()[1]}")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        with suppress(OSError), one, other:
            while data := one.recv(2**20):
                self.flows.wait()
                other.sendall(data)

    def close(self):
        self._listener.close()


def test_after_a_network_that_lost_everything_for_a_while_play_goes_on(hosted, monkeypatch):
    monkeypatch.setattr(link, "PING_S", 0.02)
    monkeypatch.setattr(link, "PONG_S", 0.5)  # a busy machine needs a tenth to answer
    monkeypatch.setattr(link, "CONNECTING_S", 1.0)
    monkeypatch.setattr(link, "CLOSING_S", 0.05)
    said = []

    def tell(stage, share):
        said.append(stage)
        if said.count("reconnecting to 127.0.0.1") > 2:
            line.flows.set()

    with closing(Proxy(hosted.port)) as line:
        world = RemoteWorld(line.address, on_progress=tell)
        shown = frames_of(world, 2)
        line.flows.clear()
        shown += [world.step(TURN).frames for _ in range(4)]
        assert np.array_equal(shown, EXPECTED)
        assert "reconnecting to 127.0.0.1" in said
        world.close()


@pytest.mark.parametrize("parked", [False, True], ids=["from the beginning", "from a snapshot"])
def test_a_server_that_is_killed_in_mid_block_and_comes_back_shows_the_same(parked):
    stopping = Stopping()
    with Hosted(lambda wish: stopping) as first:
        world = RemoteWorld(first.address)
        shown = [world.reset(PLACE, 7).frames, world.step(TURN).frames]
        if parked:
            world.snapshot()
        shown.append(world.step(TURN).frames)
        restarted = []

        def kill():
            first.kill()
            restarted.append(Hosted(port=first.port).__enter__())

        thread = in_mid_block(stopping, kill)
        shown += [world.step(TURN).frames for _ in range(4)]
        thread.join()
        assert np.array_equal(shown, EXPECTED)
        world.close()
        restarted[0].__exit__()


def test_what_makes_the_server_hang_up_again_and_again_is_a_sentence(hosted, monkeypatch):
    world = RemoteWorld(hosted.address)
    world.reset(PLACE, 7)
    monkeypatch.setattr(near_side, "MOST_CUTS", 2)
    monkeypatch.setattr(serving_side, "_encode", None)  # a bug: answers cannot be sent
    monkeypatch.setattr(wire, "Refused", None)
    with pytest.raises(WorldFailed, match="closes the connection at every try"):
        world.step(TURN)


def test_a_server_that_is_gone_for_good_is_a_sentence(monkeypatch):
    monkeypatch.setattr(near_side, "PATIENCE_S", 1e-6)
    with Hosted() as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(PLACE, 7)
    for ask in (lambda: world.step(TURN), lambda: RemoteWorld(hosted.address)):
        with pytest.raises(WorldFailed, match=r"cannot be reached \(.*\); is `serve` running"):
            ask()


def test_a_server_that_comes_back_with_other_weights_is_a_sentence():
    class Other(FakeWorld):
        def provenance(self):
            return super().provenance() | {"weights": "1" * 16}

    with Hosted() as hosted:
        world = RemoteWorld(hosted.address)
        world.reset(PLACE, 7)
    another_kind = pytest.raises(WorldFailed, match="back with other weights")
    with Hosted(lambda wish: Other(), port=hosted.port), another_kind:
        world.step(TURN)


def test_a_player_can_leave_while_the_server_is_gone():
    class Left(Exception):
        pass

    def leave(stage, share):
        if "reconnecting" in stage:
            raise Left

    with Hosted() as hosted:
        world = RemoteWorld(hosted.address, on_progress=leave)
        world.reset(PLACE, 7)
    with pytest.raises(Left):
        world.step(TURN)
    world.close()


def test_a_client_that_is_killed_leaves_its_place_to_the_next_in_the_line():
    with Hosted(keep_s=0.0) as hosted:
        killed, said = RemoteWorld(hosted.address), []
        killed.reset(PLACE, 7)

        def told(stage, share):
            said.append(stage)
            if stage == "all 1 places are taken, you are next":
                with suppress(OSError):  # it may be told so again once the line is cut
                    killed._link._socket.socket.shutdown(socket.SHUT_RDWR)

        world = RemoteWorld(hosted.address, on_progress=told)
        assert said[1:] == ["all 1 places are taken, you are next", "ready"]
        assert np.array_equal(frames_of(world), EXPECTED)
        world.close()


def test_a_player_who_rests_for_long_gives_up_the_place_and_goes_on_when_there_is_one():
    with Hosted(idle_s=0.1) as hosted:
        world = RemoteWorld(hosted.address)
        shown = frames_of(world, 1)
        eventually(lambda: not hosted.players)
        hosted.worlds._config = replace(hosted.house, idle_s=PATIENCE)
        assert np.array_equal([*shown, world.step(TURN).frames], EXPECTED[:3])
        world.close()


def test_who_waits_hears_of_the_place_in_the_line_and_may_leave_it():
    with Hosted() as hosted:
        playing = RemoteWorld(hosted.address)
        with opened(hosted) as second:
            assert said(second) == wire.Queued(1, 1)
            with opened(hosted) as third:
                assert said(third) == wire.Queued(2, 1)
                second.close()
                assert said(third) == wire.Queued(1, 1)
                playing.close()
                assert isinstance(said(third), wire.SessionOpened)


def test_the_line_has_an_end(monkeypatch):
    monkeypatch.setattr(serving_side, "MOST_WAITING", 0)
    with Hosted() as hosted:
        playing = RemoteWorld(hosted.address)
        with pytest.raises(WorldFailed, match="0 players wait; try later"):
            RemoteWorld(hosted.address)
        playing.close()


def test_without_the_token_nobody_is_let_in(token_file):
    with Hosted(gate=ListenAddress(port=0, token_file=token_file)) as hosted:
        for token, why in (("", "wants a token"), ("wrong-horse-battery", "wants another token")):
            with pytest.raises(WorldFailed, match=f"{why}; give --token-file"):
                RemoteWorld(ServerAddress(hosted.address.url, token))
        RemoteWorld(ServerAddress(hosted.address.url, TOKEN)).close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "gpu.home"])
def test_without_a_token_only_this_machine_is_served(host, token_file):
    with pytest.raises(ServingError, match="give --token-file"):
        ListenAddress(host)
    assert "can read everything" in ListenAddress(host, token_file=token_file).warning


def test_another_version_is_a_sentence(hosted):
    with pytest.raises(InvalidStatus) as refused:  # of which a client says the body
        connect(hosted.address.url, subprotocols=["mag-sandbox.0"], proxy=None).__enter__()
    said = refused.value.response.body.decode()
    assert said.startswith(f'the server speaks {wire.PROTOCOL} and the client "mag-sandbox.0"')


def test_no_web_page_is_let_in(hosted):
    told = {"subprotocols": [wire.PROTOCOL], "origin": "http://localhost:8080", "proxy": None}
    with pytest.raises(InvalidStatus) as refused:
        connect(hosted.address.url, **told).__enter__()
    assert refused.value.response.status_code == 403
    assert b"not for web pages" in refused.value.response.body


def test_what_is_no_server_of_worlds_is_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            line, _ = other.accept()
            with line:
                line.recv(4096)
                line.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(WorldFailed, match="cannot be reached"):
            RemoteWorld(ServerAddress(f"ws://127.0.0.1:{other.getsockname()[1]}"))


@contextmanager
def spoken_to(hosted):
    """A connection that says whatever a test wants; its greeting is heard."""
    with connect(
        hosted.address.url,
        subprotocols=[wire.PROTOCOL],
        compression=None,
        proxy=None,
        max_size=None,
        max_queue=1,
        close_timeout=0.1,
        ping_interval=None,  # a busy machine may not answer in time
    ) as line:
        assert isinstance(said(line), wire.Hello)
        yield line


def said(line):
    assembler, message = wire.Assembler(2**30), None
    while message is None:
        message = assembler.add(line.recv(PATIENCE))
    return wire.decode_from_server(message)


def say(line, message):
    for part in wire.split_message(wire.encode(message)):
        line.send(part)


@contextmanager
def opened(hosted):
    with spoken_to(hosted) as line:
        say(line, wire.OpenSession("", "", MemorySetting()))
        yield line


GARBAGE = {
    "bytes": b"\0garbage",
    "no part": b"garbage",
    "nothing": b"\0",
    "text": "words",
    "a request at once": b"\0" + wire.encode(wire.NumberedRequest(1, wire.Call("snapshot"))),
    "a long opening": b"\1" + bytes(wire.MOST_OPENING + 1),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_answered_in_a_sentence_and_the_line_is_closed(hosted, garbage):
    with spoken_to(hosted) as line:
        line.send(GARBAGE[garbage])
        assert said(line).sentence
        with pytest.raises(ConnectionClosed):
            line.recv(PATIENCE)


def test_a_message_of_a_gigabyte_is_refused_before_it_is_sent(hosted):
    with spoken_to(hosted) as line:
        header = bytes((0x82, 0xFF)) + (2**30).to_bytes(8, "big") + bytes(4)
        line.socket.sendall(header)  # and not a byte more
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(PATIENCE)
        assert closed.value.rcvd.code == 1009


def test_a_message_in_parts_that_is_larger_than_a_world_is_refused(hosted, monkeypatch):
    monkeypatch.setattr(serving_side, "MOST_REQUEST", wire.MIB)
    with opened(hosted) as line:
        assert isinstance(said(line), wire.SessionOpened)
        for _ in range(2):
            line.send(b"\1" + bytes(wire.PART))
        assert said(line).sentence == "a message of more than 1 MiB"


@pytest.mark.parametrize(
    "words", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", bytes(999)]
)
def test_what_speaks_another_language_costs_the_others_nothing(hosted, words):
    with socket.create_connection(("127.0.0.1", hosted.port)) as line:
        line.sendall(words)
        world = RemoteWorld(hosted.address)
        assert np.array_equal(frames_of(world, 2), EXPECTED[:3])
        world.close()


def test_a_client_that_does_not_read_is_cut_off_and_the_others_play_on(monkeypatch):
    monkeypatch.setattr(serving_side, "SENDING_S", 0.05)
    with Hosted(places=2, keep_s=0.0) as hosted, opened(hosted) as slow:
        assert isinstance(said(slow), wire.SessionOpened)
        say(slow, wire.NumberedRequest(1, wire.Reset(PLACE, 7)))
        for number in range(2, 60):
            say(slow, wire.NumberedRequest(number, wire.StepRequest(TURN)))
        world = RemoteWorld(hosted.address)
        assert np.array_equal(frames_of(world), EXPECTED)
        world.close()
        eventually(lambda: not hosted.players)


SENSELESS = {
    "a seed": wire.Reset(PLACE, -1),
    "a path": wire.Reset(Scene("a place", image="/etc/passwd"), 7),
    "a state": wire.Restore(wire.Outline({}, b"{}")),
    "no JSON": wire.Restore(wire.Outline({}, b"\x80\x04pickle")),
    "a list": wire.Restore(wire.Outline({}, b"[]")),
    "a missing piece": wire.Restore(
        wire.Outline({"keys": wire.ArrayOutline((1,), [bytes(16)])}, b"{}")
    ),
    "pieces of another line": wire.FetchPieces([bytes(16)]),
    "no past": wire.Adopt(PLACE, 7, "", [], wire.MemoryOrigin("x", 1)),
    "small frames": wire.RoundTrip(np.zeros((1, 2, 2, 3), np.uint8)),
    "many controls": wire.RepeatSteps([TURN] * 257),
}


@pytest.mark.parametrize("request_of", SENSELESS)
def test_a_request_that_makes_no_sense_is_a_sentence_and_play_goes_on(hosted, request_of):
    with opened(hosted) as line:
        assert isinstance(said(line), wire.SessionOpened)
        say(line, wire.NumberedRequest(1, SENSELESS[request_of]))
        assert said(line).result.sentence
        say(line, wire.NumberedRequest(2, wire.Reset(PLACE, 7)))
        assert block_number(said(line).result.block.frames[0]) == 0
        say(line, wire.NumberedRequest(3, wire.Call("leave")))


def test_a_server_that_sends_what_it_did_not_say_is_a_sentence():
    class Crooked(FakeWorld):
        def reset(self, scene, seed):
            block = super().reset(scene, seed)
            return replace(block, frames=block.frames[:, ::2])

    with Hosted(lambda wish: Crooked()) as hosted:
        world = RemoteWorld(hosted.address)
        with pytest.raises(WorldFailed, match="unexpected reply"):
            world.reset(PLACE, 7)
        world.close()


def test_what_a_server_says_is_one_line_whatever_it_holds():
    class Rude(FakeWorld):
        def reset(self, scene, seed):
            raise WorldFailed("\x1b]0;mine\x07no\nroom" + "!" * 9999 + "\u0301\u0316" * 500_000)

    with Hosted(lambda wish: Rude()) as hosted:
        world = RemoteWorld(hosted.address)
        with pytest.raises(WorldFailed) as refused:
            world.reset(PLACE, 7)
        world.close()
    said = str(refused.value)
    assert said.startswith("]0;mineno room!")
    assert len(said) <= 400


@NEEDS_OPENSSL
def test_over_tls_a_certificate_that_is_trusted_is_all_it_takes(tmp_path, monkeypatch):
    cert, key = certify_localhost(tmp_path)
    with Hosted(gate=ListenAddress(port=0, tls_cert=cert, tls_key=key)) as hosted:
        address = ServerAddress(f"wss://localhost:{hosted.port}")
        with pytest.raises(WorldFailed, match="certificate verify failed"):
            RemoteWorld(address)
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(cert))
        world = RemoteWorld(address)
        assert np.array_equal(frames_of(world, 1), EXPECTED[:2])
        world.close()


def test_a_certificate_that_is_none_is_a_sentence(tmp_path):
    (tmp_path / "cert.pem").write_text("words")
    with pytest.raises(ServingError, match=r"cert\.pem cannot be used"):
        Hosted(
            gate=ListenAddress(
                port=0, tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "cert.pem"
            )
        )
    with pytest.raises(ServingError, match="give both"):
        ListenAddress(tls_cert=tmp_path / "cert.pem")


def test_a_port_that_is_taken_is_a_sentence(hosted):
    with pytest.raises(ServingError, match=f"cannot serve 127.0.0.1 port {hosted.port}"):
        Hosted(port=hosted.port)
