"""The table of worlds: its numbers, its file rules, and what memory each world takes."""

import itertools
import json
import math
import re
from dataclasses import replace

import pytest

from mag_sandbox.model.catalogue import memory_plan
from mag_sandbox.model.catalogue.memory_plan import (
    GIB,
    MemoryPlan,
    first_that_fits,
    predict,
    smaller_plans,
)
from mag_sandbox.model.catalogue.recipes import UMT5_PARAMETERS
from mag_sandbox.model.catalogue.worlds import PLAYABLE, ROLES, WORLDS, WeightSource, slot_bytes
from mag_sandbox.model.loading import available_worlds, load_world, policies_of
from mag_sandbox.model.world import MemorySetting, MissingWeights, WorldFailed
from tests import ROOT

SHAPES = ROOT / "tests" / "golden" / "real_key_shapes.json"
FULL_SIZE = [row for row in WORLDS.values() if row.kind == "stream" and row.recipe]


def fitting(source: WeightSource, *paths: str) -> list[str]:
    for pattern in source.names:
        found = [path for path in paths if re.fullmatch(pattern, path, re.IGNORECASE)]
        if found:
            return found
    return []


def source_of(world: str, role: str) -> WeightSource:
    return next(source for source in WORLDS[world].sources if source.role == role)


def test_every_row_is_whole():
    for name, row in WORLDS.items():
        assert row.name == name
        assert row.policy in policies_of(name)
        assert {source.role for source in row.sources} <= set(ROLES)
        assert row.sources or row.bundled or row.reason
        assert row.kind == "stream" or row.clips or row.reason
        assert row.licence.link.startswith("https://")


def test_every_world_can_be_played_but_those_that_have_no_pipeline():
    assert available_worlds() == PLAYABLE
    assert PLAYABLE[0] == "pocket"
    left_out = [name for name in WORLDS if name not in PLAYABLE]
    assert left_out == ["magi-1"]
    assert "no pipeline" in WORLDS["magi-1"].reason


@pytest.mark.parametrize("row", FULL_SIZE, ids=lambda row: row.name)
def test_the_memory_a_world_was_made_with_has_room_for_exactly_its_frames(row):
    setting = row.memory_setting()
    assert setting.kept_mib * 2**20 // slot_bytes() == row.recipe.slots
    assert setting.policy == row.policy


def test_every_full_size_world_needs_a_generator_and_mag_a_memory_model_too():
    assert all("generator" in row.roles for row in FULL_SIZE)
    assert "memory" in WORLDS["mag"].roles
    assert "memory" not in WORLDS["mag-generator-only"].roles
    assert "lora" in WORLDS["longlive"].roles
    assert "tiny decoder" not in WORLDS["mag"].roles


@pytest.mark.parametrize(
    ("generator", "memory", "others"),
    [
        ("mag/{net}", "bc400/{net}", ("sf300/{net}", "ode_init/{net}")),
        ("checkpoints/mag_generator/{net}", "checkpoints/memory_model/{net}", ()),
        ("memory_generator/{net}", "memory_model/{net}", ()),
        ("generator.pt", "memory.pt", ("README.md",)),
        ("g/{net}", "block_compress/{net}", ("critic/{net}",)),
    ],
)
def test_mag_networks_are_told_apart_by_their_names(generator, memory, others):
    net = "diffusion_pytorch_model.safetensors"
    paths = [path.format(net=net) for path in (generator, memory, *others)]
    assert fitting(source_of("mag", "generator"), *paths) == paths[:1]
    assert fitting(source_of("mag", "memory"), *paths) == paths[1:2]


def test_safetensors_go_before_pickles():
    paths = ("checkpoints/self_forcing_dmd.pt",)
    assert fitting(source_of("self-forcing", "generator"), *paths) == list(paths)
    both = ("gen/diffusion_pytorch_model.bin", "gen/diffusion_pytorch_model.safetensors")
    assert fitting(source_of("mag", "generator"), *both) == [both[1]]


def test_predicted_parameters_are_those_of_the_public_checkpoints():
    counts = {
        name: sum(math.prod(shape) for shape in shapes.values())
        for name, shapes in json.loads(SHAPES.read_text()).items()
    }
    assert memory_plan.dit_parameters() == counts["dit_wan2.1_t2v_1.3b"]
    assert counts["vae_wan2.1"] == memory_plan.VAE_PARAMETERS
    assert counts["umt5_xxl_encoder"] == UMT5_PARAMETERS


@pytest.mark.parametrize("row", FULL_SIZE, ids=lambda row: row.name)
def test_each_proposal_takes_less_than_the_one_before(row):
    plans = list(smaller_plans(row, memory_plan.wanted_plan(row), tiny_decoder=True))
    totals = [predict(row, plan).total for plan in plans]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) == len(totals) > 1


def test_what_is_given_up_first_is_what_is_missed_least():
    row = WORLDS["mag"]
    wanted = memory_plan.wanted_plan(row)
    for device_gib, expected in ((80, wanted), (24, MemoryPlan(23, text_encoder="cpu"))):
        assert first_that_fits(row, wanted, device_gib * GIB, tiny_decoder=True) == expected
    small = first_that_fits(row, wanted, 12 * GIB, tiny_decoder=True)
    assert small.slots < wanted.slots
    assert predict(row, small).fits(12 * GIB)
    assert first_that_fits(row, wanted, 4 * GIB, tiny_decoder=True) is None


def test_a_tiny_decoder_that_is_not_here_is_not_proposed():
    row = WORLDS["mag"]
    plans = smaller_plans(row, memory_plan.wanted_plan(row), tiny_decoder=False)
    assert all(plan.decoder == "exact" for plan in plans)


def test_what_waits_in_main_memory_is_compared_with_what_is_free_there(monkeypatch):
    free = [4 * GIB]
    monkeypatch.setattr(memory_plan, "free_host_bytes", lambda: free[0])
    row = WORLDS["mag"]
    outside = predict(row, MemoryPlan(23, text_encoder="cpu"))
    inside = predict(row, MemoryPlan(23))
    assert memory_plan.shortage(outside) == "takes 10.6 GiB of main memory, and 4.0 GiB is free"
    assert memory_plan.shortage(inside) == ""
    free[0] = outside.host_bytes
    assert memory_plan.shortage(outside) == ""


def test_a_world_without_a_card_says_what_is_needed_and_what_plays_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("MAG_SANDBOX_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("mag_sandbox.model.catalogue.memory_plan.find_device", lambda: None)
    with pytest.raises(WorldFailed, match=r"with at least \d.*pocket world instead") as failed:
        load_world("mag")
    assert "\n" not in str(failed.value)


def test_a_world_without_weights_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("MAG_SANDBOX_WEIGHTS", str(tmp_path))
    monkeypatch.setenv(memory_plan.DEVICE_VARIABLE, "cpu")
    with pytest.raises(MissingWeights, match=r"run `mag-sandbox fetch mag`"):
        load_world("mag")
    with pytest.raises(MissingWeights, match=r"--weights FILE"):
        load_world("self-forcing-plus-plus")


def test_frames_have_the_size_of_the_checkpoints_unless_asked_otherwise(monkeypatch):
    monkeypatch.delenv(memory_plan.SIZE_VARIABLE, raising=False)
    assert memory_plan.find_video().frame_size == (832, 480)
    monkeypatch.setenv(memory_plan.SIZE_VARIABLE, "64x48")
    assert memory_plan.find_video().frame_size == (64, 48)
    for wrong in ("64", "64x47", "0x16", "ax16"):
        monkeypatch.setenv(memory_plan.SIZE_VARIABLE, wrong)
        with pytest.raises(WorldFailed, match=f'is "{wrong}".*give WIDTHxHEIGHT'):
            memory_plan.find_video()


def test_what_is_given_up_in_play_is_clearly_less_and_comes_to_an_end():
    row = WORLDS["mag"]
    plans = [memory_plan.wanted_plan(row)]
    while plan := memory_plan.next_smaller(row, plans[-1], tiny_decoder=True):
        plans.append(plan)
    assert plans[1].text_encoder == "cpu"
    assert plans[-1].slots == memory_plan.FEWEST_SLOTS
    totals = [predict(row, plan).total for plan in plans]
    steps = [big - small for big, small in itertools.pairwise(totals)]
    assert all(step >= GIB for step in steps[:-1])
    assert steps[-1] > 0


def test_a_card_that_is_too_small_is_refused_with_both_sizes():
    row = WORLDS["mag"]
    card = memory_plan.Device("cuda", "a card", 4 * GIB)
    with pytest.raises(WorldFailed, match=r"takes 27\.7 GiB.*a card has 4\.0 GiB"):
        memory_plan.plan_for(row, card, memory_plan.wanted_plan(row), tiny_decoder=True)


def test_a_budget_for_the_pocket_world_means_the_room_a_world_was_made_for():
    row = WORLDS["longlive"]
    assert memory_plan.wanted_plan(row, MemorySetting("window")) == memory_plan.wanted_plan(row)
    assert memory_plan.wanted_plan(row, row.memory_setting()).slots == row.recipe.slots


def test_what_is_read_is_counted_twice_only_where_it_lies_apart():
    row = WORLDS["mag"]
    plan = memory_plan.wanted_plan(row)
    assert predict(row, plan).parts["block"] == 3 * slot_bytes()
    retrieving = memory_plan.wanted_plan(row, row.memory_setting("mag-retrieve"))
    held = 3 * slot_bytes() // 2  # what entered the layers
    assert predict(row, retrieving).parts["block"] == (2 * 3 + 8) * slot_bytes() + held


def test_clip_worlds_name_pipelines_that_diffusers_has():
    names = dir(pytest.importorskip("diffusers"))  # importing each pipeline would take seconds
    for row in WORLDS.values():
        for call in row.clips.calls if row.clips else ():
            assert call.pipeline in names
    assert not any("magi" in name.lower() for name in names if "Pipeline" in name)


def test_other_cards_take_memory_model_and_decoder_before_anything_is_given_up():
    row = WORLDS["mag"]
    wanted = memory_plan.wanted_plan(row)
    alone = predict(row, wanted)
    spread_out = first_that_fits(
        row, wanted, alone.total - 2 * GIB, tiny_decoder=True, others=(24 * GIB, 24 * GIB)
    )
    assert spread_out == replace(wanted, memory_card=1, decoder_card=2)
    assert spread_out.words() == "23 frames of memory, memory model on card 2, decoder on card 3"
    predicted = predict(row, spread_out)
    moved = alone.parts["memory model"] + alone.parts["decoder"]
    assert alone.total - predicted.total == moved
    assert sum(predicted.others) > moved
    two = memory_plan.spread(row, wanted, 2)
    assert (two.memory_card, two.decoder_card) == (1, 1)
    assert len(predict(row, two).others) == 1
    full = first_that_fits(row, wanted, alone.total - 2 * GIB, tiny_decoder=True, others=(GIB,))
    assert not full.memory_card  # which has no room for it
    alike = memory_plan.spread(WORLDS["longlive"], memory_plan.wanted_plan(WORLDS["longlive"]), 3)
    assert (alike.memory_card, alike.decoder_card) == (0, 1)


def test_frames_wait_in_half_of_what_nothing_else_needs(monkeypatch):
    free = 100 * GIB
    monkeypatch.setattr(memory_plan, "free_host_bytes", lambda: free)
    row = WORLDS["mag"]
    for plan in (MemoryPlan(23), MemoryPlan(23, text_encoder="cpu", devices=2)):
        taken = predict(row, plan).host_bytes
        room = memory_plan.with_waiting_room(row, plan)
        assert room.host_bytes == (free - taken) // 2 // plan.devices
        assert predict(row, room).host_bytes - taken == room.host_bytes * plan.devices
        assert predict(row, room).total == predict(row, plan).total
    clips = MemoryPlan(0)
    assert memory_plan.with_waiting_room(WORLDS["wan2.1"], clips) == clips


def test_over_how_many_cards_is_asked_for(monkeypatch):
    assert memory_plan.asked_cards() == 1
    monkeypatch.setenv(memory_plan.CARDS_VARIABLE, "3")
    assert memory_plan.asked_cards() == 3
    monkeypatch.setenv(memory_plan.CARDS_VARIABLE, "many")
    with pytest.raises(WorldFailed, match='is "many"; give 1, 2 or 3'):
        memory_plan.asked_cards()
