"""The list of the things that a picture shows, which it carries itself, as text in the PNG.

So it goes wherever the picture goes: into recordings, saved places, videos and to servers. Things
behind all others come first, then the others from far to near.
"""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mag_sandbox.files.border import refusing
from mag_sandbox.files.pictures import read_note
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.objects import PlacedObject, check_objects
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.scenes.stances import STANCES

NAME = "mag-sandbox things"  # of the text


def write_listed(path: Path, picture: np.ndarray, things: Sequence[PlacedObject]) -> None:
    """Write a picture, uint8 [H, W, 3], as a PNG that lists its things."""
    note = PngInfo()
    note.add_text(NAME, msgspec.json.encode([asdict(one) for one in things]).decode(), zip=True)
    with replacing(path) as part:
        Image.fromarray(picture).save(part, format="PNG", pnginfo=note, optimize=True)


def read_listed(
    path: Path, size: tuple[int, int], config: ImaginationConfig
) -> tuple[PlacedObject, ...]:
    """Return the things that a picture lists.

    (): it lists none, or of kinds that these weights do not know, and the reader has to look.

    Args:
        path: of the picture.
        size: width and height of a view [px]; of another shape, a picture is cropped.
        config: of the weights.

    Raises:
        WorldFailed: the list is damaged, or of things that cannot be.
    """

    def check_shape(width: int, height: int) -> None:
        if width * size[1] != height * size[0]:
            raise ValueError(f"it is of {size[0]} x {size[1]} px, the picture {width} x {height}")

    def refuse(why: str) -> WorldFailed:
        said = f"the list of things in scene image {path} cannot be used ({why})"
        return WorldFailed(f"{said}; save the picture anew, without its texts")

    with refusing(refuse):
        note = read_note(path, NAME, check_shape)
        if note is None:
            return ()
        things = decode(tuple[PlacedObject, ...], parse_json(note.encode()), "things")
        check_objects(things, {*STANCES, *config.looks})
    behind = tuple(takewhile(config.all_behind.__contains__, (one.kind for one in things)))
    begins = not behind or behind in config.behind.values()
    return things if begins and all(one.kind in config.looks for one in things) else ()
