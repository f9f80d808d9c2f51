"""Layers compiled between their attentions, and the decoder, while a world is loaded.

All of a layer but attention has the shapes of a block, however much is remembered, so its three
parts are compiled once, for all layers of both networks: no attention kernel is traced, and nothing
is compiled again while memory fills. Passes of another length, as a new prompt's, run uncompiled.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache, wraps
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH
from mag_sandbox.model.dit import Layer, Modulation
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.full.codec_state import StreamingDecoder
from mag_sandbox.model.full.rollout import Engine
from mag_sandbox.model.full.vae import WanVae
from mag_sandbox.model.generator import BlockGenerator, Coordinates
from mag_sandbox.model.world import Progress

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

BACKEND = "inductor"  # of torch.compile
STAGE = "compiling layers"
DECODER_STAGE = "compiling the decoder"
PARTS = ("before", "between", "after")  # methods of `Layer`


def compile_layers(engine: Engine, running: Execution, on_progress: Progress) -> Execution:
    """Compile the layers of a world's networks, if they are to run compiled; return how they run.

    Where compiling fails, they run as they are, and the log says so. Memory is left alone.
    """
    if not running.compiled:
        return running
    kind = compiled_layer(BLOCK_LENGTH * engine.cache.shape.tokens // engine.devices, BACKEND)
    _set_class(engine, kind)
    for done, name in enumerate(PARTS):
        on_progress(STAGE, done / len(PARTS))
        kind.ready.add(name)
        try:
            _make_a_block(engine)
        except Exception as error:  # compilers fail in many ways
            logger.warning("layers run uncompiled, since compiling fails here: %s", _reason(error))
            kind.ready.clear()
            _set_class(engine, Layer)
            return replace(running, compiled=False)
    return running


def compile_decoder(decoder: StreamingDecoder, engine: Engine, on_progress: Progress) -> None:
    """Compile the full autoencoder's decoder, if that is the world's decoder.

    Where compiling fails, it runs as it is, and the log says so.
    """
    if not isinstance(decoder, WanVae):
        return
    on_progress(DECODER_STAGE, 0.0)
    try:
        with torch.inference_mode():
            decoder.compile(engine.latent_shape, BACKEND)
    except Exception as error:
        logger.warning("the decoder runs uncompiled, as compiling fails here: %s", _reason(error))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()[:2]  # the compiler's name, what was wrong
    return " ".join(lines) or type(error).__name__


class CompiledLayer(Layer):
    """A `Layer` of which some parts run compiled, at one number of tokens."""

    ready: ClassVar[set[str]]  # names of these parts


@cache
def compiled_layer(tokens: int, backend: str) -> type[CompiledLayer]:
    """Return the class of layers that run compiled with so many tokens, none of its parts ready.

    It is the same for all layers and worlds, so each part is compiled once, at its first call.
    """
    ready: set[str] = set()

    def compiled(plain: Callable[..., Result]) -> Callable[..., Result]:
        fast = torch.compile(plain, backend=backend, dynamic=False)

        @wraps(plain)
        def run(layer: Layer, x: Tensor, *rest: Tensor | Modulation) -> Result:
            if x.shape[1] != tokens or plain.__name__ not in ready:
                return plain(layer, x, *rest)
            return fast(layer, x, *map(_without_complex, rest))

        return run

    parts = {name: compiled(getattr(Layer, name)) for name in PARTS}
    return type("CompiledLayerOfTokens", (CompiledLayer,), {**parts, "ready": ready})


def _without_complex(given: Tensor | Modulation) -> Tensor | Modulation:
    # compilers know no complex numbers; see `model.rope.rotate`
    if isinstance(given, Tensor) and given.is_complex():
        return torch.view_as_real(given)
    return given


def _set_class(engine: Engine, kind: type[Layer]) -> None:
    for network in (engine.dit, engine.memory_dit):
        for layer in network.layers:
            layer.__class__ = kind


def _make_a_block(engine: Engine) -> None:
    dit, cache = engine.dit, engine.cache
    with torch.inference_mode():
        features = torch.zeros(1, dit.config.text_len, dit.config.text_dim)
        text = dit.text_keys(features.to(cache.device, cache.dtype))
        noise = torch.zeros(1, BLOCK_LENGTH, *engine.latent_shape, device=cache.device)
        generator = BlockGenerator(dit, dit, cache, engine.recipe.sampling.shift, text)
        cache.attend(())
        generator.denoise(noise, Coordinates(engine.grid.rotary(0, BLOCK_LENGTH)), text, steps=1)
