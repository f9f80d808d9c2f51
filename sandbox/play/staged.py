"""Worlds that are shown as one: to look at, not to keep."""

from typing import ClassVar

from mag_sandbox.model.world import Frames, World, WorldFailed, WorldState


class Staged(World):
    """The part of `World` that only passes on to the worlds behind it.

    A subclass has `spec`, `reset` and `step`, and says why it cannot be kept.
    """

    cannot_save: ClassVar[str]
    cannot_continue: ClassVar[str]

    def __init__(self, *worlds: World) -> None:
        self._worlds = worlds

    def expect_prompt(self) -> None:
        """Let them get ready to read a prompt."""
        for world in self._worlds:
            world.expect_prompt()

    def prepare(self) -> bool:
        """Let them look ahead."""
        return any([world.prepare() for world in self._worlds])  # noqa: C419 -- every one

    def snapshot(self) -> WorldState:
        """Refuse.

        Raises:
            WorldFailed: always.
        """
        raise WorldFailed(self.cannot_save)

    def restore(self, state: WorldState) -> None:  # noqa: ARG002 -- World
        """Refuse, as `snapshot` does.

        Raises:
            WorldFailed: always.
        """
        raise WorldFailed(self.cannot_continue)

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames of one world after its autoencoder."""
        return self._worlds[0].round_trip(frames)

    def provenance(self) -> dict:
        """Return what is said of the world."""
        return self._worlds[0].provenance()

    def close(self) -> None:
        """Free them."""
        for world in self._worlds:
            world.close()
