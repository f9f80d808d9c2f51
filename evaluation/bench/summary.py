"""Puts the clips of one memory policy together: means, intervals, and each clip by itself."""

import itertools
from dataclasses import asdict

import numpy as np

from mag_sandbox.evaluation.bench.clips import HeldOutScene
from mag_sandbox.evaluation.bench.imagination import interval
from mag_sandbox.evaluation.bench.return_scores import TIMES_AWAY, ReturnScores
from mag_sandbox.model.world import MemorySetting, MemoryUsage

VALID_SHARE = 0.75  # of the clips must move as commanded, or no return is reported


def policy_report(
    scenes: list[HeldOutScene],
    measures: list[ReturnScores],
    usages: list[MemoryUsage],
    setting: MemorySetting,
) -> dict:
    """Return everything about one policy; see `evaluation.bench.pocket` for the keys."""
    valid = [measure for measure in measures if measure.valid]
    enough = len(valid) >= VALID_SHARE * len(measures)
    counted = valid if enough else []
    return {
        "setting": asdict(setting),
        "clips": len(measures),
        "valid_clips": len(valid),
        "return_psnr_db": _interval([measure.psnr for measure in counted]),
        "unguarded_psnr_db": _interval([measure.psnr for measure in measures]),
        "return_ssim": _interval([measure.ssim for measure in counted]),
        "recall_percent": _interval([measure.recall for measure in counted]),
        "floor_db": float(np.mean([measure.floor for measure in measures])),
        "ceiling_db": float(np.mean([measure.ceiling for measure in measures])),
        "by_time_away": _by_time_away(counted),
        "memory": _memory(usages),
        "motion": _motion(measures),
        **_still(counted, measures),
        "per_clip": [_clip(*one) for one in zip(scenes, measures, strict=True)],
    }


def _still(counted: list[ReturnScores], measures: list[ReturnScores]) -> dict:
    """Return the return over pixels known to stand still; nothing where none are known."""
    known, every = (
        [one.still_psnr for one in some if one.still_psnr is not None]
        for some in (counted, measures)
    )
    if not every:
        return {}
    return {
        "still_return_psnr_db": _interval(known),
        "still_unguarded_psnr_db": _interval(every),
    }


def _interval(values: list[float]) -> dict | None:
    return interval(values) if values else None


def _by_time_away(measures: list[ReturnScores]) -> list[dict]:
    rows = []
    for place, (low, high) in enumerate(itertools.pairwise(TIMES_AWAY)):
        parts = [measure.by_time_away[place] for measure in measures]
        seen = [part for part in parts if part is not None]
        until = high if np.isfinite(high) else None
        mean = float(np.mean(seen)) if seen else None
        rows.append({"from_s": low, "to_s": until, "psnr_db": mean})
    return rows


def _memory(usages: list[MemoryUsage]) -> dict:
    names = ("bytes", "full_history_bytes", "kept_frames", "attended_frames", "evicted")
    return {name: float(np.mean([getattr(usage, name) for usage in usages])) for name in names}


def _motion(measures: list[ReturnScores]) -> dict:
    errors = np.concatenate([measure.motion.errors for measure in measures])
    return {
        "mean_px": float(errors.mean()) if len(errors) else None,
        "p95_px": float(np.percentile(errors, 95)) if len(errors) else None,
        "unmeasurable": float(np.mean([measure.motion.unmeasurable for measure in measures])),
    }


def _clip(scene: HeldOutScene, measure: ReturnScores) -> dict:
    return {
        "seed": scene.panorama.seed,
        "category": scene.panorama.category,
        "prompt": scene.caption,
        "valid": measure.valid,
        "return_psnr_db": measure.psnr if measure.valid else None,
        "return_ssim": measure.ssim if measure.valid else None,
        "recall_percent": measure.recall if measure.valid else None,
        "floor_db": measure.floor,
        "ceiling_db": measure.ceiling,
    }
