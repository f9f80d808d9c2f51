"""One key plays postcards: begin, claim, look at the end, begin again."""

from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.pictures import Sight
from mag_sandbox.model.world import GroundPlan
from mag_sandbox.sandbox.postcards.cards import _title_and_note
from mag_sandbox.sandbox.postcards.postcards import (
    CARDS,
    MIXED,
    READ_S,
    STAMP_S,
    TRIES,
    PostcardHunt,
)
from mag_sandbox.sandbox.postcards.scores import ScoreBook
from mag_sandbox.sandbox.returns.prober import RoomSights

HERE = CameraPose(0.0)


class Asked:
    """A prober that answers when a test says so."""

    def __init__(self):
        frame = np.zeros((48, 80, 3), np.uint8)
        yaws = [*range(90, 271, 15)]
        pictures = (Sight(frame, CameraPose(float(yaw)), yaw, 0.0) for yaw in yaws)
        self.seen = RoomSights(0, (*pictures, Sight(frame, HERE, 999, 60.0)))
        self.futures: list[Future] = []

    def compare(self, then, pose):
        self.futures.append(Future())
        return self.futures[-1]


@pytest.fixture
def game(tmp_path):
    cues = []
    prober = Asked()
    hunt = PostcardHunt(prober, ScoreBook(tmp_path), "Meadow", seed=3, on_cue=cues.append)
    return SimpleNamespace(hunt=hunt, prober=prober, cues=cues)


def begin(game):
    game.hunt.press(1.0, HERE, "mag")
    assert game.hunt.update(1.0, HERE, "mag")
    assert game.hunt.view(1.0).phase == "searching"


def find(game, now, recall=80.0, policy="mag"):
    """Claim the place, and go on to what follows the stamp."""
    pose = game.hunt.tour.card.pose
    game.hunt.press(now, pose, policy)
    game.prober.futures[-1].set_result(recall and SimpleNamespace(recall=recall))
    game.hunt.update(now, pose, policy)
    game.hunt.update(now + STAMP_S, HERE, policy)


def test_nothing_is_shown_until_a_tour_begins(game):
    assert game.hunt.view(0.0) is None
    assert not game.hunt.update(0.0, HERE, "mag")


def test_a_found_card_is_stamped_when_the_world_has_answered(game):
    begin(game)
    game.hunt.press(5.0, game.hunt.tour.card.pose, "mag")
    game.hunt.update(5.1, HERE, "mag")
    assert game.hunt.view(5.1).phase == "developing"
    game.prober.futures[0].set_result(SimpleNamespace(recall=50.0))
    game.hunt.update(5.2, HERE, "mag")
    assert game.hunt.view(5.2).stamp.recall == 50.0
    assert game.cues == ["card", "stamp"]


def test_a_comparison_that_does_not_count_gives_no_points_for_memory(game):
    begin(game)
    find(game, 5.0, recall=None)
    assert game.hunt.tour.stamps[0].memory == 0
    assert game.hunt.tour.stamps[0].aim > 0


def test_a_wrong_place_asks_nobody(game):
    begin(game)
    game.hunt.press(5.0, replace(HERE, yaw=20.0), "mag")
    assert game.prober.futures == []
    assert game.cues == ["card", "miss"]


def test_a_finished_tour_is_kept_and_the_key_that_began_it_begins_another(game):
    begin(game)
    for card in range(CARDS):
        find(game, 10.0 + 10 * card)
    assert game.hunt.view(90.0).phase == "finished"
    ended = game.hunt.tour.since
    game.hunt.press(ended + READ_S / 2, HERE, "mag")  # once too often, for the last card
    assert game.hunt.view(90.0), "the sum stays to be read"
    assert game.hunt.place == 1
    assert [score.found for score in game.hunt.best] == [CARDS]
    assert game.cues[-1] == "finished"
    game.hunt.update(91.0, HERE, "mag")
    assert len(game.hunt.best) == 1
    game.hunt.press(92.0, HERE, "mag")
    assert game.hunt.tour.seed == 4
    assert game.hunt.view(92.0).phase == "waiting"


def test_a_tour_with_several_memories_counts_as_such(game):
    begin(game)
    for card in range(CARDS):
        find(game, 10.0 + 10 * card, policy="window" if card else "mag")
    assert game.hunt.best[0].policy == MIXED


def test_a_tour_without_views_to_send_waits_until_it_is_stopped(game):
    game.prober.seen = RoomSights()
    game.hunt.press(1.0, HERE, "mag")
    game.hunt.update(1.0, HERE, "mag")
    assert game.hunt.view(1.0).phase == "waiting"
    game.hunt.press(2.0, HERE, "mag")
    assert game.hunt.view(2.0).phase == "waiting"
    game.hunt.stop()
    assert game.hunt.view(2.0) is None


VILLAGE, KITCHEN = GroundPlan(rooms=("village",)), GroundPlan(rooms=("village", "kitchen"), room=1)


def test_the_card_of_another_room_leads_to_the_door_first(game):
    game.hunt.press(1.0, HERE, "mag")
    game.hunt.update(1.0, HERE, "mag", VILLAGE)
    game.hunt.update(2.0, game.hunt.tour.card.pose, "mag", KITCHEN)
    view = game.hunt.view(2.0)
    assert (view.hint, view.heat_word) == ("go back to village", "freezing")
    game.hunt.press(3.0, game.hunt.tour.card.pose, "mag")
    missed = game.hunt.view(3.0)
    assert missed.tries == TRIES - 1
    assert _title_and_note(missed, "C") == ("Not here: another room", "go back to village")
    game.hunt.update(4.0, HERE, "mag", VILLAGE)
    assert game.hunt.view(4.0).hint == ""
    game.hunt.press(5.0, game.hunt.tour.card.pose, "mag")
    assert game.hunt.tour.phase == "developing"


def test_no_card_shows_another_room_than_the_present_one(game):
    game.hunt.press(1.0, HERE, "mag")
    game.hunt.update(1.0, HERE, "mag", KITCHEN)
    assert game.hunt.tour.phase == "waiting", "the views are still those of the village"
    game.prober.seen = replace(game.prober.seen, room=1)
    game.hunt.update(2.0, HERE, "mag", KITCHEN)
    assert game.hunt.tour.phase == "searching"
