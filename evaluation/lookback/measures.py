"""The measures of a take: gates that a world must pass, and scores of the views that came back.

A view that came back counts by where its likeness lies between a *floor*, the likest thing that
takes no memory of the place, and `TOP`: 0 and 100. What the likeness is to: the renderer's picture
of that pose and time where the way out was given, else the world's own picture of the way out.
docs/benchmark.md has every definition, and what each one keeps from being had by cheating.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mag_sandbox.controls.camera import (
    WIDEST_FOV,
    CameraPose,
    mutual_overlap,
    view_overlap,
    yaw_difference,
)
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.lookback.playing import TICKS, Take
from mag_sandbox.evaluation.lookback.tasks import ClipPlan, ReturnTask
from mag_sandbox.evaluation.magbench.continuation import as_pictures
from mag_sandbox.evaluation.magbench.evaluate import Matching
from mag_sandbox.evaluation.magbench.lpips import NAME as LPIPS
from mag_sandbox.evaluation.quality.scenes import likenesses, part_scores
from mag_sandbox.evaluation.results.intervals import mean_of
from mag_sandbox.evaluation.similarity.metrics import gradient_energy, psnr, sharpness, ssim
from mag_sandbox.evaluation.similarity.motion import Measure, motion_fit, motion_verdict
from mag_sandbox.evaluation.vbench.consistency import ends
from mag_sandbox.model.full.image_shift import enlarged, reduced
from mag_sandbox.model.world import MIB, Frames
from mag_sandbox.renderer.views import HEIGHT, WIDTH

TOP = 35.0  # dB: from here on no difference is visible
LEAST_RANGE = 5.0  # dB between floor and TOP; a view with less looks like others or like nothing
LEAST_CHANGE = 3.0  # dB likewise, between the best that knows no time and TOP
MOST_COMPARED = 16  # views of a clip
BETWEEN = 0.95  # share of a view that one shown view has of it, at least
LEAST_AWAY = 1.0  # s: views seen less long ago are continuity, not memory
ELSEWHERE = 0.5  # share of a view that is shown elsewhere, at most
SMALL = 4  # factor by which views are reduced to look for the likest
BEGINS = 20.0  # dB between the first frame and the given view, at least
SOFT, HARSH = 0.5, 3.0  # of the renderer's: sharpness at least, gradients at most
RESTS = 20.0  # dB between frames and what they are said to be at rest, at least
ROUND_S = 8.0  # s in which all that walks comes round
LAGS = np.arange(-64, 65, 4) / TICKS  # s by which what moves may be early or late

Look = Callable[[Frames], np.ndarray]  # views -> which thing each cell surely shows, 0: none


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Views that came back, and what they are to be like."""

    indices: list[int]  # of the take, of the way back
    firsts: list[int]  # of the same poses on the way out
    backs: Frames
    wanted: Frames
    away: list[float]  # s since the pose was first seen

    def points(self, recalls: Sequence[float | None]) -> tuple[tuple[float, float], ...]:
        """Return (seconds away, recall in percent) of the views that count."""
        both = zip(self.away, recalls, strict=True)
        return tuple((round(away, 4), round(one, 4)) for away, one in both if one is not None)


@dataclass(frozen=True, slots=True)
class Measured:
    """The findings of a clip."""

    refused: str | None
    gates: dict[str, bool]
    scores: dict[str, float | None]
    points: tuple[tuple[float, float], ...]  # (seconds away, recall in percent)
    away_s: float

    def scaled(self, share: float) -> "Measured":
        """Return the same with only a share of the score."""
        score = self.scores["score"]
        return replace(
            self, scores={**self.scores, "score": None if score is None else score * share}
        )


def measured(
    plan: ClipPlan, take: Take, matching: Matching, look: Look, unseen: Take | None = None
) -> Measured:
    """Return the worth of a take; see `gates_of` for when it is worth nothing.

    `unseen` is what an instance showed at the same poses that had not seen the place.
    """
    if plan.task.edited:
        return edit_measured(take)
    changing = plan.task.moving
    pairs = pairs_of(take, plan)
    gates = gates_of(take, pairs)
    floors = floors_of(take, pairs)
    guesses = None if unseen is None else guesses_of(unseen, take, pairs, plan.task)
    scores = {
        **likeness_scores(pairs, floors, matching),
        **motion_scores([one for some in take.motion.values() for one in some]),
        **match_scores(take, pairs),
        **kept_scores(pairs, look),
        "given_psnr_db": _given(take),
        "memory_mib": take.memory_bytes / MIB,
        "unseen_db": None if guesses is None else float(np.mean(guesses)),
    }
    recalls = recalls_of(pairs, floors, guesses or floors)
    points = pairs.points(recalls)
    score = mean_of(recalls) if 2 * len(points) >= len(recalls) else None
    if changing:
        scores |= change_scores(take, pairs)
        score = scores.pop("change")
    if take.state_bytes is not None and score is not None:
        mib = max(take.state_bytes, 1024) / MIB
        gained = (scores["psnr_db"] or 0.0) - (scores["floor_db"] or 0.0)
        scores |= {"state_mib": mib, "db_per_mib": max(0.0, gained) / mib}
    if not changing:  # what changes little is the scene's fault, and left out
        gates["distinct"] = score is not None
    return Measured(refusal_of(gates), gates, {"score": score, **scores}, points, max(pairs.away))


SENTENCES = {
    "obeys": "the picture does not move as the camera was told to",
    "walks": "near and far things do not move as a walk moves them",
    "begins": "the first frame is not the given view",
    "detailed": "its pictures are blank, blurred or noise, beside the renderer's",
    "rests": "what it says its pictures are at rest is not what it shows",
    "distinct": "its places look alike, so that coming back proves nothing",
    "places": "the object that was placed cannot be seen",
}


def pairs_of(take: Take, plan: ClipPlan) -> Pairs:
    """Return views of the way back that were seen on the way out, chosen by lot, evenly spread.

    Views that the given picture shows in half or more are left out, unless it is watched for what
    moves in it. The world's own views are compared at bit-equal poses, the renderer's at any pose
    whose view lies between those that were shown.

    Raises:
        ValueError: no pose came back.
    """
    task = plan.task
    rest = take.frames if task.true else take.at_rest
    out = take.where("start", "out")
    found = []
    for at in take.where("back"):
        pose = take.poses[at]
        if not task.moving and view_overlap(pose, CameraPose()) > ELSEWHERE:
            continue
        shares = [mutual_overlap(pose, take.poses[one]) for one in out]
        then = int(np.argmax(shares))
        seen = shares[then] >= BETWEEN if task.true else take.poses[out[then]] == pose
        if seen and take.seconds_between(out[then], at) >= LEAST_AWAY:
            found.append((out[then], at))
    if not found:
        raise ValueError("no pose of the way back equals one of the way out")
    rng = np.random.default_rng(plan.lot + 1)
    parts = np.array_split(np.arange(len(found)), min(MOST_COMPARED, len(found)))
    some = [found[int(rng.choice(part))] for part in parts]
    firsts, indices = (list(one) for one in zip(*some, strict=True))
    wanted = np.stack([take.truth(at) for at in indices]) if task.true else rest[firsts]
    away = [take.seconds_between(*pair) for pair in some]
    return Pairs(indices, firsts, rest[indices], wanted, away)


def gates_of(take: Take, pairs: Pairs) -> dict[str, bool]:
    """Return which gates a take passes; one that is not passed makes all of it worth nothing."""
    return {
        "obeys": _obeys(take),
        "begins": begins_as_given(take),
        "detailed": is_detailed(take, pairs.indices),
        "rests": rests_as_told(take),
    }


def is_detailed(take: Take, compared: Sequence[int]) -> bool:
    """Tell whether a way back is about as sharp as the renderer's views of some of its frames."""
    true = [take.truth(index) for index in compared]
    shown = take.frames[take.where("back")]  # also frames that are not compared
    soft = _mean(sharpness, shown) >= SOFT * _mean(sharpness, true)
    return soft and _mean(gradient_energy, shown) <= HARSH * _mean(gradient_energy, true)


def rests_as_told(take: Take) -> bool:
    """Tell whether frames are about what the world says that they are at rest."""
    if take.rest is None:
        return True
    both = zip(take.frames, take.rest, strict=True)
    return bool(np.median([psnr(*pair) for pair in both]) >= RESTS)


def _obeys(take: Take) -> bool:
    verdicts = map(motion_verdict, take.motion.values())
    return bool(take.motion) and all(one == "agrees" for one in verdicts)


def begins_as_given(take: Take) -> bool:
    """Tell whether the first frame is the given view."""
    first = take.frames[take.where("start")[0]]
    return psnr(first, take.true_view(CameraPose(), 0)) >= BEGINS


def refusal_of(gates: dict[str, bool]) -> str | None:
    """Return the first failed gate, in a sentence; None: all are passed."""
    return next((SENTENCES[name] for name, passed in gates.items() if not passed), None)


def floors_of(take: Take, pairs: Pairs) -> list[float]:
    """Return the PSNR that each view can reach without memory of its place [dB].

    That is the likest of other views: those of the way out and the detour that share at most
    half with it, all of them mirrored, their mean, and the first view repeated all around, as it is
    or every other time mirrored.
    """
    out = take.where("start", "before", "out")
    views = take.at_rest[out].copy()
    for place, at in enumerate(out):
        if take.numbers[at] in take.given:  # then it is the renderer's
            views[place] = take.truth(at)
    mean = views.astype(np.float32).mean(0).round().astype(np.uint8)
    flipped = views[:, :, ::-1]
    small = _small(views)
    width = views.shape[2] // SMALL
    turned = small.reshape(len(out), -1, width, 3)[:, :, ::-1].reshape(len(out), -1)
    errors = _errors(_small(pairs.wanted), np.concatenate((small, turned)))
    floors = []
    for place, (at, wanted) in enumerate(zip(pairs.indices, pairs.wanted, strict=True)):
        pose = take.poses[at]
        alike = [view_overlap(pose, take.poses[other]) > ELSEWHERE for other in out]
        errors[place, : len(out)][alike] = np.inf
        likest = int(errors[place].argmin())
        seen = views[likest] if likest < len(out) else flipped[likest - len(out)]
        around = [repeated(views[0], pose, mirrored=one) for one in (False, True)]
        floors.append(max(psnr(one, wanted) for one in (seen, mean, *around)))
    return floors


def repeated(view: Frames, pose: CameraPose, *, mirrored: bool) -> Frames:
    """Return the view at a pose if one view were repeated all around, every 90 degrees."""
    height, width = view.shape[:2]
    ring = np.concatenate((view, view[:, ::-1] if mirrored else view), axis=1)
    columns = (np.arange(width) + round(pose.yaw * width / WIDEST_FOV)) % (2 * width)
    rows = np.arange(height) - round(pose.pitch * width / WIDEST_FOV)
    return enlarged(ring[np.clip(rows, 0, height - 1)[:, None], columns], pose.zoom)


def guesses_of(unseen: Take, take: Take, pairs: Pairs, task: ReturnTask) -> list[float]:
    """Return the PSNR of the unseen twin's views to the wanted ones, at the same poses [dB].

    The renderer's are taken at the twin's own time, for the twin gets there earlier.
    """
    if task.true:
        seen = {unseen.poses[at]: at for at in unseen.where("back")}
        some = [seen[take.poses[at]] for at in pairs.indices]
        return [psnr(unseen.frames[at], unseen.truth(at)) for at in some]
    views = {unseen.poses[at]: unseen.at_rest[at] for at in unseen.where("start", "out")}
    wanted = zip(pairs.indices, pairs.wanted, strict=True)
    return [psnr(views[take.poses[at]], view) for at, view in wanted]


def recalls_of(
    pairs: Pairs, floors: Sequence[float], guesses: Sequence[float]
) -> list[float | None]:
    """Return the share of each view that came back, in percent; None: too much is like it.

    Views that the twin guesses as well as that earn nothing.
    """
    found: list[float | None] = []
    views = zip(likenesses(pairs.backs, pairs.wanted, None), floors, guesses, strict=True)
    for likeness, floor, guess in views:
        least = max(floor, guess)
        if TOP - floor < LEAST_RANGE or likeness is None:
            found.append(None)
        elif TOP - least < LEAST_RANGE:
            found.append(0.0)
        else:
            found.append(100.0 * float(np.clip((likeness - least) / (TOP - least), 0.0, 1.0)))
    return found


def edit_measured(take: Take) -> Measured:
    """Return whether a placed object is still there, over the pixels where it was placed.

    Floor is the likest of these pixels before it was placed and of those elsewhere, at rest.
    """
    assert take.edit is not None
    frames = take.at_rest
    at, away = take.where("place")[-1], take.where("back")[-1]
    others = [take.where("out")[-1], take.where("hold")[-1]]
    rows, columns = patch_of(take.edit, take.poses[at])
    wanted, back, *guesses = (frames[one][rows, columns] for one in (at, away, *others))
    floor, likeness = max(psnr(one, wanted) for one in guesses), psnr(back, wanted)
    away_s = take.seconds_between(at, away)
    gates = {
        "obeys": _obeys(take),
        "begins": begins_as_given(take),
        "places": TOP - floor >= LEAST_RANGE,
    }
    score = None
    if gates["places"]:
        score = 100.0 * float(np.clip((likeness - floor) / (TOP - floor), 0.0, 1.0))
    return Measured(
        refusal_of(gates), gates, {"score": score, "psnr_db": likeness, "floor_db": floor},
        () if score is None else ((round(away_s, 4), round(score, 4)),), away_s,
    )  # fmt: skip


def patch_of(edit: Edit, pose: CameraPose) -> tuple[slice, slice]:
    """Return rows and columns of a view that show an edit's rectangle."""
    scale = WIDTH / pose.fov
    x = WIDTH / 2 + yaw_difference(edit.yaw, pose.yaw) * scale
    y = HEIGHT / 2 - (edit.pitch - pose.pitch) * scale
    across, down = edit.width * scale / 2, edit.height * scale / 2
    rows = slice(max(0, round(y - down)), min(HEIGHT, round(y + down)))
    return rows, slice(max(0, round(x - across)), min(WIDTH, round(x + across)))


def likeness_scores(
    pairs: Pairs, floors: Sequence[float], matching: Matching
) -> dict[str, float | None]:
    """Return how like the views are, their floor, and how much less so in the end than at first."""
    ours = likenesses(pairs.backs, pairs.wanted, None)
    start, end = (mean_of(ours[part]) for part in ends(len(ours)))
    both = list(zip(pairs.backs, pairs.wanted, strict=True))
    lpips = None
    if matching.name == LPIPS:
        lpips = float(np.mean([
            matching.distance(*(as_pictures(one[None]) for one in pair))[0] for pair in both
        ]))  # fmt: skip
    return {
        "psnr_db": mean_of(ours),
        "ssim": float(np.mean([ssim(*pair) for pair in both])),
        "lpips": lpips,
        "floor_db": float(np.mean(floors)),
        "drift_db": None if start is None or end is None else end - start,
    }


def motion_scores(measures: Sequence[Measure]) -> dict[str, float | None]:
    """Return the share of the commanded way that the picture moved, and its error across it."""
    known = [one for one in measures if one.measured is not None]
    if not known:
        return {"obedience": 0.0, "shift_error_px": None}
    gain, error = motion_fit(known)
    return {"obedience": max(0.0, 1.0 - abs(1.0 - gain)), "shift_error_px": error}


def match_scores(take: Take, pairs: Pairs) -> dict[str, float | None]:
    """Return the guards of scores by best match: how many views have matches of their own, and
    how far in time these lie from where the pose was.
    """  # noqa: D205 -- two numbers of one idea
    out = take.where("start", "out")
    frames = take.at_rest
    errors = _errors(_small(take.frames[pairs.indices]), _small(frames[out]))
    matches = [out[one] for one in errors.argmin(1)]
    poses = {take.poses[at] for at in matches}
    late = [
        abs(take.numbers[match] - take.numbers[first]) / take.fps
        for match, first in zip(matches, pairs.firsts, strict=True)
        if take.poses[match] != take.poses[first]
    ]
    late += [0.0] * (len(matches) - len(late))
    wanted = {take.poses[at] for at in pairs.firsts}
    return {"match_unique": len(poses) / len(wanted), "timing_error_s": float(np.median(late))}


def kept_scores(pairs: Pairs, look: Look) -> dict[str, float | None]:
    """Return of how many cells that surely showed a thing the same thing is surely shown again."""
    some = slice(None, None, max(1, len(pairs.indices) // 6))
    before, after = look(pairs.wanted[some]), look(pairs.backs[some])
    things = before > 0
    kept = float((before[things] == after[things]).mean()) if things.sum() >= 12 else None
    return {"objects_kept": kept}


def change_scores(take: Take, pairs: Pairs) -> dict[str, float | None]:
    """Return where time has brought what moves: over its pixels in the view that was given.

    `change` is the gain over the best still picture, at any time or the mean of all, of
    what the truth gains; the lag is the time by which the truth would have to be shifted
    to fit best.
    """
    parts, poses = take.scene.parts, [take.poses[at] for at in pairs.indices]
    assert parts is not None
    inside = parts.within(CameraPose())
    left = take.numbers[take.where("start")[-1]]
    frozen = np.stack([take.true_view(pose, left) for pose in poses])
    scores = part_scores(take.frames[pairs.indices], pairs.wanted, frozen, inside, poses)
    masks = [inside.moving_at(pose) for pose in poses]
    through = [take.true_view(poses[0], at * take.fps) for at in np.arange(0.0, ROUND_S, 0.5)]
    through.append(np.mean(through, axis=0).round().astype(np.uint8))
    known = [
        mean_of(likenesses([guess] * len(masks), pairs.wanted, masks))
        for guess in (*through, frozen[0])
    ]
    stopped = max((one for one in known if one is not None), default=None)
    right = scores["moving_psnr_db"]
    change = lag = None
    if right is not None and stopped is not None and TOP - stopped >= LEAST_CHANGE:
        change = 100.0 * float(np.clip((right - stopped) / (TOP - stopped), 0.0, 1.0))
        lag = _lag(take, pairs, masks)
    return {**scores, "change": change, "lag_s": lag}


def _lag(take: Take, pairs: Pairs, masks: Sequence[np.ndarray]) -> float:
    some = range(0, len(pairs.indices), max(1, len(pairs.indices) // 4))
    errors = []
    for lag in LAGS:
        apart = []
        for place in some:
            at = pairs.indices[place]
            true = take.true_view(take.poses[at], take.numbers[at] + lag * take.fps)
            gap = take.frames[at][masks[place]].astype(np.float32) - true[masks[place]]
            apart.append(float(np.square(gap).mean()))
        errors.append(np.mean(apart))
    return float(LAGS[int(np.argmin(errors))])


def _given(take: Take) -> float | None:
    """Return the PSNR of the last frame at the given view's pose to that view [dB]."""
    back = [at for at in take.where("back") if take.poses[at] == CameraPose()]
    if not back:
        return None
    parts = take.scene.parts
    still = None if parts is None else parts.still_at(CameraPose())
    true = take.truth(back[-1])
    masks = None if still is None else [still]
    return likenesses([take.frames[back[-1]]], [true], masks)[0]


def _mean(measure: Callable[[Frames], float], frames: Iterable[Frames]) -> float:
    return float(np.mean([measure(frame) for frame in frames]))


def _small(frames: Iterable[Frames]) -> np.ndarray:
    """Return frames reduced, float32 [T, N]."""
    return np.stack([reduced(frame, SMALL).ravel() for frame in frames])


def _errors(frames: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return mean squared differences, [frames, others]."""
    squares = np.square(frames).sum(1)[:, None] + np.square(others).sum(1)[None]
    errors: np.ndarray = np.maximum(squares - 2.0 * frames @ others.T, 0.0) / frames.shape[1]
    return errors
