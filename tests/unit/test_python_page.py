"""What README and the page on Python say of Python can be run as it stands."""

import importlib.util
import re

import pytest

import mag_sandbox
from tests import ROOT
from tests.doubles import FakeWorld

PAGE = ROOT / "docs" / "python.md"
SNIPPETS, FROM_README = (
    re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for page in (PAGE, ROOT / "README.md")
)


@pytest.mark.parametrize(
    "snippet", [*SNIPPETS, *FROM_README], ids=["blocks", "environment", "gymnasium", "readme"]
)
def test_a_snippet_runs(snippet, monkeypatch, capsys):
    worlds = []

    def load_world(name: str) -> FakeWorld:
        assert name == "pocket"
        worlds.append(FakeWorld())
        return worlds[-1]

    if "gymnasium" in snippet and importlib.util.find_spec("gymnasium") is None:
        pytest.skip("needs gymnasium")
    monkeypatch.setattr(mag_sandbox, "load_world", load_world, raising=False)
    exec(compile(snippet, str(PAGE), "exec"), {})
    assert [world.closed for world in worlds] == [True]


def test_the_first_snippet_has_at_most_ten_lines_and_ends_where_it_began(monkeypatch, capsys):
    assert len([line for line in SNIPPETS[0].splitlines() if line.strip()]) <= 10
    monkeypatch.setattr(mag_sandbox, "load_world", lambda name: FakeWorld(), raising=False)
    exec(compile(SNIPPETS[0], str(PAGE), "exec"), {})
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("0.0 (3, 192, 320, 3) ")
