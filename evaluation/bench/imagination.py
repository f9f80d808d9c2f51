"""What a world invents beyond its first view, beside what the renderer draws there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mag_sandbox.controls.camera import yaw_difference
from mag_sandbox.evaluation.bench.clips import Clip, HeldOutScene
from mag_sandbox.evaluation.judge.classifier import Classifier
from mag_sandbox.evaluation.probe.metrics import (
    bootstrap_interval,
    frechet_distance,
    gradient_energy,
    psnr,
    sharpness,
)

VIEW_STEP = 15.0  # degrees between two views that are looked at
OPPOSITE_TOLERANCE = 1.0  # degrees that a view may miss the opposite one by


@dataclass(slots=True)
class Views:
    """Invented views of one scene, the renderer's views of the same poses, and another scene's."""

    invented: list[np.ndarray] = field(default_factory=list)
    rendered: list[np.ndarray] = field(default_factory=list)
    others: list[np.ndarray] = field(default_factory=list)

    def joined(self, more: "Views") -> "Views":
        """Return these views and more of the same scene."""
        return Views(
            self.invented + more.invented,
            self.rendered + more.rendered,
            self.others + more.others,
        )

    def means(self, measure: Callable[[np.ndarray], float]) -> tuple[float, float]:
        """Return the mean of a measure over invented and over rendered views."""
        return (
            float(np.mean([measure(view) for view in self.invented])),
            float(np.mean([measure(view) for view in self.rendered])),
        )


def views_beyond(clip: Clip, scene: HeldOutScene, other: HeldOutScene) -> Views:
    """Return the views of the way out that share nothing with the first one."""
    views, first, fov = Views(), clip.poses[0].yaw, clip.poses[0].fov
    out = clip.where("out")
    for yaw in np.arange(first + fov, first + 360 - fov + 1e-6, VIEW_STEP):
        index = clip.nearest(float(yaw), out)
        pose = clip.poses[index]
        if abs(yaw_difference(pose.yaw, float(yaw))) < VIEW_STEP / 2:
            views.invented.append(clip.frames[index])
            views.rendered.append(scene.view(pose, clip.time(index)))
            views.others.append(other.view(pose, clip.time(index)))
    return views


def imagination_report(slow: list[Views], fast: list[Views], classifier: Classifier) -> dict:
    """Return gradient ratios and Frechet distances.

    Args:
        slow: of the pan, one a clip.
        fast: of the full turn, one a clip.
        classifier: whose features measure the distance.
    """
    both = [one.joined(other) for one, other in zip(slow, fast, strict=True)]
    return {
        "gradient_ratio": _ratio(both, gradient_energy),
        "gradient_ratio_slow": _ratio(slow, gradient_energy),
        "gradient_ratio_fast": _ratio(fast, gradient_energy),
        "sharpness_ratio": _ratio(both, sharpness),
        "views": sum(len(views.invented) for views in both),
        "frechet": _frechet(both, classifier),
    }


@dataclass(frozen=True, slots=True)
class Ring:
    """What one full turn shows."""

    opposite_views: float  # likeness of views half a turn apart [dB]
    opposite_renders: float  # the same of the renderer's views [dB]
    closing: float  # the first view against the one a full turn later [dB]


def measure_ring(clip: Clip, scene: HeldOutScene) -> Ring:
    """Compare opposite views of a full turn, and its end with its start."""
    pairs, out = opposite_pairs(clip), clip.where("out")
    views = {i: scene.view(clip.poses[i], clip.time(i)) for pair in pairs for i in pair}
    last = clip.nearest(clip.poses[0].yaw, out[len(out) // 2 :])
    return Ring(
        opposite_views=float(np.mean([psnr(clip.frames[i], clip.frames[j]) for i, j in pairs])),
        opposite_renders=float(np.mean([psnr(views[i], views[j]) for i, j in pairs])),
        closing=psnr(clip.frames[last], clip.frames[clip.where("start")[-1]]),
    )


def ring_report(rings: list[Ring]) -> dict:
    """Return how alike opposite views are, beside the renderer's, and how well rings close."""
    return {
        "opposite_views_db": float(np.mean([ring.opposite_views for ring in rings])),
        "opposite_renders_db": float(np.mean([ring.opposite_renders for ring in rings])),
        "excess_db": interval([ring.opposite_views - ring.opposite_renders for ring in rings]),
        "closing_psnr_db": interval([ring.closing for ring in rings]),
    }


def opposite_pairs(clip: Clip) -> list[tuple[int, int]]:
    """Return frames of a full turn whose views lie half a turn apart.

    Raises:
        ValueError: the clip does not turn far enough.
    """
    out, pairs = clip.where("out"), []
    for yaw in np.arange(0.0, 180.0, VIEW_STEP):
        near = clip.nearest(clip.poses[0].yaw + float(yaw), out)
        far = clip.nearest(clip.poses[near].yaw + 180.0, out)
        gap = abs(yaw_difference(clip.poses[far].yaw, clip.poses[near].yaw))
        if gap >= 180.0 - OPPOSITE_TOLERANCE:
            pairs.append((near, far))
    if not pairs:
        raise ValueError("no opposite views: the clip turns less than half around")
    return pairs


def interval(values: Sequence[float]) -> dict:
    """Return the mean over clips with its 95% interval."""
    low, high = bootstrap_interval(values)
    return {"mean": float(np.mean(values)), "low": low, "high": high}


def _ratio(views: list[Views], measure: Callable[[np.ndarray], float]) -> dict:
    means = np.array([one.means(measure) for one in views])
    low, high = bootstrap_interval(means, combine=lambda rows: rows[:, 0] / rows[:, 1])
    return {"mean": float(means[:, 0].mean() / means[:, 1].mean()), "low": low, "high": high}


def _frechet(views: list[Views], classifier: Classifier) -> dict:
    def features(name: str) -> np.ndarray:
        frames = [frame for one in views for frame in getattr(one, name)]
        return classifier.read(np.stack(frames)).features

    invented, rendered, others = features("invented"), features("rendered"), features("others")
    return {
        "invented_to_renders": frechet_distance(invented, rendered),
        "invented_to_other_renders": frechet_distance(invented, others),
        "renders_to_other_renders": frechet_distance(rendered, others),
    }
