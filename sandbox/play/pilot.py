"""The player's commands or, until the player takes over, an automatic flight to a pose."""

from dataclasses import replace

from mag_sandbox.controls.camera import CameraCommand, CameraPose, Position, command_towards
from mag_sandbox.controls.sources import PlayerSource
from mag_sandbox.model.world import FrameBlock, GroundPlan, WorldSpec
from mag_sandbox.sandbox.play.bypass import Bypass
from mag_sandbox.sandbox.play.detour import way_round
from mag_sandbox.sandbox.play.events import BlockEvent, SessionObserver, SessionStart

STUCK = 2  # steps that lead nowhere, after which something is in the way; see `SplitWorld`
MOST_WAYS_ROUND = 12  # a flight: more comes into sight on the way
MOST_WAITS = 60  # in a row, of `STUCK` steps and one: half a minute in which ground is painted


class Pilot(PlayerSource, SessionObserver):
    """A source of commands that can fly to a place; as an observer it learns where the camera is.

    Where something is in the way, it goes round, as far as the ground is known; where nothing known
    is, it waits, since ground may still be painted. A player who walks is led past small things.

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
        self._ground: GroundPlan | None = None  # as the newest block tells it
        self._corners: list[Position] = []  # of a way round that are ahead
        self._ways_left, self._waits_left = MOST_WAYS_ROUND, MOST_WAITS
        self._bypass = Bypass()

    @property
    def is_flying(self) -> bool:
        """Whether it is on its way."""
        return self.target is not None

    def fly_to(self, target: CameraPose, spec: WorldSpec) -> None:
        """Go to a place at full speed, until there or until the player steers."""
        self.release_all()
        self._spec, self.is_automatic = spec, True
        self._corners, self._stood = [], 0
        self._ways_left, self._waits_left = MOST_WAYS_ROUND, MOST_WAITS
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
        if target is not None:
            return self._command_towards(target)
        return self._bypass.led(super().next_command(), self.pose, self._ground)

    def held_command(self) -> CameraCommand:
        """Return the command of the held keys; none while the pilot flies by itself."""
        return CameraCommand() if self.is_flying else super().held_command()

    def on_start(self, event: SessionStart, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Begin anew at the pose of the first block."""
        self.target, self.is_automatic, self._bypass = None, False, Bypass()
        self.pose, self._ground = block.poses[-1], block.ground

    def on_block(self, event: BlockEvent, block: FrameBlock) -> None:  # noqa: ARG002 -- observer
        """Note where the camera is, and what stands around it."""
        self.pose, self._ground = block.poses[-1], block.ground

    def _command_towards(self, target: CameraPose) -> CameraCommand:
        command = self._command_of_leg(target)
        walks = command is not None and (command.forward, command.right) != (0.0, 0.0)
        self._stood = self._stood + 1 if walks and self.pose == self._left else 0
        if walks and self._left not in (None, self.pose):
            self._waits_left = MOST_WAITS
        self._left = self.pose if walks else None
        if self._stood == STUCK:
            self._left, command = None, self._command_round(target)
        if command is None:
            self.target = None
            return CameraCommand()
        return command

    def _command_of_leg(self, target: CameraPose) -> CameraCommand | None:
        """Return the command towards the next corner of a way round, or to the target."""
        spec = self._spec
        speed, fps, length = spec.full_speed, spec.fps, spec.block_length
        while self._corners:
            x, z = self._corners[0]
            corner = replace(self.pose, x=x, z=z)
            if command := command_towards(self.pose, corner, speed, fps, length):
                return command
            self._corners.pop(0)
        return command_towards(self.pose, target, speed, fps, length)

    def _command_round(self, target: CameraPose) -> CameraCommand | None:
        """Return the first command of a way around obstacles; None: it gives up."""
        if self._ground is None:
            return None
        way = way_round(self._ground, self.pose.position, target.position)
        if len(way) > 1:
            self._corners, self._ways_left = way, self._ways_left - 1
        elif way:
            self._waits_left -= 1
        can_go_on = way and self._ways_left >= 0 and self._waits_left >= 0
        return self._command_of_leg(target) if can_go_on else None
