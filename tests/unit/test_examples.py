"""The examples in docstrings run and give what they say; those that cannot run here still fit."""

import ast
import doctest
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module

import pygame
import pytest

import mag_sandbox
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.scenes import load_scene
from tests import ROOT
from tests.doubles import FakeWorld

ROOMS = ("controls", "evaluation", "model", "sandbox", "scenes", "training")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
MODULES = {
    ".".join(("mag_sandbox", *path.relative_to(ROOT).with_suffix("").parts)): path for path in FILES
} | {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted((ROOT / "mag_sandbox").rglob("*.py"))
}
WITH_EXAMPLES = [name for name, path in MODULES.items() if ">>> " in path.read_text("utf-8")]
CLASS = re.compile(r"^class (\w+)\b.*:\n    \"\"\"", re.M)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture
def names(tmp_path, monkeypatch) -> dict[str, object]:
    """What examples may use without saying where it comes from."""
    monkeypatch.setattr(mag_sandbox, "load_world", lambda name: FakeWorld(), raising=False)
    pygame.font.init()
    scene = load_scene("meadow")
    block = FakeWorld().reset(scene, seed=7)
    return {
        "ROOT": ROOT,
        "folder": tmp_path,
        "scene": scene,
        "source": PlayerSource(),
        "block": block,
        "frame": block.frames[0],
        "surface": pygame.display.set_mode((1280, 720)),
        "load_world": lambda name="pocket", memory=None: FakeWorld(),
        "world": FakeWorld(),
    }


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(name, names):
    module = import_module(name.removesuffix(".__init__"))
    runner, said = doctest.DocTestRunner(optionflags=FLAGS), []
    for examples in doctest.DocTestFinder(exclude_empty=True).find(module):
        examples.globs = {**names, **vars(module), **names}
        runner.run(examples, out=said.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(said)


def fragments(module: str) -> Iterator[tuple[str, ast.Module]]:
    """Code in the docstrings of classes that needs a window, weights or a thread to run."""
    text = MODULES[module].read_text("utf-8")
    if not any(f" {name}(" in text for name in CLASS.findall(text)):  # trees take their time
        return
    for node in ast.parse(text).body:
        text = ast.get_docstring(node) if isinstance(node, ast.ClassDef) else None
        for paragraph in (text or "").split("\n\n")[1:]:
            if f"{node.name}(" in paragraph and ">>> " not in paragraph:
                try:
                    yield node.name, ast.parse(textwrap.dedent(paragraph))
                except SyntaxError:  # prose
                    continue


def misfits(one: type, code: ast.Module) -> Iterator[str]:
    """What an example asks of its own class and would not get."""
    made = [
        node.targets[0].id
        for node in ast.walk(code)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value).startswith(f"{one.__name__}(")
    ]
    for node in ast.walk(code):
        if not isinstance(node, ast.Call) or ... in [getattr(a, "value", 0) for a in node.args]:
            continue
        owner, _, method = ast.unparse(node.func).rpartition(".")
        if owner in made:
            called, given = getattr(one, method, None), [None, *node.args]
        elif ast.unparse(node.func) == one.__name__:
            called, given = one, node.args
        else:
            continue
        try:
            inspect.signature(called).bind(*given, **{k.arg: k.value for k in node.keywords})
        except TypeError as problem:
            yield f"{ast.unparse(node)}: {problem}"


def test_what_other_examples_call_is_there():
    found = {name: list(fragments(name)) for name in MODULES}
    assert any(found.values())
    wrong = [
        f"{name}: {problem}"
        for name, examples in found.items()
        for one, code in examples
        for problem in misfits(getattr(import_module(name), one), code)
    ]
    assert not wrong, wrong
