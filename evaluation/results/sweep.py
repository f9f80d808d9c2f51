"""A sweep: a plan of tasks that workers do, each kept in a store as soon as it is found.

Only the process that sweeps touches the store, and it holds the claim of every task under way: so
workers may be anywhere, several sweeps may share a folder, and what is killed goes on where it was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from mag_sandbox.evaluation.results.store import PLACE, ClipStore
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.workers.work import Results


class Task(Protocol):
    """What one record is measured by."""

    @property
    def key(self) -> str:
        """Name of the record."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a worker sends back."""

    record: dict[str, Any] | None  # see `clip_record`; None: nothing could be measured
    # sheets, rows of pictures, by file: absolute, or relative to the store's folder
    pictures: Mapping[str, Sequence[Sequence[np.ndarray]]] = field(default_factory=dict)
    fault: str | None = None  # why nothing could be measured


def sweep(
    plan: Sequence[Any],
    store: ClipStore,
    results: Results,
    *,
    ready: Callable[[Any], Any] = lambda task: task,
    late: Callable[[], bool] = lambda: False,
) -> list[tuple[Any, str]]:
    """Have done what nobody has measured or is measuring; return tasks with their faults.

    Args:
        plan: tasks, in the order in which they are begun, and their records are read.
        store: where records are kept.
        results: of workers that return a `Found`.
        ready: makes a task complete; None: it waits for what another one will find.
        late: whether no task is to be begun any more.
    """
    done = store.records().keys()
    places = {task.key: place for place, task in enumerate(plan)}
    left = {task.key: task for task in plan if task.key not in done}
    claims: dict[str, ExitStack] = {}
    faults = []

    def begun() -> Iterator[Any]:
        while not late():
            task = next((one for one in map(ready, left.values()) if one is not None), None)
            if task is None:
                return
            del left[task.key]
            claim = ExitStack()
            if claim.enter_context(store.claim(task.key)):
                claims[task.key] = claim
                yield task
            else:
                claim.close()

    def keep(task: Any, found: Found) -> None:
        for name, rows in found.pictures.items():
            write_sheet(store.folder / name, rows)
        if found.record is not None:
            store.add(task.key, {PLACE: places[task.key], **found.record})
        if found.fault is not None:
            faults.append((task, found.fault))
        claims.pop(task.key).close()

    before = len(left) + 1
    try:
        with tqdm(total=len(plan), initial=len(plan) - len(left), unit="clip") as bar:
            while 0 < len(left) < before:  # what was not ready may be now
                before = len(left)
                for task, found in results(begun()):
                    keep(task, found)
                    bar.update()
    finally:
        for claim in claims.values():
            claim.close()
    return faults
