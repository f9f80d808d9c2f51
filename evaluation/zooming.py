"""How well a world zooms: what a closer view shows of a given picture, and the way back out."""

from dataclasses import dataclass

import numpy as np

from controls.camera import WIDEST_FOV, CameraCommand
from evaluation.clips import Clip, HeldOutScene, Leg, blocks_in
from evaluation.imagination import interval
from evaluation.metrics import gradient_energy, psnr
from model.world import WorldSpec

HOLD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Zooming:
    """One clip that zooms in on a given first view, waits, and zooms out again."""

    closer: float  # the view zoomed in against the renderer's [dB]
    returned: float  # the view zoomed out again against the first [dB]
    detail: float  # mean gradient zoomed in over that of the renderer


def zoom_and_back(spec: WorldSpec) -> list[Leg]:
    """Return the path all the way in, a pause, and out again, bit for bit.

    Raises:
        ValueError: the world knows no zoom.
    """
    speed = spec.full_speed
    if "zoom" not in spec.axes:
        raise ValueError("the world knows no zoom")
    seconds = (WIDEST_FOV - speed.narrowest_fov) / speed.zoom
    blocks = max(1, int(seconds / spec.block_seconds))  # whole ones, short of the limit
    return [
        Leg("out", CameraCommand(zoom=1.0), blocks),
        Leg("hold", CameraCommand(), blocks_in(HOLD_SECONDS, spec)),
        Leg("back", CameraCommand(zoom=-1.0), blocks),
    ]


def measure_zooming(clip: Clip, scene: HeldOutScene) -> Zooming:
    """Compare the views of `zoom_and_back`; the first was given."""
    closer = clip.where("hold")
    shown = [clip.frames[index] for index in closer]
    drawn = [scene.view(clip.poses[index]) for index in closer]
    first, last = clip.where("start")[-1], clip.where("back")[-1]
    return Zooming(
        closer=float(np.mean([psnr(*pair) for pair in zip(shown, drawn, strict=True)])),
        returned=psnr(clip.frames[last], clip.frames[first]),
        detail=sum(map(gradient_energy, shown)) / sum(map(gradient_energy, drawn)),
    )


def zoom_report(clips: list[Zooming]) -> dict:
    """Return means with intervals; the detail is a ratio."""
    parts = {
        "closer_psnr_db": [clip.closer for clip in clips],
        "return_psnr_db": [clip.returned for clip in clips],
        "gradient_ratio": [clip.detail for clip in clips],
    }
    return {name: interval(values) for name, values in parts.items()}
