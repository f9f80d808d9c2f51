"""Norms that a picture network learns with, and plays without."""

import copy

import torch

from mag_sandbox.model.pocket.pictures.animator import PictureNetwork
from mag_sandbox.training.pocket.stage_animator import add_norms, fold_norms
from tests.tiny import randomise


def network() -> PictureNetwork:
    torch.manual_seed(0)
    return PictureNetwork((3, 2), 1, (4, 6), (1, 2), clock=4)


def seen(seed: int) -> tuple[torch.Tensor, ...]:
    draw = torch.Generator().manual_seed(seed)
    shapes = (2, 3, 32, 40), (2, 1, 8, 10), (2, 4)
    return tuple(torch.rand(shape, generator=draw) for shape in shapes)


def test_folded_norms_leave_the_pictures_as_they_were():
    learned = network()
    add_norms(learned)
    randomise(learned, 3, gain=0.5)
    for seed in range(3):  # so that means and variances are those of some pictures
        learned(*seen(seed))
    learned.eval()
    folded = copy.deepcopy(learned)
    fold_norms(folded)
    assert folded.state_dict().keys() == network().state_dict().keys()
    given = seen(9)
    expected = learned(*given)
    assert expected.abs().max() > 0.1
    torch.testing.assert_close(folded(*given), expected)


def test_with_norms_it_still_begins_as_zero():
    learned = network()
    add_norms(learned)
    assert not learned(*seen(1)).any()
