"""The page of faults names what the tests try."""

from tests.faults import page
from tests.faults.test_bad_inputs import ROWS


def test_the_page_has_the_tables_of_the_tests():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text) == text, "write it anew: python -m tests.faults.page"


def test_every_row_is_in_one_group_of_the_page():
    assert sorted(row.name for group in page.GROUPS.values() for row in group) == sorted(
        row.name for row in ROWS
    )
