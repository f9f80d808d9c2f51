"""Postcards: fair cards, honest points, a hunt that says how warm it is, scores that last."""

import json
import random
from dataclasses import replace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.sandbox.postcards.cards import PostcardCard, _title_and_note, tour_card
from mag_sandbox.sandbox.postcards.postcards import (
    AIM_POINTS,
    CARDS,
    DEVELOP_S,
    HINT_S,
    MEMORY_POINTS,
    MIN_AGE,
    MISS_S,
    STAMP_S,
    TIME_POINTS,
    TRIES,
    Tour,
    choose_card,
    degrees_off,
    direction,
    stamp_motion,
)
from mag_sandbox.sandbox.postcards.scores import (
    BEST,
    FILE,
    Score,
    ScoreBook,
    ScoresError,
    read_scores,
    score_of,
)
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme

SIZES = [(1280, 720), (640, 400)]


def sight(yaw: float, seconds: float = 0.0, detail: float = 5.0) -> Sight:
    frame = np.full((192, 320, 3), int(yaw) % 250, np.uint8)
    return Sight(frame, CameraPose(yaw % 360), int(seconds * 16), seconds, detail=detail)


PICTURES = [sight(yaw) for yaw in range(0, 360, 15)] + [sight(0.0, seconds=100.0)]
HERE = CameraPose(0.0)


@pytest.mark.parametrize("size", SIZES)
def test_the_card_that_waits_says_how_long_and_which_key_ends_it(size, monkeypatch):
    said, wrap = [], Theme.wrap
    monkeypatch.setattr(
        Theme, "wrap", lambda *given, **named: said.append(wrap(*given, **named)) or said[-1]
    )
    with window(size, "test") as surface:
        card = PostcardCard()
        seen = [sight(180.0, seconds=2.0), sight(0.0, seconds=5.0)]
        view = Tour(seed=1).update(0.0, HERE, seen).view(0.0)
        assert surface.get_rect().contains(
            card.draw(surface, Theme(size), view, (size[0], 0), 0.0, "C")
        )
    text = " ".join(said[-1])
    assert text.startswith(f"In {MIN_AGE - 3.0:.0f} s")
    assert text.endswith("Esc leaves.")


@pytest.fixture
def hunt() -> Tour:
    """A tour whose first card is out."""
    tour = Tour(seed=1).update(10.0, HERE, PICTURES)
    assert tour.phase == "searching"
    return tour


def near(tour: Tour, off: float) -> CameraPose:
    return CameraPose((tour.card.pose.yaw + off) % 360, tour.card.pose.pitch)


def stamped(tour: Tour, now: float, off: float = 0.0, recall: float | None = 100.0) -> Tour:
    return tour.claim(now, near(tour, off)).developed(now, recall)


def next_card(tour: Tour, now: float) -> Tour:
    return tour.update(now + STAMP_S, HERE, PICTURES)


def lost_at(tour: Tour, now: float) -> Tour:
    for _ in range(tour.tries):
        tour = tour.claim(now, near(tour, 50.0))
    return tour


def test_a_card_shows_what_is_out_of_sight_and_was_seen_a_while_ago():
    pictures = [sight(20.0), sight(180.0, seconds=95.0), sight(100.0), sight(0.0, seconds=100.0)]
    for seed in range(20):
        card = choose_card(HERE, pictures, (), random.Random(seed))
        assert card.pose.yaw == 100.0
    assert choose_card(HERE, pictures[:2], (), random.Random(0)) is None
    assert choose_card(HERE, [], (), random.Random(0)) is None
    assert MIN_AGE <= 95.0


def test_cards_show_the_more_interesting_views():
    pictures = [sight(float(yaw), detail=float(yaw)) for yaw in range(100, 260, 15)]
    pictures.append(sight(0.0, seconds=100.0))
    chosen = {choose_card(HERE, pictures, (), random.Random(n)).pose.yaw for n in range(40)}
    assert min(chosen) >= 175
    assert len(chosen) > 2


def test_cards_of_a_tour_differ_where_there_is_choice():
    sent = (CameraPose(90.0), CameraPose(180.0))
    for seed in range(20):
        card = choose_card(HERE, PICTURES, sent, random.Random(seed))
        assert all(degrees_off(card.pose, old) >= 30 for old in sent)
    assert choose_card(HERE, [sight(90.0), PICTURES[-1]], sent, random.Random(0)).pose.yaw == 90.0


def test_a_tour_waits_until_the_world_was_seen():
    tour = Tour(seed=1).update(0.0, HERE, [sight(0.0)])
    assert tour.phase == "waiting"
    assert (tour.view(0.0).card, tour.view(0.0).ready_in) == (None, None)
    assert tour.claim(1.0, HERE) == tour


def test_every_wrong_claim_costs_a_try_also_at_once_in_another_room_or_away(hunt):
    rooms, away = replace(hunt, way="go back to village"), CameraPose(0.0, x=2.0)
    for tour, pose, miss in (
        (hunt, HERE, "° away"), (rooms, HERE, "another room"), (hunt, away, "walk back first"),
    ):  # fmt: skip
        again = tour.claim(10.5, pose)
        assert again.tries == TRIES - 1
        assert again.view(10.5).miss.endswith(miss)


def test_a_wrong_claim_says_how_far_it_is_and_whether_it_is_warmer_than_the_last_one(hunt):
    said = []
    for off in (50.0, 40.0, 60.0):
        hunt = replace(hunt.claim(12.0, near(hunt, off)), tries=TRIES)
        said.append(hunt.view(12.1).miss)
    assert said == ["50° away", "40° away, warmer", "60° away, colder"]


def test_a_card_is_found_only_at_about_its_zoom():
    card = CameraPose(30.0, 0.0, 60.0)
    close = replace(sight(30.0), pose=card)
    tour = Tour(seed=1).update(10.0, CameraPose(150.0), [close, *PICTURES[-1:]])
    assert tour.card is close
    wide = tour.claim(11.0, CameraPose(30.0))
    assert (wide.phase, wide.tries) == ("searching", TRIES - 1)
    late = tour.update(11.0 + HINT_S, CameraPose(28.0), PICTURES).view(11.0 + HINT_S)
    assert late.hint == "zoom in"
    assert late.heat > 0
    assert tour.claim(11.0, card).claimed.aim == AIM_POINTS
    nearly = tour.claim(11.0, replace(card, fov=66.0)).claimed
    assert nearly.is_found
    assert nearly.aim < AIM_POINTS
    assert direction(card, CameraPose(32.0)) == "zoom out"


def test_the_same_seed_sends_the_same_cards():
    one, other = (Tour(seed=5).update(0.0, HERE, PICTURES) for _ in range(2))
    assert one.card is other.card
    cards = {Tour(seed=seed).update(0.0, HERE, PICTURES).card.number for seed in range(5)}
    assert cards


def test_perfect_aim_at_once_with_a_perfect_memory_earns_everything(hunt):
    tour = stamped(hunt, 11.0)
    (stamp,) = tour.stamps
    assert (stamp.aim, stamp.time, stamp.memory) == (AIM_POINTS, TIME_POINTS, MEMORY_POINTS)
    assert stamp.grade == "perfect"
    assert tour.phase == "stamped"


def test_points_fall_with_aim_time_and_memory(hunt):
    best = stamped(hunt, 11.0).stamps[0]
    wide = stamped(hunt, 11.0, off=10.0).stamps[0]
    late = stamped(hunt, 60.0).stamps[0]
    faint = stamped(hunt, 11.0, recall=30.0).stamps[0]
    assert 0 < wide.aim < best.aim
    assert late.time < best.time
    assert faint.memory == 60
    assert stamped(hunt, 1000.0, recall=None).points == AIM_POINTS


def test_time_is_fair_to_the_distance():
    tours = [
        replace(Tour(seed=1).update(0.0, HERE, PICTURES), start_off=off) for off in (60.0, 180.0)
    ]
    assert stamped(tours[0], 13.0).stamps[0].time < TIME_POINTS
    assert stamped(tours[1], 13.0).stamps[0].time == TIME_POINTS


def test_a_wrong_claim_costs_a_try_and_says_so(hunt):
    tour = hunt.claim(12.0, near(hunt, 50.0))
    assert (tour.phase, tour.tries) == ("searching", TRIES - 1)
    title, note = _title_and_note(tour.view(12.5), "C")
    assert (title, note) == ("Not here: 50° away", "a wrong C costs a try: two left")
    assert not tour.view(12.0 + MISS_S).miss
    tour = lost_at(tour, 13.0)
    assert tour.phase == "stamped"
    assert tour.stamps[0].grade == "lost"
    assert not tour.stamps[0].is_found
    assert tour.points == 0


def test_finding_in_a_row_earns_more_until_one_is_lost(hunt):
    one = next_card(stamped(hunt, 11.0), 11.0)
    two = stamped(one, 15.0)
    assert two.streak == 2
    assert two.stamps[1].bonus == 100
    lost = lost_at(next_card(two, 15.0), 19.0)
    assert lost.streak == 0
    assert stamped(next_card(lost, 19.0), 23.0).stamps[3].bonus == 0


def test_a_tour_ends_after_its_cards(hunt):
    tour, now = hunt, 11.0
    for _ in range(CARDS):
        tour = next_card(stamped(tour, now), now)
        now += STAMP_S
    assert tour.phase == "finished"
    assert tour.found == CARDS
    assert tour.points > CARDS * 900
    assert tour.update(now + 99, HERE, PICTURES).phase == "finished"


def test_it_says_warmer_and_colder(hunt):
    closer = hunt.update(11.0, near(hunt, 40.0), PICTURES).update(12.0, near(hunt, 20.0), PICTURES)
    assert closer.view(12.0).trend == "warmer"
    assert closer.update(13.0, near(hunt, 35.0), PICTURES).view(13.0).trend == "colder"
    still = closer.update(13.0, near(hunt, 20.0), PICTURES)
    assert still.view(13.0).trend == ""


def test_heat_rises_towards_the_place(hunt):
    heats = [
        replace(hunt, pose=near(hunt, off)).view(11.0).heat for off in (179, 100, 70, 20, 5, 0)
    ]
    assert heats == sorted(heats, reverse=True)
    assert heats[-1] == 0
    assert replace(hunt, pose=near(hunt, 0.0)).view(11.0).heat_word == "right here"


def test_whoever_searches_long_is_told_the_way(hunt):
    lost = replace(hunt, pose=near(hunt, -60.0))
    assert lost.view(10.0 + HINT_S - 1).hint == ""
    assert lost.view(10.0 + HINT_S).hint == "right"
    assert _title_and_note(lost.view(10.0 + HINT_S), "C")[1] == "psst: right, then press C"
    there = replace(hunt, pose=near(hunt, -1.0)).view(10.0 + HINT_S)
    assert _title_and_note(there, "C")[1] == "press C now"  # the one order beside "right here"
    assert there.hint == "", "no arrow leads on"
    assert direction(CameraPose(10.0), CameraPose(350.0)) == "left"
    assert direction(CameraPose(0.0, -10.0), CameraPose(2.0, 10.0)) == "up"


def test_a_card_is_stamped_even_if_nobody_can_compare(hunt):
    asking = hunt.claim(12.0, near(hunt, 0.0))
    assert asking.phase == "developing"
    assert asking.update(12.0 + DEVELOP_S / 2, HERE, PICTURES).phase == "developing"
    tour = asking.update(12.0 + DEVELOP_S, HERE, PICTURES)
    assert tour.phase == "stamped"
    assert tour.stamps[0].recall is None
    assert tour.developed(99.0, 100.0) == tour  # an answer that comes too late changes nothing


def test_equal_views_look_the_same_until_something_changes(hunt):
    assert hunt.view(10.2) == hunt.view(10.8)
    assert hunt.view(10.2) != hunt.view(11.2)  # the clock


def test_a_stamp_comes_down_and_comes_to_rest():
    motions = [stamp_motion(age / 50) for age in range(60)]
    scales = [motion.scale for motion in motions]
    assert scales[0] > 2
    assert motions[0].alpha < 20
    assert scales[-1] == pytest.approx(1.0)
    assert motions[-1] == motions[-2]


def score(points: int, policy: str = "mag", scene: str = "Meadow") -> Score:
    return score_of(points, 4, 5, scene, policy)


def test_scores_are_kept_per_scene_and_policy(tmp_path):
    book = ScoreBook(tmp_path)
    assert book.add(score(1000)) == 1
    assert book.add(score(900)) == 2
    assert book.add(score(500, policy="window")) == 1
    again = ScoreBook(tmp_path)
    assert [one.points for one in again.best("Meadow", "mag")] == [1000, 900]
    assert [one.policy for one in again.table("Meadow")] == ["mag", "window"]
    assert again.best("Desert", "mag") == ()


def test_only_the_best_stay(tmp_path):
    book = ScoreBook(tmp_path)
    for points in range(100, 100 + BEST + 2):
        book.add(score(points))
    assert len(book.best("Meadow", "mag")) == BEST
    assert book.add(score(1)) is None
    assert len(json.loads((tmp_path / FILE).read_text())["scores"]) == BEST


def test_two_games_keep_each_others_scores(tmp_path):
    one, other = ScoreBook(tmp_path), ScoreBook(tmp_path)
    one.add(score(1000))
    other.add(score(2000))
    assert [found.points for found in read_scores(tmp_path / FILE)] == [1000, 2000]


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"scores": [], "schema": 2}',
        '{"scores": [{"scene": 5}], "schema": 1}',
        '{"scores": "many", "schema": 1}',
        "[" * 5000,
        '{"scores": [{"scene": "a", "policy": "b", "points": NaN, "found": 1, "cards": 1, '
        '"date": ""}], "schema": 1}',
        '{"scores": [{"scene": "a", "policy": "b", "points": -5, "found": 1, "cards": 1, '
        '"date": ""}], "schema": 1}',
    ],
)
def test_a_damaged_file_is_said_and_left_alone(tmp_path, text):
    path = tmp_path / FILE
    path.write_text(text)
    with pytest.raises(ScoresError, match=r"postcards\.json is damaged .* delete it to start"):
        read_scores(path)
    book = ScoreBook(tmp_path)
    assert "damaged" in book.problem
    assert book.add(score(700)) == 1  # counts until the game ends
    assert path.read_text() == text


def test_a_disk_that_cannot_be_written_is_said_and_play_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    book = ScoreBook(tmp_path / "file")
    assert book.add(score(700)) == 1
    assert book.problem is not None


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_cards_fit_and_are_drawn_again_only_when_they_change(hunt, size, monkeypatch):
    with window(size, "test") as surface:
        theme, card = Theme(size), PostcardCard()
        texts = []
        original = Theme.text
        monkeypatch.setattr(Theme, "text", lambda *a, **k: texts.append(a) or original(*a, **k))
        corner = (size[0] - 10, 10)
        tours = (Tour(seed=1), hunt, hunt.claim(11.0, near(hunt, 2.0)), stamped(hunt, 11.0, 2.0))
        for tour in (*tours, lost_at(hunt, 11.0)):
            rect = card.draw(surface, theme, tour.view(11.2), corner, age=1.0)
            assert surface.get_rect().contains(rect)
        texts.clear()
        card.draw(surface, theme, lost_at(hunt, 11.0).view(11.3), corner, age=1.1)
        assert texts == []
        final = replace(hunt, phase="finished", stamps=stamped(hunt, 11.0).stamps * CARDS)
        drawn = tour_card(final, [score(5)] * BEST, 1, "The disk is full. " * 8).drawn(theme)[0]
        assert surface.get_rect().contains(drawn.get_rect(center=surface.get_rect().center))


def test_a_tour_on_which_nothing_was_found_is_no_best_one(hunt):
    lost = replace(hunt, phase="finished", stamps=lost_at(hunt, 11.0).stamps * CARDS)
    found = replace(hunt, phase="finished", stamps=stamped(hunt, 11.0).stamps * CARDS)
    heads = [repr(tour_card(tour, [], 1, key="K")) for tour in (lost, found)]
    assert ["A new best tour!" in head for head in heads] == [False, True]
    assert "0 of 5 places found" in heads[0]
    assert all("Esc closes this, K plays again" in head for head in heads)


def test_a_card_shows_no_more_of_a_view_than_the_window_does(hunt):
    frame = np.zeros((192, 320, 3), np.uint8)
    frame[:] = 255, 0, 255  # the margin, a colour that nothing else has
    frame[48:144, 80:240] = 0, 255, 0
    framed = replace(hunt, card=replace(hunt.card, frame=frame))
    with window((1280, 720), "test") as surface:
        for shown, expected in ((1.0, True), (0.5, False)):
            surface.fill(0)
            PostcardCard().draw(surface, Theme((1280, 720)), framed.view(11.0), (1000, 10), 1.0,
                                shown=shown)  # fmt: skip
            red, green, blue = np.moveaxis(pygame.surfarray.array3d(surface), 2, 0)
            assert ((red > 200) & (green < 60) & (blue > 200)).any() == expected


def test_the_stamp_moves_on_the_card_for_a_moment_only(hunt):
    with window((640, 400), "test") as surface:
        theme, card = Theme((640, 400)), PostcardCard()
        view = stamped(hunt, 11.0).view(11.1)

        def shown(age):
            surface.fill((0, 0, 0))
            card.draw(surface, theme, view, (630, 10), age)
            return pygame.image.tobytes(surface, "RGB")

        assert shown(0.05) != shown(0.15) != shown(2.0)
        assert shown(2.0) == shown(3.0)
        assert card.is_moving(view, 0.1)
        assert not card.is_moving(view, 2.0)
        assert not card.is_moving(hunt.view(11.1), 0.1)
