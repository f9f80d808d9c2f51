"""Views that are invented: exact replays, what is known stays, rings that close."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.config import ImaginationConfig
from mag_sandbox.model.imagination.imagination import Imagination, Subject
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.model.imagination.surroundings import Lattice, Place, Surroundings
from mag_sandbox.model.imagination.weights import load_networks, save_networks
from mag_sandbox.model.world import MissingWeights
from tests.unit.model.imagination.tiny import TINY, imagination, networks, prompts

CELL = 360 / 16  # degrees
STEP = 3 * CELL  # half a view


def at(yaw: float) -> CameraPose:
    return CameraPose(yaw % 360)


def round_trip(made: Imagination, seed: int = 1) -> Surroundings:
    prompt, empty = prompts()
    around, things = made.nothing(), made.plan(prompt, empty, seed)
    for view in range(6):
        around = made.imagine(around, at(view * STEP), Subject(prompt, seed, things))
    return around


def same(a: Surroundings, b: Surroundings) -> bool:
    return np.array_equal(a.known, b.known) and np.array_equal(a.latents, b.latents)


def test_a_replay_is_the_same_to_the_bit_and_another_seed_is_not():
    first, again, other = (round_trip(imagination(), seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not np.array_equal(first.latents, other.latents)


def test_a_plan_of_a_night_is_drawn_anew_where_words_say_day(monkeypatch):
    night = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0, (38, 64, 140))
    day = replace(night, color=(140, 192, 243))
    plans = iter([night, night, day, night, day])
    made = imagination()
    planner = made._networks.planner
    monkeypatch.setattr(planner, "plan", lambda *told: [next(plans)])
    assert made.plan(*prompts(), 1, Wanted(by_day=True)) == (day,)
    assert made.plan(*prompts(), 1, Wanted()) == (night,)


def test_what_nearer_things_cover_is_not_visible_and_rain_covers_nothing():
    made, tent = imagination(), PlacedObject("tent", 90.0, 0.0, 60.0, 60.0)
    made._networks.painter.objects.sprites[0].table.fill_(1.0)  # all of each box and more
    hidden, aside = replace(tent, width=40.0, height=40.0), replace(tent, yaw=270.0)
    rain = replace(tent, kind="falling rain")
    assert made.visible((hidden, aside, tent, rain)) == (1, 2)


@pytest.mark.parametrize("is_water", [True, False])
def test_water_is_seen_that_shows_less_of_itself_than_other_things_must(is_water, monkeypatch):
    monkeypatch.setattr(f"{Imagination.__module__}.WATERS", {"tent"} if is_water else set())
    made, tent = imagination(), PlacedObject("tent", 90.0, 0.0, 60.0, 60.0)
    made._networks.painter.objects.sprites[0].table.fill_(1.0)  # all of each box
    behind = replace(tent, yaw=78.0)
    assert (0 in made.visible((behind, tent))) is is_water


def test_the_sketch_of_a_whole_ring_shows_both_halves_of_what_stands_at_its_seam():
    made = imagination()
    size, whole = made.ring_size[1], made.lattice.whole
    beside = Place(-1, -1, whole.rows + 2, whole.columns + 2)
    tent = PlacedObject("tent", 0.0, 0.0, 4 * CELL, 3 * CELL, (200, 60, 40))
    middle = replace(tent, yaw=180.0)
    for place in (whole, beside):
        at_seam, ahead = (
            made.drawn_sketch([one], place, (0.0, 0.0))[..., -place.left * made.stride :]
            for one in (tent, middle)
        )
        turned = np.roll(ahead[..., :size], size // 2, axis=2)
        assert np.allclose(at_seam[..., :size], turned, atol=1e-5)


def test_a_sketch_is_within_the_range_of_colors_where_its_sprites_are_not(monkeypatch):
    made = imagination()
    draw = made._sketcher.draw

    def brighter(*given):
        sketch, owners = draw(*given)
        return sketch._replace(picture=3 * sketch.picture + 1), owners

    monkeypatch.setattr(made._sketcher, "draw", brighter)
    tent = PlacedObject("tent", 0.0, 0.0, 4 * CELL, 3 * CELL, (250, 60, 40))
    sketch = made.drawn_sketch([tent], made.lattice.whole, (0.0, 0.0))
    assert 0 <= sketch.min() < sketch.max() == 1


def test_what_words_say_is_not_there_is_not_planned(monkeypatch):
    night = PlacedObject("low sky", 0.0, 9.0, 360.0, 20.0)
    tent = PlacedObject("tent", 0.0, 0.0, 20.0, 20.0)
    made = imagination()
    monkeypatch.setattr(made._networks.planner, "plan", lambda *told: [night, tent])
    assert made.plan(*prompts(), 1) == (night, tent)
    assert made.plan(*prompts(), 1, Wanted(absent=("tent",))) == (night,)
    assert made.plan(*prompts(), 1, Wanted(absent=("tent",)), shown=[tent]) == (night, tent)


@pytest.mark.parametrize("other", [2, 1 + 2**32, 1 + 2**44])
def test_seeds_that_differ_in_any_bit_paint_other_views(other: int):
    """What was forgotten, and what is changed, are counted in the upper bits."""
    made, told = imagination(), prompts()
    first, second = (
        made.imagine(made.nothing(), at(0), Subject(told[0], seed)) for seed in (1, other)
    )
    assert not same(first, second)


def test_what_is_known_of_a_view_stays_to_the_bit():
    made, told = imagination(), prompts()
    first = made.imagine(made.nothing(), at(0), Subject(told[0], 1))
    second = made.imagine(first, at(STEP), Subject(told[0], 1))
    assert np.array_equal(second.latents[:, first.known], first.latents[:, first.known])
    assert second.known.sum() > first.known.sum()


def test_what_is_known_is_never_learned_again():
    first = Surroundings.unknown(8, 16, 3).learned(Place(2, 0, 4, 6), np.ones((3, 4, 6), "f"))
    second = first.learned(Place(2, 3, 4, 6), np.full((3, 4, 6), 2.0, np.float32))
    assert (second.latents[:, first.known] == 1).all()
    assert (second.latents[:, second.known & ~first.known] == 2).all()


def test_cells_that_were_shown_are_told_from_painted_ones_also_in_snapshots():
    nothing = Surroundings.unknown(8, 16, 3)
    place, beside = Place(2, 0, 4, 6), Place(2, 6, 4, 6)
    shown = nothing.learned(place, np.ones((3, 4, 6), "f"))
    shown = replace(shown, given=shown.known)
    both = shown.learned(beside, np.ones((3, 4, 6), "f"))
    again = both.without(both.mask(place)).learned(place, np.ones((3, 4, 6), "f"))
    assert np.array_equal(both.painted, both.mask(beside))
    assert np.array_equal(again.painted, again.known)
    assert not again.equals(both)
    assert both.replaced(both.mask(place), again).equals(again)
    assert Surroundings.of(both.states, both.latents).equals(both)
    assert not both.at(place).painted.any()


def test_the_prompt_is_painted():
    made = imagination()
    told, other = (made.imagine(made.nothing(), at(0), Subject(one, 1)) for one in prompts())
    assert not same(told, other)


def test_the_ring_closes_with_the_views_it_began_with():
    made, told = imagination(), prompts()
    first = made.imagine(made.nothing(), at(0), Subject(told[0], 1, made.plan(*told, 1)))
    around = round_trip(made)
    assert around.known[2:6].all()
    place = made.lattice.place(at(0))
    assert np.array_equal(around.at(place).latents, first.at(place).latents)
    assert made.imagine(around, at(0), Subject(told[0], 9)) is around


def test_what_is_painted_is_told_of_the_things_that_stand_there_and_of_no_others():
    made, told = imagination(), prompts()

    def painted(*things: PlacedObject) -> Surroundings:
        return made.imagine(made.nothing(), at(0), Subject(told[0], 1, things))

    tent = PlacedObject("tent", 0.0, 0.0, 2 * CELL, 2 * CELL)
    assert not same(painted(tent), painted())
    assert same(painted(replace(tent, yaw=180.0)), painted())


def test_both_colours_of_a_thing_are_painted():
    made, told = imagination(), prompts()
    tent = PlacedObject("tent", 0.0, 0.0, 2 * CELL, 2 * CELL, (200, 30, 90), (190, 40, 90))
    things = tent, replace(tent, color=(30, 90, 200)), replace(tent, mean_color=(40, 90, 190))
    first, *others = (
        made.imagine(made.nothing(), at(0), Subject(told[0], 1, [one])) for one in things
    )
    assert not any(same(first, other) for other in others)


def test_a_given_picture_is_continued_not_changed():
    made = imagination()
    latents = torch.randn(1, 3, 4, 6, generator=torch.Generator().manual_seed(3))
    given = made.seen(made.nothing(), at(0), latents)
    around = made.imagine(given, at(STEP), Subject(prompts()[0], 1))
    place = made.lattice.place(at(0))
    assert np.array_equal(around.at(place).latents, given.at(place).latents)


def test_a_view_that_is_not_known_cannot_be_had():
    made = imagination()
    with pytest.raises(ValueError, match="is not known; imagine it first"):
        made.view(made.nothing(), at(0))


def test_the_nearest_pose_on_the_lattice_is_on_it():
    lattice = imagination().lattice
    near = lattice.nearest(CameraPose(359.0, 40.0))
    assert near.yaw == 0.0
    assert lattice.place(near) == Place(top=0, left=-3, rows=4, columns=6)
    with pytest.raises(ValueError, match="is not on the lattice"):
        lattice.place(CameraPose(3.0))


def test_weights_and_architecture_come_back_from_their_folder(tmp_path: Path):
    saved = networks()
    for sprites in saved.painter.objects.sprites:
        nn.init.zeros_(sprites.table[5:9])  # nothing has these looks
    save_networks(tmp_path, saved)
    loaded = load_networks(tmp_path, matmul_attention)
    assert loaded.config == TINY
    for name, module in loaded.parts().items():
        expected = saved.parts()[name].state_dict()
        for key, value in module.state_dict().items():
            torch.testing.assert_close(value, expected[key], atol=1e-2, rtol=1e-2)


def test_weights_of_another_architecture_are_refused(tmp_path: Path):
    save_networks(tmp_path, networks())
    other = replace(TINY, planner=replace(TINY.planner, ffn_dim=48))
    (tmp_path / "config.json").write_text(json.dumps(asdict(other)))
    with pytest.raises(MissingWeights, match="of another architecture"):
        load_networks(tmp_path, matmul_attention)


def test_a_configuration_with_too_many_kinds_is_refused():
    with pytest.raises(ValueError, match="do not fit a table"):
        ImaginationConfig(kinds=tuple(map(str, range(400))), behind={}, among={})


def test_unknown_ground_is_found_near_a_yaw():
    lattice = Lattice(rows=24, columns=80, view=(12, 20))
    known = np.zeros((24, 80), bool)
    assert lattice.free_yaw(known, 117.0) == pytest.approx(117.0, abs=lattice.cell / 2)
    known[:, :40] = True
    assert lattice.free_yaw(known, 100.0) == 202.5  # three quarters of its view are unknown
    assert lattice.free_yaw(known, 20.0) == 337.5
    known[:] = True
    assert lattice.free_yaw(known, 117.0) == 117.0
    known[0] = False  # above level views
    assert lattice.free_yaw(known, 117.0) == 117.0


def test_a_box_of_degrees_becomes_whole_cells_within_a_view():
    lattice = Lattice(rows=24, columns=80, view=(12, 20))
    for yaw, pitch, width, height in [(0, 0, 20, 10), (359, 50, 60, 30), (47.3, -54, 4, 4)]:
        place = lattice.box(yaw, pitch, width, height)
        assert place.top >= 0
        assert place.top + place.rows <= 24
        view = lattice.place(lattice.around(place))
        aside = (place.left - view.left) % 80
        assert 0 <= aside <= 20 - place.columns
        assert 0 <= place.top - view.top <= 12 - place.rows
        if abs(pitch) + height / 2 <= 54:
            middle = (place.left + place.columns / 2) * lattice.cell
            assert abs((middle - yaw + 180) % 360 - 180) <= lattice.cell
            assert place.columns * lattice.cell >= width
            assert place.rows * lattice.cell >= height


def test_a_place_is_painted_anew_and_all_else_stays_to_the_bit():
    made, told = imagination(), prompts()
    around = round_trip(made)
    place = Place(2, 3, 2, 4)
    tent = PlacedObject("tent", 5 * CELL, CELL, 2 * CELL, 2 * CELL, (255, 0, 0))
    painted = made.repainted(around, place, around.mask(place), Subject(told[0], 9, [tent]))
    assert not same(painted, made.repainted(around, place, around.mask(place), Subject(told[0], 9)))
    there = around.mask(place)
    assert painted.known[there].all()
    assert not np.array_equal(painted.latents[:, there], around.latents[:, there])
    assert np.array_equal(painted.known[~there], around.known[~there])
    assert np.array_equal(painted.latents[:, ~there], around.latents[:, ~there])
    assert same(painted.replaced(there, around), around)


def test_beside_a_place_stands_what_is_known_there_or_else_what_is_nearest():
    numbers = np.arange(4 * 6, dtype=np.float32).reshape(1, 4, 6)
    known = np.ones((4, 6), bool)
    known[:, 3] = False
    around = Surroundings(known, numbers)
    beside = around.beside(Place(top=0, left=-1, rows=2, columns=4), 1)[0]
    assert beside.tolist() == [
        [4, 5, 0, 1, 2, 2],
        [4, 5, 0, 1, 2, 2],
        [10, 11, 6, 7, 8, 8],
        [16, 17, 12, 13, 14, 14],
    ]
