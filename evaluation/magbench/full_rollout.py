"""A full-size world as MAG-Bench drives it: latents in and out, one prompt, no camera sentences."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from mag_sandbox.evaluation.magbench.continuation import as_pictures
from mag_sandbox.evaluation.results.videos import VideoFormat
from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.full.rollout import Engine, Rollout
from mag_sandbox.model.full.text_cache import NOTHING
from mag_sandbox.model.full.video_stream import VideoStream
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.generator import BlockGenerator, block_noises
from mag_sandbox.model.loading import load_world
from mag_sandbox.model.world import Frames, WorldFailed

Features = Callable[[str], Tensor]  # of a text; "" is the empty prompt


class RolloutContinuer:
    """A `Continuer` made of a full-size world's parts.

    world = RolloutContinuer("mag", format, engine, features, stream)
    """

    def __init__(
        self, name: str, video: VideoFormat, engine: Engine, features: Features, stream: VideoStream
    ) -> None:
        self.name, self.format = name, video
        self._engine, self._features, self._video = engine, features, stream

    def encode(self, frames: Frames) -> Tensor:
        """Return latents, fp32 [1, F, C, h, w]; see `Continuer`."""
        return self._video.encode(frames)

    def decode(self, latents: Tensor) -> np.ndarray:
        """Return pictures, rounded to the 256 levels that the game shows; see `Continuer`."""
        self._video.begin()
        parts = [self._video.decode(block) for block in latents.split(BLOCK_LENGTH, dim=1)]
        return as_pictures(np.concatenate(parts))

    def begin(self, prompt: str, seed: int) -> None:
        """Forget everything; see `Continuer`."""
        engine = self._engine
        empty = self._keys(engine.memory_dit, NOTHING)
        shift = engine.recipe.sampling.shift
        generator = BlockGenerator(engine.dit, engine.memory_dit, engine.cache, shift, empty)
        self._rollout = Rollout(generator, engine.grid, engine.recipe)
        self._text = self._keys(engine.dit, prompt or NOTHING)
        self._seed, self._made = seed, 0

    def remember(self, latents: Tensor) -> None:
        """Take latents as the next ones; see `Continuer`."""
        self._rollout.remember(latents, self._text)

    def generate(self) -> Tensor:
        """Return the next block; see `Continuer`."""
        noises = self._noises(self._made)
        self._made += 1
        return self._rollout.denoise(noises[0], self._text, noises[1:].__getitem__)

    def _noises(self, block_index: int) -> Tensor:
        engine = self._engine
        shape = (1, BLOCK_LENGTH, *engine.latent_shape)
        steps = len(engine.recipe.sampling.steps)
        return block_noises(self._seed, block_index, shape, steps, engine.cache.device)

    def _keys(self, dit: DiT, text: str) -> TextKeys:
        cache = self._engine.cache
        return dit.text_keys(self._features(text).to(cache.device, cache.dtype))


def open_continuer(name: str, prompts: Sequence[str]) -> RolloutContinuer:
    """Load a full-size world whose weights were fetched, and encode all prompts at once.

    Raises:
        WorldFailed: it is unknown, or cannot run here.
        MissingWeights: its weights are absent or damaged.
    """
    world = load_world(name)
    if not isinstance(world, StreamWorld):
        raise WorldFailed(
            f'world "{name}" cannot take a clip as its history; choose a full-size one, or '
            "measure it with `pocket --out`"
        )
    engine, texts, stream = world.parts()
    engine.fetch_writer()
    rows = texts.store.get((*prompts, NOTHING))
    spec = world.spec
    video = VideoFormat(spec.frame_width, spec.frame_height, spec.fps)
    return RolloutContinuer(name, video, engine, lambda text: rows[text][None], stream)
