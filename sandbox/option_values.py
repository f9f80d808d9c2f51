"""Values of command line options that several commands take."""

import argparse
import math
import re

from mag_sandbox.scenes.scene import MAX_SEED


def positive(text: str, unit: str = "seconds") -> float:
    """Return a finite number above 0.

    Raises:
        ArgumentTypeError: it is something else.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of {unit} above 0')
    return value


def seed(text: str) -> int:
    """Return the seed of a world.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > MAX_SEED:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from 0 to {MAX_SEED}')
    return int(text)
