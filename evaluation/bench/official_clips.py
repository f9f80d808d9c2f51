"""The clips of the memory bench as files in the layout of MAG-Bench: videos and a table.

With them `python -m evaluation magbench` measures a full-size world on the very scenes that the
pocket world is measured on. Size and rate are the official ones, so the renderer's pictures are
enlarged, and a few rows at the top and bottom are cut off, which keeps circles round.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from mag_sandbox.evaluation.bench.clips import held_out_scene
from mag_sandbox.evaluation.bench.memory_clips import true_blocks
from mag_sandbox.evaluation.magbench.evaluate import OFFICIAL
from mag_sandbox.evaluation.magbench.table import BenchClip, write_table
from mag_sandbox.evaluation.results.videos import VideoFormat, write_video
from mag_sandbox.model.world import Frames, WorldSpec


def write_official(folder: Path, clips: int, seed: int, spec: WorldSpec) -> list[BenchClip]:
    """Write the first clips of the bench as `table.csv` and `videos/`; return the table's rows.

    Camera and blocks are those of a world's `spec`; its size and rate are not used.
    """
    spec = replace(spec, fps=float(OFFICIAL.fps))
    written = []
    with tempfile.TemporaryDirectory() as views:
        for index in range(clips):
            scene = held_out_scene(index, seed, Path(views), moves=spec.moves)
            frames = np.concatenate([block.frames for block in true_blocks(scene, spec)])
            kind = scene.panorama.category.replace(" ", "_")
            name = f"{kind}/{index:03d}.mp4"
            write_video(folder / "videos" / name, enlarged(frames, OFFICIAL), spec.fps)
            written.append(BenchClip(name, scene.caption, len(frames) / spec.fps))
    write_table(folder / "table.csv", written)
    return written


def enlarged(frames: Frames, wanted: VideoFormat) -> Frames:
    """Return frames in another size, cut at two sides where the shapes differ."""
    height, width = frames.shape[1:3]
    scale = max(wanted.width / width, wanted.height / height)
    cut_x, cut_y = (width - wanted.width / scale) / 2, (height - wanted.height / scale) / 2
    box = (cut_x, cut_y, width - cut_x, height - cut_y)
    size = wanted.width, wanted.height
    return np.stack(
        [np.asarray(Image.fromarray(f).resize(size, Image.Resampling.LANCZOS, box)) for f in frames]
    )
