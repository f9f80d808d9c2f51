"""The page of controls says what the keys do."""

from tests import ROOT
from tests.manuals import controls_table

PAGE = ROOT / "docs" / "controls.md"


def test_the_page_holds_the_table_of_the_bindings():
    assert controls_table() in PAGE.read_text(encoding="utf-8")
