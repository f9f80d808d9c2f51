"""The stages: what their batches are cut from, and that they learn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.objects import object_table
from mag_sandbox.renderer.plan import Thing
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RINGS_EACH, RingLog
from mag_sandbox.training.imagination.stage_own_steps import OwnStepsStage
from mag_sandbox.training.imagination.stage_painter import PainterStage, Style, placed, some_objects
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_reader import (
    ReaderStage,
    in_sight,
    labels,
    measured,
    warm,
)
from tests.unit.model.imagination.tiny import KINDS, codec, networks

STAGES = "mag_sandbox.training.imagination"
CPU = TrainingDevice("cpu", matmul_attention)
RINGS, CELL = 3, 16
RING = 24, 80  # cells
TREE = Thing(1, "tree", "plant", 2, None, (0, 200, 0), (0, 180, 0), 100.0, 150.0, 60.0, 80.0, 900)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{STAGES}.stage_painter.BATCH", 4)
    monkeypatch.setattr(f"{STAGES}.stage_planner.BATCH", 4)
    monkeypatch.setattr(f"{STAGES}.stage_reader.BATCH", 4)


class _Captions:
    def draw(self, rings: np.ndarray, _rng: np.random.Generator, _dropout: float):
        return torch.zeros(len(rings), 3), torch.ones(len(rings), 3)


class _Text(nn.Module):
    def forward(self, ids: torch.Tensor, _mask: torch.Tensor) -> torch.Tensor:
        return torch.ones(*ids.shape, 4, device=ids.device)


def test_objects_are_told_all_some_or_not_at_all():
    table = object_table([placed(TREE)] * 20, KINDS, RING)
    rng = np.random.default_rng(0)
    counts = [len(some_objects(table, rng).looks) for _ in range(400)]
    assert 0.02 < np.mean(np.equal(counts, 0)) < 0.12
    assert 0.75 < np.mean(np.equal(counts, 20)) < 0.95


def test_things_of_the_log_lie_where_the_ring_shows_them():
    tree = placed(TREE)
    assert tree.yaw == pytest.approx(130 / 1280 * 360)
    assert tree.pitch == pytest.approx((192 - 190) / 1280 * 360)
    table = object_table([tree], KINDS, RING)
    assert table.boxes[0].tolist() == pytest.approx([130 / 16, 190 / 16, 60 / 16, 80 / 16])


def test_the_planner_learns_the_largest_things_from_far_to_near():
    things = [replace(TREE, index=7 - row, area=100 * row) for row in range(1, 8)]
    stage = planner_stage(things)
    (listed,) = stage._things
    most = stage.module.config.most
    assert len(listed) == most
    expected = [each.index for each in sorted(things[-most:], key=lambda each: each.index)]
    assert expected == list(range(most))


def painter_stage(kind: type[PainterStage] = PainterStage) -> PainterStage:
    latents = np.random.default_rng(1).standard_normal((RINGS_EACH, 3, 8, 16)).astype(np.float16)
    made = networks()
    return kind(
        made.painter, [latents], codec(), made.sketcher(CELL), [[TREE]] * RINGS, KINDS, _Captions(),
        _Text(), CPU, 0, _no_sheet,
    )  # fmt: skip


def own_steps_stage() -> PainterStage:
    return painter_stage(OwnStepsStage)


def walking_painter_stage(shade: int = 90) -> PainterStage:
    """Return a stage one of whose rings is seen from a second viewpoint, in a shade of grey."""
    latents = np.random.default_rng(1).standard_normal((2, 1, 3, 8, 16)).astype(np.float16)
    seen = np.full((1, 8 * CELL, 16 * CELL, 4), shade, np.uint8)
    seen[..., 3] = 255
    made = networks()
    nn.init.normal_(made.painter.sketch.weight, generator=torch.Generator().manual_seed(1))
    return PainterStage(
        made.painter, list(latents), codec(), made.sketcher(CELL), [[TREE]] * 2, KINDS, _Captions(),
        _Text(), CPU, 0, _no_sheet, [seen],
    )  # fmt: skip


def test_the_painter_is_shown_what_was_seen_from_another_viewpoint(monkeypatch):
    monkeypatch.setattr(f"{STAGES}.rings.RINGS_EACH", 1)
    for walked, afresh, sees in ((1.0, 0.0, True), (1.0, 1.0, False), (0.0, 0.0, False)):
        monkeypatch.setattr(f"{STAGES}.stage_painter.WALKED", walked)
        monkeypatch.setattr(f"{STAGES}.stage_painter.AFRESH", afresh)
        one, other = (walking_painter_stage(shade).loss(0) for shade in (90, 200))
        assert (one != other) == sees


def planner_stage(*things: list[Thing]) -> PlannerStage:
    things = things or tuple([TREE] * count for count in (1, 4, 0))
    rings = RingLog([["a tree"]] * len(things), [[{}]] * len(things), list(things))
    return PlannerStage(networks().planner, rings, _Captions(), _Text(), CPU, 0)


def reader_stage() -> ReaderStage:
    latents = np.random.default_rng(1).standard_normal((RINGS_EACH, 3, 8, 16)).astype(np.float16)
    return ReaderStage(networks().reader, [latents], [[TREE]] * RINGS, KINDS, CPU, 0)


def _no_sheet(_path: Path, _module: nn.Module) -> None:
    raise AssertionError("no sheet was asked for")


STAGES_MADE = [painter_stage, own_steps_stage, planner_stage, reader_stage]


@pytest.mark.parametrize("make", STAGES_MADE)
def test_a_stage_learns_what_it_is_shown(make):
    stage = make()
    optimisers = stage.optimisers()
    before = stage.loss(0).item()
    for _ in range(8):
        stage.loss(0).backward()
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad()
    assert stage.loss(0).item() < before


@pytest.mark.parametrize("make", STAGES_MADE)
def test_batches_follow_from_the_step_alone(make):
    first, again, other = (make().loss(step).item() for step in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("make", STAGES_MADE)
def test_every_weight_is_trained_by_one_optimiser(make):
    stage = make()
    trained = [id(p) for each in stage.optimisers() for g in each.param_groups for p in g["params"]]
    assert sorted(trained) == sorted(id(p) for p in stage.module.parameters())


def test_what_is_carried_over_is_softer_than_what_is_to_be_painted_of_it():
    style = Style(0.8, torch.full((3, 1, 1), 0.1), softness=0.9, blur=9)
    stripes = torch.ones(3, 16, 32) * torch.tensor([-1.0, 1.0] * 16)
    assert style.of_picture(stripes).unique().tolist() == pytest.approx([-0.7, 0.9])
    seen = np.concatenate((127.5 * (stripes.numpy() + 1), np.full((1, 16, 32), 255.0)))
    softened = style.of_seen(seen.astype(np.uint8).transpose(1, 2, 0))
    assert np.ptp(softened[..., :3].astype(int)) < 60
    assert (softened[..., 3] == 255).all()


def test_the_middle_of_what_is_seen_is_told_with_the_edges_of_all_of_it():
    """The tree is 5.6 degrees to the right of the view's right half: its left part is seen."""
    tree = placed(TREE)
    (row,) = in_sight(labels([TREE], {"tree": 1}), tree.yaw - 45.0, (24, 40))
    kind, _, column, left, right, top, bottom = row[:7]
    x = (column + 0.5) * 2.25 - 45.0
    assert kind == 1
    assert 45.0 - tree.width / 2 < x < 45.0
    assert (x - left, x + right) == pytest.approx(
        (45 - tree.width / 2, 45 + tree.width / 2), abs=0.01
    )
    assert top + bottom == pytest.approx(tree.height, abs=0.01)
    assert not len(in_sight(labels([TREE], {"tree": 1}), tree.yaw + 180.0, (24, 40)))
    truth = torch.from_numpy(np.concatenate(([0], row))[None])
    boxes, away = measured(truth.float(), np.random.default_rng(0))
    expected = 90 - tree.width / 2, 27 - tree.pitch - tree.height / 2, tree.width, tree.height
    assert boxes[0].tolist() == pytest.approx(expected, abs=6.0)
    assert 20 < float(away) < 180  # 60 m and more are one
    heat = np.zeros((2, 24, 40), np.float32)
    warm(heat, row[None])
    assert heat[1].max() == 1.0 == heat[1, int(row[1]), int(column)]
    assert not heat[0].any()


def test_half_of_the_rings_a_planner_learns_begin_with_what_a_view_shows():
    things = [replace(TREE, index=n, left=160.0 * n, area=10**6) for n in range(1, 5)]
    stage = planner_stage(things)
    rng, counts = np.random.default_rng(0), []
    for _ in range(200):
        rows, known = stage._begun(0, rng)
        counts.append(known)
        if known:
            assert rows[known - 1, 0] == 0, "nothing more of the view"
            assert (rows[: known - 1, 0] > 0).all()
            middle = rows[:known, 1 + 1].sum()
            assert middle % 160 == 0, "places begin and end in the view's middle"
    assert 0.4 < np.mean(np.equal(counts, 0)) < 0.6
    assert len(set(counts)) > 2
