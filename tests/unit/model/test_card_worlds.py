"""Worlds on a card that is not there: whatever meets in an operation lies on one device."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.catalogue.memory_plan import Device, MemoryPlan
from mag_sandbox.model.execution import Execution
from mag_sandbox.model.imagination.imagination import Imagination
from mag_sandbox.model.memorypack import world as memorypack
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.world import Control, MemorySetting, World
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.card import CARD, fake_card
from tests.tiny import PLACE, RIGHT, TINY, shallow, write_tiny_weights
from tests.unit.model.pocket.test_inventing import WIDE, folders

pytestmark = pytest.mark.apart  # PyTorch keeps devices

SHALLOW = tiny_full.Sizes(dit=replace(tiny_full.TINY_FULL, num_layers=1))
ON_A_CARD = Execution(CARD, torch.bfloat16, "sdpa", 1)
load_pocket = partial(pocket.load, look_ahead=True, on_progress=lambda stage, fraction: None)
load_packed = partial(memorypack.load, on_progress=lambda stage, fraction: None)


def play(world: World) -> None:
    world.reset(PLACE, 1)
    block = world.step(RIGHT)
    assert block.frames.shape == (3, world.spec.frame_height, world.spec.frame_width, 3)


def test_what_is_painted_on_the_host_is_remembered_on_the_card(monkeypatch, tmp_path):
    def imagined(self, around, pose, subject):
        place = self.lattice.place(pose)
        return around.learned(place, around.at(place).latents + np.float32(1))

    monkeypatch.setattr(Imagination, "imagine", imagined)
    for method in ("plan", "behind_seen", "read"):
        monkeypatch.setattr(Imagination, method, lambda *told, **options: ())
    weights = write_tiny_weights(tmp_path, generator_rank=2, moves=True, config=WIDE)
    _, imagination = folders()
    with fake_card():
        world = load_pocket(
            MemorySetting(kept_mib=1),
            weights=weights,
            imagination=imagination,
            execution=replace(ON_A_CARD, paints=True),
        )
        play(world)
        assert world.snapshot().arrays


def test_full_size_worlds_keep_to_their_cards(tmp_path, monkeypatch):
    tiny_full.write_repos(tmp_path, SHALLOW)
    texts = tmp_path / "texts"
    scene = Scene(prompt=tiny_full.CAPTIONS[0])
    load_stream = partial(tiny_full.tiny_stream, "mag", tmp_path, texts)
    load_pack = partial(tiny_full.tiny_pack, tmp_path, texts)
    three = MemoryPlan(5, decoder="tiny", memory_card=1, decoder_card=2)
    for load in (load_stream, load_pack):
        prompts = load()._prompts
        prompts.prepare(scene.prompt, lambda stage, fraction: None)  # keeps what they mean
    monkeypatch.setattr(tiny_full, "PROCESSOR", Device(CARD, "a card", None))
    with fake_card():
        world = load_pack()
        world.reset(scene, 1)
        world.step(Control())
        assert world.snapshot().arrays
        world = load_stream(MemorySetting("mag-retrieve", attended_frames=2), plan=three)
        world.reset(scene, 1)
        rollout = world._running().rollout
        rollout.keep_fewer(3)  # frames wait, and are made again where they are read
        assert rollout.is_offloaded(CameraPose())
        world.step(Control())
        assert world.snapshot().arrays


def test_what_is_packed_keeps_to_its_card(tmp_path):
    weights = write_tiny_weights(tmp_path, config=shallow(TINY))
    with fake_card():
        world = load_packed("A", weights=weights, parts=Path(), execution=ON_A_CARD)
        world.reset(PLACE, 1)
        state = world.snapshot()
        for of in (state.data["memory"]["image"], state.data["memory"]["history"]):
            count = len(of["times"])
            of.update(times=list(range(count)), poses=[[[0.0, 0.0, 90.0]] * count])
        world.restore(state)
        world.step(RIGHT)
