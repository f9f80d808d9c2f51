"""The probe: what the same looks like, what changed looks like, and what it says of both."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter, ImageOps

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.anchors import Return
from mag_sandbox.evaluation.similarity.metrics import MAX_PSNR
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.evaluation.similarity.recall import (
    common_view,
    compare,
    difference_picture,
    half_life,
    reason_text,
    recall_word,
    recalled_after,
    seen_recall,
    shrunk,
)
from mag_sandbox.renderer.render import HELD_OUT, SceneRenderer, lay_out
from mag_sandbox.renderer.views import view_at

LOOKS_THE_SAME = 92.0  # percent of recall from which no difference is visible at a glance


@pytest.fixture(scope="module")
def ring() -> np.ndarray:
    return SceneRenderer(lay_out("video game", HELD_OUT + 3)).ring().pixels


def sight(ring, yaw: float, pitch: float = 0.0, number: int = 0) -> Sight:
    frame = view_at(ring, yaw, pitch)
    return Sight(frame, CameraPose(yaw, pitch), number, number / 16)


def noisy(one: Sight, amount: float) -> Sight:
    noise = np.random.default_rng(0).normal(0, amount, one.frame.shape)
    return replace(one, frame=np.clip(one.frame + noise, 0, 255).round().astype(np.uint8))


def returned(then: Sight, now: Sight, **changes) -> Return:
    back = Return(
        label="place 1",
        kind="auto",
        pose=then.pose,
        first=then,
        then=then,
        now=now,
        overlap=1.0,
        seconds_away=20.0,
        fate="compressed",
        attended=True,
        motion="agrees",
        policy="mag",
    )
    return replace(back, **changes)


def test_the_same_picture_is_recalled_in_full(ring):
    then = sight(ring, 40.0)
    result = compare(returned(then, then), 1)
    assert (result.psnr, result.recall, result.word) == (MAX_PSNR, 100.0, "remembered")
    assert result.ssim == pytest.approx(1.0)
    assert result.recall >= LOOKS_THE_SAME
    assert (result.difference == result.difference[0, 0]).all()


def pictured(ring, change) -> Sight:
    """Return a view after a change, of a Pillow image, as `then` of tests shows it."""
    then = sight(ring, 40.0)
    return replace(then, frame=np.array(change(Image.fromarray(then.frame))))


def hue_turned(picture: Image.Image) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = hue.point(lambda level: (level + 16) % 256)
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def coded(picture: Image.Image) -> Image.Image:
    """Stand for what an autoencoder loses; `docs/lab/verdict.md` has the world's own."""
    file = BytesIO()
    picture.save(file, "JPEG", quality=85)
    return Image.open(file).convert("RGB")


DEGRADED = {  # from what nobody sees to another picture
    "the same": lambda picture: picture,
    "coded": coded,
    "2 px to the right": lambda picture: ImageChops.offset(picture, 2, 0),
    "slightly blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(6)),
    "other colours": hue_turned,
    "upside down": ImageOps.flip,
}


def test_recall_agrees_with_the_eye(ring):
    then = sight(ring, 40.0)
    results = {
        name: compare(returned(then, pictured(ring, change)), 1)
        for name, change in DEGRADED.items()
    }
    changed = [one.recall for one in results.values() if one.recall < LOOKS_THE_SAME]
    assert changed == sorted(changed, reverse=True)
    assert results["the same"].recall == 100.0
    same = [name for name, one in results.items() if one.recall >= LOOKS_THE_SAME]
    assert same == ["the same", "coded", "2 px to the right"]
    assert results["slightly blurred"].word == "remembered"
    assert results["other colours"].word != "remembered"
    other = replace(then, frame=sight(ring, 220.0).frame)
    assert compare(returned(then, other), 1).word == "forgotten"


def shore(*things: tuple[int, int, int]) -> np.ndarray:
    """Return sky and ground with things of one size and colour: left, red, green."""
    picture = np.full((192, 320, 3), (120, 180, 240), np.uint8)
    picture[100:] = (170, 160, 130)
    for left, red, green in things:
        picture[60:120, left : left + 40] = (red, green, 60)
    return picture


def test_recall_is_the_share_of_things_that_are_where_they_were():
    """Although three quarters of the picture, sky and ground, are the same in all."""
    house, crane, tree = (30, 90, 60), (140, 200, 90), (250, 40, 140)
    then = shore(house, crane, tree)
    shown = [shore(*things) for things in ((house, crane, tree), (house, crane), (house,), ())]
    whole, two, one, none = (seen_recall(now, then) for now in shown)
    assert (whole, round(two), round(one)) == (100.0, 63, 42)
    assert recall_word(none) == "forgotten"
    moved = seen_recall(shore((85, 90, 60), (200, 40, 140)), shore(house, tree))
    assert recall_word(moved) == "forgotten"
    assert seen_recall(shore(), shore()) == 100.0


def test_one_return_has_one_number_whatever_else_was_seen(ring):
    """Whoever compares them, and also at twice the size, as on a page of a video."""
    then, now = sight(ring, 40.0), pictured(ring, DEGRADED["blurred"])
    twice = [one.frame.repeat(2, axis=0).repeat(2, axis=1) for one in (now, then)]
    assert seen_recall(*twice) == pytest.approx(compare(returned(then, now), 7).recall)


def test_a_picture_that_stood_still_gets_no_recall(ring):
    then = sight(ring, 40.0)
    result = compare(returned(then, then, motion="differs"), 1)
    assert result.recall is None
    assert result.word == "not counted"
    assert result.reason == "The picture did not move as the camera did, so this does not count."


@pytest.mark.parametrize("turn", [(9.0, 0.0), (-9.0, 0.0), (0.0, 4.5), (18.0, -9.0)])
def test_sights_are_laid_over_each_other_by_their_poses(ring, turn):
    yaw, pitch = turn
    then, now = common_view(sight(ring, 40.0, 0.0), sight(ring, 40.0 + yaw, pitch))
    assert (then == now).all()
    assert then.shape[1] == 320 - abs(yaw) * 320 / 90
    assert then.shape[0] == 192 - abs(pitch) * 320 / 90


def test_sights_on_both_sides_of_north_are_neighbours(ring):
    then, now = common_view(sight(ring, 355.5), sight(ring, 4.5))
    assert (then == now).all()


def test_estimated_poses_are_put_right_by_the_pictures(ring):
    then, astray = sight(ring, 40.0), sight(ring, 40.0 + 5 * 90 / 320)  # 5 px off
    astray = replace(astray, pose=then.pose)
    believed = compare(returned(then, astray), 1)
    checked = compare(returned(then, astray), 1, exact_pose=False)
    assert checked.psnr == MAX_PSNR > believed.psnr + 20


def test_a_zoomed_view_is_compared_at_its_own_size(ring):
    then = sight(ring, 40.0)
    rows, columns = np.arange(192) // 2 + 48, np.arange(320) // 2 + 80
    near = replace(then, frame=then.frame[rows[:, None], columns], pose=CameraPose(40.0, 0.0, 45.0))
    for one, other in ((then, near), (near, then)):
        before, after = common_view(one, other)
        assert before.shape == then.frame.shape
        assert (before == after).all()


def test_sights_that_share_nothing_are_refused(ring):
    with pytest.raises(ValueError, match="share nothing"):
        common_view(sight(ring, 0.0), sight(ring, 120.0))


def test_drift_is_measured_against_the_first_sight(ring):
    first, then = sight(ring, 40.0), noisy(sight(ring, 40.0), 20)
    result = compare(returned(then, then, first=first), 1)
    assert result.recall == 100.0
    assert result.drift_psnr < 25
    far = compare(returned(then, then, first=sight(ring, 200.0)), 1)
    assert far.drift_psnr is None


def test_differences_glow_where_they_are():
    then = np.full((40, 40, 3), 100, np.uint8)
    now = then.copy()
    now[10:20, 10:20] = 220
    brightness = difference_picture(then, now).sum(axis=2)
    assert brightness[15, 15] > 4 * brightness[30, 30]
    assert brightness.dtype != np.uint8
    assert len(np.unique(brightness)) == 2


@pytest.mark.parametrize(
    ("recall", "word"),
    [(100, "remembered"), (80, "remembered"), (79, "vaguely"), (40, "vaguely"), (39, "forgotten")],
)
def test_recall_in_a_word(recall, word):
    assert recall_word(recall) == word


@pytest.mark.parametrize(
    ("fate", "attended", "recall", "text"),
    [
        ("compressed", True, 90, "Memory held this view and brought it back."),
        ("raw", True, 50, "Memory held this view and brought part of it back."),
        ("look-ahead", True, 10, "Memory held this view, yet it came back changed."),
        ("compressed", False, 20, "Memory held this view, yet it came back changed."),
        ("raw", False, 85, "Memory held this view but did not use it; it looks the same."),
        ("evicted", False, 5, "It had been forgotten to make room: made up anew."),
        ("evicted", False, 85, "It had been forgotten to make room, yet it looks the same."),
        ("never kept", False, 5, "It was never kept in memory: made up anew."),
    ],
)
def test_the_reason_is_a_sentence_for_people(fate, attended, recall, text):
    assert reason_text(fate, recall, "agrees", "mag", attended=attended) == text


def test_a_place_of_a_room_that_was_left_is_not_called_forgotten():
    assert reason_text("parked", 99.0, "agrees", "mag-retrieve", attended=False) == (
        "It was kept with its room and came back."
    )


def test_a_short_memory_forgets_by_its_length():
    text = reason_text("evicted", 5.0, "agrees", "window", attended=False)
    assert text == "It had left the short memory: made up anew."


def test_old_results_keep_thumbnails(ring):
    then = sight(ring, 40.0)
    small = shrunk(compare(returned(then, then), 1))
    assert small.then.shape == small.difference.shape == (48, 80, 3)
    assert small.recall == 100.0


def results_with(ring, points):
    then = sight(ring, 40.0)
    one = compare(returned(then, then), 1)
    return [replace(one, seconds_away=away, recall=recall) for away, recall in points]


def test_the_half_life_of_a_decay_is_found(ring):
    times = [2.0, 5.0, 10.0, 20.0, 40.0]
    decay = [(time, float(recalled_after(np.array(time), 8.0))) for time in times]
    assert half_life(results_with(ring, decay)) == pytest.approx(8.0, rel=0.05)


def test_a_memory_that_lasts_reaches_no_half_life(ring):
    assert half_life(results_with(ring, [(5.0, 95.0), (60.0, 92.0), (120.0, 97.0)])) is None


def test_a_memory_that_forgets_at_once_has_a_short_one(ring):
    assert half_life(results_with(ring, [(5.0, 3.0), (20.0, 0.0), (60.0, 4.0)])) < 3.0


def test_one_return_or_refused_ones_make_no_half_life(ring):
    assert half_life(results_with(ring, [(5.0, 3.0)])) is None
    assert half_life(results_with(ring, [(5.0, 3.0), (9.0, None), (12.0, None)])) is None
