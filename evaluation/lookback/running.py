"""Runs the benchmark: clip after clip, kept in a folder as they come, a result in the end."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.lookback.measures import Measured, measured, pairs_of
from mag_sandbox.evaluation.lookback.participants import Player
from mag_sandbox.evaluation.lookback.playing import Take, drawn_scene, play, walk_scene
from mag_sandbox.evaluation.lookback.result import ClipRow
from mag_sandbox.evaluation.lookback.tasks import WAY, ClipPlan, SceneSplit
from mag_sandbox.evaluation.lookback.walk_measures import walk_measured, walk_sheet
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import Frames
from mag_sandbox.renderer.captions import answers_of, richest_caption
from mag_sandbox.renderer.kinds import AREAS
from mag_sandbox.renderer.render import CATEGORIES, category_of
from mag_sandbox.workers.work import Workplace

SCENES = 32  # drawn ones that a worker keeps
SHEET = 6  # views of a clip's picture
TRIES = 6  # places, until one differs in something that can be asked
APART = len(CATEGORIES)  # indices between scenes of one category


@dataclass(frozen=True, slots=True, eq=False)
class LookbackJob:
    """The work of each worker; see `mag_sandbox.workers.work.Job`."""

    opened: Callable[[], Player]
    split: SceneSplit
    matching: Matching

    @contextmanager
    def ready(self) -> Iterator[Callable[[ClipPlan], ClipAnswer]]:
        """Yield a function that plays and measures a clip."""
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Bench(self.opened, self.split, self.matching, Path(folder))) as bench,
        ):
            yield bench.found


class Bench:
    """Plays and measures clips, one after the other.

    A participant is opened anew before it would meet a scene again: so nothing that it may have
    kept from one task, in whatever place, helps it in another.

    with closing(Bench(partial(open_player, source), SceneSplit(), Matching(), folder)) as bench:
        row = bench.row(plan)
    """

    def __init__(
        self, opened: Callable[[], Player], split: SceneSplit, matching: Matching, folder: Path
    ) -> None:
        self._open, self._matching = opened, matching
        self._split, self._folder = split, folder
        self._drawn = lru_cache(SCENES)(self._draw)
        self._player: Player | None = None
        self._met: set[int] = set()  # scenes, by their index

    def close(self) -> None:
        """Close the participant."""
        if self._player is not None:
            self._player.world.close()
            self._player = None

    def _opened(self) -> Player:
        self.close()
        self._met = set()
        self._player = self._open()
        return self._player

    def found(self, plan: ClipPlan) -> ClipAnswer:
        """Return the row of a clip, and a picture: wanted above returned frames."""
        row, take = self._measured(plan)
        pictures = {} if take is None else {f"pictures/{plan.key}.png": _sheet(take, plan)}
        return ClipAnswer({"row": asdict(row)}, pictures)

    def row(self, plan: ClipPlan) -> ClipRow:
        """Return the row of a clip."""
        return self._measured(plan)[0]

    def _measured(self, plan: ClipPlan) -> tuple[ClipRow, Take | None]:
        began = time.monotonic()
        walks = plan.task.walks
        scene = walk_scene(plan, self._folder) if walks else self._drawn(plan.index)
        asked = None
        if plan.task.prompted:
            asked = another_place(
                self._drawn(plan.index), self._drawn, plan.index, WAY, self._judge
            )
        prompt = None if asked is None else asked.prompt
        unseen = None
        try:
            if self._player is None or plan.index in self._met:
                self._opened()
            player = self._player
            assert player is not None
            if plan.task.twinned:
                unseen = play(player, plan.twin, scene)
            another = self._opened if plan.task.carried else None
            take = play(player, plan, scene, prompt=prompt, another=another)
            self._met.add(plan.index)
        except Refusal as error:  # the participant's: its other clips count
            self.close()
            spent = time.monotonic() - began
            return _row(plan, None, Measured(str(error), {}, {}, (), 0.0), spent), None
        if walks:
            known = walk_measured(plan, take, unseen)
        else:
            known = measured(plan, take, self._matching, self._look, unseen)
        if plan.task.prompted:
            share = None
            if asked is not None:
                share = asked.share(take.frames[take.where("out")[-1]], self._judge)
                known = known.scaled(share)
            known.scores["adherence"] = share
        return _row(plan, take, known, time.monotonic() - began), take

    def _draw(self, index: int) -> HeldOutScene:
        return drawn_scene(category_of(index), self._split.scene(index), index, self._folder)

    def _look(self, views: Frames) -> np.ndarray:
        """Return the thing that each cell of views surely shows; land and walls are none."""
        names = self._judge.look(views).sure
        return np.where(np.isin(names, self._areas), 0, names)

    @cached_property
    def _judge(self) -> Judge:
        return Judge.load()

    @cached_property
    def _areas(self) -> list[int]:
        vocabulary = self._judge.vocabulary
        return [vocabulary.name_index(name) for name in vocabulary.classes if name in AREAS]


def run(
    plans: Sequence[ClipPlan], job: LookbackJob, store: ClipStore, workplace: Workplace
) -> None:
    """Play and measure the clips that the store lacks."""
    with workplace.workers(job) as results:
        sweep(plans, store, results)


def _row(plan: ClipPlan, take: Take | None, known: Measured, seconds: float) -> ClipRow:
    return ClipRow(
        key=plan.key, task=plan.round.task, clip=plan.clip, category=plan.category,
        scene=None if plan.private else plan.scene, tape="" if take is None else take.tape,
        fps=0.0 if take is None else take.fps, frames=0 if take is None else take.count,
        away_s=round(known.away_s, 4), digest="" if take is None else take.digest,
        refused=known.refused, gates=known.gates, scores=known.scores, points=known.points,
        seconds=round(seconds, 3),
    )  # fmt: skip


def _sheet(take: Take, plan: ClipPlan) -> list[list[np.ndarray]]:
    if plan.task.edited:
        some = [take.where(phase)[-1] for phase in ("out", "place", "hold", "back")]
        return [list(take.frames[some])]
    if plan.task.walks:
        return walk_sheet(take, SHEET)
    pairs = pairs_of(take, plan)
    few = np.unique(np.linspace(0, len(pairs.indices) - 1, SHEET).round().astype(int))
    return [list(pairs.wanted[few]), list(pairs.backs[few])]


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """The caption for a world, and the facts by which its views are told."""

    prompt: str
    facts: dict[str, str]  # question of the judge -> value of the described place

    def share(self, view: Frames, judge: Judge) -> float:
        """Return how many of the facts the judge reads in a view, uint8 [H, W, 3]."""
        read = judge.facts(view)
        return sum(read[name] == value for name, value in self.facts.items()) / len(self.facts)


def another_place(
    scene: HeldOutScene, draw: Callable[[int], HeldOutScene], index: int, yaw: float, judge: Judge
) -> OtherPlace | None:
    """Return another place to describe on the way out; None: no fact tells the two apart.

    The facts are those that its caption states, that tell the places apart and that the judge reads
    in the renderer's own view of the other one: a world that ignores the prompt is never right, and
    one that obeys it always can be.
    """
    for one in range(1, TRIES + 1):
        other = draw(index + APART * one)
        prompt = richest_caption(other.layout, answers_of)
        read, own = judge.facts(other.view(CameraPose(yaw), 0)), scene.layout.attributes
        facts = {
            name: value
            for name, value in answers_of(prompt, other.layout).items()
            if name in judge.vocabulary.trusted and read[name] == value != own.get(name)
        }
        if facts:
            return OtherPlace(prompt, facts)
    return None
