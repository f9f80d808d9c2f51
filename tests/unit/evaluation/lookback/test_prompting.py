"""Whether new ground is as it was described last."""

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.judge.judge import Judge
from mag_sandbox.evaluation.lookback.playing import drawn_scene
from mag_sandbox.evaluation.lookback.running import APART, another_place
from mag_sandbox.evaluation.lookback.tasks import SceneSplit
from mag_sandbox.renderer.render import category_of
from tests.unit.evaluation.lookback.conftest import INDEX, SECRET

YAW = 150.0


def test_what_is_asked_the_other_place_has_and_this_one_has_not(scene, tmp_path):
    drawn = {}

    def draw(index):
        number = SceneSplit(SECRET).scene(index)
        return drawn.setdefault(index, drawn_scene(category_of(index), number, index, tmp_path))

    judge = Judge.load()
    asked = another_place(scene, draw, INDEX, YAW, judge)
    assert asked is not None
    other = drawn[max(drawn)]
    assert max(drawn) % APART == INDEX % APART
    view = CameraPose(YAW)
    assert asked.share(other.view(view, 0), judge) == 1.0
    assert asked.share(scene.view(view, 0), judge) < 1.0
    own = scene.layout.attributes
    assert all(own.get(name) != value for name, value in asked.facts.items())
