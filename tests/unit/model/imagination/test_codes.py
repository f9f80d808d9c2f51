"""Codes: numbers from and to pictures."""

import pytest
import torch

from mag_sandbox.model.config import AutoencoderConfig
from mag_sandbox.model.imagination.codes import CodeEncoder, to_codes, to_values
from mag_sandbox.model.imagination.config import CodesConfig
from mag_sandbox.training.imagination.stage_codes import CodeAutoencoder

CODES = CodesConfig()


def test_every_code_comes_back_from_its_values():
    codes = torch.arange(CODES.code_count)[:, None].expand(-1, 2)
    assert torch.equal(to_codes(to_values(codes, CODES), CODES), codes)


def test_values_between_two_levels_become_the_nearer_one():
    values = to_values(torch.tensor([[5, 77]]), CODES)
    nudged = (values + 0.9 / (CODES.levels - 1) * torch.tensor([1, -1, 1, -1, 1, -1])).clamp(-1, 1)
    assert torch.equal(to_codes(nudged, CODES), torch.tensor([[5, 77]]))


def test_rounding_lets_gradients_through():
    coder = CodeAutoencoder(CodeEncoder(CODES))
    coder(torch.rand(1, 3, 32, 32)).sum().backward()
    assert coder.encoder.network[1].weight.grad.abs().sum() > 0


def test_decoding_codes_gives_what_went_through_them():
    torch.manual_seed(0)
    coder, pictures = CodeAutoencoder(CodeEncoder(CODES)), torch.rand(1, 3, 32, 48) * 2 - 1
    torch.testing.assert_close(coder.decode(coder.encoder(pictures)), coder(pictures))


def test_codes_of_a_turned_ring_are_the_turned_codes():
    torch.manual_seed(0)
    encoder, ring = CodeEncoder(CODES), torch.rand(1, 3, 32, 320) * 2 - 1
    turned = encoder.ring(ring.roll(5 * 16, dims=-1))
    assert torch.equal(turned, encoder.ring(ring).roll(5, dims=2))


def test_channels_must_split_into_codes():
    with pytest.raises(ValueError, match="6 channels do not make 4 codes"):
        CodesConfig(AutoencoderConfig(channels=6), codes_per_cell=4)
