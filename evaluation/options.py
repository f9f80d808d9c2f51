"""The options of the commands of `python -m evaluation`; imports nothing that is large."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import argument, option
from mag_sandbox.model.world import WEIGHTS
from mag_sandbox.workers.options import WorkerOptions

JSON, PICTURES = "also write all numbers here", "also write pictures here"
MAX_SEED = 10_000
SCENES_PER_SEED = 10_000  # that one seed may use
MOST_WALKS = SCENES_PER_SEED // 3
LOOK_S = 3.0  # s between two pictures of a walk that are looked at
DRIFT_MINUTES = 3.0  # shorter clips say nothing of the drift bar
STAND_IN = "mean absolute difference"  # finds matches where LPIPS has no weights
Mode = Literal["history", "truth"]  # memory of the predicted part: itself, or the truth
MODES: tuple[Mode, ...] = ("history", "truth")
PROTOCOLS = {"5s": 81, "30s": 477}  # frames of VBench's videos, at 16 a second


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError if a number is out of its range."""
    if not low <= value <= high:
        raise ValueError(f"{name} is {value:g}, expected {low:g} to {high:g}")


@dataclass(frozen=True, kw_only=True)
class PocketOptions(WorkerOptions):
    """Measure what a world paints and how it moves: the bars of the model card."""

    clips: int = option(8, "held-out scenes for each kind (%(default)s)", type=int)
    world: str = option("pocket", "a world with exact poses (%(default)s)")
    seed: int = option(0, "seed of scenes and noise (%(default)s)", type=int)
    drift: float = option(
        DRIFT_MINUTES, "length of the clips that show drift, at most 4; 0: none (%(default)g)",
        metavar="MINUTES",
    )  # fmt: skip
    json: Path | None = option(None, JSON, metavar="FILE")
    weights: Path | None = option(None, "the folder of weights in training", metavar="DIR")

    def __post_init__(self) -> None:
        check_range("clips", self.clips, 1, 176)
        check_range("seed", self.seed, 0, MAX_SEED)
        check_range("drift", self.drift, 0, 60)


@dataclass(frozen=True, kw_only=True)
class WalkOptions(WorkerOptions):
    """Random walks, and whether their pictures last."""

    walks: int = option(200, "(%(default)s)", type=int)
    seconds: float = option(60.0, "of play, each (%(default)g)")
    seed: int = option(0, "of scenes, ways and noise (%(default)s)", type=int)
    world: str = option("pocket", "one with exact poses (%(default)s)")
    out: Path | None = option(
        None, "keep walks one by one in this folder, or go on there", metavar="DIR"
    )
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")
    renders: int = 64  # scenes that set the range

    def __post_init__(self) -> None:
        check_range("walks", self.walks, 1, MOST_WALKS)
        check_range("seconds", self.seconds, LOOK_S, 3600)
        check_range("seed", self.seed, 0, MAX_SEED)


@dataclass(frozen=True, kw_only=True)
class ImaginationOptions(WorkerOptions):
    """Score how recognisable invented objects are."""

    prompts: int = option(64, "captions whose first views are looked at (%(default)s)", type=int)
    rings: int = option(
        12, "of them that are turned around in, and given as pictures (%(default)s)", type=int
    )
    told: int = option(
        192, "captions of things ahead, whose first views are told from renders (%(default)s)",
        type=int,
    )  # fmt: skip
    seed: int = option(0, "chooses scenes and noise (%(default)s)", type=int)
    world: str = option("pocket", "one that turns (%(default)s)")
    out: Path | None = option(
        None, "keep views one by one in this folder, or go on there", metavar="DIR"
    )
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")

    def __post_init__(self) -> None:
        check_range("prompts", self.prompts, 8, SCENES_PER_SEED)  # fewer say nothing
        check_range("rings", self.rings, 4, self.prompts)
        check_range("told", self.told, 8, SCENES_PER_SEED)  # one of each category in each half
        check_range("seed", self.seed, 0, MAX_SEED)


@dataclass(frozen=True, kw_only=True)
class ViewpointOptions:
    """Whether scenes keep their look while a player walks through them."""

    scenes: int = option(8, "held-out scenes (%(default)s)", type=int)
    steps: int = option(
        20, "viewpoints after the first one, half of them on the way back (%(default)s)", type=int
    )
    step: float = option(0.2, "between two viewpoints (%(default)g)", metavar="METRES")
    seed: int = option(0, "of scenes and noise (%(default)s)", type=int)
    weights: Path = option(
        WEIGHTS / "imagination", "folder of the networks that plan and paint (the shipped ones)"
    )
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")

    def __post_init__(self) -> None:
        check_range("scenes", self.scenes, 1, 1000)
        check_range("steps", self.steps, 2, 1000)
        check_range("step", self.step, 0.01, 1.0)
        check_range("seed", self.seed, 0, MAX_SEED)
        if self.steps % 2:
            raise ValueError(f"steps is {self.steps}, expected an even number")


@dataclass(frozen=True, kw_only=True)
class EnlargingOptions:
    """How crisp pictures of the game are in a window."""

    scenes: int = option(8, "held-out scenes (%(default)s)", type=int)
    seed: int = option(0, "of scenes (%(default)s)", type=int)
    json: Path | None = option(None, JSON, metavar="FILE")
    sheet: Path | None = option(None, PICTURES, metavar="PNG")

    def __post_init__(self) -> None:
        check_range("scenes", self.scenes, 1, 1000)
        check_range("seed", self.seed, 0, MAX_SEED)


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    """Train the judge on renderer views."""

    out: Path = option(WEIGHTS / "judge", metavar="DIR")
    steps: int = option(2000, "(%(default)s)")
    rings: int = option(1600, "(%(default)s)")


@dataclass(frozen=True, kw_only=True)
class CloseLookOptions:
    """Train the close look on things of renders."""

    out: Path = option(WEIGHTS / "judge", metavar="DIR")
    steps: int = option(1800, "(%(default)s)")
    rings: int = option(420, "(%(default)s)")


@dataclass(frozen=True, kw_only=True)
class MagBenchOptions(WorkerOptions):
    """Continue clips of MAG-Bench and compare."""

    out: Path = option(help="folder for the results", metavar="DIR")
    table: Path | None = option(
        None, "table of the clips, else the fetched one (`mag-sandbox fetch mag-bench`)",
        metavar="CSV",
    )  # fmt: skip
    videos: Path | None = option(None, "folder of its videos", metavar="DIR")
    world: str = option("mag", "a full-size world (%(default)s)")
    mode: tuple[Mode, ...] = option(
        MODES, "memory of the predicted part: itself or the truth (both in turn)"
    )
    lpips: tuple[Path, ...] = option(
        (), "weights of AlexNet, and of LPIPS unless the package lpips is installed; "
        f"without them {STAND_IN} finds the matches, and there is no LPIPS",
        metavar="FILE",
    )  # fmt: skip
    clips: int | None = option(None, "only the first rows of the table", metavar="N")
    seed: int = option(0, "seed of the noise (%(default)s)", type=int)
    check: bool = option(False, "only check the table and the videos")


@dataclass(frozen=True, kw_only=True)
class ReconstructionOptions(WorkerOptions):
    """Measure what full-size memory models rebuild of videos."""

    videos: Path = option(help="folder of videos, 832 x 480 at 16 a second", metavar="DIR")
    out: Path = option(help="folder for the results", metavar="DIR")
    world: str = option("mag", "whose memory model is that of blocks of 3 (%(default)s)")
    memory: tuple[str, ...] = option(
        (), "weights of memory models for blocks of N latent frames", metavar="N=FILE"
    )
    lpips: tuple[Path, ...] = option((), "as `magbench` has it", metavar="FILE")
    clips: int | None = option(None, "only the first videos by name", metavar="N")
    seed: int = option(0, "seed of the noise (%(default)s)", type=int)


@dataclass(frozen=True, kw_only=True)
class VBenchOptions(WorkerOptions):
    """Write samples for VBench, and measure them."""

    prompts: Path = option(help="one a line", metavar="FILE")
    out: Path = option(help="folder for the results", metavar="DIR")
    world: str = option("pocket", "(%(default)s)")
    protocol: str = option("5s", "(%(default)s)", choices=tuple(PROTOCOLS))
    samples: int = option(5, "a prompt (%(default)s)")
    seed: int = option(0, "of the first sample (%(default)s)", type=int)
    vbench_python: Path | None = option(
        None, "of an environment with VBench, which then measures, too", metavar="PYTHON"
    )


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Make a page of results."""

    folders: tuple[Path, ...] = argument("a folder given as --out", metavar="DIR")
    html: Path | None = option(None, "(report.html in the first DIR)", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class LeaderboardOptions:
    """Make the leaderboard from result files."""

    folder: Path = argument("result files; the table and the page go beside it", metavar="DIR")
    check: bool = option(False, "write nothing; refuse where table or page are not up to date")
