"""Layers compiled between their attentions, while a world is loaded.

All of a layer but attention has the shapes of a block, however much is remembered, so three parts
are compiled once, for all layers of both networks: no attention kernel is traced, and none of it
is repeated while memory fills. Passes of another length, as a new prompt's, run as they are.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

import torch
from torch import Tensor

from mag_sandbox.model.dit import PLAIN_PARTS, Layer, LayerParts, Modulation
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.full.recipes import BLOCK_LENGTH
from mag_sandbox.model.full.rollout import Engine
from mag_sandbox.model.generator import BlockGenerator, Coordinates
from mag_sandbox.model.world import Progress

logger = logging.getLogger(__name__)

BACKEND = "inductor"  # of torch.compile
STAGE = "compiling layers"


def compile_layers(engine: Engine, running: Execution, on_progress: Progress) -> Execution:
    """Compile the layers of a world's networks, if that is how they are to run; return how they do.

    Where it fails, they run as they were, and the log says so. What memory keeps is left alone.
    """
    if not running.compiled:
        return running
    tokens = BLOCK_LENGTH * engine.cache.shape.tokens // engine.devices
    compiled, parts = compiled_parts(tokens), PLAIN_PARTS
    for done, (name, part) in enumerate(compiled._asdict().items()):
        on_progress(STAGE, done / len(compiled))
        parts = parts._replace(**{name: part})
        _run_by(parts, engine)
        failure = _failure(engine)
        if failure:
            logger.warning("layers run uncompiled, since they cannot be compiled here: %s", failure)
            _run_by(PLAIN_PARTS, engine)
            return replace(running, compiled=False)
    return running


def compiled_parts(tokens: int) -> LayerParts:
    """Return the parts of layers, compiled when they are first called with so many tokens.

    Passes of other lengths take the plain parts.
    """
    parts: list[Callable] = [
        torch.compile(part, backend=BACKEND, dynamic=False) for part in PLAIN_PARTS
    ]
    before, between, after = parts

    def before_by_reals(
        layer: Layer, x: Tensor, time: Modulation, rotary: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        return before(layer, x, time, torch.view_as_real(rotary))  # compilers know no complex ones

    compiled = LayerParts(before_by_reals, between, after)
    return LayerParts(
        *(_of_length(tokens, *pair) for pair in zip(compiled, PLAIN_PARTS, strict=True))
    )


def _of_length(tokens: int, part: Callable, otherwise: Callable) -> Callable:
    """Return a part that is used where there are so many tokens."""

    @wraps(otherwise)
    def run(layer: Layer, x: Tensor, *rest: object):
        return (part if x.shape[1] == tokens else otherwise)(layer, x, *rest)

    return run


def _run_by(parts: LayerParts, engine: Engine) -> None:
    for network in (engine.dit, engine.memory_dit):
        for layer in network.layers:
            layer.parts = parts


def _failure(engine: Engine) -> str | None:
    """Return in a line why a block cannot be made; None: it can be."""
    try:
        _make_a_block(engine)
    except Exception as error:  # compilers fail in many ways
        said = str(error).strip().splitlines()[:2]  # the compiler's name, what was wrong
        return " ".join(said) or type(error).__name__
    return None


def _make_a_block(engine: Engine) -> None:
    """Make a block of nothing in one step, as in play: what is to be compiled is, on the way."""
    dit, cache = engine.dit, engine.cache
    with torch.inference_mode():
        features = torch.zeros(1, dit.config.text_len, dit.config.text_dim)
        text = dit.text_keys(features.to(cache.device, cache.dtype))
        noise = torch.zeros(1, BLOCK_LENGTH, *engine.latent_shape, device=cache.device)
        generator = BlockGenerator(dit, dit, cache, engine.recipe.sampling.shift, text)
        cache.attend(())
        generator.denoise(noise, Coordinates(engine.grid.rotary(0, BLOCK_LENGTH)), text, steps=1)
