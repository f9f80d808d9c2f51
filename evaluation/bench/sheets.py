"""Contact sheets as PNG, for eyes: what the renderer draws and what the world showed."""

from pathlib import Path

import numpy as np

from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene
from mag_sandbox.training.panorama.sheets import write_sheet


def write_clip_sheet(path: Path, clip: Clip, scene: HeldOutScene) -> None:
    """Write three rows, yaw to the right: the renderer's views, the way out, the way back."""
    out, back = [*clip.where("start"), *clip.where("out")], clip.where("back")
    first, last = clip.poses[out[0]].yaw, clip.poses[out[-1]].yaw
    yaws = [first + part * ((last - first) % 360.0) for part in np.linspace(0, 1, 6)]
    away = [clip.nearest(yaw, out) for yaw in yaws]
    home = [clip.nearest(clip.poses[index].yaw, back) for index in away]
    views = [scene.view(clip.poses[index], clip.time(index)) for index in away]
    write_sheet(path, [views, [clip.frames[i] for i in away], [clip.frames[i] for i in home]])


def write_ring_sheet(path: Path, clip: Clip, scene: HeldOutScene) -> None:
    """Write a full turn in two rows, twelve directions: the renderer's views and the world's."""
    out = clip.where("out")
    shown = [clip.nearest(clip.poses[0].yaw + yaw, out) for yaw in range(30, 361, 30)]
    views = [scene.view(clip.poses[index], clip.time(index))[::2, ::2] for index in shown]
    write_sheet(path, [views, [clip.frames[index][::2, ::2] for index in shown]])
