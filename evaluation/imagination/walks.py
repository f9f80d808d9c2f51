"""`python -m evaluation walks`: do pictures stay plausible, wherever a player goes?

Random walks through held-out scenes: rest, pan, tilt, zoom, both at once, half of the time while
walking if a world can, now and then another prompt or memory. Every few seconds, the picture at
rest is compared with the range of the renderer's views, which are tilted and zoomed alike and
passed through the world's own codec. Where a world knows what it painted there, it is also measured
how much of the picture still looks so. A world that copies its own copies leaves that range.

The result is plain JSON data:

    schema, settings
    range      per figure [low, high]
    pictures   invented, renders: share that lies in the range in every figure
    kept       pictures whose painted view is known; share that looks
               so: of half of them at most, of one in twenty, the least
    room       of pictures since whose predecessor the walker was near anything that stops a walker:
               how far from its edge, the middle less half its width [m], below 0: inside. The
               least, and the share that is inside
    walks      walks, held (of which every picture does)
    left       of the walks that left it: walk, caption, second, memory, figure, value
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from mag_sandbox.command_line import Say
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.imagination.scenes import asked_scene
from mag_sandbox.evaluation.judge.judge import Judge, judge_digest
from mag_sandbox.evaluation.options import LOOK_S, MOST_WALKS, WalkOptions
from mag_sandbox.evaluation.results.environment import environment
from mag_sandbox.evaluation.results.opening import OpenWorld, opener_like
from mag_sandbox.evaluation.results.output import make_places, tell
from mag_sandbox.evaluation.results.store import ClipStore, clip_record
from mag_sandbox.evaluation.results.sweep import ClipAnswer, sweep
from mag_sandbox.evaluation.similarity.metrics import gradient_energy, saturation, visible_change
from mag_sandbox.files.pictures import read_picture
from mag_sandbox.files.whole import replacing
from mag_sandbox.model.loading import load_world, next_policy
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, World, WorldSpec
from mag_sandbox.renderer.views import view_at
from mag_sandbox.scenes import Scene

FIGURES = ("detail", "saturation", "strangeness", "kept")
VIEWS = 8  # of the renderer's, a scene
LEG_S = (1.0, 6.0)  # s that a command is held
CHANGE = 0.1  # chance at the beginning of each leg of another prompt, and of another memory
WALKED = 0.5  # share of legs in which a world that can walks
EDGE, SLACK = 0.005, 1.25  # share of renders ignored at either end; widening factor
KEPT = 0.5  # least share of a picture that must look as it was painted
ACROSS = 10  # pictures in a row of a sheet
VERSION = 3  # of records and strips: a folder with those of another one is refused


@dataclass(frozen=True, slots=True)
class _Walk:
    caption: str
    figures: np.ndarray  # float64 [T, 2 + D]: detail, saturation, the judge's features
    kept: np.ndarray  # float64 [T]: share that looks as it was painted; nan: unknown
    views: list[tuple[float, float]]  # pitch and field of view of each picture
    memories: tuple[str, ...]  # in force at each picture
    room: np.ndarray  # float64 [T]: least room since the picture before [m]; nan: unknown

    def record(self, world: str, seconds: float) -> dict[str, Any]:
        kept, room = (
            [None if np.isnan(one) else one for one in values.tolist()]
            for values in (self.kept, self.room)
        )
        return clip_record(
            "walks", {"world": world}, self.caption, {}, seconds, figures=self.figures.tolist(),
            kept=kept, views=self.views, memories=self.memories, room=room,
        )  # fmt: skip

    @classmethod
    def of(cls, record: dict[str, Any]) -> "_Walk":
        views = [tuple(view) for view in record["views"]]
        kept, room = (np.array(record[one], np.float64) for one in ("kept", "room"))  # None is nan
        figures = np.array(record["figures"])
        return cls(record["clip"], figures, kept, views, tuple(record["memories"]), room)


@dataclass(frozen=True, slots=True)
class WalkTask:
    """A walk."""

    index: int

    @property
    def key(self) -> str:
        """Name of its record."""
        return f"walk-{self.index:04d}"


@dataclass(frozen=True, slots=True)
class RendersTask:
    """A scene whose views by the renderer are measured."""

    index: int
    views: tuple[tuple[float, float, float], ...]  # yaw, pitch, field of view


@dataclass(frozen=True, slots=True, eq=False)
class WalksJob:
    """The job of workers; see `mag_sandbox.workers.work.Job`."""

    options: WalkOptions
    open_world: OpenWorld
    judge: Judge

    @contextmanager
    def ready(self) -> Iterator[Callable[[WalkTask | RendersTask], ClipAnswer | np.ndarray]]:
        """Open the world; yield what walks, or measures renders: float64 [VIEWS, 2 + D]."""
        with closing(self.open_world()) as world:

            def do(task: WalkTask | RendersTask) -> ClipAnswer | np.ndarray:
                if isinstance(task, RendersTask):
                    return _rendered(task, self.options, world, self.judge)
                began = time.monotonic()
                walk, strip = _walked(task.index, self.options, world, self.judge)
                record = walk.record(world.spec.name, time.monotonic() - began)
                return ClipAnswer(record, {_strip(task): [strip]})

            yield do


def _strip(task: WalkTask) -> str:
    return f"strips/{task.key}.png"


def run_walks(options: WalkOptions, say: Say) -> None:
    """Measure, print the table, and write the numbers and pictures that were asked for."""
    make_places(options.json, options.sheet)
    with closing(load_world(options.world)) as world:
        provenance, open_world = world.provenance(), opener_like(world, options.world)
    common = {
        "bench": "walks", "walked": WALKED, "seconds": options.seconds, "seed": options.seed,
        "weights": provenance.get("weights"), "judge": judge_digest(),
        "version": VERSION,
    }  # fmt: skip
    with ExitStack() as stack:
        folder = options.out or Path(stack.enter_context(TemporaryDirectory()))
        store = ClipStore(folder, common)
        store.note(environment(world=provenance))
        result = measure(WalksJob(options, open_world, Judge.load()), store)
    tell(lines_of(result), {**result, "world": provenance}, options.json, say)


def measure(job: WalksJob, store: ClipStore) -> dict[str, Any]:
    """Do the remaining walks, and measure; the sheet has a row for every walk."""
    options = job.options
    plan = [WalkTask(index) for index in range(options.walks)]
    with options.workplace().workers(job) as results:
        sweep(plan, store, results)
        records = store.records()
        walks = [_Walk.of(records[task.key]) for task in plan if task.key in records]
        if len(walks) < len(plan):
            raise ValueError(
                f"{len(plan) - len(walks)} walks are under way elsewhere; run this again when "
                "they are done"
            )
        figures = dict(results(_renders_to_see(options, walks)))
    rendered = [figures[task] for task in sorted(figures, key=lambda task: task.index)]
    if options.sheet is not None:
        write_strips(options.sheet, [store.folder / _strip(task) for task in plan])
    settings = {name: getattr(options, name) for name in ("walks", "seconds", "seed", "renders")}
    return {"schema": 1, "settings": settings, **_measured(walks, _Range(np.stack(rendered)))}


def write_strips(sheet: Path, strips: Sequence[Path]) -> None:
    """Write pictures of the same size below each other."""
    rows = [read_picture(strip) for strip in strips]
    with replacing(sheet) as part:
        Image.fromarray(np.concatenate(rows)).save(part, format="PNG")


def lines_of(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a result for people."""
    walks, pictures = result["walks"], result["pictures"]
    yield f"{walks['held']} of {walks['walks']} walks show nothing but pictures"
    yield f"pictures like renders: {pictures['invented']:.1%} (renders {pictures['renders']:.1%})"
    if kept := result["kept"]:
        yield (
            f"as painted: {kept['half']:.0%} of a picture (of one in twenty at most "
            f"{kept['twentieth']:.0%}, least {kept['least']:.0%}; {kept['pictures']} pictures)"
        )
    if room := result["room"]:
        yield f"nearest to a thing: {room['least']:.2f} m; inside one: {room['inside']:.1%}"
    for left in result["left"]:
        yield (
            f'walk {left["walk"]} ("{left["caption"]}"), {left["second"]:.0f} s, {left["memory"]}: '
            f"{left['figure']} {left['value']:.2f}"
        )


def controls(
    spec: WorldSpec, seconds: float, prompt: str, rng: np.random.Generator
) -> list[Control]:
    """Return a random walk, one control a block; it may change to `prompt`."""
    blocks, policy = round(seconds / spec.block_seconds), spec.policies[0]
    made: list[Control] = []
    while len(made) < blocks:
        change: dict[str, Any] = {}
        if rng.random() < CHANGE:
            change["prompt"] = prompt
        if rng.random() < CHANGE:
            policy = next_policy(policy, spec.policies)
            change["memory"] = MemorySetting(policy)
        walks = WALKED if "forward" in spec.axes else 0.0
        camera = CameraCommand(**_leg(rng, walks)).along(spec.axes)
        held = max(1, round(rng.uniform(*LEG_S) / spec.block_seconds))
        made += [Control(camera, **change), *[Control(camera)] * (held - 1)]
    return made[:blocks]


def _leg(rng: np.random.Generator, walks: float) -> dict[str, float]:
    """Return the held axes: none, one, or yaw and pitch at once, and sometimes a way to walk."""
    held = [(), ("yaw",), ("yaw",), ("pitch",), ("zoom",), ("yaw", "pitch")][rng.integers(6)]
    if walks and rng.random() < walks:
        held = *held, str(rng.choice(("forward", "forward", "right")))
    return {axis: float(rng.choice((-1.0, 1.0)) * rng.choice((1.0, 0.3))) for axis in held}


def _walked(
    index: int, options: WalkOptions, world: World, judge: Judge
) -> tuple[_Walk, list[np.ndarray]]:
    asked, other = (
        asked_scene(number, options.seed).caption for number in (index, MOST_WALKS + index)
    )
    rng = np.random.default_rng([options.seed, index])
    every = max(1, round(LOOK_S / world.spec.block_seconds))
    world.reset(Scene(asked, name=f"walk {index}"), index)
    seen, kept, views, memories, room = [], [], [], [], [np.nan]
    for number, control in enumerate(controls(world.spec, options.seconds, other, rng)):
        block = world.step(control)
        room[-1] = np.fmin(room[-1], _room(block))
        if number % every == every - 1:
            seen.append(block.at_rest[-1].copy())
            kept.append(_kept(world, block))
            views.append((block.poses[-1].pitch, block.poses[-1].fov))
            memories.append(block.memory.policy)
            room.append(np.nan)
    strip = [view[::2, ::2] for view in seen[:: -(-len(seen) // ACROSS)]]
    figures = _figures(np.stack(seen), judge)
    walk = _Walk(asked, figures, np.array(kept), views, tuple(memories), np.array(room[:-1]))
    return walk, strip


def _room(block: FrameBlock) -> float:
    """Return how far the walker is from the edge of the nearest thing in the way [m]; nan: none."""
    pose, ground = block.poses[-1], block.ground
    rooms = [
        hypot(thing.x - pose.x, thing.z - pose.z) - thing.firm
        for thing in (ground.things if ground else ())
        if thing.clearance
    ]
    return min(rooms, default=np.nan)


def _kept(world: World, block: FrameBlock) -> float:
    """Return how much of a block's last picture looks as it was painted; nan: unknown."""
    painted = world.painted(block.poses[-1])
    return np.nan if painted is None else 1.0 - visible_change(block.at_rest[-1], painted[0])


def _renders_to_see(options: WalkOptions, walks: list[_Walk]) -> Iterator[RendersTask]:
    """Yield renders that are tilted and zoomed like the walks' pictures.

    Held keys often end at the extreme view, and a wall seen from near shows little.
    """
    seen = [view for walk in walks for view in walk.views]
    rng = np.random.default_rng([options.seed, 2])
    for index in range(options.renders):
        picks = rng.integers(len(seen), size=VIEWS)
        yield RendersTask(index, tuple((rng.uniform(0.0, 360.0), *seen[pick]) for pick in picks))


def _rendered(task: RendersTask, options: WalkOptions, world: World, judge: Judge) -> np.ndarray:
    """Return figures of the renderer's views after the world's codec, float64 [VIEWS, 2 + D]."""
    pixels = asked_scene(2 * MOST_WALKS + task.index, options.seed).ring.pixels
    views = np.stack([view_at(pixels, *view) for view in task.views])
    return _figures(world.round_trip(views), judge)


def _figures(frames: np.ndarray, judge: Judge) -> np.ndarray:
    detail = [gradient_energy(frame) for frame in frames]
    strength = [saturation(frame) for frame in frames]
    return np.column_stack((detail, strength, judge.look(frames).features))


class _Range:
    """The range of the renderer's views: figures outside mean a collapsed picture."""

    def __init__(self, rendered: np.ndarray) -> None:
        """Take figures of scenes, float64 [scenes, views, 2 + D]."""
        self._spread = rendered[..., 2:].std((0, 1)) + 1e-9
        self._known = rendered[..., 2:] / self._spread
        scenes = range(len(rendered))
        own = [self.figures(rendered[i], np.delete(self._known, i, axis=0)) for i in scenes]
        plain = np.concatenate(own)
        self.low = np.quantile(plain, EDGE, axis=0) / SLACK
        self.high = np.quantile(plain, 1 - EDGE, axis=0) * SLACK
        self.low[-1] = 0.0  # no picture can look too familiar
        self.renders_within = float((~self.beyond(plain)).all(1).mean())

    def figures(self, seen: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
        """Return detail, saturation and strangeness of pictures, [T, 2 + D] -> [T, 3].

        Strangeness is the distance to the nearest known view in the judge's features.
        """
        known = (self._known if known is None else known).reshape(-1, self._known.shape[-1])
        gaps = np.linalg.norm(seen[:, None, 2:] / self._spread - known, axis=-1).min(1)
        return np.column_stack((seen[:, :2], gaps))

    def beyond(self, figures: np.ndarray) -> np.ndarray:
        """Return which figures lie beyond, bool [T, 3]."""
        outside: np.ndarray = (figures < self.low) | (figures > self.high)
        return outside


def _measured(walks: list[_Walk], limits: _Range) -> dict[str, Any]:
    within, left = [], []
    for index, walk in enumerate(walks):
        figures = np.column_stack((limits.figures(walk.figures), walk.kept))
        beyond = np.column_stack((limits.beyond(figures[:, :-1]), walk.kept < KEPT))
        within.append(~beyond.any(1))
        if beyond.any():
            picture, figure = (int(place) for place in np.argwhere(beyond)[0])
            left.append(
                {
                    "walk": index,
                    "caption": walk.caption,
                    "second": (picture + 1) * LOOK_S,
                    "memory": walk.memories[picture],
                    "figure": FIGURES[figure],
                    "value": float(figures[picture, figure]),
                }
            )
    ends = zip((*limits.low.tolist(), KEPT), (*limits.high.tolist(), 1.0), strict=True)
    kept = np.concatenate([walk.kept for walk in walks])
    invented = float(np.concatenate(within).mean())
    return {
        "range": dict(zip(FIGURES, map(list, ends), strict=True)),
        "pictures": {"invented": invented, "renders": limits.renders_within},
        "kept": _quantiles(kept[~np.isnan(kept)]),
        "room": _least(np.concatenate([walk.room for walk in walks])),
        "walks": {"walks": len(walks), "held": len(walks) - len(left)},
        "left": left,
    }


def _quantiles(kept: np.ndarray) -> dict[str, Any]:
    if not len(kept):
        return {}
    least, twentieth, half = np.quantile(kept, (0.0, 0.05, 0.5)).tolist()
    return {"pictures": len(kept), "least": least, "twentieth": twentieth, "half": half}


def _least(room: np.ndarray) -> dict[str, float]:
    if np.isnan(room).all():
        return {}
    return {"least": float(np.nanmin(room)), "inside": float((room < 0).mean())}
