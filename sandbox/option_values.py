"""Values of command line options that several commands take: each is what reads one kind."""

import argparse
import math
import re
from collections.abc import Callable

from mag_sandbox.scenes.scene import MAX_SEED


def amount(unit: str) -> Callable[[str], float]:
    """Return what reads a finite number above 0."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f'"{text}" is not a number of {unit} above 0')
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
