"""The names in a demo's script: every anchor and scene it uses must be there, in order."""

from collections.abc import Sequence

from mag_sandbox.files.yaml_files import nearest
from mag_sandbox.scenes.demo.script import Statement
from mag_sandbox.scenes.demo.tape import no_anchor
from mag_sandbox.scenes.demo.words import ScriptError


def check_names(script: Sequence[Statement], scene: str, scenes: Sequence[str]) -> None:
    """Check that every anchor is set before it is used, and that every scene is known.

    Args:
        script: what to do.
        scene: the scene that it begins in.
        scenes: names of all others.

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
            for _ in range(min(2, name)):  # the second round may begin elsewhere
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
