"""The page of controls says what the keys do."""

from mag_sandbox.controls.bindings import DEFAULTS
from tests import ROOT
from tests.manuals import controls_table

PAGE = ROOT / "docs" / "controls.md"


def test_the_page_holds_the_table_of_the_bindings():
    page = PAGE.read_text(encoding="utf-8")
    assert controls_table() in page
    assert controls_table(DEFAULTS.watching(), known=controls_table()) in page
