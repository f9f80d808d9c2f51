"""`python -m training colors`: which colours the painter gives to things of each kind.

Three things at a time stand on open ground in a colour that words name. They take it if more of
their pixels have its name, or one that people take for it, than when they are painted in others;
and they have the colours that they usually have.
"""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.imagination import Subject, decoded_ring
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.plans import AROUND, colored, with_colored_waters
from mag_sandbox.model.imagination.surroundings import Surroundings
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.pocket.painting.painting import PaintingInventor, Plan
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control
from mag_sandbox.scenes import Scene
from mag_sandbox.scenes.color_names import COLORS, color_name
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.looks import PAINTED_COLORS, usual_looks
from mag_sandbox.scenes.naming import Named
from mag_sandbox.training.options import ColorOptions

logger = logging.getLogger(__name__)

OBEYED = 0.15  # share of a thing's pixels, beyond what it is in the median of other colours
SEEDS = 2  # of the noise; their shares are averaged
SIDE = 22.0  # degrees of a thing's longer side
SPOTS = -28.0, 0.0, 28.0  # degrees to the right of the middle
TOP = -2.0  # degrees above the horizon
ALIKE = {
    "gold": ("yellow", "orange"), "yellow": ("gold",), "orange": ("gold",), "brown": ("wooden",),
    "wooden": ("brown", "orange"), "teal": ("blue", "green"), "white": ("cream",),
    "cream": ("white",), "grey": ("black", "white"),
}  # fmt: skip
_UNSURE = {  # by eye, where no threshold tells: half of the pictures show these in orange
    "camel": ("white",), "fox": ("cream", "white"),
}  # fmt: skip
_SEEN = {
    "gate": ("red",)
}  # by eye, too: six of six pictures show it, between posts of another colour
_PLACE = "a meadow"


def write_colors(options: ColorOptions) -> None:
    """Measure all kinds in all named colours, and write those that each of them takes."""
    world = load_world("pocket")
    assert isinstance(world, DiffusionWorld) and world.painting is not None
    try:
        world.reset(Scene(prompt=_PLACE, seed=5), 5)
        while world.painting.plan is None:
            world.step(Control())
        lines = sorted(_lines(world.painting, world.painting.plan))
    finally:
        world.close()
    replace_file(options.file or PAINTED_COLORS, "\n".join((_HEAD, *lines, "")))


_HEAD = "# colours that things of a kind are painted in; written by `python -m training colors`"


def _lines(painting: PaintingInventor, plan: Plan) -> Iterator[str]:
    looks = usual_looks()
    known = [
        kind
        for kind in THINGS
        if kind in painting.imagination.config.looks and kind in looks
        and THINGS[kind].width < AROUND
    ]  # fmt: skip
    behind = [thing for thing in plan.things if thing.width >= AROUND]
    for first in range(0, len(known), len(SPOTS)):
        kinds = known[first : first + len(SPOTS)]
        shares = np.stack([_shares(painting, behind, kinds, name) for name in COLORS])
        for place, kind in enumerate(kinds):
            more = shares[:, place] - np.median(shares[:, place], axis=0)
            usual = {color_name(look.color) for look in looks[kind].looks}
            taken = [
                name
                for number, name in enumerate(COLORS)
                if name not in _UNSURE.get(kind, ())
                and (
                    more[number, number] >= OBEYED
                    or name in _SEEN.get(kind, ())
                    or not usual.isdisjoint((name, *ALIKE.get(name, ())))
                )
            ]
            yield f"{kind}: {' '.join(taken)}".strip()
        logger.info("%s", ", ".join(kinds))


def _shares(
    painting: PaintingInventor, behind: Sequence[PlacedObject], kinds: Sequence[str], name: str
) -> np.ndarray:
    """Return which shares of things painted in a colour have each colour, [kinds, colours]."""
    imagination, (prompt, _) = painting.imagination, painting.texts(_PLACE)
    pose = imagination.lattice.nearest(CameraPose())
    named = [Named((kind,), COLORS[name], 1, 1, 1.0) for kind in kinds]
    spots = zip(kinds, SPOTS, strict=False)
    stood = [_stood(kind, (pose.yaw + yaw) % 360) for kind, yaw in spots]
    things = [*behind, *with_colored_waters(colored(stood, named), named, (1.0,) * 3)]
    owners, shares = imagination.owners(things), []
    for seed in range(SEEDS):
        subject = Subject(prompt, seed, things)
        pixels = _painted(painting, pose, subject)
        parts = (pixels[owners == len(behind) + place] for place in range(len(kinds)))
        shares.append([_named_shares(part) for part in parts])
    means: np.ndarray = np.mean(shares, axis=0)
    return means


def _stood(kind: str, yaw: float) -> PlacedObject:
    usual, look = THINGS[kind], usual_looks()[kind].looks[0]
    scale = SIDE / max(usual.width, usual.height)
    width, height = usual.width * scale, usual.height * scale
    return PlacedObject(
        kind, yaw, TOP - SIDE / 2 + height / 2, width, height, look.color, look.mean_color,
        look.variant,
    )  # fmt: skip


def _painted(painting: PaintingInventor, pose: CameraPose, subject: Subject) -> np.ndarray:
    imagination = painting.imagination
    made = imagination.imagine(imagination.nothing(), pose, subject)
    latents = np.where(made.known, made.latents, np.float32(0))
    whole = Surroundings(np.ones_like(made.known), latents)
    picture: np.ndarray = to_frames(decoded_ring(imagination, whole, painting.thread.map))[0]
    return picture


def _names(name: str) -> tuple[str, ...]:
    return name, *ALIKE.get(name, ())


def _named_shares(pixels: np.ndarray) -> list[float]:
    """Return the shares of pixels that have each colour, or one that people take for it."""
    names = [color_name(pixel) for pixel in pixels[:: max(1, len(pixels) // 300)].tolist()]
    return [sum(one in _names(name) for one in names) / max(len(names), 1) for name in COLORS]
