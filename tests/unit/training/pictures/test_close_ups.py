"""Training of the network that shows things from near: pairs in place, a loss that forgives."""

from functools import cache

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.imagination.drawing.close_up import MOST, SCALE, CloseUp
from mag_sandbox.model.imagination.imagination import Coder, load_imagination
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.weights import CLOSE_UP, IMAGINATION_WEIGHTS
from mag_sandbox.model.pocket.weights import AUTOENCODER, POCKET_WEIGHTS, read_config
from mag_sandbox.renderer.alone import drawn_flat
from mag_sandbox.renderer.paint import paint
from mag_sandbox.renderer.render import HELD_OUT, category_of, lay_out
from mag_sandbox.renderer.setting import light_of
from mag_sandbox.training.pictures import close_ups
from mag_sandbox.training.pictures.close_ups import (
    OFTEN,
    CloseUpStage,
    CutOuts,
    ThingPair,
    chosen_scenes,
    differences,
)
from mag_sandbox.training.pictures.marked import head_of
from mag_sandbox.training.pictures.scene_rings import SceneRings
from tests.unit.training.learning import unchanged_weights

SIDE = 128


@cache
def scene_rings() -> SceneRings:
    config = read_config(POCKET_WEIGHTS)
    autoencoder = Autoencoder(config.autoencoder).eval().requires_grad_(False)
    load_into(autoencoder, POCKET_WEIGHTS / AUTOENCODER)
    imagination = load_imagination(IMAGINATION_WEIGHTS, Coder.of(autoencoder), matmul_attention)
    reads = imagination.config.planner
    text = torch.zeros(1, reads.text_len, reads.text_dim)
    return SceneRings(imagination, autoencoder, lambda _caption: text)


@cache
def pairs_of(painted: float, walked: float) -> list[ThingPair]:
    """Return the pairs of a scene, shares of scenes being all or nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(close_ups, "PAINTED", painted)
        patch.setattr(close_ups, "WALKED", walked)
        patch.setattr(close_ups, "REDUCED", 0.0)
        return CutOuts(scene_rings()).of_scene(705)


def test_an_edge_beside_the_drawn_one_costs_less_than_a_soft_one():
    across = torch.arange(SIDE).float()
    step = (across >= 64).float().expand(1, 4, SIDE, -1)
    beside = (across >= 68).float().expand(1, 4, SIDE, -1)
    soft = ((across - 58) / 13).clamp(0, 1).expand(1, 4, SIDE, -1)
    exact, near, wide = (float(differences(one, step)) for one in (step, beside, soft))
    assert exact == 0.0
    assert near < 0.5 * wide


def test_patches_are_shifted_on_their_own_and_may_lie_anywhere():
    drawn = (torch.arange(SIDE) % 24 >= 12).float().expand(1, 4, SIDE, -1)
    beside, far = (
        torch.cat((drawn[..., :64, :], drawn[..., 64:, :].roll(shift, -1)), 2) for shift in (4, 12)
    )
    for down, across in ((0, 0), (3, 1)):
        lost, most = (float(differences(one, drawn, down, across)) for one in (beside, far))
        assert 0 < lost < 0.3 * most


def test_a_detail_that_is_missing_costs_more_than_as_much_colour_off_all_over():
    drawn = torch.zeros(1, 4, SIDE, SIDE)
    drawn[:, 3] = 1.0
    keys = drawn.clone()
    keys[:, :3, 60:68, 40:88] = 1.0
    share = float((keys - drawn).abs().mean())
    missing = float(differences(drawn, keys))
    assert missing > 2 * float(
        differences(drawn, drawn + share * torch.tensor([4 / 3] * 3 + [0.0])[:, None, None])
    )


def test_scenes_are_chosen_for_kinds_that_melt():
    chosen = chosen_scenes(3)
    assert len(set(chosen)) == 3
    assert max(chosen) < HELD_OUT
    often = [
        sum(item.kind in OFTEN for item in lay_out(category_of(one), one).items) for one in chosen
    ]
    assert np.mean(often) > 3


def test_a_ring_is_refined_where_a_scene_begins():
    _, shown = scene_rings().of_scene(
        705, np.random.default_rng(0), is_painted=True, is_walked=False
    )
    refined = scene_rings().refined(shown)
    assert refined.picture.shape == shown.picture.shape
    off = np.abs(refined.picture.astype(float) - shown.picture)
    assert 0.5 < off.mean() < 12


@pytest.mark.parametrize(("painted", "walked"), [(0.0, 0.0), (1.0, 1.0)])
def test_things_of_a_ring_lie_where_they_are_drawn_alone(painted: float, walked: float):
    pairs = pairs_of(painted, walked)
    assert len(pairs) >= 5
    off, shifted = [], []
    for pair in pairs:
        height, width = pair.layer.shape[:2]
        assert pair.drawn.shape == (SCALE * height, SCALE * width, 4)
        small = pair.drawn.reshape(height, SCALE, width, SCALE, 4).mean(axis=(1, 3))
        off.append(float(np.abs(small - pair.layer).mean()))
        shifted.append(float(np.abs(np.roll(small, 3, axis=(0, 1)) - pair.layer).mean()))
    assert np.median(off) < (18 if not painted else 30)
    assert np.median(np.array(shifted) / off) > 1.3


def test_large_things_are_seen_at_their_own_size_and_reduced(monkeypatch):
    monkeypatch.setattr(close_ups, "PAINTED", 0.0)
    monkeypatch.setattr(close_ups, "WALKED", 0.0)
    monkeypatch.setattr(close_ups, "REDUCED", 1.0)
    pairs = pairs_of(0.0, 0.0), CutOuts(scene_rings()).of_scene(705)
    own, reduced = (max(pair.layer[..., 0].size for pair in each) for each in pairs)
    assert own > 1.2 * MOST
    assert reduced == pytest.approx(MOST, rel=0.05)


def test_all_weights_learn_from_pairs(monkeypatch, tmp_path):
    pairs = pairs_of(0.0, 0.0)
    stage = CloseUpStage(CloseUp(), pairs, scene_rings().imagination, seed=0)
    monkeypatch.setattr(close_ups, "BATCH", 1)
    assert not unchanged_weights(stage, batches=2)
    stage.sheet(tmp_path / "sheet.png", 0)
    assert (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_marks_of_some_things_are_hidden(monkeypatch, share: float):
    monkeypatch.setattr(close_ups, "UNMARKED", share)
    network = CloseUp()
    network.marks.fill_(1.0)
    stage = CloseUpStage(network, pairs_of(0.0, 0.0), scene_rings().imagination, seed=0)
    given = stage.batch_of(4, np.random.default_rng(0))[0]
    assert (given.marks == 1 - share).all()


def network_with_marks() -> CloseUp:
    network = CloseUp()
    load_into(network, IMAGINATION_WEIGHTS / CLOSE_UP)
    return network


def stage_of(pairs: list[ThingPair], teacher: CloseUp | None = None) -> CloseUpStage:
    return CloseUpStage(network_with_marks(), pairs, scene_rings().imagination, 0, teacher)


def pair_of(kind: str, height: int = 48, width: int = 64) -> ThingPair:
    """Return a thing that a ring shows as it is drawn, 4 px within its layer."""
    flat = drawn_flat(paint(kind, None, 0, light_of(lay_out(category_of(1), 1))), 320)
    inner = SCALE * (height - 8), SCALE * (width - 8)
    rows, columns = (np.arange(count) * 320 // count for count in inner)
    thing = flat[rows[:, None], columns]
    thing[..., :3] = thing[..., :3] * (thing[..., 3:] / 255)
    drawn = np.pad(thing, ((4 * SCALE,) * 2, (4 * SCALE,) * 2, (0, 0)))
    layer = drawn.reshape(height, SCALE, width, SCALE, 4).mean(axis=(1, 3)).astype(np.uint8)
    placed = PlacedObject(kind, 0.0, 0.0, 10.0, 8.0, variant=0)
    return ThingPair(placed, layer, (4.0, 4.0, width - 8.0, height - 8.0), drawn)


def test_pairs_whose_outlines_are_not_those_of_their_marks_are_left_out():
    seen, unmarked = pair_of("dog"), pair_of("ball lamp")
    turned = seen._replace(drawn=seen.drawn[::-1].copy())
    pairs = stage_of([seen, turned, unmarked]).pairs
    assert len(pairs) == 2
    assert pairs[0] is seen
    assert pairs[1] is unmarked


def test_half_of_the_crops_of_animals_show_their_heads():
    rng = np.random.default_rng(0)
    heads = []
    for kind in ("dog", "treasure chest"):
        stage = stage_of([pair_of(kind, 200, 300)])
        given = stage.batch_of(40, rng)[0]
        head = head_of(
            stage.module.marks_of(given.kinds, given.variants)[0], (-1.0, -1.0, 2.0, 2.0)
        )
        seen = (given.places - torch.tensor(head[::-1])[:, None, None]).abs().amax(1) < 0.02
        heads.append(float(seen.flatten(1).any(1).float().mean()))
    assert heads[0] > 0.4 > 0.2 > heads[1]


def test_crops_reach_beyond_what_they_show():
    given = stage_of([pair_of("treasure chest", 100, 100)]).batch_of(40, np.random.default_rng(0))[
        0
    ]
    ends = given.places.amin((0, 2, 3)), given.places.amax((0, 2, 3))
    assert max(ends[0].max(), -ends[1].min()) < -1.1


def test_a_teacher_shows_what_is_drawn_as_it_was():
    teacher = network_with_marks().requires_grad_(False)
    dog, chest = pair_of("dog"), pair_of("treasure chest")
    row = scene_rings().imagination.config.kinds.index("dog")
    teacher.marks[row] += 1.0
    stage = stage_of([dog, chest], teacher)
    rng = np.random.default_rng(0)
    both, taught = (
        len(set(stage.batch_of(30, rng, is_taught=one)[0].kinds.tolist())) for one in (False, True)
    )
    assert (both, taught) == (2, 1)


def test_all_weights_learn_from_a_teacher_which_learns_nothing(monkeypatch):
    teacher = CloseUp().requires_grad_(False)
    stage = CloseUpStage(CloseUp(), pairs_of(0.0, 0.0), scene_rings().imagination, 0, teacher)
    monkeypatch.setattr(close_ups, "BATCH", 1)
    monkeypatch.setattr(close_ups, "TAUGHT", 0.0)
    truth = stage.loss(0)
    monkeypatch.setattr(close_ups, "TAUGHT", 1.0)
    assert stage.loss(0) != truth
    assert not unchanged_weights(stage, batches=2)
    assert all(weight.grad is None for weight in teacher.parameters())
