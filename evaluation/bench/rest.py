"""The clip `rest`: the camera stands still before a given view, and only time goes on.

What stands still must not drift; what moves must move as the renderer says, smoothly across blocks.
"""

from dataclasses import asdict, dataclass

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene, Leg, blocks_in, record
from mag_sandbox.evaluation.bench.parts import likenesses, mean_of, part_scores, seam_ratio
from mag_sandbox.evaluation.results.intervals import interval_of
from mag_sandbox.model.world import Frames, World, WorldSpec

SECONDS = 4.0  # three rounds of the quickest creature and more, one of a walk to one side


@dataclass(frozen=True, slots=True)
class RestScores:
    """How a clip at rest compares with the truth; None: that part of the view is too small."""

    pose_psnr_db: float  # whole frames
    still_psnr_db: float | None
    moving_psnr_db: float | None
    motion_gain_db: float | None
    seam_ratio: float | None


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


def measure_rest(made: RestClip, scene: HeldOutScene, spec: WorldSpec) -> RestScores:
    """Compare what was made with the truth; the scene is one that moves."""
    frames, poses = made.clip.frames[made.first :], made.clip.poses[made.first :]
    frozen = np.stack([scene.view(pose, 0) for pose in poses])  # the given picture is of time 0
    seams = [spec.frames_before(index) for index in range(len(made.clip.frames))]
    moving = scene.parts.moving_at(poses[0])
    return RestScores(
        pose_psnr_db=mean_of(likenesses(frames, made.truth, None)),
        **part_scores(frames, made.truth, frozen, scene.parts, poses),
        seam_ratio=seam_ratio(made.clip.frames, seams, moving),
    )


def rest_report(clips: list[RestScores]) -> dict:
    """Return means with intervals; null where no clip has such a part."""
    measured = [asdict(clip) for clip in clips]
    return {name: interval_of([one[name] for one in measured]) for name in measured[0]}
