"""The subcommands: options in, the app or a session run, one exit code out."""

import json
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from mag_sandbox.command_line import Say
from mag_sandbox.controls.sources import RecordedSource, ScriptSource
from mag_sandbox.files.border import is_folder, refusing
from mag_sandbox.files.folders import data_folder
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.catalogue import weight_files, worlds
from mag_sandbox.model.full import benchmark
from mag_sandbox.model.loading import available_policies, is_first, words_problem
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice, meant_world, usual_memory, usual_precision
from mag_sandbox.sandbox.commands.options import (
    BenchOptions,
    DoctorOptions,
    GalleryOptions,
    PlayOptions,
    ReplayOptions,
    WorldOptions,
)
from mag_sandbox.sandbox.hud.around import Lookout
from mag_sandbox.sandbox.launch import choose_display, run_app
from mag_sandbox.sandbox.option_values import ServerOptions
from mag_sandbox.sandbox.play.events import SessionObserver
from mag_sandbox.sandbox.play.scripts import pan_out_and_back
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.recording.in_video import opened
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.recording.reader import Recording, RecordingError, next_part_text
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import (
    Verifying,
    play_through,
    playthrough_of,
    recorded_choice,
    verify,
)
from mag_sandbox.sandbox.settings import DEFAULT_SCENE, SandboxConfig, load_settings
from mag_sandbox.sandbox.x_server import has_display
from mag_sandbox.scenes import Scene, SceneError, load_scene

logger = logging.getLogger(__name__)
HEADLESS_SECONDS = 10.0  # of play without a person, by default


def run_play(options: PlayOptions, say: Say) -> int:
    """Play in a window, in a browser, or without either by a script."""
    if options.weights:
        weight_files.use_own(_row(options.world), options.weights)
    if not options.headless and not options.seconds:
        return _play_game(options, say)
    scene, seed, choice = _what_to_play(options)
    seconds, source = options.seconds, None
    if options.headless:
        seconds = seconds or HEADLESS_SECONDS
        source = ScriptSource(pan_out_and_back())
    playthrough = Playthrough(scene, seed)
    from mag_sandbox.sandbox.recording.frame_writer import frames_beside

    with _recorders(options, choice) as recorders:
        frames = [frames_beside(recorder) for recorder in recorders]
        headless = options.headless
        summary = run_app(
            choice.load, playthrough, [*recorders, *frames], source,
            seconds=seconds, headless=headless,
        )  # fmt: skip
    if options.headless:
        say(f"{summary.frames} frames shown, {summary.fps:.1f} a second")
    for writer in frames:
        if writer.problem is not None:
            say(writer.problem)
    for recorder in recorders:
        if recorder.problem is not None:
            raise RecordingError(recorder.problem)
        if recorder.folders:
            _say_where(recorder, say)
    return 0


def _play_game(options: PlayOptions, say: Say) -> int:
    playthrough = None
    if options.scene is None:
        choice = _choice(options, load_settings(), None)
    else:
        scene, seed, _ = _what_to_play(options)
        playthrough = Playthrough(scene, seed)
        # --memory is for this scene; others have the usual one
        choice = _choice(replace(options, memory=None), load_settings(), None)
    if options.browser is not None or not has_display():
        from mag_sandbox.sandbox.commands.browser import run_browser

        return run_browser(options, choice, playthrough, say)
    choose_display(headless=False)
    from mag_sandbox.sandbox import app
    from mag_sandbox.sandbox.game import PlayerGame
    from mag_sandbox.sandbox.keyed_screens import load_player_bindings

    with _recorders(options, choice) as recorders:
        settings, folder, keys = load_settings(), data_folder(), load_player_bindings()
        game = PlayerGame(choice, settings, folder, keys, notify=app.wake, recorders=recorders)
        summary = app.play(game, playthrough)
    for recorder in recorders:
        if recorder.folders:
            _say_where(recorder, say)
    if summary.error is not None and not summary.frames:
        raise WorldFailed(summary.error)
    return 0


def _say_where(recorder: Recorder, say: Say) -> None:
    say(f"recorded in {', '.join(map(str, recorder.folders))}; `replay FOLDER` plays one")


@contextmanager
def _recorders(options: PlayOptions, choice: WorldChoice) -> Iterator[list[Recorder]]:
    """Provide the recorders; an empty folder is removed if nothing was played."""
    recorders = []
    if options.record:
        memory, look_ahead = choice.memory, choice.look_ahead
        recorder = Recorder(
            options.record, memory=memory, look_ahead=look_ahead, on_problem=logger.info
        )  # said once: by the game as a notice, or as the command's last sentence
        recorders = [recorder]
    try:
        yield recorders
    finally:
        for recorder in recorders:
            recorder.cancel()


def run_doctor(_options: DoctorOptions, say: Say) -> int:
    """Say what this machine has, and how to get the missing parts."""
    from mag_sandbox.sandbox.diagnose import doctor

    findings = []
    for finding in doctor.report():  # some take a while
        findings.append(finding)
        say(doctor.line(finding))
    say(f"\n{doctor.summary(findings)}")
    return doctor.exit_code(findings)


def run_gallery(options: GalleryOptions, say: Say) -> int:
    """Play by itself, without a window, and save a picture of every screen."""
    scene, seed, choice = _what_to_play(options)
    choose_display(headless=True)
    from mag_sandbox.sandbox.diagnose import gallery

    for path in gallery.run(choice, Playthrough(scene, seed), options.folder):
        say(str(path))
    return 0


def run_replay(options: ReplayOptions, say: Say) -> int:
    """Play a recording again; with --verify the exit code says whether every block is the same."""
    with opened(options.recording) as recording:
        code = _replay(recording, options, say)
    if more := next_part_text(options.recording):
        say(more)
    return code


def _replay(recording: Recording, options: ReplayOptions, say: Say) -> int:
    if recording.cut_off:
        say(
            "the last line of the recording is incomplete (writing it was interrupted) and is "
            "left out"
        )
    if not (options.list or options.verify or options.headless):
        playback = Playback(recording, options.server())
        run_app(playback.load, playback.playthrough, [], playback, seconds=None, headless=False)
        return 0
    choice = recorded_choice(recording, options.server())
    if options.list:
        lookout = Lookout()
        with closing(choice.load()) as world:
            play_through(recording, world, lookout)
        say("\n".join(lookout.lines()))
        return 0
    if not options.verify:
        _replay_in_app(recording, choice, [], headless=True)
        return 0

    say(f"playing {len(recording.blocks)} blocks again ...")
    verifying = Verifying(recording, choice, options.by)
    with verifying.verifier(say) as verifier:
        if options.headless:
            with closing(verifying.load()) as world:
                verify(recording, world, verifier)
        else:
            _replay_in_app(recording, verifying, [verifier], headless=False)
        say(verifier.summary())
    return 0 if verifier.matches else 1


def run_bench(options: BenchOptions, say: Say) -> int:
    """Measure this machine, print the numbers and write them where asked."""
    check_place(options.json)
    if options.random_weights:
        numbers = benchmark.random_weights(options.world, say)
        return _print_numbers(numbers, options.json if is_first() else None, say)
    scene, seed, choice = _what_to_play(options)
    if options.loopback:
        from mag_sandbox.sandbox.diagnose import loopback

        numbers = loopback.run(loopback.LoopbackPlan(choice, scene, seed), say)
        return _print_numbers(numbers, options.json, say)
    if not has_display():
        say("no display found: measured without a window, which is cheaper than with one")
    choose_display(headless=not has_display())
    from mag_sandbox.sandbox.diagnose import speed, speed_table  # with pygame
    from mag_sandbox.sandbox.diagnose.doctor_checks import processor_features

    plan = speed.BenchPlan(
        choice=choice,
        scene=scene,
        scene_option=options.scene or DEFAULT_SCENE,
        seed=seed,
        settings=load_settings(),
        seconds=options.seconds,
        prefill_seconds=options.prefill,
    )
    numbers = speed.run(plan, say)
    if options.json:
        _write(options.json, json.dumps(numbers, indent=2, default=str) + "\n")
    say(speed_table.table(numbers, processor_features()))
    return 0


def _print_numbers(numbers: dict[str, Any], file: Path | None, say: Say) -> int:
    text = json.dumps(numbers, indent=2, default=str)
    say(text)
    if file:
        _write(file, text + "\n")
    return 0


def _what_to_play(options: WorldOptions) -> tuple[Scene, int, WorldChoice]:
    """Return scene, seed, world: the command line wins over the scene, that over settings."""
    named = DEFAULT_SCENE if options.scene is None else options.scene
    scene = load_scene(named, available_policies())
    seed = scene.seed if options.seed is None else options.seed
    choice = _choice(options, load_settings(), scene.memory)
    if problem := words_problem(choice.name, scene.prompt):
        raise SceneError(f"{named}: prompt: {problem}")
    if options.memory:
        scene = replace(scene, memory=options.memory)  # a world obeys its scene
    return scene, seed, choice


def _row(name: str) -> worlds.WorldRow:
    """Return a world's row; `WorldChoice` refuses unknown names."""
    return worlds.WORLDS[WorldChoice(name).name]


def _choice(options: WorldOptions, settings: SandboxConfig, policy: str | None) -> WorldChoice:
    server = options.server() if isinstance(options, ServerOptions) else None
    world = meant_world(options.world, server)
    memory = usual_memory(world, settings, policy)
    if options.memory:
        memory = replace(memory, policy=options.memory)
    look_ahead = settings.look_ahead and not options.no_look_ahead
    precision = options.precision or usual_precision(world, server, settings)
    return WorldChoice(world, memory, look_ahead, server=server, precision=precision)


def _replay_in_app(
    recording: Recording,
    choice: WorldChoice | Verifying,
    observers: Sequence[SessionObserver],
    headless: bool,
) -> None:
    source = RecordedSource(recording.controls)
    seconds = math.inf if headless else None  # unattended, an error ends the run at once
    playthrough = playthrough_of(recording)
    run_app(choice.load, playthrough, observers, source, seconds=seconds, headless=headless)


def check_place(path: Path | None) -> None:
    """Raise RecordingError if a file cannot be written, before anything is measured."""
    if path is None:
        return
    with _writing(path):
        if is_folder(path):
            raise ValueError("it is a folder")
        if not is_folder(path.parent):
            raise ValueError(f"there is no folder {path.parent}")
        with suppress(FileNotFoundError):
            path.lstat()  # its name may be too long
        TemporaryFile(dir=path.parent).close()


def _write(path: Path, text: str) -> None:
    with _writing(path):
        replace_file(path, text)


def _writing(path: Path) -> AbstractContextManager[None]:
    return refusing(lambda why: RecordingError(f"cannot write {path} ({why}); name another file"))
