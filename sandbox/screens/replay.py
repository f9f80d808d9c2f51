"""A script or a recording being played: like play, but nobody steers."""

from mag_sandbox.controls.bindings import Action
from mag_sandbox.sandbox.screens.play import PlayScreen


class ReplayScreen(PlayScreen):
    """Shows a script; camera keys and starting over have no effect."""

    mode = "replay"
    late_warp = False

    def camera_key(self, key: str, *, down: bool) -> None:
        """Leave the camera to the script."""

    def act(self, action: Action) -> None:
        """Do everything but start over, unless the world stopped."""
        if action != "reset" or self._error:
            super().act(action)
