"""The network that tells what stands out."""

import numpy as np
import torch

from mag_sandbox.model.imagination.reading.relief import ReliefReader

PITCHES = np.linspace(0.4, -0.4, 64)


def test_a_relief_has_the_shape_of_its_picture_and_finite_numbers():
    torch.manual_seed(0)
    reader, picture = ReliefReader().eval(), torch.rand(3, 64, 96) * 2 - 1
    relief, again = reader.read(picture, PITCHES), reader.read(picture, PITCHES)
    assert relief.stands.shape == relief.distance.shape == relief.edges.shape[1:] == (64, 96)
    assert all(np.isfinite(one).all() for one in relief)
    assert (relief.distance > 0).all() and ((relief.stands >= 0) & (relief.stands <= 1)).all()
    assert all((one == other).all() for one, other in zip(relief, again, strict=True))
