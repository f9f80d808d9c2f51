"""Rows of the memory bench that play trained phases of MemoryPack: `memorypack@direct`.

Before @ is the world, after it the phase whose parts `python -m training memorypack` left in a
folder. Without @ a world plays what comes with the game.
"""

from pathlib import Path

from mag_sandbox.evaluation.bench.pocket import POLICIES
from mag_sandbox.model.memorypack.config import VARIANT_OF_WORLD
from mag_sandbox.model.world import World

MARK = "@"


def split(policy: str) -> tuple[str, str]:
    """Return world or policy, and phase: "" where none is named."""
    name, _, phase = policy.partition(MARK)
    return name, phase


def is_pack(policy: str) -> bool:
    """Tell whether a policy is a world of its own."""
    return split(policy)[0] in VARIANT_OF_WORLD


def check_policies(policies: tuple[str, ...]) -> None:
    """Refuse names that are neither.

    Raises:
        ValueError: a name is unknown, or a phase is named where there is none.
    """
    for policy in policies:
        name, _, phase = policy.partition(MARK)
        if name not in POLICIES:
            known = ", ".join(POLICIES)
            raise ValueError(f'memory policy "{name}" not found; available: {known}')
        if MARK in policy and (name not in VARIANT_OF_WORLD or not phase):
            known = ", ".join(VARIANT_OF_WORLD)
            raise ValueError(f'"{policy}" names no phase of training; write WORLD@PHASE, {known}')


def open_pack(policy: str, weights: Path | None, parts: Path, execution: dict | None) -> World:
    """Return the world of a policy, which may name a phase whose file lies in `parts`.

    Raises:
        MissingWeights: the phase has no file there, or it belongs to other weights.
    """
    from mag_sandbox.model.memorypack import loading  # with torch
    from mag_sandbox.model.memorypack.parts import PARTS
    from mag_sandbox.model.pocket.loading import recorded_execution
    from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS

    name, phase = split(policy)
    return loading.load(
        VARIANT_OF_WORLD[name],
        on_progress=lambda stage, fraction: None,
        weights=weights or POCKET_WEIGHTS,
        parts=parts if phase else PARTS,
        phase=phase,
        execution=recorded_execution(execution) if execution else None,
    )
