"""Refined rings: known cells of tiles, over their sketches; the network as a graph."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from mag_sandbox.controls.camera import Position
from mag_sandbox.model.imagination.drawing.refiner import FINER, smooth
from mag_sandbox.model.imagination.drawing.refining import SEEN, RefinedRings, settled
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place, in_pixels

ROWS, COLUMNS, CELL = 12, 20, 16


def no_sketch(things: Sequence[PlacedObject], place: Place, viewpoint: Position) -> np.ndarray:
    return np.zeros((4, CELL * place.rows, CELL * place.columns), np.float32)


class Counting:
    """Adds a share of white, and keeps what it was given."""

    def __init__(self, share: float = 0.25) -> None:
        self.given: list[Tensor] = []
        self._share = share

    def __call__(self, given: Tensor) -> Tensor:
        self.given.append(given)
        return torch.full_like(smooth(given[:, :3]), self._share)


def ring(seed: int = 0) -> np.ndarray:
    low = np.random.default_rng(seed).uniform(-0.9, 0.3, (3, ROWS, COLUMNS)).astype(np.float32)
    return low.repeat(CELL, axis=1).repeat(CELL, axis=2)


def test_known_cells_alone_are_refined():
    known = np.zeros((ROWS, COLUMNS), bool)
    known[3:9, 4:15] = True
    picture = ring()
    both = RefinedRings(lambda: Counting(), no_sketch).refined(picture, known, ())
    made = both.picture
    there = in_pixels(known, len(picture[0]))
    assert np.array_equal(made[:, ~there], picture[:, ~there])
    inner = in_pixels(known, len(picture[0]))
    even = np.zeros_like(inner)
    even[CELL // 2 :: CELL, CELL // 2 :: CELL] = True  # where the smooth picture is as it was
    even &= inner
    assert made[:, even] == pytest.approx(picture[:, even] + 0.5, abs=1e-3)


def test_a_tile_is_refined_again_only_if_it_or_what_is_beside_it_changed():
    refine, known = Counting(), np.ones((ROWS, COLUMNS), bool)
    rings, picture = RefinedRings(lambda: refine, no_sketch), ring()
    first = rings.refined(picture, known, ())
    count = len(refine.given)
    assert count == 4
    again = rings.refined(picture, known, ())
    assert np.array_equal(first.picture, again.picture)
    assert len(refine.given) == count
    changed = picture.copy()
    changed[:, 2, 2] += 0.1  # in the corner of a tile: also beside the one across the ring's ends
    rings.refined(changed, known, ())
    assert len(refine.given) == count + 2


def test_a_crisp_ring_is_the_picture_of_the_refined_one():
    picture, known = ring(), np.random.default_rng(3).random((ROWS, COLUMNS)) > 0.5
    refine = Counting()
    rings = RefinedRings(lambda: refine, no_sketch)
    made, crisp = rings.refined(picture, known, ()), rings.crisp(picture, known, ())
    assert crisp is not None
    assert np.array_equal(made.picture, crisp)
    count = len(refine.given)
    rings.crisp(picture, known, ())
    assert len(refine.given) == count, "its tiles are kept"


def test_a_ring_that_was_made_crisp_is_refined_from_the_same_tiles():
    picture, known, refine = ring(), np.ones((ROWS, COLUMNS), bool), Counting()
    rings = RefinedRings(lambda: refine, no_sketch)
    rings.crisp(picture, known, ())
    count = len(refine.given)
    rings.refined(picture, known, ())
    assert len(refine.given) == count


def test_the_network_is_given_the_ring_across_its_ends():
    refine, picture = Counting(), ring()
    RefinedRings(lambda: refine, no_sketch).refined(picture, np.ones((ROWS, COLUMNS), bool), ())
    first = 2 * refine.given[0][0, :3].numpy() - 1
    assert first.shape[1:] == (CELL * SEEN[0], CELL * SEEN[1])
    assert first[:, CELL:, :CELL] == pytest.approx(picture[:, : 7 * CELL, -CELL:], abs=1e-6)


def test_without_a_network_nothing_is_refined():
    picture, known = ring(), np.ones((12, 20), bool)
    made = RefinedRings(lambda: None, no_sketch).refined(picture, known, ())
    assert made.picture is picture and made.finer is None


def test_a_ring_is_refined_as_the_means_of_its_finer_pixels():
    rings, picture = RefinedRings(lambda: checkered, no_sketch), ring()
    known = np.ones((ROWS, COLUMNS), bool)
    known[0] = False
    made = rings.refined(picture, known, ())
    small, fine = made
    assert fine is not None
    means = fine.reshape(3, len(picture[0]), FINER, -1, FINER).astype(np.float32).mean((2, 4))
    assert means[:, CELL:] == pytest.approx(small[:, CELL:], abs=1e-3)
    rows = fine[:, FINER * CELL :].reshape(3, -1, FINER, FINER * len(picture[0][0]))
    assert (rows[:, :, 0] > rows[:, :, 1]).mean() > 0.9, "no detail is lost"


def checkered(given: Tensor) -> Tensor:
    """Return what makes every other row of a picture brighter."""
    change = torch.zeros_like(smooth(given[:, :3]))
    change[:, :, ::2] += 0.3
    return change


def test_cells_are_settled_that_stay_as_they_are_refined_when_more_is_known():
    known = np.zeros((ROWS, COLUMNS), bool)
    known[:6, :12] = True  # a whole tile, all of what is beside it on one side
    known[:6, -1] = True
    assert settled(known)[:6, :10].all()
    assert not settled(known)[:, 10:].any()
    known[:, -1] = False
    assert not settled(known).any()
