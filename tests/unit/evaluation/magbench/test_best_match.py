"""The best-match metric and the split of MAG-Bench reproduce the official numbers."""

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.magbench.best_match import (
    EQUAL_PSNR,
    absolute_difference,
    best_match,
    distance_matrix,
    match,
    video_psnr,
    video_ssim,
)
from mag_sandbox.evaluation.magbench.continuation import BLOCK_FRAMES, FIRST, split_clip
from tests.golden_vectors import assert_matches, manifest, vectors


def golden_videos() -> tuple[np.ndarray, np.ndarray]:
    """Return prediction and truth of the set's metric, one video, [T, 3, H, W]."""
    golden = vectors("metric")
    return golden["pred"][0].numpy(), golden["gt"][0].numpy()


def assert_golden(name: str, actual: float | np.ndarray) -> None:
    expected = vectors("metric")[name]
    assert_matches(torch.as_tensor(actual).reshape(expected.shape), expected)


def random_video(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (frames, 3, 16, 20)).astype(np.float32)


def test_distances_of_all_pairs_are_the_official_ones():
    assert_golden("distance", distance_matrix(*golden_videos(), absolute_difference))


def test_the_best_match_and_its_scores_are_the_official_ones():
    result = best_match(*golden_videos(), absolute_difference)
    assert_golden("match_index", result.matches)
    assert_golden("lpips_like", result.distance)
    assert_golden("psnr_matched", result.psnr)
    assert_golden("ssim_matched", result.ssim)


def test_scores_without_matching_are_the_official_ones():
    assert_golden("psnr_plain", video_psnr(*golden_videos()))
    assert_golden("ssim_plain", video_ssim(*golden_videos()))


def test_matching_on_given_distances_is_the_official_one():
    matches, score = match(vectors("metric")["distance_random"].numpy())
    assert_golden("distance_random_index", matches)
    assert_golden("distance_random_score", score)


def test_a_prediction_whose_frames_come_in_another_order_is_perfect():
    truth, order = random_video(5), [3, 3, 0, 4]
    result = best_match(truth[order], truth, absolute_difference)
    assert result.matches.tolist() == order
    assert (result.distance, result.psnr) == (0.0, EQUAL_PSNR)
    assert result.ssim == pytest.approx(1.0)


def test_the_distance_that_is_passed_in_decides():
    def farthest(picture: np.ndarray, others: np.ndarray) -> np.ndarray:
        return -absolute_difference(picture, others)

    truth = random_video(4)
    result = best_match(truth, truth, farthest)
    assert all(result.matches != np.arange(4))


def test_videos_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="one size"):
        best_match(random_video(2), random_video(2)[..., 1:], absolute_difference)
    with pytest.raises(ValueError, match="at least 11 px"):
        video_ssim(random_video(2)[..., :8], random_video(2)[..., :8])


def test_clips_are_divided_as_in_the_official_evaluation():
    rows = manifest()["magbench_split"]
    assert rows
    for row in rows:
        length = row["duration"], row["frames"]
        if row.get("error"):
            with pytest.raises(ValueError, match="take a longer clip"):
                split_clip(*length)
            continue
        split = split_clip(*length)
        made = {name: getattr(split, name) for name in row if name not in ("duration", "frames")}
        assert {"duration": length[0], "frames": length[1], **made} == row


@pytest.mark.parametrize("frames", range(120, 300, 7))
def test_both_parts_of_a_divided_clip_are_whole_blocks(frames: int):
    split = split_clip(frames / 16, frames)
    assert (split.switch_frame + FIRST) % BLOCK_FRAMES == 0
    assert 0 <= frames - split.used_frames < BLOCK_FRAMES
    assert split.initial_latents % 3 == split.generated_latents % 3 == 0
    assert 4 * (split.initial_latents + split.generated_latents) - FIRST == split.used_frames
