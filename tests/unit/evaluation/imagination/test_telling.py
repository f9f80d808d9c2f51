"""Told apart: lumps are, renders in other directions are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.imagination.compared import blurred
from mag_sandbox.evaluation.imagination.telling import FITTING, told_apart
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.renderer.version2.render import CATEGORIES, render
from mag_sandbox.renderer.views import view_at

SHORT = replace(FITTING, steps=100)


@pytest.fixture(scope="module")
def traits() -> dict[str, torch.Tensor]:
    """What the same scenes look like in two directions, and without shapes."""
    kinds, judge = list(CATEGORIES), Judge.load()
    rings = [render(kinds[index % len(kinds)], 1_000_900 + index).pixels for index in range(24)]
    ahead, aside = (np.stack([view_at(ring, yaw, 0.0) for ring in rings]) for yaw in (0.0, 135.0))
    lumps = np.stack([blurred(view) for view in ahead])
    named = {"ahead": ahead, "aside": aside, "lumps": lumps}
    return {name: judge.traits(views) for name, views in named.items()}


def test_views_without_shapes_are_told_from_renders(traits):
    told = told_apart(traits["lumps"], traits["ahead"], SHORT)
    assert told["mean"] > 0.85
    assert told["low"] <= told["mean"] <= told["high"]


def test_renders_are_not_told_from_renders(traits):
    assert told_apart(traits["aside"], traits["ahead"], SHORT)["mean"] < 0.7
    barely = replace(SHORT, steps=5)  # of two equal views it is right about one, however it learns
    assert told_apart(traits["ahead"], traits["ahead"], barely)["mean"] == 0.5


def test_the_same_is_told_again(traits):
    shorter = replace(SHORT, steps=50)
    once, again = (told_apart(traits["aside"], traits["ahead"], shorter) for _ in range(2))
    assert once == again
