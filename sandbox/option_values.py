"""Values of command line options that several commands take: each is what reads one kind."""

import argparse
import math
import re
from collections.abc import Callable

from mag_sandbox.scenes.scene import MAX_SEED

MOST = 1e6  # seconds or minutes


def amount(unit: str) -> Callable[[str], float]:
    """Return what reads a number above 0, of a size that makes sense."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value <= MOST:
            problem = f'"{text}" is not a number of {unit} above 0, at most {MOST:g}'
            raise argparse.ArgumentTypeError(problem)
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= most:
            problem = f'"{text}" is not a whole number from {least} to {most}'
            raise argparse.ArgumentTypeError(problem)
        return int(text)

    return read


seed = whole(0, MAX_SEED)
