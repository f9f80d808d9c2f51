"""The glossary is the only list of terms; code, docs and screens use no synonym that it rejects."""

import re
from pathlib import Path

import pytest

from tests import ROOT

PAGE = ROOT / "docs/glossary.md"
CHECKED = ("*.py", "*.md", "*.yaml", "*.html", "*.toml")
HISTORY = ROOT / "CHANGELOG.md"  # names what earlier versions had
_ROW = re.compile(r"^\| (?P<terms>[^|]+?) \| [^|]+ \|(?P<synonyms>.*)\|$", re.M)
_SYNONYM = re.compile(r"`(?P<pattern>[^`]+)`|(?P<word>[^,`]+)")
_JOINT = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")  # between the words of a name


def rejected_in(page: str) -> dict[str, str]:
    """Return the pattern of every rejected synonym, and the term to write instead."""
    found = {}
    for row in _ROW.finditer(page):
        for synonym in _SYNONYM.finditer(row["synonyms"]):
            if synonym["pattern"]:
                found[synonym["pattern"]] = row["terms"]
            elif synonym["word"].strip() not in ("", "not"):  # "not" is the heading
                found[_pattern(synonym["word"].strip())] = row["terms"]
    return found


def problems(text: str, rejected: dict[str, str]) -> list[str]:
    """Return line, synonym and term of every rejected synonym in a text."""
    words = _JOINT.sub(" ", text).lower()
    return [
        f'line {words.count(chr(10), 0, hit.start()) + 1}: write "{term}", not "{hit[0]}"'
        for pattern, term in rejected.items()
        if re.match("[a-z]*", pattern)[0] in words  # its first letters: ten times faster
        for hit in re.finditer(rf"\b(?:{pattern})", words)
    ]


def checked_files() -> list[Path]:
    """Return the files that follow the glossary."""
    skipped = (PAGE, HISTORY, Path(__file__))
    folders = [path for path in ROOT.iterdir() if path.is_dir() and _is_source(path)]
    files = [path for kind in CHECKED for path in ROOT.glob(kind)]
    files += [path for folder in folders for kind in CHECKED for path in folder.rglob(kind)]
    return sorted(path for path in files if path not in skipped and "golden" not in path.parts)


def test_no_file_uses_a_rejected_synonym():
    rejected = rejected_in(PAGE.read_text())
    assert len(rejected) > 30
    found = [
        f"{path.relative_to(ROOT)}, {problem}"
        for path in checked_files()
        for problem in problems(path.read_text(), rejected)
    ]
    assert not found, "\n".join(found)


def test_every_row_of_the_page_is_read():
    page = PAGE.read_text()
    assert len(_ROW.findall(page)) == sum(line.startswith("| ") for line in page.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "def purged(): ...",
        "class FrameBookmark:",
        "bookmarks",
        "a memory cell",
        "MemoryCell(3)",
        "memory_cells",
        "memory\ncell",
        "a chunk of frames",
    ],
)
def test_synonyms_are_found_in_names_and_in_prose(text):
    rejected = rejected_in(
        "| evict | overwrite | purge |\n"
        "| anchor | a named view | bookmark |\n"
        "| slot | space of a frame | memory cell |\n"
        "| block | the unit of time | `chunk(s)? of frames` |\n"
    )
    assert len(problems(text, rejected)) == 1


def test_other_meanings_of_a_word_stay_allowed():
    rejected = rejected_in("| block | the unit of time | `chunk(s)? of frames`, memory cell |\n")
    assert list(rejected.values()) == ["block", "block"]
    assert not problems("a chunk of a file, and a cell of it in memory", rejected)


def _pattern(phrase: str) -> str:
    """Return a pattern of a word or phrase, however it is joined and inflected."""
    words = [re.escape(word) for word in phrase.lower().removesuffix("e").split()]
    return r"[\s-]*".join(words) + r"(?:e|es|ed|ing|s)?\b"


def _is_source(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name not in ("build", "runs", "assets")
