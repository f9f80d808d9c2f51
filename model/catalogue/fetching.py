"""Gets files of a world or data set from the hub: lists, chooses, downloads, compares.

`huggingface_hub` is imported only when called. Files are requested at the listed commit, so those
that arrive are those of the plan. The library's own downloads start anew after an interruption
(since its release 1.31) and wait forever for a silent server. So bytes are read here: never more
than were listed, and with a time limit.
"""

import glob
import hashlib
import math
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any

from mag_sandbox.files.border import exists, is_file, reason_of, refusing
from mag_sandbox.files.validation import decode, parse_json, quoted
from mag_sandbox.files.whole import sha256_of
from mag_sandbox.model.catalogue.weight_files import (
    WeightFile,
    WorldFiles,
    check,
    own_file,
    read_files,
    repo_folder,
    safetensors_problem,
    write_files,
)
from mag_sandbox.model.catalogue.worlds import Fetchable, WeightSource
from mag_sandbox.model.world import GIB, MIB, Progress, WorldFailed

SPARE_BYTES = 512 * MIB  # of disk that a download leaves free
MOST_LISTED = 60  # lines of a listing that an error shows
PART = ".part"
MOST_LISTING = 2**24  # bytes of a listing
MOST_BYTES = 2**42  # of a file
MOST_NAME = 200  # bytes of a name: its part, which has a longer one, must be one, too
MOST_PATH = 1000  # characters of a path
MOST_FILES = 1000  # of a role
MOST_REDIRECTS = 10
ANSWER_S = 60.0  # for the head of an answer
PATIENCE_S = 60.0  # between two looks at how much arrives
LISTING_S = 300.0  # for a whole listing
LEAST_RATE = 10_000  # bytes a second: slower, a world would take weeks
PARTIAL = 206  # HTTP status: part of the file, from the requested byte on
_PIECE = 2**22  # bytes hashed at once
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


class FetchFailed(WorldFailed):
    """Weights could not be fetched; one sentence with the remedy."""


class NamesUnknown(FetchFailed):
    """The rules find no file for a role, or several; `listing` names the files."""

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

    def __post_init__(self) -> None:
        if not 0 <= self.bytes <= MOST_BYTES:
            raise ValueError(f"{self.path!r:.60} has {self.bytes} bytes")
        for checksum, length in ((self.sha256, 64), (self.git_sha, 40)):
            if checksum is not None and not re.fullmatch(f"[0-9a-f]{{{length}}}", checksum):
                raise ValueError(f"{self.path!r:.60} has the checksum {checksum!r:.60}")


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    repo: str
    commit: str
    files: tuple[RepoFile, ...]
    licence: str  # as its card says; "": it does not

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{40}|main", self.commit):
            raise ValueError(f"its commit is {self.commit!r:.60}")


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
    """The plan of a fetch."""

    row: Fetchable
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
    row: Fetchable,
    home: Path,
    *,
    named: Mapping[str, str] | None = None,
    own: Mapping[str, Path] | None = None,
) -> FetchPlan:
    """Look into the repositories of a world, or of data, and choose its files.

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
    """Return the present listing of a repository, or raise FetchFailed."""
    with _hub_errors(repo):
        from huggingface_hub import constants

        url = f"{constants.ENDPOINT}/api/models/{repo}?blobs=true"
        with _answer(url) as response:
            data = b"".join(_pieces(response, MOST_LISTING, LISTING_S))
    remedy = "try again later"
    with refusing(
        lambda why: FetchFailed(f"the listing of {repo} makes no sense ({why}); {remedy}")
    ):
        return _listing(repo, parse_json(data))


def _listing(repo: str, answer: dict[str, Any]) -> Listing:
    files: dict[str, RepoFile] = {}
    for file in answer.get("siblings") or []:
        large = file.get("lfs") or {}
        entry = {
            "path": file["rfilename"],
            "bytes": file.get("size") or 0,
            "sha256": large.get("sha256"),
            "git_sha": None if large else file.get("blobId"),
        }
        if _safe(decode(str, entry["path"], "rfilename")):
            files[entry["path"]] = decode(RepoFile, entry, "siblings")
    licence = (answer.get("cardData") or {}).get("license") or ""
    return Listing(
        repo, decode(str, answer.get("sha") or "main", "sha"), tuple(files.values()),
        quoted(str(licence)),
    )  # fmt: skip


def choose(source: WeightSource, listing: Listing, named: str | None = None) -> list[RepoFile]:
    """Return the files of one role by the rules of its source, or by a named path before them.

    Raises:
        NamesUnknown: nothing fits, or files that do not belong together.
        FetchFailed: they are too many, or one has no checksum to compare it with.
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
    if len(fitting) > MOST_FILES:
        raise FetchFailed(
            f"{listing.repo} lists {len(fitting)} files of the {source.role}, at most {MOST_FILES} "
            f"are fetched; {remedy}"
        )
    folders = {PurePosixPath(file.path).parent for file in fitting}
    beside = [
        file
        for file in listing.files
        if PurePosixPath(file.path).name in source.beside
        and PurePosixPath(file.path).parent in folders
        and file not in fitting
    ]
    chosen = fitting + beside
    for file in chosen:
        if file.sha256 is None and file.git_sha is None:
            raise FetchFailed(
                f"{listing.repo} lists {file.path} without a checksum, so it could not be checked; "
                f"fetch it yourself and name it with `--weights '{source.role}=PATH'`"
            )
    return chosen


def download(plan: FetchPlan, on_progress: Progress) -> WorldFiles:
    """Fetch missing files, compare everything with the listing, write the manifest.

    May be broken off at any time: what has arrived is kept and not fetched again.
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


def check_offline(row: Fetchable, home: Path) -> WorldFiles:
    """Return the files that are here, all hashed, without a connection, or raise FetchFailed."""
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
    path, part = home / planned.path, planned.part(home)
    if exists(path) and not _difference(planned, path):
        tell(planned.file.bytes)
        return planned.file.sha256 or sha256_of(path)
    if taken := next((one for one in (path, part) if one.is_dir()), None):
        raise FetchFailed(f"{taken} is a folder where a file goes; move it away and fetch again")
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
    have = part.stat().st_size if is_file(part) else 0
    if have > planned.file.bytes or part.is_symlink() or part.is_fifo():
        part.unlink()
        have = 0
    tell(have)
    if have == planned.file.bytes:
        part.touch()
        return
    listing = planned.listing
    with _hub_errors(listing.repo), part.open("ab") as file:
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(listing.repo, planned.file.path, revision=listing.commit)
        with _answer(url, {"Range": f"bytes={have}-"} if have else {}) as response:
            if response.status_code != PARTIAL and have:  # the hub sends it all again
                file.truncate(0)
                have = 0
            for piece in _pieces(response, planned.file.bytes - have):
                file.write(piece)
                have += len(piece)
                tell(have)
    if have < planned.file.bytes:
        progress = f"{have} of {planned.file.bytes} bytes of {planned.file.path} arrived"
        raise FetchFailed(f"{progress}; fetch again to go on")


@contextmanager
def _answer(url: str, headers: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Ask the hub as its library does, and give its answer once its head has arrived.

    The library's own headers are not used: to make them it asks the hub which agent is calling, and
    keeps a senseless answer, with which every later request would fail. Bodies of redirects and of
    errors are not read: they may never end.
    """
    from huggingface_hub import constants, get_token
    from huggingface_hub.utils import hf_raise_for_status

    asked = {"User-Agent": "mag-sandbox", "Accept-Encoding": "identity", **(headers or {})}
    token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token()
    if token:
        asked["Authorization"] = f"Bearer {token}"
    with closing(_soon(partial(_follow, url, asked))) as response:
        if response.is_error:
            # by these the library tells errors apart; it would read a body, too
            codes = {name: code for name, code in response.headers.items() if name.startswith("x-")}
            head = type(response)(response.status_code, headers=codes, request=response.request)
            hf_raise_for_status(head)
        yield response


def _follow(url: str, headers: Mapping[str, str]) -> Any:
    """Return the first answer that is no redirect, its body unread, or raise FetchFailed."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    session, patience = get_session(), constants.HF_HUB_DOWNLOAD_TIMEOUT
    request = session.build_request("GET", url, headers=headers, timeout=patience)
    for _ in range(MOST_REDIRECTS + 1):
        response = session.send(request, stream=True, follow_redirects=False)
        if not response.has_redirect_location:
            return response
        response.close()
        if response.next_request is None:
            raise FetchFailed("the hub redirects to no address; try again later")
        request = response.next_request
    raise FetchFailed(f"the hub redirects more than {MOST_REDIRECTS} times; try again later")


def _soon(ask: Callable[[], Any]) -> Any:
    """Return an answer, or leave a late request to its thread and raise FetchFailed."""
    future: Future[Any] = Future()

    def answer() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # raised again by `future.result`
            future.set_exception(error)

    Thread(target=answer, name="hub", daemon=True).start()
    if not wait([future], ANSWER_S).done:
        raise FetchFailed(f"the hub does not answer within {ANSWER_S:g} s; try again later")
    return future.result()


def _pieces(response: Any, most: int, longest: float = math.inf) -> Iterator[bytes]:
    """Yield an answer's bytes as sent, or raise FetchFailed if they are too many or too slow."""
    count = before = 0
    begun = since = time.monotonic()
    for piece in response.iter_raw():
        count += len(piece)
        if count > most:
            raise FetchFailed(f"the hub sends more than the {most} bytes that were expected")
        now = time.monotonic()
        if now > begun + longest:
            raise FetchFailed(f"the hub needs more than {longest:g} s for a list; try again later")
        if now > since + PATIENCE_S:
            if count - before < LEAST_RATE * (now - since):
                raise FetchFailed(
                    "the hub sends next to nothing; what has arrived is kept, fetch again"
                )
            since, before = now, count
        yield piece


def _difference(planned: PlannedFile, path: Path) -> str:
    size = path.stat().st_size
    if size != planned.file.bytes:
        return f"{size} bytes, expected {planned.file.bytes}"
    if planned.file.sha256:
        return "" if sha256_of(path) == planned.file.sha256 else "another SHA-256"
    if planned.file.git_sha:
        blob = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        with path.open("rb") as file:
            for piece in iter(partial(file.read, _PIECE), b""):
                blob.update(piece)
        return "" if blob.hexdigest() == planned.file.git_sha else "another SHA-1"
    return "no checksum"


def _here(planned: PlannedFile, home: Path) -> int:
    for path in (home / planned.path, planned.part(home)):
        if exists(path):
            return min(path.stat().st_size, planned.file.bytes)
    return 0


def _check_space(plan: FetchPlan) -> None:
    there = next(path for path in (plan.home, *plan.home.parents) if exists(path))
    free, missing = shutil.disk_usage(there).free, plan.missing()
    if missing and missing + SPARE_BYTES > free:
        raise FetchFailed(
            f'"{plan.row.name}" needs {missing / GIB:.1f} GiB more and {plan.home} has '
            f"{free / GIB:.1f} GiB free; make room, or set MAG_SANDBOX_WEIGHTS to another disk"
        )


def _safe(path: str) -> bool:
    """Whether a listed path stays inside the repository's folder, on every system."""
    parts = path.split("/")
    odd = set('\\:*?"<>|')
    return (
        len(path) <= MOST_PATH
        and path.isprintable()
        and not any(
            part in ("", ".", "..") or len(part.encode()) > MOST_NAME or set(part) & odd
            for part in parts
        )
    )


@contextmanager
def _hub_errors(repo: str) -> Iterator[None]:
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
    except FetchFailed:
        raise
    except Exception as error:  # connection and disk
        reason = (
            f"{repo} could not be read ({reason_of(error)}); what has arrived is kept, fetch again"
        )
    else:
        return
    raise FetchFailed(reason)
