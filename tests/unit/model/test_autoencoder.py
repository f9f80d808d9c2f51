"""The per-frame autoencoder: shapes, normalisation, and frames as the game has them."""

import numpy as np
import torch

from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.config import POCKET
from mag_sandbox.model.frames import to_frames, to_pictures
from tests.tiny import TINY, tiny_autoencoder

draw = torch.Generator().manual_seed(0)


def test_the_pocket_world_codes_320_by_192_pictures_as_20_by_12_latents():
    with torch.device("meta"):
        latents = Autoencoder(POCKET.autoencoder).encode(torch.zeros(2, 3, 192, 320))
        pictures = Autoencoder(POCKET.autoencoder).decode(latents)
    assert latents.shape == (2, 32, *POCKET.latent_size)
    assert POCKET.latent_size == (12, 20)
    assert pictures.shape == (2, 3, 192, 320)


def test_normalising_latents_changes_no_picture():
    module = tiny_autoencoder()
    pictures = torch.rand(2, 3, 64, 64, generator=draw) * 2 - 1
    before = module.decode(module.encode(pictures))
    module.offset.fill_(0.7)
    module.scale.fill_(0.3)
    latents = module.encode(pictures)
    assert torch.allclose(latents, (module.bounded(pictures) - 0.7) / 0.3)
    assert torch.allclose(module.decode(latents), before, atol=1e-5)


def test_latents_are_bounded_before_normalisation():
    module = tiny_autoencoder()
    extreme = module.bounded(100 * torch.randn(1, 3, 64, 64, generator=draw))
    assert extreme.abs().max() <= TINY.autoencoder.bound


def test_every_frame_is_coded_alone():
    module = tiny_autoencoder()
    pictures = torch.rand(3, 3, 64, 64, generator=draw)
    assert torch.allclose(module.encode(pictures)[1], module.encode(pictures[1:2])[0], atol=1e-5)


def test_the_mean_of_normalised_latents_is_what_the_offset_says():
    module = tiny_autoencoder()
    pictures = torch.rand(8, 3, 64, 64, generator=draw) * 2 - 1
    latents = module.bounded(pictures)
    module.offset.copy_(latents.mean(dim=(0, 2, 3))[:, None, None])
    module.scale.copy_(latents.std(dim=(0, 2, 3))[:, None, None])
    normal = module.encode(pictures)
    assert torch.allclose(normal.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-4)
    assert torch.allclose(normal.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-4)


def test_frames_survive_being_pictures():
    frames = np.random.default_rng(0).integers(256, size=(2, 8, 6, 3), dtype=np.uint8)
    pictures = to_pictures(frames)
    assert pictures.shape == (2, 3, 8, 6)
    assert pictures.abs().max() <= 1.0
    assert np.array_equal(to_frames(pictures), frames)


def test_pictures_out_of_range_are_clamped():
    wild = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0]).reshape(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_frames(wild)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
