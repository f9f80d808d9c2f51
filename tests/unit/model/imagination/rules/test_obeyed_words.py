"""With the shipped weights, plans show what descriptions name: there, in sight, and as many."""

import pytest

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.imagination import Coder, load_imagination
from mag_sandbox.model.imagination.rules.plans import away, shown_shares
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS
from mag_sandbox.model.pocket.loading import painting_features, read_words
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, read_config
from mag_sandbox.scenes.color_names import color_name

SEEN = 0.3  # share of a thing


@pytest.fixture(scope="module")
def plan():
    def never(*_):
        raise AssertionError("plans need no pictures")

    imagination = load_imagination(IMAGINATION_WEIGHTS, Coder(never, never, 16), matmul_attention)
    features = painting_features(IMAGINATION_WEIGHTS, read_config(POCKET_WEIGHTS), known={})
    words = read_words(IMAGINATION_WEIGHTS)

    def planned(text, seed):
        wanted = Wanted.of(text, words, imagination.config.looks)
        return imagination.plan(features(text), features(""), seed, wanted), wanted.named

    return planned


@pytest.mark.parametrize(
    "text", ["two red cars", "the moon over a garden with a hill and sunflowers"]
)
def test_live_words_are_in_the_plan_in_their_number_and_colour(plan, text):
    things, named = plan(text, 1)
    shares = shown_shares(things)
    assert named
    for one in named:
        shown = [
            thing
            for thing, share in zip(things, shares, strict=True)
            if thing.kind in one.kinds and share > SEEN
        ]
        hidden = sum(thing.kind in one.kinds for thing in things) - len(shown)
        assert len(shown) >= min(one.least, 2), one
        assert one.most is None or len(shown) + hidden == one.most, one
        if one.color:
            names = {color_name(thing.color) for thing in shown}
            assert names == {color_name(one.color)}


def test_what_swims_above_land_is_in_the_sky_without_water_for_it(plan):
    things, _ = plan("a whale swims above a city under the stars", 1)
    swims = {"whale", "ship", "sailing ship"}
    (there,) = [one for one in things if one.kind in swims and away(one) < 40.0]
    assert there.foot > 10.0
    assert "lake" not in {one.kind for one in things}


def test_weather_and_places_are_as_words_say(plan):
    things, _ = plan("rain on a long beach", 1)
    assert {"falling rain", "sea"} <= {thing.kind for thing in things}
