"""`demo`: options in, one or more runs of a camera script, files and an exit code out."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from mag_sandbox.command_line import Say
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.border import exists
from mag_sandbox.files.whole import OccupiedError, claim
from mag_sandbox.files.yaml_files import Problem
from mag_sandbox.model.loading import available_policies, available_worlds, worlds_beside
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.choice import WorldChoice, meant_world, usual_memory, usual_precision
from mag_sandbox.sandbox.demo.compare import (
    VIDEO_NAME,
    ComparedRun,
    Contender,
    comparison_text,
    lead_of,
    write_beside,
    write_comparison,
)
from mag_sandbox.sandbox.demo.options import DemoOptions
from mag_sandbox.sandbox.demo.result import DemoResult, summary_text, write_results, write_text
from mag_sandbox.sandbox.demo.run import (
    DemoRun,
    Extras,
    check_policies,
    check_words,
    play_demo,
    setting_of,
    tape_for,
)
from mag_sandbox.sandbox.launch import run_app
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.settings import load_settings
from mag_sandbox.scenes import Scene, SceneError, available_demos, available_scenes, load_scene
from mag_sandbox.scenes.demo.demo import Demo, DemoError, demo_of_text, load_demo
from mag_sandbox.scenes.demo.script import MEMORY_PARTS, MemoryAsk, parse_memory
from mag_sandbox.scenes.demo.words import ScriptError
from mag_sandbox.scenes.things import thing_words

TELL_EVERY = 10.0  # seconds between two lines of progress


def run_demo(options: DemoOptions, say: Say) -> int:
    """Play a demo; return 0 if all is as expected, else 1, or raise DemoError."""
    if options.list:
        say(list_text())
        return 0
    if options.demo is None:
        raise DemoError(f"name a demo or a file; available: {', '.join(available_demos())}")
    if options.recording:
        return _convert(options.recording, Path(options.demo), say)
    plan = _Plan(load_demo(options.demo), options, say)
    try:
        if plan.contenders:
            results = plan.compare()
        elif options.headless:
            results = plan.play_all()
        else:
            results = [plan.play_in_window()]
    finally:
        _leave_if_empty(options.out)
    return 0 if all(result.expect_met for result in results) else 1


def list_text() -> str:
    """Return every demo that comes with the game, with its description."""
    demos = {name: load_demo(name) for name in available_demos()}
    width = max(map(len, demos))
    return "\n".join(f"{name:<{width}}  {demo.about}" for name, demo in demos.items())


class _Plan:
    def __init__(self, demo: Demo, options: DemoOptions, say: Say) -> None:
        self._demo, self._options, self._say = demo, options, say
        self._server = options.server()
        self._world = meant_world(options.world, self._server)
        self._memory = None if options.memory is None else _memory_of(options.memory)
        self._settings = load_settings()
        self.contenders = self._contenders()
        memories = [one.memory for one in self.contenders] + [self._memory, demo.memory]
        check_policies(demo, [one for one in memories if one is not None])
        for world in {self._world, *(one.world for one in self.contenders)}:
            check_words(demo, world)
        self._seeds = list(options.seeds or [demo.seed if options.seed is None else options.seed])
        # how the first of each base ran; another number type would change bytes and pictures
        self._executions: dict[tuple[str, ...], dict[str, Any] | None] = {}
        self._check()
        if options.out:
            try:
                claim(options.out)
            except OccupiedError as problem:
                raise DemoError(f"--out {problem}") from None

    def play_all(self) -> list[DemoResult]:
        choice = self._choice(self._world, self._memory or self._demo.memory)
        results: list[DemoResult] = []
        with closing(choice.load()) as world:
            tape_for(self._demo, world.spec)
            for number, seed in enumerate(self._seeds, 1):
                extras = self._extras(choice, number)
                results.append(play_demo(self._demo, world, choice.memory, seed, extras))
                self._say(summary_text(results[-1]))
        self._write(results)
        return results

    def play_in_window(self) -> DemoResult:
        choice = self._choice(self._world, self._memory or self._demo.memory)
        self._say("it plays in the window; the result follows here")
        run = self._show(choice, Extras())
        self._say(summary_text(run.result()))
        self._write([run.result()])
        return run.result()

    def compare(self) -> list[DemoResult]:
        out = self._options.out
        runs = [self._compete(number, one) for number, one in enumerate(self.contenders, 1)]
        results = [run.result for run in runs]
        results[0] = results[0].check(self._demo.expect, lead_of(results))
        results[1:] = [result.check(()) for result in results[1:]]
        self._say(comparison_text(results).rstrip())
        for result in results:
            self._say(summary_text(result))
        if out:
            write_comparison(out, results)
            self._write(results)
            name = f"{VIDEO_NAME}.{self._options.video}"
            write_beside(out / name, runs)
            self._say(f"written: {out / name}")
        return results

    def _compete(self, number: int, contender: Contender) -> ComparedRun:
        ask = contender.memory or self._memory or self._demo.memory
        base = worlds_beside(contender.world) or (contender.world,)
        choice = replace(self._choice(contender.world, ask), execution=self._executions.get(base))
        extras = self._extras(choice, number)
        result = self._play_one(number, contender, choice, extras)
        if extras.frames and extras.frames.problem:
            raise DemoError(extras.frames.problem)
        self._executions.setdefault(base, result.provenance.get("execution"))
        folders = tuple(extras.recorder.folders) if extras.recorder else ()
        return ComparedRun(contender.title, result, folders)

    def _play_one(
        self, number: int, contender: Contender, choice: WorldChoice, extras: Extras
    ) -> DemoResult:
        if self._options.headless:
            with closing(choice.load()) as world:
                return play_demo(self._demo, world, choice.memory, self._seeds[0], extras)
        self._say(f"{number} of {len(self.contenders)}: {contender.title}")
        run = self._show(choice, extras)
        if not run.is_over:
            raise DemoError("the demo was stopped before its end, so nothing is compared")
        return run.result()

    def _show(self, choice: WorldChoice, extras: Extras) -> DemoRun:
        from mag_sandbox.sandbox.demo.show import DemoSession  # which knows displays

        run = DemoRun(self._demo, choice.memory, self._seeds[0], extras)
        run_app(
            partial(run.load, choice),
            run.playthrough,
            run.writers,  # the app adds its source
            run,
            seconds=math.inf,
            headless=False,
            session=lambda reel, hud: DemoSession(reel, hud, run),
        )
        run.finish()
        return run

    def _contenders(self) -> tuple[Contender, ...]:
        text = self._options.compare
        if not text:
            alone = self._memory is not None or self._options.seeds
            asks = () if alone else self._demo.compare
            return tuple(Contender(self._world, ask) for ask in asks)
        parts = [part.strip() for part in text.split(",")]
        if len(parts) < 2:
            raise DemoError(f'--compare "{text}" names fewer than two; write A,B')
        return tuple(self._contender(part) for part in parts)

    def _contender(self, part: str) -> Contender:
        word, _, name = part.partition(" ")
        if word == "world":
            return Contender(name.strip(), None)
        if part in available_worlds() and part not in available_policies():
            return Contender(part, None)
        return Contender(self._world, _memory_of(part))

    def _check(self) -> None:
        several = len(self._seeds) > 1
        if self._options.seeds and self._options.seed is not None:
            raise DemoError("--seeds is not allowed with --seed; leave one out")
        if several and self._options.compare:
            raise DemoError("--compare plays one tape and seed; leave out --seeds")
        if several and not self._options.headless:
            raise DemoError("several runs need no window; add --headless")

    def _choice(self, world: str, ask: MemoryAsk | None) -> WorldChoice:
        base = usual_memory(world, self._settings, self._demo.scene.memory)
        memory = setting_of(ask, base)
        precision = self._options.precision or usual_precision(world, self._server, self._settings)
        look_ahead = self._demo.look_ahead
        return WorldChoice(world, memory, look_ahead, server=self._server, precision=precision)

    def _extras(self, choice: WorldChoice, number: int) -> Extras:
        out, tell = self._options.out, _progress(self._say)
        if out is None:
            return Extras(None, tell)
        several = len(self._seeds) > 1 or self.contenders
        folder = out / f"run-{number}" / "recording" if several else out / "recording"
        recorder = Recorder(folder, memory=choice.memory, look_ahead=choice.look_ahead)
        return Extras(recorder, tell, frames_beside(recorder))

    def _write(self, results: Sequence[DemoResult]) -> None:
        if self._options.out:
            paths = write_results(self._options.out, results)
            self._say(f"written: {', '.join(map(str, paths))}")


def _progress(say: Say) -> Callable[[int, int], None]:
    said_at = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal said_at
        if (now := time.monotonic()) - said_at >= TELL_EVERY:
            said_at = now
            say(f"  {done} of {total} blocks")

    return tell


def _convert(recording: Path, target: Path, say: Say) -> int:
    text = demo_of(load_recording(recording))
    if target.suffix not in (".yaml", ".yml"):
        raise DemoError(f"{target}: a demo is a YAML file; name it {target}.yaml")
    if exists(target):
        raise DemoError(f"{target}: already exists; name another file")
    try:
        demo_of_text(target, text)
    except (Problem, DemoError, SceneError) as problem:
        raise DemoError(f"{recording} cannot become a demo: the demo {problem}") from None
    write_text(target, text)
    say(f"written: {target}")
    return 0


def _leave_if_empty(folder: Path | None) -> None:
    if folder is not None:
        with suppress(OSError):  # it holds something
            folder.rmdir()


def _memory_of(text: str) -> MemoryAsk:
    try:
        return parse_memory(text)
    except ScriptError as problem:
        raise DemoError(f'memory "{text}": {problem}') from None


def demo_of(recording: Recording) -> str:
    """Return a recording as a demo's text, or raise RecordingError if it goes on from a save."""
    start = recording.start
    if start.state is not None:
        raise RecordingError(
            f"{recording.folder} continues a scene that was left; only a recording that "
            "starts a scene can become a demo"
        )
    memory = start.memory or MemorySetting(policy=start.scene.memory or MemorySetting().policy)
    head: dict[str, object] = {
        "name": f"From {recording.folder.name}",
        "scene": _scene(start.scene),
        "seed": start.seed,
        "memory": str(_ask(memory)),
    }
    if not start.look_ahead:
        head["look_ahead"] = False
    text: str = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)
    return text + "script: |\n" + "".join(f"  {line}\n" for line in _lines(recording.controls))


def _lines(controls: tuple[Control, ...]) -> list[str]:
    lines = ["anchor first"]
    for control, group in groupby(controls):
        times = len(list(group))
        if control.prompt is not None:
            lines.append(f"prompt {_quoted(control.prompt)}")
        if control.memory is not None:
            lines.append(f"memory {_ask(control.memory)}")
        if control.edit is not None:
            lines.append(_change(control.edit))
        camera = control.camera
        words = ["control", repr(camera.yaw), repr(camera.pitch)]
        rest = [camera.zoom, camera.forward, camera.right]
        while rest and not rest[-1]:
            rest.pop()
        words += map(repr, rest)
        lines.append(" ".join(words + ([f"x{times}"] if times > 1 else [])))
    return lines


def _change(edit: Edit) -> str:
    if edit.act in ("undo", "forget", "enter"):
        return edit.act
    thing = f" {_quoted(thing_words(edit))}" if edit.kind else ""
    way = f"{'up' if edit.pitch >= 0 else 'down'} {_degrees(abs(edit.pitch))}"
    size = f" size {_degrees(edit.width)} {_degrees(edit.height)}"
    where = f"at {_degrees(edit.yaw % 360.0)} {way}{'' if edit.act == 'relight' else size}"
    return f"{edit.act}{thing} {where}"


def _degrees(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".") + "deg"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _ask(setting: MemorySetting) -> MemoryAsk:
    limits = {name: getattr(setting, name) for name in MEMORY_PARTS.values()}
    return MemoryAsk(setting.policy, **limits)


def _scene(scene: Scene) -> str | dict[str, object]:
    for name in available_scenes():
        if _same(scene, name):
            return name
    keys = ("name", "category", "prompt", "image", "ambience")
    values = {key: getattr(scene, key) for key in keys}
    return {key: value for key, value in values.items() if value is not None}


def _same(scene: Scene, name: str) -> bool:
    try:
        known = load_scene(name)
    except SceneError:
        return False
    if (scene.prompt, scene.name) != (known.prompt, known.name):
        return False
    if scene.image is None or known.image is None:
        return scene.image == known.image
    return Path(scene.image).read_bytes() == Path(known.image).read_bytes()
