"""The command line: subcommands, their options, and what each does with the app.

Imports neither torch nor pygame: a wrong option is answered at once, and the window opens before
the world is loaded.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, get_args

from mag_sandbox.files.yaml_files import FileError, nearest
from mag_sandbox.model.loading import available_policies, available_worlds
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.commands.worlds import add_worlds
from mag_sandbox.sandbox.demo.options import add_demo
from mag_sandbox.sandbox.export.command import add_export
from mag_sandbox.sandbox.freed_memory import share_freed
from mag_sandbox.sandbox.option_values import amount, seed
from mag_sandbox.sandbox.recording.reader import ALIKE_DB, By, RecordingError
from mag_sandbox.sandbox.settings import DEFAULT_SCENE, DisplayError
from mag_sandbox.scenes import available_scenes

Say = Callable[[str], None]


class UsageError(ValueError):
    """The command line is wrong; the message is one sentence with the remedy."""


# What a person can cause or meet; anything else is a bug.
EXPECTED_ERRORS = (UsageError, WorldFailed, FileError, RecordingError, DisplayError)


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand and return its exit code: expected errors are one line and 2."""
    share_freed()
    try:
        command = parse(sys.argv[1:] if arguments is None else arguments)
        return command.run(command, print)
    except EXPECTED_ERRORS as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, with `run(options, say) -> exit code`.

    Raises:
        UsageError: an option or subcommand is unknown or has a wrong value.
    """
    parser = _Parser(prog=PROGRAM, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=_RAW)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser.commands = commands.choices
    _add_play(commands)
    _add_replay(commands)
    _add_bench(commands)
    _add_soak(commands)
    _add_doctor(commands)
    _add_gallery(commands)
    add_export(commands)
    add_demo(commands).set_defaults(run=_later("run_demo", "demo.command"))
    add_worlds(commands)
    return parser.parse_args(arguments)


_RAW = argparse.RawDescriptionHelpFormatter
_DESCRIPTION = """A game whose world is a neural video model that remembers: look around with the
arrow keys, leave a view, come back, and it is still there."""
_EXAMPLES = f"""examples:
  {PROGRAM} play                                 open the title
  {PROGRAM} play --scene kitchen --memory mag    another place, another memory policy
  {PROGRAM} play --record runs/monday            write the session down
  {PROGRAM} replay runs/monday --verify          play it again and compare every block
  {PROGRAM} export runs/monday --format mp4       make a video of it
  {PROGRAM} demo back-and-forth --headless --out runs/first    a camera script, measured
  {PROGRAM} bench --json bench.json              measure this machine
  {PROGRAM} soak --minutes 60                    play unattended for an hour and look for leaks
  {PROGRAM} doctor                               what this machine has and lacks
  {PROGRAM} worlds                               list the worlds and which are installed
  {PROGRAM} fetch mag                            download a world's weights

`{PROGRAM} COMMAND --help` lists the options of a command."""


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong, and what was probably meant."""

    commands: Mapping[str, argparse.ArgumentParser] = {}

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}{self._nearest_word(message)}; see `{self.prog} --help`")

    def _nearest_word(self, message: str) -> str:
        """Return what was probably meant by an argument that argparse does not know."""
        if message.startswith("unrecognized arguments: "):
            word, parsers = message.split()[2].partition("=")[0], self.commands.values()
            options = {option for one in parsers for option in one._option_string_actions}
            return nearest(word, tuple(sorted(options)))
        if "invalid choice: '" in message:
            _, word, _, *known = message.split("'")
            return nearest(word, tuple(known[::2]) or tuple(self.commands))
        return ""


def _later(name: str, module: str = "commands.run") -> Callable[[argparse.Namespace, Say], int]:
    """Return a function that is imported when it is called: `--help` needs none of it."""

    def run(options: argparse.Namespace, say: Say) -> int:
        return getattr(import_module(f"mag_sandbox.sandbox.{module}"), name)(options, say)

    return run


def _add_play(commands: argparse._SubParsersAction) -> None:
    play = commands.add_parser("play", help="play in a window", allow_abbrev=False)
    _add_world_options(play)
    play.add_argument(
        "--record", type=Path, metavar="DIR", help="write the session to a new folder"
    )
    play.add_argument(
        "--headless", action="store_true", help="no window; a script pans the camera out and back"
    )
    play.add_argument("--seconds", type=amount("seconds"), help="stop after this many seconds")
    play.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="use your own generator for a full-size --world, from now on",
    )
    play.set_defaults(run=_later("run_play"))


def _add_replay(commands: argparse._SubParsersAction) -> None:
    replay = commands.add_parser("replay", help="play a recording again", allow_abbrev=False)
    replay.add_argument("folder", type=Path, metavar="DIR", help="folder given to play --record")
    replay.add_argument(
        "--verify", action="store_true", help="compare every block; exit code 1 if one differs"
    )
    replay.add_argument(
        "--by",
        choices=get_args(By),
        default="auto",
        help="what to compare: digest (must be equal) or psnr of the kept frames (the median must "
        f"reach {ALIKE_DB:g} dB; plays in the way that is fastest here, not as recorded); auto: "
        "psnr if machine, packages, dtype or kernel differ, else digest (default)",
    )
    replay.add_argument(
        "--headless", action="store_true", help="no window; with --verify, as fast as possible"
    )
    replay.add_argument(
        "--list",
        action="store_true",
        help="no window; print what is around where the recording ends, the nearest first",
    )
    replay.set_defaults(run=_later("run_replay"))


def _add_bench(commands: argparse._SubParsersAction) -> None:
    bench = commands.add_parser("bench", help="measure this machine", allow_abbrev=False)
    _add_world_options(bench, scene=DEFAULT_SCENE)
    bench.add_argument(
        "--seconds", type=amount("seconds"), default=30.0, help="seconds of paced play (default 30)"
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file")
    bench.add_argument(
        "--prefill",
        type=amount("seconds"),
        default=100.0,
        metavar="SECONDS",
        help="seconds of turning about that fill the memory whose block time is compared; 100, the "
        "default, fill it as ten minutes of play do",
    )
    bench.add_argument(
        "--random-weights",
        action="store_true",
        help="measure only how fast a full-size --world would run here; needs no weights",
    )
    bench.add_argument(
        "--reference",
        action="store_true",
        help="with --random-weights: also time a plain implementation and print the speed-up",
    )
    bench.set_defaults(run=_later("run_bench"))


def _add_soak(commands: argparse._SubParsersAction) -> None:
    soak = commands.add_parser(
        "soak", help="play unattended for a long time and look for leaks", allow_abbrev=False
    )
    _add_world_options(soak, scene=DEFAULT_SCENE)
    soak.add_argument(
        "--minutes", type=amount("minutes"), default=60.0, help="minutes of play (default 60)"
    )
    soak.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file")
    soak.set_defaults(run=_later("run_soak"))


def _add_doctor(commands: argparse._SubParsersAction) -> None:
    doctor = commands.add_parser(
        "doctor", help="check this machine: packages, weights, sound, disk", allow_abbrev=False
    )
    doctor.add_argument("--copy", action="store_true", help="copy the report to the clipboard")
    doctor.set_defaults(run=_later("run_doctor"))


def _add_gallery(commands: argparse._SubParsersAction) -> None:
    gallery = commands.add_parser(
        "gallery", help="save a picture of every screen of the game", allow_abbrev=False
    )
    gallery.add_argument("folder", type=Path, metavar="DIR", help="where the pictures go")
    _add_world_options(gallery, scene=DEFAULT_SCENE)
    gallery.set_defaults(run=_later("run_gallery"))


def _add_world_options(parser: argparse.ArgumentParser, scene: str | None = None) -> None:
    first = "" if scene else "; without it the title screen opens"
    parser.add_argument("--world", default="pocket", help=f"one of {', '.join(available_worlds())}")
    parser.add_argument(
        "--scene",
        default=scene,
        metavar="NAME|FILE",
        help=f"a YAML file or one of {', '.join(available_scenes())}{first}",
    )
    parser.add_argument(
        "--memory",
        type=_policy,
        metavar="POLICY",
        help=f"what the world keeps: {', '.join(available_policies())}",
    )
    parser.add_argument(
        "--seed", type=seed, help="a number; each makes another world from the same description"
    )
    parser.add_argument(
        "--no-look-ahead", action="store_true", help="do not imagine views ahead of the camera"
    )


def _policy(text: str) -> str:
    if not text.strip():
        known = ", ".join(available_policies())
        raise argparse.ArgumentTypeError(f'"{text}" is not a memory policy; available: {known}')
    return text
