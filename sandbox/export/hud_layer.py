"""Draws the display over frames, with the cards of the game and the figures of the recording."""

import os
from collections import deque

import numpy as np
import pygame

from mag_sandbox.controls.bindings import CAMERA_BINDINGS
from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.world import Frames
from mag_sandbox.sandbox.export.footage import Footage, Shot
from mag_sandbox.sandbox.hud.figures import Figures
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.hud_state import HudState
from mag_sandbox.sandbox.play.feedback import pushes
from mag_sandbox.sandbox.ui.display import flat_picture

RECENT = 12  # blocks that the rate is measured over


class HudLayer:
    """Paints frames as the game showed them.

    layer = HudLayer(footage, (960, 576))
    picture = layer.painted(shot)
    """

    def __init__(self, footage: Footage, size: tuple[int, int]) -> None:
        open_pygame()
        self._footage = footage
        self._surface = pygame.Surface(size, 0, 32)
        self._hud = Hud()
        zooms = any(event.control.camera.zoom for event in footage.recording.blocks)
        self._caps = {
            key: row for key, row in CAMERA_BINDINGS.items() if zooms or row.axis != "zoom"
        }
        self._ready: deque[tuple[float, int]] = deque(maxlen=RECENT)  # second, frames of a block
        self._last_block = -1
        self._figures = Figures(smoothing=1.0)  # as they were written down

    def painted(self, shot: Shot) -> Frames:
        """Return a frame, enlarged, with the display over it, uint8 [H, W, 3]."""
        flat = flat_picture(shot.frame)
        pygame.transform.scale(flat.convert(self._surface), self._surface.get_size(), self._surface)
        self._take(shot)
        self._hud.draw(self._surface, self._state(shot), "full")
        width, height = self._surface.get_size()
        pixels = pygame.image.tobytes(self._surface, "RGB")
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)

    def _take(self, shot: Shot) -> None:
        event = shot.event
        if event is None or shot.block.block_index == self._last_block:
            return
        self._last_block = shot.block.block_index
        self._ready.append((event.t, event.frame_count))
        self._figures.add_block(event.stage_ms)
        fps = 0.0
        if len(self._ready) > 1 and (seconds := self._ready[-1][0] - self._ready[0][0]) > 0:
            fps = sum(count for _, count in list(self._ready)[1:]) / seconds
        self._figures.update(shot.second, fps, event.latency_ms)

    def _state(self, shot: Shot) -> HudState:
        start, block = self._footage.recording.start, shot.block
        camera = shot.event.control.camera if shot.event else CameraCommand()
        return HudState(
            scene=start.scene.name,
            seconds=shot.second,
            block=block,  # as in play: the cards change once a block
            exact_pose=self._footage.stored.head.exact_pose,
            figures=self._figures.rows,
            lights={
                key: "applied" if pushes(camera, row) else "idle" for key, row in self._caps.items()
            },
        )


def open_pygame() -> None:
    """Prepare pygame for drawing, with or without a window."""
    if not pygame.display.get_init() or pygame.display.get_surface() is None:
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
        pygame.display.init()
        pygame.display.set_mode((1, 1))
    pygame.font.init()
