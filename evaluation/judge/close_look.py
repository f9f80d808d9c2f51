"""A close look at the places where pictures are said to show things: does the thing stand there?

The network sees a square around one thing and names it. It was trained on renders in which things
of all kinds stand in all places (`evaluation.judge.close_training`), so that it knows a thing by
its shape, wherever it stands, and not by its place. Part of no loss. Knows nothing of worlds.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mag_sandbox.evaluation.judge.judge import (
    JUDGE_WEIGHTS,
    REMEDY,
    JudgeVocabulary,
    full_vocabulary,
)
from mag_sandbox.evaluation.judge.segmenter import (
    FEATURES,
    Answers,
    Segmenter,
    SegmenterShape,
    to_channels_last,
)
from mag_sandbox.evaluation.similarity.metrics import lab_colors
from mag_sandbox.files.whole import replace_file
from mag_sandbox.model.checkpoints import load_into, parse_config, stored, write_tensors
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.packing import plain_digest
from mag_sandbox.renderer.canvas import RING_WIDTH
from mag_sandbox.renderer.kinds import AREAS, COURSES, KINDS
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.scenes.color_names import COLORS

NETWORK, WORDS = "close.safetensors", "close.json"
SIDE = 64  # px of the network's pictures
MIDDLE = slice(4, 12)  # cells of 4 px that show the thing
AROUND = 1.33  # times a thing's longer side that a picture of it is wide
SMALLEST = 10.0  # px; smaller things are looked at as if they were as large
SURE = 0.1  # least probability at which a thing is there; chosen on renders
# likewise, of those of its kind, at which it may have a colour; with less if it is painted in it
SURE_OF_COLOR, UNSURE_OF_COLOR, PAINTED = 0.3, 0.05, 0.3
WIDEST = RING_WIDTH / 3  # px; wider things have no single place
_BATCH = 64
INNER = slice(14, 50)  # px of a square that show the thing
# what tells in which colours a thing is painted, whatever the light of its scene
_NEAR = 12.0  # of L*a*b*: how far a pixel may be from a colour in some light
_BEHIND = 12.0  # likewise, from pixels at the edges of the square, which show the background
_EDGE, _ALIKE = 2, 0.025  # px; share of the edges that is as near to what belongs to them
_LEAST = 0.05  # share of the pixels that is unlike the edges, or all count
_LIGHTS = np.multiply.outer(
    (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1),  # of a clear day's
    ((1.0, 1.0, 1.0), (1.0, 0.93, 0.8), (0.85, 0.92, 1.0)),  # daylight, lamps, night
).reshape(-1, 3)


class Looked(NamedTuple):
    """The answer of a close look at a thing's place."""

    sureness: float  # how likely it is there, 0 to 1
    colors: frozenset[str]  # that it may have, of those of its kind; none: it has its own


class ThingBox(NamedTuple):
    """Where a picture is said to show a thing, or the part of it that is seen [px]."""

    kind: str
    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, thing: Thing, left: float, top: float) -> "ThingBox":
        """Return where the view with its upper left corner at a place of the ring shows a thing."""
        beside = (thing.left - left + thing.width / 2 + RING_WIDTH / 2) % RING_WIDTH
        x = beside - RING_WIDTH / 2 - thing.width / 2
        return cls(thing.name, x, thing.top - top, thing.width, thing.height)

    def share_in(self, height: int, width: int) -> float:
        """Return the share of it that lies in a picture of a size."""
        across = min(self.left + self.width, width) - max(self.left, 0.0)
        down = min(self.top + self.height, height) - max(self.top, 0.0)
        return max(across, 0.0) * max(down, 0.0) / (self.width * self.height)


def has_place(kind: str) -> bool:
    """Tell whether a thing of a kind is in one place, and not all along the ground or the sky."""
    return kind not in AREAS and kind not in COURSES


def square_around(pixels: np.ndarray, box: ThingBox, side: int = SIDE) -> np.ndarray:
    """Return a square around a thing, uint8 [side, side, 3].

    Beyond the edges of the picture its outermost pixels continue.
    """
    size = max(box.width, box.height, SMALLEST) * AROUND * side / SIDE
    left, top = (
        start + extent / 2 - size / 2
        for start, extent in ((box.left, box.width), (box.top, box.height))
    )
    rows, columns = (np.arange(int(one) - 3, int(one + size) + 4) for one in (top, left))
    height, width = pixels.shape[:2]
    part = Image.fromarray(pixels[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)])
    x, y = left - columns[0], top - rows[0]
    square = x, y, x + size, y + size
    return np.asarray(part.resize((side, side), Image.Resampling.BILINEAR, square))


class Namer(nn.Module):
    """Names the thing in the middle of each of B squares, and its colour.

    It begins as a segmenter that knows the cells in the middle.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__()
        self.segmenter = segmenter
        self.whole = nn.Linear(FEATURES, segmenter.shape.classes)
        nn.init.zeros_(self.whole.weight)
        nn.init.zeros_(self.whole.bias)

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of names, 0: nothing, and of colours, [B, ...], of [B, 3, SIDE, SIDE]."""
        answers: Answers = self.segmenter(squares)
        names, colors = (
            logits[..., MIDDLE, MIDDLE].mean((2, 3)) for logits in (answers.names, answers.colors)
        )
        return names + self.whole(answers.features.relu()), colors


class CloseLook:
    """A trained network and its vocabulary.

    look = CloseLook.load()
    look.looked(frame, boxes)  # [Looked(0.97, {"red"}), Looked(0.02, {"gold", "yellow"})]
    """

    def __init__(self, network: Namer, vocabulary: JudgeVocabulary) -> None:
        self.network, self.vocabulary = network.eval().requires_grad_(False), vocabulary
        to_channels_last(self.network)

    def looked(self, frame: np.ndarray, boxes: Sequence[ThingBox]) -> list[Looked]:
        """Return of each box how likely it shows its thing, and in which of its kind's colours.

        Args:
            frame: uint8 [H, W, 3].
            boxes: that the frame is said to show.
        """
        squares = [square_around(frame, box) for box in boxes]
        return [
            Looked(
                float(names[self.vocabulary.name_index(box.kind)]),
                self._colors(box.kind, colors, square),
            )
            for box, square, (names, colors) in zip(
                boxes, squares, self.answers(squares), strict=True
            )
        ]

    def answers(self, squares: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return of each square the probabilities of names and of colours.

        They are the means of those of the square and of its mirror image.
        """
        found = []
        for first in range(0, len(squares), _BATCH):
            part = to_pictures(np.stack(squares[first : first + _BATCH]))
            with torch.inference_mode():
                seen = [
                    self.network(one.contiguous(memory_format=torch.channels_last))
                    for one in (part, part.flip(-1))
                ]
            names, colors = (
                torch.stack(logits).softmax(-1).mean(0).numpy()
                for logits in zip(*seen, strict=True)
            )
            found += list(zip(names, colors, strict=True))
        return found

    def _colors(self, kind: str, likely: np.ndarray, square: np.ndarray) -> frozenset[str]:
        known = self.vocabulary.colors
        own = {color: float(likely[known.index(color)]) for color in KINDS[kind].colors}
        shares, painted = sum(own.values()), painted_shares(square, KINDS[kind].colors)
        return frozenset(
            color
            for color, share in own.items()
            if share >= shares * (UNSURE_OF_COLOR if painted[color] >= PAINTED else SURE_OF_COLOR)
        )

    @classmethod
    def load(cls, folder: Path = JUDGE_WEIGHTS) -> "CloseLook":
        """Read a weights folder."""
        network = parse_config(folder / WORDS, _untrained, REMEDY)
        load_into(network, folder / NETWORK, remedy=REMEDY)
        return cls(network, full_vocabulary())

    def save(self, folder: Path, about: Mapping[str, object]) -> None:
        """Write weights (bf16), vocabulary and facts about them."""
        state = self.network.state_dict()
        write_tensors(folder / NETWORK, {key: stored(value) for key, value in state.items()})
        known = {"classes": self.vocabulary.classes, "colors": self.vocabulary.colors}
        words = {**known, "answers": self.network.segmenter.shape.values, **about}
        replace_file(folder / WORDS, json.dumps(words, indent=1) + "\n")


def painted_shares(square: np.ndarray, colors: Sequence[str]) -> dict[str, float]:
    """Return the share of the pixels around a thing's middle that have each colour, 0 to 1.

    A pixel has the nearest of them, and none if all are far. Pixels that look like what is behind
    do not count. Colours without a value have 0.

    Args:
        square: around the thing, uint8 [64, 64, 3].
        colors: names of those that it may have.
    """
    known = [color for color in colors if color in COLORS]
    shares = dict.fromkeys(colors, 0.0)
    if known:
        pixels = lab_colors(square[INNER, INNER].reshape(-1, 1, 3))
        lit = (lab_colors((_LIGHTS * COLORS[color]).clip(0, 255)) for color in known)
        far = np.stack([np.linalg.norm(pixels - some, axis=-1).min(axis=1) for some in lit])
        nearest = np.where(far.min(axis=0) < _NEAR, far.argmin(axis=0), -1)
        is_own = _is_unlike_edges(pixels, square)
        nearest = nearest[is_own] if is_own.mean() >= _LEAST else nearest
        shares |= {color: float((nearest == at).mean()) for at, color in enumerate(known)}
    return shares


def _is_unlike_edges(pixels: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return which of some pixels, [N, 1, 3] in L*a*b*, are unlike all but few at the edges."""
    inner = np.zeros(square.shape[:2], bool)
    inner[_EDGE:-_EDGE, _EDGE:-_EDGE] = True
    edges = lab_colors(square[~inner][::4].reshape(-1, 1, 3)).reshape(1, -1, 3)
    far = np.linalg.norm(pixels - edges, axis=-1)
    few = round(_ALIKE * far.shape[1])
    is_unlike: np.ndarray = np.partition(far, few, axis=1)[:, few] > _BEHIND
    return is_unlike


def close_look_digest() -> str:
    """Return the digest of the shipped weights, 16 hex digits."""
    return plain_digest(JUDGE_WEIGHTS / NETWORK)[:16]


def _untrained(words: Mapping[str, Any]) -> Namer:
    """Return a network for a vocabulary, which must be the renderer's."""
    now = full_vocabulary()
    if tuple(words["classes"]) != now.classes or tuple(words["colors"]) != now.colors:
        raise ValueError("it names other kinds or colours than the renderer draws")
    answers = tuple(words["answers"])  # it is asked nothing; others may have been added since
    return Namer(Segmenter(SegmenterShape(len(now.classes) + 1, len(now.colors), answers)))
