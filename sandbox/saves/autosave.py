"""When what is played is saved by itself: now and then, and when the camera comes to rest."""

from collections.abc import Callable

from mag_sandbox.controls.camera import CameraCommand

EVERY_S = 30.0  # of play that a crash may cost
LEAST_S = 5.0  # between two saves, however often the camera comes to rest


class Autosave:
    """Follows what is played and asks for it to be saved.

    >>> autosave = Autosave(save=lambda: None, clock=lambda: 0.0)
    >>> autosave.block_shown(CameraCommand(yaw=1.0))
    """

    def __init__(self, save: Callable[[], object], clock: Callable[[], float]) -> None:
        self._save, self._clock = save, clock
        self._saved_at = clock()
        self._moved = False  # since then

    def block_shown(self, command: CameraCommand) -> None:
        """Take what a block answers; save if it is time."""
        since, rests = self._clock() - self._saved_at, command == CameraCommand()
        came_to_rest = self._moved and rests and since >= LEAST_S
        if since >= EVERY_S or came_to_rest:
            self._saved_at, self._moved = self._clock(), False
            self._save()
        self._moved |= not rests
