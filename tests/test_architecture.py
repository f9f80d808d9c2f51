"""Keeps the map of the code true: who may import whom, and how large files and functions grow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("sandbox", "model", "controls", "scenes", "training", "evaluation")
MAY_IMPORT = {
    "sandbox": (
        "model",
        "controls",
        "scenes",
        "evaluation.metrics",
        "evaluation.anchors",
        "evaluation.probe",
    ),
    "training": ("model", "controls", "scenes"),
    "evaluation": ("model", "controls", "scenes", "training.panorama"),
    "model": ("controls", "scenes"),
    "controls": ("scenes",),
    "scenes": ("controls",),
}
PLAIN = ("controls", "scenes")  # standard library, numpy and yaml only
PLAIN_MAY_IMPORT = {*sys.stdlib_module_names, "numpy", "yaml", *PLAIN}
PANORAMA_MAY_IMPORT = {*sys.stdlib_module_names, "numpy", "PIL", "training", "controls", "scenes"}
SANDBOX_ONLY = ("pygame", "sounddevice")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALL_FILES = [ROOT / "main.py", *SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def package_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file; `from a import b` counts as a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(path, node)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    folder = path.relative_to(ROOT).parts[: -node.level]
    return ".".join((*folder, node.module) if node.module else folder)


def inside(module: str, allowed: str) -> bool:
    return module == allowed or module.startswith(allowed + ".")


def test_packages_import_only_what_the_map_allows():
    wrong = []
    for path in SOURCES:
        package = package_of(path)
        allowed = (package, *MAY_IMPORT[package])
        for module in imports(path):
            ours = module.split(".")[0] in PACKAGES
            if ours and not any(inside(module, one) for one in allowed):
                wrong.append(f"{name(path)} imports {module}")
    assert not wrong, wrong


def test_controls_and_scenes_need_only_the_standard_library_numpy_and_yaml():
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if package_of(path) in PLAIN
        for module in imports(path)
        if module.split(".")[0] not in PLAIN_MAY_IMPORT
    ]
    assert not wrong, wrong


def test_the_renderer_needs_only_numpy_and_pil():
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if name(path).startswith("training/panorama/")
        for module in imports(path)
        if module.split(".")[0] not in PANORAMA_MAY_IMPORT
    ]
    assert not wrong, wrong


def test_only_the_app_opens_windows_and_sound():
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if package_of(path) != "sandbox"
        for module in imports(path)
        if module.split(".")[0] in SANDBOX_ONLY
    ]
    assert not wrong, wrong


def test_the_app_uses_only_the_public_names_and_the_protocol_of_the_model():
    wrong = [
        f"{name(path)} imports {module}"
        for path in SOURCES
        if package_of(path) == "sandbox"
        for module in imports(path)
        if inside(module, "model")
        and not inside(module, "model.world")
        and module.split(".", 1)[1:] not in [[one] for one in public_names_of_model()]
    ]
    assert not wrong, wrong


def public_names_of_model() -> list[str]:
    import model

    return model.__all__


@pytest.mark.parametrize(
    "module", ["main", "sandbox.cli", "sandbox.session", "sandbox.replay", "model.world", "scenes"]
)
def test_what_runs_before_the_window_imports_neither_torch_nor_pygame(module: str):
    code = f"import sys, {module}; print([m for m in ('torch', 'pygame') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_app_imports_without_torch():
    modules = [
        name(path).removesuffix(".py").replace("/", ".")
        for path in SOURCES
        if package_of(path) == "sandbox" and path.name != "__init__.py"
    ]
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def test_files_stay_readable():
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ALL_FILES}
    assert {file: size for file, size in sizes.items() if size > MAX_FILE_LINES} == {}
    assert sizes["main.py"] <= 60


def test_functions_stay_short():
    long = {
        f"{name(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in ALL_FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_modules_say_what_they_do():
    silent = [
        name(path)
        for path in [ROOT / "main.py", *SOURCES]
        if path.read_text(encoding="utf-8").strip()
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []
