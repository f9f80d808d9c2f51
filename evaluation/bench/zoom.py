"""How well a world zooms: what a closer view shows of a given picture, and the way back out."""

import numpy as np

from mag_sandbox.controls.camera import WIDEST_FOV, CameraCommand
from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene, Leg, blocks_in
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of, part_scores
from mag_sandbox.evaluation.probe.metrics import gradient_energy, psnr
from mag_sandbox.model.world import WorldSpec

HOLD_SECONDS = 1.0


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


def measure_zoom(clip: Clip, scene: HeldOutScene) -> dict[str, float | None]:
    """Compare the views of `zoom_and_back`; the first was given.

    Returns:
        closer_psnr_db, the view zoomed in against the renderer's; return_psnr_db, the view zoomed
        out again against the first, its still pixels; gradient_ratio, the mean gradient zoomed in
        over that of the renderer; of worlds that move also `part_scores` zoomed in.
    """
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
    return {
        "closer_psnr_db": mean_of(likenesses(shown, drawn, None)),
        "return_psnr_db": returned,
        "gradient_ratio": sum(map(gradient_energy, shown)) / sum(map(gradient_energy, drawn)),
        **known,
    }
