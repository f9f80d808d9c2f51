"""Lists what this machine has, what it lacks for play, and the remedies.

`doctor` prints each `line` of `report()`, then a `summary`. A check of `doctor_checks.py` that
crashes is a finding itself. The output can be sent to strangers: no home folder, no name of a
person or of the machine.
"""

import getpass
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mag_sandbox.sandbox.diagnose.doctor_checks import CHECKS, Check, Finding, Level

MARKS: dict[Level, str] = {"ok": "ok", "note": "note", "problem": "PROBLEM"}
WIDTH = 9  # characters before a name
_EDGE = r"(?![A-Za-z0-9_])"


def report(checks: Sequence[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Run every check, in order, and yield what it finds at once; never raises."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    for name, check in checks:
        try:
            for found in check():
                yield Finding(name, found.level, found.text, found.advice)
        except Exception as error:  # a broken check must not hide the others
            text = f"could not be checked ({type(error).__name__}: {error})"
            yield Finding(name, "note", text, "Send this report to the project.")


def line(finding: Finding) -> str:
    """Return a finding, and below it the remedy, as text that tells nothing of its owner."""
    room = max(len(name) for name, _ in CHECKS)
    text = " ".join(finding.text.split())
    head = f"{MARKS[finding.level]:<{WIDTH}}{finding.name:<{room}}  {text}"
    remedy = f"\n{' ' * (WIDTH + room)}  -> {finding.advice}" if finding.advice else ""
    return discreet(head + remedy)


def summary(findings: Sequence[Finding]) -> str:
    """Say in a line whether the game can be played here."""
    problems = sum(finding.level == "problem" for finding in findings)
    notes = sum(finding.level == "note" for finding in findings)
    noted = {0: "", 1: "; 1 note"}.get(notes, f"; {notes} notes")
    if not problems:
        return f"The game can be played here{noted}."
    what = "1 problem keeps" if problems == 1 else f"{problems} problems keep"
    return f"{what} the game from being played here{noted}."


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 0, or 2 if something makes play impossible."""
    return 2 if any(finding.level == "problem" for finding in findings) else 0


def discreet(text: str, home: Path | None = None, user: str | None = None) -> str:
    """Return text without the home folder and the user's name; None: those of this process."""
    home = home or Path.home()
    for folder in {str(home), str(home.resolve())}:
        if len(Path(folder).parts) > 1:  # never "/"
            text = re.sub(re.escape(folder) + _EDGE, "~", text)
    user = _user() if user is None else user
    if len(user) > 1:
        text = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(user)}{_EDGE}", "<user>", text, flags=re.I)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
