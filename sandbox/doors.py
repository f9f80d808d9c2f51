"""Doors in play: what leads through the one ahead: a key, a click on it, and walking into it."""

from math import dist

import pygame

from mag_sandbox.controls.camera import is_stopped
from mag_sandbox.controls.edits import ENTER
from mag_sandbox.controls.keys import key_title
from mag_sandbox.model.world import UNPLANNED, Door
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.memory_choices import leave_moment
from mag_sandbox.sandbox.play.late_warp import direction_at
from mag_sandbox.sandbox.play.player_input import MOVED
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.screens import Overlay
from mag_sandbox.sandbox.screens.painting import PaintingOverlay
from mag_sandbox.sandbox.services import Services
from mag_sandbox.sandbox.ui.display import fit, share_of

TOO_FAR = "walk up to the {} to go through it"


class DoorsInPlay(Overlay):
    """Leads the player through doors.

    doors = DoorsInPlay(services, worker, reel, hud, painting)
    doors.block_shown(ready)  # every block: the player may walk into a door
    doors.handle(event)  # a click on a door
    if doors.ahead: doors.enter()
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
        self._pressed: tuple[int, int] | None = None  # where the mouse was on the picture
        self._size = (1, 1)  # of the window

    @property
    def ahead(self) -> Door | None:
        """The door near by that the player looks at."""
        ground = self._reel.current.block.ground
        return ground.door if ground else None

    def enter(self) -> None:
        """Go through that door, unless something is on its way."""
        if not self._painting.is_shown:
            leave_moment(self._services, self._worker, "you are before the door again")
            self._worker.call(lambda session: session.edit(ENTER))
            self._painting.begin(ENTER)

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
        """Note how large the window is."""
        self._size = surface.get_size()

    def block_shown(self, ready: ReadyBlock) -> None:
        """Say that a door is near, and go through once the player walks into it."""
        told, self._told = self._told, self.ahead
        if self._told is None:
            return
        if told is None:
            name = self._told.leads_to
            there = f", to the {name}" if name else ""
            keys = ", ".join(map(key_title, self._services.bindings["enter"].keys))
            ways = f"{keys} or a click" if keys else "click"
            text = f"{ways}: through the {self._told.kind}{there}"
            self._services.notices.say(text, topic="door")
        block, spec = ready.block, ready.spec
        if block.edited is None and is_stopped(
            block.poses, ready.command, spec.full_speed, spec.fps
        ):
            self.enter()

    def _click(self, position: tuple[int, int]) -> None:
        """Go through a door at a position in the window, or say how to get there."""
        reel, spec = self._reel, self._reel.current.spec
        ground, pose, size = (
            reel.current.block.ground,
            reel.pose,
            (spec.frame_width, spec.frame_height),
        )
        picture = fit(size, self._size, self._services.settings.now.fit)
        if not (spec.kinds and picture.collidepoint(position)):
            return
        if ground is None:
            self._services.notices.say(UNPLANNED, topic="door")
            return
        aspect = spec.frame_height / spec.frame_width
        seen = direction_at(share_of(position, picture), pose, reel.crop, aspect)
        doors = [door for door in ground.doors if door.covers(pose, *seen)]
        door = min(doors, key=lambda one: dist((one.x, one.z), (pose.x, pose.z)), default=None)
        if door is not None and door == ground.door:
            self.enter()
        elif door is not None:
            self._services.notices.say(TOO_FAR.format(door.kind), topic="door")
