"""The processes that `torchrun` started, and this one's place among them."""

import os


def process_count() -> int:
    """Return how many processes were started, this one included."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this is the process that plays."""
    return os.environ.get("RANK", "0") == "0"


def device_index() -> int:
    """Return which of its machine's devices is this process's own."""
    return int(os.environ.get("LOCAL_RANK", "0"))
