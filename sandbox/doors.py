"""Doors in play: the key that leads through the one ahead, and walking into it."""

from mag_sandbox.controls.camera import is_stopped
from mag_sandbox.controls.edits import ENTER
from mag_sandbox.model.world import Door
from mag_sandbox.sandbox.memory_choices import leave_moment
from mag_sandbox.sandbox.play.reel import Reel
from mag_sandbox.sandbox.play.worker import GenerationWorker, ReadyBlock
from mag_sandbox.sandbox.screens.painting import PaintingOverlay
from mag_sandbox.sandbox.services import Services


class DoorsInPlay:
    """Leads the player through doors.

    doors = DoorsInPlay(services, worker, reel, painting)
    doors.block_shown(ready)  # every block: the player may walk into a door
    if doors.ahead: doors.enter()
    """

    def __init__(
        self, services: Services, worker: GenerationWorker, reel: Reel, painting: PaintingOverlay
    ) -> None:
        self._services, self._worker = services, worker
        self._reel, self._painting = reel, painting
        self._told: Door | None = None  # the door that the player was told of last

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

    def block_shown(self, ready: ReadyBlock) -> None:
        """Say that a door is near, and go through once the player walks into it."""
        told, self._told = self._told, self.ahead
        if self._told is None:
            return
        if told is None:
            key, name = self._services.bindings.title("enter"), self._told.leads_to
            there = f", to the {name}" if name else ""
            self._services.notices.say(f"{key}: through the {self._told.kind}{there}", topic="door")
        block, spec = ready.block, ready.spec
        if block.edited is None and is_stopped(
            block.poses, ready.command, spec.full_speed, spec.fps
        ):
            self.enter()
