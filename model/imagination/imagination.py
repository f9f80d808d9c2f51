"""Invents views that were never seen: they are planned, then painted.

A plan is a function of prompt and seed; a painting is one of the known surroundings, the prompt,
the planned things, the seed and the place: the same calls in the same order give the same world,
bit for bit. No state is kept in between, and nothing depends on time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.details import GivenPicture
from mag_sandbox.model.imagination.drawing.close_up import CloseUps
from mag_sandbox.model.imagination.drawing.refiner import Refine, Refiner
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.ground import TILE
from mag_sandbox.model.imagination.objects import (
    ObjectTable,
    PlacedObject,
    Things,
    covering_objects,
    object_table,
    together,
)
from mag_sandbox.model.imagination.painter import Painter, sketched_cells
from mag_sandbox.model.imagination.planner import FIELDS, placed_objects
from mag_sandbox.model.imagination.reading.outlines import UPRIGHT, agreeing, owners_seen
from mag_sandbox.model.imagination.reading.relief import Reliefs
from mag_sandbox.model.imagination.reading.walls import WALL, as_far_as_shown, facing
from mag_sandbox.model.imagination.rules.behind import with_backs_shown
from mag_sandbox.model.imagination.rules.filling import farther_first, with_nearer_feet
from mag_sandbox.model.imagination.rules.footprints import with_own_ground
from mag_sandbox.model.imagination.rules.life_sizes import with_life_sizes
from mag_sandbox.model.imagination.rules.lining import side_by_side, with_lit_walls
from mag_sandbox.model.imagination.rules.plans import (
    RingPicture,
    as_seen,
    boxes,
    in_natural_colors,
    in_shade,
    likeness,
    with_bare_walls,
    with_even_ground,
    with_few_uninvited,
    with_grey_streets,
    with_joined_bands,
    with_plain_ways,
    with_told_hues,
    without_beams,
)
from mag_sandbox.model.imagination.rules.plausible import (
    below_ceiling,
    none_too_large,
    plausible,
)
from mag_sandbox.model.imagination.rules.relations import heaped
from mag_sandbox.model.imagination.rules.roads import beside_roads
from mag_sandbox.model.imagination.rules.shores import (
    up_to_horizon,
    with_bridges_across,
    with_long_lakes,
    with_sailing_boats,
)
from mag_sandbox.model.imagination.rules.sketched import kept_as_sketched, with_gradients
from mag_sandbox.model.imagination.rules.spacing import with_creatures_in_front
from mag_sandbox.model.imagination.rules.stages import (
    with_full_stage,
    with_loaded_stands,
    with_named_ahead,
)
from mag_sandbox.model.imagination.rules.wanted import NOTHING_WANTED, Wanted
from mag_sandbox.model.imagination.rules.weather import (
    has_dark_sky,
    in_fog,
    in_weather,
    with_discs_shown,
    with_sky_in_windows,
)
from mag_sandbox.model.imagination.sketch import Sketcher
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings, in_pixels
from mag_sandbox.model.imagination.weights import (
    ImaginationNetworks,
    load_networks,
    read_imagination_config,
    require_networks,
)
from mag_sandbox.model.world import Frames
from mag_sandbox.scenes.kinds import DRAWN_AS, FALLING, WATERS
from mag_sandbox.scenes.naming import Named, kinds_named
from mag_sandbox.scenes.stances import where_of

_ATTEMPTS, _OTHER = 4, 1000  # of a plan by day, and between the seeds of their noise
_SPRITES = 256  # that are kept
_BEGINNINGS = 64  # of plans, of which one is to resemble the given picture
VISIBLE, VISIBLE_WATER = 0.2, 0.1  # share of a thing that shows of a visible one
BESIDE = 2  # cells beyond the edge of a view that still say how it looks there
Each = Callable[[Callable[[Place], Tensor], Iterable[Place]], Iterable[Tensor]]  # `map`, or like it


class Coder(NamedTuple):
    """The autoencoder of the memory's latents."""

    encode: Callable[[Frames], Tensor]  # uint8 [T, H, W, 3] -> fp32 [T, C, h, w]
    decode: Callable[[Tensor], Tensor]  # [T, C, h, w] -> [T, 3, H, W] in about [-1, 1]
    stride: int  # px of a cell

    @classmethod
    def of(cls, autoencoder: Autoencoder) -> "Coder":
        """Return one that runs an autoencoder as a module, in fp32."""
        return cls(
            lambda frames: autoencoder.encode(to_pictures(frames)),
            autoencoder.decode,
            autoencoder.config.stride,
        )


def coded_sizes(view: tuple[int, int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the rows and columns of latents that are often decoded, and of those often encoded.

    The former are those of tiles and of views, the latter those of views.
    """
    tile, wider = ((rows + 2 * BESIDE, columns + 2 * BESIDE) for rows, columns in (TILE, view))
    return [tile, wider], [wider]


class Subject(NamedTuple):
    """The subject of a painting."""

    prompt: Tensor  # text features, [1, text_len, text_dim]
    seed: int  # of the noise; each cell has its own
    things: Sequence[PlacedObject] = ()  # what stands around, from far to near
    seen: np.ndarray | None = None  # of the ring from elsewhere; see `Sketch.carried_over`
    viewpoint: tuple[float, float] = (0.0, 0.0)  # x and z [m]


class Imagination:
    """Invents views.

    imagination = load_imagination(IMAGINATION_WEIGHTS, Coder.of(autoencoder), matmul_attention)
    things = imagination.plan(prompt, empty, seed=1)
    pose = imagination.lattice.nearest(CameraPose())
    around = imagination.imagine(imagination.nothing(), pose, Subject(prompt, 1, things))
    latents = imagination.view(around, pose)  # [1, 32, 12, 20], for the memory's decoder
    """

    def __init__(
        self, config: ImaginationConfig, load: Callable[[], ImaginationNetworks], coder: Coder
    ) -> None:
        """Take networks, which are loaded at the first plan, painting or reading."""
        self.config, self._load, self._loading = config, load, Lock()
        self._ring = config.painter.ring
        self.lattice = Lattice(*self._ring, config.painter.view)
        self.ahead = self.lattice.place(self.lattice.nearest(CameraPose()))  # the first view
        self._coder, self.stride = coder, coder.stride  # px of a cell
        self._margin = BESIDE * coder.stride
        self._reliefs = Reliefs(self.ring_size[1])
        sprite_of = lru_cache(_SPRITES)(lambda thing: self.sprites([thing]).get(0))
        self.close_ups = CloseUps(
            lambda: self._networks.close_up, config.kinds, lambda one: sprite_of(_anywhere(one)),
            lambda: _dtype(self._networks.painter),
        )  # fmt: skip
        # of a plan, for every block
        self.visible = lru_cache(2)(lambda things: _visible(things, self._sketcher, config))
        # the refiner as it runs; None: there is none
        self.refine: Callable[[], Refine | None] = lambda: self._networks.refine
        # loads the networks, which otherwise happens when they are first needed
        self.prepare: Callable[[], Sketcher] = lambda: self._sketcher

    @property
    def _networks(self) -> ImaginationNetworks:
        with self._loading:  # the world and its painting thread may be first at once
            return self._loaded

    @cached_property
    def _loaded(self) -> ImaginationNetworks:
        networks = self._load()
        for network in networks.parts().values():
            network.eval()
        return networks

    @cached_property
    def _sketcher(self) -> Sketcher:
        return self._networks.sketcher(self._coder.stride)

    def nothing(self) -> Surroundings:
        """Return the surroundings of a world that begins."""
        return Surroundings.unknown(*self._ring, self.config.painter.dit.channels)

    @torch.inference_mode()
    def seen(
        self,
        around: Surroundings,
        pose: CameraPose,
        latents: Tensor,
        only: np.ndarray | None = None,
    ) -> Surroundings:
        """Return surroundings with a view that was given, not invented.

        Args:
            around: the known surroundings.
            pose: of the view, on the lattice.
            latents: of the memory, normalised, [1, C, rows, columns].
            only: cells of the whole ring that it shows, bool; None: all.
        """
        pictures = self._pictures(latents)
        wider = nn.functional.pad(pictures, (self._margin,) * 4, mode="replicate")
        inner = self._encoded(wider)[0, :, BESIDE:-BESIDE, BESIDE:-BESIDE]
        return around.learned(self.lattice.place(pose), inner.cpu().numpy(), only)

    def plan(
        self,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        wanted: Wanted = NOTHING_WANTED,
        behind: Sequence[PlacedObject] = (),
        shown: Sequence[PlacedObject] = (),
    ) -> tuple[PlacedObject, ...]:
        """Return the things that stand around in a world, from far to near.

        Args:
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt.
            seed: of the noise.
            wanted: the things that the prompt's words name.
            behind: the things behind all others; (): they are planned, too.
            shown: the things in a given level view, whose middle is at yaw 0.
        """
        config = self.config.planner
        shape, planner = (config.plans, config.most, len(FIELDS)), self._networks.planner
        for attempt in range(_ATTEMPTS):
            noise = np.random.default_rng([seed, 1 + attempt * _OTHER]).random(shape)
            if behind and shown:
                others = planner.elsewhere(prompt, empty, noise, (*behind, *shown), wanted)
                things = together(shown, others)
            else:
                things = planner.plan(prompt, empty, noise, wanted, behind)[len(behind) :]
            if behind or not (wanted.by_day and has_dark_sky(things)):
                break
        drawn = np.random.default_rng([seed, 7])
        things = with_full_stage((*behind, *things), self.config.looks, drawn, shown)
        things = with_lit_walls(things) if shown else with_named_ahead(things, wanted.named)
        things = with_sailing_boats(things, wanted.named, shown)
        things = with_few_uninvited(things, (*wanted.named, *wanted.typical), shown)
        if not behind:
            ground = with_plain_ways(with_grey_streets(with_even_ground(things)))
            things = up_to_horizon(ground)
        gone = {*wanted.absent, *wanted.uninvited, *(() if shown else wanted.strays)}
        things = [thing for thing in things if thing.kind not in gone or thing in shown]
        things = with_loaded_stands(things, {*self.config.looks} - gone, drawn, shown)
        if wanted.walls and not behind:
            things = with_bare_walls(things, wanted.walls)
        things = with_sky_in_windows(things, wanted.outside) if wanted.outside else things
        if not behind:
            things = _as_described(things, wanted)
        elif not shown:
            things = with_told_hues(things, wanted.named)
        else:
            said = kinds_named(wanted.named)
            things = with_nearer_feet(none_too_large(things, said, shown), shown)
        things = below_ceiling(things, shown)
        return tuple(in_fog(things, wanted) if wanted.in_fog else things)

    def owners(self, things: Sequence[PlacedObject]) -> np.ndarray:
        """Return the place in a plan of each pixel's thing, -1: one behind all, int32 [H, W]."""
        return self._sketcher.owners(_painted_as(things, self._sketcher, self.config))

    @torch.inference_mode()
    def sketched(
        self, around: Surroundings, place: Place, things: Sequence[PlacedObject]
    ) -> Surroundings:
        """Return surroundings that show a plan's sketch where a place was unknown.

        Args:
            around: the known surroundings.
            place: as large as a view.
            things: of the plan, from far to near.
        """
        rows = np.arange(place.top - BESIDE, place.top + place.rows + BESIDE)
        columns = np.arange(place.left - BESIDE, place.left + place.columns + BESIDE)
        table = _painted_as(with_gradients(things), self._sketcher, self.config)
        sketch, _ = self._sketcher.draw(table, rows, columns)
        latents = self._encoded(torch.from_numpy(sketch.picture)[None])[0]
        inner = latents[:, BESIDE:-BESIDE, BESIDE:-BESIDE]
        return around.learned(place, inner.float().cpu().numpy())

    def drawn_sketch(
        self, things: Sequence[PlacedObject], place: Place, viewpoint: tuple[float, float]
    ) -> np.ndarray:
        """Return the sketch of a place, float32 [4, H, W]: colours in [0, 1], 1 where things stand.

        Args:
            things: of the plan, from far to near.
            place: may reach beyond the ring.
            viewpoint: of the ring, x and z [m].
        """
        rows = np.arange(place.top, place.top + place.rows)
        columns = np.arange(place.left, place.left + place.columns)
        table = _painted_as(things, self._sketcher, self.config)
        halves = []
        for some in np.array_split(columns, 2):  # a thing at the seam shows at both ends of a ring
            sketch, owners = self._sketcher.draw(table, rows, some, viewpoint)
            colors = ((sketch.picture + 1) / 2).clip(0, 1)  # sprites reach beyond
            halves.append(np.concatenate((colors, (owners >= 0)[None])))
        return np.concatenate(halves, axis=2, dtype=np.float32)

    def sprites(self, things: Sequence[PlacedObject]) -> dict[int, np.ndarray]:
        """Return the sprites of a plan's things by their places in it; see `Sketcher.sprites`."""
        return self._sketcher.sprites(_painted_as(things, self._sketcher, self.config))

    def behind_all(self, things: Sequence[PlacedObject]) -> list[PlacedObject]:
        """Return the things of a plan that are behind all others: sky, walls, ground."""
        known = self.config.all_behind
        return list(takewhile(lambda thing: thing.kind in known, things))

    @torch.inference_mode()
    def behind_seen(
        self,
        prompt: Tensor,
        empty: Tensor,
        seed: int,
        around: Surroundings,
        wanted: Wanted = NOTHING_WANTED,
        shown: Sequence[PlacedObject] = (),
    ) -> list[PlacedObject]:
        """Return the things behind all others in a given world; [] if nothing is given.

        That is the beginning of a plan, of many, whose colours are nearest to the known picture.
        Things in the picture decide on the kind of scene, then words.
        """
        if not around.known.any():
            return []
        shape = _BEGINNINGS, len(self.config.all_behind), len(FIELDS)
        noise = np.random.default_rng([seed, 3]).random(shape)
        if shown:
            wanted = Wanted([*wanted.named, *(Named((thing.kind,), None) for thing in shown)])
        drawn = self._networks.planner.draw(prompt, empty, noise, wanted=wanted)
        plans = (placed_objects(things, self.config.looks) for things in drawn.things)
        pixels = to_frames(self._pictures(torch.from_numpy(around.latents)[None]))[0]
        known = in_pixels(around.known, len(pixels))
        sight = RingPicture(pixels, known, boxes(shown, known.shape))
        best = max(map(self.behind_all, plans), key=lambda behind: likeness(behind, sight))
        behind, walls = facing(without_beams(as_seen(best, sight))), self._networks.walls
        is_room = any(thing.kind == WALL for thing in behind)
        if walls is None or not is_room or not around.at(self.ahead).known.all():
            return behind
        slopes = walls.read(self.picture(around, self.ahead)[0])
        return as_far_as_shown(behind, slopes, self.ring_size[1] / (2 * np.pi))

    @torch.inference_mode()
    def read(self, around: Surroundings, given: GivenPicture | None = None) -> list[PlacedObject]:
        """Return the things of the level view ahead, from far to near; [] if it is not known.

        Args:
            around: the known ring.
            given: the picture that the view was given as, if any.
        """
        view = around.at(self.ahead)
        if not view.known.all():
            return []
        latents = torch.from_numpy(view.latents)[None]
        reader, kinds = self._networks.reader, self.config.kinds
        things = reader.read(latents, kinds)
        if self._networks.relief is None:
            return things
        picture = self.picture(around, self.ahead)[0].float()
        if given is not None:
            picture = given.over(picture, view.latents, view.known)
        relief = self._reliefs.of(self._networks.relief, picture)
        standing = [kind for kind in kinds if where_of(kind) in UPRIGHT]
        namer = reader.namer(latents, kinds, standing)
        return agreeing(things, relief, namer, 360 / self.ring_size[1])

    def owners_in(
        self,
        owners: np.ndarray,
        scenery: Scenery,
        place: tuple[float, float],
        picture: np.ndarray,
        known: np.ndarray,
    ) -> np.ndarray:
        """Return which thing of a plan each pixel of a ring shows; see `owners`.

        What was read in a given picture has the pixels that stand out there.

        Args:
            owners: as the plan has it.
            scenery: the plan in metres.
            place: viewpoint of the ring, x and z [m].
            picture: the ring, float32 [3, H, W] in [-1, 1].
            known: which of its pixels are, bool [H, W].
        """
        network = self._networks.relief
        things = scenery.measured(owners.shape)
        if network is None or place != (0.0, 0.0) or not things:
            return owners
        relief = self._reliefs.ring(network, picture, known, self.view_size)
        return owners_seen(owners, things, *relief)

    @torch.inference_mode()
    def imagine(self, around: Surroundings, pose: CameraPose, subject: Subject) -> Surroundings:
        """Return surroundings that know the view at a pose; its known parts stay."""
        place = self.lattice.place(pose)
        if around.at(place).known.all():
            return around
        return self._painted(around, place, subject)

    @torch.inference_mode()
    def repainted(
        self, around: Surroundings, place: Place, cells: np.ndarray, subject: Subject
    ) -> Surroundings:
        """Return surroundings in which some cells of a place were forgotten and painted anew.

        Args:
            around: the known part of the ring.
            place: at most a view.
            cells: within it, bool [rows, columns].
            subject: of the painting.
        """
        view = self.lattice.place(self.lattice.around(place))
        painted = self._painted(around.without(cells), view, subject)
        return around.replaced(cells, painted)

    @torch.inference_mode()
    def view(self, around: Surroundings, pose: CameraPose) -> Tensor:
        """Return the latents of a known view as of a picture, normalised, [1, C, rows, columns].

        Painted latents are cut out of a ring, where an edge also depends on the cells beyond it,
        while a picture has nothing beyond its edge. So the view is decoded with the known cells
        beside it, cut out, and encoded.

        Raises:
            ValueError: some of it is not known.
        """
        place = self.lattice.place(pose)
        if not around.at(place).known.all():
            raise ValueError(f"the view at {pose} is not known; imagine it first")
        return self._encoded(self.picture(around, place))

    @torch.inference_mode()
    def picture(self, around: Surroundings, place: Place) -> Tensor:
        """Return the picture of a place, as a screen shows it, [1, 3, H, W] in [-1, 1].

        Unknown cells look like the nearest known one.
        """
        wider = torch.from_numpy(around.beside(place, BESIDE))[None]
        edge = self._margin
        return self._pictures(wider)[..., edge:-edge, edge:-edge]

    @torch.inference_mode()
    def encoded_part(self, picture: Tensor, each: Each = map) -> np.ndarray:
        """Return the latents of a picture of whole views, [3, H, W] -> fp32 [C, rows, columns]."""
        edge, (height, width) = self._margin, self.view_size
        wide = nn.functional.pad(picture[None], (edge,) * 4, mode="replicate")

        def encoded(place: Place) -> Tensor:
            top, left = place.top * self.stride, place.left * self.stride
            part = wide[..., top : top + height + 2 * edge, left : left + width + 2 * edge]
            return self._encoded(part)[..., BESIDE:-BESIDE, BESIDE:-BESIDE]

        rows, columns = (size // self.stride for size in picture.shape[1:])
        place = Place(0, 0, rows, columns)
        whole: np.ndarray = _in_views(encoded, place, self.lattice, each)[0].float().cpu().numpy()
        return whole

    def _pictures(self, latents: Tensor) -> Tensor:
        """Return whole-numbered pictures of latents, as a screen shows them, in [-1, 1]."""
        pictures = self._coder.decode(latents)
        return to_pictures(to_frames(pictures), pictures.dtype)

    def _encoded(self, pictures: Tensor) -> Tensor:
        """Return the memory's latents of pictures, fp32."""
        return self._coder.encode(to_frames(pictures))

    @property
    def view_size(self) -> tuple[int, int]:
        """Height and width of a view [px]."""
        rows, columns = self.config.painter.view
        return self.stride * rows, self.stride * columns

    @property
    def ring_size(self) -> tuple[int, int]:
        """Height and width of the whole ring [px]."""
        return self.stride * self._ring[0], self.stride * self._ring[1]

    def _painted(self, around: Surroundings, place: Place, subject: Subject) -> Surroundings:
        rows = np.arange(place.top, place.top + place.rows)
        columns = np.arange(place.left, place.left + place.columns) % self._ring[1]
        table = _painted_as(subject.things, self._sketcher, self.config)
        sketch, owners = self._sketcher.draw(table, rows, columns, subject.viewpoint)
        objects = covering_objects(table, rows, columns, self._ring[1], owners)
        seen = subject.seen
        if seen is not None:
            down, across = (_pixels_of(each, self.stride) for each in (rows, columns))
            seen = sketch.with_pattern(seen[down[:, None], across])
        is_odd = kept_as_sketched(subject.things, owners)
        if is_odd.any():
            seen = sketch.seen(is_odd, seen)
        if seen is not None:
            sketch = sketch.carried_over(seen)
        sketched = sketched_cells([sketch], self._encoded)
        shape = self.config.painter.dit.channels, *self._ring
        drawn = np.random.default_rng([subject.seed, 2]).standard_normal(shape, np.float32)
        noise = torch.from_numpy(drawn[:, rows][:, :, columns])
        there = around.at(place)
        painter = self._networks.painter
        latents = painter.paint(
            objects.batch(), sketched.cpu(), torch.from_numpy(rows)[None],
            torch.from_numpy(there.latents)[None], torch.from_numpy(there.known)[None], noise[None],
            painter.text_keys(subject.prompt.to(_dtype(painter))),
        )  # fmt: skip
        return around.learned(place, latents[0].numpy())


def columns_ahead(imagination: Imagination) -> np.ndarray:
    """Return which columns of the ring's pixels the first view shows, bool [W]."""
    cells = imagination.nothing().mask(imagination.ahead)
    return np.asarray(in_pixels(cells, imagination.ring_size[0]).any(axis=0))


@torch.inference_mode()
def decoded_ring(imagination: Imagination, around: Surroundings, each: Each = map) -> Tensor:
    """Return the picture of a ring where it is known, [1, 3, H, W]; unknown views are 0."""
    left = _after_gap(around.known)

    def picture(place: Place) -> Tensor:
        if around.at(place).known.any():
            return imagination.picture(around, place)
        return torch.zeros(1, 3, *imagination.view_size)

    lattice = imagination.lattice
    whole = _in_views(picture, replace(lattice.whole, left=left), lattice, each)
    return whole.roll(left * imagination.stride, dims=-1)


def _after_gap(known: np.ndarray) -> int:
    """Return the column after the most columns of which nothing is known; 0: there are none."""
    columns = np.flatnonzero(known.any(axis=0))
    if len(columns) in (0, known.shape[1]):
        return 0
    gaps = (columns - np.roll(columns, 1)) % known.shape[1]
    return int(columns[gaps.argmax()])


def _pixels_of(cells: np.ndarray, stride: int) -> np.ndarray:
    pixels: np.ndarray = np.arange(stride) + stride * cells.reshape(-1, 1)
    return pixels.ravel()


def _in_views(
    make: Callable[[Place], Tensor], whole: Place, lattice: Lattice, each: Each
) -> Tensor:
    """Return pictures or latents of a place, made a view at a time and put together.

    Args:
        make: returns those of a view's place, [B, C, H, W].
        whole: the place; whole views fill it.
        lattice: of views.
        each: `map`, or like it on several threads.
    """
    height, width = lattice.view
    lefts = range(whole.left, whole.left + whole.columns, width)
    tops = range(whole.top, whole.top + whole.rows, height)
    views = iter(each(make, [Place(top, left, height, width) for top in tops for left in lefts]))
    bands = [torch.cat([next(views) for _ in lefts], dim=-1) for _ in tops]
    return torch.cat(bands, dim=-2)


def _painted_as(
    things: Sequence[PlacedObject], sketcher: Sketcher, config: ImaginationConfig
) -> ObjectTable:
    """Return things of kinds and shapes that can be painted."""
    drawn = [
        replace(one, kind=DRAWN_AS[one.kind])
        if one.kind in DRAWN_AS and DRAWN_AS[one.kind] in config.looks
        else one
        for one in with_joined_bands(things)
    ]
    return sketcher.with_shapes(object_table(drawn, config.looks, config.painter.ring))


def _visible(things: Things, sketcher: Sketcher, config: ImaginationConfig) -> tuple[int, ...]:
    """Return the places, in a plan, of the things most of which no nearer ones hide.

    Falling rain and snow hide nothing, and are left out.
    """
    there = [place for place, one in enumerate(things) if one.kind not in FALLING]
    shares = sketcher.shown(_painted_as([things[one] for one in there], sketcher, config))
    return tuple(
        place for place, share in zip(there, shares, strict=True)
        if share >= (VISIBLE_WATER if things[place].kind in WATERS else VISIBLE)
    )  # fmt: skip


def _as_described(things: Sequence[PlacedObject], wanted: Wanted) -> list[PlacedObject]:
    """Return things planned without a picture, plausible, in the light and weather of words."""
    things = in_natural_colors(things, wanted.named)
    things = with_bridges_across(plausible(things, wanted.named, wanted.typical), wanted.named)
    things = farther_first(with_creatures_in_front(things, wanted.named), wanted.named)
    things = heaped(with_long_lakes(with_life_sizes(things, wanted.named)), wanted.named)
    things = beside_roads(side_by_side(things), wanted.named)
    things = with_backs_shown(with_own_ground(things, wanted.named), wanted.named)
    things = with_discs_shown(things, wanted.named)
    return in_weather(in_shade(things, wanted.shade), wanted)


def load_imagination(
    folder: Path,
    coder: Coder,
    kernel: AttentionKernel,
    run_by: Callable[[Painter], Painter] = lambda painter: painter,
    refined_by: Callable[[Refiner], Refine] = lambda refiner: refiner,
) -> Imagination:
    """Return the imagination of a folder of weights, which are read when first needed."""
    config = read_imagination_config(folder)
    require_networks(folder)

    def load() -> ImaginationNetworks:
        networks = load_networks(folder, kernel)
        networks.planner.requires_grad_(False)  # its steps are too small to gain by fewer bits
        networks.painter = run_by(networks.painter.requires_grad_(False))
        if networks.refiner is not None:
            networks.refine = refined_by(networks.refiner.requires_grad_(False))
        return networks

    return Imagination(config, load, coder)


def _anywhere(thing: PlacedObject) -> PlacedObject:
    """Return a thing without its place and size, on which its sprite does not depend."""
    return replace(thing, yaw=0.0, pitch=0.0, width=1.0, height=1.0, away=None)


def _dtype(module: torch.nn.Module) -> torch.dtype:
    return next(module.parameters()).dtype
