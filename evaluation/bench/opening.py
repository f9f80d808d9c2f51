"""Opens the worlds that benches measure; what it is told can be sent to other processes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import MemorySetting, World, WorldFailed


def open_measured(world: str, weights: Path | None, execution: dict | None) -> World:
    """Return a world with its own memory.

    Args:
        world: its name.
        weights: a folder of the pocket world's; None: those that come with the game.
        execution: how it was run before; None: as is fastest.
    """
    execution = fitting(execution)
    if weights is None:
        return load_world(world, execution=execution)
    from mag_sandbox.model.pocket import loading as pocket

    return pocket.load(
        MemorySetting(),
        look_ahead=True,
        on_progress=lambda stage, fraction: None,
        weights=weights,
        execution=pocket.recorded_execution(execution) if execution else None,
    )


def opener_like(world: World, name: str) -> Callable[[], World]:
    """Return what opens the world of a name, to be run in any process as this one is."""
    return partial(open_measured, name, None, world.provenance().get("execution"))


def fitting(execution: dict | None) -> dict | None:
    """Return how a world is run, with no more threads than this process has."""
    if execution is None:
        return None
    threads, asked = torch.get_num_threads(), None
    if isinstance(execution, dict):
        asked = execution.get("threads", threads)
    if type(asked) is not int:
        raise WorldFailed(f"{execution!r:.40} says not how a world was run; measure it again")
    return execution | {"threads": min(asked, threads)}
