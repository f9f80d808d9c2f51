"""Which world to load, and how; turns the names of the command line into a world."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.catalogue import worlds
from mag_sandbox.model.loading import (
    REMOTE,
    ServerAddress,
    available_policies,
    available_worlds,
    load_world,
    policies_of,
    served_world,
)
from mag_sandbox.model.world import MemorySetting, Precision, Progress, World, WorldFailed
from mag_sandbox.sandbox.settings import SandboxConfig


@dataclass(frozen=True, slots=True)
class WorldChoice:
    """A world by name, with its memory; an unknown name of either raises WorldFailed.

    world = WorldChoice("pocket", MemorySetting(policy="mag")).load()
    """

    name: str = "pocket"
    memory: MemorySetting = field(default_factory=MemorySetting)
    look_ahead: bool = True
    execution: dict[str, Any] | None = None  # as a recording says; None: chosen for this machine
    server: ServerAddress | None = None  # where it runs; None: here
    precision: Precision = "auto"  # of the pocket world's networks, where no execution is given

    def __post_init__(self) -> None:
        if self.name not in available_worlds():
            raise WorldFailed(not_found("world", self.name, available_worlds()))
        if self.memory.policy not in policies_of(self.name):
            known = policies_of(self.name)
            raise WorldFailed(not_found("memory policy", self.memory.policy, known))

    @property
    def is_bundled(self) -> bool:
        """Whether the world runs here, with weights that come with the game."""
        row = worlds.WORLDS.get(self.name)
        return self.server is None and row is not None and row.bundled

    def changed(self, before: SandboxConfig, after: SandboxConfig) -> "WorldChoice":
        """Return the choice with the settings that a player changed; the rest stays as it was."""
        old, new = before.memory_setting(), after.memory_setting()
        names = (field.name for field in fields(MemorySetting))
        anew = {
            name: value for name in names if (value := getattr(new, name)) != getattr(old, name)
        }
        if anew.get("policy") not in (None, *policies_of(self.name)):
            del anew["policy"]  # settings speak of the pocket world's memory
        look_ahead = self.look_ahead if before.look_ahead == after.look_ahead else after.look_ahead
        precision = self.precision
        if before.precision != after.precision:
            precision = usual_precision(self.name, self.server, after)
        memory = replace(self.memory, **anew)
        return replace(self, memory=memory, look_ahead=look_ahead, precision=precision)

    def beside(self, world: str, settings: SandboxConfig) -> "WorldChoice":
        """Return another world in place of this one, with the memory that is set for it."""
        policies = policies_of(world)
        policy = settings.memory if settings.memory in policies else policies[0]
        memory = settings.memory_setting(policy)
        precision = usual_precision(world, self.server, settings)
        return WorldChoice(world, memory, self.look_ahead, server=self.server, precision=precision)

    def load(self, on_progress: Progress = lambda stage, fraction: None) -> World:
        """Load the world, or raise WorldFailed if it cannot run here as chosen."""
        world = load_world(
            self.name,
            self.memory,
            look_ahead=self.look_ahead,
            execution=self.execution,
            precision=self.precision,
            server=self.server,
            on_progress=on_progress,
        )
        policies = world.spec.policies
        if self.memory.policy not in policies:
            world.close()
            raise WorldFailed(not_found("memory policy", self.memory.policy, policies))
        return world


def usual_memory(world: str, settings: SandboxConfig, of_scene: str | None) -> MemorySetting:
    """Return a world's default memory setting.

    Settings and scenes are about the pocket world's memory; other worlds keep their own.
    """
    row = worlds.WORLDS.get(world)
    if row is None or (row.bundled and policies_of(row.name) == available_policies()):
        return settings.memory_setting(of_scene)
    return row.memory_setting()


def usual_precision(world: str, server: ServerAddress | None, settings: SandboxConfig) -> Precision:
    """Return a world's default precision: that of the settings, in the world that has a choice."""
    return settings.precision if world == "pocket" and server is None else "auto"


def meant_world(world: str, server: ServerAddress | None) -> str:
    """Return a world's name, that of "remote" from its server, or raise WorldFailed."""
    if world != REMOTE:
        return world
    if server is None:
        raise WorldFailed("--world remote runs elsewhere; give its --url, as wss://HOST:PORT")
    return served_world(server)
