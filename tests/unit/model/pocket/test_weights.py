"""Weights folders: written whole, read strictly, and every fault told in one sentence."""

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mag_sandbox.model.checkpoints import load_into
from mag_sandbox.model.config import POCKET, AutoencoderConfig, DiTConfig, PocketConfig, RayConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.lora import TARGETS, UP
from mag_sandbox.model.memorypack.parts import parts_file
from mag_sandbox.model.packing import plain_digest
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.weights import (
    AUTOENCODER,
    CONFIG,
    GENERATOR,
    POCKET_WEIGHTS,
    SAME_MEMORY,
    TOKENIZER,
    WORLD,
    load_generator,
    load_pocket_parts,
    read_config,
    weights_hash,
)
from mag_sandbox.model.world import Control, MissingWeights, WorldFailed
from tests.tiny import (
    PLACE,
    RIGHT,
    TINY,
    assert_same_pictures,
    play,
    tiny_autoencoder,
    tiny_networks,
    tiny_weights,
    tiny_world,
    write_tiny_weights,
)

FILES = (CONFIG, TOKENIZER, WORLD, AUTOENCODER, GENERATOR)
RANK = 2


@pytest.fixture
def folder(tmp_path):
    return write_tiny_weights(tmp_path / "weights", generator_rank=RANK)


def refusal(folder) -> str:
    """Return the sentence with which a weights folder is refused."""
    with pytest.raises(MissingWeights) as caught:
        tiny_world(weights=folder)
    return str(caught.value)


def test_what_was_saved_is_loaded(folder):
    networks, autoencoder = tiny_networks(seed=9), tiny_autoencoder(seed=9)
    load_pocket_parts(folder, networks, autoencoder)
    for loaded, saved in ((networks, tiny_networks()), (autoencoder, tiny_autoencoder())):
        for name, value in saved.state_dict().items():
            assert torch.equal(loaded.state_dict()[name], value.bfloat16().float()), name
    assert read_config(folder) == replace(TINY, generator_rank=RANK)


def test_nothing_half_written_is_left(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_files_are_stored_in_bf16(folder):
    assert {value.dtype for value in load_file(folder / WORLD).values()} == {torch.bfloat16}


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_remedy(folder, name):
    (folder / name).unlink()
    message = refusal(folder)
    assert str(folder / name) in message
    assert "git checkout -- assets/weights" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named_with_the_remedy(folder, name):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    message = refusal(folder)
    assert str(folder / name) in message
    assert "git checkout -- assets/weights" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda state: state.pop("dit.head.head.bias"), '"dit.head.head.bias" is missing'),
        (lambda state: state.update({"dit.extra": torch.ones(1)}), '"dit.extra" is unknown'),
        (
            lambda state: state.update({"dit.head.head.bias": torch.ones(3)}),
            '"dit.head.head.bias" is (3,), expected (16,)',
        ),
    ],
)
def test_weights_of_another_architecture_are_told(folder, fault, said):
    state = load_file(folder / WORLD)
    fault(state)
    save_file(state, folder / WORLD)
    message = refusal(folder)
    assert str(folder / WORLD) in message
    assert said in message


@pytest.mark.parametrize("name", [WORLD, AUTOENCODER, GENERATOR])
def test_numbers_that_are_not_finite_are_refused(folder, name):
    state = load_file(folder / name)
    next(iter(state.values())).view(-1)[0] = float("nan")
    save_file(state, folder / name)
    assert "not finite" in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("dit"),
        lambda data: data["dit"].update(rays=None),
        lambda data: data["text"].update(colour="red"),
        lambda data: data.update(frames_width=1),
    ],
)
def test_a_config_of_another_version_is_refused(folder, change):
    data = json.loads((folder / CONFIG).read_text())
    change(data)
    (folder / CONFIG).write_text(json.dumps(data))
    message = refusal(folder)
    assert str(folder / CONFIG) in message
    assert "git checkout" in message


def test_the_hash_tells_folders_apart(folder, tmp_path):
    same = write_tiny_weights(tmp_path / "same", generator_rank=RANK)
    other = write_tiny_weights(tmp_path / "other", seed=1, generator_rank=RANK)
    assert weights_hash(folder) == weights_hash(same) != weights_hash(other)
    shutil.copytree(folder, tmp_path / "mixed")
    shutil.copy(write_tiny_weights(tmp_path / "third", 2, RANK) / GENERATOR, tmp_path / "mixed")
    assert weights_hash(tmp_path / "mixed") != weights_hash(folder)


def test_the_generator_makes_other_pictures_and_leaves_memory_to_the_memory_model(folder):
    network = load_network(folder)
    alone = load_generator(network, TINY, folder)
    generator = load_generator(network, replace(TINY, generator_rank=RANK), folder)
    assert alone is network
    differing = {
        name
        for name, value in generator.state_dict().items()
        if not torch.equal(value, network.state_dict()[name])
    }
    assert len(differing) == TINY.dit.num_layers * len(TARGETS)
    assert all(name.startswith("blocks.") for name in differing)
    pictures = [
        play(tiny_world(weights=weights), [RIGHT])[-1].frames
        for weights in (folder, tiny_weights())
    ]
    assert not np.array_equal(*pictures)


def load_network(folder) -> DiT:
    """Return the memory model of a weights folder."""
    network = DiT(TINY.dit)
    load_into(network, folder / WORLD, part="dit.")
    return network


def test_a_generator_of_another_rank_is_refused(folder):
    save_file(
        {
            n: v[..., :1].contiguous() if UP in n else v
            for n, v in load_file(folder / GENERATOR).items()
        },
        folder / GENERATOR,
    )
    message = refusal(folder)
    assert str(folder / GENERATOR) in message
    assert "does not fit" in message
    assert "git checkout" in message


@pytest.mark.parametrize("config", [POCKET, TINY])
def test_a_config_survives_being_json(config):
    assert PocketConfig.from_dict(json.loads(json.dumps(asdict(config)))) == config


def test_a_config_from_before_zoom_knows_none():
    data = asdict(POCKET)
    del data["narrowest_fov"]
    before = PocketConfig.from_dict(data)
    assert before == replace(POCKET, narrowest_fov=90.0)
    assert before.axes == ("yaw", "pitch")
    assert POCKET.axes == ("yaw", "pitch", "zoom")


@pytest.mark.parametrize("fov", [0.0, -60.0, 90.5, float("nan"), float("inf")])
def test_an_impossible_field_of_view_is_refused(fov):
    with pytest.raises(ValueError, match=r"narrowest_fov is .* at most 90"):
        replace(POCKET, narrowest_fov=fov)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="dim 30 does not split into 4"):
        DiTConfig(dim=30, ffn_dim=8, num_heads=4, num_layers=1)
    with pytest.raises(ValueError, match="rays rotate 32 pairs, a head of 32 has 16"):
        DiTConfig(dim=128, ffn_dim=8, num_heads=4, num_layers=1, rays=RayConfig())


def test_derived_sizes_follow_from_the_fields():
    assert POCKET.tokens_per_frame == 60
    assert POCKET.dit.head_dim == 64
    assert POCKET.dit.token_dim == 128
    assert AutoencoderConfig().stride == 16
    assert POCKET.dit.text_dim == POCKET.text.dim
    assert POCKET.dit.text_len == POCKET.text.text_len
    assert POCKET.dit.channels == POCKET.autoencoder.channels


def test_the_pocket_world_fits_its_size_limit():
    with torch.device("meta"):
        numbers = sum(value.numel() for value in PocketNetworks(POCKET).parameters())
    assert numbers * 2 < 19 * 2**20  # bytes in bf16, beside the autoencoder


def test_a_save_continues_with_weights_that_differ_in_the_animator_or_decoder_alone(monkeypatch):
    world = tiny_world()
    world.reset(PLACE, seed=1)
    saved = world.snapshot()
    older = replace(saved, data={**saved.data, "weights": "older"})
    with pytest.raises(WorldFailed, match="use the weights it was saved with"):
        world.restore(older)
    monkeypatch.setitem(SAME_MEMORY, "older", saved.data["weights"])
    world.restore(older)
    continued = world.step(Control())
    world.restore(saved)
    assert_same_pictures([continued], [world.step(Control())])


def test_earlier_weights_continue_with_the_shipped_ones():
    own, parts = weights_hash(POCKET_WEIGHTS), plain_digest(parts_file("ring"))[:16]
    assert set(SAME_MEMORY.values()) == {own, f"{own} ring {parts}"}
