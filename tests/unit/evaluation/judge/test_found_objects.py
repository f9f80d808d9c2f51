"""Captioned objects are sought in what is invented, in renders, and where nobody asked for them."""

import numpy as np

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.bench.clips import held_out_scene
from mag_sandbox.evaluation.bench.imagination import Views
from mag_sandbox.evaluation.bench.invented_clips import InventedScene, found_objects, object_scores


class SharpJudge:
    """Finds furniture in one scene's views, and nothing anywhere else."""

    def __init__(self, views: list[np.ndarray], furniture: str) -> None:
        self.views, self.furniture = views, furniture

    def objects_in(self, views: np.ndarray) -> dict[str, str]:
        known = all(any(np.array_equal(one, own) for own in self.views) for one in views)
        return {"indoor.furniture": self.furniture if known else "none"}


def test_objects_are_counted_beside_the_renderers_and_chance(tmp_path):
    scene, other = (held_out_scene(index, 0, tmp_path) for index in (0, 4))  # rooms
    asked = InventedScene(scene, (), ("indoor.furniture",), other)
    poses = [CameraPose(yaw=90.0), CameraPose(yaw=120.0)]
    own, others = ([one.view(pose, 0) for pose in poses] for one in (scene, other))
    judge = SharpJudge(own, scene.truth("furniture"))
    found = found_objects(Views(own, own, others), asked, judge)
    assert found == {"indoor.furniture": {"found": 1.0, "renders": 1.0, "chance": 0.0}}
    assert object_scores(found) == {
        "objects_percent": 100.0, "objects_renders_percent": 100.0, "objects_chance_percent": 0.0,
    }  # fmt: skip
    lost = found_objects(Views(others, own, others), asked, judge)
    assert object_scores(lost)["objects_percent"] == 0.0
    assert set(object_scores({}).values()) == {None}
