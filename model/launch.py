"""This process among those of `torchrun`; without it, there is one."""

import os


def process_count() -> int:
    """Return how many processes were started, this one included."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this is the one that plays, or the only one."""
    return os.environ.get("RANK", "0") == "0"


def device_index() -> int:
    """Return which of its machine's devices is this process's own."""
    return int(os.environ.get("LOCAL_RANK", "0"))
