"""The command line of MAG-Bench: looks at all files first, loads the world last."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import option
from mag_sandbox.evaluation.magbench.continuation import MODES, Mode
from mag_sandbox.evaluation.magbench.evaluate import (
    OFFICIAL,
    STAND_IN,
    ReadyClip,
    Row,
    find_clips,
    matching_of,
    measure_clips,
)
from mag_sandbox.evaluation.magbench.table import fault_lines
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.output import Say
from mag_sandbox.evaluation.results.store import ClipStore


@dataclass(frozen=True, slots=True)
class MagBenchOptions:
    """Clips of MAG-Bench, and what is to continue them."""

    table: Path = option(help="table of the clips", metavar="CSV")
    videos: Path = option(help="folder of the videos", metavar="DIR")
    out: Path = option(help="folder for the results", metavar="DIR")
    world: str = option("mag", "a full-size world (%(default)s)")
    mode: tuple[Mode, ...] = option(
        MODES, "what is remembered of the predicted part: itself or the truth (both in turn)"
    )
    prompt: Literal["caption", "empty"] = option("caption")
    remembers: Literal["as trained", "generator"] = option(
        "as trained", "the memory model where the world has one, or the generator by itself"
    )
    lpips: tuple[str, ...] = option(
        (), f"weights of AlexNet and LPIPS, or hub:OWNER/NAME/FILE; without them {STAND_IN} "
        "finds the matches, and there is no LPIPS", metavar="FILE",
    )  # fmt: skip
    clips: int | None = option(None, "only the first rows of the table", metavar="N")
    seed: int = option(0, "seed of the noise (%(default)s)", type=int)
    check: bool = option(False, "only check the table and the videos")


def run_magbench(options: MagBenchOptions, say: Say) -> None:
    """Measure what can be measured, and name the rest.

    Raises:
        ValueError: no clip can be used.
    """
    ready, faults = find_clips(options.table, options.videos, OFFICIAL, options.clips)
    for line in fault_lines(faults, len(ready) + len(faults)):
        say(line)
    if not ready:
        raise ValueError(f"no clip of {options.table} can be used; see above")
    if options.check:
        say(f"{len(ready)} clips can be measured")
        return
    _measure(options, ready, len(faults), say)


def _measure(options: MagBenchOptions, ready: list[ReadyClip], unusable: int, say: Say) -> None:
    matching = matching_of(options.lpips, say)
    from mag_sandbox.evaluation.magbench.full_rollout import open_continuer

    prompts = [one.clip.caption for one in ready] if options.prompt == "caption" else []
    world = open_continuer(options.world, options.remembers, prompts)
    settings = {"bench": "magbench", "seed": options.seed, "distance": matching.name}
    store = ClipStore(options.out, settings)
    store.note(environment(unusable_clips=unusable, arguments=_plain(options)))
    failed = []
    for mode in options.mode:
        row = Row(options.world, options.remembers, mode, options.prompt)
        say(f"{len(ready)} clips | {' | '.join(str(value) for value in asdict(row).values())}")
        failed += measure_clips(world, ready, row, matching, store, options.seed)
    for line in fault_lines(failed, len(options.mode) * len(ready)):
        say(line)
    measured = len(store.records())
    if not measured:
        raise ValueError("no clip could be measured; see above")
    say(f"{measured} records in {options.out}; `python -m evaluation report {options.out}`")


def _plain(options: MagBenchOptions) -> dict:
    names = ("world", "mode", "prompt", "remembers", "lpips", "clips", "seed")
    return {name: getattr(options, name) for name in names}
