"""Plays clips of a result again: are the pictures the same, or at least what they are worth?"""

import random
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mag_sandbox.evaluation.lookback.participants import MADE_BY, Player
from mag_sandbox.evaluation.lookback.result import ClipRow, clips_of
from mag_sandbox.evaluation.lookback.running import Bench
from mag_sandbox.evaluation.lookback.tasks import SceneSplit, plan
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.files.border import Refusal

ALIKE_DB, ALIKE = 0.5, 5.0  # dB of likeness, points of score: so far two machines may be apart
Verdict = Literal["exact", "alike", "differs"]


@dataclass(frozen=True, slots=True)
class ReplayedClip:
    """A clip that was played again."""

    key: str
    verdict: Verdict
    written: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether it is worth what the result says."""
        return self.verdict != "differs"

    def __str__(self) -> str:
        return f"{self.key}: {self.verdict} (written {self.written}, played again {self.found})"


def verified(
    result: dict[str, Any], opened: Callable[[], Player], split: SceneSplit, count: int
) -> list[ReplayedClip]:
    """Play some clips again; the digest of the result chooses them.

    Raises:
        Refusal: the world is not there, or the result holds a clip that is in no such split.
    """
    settings, rows = result["settings"], clips_of(result)
    wanted = plan(settings["preset"], split, settings["clips"] or None, settings["tasks"])
    plans = {one.key: one for one in wanted}
    for row in rows:
        known = plans.get(row.key)
        if known is None or (row.scene or known.scene, row.task) != (known.scene, known.round.task):
            raise Refusal(f"the result has a clip {row.key} that is not of its split")
    chosen = random.Random(result["digest"]).sample(rows, min(count, len(rows)))
    with closing(opened().world) as world:
        _require_same(result["participant"]["provenance"], world.provenance())
    with (
        tempfile.TemporaryDirectory() as views,
        closing(Bench(opened, split, Matching(), Path(views))) as bench,
    ):
        return [_checked(row, bench.row(plans[row.key])) for row in chosen]


def _require_same(written: dict[str, Any], here: dict[str, Any]) -> None:
    """Raise Refusal if world, weights or frames are not the measured ones."""
    for name in MADE_BY:
        if written.get(name) != here.get(name):
            raise Refusal(
                f"the result is of {name} {written.get(name)}, here they are {here.get(name)}: "
                "other weights than here; take those, or check it with --clips 0"
            )


def _checked(written: ClipRow, found: ClipRow) -> ReplayedClip:
    same = written.digest == found.digest and written.refused == found.refused
    verdict: Verdict = "exact" if same else "alike"
    if not _near(written, found):  # the same pictures may be said to be worth something else
        verdict = "differs"
    return ReplayedClip(written.key, verdict, _worth(written), _worth(found))


def _near(written: ClipRow, found: ClipRow) -> bool:
    if (written.refused is None) != (found.refused is None):
        return False
    for name, most in (("psnr_db", ALIKE_DB), ("score", ALIKE)):
        one, other = written.scores.get(name), found.scores.get(name)
        if (one is None) != (other is None):
            return False
        if one is not None and other is not None and abs(one - other) > most:
            return False
    return True


def _worth(row: ClipRow) -> str:
    likeness, score = row.scores.get("psnr_db"), row.scores.get("score")
    fidelity = f"{likeness:.2f} dB" if likeness is not None else "nothing"
    return row.refused or f"{fidelity}, score {score if score is None else round(score, 1)}"
