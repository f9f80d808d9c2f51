"""The memories that benches compare, by name, among them worlds that remember in their own way.

A name like `memorypack@direct` plays a trained phase of MemoryPack: before @ is the world, after it
the phase whose parts `python -m training memorypack` left in a folder. Without @ a world plays what
comes with the game.
"""

from pathlib import Path

from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.memorypack.config import VARIANT_OF_WORLD
from mag_sandbox.model.world import MemorySetting, World

MARK = "@"
EQUAL_WINDOW = "window-equal"  # a window of as many bytes as the tested policy holds in the end
POLICIES = ("mag-retrieve", "mag", "full", "window", EQUAL_WINDOW, "none", *VARIANT_OF_WORLD)
DEFAULT_POLICIES = ("mag-retrieve", "mag", "window", EQUAL_WINDOW)


def split(policy: str) -> tuple[str, str]:
    """Return world or policy, and phase: "" where none is named."""
    name, _, phase = policy.partition(MARK)
    return name, phase


def is_pack(policy: str) -> bool:
    """Tell whether a policy is a world of its own."""
    return split(policy)[0] in VARIANT_OF_WORLD


def setting_of(policy: str, window_blocks: int = 2) -> MemorySetting:
    """Return the setting of a policy; windows are plain, without sink frames."""
    if policy in ("window", EQUAL_WINDOW):
        return MemorySetting(policy="window", window_blocks=window_blocks, sink_frames=0)
    return MemorySetting(policy=policy)


def check_policies(policies: tuple[str, ...]) -> None:
    """Refuse names that cannot be compared; the first is the one that is tested.

    Raises:
        ValueError: a name is unknown, a phase is named where there is none, or no policy is left.
    """
    if not policies or policies[0] == EQUAL_WINDOW:
        raise ValueError(f"name a policy to test before {EQUAL_WINDOW}")
    for policy in policies:
        name, _, phase = policy.partition(MARK)
        if name not in POLICIES:
            raise ValueError(not_found("memory policy", name, POLICIES))
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
