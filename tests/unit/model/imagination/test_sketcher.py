"""The sketcher and how it draws: the past decides, cached or not."""

import copy

import numpy as np
import pytest
import torch

from mag_sandbox.model.imagination.config import DrawingConfig
from mag_sandbox.model.imagination.drawing import Drawer, choose
from mag_sandbox.model.imagination.objects import (
    ObjectTable,
    PlacedObject,
    ToldObjects,
    object_table,
    tell,
)
from mag_sandbox.model.imagination.order import SketchOrder, sketch_order
from mag_sandbox.model.imagination.sketcher import Sketcher, tile_turns
from mag_sandbox.model.imagination.stepping import KeyCache, Stepper
from tests.unit.model.imagination.tiny import KINDS, TINY, networks, prompts

RING = TINY.sketcher
RNG = np.random.default_rng(0)
TENT = object_table([PlacedObject("tent", 90.0, 0.0, 60.0, 60.0, (255, 0, 0))], KINDS, RING)
NOTHING = object_table((), KINDS, RING)


@pytest.fixture
def sketcher() -> Sketcher:
    return networks().sketcher.eval()


def order_beside_known() -> SketchOrder:
    known = np.zeros(RING.tile_grid, bool)
    known[1:3, :5] = True
    return sketch_order(known, (1, 2, 2, 6), RING.tile_rows)


def logits(
    sketcher: Sketcher, codes: np.ndarray, tiles: np.ndarray, objects: ObjectTable, text
) -> torch.Tensor:
    """Return [L, codes, values]."""
    told = ToldObjects(*(each[None] for each in tell(objects, tiles, RING)))
    with torch.inference_mode():
        each = sketcher(
            torch.from_numpy(codes)[None], torch.from_numpy(tiles[:, 0])[None],
            tile_turns(tiles, RING), sketcher.text_keys(text), told,
        )  # fmt: skip
    return torch.stack(each, dim=2)[0]


def test_the_future_never_changes_the_past(sketcher: Sketcher):
    tiles = order_beside_known().tiles
    codes = RNG.integers(8, size=(len(tiles), 4))
    changed = codes.copy()
    changed[9] = (changed[9] + 1) % 8
    before, after = (logits(sketcher, c, tiles, NOTHING, prompts()[0]) for c in (codes, changed))
    torch.testing.assert_close(before[:9], after[:9])
    torch.testing.assert_close(before[9, 0], after[9, 0])
    assert not torch.allclose(before[9, 1], after[9, 1])
    assert not torch.allclose(before[10], after[10])


def test_what_is_drawn_does_not_depend_on_where_around_the_ring_it_is(sketcher: Sketcher):
    tiles = order_beside_known().tiles
    codes = RNG.integers(8, size=(len(tiles), 4))
    text = prompts()[0]
    here = logits(sketcher, codes, tiles, NOTHING, text)
    there = logits(sketcher, codes, tiles + np.array([0, 7]), NOTHING, text)
    torch.testing.assert_close(here, there, atol=1e-4, rtol=1e-4)


def test_the_horizon_is_where_it_is(sketcher: Sketcher):
    tiles = order_beside_known().tiles
    codes = RNG.integers(8, size=(len(tiles), 4))
    text = prompts()[0]
    here = logits(sketcher, codes, tiles, NOTHING, text)
    above = logits(sketcher, codes, tiles - np.array([1, 0]), NOTHING, text)
    assert not torch.allclose(here, above, atol=1e-2)


def test_objects_are_told_to_the_tiles_they_cover_and_to_no_others(sketcher: Sketcher):
    tiles = order_beside_known().tiles
    told = tell(TENT, tiles, RING)
    covered = (told.kinds > 0).any(dim=1).numpy()
    middle = 90.0 / (360.0 / RING.ring_columns)
    near = np.abs(tiles[:, 1] + 0.5 - middle) < 60.0 / (360.0 / RING.ring_columns) / 2 + 0.75
    assert covered.any()
    assert np.array_equal(covered, near)


def test_an_object_across_the_seam_is_told_on_both_sides_of_it():
    edge = object_table([PlacedObject("tree", 0.0, 0.0, 45.0, 45.0)], KINDS, RING)
    tiles = np.array([[2, 0], [2, 15], [2, 16], [2, -1], [2, 8]])
    assert (tell(edge, tiles, RING).kinds[:, 0] > 0).tolist() == [True, True, True, True, False]


def test_an_object_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match='no object "dragon" is known; available: tent, tree'):
        object_table([PlacedObject("dragon", 0.0, 0.0, 9.0, 9.0)], KINDS, RING)


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_drawing_with_kept_keys_chooses_what_one_pass_over_all_would(
    sketcher: Sketcher, guidance: float
):
    order, (prompt, empty) = order_beside_known(), prompts()
    known = RNG.integers(8, size=(len(order.known), 4))
    noise = RNG.random((len(order.unknown), 4))
    config = DrawingConfig(guidance=guidance, top_p=0.9)
    drawn = Drawer(sketcher, config).draw(order, known, prompt, empty, TENT, noise)
    codes = np.concatenate((known, drawn))
    said = logits(sketcher, codes, order.tiles, TENT, prompt)
    free = logits(sketcher, codes, order.tiles, NOTHING, empty)
    if guidance != 1.0:
        said = free + guidance * (said - free)
    chosen = [
        [choose(code, share, 0.9) for code, share in zip(tile, shares, strict=True)]
        for tile, shares in zip(said[len(known) :], noise.tolist(), strict=True)
    ]
    assert drawn.tolist() == chosen


def test_only_the_likeliest_values_are_chosen():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    shares = np.linspace(0, 0.999, 50)
    assert {choose(logits, float(s), 0.8) for s in shares} == {0, 1}
    assert {choose(logits, float(s), 1.0) for s in shares} == {0, 1, 2, 3}


def test_values_are_chosen_as_often_as_they_are_likely():
    logits = torch.tensor([0.2, 0.5, 0.3]).log()
    chosen = [choose(logits, float(s), 1.0) for s in (np.arange(1000) + 0.5) / 1000]
    assert np.bincount(chosen).tolist() == pytest.approx([200, 500, 300], abs=2)


def test_steps_in_bf16_draw_from_nearly_the_same_odds(sketcher: Sketcher):
    exact = odds_of_the_first_tile(sketcher)
    rounded = odds_of_the_first_tile(copy.deepcopy(sketcher).bfloat16())
    assert (exact - rounded).abs().max() < 0.1 * exact.std()


@torch.inference_mode()
def odds_of_the_first_tile(sketcher: Sketcher) -> torch.Tensor:
    """Return the logits of its codes, [codes, values], each after a 3."""
    logits = []

    def choose_three(_code: int, each: torch.Tensor) -> int:
        logits.append(each[0])
        return 3

    stepper = Stepper(sketcher)
    text = stepper.text(sketcher.text_keys(prompts()[0].to(sketcher.start.dtype)))
    turns = stepper.turns(tile_turns(np.array([[1, 1]]), RING), RING.num_heads)
    x = sketcher.start[None] + sketcher.row(torch.tensor([1]))
    stepper.tile(stepper(x, turns[0], text, KeyCache(RING, 1, 1)), choose_three)
    return torch.stack(logits)
