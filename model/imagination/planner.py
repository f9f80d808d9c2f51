"""The planner: a causal transformer that lists the things of a whole ring from the caption.

One step is one thing, the largest first; what is drawn of it, one after the other, are the numbers
of `FIELDS`. The sketch is told of the things, so that each is begun as a whole and no wall comes
twice. Knows nothing of pictures.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.imagination.config import PlannerConfig
from mag_sandbox.model.imagination.drawing import choose
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject
from mag_sandbox.model.imagination.sketcher import (
    Attend,
    FieldHead,
    SketcherLayer,
    TextKeys,
    Turns,
    turns_between,
)
from mag_sandbox.model.imagination.stepping import KeyCache

COLUMNS, ROWS = 160, 48  # steps in which middles are told, around the ring and down
SIZES = 24  # steps in which widths and heights are told
SMALLEST, LARGEST = 2.0, 180.0  # degrees; sizes are told by ratios between these
LEVELS = 8  # of each channel of a colour
NOTHING_MORE = 0  # in place of a kind
FIELDS = ("kind", "variant", "column", "row", "width", "height", "color")


class Planner(nn.Module):
    """Logits of the numbers of things, each knowing the things before it.

    planner = Planner(PlannerConfig(), kinds, matmul_attention)
    things = planner.plan(features, empty, noise)
    """

    def __init__(
        self, config: PlannerConfig, kinds: Sequence[str], kernel: AttentionKernel
    ) -> None:
        super().__init__()
        self.config, self.kinds, self.kernel = config, tuple(kinds), kernel
        dim = config.dim
        sizes = (config.kinds, VARIANTS, COLUMNS, ROWS, SIZES, SIZES, LEVELS**3)
        self.start = nn.Parameter(torch.zeros(dim))
        self.content = nn.ModuleList(nn.Embedding(size, dim) for size in sizes)
        self.text_embedding = nn.Linear(config.text_dim, dim)
        self.layers = nn.ModuleList(
            SketcherLayer(config, reads_text=True) for _ in range(config.num_layers)
        )
        self.head = FieldHead(dim, sizes)
        for table in (*self.content, *self.head.drawn):
            nn.init.normal_(table.weight, std=0.5)

    @property
    def stack(self) -> Sequence[SketcherLayer]:
        """The layers, by their type."""
        return cast(Sequence[SketcherLayer], self.layers)

    def forward(self, things: Tensor, features: Tensor) -> list[Tensor]:
        """Return the logits of each field of each thing, [B, L, values] each.

        Args:
            things: numbers, int64 [B, L, fields].
            features: of the captions, [B, text_len, text_dim].
        """
        steps = things.shape[1]
        x = torch.cat((self._start(len(things)), self._content(things[:, :-1])), dim=1)
        later = torch.full((steps, steps), -torch.inf, device=x.device).triu(1)

        def attend(_layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return self.kernel(q, k, v, later.to(q.dtype))

        x = self._through(x, self._turns(steps), self._text_keys(features), attend)
        return self.head(x, things)

    @torch.inference_mode()
    def plan(self, features: Tensor, empty: Tensor, noise: np.ndarray) -> list[PlacedObject]:
        """Return the things of a ring.

        Args:
            features: of the caption, [1, text_len, text_dim].
            empty: those of the empty caption, which guidance leads away from.
            noise: numbers in [0, 1), float64 [most, fields].
        """
        text = self._text_keys(torch.cat((features, empty)).to(self.start.dtype))
        turns, cache = self._turns(len(noise)), KeyCache(self.config, 2, len(noise))
        x = self._start(2)
        things: list[list[int]] = []
        for index, shares in enumerate(noise.tolist()):
            turn = Turns(*(each[:, index : index + 1] for each in turns))
            state = self.head.norm(self._through(x, turn, text, cache.attend)[:, 0])
            cache.steps += 1
            thing = self._thing(state, shares)
            if thing[0] == NOTHING_MORE:
                break
            things.append(thing)
            x = self._content(torch.tensor(thing).expand(2, 1, -1))
        return placed_objects(np.array(things).reshape(-1, len(FIELDS)), self.kinds)

    def _thing(self, state: Tensor, shares: Sequence[float]) -> list[int]:
        """Return the numbers of a thing, drawn from a state with the caption and one without."""
        drawn: list[int] = []
        for field, share in enumerate(shares):
            if field:
                state = self.head.follow(state, torch.tensor(drawn[-1:]), field - 1)
            told, untold = self.head.logits(state, field).float()
            logits = untold + self.config.guidance * (told - untold)
            drawn.append(choose(logits, share, self.config.top_p))
        return drawn

    def _text_keys(self, features: Tensor) -> TextKeys:
        text = self.text_embedding(features)
        return tuple(layer.text_keys(text) for layer in self.stack)

    def _start(self, batch: int) -> Tensor:
        return self.start.expand(batch, 1, -1)

    def _content(self, things: Tensor) -> Tensor:
        """Return things as vectors, [..., fields] -> [..., dim]."""
        return sum(table(things[..., index]) for index, table in enumerate(self.content))

    def _turns(self, steps: int) -> Turns:
        places = np.stack((np.zeros(steps, np.int64), np.arange(steps)), axis=-1)
        return turns_between(places, self.config)

    def _through(self, x: Tensor, turns: Turns, text: TextKeys, attend: Attend) -> Tensor:
        """Return steps after all layers, [B, L, dim]."""
        for index, layer in enumerate(self.stack):
            x = layer(x, turns, text[index], attend, self.kernel, index)
        return x


def thing_numbers(objects: Sequence[PlacedObject], kinds: Sequence[str]) -> np.ndarray:
    """Return things as the planner knows them, int64 [things, fields], in the order given."""
    number = {kind: row for row, kind in enumerate(kinds, 1)}
    rows = [
        (
            number[each.kind],
            min(each.variant or 0, VARIANTS - 1),
            int(each.yaw % 360 * COLUMNS / 360),
            min(max(int((_HIGHEST - each.pitch) * COLUMNS / 360), 0), ROWS - 1),
            _size_number(each.width),
            _size_number(each.height),
            _color_number(each.color or (128, 128, 128)),
        )
        for each in objects
    ]
    return np.array(rows, np.int64).reshape(-1, len(FIELDS))


def placed_objects(numbers: np.ndarray, kinds: Sequence[str]) -> list[PlacedObject]:
    """Return what `thing_numbers` was given, to the precision of its numbers."""
    step = 360 / COLUMNS
    return [
        PlacedObject(
            kinds[min(kind, len(kinds)) - 1], (column + 0.5) * step, _HIGHEST - (row + 0.5) * step,
            _size(width), _size(height), _color(color), variant,
        )
        for kind, variant, column, row, width, height, color in numbers.tolist()
    ]  # fmt: skip


_HIGHEST = ROWS / 2 * 360 / COLUMNS  # degrees of pitch
_RATIO = (LARGEST / SMALLEST) ** (1 / (SIZES - 1))


def _size_number(degrees: float) -> int:
    steps = np.log(max(degrees, SMALLEST) / SMALLEST) / np.log(_RATIO)
    return min(round(float(steps)), SIZES - 1)


def _size(number: int) -> float:
    return SMALLEST * _RATIO**number


def _color_number(color: tuple[int, int, int]) -> int:
    red, green, blue = (channel * LEVELS // 256 for channel in color)
    return (red * LEVELS + green) * LEVELS + blue


def _color(number: int) -> tuple[int, int, int]:
    width = 256 // LEVELS
    levels = number // LEVELS**2, number // LEVELS % LEVELS, number % LEVELS
    return tuple(level * width + width // 2 for level in levels)  # type: ignore[return-value]
