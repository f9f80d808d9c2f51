"""The command line of the memory bench, a part of `pocket`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from evaluation.continuation import MODES
from evaluation.environment import environment
from evaluation.lpips import NAME as LPIPS
from evaluation.lpips import LpipsDistance, load_lpips, weight_paths
from evaluation.magbench import Matching
from evaluation.memory_bench import MemoryBench, MemoryBenchSettings, Open, write_official
from evaluation.memory_clips import CLIPS
from evaluation.store import ClipStore, read_records
from model.world import MemorySetting

MINUTES = 10.0  # that a run takes at most when it is not said how many clips


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Add what only the memory bench reads."""
    group = parser.add_argument_group("memory bench", f"{CLIPS} clips, kept one by one in --out")
    group.add_argument(
        "--out", type=Path, metavar="DIR", help="measure into this folder, or go on there"
    )
    group.add_argument(
        "--minutes", type=float, metavar="N",
        help=f"begin no clip afterwards ({MINUTES:g} unless --clips is given)",
    )  # fmt: skip
    group.add_argument("--mode", nargs="+", default=list(MODES), choices=MODES, help="(both)")
    group.add_argument("--lpips", nargs="+", default=[], metavar="FILE", help="see magbench")
    group.add_argument(
        "--write", type=Path, metavar="DIR", help="only write the clips as videos and a table"
    )


def run_bench(options: argparse.Namespace, open_world: Open, say: Callable[[str], None]) -> int:
    """Measure into a folder, or write the clips.

    Raises:
        ValueError: the options make no sense, or nothing could be measured.
    """
    minutes = options.minutes
    if minutes is None and options.clips is None:
        minutes = MINUTES
    settings = MemoryBenchSettings(
        memory=tuple(options.memory),
        modes=tuple(options.mode),
        clips=CLIPS if options.clips is None else options.clips,
        seed=options.seed,
        minutes=minutes,
    )
    if options.write is not None:
        return _write(options, settings, open_world, say)
    matching = Matching()
    if options.lpips:
        matching = Matching(LPIPS, LpipsDistance(load_lpips(weight_paths(options.lpips))))
    else:
        say(f"LPIPS is not measured: no weights were named; {matching.name} finds the matches")
    store = ClipStore(
        options.out, {"bench": "pocket", "seed": options.seed, "distance": matching.name}
    )
    world = open_world(MemorySetting())
    store.note(environment(world=world.provenance(), arguments=_plain(options)))
    world.close()
    MemoryBench(settings, open_world, store, matching).run()
    records = read_records(options.out)
    if not records:
        raise ValueError(f"no clip was measured in {minutes:g} minutes; give more with --minutes")
    refused = sum(record["refused"] is not None for record in records)
    if refused:
        say(f"{refused} of {len(records)} records refused: the picture does not move as commanded")
    say(f"{len(records)} records; `python -m evaluation report {options.out}` makes a page of them")
    return 0


def _write(
    options: argparse.Namespace,
    settings: MemoryBenchSettings,
    open_world: Open,
    say: Callable[[str], None],
) -> int:
    world = open_world(MemorySetting())
    world.close()
    written = write_official(options.write, settings.clips, settings.seed, world.spec)
    say(f"{len(written)} clips and table.csv in {options.write}")
    return 0


def _plain(options: argparse.Namespace) -> dict:
    names = ("memory", "mode", "clips", "minutes", "seed", "lpips")
    return {name: getattr(options, name) for name in names}
