"""Whatever people give it is answered in one sentence with exit code 2, and nothing is lost."""

import shlex
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.commands import cli
from tests.doubles import SPEC, FakeWorld
from tests.faults import rows_files, rows_machine, rows_values
from tests.faults.table import Row

ROWS = (*rows_files.ROWS, *rows_values.ROWS, *rows_machine.ROWS)


@pytest.fixture
def here(monkeypatch, tmp_path) -> Path:
    """A folder with all that a player keeps, and worlds that load from it or are made up."""

    def load(name, memory, *, look_ahead, execution, precision, server, on_progress):
        if not (tmp_path / "weights").exists():
            return FakeWorld(memory, spec=SPEC)
        from mag_sandbox.model.pocket import loading as pocket

        return pocket.load(
            memory, look_ahead=False, on_progress=on_progress, weights=tmp_path / "weights"
        )

    monkeypatch.setattr(choice, "load_world", load)
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return all that lies in a folder but what was measured of this machine; None: a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.name != "precision.json"
    }


def run(command: str, here: Path) -> int:
    words = [
        word.replace("here", str(here), 1) if word.startswith("here") else word
        for word in shlex.split(command)
    ]
    if words[:1] == ["evaluation"]:
        from mag_sandbox.evaluation.__main__ import main as evaluate

        return evaluate(words[1:])
    if words[:1] == ["training"]:
        from mag_sandbox.training.__main__ import main as train

        return train(words[1:])
    return cli.main(words)


@pytest.mark.parametrize("row", ROWS, ids=[row.name[:60] for row in ROWS])
def test_a_bad_input_is_one_sentence_and_exit_code_2(row: Row, here, capfd):
    row.make(here)
    before = contents(here)
    capfd.readouterr()
    code = run(row.command, here)
    said = capfd.readouterr().err
    assert code == 2
    assert "Traceback" not in said
    assert said.count("\n") == 1, said
    assert said.startswith("error: ")
    for words in row.says:
        assert words in said
    assert "unexpected error" not in said
    assert contents(here) == before


def test_the_table_is_long_and_says_nothing_twice():
    assert len(ROWS) >= 100
    names = Counter(row.name for row in ROWS)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("program", ["training", "evaluation"])
def test_tools_answer_what_nobody_expected_in_a_sentence_too(program, monkeypatch, capsys):
    module = import_module(f"mag_sandbox.{program}.__main__")

    def run(*options):
        raise TypeError("a bug\nin two lines")

    given = ["report", "here"]
    monkeypatch.setattr("mag_sandbox.evaluation.report.page.run_report", run)
    monkeypatch.setattr("mag_sandbox.training.curve.write_curves", run)
    if program == "training":
        given = ["curve", "--picture", "x.svg"]
    assert module.main(given) == 2
    assert capsys.readouterr().err.startswith("error: unexpected error (TypeError: ")
