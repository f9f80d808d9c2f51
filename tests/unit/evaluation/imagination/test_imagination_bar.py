"""The bar for things: its measures tell what they should, and a run says so in a table."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from mag_sandbox.evaluation.imagination import bar, scenes, telling
from mag_sandbox.evaluation.imagination.answers import Judges, answerable, ask, color_of, standing
from mag_sandbox.evaluation.imagination.bar import (
    BARS,
    among,
    distance,
    lines_of,
    measure,
    opposite_likeness,
    play,
)
from mag_sandbox.evaluation.imagination.scenes import (
    KINDS,
    PLAIN,
    WALLS,
    SceneViews,
    expected,
    shown_walls,
)
from mag_sandbox.evaluation.imagination.telling import told_apart
from mag_sandbox.evaluation.judge.close_look import CloseLook, Looked, Namer, ThingBox
from mag_sandbox.evaluation.judge.judge import Judge, JudgedView, found, full_vocabulary, shape_for
from mag_sandbox.evaluation.judge.segmenter import Segmenter
from mag_sandbox.evaluation.options import ImaginationOptions
from mag_sandbox.evaluation.results.store import ClipStore
from mag_sandbox.renderer.captions import named_groups, named_in
from mag_sandbox.renderer.render import render
from mag_sandbox.renderer.views import view_at
from tests import rendered_worlds
from tests.rendered_worlds import FrozenWorld, PerfectWorld

asked_scene = cache(scenes.asked_scene)  # tests ask for the same ones
WORDS = full_vocabulary()
SMALL = replace(shape_for(WORDS), widths=(4, 8, 8, 8), blocks=1)
RNG = np.random.default_rng


@cache
def pixels_of(category: str, seed: int) -> np.ndarray:
    return render(category, seed).pixels


@pytest.fixture(autouse=True)
def version_3(monkeypatch):
    monkeypatch.setattr(rendered_worlds, "ring", pixels_of)
    monkeypatch.setattr(bar, "asked_scene", asked_scene)


def _sight(names: dict[str, int], colors: dict[str, str] | None = None) -> JudgedView:
    """One view of 24 x 40 cells that shows so many cells of each class, each in one colour."""
    cells, paints, start = np.zeros(960, int), np.zeros(960, int), 0
    for name, count in names.items():
        cells[start : start + count] = WORDS.name_index(name)
        if colors and name in colors:
            paints[start : start + count] = WORDS.colors.index(colors[name])
        start += count
    answers = np.zeros((1, len(WORDS.questions)), int)  # the first value of each question
    shape = (1, 24, 40)
    sure = np.ones(shape, np.float32)
    named, painted = cells.reshape(shape), paints.reshape(shape)
    return JudgedView(named, sure, painted, *np.zeros((2, 1, 4)), answers)


def test_things_are_found_where_enough_cells_show_them():
    sight = _sight({"palm": 40, "boat": 1})
    assert dict(found(sight, WORDS)) == {"palm": 40}
    values = {"weather": "clear", "light": "dim"}
    asked = ask(sight, WORDS, {"palm": None, "boat": None, "tent": None}, values)
    assert asked.things == {"palm": True, "boat": False, "tent": False}
    assert asked.attributes == {"weather": True, "light": False}


def test_a_colour_counts_with_its_own_thing():
    sight = _sight({"sofa": 30, "armchair": 20}, {"sofa": "red", "armchair": "blue"})
    assert color_of(sight, WORDS, "sofa") == "red"
    asked = ask(sight, WORDS, {"sofa": "blue", "armchair": "blue", "door": "red"}, {})
    assert asked.colors == {"sofa": False, "armchair": True}  # no door, so no colour of it


class _Eyes:
    """A close look that is as sure of a thing as the red of its box's middle says."""

    def looked(self, frame: np.ndarray, boxes: list[ThingBox]) -> list[Looked]:
        middles = [frame[int(box.top + 4), int(box.left + 4)] for box in boxes]
        colors = frozenset(("blue", "teal")), frozenset(("red",))
        return [Looked(red / 255, colors[0 if blue else 1]) for red, _, blue in middles]


def test_things_that_are_said_to_stand_somewhere_are_looked_for_there():
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    frames[0, :8, :8], frames[1, :8, :8] = (100, 0, 0), (200, 0, 9)
    boxes = [ThingBox("sofa", 0, 0, 8, 8), ThingBox("palm", 20, 20, 8, 8)]
    shown = SceneViews(frames, [boxes, boxes[:1]])
    stands = standing(_Eyes(), shown, {"sofa", "palm"})
    assert stands == {"sofa": {"blue", "teal"}}  # the surer one
    assert standing(_Eyes(), SceneViews(frames, None), {"sofa"}) is None
    sight = _sight({"palm": 40, "sea": 40})
    classes = {"sofa": "blue", "palm": None, "sea": None}
    asked = ask(sight, WORDS, classes, {}, stands)
    assert asked.things == {"sofa": True, "palm": False, "sea": True}
    assert asked.colors == {"sofa": True}
    assert ask(sight, WORDS, {"sofa": "red"}, {}, stands).colors == {"sofa": False}


def test_boxes_of_renders_are_where_the_things_are():
    scene = asked_scene(1, 0)
    for yaw in WALLS:
        ids = view_at(scene.ring.ids, yaw, 0.0)
        things = {thing.index: thing.name for thing in scene.ring.things}
        for box in scene.boxes(yaw):
            rows = slice(max(int(box.top), 0), int(box.top + box.height) + 2)
            columns = slice(max(int(box.left), 0), int(box.left + box.width) + 2)
            assert box.kind in {things.get(one) for one in np.unique(ids[rows, columns])}
            assert 0 < box.share_in(192, 320) < 1.001


def test_what_hardly_shows_is_not_asked_for():
    for index in range(4):
        scene = asked_scene(index, 0)
        ids = view_at(scene.ring.ids, 0.0, 0.0)
        for name in expected(scene, all_around=False):
            things = [thing.index for thing in scene.things if thing.name == name]
            assert np.isin(ids, things).sum() >= PLAIN
        bare = replace(scene, ring=replace(scene.ring, ids=np.zeros_like(scene.ring.ids)))
        assert expected(bare, all_around=True) == {}


def test_captions_ask_for_what_they_name():
    for index in range(8):
        scene = asked_scene(index, 0)
        classes = expected(scene, all_around=True)
        assert expected(scene, all_around=False).keys() <= classes.keys()
        layout = scene.ring.layout
        spoken = named_in(scene.caption, layout)
        assert spoken == scene.named
        meant = {thing.name for thing in scene.ring.things if thing.attribute in spoken}
        meant |= {layout.attributes.get(name) for name in spoken}
        assert classes.keys() <= meant
        assert all(one is None or one in scene.caption.lower() for one in classes.values())
        well = tuple(replace(question, accuracy=1.0) for question in WORDS.questions)
        facts = answerable(replace(WORDS, questions=well), scene)
        assert facts == {name: layout.attributes[name] for name in facts}
        assert facts.keys() == spoken & {question.name for question in well}
        assert answerable(WORDS, scene) == {}  # the judge does not know how well it answers


def test_a_turn_shows_the_four_walls(tmp_path):
    scene = asked_scene(0, 0)
    walls, boxes = shown_walls(PerfectWorld(), scene, "prompt", tmp_path)
    assert boxes is None  # it does not say
    assert np.abs(walls.astype(int) - scene.walls()).mean() < 1
    assert np.array_equal(walls[0], scene.view(0.0))
    frozen, _ = shown_walls(FrozenWorld(), scene, "image", tmp_path)
    assert np.array_equal(frozen[0], frozen[2])
    assert list(tmp_path.glob("*.png"))


def test_walls_are_judged_as_they_show_at_rest(tmp_path):
    class LateWorld(PerfectWorld):
        """Shows what it painted at rest some blocks later."""

        def step(self, control):
            block = super().step(control)
            self.rested = 0 if control.camera.yaw else self.rested + 1
            return block if self.rested > 6 else replace(block, frames=block.frames // 2)

    scene = asked_scene(0, 0)
    walls, _ = shown_walls(LateWorld(), scene, "prompt", tmp_path)
    assert np.abs(walls.astype(int) - scene.walls()).mean() < 1


def test_opposite_walls_that_are_the_same_are_more_alike():
    ring = np.random.default_rng(0).integers(0, 255, (24, 320, 3), np.uint8)
    ring = np.repeat(ring, 4, axis=1)  # neighbouring columns are alike
    walls = np.stack(np.split(ring, 4, axis=1))
    assert opposite_likeness(walls[[0, 1, 0, 1]]) > opposite_likeness(walls) + 20


def test_distances_grow_with_what_differs():
    scenes = np.arange(60)
    rendered, others = RNG(0).normal(size=(60, 8)), RNG(1).normal(size=(60, 8))
    near = distance(RNG(2).normal(size=(60, 8)), rendered, others, scenes)
    far = distance(RNG(2).normal(3.0, 0.3, (60, 8)), rendered, others, scenes)
    assert near["ratio"] < 3 < far["ratio"]
    assert near["ratio_interval"][0] < near["ratio"] < near["ratio_interval"][1]
    assert near["precision"] > 0.4 > far["precision"]
    assert among(rendered, rendered) == 1.0
    one_of_each = np.repeat(rendered[:1], 60, axis=0) + RNG(3).normal(0, 1e-3, (60, 8))
    narrow = distance(one_of_each, rendered, others, scenes)
    assert narrow["precision"] == 1.0  # all are among renders, and hardly a render is among them
    assert narrow["recall"] < 0.1


def test_views_are_told_from_renders_by_their_looks_alone(monkeypatch):
    monkeypatch.setattr(telling, "STEPS", 20)
    judge = Judge(Segmenter(SMALL), WORDS)
    renders = RNG(0).integers(0, 255, (16, 64, 96, 3), np.uint8)
    grey = np.full_like(renders, 128)
    assert told_apart(grey, renders, judge, [0])["mean"] > 0.9
    assert told_apart(renders, renders, judge, [0])["mean"] == 0.5  # right about one of two alike


def test_captions_of_what_stands_ahead_name_nothing_that_stands_behind():
    for index in range(8):
        scene = asked_scene(index, 0, ahead=True)
        groups = {one.group: one for one in named_groups(scene.ring.layout)}
        told = [groups[name] for name in scene.named & groups.keys()]
        assert all(one.ahead > one.count / 2 for one in told)
    assert "celestial" not in asked_scene(11, 719, ahead=True).named, "the sun is behind"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"prompts": 4}, "prompts is 4"),
        ({"prompts": 8, "rings": 9}, "rings is 9"),
        ({"told": 7}, "told is 7"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_senseless_settings_are_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        ImaginationOptions(**settings)


def test_a_run_measures_everything_and_says_it(tmp_path, monkeypatch):
    torch.manual_seed(0)
    judge, close = Judge(Segmenter(SMALL), WORDS), CloseLook(Namer(Segmenter(SMALL)), WORDS)
    monkeypatch.setattr(telling, "STEPS", 2)
    options = ImaginationOptions(prompts=8, rings=4, told=8, sheet=tmp_path / "s.png")
    store = ClipStore(tmp_path / "kept", {"seed": 0})
    invented = play(options, PerfectWorld, store)
    result = measure(options, invented, PerfectWorld(), Judges(judge, close))
    again = play(options, None, store)  # read from where it was kept; no world is opened
    assert np.array_equal(again.firsts.frames, invented.firsts.frames)
    assert np.array_equal(again.told, invented.told)
    for kind in KINDS:
        assert np.array_equal(again.rings[kind].frames, invented.rings[kind].frames)
        assert again.rings[kind].boxes == invented.rings[kind].boxes
    (tmp_path / "kept" / "views" / "0001-image.npy").write_bytes(b"cut")
    with pytest.raises(TypeError):  # the damaged one is invented again
        play(options, None, store)
    assert result["opposite_db"]["prompt"]["mean"] == pytest.approx(0, abs=2)
    assert set(result["bars"]) == set(BARS)
    assert {f"image_{yaw:g}" for yaw in WALLS[1:]} <= result["detail"].keys()
    assert 0 < result["detail"]["first"]["mean"] < 1  # this world's codec adds noise
    assert 0 <= result["told"]["renders"]["mean"] <= 1
    table = "\n".join(lines_of(result))
    for name in BARS:
        assert name in table
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "s-rings.png", "s.png"]
