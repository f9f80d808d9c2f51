"""The page of controls says what the keys do."""

from mag_sandbox.sandbox.keyed_screens import PLAYER_BINDINGS
from tests import ROOT
from tests.manuals import controls_table

PAGE = ROOT / "docs" / "controls.md"


def test_the_page_holds_the_table_of_the_bindings():
    page = PAGE.read_text(encoding="utf-8")
    assert controls_table() in page
    assert controls_table(PLAYER_BINDINGS.watching(), known=controls_table()) in page
