"""The documents name pictures and pages that are there, and are quick to load."""

import re

import pytest

from tests import ROOT

PAGES = (
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "assets").rglob("*.md")),
)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
MIB = 2**20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_picture_and_page_that_a_page_names_is_there(page):
    named = LINK.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (page.parent / name).exists()] == []


def test_moving_pictures_are_small():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "guide").glob("*.gif")}
    assert all(size < MIB for size in sizes.values()), sizes
    assert sum(sizes.values()) < 4 * MIB
    assert (ROOT / "docs" / "compare.gif").stat().st_size < 2 * MIB
