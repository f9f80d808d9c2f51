"""The world itself. Only the names below are for others to use."""

from model import benchmark, fetching, memory_prediction, preflight, weight_files, worlds
from model.world import (
    Control,
    FrameBlock,
    MemorySetting,
    MemoryUsage,
    MissingWeights,
    World,
    WorldFailed,
    WorldSpec,
    WorldState,
    available_policies,
    available_worlds,
    load_world,
)

__all__ = [
    "Control",
    "FrameBlock",
    "MemorySetting",
    "MemoryUsage",
    "MissingWeights",
    "World",
    "WorldFailed",
    "WorldSpec",
    "WorldState",
    "available_policies",
    "available_worlds",
    "benchmark",
    "fetching",
    "load_world",
    "memory_prediction",
    "preflight",
    "weight_files",
    "worlds",
]
