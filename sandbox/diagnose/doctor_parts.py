"""The checks of `doctor` of the game's own parts: weights, world, window, sound, files.

The world is really loaded and a few blocks are made: whatever keeps it from running shows here, and
so does whether this machine makes 16 frames a second.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mag_sandbox.files.folders import config_folder, data_folder
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import GIB, MIB, WEIGHTS, Control, World, WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.audio.outputs import sound_report
from mag_sandbox.sandbox.settings import FILE, SettingsError, load_settings
from mag_sandbox.scenes import Scene

Level = Literal["ok", "note", "problem"]
GAME = Path(__file__).resolve().parents[2]  # the repository, or the installed package
ENOUGH_DISK = 2 * GIB  # for parked scenes, recordings and videos
UNUSABLE = "not usable"  # in a line of `sound_report`
TRIED_BLOCKS = 5  # the fastest of them counts: others may have been disturbed


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a fact, and what to do about it if something is missing."""

    name: str  # of the check
    level: Level  # "problem": the game cannot be played
    text: str
    advice: str = ""  # one sentence


Check = Callable[[], list[Finding]]


def ok(text: str) -> Finding:
    """Return a fact that needs nothing."""
    return Finding("", "ok", text)


def note(text: str, advice: str) -> Finding:
    """Return a fact that one may want to change."""
    return Finding("", "note", text, advice)


def problem(text: str, advice: str) -> Finding:
    """Return a fact that makes play impossible."""
    return Finding("", "problem", text, advice)


def git(*arguments: str) -> str | None:
    """Return what git says of the game's folder; None where there is no git or no repository."""
    if not (GAME / ".git").exists():  # installed: perhaps inside a repository of somebody else's
        return None
    command = ["git", "--no-optional-locks", "-C", str(GAME), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def check_weights() -> list[Finding]:
    """Whether the weights are those of this version of the game."""
    folder = WEIGHTS / "pocket"
    files = [path for path in sorted(folder.glob("*")) if path.suffix in (".safetensors", ".json")]
    size = sum(path.stat().st_size for path in files)
    if not any(path.suffix == ".safetensors" for path in files):
        advice = "Restore them with `git checkout -- assets/weights`, or install the game again."
        return [problem(f"none in {folder}", advice)]
    text = f"{len(files)} files, {size / MIB:.1f} MiB"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", str(WEIGHTS))
    if changed is None:
        return [ok(f"{text}; not compared: no git repository here")]
    if changed:
        advice = "Restore them with `git checkout -- assets/weights`, unless you trained them."
        return [note(f"{text}; not those of the commit", advice)]
    return [ok(f"{text}, as committed")]


def check_world() -> list[Finding]:
    """Whether the world loads and runs, how, and how fast."""
    try:
        memory = load_settings().memory_setting()
    except SettingsError:  # has its own check
        memory = None
    try:
        with closing(load_world("pocket", memory)) as world:
            possible, spec = world.spec.block_length / block_seconds(world), world.spec
            made = world.provenance()
    except WorldFailed as error:
        return [problem(f"it cannot run: {error}", "Do what the message says.")]
    ran = made["execution"]
    text = f"weights {made['weights']}, {ran['dtype']}, {ran['attention']} attention, threads: "
    text += f"{ran['threads']}, on {ran['device']}; up to {possible:.0f} frames a second of "
    text += f"{spec.fps:.0f}"
    if possible < spec.fps:
        advice = "Close other programs; on a slower machine the game plays on, in slow motion."
        return [note(text, advice)]
    return [ok(text)]


def block_seconds(world: World) -> float:
    """Return how long a block takes at least, its first ones not counted."""
    world.reset(Scene(prompt="A green meadow under a blue sky."), seed=0)
    times = []
    for _ in range(TRIED_BLOCKS):
        while world.prepare():
            pass
        begun = time.perf_counter()
        world.step(Control())
        times.append(time.perf_counter() - begun)
    return max(min(times), 1e-6)


def check_settings() -> list[Finding]:
    """Whether the player's settings can be read."""
    path = config_folder() / FILE
    try:
        load_settings()
    except SettingsError as error:
        return [problem(str(error), "Correct that line, or rename the file to start afresh.")]
    return [ok(str(path) if path.exists() else f"the defaults; {path} would change them")]


def check_display() -> list[Finding]:
    """Whether a window can be opened."""
    headless = f"Start it in a desktop session, or use `{PROGRAM} play --headless`."
    names = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, names)):
        return [problem("no display", headless)]
    import pygame

    try:
        pygame.display.init()
        driver, sizes = pygame.display.get_driver(), pygame.display.get_desktop_sizes()
    except pygame.error as error:
        return [problem(f"no window can be opened ({error})", headless)]
    finally:
        pygame.display.quit()
    sdl = ".".join(map(str, pygame.get_sdl_version()))
    text = f"{driver}, {', '.join(f'{w} x {h}' for w, h in sizes)}, SDL {sdl}"
    if driver in ("dummy", "offscreen"):
        return [note(text, "Nothing is shown; unset SDL_VIDEODRIVER to play.")]
    return [ok(text)]


def check_gamepads() -> list[Finding]:
    """Which gamepads are connected."""
    import pygame

    try:
        pygame.joystick.init()
        pads = [pygame.joystick.Joystick(at) for at in range(pygame.joystick.get_count())]
        names = [pad.get_name() for pad in pads]
    except pygame.error as error:
        return [note(f"not usable ({error})", "The keyboard and the mouse do everything.")]
    finally:
        pygame.joystick.quit()
    if not names:
        return [ok("none; one connected later is found automatically")]
    return [ok(nobodys(", ".join(names)))]


def check_sound() -> list[Finding]:
    """Which ways of making sound work, in the order the game tries them."""
    ways = [line.partition(": ") for line in sound_report()]
    lines = [f"{way}: {nobodys(device)}" for way, _, device in ways]
    findings = [note(line, _sound_advice(line)) if UNUSABLE in line else ok(line) for line in lines]
    if all(finding.level == "note" for finding in findings):
        findings.append(note("none", "Nothing needs to be done: the game plays in silence."))
    return findings


def _sound_advice(line: str) -> str:
    if "no output device" in line:
        return "Connect or switch on a speaker or headphones, then look again."
    return "Do what this line says; until then sound uses the other output, if that works."


def nobodys(device: str) -> str:
    """Return the name of a device without that of its owner: "Ann's AirPods"."""
    return re.sub(r"\b\w+['\u2019]s\s+", "", device)


def check_disk() -> list[Finding]:
    """Whether there is room for what is kept, and leave to write there."""
    findings = []
    for what, folder in (("game", GAME), ("your scenes", data_folder())):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        text = f"{what}: {free / GIB:.1f} GiB free ({folder})"
        if free < ENOUGH_DISK:
            findings.append(note(text, "Delete scenes or recordings that you no longer need."))
        elif what == "your scenes" and not os.access(there, os.W_OK):
            advice = "Make that folder writable, or set MAG_SANDBOX_HOME to another."
            findings.append(note(f"{text}, not writable", advice))
        else:
            findings.append(ok(text))
    return findings


PARTS: tuple[tuple[str, Check], ...] = (
    ("settings", check_settings),
    ("weights", check_weights),
    ("world", check_world),
    ("display", check_display),
    ("gamepads", check_gamepads),
    ("sound", check_sound),
    ("disk", check_disk),
)
