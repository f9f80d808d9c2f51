"""Gets the weights of a world from the hub: lists, chooses by rules, downloads, compares.

The only module besides `magbench.lpips` that imports `huggingface_hub`, and only when called.
Files are asked for at the commit that was listed, so what arrives is what was planned. The
library's own downloads start anew after an interruption (since its release 1.31); its `http_get`
can resume, so partial files are kept here, beside their places.
"""

import glob
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mag_sandbox.model.catalogue.weight_files import (
    WeightFile,
    WorldFiles,
    check,
    own_file,
    read_files,
    repo_folder,
    safetensors_problem,
    sha256_of,
    write_files,
)
from mag_sandbox.model.catalogue.worlds import WeightSource, WorldRow
from mag_sandbox.model.world import GIB, MIB, Progress, WorldFailed

SPARE_BYTES = 512 * MIB  # of disk that a download leaves free
MOST_LISTED = 60  # lines of a listing that an error shows
PART = ".part"
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


class FetchFailed(WorldFailed):
    """Weights could not be fetched; one sentence with the remedy."""


class NamesUnknown(FetchFailed):
    """The rules find no file for a role, or several; `listing` says what there is."""

    def __init__(self, message: str, listing: Sequence["RepoFile"]) -> None:
        super().__init__(message)
        self.listing = tuple(listing)


@dataclass(frozen=True, slots=True)
class RepoFile:
    """One file as the hub lists it."""

    path: str
    bytes: int
    sha256: str | None  # of files in large storage
    git_sha: str | None  # of all others: SHA-1 of "blob SIZE\\0" and the content


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    repo: str
    commit: str
    files: tuple[RepoFile, ...]
    licence: str  # as its card says; "": it does not


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file to be fetched, and where it will lie."""

    role: str
    listing: Listing
    file: RepoFile

    @property
    def path(self) -> str:
        """Its place below the weights folder."""
        return f"{repo_folder(self.listing.repo)}/{self.file.path}"

    def part(self, home: Path) -> Path:
        """Return where it grows; the name says which content, so no two are ever mixed."""
        content = (self.file.sha256 or self.file.git_sha or self.listing.commit)[:16]
        return home / f"{self.path}.{content}{PART}"


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a fetch will do."""

    row: WorldRow
    home: Path
    files: tuple[PlannedFile, ...]
    own: tuple[WeightFile, ...]  # files of the player's, instead of fetched ones
    absent: tuple[WeightSource, ...]  # optional parts that are not where they were expected

    @property
    def bytes(self) -> int:
        """Bytes of all files to be had from the hub."""
        return sum(planned.file.bytes for planned in self.files)

    def missing(self) -> int:
        """Return the bytes that are not here yet; partial files count as far as they go."""
        return sum(
            planned.file.bytes - _here(planned, self.home)
            for planned in {planned.path: planned for planned in self.files}.values()
        )

    def licences(self) -> dict[str, str]:
        """Return the licence that each repository's card names."""
        return {p.listing.repo: p.listing.licence or "not named" for p in self.files}


def make_plan(
    row: WorldRow,
    home: Path,
    *,
    named: Mapping[str, str] | None = None,
    own: Mapping[str, Path] | None = None,
) -> FetchPlan:
    """Look into the world's repositories and choose its files.

    `named` are paths in a repository, by role, where the rules fail; `own` are the player's files
    instead of fetched ones.

    Raises:
        FetchFailed: a repository cannot be listed.
        NamesUnknown: the rules do not fit its listing.
        MissingWeights: a file of the player's cannot be read.
    """
    named, own = named or {}, own or {}
    given = tuple(own_file(role, path) for role, path in own.items())
    public = {source.role for source in row.sources}
    unavailable = [role for role in row.roles if role not in own and role not in public]
    if unavailable:
        raise FetchFailed(f'"{row.name}" has no public {unavailable[0]}: {row.reason}')
    listings: dict[str, Listing] = {}
    files: list[PlannedFile] = []
    absent: list[WeightSource] = []
    for source in row.sources:
        if source.role in own:
            continue
        try:
            if source.repo not in listings:
                listings[source.repo] = list_repo(source.repo)
            chosen = choose(source, listings[source.repo], named.get(source.role))
        except FetchFailed:
            if not source.optional:
                raise
            absent.append(source)
            continue
        files += [PlannedFile(source.role, listings[source.repo], file) for file in chosen]
    return FetchPlan(row, home, tuple(files), given, tuple(absent))


def list_repo(repo: str) -> Listing:
    """Return what a repository holds now.

    Raises:
        FetchFailed: it is not there, not for us, or the hub cannot be reached.
    """
    with _hub_errors(repo):
        from huggingface_hub import HfApi

        info = HfApi().model_info(repo, files_metadata=True)
    files = [
        RepoFile(
            file.rfilename,
            file.size or 0,
            file.lfs.sha256 if file.lfs else None,
            None if file.lfs else file.blob_id,
        )
        for file in info.siblings or []
        if _safe(file.rfilename)
    ]
    licence = info.card_data.license if info.card_data else None
    return Listing(repo, info.sha or "main", tuple(files), str(licence or ""))


def choose(source: WeightSource, listing: Listing, named: str | None = None) -> list[RepoFile]:
    """Return the files of one role by the rules of its source, or by a named path before them.

    Raises:
        NamesUnknown: nothing fits, or files that do not belong together.
    """
    patterns = (re.escape(named),) if named else source.names
    known = (re.compile(pattern, re.IGNORECASE) for pattern in patterns)
    found = ([file for file in listing.files if one.fullmatch(file.path)] for one in known)
    fitting = next(filter(None, found), [])
    remedy = f"name one with `--file '{source.role}=PATH'`"
    if not fitting:
        text = f"{listing.repo} has no file that looks like the {source.role}; {remedy}"
        raise NamesUnknown(text, listing.files)
    groups = {_SHARD.sub("", file.path) for file in fitting}
    if len(groups) > 1 and not source.many:
        several = ", ".join(sorted(groups))
        text = f"{listing.repo} has several files that look like the {source.role}: {several}"
        raise NamesUnknown(f"{text}; {remedy}", listing.files)
    folders = {PurePosixPath(file.path).parent for file in fitting}
    beside = [
        file
        for file in listing.files
        if file not in fitting
        and PurePosixPath(file.path).parent in folders
        and PurePosixPath(file.path).name in source.beside
    ]
    return fitting + beside


def download(plan: FetchPlan, on_progress: Progress) -> WorldFiles:
    """Fetch what is missing, compare everything with the listing, write the manifest.

    May be broken off at any time: what has arrived is kept and not fetched again.

    Raises:
        FetchFailed: the disk is too small, the connection fails, or a file is not as listed.
    """
    _check_space(plan)
    total, done = max(plan.bytes, 1), 0
    files = list(plan.own)
    for planned in plan.files:
        here = done

        def tell(arrived: int, name: str = planned.file.path, here: int = here) -> None:
            on_progress(name, min(1.0, (here + arrived) / total))

        sha256 = _get(planned, plan.home, tell)
        done += planned.file.bytes
        status = (plan.home / planned.path).stat()
        origin = f"{planned.listing.repo}@{planned.listing.commit}"
        size, changed = status.st_size, status.st_mtime_ns
        files.append(WeightFile(planned.role, planned.path, size, sha256, origin, changed))
    world = WorldFiles(plan.row.name, plan.home, tuple(files))
    write_files(world)
    on_progress("complete", 1.0)
    return world


def check_offline(row: WorldRow, home: Path) -> WorldFiles:
    """Return the files that are here after hashing all of them, without a connection.

    Raises:
        FetchFailed: something is missing or damaged.
    """
    files = read_files(row.name, home)
    if files is None:
        raise FetchFailed(f'offline, and "{row.name}" is not here; fetch it with a connection')
    checked, problems = check(row, files, thorough=True)
    if problems:
        raise FetchFailed(f"offline, and {problems[0]}; fetch it with a connection")
    write_files(checked)
    return checked


def is_offline() -> bool:
    """Whether the hub's library was told to make no connections ($HF_HUB_OFFLINE)."""
    from huggingface_hub.constants import is_offline_mode

    return is_offline_mode()


def _get(planned: PlannedFile, home: Path, tell: Callable[[int], None]) -> str:
    """Bring one file into its place, unless it is there; return its SHA-256."""
    path, part = home / planned.path, planned.part(home)
    if path.exists() and not _difference(planned, path):
        tell(planned.file.bytes)
        return planned.file.sha256 or sha256_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _receive(planned, part, tell)
    problem = _difference(planned, part)
    if path.suffix == ".safetensors" and not problem:
        problem = safetensors_problem(part)
    if problem:
        part.unlink(missing_ok=True)
        raise FetchFailed(
            f"{planned.file.path} of {planned.listing.repo} arrived damaged ({problem}) and was "
            "deleted; fetch again"
        )
    part.replace(path)
    for old in path.parent.glob(f"{glob.escape(path.name)}.*{PART}"):  # of other commits
        old.unlink(missing_ok=True)
    return planned.file.sha256 or sha256_of(path)


def _receive(planned: PlannedFile, part: Path, tell: Callable[[int], None]) -> None:
    """Download to a partial file, going on where it ends."""
    have = part.stat().st_size if part.exists() else 0
    if have > planned.file.bytes:
        part.unlink()
        have = 0
    tell(have)
    listing = planned.listing
    with _hub_errors(listing.repo), part.open("ab") as file:
        from huggingface_hub import hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        url = hf_hub_url(listing.repo, planned.file.path, revision=listing.commit)
        http_get(
            url,
            file,
            resume_size=have,
            headers={**build_hf_headers(), "Accept-Encoding": "identity"},
            expected_size=planned.file.bytes,
            tqdm_class=_teller(have, tell),
        )


def _teller(have: int, tell: Callable[[int], None]) -> type:
    """Return a class that http_get takes for a progress bar."""

    class Teller:
        def __init__(self, **options: object) -> None:  # noqa: ARG002 (titles and totals)
            self.arrived = have

        def __enter__(self) -> "Teller":
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def update(self, count: int) -> None:
            self.arrived += count
            tell(self.arrived)

    return Teller


def _difference(planned: PlannedFile, path: Path) -> str:
    """Return how a file differs from the listing; "" if it does not."""
    size = path.stat().st_size
    if size != planned.file.bytes:
        return f"{size} bytes, expected {planned.file.bytes}"
    if planned.file.sha256:
        return "" if sha256_of(path) == planned.file.sha256 else "another SHA-256"
    if planned.file.git_sha:
        blob = hashlib.sha1(f"blob {size}\0".encode() + path.read_bytes(), usedforsecurity=False)
        return "" if blob.hexdigest() == planned.file.git_sha else "another SHA-1"
    return ""


def _here(planned: PlannedFile, home: Path) -> int:
    for path in (home / planned.path, planned.part(home)):
        if path.exists():
            return min(path.stat().st_size, planned.file.bytes)
    return 0


def _check_space(plan: FetchPlan) -> None:
    there = next(path for path in (plan.home, *plan.home.parents) if path.exists())
    free, missing = shutil.disk_usage(there).free, plan.missing()
    if missing and missing + SPARE_BYTES > free:
        raise FetchFailed(
            f'"{plan.row.name}" needs {missing / GIB:.1f} GiB more and {plan.home} has '
            f"{free / GIB:.1f} GiB free; make room, or set MAG_SANDBOX_WEIGHTS to another disk"
        )


def _safe(path: str) -> bool:
    """Whether a listed path stays inside the repository's folder, on every system."""
    parts = path.split("/")
    return not any(part in ("", ".", "..") or set(part) & set('\\:*?"<>|') for part in parts)


@contextmanager
def _hub_errors(repo: str) -> Iterator[None]:
    """Turn what the library raises into one sentence with the remedy."""
    try:
        from huggingface_hub import errors
    except ImportError:
        raise FetchFailed(
            "the package huggingface_hub is missing; run `make play` once, or pip install it"
        ) from None
    try:
        yield
    except errors.GatedRepoError:
        reason = f"{repo} asks you to accept its terms on huggingface.co; then `hf auth login`"
    except errors.RepositoryNotFoundError:
        reason = f"{repo} is not on the hub, or not for everyone; try `hf auth login`"
    except errors.OfflineModeIsEnabled:
        reason = "offline mode is on; unset HF_HUB_OFFLINE to fetch"
    except errors.HfHubHTTPError as error:
        reason = f"the hub answered {error.response.status_code} for {repo}; try again later"
    except (OSError, errors.HTTPError) as error:  # connection and disk
        said = str(error).partition("\n")[0] or type(error).__name__
        reason = f"{repo} could not be read ({said}); what has arrived is kept, fetch again"
    else:
        return
    raise FetchFailed(reason)
