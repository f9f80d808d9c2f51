"""The measures of a walk: is the given view there from elsewhere, and again after it was away?

What the first view shows of a point tells how it looks from anywhere, if its distance is known. So
pictures are compared with the renderer's over such points, between a *floor*, the first view moved
or enlarged as a whole, and what its pixels give, carried by the true distances. Hidden things are
invented: there the second sight is compared with the first one.
"""

from collections.abc import Iterator

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.lookback.measures import (
    LEAST_CHANGE,
    TOP,
    Measured,
    Pairs,
    begins_as_given,
    is_detailed,
    recalls_of,
    refusal_of,
    rests_as_told,
)
from mag_sandbox.evaluation.lookback.playing import Take
from mag_sandbox.evaluation.lookback.tasks import ClipPlan
from mag_sandbox.evaluation.lookback.walk_scenes import SAME, WalkScene, likest_flat, masked_rows
from mag_sandbox.evaluation.results.intervals import mean_of
from mag_sandbox.evaluation.similarity.metrics import LEAST_PIXELS, Mask, masked_psnr, psnr
from mag_sandbox.evaluation.similarity.motion import motion_verdict
from mag_sandbox.model.full.image_shift import luma
from mag_sandbox.model.world import MIB, Frames

LEAST_KNOWN = 0.2  # share of a view that the first one shows, to be compared
MOST_WALKED = 8  # pictures of the way back that are compared, twice those of the way out
BINS = {"near": (0.3, 1.0), "middle": (1.0, 2.0), "far": (2.0, 3.0)}  # metres
BEYOND = 3.0  # metres from which on displacements are not measured
PATCH, REACH = 16, 12  # px of a patch that is looked for, and how far around its place
TEXTURED = 12.0  # levels of standard deviation that a patch needs


def walk_measured(plan: ClipPlan, take: Take, unseen: Take | None = None) -> Measured:
    """Return the worth of a walk; `unseen` is what an instance showed that came another way."""
    scene = take.scene
    assert isinstance(scene, WalkScene)
    pairs, known = _pairs(plan, take, scene)
    gates = {
        "obeys": all(motion_verdict(one) != "differs" for one in take.motion.values()),
        "begins": begins_as_given(take),
        "detailed": is_detailed(take, pairs.indices),
        "rests": rests_as_told(take),
        "walks": _walks(take, scene, pairs, plan.lot),
    }
    if plan.task.reveals:
        recalls, scores = _of_hidden(take, scene, pairs, unseen)
    else:
        recalls, scores = _of_given(take, scene, pairs, known)
    scores |= {
        **_parallax(take, scene, pairs, known),
        "return_db": mean_of([
            psnr(take.at_rest[at], take.at_rest[first])
            for at, first in zip(pairs.indices, pairs.firsts, strict=True)
            if take.poses[at] == take.poses[first]
        ]),
        "memory_mib": take.memory_bytes / MIB,
    }  # fmt: skip
    counted = [one for one in recalls if one is not None]
    score = mean_of(counted) if counted and 2 * len(counted) >= len(recalls) else None
    if plan.task.reveals:  # else what changes little is the scene's fault, and left out
        gates["distinct"] = score is not None
    points, away = pairs.points(recalls), max(pairs.away)
    return Measured(refusal_of(gates), gates, {"score": score, **scores}, points, away)


def _pairs(plan: ClipPlan, take: Take, scene: WalkScene) -> tuple[Pairs, list[Mask]]:
    """Return some pictures of the way back, and which of their pixels the first view shows."""
    before = {take.poses[at]: at for at in reversed(take.where("start", "out"))}
    back = [at for at in take.where("back") if take.poses[at].is_away]
    if plan.task.reveals:  # from where the hidden thing shows most
        back = [at for at in back if take.poses[at] == take.poses[back[-1]]]
    rng, found = np.random.default_rng(plan.lot + 1), []
    for part in np.array_split(np.array(back), min(MOST_WALKED, len(back))):
        at = int(rng.choice(part))
        mask = masked_rows(scene.carried(take.poses[at])[1], take.fit.rows)
        if mask.mean() >= LEAST_KNOWN or plan.task.reveals:
            found.append((before.get(take.poses[at], 0), at, mask))
    if not found:
        raise ValueError("the way back shows nothing of the first view")
    firsts, indices, known = (list(one) for one in zip(*found, strict=True))
    wanted = np.stack([take.truth(at) for at in indices])
    away = [take.seconds_between(*pair) for pair in zip(firsts, indices, strict=True)]
    return Pairs(indices, firsts, take.at_rest[indices], wanted, away), known


def _of_given(
    take: Take, scene: WalkScene, pairs: Pairs, known: list[Mask]
) -> tuple[list[float | None], dict[str, float | None]]:
    """Return how much of the given view is there again, in percent of what can be known."""
    first = take.true_view(CameraPose(), 0)
    recalls: list[float | None] = []
    rows = []
    for at, back, wanted, mask in zip(pairs.indices, pairs.backs, pairs.wanted, known, strict=True):
        pose = take.poses[at]
        likeness = masked_psnr(back, wanted, mask) or 0.0
        top = min(TOP, masked_psnr(take.fit.truth(scene.carried(pose)[0]), wanted, mask) or 0.0)
        floor = likest_flat(first, wanted, mask, pose)
        floor = max(floor, *(psnr(view[mask], wanted[mask]) for view in (first, first[:, ::-1])))
        if top - floor < LEAST_CHANGE:
            recalls.append(None)
            continue
        rows.append((likeness, floor, top))
        recalls.append(100.0 * float(np.clip((likeness - floor) / (top - floor), 0.0, 1.0)))
    means: list[float | None] = np.mean(rows, axis=0).tolist() if rows else [None] * 3
    names = "psnr_db", "floor_db", "carried_db"
    return recalls, dict(zip(names, means, strict=True))


def _of_hidden(
    take: Take, scene: WalkScene, pairs: Pairs, unseen: Take | None
) -> tuple[list[float | None], dict[str, float | None]]:
    """Return how much of what was invented for a hidden thing is there again, in percent."""
    pose = take.poses[pairs.indices[0]]
    mask = masked_rows(scene.hidden(pose), take.fit.rows)
    assert np.count_nonzero(mask) >= LEAST_PIXELS
    frames = take.at_rest
    wanted, begun = frames[pairs.firsts[0]], frames[take.where("start")[0]]
    plain = np.broadcast_to(wanted[mask].mean(0).round().astype(np.uint8), wanted.shape)
    floors = [psnr(one[mask], wanted[mask]) for one in (begun, begun[:, ::-1], plain)]
    floor = max(*floors, likest_flat(begun, wanted, mask, pose))
    guess = floor
    if unseen is not None:
        there = next(at for at in reversed(unseen.where("out")) if unseen.poses[at] == pose)
        guess = psnr(unseen.at_rest[there][mask], wanted[mask])
    count = len(pairs.indices)
    own = Pairs(
        pairs.indices, pairs.firsts, pairs.backs[:, mask][:, None],
        np.stack([wanted[mask][None]] * count), pairs.away,
    )  # fmt: skip
    likeness = mean_of([psnr(back[mask], wanted[mask]) for back in pairs.backs])
    scores = {"psnr_db": likeness, "floor_db": floor, "unseen_db": guess}
    return recalls_of(own, [floor] * count, [guess] * count), scores


def _walks(take: Take, scene: WalkScene, pairs: Pairs, lot: int) -> bool:
    """Tell whether near things move against far ones, there and back.

    In most pictures from elsewhere in which that can be seen, the given view must be more like the
    renderer's picture than like itself, moved or enlarged as a whole.
    """
    first, frames, rng = take.true_view(CameraPose(), 0), take.at_rest, np.random.default_rng(lot)
    out = [at for at in take.where("out") if take.poses[at].is_away]
    some = [int(rng.choice(part)) for part in np.array_split(out, min(MOST_WALKED // 2, len(out)))]
    for way in (some, pairs.indices):
        seen = []
        for at in way:
            pose, true = take.poses[at], take.truth(at)
            mask = masked_rows(scene.carried(pose)[1], take.fit.rows)
            if mask.mean() < LEAST_KNOWN or likest_flat(first, true, mask, pose) >= SAME:
                continue
            likeness = masked_psnr(frames[at], true, mask) or 0.0
            seen.append(likeness > likest_flat(first, frames[at], mask, pose))
        if 2 * sum(seen) <= len(seen):
            return False
    return True


def _parallax(
    take: Take, scene: WalkScene, pairs: Pairs, known: list[Mask]
) -> dict[str, float | None]:
    """Return how far things are from where the renderer has them [px], the median by distance."""
    found = np.array([
        one
        for at, back, wanted, mask in
        zip(pairs.indices, pairs.backs, pairs.wanted, known, strict=True)
        if take.poses[at].is_away
        for one in displacements(back, wanted, mask, scene.depth(take.poses[at]))
    ]).reshape(-1, 2)  # fmt: skip
    nearest, farthest = min(BINS.values())[0], max(BINS.values())[1]
    bins = {"": (nearest, farthest), **{f"_{name}": ends for name, ends in BINS.items()}}
    within = {
        name: found[(found[:, 0] >= low) & (found[:, 0] < high), 1]
        for name, (low, high) in bins.items()
    }
    return {
        f"parallax{name}_px": float(np.median(some)) if len(some) else None
        for name, some in within.items()
    }


def displacements(
    frame: Frames, wanted: Frames, mask: Mask, depth: np.ndarray
) -> Iterator[tuple[float, float]]:
    """Yield (distance [m], displacement [px]) of textured patches that both pictures show."""
    ours, theirs = luma(frame), luma(wanted)
    height, width = ours.shape
    for top in range(REACH, height - PATCH - REACH, PATCH):
        for left in range(REACH, width - PATCH - REACH, PATCH):
            place = slice(top, top + PATCH), slice(left, left + PATCH)
            patch = theirs[place]
            distance = float(np.median(depth[place]))
            if distance >= BEYOND or not mask[place].all() or patch.std() < TEXTURED:
                continue
            around = ours[top - REACH : top + PATCH + REACH, left - REACH : left + PATCH + REACH]
            windows = np.lib.stride_tricks.sliding_window_view(around, (PATCH, PATCH))
            errors = np.square(windows - patch).mean((2, 3))
            rows, columns = np.nonzero(errors <= 1.05 * errors.min() + 1.0)
            away = np.hypot(rows - REACH, columns - REACH).min()  # along an edge it may be anywhere
            yield distance, float(away)


def walk_sheet(take: Take, count: int) -> list[list[Frames]]:
    """Return rows of pictures of the way out and the way back: the renderer's above the shown."""
    rows: list[list[Frames]] = []
    for phase in ("out", "back"):
        there = take.where(phase)
        few = [there[at] for at in np.linspace(0, len(there) - 1, count).round().astype(int)]
        rows += [[take.truth(at) for at in few], [take.frames[at] for at in few]]
    return rows
