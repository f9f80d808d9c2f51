"""The page of controls says what the keys do."""

from pathlib import Path

from controls.bindings import controls_table

PAGE = Path(__file__).parents[3] / "docs" / "controls.md"


def test_the_page_holds_the_table_of_the_bindings():
    assert controls_table() in PAGE.read_text(encoding="utf-8")
