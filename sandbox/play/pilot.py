"""The player's commands or, until the player takes over, an automatic flight to a pose."""

from mag_sandbox.controls.camera import CameraCommand, CameraPose, command_towards
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import FrameBlock, WorldSpec
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart

STUCK = 2  # steps that lead nowhere, after which something is in the way; see `SplitWorld`


class Pilot(PlayerSource, SessionObserver):
    """A source of commands that can fly to a place; as an observer it learns where the camera is.

    >>> pilot = Pilot()
    >>> from mag_sandbox.sandbox.play.session import Session
    >>> session = Session(world, pilot, observers=[pilot])
    >>> _ = session.start(scene, seed=7)
    >>> pilot.fly_to(CameraPose(yaw=90.0), world.spec)
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_automatic = False  # the shown pictures come from a flight
        self.target: CameraPose | None = None  # where it is on its way to
        self._spec: WorldSpec  # of the world that it flies in; set with the target
        self.pose = CameraPose()  # after the newest block
        self._left: CameraPose | None = None  # where it last began to walk
        self._stood = 0  # steps that led nowhere from there

    @property
    def is_flying(self) -> bool:
        """Whether it is on its way."""
        return self.target is not None

    def fly_to(self, target: CameraPose, spec: WorldSpec) -> None:
        """Go to a place at full speed, until there or until the player steers."""
        self.release_all()
        self._spec, self.is_automatic = spec, True
        self.target = target

    def stop(self) -> None:
        """Stop the camera, wherever it was going."""
        self.target = None
        super().stop()

    def next_command(self) -> CameraCommand:
        """Return the next command: the player's if there is one."""
        if self.is_steering:
            self.target, self.is_automatic = None, False
        target = self.target  # the window may change it meanwhile
        return super().next_command() if target is None else self._command_towards(target)

    def held_command(self) -> CameraCommand:
        """Return the command of the held keys; none while the pilot flies by itself."""
        return CameraCommand() if self.is_flying else super().held_command()

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Begin anew at the pose of the first block."""
        self.target, self.is_automatic, self.pose = None, False, block.poses[-1]

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Note where the camera is."""
        self.pose = block.poses[-1]

    def _command_towards(self, target: CameraPose) -> CameraCommand:
        spec = self._spec
        command = command_towards(self.pose, target, spec.full_speed, spec.fps, spec.block_length)
        walks = command is not None and (command.forward, command.right) != (0.0, 0.0)
        self._stood = self._stood + 1 if walks and self.pose == self._left else 0
        self._left = self.pose if walks else None
        if command is None or self._stood == STUCK:
            self.target = self._left = None
            return CameraCommand()
        return command
