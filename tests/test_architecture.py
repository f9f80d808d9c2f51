"""Keeps the map of the code true: who may import whom, and that no import goes in a circle."""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import ROOT

GAME = "mag_sandbox"
ROOMS = ("controls", "evaluation", "model", "renderer", "sandbox", "scenes", "training")
FILES, PROGRAM, COMMAND_LINE, ANSWERING, WORKERS = (
    f"{GAME}.{one}" for one in ("files", "program", "command_line", "process", "workers")
)
MAY_IMPORT = {
    "mag_sandbox": (GAME,),
    "controls": (FILES,),
    "scenes": (FILES, "controls"),
    "model": (FILES, PROGRAM, "controls", "scenes"),
    "renderer": (FILES, "controls", "scenes"),
    "training": (
        FILES,
        COMMAND_LINE,
        ANSWERING,
        WORKERS,
        "model",
        "renderer",
        "controls",
        "scenes",
    ),
    "evaluation": (
        FILES,
        COMMAND_LINE,
        ANSWERING,
        WORKERS,
        "model",
        "controls",
        "scenes",
        "renderer",
    ),
    "sandbox": (
        FILES,
        PROGRAM,
        COMMAND_LINE,
        ANSWERING,
        WORKERS,
        "model.world",
        "model.loading",
        "model.catalogue",
        "model.full.benchmark",
        "model.remote",
        "controls",
        "scenes",
        "evaluation.similarity",
        "evaluation.lookback.options",
    ),
}
PLAIN = ("controls", "scenes", "mag_sandbox/files")
OPENERS = ("mag_sandbox/files/pictures.py", "mag_sandbox/files/videos.py")
PLAIN_MAY_IMPORT = {*sys.stdlib_module_names, "msgspec", "numpy", "yaml", GAME}
RENDERER_MAY_IMPORT = {*sys.stdlib_module_names, "numpy", "PIL", GAME}
SANDBOX_ONLY = ("pygame", "sounddevice")
MAX_METHODS = 25


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def module_of(path: Path) -> str:
    """The name under which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == GAME else (GAME, *parts)).removesuffix(".__init__")


SOURCES = sorted(path for room in (GAME, *ROOMS) for path in (ROOT / room).rglob("*.py"))
MODULES = {module_of(path): path for path in SOURCES}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Source(NamedTuple):
    """What is asked of a file; its tree would be a million objects for the collector."""

    docstring: str | None
    imports: tuple[str, ...]  # wherever in the file; `from a import b` counts as a.b
    classes: dict[str, int]  # names and how many methods each has
    constants: tuple[str, ...]  # names that the file assigns outside functions and classes


@cache
def parsed(path: Path) -> Source:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found, classes = [], Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)} has a relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            classes[node.name] += sum(isinstance(one, methods) for one in node.body)
    targets = [
        target
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in getattr(statement, "targets", None) or [statement.target]
    ]
    assigned = [
        one.id
        for target in targets
        for one in ast.walk(target)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    ]
    return Source(ast.get_docstring(tree), tuple(found), classes, tuple(assigned))


def imports(path: Path) -> tuple[str, ...]:
    return parsed(path).imports


def inside(module: str, allowed: str) -> bool:
    full = allowed if allowed.startswith(GAME) else f"{GAME}.{allowed}"
    return module == full or module.startswith(full + ".")


def imported_modules(path: Path) -> set[str]:
    """Return the modules of the project that a file imports."""
    found = {one if one in MODULES else one.rpartition(".")[0] for one in imports(path)}
    return (found & MODULES.keys()) - {module_of(path)}


def check_acyclic(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" > ".join(error.args[1]))


def test_no_import_goes_in_a_circle_not_even_a_late_or_a_typing_one():
    check_acyclic({module: imported_modules(path) for module, path in MODULES.items()})


def neighbours(module: str, other: str) -> tuple[str, str] | None:
    """Return the first names in which two modules differ, with the folder that both lie in.

    None: one is a folder that holds the other, or starts the program.
    """
    one, two = module.split("."), other.split(".")
    pairs = enumerate(zip(one, two, strict=False))
    common = next((at for at, pair in pairs if pair[0] != pair[1]), None)
    if common is None or one[common] == "__main__":
        return None
    return ".".join(one[: common + 1]), ".".join(two[: common + 1])


def test_what_lies_side_by_side_in_a_folder_is_imported_in_one_direction():
    """Files and folders with everything below them: no circle leads through any two of them."""
    graph: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        for other in imported_modules(path):
            if pair := neighbours(module, other):
                graph.setdefault(pair[0], set()).add(pair[1])
    check_acyclic(graph)


def test_packages_import_only_what_the_map_allows():
    wrong = []
    for path in SOURCES:
        room = room_of(path)
        allowed = (room, *MAY_IMPORT[room])
        for module in imports(path):
            if inside(module, GAME) and not any(inside(module, one) for one in allowed):
                wrong.append(f"{name(path)} imports {module}")
    assert not wrong, wrong


def test_nothing_is_imported_by_the_name_of_its_folder():
    wrong = [
        f"{name(path)} imports {module}"
        for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")]
        for module in imports(path)
        if module.split(".")[0] in ROOMS
    ]
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("folders", "allowed"),
    [(PLAIN, PLAIN_MAY_IMPORT), (("renderer",), RENDERER_MAY_IMPORT)],
    ids=["plain", "renderer"],
)
def test_rooms_that_stay_light_need_few_libraries(folders, allowed):
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if name(path).startswith(tuple(f"{folder}/" for folder in folders))
        and name(path) not in OPENERS
        for module in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert not wrong, wrong


def test_pictures_and_videos_from_outside_are_opened_in_one_place():
    """Pillow executes PostScript, and FFmpeg opens the addresses that a list of videos names."""
    reading = re.compile(r'Image\.open\(|pygame\.image\.load|imread\(|av\.open\((?!.*"w")')
    found = {name(path) for path in SOURCES if reading.search(path.read_text(encoding="utf-8"))}
    assert found <= set(OPENERS), found


def test_only_the_app_opens_windows_and_sound():
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if room_of(path) != "sandbox"
        for module in imports(path)
        if module.split(".")[0] in SANDBOX_ONLY
    ]
    assert not wrong, wrong


def loaded_by(*modules: str) -> list[str]:
    """Which of the heavy libraries are there once these modules were imported."""
    heavy = ("torch", "pygame", "av")
    code = f"import sys, {', '.join(modules)}; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split()


def test_what_runs_before_the_window_imports_nothing_heavy():
    early = ("sandbox.commands.cli", "sandbox.play.session", "sandbox.recording.replay", "scenes")
    early = (*early, "model.world", "model.loading")
    assert loaded_by(GAME, *(f"{GAME}.{module}" for module in early)) == []


def test_the_app_imports_without_torch():
    modules = [module for module, path in MODULES.items() if room_of(path) == "sandbox"]
    assert "torch" not in loaded_by(*modules)


def test_modules_say_what_they_do():
    sources = [ROOT / "main.py", *SOURCES]
    silent = [name(path) for path in sources if parsed(path).docstring is None]
    assert silent == []


def test_pages_and_cards_name_python_files_that_exist():
    files = [f"/{name(path)}" for path in [ROOT / "main.py", *SOURCES]]
    pages = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("assets/**/*.md"), *ROOT.glob("*.md")]
    missing = [
        (name(page), one)
        for page in pages
        if page.name != "CHANGELOG.md"
        for one in re.findall(r"`([a-z_/]+\.py)`", page.read_text(encoding="utf-8"))
        if not one.startswith("tests/") and not any(path.endswith(f"/{one}") for path in files)
    ]
    assert missing == []


def test_a_name_is_assigned_once_in_a_file():
    """A second constant of the same name would silently replace the first."""
    twice = {}
    for path in SOURCES:
        names = Counter(parsed(path).constants)
        if again := [one for one, count in names.items() if count > 1]:
            twice[name(path)] = again
    assert twice == {}


def test_no_class_has_more_methods_than_a_reader_keeps_in_mind():
    large = {
        one: count for path in SOURCES for one, count in parsed(path).classes.items()
        if count > MAX_METHODS
    }  # fmt: skip
    assert large == {}, "find the value or the smaller class in it"


def test_a_class_name_means_one_thing():
    classes = Counter(one for path in SOURCES for one in parsed(path).classes)
    assert [one for one, count in classes.items() if count > 1] == []


def test_a_second_source_tree_imports_its_own_files(tmp_path):
    """Although an editable installation in this environment may point to another checkout."""
    for folder in (GAME, "controls"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "setup.py").touch()
    shutil.copy(ROOT / GAME / "__init__.py", tmp_path / GAME)
    program = f"import {GAME}.controls; print({GAME}.controls.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(tmp_path)
