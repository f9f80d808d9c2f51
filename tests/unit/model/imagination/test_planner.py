"""The planner lists things that stand around, a function of caption and noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.model.imagination import planner as planner_module
from mag_sandbox.model.imagination.ahead import turned
from mag_sandbox.model.imagination.causal import choose
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.planner import (
    COLUMNS,
    FIELDS,
    SIZES,
    TURN,
    placed_objects,
    thing_numbers,
)
from tests.unit.model.imagination.tiny import KINDS, TINY, networks, prompts

NOISE = np.random.default_rng(3).random((2, TINY.planner.most, len(FIELDS)))
TENT = PlacedObject("tent", 359.0, -12.0, 30.0, 9.0, (200, 30, 90), (190, 40, 90), 3)


def test_a_plan_is_a_function_of_caption_and_noise():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    plan = planner.plan(prompt, empty, NOISE)
    assert plan == planner.plan(prompt, empty, NOISE)
    assert plan != planner.plan(empty, empty, NOISE)
    assert plan != planner.plan(prompt, empty, 1 - NOISE)
    assert len(plan) <= TINY.planner.most
    assert {thing.kind for thing in plan} <= set(KINDS)


def test_what_is_drawn_step_by_step_is_what_the_whole_plan_makes_likely():
    """With the likeliest values alone, cached steps end where one pass over all of them does."""
    planner, (prompt, _) = networks().planner.eval(), prompts()
    planner.config = replace(TINY.planner, guidance=1.0, top_p=1e-6)
    (drawn, *_), _ = planner.draw(prompt, prompt, NOISE)
    with torch.no_grad():
        logits = planner(torch.from_numpy(drawn)[None], prompt)
    for field, each in enumerate(logits):
        assert each[0].argmax(dim=-1).tolist() == drawn[:, field].tolist()


def test_a_plan_is_the_same_whichever_way_the_ring_is_turned():
    planner, (prompt, _) = networks().planner.eval(), prompts()
    things = [replace(TENT, yaw=yaw) for yaw in (350.0, 20.0, 200.0)]
    here, there = (thing_numbers(turned(things, yaw), KINDS) for yaw in (0.0, 40 * 360.0 / COLUMNS))
    assert here.tolist() == there.tolist()
    assert (here[0, TURN], here[1, TURN]) == (0, 13)
    with torch.no_grad():
        assert planner(torch.from_numpy(here)[None], prompt)[0].isfinite().all()


def test_a_thing_is_likened_to_the_last_of_its_kind_and_no_other():
    """What the first tree is does not matter to a tent that follows another tent."""
    head = networks().planner.eval().head
    tree = replace(TENT, kind="tree", yaw=10.0)
    rows = torch.from_numpy(thing_numbers([tree, TENT, tree, TENT], KINDS))[None]
    likes = planner_module._likes(rows)
    assert likes.there[0].tolist() == [False, False, True, True]
    assert likes.numbers[0, 3, TURN + 1 :].tolist() == rows[0, 1, TURN + 1 :].tolist()
    assert likes.numbers[0, 3, TURN] == rows[0, 3, TURN], "both stand in the same place"
    state = torch.zeros(1, 4, TINY.planner.dim)
    with torch.no_grad():
        alone, likened = head.liken(state, likes)[0, [0, 3]]
    assert not alone.any()
    assert likened.any()


def test_what_repeats_itself_is_likelier_by_its_distance_from_the_last_one():
    head = networks().planner.eval().head
    width = FIELDS.index("width")
    rows = torch.from_numpy(thing_numbers([TENT, TENT], KINDS))[None]
    likes = planner_module._likes(rows)
    with torch.no_grad():
        for part in head.apart:
            part.weight.zero_()
        state = torch.ones(1, 2, TINY.planner.dim)
        plain = head.logits(state, width, likes)
        head.apart[width - 1].weight[SIZES - 1] = 1.0  # no distance at all
        gain = (head.logits(state, width, likes) - plain)[0]
    assert not gain[0].any()
    assert gain[1].nonzero().tolist() == [[rows[0, 0, width]]]


def test_no_thing_knows_those_after_it():
    planner, (prompt, _) = networks().planner.eval(), prompts()
    things = torch.from_numpy(thing_numbers([TENT] * 4, KINDS))[None]
    other = things.clone()
    other[0, 2] = 0
    with torch.no_grad():
        before, after = planner(things, prompt), planner(other, prompt)
    for logits, changed in zip(before, after, strict=True):
        assert torch.equal(logits[:, :2], changed[:, :2])
        assert not torch.equal(logits[:, 3], changed[:, 3])


@pytest.mark.parametrize(
    "thing", [TENT, replace(TENT, yaw=0.0, pitch=40.0, width=2.5, height=170.0)]
)
def test_numbers_tell_a_thing_nearly_as_it_is(thing):
    (again,) = placed_objects(thing_numbers([thing], KINDS), KINDS)
    assert (again.kind, again.variant) == (thing.kind, thing.variant)
    assert again.width == pytest.approx(thing.width, rel=0.06)
    assert again.height == pytest.approx(thing.height, rel=0.06)
    base, expected = (each.pitch - each.height / 2 for each in (again, thing))
    assert abs(base - max(expected, -54.0)) <= 1.2
    for color, told in ((again.color, thing.color), (again.mean_color, thing.mean_color)):
        assert max(abs(a - b) for a, b in zip(color, told, strict=True)) <= 13


def test_only_the_likeliest_values_are_chosen_by_their_share():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    chosen = [choose(logits, torch.tensor([share]), 0.9).item() for share in (0.0, 0.6, 0.999)]
    assert chosen == [0, 1, 2]
    assert choose(logits, torch.tensor([0.999]), 1.0).item() == 3
    assert choose(logits.flip(-1), torch.tensor([0.2]), 0.4).item() == 3
