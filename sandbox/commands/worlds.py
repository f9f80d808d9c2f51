"""`worlds` lists worlds and their files here; `fetch` gets their weights, and data.

Imports neither torch nor the hub's library: listing is instant, and fetching imports both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mag_sandbox.command_line import Say
from mag_sandbox.files.yaml_files import not_found
from mag_sandbox.model.catalogue import fetching, memory_plan, weight_files, worlds
from mag_sandbox.model.world import MissingWeights, WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.commands.options import FetchOptions, WorldsOptions
from mag_sandbox.sandbox.ui.amounts import bytes_text

TOLD_STEP = 0.01  # of all bytes between two lines of progress


def run_worlds(options: WorldsOptions, say: Say) -> int:  # noqa: ARG001 (has none)
    """List every world."""
    rows = worlds.WORLDS.values()
    width = max(len(row.name) for row in rows)
    say(f"weights are kept in {weight_files.weights_home()}")
    described: list[tuple[worlds.Fetchable, list[str]]] = [(row, describe(row)) for row in rows]
    described += [(row, _whereabouts(row)) for row in worlds.DATA.values()]
    for one, lines in described:
        say(f"\n{one.name:<{width}}  {one.title}")
        for line in lines:
            say(f"{'':<{width}}  {line}")
    return 0


def describe(row: worlds.WorldRow) -> list[str]:
    """Return a description of a world, in lines."""
    lines = ["clips, not real time: for comparison and first frames"] if row.kind == "clip" else []
    if row.clips:
        begins = "" if row.clips.from_text else "starts from a scene's picture; "
        lines.append(f"{begins}at the end of a clip: {row.clips.continuity}")
    return [*lines, *_whereabouts(row)]


def _whereabouts(row: worlds.Fetchable) -> list[str]:
    """Return the local files of a world or of data, with their licence."""
    lines = [f"files: {presence(row)}", f"licence: {row.licence.name} ({row.licence.link})"]
    return [*lines, row.reason] if row.reason else lines


def presence(row: worlds.Fetchable) -> str:
    """Say how much is here; sizes only, nothing is hashed that has not changed."""
    if not row.sources and not row.reason:
        return "included with the game"
    try:
        files = weight_files.read_files(row.name)
        if files is None:
            return f"not here{_to_fetch(row)}"
        problems = weight_files.check(row, files)[1]
    except MissingWeights as error:
        return f"not usable: {error}"
    if problems:
        return f"not usable: {problems[0]}; run `{PROGRAM} fetch {row.name}`"
    return f"here, {bytes_text(files.bytes)}"


def run_fetch(options: FetchOptions, say: Say) -> int:
    """Fetch a world's weights or data, or list what would be, or raise WorldFailed."""
    row = _row(options.name)
    home = weight_files.weights_home()
    say(f"{row.title}: licence {row.licence.name}, {row.licence.link}")
    if options.offline or fetching.is_offline():
        files = fetching.check_offline(row, home)
        say(f"complete, {bytes_text(files.bytes)}, every file checked")
        return 0
    usual = row.own if isinstance(row, worlds.WorldRow) else row.roles[0]
    named = _pairs("--file", options.file, usual)
    given = _pairs("--weights", options.weights, usual)
    own = {role: Path(path) for role, path in given.items()}
    try:
        plan = fetching.make_plan(row, home, named=named, own=own)
    except fetching.NamesUnknown as unknown:
        say("what the repository holds:")
        for file in unknown.listing[: fetching.MOST_LISTED]:
            say(f"  {bytes_text(file.bytes):>9}  {file.path}")
        raise
    except fetching.FetchFailed:
        say(f"files of {row.name} now: {presence(row)}")
        raise
    _say_plan(plan, say)
    if options.plan:
        return 0
    try:
        files = fetching.download(plan, _Teller(say).tell)
    except KeyboardInterrupt:
        say(f"interrupted; what has arrived is kept, and `{PROGRAM} fetch {row.name}` resumes")
        raise
    what_for = _room(row, files) if isinstance(row, worlds.WorldRow) else "ready to measure with"
    say(f"complete, {bytes_text(files.bytes)}, every file checked; {what_for}")
    return 0


class _Teller:
    """Says how far a download is, not more often than every hundredth and at each new file."""

    def __init__(self, say: Say) -> None:
        self._say, self._stage, self._reported = say, "", -1.0

    def tell(self, stage: str, fraction: float) -> None:
        """Take a progress report."""
        if stage == "complete":
            return
        if stage != self._stage or fraction - self._reported >= TOLD_STEP:
            self._stage, self._reported = stage, fraction
            self._say(f"{fraction:4.0%}  {stage}")


def _say_plan(plan: fetching.FetchPlan, say: Say) -> None:
    for repo, licence in plan.licences().items():
        say(f"{repo}: licence {licence}")
    for planned in plan.files:
        say(f"  {planned.role:<13}{bytes_text(planned.file.bytes):>9}  {planned.file.path}")
    for file in plan.own:
        say(f"  {file.role:<13}{bytes_text(file.bytes):>9}  {file.path} (yours)")
    for source in plan.absent:
        say(f"  {source.role:<13} not found in {source.repo}; the world plays without it")
    say(f"{bytes_text(plan.bytes)} in all, {bytes_text(plan.missing())} to fetch into {plan.home}")


def _room(row: worlds.WorldRow, files: weight_files.WorldFiles) -> str:
    device = memory_plan.find_device()
    wanted = memory_plan.wanted_plan(row)
    needed = memory_plan.gib(memory_plan.predict(row, wanted).total)
    if device is None:
        return f"it needs an NVIDIA card with about {needed}, and there is none here"
    try:
        tiny = bool(files.paths("tiny decoder"))
        plan = memory_plan.plan_for(row, device, wanted, tiny_decoder=tiny)
    except WorldFailed as error:
        return str(error)
    return f"on {device.name} it runs with {plan.words()}"


def _to_fetch(row: worlds.Fetchable) -> str:
    known = [source.bytes for source in row.sources if source.bytes]
    if row.reason or not row.sources:
        return ""
    if not known:
        return f"; `{PROGRAM} fetch {row.name} --plan` shows the size"
    least = "about" if len(known) == len(row.sources) else "more than"
    return f", {least} {bytes_text(sum(known))}; `{PROGRAM} fetch {row.name}` gets them"


def _row(name: str) -> worlds.Fetchable:
    if name in worlds.DATA:
        return worlds.DATA[name]
    row = worlds.WORLDS.get(name)
    if row is None:
        raise WorldFailed(not_found("world", name, (*worlds.WORLDS, *worlds.DATA)))
    if row.bundled:
        raise WorldFailed(f'the weights of "{name}" come with the game; there is nothing to fetch')
    if not row.sources:
        raise WorldFailed(f'"{name}" cannot be fetched: {row.reason}')
    return row


def _pairs(option: str, texts: Sequence[str], usual: worlds.Role) -> Mapping[str, str]:
    """Read ROLE=VALUE; without a role, the usual one is meant."""
    pairs = {}
    for text in texts:
        role, equals, value = text.partition("=")
        role, value = (role, value) if equals and role in worlds.ROLES else (usual, text)
        if not value or (option == "--file" and not equals):
            roles = ", ".join(worlds.ROLES)
            raise WorldFailed(f'{option} "{text}" is not ROLE=PATH; roles: {roles}')
        pairs[role] = value
    return pairs
