"""A world that sketches what nobody has seen: what it knows around is what its memory shows."""

import threading
import time
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
from mag_sandbox.model.imagination.surroundings import Lattice
from mag_sandbox.model.imagination.weights import ImaginationNetworks, save_networks
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldFailed, WorldState
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


def lattice_of(made: DiffusionWorld) -> Lattice:
    return made._inventor._imagination.lattice


def play(made: DiffusionWorld, controls: list[Control], seed: int = 1) -> list[FrameBlock]:
    return [made.reset(PLACE, seed), *(made.step(control) for control in controls)]


def same(blocks: list[FrameBlock], others: list[FrameBlock]) -> bool:
    return all(np.array_equal(a.frames, b.frames) for a, b in zip(blocks, others, strict=True))


def test_a_session_replays_to_the_bit_and_another_seed_shows_something_else():
    path = [RIGHT] * 6 + [UP] * 2 + [LEFT] * 4
    first = play(world(), path)
    assert same(first, play(world(), path))
    assert not same(first, play(world(), path, seed=2))


def count_lumps(made: DiffusionWorld) -> list[int]:
    """Return a list that will hold the index of each block that the memory model makes."""
    lumps: list[int] = []
    make = made._generator.imagine

    def counted(*args, **options):
        lumps.append(made._session.block_index)
        return make(*args, **options)

    made._generator.imagine = counted  # type: ignore[method-assign]
    return lumps


def test_who_looks_around_after_a_moment_sees_only_what_was_sketched():
    made = world()
    lumps = count_lumps(made)
    turned = replace(RIGHT.camera, pitch=1.0), replace(LEFT.camera, pitch=-1.0)
    path = [STILL] * 16 + [RIGHT] * 50 + [STILL] * 16
    blocks = play(made, path + [Control(turned[0])] * 4 + [Control(turned[1])] * 6)
    assert lumps == []
    lattice = made._inventor._imagination.lattice
    assert sum(len(block.look_ahead) for block in blocks) >= 9
    assert all(ahead.pose == lattice.nearest(ahead.pose)
               for block in blocks for ahead in block.look_ahead)  # fmt: skip


@pytest.mark.parametrize("policy", ["mag-retrieve", "mag", "full"])
def test_who_outruns_the_sketch_sees_the_memory_models_guess_until_it_arrives(policy):
    made = world(policy)
    lumps = count_lumps(made)
    made.reset(PLACE, 1)
    while not made.step(RIGHT).look_ahead:
        assert lumps[-1] == made._session.block_index - 1
        assert any(frame.passing for frame in made._policy.table.frames.values())
        assert not made._inventor.around.known[:, 5:35].any(), "a guess is not learned"
    assert lumps == [1, 2]
    assert not any(frame.passing for frame in made._policy.table.frames.values())


def test_no_block_waits_for_a_sketch_before_it_is_due_and_none_goes_on_without_it():
    made = world()
    made.reset(PLACE, 1)
    inventor, go_on = made._inventor, threading.Event()
    imagine = inventor._imagination.imagine

    def held(*args, **options):
        assert go_on.wait(60)
        return imagine(*args, **options)

    inventor._imagination.imagine = held
    inventor.drop_view()
    made.step(RIGHT)
    due = made._session.due
    while made._session.block_index < due:
        assert made.step(RIGHT).look_ahead == ()
        assert not made._inventor._view.made.done()
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    assert len(made.step(RIGHT).look_ahead) == 1
    assert go_on.is_set()


def test_a_view_that_is_of_no_use_any_more_is_dropped():
    made = world()
    made.reset(PLACE, 1)
    made.step(RIGHT)
    assert 0 < made._session.pending.yaw < 180
    for _ in range(2):
        made.step(LEFT)
    assert made._session.pending.yaw > 180


def test_a_session_is_the_same_however_slow_the_sketches_are(monkeypatch):
    path = [RIGHT] * 5 + [LEFT] * 6 + [UP] * 2
    quick = play(world(), path)
    slow = world()
    imagine = slow._inventor._imagination.imagine

    def slowly(*args, **options):
        time.sleep(0.05)
        return imagine(*args, **options)

    monkeypatch.setattr(slow._inventor._imagination, "imagine", slowly)
    assert same(quick, play(slow, path))


@pytest.mark.parametrize("blocks", [0, 1, 2, 3])
def test_a_session_parked_while_a_view_is_sketched_goes_on_to_the_bit(blocks):
    path = [replace(RIGHT, prompt=CAPTIONS[1]), *[RIGHT] * 4, *[LEFT] * 3]
    made = world()
    play(made, [RIGHT] * blocks)
    state = made.snapshot()
    expected = [made.step(control) for control in path]
    other = world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same(expected, [other.step(control) for control in path])


def test_a_parked_session_goes_on_to_the_bit():
    made = world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    expected = [made.step(control) for control in [RIGHT] * 5 + [LEFT] * 3]
    other = world()
    other.reset(PLACE, 9)
    other.restore(state)
    assert same(expected, [other.step(control) for control in [RIGHT] * 5 + [LEFT] * 3])


def test_a_place_whose_parts_lie_beside_its_own_data_as_before_goes_on_exactly():
    made, other = world(), world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    own = {key: value for key, value in state.data.items() if key != "parts"}
    other.restore(WorldState(state.arrays, {**own, **state.data["parts"]}))
    assert same([made.step(RIGHT) for _ in range(3)], [other.step(RIGHT) for _ in range(3)])


def test_a_place_parked_before_there_were_sketches_goes_on_beside_what_memory_shows():
    made = world()
    play(made, [RIGHT] * 4)
    state = made.snapshot()
    arrays = {name: array for name, array in state.arrays.items() if "/" not in name}
    data = {key: value for key, value in state.data.items() if key != "parts"}
    other = world()
    recalled: list[CameraPose] = []

    def recall_view(pose: CameraPose) -> torch.Tensor:
        recalled.append(pose)
        return DiffusionWorld.recall_view(other, pose)

    other.recall_view = recall_view  # type: ignore[method-assign]
    other.restore(WorldState(arrays, data))
    shown = lattice_of(other).shown(other.shown_poses)
    for _ in range(8):
        other.step(RIGHT)
    assert len(recalled) == 1, "only the first view lies beside ground it has not learned"
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
    seen = [lattice_of(each).shown(each.shown_poses).sum() for each in (forgetful, kept)]
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
    assert said["execution"]["sketches"] == "beside"
    assert len(said["imagination"]) == 64
    assert pocket.recorded_execution(said["execution"]).sketches
    older = {key: value for key, value in said["execution"].items() if key != "sketches"}
    assert not pocket.recorded_execution(older).sketches
    with pytest.raises(WorldFailed, match="sketched between blocks"):
        pocket.recorded_execution({**older, "sketches": True})


@pytest.mark.parametrize("pose", [CameraPose(0.0), CameraPose(354.0, 9.0), CameraPose(9.0, -18.0)])
def test_cells_count_as_shown_only_where_a_view_shows_all_of_them(pose):
    made = world()
    lattice = lattice_of(made)
    shown = lattice.shown([pose])
    if lattice.nearest(pose) == pose:
        assert shown.sum() == 60
        assert shown[made._inventor.around.cells(lattice.place(pose))].all()
        assert np.array_equal(shown, lattice.touched(pose))
        wider = lattice.touched(pose, (2 * lattice.cell, -lattice.cell))
        assert wider.sum() == 12 * 7
    else:
        assert shown.sum() < 60 < lattice.touched(pose).sum()


def test_what_other_weights_sketched_is_learned_anew_from_memory():
    made = world()
    play(made, [RIGHT] * 6)
    state = made.snapshot()
    state.data["parts"]["around"]["weights"] = "others"
    other = world()
    other.restore(state)
    assert not other._inventor.around.known.any()
    for _ in range(6):
        other.step(RIGHT)
    assert other._inventor.around.known[:, 10:].any()
