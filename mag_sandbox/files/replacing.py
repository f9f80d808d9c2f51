"""Files that take the place of older ones when they are complete; for what can be made again.

What a player would lose is written more carefully, by `mag_sandbox.files.whole`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write under; what is there in the end takes the place of `path`.

    with replacing(folder / "words.json") as part:
        part.write_text(text)
    """
    part = path.with_name(f"{path.name}.partial")
    yield part
    part.replace(path)
