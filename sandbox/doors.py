"""Doors in play: what leads through the one ahead: a key, a click on it, and walking into it.

A click on a door farther away walks up to it first.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from math import dist

import pygame

from mag_sandbox.controls.bindings import keys_text
from mag_sandbox.controls.camera import CameraPose, is_stopped, yaw_difference
from mag_sandbox.controls.edits import ENTER
from mag_sandbox.model.world import NO_DOOR, UNPLANNED, Door, WorldSpec
from mag_sandbox.sandbox.hud.around import Seen
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.memory_choices import STILL_PAINTING, leave_moment
from mag_sandbox.sandbox.play.late_warp import SHOWN, direction_at, shown_at
from mag_sandbox.sandbox.play.player_input import MOVED
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.player_changes import show_change
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.painting import PaintingOverlay
from mag_sandbox.sandbox.services import Services
from mag_sandbox.sandbox.ui.display import fit, share_of
from mag_sandbox.sandbox.ui.layout import CachedCard, Card, Text
from mag_sandbox.scenes.called import names_in
from mag_sandbox.scenes.vocabulary import APOSTROPHES, DETERMINERS

WALKING = "walking to the {}"
LEADS_TO = "the {} ahead leads to {}"
ELSEWHERE = "no door is in view; the {} is {}"
NONE_HERE = "nothing here can be entered; doors, gates, houses, castles, barns and caves can"
CAN_ENTER = "click the {} to walk there and go in"
BLOCKED = "something is in the way to the {}: walk around it"
BACK = "go back to {}"
NEAR = 20.0  # metres of a door to walk to, or of one that has a caption
SAME = 0.5  # metres between two doors at least
FACING = 2.0  # degrees by which the player may look past a door while walking to it
DETOUR = 3.0  # times the straight way, after which it counts as blocked


class DoorsInPlay(Overlay):
    """Leads the player through doors.

    doors = DoorsInPlay(services, worker, reel, hud, painting)
    doors.block_shown(ready)  # every block: the player may walk into a door
    doors.handle(event)  # a click on a door
    doors.press()  # the key
    """

    def __init__(
        self,
        services: Services,
        worker: GenerationWorker,
        reel: Reel,
        hud: Hud,
        painting: PaintingOverlay,
    ) -> None:
        self._services, self._worker = services, worker
        self._reel, self._hud, self._painting = reel, hud, painting
        self._told: Door | None = None  # the door that the player was told of last
        self._seen: Door | None = None  # that was in sight last
        self._knows_doors = not services.settings.now.hints
        self._pressed: tuple[int, int] | None = None  # where the mouse was on the picture
        self._size = (1, 1)  # of the window
        self._caption = CachedCard()  # at the door back
        self._bound_for: Door | None = None  # that the pilot walks to
        self._leg: CameraPose | None = None  # of the way there
        self._stopped_at: CameraPose | None = None  # on the way; twice there: it is blocked
        self._metres_left = 0.0  # to walk until the way counts as blocked in any case

    @property
    def ahead(self) -> Door | None:
        """The door near by that the player looks at."""
        ground = self._reel.current.block.ground
        return ground.door if ground else None

    @property
    def in_sight(self) -> Door | None:
        """The door nearest to the middle of the view that is not far away."""
        pose = self._reel.pose
        return _in_view((door for door in self._known if _away(door, pose) < NEAR), pose)

    @property
    def _known(self) -> tuple[Door, ...]:
        ground = self._reel.current.block.ground
        return ground.doors if ground else ()

    @property
    def _door_back(self) -> Door | None:
        """The door near by that leads to the room before this one."""
        ground, pose = self._reel.current.block.ground, self._reel.pose
        before = ground.rooms[-2] if ground and ground.rooms[1:] else ""
        near = (door for door in self._known if _away(door, pose) < NEAR)
        return next((door for door in near if before and door.leads_to == before), None)

    @property
    def _picture(self) -> pygame.Rect:
        spec = self._reel.current.spec
        size = spec.frame_width, spec.frame_height
        return fit(size, self._size, self._services.settings.now.fit)

    def press(self) -> None:
        """Go through the door ahead, or to the one in view; else say where there is one."""
        pose = self._reel.pose
        if self.ahead is not None:
            self.enter()
            show_change(self._reel)
        elif door := self._bound_for or self.in_sight or _in_view(self._known, pose):
            self.go_to(door)
        else:
            self._seen = None  # turning away from a door does not drop the answer
            self._services.notices.say(self._why_none(pose), topic="door")

    def _why_none(self, pose: CameraPose) -> str:
        """Return why no door is in view, and where the nearest one is."""
        ready = self._reel.current
        if not ready.spec.kinds:
            return NO_DOOR
        if ready.block.ground is None:
            return UNPLANNED
        door = min(self._known, key=lambda one: _away(one, pose), default=None)
        if door is None:
            return NONE_HERE
        return ELSEWHERE.format(self._name(door), _direction(pose, door))

    def way_to(self, room: str) -> str:
        """Return the way to another room, by its name, or back to the room before this one."""
        pose = self._reel.pose
        leads = (door for door in self._known if door.leads_to == room)
        door = next(leads, None) or self._door_back
        return (
            f"through the {self._name(door)} {_direction(pose, door)}"
            if door
            else BACK.format(_the(room))
        )

    def enter(self) -> None:
        """Go through that door, unless something is on its way.

        Keys that are held count again after their release: a walker stops inside, and looks around.
        """
        if self._painting.is_shown:
            self._services.notices.say(STILL_PAINTING, topic="door")
        else:
            self._services.pilot.stop()
            leave_moment(self._services, self._worker, "you are before the door again")
            self._worker.call(lambda session: session.edit(ENTER))
            self._painting.begin(ENTER)

    def go_to(self, door: Door) -> None:
        """Walk up to a door and go through it; the player may take over at any time."""
        if self._is_ahead(door):
            self.enter()
            return
        pose, spec = self._services.pilot.pose, self._reel.current.spec
        self._bound_for, self._metres_left = door, DETOUR * _away(door, pose)
        self._knows_doors = True
        self._stopped_at = None
        self._services.notices.say(WALKING.format(self._where_to(door)), topic="door")
        self._fly(_facing(pose, door), spec)

    def _name(self, door: Door) -> str:
        return names_in(self._reel.current.block.prompt).get(door.kind, door.kind)

    def _where_to(self, door: Door) -> str:
        """Return a door's name, and that of the room behind it if the player was there."""
        there = f", to {_the(door.leads_to)}" if door.leads_to else ""
        return self._name(door) + there

    def handle(self, event: pygame.Event) -> bool:
        """Follow a click; it may also begin to drag the view."""
        if event.type == pygame.MOUSEBUTTONDOWN:
            on_card = any(place.collidepoint(event.pos) for place in self._hud.places.values())
            self._pressed = None if event.button != 1 or on_card else event.pos
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1 and self._pressed:
            pressed, self._pressed = self._pressed, None
            if dist(pressed, event.pos) < MOVED:
                self._click(event.pos)
        return False

    def draw_under(self, surface: pygame.Surface) -> None:
        """Name the room that the player came from at the door back to it, if that is near."""
        self._size = surface.get_size()
        door, pose = self._door_back, self._reel.pose
        guesses = self._reel.current.block.provisional  # the door may not be painted yet
        if door is None or guesses or self._hud.is_off or self._painting.is_shown:
            return
        yaw, _, top = door.seen_from(pose)
        picture = self._picture.clip(surface.get_rect())
        x, y = shown_at((yaw, top), pose, self._reel.crop, tuple(self._picture))
        if picture.left <= x <= picture.right:
            words = Text(f"back to {_the(door.leads_to)}", 13)
            card = self._caption(self._hud.theme(surface), Card(words, pad=(8, 4), dense=False))
            place = card.get_rect(midbottom=(round(x), round(y)))
            surface.blit(card, place.clamp(picture))

    def block_shown(self, ready: ReadyBlock) -> None:
        """Say that a door is near, and go through once the player walks into it."""
        self._walk_on(ready)
        if self._bound_for or self._painting.is_shown:
            return  # it is on its way
        told, self._told = self._told, self.ahead
        if self._told is None:
            self._tell_in_sight()
            return
        self._knows_doors = True
        if told is None or _are_apart(told, self._told):
            keys = keys_text(self._services.bindings["enter"])
            ways = f"Press {keys}, click or walk on" if keys else "Click or walk on"
            text = f"{ways} to go through the {self._where_to(self._told)}"
            self._services.notices.say(text, topic="door")
        block, spec = ready.block, ready.spec
        if (
            block.edited is None
            and ready.command.forward > 0
            and is_stopped(block.poses, ready.command, spec.full_speed, spec.fps)
        ):
            self.enter()

    def _tell_in_sight(self) -> None:
        """Say once that doors can be entered, and where each one leads that the player knows."""
        seen, self._seen = self._seen, self.in_sight
        if self._seen is None:
            if seen is not None:  # the player has turned away from it
                self._services.notices.drop("door")
            return
        name = self._name(self._seen)
        if not self._knows_doors:
            self._knows_doors = True
            self._services.notices.say(CAN_ENTER.format(name), topic="door")
        elif self._seen.leads_to and (seen is None or _are_apart(seen, self._seen)):
            text = LEADS_TO.format(name, _the(self._seen.leads_to))
            self._services.notices.say(text, topic="door")

    def _is_ahead(self, door: Door) -> bool:
        ahead = self.ahead
        return ahead is not None and not _are_apart(ahead, door)

    def _walk_on(self, ready: ReadyBlock) -> None:
        """Turn to the door that the player is bound for, walk up to it and go through."""
        door, pilot = self._bound_for, self._services.pilot
        if door is None:
            return
        first, last = ready.block.poses[0].position, ready.block.poses[-1].position
        self._metres_left -= dist(first, last)
        if not pilot.is_automatic or pilot.target not in (None, self._leg):
            self._bound_for = None  # the player goes elsewhere
        elif self._is_ahead(door):
            pilot.stop()
            if not self._painting.is_shown:
                self._bound_for = None
                self.enter()
        elif self._metres_left <= 0 or (not pilot.is_flying and pilot.pose == self._stopped_at):
            pilot.stop()
            self._bound_for, self._seen = None, self.in_sight  # where that leads is no news
            self._services.notices.say(BLOCKED.format(self._name(door)), topic="door")
        elif not pilot.is_flying:
            faced = _facing(pilot.pose, door)
            turns = abs(yaw_difference(faced.yaw, pilot.pose.yaw)) > FACING
            self._stopped_at = None if turns else pilot.pose
            self._fly(faced if turns else replace(faced, x=door.x, z=door.z), ready.spec)

    def _fly(self, leg: CameraPose, spec: WorldSpec) -> None:
        self._leg = leg
        self._services.pilot.fly_to(leg, spec)

    def _click(self, position: tuple[int, int]) -> None:
        """Go to and through a door at a position in the window."""
        reel, spec, picture = self._reel, self._reel.current.spec, self._picture
        ground, pose = reel.current.block.ground, reel.pose
        if not (spec.kinds and picture.collidepoint(position)):
            return
        if ground is None:
            self._services.notices.say(UNPLANNED, topic="door")
            return
        aspect = spec.frame_height / spec.frame_width
        seen = direction_at(share_of(position, picture), pose, reel.crop, aspect)
        doors = [door for door in ground.doors if door.covers(pose, *seen)]
        door = min(doors, key=lambda one: _away(one, pose), default=None)
        if door is not None:
            self.go_to(door)
        elif self.in_sight is not None:
            self._services.notices.say(CAN_ENTER.format(self._name(self.in_sight)), topic="door")


def _in_view(doors: Iterable[Door], pose: CameraPose) -> Door | None:
    """Return the door nearest to the middle of the view at a pose."""
    aside = {door: abs(yaw_difference(_facing(pose, door).yaw, pose.yaw)) for door in doors}
    door = min(aside, key=aside.__getitem__, default=None)
    return door if door and aside[door] < SHOWN * pose.fov / 2 else None


def _facing(pose: CameraPose, door: Door) -> CameraPose:
    return replace(pose, yaw=door.seen_from(pose)[0], pitch=0.0)


def _direction(pose: CameraPose, door: Door) -> str:
    yaw = _facing(pose, door).yaw
    return Seen(door.kind, "", yaw, pose.pitch, 0.0, 0.0).direction(pose)


def _away(door: Door, pose: CameraPose) -> float:
    return dist((door.x, door.z), (pose.x, pose.z))


def _the(room: str) -> str:
    """Return a room's name in a sentence: "the library", "grandma's attic"."""
    room, first = room[:1].lower() + room[1:], room.split()[0].lower()
    is_owned = first in DETERMINERS or re.search(rf"[{''.join(APOSTROPHES)}]s$", first)
    return room if is_owned else f"the {room}"


def _are_apart(one: Door, other: Door) -> bool:
    return dist((one.x, one.z), (other.x, other.z)) >= SAME
