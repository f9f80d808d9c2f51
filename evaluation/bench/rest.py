"""The clip `rest`: the camera stands still before a given view, and only time goes on.

What stands still must not drift; what moves must move as the renderer says, smoothly across blocks.
"""

from dataclasses import dataclass

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene, Leg, blocks_in, record
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of, part_scores, seam_ratio
from mag_sandbox.model.world import Frames, World, WorldSpec

SECONDS = 4.0  # three rounds of the quickest creature and more, one of a walk to one side


@dataclass(frozen=True, slots=True, eq=False)
class RestClip:
    """What was made of a given view, and what should have been."""

    clip: Clip
    first: int  # index of the first frame that counts: those before it are of the given block
    truth: Frames  # from there on


def at_rest(spec: WorldSpec) -> list[Leg]:
    """Return the path that leads nowhere."""
    return [Leg("hold", CameraCommand(), blocks_in(SECONDS, spec))]


def play_rest(world: World, scene: HeldOutScene) -> RestClip:
    """Give a world the first view and wait."""
    clip = record(world, scene.scene("image"), at_rest(world.spec))
    waited = clip.where("hold")
    truth = np.stack([scene.view(clip.poses[index], clip.time(index)) for index in waited])
    return RestClip(clip, waited[0], truth)


def measure_rest(made: RestClip, scene: HeldOutScene, spec: WorldSpec) -> dict[str, float | None]:
    """Compare what was made with the truth; the scene is one that moves.

    Returns:
        pose_psnr_db of whole frames, `part_scores` and `seam_ratio`; None: that part of the view is
        too small.
    """
    frames, poses = made.clip.frames[made.first :], made.clip.poses[made.first :]
    frozen = np.stack([scene.view(pose, 0) for pose in poses])  # the given picture is of time 0
    seams = [spec.frames_before(index) for index in range(len(made.clip.frames))]
    moving = scene.parts.moving_at(poses[0])
    return {
        "pose_psnr_db": mean_of(likenesses(frames, made.truth, None)),
        **part_scores(frames, made.truth, frozen, scene.parts, poses),
        "seam_ratio": seam_ratio(made.clip.frames, seams, moving),
    }
