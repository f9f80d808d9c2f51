"""Pictures of what is known around, kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mag_sandbox.model.imagination.ground import TILE, DecodedGround, RemadeGround, RingPiece
from mag_sandbox.model.imagination.surroundings import Place, Surroundings

ROWS, COLUMNS, STRIDE, BESIDE = 16, 40, 4, 2  # cells; px of one; neither side is whole tiles
STEPS = (4, 8)
PLACES = [Place(5, 3, 6, 11), Place(0, -4, 7, 9), Place(9, 36, 7, 12), Place(0, 0, 16, 40)]


def surroundings(seed: int = 1) -> Surroundings:
    latents = np.random.default_rng(seed).random((3, ROWS, COLUMNS), np.float32)
    return Surroundings(np.ones((ROWS, COLUMNS), bool), latents)


def decode(around: Surroundings, place: Place) -> Tensor:
    """Return a picture of cells that are flat: each the mean of those around it."""
    latents, side = around.beside(place, BESIDE), 2 * BESIDE + 1
    windows = np.lib.stride_tricks.sliding_window_view(latents, (side, side), axis=(1, 2))
    means = windows.mean(axis=(3, 4)).repeat(STRIDE, axis=1).repeat(STRIDE, axis=2)
    return torch.from_numpy(means)[None]


class Counting:
    """Decodes, or remakes, and notes of what."""

    def __init__(self, make: Callable[..., Tensor]) -> None:
        self._make, self.asked = make, list[object]()

    def __call__(self, *asked: object) -> Tensor:
        self.asked.append(asked[-1])
        return self._make(*asked)


def decoded(made: Callable[..., Tensor] = decode) -> DecodedGround:
    return DecodedGround(made, BESIDE)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_decoded_wherever_it_lies(place):
    around = surroundings()
    piece = decoded().piece(around, place)
    assert piece.place == place
    assert torch.allclose(piece.picture, decode(around, place), atol=1e-6)


def test_a_camera_that_turns_adds_the_tiles_that_come_into_view():
    counting = Counting(decode)
    ground, around = decoded(counting), surroundings()
    for left in range(32):
        ground.piece(around, Place(0, left, TILE[0], TILE[1]))
    assert len(counting.asked) == COLUMNS // TILE[1]
    ground.piece(around, Place(0, 5, TILE[0], 30))
    assert len(counting.asked) == COLUMNS // TILE[1], "all of it is there"


def test_what_is_decoded_does_not_depend_on_what_was_asked_before():
    used, changing = decoded(), surroundings()
    for seed, place in enumerate([*PLACES, *PLACES]):
        changing = Surroundings(changing.known, changing.latents.copy())
        changing.latents[:, seed, 3 * seed] += 1.0
        piece = used.piece(changing, place)
        assert torch.equal(piece.picture, decoded().piece(changing, place).picture)


@pytest.mark.parametrize(
    ("row", "column", "tiles"), [(3, 4, 1), (6, 4, 2), (3, 9, 2), (7, 39, 4), (12, 28, 2)]
)
def test_a_tile_is_made_anew_when_a_cell_changes_that_it_depends_on(row, column, tiles):
    counting = Counting(decode)
    ground, around = decoded(counting), surroundings()
    whole = Place(0, 0, ROWS, COLUMNS)
    ground.piece(around, whole)
    before = len(counting.asked)
    latents = around.latents.copy()
    latents[1, row, column] = 9.0
    ground.piece(Surroundings(around.known, latents), whole)
    assert len(counting.asked) - before == tiles


def test_a_tile_is_made_anew_when_what_is_beside_it_becomes_known():
    counting = Counting(decode)
    ground, around = decoded(counting), surroundings()
    tile = Place(0, 0, *TILE)
    beside = around.mask(Place(0, TILE[1], TILE[0], 1))
    alone = ground.piece(around.without(beside), tile)
    assert not torch.equal(alone.picture, ground.piece(around, tile).picture)
    assert len(counting.asked) == 2


def brighter(piece: RingPiece) -> Tensor:
    return piece.picture + 1.0


def test_one_piece_is_remade_for_many_places():
    counting = Counting(brighter)
    ground, around = RemadeGround(decoded(), counting, STEPS), surroundings()
    for left in range(9, 13):
        piece = ground.piece(around, Place(5, left, 3, 4))
        assert piece.place == Place(4, 8, 4, 8)
        assert torch.equal(piece.picture, decoded().piece(around, piece.place).picture + 1.0)
    assert len(counting.asked) == 1


def test_what_was_remade_is_kept_until_it_looks_otherwise():
    counting = Counting(brighter)
    ground, around = RemadeGround(decoded(), counting, STEPS), surroundings()
    place = Place(4, 8, 4, 8)
    for column, more in ((30, 0), (16, 1), (12, 2)):
        latents = around.latents.copy()
        latents[:, 5, column] += 1.0
        ground.piece(around, place)
        ground.piece(Surroundings(around.known, latents), place)
        assert len(counting.asked) == 1 + more, "what changes elsewhere changes nothing here"


def test_a_place_is_widened_as_far_as_all_is_known():
    around = surroundings()
    assert around.widened(Place(5, 9, 2, 6), STEPS) == Place(4, 8, 4, 8)
    assert around.widened(Place(5, -3, 2, 6), STEPS) == Place(4, -8, 4, 16)
    assert around.widened(Place(4, 8, 4, 8), STEPS) == Place(4, 8, 4, 8)
    hole = around.without(around.mask(Place(4, 10, 1, 1)))
    assert hole.widened(Place(5, 9, 2, 6), STEPS) == Place(5, 8, 3, 8)
    wall = around.without(around.mask(Place(0, 15, 16, 1)))
    assert wall.widened(Place(5, 9, 2, 6), STEPS) == Place(4, 8, 4, 7)
    assert around.widened(Place(13, 1, 2, 39), STEPS) == Place(12, 0, 4, 40)


def test_the_known_part_of_a_place_is_decoded_and_the_rest_is_zero():
    around, whole = surroundings(), Place(0, 0, ROWS, COLUMNS)
    known = around.mask(Place(0, 0, *TILE)) | around.mask(Place(6, 32, *TILE))
    some = Surroundings(known, np.where(known, around.latents, 0))
    ground = decoded()
    assert ground.known(Surroundings(~around.known, around.latents), whole) is None
    picture = ground.known(some, whole)
    shown = known.repeat(STRIDE, axis=0).repeat(STRIDE, axis=1)
    assert not picture[..., torch.from_numpy(~shown)].any()
    part = Place(6, 32, 2 * TILE[0], TILE[1])
    top, left = STRIDE * part.top, STRIDE * part.left
    within = picture[..., top:, left : left + STRIDE * part.columns]
    assert torch.equal(ground.known(some, replace(part, rows=ROWS - 6)), within)


def test_tiles_are_as_large_as_asked_and_have_any_channels():
    counting = Counting(lambda around, place: decode(around, place).repeat(1, 2, 1, 1))
    ground = DecodedGround(counting, BESIDE, (8, 20))
    piece = ground.piece(surroundings(), Place(0, 0, ROWS, COLUMNS))
    assert piece.picture.shape[1] == 6
    assert len(counting.asked) == 4
