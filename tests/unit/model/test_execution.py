"""The probe at start picks what is fastest here and says so."""

import re
from dataclasses import replace

import pytest
import torch

from mag_sandbox.model import execution
from mag_sandbox.model.pocket import loading as pocket
from tests.tiny import TINY


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock by one that passes only when work says so."""
    now = {"seconds": 0.0}
    monkeypatch.setattr(execution.time, "perf_counter", lambda: now["seconds"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return now


@pytest.mark.parametrize("fastest", execution.CHOICES)
def test_the_fastest_way_is_chosen(clock, fastest):
    def run(dtype, kernel):
        def work():
            clock["seconds"] += 0.010 if (dtype, kernel) == fastest else 0.025

        return work

    threads = torch.get_num_threads()
    chosen = execution.probe(run)
    assert (chosen.dtype, chosen.kernel) == fastest
    assert chosen.device == "cpu"
    assert chosen.pass_ms == pytest.approx(10.0)
    assert chosen.threads == 1, "more are no faster"
    assert torch.get_num_threads() == threads


def test_a_slow_first_pass_does_not_count(clock):
    def run(dtype, kernel):
        passes = iter([5.0] + [0.001 if dtype is torch.bfloat16 else 0.002] * 10)

        def work():
            clock["seconds"] += next(passes)

        return work

    assert execution.probe(run).dtype is torch.bfloat16


def test_a_gpu_needs_no_timing(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    chosen = execution.probe(lambda dtype, kernel: pytest.fail("nothing is to be timed"))
    assert (chosen.device, chosen.dtype, chosen.kernel) == ("cuda", torch.bfloat16, "sdpa")


def test_the_choice_is_recorded_in_plain_words():
    record = execution.Execution("cpu", torch.bfloat16, "matmul", 2).as_dict()
    assert record["dtype"] == "bfloat16"
    assert record["attention"] == "matmul"
    assert record["threads"] == 2


def test_the_pocket_world_can_be_probed():
    assert pocket.probe_execution(TINY).pass_ms > 0
    assert pocket.probe_execution(TINY) is pocket.probe_execution(replace(TINY))  # timed once


def test_a_recorded_choice_is_made_again():
    for dtype, kernel in execution.CHOICES:
        chosen = execution.Execution("cpu", dtype, kernel, 2, pass_ms=3.0)
        assert execution.Execution.from_dict(chosen.as_dict()) == replace(chosen, pass_ms=0.0)


def test_what_older_recordings_do_not_say_was_not_compiled():
    chosen = execution.Execution("cpu", torch.float32, "sdpa", 2, compiled=True)
    assert execution.Execution.from_dict(chosen.as_dict()) == chosen
    record = chosen.as_dict()
    del record["compiled"]
    assert execution.Execution.from_dict(record) == replace(chosen, compiled=False)


@pytest.mark.parametrize("device, triton, expected", [
    ("cuda", object(), True), ("cuda", None, False), ("cpu", object(), False),
])  # fmt: skip
def test_layers_are_compiled_on_cards_where_triton_is(monkeypatch, device, triton, expected):
    monkeypatch.setattr(execution, "find_spec", lambda name: triton)
    assert execution.compiles(device) is expected


@pytest.mark.parametrize(
    "damage",
    [
        {"dtype": "int7"}, {"attention": "magic"}, {"threads": "2"}, {"threads": 0},
        {"compiled": "maybe"}, {"compiled": 1}, {"threads": 1024}, {"device": "/etc"},
        {"device": "meta"}, {"device": "mps"}, {"device": "cuda:7"},
    ],
)  # fmt: skip
def test_a_recorded_choice_unknown_here_is_refused(damage):
    record = execution.Execution("cpu", torch.float32, "sdpa", 2).as_dict()
    ((field, value),) = damage.items()
    with pytest.raises(ValueError, match=f'"{field}": expected|{re.escape(str(value))}'):
        execution.Execution.from_dict({**record, **damage})


@pytest.mark.parametrize(
    "damage", [{"threads": True}, {"device": ["cpu"]}, {"attention": ["sdpa"]}, {"dtype": None}]
)
def test_a_recorded_choice_of_another_type_is_refused(damage):
    record = execution.Execution("cpu", torch.float32, "sdpa", 2).as_dict()
    with pytest.raises(ValueError, match=f'"{next(iter(damage))}": expected'):
        execution.Execution.from_dict({**record, **damage})


def test_a_recorded_choice_that_is_none_is_refused():
    with pytest.raises(ValueError, match="unknown here"):
        execution.Execution.from_dict([1])
