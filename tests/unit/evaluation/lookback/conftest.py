"""What tests of the memory benchmark share: a scene, whose views are drawn once."""

from functools import lru_cache

import pytest

from mag_sandbox.evaluation.lookback.playing import drawn_scene
from mag_sandbox.evaluation.lookback.tasks import SceneSplit
from mag_sandbox.evaluation.quality.scenes import HeldOutScene
from mag_sandbox.renderer.render import category_of

INDEX = 3  # of the one scene that is drawn: a game
SECRET = b"a secret of the tests"


@pytest.fixture(scope="session")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    return drawn_scene(category_of(INDEX), SceneSplit(SECRET).scene(INDEX), INDEX, folder)


@pytest.fixture(scope="module")
def drawn_once(scene):
    """Keep the views of the scene, which worlds and the benchmark draw again and again."""

    @lru_cache(1024)  # 190 MB
    def kept(pose, time):
        view = draw(scene, pose, time)
        view.setflags(write=False)
        return view

    draw = HeldOutScene.view
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            HeldOutScene,
            "view",
            lambda self, pose, time: kept(pose, time) if self is scene else draw(self, pose, time),
        )
        yield
