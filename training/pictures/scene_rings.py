"""Rings of the renderer's scenes as the game shows them: painted from their plans, or as drawn."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose, Position
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.drawing.layers import LayeredRing, RingToCut
from mag_sandbox.model.imagination.drawing.refining import RefinedRings
from mag_sandbox.model.imagination.geometry.scenery import Scenery
from mag_sandbox.model.imagination.imagination import (
    Coder,
    Imagination,
    Subject,
    decoded_ring,
    load_imagination,
)
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import in_pixels
from mag_sandbox.model.pocket.loading import painting_features
from mag_sandbox.model.pocket.weights import read_config
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.render import SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.viewpoints import near_viewpoint
from mag_sandbox.scenes.stances import STANCES
from mag_sandbox.training.options import CloseUpTraining
from mag_sandbox.training.pictures.shown import as_shown

START: Position = (0.0, 0.0)  # where scenes begin [m]
LEVEL = 0.0, 90.0, 180.0, 270.0  # degrees: views that show a ring from its left end to its right


class SceneRing(NamedTuple):
    """A ring as the game shows it."""

    picture: np.ndarray  # uint8 [H, W, 3]
    known: np.ndarray  # which pixels are, bool [H, W]
    scenery: Scenery  # the plan in metres
    told: dict[PlacedObject, int]  # things that are drawn, and their numbers there
    place: Position  # of the viewpoint [m]


class SceneRings:
    """Paints the rings of scenes.

    rings = SceneRings.load(autoencoder, options)
    scene, shown = rings.of_scene(7, rng, is_painted=True, is_walked=False)
    """

    def __init__(
        self, imagination: Imagination, autoencoder: Autoencoder, texts: Callable[[str], Tensor]
    ) -> None:
        self.imagination = imagination
        self._autoencoder, self._texts = autoencoder, texts
        self._refined = RefinedRings(imagination.refine, imagination.drawn_sketch)

    @classmethod
    def load(cls, autoencoder: Autoencoder, options: CloseUpTraining) -> "SceneRings":
        """Return one over the painter in the folders of a training; see `begun`."""
        coder = Coder.of(autoencoder)
        imagination = load_imagination(options.imagination, coder, matmul_attention)
        config = read_config(options.weights)
        return cls(
            imagination, autoencoder, painting_features(options.imagination, config, known={})
        )

    def of_scene(
        self, seed: int, rng: np.random.Generator, *, is_painted: bool, is_walked: bool
    ) -> tuple[SceneRenderer, SceneRing]:
        """Return a scene, and its ring where it begins, or level views from near something.

        Args:
            seed: of the scene.
            rng: chooses the second viewpoint.
            is_painted: whether the first ring is painted, or as drawn, after the autoencoder.
            is_walked: whether it is painted anew from a second viewpoint.
        """
        scene = SceneRenderer(lay_out(category_of(seed), seed))
        ring = scene.ring()
        told = {PlacedObject(*thing.plan_entry): thing.index for thing in ring.things}
        bands = (PlacedObject(*band.plan_entry) for band in bands_of(ring))
        config = self.imagination.config
        plan = [thing for thing in (*bands, *told) if thing.kind in config.looks]
        scenery = Scenery.of(plan, STANCES, config.all_behind)
        if is_painted:
            picture, known = self._painted(ring.caption(), scenery, seed, START, None)
        else:
            picture = as_shown(ring.pixels, self._autoencoder)
            known = np.ones(picture.shape[:2], bool)
        shown = SceneRing(picture, known, scenery, told, START)
        if not is_walked:
            return scene, shown
        place = near_viewpoint(scene.layout, rng)
        seen = self._seen(shown, place)
        picture, known = self._painted(ring.caption(), scenery, seed, place, seen)
        return scene, SceneRing(picture, known, scenery, told, place)

    def refined(self, shown: SceneRing) -> SceneRing:
        """Return a painted ring, refined as the game refines it where a scene begins."""
        stride, plan = self.imagination.stride, shown.scenery.plan(*shown.place)
        colors = shown.picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        made = self._refined.refined(colors, shown.known[::stride, ::stride], plan, shown.place)
        return shown._replace(picture=to_frames(torch.from_numpy(made.picture)[None])[0])

    def layers(self, shown: SceneRing) -> LayeredRing:
        """Return a ring in layers."""
        colors = shown.picture.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        numbers = self._numbers(shown.scenery, shown.place)
        return LayeredRing(RingToCut(colors, shown.known, numbers, shown.scenery, shown.place))

    def _seen(self, shown: SceneRing, place: Position) -> np.ndarray:
        """Return what a ring shows of level views from another viewpoint; see `Subject`."""
        layers, numbers = self.layers(shown), self._numbers(shown.scenery, place)
        seen = np.zeros((*numbers.shape, 4), np.uint8)
        for pose in self._level:
            part = self._pixels(pose)
            at = replace(pose, x=place[0], z=place[1])
            seen[part] = layers.seen(at, self.imagination.view_size, numbers[part])
        return seen

    def _painted(
        self, caption: str, scenery: Scenery, seed: int, place: Position, seen: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture of a painted ring, and which of its pixels are known."""
        subject = Subject(self._texts(caption), seed, scenery.plan(*place), seen, place)
        around = self.imagination.nothing()
        for pose in self._level:
            around = self.imagination.imagine(around, pose, subject)
        picture = to_frames(decoded_ring(self.imagination, around, map))[0]
        return picture, in_pixels(around.known, len(picture))

    def _numbers(self, scenery: Scenery, place: Position) -> np.ndarray:
        return scenery.numbers(*place, self.imagination.owners(scenery.plan(*place)))

    @property
    def _level(self) -> list[CameraPose]:
        """Level views all around, beside each other."""
        lattice = self.imagination.lattice
        return [lattice.nearest(CameraPose(yaw)) for yaw in LEVEL]

    def _pixels(self, pose: CameraPose) -> tuple[np.ndarray, np.ndarray]:
        """Return rows, [H, 1], and columns of the ring that a view shows."""
        place, size = self.imagination.lattice.place(pose), self.imagination.view_size
        cell = size[0] // place.rows
        columns = (place.left * cell + np.arange(size[1])) % self.imagination.ring_size[1]
        return place.top * cell + np.arange(size[0])[:, None], columns
