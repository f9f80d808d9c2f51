"""The page of file formats says what the code reads and writes."""

from dataclasses import dataclass

import pytest

from tests import ROOT
from tests.manuals import RECORDS, filled, table_of, tables_in

PAGE = ROOT / "docs" / "formats.md"


@dataclass(frozen=True, slots=True)
class Example:
    """Stands for a file."""

    size: int  # bytes
    names: tuple[str, ...] = ()
    note: str | None = None  # a | b


def test_a_table_has_types_defaults_and_comments():
    assert table_of(Example).splitlines() == [
        "size: int  # bytes",
        "names: tuple[str, ...] = ()",
        "note: str | None = None  # a | b",
    ]


def test_the_page_holds_every_table_as_it_is_now():
    page = PAGE.read_text(encoding="utf-8")
    assert tables_in(page) == {record.__name__ for record in RECORDS}
    assert filled(page) == page, "write it anew: PAGE.write_text(filled(PAGE.read_text()))"


def test_a_page_gets_the_tables_it_asks_for_and_keeps_the_rest():
    page = filled("before\n\n<!-- table: Scene -->\n```python\nold: int\n```\n\nafter\n")
    assert page.startswith("before\n\n<!-- table: Scene -->\n```python\nprompt: str")
    assert page.endswith("\n```\n\nafter\n")
    assert "old" not in page


def test_a_table_of_something_else_is_a_mistake():
    with pytest.raises(KeyError):
        filled("<!-- table: Nothing -->\n")
