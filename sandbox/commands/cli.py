"""The command line: subcommands, their options, and their functions.

Imports neither torch nor pygame: a wrong option is answered at once, and the window opens before
the world is loaded.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NoReturn

from mag_sandbox.command_line import OneLineParser, Say, add_commands
from mag_sandbox.files.yaml_files import nearest
from mag_sandbox.model.loading import end_others, follow, is_first
from mag_sandbox.process import run_command, say
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.commands.options import COMMANDS
from mag_sandbox.sandbox.freed_memory import share_freed


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand and return its exit code: an error is one line, with exit code 2."""

    def run() -> int:
        share_freed()
        command = parse(sys.argv[1:] if arguments is None else arguments)
        run: Callable[[argparse.Namespace, Say], int] = command.run
        if getattr(command, "random_weights", False):  # all of `torchrun`'s processes measure
            return run(command, say if is_first() else lambda text: None)
        if not is_first():
            follow()
            return 0
        try:
            return run(command, say)
        finally:
            end_others()

    return run_command(run)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, with `run(options, say) -> exit code`."""
    return _parser().parse_args(arguments)


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
  {PROGRAM} bench-memory                         measure what the pocket world remembers
  {PROGRAM} doctor                               what this machine has and lacks
  {PROGRAM} worlds                               list the worlds and which are installed
  {PROGRAM} fetch mag                            download a world's weights
  {PROGRAM} serve --world mag                    let a laptop play what runs on this machine
  {PROGRAM} play --world remote --url ws://localhost:8765     play it there

`{PROGRAM} COMMAND --help` lists the options of a command."""


@cache  # tests run hundreds of commands in one process
def _parser() -> "_Parser":
    parser = _Parser(prog=PROGRAM, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=_RAW)
    parser.commands = add_commands(parser, COMMANDS)
    return parser


class _Parser(OneLineParser):
    """Also names the likely intended argument."""

    commands: Mapping[str, argparse.ArgumentParser] = {}

    def error(self, message: str) -> NoReturn:
        super().error(f"{message}{self._nearest_word(message)}")

    def _nearest_word(self, message: str) -> str:
        """Return the likely meaning of an argument that argparse does not know."""
        if message.startswith("unrecognized arguments: "):
            word = message.split()[2].partition("=")[0]
            options = {name: one._option_string_actions for name, one in self.commands.items()}
            if knowing := [name for name, known in options.items() if word in known]:
                return f" (it is an option of {', '.join(knowing)})"
            return nearest(
                word, tuple(sorted({one for known in options.values() for one in known}))
            )
        if "invalid choice: '" in message:
            _, word, _, *known = message.split("'")
            return nearest(word, tuple(known[::2]) or tuple(self.commands))
        return ""
