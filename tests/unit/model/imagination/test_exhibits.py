"""Stages: a bare stand gets what the stand a quarter of the ring away bears."""

from dataclasses import replace

import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.plan_rules import with_exhibits
from tests.unit.model.imagination.tiny import imagination, prompts

STAND = PlacedObject("podium", 0.0, -20.0, 30.0, 10.0)
CAKE = PlacedObject("cake", 0.0, 0.0, 20.0, 30.0)
TEDDY = replace(CAKE, kind="teddy bear", height=40.0, pitch=5.0)


def stage(*exhibits: PlacedObject | None) -> list[PlacedObject]:
    """Return stands, an eighth of the ring apart, and what they bear, from 0 degrees on."""
    things = []
    for place, exhibit in enumerate(exhibits):
        yaw = 45.0 * place
        things += [replace(each, yaw=yaw) for each in (STAND, exhibit) if each]
    return things


def test_a_bare_stand_bears_what_the_second_next_does():
    kinds = [thing.kind for thing in with_exhibits(stage(CAKE, TEDDY, None, None))]
    assert kinds == [
        "podium",
        "cake",
        "podium",
        "teddy bear",
        "podium",
        "cake",
        "podium",
        "teddy bear",
    ]


def test_an_exhibit_stands_on_a_lower_stand_as_on_the_other():
    low = replace(STAND, yaw=90.0, height=6.0)
    added = with_exhibits([*stage(CAKE), low])[-1]
    assert (added.kind, added.yaw) == ("cake", 90.0)
    assert CAKE.pitch - added.pitch == pytest.approx(2.0)


@pytest.mark.parametrize("things", [(), stage(CAKE, TEDDY), stage(None, None), [CAKE]])
def test_full_stages_and_those_without_exhibits_stay_as_they_are(things):
    assert with_exhibits(things) == list(things)


@pytest.mark.parametrize(("kinds", "added"), [(2, ["cake"]), (8, [])])
def test_a_bare_stand_is_filled_only_where_two_kinds_take_turns(kinds: int, added: list[str]):
    made, things = imagination(), stage(CAKE, TEDDY, None)
    made.config = replace(made.config, planner=replace(made.config.planner, exhibits=kinds))
    made._networks.planner.plan = lambda *_: things
    assert [thing.kind for thing in made.plan(*prompts(), 1)[len(things) :]] == added
