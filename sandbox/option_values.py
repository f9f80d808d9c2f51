"""Values of command line options that several commands take."""

import argparse
import math


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
