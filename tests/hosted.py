"""A server of worlds on this machine's loopback, in this process, and ways to mistreat it.

with Hosted() as hosted:
    world = RemoteWorld(hosted.address)
"""

import threading
from collections.abc import Callable

from mag_sandbox.model.remote.address import ServerAddress
from mag_sandbox.model.remote.engine import WorldEngine, WorldRequest
from mag_sandbox.model.remote.server import ServerConfig, WorldServer
from mag_sandbox.model.remote.serving import ListenAddress, make_server, open_listener
from mag_sandbox.model.world import World
from tests.doubles import FakeWorld
from tests.patience import PATIENCE, eventually


def fake(wish: WorldRequest) -> FakeWorld:
    return FakeWorld(wish.memory)


class Hosted:
    """A server that runs."""

    def __init__(
        self,
        load: Callable[[WorldRequest], World] = fake,
        *,
        port: int = 0,
        gate: ListenAddress | None = None,
        **house,
    ) -> None:
        gate = gate or ListenAddress(port=port)
        self.house = ServerConfig(**{"worlds": ("fake",), "token": gate.token()} | house)
        self.engine = WorldEngine(load, self.house.places)
        self.worlds = WorldServer(self.engine, self.house)
        self._server = make_server(self.worlds.app, gate)
        self._listener = open_listener(gate)
        self.port = self._listener.getsockname()[1]
        self.address = ServerAddress(f"ws://127.0.0.1:{self.port}", token=self.house.token)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._listener],), daemon=True
        )

    def __enter__(self) -> "Hosted":
        self.engine.start()
        self._thread.start()
        eventually(lambda: self._server.started)
        return self

    def __exit__(self, *failure) -> None:
        self.kill()
        self.engine.close()

    @property
    def players(self) -> int:
        """Sessions that there are."""
        return len(self.worlds._sessions)

    def kill(self) -> None:
        """End at once, as a killed program does: no client is told."""
        self.cut()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)

    def cut(self) -> None:
        """Break all connections, as a network does."""
        for connection in list(self._server.server_state.connections):
            connection.loop.call_soon_threadsafe(connection.transport.abort)
