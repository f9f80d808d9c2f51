"""The options of the subcommands, declared once: what each is called, reads and means."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mag_sandbox.command_line import Subcommand, argument, option
from mag_sandbox.evaluation.lookback.options import (
    ClipExport,
    LookbackOptions,
    PathOptions,
    VerifyOptions,
)
from mag_sandbox.model.loading import available_policies, available_worlds
from mag_sandbox.model.world import Precision
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.demo.options import DemoOptions
from mag_sandbox.sandbox.export.options import RecordingExport
from mag_sandbox.sandbox.option_values import (
    PRECISION,
    ListenOptions,
    ServerOptions,
    Span,
    amount,
    seed,
    span,
    whole,
)
from mag_sandbox.sandbox.recording.reader import ALIKE_DB, By
from mag_sandbox.sandbox.settings import DEFAULT_SCENE
from mag_sandbox.scenes import available_scenes

SCENE = f"a YAML file or one of {', '.join(available_scenes())}"
JSON = "write the numbers to a file"
PAGES_PORT = 8766


def _policy(text: str) -> str:
    if not text.strip():
        known = ", ".join(available_policies())
        raise argparse.ArgumentTypeError(f'"{text}" is not a memory policy; available: {known}')
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldOptions:
    """The scene and the world to play."""

    world: str = option("pocket", f"one of {', '.join(available_worlds())}")
    scene: str | None = option(None, f"{SCENE} (default {DEFAULT_SCENE})", metavar="NAME|FILE")
    memory: str | None = option(
        None,
        "what the world keeps, of --scene or else of all new places: "
        f"{', '.join(available_policies())}",
        type=_policy,
        metavar="POLICY",
    )
    seed: int | None = option(
        None, "a number; each makes another world from the same description", type=seed
    )
    no_look_ahead: bool = option(False, "do not imagine views ahead of the camera")
    precision: Precision | None = option(None, PRECISION)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayOptions(ListenOptions, ServerOptions, WorldOptions):
    """Play, with a person or by a script."""

    world: str = option(
        "pocket", f"one of {', '.join(available_worlds())}, or remote, with its --url"
    )
    scene: str | None = option(
        None, f"{SCENE}; without it the title screen opens", metavar="NAME|FILE"
    )
    record: Path | None = option(None, "write the session to a new folder", metavar="DIR")
    browser: int | None = option(
        None,
        f"play in a browser, also from other machines; of a port (default {PAGES_PORT})",
        type=whole(0, 65535),
        nargs="?",
        const=PAGES_PORT,
        metavar="PORT",
    )
    headless: bool = option(False, "no window; a script pans the camera out and back")
    seconds: float | None = option(None, "stop after this many seconds", type=amount("seconds"))
    weights: Path | None = option(
        None, "use your own generator for a full-size --world, from now on", metavar="FILE"
    )


@dataclass(frozen=True, slots=True)
class ReplayOptions(ServerOptions):
    """Play a recording again."""

    recording: Path = argument(
        "folder given to play --record, or an mp4 exported from one", metavar="DIR|MP4"
    )
    verify: bool = option(False, "compare every block; exit code 1 if one differs")
    by: By = option(
        "auto",
        "what to compare: digest (must be equal) or psnr of the kept frames (the median must "
        f"reach {ALIKE_DB:g} dB; plays in the way that is fastest here, not as recorded); auto: "
        "psnr if machine, packages, dtype or kernel differ, else digest (default)",
    )
    headless: bool = option(False, "no window; with --verify, as fast as possible")
    list: bool = option(
        False, "no window; list the things around the end of the recording, the nearest first"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions(WorldOptions):
    """Measure this machine."""

    seconds: float = option(30.0, "seconds of paced play (default 30)", type=amount("seconds"))
    json: Path | None = option(None, JSON, metavar="FILE")
    prefill: float = option(
        100.0,
        "seconds of turning about that fill the memory whose block time is compared; 100, the "
        "default, fill it as ten minutes of play do",
        type=amount("seconds"),
        metavar="SECONDS",
    )
    random_weights: bool = option(
        False, "measure only how fast a full-size --world would run here; needs no weights"
    )
    loopback: bool = option(
        False, "measure only what a server on this machine adds to a block, and two of its players"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions(ListenOptions):
    """Serve a world of this machine to other players."""

    world: str = option("pocket", f"one of {', '.join(available_worlds())}")
    pages: bool = option(False, "serve the whole game to browsers, instead of the world to games")
    port: int = option(8765, "port to serve (default 8765)", type=whole(0, 65535))
    token_file: Path | None = option(
        None, "a secret that players must know, in a file", metavar="FILE"
    )
    precision: Precision = option("auto", PRECISION)
    ray: str | None = option(
        None,
        "serve from a Ray cluster: the address of its head, or local for one of this machine",
        metavar="ADDRESS",
    )
    replicas: Span = option(
        Span(1, 2),
        "with --ray: servers at once, as N or LEAST-MOST, by players (default 1-2)",
        type=span(1, 256),
        metavar="N",
    )
    gpus: float = option(
        0.0,
        "with --ray: share of a card for each server (default 0)",
        type=amount("cards"),
        metavar="SHARE",
    )


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The check of this machine takes no options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryOptions(WorldOptions):
    """Save a picture of every screen."""

    folder: Path = argument("where the pictures go", metavar="DIR")


@dataclass(frozen=True, slots=True)
class WorldsOptions:
    """Of the list of worlds there are none."""


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """Get a world's weights, or data to measure with."""

    name: str = argument(f"one of `{PROGRAM} worlds`", metavar="NAME")
    plan: bool = option(False, "show what would be downloaded, and download nothing")
    offline: bool = option(False, "only check the files that are here; no connection")
    file: tuple[str, ...] = option(
        (),
        "a file's path in the repository, if the game cannot tell which one it is",
        action="append",
        metavar="ROLE=PATH",
    )
    weights: tuple[str, ...] = option(
        (),
        "use your own weights; without ROLE, the generator's (wan-memorypack: its parts)",
        action="append",
        metavar="[ROLE=]FILE",
    )


COMMANDS: Mapping[str, Subcommand] = {
    "play": Subcommand(
        "play in a window or a browser", PlayOptions, "sandbox.commands.run:run_play"
    ),
    "replay": Subcommand(
        "play a recording again", ReplayOptions, "sandbox.commands.run:run_replay"
    ),
    "bench": Subcommand("measure this machine", BenchOptions, "sandbox.commands.run:run_bench"),
    "bench-memory": Subcommand(
        "measure what a world remembers, any world: docs/benchmark.md",
        LookbackOptions, "evaluation.lookback.command:run_bench_memory",
    ),
    "bench-memory-verify": Subcommand(
        "check a result of bench-memory, and play clips of it again",
        VerifyOptions, "evaluation.lookback.command:run_bench_memory_verify",
    ),
    "bench-memory-export": Subcommand(
        "write its clips for worlds that run elsewhere",
        ClipExport, "evaluation.lookback.command:run_bench_memory_export",
    ),
    "camera-path": Subcommand(
        "read a camera path in one format and write it in another",
        PathOptions, "evaluation.lookback.command:run_camera_path",
    ),
    "serve": Subcommand(
        "let others play a world of this machine, from theirs",
        ServeOptions, "sandbox.commands.serve:run_serve",
    ),
    "doctor": Subcommand(
        "check this machine: packages, weights, sound, disk",
        DoctorOptions, "sandbox.commands.run:run_doctor",
    ),
    "gallery": Subcommand(
        "save a picture of every screen of the game",
        GalleryOptions, "sandbox.commands.run:run_gallery",
    ),
    "export": Subcommand(
        "turn a recording into a video, pictures or a page",
        RecordingExport, "sandbox.export.command:run_export",
    ),
    "demo": Subcommand(
        "play a camera script and measure memory",
        DemoOptions, "sandbox.demo.command:run_demo",
    ),
    "worlds": Subcommand(
        "list the worlds, their licences and which are installed",
        WorldsOptions, "sandbox.commands.worlds:run_worlds",
    ),
    "fetch": Subcommand(
        "download a world's weights", FetchOptions, "sandbox.commands.worlds:run_fetch"
    ),
}  # fmt: skip
