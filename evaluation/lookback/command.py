"""`bench-memory` and the commands beside it; docs/benchmark.md says how they are used."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np

from mag_sandbox.command_line import Say
from mag_sandbox.controls.camera import AXES
from mag_sandbox.evaluation.lookback.camera_paths import read_path, write_path
from mag_sandbox.evaluation.lookback.folders import ClipFiles, write_clips
from mag_sandbox.evaluation.lookback.options import (
    ClipExport,
    LookbackOptions,
    PathOptions,
    SplitOptions,
    VerifyOptions,
)
from mag_sandbox.evaluation.lookback.participants import (
    FPS,
    MADE_BY,
    ParticipantSource,
    Player,
    class_spec,
)
from mag_sandbox.evaluation.lookback.playing import TICKS, drawn_scene, path_poses, walk_scene
from mag_sandbox.evaluation.lookback.process import open_player
from mag_sandbox.evaluation.lookback.result import (
    ClipRow,
    Participant,
    RunSettings,
    read_result,
    result_of,
    write_result,
)
from mag_sandbox.evaluation.lookback.running import LookbackJob, run
from mag_sandbox.evaluation.lookback.tasks import BENCHMARK, COMMITTED, ClipPlan, SceneSplit, plan
from mag_sandbox.evaluation.lookback.verify import verified
from mag_sandbox.evaluation.magbench.evaluate import matching_of
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.intervals import interval_text
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.files.border import Refusal, exists, read_plain, refusing
from mag_sandbox.files.validation import decode
from mag_sandbox.files.whole import claim, replace_file
from mag_sandbox.model.loading import REMOTE, ServerAddress, available_worlds, read_token

Run = Callable[[Any, Say], int]
RUNS, RESULT, SECRET = Path("runs/lookback"), "result.json", "secret"
LEAST_SECRET, MOST_SECRET = 16, 4096  # bytes


def _plainly(run: Run) -> Run:
    @wraps(run)
    def asked(options: Any, say: Say) -> int:
        try:
            return run(options, say)
        except ValueError as error:
            raise Refusal(str(error)) from error

    return asked


@_plainly
def run_bench_memory(options: LookbackOptions, say: Say) -> int:
    """Measure, and write a result."""
    source = ParticipantSource(
        options.world, options.memory, _server(options.url, options.token_file)
    )
    matching = matching_of(options.lpips, say) if options.lpips else matching_of((), _silent)
    hidden = [one for one in (options.private, options.out, RUNS) if one is not None]
    player = open_player(source, hidden)
    with closing(player.world):
        provenance, policy = _plain(player.world.provenance()), _policy(source, player)
    label = options.label or ", ".join(dict.fromkeys(filter(None, (source.name, policy))))
    folder = options.out or RUNS / _slug(f"{label} {options.preset}")
    split = _split(options, folder / SECRET)
    plans, left_out = _suited(plan(options.preset, split, options.clips, options.task), player)
    if split.digest is not None and split.digest != COMMITTED:
        say("this private split is your own, not the one of the leaderboard")
    if left_out:
        say(f"not played, this world cannot: {', '.join(left_out)}")
    source = replace(source, execution=provenance.get("execution"))
    settings = RunSettings(
        options.preset, options.seed, options.clips or 0, options.task, split.digest,
        matching.name if options.lpips else None, None if split.private else split.secret.decode(),
    )  # fmt: skip
    store = ClipStore(folder, {
        "bench": BENCHMARK, "label": label, "world": options.world, "memory": options.memory,
        "preset": options.preset, "tasks": list(options.task), "seed": options.seed,
        "private": split.digest, "secret": settings.secret, "lpips": settings.lpips,
        **{name: provenance.get(name) for name in MADE_BY},
    })  # fmt: skip
    made = environment()
    store.note(made)
    opened = partial(open_player, source, hidden)
    run(plans, LookbackJob(opened, split, matching), store, options.workplace())
    records = store.records()
    rows = [decode(ClipRow, records[one.key]["row"]) for one in plans if one.key in records]
    if len(rows) < len(plans):
        raise Refusal(
            f"{len(plans) - len(rows)} clips are under way elsewhere; run the same command again"
        )
    weights = provenance.get("weights")
    participant = Participant(
        source.name, source.kind, policy, label, None if weights is None else str(weights),
        provenance,
    )  # fmt: skip
    result = result_of(participant, settings, rows, made)
    write_result(folder / RESULT, result)
    for line in lines_of(result):
        say(line)
    say(f"{folder / RESULT}; `bench-memory-verify` plays clips of it again")
    unusable = [row for row in rows if source.kind == "folder" and not row.digest]
    if unusable:  # a mistake in the folder, which a score of 0 alone would hide
        raise Refusal(
            f"{len(unusable)} of {len(rows)} clips of {options.world} cannot be used and count as "
            f"0, first {unusable[0].key}: {unusable[0].refused}"
        )
    return 0


@_plainly
def run_bench_memory_verify(options: VerifyOptions, say: Say) -> int:
    """Check a result: 0 if it holds, 1 if a clip came out differently."""
    result = read_result(options.result)
    who = result["participant"]
    say(f"{options.result}: written as it says, {len(result['clips'])} clips add up")
    if not options.clips:
        return 0
    if result["benchmark"] != BENCHMARK:
        raise Refusal(
            f"{options.result} is of {result['benchmark']}, this program plays {BENCHMARK}; check "
            "it with --clips 0"
        )
    settings = decode(RunSettings, result["settings"])
    split = _split_of(settings, options)
    source = ParticipantSource(
        options.world or _world_of(who["name"]), who["memory"],
        _server(options.url, options.token_file), who["provenance"].get("execution"),
    )  # fmt: skip
    hidden = [one for one in (options.result, options.private) if one is not None]
    checked = verified(result, partial(open_player, source, hidden), split, options.clips)
    for one in checked:
        say(str(one))
    return 0 if all(one.holds for one in checked) else 1


def _split_of(settings: RunSettings, options: VerifyOptions) -> SceneSplit:
    """Return the scenes of a result, or raise Refusal if its secret is not the named one."""
    if settings.secret is not None:
        return SceneSplit(settings.secret.encode(), seed=settings.seed)
    if options.private is None:
        raise Refusal(f"{options.result} is of a private split; name its secret with --private")
    split = SceneSplit(_secret(options.private), private=True, seed=settings.seed)
    if split.digest != settings.private:
        raise Refusal(f"{options.result} is of another split than --private says")
    return split


def _world_of(name: str) -> str:
    """Return the name of a world that a result says: a stranger's file must not name code to run.

    Raises:
        Refusal: no world of ours is called so.
    """
    if name not in (*available_worlds(), REMOTE):
        raise Refusal(
            f'the result is of "{name:.80}", which is no world of ours; say where it is with '
            "--world, or check it with --clips 0"
        )
    return name


@_plainly
def run_bench_memory_export(options: ClipExport, say: Say) -> int:
    """Write clips for worlds that run elsewhere."""
    secret = options.folder.with_name(options.folder.name + ".secret")
    split = _split(options, secret)
    spec = class_spec("", FPS, AXES)
    plans = [one for one in plan(options.preset, split, options.clips, options.task)
             if one.task.suits(spec, {"shown"})]  # fmt: skip
    plans = [both for one in plans for both in ((one, one.twin) if one.task.twinned else (one,))]
    claim(options.folder)
    with tempfile.TemporaryDirectory() as views:
        files = [_files(one, Path(views), split) for one in plans]
        count = write_clips(options.folder, files, options.layout)
    say(
        f"{count} clips in {options.folder}; give the folder of what you make of them as --world, "
        f"and --private {options.private or secret}, which no world may read"
    )
    return 0


@_plainly
def run_camera_path(options: PathOptions, say: Say) -> int:
    """Write a camera path in another format."""
    if exists(options.target):
        raise Refusal(f"{options.target} already exists; name another file")
    poses = read_path(options.source)
    write_path(options.target, poses, options.fps)
    say(f"{len(poses)} poses in {options.target}")
    return 0


def lines_of(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a result for people."""
    summary = result["summary"]
    yield f"score: {interval_text(summary['score'], 1)} of 100 ({result['participant']['label']})"
    for task, found in summary["tasks"].items():
        scores = found["scores"]
        refused = f", {found['refused']} refused" if found["refused"] else ""
        names = "score", "psnr_db", "floor_db"
        score, likeness, floor = (interval_text(scores.get(name), 1) for name in names)
        clips = f"{found['clips']} clips{refused}"
        yield f"  {task}: {score}, {likeness} dB over a floor of {floor} ({clips})"
    life = summary["half_life_s"]
    if life["clips"]:
        yield (
            "half-life: longer than any view was away" if life["mean"] is None
            else f"half-life: {life['mean']:.1f} s"
        )  # fmt: skip
    for row in result["clips"]:
        if row["refused"]:
            yield f"  refused: {row['key']}: {row['refused']}"


def _split(options: SplitOptions, drawn: Path) -> SceneSplit:
    """Return the private split that options name, or that of a secret drawn by lot.

    The drawn one lies in a file, so that the same command continues.
    """
    if options.private is not None:
        return SceneSplit(_secret(options.private), private=True, seed=options.seed)
    drawn.parent.mkdir(parents=True, exist_ok=True)
    if not drawn.exists():
        replace_file(drawn, SceneSplit().secret.decode() + "\n")
    return SceneSplit(_secret(drawn), seed=options.seed)


def _secret(path: Path) -> bytes:
    with refusing(lambda why: Refusal(f"{path}: {why}; write 16 random bytes or more to a file")):
        secret = read_plain(path, MOST_SECRET).strip()
        if len(secret) < LEAST_SECRET:
            raise ValueError(f"the secret has {len(secret)} bytes")
    return secret


def _server(url: str | None, token_file: Path | None) -> ServerAddress | None:
    if url is None:
        return None
    return ServerAddress(url, "" if token_file is None else read_token(token_file))


def _policy(source: ParticipantSource, player: Player) -> str | None:
    """Return the memory policy in force; None: a participant without one."""
    if source.kind in ("class", "folder"):
        return None
    return source.memory or next(iter(player.world.spec.policies), None)


def _suited(plans: Sequence[ClipPlan], player: Player) -> tuple[list[ClipPlan], list[str]]:
    spec = player.world.spec
    suited = [one for one in plans if one.task.suits(spec, player.able)]
    return suited, sorted({one.task.name for one in plans} - {one.task.name for one in suited})


def _files(one: ClipPlan, views: Path, split: SceneSplit) -> ClipFiles:
    spec = class_spec("", FPS, AXES)
    scene = (
        walk_scene(one, views)
        if one.task.walks
        else drawn_scene(one.category, one.scene, one.index, views)
    )
    poses, given = path_poses(one, spec)
    shown = [scene.view(pose, at / spec.fps * TICKS) for at, pose in enumerate(poses[:given])]
    truth = None
    if one.task.shown and not one.unseen and not split.private:
        truth = np.stack([scene.view(pose, at / spec.fps * TICKS) for at, pose in enumerate(poses)])
    return ClipFiles(one.key, scene.caption, None, poses, np.stack(shown), truth, spec.fps)


def _plain(provenance: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(provenance, default=str))
    return plain


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "result"


def _silent(_text: str) -> None:
    """Say nothing."""
