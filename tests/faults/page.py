"""The tables of `docs/faults.md`, made from those that the tests run; to write them anew:

python -m tests.faults.page
"""

import inspect
import re

from tests import ROOT
from tests.faults import rows_files, rows_machine, rows_values, test_fuzz
from tests.faults.table import Row

PAGE = ROOT / "docs" / "faults.md"
GROUPS: dict[str, tuple[Row, ...]] = {
    "scenes": rows_files.SCENES,
    "demos and scripts": (*rows_files.DEMOS, *rows_files.SCRIPTS),
    "settings and keys": (*rows_files.SETTINGS, *rows_files.KEYS),
    "values, pipes and folders in any of these": (
        *rows_files.YAML_BORDERS,
        *rows_files.LINE_BREAKS,
        *rows_files.PIPES,
        *rows_files.FOLDERS,
    ),
    "recordings": (*rows_machine.RECORDINGS, *rows_machine.ELSEWHERE),
    "exports": (*rows_machine.EXPORTS, *rows_values.EXPORT),
    "places left": rows_machine.STATES,
    "weights": rows_machine.PLAIN_WEIGHTS,
    "command lines": (
        *rows_values.MAIN,
        *rows_values.DEMO,
        *rows_values.PLACES,
        *rows_values.EVALUATION,
        *rows_values.TRAINING,
        *rows_values.UNDER_A_FILE,
        *rows_values.BAD_LOGS,
    ),
}
EXAMPLES = 1  # of a group
LONGEST = 50  # characters
_PLACE = re.compile(r"(?s)(<!-- faults: made by tests/faults/page.py -->\n).*?(<!-- end -->)")


def filled(page: str) -> str:
    """Return a page with its tables as the tests have them now."""
    rows = ["| input | cases | for example |", "|---|---|---|"]
    rows += [f"| {name} | {len(group)} | {_examples(group)} |" for name, group in GROUPS.items()]
    fuzz = f"{_properties()} tests mutate such files (`make fuzz` tries as many as you like)."
    lines = [*rows, "", fuzz]
    return _PLACE.sub(lambda found: found[1] + "\n".join(lines) + "\n" + found[2], page)


def _examples(group: tuple[Row, ...]) -> str:
    chosen = group[:: max(1, len(group) // EXAMPLES)][:EXAMPLES]
    names = (row.name if len(row.name) <= LONGEST else row.name[:LONGEST] + "..." for row in chosen)
    return ", ".join(f"`{name}`" if "--" in name else name for name in names)


def _properties() -> int:
    tests = inspect.getmembers(test_fuzz, inspect.isfunction)
    return sum(name.startswith("test_") for name, _ in tests)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
