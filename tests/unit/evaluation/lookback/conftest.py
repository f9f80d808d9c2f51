"""What tests of the memory benchmark share: a scene."""

import pytest

from mag_sandbox.evaluation.lookback.playing import drawn_scene
from mag_sandbox.evaluation.lookback.tasks import SceneSplit
from mag_sandbox.evaluation.quality import scenes
from mag_sandbox.renderer.render import category_of

INDEX = 15  # of the one scene that is drawn: a game in which things move
SECRET = b"a secret of the tests"


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes, "RINGS", 200)  # tests look at the same moments
        patch.setattr(scenes, "MOMENTS", scenes.MOMENTS[3::4])
        drawn = drawn_scene(category_of(INDEX), SceneSplit(SECRET).scene(INDEX), INDEX, folder)
        assert drawn.parts is not None, "it moves"
    return drawn
