"""The map's card: scales a finished picture, draws the pins and the view over it.

It is made in layers, so that a picture is scaled only when there is a new one and a moving view
costs a few lines.
"""

from collections.abc import Sequence

import pygame

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.probe.anchors import AnchorMark
from mag_sandbox.sandbox.hud.minimap import HEIGHT, WIDTH, Box, MapPicture, view_box
from mag_sandbox.sandbox.ui.theme import ACCENT, INK, MUTED, SEGMENT_COLOURS, Theme

CARD_WIDTH = 366  # px of the reference window
SHADOW = (10, 13, 24)
GONE = (150, 158, 178)
PIN, PLACE = 5.0, 3.2  # px of the reference window: radius of a pin's head, of a place's dot


_Drawn = tuple[tuple, pygame.Surface]  # what was drawn, and how it looks


class Minimap:
    """Makes the map's card, again only when it would look different.

    minimap = Minimap()
    card = minimap.card(theme, stitcher.picture, tracker_marks)
    draw_view(surface, theme, surface.blit(card, place), pose)
    """

    def __init__(self) -> None:
        self._base: _Drawn | None = None  # frame, map and caption
        self._marked: _Drawn | None = None  # and the anchors, which never move

    def card(
        self,
        theme: Theme,
        picture: MapPicture,
        marks: Sequence[AnchorMark] = (),
        target: AnchorMark | None = None,
        width: int | None = None,
    ) -> pygame.Surface:
        """Return the card; the same surface as long as it looks the same.

        Anchors that the game set are dots, the player's are pins; `target`, to which the next
        command returns, is larger. Without a width [px] it is as wide as the scene's card.
        """
        width = width or theme.px(CARD_WIDTH)
        area = map_area(theme, width)
        base_of = (theme, picture, width)
        if self._base is None or not _same(self._base[0], base_of):
            self._base, self._marked = (base_of, _draw_base(theme, picture, width)), None
        said = tuple(marks), target
        if self._marked is None or self._marked[0] != said:
            self._marked = said, self._base[1].copy()
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


def _same(one: tuple, other: tuple) -> bool:
    return all(a is b or (isinstance(a, int) and a == b) for a, b in zip(one, other, strict=True))


def _draw_base(theme: Theme, picture: MapPicture, width: int) -> pygame.Surface:
    area = map_area(theme, width)
    line = theme.line_height(13)
    card = theme.card((width, area.bottom + line + theme.px(12)))
    flat = pygame.image.frombuffer(picture.pixels, (WIDTH, HEIGHT), "RGB")
    card.blit(pygame.transform.smoothscale(flat, area.size), area)
    _draw_caption(card, theme, picture, area)
    return card


def _draw_caption(
    card: pygame.Surface, theme: Theme, picture: MapPicture, area: pygame.Rect
) -> None:
    """Say how much of the ring is known; the little frame explains the outline on the map."""
    top = area.bottom + theme.px(6)
    explored = theme.text(f"{picture.explored:.0%} explored", 13, MUTED)
    remembered = theme.text(f"{picture.remembered:.0%} in memory", 13, MUTED)
    left = area.right - remembered.get_width()
    card.blit(explored, (area.left, top))
    card.blit(remembered, (left, top))
    frame = pygame.Rect(0, 0, theme.px(14), theme.px(9))
    frame.midright = left - theme.px(6), top + remembered.get_height() // 2
    pygame.draw.rect(card, SEGMENT_COLOURS["compressed"], frame, max(1, theme.px(1.5)))


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
        _draw_dot(card, (x, y), radius, colour, hole=0.0 if mark.in_memory else 0.55)
        return
    radius = max(3.5, PIN * theme.scale) * (1.25 if larger else 1.0)
    shoulder, reach = y - 1.6 * radius, 0.8 * radius
    tip = [(x, y), (x - reach, shoulder), (x + reach, shoulder)]
    pygame.draw.polygon(card, SHADOW, tip, 3)
    _draw_dot(card, (x, y - 2.2 * radius), radius, colour, hole=0.0)
    pygame.draw.polygon(card, colour, tip)
    middle = INK if larger and mark.in_memory else SHADOW
    hole = radius * (0.42 if mark.in_memory else 0.62)
    pygame.draw.aacircle(card, middle, (x, y - 2.2 * radius), hole)


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
