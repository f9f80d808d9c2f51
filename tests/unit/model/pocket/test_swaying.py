"""Creatures sway with planted feet, and everything else rests to the bit."""

import torch

from mag_sandbox.model.pocket.pictures.animator import Moments
from mag_sandbox.model.pocket.pictures.cells import CELL, cells_of, pixels_of
from mag_sandbox.model.pocket.pictures.swaying import swayed, swaying

HEIGHT, WIDTH = 96, 160
TOP, BOTTOM, LEFT, RIGHT = 24, 72, 80, 100  # of the creature [px]
UPRIGHT, LEANING = 0.0, 16.0  # frames: a quarter of the way there and back


def moments(*times: float) -> Moments:
    poses = torch.tensor([[0.0, 0.0, 45.0]] * len(times), dtype=torch.float64)
    return Moments(poses, torch.tensor(times, dtype=torch.float64))


def share(top: int = TOP, bottom: int = BOTTOM) -> torch.Tensor:
    there = torch.zeros(1, 1, HEIGHT, WIDTH)
    there[..., top:bottom, LEFT:RIGHT] = 1.0
    return there


def pictures() -> torch.Tensor:
    """Return noise in which a creature stands."""
    drawn = torch.rand(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)) - 1
    return torch.where(share() > 0, 1.0, drawn)


def at(time: float, there: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    (bent,) = swayed([cells_of(picture)], swaying(cells_of(there)), moments(time))
    return pixels_of(bent)


def test_a_creature_leans_at_its_head_and_stands_on_its_feet():
    bent = at(LEANING, share(), pictures())[0]
    across = torch.arange(WIDTH, dtype=torch.float32)
    white = (bent.min(dim=0).values > 0.9).float()  # [H, W]
    middle = (white * across).sum(dim=1) / white.sum(dim=1)
    straight = (LEFT + RIGHT - 1) / 2
    assert middle[TOP + 6] - straight > 1.5
    assert abs(middle[BOTTOM - 2] - straight) < 1
    leaning = middle[TOP + 6 : BOTTOM - 1] - straight
    assert (leaning.diff() < 0.3).all()  # no cell is torn from the next one


def test_what_is_away_from_creatures_rests_to_the_bit():
    picture = pictures()
    bent = at(LEANING, share(), picture)
    away = slice(RIGHT + 8 * CELL, WIDTH)
    assert torch.equal(bent[..., away], picture[..., away])
    assert torch.equal(bent[..., BOTTOM + 8 * CELL :, :], picture[..., BOTTOM + 8 * CELL :, :])
    assert not torch.equal(bent, picture)


def test_at_the_beginning_creatures_stand_as_they_were_made():
    picture = pictures()
    assert torch.allclose(at(UPRIGHT, share(), picture), picture, atol=1e-4)


def test_what_is_too_small_to_be_a_creature_stands_still():
    picture = pictures()
    assert torch.equal(at(LEANING, share(BOTTOM - 2 * CELL, BOTTOM), picture), picture)
    assert torch.equal(at(LEANING, torch.zeros(1, 1, HEIGHT, WIDTH), picture), picture)


def test_two_creatures_lean_each_by_its_own_feet():
    """One farther away stands higher up: its feet do not slide for the sake of the other's."""
    there = share()
    there[..., 16:56, 16:36] = 1.0
    amount = swaying(cells_of(there))[0, 0]
    assert amount[54 // CELL, 24 // CELL] < 0.1
    assert amount[18 // CELL, 24 // CELL] > 0.5
    assert amount[70 // CELL, 88 // CELL] < 0.1
