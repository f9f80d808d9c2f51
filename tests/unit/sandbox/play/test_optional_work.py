"""Optional work is left out in order while blocks take too long, and tried when there is time."""

from mag_sandbox.sandbox.play.optional_work import (
    EASY_BLOCKS,
    LATE_BLOCKS,
    STILL_BLOCKS,
    STRAINED_BLOCKS,
    OptionalWork,
)

BLOCK_S = 0.2
COSTS = {"enlarging": 0.02, "wind": 0.03, "motion": 0.05}  # seconds a block


def new_work() -> OptionalWork:
    return OptionalWork(BLOCK_S, ("wind", "motion"))


def left_out(work: OptionalWork) -> list[str]:
    assert work.left_out == work.all_left_out[1:]
    return list(work.all_left_out)


def play(work: OptionalWork, seconds: float, blocks: int) -> list[list[str]]:
    """Play blocks that take so long without what can be left out; return each choice."""
    choices = [left_out(work)]
    for _ in range(blocks):
        kept = [COSTS[name] for name in ("wind", "motion") if name not in left_out(work)]
        work.add(seconds + sum(kept), COSTS["enlarging"])
        if left_out(work) != choices[-1]:
            choices.append(left_out(work))
    return choices


def test_with_time_to_spare_nothing_is_left_out():
    assert play(new_work(), 0.04, 200) == [[]]


def test_work_is_left_out_in_order_until_blocks_are_in_time():
    assert play(new_work(), 0.08, 100) == [[], ["enlarging"]]
    assert play(new_work(), 0.095, 100) == [[], ["enlarging"], ["enlarging", "wind"]]
    assert play(new_work(), 0.3, 100)[-1] == ["enlarging", "wind", "motion"]


def test_a_single_slow_block_changes_nothing():
    work = new_work()
    for _ in range(20):
        assert play(work, 0.01, STRAINED_BLOCKS) == [[]]
        assert play(work, 0.1, 1) == [[]]


def test_work_is_tried_again_when_blocks_take_little_time():
    work = new_work()
    play(work, 0.095, 30)
    assert left_out(work) == ["enlarging", "wind"]
    assert play(work, 0.01, 3 * EASY_BLOCKS)[1:] == [["enlarging"], []]


def test_frames_are_enlarged_again_as_soon_as_that_fits():
    work = new_work()
    play(work, 0.08, STRAINED_BLOCKS)
    assert play(work, 0.07, 3 * EASY_BLOCKS) == [["enlarging"]]
    assert play(work, 0.05, EASY_BLOCKS) == [["enlarging"], []]


def test_late_blocks_leave_work_out_sooner_than_strained_ones():
    two, three = ["enlarging", "wind"], ["enlarging", "wind", "motion"]
    assert play(new_work(), 0.3, 2 * LATE_BLOCKS) == [[], two, three]
    assert play(new_work(), 0.09, STRAINED_BLOCKS) == [[], ["enlarging"]]


def test_work_that_was_tried_in_vain_waits_longer_each_time():
    work, waits = new_work(), []
    for _ in range(3):
        play(work, 0.3, LATE_BLOCKS)
        waits.append(0)
        while left_out(work):
            play(work, -0.05, 1)
            waits[-1] += 1
    assert waits == [2 * EASY_BLOCKS, 4 * EASY_BLOCKS, 8 * EASY_BLOCKS], "two items each time"


def test_a_still_picture_is_not_sharp_and_blurred_by_turns():
    work, easy, hard = new_work(), 0.25 * BLOCK_S, 0.95 * BLOCK_S
    assert work.enlarges_still(easy, has_moved=True)
    assert work.enlarges_still(hard, has_moved=False)
    assert not work.enlarges_still(1.1 * BLOCK_S, has_moved=False)
    by_turns = [easy, hard] * STILL_BLOCKS
    assert not any(work.enlarges_still(seconds, has_moved=False) for seconds in by_turns)
    later = [work.enlarges_still(easy, has_moved=False) for _ in range(STILL_BLOCKS)]
    assert later == [False] * (STILL_BLOCKS - 1) + [True]


def test_still_pictures_side_by_side_are_sharp_though_their_blocks_take_too_long():
    work, late = new_work(), 2.0 * BLOCK_S
    seen = {
        is_compared: [
            work.enlarges_still(late, has_moved=place == 0, is_compared=is_compared)
            for place in range(STILL_BLOCKS)
        ]
        for is_compared in (False, True)
    }
    assert seen == {False: [False] * STILL_BLOCKS, True: [True] * STILL_BLOCKS}
