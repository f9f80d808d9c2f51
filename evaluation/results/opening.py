"""Opens measured worlds; everything here can be sent to other processes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import MemorySetting, World, WorldFailed

OpenWorld = Callable[[], World]


def open_measured(world: str, weights: Path | None, execution: dict[str, Any] | None) -> World:
    """Return a world with its own memory.

    Args:
        world: its name.
        weights: a folder of weights of the pocket world; None: those that come with the game.
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


def opener(world: str, weights: Path | None = None) -> OpenWorld:
    """Return a function that opens a world in any process.

    Raises:
        ValueError: there are weights, and the world is not the pocket world.
    """
    if weights is not None and world != "pocket":
        raise ValueError(f'--weights is a folder of the pocket world, not of "{world}"')
    # workers may stand elsewhere
    return partial(open_measured, world, weights and weights.absolute(), None)


def opener_like(world: World, name: str) -> OpenWorld:
    """Return a function that opens the world of a name in any process, run as this one is."""
    return partial(open_measured, name, None, world.provenance().get("execution"))


def fitting(execution: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a world's execution, with no more threads than this process has."""
    if execution is None:
        return None
    threads, asked = torch.get_num_threads(), None
    if isinstance(execution, dict):
        asked = execution.get("threads", threads)
    if type(asked) is not int:
        raise WorldFailed(f"{execution!r:.40} says not how a world was run; measure it again")
    return execution | {"threads": min(asked, threads)}
