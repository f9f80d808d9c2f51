"""How well a world zooms: what a closer view shows of a given picture, and the way back out."""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, CameraCommand
from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene, Leg, blocks_in
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of, part_scores
from mag_sandbox.evaluation.probe.metrics import gradient_energy, psnr
from mag_sandbox.evaluation.results.intervals import interval_of
from mag_sandbox.model.world import WorldSpec

HOLD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ZoomScores:
    """One clip that zooms in on a given first view, waits, and zooms out again."""

    closer: float  # the view zoomed in against the renderer's [dB]
    returned: float  # the view zoomed out again against the first, its still pixels [dB]
    detail: float  # mean gradient zoomed in over that of the renderer
    parts: dict[str, float | None]  # scores of still and moving parts zoomed in; {}: nothing moves


def zoom_and_back(spec: WorldSpec) -> list[Leg]:
    """Return the path all the way in, a pause, and out again, bit for bit.

    Raises:
        ValueError: the world knows no zoom.
    """
    speed = spec.full_speed
    if "zoom" not in spec.axes:
        raise ValueError("this world cannot zoom")
    seconds = (WIDEST_FOV - speed.narrowest_fov) / speed.zoom
    blocks = max(1, int(seconds / spec.block_seconds))  # whole ones, short of the limit
    return [
        Leg("out", CameraCommand(zoom=1.0), blocks),
        Leg("hold", CameraCommand(), blocks_in(HOLD_SECONDS, spec)),
        Leg("back", CameraCommand(zoom=-1.0), blocks),
    ]


def measure_zoom(clip: Clip, scene: HeldOutScene) -> ZoomScores:
    """Compare the views of `zoom_and_back`; the first was given."""
    closer = clip.where("hold")
    poses, shown = [clip.poses[index] for index in closer], clip.frames[closer]
    drawn = np.stack([scene.view(clip.poses[index], clip.time(index)) for index in closer])
    first, last = clip.where("start")[-1], clip.where("back")[-1]
    back, begun = clip.frames[last], clip.frames[first]
    known: dict[str, float | None] = {}
    returned = psnr(back, begun)
    if scene.parts is not None:
        frozen = np.stack([scene.view(pose, 0) for pose in poses])
        known = part_scores(shown, drawn, frozen, scene.parts, poses)
        still = mean_of(likenesses([back], [begun], [scene.parts.still_at(clip.poses[last])]))
        returned = returned if still is None else still
    return ZoomScores(
        closer=float(np.mean([psnr(*pair) for pair in zip(shown, drawn, strict=True)])),
        returned=returned,
        detail=sum(map(gradient_energy, shown)) / sum(map(gradient_energy, drawn)),
        parts=known,
    )


def zoom_report(clips: list[ZoomScores]) -> dict:
    """Return means with intervals; the detail is a ratio."""
    parts = {
        "closer_psnr_db": [clip.closer for clip in clips],
        "return_psnr_db": [clip.returned for clip in clips],
        "gradient_ratio": [clip.detail for clip in clips],
    }
    for name in clips[0].parts:
        parts[name] = [clip.parts[name] for clip in clips]
    return {name: interval_of(values) for name, values in parts.items()}
