"""Changing the world by pointing: where a spot of picture or map lies, and what should be there.

An overlay of play over the prompt box, which takes the words. It knows poses and rectangles;
`scenes.things` reads the words, the session asks the world.
"""

import weakref
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from math import dist, hypot
from typing import Any

import numpy as np
import pygame

from mag_sandbox.controls.camera import MAX_PITCH, CameraPose, yaw_difference
from mag_sandbox.controls.edits import SPOT_ACTS, Edit
from mag_sandbox.model.world import WorldSpec
from mag_sandbox.sandbox.hud.around import several
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import map_area
from mag_sandbox.sandbox.hud.seen import TOP
from mag_sandbox.sandbox.play.late_warp import direction_at, shown_at
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.prompt_box import PromptBox
from mag_sandbox.sandbox.settings import FitMode
from mag_sandbox.sandbox.ui.display import fit, share_of
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes.called import names_in
from mag_sandbox.scenes.color_names import color_name
from mag_sandbox.scenes.kinds import THINGS
from mag_sandbox.scenes.naming import is_plural, kinds_named, named_things
from mag_sandbox.scenes.things import (
    ThingError,
    alteration_in,
    altered,
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
BELOW = "most of it will be below the view: look down, or step back"
MARGIN = 6.0  # degrees from the sides of the view to the middle of what is put, at most
SAME_SPOT = 0.3  # of a thing's width: how far from its middle it is replaced by another one
IT_IS = "this is for the {} in the frame"
PARTS = {"kitchen counter": "the shelf"}  # that seem to be things of their own
INCLUDED = f"{IT_IS}, {{}} included"
NOT_HERE = "this is no {}: point at what you mean"
NO_THING = "what stands here is not known by name: write it with its colour, “a {} house”"
NOTHING_TO_COLOR = "nothing stands here: point at what should be {0}, or write “a {0} house”"
ON_MAP = "point at it in the picture, not on the map, or write “a {} house”"
AWAITED_S = 0.05  # between two looks for the world's answer
Direction = tuple[float, float | None]  # yaw, pitch [degrees]; None: where such things usually are
Placement = Edit | str | None  # see `World.placement`
_AT_SPOT = frozenset(("place", *SPOT_ACTS))  # what the world is asked about meanwhile


class _Placements:
    """What an edit will do, which the world is asked while its words are written."""

    def __init__(self, ask: Callable[[Edit], "Future[Placement]"]) -> None:
        self._ask = ask
        self._edit: Edit | None = None  # asked for last
        self._answer: Future[Placement] | None = None

    def follow(self, edit: Edit | None) -> None:
        """Ask for another placement; None: there is none."""
        if edit != self._edit:
            self._edit, self._answer = edit, self._ask(edit) if edit else None

    @property
    def is_awaited(self) -> bool:
        """Whether the answer is still to come."""
        return self._answer is not None and not self._answer.done()

    @property
    def placement(self) -> Placement:
        """The answer; None: there is none, or the world does not know."""
        answer = self._answer
        if answer is None or not answer.done() or answer.cancelled() or answer.exception():
            return None
        return answer.result()

    @property
    def refusal(self) -> str:
        """Why the thing cannot stand there; "": it can, or that is not known."""
        return self.placement if isinstance(self.placement, str) else ""


class EditOverlay(Overlay):
    """Asks what should be at a spot; hidden until a key or a click names the spot.

    overlay = EditOverlay(reel, hud, kinds, category, ask, find_place, fly, "whole")
    overlay.open()  # at the pointer, or in the middle of the view
    overlay.handle(event)  # the box; a right click opens it, a click on the map flies there
    """

    def __init__(
        self,
        reel: Reel,
        hud: Hud,
        kinds: Sequence[str],
        whereabouts: Callable[[], str | None],
        ask: Callable[[Edit, Edit | None], object],
        find_place: Callable[[Edit], "Future[Placement]"],
        fly: Callable[[CameraPose], object],
        fit_mode: FitMode,
        *,
        make_theme: Callable[[tuple[int, int]], Theme] = Theme,
        open_keys: Sequence[str] = (),
        may_open: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make a hidden overlay.

        `ask` asks for an edit, with the thing as it is seen, if that is known; `find_place` asks
        the world where a placement will stand. `whereabouts` returns the place that is shown, or
        its category, whose things are suggested. If `may_open` returns False, it has told the
        player why.
        """
        self._may_open = may_open
        self._reel, self._hud, self._kinds = reel, hud, tuple(kinds)
        self._whereabouts, self._ask, self._fly = whereabouts, ask, fly
        self._placements = _Placements(find_place)
        self._was_awaited = False
        self._looked_at = 0.0
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
        """When the box's cursor blinks, or the world may have answered."""
        return self._looked_at + AWAITED_S if self._placements.is_awaited else self.box.wake_at

    def open(self, position: tuple[int, int] | None = None) -> None:
        """Ask what should be at a position of the window; None: at the pointer, if it moved."""
        if not self._may_open():
            return
        position = position or self._pointer or self._moved_to()
        spot, pose = self._spot_at(position) if position else None, self._reel.pose
        before, self._spot = self._spot, spot or (pose.yaw, None)
        is_on_map = position is not None and self._map().collidepoint(position)
        self._viewpoint = (0.0, 0.0) if is_on_map else (pose.x, pose.z)
        self.box.title = f"What should be {_where(self._spot[0], pose)}?"
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
        """Make the cursor blink, and ask where the thing that is written will stand."""
        self._looked_at, meant = now, self._meant() if self.box.is_open else None
        self._placements.follow(meant if meant and meant.act in _AT_SPOT else None)
        was_awaited, self._was_awaited = self._was_awaited, self._placements.is_awaited
        has_answer = was_awaited and not self._was_awaited
        return self.box.update(now) or has_answer

    def draw(self, surface: pygame.Surface) -> None:
        """Draw the box, and a frame where the thing will stand, or else a mark at the spot."""
        self._size, self._theme = surface.get_size(), self._hud.theme(surface)
        if self.box.is_open:
            self.box.avoid = self._draw_frame(surface) or self._draw_mark(surface)
            self.box.beside = tuple(self._hud.places.values())
            self.box.draw(surface)

    def _apply(self, text: str) -> None:
        edit = self._read(text)
        self._ask(edit, self._told(edit))

    def _told(self, edit: Edit) -> Edit | None:
        """Return the thing that an edit puts or changes, as it is seen; None: it is not known."""
        if self._viewpoint != self._reel.pose.position:
            return None
        if edit.act != "place":
            aimed = (one for one in self._things() if not _away(one, edit.yaw, edit.pitch))
            return next(aimed, None) or self._thing_there()
        told = self._placements.placement
        return told if isinstance(told, Edit) else None

    def _meant(self) -> Edit | None:
        """Return the edit that the text asks for so far; None: it asks for none."""
        with suppress(ThingError):
            return self._read(" ".join(self.box.text.split())) if self.box.text else None
        return None

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
        pose, pointed = self._reel.pose, self._thing_there()
        in_view = [one for one in self._things() if _is_in_view(one, pose)]
        if asked := alteration_in(text):
            what, look = asked
            if thing := _meant_by(what, self._spot, pointed, in_view):
                return altered(thing, look, self._kinds)
        edit = parse_known(text, *self._spot, self._kinds, self._whereabouts())
        if edit.act == "place":
            return _inside_view(edit, pose)
        thing = _meant_by(text, (edit.yaw, edit.pitch), pointed, in_view)
        is_aside = thing is not None and thing != pointed
        return replace(edit, yaw=thing.yaw, pitch=thing.pitch) if thing and is_aside else edit

    def _remark(self, text: str) -> str:
        """Say why a thing cannot stand there, or which one is changed or removed."""
        if not text:
            return ""
        color, meant = said_color(text), self._meant()
        if not color and (meant is None or meant.act not in SPOT_ACTS):
            told = self._told(meant) if meant else None
            is_low = told is not None and _is_below(told, self._reel.pose, self._reel.current.spec)
            return self._placements.refusal or (BELOW if is_low else "")
        thing = self._thing_there() if color or meant is None else self._told(meant)
        if thing is None:
            return self._why_uncolored(color) if color else ""
        is_removed = meant is not None and meant.act == "remove" and not self._reel.pose.is_away
        gone = [one for one in self._things() if is_removed
                and thing.contains(one.yaw, one.pitch, one.width, one.height)]  # fmt: skip
        names = names_in(self._reel.current.block.prompt)
        return self._placements.refusal or _in_frame(thing, gone, names)

    def _why_uncolored(self, color: str) -> str:
        """Return why nothing at the spot takes another colour, and what to write."""
        is_on_map = self._viewpoint != self._reel.pose.position
        unknown = NOTHING_TO_COLOR if _is_bare(self._pixels(2 * AROUND)) else NO_THING
        return (ON_MAP if is_on_map else unknown).format(color)

    def _things(self) -> list[Edit]:
        """Return the things around that are known; none if the spot is seen from away."""
        block, pose = self._reel.current.block, self._reel.pose
        if self._viewpoint != pose.position:
            return []
        placed = () if pose.is_away else block.placed  # there they are among the planned things
        return [one for one in (*placed, *(block.planned or ())) if one.kind in self._kinds]

    def _thing_there(self) -> Edit | None:
        """Return the smallest thing at the spot; None: none is known, or it is seen from away."""
        (yaw, pitch), placed = self._spot, self._reel.current.block.placed
        spot = Edit("remove", yaw, self._reel.pose.pitch if pitch is None else pitch)
        there = [
            one for one in self._things()
            if one.covers(spot) and (one in placed or self._looks_like(one))
        ]  # fmt: skip
        return min(there, key=lambda thing: thing.width * thing.height, default=None)

    def _looks_like(self, thing: Edit) -> bool:
        """Tell whether the picture at the spot may be of a thing: a given one shows others, too."""
        pixels = self._pixels(AROUND)
        if thing.color is None or not pixels.size:
            return True
        return dist(np.median(pixels, axis=(0, 1)), thing.color) < UNLIKE

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
            self._placements.follow(edit)
            is_there = _stands(self._thing_there(), edit)
            return stands_here(words_of(edit)) if is_there else self._placements.refusal
        if edit.act not in SPOT_ACTS or block.planned is None or self._viewpoint != pose.position:
            return ""
        placed = () if pose.is_away else block.placed  # there they are among the planned things
        if any(thing.covers(edit) for thing in (*placed, *block.planned)):
            self._placements.follow(edit)
            return self._placements.refusal
        if SPOT_ACTS[edit.act].keeps_things:
            return NOTHING_THERE
        return NOTHING_TO_REMOVE if _is_bare(self._pixels(2 * AROUND)) else ""

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
        spec = reel.current.spec
        aspect = spec.frame_height / spec.frame_width
        yaw, pitch = direction_at(place, reel.pose, reel.crop, aspect)
        return round(yaw, 1) % 360.0, round(pitch, 1)

    def _draw_frame(self, surface: pygame.Surface) -> pygame.Rect | None:
        """Frame the thing that will stand there, or that is changed; return its place in view."""
        meant, reel = self._meant(), self._reel
        told = self._told(meant) if meant else None
        if told is None:
            return None
        theme, picture = self._hud.theme(surface), self._picture()
        middle = shown_at((told.yaw, told.pitch), reel.pose, reel.crop, tuple(picture))
        degree = picture.width / reel.crop[2] / reel.pose.fov  # px
        frame = pygame.Rect(0, 0, round(told.width * degree), round(told.height * degree))
        frame.center = round(middle[0]), round(middle[1])
        shown = frame.clip(picture.clip(surface.get_rect()))
        if not shown:
            return None
        for colour, wider in ((SHADOW, 2), (theme.colour(ACCENT), 0)):
            line = max(2, theme.px(2)) + wider
            pygame.draw.rect(surface, colour, frame.inflate(wider, wider), line, theme.px(6))
        return shown

    def _draw_mark(self, surface: pygame.Surface) -> pygame.Rect | None:
        """Ring the spot and return its place in the window; None: out of sight."""
        theme, reel, picture = self._hud.theme(surface), self._reel, self._picture()
        yaw, pitch = self._spot
        spot = yaw, reel.pose.pitch if pitch is None else pitch
        x, y = shown_at(spot, reel.pose, reel.crop, tuple(picture))
        if not picture.collidepoint(x, y):
            return None
        for colour, wider in ((SHADOW, 2), (theme.colour(ACCENT), 0)):
            line = max(2, theme.px(2)) + wider
            pygame.draw.circle(surface, colour, (x, y), theme.px(RING) + wider / 2, line)
            pygame.draw.circle(surface, colour, (x, y), theme.px(DOT) + wider / 2)
        return pygame.Rect(round(x), round(y), 1, 1)


def _is_bare(pixels: np.ndarray) -> bool:
    """Tell whether a part of a picture, uint8 [H, W, 3], shows bare ground, wall or sky."""
    return bool(pixels.size) and float(pixels.std(axis=(0, 1)).max()) < EVEN


def _is_in_view(thing: Edit, pose: CameraPose) -> bool:
    """Tell whether the middle of a thing lies between the sides of a view."""
    return abs(yaw_difference(thing.yaw, pose.yaw)) < pose.fov / 2


def _in_frame(thing: Edit, gone: Sequence[Edit], names: Mapping[str, str]) -> str:
    """Say which thing is changed, and what is removed with it."""
    counts = Counter(names.get(one.kind, one.kind) for one in gone if one != thing)
    all_gone = *filter(None, [PARTS.get(thing.kind)]), *(several(*one) for one in counts.items())
    lists = " and ".join(filter(None, (", ".join(all_gone[:-1]), *all_gone[-1:])))
    return (INCLUDED if lists else IT_IS).format(names.get(thing.kind, thing.kind), lists)


def _away(one: Edit, yaw: float, pitch: float) -> float:
    """Return how far the middle of a thing is from a spot [degrees]."""
    return hypot(yaw_difference(one.yaw, yaw), one.pitch - pitch)


def _meant_by(
    text: str, spot: Direction, pointed: Edit | None, in_view: Sequence[Edit]
) -> Edit | None:
    """Return the thing in view that words name: in their colour first, then the nearest.

    Args:
        text: the words; without the name of a thing, the spot is meant.
        spot: at which the player points.
        pointed: the thing there, if it is known.
        in_view: those that are.

    Raises:
        ThingError: the words name something else than what is pointed at, and it is not in view.
    """
    named = named_things(thing_vocabulary(tuple(THINGS)).in_known_words(text), THINGS)
    kinds, colors = kinds_named(named), {color_name(one.color) for one in named if one.color}

    def likeness(one: Edit) -> tuple[bool, bool, float]:
        is_like = not colors or one.color is None or color_name(one.color) in colors
        return is_like, one == pointed, -_away(one, spot[0], spot[1] or 0.0)

    known = (*in_view, pointed) if pointed else in_view
    meant = max((one for one in known if one.kind in kinds), key=likeness, default=None)
    if kinds and pointed and meant is None:
        raise ThingError(NOT_HERE.format(" or ".join(sorted(one.kinds[0] for one in named))))
    return meant


def stands_here(name: str) -> str:
    """Return the sentence that a thing of that name and colour stands here already."""
    stands, it = ("stand", "them") if is_plural(name) else ("stands", "it")
    return f"{name} {stands} here already: “another” draws {it} anew"


def _stands(thing: Edit | None, edit: Edit) -> bool:
    """Tell whether a thing, if there is one, is the very one that an edit puts there."""
    if thing is None or thing.color is None or edit.color is None:
        return False
    aside = abs(yaw_difference(thing.yaw, edit.yaw)) / thing.width
    is_alike = thing.kind == edit.kind and color_name(thing.color) == color_name(edit.color)
    return is_alike and aside < SAME_SPOT


def _inside_view(edit: Edit, pose: CameraPose) -> Edit:
    """Return a placement that the sides of the view do not cut, if it is small."""
    aside, most = yaw_difference(edit.yaw, pose.yaw), pose.fov / 2
    inside = most - min(edit.width / 2, MARGIN)
    if not inside < abs(aside) <= most:  # likewise where the map is pointed at
        return edit
    return replace(edit, yaw=round(pose.yaw + (inside if aside > 0 else -inside), 1) % 360.0)


def _is_below(told: Edit, pose: CameraPose, spec: WorldSpec) -> bool:
    """Tell whether most of a thing will stand below a view: at the foot of a near wall."""
    return told.pitch < pose.pitch - pose.fov * spec.frame_height / spec.frame_width / 2


def _where(yaw: float, pose: CameraPose) -> str:
    """Name a spot: a ring marks it where it is in sight."""
    away = round(yaw_difference(yaw, pose.yaw))
    if abs(away) < pose.fov / 2:
        return "here"
    return f"{abs(away)}° to the {'right' if away > 0 else 'left'}"


def _weakly(method: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a method that does not keep its owner: the overlay owns the box that calls it."""
    held = weakref.WeakMethod(method)

    def call(text: str) -> Any:
        owned = held()
        return None if owned is None else owned(text)

    return call
