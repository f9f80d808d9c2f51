"""Panoramas that move: clouds drift, water shimmers, lamps flicker, creatures walk.

All motion is a function of time alone, counted in frames of 1/16 s, with the same constants in
every scene, and none at time 0, when the picture is that of `render`. A moving ring is one array of
eight bytes a pixel:

    0 to 2   the bare ring, red, green, blue: no clouds, no walkers
    3        label: kind in the upper two bits, how much of the pixel is of that kind in the lower
             six (0 to FULL); 0 stands still
    4 to 7   overlay, red, green, blue premultiplied by alpha, and alpha: clouds in the rows above
             the split, walkers below

Nothing walks in the last row: its overlay has no alpha, and holds the colour of the open sky of
row y in column y, and the split in column SPLIT_COLUMN.

All masks are blended like colours: a shape covers those below it by its alpha, so edges and haze
are soft. Layers are not put under light: a picture that is relit may hold none.
"""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.renderer.canvas import (
    RING_HEIGHT,
    RING_WIDTH,
    SUPERSAMPLE,
    Canvas,
    Color,
    Motion,
    MovingLayer,
    Shape,
    Sheet,
)
from mag_sandbox.renderer.lighting import flickering
from mag_sandbox.renderer.motion import (
    CLOUD_SPEED,
    FLICKER_DEPTH,
    FLICKER_PERIODS,
    SHIMMER_ACROSS,
    SHIMMER_DOWN,
    SHIMMER_PERIOD,
    SHIMMER_SWING,
)
from mag_sandbox.renderer.version2.render import DrawnScene, paint_scene
from mag_sandbox.renderer.views import FOV, HEIGHT, WIDTH, blended_view, view, view_corner

SKY, SHIMMER, FLICKER = Motion
FRONT = 3  # kind of pixels that lie before walkers
FULL = 63
CHANNELS = 8
LAST = RING_HEIGHT - 1
SPLIT = 152  # first row below all clouds
SPLIT_COLUMN = RING_HEIGHT
WALK_REACH = 14  # px that walkers go to either side
HOP_HEIGHT = 2  # px that walkers rise
OPAQUE = 255


class _Layers:
    """The sheets of a moving ring while its shapes are drawn."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.bare, self._labels = Sheet(), Sheet()  # of labels, a channel for each motion
        self._front: Sheet | None = None  # shapes drawn after the walkers
        self._colors: dict[MovingLayer, Sheet] = {}  # premultiplied by their alpha
        self._alphas: dict[MovingLayer, Sheet] = {}
        self._sky = np.zeros((RING_HEIGHT * SUPERSAMPLE, 3))
        for shape in canvas.shapes:
            if shape.context.layer is None:
                self._draw(shape)
            else:
                self._draw_apart(shape, shape.context.layer)

    def _draw(self, shape: Shape) -> None:
        motion = shape.context.motion
        self.bare.add(shape)
        red, green, blue = (OPAQUE * (one is motion) for one in Motion)
        self._labels.add(shape, (red, green, blue, shape.alpha))
        if self._front is not None:
            self._front.add(shape, _white(shape.alpha))
        if shape.kind == "gradient" and motion is Motion.SKY:
            first, last = shape.rows
            self._sky[first:last] = shape.row_colors()[: len(self._sky) - first]

    def _draw_apart(self, shape: Shape, layer: MovingLayer) -> None:
        self._colors.setdefault(layer, Sheet()).add(shape)
        self._alphas.setdefault(layer, Sheet()).add(shape, _white(shape.alpha))
        if layer is MovingLayer.WALKERS:
            self._front = self._front or Sheet()
            left, top, right, bottom = shape.box  # walkers go before all that was drawn until now
            left, right = left - WALK_REACH - 1, right + WALK_REACH + 1
            self._front.clear((left, top - HOP_HEIGHT - 1, right, bottom + 1))

    def labels(self) -> np.ndarray:
        """Return how much of each pixel moves in each way, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
        labels = self._labels.pixels().copy()
        if self._canvas.light is not None:
            lights = flickering(self._canvas.light[1], RING_HEIGHT, RING_WIDTH)
            lights = (lights * OPAQUE).round().astype(np.uint8)
            np.maximum(labels[..., FLICKER], lights, out=labels[..., FLICKER])
        return np.roll(labels, self._canvas.turned, axis=1)

    def layer(self, layer: MovingLayer) -> np.ndarray | None:
        """Return a layer, uint8 [RING_HEIGHT, RING_WIDTH, 4], or None if nothing is on it.

        Red, green and blue are premultiplied by alpha.
        """
        if layer not in self._colors:
            return None
        colors, alphas = self._colors[layer].pixels(), self._alphas[layer].pixels()
        return np.roll(np.dstack((colors, alphas[..., :1])), self._canvas.turned, axis=1)

    def front(self) -> np.ndarray | None:
        """Return how much of each pixel lies before walkers, uint8 [RING_HEIGHT, RING_WIDTH].

        None if nothing walks.
        """
        if self._front is None:
            return None
        return np.roll(self._front.pixels()[..., 0], self._canvas.turned, axis=1)

    def sky(self) -> np.ndarray:
        """Return the colour of the open sky in each row, uint8 [RING_HEIGHT, 3]."""
        rows = self._sky.reshape(RING_HEIGHT, SUPERSAMPLE, 3).mean(axis=1)
        return np.asarray(rows.round(), np.uint8)


def _white(alpha: int) -> Color:
    return OPAQUE, OPAQUE, OPAQUE, alpha


def pack(canvas: Canvas) -> np.ndarray:
    """Return a painted ring as layers, uint8 [RING_HEIGHT, RING_WIDTH, CHANNELS]."""
    painted = _Layers(canvas)
    layers = np.zeros((RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8)
    layers[..., :3] = canvas.finished(painted.bare.pixels())
    clouds, walkers = painted.layer(MovingLayer.CLOUDS), painted.layer(MovingLayer.WALKERS)
    split = 0
    if clouds is not None:
        split = SPLIT
        layers[:split, :, 4:] = clouds[:split]
    if walkers is not None:
        layers[split:LAST, :, 4:] = walkers[split:LAST]
    layers[..., 3] = _labels(painted, swept(layers[..., 7], split))
    layers[LAST, :RING_HEIGHT, 4:7] = painted.sky()
    layers[LAST, SPLIT_COLUMN, 4] = split
    return layers


def split_row(layers: np.ndarray) -> int:
    """Return the first row in which the overlay holds walkers; 0 if there are no clouds."""
    return int(layers[LAST, SPLIT_COLUMN, 4])


def sky_rows(layers: np.ndarray) -> np.ndarray:
    """Return the colour of the open sky in each row, uint8 [RING_HEIGHT, 3]."""
    return layers[LAST, :RING_HEIGHT, 4:7]


def swept(alpha: np.ndarray, split: int) -> np.ndarray:
    """Return where walkers ever get, bool like the overlay's alpha of a whole ring."""
    there = alpha > 0
    there[:split] = False
    for _ in range(HOP_HEIGHT):
        there[:-1] |= there[1:]
    for _ in range(WALK_REACH):
        there = there | np.roll(there, 1, axis=1) | np.roll(there, -1, axis=1)
    return there


def _labels(painted: _Layers, walked: np.ndarray) -> np.ndarray:
    amounts = painted.labels()
    kind, amount = amounts.argmax(axis=2), amounts.max(axis=2)
    front = painted.front()
    if front is not None:
        before = walked & (front > 0)
        kind, amount = np.where(before, FRONT, kind), np.where(before, front, amount)
    level = (amount * (FULL / 255)).round().astype(np.uint8)
    return np.where(level > 0, kind * (FULL + 1) + level, 0).astype(np.uint8)


WALK_PERIOD = 128
HOP_PERIOD = 16
WAVE_STEPS = 120  # a common multiple of the waves' lengths


@dataclass(frozen=True, slots=True)
class MovingPanorama(DrawnScene):
    """A moving ring and its contents."""

    layers: np.ndarray  # uint8 [RING_HEIGHT, RING_WIDTH, CHANNELS]; see `moving_layers`


def render_moving(category: str, seed: int) -> MovingPanorama:
    """Draw the scene that `render` draws from this seed, with what moves kept apart."""
    scene, canvas = paint_scene(category, seed)
    return MovingPanorama(scene.category, scene.seed, scene.attributes, pack(canvas))


def moment(
    layers: np.ndarray, left: int, top: int, time: float, width: int = WIDTH, height: int = HEIGHT
) -> np.ndarray:
    """Return a view at a time, uint8 [height, width, 3]; only what it shows is computed.

    Args:
        layers: of a ring, uint8 [RING_HEIGHT, RING_WIDTH, CHANNELS].
        left: column [px]; x wraps around.
        top: row [px], 0 to RING_HEIGHT - `height`.
        time: in frames since the still picture.
        width: at most RING_WIDTH.
        height: of the view [px].
    """
    words = _cut(layers, 0, left, top, width, height)
    labels = np.ascontiguousarray(words.view(np.uint8).reshape(height, width, 4)[..., 3])
    _shimmer(words, labels, left, top, time)
    _flicker(words, labels, time)
    below_clouds = min(max(split_row(layers) - top, 0), height)
    if below_clouds:
        _drift(words[:below_clouds], labels[:below_clouds], layers, left, top, time)
    if below_clouds < height:
        first = top + below_clouds
        _walk(words[below_clouds:], labels[below_clouds:], layers, left, first, time)
    pixels = words.view(np.uint8).reshape(height, width, 4)
    picture = np.empty((height, width, 3), np.uint8)
    for channel in range(3):  # several times as fast as all at once
        picture[..., channel] = pixels[..., channel]
    return picture


def ring(layers: np.ndarray, time: float) -> np.ndarray:
    """Return the whole ring at a time, uint8 [RING_HEIGHT, RING_WIDTH, 3]."""
    return moment(layers, 0, 0, time, RING_WIDTH, RING_HEIGHT)


def blended_moment(
    layers: np.ndarray, left: float, top: float, time: float, fov: float = FOV
) -> np.ndarray:
    """Return `blended_view` at any place, zoom and time, uint8 [HEIGHT, WIDTH, 3]."""
    width, height = WIDTH * fov / FOV, HEIGHT * fov / FOV
    x, y = left + (WIDTH - width) / 2, top + (HEIGHT - height) / 2
    # two more on each side are what the weights of a zoomed view reach
    first_x, last_x = int(np.floor(x)) - 2, int(np.ceil(x + width)) + 2
    first_y = max(int(np.floor(y)) - 2, 0)
    last_y = min(int(np.ceil(y + height)) + 2, RING_HEIGHT)
    part = moment(layers, first_x, first_y, time, last_x - first_x, last_y - first_y)
    return blended_view(part, left - first_x, top - first_y, fov)


def moment_at(
    layers: np.ndarray, yaw: float, pitch: float, time: float, fov: float = FOV
) -> np.ndarray:
    """Return `view_at` at a time, uint8 [HEIGHT, WIDTH, 3]."""
    return blended_moment(layers, *view_corner(yaw, pitch), time, fov)


def still(layers: np.ndarray) -> np.ndarray:
    """Return which pixels of a ring never change, bool [RING_HEIGHT, RING_WIDTH].

    Open sky changes where clouds ever pass; so does the whole way of a walker.
    """
    labels, alpha, split = layers[..., 3], layers[..., 7], split_row(layers)
    kind, level = labels // (FULL + 1), labels % (FULL + 1)
    cloudy = _cloudy(layers)
    moves = (level > 0) & ((kind == SHIMMER) | (kind == FLICKER) | (kind == SKY) & cloudy)
    hidden = (kind == FRONT) & (level == FULL)
    return np.asarray(~moves & ~(swept(alpha, split) & ~hidden))


def _cloudy(layers: np.ndarray) -> np.ndarray:
    """Return in which rows clouds ever pass, bool [RING_HEIGHT, 1]."""
    cloudy, split = np.zeros((RING_HEIGHT, 1), bool), split_row(layers)
    cloudy[:split, 0] = layers[:split, :, 7].any(axis=1)
    return cloudy


def _cut(layers: np.ndarray, half: int, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Cut four channels out, uint32 [height, width]: whole words are quick to move about."""
    return np.array(view(layers.view(np.uint32)[..., half], left, top, width, height))


def _taken(words: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the channels of some pixels, float32 [4, N]."""
    pixels = words.ravel()[where].view(np.uint8).reshape(-1, 4)
    channels = np.empty((4, len(where)), np.float32)
    for channel in range(4):
        channels[channel] = pixels[:, channel]
    return channels


def _put(words: np.ndarray, where: np.ndarray, channels: np.ndarray) -> None:
    pixels = np.zeros((len(where), 4), np.uint8)
    for channel in range(3):
        pixels[:, channel] = np.clip(channels[channel] + 0.5, 0, 255)
    words.reshape(-1)[where] = pixels.view(np.uint32)[:, 0]


def _shares(labels: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How much of some pixels is of their kind, float32 [N], 0 to 1."""
    return np.asarray(labels.ravel()[where] % (FULL + 1), np.float32) / FULL


def _shimmer(words: np.ndarray, labels: np.ndarray, left: int, top: int, time: float) -> None:
    """A wave of brightness that travels to the lower right, minus its state at time 0."""
    where = np.flatnonzero(labels // (FULL + 1) == SHIMMER)
    if not len(where):
        return
    height, width = labels.shape
    across = np.arange(left, left + width) % SHIMMER_ACROSS * (WAVE_STEPS // SHIMMER_ACROSS)
    down = np.arange(top, top + height) % SHIMMER_DOWN * (WAVE_STEPS // SHIMMER_DOWN)
    phases = down.astype(np.uint8)[:, None] + across.astype(np.uint8)
    angles = np.arange(2 * WAVE_STEPS) * (2 * np.pi / WAVE_STEPS)
    wave = np.sin(angles - 2 * np.pi * time / SHIMMER_PERIOD) - np.sin(angles)
    brighter = (SHIMMER_SWING * wave).astype(np.float32)[phases.ravel()[where]]
    _put(words, where, _taken(words, where) + brighter * _shares(labels, where))


def _flicker(words: np.ndarray, labels: np.ndarray, time: float) -> None:
    where = np.flatnonzero(labels // (FULL + 1) == FLICKER)
    if not len(where):
        return
    waves = [(1 - np.cos(2 * np.pi * time / period)) / 2 for period in FLICKER_PERIODS]
    depth = np.float32(FLICKER_DEPTH * np.mean(waves))
    _put(words, where, _taken(words, where) * (1 - depth * _shares(labels, where)))


def _drift(
    words: np.ndarray, labels: np.ndarray, layers: np.ndarray, left: int, top: int, time: float
) -> None:
    height, width = words.shape
    whole, part = divmod(time * CLOUD_SPEED, 1)
    clouds = _cut(layers, 1, left - int(whole) - 1, top, width + 1, height)
    ahead, behind = (np.ascontiguousarray(clouds[:, cut]) for cut in (np.s_[1:], np.s_[:-1]))
    is_sky = (labels > 0) & (labels <= FULL)
    where = np.flatnonzero(is_sky & ((ahead | behind) > 0))
    cloud = _taken(ahead, where)
    if part:
        cloud += (_taken(behind, where) - cloud) * np.float32(part)
    shares = _shares(labels, where)
    pixels = _taken(words, where)
    # where only a part is sky, its own colour is that of the row; where all is, also sun or star
    sky = pixels[:3].copy()
    partly = np.flatnonzero(shares < 1)
    sky[:, partly] = sky_rows(layers)[top + where[partly] // width].T
    pixels[:3] += (cloud[:3] - sky * (cloud[3] / 255)) * shares
    _put(words, where, pixels)


def walk_offset(time: float) -> tuple[float, float]:
    """How far walkers are from where they stand at time 0 [px], to the right and up."""
    turn = 2 * np.pi * time
    across = WALK_REACH * np.sin(turn / WALK_PERIOD)
    return float(across), float(HOP_HEIGHT * (1 - np.cos(turn / HOP_PERIOD)) / 2)


def _walk(
    words: np.ndarray, labels: np.ndarray, layers: np.ndarray, left: int, top: int, time: float
) -> None:
    """Creatures and boats go to and fro together, behind what is before them."""
    height, width = words.shape
    across, up = walk_offset(time)
    x, y = int(np.floor(-across)), int(np.floor(up))
    fx, fy = np.float32(-across - x), np.float32(up - y)
    walkers = np.zeros((height + 1, width + 1), np.uint32)
    rows = max(min(height + 1, LAST - top - y), 0)
    walkers[:rows] = _cut(layers, 1, left + x, top + y, width + 1, rows)
    corners = [
        (np.ascontiguousarray(walkers[dy : height + dy, dx : width + dx]), weight)
        for dy, dx, weight in (
            (0, 0, (1 - fy) * (1 - fx)),
            (0, 1, (1 - fy) * fx),
            (1, 0, fy * (1 - fx)),
            (1, 1, fy * fx),
        )
        if weight > 0
    ]
    any_there = corners[0][0] > 0
    for corner, _ in corners[1:]:
        any_there |= corner > 0
    where = np.flatnonzero(any_there)
    if not len(where):
        return
    walker = np.zeros((4, len(where)), np.float32)
    for corner, weight in corners:
        walker += _taken(corner, where) * weight
    chosen = labels.ravel()[where]
    front = np.where(chosen // (FULL + 1) == FRONT, chosen % (FULL + 1), 0).astype(np.float32)
    shares = 1 - front / FULL
    pixels = _taken(words, where)
    pixels[:3] += (walker[:3] - pixels[:3] * (walker[3] / 255)) * shares
    _put(words, where, pixels)
