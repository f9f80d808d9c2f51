"""The whole training, minute: from drawn panoramas to a weights folder that the game can play."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.config import PocketConfig
from mag_sandbox.model.frames import to_pictures
from mag_sandbox.model.pocket.weights import AUTOENCODER, WORLD, read_config, weights_hash
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.renderer.motion import MotionLabel
from mag_sandbox.renderer.render import HELD_OUT
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.loop import LoopConfig
from mag_sandbox.training.options import PocketTraining
from mag_sandbox.training.pocket import pipeline as pocket
from mag_sandbox.training.pocket import (
    stage_animator,
    stage_autoencoder,
    stage_world,
    text_pretraining,
)
from mag_sandbox.training.pocket.data import (
    CHANNELS,
    STAYING,
    PanoramaSet,
    PathBlocks,
    PooledViews,
    panorama_set,
    random_crops,
)
from mag_sandbox.training.pocket.pipeline import PocketPipeline
from mag_sandbox.training.pocket.stage_world import WorldStage
from tests.tiny import CAPTIONS, RIGHT, TINY, TINY_ANIMATOR, play, tiny_world
from tests.unit.training.together import PANORAMAS

pytestmark = pytest.mark.slow
MICRO = replace(TINY, animator=TINY_ANIMATOR, frame_width=320, frame_height=192)
CPU = TrainingDevice("cpu", matmul_attention)


@pytest.fixture(scope="module", autouse=True)
def small_batches():
    """Make every batch and sheet as small as it can be.

    And use one thread from the start, as the worlds that are played between runs do: sums of
    another number of threads differ in their last bits.
    """
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_autoencoder, "BATCH", 2)
        patch.setattr(stage_autoencoder, "BATCHES", 2)
        patch.setattr(stage_world, "BATCH", 4)
        patch.setattr(stage_animator, "BATCH", 2)
        patch.setattr(text_pretraining, "BATCH", 4)
        patch.setattr(text_pretraining, "CAPTIONS", 16)
        patch.setattr(PathBlocks, "batch", 1)
        patch.setattr(PooledViews, "batch", 2)
        patch.setattr(pocket, "BLOCKS_OUT", 2)
        patch.setattr(pocket, "held_out_captions", lambda count: list(CAPTIONS))
        yield


def train(folder: Path, with_panoramas, config: PocketConfig = MICRO, **settings) -> Path:
    """Train for a few steps; returns the weights folder."""
    with_panoramas(folder)
    training = PocketTraining(
        **{
            "folder": folder,
            "panoramas": PANORAMAS,
            "views": 2,
            "autoencoder_steps": 2,
            "reading_steps": 2,
            "world_steps": 5,
            "image_steps": 2,
            "guide_from": 4,
            "generator_steps": 2,
            "decoder_steps": 1,
            "animator_steps": 1,
            **settings,
        }
    )
    PocketPipeline(training, config, CPU).run()
    return folder / "weights"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, with_panoramas) -> Path:
    """Return the weights of a run."""
    return train(tmp_path_factory.mktemp("run"), with_panoramas)


def test_what_was_trained_can_be_played(trained):
    assert read_config(trained) == MICRO
    blocks = play(tiny_world(weights=trained), [RIGHT])
    assert all(block.frames.shape == (3, 192, 320, 3) for block in blocks)


def test_every_step_is_logged_with_what_it_learned_from(trained):
    lines = (trained.parent / "log.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds[:6] == [
        kind for kind in ("autoencoder", "text-pretraining", "images") for _ in range(2)
    ]
    assert set(kinds[6:8]) <= {"images", "views", "blocks"}  # then guidance is learned
    assert set(kinds[8:9]) <= {"guided images", "guided views", "blocks"}
    assert kinds[9:] == ["decoder", "animator"]


def test_sheets_are_pictures(trained):
    sheets = sorted(path.name for path in trained.parent.glob("*.png"))
    assert sheets == [
        "animator-000001.png",
        "autoencoder-000002.png",
        "decoder-000001.png",
        "world-000005-rollout.png",
        "world-000005.png",
    ]
    for name in sheets:
        with Image.open(trained.parent / name) as sheet:
            assert sheet.size[0] >= 128


def test_another_seed_trains_other_weights(trained, with_panoramas, tmp_path):
    other = train(tmp_path / "other", with_panoramas, seed=1, world_steps=1)
    one, another = ((folder / AUTOENCODER).read_bytes() for folder in (trained, other))
    assert one != another


def test_a_run_of_the_same_seed_that_was_stopped_equals_one_in_a_row(
    trained, with_panoramas, tmp_path, monkeypatch
):
    full_loss = WorldStage.loss

    def stop(stage, step):
        if step == 4:
            raise KeyboardInterrupt
        return full_loss(stage, step)

    monkeypatch.setattr(WorldStage, "loss", stop)
    often = partial(LoopConfig, save_minutes=0.0, save_every=3)
    monkeypatch.setattr(pocket, "LoopConfig", often)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", with_panoramas)
    monkeypatch.setattr(WorldStage, "loss", full_loss)
    assert torch.load(tmp_path / "run" / "world.pt", weights_only=True)["step"] == 3
    (tmp_path / "run" / ".part-01234567-world.pt~").write_bytes(
        b"half"
    )  # as killed while it was saving
    assert weights_hash(train(tmp_path / "run", with_panoramas)) == weights_hash(trained)
    steps = [json.loads(line)["step"] for line in (tmp_path / "run/log.jsonl").open()]
    assert steps == [1, 2, 1, 2, 1, 2, 3, 4, 4, 5, 1, 1]  # what was lost is made again, alike


def test_a_warm_start_goes_on_from_given_weights(trained, with_panoramas, tmp_path):
    weights = train(tmp_path / "warm", with_panoramas, init_from=trained, world_steps=1)
    autoencoders = [Autoencoder(MICRO.autoencoder) for _ in range(2)]
    for module, folder in zip(autoencoders, (trained, weights), strict=True):
        load_into(module, folder / AUTOENCODER)
    states = [module.state_dict() for module in autoencoders]
    for name in states[0]:  # the decoder may be polished, latents mean what they meant
        assert name.startswith("decoder") or torch.equal(states[0][name], states[1][name])
    assert weights_hash(weights) != weights_hash(trained)


def test_a_generator_follows_where_the_config_gives_it_a_rank(trained, with_panoramas, tmp_path):
    config = replace(MICRO, generator_rank=2)
    weights = train(tmp_path / "run", with_panoramas, config)
    assert read_config(weights) == config
    world = [(folder / WORLD).read_bytes() for folder in (trained, weights)]
    assert world[0] == world[1]  # it changes nothing of the world it starts from
    blocks = play(tiny_world(weights=weights), [RIGHT] * 2)
    assert all(block.frames.shape == (3, 192, 320, 3) for block in blocks)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "run/log.jsonl").open()]
    assert kinds[9:] == ["frames, critic", "moving, critic", "decoder", "animator"]
    assert (tmp_path / "run/generator-000002.png").exists()


def test_latents_are_normalised_after_training(trained, drawn):
    module = Autoencoder(MICRO.autoencoder)
    load_into(module, trained / AUTOENCODER)
    data = panorama_set(drawn, PANORAMAS)
    views = random_crops(data, np.random.default_rng(0), 24, 192, 320)
    with torch.no_grad():
        latents = module.encode(to_pictures(views))
    assert (latents.mean(dim=(0, 2, 3)).abs() < 0.5).all()
    assert ((latents.std(dim=(0, 2, 3)) - 1).abs() < 0.5).all()


def test_panoramas_are_drawn_once(drawn):
    data = panorama_set(drawn, PANORAMAS)
    assert data.rings.shape == (PANORAMAS, RING_HEIGHT, RING_WIDTH, CHANNELS)
    assert len(set(data.times)) > 1
    rest, labels, later = data.rings[..., :3], data.rings[..., 3], data.rings[..., 4:]
    changed = (rest != later).any(axis=-1)
    assert changed.any()
    assert not changed[np.isin(labels, STAYING)].any()
    assert changed[labels == MotionLabel.STILL].mean() < 0.01
    assert all(len(set(captions)) > 1 for captions in data.captions)
    before = {path.name: path.stat().st_mtime_ns for path in drawn.iterdir()}
    panorama_set(drawn, PANORAMAS)
    assert before == {path.name: path.stat().st_mtime_ns for path in drawn.iterdir()}


def test_training_seeds_never_reach_the_held_out_ones(tmp_path):
    with pytest.raises(ValueError, match="reach held-out"):
        panorama_set(tmp_path, HELD_OUT + 1)


def test_crops_wrap_around_the_ring():
    ring = np.zeros((1, RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8)
    ring[..., 0] = np.arange(RING_WIDTH) % 256
    data = PanoramaSet(ring, np.zeros(1), [["a"]])
    crops = random_crops(data, np.random.default_rng(1), 40, 32, 300)
    steps = np.diff(crops[..., 0].astype(int), axis=2) % 256
    assert (steps == 1).all()  # RING_WIDTH is a multiple of 256: no seam
