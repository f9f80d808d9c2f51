"""The log of a painted picture: which thing each pixel shows, and all things with their places."""

import numpy as np

from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH, SUPERSAMPLE, Box, Canvas, Sheet
from mag_sandbox.renderer.drawing import OPAQUE
from mag_sandbox.renderer.plan import Thing, mean_colors, of_main_color
from mag_sandbox.renderer.version2.classes import look


def ids_of(canvas: Canvas) -> np.ndarray:
    """Return the number of the thing that each pixel shows, int32 [RING_HEIGHT, RING_WIDTH].

    0: none. A pixel shows what its lower right quarter shows; shadows and halos show nothing.
    """
    sheet = Sheet("I")
    for shape in canvas.shapes:
        if shape.alpha >= OPAQUE:
            sheet.add(shape, shape.context.thing)
    ids = np.asarray(sheet.image)[SUPERSAMPLE - 1 :: SUPERSAMPLE, SUPERSAMPLE - 1 :: SUPERSAMPLE]
    return np.roll(ids, canvas.turned, axis=1)


def things_of(canvas: Canvas, ids: np.ndarray, pixels: np.ndarray) -> tuple[Thing, ...]:
    """Return all things of which a pixel is visible, from far to near."""
    ids, pixels = ids.ravel(), pixels.reshape(-1, 3)
    seen = np.flatnonzero(ids)
    ids, pixels = ids[seen], pixels[seen]
    count = len(canvas.things) + 1
    areas = np.bincount(ids, minlength=count)
    means = mean_colors(ids, pixels, count)
    mains = mean_colors(*of_main_color(ids, pixels, count), count)
    extents = _extents(canvas)
    return tuple(
        Thing(
            number, look(thing.attribute, thing.value), thing.attribute, thing.variant,
            thing.color, mains[number], means[number], *extents[number], int(areas[number]),
        )
        for number, thing in enumerate(canvas.things, 1)
        if areas[number]
    )  # fmt: skip


def _extents(canvas: Canvas) -> dict[int, Box]:
    """Return left, top, width and height of all things in the finished picture."""
    boxes: dict[int, Box] = {}
    for shape in canvas.shapes:
        if shape.alpha >= OPAQUE:
            number, (left, top, right, bottom) = shape.context.thing, shape.box
            old = boxes.get(number, (left, top, right, bottom))
            boxes[number] = (
                min(old[0], left), min(old[1], top), max(old[2], right), max(old[3], bottom)
            )  # fmt: skip
    return {number: _placed(box, canvas.turned) for number, box in boxes.items()}


def _placed(box: Box, turned: int) -> Box:
    left, top, right, bottom = (float(edge) for edge in box)
    height = min(bottom, RING_HEIGHT) - top
    if right - left >= RING_WIDTH:
        return 0.0, top, float(RING_WIDTH), height
    return (left + turned) % RING_WIDTH, top, right - left, height
