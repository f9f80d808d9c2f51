"""Draws unknown tiles with a sketcher, one after the other, keeping the keys of what was drawn.

What is drawn is a function of what is known, the text, the objects and the noise of each tile:
numbers in [0, 1), one a code. Nothing else is random.
"""

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.fused import linear, packs_here
from mag_sandbox.model.imagination.config import DrawingConfig
from mag_sandbox.model.imagination.objects import ObjectTable, ToldObjects, tell
from mag_sandbox.model.imagination.order import SketchOrder
from mag_sandbox.model.imagination.sketcher import Sketcher, Turns, tile_turns


class Drawer:
    """Draws tiles.

    drawer = Drawer(sketcher, DrawingConfig())
    codes = drawer.draw(order, known, prompt, empty, objects, noise)
    """

    def __init__(self, sketcher: Sketcher, config: DrawingConfig) -> None:
        self.sketcher, self.config = sketcher.eval(), config

    @torch.inference_mode()
    def draw(
        self,
        order: SketchOrder,
        known: np.ndarray,
        prompt: Tensor,
        empty: Tensor,
        objects: ObjectTable,
        noise: np.ndarray,
    ) -> np.ndarray:
        """Return the codes of the unknown tiles, int64 [unknown, codes].

        Args:
            order: of the tiles.
            known: codes of the known tiles, int64 [known, codes].
            prompt: text features, [1, text_len, text_dim].
            empty: those of the empty prompt, which guidance leads away from.
            objects: that are to be seen.
            noise: of the unknown tiles, float64 [unknown, codes] in [0, 1).
        """
        guided = self.config.guidance != 1.0
        sketcher, tiles = self.sketcher, order.tiles
        features = torch.cat((prompt, empty)) if guided else prompt
        dtype = sketcher.start.dtype
        text = sketcher.text_keys(features.to(dtype))
        places = self._places(tiles, objects, guided=guided)
        turns = tile_turns(tiles, sketcher.config)
        cache = _KeyCache(sketcher, len(features), len(tiles))
        drawn = np.empty((len(order.unknown), sketcher.config.codes_per_tile), np.int64)
        start = sketcher.start.expand(1, -1)
        past = torch.cat((start, sketcher.embed(torch.from_numpy(known))))  # [known + 1, dim]
        x, first = past + places[:, : len(past)], 0
        for index in range(len(drawn)):
            here = slice(first, first + x.shape[1])
            state = sketcher.through(x, _at(turns, here), text, cache.attend)[:, -1]
            cache.grow(x.shape[1])
            drawn[index] = self._tile(state, noise[index])
            first = here.stop
            content = sketcher.embed(torch.from_numpy(drawn[index]))
            x = content + places[:, first : first + 1]
        return drawn

    def _places(self, tiles: np.ndarray, objects: ObjectTable, *, guided: bool) -> Tensor:
        """Return what is known of tiles beforehand, [B, L, dim]; guidance leads to the objects."""
        config, none = self.sketcher.config, np.zeros(0, np.int64)
        tables = [objects, objects.chosen(none)] if guided else [objects]
        rows = torch.from_numpy(tiles[:, 0])
        told = [ToldObjects(*map(torch.from_numpy, tell(t, tiles, config))) for t in tables]
        return torch.stack([self.sketcher.place(rows, each) for each in told])

    def _tile(self, state: Tensor, noise: np.ndarray) -> list[int]:
        """Return the codes of one tile from the transformer's output, [B, dim]."""
        head, codes = self.sketcher.head, []
        state = head.norm(state)
        for index, share in enumerate(noise):
            if index:
                state = head.follow(state, torch.tensor(codes[-1]), index - 1)
            logits = head.logits(state, index).float()
            if len(logits) > 1:
                logits = logits[1] + self.config.guidance * (logits[0] - logits[1])
            codes.append(choose(logits.flatten(), float(share), self.config.top_p))
        return codes


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


def packed_sketcher(sketcher: Sketcher) -> Sketcher:
    """Exchange projections for packed ones where there are such; they cannot be moved."""
    for part in (*sketcher.layers, sketcher.head):
        for name, child in list(part.named_modules()):
            if isinstance(child, nn.Linear) and packs_here(child.weight):
                owner = part.get_submodule(name.rpartition(".")[0])
                setattr(owner, name.rpartition(".")[2], linear(child.weight, child.bias))
    return sketcher


def _at(turns: Turns, steps: slice) -> Turns:
    return Turns(turns.queries[:, steps], turns.keys[:, steps])


class _KeyCache:
    """Keys and values of the steps so far, as the matrix products of one step want them."""

    def __init__(self, sketcher: Sketcher, batch: int, steps: int) -> None:
        config = sketcher.config
        shape = (config.num_layers, batch * config.num_heads, steps, config.head_dim)
        self._keys = torch.empty(shape, dtype=sketcher.start.dtype)
        self._values = torch.empty_like(self._keys)
        self._heads, self._scale = config.num_heads, config.head_dim**-0.5
        self._steps = 0

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Add keys and values, and return what each step finds in itself and those before it."""
        new = q.shape[1]
        end = self._steps + new
        q, k, v = (x.transpose(1, 2).flatten(0, 1) for x in (q, k, v))  # [B * N, L, D]
        self._keys[layer, :, self._steps : end] = k
        self._values[layer, :, self._steps : end] = v
        keys, values = self._keys[layer, :, :end], self._values[layer, :, :end]
        scores = torch.bmm(q, keys.transpose(1, 2)) * self._scale
        if new > 1:
            later = torch.full((new, end), -torch.inf).triu(end - new + 1)
            scores = scores + later.to(scores.dtype)
        mixed = torch.bmm(scores.softmax(dim=-1), values)
        return mixed.unflatten(0, (-1, self._heads)).transpose(1, 2)

    def grow(self, steps: int) -> None:
        """Count steps that all layers have added."""
        self._steps += steps
