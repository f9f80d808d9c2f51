"""`python -m evaluation viewpoints`: does a scene keep its look while a player walks through it?

Held-out scenes are painted from one viewpoint after another: ahead in steps, and back. As in play,
only the plan at the first viewpoint is known. It says where things are in metres. So it tells how
the plan looks from the next viewpoint, and which parts of earlier pictures are visible there; the
painter invents the rest. One walk begins with the renderer's view after the world's own codec
(given), another with a view painted from the plan alone (invented).

The result is plain JSON data, of each kind of walk the mean over scenes:

    schema     1
    settings   scenes, steps, step [m], seed
    weights    digest of the networks
    plan       parallax_px, parallax_p90_px: median and 90th percentile of how far the middle of
               a thing in the plan is from where the renderer draws it, of 320 px a view
    given      seen_db, new_db: PSNR to the renderer's view halfway, where the walk's first view
               shows it and where not; return_db: the last picture against the first, which is
               from the same viewpoint; detail, sharpness: of the last picture, of the first one's;
               change: difference of a picture from the one before after motion compensation, of
               the renderer's; levels: the same [levels, RMS]
    layered    likewise, where the first view is not painted anew but cut into layers, as in play
    invented   return_db, detail, sharpness, change, levels; first_detail, first_sharpness: of the
               first picture, of the renderer's
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mag_sandbox.command_line import Say
from mag_sandbox.controls.camera import WIDEST_FOV, CameraPose, yaw_difference
from mag_sandbox.controls.parallax import RingGeometry, carried
from mag_sandbox.evaluation.options import ViewpointOptions
from mag_sandbox.evaluation.results.output import make_places, tell
from mag_sandbox.evaluation.similarity.metrics import gradient_energy, psnr, sharpness
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.drawing.layers import LayeredRing, RingToCut
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.imagination import Coder, Imagination, Subject, load_imagination
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.weights import digest_of
from mag_sandbox.model.pocket.loading import painting_features
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, read_config
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.kinds import COURSES
from mag_sandbox.renderer.render import HELD_OUT, Ring, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.viewpoints import geometry, is_free
from mag_sandbox.renderer.views import HEIGHT, WIDTH, view
from mag_sandbox.scenes.stances import STANCES, Stance

FIRST_SEED = HELD_OUT + 650_000  # of the scenes walked through
DIRECTIONS = 16  # tried; the walk takes the one with most room
SHOWN = 5  # pictures of each walk on a sheet
KEPT_EVERY = 1.0  # metres between the viewpoints whose views are kept
LIFTED = {**STANCES, **dict.fromkeys(COURSES, Stance("course"))}
WIDEST = 120.0  # degrees; wider things have no middle
TOP = (RING_HEIGHT - HEIGHT) // 2  # of level views


class ScenePainter:
    """Paints level views of the renderer's scenes.

    ScenePainter.load(IMAGINATION_WEIGHTS).painted(caption, things, seed=1, yaw=90.0)
    """

    def __init__(
        self, imagination: Imagination, coder: Coder, texts: Callable[[str], torch.Tensor]
    ) -> None:
        self.imagination, self.coder, self._texts = imagination, coder, texts

    @classmethod
    def load(cls, folder: Path) -> "ScenePainter":
        """Load it from a folder of weights, in bf16, with the shipped codec."""
        config = read_config(POCKET_WEIGHTS)
        autoencoder = Autoencoder(config.autoencoder).eval()
        load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
        coder, features = Coder.of(autoencoder), painting_features(folder, config, known={})
        imagination = load_imagination(
            folder, coder, matmul_attention, lambda painter: painter.bfloat16()
        )
        return cls(imagination, coder, features)

    def scenery(self, ring: Ring) -> Scenery:
        """Return the plan of a ring in metres, without things that older weights do not know."""
        config = self.imagination.config
        things = [PlacedObject(*thing.plan_entry) for thing in (*bands_of(ring), *ring.things)]
        known = [thing for thing in things if thing.kind in config.looks]
        return Scenery.of(known, LIFTED, config.all_behind)

    def geometry(self, scenery: Scenery, x: float, z: float) -> RingGeometry:
        """Return where everything in a plan is, relative to a viewpoint [m]."""
        return scenery.geometry(x, z, self.imagination.owners(scenery.plan(x, z)))

    def layered(self, way: "Route", first: np.ndarray) -> LayeredRing:
        """Return the ring around the first viewpoint of a route; one view of it is known."""
        scenery = self.scenery(way.rings[0])
        picture = np.zeros((3, RING_HEIGHT, RING_WIDTH), np.float32)
        known = np.zeros((RING_HEIGHT, RING_WIDTH), bool)
        colors = first.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        picture[:, TOP : TOP + HEIGHT, way.columns] = colors
        known[TOP : TOP + HEIGHT, way.columns] = True
        owners = self.imagination.owners(scenery.plan(0.0, 0.0))
        numbers = scenery.numbers(0.0, 0.0, owners)
        ring = RingToCut(picture, known, numbers, scenery)
        return LayeredRing(ring, self.imagination.close_ups)

    def painted(
        self,
        caption: str,
        things: Sequence[PlacedObject],
        seed: int,
        yaw: float,
        seen: np.ndarray | None = None,
        viewpoint: tuple[float, float] = (0.0, 0.0),
    ) -> np.ndarray:
        """Return a level view, uint8 [H, W, 3].

        Args:
            caption: of the scene.
            things: the plan, from far to near.
            seed: of the noise.
            yaw: of the view, a multiple of a cell [degrees].
            seen: the known part of the ring; see `carried`.
            viewpoint: x and z [m].
        """
        pose = self.imagination.lattice.nearest(CameraPose(yaw))
        subject = Subject(self._texts(caption), seed, things, seen, viewpoint)
        around = self.imagination.imagine(self.imagination.nothing(), pose, subject)
        place = self.imagination.lattice.place(pose)
        view: np.ndarray = to_frames(self.imagination.picture(around, place))[0]
        return view

    @torch.inference_mode()
    def coded(self, picture: np.ndarray) -> np.ndarray:
        """Return a view after the codec, uint8 [H, W, 3]."""
        view: np.ndarray = to_frames(self.coder.decode(self.coder.encode(picture[None])))[0]
        return view


@dataclass(frozen=True)
class Route:
    """A straight way through a scene, with the camera looking ahead."""

    scene: SceneRenderer
    seed: int
    yaw: float  # degrees, a multiple of a cell
    places: Sequence[tuple[float, float]]  # x and z of all viewpoints, there and back [m]
    rings: Sequence[Ring]  # what they show

    @property
    def columns(self) -> np.ndarray:
        """Columns of the ring that views show."""
        left = round(self.yaw / 360 * RING_WIDTH) - WIDTH // 2
        return (left + np.arange(WIDTH)) % RING_WIDTH

    def render(self, stop: int) -> np.ndarray:
        """Return the renderer's view from a viewpoint, uint8 [H, W, 3]."""
        return self.cut(self.rings[stop].pixels)

    def cut(self, ring: np.ndarray) -> np.ndarray:
        """Return the view of a ring, [H, W, channels]."""
        return view(ring, int(self.columns[0]), TOP)

    @cached_property
    def truth(self) -> list[RingGeometry]:
        """The plan from each viewpoint."""
        there = dict(zip(self.places, self.rings, strict=True))
        known = {place: geometry(self.scene, ring) for place, ring in there.items()}
        return [known[place] for place in self.places]

    def planned(self, painter: ScenePainter) -> tuple[list[list[PlacedObject]], list[RingGeometry]]:
        """Return plan and positions at each viewpoint, derived from the first plan."""
        scenery = painter.scenery(self.rings[0])
        plans = {place: scenery.plan(*place) for place in self.places}
        known = {place: painter.geometry(scenery, *place) for place in plans}
        return [plans[place] for place in self.places], [known[place] for place in self.places]

    def carried(
        self, pictures: Sequence[np.ndarray], starts: Sequence[int], where: Sequence[RingGeometry]
    ) -> np.ndarray:
        """Return earlier views, projected into the ring at the next viewpoint; see `carried`.

        Args:
            pictures: from all viewpoints before.
            starts: the viewpoints to use; where two show a point, the first one counts.
            where: everything is from each viewpoint.
        """
        stop, found = len(pictures), np.zeros((RING_HEIGHT, RING_WIDTH, 4), np.uint8)
        for start in starts:
            whole = np.zeros((RING_HEIGHT, RING_WIDTH, 3), np.uint8)
            shown = np.zeros((RING_HEIGHT, RING_WIDTH), bool)
            whole[TOP : TOP + HEIGHT, self.columns] = pictures[start]
            shown[TOP : TOP + HEIGHT, self.columns] = True
            (x, z), (old_x, old_z) = self.places[stop], self.places[start]
            seen = carried(where[start], where[stop], whole, (x - old_x, z - old_z), shown)
            found = np.where(found[..., 3:] > 0, found, seen)
        return found

    def far(self, start: int, stop: int) -> float:
        """Return the distance between two viewpoints [m]."""
        return float(np.hypot(*np.subtract(self.places[stop], self.places[start])))


def route(options: ViewpointOptions, index: int) -> Route:
    """Return a way through the scene at an index, in the direction with the most room."""
    seed = FIRST_SEED + 1000 * options.seed + index
    scene = SceneRenderer(lay_out(category_of(index), seed))
    half = options.steps // 2
    marks = [*range(half + 1), *reversed(range(half))]

    def place(yaw: float, mark: int, step: float) -> tuple[float, float]:
        x, z = np.sin(np.radians(yaw)), np.cos(np.radians(yaw))
        return mark * step * float(x), mark * step * float(z)

    def free(yaw: float) -> int:
        """Return how many steps can be taken in a direction before something is in the way."""
        steps = range(1, half + 1)
        blocked = (n for n in steps if not is_free(scene.layout, *place(yaw, n, options.step)))
        return next(blocked, half + 1) - 1

    yaws = [turn * 360 / DIRECTIONS for turn in range(DIRECTIONS)]
    yaw = max(yaws, key=free)
    step = options.step * max(free(yaw), 1) / half  # a small room is walked in smaller steps
    rings = [scene.ring(*place(yaw, mark, step)) for mark in range(half + 1)]
    places = [place(yaw, mark, step) for mark in marks]
    return Route(scene, seed, yaw, places, [rings[mark] for mark in marks])


class Walk(NamedTuple):
    """Pictures from all viewpoints of a route, uint8 [H, W, 3] each."""

    pictures: list[np.ndarray]
    change: float  # mean squared difference from the picture before, at common points


def walk(
    way: Route,
    where: Sequence[RingGeometry],
    first: np.ndarray,
    look: Callable[[int, Callable[[], np.ndarray]], np.ndarray],
) -> Walk:
    """Walk along a route.

    The known part of a view comes from the nearest views kept on the way, and last from the one
    before, which repeated projection has degraded.

    Args:
        way: the route.
        where: everything is, as far as is known, from each viewpoint.
        first: the view at its first viewpoint.
        look: returns the view at viewpoint number n, given a function that returns the known part
            of its ring.
    """
    pictures, changes, kept = [first], [], [0]
    for stop in range(1, len(way.rings)):
        nearest = sorted(kept, key=lambda start: way.far(start, stop))
        starts = list(dict.fromkeys((*nearest, stop - 1)))
        seen = partial(way.carried, list(pictures), starts, where)
        before = way.cut(way.carried(pictures, [stop - 1], way.truth))
        pictures.append(look(stop, seen))
        if way.far(nearest[0], stop) > KEPT_EVERY:
            kept.append(stop)
        squares = np.square(pictures[-1].astype(float) - before[..., :3])
        changes.append(float(squares[before[..., 3] > 0].mean()))
    return Walk(pictures, float(np.mean(changes)))


def measured(way: Route, painter: ScenePainter) -> tuple[dict[str, dict[str, float]], list[Walk]]:
    """Return the figures of both walks along a route, and the walks, first the renderer's."""
    half = len(way.rings) // 2
    coded = [painter.coded(way.render(stop)) for stop in range(half + 1)]
    coded += coded[-2::-1]
    renders = walk(way, way.truth, coded[0], lambda stop, _seen: coded[stop])
    plans, where = way.planned(painter)
    caption = way.rings[0].caption()

    def look(stop: int, seen: Callable[[], np.ndarray | None]) -> np.ndarray:
        place = way.places[stop]
        return painter.painted(caption, plans[stop], way.seed, way.yaw, seen(), place)

    ring = painter.layered(way, coded[0])

    def look_beside(stop: int, _seen: Callable[[], np.ndarray]) -> np.ndarray:
        pose = CameraPose(way.yaw, 0.0, WIDEST_FOV, *way.places[stop])
        view: np.ndarray = to_frames(ring.view(pose, (HEIGHT, WIDTH))[None, :3])[0]
        return view

    given, invented = (walk(way, where, first, look) for first in (coded[0], look(0, lambda: None)))
    layered = walk(way, where, coded[0], look_beside)
    truth = way.render(half)
    known = way.cut(way.carried(given.pictures[:half], [0], way.truth))[..., 3] > 0

    def against_truth(walked: Walk) -> dict[str, float]:
        there = walked.pictures[half]
        return {
            "seen_db": psnr(there[known], truth[known]),
            "new_db": psnr(there[~known], truth[~known]),
        }

    begun = invented.pictures[0]
    errors = parallax_errors(way, plans[half])
    figures = {
        "plan": {
            "parallax_px": float(np.median(errors)),
            "parallax_p90_px": float(np.percentile(errors, 90)),
        },
        "given": {**_kept(given, renders), **against_truth(given)},
        "layered": {**_kept(layered, renders), **against_truth(layered)},
        "invented": {
            **_kept(invented, renders),
            "first_detail": gradient_energy(begun) / gradient_energy(coded[0]),
            "first_sharpness": sharpness(begun) / sharpness(coded[0]),
        },
    }
    return figures, [renders, given, layered, invented]


def parallax_errors(way: Route, plan: Sequence[PlacedObject]) -> list[float]:
    """Return how far things are from where the renderer draws them halfway [px of a ring].

    Returns:
        For each noticeable thing, the distance from its middle to that of the nearest planned thing
        of its kind and shape.
    """
    errors = []
    for thing in way.rings[len(way.rings) // 2].things:
        alike = [
            one.yaw
            for one in plan
            if (one.kind, one.variant) == (thing.name, thing.variant) and one.width < WIDEST
        ]
        if alike and thing.shown and thing.degrees[0] < WIDEST:
            away = min(abs(yaw_difference(thing.yaw, yaw)) for yaw in alike)
            errors.append(away * RING_WIDTH / 360)
    return errors or [0.0]


def _kept(one: Walk, renders: Walk) -> dict[str, float]:
    first, last = one.pictures[0], one.pictures[-1]
    return {
        "return_db": psnr(last, first),
        "detail": gradient_energy(last) / gradient_energy(first),
        "sharpness": sharpness(last) / sharpness(first),
        "change": (one.change / renders.change) ** 0.5,
        "levels": one.change**0.5,
    }


def run_viewpoints(options: ViewpointOptions, say: Say) -> None:
    """Measure, and print the results."""
    make_places(options.json, options.sheet)
    painter = ScenePainter.load(options.weights)
    all_figures, rows = [], []
    for index in range(options.scenes):
        figures, walks = measured(route(options, index), painter)
        all_figures.append(figures)
        stops = np.linspace(0, options.steps, SHOWN).round().astype(int)
        rows += [[one.pictures[stop] for stop in stops] for one in walks]
        say(f"scene {index + 1} of {options.scenes}: {_figures_text(figures)}")
        if options.sheet is not None:
            write_sheet(options.sheet, rows)
    means = {
        kind: {name: float(np.mean([each[kind][name] for each in all_figures])) for name in names}
        for kind, names in all_figures[0].items()
    }
    names = "scenes", "steps", "step", "seed"
    settings = {name: getattr(options, name) for name in names}
    result = {"schema": 1, "settings": settings, "weights": digest_of(options.weights)}
    tell([f"all: {_figures_text(means)}"], {**result, **means}, options.json, say)


def _figures_text(figures: dict[str, dict[str, float]]) -> str:
    return "; ".join(
        f"{kind} " + ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        for kind, values in figures.items()
    )
