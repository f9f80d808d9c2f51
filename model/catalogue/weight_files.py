"""Where the weights of worlds are on this computer, and whether they are complete and intact.

A world's manifest says which file plays which role, how long it must be and its SHA-256; it is
written when all files have arrived. Files of one repository are stored once, whatever worlds use
them. This module knows nothing of networks or of the hub.
"""

import hashlib
import json
import os
import struct
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mag_sandbox.files.border import is_missing, open_plain, read_plain, reason_of, refusing
from mag_sandbox.files.folders import data_folder
from mag_sandbox.files.validation import decode, parse_json
from mag_sandbox.files.whole import replace_file, sha256_of
from mag_sandbox.model.catalogue.worlds import WORLDS, Fetchable, WorldRow
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.program import PROGRAM

HOME_VARIABLE = "MAG_SANDBOX_WEIGHTS"
MANIFESTS = "worlds"  # folder of manifests in the weights folder
FORMAT = 1  # of manifests
MAX_MANIFEST = 2**20  # bytes
_MOST_HEADER = 100_000_000  # bytes, as the safetensors library allows


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a world, as it was when last checked."""

    role: str  # one of `model.catalogue.worlds.ROLES`
    path: str  # below the weights folder; absolute if the player gave a file of their own
    bytes: int
    sha256: str
    origin: str  # repository@commit, or "own file"
    changed_ns: int  # time of change; while it stays, the file need not be hashed again


@dataclass(frozen=True, slots=True)
class _Manifest:
    files: tuple[WeightFile, ...]
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format {self.format}, expected {FORMAT}")


@dataclass(frozen=True, slots=True)
class WorldFiles:
    """All files of a world.

    files = require(WORLDS["mag"])
    state = load(files.paths("generator"))
    """

    world: str
    home: Path  # the weights folder
    files: tuple[WeightFile, ...]

    def paths(self, role: str) -> tuple[Path, ...]:
        """Return where the files of a role lie, in order of their names; none if it has none."""
        return tuple(sorted(self.home / file.path for file in self.files if file.role == role))

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files)

    def digest(self) -> str:
        """Return 16 hex digits that stand for all the weights, for recordings."""
        lines = sorted(f"{file.role} {file.sha256}" for file in self.files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def weights_home() -> Path:
    """Return the folder of all fetched weights; $MAG_SANDBOX_WEIGHTS goes first."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).absolute() if home else data_folder() / "weights"


def repo_folder(repo: str) -> str:
    """Return where a repository's files lie in the weights folder."""
    return repo.replace("/", "--")


def manifest_path(name: str, home: Path) -> Path:
    """Return where a world's manifest lies."""
    return home / MANIFESTS / f"{name}.json"


def read_files(name: str, home: Path | None = None) -> WorldFiles | None:
    """Return a world's manifest, None if never fetched, or raise MissingWeights."""
    home = home or weights_home()
    path = manifest_path(name, home)
    if is_missing(path):
        return None
    with refusing(lambda why: MissingWeights(f"{path} cannot be read ({why}); {_remedy(name)}")):
        manifest = decode(_Manifest, parse_json(read_plain(path, MAX_MANIFEST)), "manifest")
        return WorldFiles(name, home, manifest.files)


def write_files(files: WorldFiles) -> None:
    """Write a world's manifest; it appears whole or not at all."""
    path = manifest_path(files.world, files.home)
    replace_file(path, json.dumps(asdict(_Manifest(files.files)), indent=1))


def require(row: Fetchable, home: Path | None = None) -> WorldFiles:
    """Return the checked files of a world, or of data, or raise MissingWeights if any is amiss.

    A file that has not changed since the last check is not hashed again.
    """
    files = read_files(row.name, home)
    if files is None:
        reason = f": {row.reason}" if row.reason else f"; {_remedy(row.name)}"
        raise MissingWeights(f'the files of "{row.name}" are not here{reason}')
    checked, problems = check(row, files)
    if problems:
        raise MissingWeights(f"{problems[0]}; {_remedy(row.name)}")
    if checked != files:
        write_files(checked)
    return checked


def check(
    row: Fetchable, files: WorldFiles, *, thorough: bool = False
) -> tuple[WorldFiles, list[str]]:
    """Compare files with their manifest; a thorough check hashes also those that have not changed.

    Returns:
        The files with their present times of change, and one sentence for each problem.
    """
    problems, seen = [], []
    for file in files.files:
        problem, now = check_file(file, files.home, thorough=thorough)
        problems += [problem] if problem else []
        seen.append(now)
    have = {file.role for file in files.files}
    problems += [f'"{row.name}" has no {role}' for role in row.roles if role not in have]
    return replace(files, files=tuple(seen)), problems


def check_file(file: WeightFile, home: Path, *, thorough: bool) -> tuple[str, WeightFile]:
    """Return the problem of a file ("": none), and the file with its time of change."""
    path = home / file.path
    try:
        status = path.stat()
        if status.st_size != file.bytes:
            return f"{path} has {status.st_size} bytes, expected {file.bytes}", file
        if thorough or status.st_mtime_ns != file.changed_ns:
            found = sha256_of(path)
            if found != file.sha256:
                return f"{path} is damaged: SHA-256 {found[:12]}, expected {file.sha256[:12]}", file
        problem = header_problem(path)
    except (OSError, ValueError) as error:
        return f"{path} cannot be read ({reason_of(error)})", file
    return problem, replace(file, changed_ns=status.st_mtime_ns)


def header_problem(path: Path) -> str:
    """Return the problem of a safetensors header; "": none, or another kind of file."""
    return safetensors_problem(path) if path.suffix == ".safetensors" else ""


def safetensors_problem(path: Path) -> str:
    """Return why a file is not whole safetensors; "": it is."""
    with open_plain(path) as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        try:
            if not 2 <= length <= _MOST_HEADER:
                raise ValueError
            header = parse_json(file.read(length))
            ends = [value["data_offsets"][1] for key, value in header.items() if key[:2] != "__"]
            whole = 8 + length + max(ends, default=0)
        except Exception:  # whatever it is
            return f"{path} is not a safetensors file"
    size = path.stat().st_size
    return "" if size == whole else f"{path} has {size} bytes, its header says {whole}"


def own_file(role: str, path: Path) -> WeightFile:
    """Describe a player's file, which stays there, or raise MissingWeights."""
    path = path.expanduser().absolute()
    try:
        status = path.stat()
        problem = header_problem(path)
        found = "" if problem else sha256_of(path)
    except OSError as error:
        raise MissingWeights(
            f"{path} cannot be read ({error.strerror or error}); name a file of weights"
        ) from None
    if problem:
        raise MissingWeights(f"{problem}; name another file")
    return WeightFile(role, str(path), status.st_size, found, "own file", status.st_mtime_ns)


def use_own(row: WorldRow, path: Path, home: Path | None = None) -> WorldFiles:
    """Use a file of the player's as a world's own part, or raise MissingWeights.

    The rest may have been fetched for any world that uses the same files.
    """
    if row.bundled or row.kind == "clip":
        raise MissingWeights(f'"{row.name}" takes no weights of your own; leave out --weights')
    home = home or weights_home()
    read = [read_files(name, home) for name in (row.name, *WORLDS)]
    known = [file for files in read if files for file in files.files]
    path = path.expanduser().absolute()
    same = [file for file in known if file.role == row.own and file.path == str(path)]
    problem, own = check_file(same[0], home, thorough=False) if same else ("new", None)
    if problem or own is None:
        own = own_file(row.own, path)
    rest = {}
    for source in row.sources:
        fitting = [
            file
            for file in known
            if file.role == source.role and file.path.startswith(f"{repo_folder(source.repo)}/")
        ]
        if fitting:
            rest[source.role] = fitting[0]
        elif not source.optional and source.role != row.own:
            raise MissingWeights(
                f'the {source.role} of "{row.name}" is not here; run `{PROGRAM} fetch {row.name} '
                f"--weights {path}`"
            )
    rest.pop(row.own, None)
    files = WorldFiles(row.name, home, (own, *rest.values()))
    write_files(files)
    return files


def _remedy(name: str) -> str:
    return f"run `{PROGRAM} fetch {name}`"
