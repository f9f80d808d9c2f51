"""The stages: what their batches are cut from, and that they learn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.config import SketcherConfig
from mag_sandbox.model.imagination.objects import VARIANTS, PlacedObject, object_table
from mag_sandbox.model.imagination.sketcher import Sketcher
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.layouts import random_layout
from mag_sandbox.training.imagination.rings import RINGS_EACH, RingSet
from mag_sandbox.training.imagination.stage_painter import PainterStage
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_sketcher import SketcherStage, placed, some_objects
from mag_sandbox.training.panorama.logged_canvas import Thing
from tests.unit.model.imagination.tiny import KINDS, TINY, networks

STAGES = "mag_sandbox.training.imagination"
CPU = TrainingDevice("cpu", matmul_attention)
RINGS = 3
TREE = Thing(1, "tree", "plant", 2, None, (0, 200, 0), (0, 180, 0), 100.0, 150.0, 60.0, 80.0, 900)
CODES = np.random.default_rng(0).integers(8, size=(RINGS, 24, 80, 2)).astype(np.uint16)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{STAGES}.stage_sketcher.TILES", 400)
    monkeypatch.setattr(f"{STAGES}.stage_painter.BATCH", 4)


class _Captions:
    def draw(self, rings: np.ndarray, _rng: np.random.Generator, _dropout: float):
        return torch.zeros(len(rings), 3), torch.ones(len(rings), 3)


class _Text(nn.Module):
    def forward(self, ids: torch.Tensor, _mask: torch.Tensor) -> torch.Tensor:
        return torch.ones(*ids.shape, 4)


@pytest.mark.parametrize("seed", range(40))
def test_layouts_lie_on_the_ring_and_show_no_tile_twice(seed: int):
    config = SketcherConfig()
    order = random_layout(np.random.default_rng(seed), config)
    tiles = order.tiles
    assert len(order.unknown) > 0
    assert tiles[:, 0].min() >= 0
    assert tiles[:, 0].max() < config.tile_grid[0]
    on_ring = {(row, column % config.ring_columns) for row, column in tiles.tolist()}
    assert len(on_ring) == len(tiles)


def test_objects_are_told_all_some_or_not_at_all():
    table = object_table([placed(TREE)] * 20, KINDS, SketcherConfig())
    rng = np.random.default_rng(0)
    counts = [len(some_objects(table, rng).kinds) for _ in range(200)]
    assert 0.1 < np.mean(np.equal(counts, 0)) < 0.35
    assert 0.45 < np.mean(np.equal(counts, 20)) < 0.7


def test_things_of_the_log_lie_where_the_ring_shows_them():
    tree = placed(TREE)
    assert tree.yaw == pytest.approx(130 / 1280 * 360)
    assert tree.pitch == pytest.approx((192 - 190) / 1280 * 360)
    table = object_table([tree], KINDS, SketcherConfig())
    assert table.boxes[0].tolist() == pytest.approx([130 / 16, 190 / 16, 60 / 16, 80 / 16])
    assert table.variants[0] == 3 < VARIANTS


def test_variants_beyond_the_table_count_as_its_last():
    many = PlacedObject("tree", 0.0, 0.0, 9.0, 9.0, variant=99)
    assert object_table([many], KINDS, SketcherConfig()).variants[0] == VARIANTS - 1


def sketcher_stage() -> SketcherStage:
    torch.manual_seed(0)
    module = Sketcher(replace(TINY.sketcher, ring_rows=24, ring_columns=80), matmul_attention)
    rings = RingSet([], [["a tree"]] * RINGS, [[TREE]] * RINGS)
    return SketcherStage(module, CODES, rings, KINDS, _Captions(), _Text(), CPU, 0, _no_sheet)


def painter_stage() -> PainterStage:
    latents = np.random.default_rng(1).standard_normal((RINGS_EACH, 3, 8, 16)).astype(np.float16)
    return PainterStage(
        networks().painter, CODES[:, :8, :16], [latents], _Captions(), _Text(), CPU, 0,
        _no_sheet,
    )  # fmt: skip


def planner_stage() -> PlannerStage:
    rings = RingSet([], [["a tree"]] * RINGS, [[TREE] * count for count in (1, 4, 0)])
    return PlannerStage(networks().planner, rings, _Captions(), _Text(), CPU, 0)


def _no_sheet(_path: Path, _module: nn.Module) -> None:
    raise AssertionError("no sheet was asked for")


@pytest.mark.parametrize("make", [sketcher_stage, painter_stage, planner_stage])
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


@pytest.mark.parametrize("make", [sketcher_stage, painter_stage, planner_stage])
def test_batches_follow_from_the_step_alone(make):
    first, again, other = (make().loss(step).item() for step in (5, 5, 6))
    assert first == again != other
