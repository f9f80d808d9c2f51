"""The card and the page of comparisons say what came back, in every window and for every result."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.anchors import Return
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.evaluation.similarity.recall import ProbeResult, compare
from mag_sandbox.sandbox.returns.probe_cards import probe_card
from mag_sandbox.sandbox.screens import Way, probes
from mag_sandbox.sandbox.screens.probes import (
    PolicySummary,
    ProbesScreen,
    compared_text,
    half_life_text,
    summaries,
)
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme

SIZES = [(1280, 720), (640, 400), (320, 200), (1, 1)]
READABLE = SIZES[:2]


def result(number: int = 1, **changes) -> ProbeResult:
    frame = np.random.default_rng(number).integers(0, 255, (192, 320, 3), dtype=np.uint8)
    sight = Sight(frame, CameraPose(), 0, 0.0)
    back = Return(
        label="place 1",
        kind="auto",
        pose=CameraPose(),
        first=sight,
        then=sight,
        now=sight,
        overlap=1.0,
        seconds_away=10.0 * number,
        fate="compressed",
        attended=True,
        motion="agrees",
        policy="mag-retrieve",
    )
    return replace(compare(back, number), **changes)


@pytest.fixture(scope="module")
def results() -> list[ProbeResult]:
    return [
        result(1),
        result(2, recall=55.0, policy="window"),
        result(3, recall=10.0, policy="window", seconds_away=40.0, kind="key"),
        result(4, recall=None, motion="differs", drift_psnr=None),
        result(5, policy="something new", then=np.zeros((192, 20, 3), np.uint8)),
    ]


def key(screen, name: str):
    screen.handle(pygame.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), mod=0, unicode=""))
    screen.update(0.0)


@pytest.fixture
def surface():
    with window((1280, 720), "test") as surface:
        yield surface


def shown_by(screen, surface) -> bytes:
    screen.update(0.0)
    screen.draw(surface)
    return pygame.image.tobytes(surface, "RGB")


@pytest.mark.parametrize("size", READABLE, ids=str)
def test_every_card_fits_beside_the_picture(results, size):
    with window(size, "test") as surface:
        for one in results:
            card, _ = probe_card(one).drawn(Theme(size))
            assert card.get_width() <= 0.55 * size[0]
            assert card.get_height() <= 0.55 * size[1]
            assert surface is not None


def test_what_was_remembered_and_what_was_not_have_colours_of_their_own(surface, results):
    theme = Theme(surface.get_size())
    cards = {pygame.image.tobytes(probe_card(one).drawn(theme)[0], "RGBA") for one in results[:4]}
    assert len(cards) == 4


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_page_draws_in_any_window(results, size):
    with window(size, "test") as surface:
        screen = ProbesScreen(lambda: results, SandboxConfig())
        assert screen.update(0.0)
        screen.draw(surface)
        key(screen, "return")
        screen.draw(surface)
        ProbesScreen(list, SandboxConfig()).draw(surface)


def test_the_page_offers_only_keys_that_do_something(surface, results, monkeypatch):
    said = []
    write = Theme.write
    monkeypatch.setattr(
        Theme, "write", lambda self, *args, **kw: said.append(args[1]) or write(self, *args, **kw)
    )
    for shown, offers in ((results, True), ([], False)):
        said.clear()
        screen = ProbesScreen(lambda shown=shown: shown, SandboxConfig())
        screen.update(0.0)
        screen.draw(surface)
        footer = next(text for text in said if text.endswith("Esc goes back"))
        assert ("Enter enlarges" in footer) is offers


def test_escape_goes_back_and_closing_leaves(surface, results):
    screen = ProbesScreen(lambda: results, SandboxConfig())
    screen.update(0.0)
    key(screen, "escape")
    assert screen.outcome == Way.BACK
    screen = ProbesScreen(lambda: results, SandboxConfig())
    screen.handle(pygame.Event(pygame.QUIT))
    assert screen.outcome == Way.LEAVE


def test_enter_enlarges_the_chosen_result_and_escape_closes_it(surface, results):
    screen = ProbesScreen(lambda: results, SandboxConfig())
    page = shown_by(screen, surface)
    key(screen, "down")
    chosen = shown_by(screen, surface)
    assert chosen != page
    key(screen, "return")
    assert screen.enlarged
    assert shown_by(screen, surface) != chosen
    key(screen, "escape")
    assert screen.outcome is None
    assert shown_by(screen, surface) == chosen


def test_a_click_chooses_and_a_second_one_enlarges(surface, results):
    screen = ProbesScreen(lambda: results, SandboxConfig())
    shown_by(screen, surface)
    third = screen._places[2].center
    for enlarged in (False, True):
        screen.handle(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=third, button=1))
        assert (screen.chosen, screen.enlarged) == (2, enlarged)


def test_the_list_scrolls_to_what_is_chosen(surface):
    many = [result(number) for number in range(1, 13)]
    screen = ProbesScreen(lambda: many, SandboxConfig())
    top = shown_by(screen, surface)
    key(screen, "end")
    assert screen.chosen == 11
    assert shown_by(screen, surface) != top
    key(screen, "down")
    assert screen.chosen == 11
    key(screen, "home")
    assert shown_by(screen, surface) == top


def test_the_page_is_drawn_again_only_when_something_changed(surface, results, monkeypatch):
    drawn = []
    original = probes.result_part
    monkeypatch.setattr(
        "mag_sandbox.sandbox.screens.probes.result_part",
        lambda *a, **k: drawn.append(1) or original(*a, **k),
    )
    kept = list(results)
    screen = ProbesScreen(lambda: kept, SandboxConfig())
    shown_by(screen, surface)
    drawn.clear()
    assert not screen.update(1.0)
    screen.draw(surface)
    assert drawn == []
    kept.append(result(6))
    assert screen.update(2.0)
    screen.draw(surface)
    assert drawn


def test_the_scale_of_the_chart_is_in_percent_throughout(surface, results, monkeypatch):
    said = []
    write = Theme.write
    monkeypatch.setattr(
        Theme, "write", lambda self, *args, **kw: said.append(args[1]) or write(self, *args, **kw)
    )
    probes.draw_chart(surface, Theme((1280, 720)), surface.get_rect(), results)
    assert [text for text in said if text.endswith("%")] == ["0%", "25%", "50%", "75%", "100%"]
    assert "half" not in said


@pytest.mark.parametrize("size", [(800, 500), (1280, 720)])
def test_every_reason_in_the_list_is_told_to_its_end(results, size, monkeypatch):
    said = []
    text = Theme.text
    monkeypatch.setattr(Theme, "text", lambda *a, **kw: said.append(a[1]) or text(*a, **kw))
    screen = probes.ProbesScreen(lambda: results, SandboxConfig())
    with window(size, "test") as surface:
        screen.update(0.0)
        screen.draw(surface)
    assert said
    assert not [words for words in said if words.endswith("...")]


def test_each_policy_has_its_own_half_life(results):
    found = {one.policy: one for one in summaries(results)}
    assert list(found) == ["mag-retrieve", "window", "something new"]
    assert found["mag-retrieve"].returns == 1  # the refused one does not count
    assert half_life_text(found["mag-retrieve"]) == "needs 1 more view"
    assert 10 < found["window"].half_life < 30
    assert found["window"].recall == pytest.approx(32.5)


def test_each_policy_says_what_was_compared(results):
    found = {one.policy: compared_text(one) for one in summaries(results)}
    assert found["mag-retrieve"] == "1 view compared, 100% as it was"
    assert found["window"] == "2 views compared, 32% as they were"
    assert compared_text(PolicySummary("mag", 0, None, None, enough=False)) == (
        "no view compared yet"
    )


def test_half_lives_in_words():
    assert (
        half_life_text(PolicySummary("mag", 5, 99.0, None, enough=True)) == "not forgotten so far"
    )
    assert half_life_text(PolicySummary("window", 5, 9.0, 0.4, enough=True)) == "under 1 s"
    assert half_life_text(PolicySummary("window", 5, 9.0, 75.0, enough=True)) == "1 min 15 s"


@pytest.mark.parametrize("size", READABLE, ids=str)
def test_what_was_compared_is_told_to_its_end(results, size, monkeypatch):
    said = []
    text = Theme.text
    monkeypatch.setattr(Theme, "text", lambda *a, **kw: said.append(a[1]) or text(*a, **kw))
    with window(size, "test") as surface:
        screen = ProbesScreen(lambda: results[:4], SandboxConfig())
        screen.update(0.0)
        screen.draw(surface)
    assert "100% as it was" in " ".join(said)
    assert not [words for words in said if words.endswith(("…", "..."))]
