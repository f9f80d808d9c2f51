"""The checks of `doctor`: the machine and its software. Each returns one or more findings.

Facts come from small functions, so that every outcome can be tested on any machine. torch and
pygame are imported only while a check runs. The game's own parts are in `doctor_parts.py`.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from mag_sandbox.model.world import GIB
from mag_sandbox.sandbox.diagnose.doctor_parts import (
    PARTS,
    Check,
    Finding,
    Level,
    git,
    note,
    ok,
    problem,
)
from mag_sandbox.sandbox.diagnose.doctor_worlds import check_worlds
from mag_sandbox.sandbox.recording.processor import cpu_info, processor_name

__all__ = ["CHECKS", "Check", "Finding", "Level"]

GAME = "mag-sandbox"  # its name as a package
NEEDED_MEMORY = 1.0 * GIB  # with the default memory budget; 0.7 were measured
OPTIONAL = ("sounddevice", "huggingface_hub")  # packages without which the game still plays
INSTALL = "Run `make play`, or `python -m pip install -e .` in the game's folder."
FAST = ("avx512_bf16", "amx_bf16", "bf16")  # bfloat16 in hardware, by x86 and Arm names
NAMED = ("avx2", "avx512f", *FAST, "amx_tile", "asimd")


def check_game() -> list[Finding]:
    """Which version of the game this is."""
    commit = git("rev-parse", "--short", "HEAD")
    changed = bool(git("status", "--porcelain", "--untracked-files=no"))
    where = f", commit {commit}{' and changes' if changed else ''}" if commit else ""
    return [ok(f"{GAME} {metadata.version(GAME)}{where}")]


def check_python() -> list[Finding]:
    """Whether this Python is one that the game runs on."""
    from packaging.specifiers import SpecifierSet

    version, wanted = platform.python_version(), metadata.metadata(GAME)["Requires-Python"]
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
    """What the processor can do, and whether the game may use all of it."""
    features, cores = processor_features(), usable_cores()
    known = ", ".join(name for name in NAMED if name in features) or "features unknown"
    text = f"{processor_name()}, {cores} {'core' if cores == 1 else 'cores'}, {known}"
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
    """Whether there is room for the world and what it remembers."""
    total, free = memory_bytes()
    if total is None:
        return [note("unknown on this system", "2 GiB of free memory are enough.")]
    text = f"{total / GIB:.1f} GiB"
    if free is None:
        return [ok(text)]
    text = f"{free / GIB:.1f} of {text} free"
    if free < NEEDED_MEMORY:
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


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


def processor_features() -> set[str]:
    """Return the names of instruction sets; nothing where the system does not say."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        has_bf16 = _output("sysctl", "-n", "hw.optional.arm.FEAT_BF16").strip() == "1"
        return {"asimd", "bf16"} if has_bf16 else {"asimd"}
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpu_info(), re.M)
    return set(found[1].split()) if found else set()


def memory_bytes() -> tuple[int | None, int | None]:
    """Return memory in all and what is free of it, as far as the system says [bytes]."""
    info = Path("/proc/meminfo")
    if info.exists():
        text = info.read_text()
        sizes = {
            name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)
        }
        return sizes.get("MemTotal"), sizes.get("MemAvailable")
    if sys.platform == "darwin":
        size = _output("sysctl", "-n", "hw.memsize").strip()
        return (int(size) if size.isdecimal() else None), None
    return None, None


def _needed() -> list[str]:
    """Return the packages that the game asks for, without its extras."""
    return [line for line in metadata.requires(GAME) or [] if "extra ==" not in line]


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


CHECKS: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
    ("game", check_game),
    ("Python", check_python),
    ("packages", check_packages),
    ("processor", check_processor),
    ("memory", check_memory),
    ("graphics", check_gpu),
    ("attention", check_attention),
    *PARTS,
    ("worlds", check_worlds),
)
