"""Worlds by name: the list of them, their words and policies, and loading.

torch is imported only when a world is loaded, so a window opens at once.
"""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from mag_sandbox.files.validation import of_type
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.catalogue.worlds import PLAYABLE, WORLDS, WorldRow
from mag_sandbox.model.launch import is_first as is_first  # for the app
from mag_sandbox.model.launch import process_count
from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.model.memory import keeps_places as keeps_places  # for the app, as these are
from mag_sandbox.model.memory import no_places as no_places
from mag_sandbox.model.memory import policy_look as policy_look
from mag_sandbox.model.memorypack.config import VARIANT_OF_WORLD
from mag_sandbox.model.remote.address import REMOTE as REMOTE  # for the app, as are the others
from mag_sandbox.model.remote.address import ServerAddress as ServerAddress
from mag_sandbox.model.remote.address import read_token as read_token
from mag_sandbox.model.world import (
    WEIGHTS,
    Frames,
    MemorySetting,
    Precision,
    Progress,
    World,
    WorldFailed,
)
from mag_sandbox.scenes.vocabulary import Vocabulary


def available_worlds() -> tuple[str, ...]:
    """Return the names that `load_world` accepts."""
    return PLAYABLE


def worlds_beside(name: str) -> tuple[str, ...]:
    """Return the worlds of the same base, this one included, which can adopt each other's past."""
    base = WORLDS[name].base if name in WORLDS else ""
    return tuple(row.name for row in WORLDS.values() if base and row.base == base)


def takes_frames(name: str) -> bool:
    """Return whether a world that is loaded here can be shown frames; see `World.show`."""
    return name in VARIANT_OF_WORLD or bool(worlds_beside(name))


def next_world(name: str) -> str | None:
    """Return the next steady world with the same base weights; None: there is none.

    The others copy copies, and turn to noise within seconds.
    """
    beside = worlds_beside(name)
    after = beside[beside.index(name) + 1 :] + beside[: beside.index(name)] if beside else ()
    return next((world for world in after if WORLDS[world].steady), None)


def next_policy(policy: str, policies: Sequence[str]) -> str:
    """Return the memory policy after another one, in a circle."""
    return policies[(policies.index(policy) + 1) % len(policies)]


def enlarged(frames: Frames) -> Frames:
    """Return frames at four times the size, with crisp edges; see `model.enlarging`."""
    result: Frames = import_module("mag_sandbox.model.enlarging").enlarged(frames)
    return result


def can_enlarge(frames: Frames) -> bool:
    """Return whether frames are enlarged at once; else that is being prepared."""
    height, width = frames.shape[1:3]
    ready: bool = import_module("mag_sandbox.model.enlarging").is_ready(height, width)
    return ready


def words_of(name: str) -> Path | None:
    """Return the file of the words that a world was trained on; None: it knows every word."""
    folder = WORLDS[name].words if name in WORLDS else ""
    return WEIGHTS / folder / "words.json" if folder else None


def words_problem(world: str, text: str) -> str:
    """Return the message that refuses a description without any known word; "": some are known."""
    words = words_of(world)
    return "" if words is None else Vocabulary.load(words).problem(text)


def available_policies() -> tuple[str, ...]:
    """Return the names of the memory policies, the default one first."""
    return tuple(MEMORY_POLICIES)


def policies_of(world: str) -> tuple[str, ...]:
    """Return the names of the memory policies of a world, the default one first."""
    own = world in VARIANT_OF_WORLD or (world in WORLDS and WORLDS[world].packs)
    return (world,) if own else available_policies()


def load_world(
    name: str = "pocket",
    memory: MemorySetting | None = None,
    *,
    look_ahead: bool = True,
    execution: dict[str, Any] | None = None,
    precision: Precision = "auto",
    server: ServerAddress | None = None,
    on_progress: Progress = lambda stage, fraction: None,
) -> World:
    """Load a world by name.

    Args:
        name: one of `available_worlds`; of a server also "remote", whatever it plays.
        memory: first setting of memory; None: the default one.
        look_ahead: whether views are imagined before the camera gets there.
        execution: `provenance()["execution"]` of a recording, to run as it did, with any prompt;
            None: the way that a probe finds fastest here.
        precision: of the pocket world's networks, where no execution is given.
        server: where it runs; None: here.
        on_progress: called with stage and fraction.

    Raises:
        WorldFailed: the name is unknown, or the world cannot run here, or not in that precision.
        MissingWeights: its weights are absent or damaged.
        FieldError: an argument is of another type.
    """
    of_type("name", name, str)
    of_type("memory", memory, MemorySetting | None)
    of_type("execution", execution, dict | None)
    if precision not in get_args(Precision):
        raise WorldFailed(not_found("precision", str(precision), get_args(Precision)))
    if precision != "auto" and (name != "pocket" or server):
        raise WorldFailed(f"precision {precision} is for the pocket world here; leave it out")
    if of_type("server", server, ServerAddress | None) is not None:
        remote = _remote()
        result: World = remote.RemoteWorld(
            server,
            name,
            memory,
            look_ahead=look_ahead,
            execution=execution,
            on_progress=on_progress,
        )
        return result
    if name in VARIANT_OF_WORLD:  # also the ablations, which no list offers
        return _load_memorypack(name, look_ahead, execution, on_progress)
    if name not in available_worlds():
        raise WorldFailed(not_found("world", name, available_worlds()))
    if name != "pocket":
        return _load_full(name, memory, look_ahead, execution, on_progress)
    from mag_sandbox.model.pocket import loading as pocket

    return pocket.load(
        memory or MemorySetting(),
        look_ahead=look_ahead,
        on_progress=on_progress,
        execution=pocket.recorded_execution(execution) if execution else None,
        precision=precision,
    )


def measure_precisions() -> None:
    """Time the pocket world's networks in all precisions, and keep the choice for later starts."""
    from mag_sandbox.model.pocket import loading as pocket

    pocket.measure_precisions()


def served_world(server: ServerAddress) -> str:
    """Return the name of the world that a server plays."""
    result: str = _remote().served_world(server)
    return result


def _remote() -> ModuleType:
    try:
        return import_module("mag_sandbox.model.remote.world")
    except ImportError as error:
        raise WorldFailed(
            f"remote worlds need more packages ({error}); run `pip install -e '.[remote]'`"
        ) from error


def _load_memorypack(
    name: str, look_ahead: bool, execution: dict[str, Any] | None, on_progress: Progress
) -> World:
    from mag_sandbox.model.memorypack import world
    from mag_sandbox.model.pocket.loading import recorded_execution

    return world.load(
        VARIANT_OF_WORLD[name],
        on_progress=on_progress,
        look_ahead=look_ahead,
        execution=recorded_execution(execution) if execution else None,
    )


def _load_full(
    name: str,
    memory: MemorySetting | None,
    look_ahead: bool,
    execution: dict[str, Any] | None,
    on_progress: Progress,
) -> World:
    from mag_sandbox.model.catalogue.memory_plan import prepare

    on_progress("weights", 0.0)
    start = prepare(name, memory)
    others = start.device.count - 1
    if others and (start.row.clips or start.row.packs):
        raise WorldFailed(f'"{name}" runs on one device; start it without torchrun')
    if start.reduced:
        on_progress(f"to fit {start.device.name}: {start.plan.words()}", 0.0)
    try:
        backend = import_module(f"mag_sandbox.model.full.{_backend(start.row)}")
    except ImportError as error:
        raise WorldFailed(
            f"full-size worlds need more packages ({error}); run `pip install -e '.[full]'`"
        ) from error
    if others and is_first():
        leading = import_module("mag_sandbox.model.full.leading")
        leading.meet(start.device.kind)
        leading.tell(leading.LOAD, name, memory, look_ahead, execution)
    world = backend.load(
        start,
        memory or start.row.memory_setting(),
        look_ahead=look_ahead,
        execution=execution,
        on_progress=on_progress,
    )
    result: World = leading.LeadingWorld(world) if others and is_first() else world
    return result


def _backend(row: WorldRow) -> str:
    if row.clips:
        return "clips"
    return "pack_world" if row.packs else "loading"


def follow() -> None:
    """Repeat the first process's calls of its full-size world, until it ends."""
    leading = _meet()
    leading.follow(partial(_load_full, on_progress=lambda stage, fraction: None))


def end_others() -> None:
    """End the processes that follow this one, if there are any."""
    if process_count() > 1:
        _meet().end()


def _meet() -> ModuleType:
    leading = import_module("mag_sandbox.model.full.leading")
    device = import_module("mag_sandbox.model.catalogue.memory_plan").find_device()
    leading.meet(device.kind if device else "cpu")
    return leading
