"""The layer over painted rings: refined ground, things drawn again, and a given view."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.parallax import DISTANT
from mag_sandbox.model.imagination.details import GivenPicture, alike
from mag_sandbox.model.imagination.drawing.last_made import LastMade, digest_of
from mag_sandbox.model.imagination.drawing.redrawing import RedrawnThings, StandingThings
from mag_sandbox.model.imagination.drawing.refining import RefinedRing, RefinedRings, settled
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.geometry.skies import PlannedSky, before_sky, unsure_in
from mag_sandbox.model.imagination.ground import TILE, DecodedGround, ViewCutter
from mag_sandbox.model.imagination.imagination import BESIDE, Imagination, columns_ahead
from mag_sandbox.model.imagination.objects import Things
from mag_sandbox.model.imagination.pixels import widened_around
from mag_sandbox.model.imagination.surroundings import Place, Surroundings, in_pixels
from mag_sandbox.model.pocket.painting.drawing_again import GroundThings
from mag_sandbox.scenes.kinds import CLOUD
from mag_sandbox.scenes.stances import STANCES

_START = 0.0, 0.0
_TILE = 2 * TILE[0], 2 * TILE[1]  # rows and columns of cells
_RINGS = 3  # whose things were drawn last: that shown, one under way, one to walk away from
Made = TypeVar("Made")
_REACH = 12  # cells by which things of a tile may reach beyond it; they are drawn when whole


class _LastRings(Generic[Made]):
    """What was made last of some grounds; threads may share it.

    ring = rings.found(ground, lambda: draw(ground))
    """

    def __init__(self) -> None:
        self._made: list[tuple[GroundThings, Made]] = []

    def found(self, ground: GroundThings, make: Callable[[], Made]) -> Made:
        """Return what was made of ground if it is kept; else make it."""
        for known, made in self._made:  # which another thread may replace
            if ground.equals(known):
                return made
        made = make()
        self._made = [*self._made[1 - _RINGS :], (ground, made)]
        return made


class PaintedDetails:
    """Shows ground drawn again, and a given view, over painted rings; threads may share it.

    Pictures of them have four channels: colours times shares, and shares; those of views have a
    fifth one, `before_sky` of the plan.
    """

    def __init__(
        self,
        imagination: Imagination,
        decoded: DecodedGround,
        other: DecodedGround,
        redrawn: RedrawnThings,
        refined: RefinedRings,
    ) -> None:
        """Begin with no pictures.

        Args:
            imagination: decodes rings, and knows where things of plans stand.
            decoded: the ring where a scene begins.
            other: likewise, at another moment.
            redrawn: draws things again.
            refined: refines rings.
        """
        self._imagination, self._decoded = imagination, decoded
        self._redrawn, self._refined, self._other = redrawn, refined, other
        behind = imagination.config.all_behind
        self._scenery = lru_cache(2)(lambda things: Scenery.of(things, STANCES, behind))
        self._standing = lru_cache(2)(self._standing_of)
        self._planned_sky = lru_cache(2)(self._planned_sky_of)
        self._rings, self._crisp = _LastRings[np.ndarray](), _LastRings[np.ndarray | None]()
        self._lock = Lock()
        self._given: GivenPicture | None = None
        self._first: np.ndarray | None = None
        self._drawn: GroundThings | None = None
        self._things: Things | None = ()
        self._begin(None)

    @torch.inference_mode()
    def views(
        self,
        around: Surroundings,
        poses: Sequence[CameraPose],
        given: GivenPicture | None = None,
        drawn: GroundThings | None = None,
        things: Things | None = (),
    ) -> Tensor | None:
        """Return the layer over views near to each other, [F, 5, H, W]; None: it is empty.

        Args:
            around: the known ring.
            poses: of the views.
            given: the view that the scene begins from, if any.
            drawn: ground that is drawn again; where it changed since, it is refined alone.
            things: of the present plan, and the player's; (): there is no plan. None: there will be
                one, and until then a stopgap is beside the given view.
        """
        with self._lock:
            self._follow(given, drawn, things)
            different = list(dict.fromkeys(poses))  # at rest, all frames have the same one
            unknown = self._imagination.lattice.whole.columns
            views = self._views.views(around, different, unknown=unknown)
        assert views is not None
        if not (views[:, 3] > 0).any():  # beside a thing, shares are a little below 0
            return None
        return views if different == list(poses) else views[[different.index(one) for one in poses]]

    @torch.inference_mode()
    def first_ring(
        self,
        around: Surroundings,
        given: GivenPicture | None = None,
        drawn: GroundThings | None = None,
    ) -> np.ndarray:
        """Return the layer over the ring where a scene begins, [4, H, W]; see `views`."""
        with self._lock:
            self._follow(given, drawn, drawn.things if drawn else ())
            found = self._ground.known(around, self._imagination.lattice.whole)
        if found is None:
            return np.zeros((4, *self._imagination.ring_size), np.float32)
        ring: np.ndarray = found[0, :4].numpy()
        return ring

    @torch.inference_mode()
    def refined(self, ground: GroundThings) -> np.ndarray | None:
        """Return the ring where a scene begins, refined, float32 [3, H, W]; None: it cannot be.

        The painting thread asks for it with each view.
        """
        return self._crisp.found(ground, lambda: self._refined_of(ground))

    @torch.inference_mode()
    def refined_ring(self, ground: GroundThings) -> RefinedRing:
        """Return the ring to be cut into layers: `refined`, and painted cells finer.

        The things in it are those that `drawn_again` drew, so they are not drawn once more.
        """
        around = ground.around
        colors, crisp = self._colors(around), self.refined(ground)
        if colors is None:  # all was forgotten
            return RefinedRing(np.zeros((3, *self._imagination.ring_size), np.float32), None)
        ring = self._refined.refined(colors, around.painted, ground.things)
        return ring if crisp is None else ring._replace(picture=crisp)

    def planned_sky(self, things: Things | None, *, is_given: bool) -> PlannedSky:
        """Return the sky of a plan where a scene begins; without things, all is unsure.

        Where a given picture is, it tells of no sky.
        """
        return self._planned_sky(things or (), is_given=is_given)

    @torch.inference_mode()
    def drawn_again(self, ground: GroundThings) -> np.ndarray:
        """Return the things of the ring where a scene begins, drawn again, float32 [4, H, W].

        The painting thread asks for it first, for it takes long. What is around them is not kept:
        it looks a little different once more of the ground beside it is known.
        """
        return self._rings.found(ground, lambda: self._drawn_again(ground))

    def _refined_of(self, ground: GroundThings) -> np.ndarray | None:
        """Return a refined ring.

        The rows of level views are refined as if nothing were known above and below them, but for
        a cell along their edges, over which they pass into what all that is known makes of them. So
        they stay as they are once views above are painted, and their things are not drawn again.
        """
        around, beyond = ground.around, self._beyond_level(ground.around)
        if not beyond.any():
            return self._refined_cells(around, around.known, ground.things)
        whole, level = around.known & widened_around(beyond, 1), around.without(beyond)
        edges = self._refined_cells(around, whole, ground.things)
        if edges is None or not level.known.any():
            return edges
        rest = self._refined_cells(level, level.known, ground.things)
        assert rest is not None
        shown = _share_of_edges(self._imagination.ahead, len(around.known), rest.shape[1])[:, None]
        share = np.where(in_pixels(whole, rest.shape[1]), shown, np.float32(0))
        made: np.ndarray = rest + share * (edges - rest)
        return made

    def _beyond_level(self, around: Surroundings) -> np.ndarray:
        """Return the known cells above and below level views, bool [rows, columns]."""
        ahead, beyond = self._imagination.ahead, around.known.copy()
        beyond[ahead.top : ahead.top + ahead.rows] = False
        return beyond

    def _refined_cells(
        self, around: Surroundings, cells: np.ndarray, things: Things
    ) -> np.ndarray | None:
        """Return a ring in which the painted ones of some cells are refined; see `refined`."""
        colors = self._colors(around)
        if colors is None:
            return None
        return self._refined.crisp(colors, cells & around.painted, things)

    def _drawn_again(self, ground: GroundThings) -> np.ndarray:
        standing, crisp = self._standing(ground.things), self.refined(ground)
        colors = self._colors(ground.around) if crisp is None else crisp
        if colors is None:
            return np.zeros((4, *standing.numbers.shape), np.float32)
        around = ground.around
        stays, seen = (
            in_pixels(cells, colors.shape[1])
            for cells in (self.settled(around, ground.first), self._seen(around))
        )
        return self._redrawn.over(colors, stays, standing, seen)

    def settled(self, around: Surroundings, first: CameraPose) -> np.ndarray:
        """Return the painted cells in which things are drawn again, bool [rows, columns].

        Beside unknown ground, but for the view ahead and one that was painted first, in this light,
        at a pose of the lattice, they would soon be drawn once more.
        """
        imagination, cells = self._imagination, settled(around.known)
        for place in (imagination.ahead, imagination.lattice.place(first)):
            view = around.cells(place)
            cells[view] = around.known[view]
        cells &= around.painted
        return cells

    def _seen(self, around: Surroundings) -> np.ndarray:
        """Return the cells over which no given view is shown, bool [rows, columns]."""
        seen, ahead = np.ones_like(around.known), self._imagination.ahead
        if self._given is not None:
            there = around.at(ahead)
            seen[around.cells(ahead)] = ~self._given.stays(there.latents, there.known)
        return seen

    def _colors(self, around: Surroundings) -> np.ndarray | None:
        """Return the picture of a ring, float32 [3, H, W]; None: nothing of it is known."""
        picture = self._other.known(around, self._imagination.lattice.whole)
        return None if picture is None else picture[0].float().cpu().numpy()

    def _follow(
        self, given: GivenPicture | None, drawn: GroundThings | None, things: Things | None
    ) -> None:
        """Show another given view, and other ground drawn again; see `views`."""
        if given is not self._given:
            self._begin(given)
        before, self._drawn = self._drawn, drawn
        if drawn is not before:
            self._ground.forget(_redrawn_cells(before, drawn, self._imagination.nothing()))
        if things != self._things:
            self._things = things
            self._ground.forget(np.ones_like(self._imagination.nothing().known))

    def _begin(self, given: GivenPicture | None) -> None:
        imagination = self._imagination
        self._given, self._first = given, None  # and what the codec makes of it
        self._shown = LastMade[np.ndarray](most=1)  # of the given view; all its tiles ask for it
        self._ground = DecodedGround(self._found, _REACH, _TILE)
        self._views = ViewCutter(imagination.lattice, self._ground, imagination.view_size)

    def _found(self, around: Surroundings, place: Place) -> Tensor:
        """Return a tile of the first ring, [1, 5, H, W]; see the class."""
        found = self._drawn_at(place, around)
        if self._given is not None:
            given = self._given_at(place, self._given, around)
            found = given + found * (1 - given[3])
            if self._things is None:
                found = found + self._beside_given(place, self._given) * (1 - found[3])
        rows, columns = place.pixels(self._imagination.stride)
        before, _ = self.planned_sky(self._things, is_given=self._given is not None)
        before = before[None, rows, columns]
        return torch.from_numpy(np.concatenate((found, before)))[None]

    def _drawn_at(self, place: Place, around: Surroundings) -> np.ndarray:
        """Return what a tile shows refined, with things drawn again, float32 [4, H, W]."""
        cell, drawn = self._imagination.stride, self._drawn
        rows, columns = place.pixels(self._imagination.stride)
        shown = np.zeros((4, cell * place.rows, cell * place.columns), np.float32)
        now = around.at(place)
        crisp = self.refined(GroundThings(around, self._things)) if self._things else None
        if crisp is not None:
            shown[:3], shown[3] = crisp[:, rows, columns], 1.0
            shown *= in_pixels(now.painted, shown.shape[1])
        if drawn is None:
            return shown
        then = drawn.around.at(place)
        stays = in_pixels(~then.known | ~now.differing(then), shown.shape[1])
        over = self.drawn_again(drawn)[:, rows, columns] * stays
        shown *= 1 - over[3]
        shown += over
        return shown

    def _given_at(self, place: Place, given: GivenPicture, around: Surroundings) -> np.ndarray:
        """Return the part of a given view that a tile shows, float32 [4, H, W]."""
        ahead, (height, width) = self._imagination.ahead, given.pixels.shape[:2]
        cell = height // ahead.rows
        rows = np.arange(cell * place.rows) + cell * (place.top - ahead.top)
        columns = np.arange(cell * place.columns) + cell * (place.left - ahead.left)
        columns %= cell * around.known.shape[1]
        down, across = (rows >= 0) & (rows < height), columns < width
        found = np.zeros((4, len(rows), len(columns)), np.float32)
        if down.any() and across.any():
            shown = self._given_shown(given, around)[:, rows[down]][..., columns[across]]
            found[:, down[:, None] & across] = shown.reshape(4, -1)
        return found

    def _given_shown(self, given: GivenPicture, around: Surroundings) -> np.ndarray:
        """Return a given view, float32 [4, H, W]; see `GivenPicture.shown`."""
        ahead = self._imagination.ahead
        near = around.at(ahead.with_margin(BESIDE))

        def make() -> np.ndarray:
            there, beside = around.at(ahead), around.at(ahead.with_margin(1)).known
            stays = given.stays(there.latents, there.known)
            changed = there.known & ~stays
            return given.shown(stays, beside, self._alike(given, around) if changed.any() else None)

        return self._shown.found(digest_of(near.latents, near.known), make)

    def _beside_given(self, place: Place, given: GivenPicture) -> np.ndarray:
        """Return a stopgap for a tile beside a given view, float32 [4, H, W]."""
        ahead, stride = self._imagination.ahead, self._imagination.stride
        rows, columns = (np.arange(part.start, part.stop) for part in place.pixels(stride))
        around = self._imagination.ring_size[1]
        before = (around - given.pixels.shape[1]) // 2  # columns; the others are behind it
        across = (columns - stride * ahead.left + before) % around - before
        return given.beside(rows - stride * ahead.top, across)

    def _alike(self, given: GivenPicture, around: Surroundings) -> np.ndarray:
        """Return which pixels of a given view look as they did, bool [H, W]: beside new things."""
        ahead = self._imagination.ahead
        if self._first is None:
            first = self._imagination.nothing().learned(ahead, given.latents)
            self._first = self._imagination.picture(first, ahead)[0].float().cpu().numpy()
        if not around.at(ahead).known.all():  # the rest shows nothing that could be alike
            around = around.learned(ahead, given.latents)
        now = self._decoded.piece(around, ahead).picture
        return alike(now[0].float().cpu().numpy(), self._first)

    def _standing_of(self, things: Things) -> StandingThings:
        """Return the things of a plan that stand around where a scene begins."""
        scenery = self._scenery(things)
        owners = self._imagination.owners(scenery.plan(*_START))
        return StandingThings.around(_START, scenery, scenery.numbers(*_START, owners))

    def _planned_sky_of(self, things: Things, *, is_given: bool) -> PlannedSky:
        """Return the sky of a plan."""
        clouds = np.zeros(self._imagination.ring_size, np.int32)
        if not things:
            return PlannedSky(np.zeros(clouds.shape, np.float32), clouds)
        numbers, scenery = self._standing(things).numbers, self._scenery(things)
        distant = scenery.ring_surfaces(*_START, numbers.shape) >= DISTANT
        before = before_sky(scenery, numbers, distant)
        clouds = self._imagination.owners([one for one in things if one.kind == CLOUD]) + 1
        return PlannedSky(
            unsure_in(before, columns_ahead(self._imagination)) if is_given else before, clouds
        )


def _share_of_edges(ahead: Place, rows: int, height: int) -> np.ndarray:
    """Return the share of each row of pixels in which what is beyond level views counts.

    It falls from 1 at the edge of level views to 0 within a cell, float32 [height].

    Args:
        ahead: the level view ahead.
        rows: of the ring's cells.
        height: of the ring [px].
    """
    cell = height // rows
    first, last = cell * ahead.top, cell * (ahead.top + ahead.rows)
    row = np.arange(height) + 0.5
    share: np.ndarray = (1 - np.minimum(row - first, last - row) / cell).clip(0, 1)
    return share.astype(np.float32)


def _redrawn_cells(
    before: GroundThings | None, after: GroundThings | None, nothing: Surroundings
) -> np.ndarray:
    """Return the cells whose things are drawn again in one ground, or otherwise in the other.

    They are bool [rows, columns].
    """
    if before and after and before.things == after.things:
        return before.around.differing(after.around)
    known = [one.around.known for one in (before, after) if one]
    cells: np.ndarray = np.logical_or.reduce([nothing.known, *known])
    return cells
