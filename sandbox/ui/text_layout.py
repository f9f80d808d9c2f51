"""Breaks a line of text that is being written into rows, and finds places in it. Draws nothing."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mag_sandbox.scenes.characters import cluster_end

LONGEST = 24  # characters measured and drawn at once; a longer word is broken
Measure = Callable[[str], int]  # text -> px


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A stretch of the text on one row, with one look."""

    text: str
    start: int  # in the whole text
    row: int
    left: int  # px from the row's beginning
    width: int  # px

    @property
    def end(self) -> int:
        """Where it ends in the whole text."""
        return self.start + len(self.text)


def lay_out(
    text: str, marked: Sequence[tuple[int, int]], width: int, measure: Measure
) -> tuple[TextPiece, ...]:
    """Return the text in rows, broken between words where that is possible.

    Args:
        text: everything.
        marked: stretches in order that are to be pieces of their own.
        width: of a row [px].
        measure: of a short text.
    """
    edges = {edge for stretch in marked for edge in stretch}
    pieces: list[TextPiece] = []
    row, left = 0, 0
    for run in re.finditer(r"\s+|\S+", text):
        parts = [(place, part, measure(part)) for place, part in _parts(run, edges)]
        whole = sum(part_width for _, _, part_width in parts)
        if left and not run[0].isspace() and left + whole > width:
            row, left = row + 1, 0
        for place, part, part_width in parts:
            if left and left + part_width > width and (whole > width or left > width):
                row, left = row + 1, 0
            pieces.append(TextPiece(part, place, row, left, part_width))
            left += part_width
    return tuple(pieces)


def find_place(pieces: Sequence[TextPiece], place: int, measure: Measure) -> tuple[int, int]:
    """Return (row, px from its beginning) of the gap before a character of the text."""
    found = (0, 0)
    for piece in pieces:
        if piece.start <= place <= piece.end:
            found = piece.row, piece.left + measure(piece.text[: place - piece.start])
    return found


def find_character(pieces: Sequence[TextPiece], row: int, across: float, measure: Measure) -> int:
    """Return the gap between characters that lies nearest to a point of a row."""
    best, nearest = 0, float("inf")
    for piece in pieces:
        if piece.row != row:
            continue
        for place in _gaps(piece.text):
            distance = abs(piece.left + measure(piece.text[:place]) - across)
            if distance <= nearest:
                best, nearest = piece.start + place, distance
    return best


def _parts(run: re.Match[str], edges: set[int]) -> Iterator[tuple[int, str]]:
    """Cut a run of letters or blanks at the edges, and where it is too long."""
    text, offset, start = run[0], run.start(), 0
    end = 0
    while end < len(text):
        end = cluster_end(text, end)
        if end == len(text) or offset + end in edges or end - start >= LONGEST:
            yield offset + start, text[start:end]
            start = end


def _gaps(text: str) -> Iterator[int]:
    place = 0
    yield place
    while place < len(text):
        place = cluster_end(text, place)
        yield place
