"""Demos: a scene, a camera script and what is expected of it, read from YAML and checked.

Knows nothing of worlds: `tape.py` turns the script into camera commands, the app plays them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from mag_sandbox.files.yaml_files import (
    FieldError,
    FileError,
    Problem,
    compose_yaml,
    construct,
    is_file,
    nearest,
    quoted,
    read_text,
)
from mag_sandbox.scenes.demo.expect import Expectation, parse_expectation
from mag_sandbox.scenes.demo.script import MemoryAsk, Statement, parse_memory, parse_script
from mag_sandbox.scenes.demo.tape import no_anchor
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.scene import (
    DEMOS,
    MAX_SEED,
    Scene,
    available_demos,
    available_scenes,
    load_scene,
)

MAX_BYTES = 2**20
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
        """Return what is wrong with the script, at its place in the file."""
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
        text = read_text(path, MAX_BYTES)
        root = compose_yaml(text)
    except Problem as problem:
        where = f"{path}:{problem.line}:{problem.column}" if problem.line else str(path)
        hint = "" if path.exists() else "; `demo --list` names what is there"
        raise DemoError(f"{where}: {problem}{hint}") from None
    return _Reading(path, text, root).demo()


def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or re.search(r"[/\\]|\.ya?ml$", text):
        return Path(name_or_path)
    if text not in available_demos():
        known, guess = ", ".join(available_demos()), nearest(text, available_demos())
        raise DemoError(f'demo "{text}" not found{guess}; available: {known}')
    return DEMOS / f"{text}.yaml"


class _Reading:
    """One demo file: its values, and where they stand."""

    def __init__(self, path: Path, text: str, root: yaml.Node | None) -> None:
        self._path, self._text = path, text
        if root is None:
            raise self._error('is empty; add lines "scene: ..." and "script: ..."')
        self._nodes: dict[str, yaml.Node] = {}
        self._values = self._mapping(root, tuple(KEYS), self._nodes)

    def demo(self) -> Demo:
        scene, scene_name = self._scene()
        script, lines = self._script()
        compare = self._compare()
        memory = self._typed("memory", str, "")
        demo = Demo(
            name=self._typed("name", str, self._path.stem.replace("-", " ")),
            about=" ".join(self._typed("about", str, "").split()),
            scene=scene,
            scene_name=scene_name,
            seed=self._seed(scene),
            script=script,
            memory=self._memory("memory", memory) if "memory" in self._values else None,
            compare=compare,
            look_ahead=self._typed("look_ahead", bool, True),
            expect=self._expect(script, compare),
            source=str(self._path),
            lines=lines,
        )
        try:
            check_names(script, scene_name, available_scenes())
        except ScriptError as error:
            raise demo.problem(error) from None
        return demo

    def _error(self, problem: str, node: yaml.Node | None = None) -> DemoError:
        where = f":{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node else ""
        return DemoError(f"{self._path}{where}: {problem}")

    def _mapping(
        self, node: yaml.Node, known: Sequence[str] | None, nodes: dict[str, yaml.Node]
    ) -> dict[str, Any]:
        """Return plain values of a mapping, and note their nodes; nothing is executed."""
        if not isinstance(node, yaml.MappingNode):
            raise self._error('expected lines of the form "key: value"', node)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if known is not None and key not in known:
                guess, names = nearest(key, tuple(known)), ", ".join(known)
                problem = f'unknown key "{quoted(key)}"{guess}; known keys: {names}'
                raise self._error(problem, key_node)
            if key in values:
                raise self._error(f'"{key}" is given twice', key_node)
            values[key], nodes[key] = self._plain(value_node), value_node
        return values

    def _plain(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return node
        try:
            return construct(node, "this")
        except Problem:
            raise self._error("this value cannot be read", node) from None

    def _typed(self, key: str, kind: type, default: Any) -> Any:
        value = self._values.get(key, default)
        if type(value) is not kind:
            words = {str: "text", int: "a whole number", bool: "true or false"}[kind]
            raise self._error(f"{key} is {_shown(value)}, expected {words}", self._nodes[key])
        return value

    def _scene(self) -> tuple[Scene, str]:
        if "scene" not in self._values:
            raise self._error('has no "scene"; add a line "scene: meadow"')
        value, node = self._values["scene"], self._nodes["scene"]
        if isinstance(value, yaml.MappingNode):
            return self._inline_scene(value)
        if type(value) is not str:
            raise self._error(f"scene is {_shown(value)}, expected the name of a scene", node)
        if value not in available_scenes():
            known, guess = ", ".join(available_scenes()), nearest(value, available_scenes())
            raise self._error(f'scene "{quoted(value)}" not found{guess}; available: {known}', node)
        return load_scene(value), value

    def _inline_scene(self, node: yaml.MappingNode) -> tuple[Scene, str]:
        nodes: dict[str, yaml.Node] = {}
        types = {"seed": int}
        values = self._mapping(node, tuple(field.name for field in fields(Scene)), nodes)
        for key, value in values.items():
            kind = types.get(key, str)
            if type(value) is not kind:
                words = "a whole number" if kind is int else "text"
                raise self._error(f"{key} is {_shown(value)}, expected {words}", nodes[key])
        if "prompt" not in values:
            raise self._error('the scene has no "prompt"; add a line "prompt: ..."', node)
        values["prompt"] = " ".join(values["prompt"].split())
        if "image" in values:
            image = self._path.parent / values["image"]
            if not is_file(image):
                problem = f'image "{values["image"]}" not found; its path starts at this file'
                raise self._error(problem, nodes["image"])
            values["image"] = str(image.resolve())
        try:
            scene = Scene(**values)
        except FieldError as problem:
            raise self._error(str(problem), nodes.get(problem.field, node)) from None
        return scene, scene.name

    def _seed(self, scene: Scene) -> int:
        seed = self._typed("seed", int, scene.seed)
        if not 0 <= seed <= MAX_SEED:
            raise self._error(f"seed is {seed}, expected 0 to {MAX_SEED}", self._nodes["seed"])
        return seed

    def _memory(self, key: str, text: str) -> MemoryAsk:
        try:
            return parse_memory(text)
        except ScriptError as problem:
            raise self._error(f"{key}: {problem}", self._nodes[key]) from None

    def _compare(self) -> tuple[MemoryAsk, ...]:
        if "compare" not in self._values:
            return ()
        asks = self._typed("compare", str, "").split(",")
        if len(asks) < 2:
            raise self._error(
                'compare names fewer than two; write "mag-retrieve, window"', self._nodes["compare"]
            )
        return tuple(self._memory("compare", ask) for ask in asks)

    def _script(self) -> tuple[tuple[Statement, ...], tuple[int, int]]:
        if "script" not in self._values:
            raise self._error('has no "script"; add lines "script: |" and what the camera does')
        text, node = self._typed("script", str, ""), self._nodes["script"]
        lines = _before(self._text, node)
        if lines is None:
            problem = "the script has several lines; begin it with `script: |`"
            raise self._error(f"{problem}, so that they stay lines", node)
        try:
            return parse_script(text), lines
        except ScriptError as error:
            where = f"{self._path}:{error.line + lines[0]}:{error.column + lines[1]}"
            raise DemoError(f"{where}: {error}") from None

    def _expect(
        self, script: Sequence[Statement], compare: Sequence[MemoryAsk]
    ) -> tuple[Expectation, ...]:
        node = self._values.get("expect")
        if node is None:
            return ()
        nodes: dict[str, yaml.Node] = {}
        values = self._mapping(node, None, nodes) if isinstance(node, yaml.Node) else None
        if values is None:
            raise self._error('expect needs lines such as recall: ">= 80"', self._nodes["expect"])
        probed = probed_anchors(script)
        expectations = []
        for name, value in values.items():
            try:
                expectations.append(parse_expectation(name, value, probed, compared=bool(compare)))
            except ValueError as problem:
                raise self._error(str(problem), nodes[name]) from None
        return tuple(expectations)


def _before(text: str, node: yaml.ScalarNode) -> tuple[int, int] | None:
    """Return how many lines and columns stand before a script; None if its lines were joined."""
    start, end = node.start_mark, node.end_mark
    if node.style == "|":
        rows = text.split("\n")[start.line + 1 : end.line + 1]
        first = next((row for row in rows if row.strip()), "")
        return start.line + 1, len(first) - len(first.lstrip())
    if start.line != end.line or node.style == ">":
        return None
    return start.line, start.column + (node.style is not None)


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    return "a group of keys" if isinstance(value, yaml.Node) else f'"{quoted(str(value))}"'


def check_names(script: Sequence[Statement], scene: str, scenes: Sequence[str]) -> None:
    """Check that every anchor is set before it is used, and that every scene is known.

    Raises:
        ScriptError: a name is unknown.
    """
    _check_names(script, {scene: set()}, scene, (scene, *scenes))


def _check_names(
    script: Sequence[Statement], anchors: dict[str, set[str]], here: str, scenes: Sequence[str]
) -> str:
    """Walk over a script and return the scene it ends in."""
    for statement in script:
        name = statement.values[0] if statement.values else ""
        problem = None
        if statement.word == "scene":
            if name not in scenes:
                known = ", ".join(scenes)
                guess = nearest(name, tuple(scenes))
                problem = f'scene "{name}" not found{guess}; available: {known}'
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
