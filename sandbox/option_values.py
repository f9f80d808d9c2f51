"""Values of command line options that several commands take, and options that they share."""

import argparse
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mag_sandbox.command_line import option
from mag_sandbox.model.loading import ServerAddress, read_token
from mag_sandbox.scenes.scene import MAX_SEED

MOST = 1e6  # seconds or minutes


def amount(unit: str) -> Callable[[str], float]:
    """Return a parser of numbers above 0 within limits."""

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
    """Return a parser of whole numbers."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= most:
            problem = f'"{text}" is not a whole number from {least} to {most}'
            raise argparse.ArgumentTypeError(problem)
        return int(text)

    return read


class Span(NamedTuple):
    """So many, at least and at most."""

    least: int
    most: int


def span(least: int, most: int) -> Callable[[str], Span]:
    """Return a parser of one whole number, or of two with a dash between, the smaller first."""
    number = whole(least, most)

    def read(text: str) -> Span:
        first, _, last = text.partition("-")
        found = Span(number(first), number(last or first))
        if found.least > found.most:
            raise argparse.ArgumentTypeError(f'"{text}" ends before it begins')
        return found

    return read


seed = whole(0, MAX_SEED)


PRECISION = "of the pocket world's networks (default auto: the fastest of each on this machine)"


@dataclass(frozen=True, kw_only=True)  # without slots: others inherit from it besides
class ServerOptions:
    """Where a world runs that does not run here."""

    url: str | None = option(
        None,
        "play on a server, see `serve`: wss://HOST:PORT, or ws://... on a trusted line",
        metavar="URL",
    )
    token_file: Path | None = option(
        None, "the secret that the server or, with --browser, pages must know", metavar="FILE"
    )
    quality: int | None = option(
        None,
        "of the server's frames, as JPEG, 1 to 100, for slow lines; without it they are lossless",
        type=whole(1, 100),
        metavar="N",
    )

    def server(self) -> ServerAddress | None:
        """Return where the world runs; None: here."""
        if self.url is None:
            return None
        token = read_token(self.token_file) if self.token_file else ""
        return ServerAddress(self.url, token, self.quality)


@dataclass(frozen=True, kw_only=True)
class ListenOptions:
    """Where players from other machines are served, and how many."""

    host: str = option(
        "127.0.0.1", "address to serve; without a token only this machine's own (default 127.0.0.1)"
    )
    tls_cert: Path | None = option(
        None, "certificate, PEM, with which the line is encrypted", metavar="FILE"
    )
    tls_key: Path | None = option(None, "its key, PEM", metavar="FILE")
    max_sessions: int = option(
        2, "players at once; others wait in line (default 2)", type=whole(1, 64), metavar="N"
    )
