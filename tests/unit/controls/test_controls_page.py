"""The page of controls says what the keys do."""

from mag_sandbox.controls.bindings import controls_table
from tests import ROOT

PAGE = ROOT / "docs" / "controls.md"


def test_the_page_holds_the_table_of_the_bindings():
    assert controls_table() in PAGE.read_text(encoding="utf-8")
