"""A sweep measures everything once, whoever does it, and leaves the same records."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from mag_sandbox.evaluation.results.store import ClipStore, read_records
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.workers.work import Here
from tests.workplaces import SideBySide


@dataclass(frozen=True)
class Count:
    number: int

    @property
    def key(self) -> str:
        return f"count-{self.number}"


PLAN = [Count(number) for number in range(5)]


class Counting:
    """Adds up; it cannot do what comes to 13."""

    def __init__(self) -> None:
        self.done: list[int] = []

    @contextmanager
    def ready(self):
        yield self._do

    def _do(self, task: Count) -> ClipAnswer:
        self.done.append(task.number)
        if task.number == 13:
            return ClipAnswer(None, fault="bad luck")
        if task.number < 0:
            raise ValueError("less than nothing")
        grey = np.full((2, 2, 3), task.number, np.uint8)
        return ClipAnswer({"sum": 2 * task.number}, {"p/grey.png": [[grey]]})


def swept(folder, workplace, plan=PLAN, job=None) -> list:
    store = ClipStore(folder, {})
    with workplace.workers(job or Counting()) as results:
        return sweep(plan, store, results)


def test_records_are_the_same_whoever_does_the_work(tmp_path):
    for place in (Here(), SideBySide()):
        assert swept(tmp_path / type(place).__name__, place) == []
    one, two = (read_records(tmp_path / name) for name in ("Here", "SideBySide"))
    assert one == two
    assert [record["sum"] for record in one] == [0, 2, 4, 6, 8]
    assert (tmp_path / "Here" / "p" / "grey.png").exists()


def test_what_was_found_is_not_asked_again_and_what_failed_is(tmp_path):
    plan, job = [Count(13), Count(1)], Counting()
    for _ in range(2):
        assert swept(tmp_path, SideBySide(), plan, job) == [(Count(13), "bad luck")]
    assert sorted(job.done) == [1, 13, 13]


def test_what_another_program_does_is_left_to_it(tmp_path):
    job = Counting()
    with ClipStore(tmp_path, {}).claim("count-0"):
        swept(tmp_path, SideBySide(), job=job)
    assert sorted(job.done) == [1, 2, 3, 4]
    swept(tmp_path, SideBySide(), job=job)
    assert sorted(job.done) == [0, 1, 2, 3, 4]


def test_after_an_error_nothing_is_claimed_and_what_was_found_is_kept(tmp_path):
    with pytest.raises(ValueError, match="less than nothing"):
        swept(tmp_path, SideBySide(), [Count(-1), Count(1)])
    assert list(ClipStore(tmp_path, {}).records()) == ["count-1"]
    with ClipStore(tmp_path, {}).claim("count--1") as mine:
        assert mine
