"""Contact sheets as PNG, for eyes: what the renderer draws and what the world showed."""

from pathlib import Path

import numpy as np
from PIL import Image

from evaluation.clips import Clip, HeldOutScene

_GAP = 4  # px between pictures
_BACKGROUND = 24  # grey level


def write_clip_sheet(path: Path, clip: Clip, scene: HeldOutScene) -> None:
    """Write three rows, yaw to the right: the renderer's views, the way out, the way back."""
    out, back = [*clip.where("start"), *clip.where("out")], clip.where("back")
    first, last = clip.poses[out[0]].yaw, clip.poses[out[-1]].yaw
    yaws = [first + part * ((last - first) % 360.0) for part in np.linspace(0, 1, 6)]
    away = [clip.nearest(yaw, out) for yaw in yaws]
    home = [clip.nearest(clip.poses[index].yaw, back) for index in away]
    views = [scene.view(clip.poses[index]) for index in away]
    write_sheet(path, [views, [clip.frames[i] for i in away], [clip.frames[i] for i in home]])


def write_ring_sheet(path: Path, clip: Clip, scene: HeldOutScene) -> None:
    """Write a full turn in two rows, twelve directions: the renderer's views and the world's."""
    out = clip.where("out")
    shown = [clip.nearest(clip.poses[0].yaw + yaw, out) for yaw in range(30, 361, 30)]
    views = [scene.view(clip.poses[index])[::2, ::2] for index in shown]
    write_sheet(path, [views, [clip.frames[index][::2, ::2] for index in shown]])


def write_sheet(path: Path, rows: list[list[np.ndarray]]) -> None:
    """Write rows of equally large pictures as one PNG; the folder is made."""
    height, width = rows[0][0].shape[:2]
    shape = (len(rows) * (height + _GAP), len(rows[0]) * (width + _GAP), 3)
    sheet = np.full(shape, _BACKGROUND, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            top, left = i * (height + _GAP), j * (width + _GAP)
            sheet[top : top + height, left : left + width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    Image.fromarray(sheet).save(partial, format="PNG")
    partial.replace(path)
