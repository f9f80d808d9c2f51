"""A sweep: workers do the tasks of a plan, and a store keeps each result as soon as it comes.

Only the sweeping process touches the store, and it holds the claim of every task under way: so
workers may be anywhere, several sweeps may share a folder, and a killed one continues.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from mag_sandbox.evaluation.results.store import PLACE, ClipStore
from mag_sandbox.files.whole import replace_file
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.workers.work import Results


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """A worker's answer about one clip."""

    record: dict[str, Any] | None  # see `clip_record`; None: nothing could be measured
    # sheets, rows of pictures, by file: absolute, or relative to the store's folder
    pictures: Mapping[str, Sequence[Sequence[np.ndarray]]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)  # by name, likewise
    fault: str | None = None  # why nothing could be measured


def sweep(plan: Sequence[Any], store: ClipStore, results: Results) -> list[tuple[Any, str]]:
    """Distribute all tasks that are neither recorded nor under way; return faults by task."""
    done = store.records().keys()
    left = [(place, task) for place, task in enumerate(plan) if task.key not in done]
    claims: dict[str, tuple[int, ExitStack]] = {}
    faults = []

    def begun() -> Iterator[Any]:
        for place, task in left:
            claim = ExitStack()
            if claim.enter_context(store.claim(task.key)):
                claims[task.key] = place, claim
                yield task
            else:
                claim.close()

    try:
        with tqdm(total=len(plan), initial=len(plan) - len(left), unit="clip") as bar:
            for task, found in results(begun()):
                place, claim = claims.pop(task.key)
                with claim:
                    for name, rows in found.pictures.items():
                        write_sheet(store.folder / name, rows)
                    for name, data in found.files.items():
                        replace_file(store.folder / name, data)
                    if found.record is not None:
                        store.add(task.key, {PLACE: place, **found.record})
                if found.fault is not None:
                    faults.append((task, found.fault))
                bar.update()
    finally:
        for _, claim in claims.values():
            claim.close()
    return faults
