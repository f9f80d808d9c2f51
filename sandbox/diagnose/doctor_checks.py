"""The checks of `doctor`: machine, software, the game's parts. Each returns one or more findings.

Facts come from small functions, so that every outcome can be tested on any machine; torch and
pygame are imported only while a check runs. The world is really loaded and makes a few blocks:
whatever keeps it from running shows here, and so does whether this machine is fast enough.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Any, Literal

import psutil

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.files.border import exists
from mag_sandbox.files.folders import config_folder, data_folder
from mag_sandbox.files.validation import counted
from mag_sandbox.model.catalogue import memory_plan, shipped, weight_files, worlds
from mag_sandbox.model.loading import enlarged, load_world, measure_precisions
from mag_sandbox.model.world import GIB, MIB, WEIGHTS, Control, World, WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.audio.outputs import sound_report
from mag_sandbox.sandbox.play.optional_work import STRAINED_BLOCKS, OptionalWork
from mag_sandbox.sandbox.play.worker import SMALL
from mag_sandbox.sandbox.recording.reader import cpu_info, processor_name
from mag_sandbox.sandbox.settings import FILE, DisplayError, SettingsError, load_settings
from mag_sandbox.sandbox.x_server import check_display, has_display
from mag_sandbox.scenes import Scene
from mag_sandbox.workers.processes import usable_cores

PACKAGE = "mag-sandbox"  # the name of the game as one
NEEDED_MEMORY = 1.0 * GIB  # with the default memory budget; 0.7 were measured
OPTIONAL = ("sounddevice", "huggingface_hub")  # packages without which the game still plays
RESTORE = "Restore them with `git checkout -- assets/weights`, or install the game again"
INSTALL = "Run `make play`, or `python -m pip install -e .` in the game's folder."
FAST = ("avx512_bf16", "amx_bf16", "bf16")  # bfloat16 in hardware, by x86 and Arm names
NAMED = ("avx2", "avx512f", *FAST, "amx_tile", "asimd")
Level = Literal["ok", "note", "problem"]
GAME = Path(__file__).resolve().parents[2]  # the repository, or the installed package
ENOUGH_DISK = 2 * GIB  # for parked scenes, recordings and videos
UNUSABLE = "not usable"  # in a line of `sound_report`
UNTIMED_BLOCKS = 8  # in which both sides of the first view are painted
TIMED_BLOCKS = 48  # enough to leave out all that is optional


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: a fact, and a remedy if something is missing."""

    name: str  # of the check
    level: Level  # "problem": the game cannot be played
    text: str
    advice: str = ""  # one sentence


Check = Callable[[], list[Finding]]


def ok(text: str) -> Finding:
    """Return a fact that needs nothing."""
    return Finding("", "ok", text)


def note(text: str, advice: str = "") -> Finding:
    """Return a fact that one may want to change."""
    return Finding("", "note", text, advice)


def problem(text: str, advice: str = "") -> Finding:
    """Return a fact that makes play impossible."""
    return Finding("", "problem", text, advice)


def git(*arguments: str) -> str | None:
    """Run git in the game's folder; None where there is no git or no repository."""
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
        return [problem(f"none in {folder}", f"{RESTORE}.")]
    text = f"{len(files)} files, {size / MIB:.1f} MiB"
    if changed := shipped.changed(WEIGHTS):
        advice = f"{RESTORE}, unless you trained them."
        return [note(f"{text}; not as shipped: {', '.join(changed)}", advice)]
    return [ok(f"{text}, as shipped")]


def check_world() -> list[Finding]:
    """Whether the world loads and runs, how, and what speed to expect of it."""
    try:
        memory = load_settings().memory_setting()
    except SettingsError:  # has its own check
        memory = None
    try:
        measure_precisions()
        with closing(load_world("pocket", memory)) as world:
            expected = expected_speed(world)
            made = world.provenance()
    except WorldFailed as error:
        return [problem(f"it cannot run: {error}")]
    ran = made["execution"]
    text = f"weights {made['weights']}, {ran['dtype']}, {ran['attention']} attention, threads: "
    text += f"{ran['threads']}, on {ran['device']}"
    if expected.fps < expected.wanted_fps:
        advice = "Close other programs; on a slower machine the game plays on, in slow motion."
        return [ok(text), note(expected.sentence(ran), advice)]
    return [ok(text), ok(expected.sentence(ran))]


@dataclass(frozen=True, slots=True)
class ExpectedSpeed:
    """How a world is going to run."""

    wanted_fps: float
    block_ms: float  # a block takes, without work left out
    shown_ms: float  # it is shown
    left_out: tuple[str, ...]  # optional work

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.wanted_fps * min(1.0, self.shown_ms / self.block_ms)

    def sentence(self, execution: Mapping[str, Any]) -> str:
        """Return expectation and reasons on one line; an execution says how networks run."""
        precisions = execution.get("precisions", {})
        kinds = sorted(set(precisions.values()))
        of_kinds = [
            (kind, [name for name in precisions if precisions[name] == kind]) for kind in kinds
        ]
        ran = [f"{', '.join(names)} in {kind}" for kind, names in of_kinds]
        ran.append(f"{'all else' if ran else 'all'} in {execution['dtype']}")
        return (
            f"{self.fps:.1f} of {self.wanted_fps:g} frames a second: a block is made in "
            f"{self.block_ms:.0f} ms and shown for {self.shown_ms:.0f}; left out: "
            f"{', '.join(self.left_out) or 'nothing'}; networks: {'; '.join(ran)}"
        )


def expected_speed(world: World) -> ExpectedSpeed:
    """Turn to and fro over known ground, as play does, and return how that runs."""
    spec = world.spec
    work = OptionalWork(spec.block_seconds, spec.optional)
    world.reset(Scene(prompt="A green meadow under a blue sky."), seed=0)
    times: list[float] = []
    enlarging = 0.0  # s a block
    for number in range(UNTIMED_BLOCKS + TIMED_BLOCKS):
        while world.prepare():
            pass
        begun = time.perf_counter()
        command = CameraCommand(yaw=0.5 if number % 8 < 4 else -0.5)
        block = world.step(Control(command, leave_out=work.left_out))
        made = time.perf_counter()
        if work.enlarges and spec.frame_height <= SMALL:
            enlarged(block.frames)
            enlarging = time.perf_counter() - made
        if number >= UNTIMED_BLOCKS:
            times.append(max(time.perf_counter() - begun, 1e-6))
            work.add(made - begun, enlarging)
    block_ms = 1000 * mean(times[-STRAINED_BLOCKS:])
    return ExpectedSpeed(spec.fps, block_ms, 1000 * spec.block_seconds, work.all_left_out)


def check_settings() -> list[Finding]:
    """Whether the player's settings can be read."""
    path = config_folder() / FILE
    try:
        load_settings()
    except SettingsError as error:
        return [problem(str(error), "Correct that line, or rename the file to start afresh.")]
    return [ok(str(path) if exists(path) else f"the defaults; {path} would change them")]


def check_window() -> list[Finding]:
    """Whether a window can be opened."""
    browser = f"Use `{PROGRAM} play --browser`, or start it in a desktop session."
    if not has_display():
        return [note("none", f"`{PROGRAM} play` shows the game in a browser.")]
    try:
        check_display()
    except DisplayError as error:
        return [problem(str(error), browser)]
    import pygame

    try:
        pygame.display.init()
        driver, sizes = pygame.display.get_driver(), pygame.display.get_desktop_sizes()
    except pygame.error as error:
        return [problem(f"no window can be opened ({error})", browser)]
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
    return [ok(without_owner(", ".join(names)))]


def check_sound() -> list[Finding]:
    """Which ways of making sound work, in the order the game tries them."""
    ways = [line.partition(": ") for line in sound_report()]
    lines = [f"{way}: {without_owner(device)}" for way, _, device in ways]
    findings = [note(line, _sound_advice(line)) if UNUSABLE in line else ok(line) for line in lines]
    if all(finding.level == "note" for finding in findings):
        findings.append(note("none", "Nothing needs to be done: the game plays in silence."))
    return findings


def _sound_advice(line: str) -> str:
    if "no output device" in line:
        return "Connect or switch on a speaker or headphones, then look again."
    return "Only one of the ways to make sound has to work."


def without_owner(device: str) -> str:
    """Return the name of a device without that of its owner: "Ann's AirPods"."""
    return re.sub(r"\b\w+['\u2019]s\s+", "", device)


def check_disk() -> list[Finding]:
    """Whether the folders have room and can be written to."""
    findings = []
    for what, folder in (("game", GAME), ("your scenes", data_folder())):
        there = next(path for path in (folder, *folder.parents) if exists(path))
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


def check_worlds() -> list[Finding]:
    """Which full-size worlds are here, and whether this machine has room for them."""
    device = memory_plan.find_device()
    findings, absent = [], []
    for name in worlds.PLAYABLE:
        row = worlds.WORLDS[name]
        if row.bundled:
            continue
        try:
            files = weight_files.read_files(name)
            if files is None:
                absent.append(name)
                continue
            findings.append(_one(row, files, device))
        except WorldFailed as error:
            findings.append(note(f"{name}: {error}"))
    room = ""
    if device is not None and device.free_bytes is not None:
        room = f"{device.name}, {memory_plan.gib(device.free_bytes)} free"
    if absent and (device is not None or findings):
        findings.append(ok(f"not here: {', '.join(absent)}{f' ({room})' if room else ''}"))
    if not findings:
        row = worlds.WORLDS["mag"]
        needed = memory_plan.gib(memory_plan.predict(row, memory_plan.wanted_plan(row)).total)
        findings.append(
            ok(f"pocket; full-size ones need an NVIDIA card, mag one with about {needed}")
        )
    return findings


def _one(
    row: worlds.WorldRow, files: weight_files.WorldFiles, device: memory_plan.Device | None
) -> Finding:
    problems = weight_files.check(row, files)[1]
    if problems:
        return note(f"{row.name}: {problems[0]}", f"Run `{PROGRAM} fetch {row.name}`.")
    wanted = memory_plan.wanted_plan(row)
    needed = memory_plan.gib(memory_plan.predict(row, wanted).total)
    if device is None:
        return note(f"{row.name}: takes {needed}, no card for it", "The pocket world needs none.")
    tiny = bool(files.paths("tiny decoder"))
    plan = memory_plan.plan_for(row, device, wanted, tiny_decoder=tiny)
    if plan == wanted:
        return ok(f"{row.name}: fits, takes {needed} at most")
    predicted = memory_plan.predict(row, plan)
    text = f"{row.name}: would take {needed}; fits with {plan.words()}"
    text += f": {memory_plan.gib(predicted.total)}"
    short = "" if device.free_bytes is None else memory_plan.shortage(predicted)
    return note(f"{text}; {short}", "Close other programs if it is slow.") if short else ok(text)


def check_game() -> list[Finding]:
    """Which version of the game this is."""
    commit = git("rev-parse", "--short", "HEAD")
    changed = bool(git("status", "--porcelain", "--untracked-files=no"))
    where = f", commit {commit}{' and changes' if changed else ''}" if commit else ""
    return [ok(f"{PACKAGE} {metadata.version(PACKAGE)}{where}")]


def check_python() -> list[Finding]:
    """Whether this Python is one that the game runs on."""
    from packaging.specifiers import SpecifierSet

    version, wanted = platform.python_version(), metadata.metadata(PACKAGE)["Requires-Python"]
    text = f"{version} ({platform.python_implementation()}) on {platform.system()}"
    text += f" {platform.release()}, {platform.machine()}"
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return [ok(text)]
    return [problem(f"{text}; the game needs {wanted}", "Install a Python of that version.")]


def check_packages() -> list[Finding]:
    """Whether the packages that the game asks for are here, in the versions it asks for."""
    from packaging.requirements import Requirement

    versions, findings = [], []
    for line in _needed():
        wanted = Requirement(line)
        installed = installed_version(wanted.name)
        if installed is None:
            missing = note if wanted.name in OPTIONAL else problem
            findings.append(missing(f"{wanted.name} is not installed", INSTALL))
            continue
        versions.append(f"{wanted.name} {installed}")
        if not wanted.specifier.contains(installed, prereleases=True):
            text = f"{wanted.name} is {installed}, tested with {wanted.specifier}"
            findings.append(note(text, INSTALL))
    return [ok(", ".join(versions)), *findings] if versions else findings


def check_processor() -> list[Finding]:
    """The features of the processor, and whether the game may use all of it."""
    features, cores = processor_features(), usable_cores()
    known = ", ".join(name for name in NAMED if name in features) or "features unknown"
    text = f"{processor_name()}, {counted(cores, 'core')}, {known}"
    findings = [ok(text)]
    limit = os.environ.get("OMP_NUM_THREADS")
    if limit and limit.isdecimal() and int(limit) < cores:
        advice = "Unset OMP_NUM_THREADS to let the world use them all."
        findings.append(note(f"OMP_NUM_THREADS={limit} leaves cores unused", advice))
    if cores == 1:
        advice = "Close other programs while playing; the world and the window share it."
        findings.append(note("one core only", advice))
    if features and not features.intersection(FAST):
        advice = "Nothing needs to be done: float32 is used, at about half the speed."
        findings.append(note("no bfloat16 instructions (AVX-512 BF16, AMX or Arm BF16)", advice))
    return findings


def check_memory() -> list[Finding]:
    """Whether there is room for the world and its memory."""
    memory = psutil.virtual_memory()
    text = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    if memory.available < NEEDED_MEMORY:
        advice = "Close other programs, or lower kept_mib in the settings."
        return [note(f"{text}; the game takes about {NEEDED_MEMORY / GIB:.0f} GiB", advice)]
    return [ok(text)]


def check_gpu() -> list[Finding]:
    """Whether there is a graphics card that torch can use; none is needed."""
    try:
        import torch
    except Exception as error:  # damaged installations raise anything
        return [problem(f"torch cannot be imported ({error})", INSTALL)]
    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
        return [ok(f"{', '.join(cards)} (CUDA {torch.version.cuda})")]
    if shutil.which("nvidia-smi"):
        advice = "Check `nvidia-smi`; then install a CUDA build of torch from pytorch.org."
        return [note(f"an NVIDIA driver, but torch {torch.__version__} cannot use it", advice)]
    return [ok("none that torch can use; the pocket world is made for processors")]


def check_attention() -> list[Finding]:
    """Which attention kernels torch has here, and whether it compiles full-size layers."""
    import torch

    if not torch.cuda.is_available():
        fast = "with oneDNN" if torch.backends.mkldnn.is_available() else "without oneDNN"
        level = torch.backends.cpu.get_cpu_capability()
        return [ok(f"matmul and sdpa on the processor ({fast}, {level})")]
    cuda = torch.backends.cuda
    kernels = {
        "flash": cuda.flash_sdp_enabled(),
        "memory-efficient": cuda.mem_efficient_sdp_enabled(),
        "cuDNN": cuda.cudnn_sdp_enabled(),
        "flash-attn package": find_spec("flash_attn") is not None,
    }
    named = ", ".join(name for name, here in kernels.items() if here)
    layers = "compiled" if find_spec("triton") else "not compiled: Triton is not installed"
    return [ok(f"sdpa with {named}; full-size layers are {layers}")]


def installed_version(package: str) -> str | None:
    """Return the version of an installed package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def processor_features() -> set[str]:
    """Return the names of instruction sets; nothing where the system does not say."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        has_bf16 = _output("sysctl", "-n", "hw.optional.arm.FEAT_BF16").strip() == "1"
        return {"asimd", "bf16"} if has_bf16 else {"asimd"}
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpu_info(), re.M)
    return set(found[1].split()) if found else set()


def _needed() -> list[str]:
    return [line for line in metadata.requires(PACKAGE) or [] if "extra ==" not in line]


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


CHECKS: tuple[tuple[str, Check], ...] = (
    ("game", check_game),
    ("Python", check_python),
    ("packages", check_packages),
    ("processor", check_processor),
    ("memory", check_memory),
    ("graphics", check_gpu),
    ("attention", check_attention),
    ("settings", check_settings),
    ("weights", check_weights),
    ("world", check_world),
    ("display", check_window),
    ("gamepads", check_gamepads),
    ("sound", check_sound),
    ("disk", check_disk),
    ("worlds", check_worlds),
)
