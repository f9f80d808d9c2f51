"""The planner lists things that stand around, a function of caption and noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.planner import FIELDS, placed_objects, thing_numbers
from tests.unit.model.imagination.tiny import KINDS, TINY, imagination, networks, prompts

NOISE = np.random.default_rng(3).random((TINY.planner.most, len(FIELDS)))


def test_a_plan_is_a_function_of_caption_and_noise():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    plan = planner.plan(prompt, empty, NOISE)
    assert plan == planner.plan(prompt, empty, NOISE)
    assert plan != planner.plan(empty, empty, NOISE)
    assert plan != planner.plan(prompt, empty, NOISE[::-1])
    assert len(plan) <= TINY.planner.most
    assert {thing.kind for thing in plan} <= set(KINDS)


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


TENT = PlacedObject("tent", 359.0, -12.0, 30.0, 9.0, (200, 30, 90), 3)


@pytest.mark.parametrize(
    "thing", [TENT, replace(TENT, yaw=0.0, pitch=40.0, width=2.5, height=170.0)]
)
def test_numbers_tell_a_thing_as_exactly_as_the_sketch_needs_it(thing):
    (again,) = placed_objects(thing_numbers([thing], KINDS), KINDS)
    assert (again.kind, again.variant) == (thing.kind, thing.variant)
    assert abs(again.yaw - thing.yaw) <= 2.25 / 2
    assert abs(again.pitch - thing.pitch) <= 2.25 / 2
    assert again.width == pytest.approx(thing.width, rel=0.12)
    assert again.height == pytest.approx(thing.height, rel=0.12)
    assert max(abs(a - b) for a, b in zip(again.color, thing.color, strict=True)) <= 16


def test_what_is_drawn_is_told_of_the_plan(monkeypatch):
    """With another plan the same noise draws another view."""
    invented, (prompt, empty) = imagination(), prompts()
    pose = invented.lattice.nearest(CameraPose(180.0))

    def drawn(seed: int) -> np.ndarray:
        return invented.imagine(invented.nothing(), pose, prompt, empty, seed).codes

    wide = replace(TENT, yaw=180.0, pitch=0.0, width=90.0, height=60.0)
    monkeypatch.setattr(invented._planner, "plan", lambda *_: [wide])
    told = drawn(1)
    assert np.array_equal(told, drawn(1))
    monkeypatch.setattr(invented._planner, "plan", lambda *_: [])
    assert np.array_equal(told, drawn(1))  # planned once
    invented.planned(prompt, empty, 2)
    assert not np.array_equal(told, drawn(1))
