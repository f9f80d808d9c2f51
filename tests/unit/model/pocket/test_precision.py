"""Which precision runs where: by what was measured, kept for one machine, and never a wrong one."""

from dataclasses import replace
from importlib.util import find_spec

import pytest

from tests.vnni import needs_vnni

if find_spec("openvino") is None:
    pytest.skip("graphs do not run here", allow_module_level=True)

from mag_sandbox.model.execution import NETWORKS, Execution
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.engines import precision
from mag_sandbox.model.pocket.engines.precision import FILE, MachineChoice
from mag_sandbox.model.world import MemorySetting, WorldFailed
from tests.tiny import FP32, RIGHT, TINY, play, tiny_weights, write_tiny_weights

ALL, MEMORY = frozenset(NETWORKS), MemorySetting(kept_mib=1)
CHOICE = MachineChoice("here", "fp32", 1, dict.fromkeys(NETWORKS, "int8") | {"encoder": "fp32"})


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def times(monkeypatch):
    """Set what comparisons find: the time of each precision [ms], by its name."""
    told = {"fp32": 4.0, "bf16": 4.0, "int8": 4.0}

    def compared(runs):
        for run in runs.values():
            run()
        return {name: told[name] for name in runs}

    monkeypatch.setattr(precision, "_times", compared)
    return told


def chosen(asked: str = "auto") -> Execution:
    return precision.chosen_execution(TINY, ("weights",), ALL, asked)


@needs_vnni
def test_the_fastest_precision_runs_and_equal_ones_keep_their_bits(home, times):
    assert chosen().precisions == ()
    (home / FILE).unlink()
    times["int8"] = 1.0
    assert dict(chosen().precisions) == dict.fromkeys(NETWORKS, "int8")


def test_a_choice_is_kept_for_one_machine_and_set_of_weights(home, times, monkeypatch):
    before = chosen()
    monkeypatch.setattr(precision, "sampled_choice", lambda *told: pytest.fail("timed again"))
    assert chosen() == before
    anew = replace(CHOICE, machine=precision.machine_of(("others",)))
    monkeypatch.setattr(precision, "sampled_choice", lambda *told: anew)
    made = precision.chosen_execution(TINY, ("others",), ALL)
    assert dict(made.precisions)["painter"] == "int8" and "encoder" not in dict(made.precisions)


@pytest.mark.parametrize("damage", ["", "[1]", '{"machine": 1}'])
def test_a_damaged_choice_is_made_again(home, times, damage):
    before = chosen()
    (home / FILE).write_text(damage)
    assert chosen() == before
    assert precision.read_choice(precision.machine_of(("weights",))) is not None


def test_a_choice_made_under_limits_of_the_environment_is_not_taken_without_them(monkeypatch):
    free = precision.machine_of(("weights",))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert precision.machine_of(("weights",)) != free


def test_what_saturates_is_not_taken_however_fast(home, times, monkeypatch):
    times["int8"] = 1.0
    monkeypatch.setattr(precision, "_alike", lambda wide, narrow: False)
    assert chosen().precisions == ()


def test_networks_without_ranges_do_not_run_in_int8():
    made = CHOICE.execution({"painter"})
    assert made.precisions == (("painter", "int8"),)
    assert made.precision("decoder") == "fp32"


def test_a_precision_that_is_asked_for_goes_first(home, times, monkeypatch):
    monkeypatch.setattr(precision, "available", lambda config, quantised: ("fp32", "int8"))
    times["int8"] = 1.0
    assert chosen("fp32").precisions == ()
    times["int8"] = 9.0
    assert dict(chosen("int8").precisions) == dict.fromkeys(NETWORKS, "int8")
    with pytest.raises(WorldFailed, match=r'"bf16" is not available.*take auto, fp32, int8'):
        chosen("bf16")


def test_a_disk_that_refuses_costs_only_time(home, times, monkeypatch):
    def refuse(*told):
        raise OSError("no space")

    monkeypatch.setattr(precision, "replace_file", refuse)
    assert chosen().compiled


def test_layers_are_timed_and_compared_on_this_machine():
    choice = precision.sampled_choice(TINY, "here")
    assert choice.machine == "here" and choice.threads >= 1
    assert "fp32" in precision.available(TINY, quantised=True)


def test_networks_are_timed_one_by_one(times):
    compilers = {"decoder": precision._layers(TINY)["decoder"]}
    times["bf16"] = times["int8"] = 1.0
    sampled = replace(CHOICE, precisions=dict.fromkeys(NETWORKS, "fp32"))
    made = precision.measured_choice(compilers, precision.Ranges({}), sampled)
    assert made.ms == {"decoder": {"fp32": 4.0}}


def test_doctor_times_the_networks_and_keeps_the_choice(home, times, tmp_path):
    weights = write_tiny_weights(tmp_path / "weights", moves=True)
    pocket.measure_precisions(weights)
    digest = precision.machine_of((pocket.weights_hash(weights), ""))
    assert set(precision.read_choice(digest).ms) == set(NETWORKS) - {"painter", "refiner"}


def test_a_recorded_precision_that_is_lacking_here_is_replaced(monkeypatch):
    recorded = replace(FP32, compiled=True, precisions=(("decoder", "int8"), ("parts", "fp32")))
    assert pocket.recorded_execution(recorded.as_dict()) == recorded
    made = pocket.possible_execution(recorded, TINY, precision.Ranges({}))
    assert made.precisions == (("parts", "fp32"),)
    monkeypatch.setattr(pocket, "compiles_here", lambda: False)
    assert pocket.recorded_execution(recorded.as_dict()) == FP32


def test_a_world_says_the_precision_of_each_network(home, times):
    world = pocket.load(
        MEMORY, look_ahead=True, on_progress=lambda stage, fraction: None,
        weights=tiny_weights(), precision="fp32",
    )  # fmt: skip
    assert play(world, [RIGHT])
    said = world.provenance()["execution"]
    assert said["compiled"] and said["dtype"] == "float32"


def test_modules_have_no_precision_to_choose(monkeypatch):
    monkeypatch.setattr(pocket, "compiles_here", lambda: False)
    with pytest.raises(WorldFailed, match="precision int8 is for graphs"):
        pocket.load(
            MEMORY, look_ahead=True, on_progress=lambda stage, fraction: None,
            weights=tiny_weights(), precision="int8",
        )  # fmt: skip


@pytest.mark.parametrize("wrong", [{"decoder": "int4"}, {"heart": "int8"}, {"decoder": 8}, []])
def test_an_unknown_precision_of_a_recording_is_refused(wrong):
    with pytest.raises(ValueError, match=r"precision|int4|heart"):
        Execution.from_dict({**FP32.as_dict(), "precisions": wrong})
