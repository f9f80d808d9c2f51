"""Changing the world by pointing: where a spot of picture or map lies, and what should be there.

An overlay of play over the prompt box, which takes the words. It knows poses and rectangles;
`scenes.things` reads the words, the session asks the world.
"""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import dist
from typing import Any

import numpy as np
import pygame

from mag_sandbox.controls.camera import MAX_PITCH, CameraPose, yaw_difference
from mag_sandbox.controls.edits import SPOT_ACTS, Edit
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import map_area
from mag_sandbox.sandbox.hud.seen import TOP
from mag_sandbox.sandbox.play.late_warp import direction_at
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.settings import FitMode
from mag_sandbox.sandbox.ui.display import fit, share_of
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes.color_names import color_name
from mag_sandbox.scenes.naming import names_in
from mag_sandbox.scenes.things import (
    ThingError,
    parse_known,
    recolored,
    said_color,
    thing_vocabulary,
    words_of,
)

RING, DOT = 15, 3  # px of the reference window: radii of the mark at the spot
SHADOW = (10, 13, 24)
AROUND = 3  # px around a spot whose colour is looked at
EVEN = 8.0  # steps of RGB by which the colours of bare ground differ, standard deviation
UNLIKE = 110.0  # steps of RGB from a thing's colour, from which on a spot shows another thing
NOTHING_THERE = "what stands here is not known by name: write what should be here"
NOTHING_TO_REMOVE = "nothing stands here: point at what should be removed"
STANDS = "{} stands here already: “another” draws it anew"
SAME_SPOT = 0.3  # of a thing's width: how far from its middle it is replaced by another one
IT_IS = "this is for the {} at the ring"
NO_THING = "what stands here is not known by name: write it with its colour, “a {} house”"
NOTHING_TO_COLOR = "nothing stands here: point at what should be {0}, or write “a {0} house”"
ON_MAP = "point at it in the picture, not on the map, or write “a {} house”"
Direction = tuple[float, float | None]  # yaw, pitch [degrees]; None: where such things usually are


class EditOverlay(Overlay):
    """Asks what should be at a spot; hidden until a key or a click names the spot.

    overlay = EditOverlay(reel, hud, kinds, category, ask, fly, "whole", open_keys=("i",))
    overlay.open()  # at the pointer, or in the middle of the view
    overlay.handle(event)  # the box; a right click opens it, a click on the map flies there
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        kinds: Sequence[str],
        whereabouts: Callable[[], str | None],
        ask: Callable[[Edit], object],
        fly: Callable[[CameraPose], object],
        fit_mode: FitMode,
        *,
        make_theme: Callable[[tuple[int, int]], Theme] = Theme,
        open_keys: Sequence[str] = (),
        may_open: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make a hidden overlay.

        `whereabouts` returns the place that is shown, or its category, whose things are suggested.
        If `may_open` returns False, it has told the player why.
        """
        self._may_open = may_open
        self._reel, self._hud, self._kinds = reel, hud, tuple(kinds)
        self._whereabouts, self._ask, self._fly = whereabouts, ask, fly
        self._fit_mode: FitMode = fit_mode
        self._spot: Direction = (0.0, None)
        self._viewpoint = (0.0, 0.0)  # from which the spot is told, x and z [m]
        self._pointer: tuple[int, int] | None = None  # None: no event said that it moved
        self._rested = pygame.mouse.get_pos()  # SDL may send no event of a first move
        self._size = (0, 0)  # of the window
        self._theme: Theme | None = None  # of the window
        self.box = PromptBox(
            _weakly(self._apply),
            thing_vocabulary(kinds),
            make_theme=make_theme,
            open_keys=open_keys,
            check=_weakly(self._problem),
            enter="paint it",
            remark=_weakly(self._remark),
        )

    @property
    def wake_at(self) -> float | None:
        """When the box's cursor blinks."""
        return self.box.wake_at

    def open(self, position: tuple[int, int] | None = None) -> None:
        """Ask what should be at a position of the window; None: at the pointer, if it moved."""
        if not self._may_open():
            return
        position = position or self._pointer or self._moved_to()
        spot, pose = self._spot_at(position) if position else None, self._reel.pose
        before, self._spot = self._spot, spot or (pose.yaw, None)
        is_on_map = position is not None and self._map().collidepoint(position)
        self._viewpoint = (0.0, 0.0) if is_on_map else (pose.x, pose.z)
        self.box.title = f"What should be {self._where()}?"
        self.box.vocabulary = thing_vocabulary(self._kinds, self._whereabouts())
        self.box.open("", anew=self._spot != before)

    def _moved_to(self) -> tuple[int, int] | None:
        """Return where the pointer is if it moved since the start."""
        now = pygame.mouse.get_pos()
        return now if pygame.mouse.get_focused() and now != self._rested else None

    def handle(self, event: pygame.Event) -> bool:
        """Open it with a right click, fly with a click on the map, or take the text."""
        if event.type in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN):
            self._pointer = event.pos
        if self.box.handle(event):
            return True
        if event.type != pygame.MOUSEBUTTONDOWN:
            return False
        spot = self._spot_at(event.pos)
        if event.button == 1 and spot and self._map().collidepoint(event.pos):
            yaw, pitch = spot[0], spot[1] or 0.0
            self._fly(CameraPose(yaw, min(MAX_PITCH, max(-MAX_PITCH, pitch)), self._reel.pose.fov))
            return True
        if event.button == 3 and spot and self._kinds:
            self.box.dismiss()
            self.open(event.pos)
            return True
        return False

    def dismiss(self) -> bool:
        """Hide the box, if it is open."""
        return self.box.dismiss()

    def update(self, now: float) -> bool:
        """Make the cursor blink."""
        return self.box.update(now)

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the box and a mark at the spot."""
        self._size, self._theme = surface.get_size(), self._hud.theme(surface)
        if self.box.is_open:
            self.box.avoid = self._draw_mark(surface)
            self.box.beside = tuple(self._hud.places.values())
            self.box.draw(surface)

    def _apply(self, text: str) -> None:
        self._ask(self._read(text))

    def _read(self, text: str) -> Edit:
        """Return the edit that a text asks for, if need be without its grey words."""
        x, z = self._viewpoint
        return replace(self._parse(text), x=x, z=z)

    def _parse(self, text: str) -> Edit:
        if color := said_color(text):
            thing = self._thing_there()
            if thing is None:
                raise ThingError(self._why_uncolored(color))
            return recolored(thing, color)
        return parse_known(text, *self._spot, self._kinds, self._whereabouts())

    def _remark(self, text: str) -> str:
        """Say which thing another colour is for, or why none is: the ring may lie beside it."""
        if not (color := said_color(text)):
            return ""
        if (thing := self._thing_there()) is None:
            return self._why_uncolored(color)
        names = names_in(self._reel.current.block.prompt)
        return IT_IS.format(names.get(thing.kind, thing.kind))

    def _why_uncolored(self, color: str) -> str:
        """Return why nothing at the spot takes another colour, and what to write."""
        is_on_map = self._viewpoint != self._reel.pose.position
        unknown = NOTHING_TO_COLOR if self._is_bare() else NO_THING
        return (ON_MAP if is_on_map else unknown).format(color)

    def _thing_there(self) -> Edit | None:
        """Return the smallest thing at the spot; None: none is known, or it is seen from away."""
        block, pose, (yaw, pitch) = self._reel.current.block, self._reel.pose, self._spot
        if self._viewpoint != pose.position:
            return None
        placed = () if pose.is_away else block.placed  # there they are among the planned things
        spot = Edit("remove", yaw, self._reel.pose.pitch if pitch is None else pitch)
        planned = [one for one in block.planned or () if self._looks_like(one)]
        there = [
            thing for thing in (*placed, *planned)
            if thing.kind in self._kinds and thing.covers(spot)
        ]  # fmt: skip
        return min(there, key=lambda thing: thing.width * thing.height, default=None)

    def _looks_like(self, thing: Edit) -> bool:
        """Tell whether the picture at the spot may be of a thing: a given one shows others, too."""
        pixels = self._pixels(AROUND)
        if thing.color is None or not pixels.size:
            return True
        return dist(np.median(pixels, axis=(0, 1)), thing.color) < UNLIKE

    def _is_bare(self) -> bool:
        """Tell whether the picture shows bare ground, wall or sky at the spot."""
        pixels = self._pixels(2 * AROUND)
        return bool(pixels.size) and float(pixels.std(axis=(0, 1)).max()) < EVEN

    def _pixels(self, reach: int) -> np.ndarray:
        """Return the picture around the spot, uint8 [H, W, 3]; empty: it is out of sight."""
        reel, (yaw, pitch) = self._reel, self._spot
        height, width = reel.frame.shape[:2]
        pose, degree = reel.pose, width / reel.pose.fov
        column = round(width / 2 + yaw_difference(yaw, pose.yaw) * degree)
        row = round(height / 2 - (0.0 if pitch is None else pitch - pose.pitch) * degree)
        if not (0 <= row < height and 0 <= column < width):
            return reel.frame[:0]
        rows, columns = (slice(max(0, at - reach), at + reach) for at in (row, column))
        return reel.frame[rows, columns]

    def _problem(self, text: str) -> str:
        try:
            edit = self._read(text)
        except ThingError as problem:
            return str(problem)
        block = self._reel.current.block
        pose = self._reel.pose
        if edit.act == "place":
            return STANDS.format(words_of(edit)) if self._stands(edit) else ""
        if edit.act not in SPOT_ACTS or block.planned is None or self._viewpoint != pose.position:
            return ""
        placed = () if pose.is_away else block.placed  # there they are among the planned things
        if any(thing.covers(edit) for thing in (*placed, *block.planned)):
            return ""
        if SPOT_ACTS[edit.act].keeps_things:
            return NOTHING_THERE
        return NOTHING_TO_REMOVE if self._is_bare() else ""

    def _stands(self, edit: Edit) -> bool:
        """Tell whether the very thing that an edit puts stands there already."""
        thing = self._thing_there()
        if thing is None or thing.color is None or edit.color is None:
            return False
        aside = abs(yaw_difference(thing.yaw, edit.yaw)) / thing.width
        is_alike = thing.kind == edit.kind and color_name(thing.color) == color_name(edit.color)
        return is_alike and aside < SAME_SPOT

    def _where(self) -> str:
        """Name the spot: a ring marks it where it is in sight."""
        away = round(yaw_difference(self._spot[0], self._reel.pose.yaw))
        if abs(away) < self._reel.pose.fov / 2:
            return "here"
        return f"{abs(away)}° to the {'right' if away > 0 else 'left'}"

    @property
    def _aspect(self) -> float:
        """Height of a frame over its width."""
        spec = self._reel.current.spec
        return spec.frame_height / spec.frame_width

    def _picture(self) -> pygame.Rect:
        spec = self._reel.current.spec
        return fit((spec.frame_width, spec.frame_height), self._size, self._fit_mode)

    def _map(self) -> pygame.Rect:
        """Return where the map is shown; an empty rectangle where it is not."""
        place = self._hud.places.get("map")
        if place is None or self._theme is None:
            return pygame.Rect(0, 0, 0, 0)
        return map_area(self._theme, place.width).move(place.topleft)

    def _spot_at(self, position: tuple[int, int]) -> Direction | None:
        on_map, picture = self._map(), self._picture()
        if on_map.collidepoint(position):
            across, down = share_of(position, on_map)
            return round(across * 360.0 - 180.0, 1) % 360.0, round(TOP - down * 2 * TOP, 1)
        from_above = self._hud.places.get("map from above")
        is_covered = from_above is not None and from_above.collidepoint(position)
        if is_covered or not picture.collidepoint(position):
            return None
        place, reel = share_of(position, picture), self._reel
        yaw, pitch = direction_at(place, reel.pose, reel.crop, self._aspect)
        return round(yaw, 1) % 360.0, round(pitch, 1)

    def _draw_mark(self, surface: pygame.Surface) -> tuple[float, float] | None:
        """Ring the spot and return where it is in the window; None: out of sight."""
        theme, pose, picture = self._hud.theme(surface), self._reel.pose, self._picture()
        (yaw, pitch), (left, top, width, height) = self._spot, self._reel.crop
        aside = yaw_difference(yaw, pose.yaw) / pose.fov
        above = 0.0 if pitch is None else (pitch - pose.pitch) / (pose.fov * self._aspect)
        x = picture.left + (aside + 0.5 - left) / width * picture.width
        y = picture.top + (0.5 - above - top) / height * picture.height
        if not picture.collidepoint(x, y):
            return None
        for colour, wider in ((SHADOW, 2), (theme.colour(ACCENT), 0)):
            line = max(2, theme.px(2)) + wider
            pygame.draw.circle(surface, colour, (x, y), theme.px(RING) + wider / 2, line)
            pygame.draw.circle(surface, colour, (x, y), theme.px(DOT) + wider / 2)
        return x, y


def _weakly(method: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a method that does not keep its owner: the overlay owns the box that calls it."""
    held = weakref.WeakMethod(method)

    def call(text: str) -> Any:
        owned = held()
        return None if owned is None else owned(text)

    return call
