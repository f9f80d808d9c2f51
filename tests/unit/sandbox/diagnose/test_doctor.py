"""Doctor says what a machine has, what to do about what is missing, and nothing of its owner."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.model.catalogue import shipped
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.sandbox.diagnose import doctor_checks
from mag_sandbox.sandbox.diagnose.doctor import Finding, discreet, exit_code, line, report, summary
from mag_sandbox.sandbox.diagnose.doctor_checks import (
    CHECKS,
    GIB,
    check_attention,
    check_disk,
    check_gamepads,
    check_gpu,
    check_memory,
    check_packages,
    check_processor,
    check_settings,
    check_sound,
    check_weights,
    check_window,
    check_world,
    note,
    ok,
    problem,
    without_owner,
)
from tests.doubles import FakeWorld

SLOW = ("world", "graphics", "attention")  # import torch
QUICK = tuple((name, check) for name, check in CHECKS if name not in SLOW)


@pytest.fixture(autouse=True)
def nothing_is_timed(monkeypatch):
    monkeypatch.setattr(doctor_checks, "measure_precisions", lambda: None)


def levels(findings):
    return [finding.level for finding in findings]


def advised(findings):
    """Every fact that may be changed says in one sentence what to do."""
    return all((finding.level == "ok") == (finding.advice == "") for finding in findings)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_crashing_check_is_a_finding_and_hides_no_other():
    def crash():
        raise RuntimeError("no such register")

    found = list(report([("first", crash), ("second", lambda: [ok("fine")])]))
    assert [(finding.name, finding.level) for finding in found] == [
        ("first", "note"),
        ("second", "ok"),
    ]
    assert "RuntimeError: no such register" in found[0].text
    assert exit_code(found) == 0


def test_every_quick_check_answers_on_this_machine(home):
    found = list(report(QUICK))
    assert {finding.name for finding in found} == {name for name, _ in QUICK}
    assert advised(found)
    assert not [finding for finding in found if "could not be checked" in finding.text]


@pytest.mark.parametrize(
    ("findings", "code", "words"),
    [
        ([ok("a")], 0, "can be played here."),
        ([ok("a"), note("b", "do c")], 0, "can be played here; 1 note."),
        ([problem("a", "b"), note("b", "do c"), note("c", "d")], 2, "1 problem keeps .*2 notes"),
        ([problem("a", "b"), problem("c", "d")], 2, "2 problems keep"),
    ],
)
def test_only_what_keeps_the_game_from_being_played_is_an_error(findings, code, words):
    assert exit_code(findings) == code
    assert re.search(words, summary(findings))


def test_the_report_has_a_line_for_each_fact_and_one_for_each_remedy():
    assert line(Finding("disk", "ok", "free")).split() == ["ok", "disk", "free"]
    fact, remedy = line(Finding("sound", "note", "none", "Buy one.")).splitlines()
    assert fact.split() == ["note", "sound", "none"]
    assert remedy.strip() == "-> Buy one."


def test_a_finding_is_known_before_the_next_check_begins():
    begun = []
    checks = [("first", lambda: [ok("fine")]), ("second", lambda: begun.append(1) or [ok("fine")])]
    found = report(checks)
    assert next(found).name == "first"
    assert not begun


def test_nothing_tells_whose_machine_it_is():
    text = "/home/alice/games, /home/alicea, /media/Alice/disk, alice's, malice, palice.py"
    said = discreet(text, home=Path("/home/alice"), user="alice")
    assert said == "~/games, /home/alicea, /media/<user>/disk, <user>'s, malice, palice.py"


def test_a_home_that_is_the_root_shortens_nothing():
    assert discreet("/etc/x", home=Path("/"), user="") == "/etc/x"


def test_devices_lose_the_name_of_their_owner():
    assert without_owner("Ann's AirPods, 48000 Hz") == "AirPods, 48000 Hz"
    assert without_owner("Ann\u2019s AirPods") == "AirPods"


def test_a_missing_package_is_a_problem_only_if_the_game_needs_it(monkeypatch):
    real = doctor_checks.installed_version

    def without(*names):
        monkeypatch.setattr(
            doctor_checks, "installed_version", lambda name: None if name in names else real(name)
        )
        return check_packages()

    assert "problem" not in levels(without("sounddevice"))
    assert "note" in levels(without("sounddevice"))
    found = without("pillow")
    assert "problem" in levels(found)
    assert advised(found)


def test_a_package_of_another_version_is_noted_with_what_is_wanted(monkeypatch):
    monkeypatch.setattr(doctor_checks, "installed_version", lambda name: "0.0.1")
    found = check_packages()
    assert any("torch is 0.0.1" in finding.text for finding in found)
    assert exit_code(found) == 0


def processor(monkeypatch, features, cores):
    monkeypatch.setattr(doctor_checks, "processor_features", lambda: features)
    monkeypatch.setattr(doctor_checks, "usable_cores", lambda: cores)
    found = check_processor()
    assert advised(found)
    return found


def test_a_slow_processor_is_noted_with_what_it_costs(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert levels(processor(monkeypatch, {"avx2", "avx512_bf16"}, 8)) == ["ok"]
    assert levels(processor(monkeypatch, {"asimd", "bf16"}, 8)) == ["ok"]
    assert levels(processor(monkeypatch, set(), 8)) == ["ok"]
    slow = processor(monkeypatch, {"avx2"}, 1)
    assert levels(slow) == ["ok", "note", "note"]
    assert "bfloat16" in slow[2].text


def test_a_thread_limit_left_in_the_environment_is_found(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = processor(monkeypatch, {"avx512_bf16"}, 4)
    assert "OMP_NUM_THREADS=1" in found[1].text


@pytest.mark.parametrize(
    ("total", "free", "expected"), [(8 * GIB, 4 * GIB, "ok"), (2 * GIB, GIB // 2, "note")]
)
def test_little_free_memory_is_noted(monkeypatch, total, free, expected):
    memory = SimpleNamespace(total=total, available=free)
    monkeypatch.setattr(doctor_checks.psutil, "virtual_memory", lambda: memory)
    assert levels(check_memory()) == [expected]


def torch_with(cards):
    cuda = SimpleNamespace(
        is_available=lambda: bool(cards),
        device_count=lambda: len(cards),
        get_device_name=lambda at: cards[at],
    )
    kernels = SimpleNamespace(
        flash_sdp_enabled=lambda: True,
        mem_efficient_sdp_enabled=lambda: True,
        cudnn_sdp_enabled=lambda: False,
    )
    backends = SimpleNamespace(
        cuda=kernels,
        mkldnn=SimpleNamespace(is_available=lambda: True),
        cpu=SimpleNamespace(get_cpu_capability=lambda: "AVX512"),
    )
    return SimpleNamespace(
        __version__="2.13", version=SimpleNamespace(cuda="12.9"), cuda=cuda, backends=backends
    )


def test_no_graphics_card_is_fine_and_one_that_cannot_be_used_is_noted(monkeypatch):
    programs = set()
    monkeypatch.setattr(doctor_checks.shutil, "which", lambda name: name in programs)
    monkeypatch.setitem(sys.modules, "torch", torch_with([]))
    assert levels(check_gpu()) == ["ok"]
    programs.add("nvidia-smi")
    assert levels(check_gpu()) == ["note"]
    assert "CUDA build" in check_gpu()[0].advice
    monkeypatch.setitem(sys.modules, "torch", torch_with(["H200"]))
    assert levels(check_gpu()) == ["ok"]
    assert "H200 (CUDA 12.9)" in check_gpu()[0].text


def test_attention_kernels_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", torch_with([]))
    assert "with oneDNN, AVX512" in check_attention()[0].text
    monkeypatch.setitem(sys.modules, "torch", torch_with(["H200"]))
    assert "sdpa with flash, memory-efficient" in check_attention()[0].text
    assert "cuDNN" not in check_attention()[0].text


@pytest.mark.parametrize("triton, said", [(object(), "are compiled"), (None, "not compiled")])
def test_on_a_card_it_says_whether_full_size_layers_are_compiled(monkeypatch, triton, said):
    monkeypatch.setitem(sys.modules, "torch", torch_with(["H200"]))
    monkeypatch.setattr(doctor_checks, "find_spec", lambda name: triton)
    assert said in check_attention()[0].text


def test_a_torch_that_cannot_be_imported_is_a_problem(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = check_gpu()
    assert levels(found) == ["problem"]
    assert advised(found)


EXECUTION = {"dtype": "float32", "attention": "sdpa", "threads": 2, "device": "cpu"}


def timed_world(monkeypatch, seconds: float, saved: float = 0.0, **execution) -> FakeWorld:
    """Have `doctor` load a world of such seconds a block; leaving all motion out saves some."""
    now = [0.0]

    def take_time(control):
        now[0] += seconds - saved * ("motion" in control.leave_out)

    world = FakeWorld(on_step=take_time)
    world.spec = replace(world.spec, optional=("wind", "motion"))
    world.provenance = lambda: {"weights": "abc", "execution": EXECUTION | execution}
    monkeypatch.setattr(doctor_checks, "load_world", lambda name, memory: world)
    monkeypatch.setattr(doctor_checks, "measure_precisions", lambda: None)  # of the real one
    monkeypatch.setattr(doctor_checks, "enlarged", lambda frames: frames)
    monkeypatch.setattr(doctor_checks.time, "perf_counter", lambda: now[0])
    return world


def test_the_world_is_loaded_tried_and_closed(monkeypatch, home):
    world = timed_world(monkeypatch, 0.05, precisions={"decoder": "int8", "painter": "int8"})
    how, speed = check_world()
    assert (how.level, speed.level) == ("ok", "ok")
    assert how.text == "weights abc, float32, sdpa attention, threads: 2, on cpu"
    assert "a block is made in 50 ms" in speed.text
    assert speed.text.endswith(
        "left out: nothing; networks: decoder, painter in int8; all else in float32"
    )
    assert speed.text.startswith(f"{world.spec.fps:.1f} of {world.spec.fps:g} frames a second")
    assert world.closed


def test_a_machine_that_reaches_full_speed_without_motion_says_so(monkeypatch, home):
    world = FakeWorld()
    timed_world(monkeypatch, 0.9 * world.spec.block_seconds, 0.5 * world.spec.block_seconds)
    _, speed = check_world()
    assert speed.level == "ok"
    assert speed.text.endswith("left out: enlarging, wind, motion; networks: all in float32")


def test_a_machine_that_is_too_slow_is_noted(monkeypatch, home):
    timed_world(monkeypatch, 4 * FakeWorld().spec.block_seconds)
    _, speed = check_world()
    assert speed.level == "note"
    assert speed.text.startswith(f"{FakeWorld().spec.fps / 4:.1f} of ")
    assert advised([speed])


def test_a_world_that_cannot_be_loaded_is_a_problem(monkeypatch, home):
    def missing(name, memory):
        raise MissingWeights("weights not found: world.safetensors is missing; restore it")

    monkeypatch.setattr(doctor_checks, "load_world", missing)
    found = check_world()
    assert levels(found) == ["problem"]
    assert "restore it" in found[0].text


def test_a_world_that_makes_no_block_is_a_problem(monkeypatch, home):
    world = FakeWorld(fail_at=2)
    monkeypatch.setattr(doctor_checks, "load_world", lambda name, memory: world)
    found = check_world()
    assert levels(found) == ["problem"]
    assert "block 2 cannot be made" in found[0].text
    assert world.closed


def test_weights_with_a_flipped_bit_are_told_where_there_is_no_git_too(monkeypatch, tmp_path):
    (tmp_path / "pocket").mkdir()
    weights = tmp_path / "pocket" / "world.safetensors"
    weights.write_bytes(b"numbers")
    monkeypatch.setattr(doctor_checks, "WEIGHTS", tmp_path)
    assert "SHA256SUMS (not found)" in check_weights()[0].text
    shipped.write_sums(tmp_path)
    assert levels(check_weights()) == ["ok"]
    weights.write_bytes(b"numbert")
    (found,) = check_weights()
    assert (found.level, found.text[-40:]) == ("note", "not as shipped: pocket/world.safetensors")


def test_the_list_of_weights_is_that_of_the_weights():
    """`make sums` writes it."""
    assert shipped.listed() == shipped.found()


def test_missing_weights_are_a_problem(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor_checks, "WEIGHTS", tmp_path)
    found = check_weights()
    assert levels(found) == ["problem"]
    assert "git checkout -- assets/weights" in found[0].advice


def test_wrong_settings_are_a_problem_that_names_the_line(home):
    assert levels(check_settings()) == ["ok"]
    (home / "settings.yaml").write_text("hud: enormous\n")
    found = check_settings()
    assert levels(found) == ["problem"]
    assert "settings.yaml:1" in found[0].text


def test_without_a_display_and_where_nothing_is_seen_a_note_says_how_to_play(monkeypatch):
    assert levels(check_window()) == ["note"]  # tests draw nowhere
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    found = check_window()
    assert levels(found) == ["note"]
    assert "in a browser" in found[0].advice
    monkeypatch.setenv("DISPLAY", ":59999")  # with no server
    found = check_window()
    assert levels(found) == ["problem"]
    assert "play --browser" in found[0].advice


def test_gamepads_are_named_or_not_missed():
    found = check_gamepads()
    assert levels(found) == ["ok"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("sounddevice: Speaker, 48000 Hz", "SDL's mixer: SDL_mixer 2.8"), ["ok", "ok"]),
        (
            ("sounddevice: not usable, no output device", "SDL's mixer: SDL_mixer 2.8"),
            ["note", "ok"],
        ),
        (("sounddevice: not usable, x", "SDL's mixer: not usable, y"), ["note", "note", "note"]),
    ],
)
def test_sound_is_never_a_problem(monkeypatch, lines, expected):
    monkeypatch.setattr(doctor_checks, "sound_report", lambda: lines)
    found = check_sound()
    assert levels(found) == expected
    assert advised(found)
    assert found[1].text.startswith("SDL's mixer")


def test_a_nearly_full_disk_is_noted(monkeypatch, home):
    usage = {"free": 9 * GIB}
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda path: SimpleNamespace(**usage))
    assert levels(check_disk()) == ["ok", "ok"]
    usage["free"] = GIB // 2
    assert levels(check_disk()) == ["note", "note"]
