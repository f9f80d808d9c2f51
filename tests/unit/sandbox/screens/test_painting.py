"""A repaint that is under way is to be seen, where it happens, until it is there."""

from dataclasses import replace
from types import SimpleNamespace

import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.controls.edits import EVERYTHING, Edit
from mag_sandbox.model.world import StageShare
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.play.late_warp import WHOLE
from mag_sandbox.sandbox.screens import painting
from mag_sandbox.sandbox.screens.painting import BEGUN, MOST_BLOCKS, PaintingOverlay
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import ColumnPart, Text
from tests.doubles import SPEC

NIGHT = (0, 0, 40)
BLOCK = SimpleNamespace(edited=None, notice="", placed=())


@pytest.fixture
def overlay():
    current = SimpleNamespace(spec=SPEC)
    reel = SimpleNamespace(pose=CameraPose(), crop=WHOLE, current=current)
    return PaintingOverlay(reel, Hud(), "fill")


def lit(overlay):
    """Return the part of the window on which something is drawn."""
    with window((1280, 720), "test") as surface:
        surface.fill(NIGHT)
        overlay.draw_under(surface)
        mask = pygame.mask.from_threshold(surface, NIGHT, (1, 1, 1))
        mask.invert()
        return mask.get_bounding_rects()


def shown(overlay, **changes):
    overlay.block_shown(SimpleNamespace(block=SimpleNamespace(**{**vars(BLOCK), **changes})))


def test_a_thing_is_framed_where_it_will_stand_until_it_is_there(overlay):
    assert not lit(overlay)
    edit = Edit("place", yaw=20.0, kind="tent")
    overlay.begin(edit)
    assert overlay.update(1.0)
    assert overlay.wake_at > 1.0
    (frame, *_) = sorted(lit(overlay), key=lambda rect: -rect.width)
    assert frame.centerx == pytest.approx(640 + 20 / 90 * 1280, abs=12)
    assert frame.width < 500
    shown(overlay)
    assert lit(overlay)
    shown(overlay, edited=edit)
    assert not lit(overlay)
    assert overlay.wake_at is None


@pytest.mark.parametrize("end", [{"notice": "there is no room"}, {"edited": Edit("undo")}])
def test_a_view_is_framed_whole_and_a_refusal_ends_it(overlay, end):
    overlay.begin(Edit("renew", width=90.0, height=54.0))
    frame = max(lit(overlay), key=lambda rect: rect.width)
    assert frame.width >= 1200
    (words,) = (rect for rect in lit(overlay) if rect != frame and rect.width > 100)
    assert words.bottom < 360, "the box for words does not cut through it"
    shown(overlay, **end)
    assert not lit(overlay)


def test_the_key_that_gives_another_light_up_is_said():
    overlay = PaintingOverlay(None, Hud(), "fill", undo_key="Backspace")
    overlay.begin(Edit("relight", 0.0, 0.0, *EVERYTHING))
    said = [part.words for part in overlay._lines() if isinstance(part, Text)]
    assert "Backspace cancels" in said
    overlay.begin(Edit("undo"))
    said = [part.words for part in overlay._lines() if isinstance(part, Text)]
    assert "Backspace cancels" not in said


def test_the_key_cancels_the_newest_of_several_changes():
    overlay = PaintingOverlay(None, Hud(), "fill", undo_key="Backspace")
    overlay.begin(Edit("place", kind="tent"))
    assert words_shown(overlay)[-1] == "Backspace cancels"
    overlay.begin(Edit("relight", 0.0, 0.0, *EVERYTHING))
    assert words_shown(overlay)[-1] == "Backspace cancels light and weather"


@pytest.mark.parametrize("pitch", [20.0, 0.0, -20.0])
def test_words_do_not_lie_over_the_thing_that_is_painted(overlay, monkeypatch, pitch):
    overlay.begin(Edit("place", yaw=20.0, pitch=pitch, width=8.0, height=12.0, kind="tent"))
    spots, place = [], painting._words_at
    monkeypatch.setattr(
        painting,
        "_words_at",
        lambda *parts: spots.append((parts[1], place(*parts))) or spots[-1][1],
    )
    assert lit(overlay)
    ((thing, words),) = spots
    assert not words.colliderect(thing)
    assert pygame.Rect(0, 0, 1280, 720).contains(words)


@pytest.mark.parametrize(
    ("box", "middle"), [((100, 0, 1000, 400), 560), ((100, 200, 1000, 520), 100)]
)
def test_words_lie_beside_the_box_that_is_written_in(overlay, box, middle):
    overlay.begin(Edit("relight", 0.0, 0.0, *EVERYTHING))
    overlay.covered = (pygame.Rect(box),)
    words = max(lit(overlay), key=lambda rect: rect.width)
    assert words.centery == pytest.approx(middle, abs=12)
    assert not words.colliderect(box)


def test_another_light_has_no_frame_since_no_part_of_the_picture_changes(overlay):
    overlay.begin(Edit("relight", 0.0, 0.0, *EVERYTHING))
    assert lit(overlay)
    assert max(rect.width for rect in lit(overlay)) < 400


def test_what_is_taken_back_under_way_is_waited_for_no_longer(overlay):
    for act in ("place", "remove", "undo"):
        overlay.begin(Edit(act, kind="tent" if act == "place" else ""))
    shown(overlay, edited=Edit("undo"))
    assert overlay.is_shown
    shown(overlay, edited=Edit("place", kind="tent"))
    assert not overlay.is_shown


def test_what_is_cancelled_is_said_to_be_undone_at_once_and_until_it_is(overlay):
    tent = Edit("place", kind="tent")
    overlay.begin(tent)
    overlay.begin(Edit("undo"))
    assert words_shown(overlay) == ["Undoing ..."]
    shown(overlay, edited=tent)  # painted before the key was pressed
    assert words_shown(overlay) == ["Undoing ..."]
    shown(overlay, edited=Edit("undo"))
    assert not overlay.is_shown


def test_a_thing_that_is_there_again_is_not_waited_for(overlay):
    tent = Edit("place", kind="tent", color=(200, 0, 0))
    for edit in (tent, Edit("remove"), Edit("undo")):
        overlay.begin(edit)
    shown(overlay, edited=Edit("undo"), placed=(replace(tent, yaw=9.0),))
    assert not overlay.is_shown


def test_changes_that_are_shown_at_the_same_time_are_waited_for_no_longer(overlay):
    for color in ((200, 0, 0), (0, 0, 200)):
        overlay.begin(Edit("place", kind="tent", color=color))
    shown(overlay, edited=Edit("place", yaw=9.0, kind="tent", color=(0, 0, 200)))
    assert not overlay.is_shown


def test_what_changes_nothing_in_sight_is_not_waited_for(overlay):
    overlay.begin(Edit("forget"))
    assert not lit(overlay)


def test_nothing_is_waited_for_forever(overlay):
    overlay.begin(Edit("undo"))
    for _ in range(MOST_BLOCKS):
        shown(overlay)
    assert not lit(overlay)


def words_shown(overlay):
    return [part.words for part in overlay._lines() if isinstance(part, Text)]


def share_shown(overlay):
    """Return the stage in words and the share of the bar; None: there is no bar."""
    (column,) = [part for part in overlay._lines() if isinstance(part, ColumnPart)] or [None]
    return column and (column.content[0].words, column.content[1].values[0])


def test_a_change_shows_how_far_it_is_and_an_older_one_does_not_count():
    reports = [StageShare("remembering", 0.9)]
    overlay = PaintingOverlay(None, Hud(), "fill", lambda: reports[-1])
    overlay.begin(Edit("relight", width=EVERYTHING[0], height=EVERYTHING[1]))
    assert share_shown(overlay) is None
    shares = []
    for stage, share in (("planning", 0.5), ("painting", 0.0), ("planning", 0.1)):
        reports.append(StageShare(stage, share))
        words, done = share_shown(overlay)
        shares.append(done)
    assert 0.0 < shares[0] < shares[1] < 1.0
    assert shares[2] == shares[1], "it never shrinks"
    assert words == "painting it"


def test_a_change_that_gets_on_is_waited_for_however_long_it_takes():
    reports = [None]
    overlay = PaintingOverlay(None, Hud(), "fill", lambda: reports[-1])
    overlay.begin(Edit("relight", width=EVERYTHING[0], height=EVERYTHING[1]))
    for step in range(4):
        reports.append(StageShare("planning", step / 4))
        assert share_shown(overlay)
        for _ in range(MOST_BLOCKS - 1):
            shown(overlay)
    assert overlay.is_shown


def test_what_follows_a_slow_change_is_still_waited_for():
    reports = [None]
    overlay = PaintingOverlay(None, Hud(), "fill", lambda: reports[-1])
    tent = Edit("place", kind="tent")
    overlay.begin(tent)
    overlay.begin(Edit("relight", width=EVERYTHING[0], height=EVERYTHING[1]))
    reports.append(StageShare("remembering", 0.5))
    for _ in range(2 * MOST_BLOCKS):
        shown(overlay)
    shown(overlay, edited=tent)
    assert words_shown(overlay) == ["Changing light and weather ..."]
    reports.append(StageShare("planning", 0.5))
    for _ in range(BEGUN * MOST_BLOCKS + 1):
        shown(overlay)
    assert not overlay.is_shown


def test_a_second_order_is_named_as_the_next(overlay):
    overlay.begin(Edit("place", kind="tent", color=(214, 73, 72)))
    overlay.begin(Edit("place", kind="castle"))
    assert words_shown(overlay) == ["Painting a red tent ...", "then: a castle"]
    shown(overlay, edited=Edit("place", kind="tent", color=(214, 73, 72)))
    assert words_shown(overlay) == ["Painting a castle ..."]
