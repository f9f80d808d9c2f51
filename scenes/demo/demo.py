"""Demos: a scene, a camera script and expectations, read from YAML and checked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import yaml

from mag_sandbox.files.border import is_file, is_missing
from mag_sandbox.files.yaml_files import (
    FileError,
    Problem,
    checked,
    compose_yaml,
    construct,
    entries,
    not_found,
    read_text,
    shown,
    value_of,
)
from mag_sandbox.scenes.demo.expect import Expectation, parse_expectation
from mag_sandbox.scenes.demo.script import MemoryAsk, Statement, parse_memory, parse_script
from mag_sandbox.scenes.demo.tape import no_anchor
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.scene import (
    DEMOS,
    Scene,
    Seed,
    available_demos,
    available_scenes,
    load_scene,
)

MAX_BYTES = 2**20
MOST_COMPARED = 16  # each plays the whole script
Value = TypeVar("Value")
KEYS = {  # of a demo file → what each says
    "name": "its name for people",
    "about": "what it shows, in a sentence",
    "scene": "the name of a scene, or a scene's own keys (prompt, seed, image, ...)",
    "seed": "of the world; default: the scene's",
    "memory": "a policy and its limits, as after `memory` in a script",
    "compare": "several policies, separated by commas; each plays the same script",
    "look_ahead": "false: do not imagine views ahead of the camera",
    "script": "what the camera does",
    "expect": 'measures and what they must be, such as `recall: ">= 80"`',
}


class DemoError(FileError):
    """A demo is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A camera script in a scene."""

    name: str
    scene: Scene
    scene_name: str  # how the script calls the scene it begins in
    seed: int
    script: tuple[Statement, ...]
    about: str = ""
    memory: MemoryAsk | None = None  # None: the player's setting
    compare: tuple[MemoryAsk, ...] = ()  # played one after the other; empty: only one
    look_ahead: bool = True
    expect: tuple[Expectation, ...] = ()
    source: str = ""  # the file, for messages
    lines: tuple[int, int] = (0, 0)  # line and column of the file before the script's first

    def problem(self, error: ScriptError) -> DemoError:
        """Return a problem of the script, at its place in the file."""
        line = error.line + self.lines[0]
        column = error.column + self.lines[1]
        return DemoError(f"{self.source}:{line}:{column}: {error}")


def load_demo(name_or_path: str | Path) -> Demo:
    """Load a demo by name, or any demo file by path.

    Raises:
        DemoError: there is no such demo, or its file is wrong.
        SceneError: its scene is wrong.
    """
    path = _find(name_or_path)
    try:
        return demo_of_text(path, read_text(path, MAX_BYTES))
    except Problem as problem:
        hint = "; `demo --list` names them" if is_missing(path) else ""
        raise DemoError(f"{problem.at(path, column=True)}{hint}") from None


def demo_of_text(path: Path, text: str) -> Demo:
    """Return the demo that a text would be, or raise Problem, DemoError or SceneError."""
    if len(text.encode()) > MAX_BYTES:
        raise Problem(f"is larger than {MAX_BYTES // 1024} KiB; shorten it")
    return _Reading(path, text, compose_yaml(text)).demo()


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or re.search(r"[/\\]|\.ya?ml$", text):
        return Path(name_or_path)
    if text not in available_demos():
        raise DemoError(not_found("demo", text, available_demos()))
    return DEMOS / f"{text}.yaml"


class _Reading:
    def __init__(self, path: Path, text: str, root: yaml.Node | None) -> None:
        self._path, self._text = path, text
        if root is None:
            raise Problem('is empty; add lines "scene: ..." and "script: ..."')
        self._nodes = {key: node for key, (_, node) in entries(root, tuple(KEYS)).items()}

    def demo(self) -> Demo:
        scene, scene_name = self._scene()
        script, lines = self._script()
        compare = self._compare()
        demo = Demo(
            name=self._value("name", self._path.stem.replace("-", " ")),
            about=" ".join(self._value("about", "").split()),
            scene=scene,
            scene_name=scene_name,
            seed=self._seed(scene),
            script=script,
            memory=self._memory("memory", self._value("memory", "")),
            compare=compare,
            look_ahead=self._value("look_ahead", True),
            expect=self._expect(script, compare),
            source=str(self._path),
            lines=lines,
        )
        try:
            check_names(script, scene_name, available_scenes())
        except ScriptError as error:
            raise demo.problem(error) from None
        return demo

    def _value(self, key: str, default: Value) -> Value:
        node = self._nodes.get(key)
        return default if node is None else value_of(key, node, type(default))

    def _needed(self, key: str, example: str) -> yaml.Node:
        if key not in self._nodes:
            raise Problem(f'has no "{key}"; add {example}')
        return self._nodes[key]

    def _scene(self) -> tuple[Scene, str]:
        node = self._needed("scene", 'a line "scene: meadow"')
        if isinstance(node, yaml.MappingNode):
            return self._inline_scene(node)
        name = construct(node, "scene")
        if type(name) is not str:
            raise Problem(f"scene is {shown(name)}, expected the name of a scene", node)
        if name not in available_scenes():
            raise Problem(not_found("scene", name, available_scenes()), node)
        return load_scene(name), name

    def _inline_scene(self, node: yaml.Node) -> tuple[Scene, str]:
        scene = checked(node, Scene, "the scene ")
        scene = replace(scene, prompt=" ".join(scene.prompt.split()))
        if scene.image is not None:
            image = self._path.parent / scene.image
            if not is_file(image):
                problem = f'image "{scene.image}" not found; its path starts at this file'
                raise Problem(problem, entries(node, None)["image"][1])
            scene = replace(scene, image=str(image.resolve()))
        return scene, scene.name

    def _seed(self, scene: Scene) -> int:
        node = self._nodes.get("seed")
        return scene.seed if node is None else value_of("seed", node, Seed)

    def _memory(self, key: str, text: str) -> MemoryAsk | None:
        if key not in self._nodes:
            return None
        try:
            return parse_memory(text)
        except ScriptError as problem:
            raise Problem(f"{key}: {problem}", self._nodes[key]) from None

    def _compare(self) -> tuple[MemoryAsk, ...]:
        if "compare" not in self._nodes:
            return ()
        asks = self._value("compare", "").split(",")
        if len(asks) > MOST_COMPARED:
            problem = f"compare names {len(asks)}, at most {MOST_COMPARED} are played"
            raise Problem(problem, self._nodes["compare"])
        if len(asks) < 2:
            problem = 'compare names fewer than two; write "mag-retrieve, window"'
            raise Problem(problem, self._nodes["compare"])
        return tuple(ask for text in asks if (ask := self._memory("compare", text)))

    def _script(self) -> tuple[tuple[Statement, ...], tuple[int, int]]:
        node = self._needed("script", 'lines "script: |" and what the camera does')
        text, lines = self._value("script", ""), _before(self._text, node)
        if lines is None:
            problem = "the script has several lines; begin it with `script: |`"
            raise Problem(f"{problem}, so that they stay lines", node)
        try:
            return parse_script(text), lines
        except ScriptError as error:
            where = f"{self._path}:{error.line + lines[0]}:{error.column + lines[1]}"
            raise DemoError(f"{where}: {error}") from None

    def _expect(
        self, script: Sequence[Statement], compare: Sequence[MemoryAsk]
    ) -> tuple[Expectation, ...]:
        node = self._nodes.get("expect")
        if node is None:
            return ()
        if not isinstance(node, yaml.MappingNode):
            raise Problem('expect needs lines such as recall: ">= 80"', node)
        probed = probed_anchors(script)
        expectations = []
        for name, (_, value) in entries(node, None).items():
            try:
                expected = construct(value, name)
                one = parse_expectation(name, expected, probed, compared=bool(compare))
            except ValueError as problem:
                raise Problem(str(problem), value) from None
            expectations.append(one)
        return tuple(expectations)


def _before(text: str, node: yaml.ScalarNode) -> tuple[int, int] | None:
    """Return the lines and columns before a script; None if its lines were joined."""
    start, end = node.start_mark, node.end_mark
    if node.style == "|":
        rows = text.split("\n")[start.line + 1 : end.line + 1]
        first = next((row for row in rows if row.strip()), "")
        return start.line + 1, len(first) - len(first.lstrip())
    if start.line != end.line or node.style == ">":
        return None
    return start.line, start.column + (node.style is not None)


def check_names(script: Sequence[Statement], scene: str, scenes: Sequence[str]) -> None:
    """Check that every anchor is set before it is used, and that every scene is known."""
    _check_names(script, {scene: set()}, scene, (scene, *scenes))


def _check_names(
    script: Sequence[Statement], anchors: dict[str, set[str]], here: str, scenes: Sequence[str]
) -> str:
    for statement in script:
        name = statement.values[0] if statement.values else ""
        problem = None
        if statement.word == "scene":
            if name not in scenes:
                problem = not_found("scene", name, scenes)
            here = name
            anchors.setdefault(here, set())
        elif statement.word == "anchor":
            anchors[here].add(name)
        elif statement.word in ("probe", "go") and name not in anchors[here]:
            problem = no_anchor(name, here, sorted(anchors[here]))
        elif statement.word == "repeat":
            for _ in range(min(2, statement.values[0])):  # the second round may begin elsewhere
                here = _check_names(statement.body, anchors, here, scenes)
        if problem is not None:
            raise ScriptError(statement.line, statement.column, problem)
    return here


def probed_anchors(script: Sequence[Statement]) -> tuple[str, ...]:
    """Return the anchors that a script probes, in order."""
    names: list[str] = []
    for statement in script:
        found = probed_anchors(statement.body)
        if statement.word == "probe":
            found = (statement.values[0],)
        names += [name for name in found if name not in names]
    return tuple(names)
