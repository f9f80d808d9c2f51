"""The explored ring as one small picture: stitched from frames, faded by age, memory outlined.

`MapStitcher` works on the thread that makes blocks and publishes finished pictures, so the window
only ever scales one. The map is fixed: where a session began is in the middle and never moves, the
seam lies behind. `Minimap` draws it as a card in layers: a picture is scaled only when there is a
new one, and a moving view costs a few lines.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pygame
from PIL import Image

from mag_sandbox.controls.camera import ASPECT, FARTHEST, MAX_PITCH, CameraPose
from mag_sandbox.controls.edits import ENTER
from mag_sandbox.evaluation.similarity.anchors import AnchorMark
from mag_sandbox.model.world import FrameBlock, MemoryEntry, WorldState
from mag_sandbox.sandbox.hud.seen import (
    HEIGHT,
    MOST_PLACES,
    SCALE,
    TOP,
    WIDTH,
    Box,
    Place,
    SeenGround,
    SeenRing,
    unrolled,
    view_box,
)
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart
from mag_sandbox.sandbox.play.rooms import ParkedRooms, parted
from mag_sandbox.sandbox.ui.display import flat_picture
from mag_sandbox.sandbox.ui.layout import (
    SPRING,
    CustomPart,
    Part,
    Text,
    column,
    draw,
    height_of,
    row,
    widths,
)
from mag_sandbox.sandbox.ui.theme import ACCENT, INK, MUTED, Theme

MOST_FRAMES = 2**30  # a kept map that says more is damaged
FADED_AFTER = 2400  # frames since last seen: about two and a half minutes of play
ALL_SEEN = 0.9  # share of what a turn at one height shows, from which on nothing is new there
STEP = 0.1  # metres between two positions of the way
MOST_STEPS = 1024  # of the way; more are thinned out
REFRESH = 8  # frames after which standing still draws the map again, for its ages
REFRESH_MOVING = 6  # frames after which a moving view does

_OLDEST_COLOUR = 70  # of 255: what age leaves of the colour; forgotten ground has none
_GHOST = 0.42  # brightness of ground whose colour is gone
_UNSEEN, _HATCH, _IMAGINED = (16, 20, 34), (34, 41, 62), (0, 112, 84)
MEMORY = (232, 132, 214)  # around what is remembered: no ground or water has this colour
_EDGE_DARK, _EDGE_BRIGHT = (10, 13, 24), MEMORY

CARD_WIDTH = 366  # px of the reference window
SHADOW = (10, 13, 24)
RETURN_POINT, FORGOTTEN, ANCHOR = "checked on return", "forgotten", "anchor"  # if there are any
GONE, _HOLE = (150, 158, 178), 0.55  # of what memory lost: colour, share of a dot
PIN, PLACE = 5.0, 3.2  # px of the reference window: radius of a pin's head, of a place's dot


_LegendEntry = tuple[Callable[..., object], str]  # draws a mark; its meaning
_Layer = tuple[tuple[object, ...], pygame.Surface]  # the drawn state, and its picture


@dataclass(frozen=True, slots=True)
class MapPicture:
    """A finished map; a new object whenever it looks different."""

    pixels: np.ndarray  # uint8 [HEIGHT, WIDTH, 3]
    stays: np.ndarray  # bool [HEIGHT, WIDTH]: was seen, and some kept frame shows it
    directions: np.ndarray  # bool [WIDTH]: was seen, at any height

    @property
    def explored(self) -> float:
        """The share of a turn that has been seen, at any height."""
        return float(self.directions.mean())


class MapStitcher(SessionObserver):
    """A session observer that keeps the map; read `picture` from any thread.

    >>> stitcher = MapStitcher()
    >>> from mag_sandbox.sandbox.play.session import Session
    >>> session = Session(world, source, observers=[stitcher])
    >>> _ = session.start(scene, seed=7)
    >>> 0 < stitcher.picture.explored < 1
    True
    """

    def __init__(self) -> None:
        self._rooms = ParkedRooms()
        self._clear()

    def _clear(self) -> None:
        self.ring = SeenRing()
        self.way: tuple[Place, ...] = ((0.0, 0.0),)  # that was walked
        self.ground = SeenGround()
        self._entries: tuple[MemoryEntry, ...] = ()  # of the newest block
        self._coverage = _Coverage()
        self._shown_at = 0  # frames when the picture was made
        self._shown_box: Box | None = None
        self.picture = MapPicture(_PATTERN, np.zeros((HEIGHT, WIDTH), bool), np.zeros(WIDTH, bool))

    def sees_more_of(self, pose: CameraPose) -> bool:
        """Return whether the camera, turning around at its height, would see something new."""
        middle, half = TOP - pose.pitch, pose.fov * ASPECT / 2
        top, bottom = (max(0, round((middle + side) * SCALE)) for side in (-half, half))
        return bool(self.ring.is_seen[top:bottom].mean() < ALL_SEEN)

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Begin an empty map with the first block."""
        self._rooms = ParkedRooms()
        self._clear()
        self.add(block)

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 - observer
        """Add one more block."""
        self.add(block)

    def add(self, block: FrameBlock) -> None:
        """Put the last frame of a block where it looks; publish the map when that shows."""
        here = block.poses[-1].x, block.poses[-1].z
        if (left := self._rooms.left(block)) is not None:
            self._enter(self._rooms.change(left, self._of_room(), block))
            block = replace(block, edited=None)  # which would forget all that is known here
        elif block.edited and (block.edited == ENTER or block.edited.renews_everything):
            self.way, self.ground = (here,), SeenGround()
        box = self.ring.add(block)
        self.ground.add(block)
        if math.dist(self.way[-1], here) >= STEP:
            way = self.way[::2] if len(self.way) >= MOST_STEPS else self.way
            self.way = (*way, here)
        self._entries = block.memory.at_start
        patience = REFRESH if box == self._shown_box else REFRESH_MOVING
        if self._shown_box is None or self.ring.frames - self._shown_at >= patience:
            self._shown_box, self._shown_at = box, self.ring.frames
            self.picture = self._draw()

    def snapshot(self) -> WorldState:
        """Return the state for `restore` when the scene is continued."""
        return self._rooms.joined(self._of_room())

    def _of_room(self) -> WorldState:
        seen = self.ring.seen.copy().view(np.uint8)  # a kept state holds bytes only
        way = np.array(self.way).view(np.uint8)
        arrays = {"ring": self.ring.pixels.copy(), "seen": seen, "way": way}
        if self.ground.places:
            arrays["things"] = np.array(sorted(self.ground.places)).view(np.uint8)
        return WorldState(
            arrays,
            {"frames": self.ring.frames},
        )

    def restore(self, state: WorldState) -> None:
        """Go on from a snapshot, on the thread that makes blocks, or raise ValueError."""
        here, others = parted(state)
        for one in others.values():
            MapStitcher()._restore_room(one)  # checks it
        self._restore_room(here)
        self._rooms.restore(others)

    def _restore_room(self, state: WorldState) -> None:
        """Go on from what was known of a room; see `restore`."""
        for name, own in (("ring", self.ring.pixels), ("seen", self.ring.seen.view(np.uint8))):
            given = state.arrays.get(name)
            if given is None or (given.shape, given.dtype) != (own.shape, own.dtype):
                raise ValueError(f'the saved map has no valid "{name}"; the map starts over')
        ring, seen = state.arrays["ring"].copy(), state.arrays["seen"].copy().view(np.int32)
        frames, newest = state.data.get("frames"), int(seen.max())
        if type(frames) is not int or not max(0, newest) <= frames <= MOST_FRAMES:
            raise ValueError(f'the saved map says "frames": {frames}; the map starts over')
        way, things = (state.arrays.get(name) for name in ("way", "things"))  # older maps have none
        if way is not None:
            self.way = _read_places(way, "way", MOST_STEPS)
        if things is not None:
            self.ground = SeenGround(_read_places(things, "things", MOST_PLACES))
        self.ring.pixels, self.ring.seen = ring, seen
        self.ring.frames = self._shown_at = frames
        self.picture = self._draw()

    def _enter(self, known: WorldState | None) -> None:
        """Go on with the map of another room; None: there is none yet."""
        self._clear()
        if known is not None:
            self._restore_room(known)

    def _draw(self) -> MapPicture:
        self._coverage.update(self._entries)
        imagined = self._coverage.imagined > 0
        known = imagined | (self._coverage.seen > 0)
        seen = self.ring.is_seen
        ages = self.ring.frames - self.ring.seen
        colour = _COLOUR_LEFT[np.clip(ages, 0, FADED_AFTER)]
        colour[~known] = 0  # forgotten: only the map still knows it
        ring = Image.fromarray(self.ring.pixels)
        ghost = ring.convert("L").point(_GHOST_LEVELS).convert("RGB")
        faded = Image.composite(ring, ghost, Image.fromarray(colour))
        pixels = np.array(Image.composite(faded, _PATTERN_IMAGE, Image.fromarray(seen)))
        pixels[imagined & ~seen & _LINES] = _IMAGINED
        _outline(pixels, known)
        return MapPicture(pixels, known & seen, np.asarray(seen.any(axis=0)))


def _read_places(saved: np.ndarray, name: str, most: int) -> tuple[Place, ...]:
    are_places = saved.dtype == np.uint8 and saved.ndim == 2 and saved.shape[1] == 16
    if not are_places or not 0 < len(saved) <= most:
        raise ValueError(f'the saved map has no valid "{name}"; the map starts over')
    places = saved.copy().view(np.float64)
    if not (np.abs(places) <= FARTHEST).all():  # also refuses nan
        raise ValueError("the saved map leads too far away; the map starts over")
    return tuple((x, z) for x, z in places.tolist())


class _Coverage:
    """Counts how many kept frames show each pixel; only what changed is counted anew."""

    def __init__(self) -> None:
        self.seen, self.imagined = (np.zeros((HEIGHT, WIDTH), np.int16) for _ in range(2))
        self._kept: dict[
            tuple[int, bool, CameraPose], CameraPose
        ] = {}  # frame, whether it was imagined ahead

    def update(self, entries: Iterable[MemoryEntry]) -> None:
        """Take what the memory holds now."""
        kept = {
            (entry.frame_index, entry.kind == "look-ahead", entry.pose): entry.pose
            for entry in entries
        }
        for key in self._kept.keys() - kept.keys():
            self._count(key, self._kept[key], -1)
        for key in kept.keys() - self._kept.keys():
            self._count(key, kept[key], 1)
        self._kept = kept

    def _count(self, key: tuple[int, bool, CameraPose], pose: CameraPose, step: int) -> None:
        left, top, width, height = view_box(pose)
        counts = self.imagined if key[1] else self.seen
        for columns, _ in unrolled(left, width):
            counts[max(0, top) : top + height, columns] += step


def _outline(pixels: np.ndarray, mask: np.ndarray) -> None:
    around = np.pad(mask, ((2, 2), (0, 0)))  # ground above and below the map is never covered
    grown, shrunk = around[2:-2].copy(), around[2:-2].copy()
    for step in (-2, -1, 1, 2):
        shifted = around[2 + step : HEIGHT + 2 + step]
        rolled = np.roll(mask, step, axis=1)
        grown |= shifted | rolled
        shrunk &= shifted & rolled
    pixels[grown & ~mask] = _EDGE_DARK
    pixels[mask & ~shrunk] = _EDGE_BRIGHT


_SHARES = np.sqrt(np.arange(FADED_AFTER + 1) / FADED_AFTER)
_COLOUR_LEFT = np.round(255 - (255 - _OLDEST_COLOUR) * _SHARES).astype(np.uint8)
_GHOST_LEVELS = [round(level * _GHOST) for level in range(256)]
# What a turn shows that looks neither up nor down
_LEVEL = slice(round((TOP - MAX_PITCH) * SCALE), round((TOP + MAX_PITCH) * SCALE))
NOTHING_NEW = "nothing new unless you repaint"
_ROWS, _COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH]
_LINES = (_ROWS + _COLUMNS) % 16 < 4  # 16 divides WIDTH: no break at the seam
_PATTERN = np.where(_LINES[..., None], _HATCH, _UNSEEN).astype(np.uint8)
_PATTERN_IMAGE = Image.fromarray(_PATTERN)


class Minimap:
    """Makes the map's card, again only when it would look different.

    minimap = Minimap()
    card = minimap.card(theme, stitcher.picture, tracker_marks)
    draw_view(surface, theme, surface.blit(card, place), pose)
    """

    def __init__(self) -> None:
        self._base: _Layer | None = None  # frame, map and caption
        self._marked: _Layer | None = None  # and the anchors, which never move

    def card(
        self,
        theme: Theme,
        picture: MapPicture,
        marks: Sequence[AnchorMark] = (),
        target: AnchorMark | None = None,
        width: int | None = None,
        *,
        tells_new: bool = False,
        most: int = 0,
    ) -> pygame.Surface:
        """Return the card; the same surface as long as it looks the same.

        Anchors that the game set are dots, the player's are pins; `target`, to which the next
        command returns, is larger. Without a width [px] it is as wide as the scene's card. It may
        tell which parts are yet to be made, in place of seen views. The legend is left out where
        the card would be higher than `most` [px; 0: any height].
        """
        width = width or theme.px(CARD_WIDTH)
        area = map_area(theme, width)
        absent = {RETURN_POINT, FORGOTTEN, ANCHOR} - set(map(_meaning, marks))
        base_of = (theme, picture, width, tells_new, most, " ".join(sorted(absent)))
        if self._base is None or not _same(self._base[0], base_of):
            legend = [mark for mark in MARKS if mark[1] not in absent]
            drawn = _draw_base(theme, picture, width, most, legend, tells_new=tells_new)
            self._base, self._marked = (base_of, drawn), None
        marked = tuple(marks), target
        if self._marked is None or self._marked[0] != marked:
            self._marked = marked, self._base[1].copy()
            for mark in sorted(marks, key=lambda one: (one == target, one.kind != "auto")):
                _draw_mark(self._marked[1], theme, mark, area, larger=mark == target)
        return self._marked[1]


def draw_view(
    surface: pygame.Surface,
    theme: Theme,
    place: pygame.Rect,
    pose: CameraPose,
    colour: tuple[int, ...] = INK,
) -> None:
    """Outline on a map's card what a view shows, on both sides of the seam where it crosses it."""
    area = map_area(theme, place.width).move(place.topleft)
    box, line = _on_card(view_box(pose), area), max(1, theme.px(2))
    before = surface.get_clip()
    surface.set_clip(area)
    for shift in (0, -area.width) if box.right > area.right else (0,):
        moved = box.move(shift, 0)
        pygame.draw.rect(surface, SHADOW, moved.inflate(2, 2), line + 2, border_radius=theme.px(3))
        pygame.draw.rect(surface, theme.colour(colour), moved, line, border_radius=theme.px(2))
    surface.set_clip(before)


def map_area(theme: Theme, width: int) -> pygame.Rect:
    """Return where the map lies on a card of this width."""
    pad = theme.px(14)
    across = width - 2 * pad
    return pygame.Rect(pad, pad, across, round(across * HEIGHT / WIDTH))


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return all(
        a is b or (isinstance(a, int | str) and a == b) for a, b in zip(one, other, strict=True)
    )


def _draw_base(
    theme: Theme,
    picture: MapPicture,
    width: int,
    most: int,
    legend: Iterable[_LegendEntry],
    *,
    tells_new: bool,
) -> pygame.Surface:
    area = map_area(theme, width)
    pixels = picture.pixels
    caption: Part = Text(f"{picture.explored:.0%} seen around", 13, MUTED)
    lines = _legend(theme, caption, legend, area.width)
    below = pygame.Rect(area.left, area.bottom + theme.px(3), area.width, 0)
    if most and below.top + height_of(theme, lines, area.width) + theme.px(5) >= most:
        lines = column(caption)
    below.height = height_of(theme, lines, area.width)
    card = theme.card((width, below.bottom + theme.px(5)))
    if tells_new:
        pixels = np.where((_LINES & ~picture.stays)[..., None], np.array(ACCENT, np.uint8), pixels)
        lines = column(Text(news_of(picture), 13, ACCENT))
    card.blit(pygame.transform.smoothscale(flat_picture(pixels), area.size), area)
    draw(theme, card, lines, below)
    return card


def _meaning(mark: AnchorMark) -> str:
    if not mark.in_memory:
        return FORGOTTEN
    return RETURN_POINT if mark.kind == "auto" else ANCHOR


def _legend(theme: Theme, caption: Part, legend: Iterable[_LegendEntry], width: int) -> Part:
    """Return a caption and what the marks of the map mean, in as many lines as they need."""
    lines: list[list[Part]] = [[caption]]
    for mark, meaning in legend:
        entry = row(CustomPart(14, 11, mark), Text(meaning, 12, MUTED), gap=4)
        if widths(theme, row(*lines[-1], entry, gap=8))[0] > width:
            lines.append([])
        lines[-1].append(entry)
    return column(*(row(*line, SPRING, gap=8) for line in lines), gap=0)


def news_of(picture: MapPicture) -> str:
    """Return how much of a turn that looks neither up nor down a description changes."""
    new = 1.0 - picture.stays[_LEVEL].mean()
    return f"{new:.0%} will be new" if new > 1.0 - ALL_SEEN else NOTHING_NEW


def _draw_frame(theme: Theme, surface: pygame.Surface, area: pygame.Rect) -> None:
    box = area.inflate(0, -theme.px(2))
    pygame.draw.rect(surface, theme.colour(MEMORY), box, max(1, theme.px(1.5)))


def _draw_stripes(
    theme: Theme, surface: pygame.Surface, area: pygame.Rect, colour: tuple[int, ...]
) -> None:
    step, before = max(3, theme.px(4)), surface.get_clip()
    surface.set_clip(area.clip(before))
    surface.fill(_UNSEEN)
    for left in range(area.left - area.height, area.right, step):
        ends = (left, area.bottom), (left + area.height, area.top)
        pygame.draw.line(surface, theme.colour(colour), *ends)
    surface.set_clip(before)


def _draw_place(
    theme: Theme,
    surface: pygame.Surface,
    area: pygame.Rect,
    colour: tuple[int, ...] = ACCENT,
    hole: float = 0.0,
) -> None:
    radius = max(2.5, PLACE * theme.scale)
    _draw_dot(surface, area.center, radius, theme.colour(colour), hole=hole)


def _draw_pin(theme: Theme, surface: pygame.Surface, area: pygame.Rect) -> None:
    radius = 0.8 * max(3.5, PIN * theme.scale)
    _draw_head(surface, theme.colour(ACCENT), area.midbottom, radius, 0.42, SHADOW)


def _on_card(box: Box, area: pygame.Rect) -> pygame.Rect:
    left, top, width, height = (length * area.width / WIDTH for length in box)
    return pygame.Rect(
        area.left + round(left), area.top + round(top), max(3, round(width)), max(3, round(height))
    )


def _draw_mark(
    card: pygame.Surface, theme: Theme, mark: AnchorMark, area: pygame.Rect, *, larger: bool
) -> None:
    """Draw an anchor where it looks: bright if remembered, grey and hollow if that is gone."""
    left, top, width, height = view_box(mark.pose)
    scale = area.width / WIDTH
    x = area.left + (left + width / 2) % WIDTH * scale
    y = area.top + (top + height / 2) * scale
    colour = theme.colour(ACCENT if mark.in_memory else GONE)
    if mark.kind == "auto" and not larger:
        radius = max(2.5, PLACE * theme.scale)
        _draw_dot(card, (x, y), radius, colour, hole=0.0 if mark.in_memory else _HOLE)
        return
    radius = max(3.5, PIN * theme.scale) * (1.25 if larger else 1.0)
    middle = INK if larger and mark.in_memory else SHADOW
    _draw_head(card, colour, (x, y), radius, 0.42 if mark.in_memory else 0.62, middle)


def _draw_head(
    card: pygame.Surface,
    colour: tuple[int, ...],
    place: tuple[float, float],
    radius: float,
    hole: float,
    middle: tuple[int, ...],
) -> None:
    """Draw a pin whose tip is at a place; the hole is a share of its radius."""
    x, y = place
    shoulder, reach = y - 1.6 * radius, 0.8 * radius
    tip = [(x, y), (x - reach, shoulder), (x + reach, shoulder)]
    pygame.draw.polygon(card, SHADOW, tip, 3)
    _draw_dot(card, (x, y - 2.2 * radius), radius, colour, hole=0.0)
    pygame.draw.polygon(card, colour, tip)
    pygame.draw.aacircle(card, middle, (x, y - 2.2 * radius), hole * radius)


def _draw_dot(
    card: pygame.Surface,
    centre: tuple[float, float],
    radius: float,
    colour: tuple[int, ...],
    *,
    hole: float,
) -> None:
    pygame.draw.aacircle(card, SHADOW, centre, radius + 1.6)
    pygame.draw.aacircle(card, colour, centre, radius)
    if hole:
        pygame.draw.circle(card, SHADOW, centre, radius * hole)  # too small for smoothing


MARKS = (  # of the map, as in its legend
    (_draw_frame, "remembered"),
    (_draw_place, RETURN_POINT),
    (partial(_draw_stripes, colour=_IMAGINED), "drawn ahead"),
    (partial(_draw_place, colour=GONE, hole=_HOLE), FORGOTTEN),
    (_draw_pin, ANCHOR),
)
