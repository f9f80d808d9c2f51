"""A ring as layers at known distances, shown from beside its viewpoint.

Everything that stands upright is cut out of the picture. What stood behind it is continued from
both sides: lakes, paths and hills in their planned outlines. Seen from elsewhere, ground, walls
and sky are looked up where their points were, and the cut-outs are put where they appear now, from
far to near.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import dist
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import CameraPose, Position, yaw_difference
from mag_sandbox.controls.parallax import DISTANT, Box
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.drawing.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.drawing.continuing import (
    WIDE,
    apart,
    continued,
    continued_in_room,
    planned_colors,
    softened,
    with_parts,
)
from mag_sandbox.model.imagination.drawing.cut_outs import (
    GIVEN,
    PAINTED,
    CutOut,
    SeenPart,
    cut_out,
    cut_outs,
)  # fmt: skip
from mag_sandbox.model.imagination.drawing.redrawing import LEAST, SMALLEST, RedrawnThings
from mag_sandbox.model.imagination.drawing.refiner import FINER, smooth
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.pixels import (
    extent,
    linear_shares,
    run_sums,
    shares_of,
    widened_around,
)
from mag_sandbox.model.imagination.sketch import sprite_box
from mag_sandbox.model.imagination.surroundings import in_pixels

LEFT_BEHIND = 0.3  # metres from the viewpoint within which a cut-out loses its surroundings
# times as large as painted, from which on a cut-out is shown as from near: a little, and wholly
ENLARGED = 1.5, 1.8
# times as large as from near, from which on a thing's pixels are blended over so many, and its
# outline is made steep again, over so many: else it would be a staircase
STEPPED, BLENDED, STEEP = 2.0, 2.2, 1.5
DEEP = 12  # px inside a hidden part from which on what is continued there is soft
# metres, and degrees aside; things there are drawn as from near before the player comes up to them
NEAR_BY, AHEAD = 6.0, 45.0
FAINT = 1e-3  # of a pixel: less of a thing has no colour
HALF = 0.5  # of a pixel, or of a thing: less of it is not shown
SURE = 0.9  # of a pixel: share that is painted, from which on it counts
KNOWN, GLIMPSED = 255, 128  # marks of carried pixels; glimpsed: of things that are mostly hidden
SHORE = 6  # px above the horizon within which painters go on with the sea or the ground
FADING = 4  # parts of a cell, in one of which it fades
AS_GLIMPSED = 0.95  # pixels of things of which little is seen count less


class _Sprite(NamedTuple):
    """A thing as the plan's sketch shows it."""

    layer: np.ndarray  # float32 [4, h, w], see `CutOut`
    box: Box  # of the thing, in the layer [px]

    def shown(self, near: float) -> np.ndarray:  # noqa: ARG002 (there is nothing around it)
        """Return the layer."""
        return self.layer


class _Placement(NamedTuple):
    """Where a view shows a thing that is cut out."""

    number: int
    cut: CutOut | _Sprite
    box: Box  # of the thing [px]
    where: tuple[slice, slice]  # rows and columns that its cut-out covers
    near: float  # share of its surroundings that is shown, too


class RingToCut(NamedTuple):
    """A ring around a viewpoint, and what a plan has in each of its pixels."""

    picture: np.ndarray  # float32 [3, H, W]
    known: np.ndarray  # which of its pixels are, bool [H, W]
    numbers: np.ndarray  # of each pixel's thing, 0 where none is, int32 [H, W]
    scenery: Scenery  # the plan in metres
    viewpoint: Position = (0.0, 0.0)  # x and z [m]
    painted: np.ndarray | None = None  # which pixels are no guesses, bool [H, W]; None: the known
    given: np.ndarray | None = None  # columns that show a given picture, bool [W]; None: none does
    # painted pixels in which things are drawn again, bool [H, W]; None: all
    settled: np.ndarray | None = None
    # of things by their numbers, shown where they are unknown or hidden; see `Sketcher.sprites`
    sprites: Mapping[int, np.ndarray] = MappingProxyType({})
    distant: np.ndarray | None = None  # where sky and far land are behind things, bool [H, W]
    # the painted pixels, `FINER` times as large, [3, FINER * H, FINER * W]; None: there are none
    finer: np.ndarray | None = None
    before_sky: np.ndarray | None = None  # see `skies.before_sky`; None: there is no sky
    # numbers of what lies or is far away behind all that stands, int32 [H, W]; None: nothing does
    lying: np.ndarray | None = None
    sketch: np.ndarray | None = None  # of these, float32 [3, H, W]; None: unseen ones are left out

    @property
    def no_guesses(self) -> np.ndarray:
        """Which pixels are no guesses, bool [H, W]."""
        return self.known if self.painted is None else self.painted

    @property
    def of_picture(self) -> np.ndarray:
        """Which columns show a given picture, bool [W]."""
        return np.zeros(self.numbers.shape[1], bool) if self.given is None else self.given

    def boxes(self) -> dict[int, Box]:
        """Return where things stand; see `Scenery.boxes`."""
        return self.scenery.boxes(*self.viewpoint, self.numbers.shape)


class LayeredRing:
    """The layers of a ring.

    ring = LayeredRing(RingToCut(picture, known, numbers, scenery))
    view = ring.view(CameraPose(yaw=30.0, x=0.2, z=1.0), (192, 320))
    """

    def __init__(
        self,
        ring: RingToCut,
        close_ups: CloseUps | None = None,
        redrawn: RedrawnThings | None = None,
    ) -> None:
        """Cut a ring into layers.

        Args:
            ring: to be cut.
            close_ups: show things that are seen from nearer; None: they become soft.
            redrawn: draws things again; None: the picture shows them so already.
        """
        self._scenery, self._shape, self._viewpoint = (
            ring.scenery, ring.numbers.shape, ring.viewpoint
        )  # fmt: skip
        self._close_ups, self._painted = close_ups, ring.no_guesses
        self._mended, self._enlarged = dict[int, CutOut](), dict[int, CutOut]()
        self._cut_outs, stands, unknown = _standing(ring, redrawn.cut_out if redrawn else cut_out)
        self._unseen = frozenset(ring.boxes()) - frozenset(np.unique(ring.numbers).tolist())
        glimpsed = {number for number, cut in self._cut_outs.items() if cut.is_glimpsed}
        painted = _painted_ones(ring, self._cut_outs)
        whole = _drawn_again(ring, painted, redrawn) if redrawn else {}
        self._cut_outs |= whole
        # of so few pixels no outline can be told: they would be enlarged with the ground around
        tiny = {
            number
            for number, cut in self._cut_outs.items()
            if number in ring.sprites
            and max(cut.box[2:])
            < (LEAST if number in painted and number not in whole else SMALLEST)
        }
        self._clear = {one: cut for one, cut in self._cut_outs.items() if one not in tiny}
        self._sprites = {
            number: _Sprite(ring.sprites[number], sprite_box(ring.sprites[number]))
            for number in (*unknown, *self._unseen, *tiny, *glimpsed)
            # whole ones have a sharper outline, beside which a sprite would be a haze
            if number in ring.sprites and number not in whole
        }
        self._barely_seen = self._sprites.keys() & (self._unseen | glimpsed)
        self._hidden = widened_around(stands, PAINTED.hidden)
        self._given = ring.known & ring.of_picture
        if (given := ring.of_picture).any():
            self._hidden = np.where(given, widened_around(stands, GIVEN.hidden), self._hidden)
        is_shown = ring.known & ~self._hidden
        self._behind = _around(_background(ring, is_shown), 1)
        self._guessed = _around(torch.from_numpy(~is_shown[None]).float(), 1)
        self._far_hidden = None if ring.distant is None else ring.distant & ~is_shown
        self._with_far: tuple[np.ndarray | None, Tensor] = None, self._behind  # the last one
        self._before_sky = None
        if ring.before_sky is not None:
            free = torch.from_numpy(np.where(stands, 0, ring.before_sky)[None])
            self._before_sky = _around(free, 1)

    def view(
        self,
        pose: CameraPose,
        size: tuple[int, int],
        *,
        is_sketched: bool = False,
        far: np.ndarray | None = None,
    ) -> Tensor:
        """Return the view at a pose, and what stands there, float32 [4, height, width].

        That is its colours, and 1 where things hide the sky, -1 where it is, 0 elsewhere.

        Args:
            pose: of the view.
            size: height and width.
            is_sketched: whether sprites fill in the unknown parts of things, and show tiny ones and
                those that others hide from the viewpoint.
            far: what looks the same from everywhere, to be shown behind things: colours, and 255
                where they are known, uint8 [H, W, 4]; None: it is guessed.
        """
        sky = () if self._before_sky is None else (self._before_sky,)
        behind, *before = self._sampled(pose, size, self._behind_with(far), *sky)
        canvas = np.concatenate((behind, np.ones((1, *size), np.float32)))
        things = (self._sprites, self._clear) if is_sketched else (self._cut_outs,)
        for place in self._places(pose, size, things):
            shown = self._shown(place)
            if is_sketched and place.number in self._barely_seen:  # at the viewpoint, as it is
                is_sprite = isinstance(place.cut, _Sprite)
                shown *= np.float32(1 - place.near if is_sprite else place.near)
            _put_over(canvas, shown, place)
        free = canvas[3]
        canvas[3] = 1 - free + (free * before[0][0] if before else 0)
        return torch.from_numpy(canvas)

    def share_guessed(self, pose: CameraPose, size: tuple[int, int]) -> float:
        """Return the share of the view at a pose that shows what things hide from the viewpoint.

        What is behind them there is continued from both sides.
        """
        (guessed,) = self._sampled(pose, size, self._guessed)
        canvas = np.concatenate((np.zeros((3, *size), np.float32), guessed))
        for place in self._places(pose, size, (self._cut_outs,)):
            _put_over(canvas, _stamp(place.cut.shown(place.near), place.cut.box, place), place)
        return float(canvas[3].mean())

    def _behind_with(self, far: np.ndarray | None) -> Tensor:
        """Return the background with the part of `far` that things hide from the viewpoint."""
        before, behind = self._with_far
        if far is before or far is None or self._far_hidden is None:
            return behind if far is before else self._behind
        shown, behind = self._far_hidden & (far[..., 3] > 0), self._behind
        if shown.any():
            rows = extent(shown.any(axis=1), 1)
            colors = torch.from_numpy(far[rows, :, :3]).permute(2, 0, 1) / 127.5 - 1
            share = torch.from_numpy(shown[rows])[None].float()
            both = _around(torch.cat((colors * share, share)), 1)  # what is unknown has no colour
            finer = (behind.shape[1] - 2) // len(far)
            if finer > 1:
                both = smooth(both[None])[0][:, 1:-1, 1:-1]
            behind = behind.clone()
            part = behind[:, finer * rows.start : finer * rows.stop + 2]
            part.mul_(1 - both[3:]).add_(both[:3])
        self._with_far = far, behind
        return behind

    def shown_of(self, cells: np.ndarray, pose: CameraPose, size: tuple[int, int]) -> Tensor:
        """Return the share of each pixel of a view that shows some cells, float32 [height, width].

        It fades beside them.

        Args:
            cells: of the ring, bool [rows, columns].
            pose: of the view.
            size: height and width.
        """
        wide = widened_around(in_pixels(cells, FADING * len(cells)), 1)
        ring = _around(torch.from_numpy(wide[None].astype(np.float32)), 1)
        return torch.from_numpy(self._sampled(pose, size, ring)[0][0])

    def cut_outs(self) -> dict[int, tuple[CutOutPicture, tuple[int, int]]]:
        """Return the things that are mostly seen, and where in the ring each layer begins [px]."""
        boxes = self._scenery.boxes(*self._viewpoint, self._shape)
        return {
            number: (
                CutOutPicture(cut.layer, cut.box),
                (round(boxes[number][0] - cut.box[0]), round(boxes[number][1] - cut.box[1])),
            )
            for number, cut in self._cut_outs.items()
            if not cut.is_glimpsed
        }

    def mend(self, pose: CameraPose) -> None:
        """Mend the things ahead of a pose, and draw those near by, before a view needs it."""
        drawn = self._cut_outs.keys() | self._sprites
        for number in self._scenery.boxes(*self._viewpoint, self._shape).keys() & drawn:
            x, z = np.subtract(self._scenery.bodies[number - 1].place, self._viewpoint)
            aside = yaw_difference(float(np.degrees(np.arctan2(x, z))), pose.yaw)
            if abs(aside) < AHEAD:
                check_cancelled()
                is_near = self._away(number) < NEAR_BY
                if number in self._cut_outs:
                    (self._from_near if is_near else self._whole)(number)
                if is_near and number in self._sprites:
                    self._sketched(number)

    def _shown(self, place: _Placement) -> np.ndarray:
        """Return a placed thing as a view shows it, [4, h, w]: as from near as far as it is known.

        Else only if it is enlarged; at the viewpoint, a cut-out as it is.
        """
        cut = place.cut
        if isinstance(cut, CutOut) and place.near < 1:
            cut = self._whole(place.number)
        share = _share_from_near(cut, place)
        if share <= 0:
            return _stamp(cut.shown(place.near), cut.box, place)
        near = self._from_near if isinstance(cut, CutOut) else self._sketched
        large = near(place.number)
        shown = _smooth_stamp(large.layer, large.box, place)
        if share < 1 and large is not cut:  # so that nothing pops up
            own = _stamp(cut.shown(place.near), cut.box, place)
            shown += np.float32(1 - share) * (own - shown)
        return shown

    def _away(self, number: int) -> float:
        """Return how far a thing is from the viewpoint [m]."""
        return dist(self._scenery.bodies[number - 1].place, self._viewpoint)

    def _sketched(self, number: int) -> CutOutPicture | _Sprite:
        """Return the sprite of a thing as the network of close-ups draws it; threads may ask."""
        thing = self._scenery.bodies[number - 1].told
        if self._close_ups is None or not self._close_ups.knows(thing):
            return self._sprites[number]
        return self._close_ups.sketched(thing) or self._sprites[number]

    def _from_near(self, number: int) -> CutOut:
        """Return a cut-out as its thing looks from near; threads may ask."""
        return self._drawn(self._enlarged, number, self._whole(number), CutOut.enlarged)

    def _whole(self, number: int) -> CutOut:
        """Return a cut-out with what is covered of its thing; threads may ask."""
        return self._drawn(self._mended, number, self._cut_outs[number], CutOut.mended)

    def _drawn(
        self,
        drawn: dict[int, CutOut],
        number: int,
        cut: CutOut,
        draw: Callable[[CutOut, CloseUps, PlacedObject], CutOut],
    ) -> CutOut:
        """Return a cut-out as the network of close-ups draws it, once; else as it is."""
        thing = self._scenery.bodies[number - 1].told
        if self._close_ups is None or not self._close_ups.knows(thing):
            return cut
        if number not in drawn:
            drawn[number] = draw(cut, self._close_ups, thing)
        return drawn[number]

    def seen(self, pose: CameraPose, size: tuple[int, int], numbers: np.ndarray) -> np.ndarray:
        """Return the part of the view at a pose that is painted here; see `Subject`.

        Args:
            pose: of the view.
            size: height and width.
            numbers: of the thing that the plan has in each pixel of the view, 0 for none,
                int32 [height, width].

        Returns:
            Colours, and `KNOWN` or `GLIMPSED` where they are, uint8 [height, width, 4].
        """
        sure = torch.from_numpy((self._painted & ~self._hidden)[None].astype(np.float32))
        canvas = np.concatenate(self._sampled(pose, size, self._behind, _around(sure, 1)))
        standing = np.isin(numbers, list(self._scenery.boxes(pose.x, pose.z, self._shape)))
        canvas[3, standing] = 0.0
        here, there = (self._scenery.levels(*at) for at in (self._viewpoint, (pose.x, pose.z)))
        for place in self._places(pose, size, (self._clear,), numbers):
            number, cut = place.number, self._clear[place.number]
            is_sure = there[number] <= here[number]
            share = is_sure * (AS_GLIMPSED if cut.is_glimpsed else 1.0)
            own = np.concatenate((cut.layer, share * cut.seen))
            _put_over(canvas, _stamp(own, cut.box, place), place, numbers)
        is_known = canvas[3] > (1 + AS_GLIMPSED) / 2
        canvas[3] = np.where(is_known, KNOWN, GLIMPSED) * (canvas[3] > SURE)
        canvas[:3] = (canvas[:3] + 1) * 127.5
        seen = np.rint(canvas, out=canvas).clip(0, 255, out=canvas).astype(np.uint8)
        return np.ascontiguousarray(seen.transpose(1, 2, 0))

    def behind_given(self, pose: CameraPose, size: tuple[int, int]) -> np.ndarray:
        """Return what is guessed behind the things of a given picture in the view at a pose.

        Like `seen`, with `GLIMPSED` where it is.
        """
        there = torch.from_numpy((self._hidden & self._given)[None].astype(np.float32))
        canvas = np.concatenate(self._sampled(pose, size, self._behind, _around(there, 1)))
        canvas[:3] = (canvas[:3] + 1) * 127.5
        canvas[3] = GLIMPSED * (canvas[3] > SURE)
        guessed = np.rint(canvas, out=canvas).clip(0, 255, out=canvas).astype(np.uint8)
        return np.ascontiguousarray(guessed.transpose(1, 2, 0))

    def lacks(self, pose: CameraPose, size: tuple[int, int], numbers: np.ndarray) -> np.ndarray:
        """Return where the view at a pose has a thing that is not known here, bool [H, W].

        Args:
            pose: of the view.
            size: height and width.
            numbers: see `seen`.
        """
        shown = np.zeros((4, *size), np.float32)
        for place in self._places(pose, size, (self._cut_outs,), numbers):
            cut = self._cut_outs[place.number]
            own = np.concatenate((cut.layer[:3], cut.there, cut.there))
            _put_over(shown, _stamp(own, cut.box, place), place, numbers)
        standing = np.isin(numbers, list(self._scenery.boxes(pose.x, pose.z, self._shape)))
        lacking: np.ndarray = standing & (shown[3] < HALF)
        return lacking

    def _places(
        self,
        pose: CameraPose,
        size: tuple[int, int],
        cuts: Sequence[Mapping[int, CutOut] | Mapping[int, _Sprite]],
        numbers: np.ndarray | None = None,
    ) -> Iterator[_Placement]:
        """Yield where the view at a pose shows things, from far to near.

        Args:
            pose: of the view.
            size: height and width.
            cuts: of things by their numbers; those of the first mapping lie under the others.
            numbers: of the planned thing in each pixel, without which it is not asked for.
        """
        height, width = size
        pixels = pose.fov / width / (360 / self._shape[1])  # of the ring, in one of the view
        left = pose.yaw / 360 * self._shape[1] - width / 2 * pixels
        top = self._shape[0] * (0.5 - pose.pitch * self._shape[1] / 360 / self._shape[0])
        top -= height / 2 * pixels
        near = max(0.0, 1 - float(np.hypot(*self._from_here(pose))) / LEFT_BEHIND)
        asked = set[int]().union(*cuts)
        if numbers is not None:
            asked &= set(np.bincount(numbers.ravel()).nonzero()[0].tolist())
        for number, box in self._scenery.boxes(pose.x, pose.z, self._shape).items():
            if number not in asked:
                continue
            across = (box[0] + box[2] / 2 - left - width / 2 * pixels) % self._shape[1]
            across = (across + self._shape[1] / 2) % self._shape[1] - self._shape[1] / 2
            at = (
                across / pixels + width / 2 - box[2] / 2 / pixels, (box[1] - top) / pixels,
                box[2] / pixels, box[3] / pixels,
            )  # fmt: skip
            for cut in (one[number] for one in cuts if number in one):
                tall, wide = cut.layer.shape[1:]
                rows = _shown(cut.box[1::2], at[1::2], tall, height)
                columns = _shown(cut.box[::2], at[::2], wide, width)
                if rows.start < rows.stop and columns.start < columns.stop:
                    yield _Placement(number, cut, at, (rows, columns), near)

    def _from_here(self, pose: CameraPose) -> tuple[float, float]:
        """Return how far a pose is from the viewpoint, along x and z [m]."""
        return pose.x - self._viewpoint[0], pose.z - self._viewpoint[1]

    def _sampled(self, pose: CameraPose, size: tuple[int, int], *rings: Tensor) -> list[np.ndarray]:
        """Return what rings show behind everything that stands upright, [C, height, width] each.

        Args:
            pose: of the view.
            size: height and width.
            rings: pictures of the ring, however large, with a margin of a pixel.
        """
        height, width = size
        step = np.radians(pose.fov) / width
        yaw = np.radians(pose.yaw) + (np.arange(width) + 0.5 - width / 2) * step
        pitch = np.radians(pose.pitch) + (height / 2 - 0.5 - np.arange(height)) * step
        rows, columns = self._shape
        radian = columns / (2 * np.pi)
        away = self._scenery.surfaces(pose.x, pose.z, yaw, pitch)
        walked_x, walked_z = self._from_here(pose)
        grid = np.empty((height, width, 2), np.float32)
        grid[..., 0], grid[..., 1] = yaw, pitch[:, None]
        near = away < DISTANT
        if near.any():  # farther surfaces look the same from everywhere
            low = extent(np.any(near, axis=1), 0)
            away, near = away[low], near[low]
            x = away * np.sin(yaw).astype(np.float32) + np.float32(walked_x)
            z = away * np.cos(yaw).astype(np.float32) + np.float32(walked_z)
            slope = away * np.tan(pitch[low]).astype(np.float32)[:, None] / np.hypot(x, z)
            np.arctan2(x, z, out=grid[low, :, 0], where=near)
            np.arctan(slope, out=grid[low, :, 1], where=near)
        turns = grid[..., 0] / np.float32(2 * np.pi)
        turns -= np.floor(turns)  # faster than a remainder
        grid[..., 0] = 2 * turns - 1
        grid[..., 1] *= -2 * radian / rows
        sampled = []
        for ring in rings:
            high, wide = ring.shape[1:]
            within = np.array(((wide - 2) / wide, (high - 2) / high), np.float32)
            shown = nn.functional.grid_sample(
                ring[None], torch.from_numpy(grid * within)[None],
                padding_mode="border", align_corners=False,
            )  # fmt: skip
            sampled.append(np.asarray(shown[0]))
        return sampled


def _standing(
    ring: RingToCut, cut: Callable[[SeenPart], CutOut]
) -> tuple[dict[int, CutOut], np.ndarray, list[int]]:
    """Return the things that stand in a ring; for `cut` see `cut_outs`.

    Returns:
        What is seen of things, by their numbers; where things stand, bool [H, W]; and the numbers
        of those of which something is unknown.
    """
    numbers, boxes, given = ring.numbers, ring.boxes(), ring.of_picture
    stands = np.isin(numbers, list(boxes))
    ids = np.where(ring.known & stands, numbers, 0)
    if ring.viewpoint != (0.0, 0.0):  # what the first view cuts is seen at its edge from the start
        mostly = shares_of(numbers, ring.known & stands) >= HALF
        ids = np.where(mostly[ids], ids, 0)
    margins = {
        number: GIVEN if given[_middle(box, given)] else PAINTED for number, box in boxes.items()
    }
    cuts, order = cut_outs(ring.picture, ring.no_guesses, ids, boxes, margins, cut)
    unknown = np.bincount(numbers[stands & ~ring.known])
    # they stand outside the plan's shapes, too
    return cuts, stands | (order > 0), np.flatnonzero(unknown).tolist()


def _middle(box: Box, columns: np.ndarray) -> int:
    """Return the column of a ring, [W], in which the middle of a box [px] lies."""
    return int(box[0] + box[2] / 2) % len(columns)


def _painted_ones(ring: RingToCut, cuts: Mapping[int, CutOut]) -> dict[int, CutOut]:
    """Return the things that a given picture does not show: it has them as they are."""
    given, boxes = ring.of_picture, ring.boxes()
    return {number: cut for number, cut in cuts.items() if not given[_middle(boxes[number], given)]}


def _drawn_again(
    ring: RingToCut, cuts: Mapping[int, CutOut], redrawn: RedrawnThings
) -> dict[int, CutOut]:
    """Return the things that are painted whole, drawn again; see `RedrawnThings.whole_ones`."""
    told = {number: ring.scenery.bodies[number - 1].told for number in cuts}
    settled = ring.no_guesses if ring.settled is None else ring.settled
    return redrawn.whole_ones(cuts, told, ring.numbers, settled, ring.known)


def _background(ring: RingToCut, shown: np.ndarray) -> Tensor:
    """Return the ring without what stands in it, [3, ..], which is as large as it or finer.

    Args:
        ring: the ring.
        shown: where its picture shows the background, bool [H, W].
    """
    shape, scenery, viewpoint = ring.numbers.shape, ring.scenery, ring.viewpoint
    radian = shape[1] / (2 * np.pi)
    edges = scenery.edges(*viewpoint, (np.arange(shape[1]) + 0.5) / radian)
    edges = None if edges is None else shape[0] / 2 - edges * radian
    is_seen = ring.known.any(axis=1).all()  # something of every row
    planned = None if is_seen else planned_colors(scenery.bands(*viewpoint), edges, shape)
    parts = np.zeros(shape, np.int32) if ring.lying is None else ring.lying.copy()
    if ring.distant is not None:  # mountains of a picture have another outline than the plan's
        parts[ring.distant & ring.of_picture] = 0
    horizon = slice(shape[0] // 2 - SHORE, shape[0] // 2)
    parts[horizon] = 0
    bare = shown & apart(parts) & (parts == 0)
    bare[horizon] = shown[horizon]
    behind = torch.from_numpy(
        continued(ring.picture, bare, wide=WIDE, planned=planned)
        if edges is None
        else continued_in_room(
            ring.picture, bare, edges, planned, _hanging(scenery, viewpoint, shape)
        )
    )
    soft = behind + _depth(~bare) * (softened(behind) - behind)
    soft = torch.where(torch.from_numpy(shown), torch.from_numpy(ring.picture), soft)
    if parts.any():
        soft = with_parts(soft, ring.picture, shown, parts, ring.sketch)
    return _with_finer(soft, ring.finer, shown & ring.no_guesses)


def _hanging(scenery: Scenery, viewpoint: tuple[float, float], shape: tuple[int, int]) -> list[Box]:
    """Return where things hang on walls in a ring of H, W pixels from a viewpoint [m]."""
    pixels = shape[1] / 360
    seen = (body.seen_from(*viewpoint) for body in scenery.bodies if body.where == "wall")
    told = [body.told for body in seen if body is not None]
    return [
        (
            (one.yaw - one.width / 2) * pixels,
            shape[0] / 2 - (one.pitch + one.height / 2) * pixels,
            one.width * pixels,
            one.height * pixels,
        )
        for one in told
    ]


def _share_from_near(cut: CutOut | _Sprite, place: _Placement) -> float:
    """Return the share of a placed thing that is shown as it looks from near."""
    if isinstance(cut, CutOut) and cut.near is not None:
        return 1 - place.near
    if isinstance(cut, CutOut) and place.near:
        return 0.0
    first, last = ENLARGED
    times = max(now / before for now, before in zip(place.box[2:], cut.box[2:], strict=True))
    return min(max((times - first) / (last - first), 0.0), 1.0)


def _depth(hidden: np.ndarray) -> Tensor:
    """Return how deep in hidden parts of their row pixels lie, float32 [H, W].

    0 at their ends, 1 from `DEEP` on.
    """
    wide = np.pad(hidden.astype(np.float32), ((0, 0), (DEEP, DEEP)), mode="wrap")
    share = run_sums(torch.from_numpy(wide), 2 * DEEP + 1, 1) / (2 * DEEP + 1)
    return torch.from_numpy(hidden) * (2 * share - 1).clamp(0, 1)


def _with_finer(ring: Tensor, finer: np.ndarray | None, where: np.ndarray) -> Tensor:
    """Return a ring, [3, H, W], enlarged, with finer pixels where there are any, bool [H, W]."""
    if finer is None:
        return ring
    there = torch.from_numpy(where).repeat_interleave(FINER, 0).repeat_interleave(FINER, 1)
    return torch.where(there, torch.from_numpy(finer).to(ring.dtype), smooth(ring[None])[0])


def _around(ring: Tensor, margin: int) -> Tensor:
    """Return pictures of a ring, [C, H, W], with a margin: columns go on around."""
    wide = torch.cat((ring[..., -margin:], ring, ring[..., :margin]), dim=-1)
    return nn.functional.pad(wide[None], (0, 0, margin, margin), mode="replicate")[0]


def _smooth_stamp(layer: np.ndarray, before: Box, place: _Placement) -> np.ndarray:
    """Return a cut-out as large as its thing is shown, with a smooth outline; see `_stamp`."""
    times = max(now / then for now, then in zip(place.box[2:], before[2:], strict=True))
    if times < STEPPED:
        return _stamp(layer, before, place)
    stamp = _stamp(layer, before, place, BLENDED)
    alpha = stamp[3:]
    steep = ((alpha - 0.5) * (times / STEEP) + 0.5).clip(0, 1)
    stamp[:3] *= steep / np.maximum(alpha, FAINT)
    stamp[3:] = steep
    return stamp


def _stamp(layer: np.ndarray, before: Box, place: _Placement, blended: float = 1.0) -> np.ndarray:
    """Return a cut-out as large as its thing is shown, [C, h, w]: the part that is seen.

    Args:
        layer: the cut-out, [C, h, w].
        before: box of the thing in it [px].
        place: of the thing in the picture.
        blended: over how many of its pixels each shown one is interpolated, to either side.
    """
    rows, columns = place.where
    if blended == 1 and all(
        now >= then for now, then in zip(place.box[2:], before[2:], strict=True)
    ):
        return _interpolated(layer, before, place)
    tall, vertical = _resampling(before[1::2], place.box[1::2], layer.shape[1], rows, blended)
    wide, horizontal = _resampling(before[::2], place.box[::2], layer.shape[2], columns, blended)
    stamp: np.ndarray = vertical @ (layer[:, tall, wide] @ horizontal.T)
    return stamp


def _interpolated(layer: np.ndarray, before: Box, place: _Placement) -> np.ndarray:
    """Return a cut-out that is enlarged; see `_stamp`. Much faster than by shares of its pixels."""
    rows, columns = place.where
    grid = np.empty((rows.stop - rows.start, columns.stop - columns.start, 2), np.float32)
    grid[..., 0] = _spots(before[::2], place.box[::2], columns) * (2 / layer.shape[2]) - 1
    grid[..., 1] = _spots(before[1::2], place.box[1::2], rows)[:, None] * (2 / layer.shape[1]) - 1
    pictures = torch.from_numpy(layer)[None], torch.from_numpy(grid)[None]
    return np.asarray(nn.functional.grid_sample(*pictures, align_corners=False)[0])


def _spots(before: tuple[float, float], now: tuple[float, float], shown: slice) -> np.ndarray:
    """Return where in a cut-out the middles of pixels of a line lie [px]; see `_shown`."""
    scale = now[1] / before[1]
    return (np.arange(shown.start, shown.stop) + 0.5 - now[0]) / scale + before[0]


def _put_over(
    canvas: np.ndarray, stamp: np.ndarray, place: _Placement, numbers: np.ndarray | None = None
) -> None:
    """Put a thing over a picture, [C, H, W].

    Args:
        canvas: the picture; its channels above the third are told in those above the fourth.
        stamp: colours times alpha, alpha, and other channels times alpha, [C + 1, h, w].
        place: of the thing in the picture.
        numbers: of the planned thing in each pixel, [H, W]; only those of this one change.
    """
    if numbers is not None:
        stamp *= numbers[place.where] == place.number
    seen = canvas[:, *place.where]
    seen *= 1 - stamp[3]
    seen[:3] += stamp[:3]
    if len(stamp) > 4:
        seen[3:] += stamp[4:]


def _shown(before: tuple[float, float], now: tuple[float, float], count: int, size: int) -> slice:
    """Return which pixels of a line show a cut-out.

    Args:
        before: first pixel and length of the thing in the cut-out.
        now: likewise, in the line.
        count: of the pixels of the cut-out.
        size: of the line [px].
    """
    (start, length), (new_start, new_length) = before, now
    scale = new_length / length
    first, last = new_start - start * scale, new_start + (count - start) * scale
    return slice(max(int(np.floor(first)), 0), min(int(np.ceil(last)), size))


def _resampling(
    before: tuple[float, float],
    now: tuple[float, float],
    count: int,
    shown: slice,
    blended: float,
) -> tuple[slice, np.ndarray]:
    """Return the pixels of a cut-out that those pixels are made of, and the share of each.

    The shares are float32 [pixels of the line, of the cut-out]; see `_shown`.
    """
    scale = now[1] / before[1]
    places = _spots(before, now, shown) - 0.5
    wide = max(blended, 1 / scale)
    first, last = int(np.floor(places[0] - wide)), int(np.ceil(places[-1] + wide)) + 1
    shares = linear_shares(places - first, np.arange(last - first, dtype=np.float32), wide)
    if wide > 1:
        shares /= shares.sum(axis=1, keepdims=True)
    start = min(max(first, 0), count)
    there = slice(start, max(min(last, count), start))
    return there, shares[:, there.start - first : there.stop - first]
