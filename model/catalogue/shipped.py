"""Checks the weights that come with the game against a list of their SHA-256.

`make sums` packs them and lists them anew after training; `sha256sum -c SHA256SUMS` checks them by
hand.
"""

from pathlib import Path

from mag_sandbox.files.border import read_plain, reason_of
from mag_sandbox.files.whole import replace_file, sha256_of
from mag_sandbox.model.packing import pack_file
from mag_sandbox.model.world import WEIGHTS

SUMS = "SHA256SUMS"  # in the folder of all weights: a digest and a path on each line
MOST_SUMS = 2**16  # bytes
_KINDS = (".safetensors", ".json")


def listed(folder: Path = WEIGHTS) -> dict[str, str]:
    """Return the SHA-256 of every file of weights, hex, by its path within the folder."""
    rows = (line.split() for line in read_plain(folder / SUMS, MOST_SUMS).decode().splitlines())
    return {path: digest for digest, path in rows}


def found(folder: Path = WEIGHTS) -> dict[str, str]:
    """Return the SHA-256 of the present files, by path."""
    files = sorted(path for path in folder.glob("*/*") if path.suffix in _KINDS)
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def changed(folder: Path = WEIGHTS) -> list[str]:
    """Return the paths of files that were changed, added or removed since the list was made."""
    try:
        then, now = listed(folder), found(folder)
    except (OSError, ValueError) as error:
        return [f"{SUMS} ({reason_of(error)})"]
    return sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path))


def write_sums(folder: Path = WEIGHTS) -> None:
    """Pack the weights and write the list anew."""
    for path in folder.glob("*/*.safetensors"):
        pack_file(path)
    rows = (f"{digest}  {path}\n" for path, digest in found(folder).items())
    replace_file(folder / SUMS, "".join(rows))


if __name__ == "__main__":
    write_sums()
