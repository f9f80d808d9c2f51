"""Training: things that are told are painted in other colours, and nothing else is."""

import numpy as np
import torch

from mag_sandbox.training.pictures.told_colors import bent, with_told_things

THERE = np.s_[10:30, 8:28]
TOLD = 2.0


def test_only_what_is_told_is_painted_in_other_colours():
    given = torch.rand(7, 40, 40, generator=torch.Generator().manual_seed(1))
    numbers = np.zeros((40, 40), np.int32)
    numbers[THERE] = 5
    given[-1] = torch.from_numpy((numbers > 0).astype(np.float32))
    several = [
        with_told_things(given, numbers, TOLD, np.random.default_rng(one)) for one in range(9)
    ]
    beside = np.ones((40, 40), bool)
    beside[9:31, 7:29] = False
    for one in several:
        assert torch.equal(one[3:6], given[3:6]), "the sketch stays"
        assert torch.equal(one[:, beside], given[:, beside])
        assert (one[-1][THERE] == TOLD).all()
    changed = [not torch.equal(one[:3], given[:3]) for one in several]
    assert any(changed)
    assert not all(changed), "some are painted as they are planned"


def test_bent_colours_are_others_and_grey_stays_grey():
    yellow, grey = torch.tensor([0.9, 0.7, 0.3]), torch.full((3,), 0.5)
    made = bent(torch.stack((yellow, grey), 1)[..., None], np.random.default_rng(3))[..., 0]
    assert (made[:, 0] - yellow).abs().max() > 0.1
    assert made[:, 1].std() < 1e-3
