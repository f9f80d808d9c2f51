"""Buildings as flat two-tone stamps, light from the left.

Every function draws one building about 1 unit tall with its foot at (0, 0), in a main colour and a
roof colour.
"""

from collections.abc import Callable

from mag_sandbox.renderer.canvas import Motion, Rgb
from mag_sandbox.renderer.painters.stamp import Stamp, lightened, mix, shaded

DOOR: Rgb = (112, 74, 58)
TRIM: Rgb = (248, 240, 226)
FLAG: Rgb = (236, 90, 78)

BuildingDrawer = Callable[[Stamp, Rgb, Rgb], None]


def cottage(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A small house seen from the corner: lit gable, shaded side, big roof."""
    stamp.shadow(0.75)
    stamp.box(-0.05, 0, 0.68, 0.5, shaded(wall))
    stamp.box(0.36, 0.7, 0.5, 1.02, shaded(wall, 0.35))
    stamp.poly([(-0.62, 0), (-0.62, 0.5), (-0.33, 0.9), (-0.05, 0.5), (-0.05, 0)], wall)
    stamp.poly([(-0.35, 0.9), (-0.33, 0.96), (0.5, 0.96), (0.78, 0.46), (-0.06, 0.46)], roof)
    stamp.poly([(-0.7, 0.42), (-0.33, 0.96), (-0.23, 0.96), (-0.6, 0.42)], lightened(roof))
    stamp.box(-0.42, 0, -0.25, 0.33, DOOR, 0.03)
    stamp.window(0.08, 0.17, 0.26, 0.36)
    stamp.window(0.38, 0.17, 0.56, 0.36)
    stamp.window(-0.41, 0.46, -0.26, 0.61)


def tower(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A slim round tower with a pointed roof and a flag."""
    stamp.shadow(0.3)
    stamp.poly([(-0.17, 0), (-0.14, 0.6), (0.14, 0.6), (0.17, 0)], wall)
    stamp.poly([(0.03, 0), (0.03, 0.6), (0.14, 0.6), (0.17, 0)], shaded(wall))
    stamp.box(-0.19, 0.56, 0.19, 0.66, lightened(wall))
    stamp.box(0.04, 0.56, 0.19, 0.66, wall)
    stamp.poly([(-0.22, 0.66), (0, 0.94), (0.22, 0.66)], roof)
    stamp.poly([(0.04, 0.66), (0, 0.94), (0.22, 0.66)], shaded(roof))
    stamp.poly([(0, 0.92), (0, 1.06), (0.15, 1.0)], FLAG)
    stamp.window(-0.055, 0.4, 0.03, 0.5)
    stamp.window(-0.055, 0.22, 0.03, 0.32)
    stamp.box(-0.06, 0, 0.05, 0.14, DOOR, 0.03)


def windmill(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A tapering mill with four broad sails."""
    stamp.shadow(0.34)
    stamp.poly([(-0.22, 0), (-0.13, 0.6), (0.13, 0.6), (0.22, 0)], wall)
    stamp.poly([(0.03, 0), (0.03, 0.6), (0.13, 0.6), (0.22, 0)], shaded(wall))
    stamp.poly([(-0.16, 0.58), (-0.09, 0.74), (0.09, 0.74), (0.16, 0.58)], roof)
    stamp.window(-0.06, 0.26, 0.03, 0.36)
    stamp.box(-0.06, 0, 0.06, 0.17, DOOR, 0.04)
    for along, across in (((0.3, 0.24), (-0.1, 0.12)), ((-0.24, 0.3), (-0.12, -0.1))):
        for sign in (1, -1):
            dx, dy = along[0] * sign, along[1] * sign
            ox, oy = across[0] * sign * 0.8, across[1] * sign * 0.8
            inner = (dx * 0.22, 0.62 + dy * 0.22)
            corners = [inner, (dx, 0.62 + dy), (dx + ox, 0.62 + dy + oy)]
            stamp.poly([*corners, (inner[0] + ox, inner[1] + oy)], TRIM)
            stamp.stroke([(0, 0.62), (dx, 0.62 + dy)], DOOR, 0.03)
    stamp.oval(0, 0.62, 0.05, 0.05, DOOR)


def barn(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A broad barn with a bent roof and a big white-edged door."""
    stamp.shadow(0.8)
    gable = [(-0.66, 0), (-0.66, 0.5), (-0.54, 0.76), (-0.27, 0.92), (0.0, 0.76), (0.12, 0.5)]
    stamp.box(0.1, 0, 0.78, 0.5, shaded(wall))
    stamp.poly([*gable, (0.12, 0)], wall)
    stamp.poly([(-0.3, 0.9), (-0.27, 0.98), (0.6, 0.98), (0.72, 0.8), (-0.05, 0.78)], roof)
    stamp.poly([(-0.04, 0.8), (0.72, 0.8), (0.86, 0.46), (0.11, 0.46)], shaded(roof))
    stamp.box(-0.47, 0, -0.07, 0.4, TRIM)
    stamp.box(-0.42, 0, -0.12, 0.35, shaded(wall, 0.4))
    stamp.window(-0.35, 0.54, -0.19, 0.7)
    stamp.window(0.3, 0.18, 0.46, 0.34)
    stamp.window(0.56, 0.18, 0.7, 0.34)


def castle(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A wall with a gate between two pointed towers, and a keep behind."""
    stamp.shadow(0.85)
    stamp.box(-0.2, 0.3, 0.2, 0.78, shaded(wall, 0.1))
    stamp.box(0.04, 0.3, 0.2, 0.78, shaded(wall, 0.32))
    stamp.poly([(-0.25, 0.78), (0, 1.04), (0.25, 0.78)], roof)
    stamp.poly([(0.04, 0.78), (0, 1.04), (0.25, 0.78)], shaded(roof))
    stamp.box(-0.5, 0, 0.5, 0.42, wall)
    for left in (-0.36, -0.16, 0.04, 0.24):
        stamp.box(left, 0.42, left + 0.12, 0.5, wall)
    for x in (-0.56, 0.56):
        stamp.box(x - 0.16, 0, x + 0.16, 0.6, lightened(wall, 0.12))
        stamp.box(x + 0.02, 0, x + 0.16, 0.6, shaded(wall))
        stamp.poly([(x - 0.21, 0.6), (x, 0.9), (x + 0.21, 0.6)], roof)
        stamp.poly([(x + 0.03, 0.6), (x, 0.9), (x + 0.21, 0.6)], shaded(roof))
        stamp.window(x - 0.05, 0.36, x + 0.04, 0.48)
    stamp.box(-0.14, 0, 0.14, 0.2, DOOR)
    stamp.oval(0, 0.2, 0.14, 0.11, DOOR)
    stamp.window(-0.06, 0.58, 0.05, 0.7)


def lighthouse(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A tapering lighthouse with two broad coloured bands and a lamp."""
    stamp.shadow(0.26)
    pale = TRIM
    bands = ((0.0, 0.2, wall), (0.2, 0.38, pale), (0.38, 0.56, wall), (0.56, 0.74, pale))
    for low, high, color in bands:
        wide, slim = 0.17 - low * 0.1, 0.17 - high * 0.1
        stamp.poly([(-wide, low), (-slim, high), (slim, high), (wide, low)], color)
        stamp.poly([(0.03, low), (0.03, high), (slim, high), (wide, low)], shaded(color))
    stamp.box(-0.13, 0.73, 0.13, 0.77, shaded(roof))
    with stamp.canvas.moving(Motion.FLICKER):
        stamp.shine(0, 0.83, 0.32, (255, 236, 160), 9)
    stamp.window(-0.07, 0.77, 0.07, 0.89)
    stamp.poly([(-0.11, 0.89), (0, 1.0), (0.11, 0.89)], roof)


def tent(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A ridge tent with an open front."""
    stamp.shadow(0.85)
    stamp.poly([(-0.8, 0), (-0.25, 0.95), (0.3, 0)], lightened(wall, 0.12))
    stamp.poly([(-0.25, 0.95), (0.45, 0.85), (0.95, 0), (0.3, 0)], shaded(wall))
    stamp.poly([(-0.5, 0), (-0.25, 0.68), (0.0, 0)], shaded(roof, 0.3))
    stamp.poly([(-0.3, 0.9), (-0.25, 1.0), (0.48, 0.9), (0.45, 0.8)], roof)


def pyramid(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A smooth pyramid of one lit and one shaded face, with a coloured tip."""
    stamp.shadow(1.0)
    stamp.poly([(-1.05, 0), (0, 1.0), (0.35, 0)], lightened(wall, 0.1))
    stamp.poly([(0.35, 0), (0, 1.0), (1.05, 0)], shaded(wall))
    stamp.poly([(-0.23, 0.78), (0, 1.0), (0.08, 0.78)], roof)
    stamp.poly([(0.08, 0.78), (0, 1.0), (0.23, 0.78)], shaded(roof))
    stamp.box(-0.32, 0, -0.12, 0.2, shaded(wall, 0.5))


def pagoda(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """Three storeys under sweeping roofs."""
    stamp.shadow(0.5)
    for low, half in ((0.0, 0.32), (0.3, 0.25), (0.58, 0.18)):
        stamp.box(-half, low, half, low + 0.2, wall)
        stamp.box(0.04, low, half, low + 0.2, shaded(wall))
        stamp.window(-half * 0.55, low + 0.04, -half * 0.15, low + 0.16)
        eaves, top = low + 0.17, low + 0.33
        shape = [(-half - 0.2, eaves + 0.06), (-half - 0.06, eaves), (half + 0.06, eaves)]
        shape += [(half + 0.2, eaves + 0.06), (half * 0.55, top), (-half * 0.55, top)]
        stamp.poly(shape, roof)
        stamp.poly([(0.04, eaves), *shape[2:5], (0.04, top)], shaded(roof))
    stamp.poly([(-0.05, 0.9), (0, 1.06), (0.05, 0.9)], roof)


def temple(stamp: Stamp, wall: Rgb, roof: Rgb) -> None:
    """A columned temple with a low gable."""
    stamp.shadow(0.9)
    stamp.box(-0.88, 0, 0.88, 0.12, lightened(wall, 0.15))
    stamp.box(-0.72, 0.12, 0.72, 0.64, shaded(wall, 0.45))
    for x in (-0.66, -0.22, 0.22, 0.66):
        stamp.box(x - 0.09, 0.12, x + 0.09, 0.64, wall)
        stamp.box(x + 0.02, 0.12, x + 0.09, 0.64, shaded(wall))
    stamp.box(-0.84, 0.62, 0.84, 0.73, lightened(wall, 0.15))
    stamp.poly([(-0.88, 0.73), (0, 1.0), (0.88, 0.73)], roof)
    stamp.poly([(-0.5, 0.75), (0, 0.91), (0.5, 0.75)], mix(wall, roof, 0.3))


BUILDINGS: dict[str, BuildingDrawer] = {
    "cottage": cottage, "tower": tower, "windmill": windmill, "barn": barn, "castle": castle,
    "lighthouse": lighthouse, "tent": tent, "pyramid": pyramid, "pagoda": pagoda, "temple": temple,
}  # fmt: skip
BUILDING_COLORS: dict[str, tuple[Rgb, Rgb]] = {  # wall, roof
    "white": ((244, 236, 224), (206, 92, 74)),
    "red": ((206, 78, 68), (104, 70, 80)),
    "blue": ((92, 140, 196), (58, 72, 116)),
    "yellow": ((240, 196, 98), (164, 88, 62)),
    "brown": ((164, 116, 84), (98, 70, 68)),
    "grey": ((164, 166, 180), (82, 92, 126)),
    "pink": ((236, 156, 164), (140, 82, 118)),
    "green": ((112, 162, 118), (70, 92, 88)),
}
