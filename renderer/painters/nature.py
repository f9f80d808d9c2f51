"""Sky and land of a panorama: gradients, clouds, stars, sun, hills, mountains, ground, water.

Each function paints all around the ring with periodic shapes, but for those of what flies: balloons
and birds are stamps, about 1 unit tall.
"""

from collections.abc import Sequence

import numpy as np

from mag_sandbox.renderer.canvas import HORIZON, RING_HEIGHT, RING_WIDTH, Canvas, Point, Rgb
from mag_sandbox.renderer.painters.stamp import (
    WHITE,
    Light,
    Stamp,
    dome,
    lightened,
    mix,
    shaded,
    soft_glow,
    tinted,
)


def sky(canvas: Canvas, light: Light) -> None:
    """The whole sky down to the horizon."""
    canvas.gradient(0, 118, light.sky_top, light.sky_mid)
    canvas.gradient(118, HORIZON + 14, light.sky_mid, light.sky_low)


def sun(canvas: Canvas, light: Light, x: float, y: float, radius: float) -> None:
    """A sun disc with a wide halo."""
    soft_glow(canvas, x, y, radius * 5.5, light.glow, 9)
    canvas.ellipse(x - radius, y - radius, x + radius, y + radius, light.glow)


def moon(canvas: Canvas, light: Light, x: float, y: float, radius: float) -> None:
    """A full moon with two craters and a faint halo."""
    soft_glow(canvas, x, y, radius * 4, light.glow, 5)
    canvas.ellipse(x - radius, y - radius, x + radius, y + radius, light.glow)
    crater = mix(light.glow, light.sky_mid, 0.2)
    for dx, dy, share in ((-0.3, -0.2, 0.26), (0.3, 0.25, 0.32)):
        reach = radius * share
        at_x, at_y = x + dx * radius, y + dy * radius
        canvas.ellipse(at_x - reach, at_y - reach, at_x + reach, at_y + reach, crater)


DISCS = {"sun": sun, "moon": moon}


def stars(canvas: Canvas, light: Light, rng: np.random.Generator) -> None:
    """A few big soft stars, evenly scattered."""
    for column in range(20):
        x = column * 64 + float(rng.uniform(6, 58))
        y = float(rng.uniform(8, 130))
        radius = float(rng.choice([2.6, 3.0, 3.6]))
        soft_glow(canvas, x, y, radius * 2.6, light.glow, 8)
        canvas.ellipse(x - radius, y - radius, x + radius, y + radius, mix(light.glow, WHITE, 0.4))


def cloud(canvas: Canvas, light: Light, x: float, y: float, width: float) -> None:
    """A flat-bottomed cloud of three bumps, shaded below."""
    stamp = Stamp(canvas, light._replace(tint=(1.0, 1.0, 1.0)), x, y, width)
    far = np.clip((y - 20) / 190, 0, 0.5)
    pale, dark = (mix(c, light.sky_low, float(far)) for c in (light.cloud, light.cloud_shade))
    stamp.box(-0.5, -0.03, 0.5, 0.1, dark, 0.06)
    stamp.poly(dome(0.2, 0.0, 0.22, 0.2), dark)
    stamp.poly(dome(-0.24, 0.03, 0.18, 0.17), pale)
    stamp.poly(dome(0.0, 0.03, 0.23, 0.29), pale)
    stamp.poly(dome(0.21, 0.03, 0.16, 0.14), pale)
    stamp.box(-0.44, 0.03, 0.4, 0.11, pale, 0.04)


def clouds(
    canvas: Canvas,
    light: Light,
    rng: np.random.Generator,
    count: int,
    size: float,
    named: tuple[str, str],
    clear_of: Point | None = None,
) -> None:
    """`count` clouds around the ring, bigger high up, none over `clear_of` (the sun or moon).

    `named` are the attribute and the value by which captions name them.
    """
    spacing = RING_WIDTH / max(count, 1)
    for index in rng.permutation(count):
        x = index * spacing + float(rng.uniform(0, spacing))
        y = float(rng.uniform(24, 142))
        width = size * float(rng.uniform(96, 150)) * (1.25 - y / 240)
        if clear_of is not None:
            gap = abs(x - clear_of[0]) % RING_WIDTH
            beside = min(gap, RING_WIDTH - gap) > width / 2 + 30
            if not beside and -42 < y - clear_of[1] < 30 + width * 0.33:
                continue
        with canvas.thing(*named):
            cloud(canvas, light, x, y, width)


def profile(
    rng: np.random.Generator, level: float, swing: float, waves: Sequence[int]
) -> list[Point]:
    """A smooth periodic skyline around `level`, up to `swing` px up or down."""
    xs = np.arange(0, RING_WIDTH + 1, 8)
    height = np.zeros(len(xs))
    for wave in waves:
        height += np.sin(xs / RING_WIDTH * 2 * np.pi * wave + rng.uniform(0, 2 * np.pi))
    ys = level - height / len(waves) * swing
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def fill_below(canvas: Canvas, line: Sequence[Point], color: Rgb) -> None:
    """Fill everything under a skyline."""
    canvas.polygon([*line, (RING_WIDTH, RING_HEIGHT), (0, RING_HEIGHT)], color)


def hills(canvas: Canvas, light: Light, rng: np.random.Generator, color: Rgb, haze: float) -> None:
    """Three rows of rolling hills, the farther the paler."""
    rows = ((176, 20, (4, 7), 0.58), (188, 15, (5, 8), 0.36), (198, 11, (3, 7), 0.16))
    for level, swing, waves, fade in rows:
        line = profile(rng, level, swing, waves)
        fill_below(canvas, line, tinted(color, light, min(0.9, fade + haze)))


def low_land(
    canvas: Canvas, light: Light, rng: np.random.Generator, color: Rgb, haze: float
) -> None:
    """A barely wavy far edge for flat country."""
    line = profile(rng, HORIZON - 3, 4, (3, 5))
    fill_below(canvas, line, tinted(color, light, min(0.9, 0.45 + haze)))


def dunes(canvas: Canvas, light: Light, rng: np.random.Generator, color: Rgb, haze: float) -> None:
    """Sand dunes with a sharp crest, a lit and a shaded slope."""
    for level, count, height, fade in ((192, 6, 46, 0.42), (202, 5, 38, 0.16)):
        spacing = RING_WIDTH / count
        for index in range(count):
            x = (index + float(rng.uniform(-0.2, 0.2))) * spacing
            top = height * float(rng.uniform(0.7, 1.15))
            stamp = Stamp(canvas, light, x, level + 12, 1.0, min(0.9, fade + haze))
            wide = spacing * 0.95
            rise = [(-wide, 0.0), (-wide * 0.55, top * 0.22), (-wide * 0.2, top * 0.72), (0, top)]
            fall = [(wide * 0.3, top * 0.66), (wide * 0.62, top * 0.2), (wide, 0.0)]
            shade = [(0, top), *fall, (wide * 0.15, 0.0), (-wide * 0.08, top * 0.5)]
            with canvas.part():
                stamp.poly([*rise, *fall], lightened(color, 0.12))
                stamp.poly(shade, shaded(color, 0.14))


def mountains(
    canvas: Canvas, light: Light, rng: np.random.Generator, color: Rgb, haze: float, snow: float
) -> None:
    """Two rows of faceted mountains; `snow` is the share of a peak that is white."""
    for level, count, height, fade in ((196, 9, 86, 0.5), (200, 7, 72, 0.24)):
        spacing = RING_WIDTH / count
        for index in rng.permutation(count):
            x = (index + float(rng.uniform(-0.25, 0.25))) * spacing
            tall = height * float(rng.uniform(0.65, 1.25))
            stamp = Stamp(canvas, light, x, level + 8, tall, min(0.9, fade + haze))
            with canvas.part():
                _peak(stamp, color, spacing / tall * 0.85, snow)


def _peak(stamp: Stamp, color: Rgb, half: float, snow: float) -> None:
    stamp.poly([(-half, 0), (-half * 0.42, 0.52), (0, 1.0), (half, 0)], color)
    ridge = [(0, 1.0), (0.06, 0.72), (-0.08, 0.46), (0.1, 0.2), (0.02, 0)]
    right = [(half, 0), (half * 0.46, 0.6)]
    stamp.poly([*ridge, *right], shaded(color, 0.24))
    if snow > 0:
        line = 1.0 - snow
        left, edge = -half * 0.42 * snow / 0.48, half * 0.46 * snow / 0.4
        reach_left, reach_right = max(left, -half * 0.42), min(edge, half * 0.46)
        zigzag = [(0.02, line + 0.12), (-0.05, line + 0.02)]
        stamp.poly([(0, 1.0), (0.05, line + 0.13), *zigzag, (reach_left, line)], WHITE)
        stamp.poly(
            [(0, 1.0), (reach_right, line), (reach_right * 0.5, line + 0.1), (0.02, line + 0.02)],
            (196, 212, 238),
        )


def mesas(canvas: Canvas, light: Light, rng: np.random.Generator, color: Rgb, haze: float) -> None:
    """Flat-topped table mountains in two rows, with one pale band each."""
    for level, count, height, fade in ((194, 7, 74, 0.46), (200, 6, 58, 0.18)):
        spacing = RING_WIDTH / count
        for index in rng.permutation(count):
            x = (index + float(rng.uniform(-0.3, 0.3))) * spacing
            tall = height * float(rng.uniform(0.7, 1.3))
            half = float(rng.uniform(0.26, 0.44)) * spacing / tall
            stamp = Stamp(canvas, light, x, level + 8, tall, min(0.9, fade + haze))
            with canvas.part():
                _mesa(stamp, color, half)


def _mesa(stamp: Stamp, color: Rgb, half: float) -> None:
    foot = half + 0.35
    stamp.poly([(-foot, 0), (-half, 0.4), (half, 0.4), (foot, 0)], lightened(color, 0.1))
    stamp.poly([(-half, 0.4), (-half * 0.92, 1), (half * 0.92, 1), (half, 0.4)], color)
    split = half * 0.25
    stamp.poly([(split, 0.4), (split, 1), (half * 0.92, 1), (half, 0.4)], shaded(color))
    stamp.poly([(split, 0), (split, 0.4), (half, 0.4), (foot, 0)], shaded(color, 0.14))
    stamp.box(-half * 0.94, 0.7, half * 0.94, 0.8, lightened(color, 0.22))
    stamp.box(-half * 0.92, 0.93, half * 0.92, 1.0, lightened(color, 0.3))


BALLOON_COLORS: tuple[tuple[Rgb, Rgb], ...] = (
    ((232, 92, 84), (255, 226, 170)),
    ((88, 140, 206), (250, 240, 224)),
    ((246, 190, 80), (222, 100, 92)),
    ((120, 178, 130), (252, 238, 200)),
)


def balloon(stamp: Stamp, rng: np.random.Generator) -> None:
    """A hot air balloon with one contrasting gore, its basket's foot at (0, 0)."""
    main, gore = BALLOON_COLORS[int(rng.integers(len(BALLOON_COLORS)))]
    stamp.poly([(-0.26, 0.42), (0.26, 0.42), (0.1, 0.2), (-0.1, 0.2)], shaded(main))
    stamp.oval(0, 0.66, 0.38, 0.38, main)
    stamp.poly([(0.12, 0.3), *dome(0.05, 0.66, 0.33, 0.36)[8:], (0.25, 0.42)], shaded(main))
    stamp.oval(-0.03, 0.66, 0.15, 0.38, gore)
    stamp.box(-0.1, 0, 0.1, 0.16, (136, 92, 66), 0.03)


def bird(stamp: Stamp) -> None:
    """A bird as two broad wings."""
    color: Rgb = (70, 74, 104)
    stamp.poly([(-0.7, 0.42), (-0.3, 0.4), (0.05, 0.1), (-0.05, -0.06)], color)
    stamp.poly([(0.7, 0.42), (0.3, 0.4), (-0.05, 0.1), (0.05, -0.06)], shaded(color))
