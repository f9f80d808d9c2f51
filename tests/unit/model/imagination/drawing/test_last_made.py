"""What was made last is not made again."""

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.imagination.drawing.last_made import LastMade
from mag_sandbox.model.imagination.surroundings import Place, Surroundings
from mag_sandbox.model.pocket.painting.painted_pictures import remembering


def test_the_values_asked_for_last_are_kept():
    made, last = list[str](), LastMade[str](most=2)

    def found(name: str) -> str:
        return last.found(name.encode(), lambda: made.append(name) or name)

    assert [found(name) for name in "abab"] == list("abab")
    assert made == ["a", "b"]
    found("a")
    found("c")  # b goes
    found("a")
    assert made == ["a", "b", "c"]
    found("b")
    assert made == ["a", "b", "c", "b"]


def test_a_place_that_looks_as_it_did_is_decoded_once():
    rng, decoded = np.random.default_rng(1), list[Place]()
    latents = rng.normal(size=(2, 8, 16)).astype(np.float32)
    whole = Surroundings(np.ones((8, 16), bool), latents)

    def decode(around: Surroundings, place: Place) -> Tensor:
        decoded.append(place)
        return torch.from_numpy(around.at(place).latents[None])

    picture = remembering(decode)
    here, beside = Place(2, 2, 2, 2), Place(2, 5, 2, 2)
    picture(whole, here)
    far = np.zeros_like(whole.known)
    far[:, 10:] = True
    picture(whole.without(far), here)
    assert len(decoded) == 1, "the rest is no matter"
    near = np.zeros_like(whole.known)
    near[:, 5] = True
    picture(whole.without(near), here)
    picture(whole, beside)
    assert decoded == [here, here, beside]


def test_a_value_of_none_is_made_once():
    made = LastMade[None](2)
    asked = []
    for _ in range(2):
        assert made.found(b"nothing", lambda: asked.append(1)) is None
    assert len(asked) == 1
