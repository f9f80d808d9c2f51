"""`python -m evaluation enlarging`: how crisp are pictures of the game in a window?

Held-out views, after the world's codec, are enlarged and compared with the renderer's at that size
at the same edges: places where one even colour meets another one across a row.

    schema     1
    settings   scenes, seed
    rendered, smooth, crisp: the renderer's, interpolated, as the game enlarges
        edge_px    median width of an edge [px of the enlarged picture]: its height by its slope
        psnr       against the renderer's [dB]
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image

from mag_sandbox.command_line import Say
from mag_sandbox.evaluation.options import EnlargingOptions
from mag_sandbox.evaluation.results.output import make_places, tell
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.enlarger import SCALE
from mag_sandbox.model.enlarging import enlarged
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, read_config
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, category_of, lay_out
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import HEIGHT, WIDTH, large_view, reduced

FIRST_SEED = HELD_OUT + 700_000  # of the scenes
REACH, EVEN = 10, 8  # px to each side of an edge; how many of them are of one colour
STEEP, HIGH, FLAT = 30.0, 40.0, 3.0  # grey levels: of an edge, between its sides, within a side
MOST_EDGES = 400  # of a view
Picture = np.ndarray  # uint8 [H, W, 3]


def run_enlarging(options: EnlargingOptions, say: Say) -> None:
    """Measure, print, and write what was asked for."""
    make_places(options.json, options.sheet)
    widths: dict[str, list[np.ndarray]] = {}
    ratios: dict[str, list[float]] = {}
    rows = []
    for drawn, given in _views(options):
        pictures = {"rendered": drawn, "smooth": _interpolated(given),
                    "crisp": enlarged(given[None])[0]}  # fmt: skip
        edges = edges_of(drawn, np.random.default_rng(options.seed))
        for name, picture in pictures.items():
            widths.setdefault(name, []).append(edge_widths(picture, edges))
            ratios.setdefault(name, []).append(psnr(picture, drawn))
        rows.append([one[200:500, 300:700] for one in pictures.values()])
    result: dict[str, Any] = {
        "schema": 1,
        "settings": {"scenes": options.scenes, "seed": options.seed},
        **{
            name: {
                "edge_px": round(float(np.median(np.concatenate(widths[name]))), 2),
                "psnr": round(float(np.mean(ratios[name])), 2),
            }
            for name in widths
        },
    }
    lines = (f"{name:9}{result[name]}" for name in widths)
    tell(lines, result, options.json, say)
    if options.sheet is not None:
        write_sheet(options.sheet, rows)


def edges_of(picture: Picture, rng: np.random.Generator) -> np.ndarray:
    """Return places of edges, [N, 2]: row, and the column after which the colour changes."""
    grey = picture.astype(np.float32).mean(axis=2)
    margin = REACH + 1
    steps = np.abs(np.diff(grey, axis=1))[:, margin:-margin]
    rows, columns = np.nonzero(steps > STEEP)
    order = rng.permutation(len(rows))
    places = np.stack((rows[order], columns[order] + margin), axis=1)
    offsets = np.arange(EVEN)
    left, right = (
        grey[places[:, :1], places[:, 1:] + first + offsets] for first in (-REACH, 1 + REACH - EVEN)
    )
    even = (left.std(axis=1) < FLAT) & (right.std(axis=1) < FLAT)
    high = np.abs(left.mean(axis=1) - right.mean(axis=1)) > HIGH
    edges: np.ndarray = places[even & high][:MOST_EDGES]
    return edges


def edge_widths(picture: Picture, edges: np.ndarray) -> np.ndarray:
    """Return the width of each edge [px]: the difference of its sides over the steepest step."""
    grey = picture.astype(np.float32).mean(axis=2)
    across = np.arange(1 - REACH, REACH + 1)
    profiles = grey[edges[:, :1], edges[:, 1:] + across]
    heights = np.abs(profiles[:, :3].mean(axis=1) - profiles[:, -3:].mean(axis=1))
    widths: np.ndarray = heights / np.abs(np.diff(profiles, axis=1)).max(axis=1).clip(1e-3)
    return widths


def _views(options: EnlargingOptions) -> Iterator[tuple[Picture, Picture]]:
    """Yield a view of each scene, as drawn at the large size and as the game would show it."""
    autoencoder = Autoencoder(read_config(POCKET_WEIGHTS).autoencoder)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    for number in range(options.scenes):
        seed = FIRST_SEED + 1000 * options.seed + number
        category = category_of(number)
        rng = np.random.default_rng(seed)
        ring = SceneRenderer(lay_out(category, seed)).picture(scale=SCALE)
        left, top = int(rng.integers(RING_WIDTH)), int(rng.integers(RING_HEIGHT - HEIGHT))
        drawn = large_view(ring, left, top, SCALE)
        with torch.inference_mode():
            latents = autoencoder.encode(to_pictures(reduced(drawn, SCALE)[None]))
            yield drawn, to_frames(autoencoder.decode(latents))[0]


def _interpolated(picture: Picture) -> Picture:
    large = WIDTH * SCALE, HEIGHT * SCALE
    return np.asarray(Image.fromarray(picture).resize(large, Image.Resampling.BILINEAR))
