"""A world that sketches what nobody has seen: what it knows around is what its memory shows."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
import torch
from torch import nn

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.config import AutoencoderConfig, DiTConfig
from mag_sandbox.model.imagination.config import (
    CodesConfig,
    ImaginationConfig,
    PlannerConfig,
    SketcherConfig,
)
from mag_sandbox.model.imagination.weights import ImaginationNetworks, save_networks
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldState
from tests.tiny import CAPTIONS, FP32, LEFT, PLACE, RIGHT, STILL, TINY, UP, write_tiny_weights

WIDE = replace(TINY, frame_width=160, frame_height=96)  # views as wide as real ones: 10 x 6 cells
SKETCHES = ImaginationConfig(
    kinds=("tent", "tree"),
    codes=CodesConfig(AutoencoderConfig(channels=6, widths=(4, 4, 4), bound=1.0), levels=2),
    planner=PlannerConfig(
        dim=8, ffn_dim=8, num_heads=1, num_layers=1, text_dim=16, text_len=8, kinds=4, most=3
    ),
    sketcher=SketcherConfig(
        dim=32, ffn_dim=32, num_heads=2, num_layers=1, text_dim=16, text_len=8, ring_rows=12,
        ring_columns=40, tile_rows=1, code_count=8, object_kinds=4, object_dim=4,
    ),
    painter=DiTConfig(
        dim=16, ffn_dim=16, num_heads=1, num_layers=1, channels=4, patch=1, text_dim=16, text_len=8
    ),
    paint_steps=1,
    view_rows=6,
    view_columns=10,
)  # fmt: skip
SKETCHING = replace(FP32, sketches=True)


@cache
def folders() -> tuple[Path, Path]:
    """Return folders of tiny weights: of the world, and of what sketches for it."""
    home = Path(mkdtemp())
    write_tiny_weights(home / "world", config=WIDE)
    torch.manual_seed(0)
    networks = ImaginationNetworks(SKETCHES, sdpa_attention)
    for module in networks.parts().values():
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    save_networks(home / "sketches", networks)
    return home / "world", home / "sketches"


def world(policy: str = "mag-retrieve", slots: int = 60) -> DiffusionWorld:
    weights, sketches = folders()
    made = pocket.load(
        MemorySetting(policy, kept_mib=1),
        look_ahead=True,
        on_progress=lambda stage, fraction: None,
        weights=weights,
        execution=SKETCHING,
        sketches=sketches,
    )
    made._cache.slots = slots
    return made


def play(made: DiffusionWorld, controls: list[Control], seed: int = 1) -> list[FrameBlock]:
    return [made.reset(PLACE, seed), *(made.step(control) for control in controls)]


def same(blocks: list[FrameBlock], others: list[FrameBlock]) -> bool:
    return all(np.array_equal(a.frames, b.frames) for a, b in zip(blocks, others, strict=True))


def test_a_session_replays_to_the_bit_and_another_seed_shows_something_else():
    path = [RIGHT] * 6 + [UP] * 2 + [LEFT] * 4
    first = play(world(), path)
    assert same(first, play(world(), path))
    assert not same(first, play(world(), path, seed=2))


def test_all_that_is_shown_is_recalled_wherever_the_player_turns(monkeypatch):
    made = world()

    def inventing(*args, **options):
        raise AssertionError("a shown block was invented by the memory model")

    monkeypatch.setattr(made._generator, "imagine", inventing)
    turned = replace(RIGHT.camera, pitch=1.0), replace(LEFT.camera, pitch=-1.0)
    blocks = play(made, [RIGHT] * 50 + [Control(turned[0])] * 4 + [Control(turned[1])] * 9 + [UP])
    assert sum(len(block.look_ahead) for block in blocks) >= 5
    assert all(ahead.pose == made._inventor.ahead(ahead.pose, [])
               for block in blocks for ahead in block.look_ahead)  # fmt: skip


def test_a_parked_session_goes_on_to_the_bit():
    made = world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    expected = [made.step(control) for control in [RIGHT] * 5 + [LEFT] * 3]
    other = world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same(expected, [other.step(control) for control in [RIGHT] * 5 + [LEFT] * 3])


def test_a_place_parked_before_there_were_sketches_goes_on_beside_what_memory_shows():
    made = world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    arrays = {name: array for name, array in state.arrays.items() if "/" not in name}
    data = {key: value for key, value in state.data.items() if key != "around"}
    other = world()
    other.restore(WorldState(arrays, data))
    assert not other._inventor.around.known.any()
    shown = other._inventor._imagination.lattice.shown(other.shown_poses)
    recalled: list[CameraPose] = []

    def recall_view(pose: CameraPose) -> torch.Tensor:
        recalled.append(pose)
        return DiffusionWorld.recall_view(other, pose)

    other.recall_view = recall_view  # type: ignore[method-assign]
    ahead = [block.pose for _ in range(8) for block in other.step(RIGHT).look_ahead]
    assert recalled == ahead[:1], "only the first view lies beside ground it has not learned"
    around = other._inventor.around
    assert around.known[:, 10:13].any()
    assert (around.known & shown)[:, 10:13].sum() == shown[:, 10:13].sum()


def test_what_memory_forgets_is_not_remembered_by_the_sketch():
    kept, forgetful = world(), world("mag", slots=6)
    path = [RIGHT] * 24 + [LEFT] * 24
    play(kept, path)
    play(forgetful, path)
    assert kept._inventor._losses == 0
    assert forgetful._inventor._losses > 0
    seen = [forgetful._inventor._imagination.lattice.shown(forgetful.shown_poses).sum(),
            kept._inventor._imagination.lattice.shown(kept.shown_poses).sum()]  # fmt: skip
    assert seen[0] < seen[1]


def test_a_new_prompt_leaves_what_was_seen_and_draws_what_was_not():
    other = replace(RIGHT, prompt=CAPTIONS[1])
    told, untold = world(), world()
    first = play(told, [STILL, replace(STILL, prompt=CAPTIONS[1]), STILL])
    assert told._session.prompt_index == 0
    assert first[-1].prompt == CAPTIONS[1]
    play(told, [other] + [RIGHT] * 12)
    play(untold, [RIGHT] * 13)
    beyond = (0, slice(None), slice(16, 20))
    assert not np.array_equal(
        told._inventor.around.latents[beyond], untold._inventor.around.latents[beyond]
    )


def test_a_recording_says_whether_views_were_sketched():
    said = world().provenance()
    assert said["execution"]["sketches"] is True
    assert len(said["imagination"]) == 64
    assert pocket.recorded_execution(said["execution"]).sketches
    older = {key: value for key, value in said["execution"].items() if key != "sketches"}
    assert not pocket.recorded_execution(older).sketches


@pytest.mark.parametrize("pose", [CameraPose(0.0), CameraPose(354.0, 9.0), CameraPose(9.0, -18.0)])
def test_cells_count_as_shown_only_where_a_view_shows_all_of_them(pose):
    inventor = world()._inventor
    shown = inventor._imagination.lattice.shown([pose])
    place = inventor._imagination.lattice.place(inventor.ahead(pose, []))
    if inventor.ahead(pose, []) == pose:
        assert shown.sum() == 60
        assert shown[inventor.around.cells(place)].all()
    else:
        assert shown.sum() < 60
