"""`python -m evaluation imagination`: does what a world invents have shapes that one can name?

Held-out scenes are asked for by captions. Of all of them the first view is looked at, of some the
whole ring, turned once around, from the caption alone and from a given picture. Beside every
number stand the renderer's views of the same captions after the world's own codec, as the ceiling,
and the same views blurred, as what patches of the right colours reach.

The result is plain JSON data; shares are 0 to 1, `{mean, low, high}` with a 95% interval by
bootstrap over scenes, null where nothing was measured:

    schema       1
    settings     prompts, rings, seed
    world        provenance
    first        what captions ask for, in first views: things, colors (of what is found),
                 attributes, all: the share that is there in invented, renders, blurred, and by
                 chance (renders of another caption of the category), asked (how many);
                 kinds: per class asked, invented, renders
    around       the same in all four walls together, from captions
    area         first, prompt, image (the walls after the first): share of pictures covered by
                 things for sure: invented, renders, blurred, ratio (of the first two)
    distance     first, prompt, image (walls after the first together), prompt_90 ...: see
                 `evaluation.imagination.distances.Distance`
    redrawn      first, prompt, image: the same of renders of the same captions, of which all was
                 drawn anew that these do not say: the ceiling of who knows nothing else
    apart        how often a network trained for it tells first views from the renderer's, on scenes
                 that it has not seen: invented, blurred, others (renders looking elsewhere)
    round        prompt, image: opposite_db, opposite_renders_db, excess_db, closing_seam,
                 other_seams, renders_seams, variety (of the renderer's)
    detail       first, prompt_90 ... image_270: gradient energy, of the renderer's
    bars         per bar: value, bar, met (null where not measured)
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from mag_sandbox.evaluation.imagination.compared import Compared, Eyes, compared
from mag_sandbox.evaluation.imagination.distances import Distance, distance
from mag_sandbox.evaluation.imagination.kept_views import KeptViews
from mag_sandbox.evaluation.imagination.reports import (
    answers_report,
    apart_report,
    area_report,
    ratio_report,
    round_report,
)
from mag_sandbox.evaluation.imagination.scenes import (
    KINDS,
    MAX_SEED,
    SCENES_PER_SEED,
    WALLS,
    AskedScene,
    Kind,
    Report,
    asked_scene,
    first_view,
    shown_walls,
)
from mag_sandbox.evaluation.imagination.sheet import write_sheets
from mag_sandbox.evaluation.imagination.table import bars_of
from mag_sandbox.evaluation.probe.metrics import gradient_energy
from mag_sandbox.model.world import World
from mag_sandbox.workers.work import Here, Workplace

FEWEST_PROMPTS, FEWEST_RINGS = 8, 4  # less says nothing


@dataclass(frozen=True, slots=True)
class ImaginationSettings:
    """What is measured."""

    prompts: int = 64  # captions whose first views are looked at
    rings: int = 12  # of them that are turned around in, and given as pictures, too
    seed: int = 0  # chooses the scenes and the world's noise

    def __post_init__(self) -> None:
        if not FEWEST_PROMPTS <= self.prompts <= SCENES_PER_SEED:
            raise ValueError(
                f"prompts is {self.prompts}, expected {FEWEST_PROMPTS} to {SCENES_PER_SEED}"
            )
        if not FEWEST_RINGS <= self.rings <= self.prompts:
            raise ValueError(
                f"rings is {self.rings}, expected {FEWEST_RINGS} to {self.prompts}, the prompts"
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed is {self.seed}, expected 0 to {MAX_SEED}")


@dataclass(frozen=True, slots=True)
class Invented:
    """What a world showed."""

    firsts: np.ndarray  # first views of all scenes from their captions, uint8 [N, H, W, 3]
    rings: dict[Kind, np.ndarray]  # of the first scenes, uint8 [rings, 4, H, W, 3]


@dataclass(frozen=True, slots=True)
class ViewsTask:
    """Views of a scene to be invented: of a whole ring, or the first one from the caption."""

    index: int  # of the scene
    ring: Kind | None = None  # None: the first view

    @property
    def name(self) -> str:
        """What its views are kept under."""
        return f"{self.index:04d}-{self.ring or 'first'}"


@dataclass(frozen=True, slots=True, eq=False)
class ViewsJob:
    """What workers do; see `mag_sandbox.workers.work.Job`."""

    open_world: Callable[[], World]
    seed: int

    @contextmanager
    def ready(self) -> Iterator[Callable[[ViewsTask], np.ndarray]]:
        """Open the world and give what invents: uint8 [4, H, W, 3] of a ring, else [H, W, 3]."""
        with TemporaryDirectory() as name, closing(self.open_world()) as world:

            def do(task: ViewsTask) -> np.ndarray:
                scene = asked_scene(task.index, self.seed)
                if task.ring is None:
                    return first_view(world, scene, Path(name))
                return shown_walls(world, scene, task.ring, Path(name))

            yield do


class ImaginationBar:
    """One run of the bar.

    eyes = Eyes(Judge.load(), Classifier.load())
    ImaginationBar(ImaginationSettings(), open_world, eyes, print).run()["bars"]
    """

    def __init__(
        self,
        settings: ImaginationSettings,
        open_world: Callable[[], World],
        eyes: Eyes,
        report: Report,
        sheet: Path | None = None,
        workplace: Workplace | None = None,
        kept: KeptViews | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            settings: what is measured.
            open_world: opens the world that is measured.
            eyes: that look.
            report: told a line of progress.
            sheet: PNG of what was looked at; rings go beside it. None: none is written.
            workplace: where views are invented; None: here.
            kept: where they are kept, and what is there is not invented again; None: nowhere.
        """
        self.settings, self.open_world, self.eyes = settings, open_world, eyes
        self.report, self.sheet = report, sheet
        self.workplace, self.kept = workplace or Here(), kept

    def run(self) -> dict:
        """Have everything played, and measure it."""
        invented = self.play()
        self.report("all views invented; looking at them")
        indices = range(self.settings.prompts)
        scenes = [asked_scene(index, self.settings.seed) for index in indices]
        with closing(self.open_world()) as world:
            return self.measure(scenes, invented, world)

    def play(self) -> Invented:
        """Let the world invent rings and first views, that of a ring among them."""
        turned, every = range(self.settings.rings), range(self.settings.prompts)
        rings = {kind: [ViewsTask(index, kind) for index in turned] for kind in KINDS}
        later = [ViewsTask(index) for index in every[self.settings.rings :]]
        tasks = [*itertools.chain(*rings.values()), *later]
        made = self._invented(tasks)
        shown = {kind: np.stack([made[task] for task in some]) for kind, some in rings.items()}
        firsts = [*shown["prompt"][:, 0], *(made[task] for task in later)]
        return Invented(np.stack(firsts), shown)

    def _invented(self, tasks: Sequence[ViewsTask]) -> dict[ViewsTask, np.ndarray]:
        """Return the views of all tasks: those that are kept, and others as they are invented."""
        kept = {task: self.kept.read(task.name) if self.kept else None for task in tasks}
        made = {task: views for task, views in kept.items() if views is not None}
        left = [task for task in tasks if task not in made]
        job = ViewsJob(self.open_world, self.settings.seed)
        with (
            self.workplace.workers(job) as results,
            tqdm(total=len(tasks), initial=len(made), unit="scene") as bar,
        ):
            for task, views in results(left):
                made[task] = views
                if self.kept:
                    self.kept.write(task.name, views)
                bar.update()
        return made

    def measure(self, scenes: list[AskedScene], invented: Invented, world: World) -> dict:
        """Look at what was invented of scenes, beside the renderer's through a world's codec."""
        beside = world, self.eyes
        first = compared(
            invented.firsts, scenes, AskedScene.ahead, AskedScene.aside, AskedScene.ahead_redrawn,
            *beside,
        )  # fmt: skip
        walls = {kind: np.concatenate(list(ring)) for kind, ring in invented.rings.items()}
        turned = (
            scenes[: self.settings.rings], AskedScene.walls, AskedScene.corners,
            AskedScene.walls_redrawn,
        )  # fmt: skip
        around = {"prompt": compared(walls["prompt"], *turned, *beside)}
        around["image"] = around["prompt"].instead(self.eyes.look(walls["image"]))
        result = {
            "schema": 1,
            "settings": asdict(self.settings),
            "world": world.provenance(),
            **self._measured(scenes, first, around),
        }
        result["bars"] = bars_of(result)
        if self.sheet is not None:
            write_sheets(self.sheet, first, around)
        return result

    def _measured(
        self, scenes: list[AskedScene], first: Compared, around: dict[Kind, Compared]
    ) -> dict:
        words = self.eyes.judge.vocabulary
        beyond = np.arange(self.settings.rings * len(WALLS)) % len(WALLS) > 0
        groups = {"first": first, **{kind: one.some(beyond) for kind, one in around.items()}}
        at_walls = {
            f"{kind}_{yaw:g}": around[kind].some(slice(place, None, len(WALLS)))
            for kind in KINDS
            for place, yaw in enumerate(WALLS)
            if place
        }
        return {
            "first": answers_report(scenes, first, self.eyes),
            "around": answers_report(scenes[: self.settings.rings], around["prompt"], self.eyes),
            "area": {name: area_report(some, words) for name, some in groups.items()},
            "distance": {
                name: asdict(_distance(some)) for name, some in {**groups, **at_walls}.items()
            },
            "redrawn": {
                name: asdict(_distance(some.instead(some.redrawn))) for name, some in groups.items()
            },
            "apart": apart_report(first, self.eyes.judge),
            "round": {kind: round_report(some) for kind, some in around.items()},
            "detail": {
                name: ratio_report(some, gradient_energy)
                for name, some in {"first": first, **at_walls}.items()
            },
        }


def _distance(some: Compared) -> Distance:
    """Compare cells: things are told apart by them, whole views by their light."""
    parts = (some.invented.sight, some.renders.sight, some.others.sight)
    cells = parts[0].cells.shape[1]
    features = (part.cells.reshape(-1, part.cells.shape[-1]) for part in parts)
    return distance(*features, np.repeat(some.scenes, cells))
