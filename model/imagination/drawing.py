"""Draws unknown tiles with a sketcher, one after the other, keeping the keys of what was drawn.

What is drawn is a function of what is known, the text, the objects and the noise of each tile:
numbers in [0, 1), one a code. Nothing else is random.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.imagination.config import DrawingConfig
from mag_sandbox.model.imagination.objects import ObjectTable, tell
from mag_sandbox.model.imagination.order import SketchOrder
from mag_sandbox.model.imagination.sketcher import Sketcher, Turns, tile_turns
from mag_sandbox.model.imagination.stepping import KeyCache, Stepper


class GivenUpError(Exception):
    """Nobody wants what was being drawn any more."""


def never() -> bool:
    """Return False: what was begun is wanted."""
    return False


class Drawer:
    """Draws tiles.

    drawer = Drawer(sketcher, DrawingConfig())
    codes = drawer.draw(order, known, prompt, empty, objects, noise)
    """

    def __init__(self, sketcher: Sketcher, config: DrawingConfig) -> None:
        self.sketcher, self.config = sketcher.eval(), config
        self._stepper = Stepper(sketcher)

    @torch.inference_mode()
    def draw(
        self,
        order: SketchOrder,
        known: np.ndarray,
        prompt: Tensor,
        empty: Tensor,
        objects: ObjectTable,
        noise: np.ndarray,
        given_up: Callable[[], bool] = never,
    ) -> np.ndarray:
        """Return the codes of the unknown tiles, int64 [unknown, codes].

        Args:
            order: of the tiles.
            known: codes of the known tiles, int64 [known, codes].
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt, which guidance leads away from.
            objects: that are to be seen.
            noise: of the unknown tiles, float64 [unknown, codes] in [0, 1).
            given_up: asked before each tile whether nobody wants it any more.

        Raises:
            GivenUpError: nobody does.
        """
        guided = self.config.guidance != 1.0
        sketcher, tiles = self.sketcher, order.tiles
        features = torch.cat((prompt, empty)) if guided else prompt
        dtype = sketcher.start.dtype
        text = sketcher.text_keys(features.to(dtype))
        places = self._places(tiles, objects, guided=guided)
        turns = tile_turns(tiles, sketcher.config)
        cache = KeyCache(sketcher.config, len(features), len(tiles))
        past = len(known)
        if past:  # all but the last known tile, whose step draws
            x = self._content(known[:-1]) + places[:, :past]
            sketcher.through(x, _until(turns, past), text, cache.attend)
            cache.steps = past
        drawn = np.empty((len(order.unknown), sketcher.config.codes_per_tile), np.int64)
        ready, turn = (
            self._stepper.text(text),
            self._stepper.turns(turns, sketcher.config.num_heads),
        )
        last = self._content(known)[-1]
        for index in range(len(drawn)):
            if given_up():
                raise GivenUpError
            here = past + index
            state = self._stepper(last + places[:, here], turn[here], ready, cache)
            choose_code = partial(self._choose, noise[index].tolist())
            drawn[index] = self._stepper.tile(state, choose_code)
            last = sketcher.embed(torch.from_numpy(drawn[index]))
        return drawn

    def _content(self, codes: np.ndarray) -> Tensor:
        """Return what the steps after nothing and after each tile begin with, [tiles + 1, dim]."""
        start = self.sketcher.start[None]
        return torch.cat((start, self.sketcher.embed(torch.from_numpy(codes))))

    def _places(self, tiles: np.ndarray, objects: ObjectTable, *, guided: bool) -> Tensor:
        """Return what is known of tiles beforehand, [B, L, dim]; guidance leads to the objects."""
        config, none = self.sketcher.config, np.zeros(0, np.int64)
        tables = [objects, objects.chosen(none)] if guided else [objects]
        rows = torch.from_numpy(tiles[:, 0])
        told = [tell(table, tiles, config) for table in tables]
        return torch.stack([self.sketcher.place(rows, each) for each in told])

    def _choose(self, shares: list[float], code: int, logits: Tensor) -> int:
        """Return a code of a tile from its logits, [B, code_count]."""
        if len(logits) > 1:
            logits = logits[1] + self.config.guidance * (logits[0] - logits[1])
        return choose(logits.flatten(), shares[code], self.config.top_p)


def choose(logits: Tensor, share: float, top_p: float) -> int:
    """Return a value by its probability, among the likeliest ones that make up `top_p`.

    Args:
        logits: of each value, [values].
        share: in [0, 1): which of them, by the share of the probability that comes before.
        top_p: in (0, 1].

    Source: nucleus sampling, arXiv 1904.09751.
    """
    likely, values = torch.softmax(logits, dim=-1).sort(descending=True)
    below = likely.cumsum(dim=-1)
    last = min(int(torch.searchsorted(below, top_p)), len(below) - 1)
    return int(
        values[min(int(torch.searchsorted(below, share * float(below[last]), right=True)), last)]
    )


def _until(turns: Turns, end: int) -> Turns:
    return Turns(turns.queries[:, :end], turns.keys[:, :end])
