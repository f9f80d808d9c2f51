"""A ring as layers at known distances, shown from beside its viewpoint.

Everything that stands upright is cut out of the picture. What stood behind it is continued from
both sides. Seen from elsewhere, ground, walls and sky are looked up where their points were, and
the cut-outs are put where they appear now, from far to near.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.controls.camera import CameraPose, yaw_difference
from mag_sandbox.controls.parallax import DISTANT, Box
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.imagination.close_up import CloseUps, CutOutPicture
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.resampling import linear_shares
from mag_sandbox.model.imagination.scenery import Scenery
from mag_sandbox.model.imagination.sketch import sprite_box

CLOSE = 24  # px from known pixels, beyond which usual or planned colours are shown
WIDE = 320  # px between known pixels of a landscape, from which on usual colours are shown there
COLUMNS = 4  # px between the columns from which usual colours are taken
SOFT = 15  # pixels over which continued rows are blended
LEFT_BEHIND = 0.3  # metres from the viewpoint within which a cut-out loses its surroundings
BESIDE = 0.25  # of a box: how far a cut-out may reach beyond it
UNLIKE = 0.03  # squared difference of colours from which on two are told apart
SHADES, ALIKE = 16, 4  # of red, green and blue; as many apart, two have nothing in common
SURELY = 4.0  # times as frequent as around a thing: such colours are its own
MOST_BEYOND = 0.1  # of a thing's pixels; if more lie outside its shape, they are something else's
CLOSED = 2  # px; narrower gaps in the outside are filled
# times as large as painted, from which on a cut-out is shown as from near: a little, and wholly
ENLARGED = 1.5, 1.8
# metres, and degrees aside; things there are enlarged before the player comes up to them
NEAR_BY, AHEAD = 6.0, 45.0
HALF_TURN = 180.0  # degrees; no wall is as wide
HALF = 0.5  # of a pixel, or of a thing: less of it is not shown
SURE = 0.9  # of a pixel: share that is painted, from which on it counts
KNOWN, GLIMPSED = 255, 128  # marks of carried pixels; glimpsed: of things that are mostly hidden
GLIMPSE, AS_GLIMPSED = 0.15, 0.95  # share of its box below which that is so; its pixels count less

_LIKENESS = (1 - abs(np.arange(SHADES)[:, None] - np.arange(SHADES)) / ALIKE).clip(0)


class Margins(NamedTuple):
    """How far around the plan's shape of a thing the thing may show [px]."""

    cut: int  # pixels cut out with it
    hidden: int  # where ground and walls are not believed
    beyond: float  # share of its size within which pixels of its colours are cut out, too


# a painter's outlines differ from the plan's
PAINTED, GIVEN = Margins(2, 6, 0.15), Margins(1, 2, 0.0)


class _CutOut(NamedTuple):
    """The visible part of a thing."""

    # float32 [4, h, w]: colours times alpha, and alpha
    layer: np.ndarray
    seen: np.ndarray  # float32 [1, h, w]: alpha, but 0 where something nearer covers it
    there: np.ndarray  # float32 [1, h, w]: 1 where it is, also along its outline
    around: np.ndarray  # float32 [4, h, w]: its surroundings, up to where ground is not hidden
    box: Box  # of the thing, in the layer [px]
    is_glimpsed: bool  # whether little of it is seen
    beyond: tuple[np.ndarray, np.ndarray]  # rows and columns of the ring, outside the plan's shape

    def shown(self, near: float) -> np.ndarray:
        """Return the layer with a share of its surroundings."""
        if not near:
            return self.layer
        layer = self.layer.copy()
        layer += np.float32(near) * self.around
        return layer

    def enlarged(self, close_ups: CloseUps, thing: PlacedObject) -> "_CutOut":
        """Return it with a larger layer, as the thing looks from near."""
        layer, box = close_ups.enlarged(CutOutPicture(self.layer, self.box), thing)
        return self._replace(layer=layer, box=box)

    def towards(self, large: "_CutOut", share: float) -> "_CutOut":
        """Return the way from it to a larger one, so that parts that are mended do not pop up."""
        if share >= 1 or large is self:
            return large
        size = large.layer.shape[1:]
        soft = nn.functional.interpolate(torch.from_numpy(self.layer)[None], size, mode="bilinear")
        mixed: np.ndarray = torch.lerp(soft[0], torch.from_numpy(large.layer), share).numpy()
        return large._replace(layer=mixed)


class _Sprite(NamedTuple):
    """A thing as the plan's sketch shows it."""

    layer: np.ndarray  # float32 [4, h, w], see `_CutOut`
    box: Box  # of the thing, in the layer [px]

    def shown(self, near: float) -> np.ndarray:  # noqa: ARG002 (there is nothing around it)
        """Return the layer."""
        return self.layer


class _Placement(NamedTuple):
    """Where a view shows a thing that is cut out."""

    number: int
    cut: _CutOut | _Sprite
    box: Box  # of the thing [px]
    where: tuple[slice, slice]  # rows and columns that its cut-out covers
    near: float  # share of its surroundings that is shown, too


class LayeredRing:
    """The layers of a ring.

    ring = LayeredRing(picture, known, numbers, scenery)
    view = ring.view(CameraPose(yaw=30.0, x=0.2, z=1.0), (192, 320))
    """

    def __init__(
        self,
        picture: np.ndarray,
        known: np.ndarray,
        numbers: np.ndarray,
        scenery: Scenery,
        viewpoint: tuple[float, float] = (0.0, 0.0),
        painted: np.ndarray | None = None,
        margins: Margins = PAINTED,
        sprites: Mapping[int, np.ndarray] = MappingProxyType({}),
        close_ups: CloseUps | None = None,
    ) -> None:
        """Cut a ring into layers.

        Args:
            picture: the ring, float32 [3, H, W].
            known: which pixels are, bool [H, W].
            numbers: of each pixel's thing, 0 where none is, int32 [H, W].
            scenery: the plan in metres.
            viewpoint: of the ring, x and z [m].
            painted: which pixels are no guesses, bool [H, W]; None: the known ones.
            margins: around things.
            sprites: of things by their numbers, shown where they are unknown; see
                `Sketcher.sprites`.
            close_ups: show things that are seen from nearer; None: they become soft.
        """
        self._scenery, self._shape, self._viewpoint = scenery, numbers.shape, viewpoint
        self._close_ups, self._enlarged = close_ups, dict[int, _CutOut]()
        self._painted = known if painted is None else painted
        boxes = scenery.boxes(*viewpoint, numbers.shape)
        ranks = np.zeros(max(numbers.max(), *boxes, 0) + 1, np.int32)  # from far to near; 0: others
        ranks[list(boxes)] = np.arange(len(boxes)) + 1
        stands = ranks[numbers] > 0
        is_seen = known.any(axis=1).all()  # something of every row
        unknown = np.bincount(numbers[stands & ~known])
        self._sprites = {
            number: _Sprite(sprites[number], sprite_box(sprites[number]))
            for number in np.flatnonzero(unknown).tolist()
            if number in sprites
        }
        ids = np.where(known & stands, numbers, 0)
        if viewpoint != (0.0, 0.0):  # what the first view cuts is seen at its edge from the start
            mostly = _shares(numbers, known & stands) >= HALF
            ids = np.where(mostly[ids], ids, 0)
        order = ranks[ids]
        self._cut_outs: dict[int, _CutOut] = {}
        for number, box in reversed(boxes.items()):  # nearest first: it takes pixels beside it
            cut_out = _cut_out(picture, self._painted, order, ranks[number], box, margins)
            if cut_out is not None:
                self._cut_outs[number] = cut_out
                order[cut_out.beyond], stands[cut_out.beyond] = ranks[number], True
        hidden = widened_around(stands, margins.hidden)
        shown = known & ~hidden
        radian = numbers.shape[1] / (2 * np.pi)
        edges = scenery.edges(*viewpoint, (np.arange(numbers.shape[1]) + 0.5) / radian)
        edges = None if edges is None else len(numbers) / 2 - edges * radian
        planned = None if is_seen else _planned(scenery.bands(*viewpoint), edges, numbers.shape)
        continued = (
            _continued(picture, shown, wide=WIDE, planned=planned)
            if edges is None
            else _continued_in_room(picture, shown, edges, planned)
        )
        behind = torch.from_numpy(continued)
        soft = torch.where(torch.from_numpy(shown), behind, _softened(behind))
        self._behind = _around(soft, 1)
        self._hidden = hidden

    def view(self, pose: CameraPose, size: tuple[int, int], *, is_sketched: bool = False) -> Tensor:
        """Return the view at a pose, float32 [3, height, width].

        Args:
            pose: of the view.
            size: height and width.
            is_sketched: whether sprites fill in the unknown parts of things.
        """
        canvas = self._sampled(pose, size, self._behind)
        sprites = self._sprites if is_sketched else {}
        for place in self._places(pose, size, (sprites, self._cut_outs)):
            cut = self._crisp(place)
            _lay_over(canvas, cut.shown(place.near), cut.box, place)
        return torch.from_numpy(canvas)

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

    def enlarge(self, pose: CameraPose) -> None:
        """Enlarge the things near by ahead of a pose, before a view needs it."""
        for number in self._scenery.boxes(*self._viewpoint, self._shape).keys() & self._cut_outs:
            x, z = np.subtract(self._scenery.bodies[number - 1].place, self._viewpoint)
            aside = yaw_difference(float(np.degrees(np.arctan2(x, z))), pose.yaw)
            if np.hypot(x, z) < NEAR_BY and abs(aside) < AHEAD:
                check_cancelled()
                self._from_near(number)

    def _crisp(self, place: _Placement) -> _CutOut | _Sprite:
        """Return a placed cut-out, as from near if it is shown enlarged."""
        cut, (first, last) = place.cut, ENLARGED
        share = (place.box[2] / cut.box[2] - first) / (last - first)
        if share <= 0 or place.near or not isinstance(cut, _CutOut):
            return cut
        return cut.towards(self._from_near(place.number), min(share, 1.0))

    def _from_near(self, number: int) -> _CutOut:
        """Return a cut-out as its thing looks from near; threads may ask."""
        cut, thing = self._cut_outs[number], self._scenery.bodies[number - 1].told
        if self._close_ups is None or not self._close_ups.knows(thing):
            return cut
        if number not in self._enlarged:
            self._enlarged[number] = cut.enlarged(self._close_ups, thing)
        return self._enlarged[number]

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
        sure = _around(
            torch.from_numpy((self._painted & ~self._hidden)[None].astype(np.float32)), 1
        )
        canvas = self._sampled(pose, size, torch.cat((self._behind, sure)))
        standing = np.isin(numbers, list(self._scenery.boxes(pose.x, pose.z, self._shape)))
        canvas[3, standing] = 0.0
        here, there = (self._scenery.levels(*at) for at in (self._viewpoint, (pose.x, pose.z)))
        for place in self._places(pose, size, (self._cut_outs,), numbers):
            number, cut_out = place.number, self._cut_outs[place.number]
            is_sure = there[number] <= here[number]
            share = is_sure * (AS_GLIMPSED if cut_out.is_glimpsed else 1.0)
            own = np.concatenate((cut_out.layer, share * cut_out.seen))
            _lay_over(canvas, own, cut_out.box, place, numbers)
        is_known = canvas[3] > (1 + AS_GLIMPSED) / 2
        canvas[3] = np.where(is_known, KNOWN, GLIMPSED) * (canvas[3] > SURE)
        canvas[:3] = (canvas[:3] + 1) * 127.5
        seen = np.rint(canvas, out=canvas).clip(0, 255, out=canvas).astype(np.uint8)
        return np.ascontiguousarray(seen.transpose(1, 2, 0))

    def lacks(self, pose: CameraPose, size: tuple[int, int], numbers: np.ndarray) -> np.ndarray:
        """Return where the view at a pose has a thing that is not known here, bool [H, W].

        Args:
            pose: of the view.
            size: height and width.
            numbers: see `seen`.
        """
        shown = np.zeros((4, *size), np.float32)
        for place in self._places(pose, size, (self._cut_outs,), numbers):
            cut_out = self._cut_outs[place.number]
            own = np.concatenate((cut_out.layer[:3], cut_out.there, cut_out.there))
            _lay_over(shown, own, cut_out.box, place, numbers)
        standing = np.isin(numbers, list(self._scenery.boxes(pose.x, pose.z, self._shape)))
        lacking: np.ndarray = standing & (shown[3] < HALF)
        return lacking

    def _places(
        self,
        pose: CameraPose,
        size: tuple[int, int],
        cuts: Sequence[Mapping[int, _CutOut] | Mapping[int, _Sprite]],
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

    def _sampled(self, pose: CameraPose, size: tuple[int, int], behind: Tensor) -> np.ndarray:
        """Return the background of everything that stands upright, float32 [C, height, width].

        Args:
            pose: of the view.
            size: height and width.
            behind: that background in the ring, with a margin of a pixel.
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
            low = _extent(np.any(near, axis=1), 0)
            away, near = away[low], near[low]
            x = away * np.sin(yaw).astype(np.float32) + np.float32(walked_x)
            z = away * np.cos(yaw).astype(np.float32) + np.float32(walked_z)
            slope = away * np.tan(pitch[low]).astype(np.float32)[:, None] / np.hypot(x, z)
            np.arctan2(x, z, out=grid[low, :, 0], where=near)
            np.arctan(slope, out=grid[low, :, 1], where=near)
        turns = grid[..., 0] / np.float32(2 * np.pi)
        turns -= np.floor(turns)  # faster than a remainder
        grid[..., 0] = (turns * columns + 1) * (2 / (columns + 2)) - 1
        grid[..., 1] = (rows / 2 + 1 - grid[..., 1] * radian) * (2 / (rows + 2)) - 1
        sampled = nn.functional.grid_sample(
            behind[None], torch.from_numpy(grid)[None], padding_mode="border", align_corners=False
        )
        return np.asarray(sampled[0])


def _shares(numbers: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the share of each thing's pixels in which something is so, by its number.

    Args:
        numbers: of each pixel's thing, int32 [H, W].
        where: it is so, bool [H, W].
    """
    counts = np.bincount(numbers.ravel())
    so = np.bincount(numbers[where], minlength=len(counts))
    shares: np.ndarray = so / np.maximum(counts, 1)
    return shares


def _around(ring: Tensor, margin: int) -> Tensor:
    """Return pictures of a ring, [C, H, W], with a margin: columns go on around."""
    wide = torch.cat((ring[..., -margin:], ring, ring[..., :margin]), dim=-1)
    return nn.functional.pad(wide[None], (0, 0, margin, margin), mode="replicate")[0]


def _softened(picture: Tensor) -> Tensor:
    """Return a picture, [C, H, W], each pixel the mean of `SOFT` above each other."""
    half, rows = SOFT // 2, picture.shape[1]
    padded = nn.functional.pad(picture[None], (0, 0, half, half), mode="replicate")[0]
    two = padded[:, :-1] + padded[:, 1:]
    four = two[:, :-2] + two[:, 2:]
    eight = four[:, :-4] + four[:, 4:]
    sums = eight[:, :rows] + four[:, 8 : 8 + rows]
    sums += two[:, 12 : 12 + rows]
    sums += padded[:, 14 : 14 + rows]
    return sums.div_(SOFT)


def _planned(
    bands: Sequence[PlacedObject], edges: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray | None:
    """Return a ring in the planned colours of sky, ground or the sides of a room.

    Args:
        bands: the background, see `Scenery.bands`.
        edges: rows of the foot and top of the walls, float [2, W]; None: there are none all around.
        shape: rows and columns of the ring.

    Returns:
        Float32 [3, H, W]; None: the plan does not say all colours.
    """
    told = [band.mean_color for band in bands if band.mean_color is not None]
    level = np.array([band.width > HALF_TURN for band in bands], bool)
    if not level.any() or len(told) < len(bands):
        return None
    colors = np.array(told, np.float32).T / 127.5 - 1
    yaw, pitch, width, height = np.array(
        [(band.yaw, band.pitch, band.width, band.height) for band in bands]
    ).T * (shape[1] / 360)  # px
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[:, None]
    below = np.abs(rows + 0.5 - shape[0] / 2 + pitch[level]) - height[level] / 2
    planned = colors[:, level][:, below.argmin(axis=1), None].repeat(shape[1], axis=2)
    if edges is not None and not level.all():
        half = shape[1] / 2
        beside = np.abs((columns + 0.5 - yaw[~level] + half) % shape[1] - half)
        walls = colors[:, ~level][:, None, (beside - width[~level] / 2).argmin(axis=1)]
        foot, top = edges
        planned = np.where((rows >= top) & (rows <= foot), walls, planned)
    return planned


def _continued(
    picture: np.ndarray,
    known: np.ndarray,
    wanted: np.ndarray | None = None,
    wide: float = inf,
    planned: np.ndarray | None = None,
) -> np.ndarray:
    """Return a ring, [3, H, W], whose unknown pixels are mixed from the known ones on both sides.

    Points of the ground beside each other are equally far away, so its texture is continued. Rows
    in which nothing is known are those nearest to them. In gaps that are `wide` [px] the usual
    colour of their row is shown far from all that is known. Only pixels that are `wanted` need be
    right. Far above or below all that is known, and where nothing is known of a part that has one
    colour in the `planned` ring, as the sky has, the planned colours are shown.
    """
    there = np.flatnonzero(known.any(axis=1))
    if not len(there):
        return picture if planned is None else planned
    apart = np.abs(np.arange(len(known))[:, None] - there)
    if planned is not None:
        column = planned[:, :, 0]
        parts = np.append(0, (column[:, 1:] != column[:, :-1]).any(axis=0).cumsum())
        apart += len(known) * (parts[:, None] != parts[there])
    nearest, beyond = there[apart.argmin(axis=1)], apart.min(axis=1)
    picture, known = picture.take(nearest, axis=1), known[nearest]
    count = known.shape[1]
    place = np.arange(count, dtype=np.int32)
    before = np.maximum.accumulate(np.where(known, place, np.int32(-1)), axis=1)
    before = np.where(before < 0, before[:, -1:] - count, before)  # columns go on around
    after = np.where(known, place, np.int32(count))[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1]
    after = np.where(after == count, after[:, :1] + count, after)
    missing = np.flatnonzero(~known if wanted is None else wanted & ~known)
    rows, columns = np.divmod(missing, count)
    left_of, right_of = before.ravel()[missing], after.ravel()[missing]
    to_left, to_right = columns - left_of, right_of - columns
    gaps = to_left + to_right
    share = (to_left / gaps).astype(np.float32)
    flat = picture.reshape(len(picture), -1)
    left, right = (
        flat.take(rows * count + beside % count, axis=1) for beside in (left_of, right_of)
    )
    mixed = left + share * (right - left)
    if (is_wide := gaps >= wide).any():
        shown = np.where(known, picture, np.nan)[..., ::COLUMNS]
        some = ~np.isnan(shown[0]).all(axis=1)
        usual = np.zeros(shown.shape[:2], np.float32)
        usual[:, some] = np.nanmedian(shown[:, some], axis=2)
        far = (np.minimum(to_left, to_right) / CLOSE - 1).clip(0, 1) * (some[rows] & is_wide)
        colors = usual[:, rows]
        if planned is not None:  # the usual colour of the row at the edge may be that of a window
            colors = np.where(beyond[rows] > 0, planned[:, rows, columns], colors)
        mixed += far.astype(np.float32) * (colors - mixed)
    flat[:, missing] = mixed
    if planned is not None:
        far = (beyond[:, None] / CLOSE - 1).clip(0, 1).astype(np.float32)
        picture += far * (planned - picture)
    return picture


def _continued_in_room(
    picture: np.ndarray, known: np.ndarray, edges: np.ndarray, planned: np.ndarray | None
) -> np.ndarray:
    """Return a ring likewise in which floor continues floor, walls walls and the ceiling itself.

    Args:
        picture: the ring, [3, H, W].
        known: which pixels are, bool [H, W].
        edges: rows of the foot and top of the walls, float [2, W].
        planned: colours of the plan, see `_continued`.
    """
    rows, columns = np.arange(len(known))[:, None], np.arange(known.shape[1])
    foot, top = edges
    straight = np.full_like(foot, foot.mean()), np.full_like(top, top.mean())
    there = _moved(rows, (foot, top), straight)
    inside = (there >= 0) & (there < len(known))
    there = there.clip(0, len(known) - 1)
    planned = planned if planned is None else _at(planned, there)
    filled = _continued(
        _at(picture, there), known[there, columns] & inside, wide=0, planned=planned
    )
    back = _moved(rows, straight, (foot, top)).clip(0, len(known) - 1)
    continued: np.ndarray = np.where(known, picture, _at(filled, back))
    return continued


def _at(picture: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return a picture, [C, H, W], whose columns show other rows, int [H, W]."""
    flat = rows * picture.shape[2] + np.arange(picture.shape[2])
    shown: np.ndarray = picture.reshape(len(picture), -1).take(flat, axis=1)
    return shown


def _moved(
    rows: np.ndarray, edges: tuple[np.ndarray, np.ndarray], straight: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return where rows between and beyond one foot and top are between and beyond others."""
    (foot, top), (new_foot, new_top) = edges, straight
    wall = top + (rows - new_top) * (foot - top) / (new_foot - new_top)
    beyond = np.where(rows < new_top, rows - new_top + top, rows - new_foot + foot)
    moved = np.where((rows >= new_top) & (rows <= new_foot), wall, beyond)
    return np.asarray(np.rint(moved), int)


def _cut_out(
    picture: np.ndarray,
    painted: np.ndarray,
    order: np.ndarray,
    rank: int,
    box: Box,
    margins: Margins,
) -> _CutOut | None:
    """Return a thing in a box [px]; None: nothing of it is seen.

    What nearer things cover of it is guessed, row by row: what lies between its parts, and what its
    other half shows.

    Args:
        picture: the ring, float32 [3, H, W].
        painted: which of its pixels are no guesses, bool [H, W].
        order: of what its pixels show, from far to near, 0: nothing that stands, int32 [H, W].
        rank: of the thing in this order.
        box: of the thing [px].
        margins: around it.
    """
    left, top, width, height = box
    first = int(np.floor(left - BESIDE * width)) - margins.hidden
    last = int(np.ceil(left + (1 + BESIDE) * width)) + margins.hidden
    highest = max(int(np.floor(top - BESIDE * height)) - margins.hidden, 0)
    rows = slice(highest, int(np.ceil(top + (1 + BESIDE) * height)) + margins.hidden)
    there = _window(order, rows, first, last)
    own, covered, colors = there == rank, there > rank, _window(picture, rows, first, last)
    if not own.any():
        return None
    is_glimpsed = bool(own.sum() < GLIMPSE * width * height)
    if covered.any():
        nearer, rim = covered.copy(), own & widened(covered, margins.cut)
        mirrored = np.rint(2 * (left - first) + width - 1 - np.arange(last - first)).astype(int)
        inside = (mirrored >= 0) & (mirrored < last - first)
        either = own | covered & own[:, mirrored.clip(0, last - first - 1)] & inside
        after, before = (np.maximum.accumulate(one, axis=1) for one in (either, either[:, ::-1]))
        covered &= after & before[:, ::-1]
        clear = own & ~widened(covered, margins.cut)
        guessed = _continued(colors, clear if clear.any() else own, covered | rim)
        covered |= rim & _is_like(colors, nearer, guessed, 2 * margins.cut + 1)
        colors = np.where(covered, guessed, colors)
    whole = own | covered
    reach = int(margins.beyond * min(width, height))
    beyond = np.zeros_like(whole)
    if reach > margins.hidden:  # else that margin is enough
        beyond = _painted_beyond(colors, whole, there, reach)
    rows_beyond, columns_beyond = beyond.nonzero()
    part = tuple(_extent((whole | beyond).any(axis=axis), margins.hidden) for axis in (1, 0))
    whole, beyond, colors, covered = whole[part], beyond[part], colors[:, *part], covered[part]
    free = (there[part] == 0) | whole
    cut, wide = (free & widened(whole | beyond, margin) for margin in margins[:2])
    colored = np.concatenate((colors, np.ones((1, *free.shape)))).astype(np.float32)
    layer = np.where(covered, colored, _without_behind(colored, whole, cut, free, margins.cut))
    beside = colored * wide - layer
    guessed = covered | ~_window(painted, rows, first, last)[part]
    seen, cut = np.where(guessed, 0, layer[3:]), cut[None].astype(np.float32)
    corner = first + part[1].start, highest + part[0].start
    return _CutOut(
        layer, seen, cut, beside, (left - corner[0], top - corner[1], width, height), is_glimpsed,
        (rows_beyond + highest, (columns_beyond + first) % order.shape[1]),
    )  # fmt: skip


def _painted_beyond(
    colors: np.ndarray, whole: np.ndarray, order: np.ndarray, reach: int
) -> np.ndarray:
    """Return where a thing was painted outside its shape in the plan, bool [h, w].

    Pixels of nothing else count, straight beside it, whose colours are rather its own than those
    around it.

    Args:
        colors: float32 [3, h, w] in [-1, 1].
        whole: where the thing is in the plan, bool [h, w].
        order: 0 where nothing stands, see `_cut_out`, int32 [h, w].
        reach: how far outside [px].
    """
    shades = ((colors + 1) * (SHADES / 2)).astype(int).clip(0, SHADES - 1)
    shade = np.ravel_multi_index(tuple(shades), (SHADES,) * 3)
    near = widened(whole, reach) & (order == 0) & ~whole
    own, around = (_frequencies(shade[where]) for where in (whole, ~near & ~whole))
    is_own = whole | near & (own > SURELY * around)[shade]
    beyond, places = np.zeros_like(whole), np.indices(whole.shape)
    for axis in (0, 1):
        for turned in (np.s_[:], np.s_[::-1]):
            along = (turned, slice(None)) if axis == 0 else (slice(None), turned)
            inside, outside = (
                np.maximum.accumulate(np.where(there, places[axis], -1), axis=axis)
                for there in (whole[along], ~is_own[along])
            )
            beyond[along] |= inside > outside  # nothing else lies between
    beyond |= ~widened(~widened(beyond, CLOSED), CLOSED)
    beyond &= near
    if beyond.sum() > MOST_BEYOND * whole.sum():  # something else has these colours
        beyond[:] = False
    return beyond


def _frequencies(shade: np.ndarray) -> np.ndarray:
    """Return how frequent every shade and those like it are among some, float64 [SHADES**3]."""
    counts = np.bincount(shade, minlength=SHADES**3).reshape((SHADES,) * 3) / max(len(shade), 1)
    for _ in range(3):
        counts = np.tensordot(counts, _LIKENESS, axes=(0, 0))  # the next colour comes first
    return counts.ravel()


def _without_behind(
    colored: np.ndarray, whole: np.ndarray, cut: np.ndarray, free: np.ndarray, margin: int
) -> np.ndarray:
    """Return a cut-out without the background along its outline, colours times alpha, and alpha.

    A painter's outlines are not just the plan's, so some of what is cut out along them is
    background. How much, tells where a pixel's colour lies between those of the thing and of
    what is around it.

    Args:
        colored: colours, and 1, float32 [4, h, w].
        whole: where the thing is in the plan, bool [h, w].
        cut: the pixels cut out, bool [h, w].
        free: where no other thing is, bool [h, w].
        margin: pixels cut out around the plan's shape.
    """
    inner, outer = whole & ~widened(~whole, margin), free & ~cut
    own, behind = (_nearby(colored, where, 2 * margin + 1) for where in (inner, outer))
    way = own[:3] - behind[:3]
    length = (way**2).sum(axis=0)
    share = ((colored[:3] - behind[:3]) * way).sum(axis=0) / np.maximum(length, UNLIKE)
    is_told = (own[3] > 0) & (behind[3] > 0) & (length > UNLIKE)
    alpha = np.where(inner | ~is_told, 1.0, share.clip(0.0, 1.0)) * cut
    layer: np.ndarray = colored * alpha
    layer[:3] = alpha * (layer[:3] + (1 - alpha) * own[:3])
    return layer


def _is_like(colors: np.ndarray, where: np.ndarray, guessed: np.ndarray, reach: int) -> np.ndarray:
    """Tell which pixels, [3, h, w], are rather like some others nearby than like guesses."""
    nearby = _nearby(np.concatenate((colors, np.ones((1, *where.shape)))), where, reach)
    off, other = (((one - colors) ** 2).sum(axis=0) for one in (nearby[:3], guessed))
    is_like: np.ndarray = (nearby[3] > 0) & (off < other)
    return is_like


def _nearby(colored: np.ndarray, where: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean colour of some pixels near each one, and their number, [4, h, w]."""
    sums = np.pad(colored * where, ((0, 0), (reach + 1, reach), (reach + 1, reach)))
    sums = sums.cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    size = 2 * reach + 1
    sums = sums[:, size:] - sums[:, :-size]
    sums = sums[:, :, size:] - sums[:, :, :-size]
    sums[:3] /= np.maximum(sums[3], 0.5)
    means: np.ndarray = sums.astype(np.float32)
    return means


def _window(ring: np.ndarray, rows: slice, first: int, last: int) -> np.ndarray:
    """Return rows of a ring, [..., H, W], from a column to before another; it goes on around."""
    start, count = first % ring.shape[-1], last - first
    if start + count <= ring.shape[-1]:
        return ring[..., rows, start : start + count]
    return ring[..., rows, np.arange(first, last) % ring.shape[-1]]


def _extent(line: np.ndarray, margin: int) -> slice:
    """Return from where to where a line is so, bool [N], with a margin within it."""
    there = np.flatnonzero(line)
    return slice(max(int(there[0]) - margin, 0), int(there[-1]) + 1 + margin)


def widened_around(shape: np.ndarray, margin: int) -> np.ndarray:
    """Return a shape of a ring, bool [H, W], with a margin above 0; columns go on around."""
    wide = np.pad(shape, ((0, 0), (margin, margin)), mode="wrap")
    return widened(wide, margin)[:, margin:-margin]


def widened(shape: np.ndarray, margin: int) -> np.ndarray:
    """Return a shape, bool [h, w], with a margin within its rows and columns."""
    (height, width), size, reach = shape.shape, 2 * margin + 1, 1
    wide = np.zeros((height + 2 * margin, width + 2 * margin), bool)
    wide[margin : margin + height, margin : margin + width] = shape
    while reach < size:  # each pixel knows as many to the right of and below it
        step = min(reach, size - reach)
        wide = wide[step:] | wide[:-step]
        wide = wide[:, step:] | wide[:, :-step]
        reach += step
    return wide


def _lay_over(
    canvas: np.ndarray,
    layer: np.ndarray,
    before: Box,
    place: _Placement,
    numbers: np.ndarray | None = None,
) -> None:
    """Put a cut-out over a picture, [C, H, W], so that its thing fills a box.

    Args:
        canvas: the picture; its channels above the third are told in a layer's above the fourth.
        layer: colours times alpha, alpha, and other channels times alpha, [C + 1, h, w].
        before: box of the thing in the layer [px].
        place: of the thing in the picture.
        numbers: of the planned thing in each pixel, [H, W]; only those of this one change.
    """
    rows, columns = place.where
    tall, vertical = _resampling(before[1::2], place.box[1::2], layer.shape[1], rows)
    wide, horizontal = _resampling(before[::2], place.box[::2], layer.shape[2], columns)
    stamp = vertical @ (layer[:, tall, wide] @ horizontal.T)
    if numbers is not None:
        stamp *= numbers[place.where] == place.number
    seen = canvas[:, rows, columns]
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
    before: tuple[float, float], now: tuple[float, float], count: int, shown: slice
) -> tuple[slice, np.ndarray]:
    """Return the pixels of a cut-out that those pixels are made of, and the share of each.

    The shares are float32 [pixels of the line, of the cut-out]; see `_shown`.
    """
    (start, length), (new_start, new_length) = before, now
    scale = new_length / length
    places = (np.arange(shown.start, shown.stop) + 0.5 - new_start) / scale + start - 0.5
    wide = max(1.0, 1 / scale)
    first, last = int(np.floor(places[0] - wide)), int(np.ceil(places[-1] + wide)) + 1
    shares = linear_shares(places - first, np.arange(last - first, dtype=np.float32), wide)
    if wide > 1:
        shares /= shares.sum(axis=1, keepdims=True)
    there = slice(max(first, 0), max(min(last, count), 0))
    return there, shares[:, there.start - first : there.stop - first]
