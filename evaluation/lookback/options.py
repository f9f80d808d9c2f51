"""Options of the benchmark's commands; imports nothing that is large."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.command_line import UsageError, argument, option
from mag_sandbox.workers.options import WorkerOptions

Preset = Literal["quick", "full", "long"]
Layout = Literal["lookback", "memobench", "magbench"]
SECRET = "a file with a secret that chooses the scenes; results tell only its hash"
CLIPS = "at most this many of each task (the preset's)"


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """Which clips are played."""

    preset: Preset = option("quick", "minutes, hours, or paths of up to an hour (%(default)s)")
    clips: int | None = option(None, CLIPS, metavar="N")
    task: tuple[str, ...] = option((), "only these of the preset's tasks", metavar="TASK")
    seed: int = option(0, "of scenes, ways and noise (%(default)s)", type=int)
    private: Path | None = option(None, SECRET, metavar="FILE")

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= 1000:
            raise UsageError(f"seed is {self.seed}, expected 0 to 1000")


@dataclass(frozen=True, kw_only=True)
class LookbackOptions(SplitOptions, WorkerOptions):
    """Measure what a world remembers."""

    world: str = option(
        "pocket",
        "a world's name, MODULE:CLASS or FILE.py:CLASS of your own, a folder of frames, or remote "
        "(%(default)s)",
    )
    memory: str | None = option(None, "policy of memory (the world's own)", metavar="POLICY")
    url: str | None = option(None, "where a remote world is served", metavar="URL")
    token_file: Path | None = option(None, "the secret that its server wants", metavar="FILE")
    label: str | None = option(None, "what tables call it (the world and its memory)")
    lpips: tuple[Path, ...] = option(
        (), "weights of AlexNet and LPIPS; without, there is no LPIPS", metavar="FILE"
    )
    out: Path | None = option(
        None, "folder of the results, which go on there (runs/lookback/LABEL-PRESET)", metavar="DIR"
    )


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """Check a result: its arithmetic, and some of its clips by playing them again."""

    result: Path = argument("result.json of bench-memory", metavar="RESULT")
    clips: int = option(
        2, "play this many again; 0: only check the file (%(default)s)", type=int, metavar="N"
    )
    world: str | None = option(
        None, "where the world is now: FILE.py:CLASS, a folder (as it is written)"
    )
    private: Path | None = option(None, SECRET, metavar="FILE")
    url: str | None = option(None, "where a remote world is served", metavar="URL")
    token_file: Path | None = option(None, "the secret that its server wants", metavar="FILE")

    def __post_init__(self) -> None:
        if self.clips < 0:
            raise UsageError(f"clips is {self.clips}, expected 0 or more")


@dataclass(frozen=True, kw_only=True)
class ClipExport(SplitOptions):
    """Write clips for worlds that run elsewhere; their frames come back as --world DIR."""

    folder: Path = argument("a new folder", metavar="DIR")
    layout: Layout = option(
        "lookback", "how: a folder a clip with .npz paths, as MemoBench has it, or the clips that "
        "can be continued as MAG-Bench has them (%(default)s)", name="as",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PathOptions:
    """Read a camera path in one format and write it in another."""

    source: Path = argument(".npz, poses.npy beside intrinsics.npy, or words in .txt", metavar="IN")
    target: Path = argument("the same, by its ending", metavar="OUT")
    fps: float = option(16.0, "frames a second, for formats that say (%(default)g)")

    def __post_init__(self) -> None:
        if not 1 <= self.fps <= 1000:  # also refuses nan
            raise UsageError(f"fps is {self.fps:g}, expected 1 to 1000")
