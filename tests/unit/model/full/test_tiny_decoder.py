"""The tiny decoder reproduces the public one, however the latents are cut."""

import json
import math

import pytest
import torch

from mag_sandbox.model.full.codec_state import START, CodecState
from mag_sandbox.model.full.tiny_decoder import (
    LEADING,
    MemoryBlock,
    TinyDecoder,
    TinyEncoder,
    load_tiny_decoder,
    load_tiny_encoder,
)
from mag_sandbox.model.world import MissingWeights
from tests.golden_vectors import GOLDEN_DIR, assert_matches, manifest, vectors
from tests.unit.model.full.precision import DEVICES, relative_rms


def public_shapes() -> dict[str, list[int]]:
    return json.loads((GOLDEN_DIR / "tiny_decoder_key_shapes.json").read_text())


def narrow_state() -> dict[str, torch.Tensor]:
    golden = vectors("tiny_decoder")
    return {k.removeprefix("state/"): v for k, v in golden.items() if k.startswith("state/")}


def seeded_state(seed: int) -> dict[str, torch.Tensor]:
    """The set's recipe for full-size weights; see the cases of the manifest."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in public_shapes().items():
        values = torch.randn(shape, generator=generator)
        if key.endswith("weight"):
            values *= math.sqrt(1.6 / values[0].numel())
            values *= 0.4 if key.endswith("conv.4.weight") else 1
        else:
            values *= 0.1
        state[key] = values
    state["decoder.22.bias"] += 0.5
    state["decoder.22.weight"] *= 0.25
    return state


@pytest.fixture(scope="module")
def golden():
    return vectors("tiny_decoder")


@pytest.fixture(scope="module")
def decoder() -> TinyDecoder:
    return load_tiny_decoder(narrow_state())


def signed(pixels: torch.Tensor) -> torch.Tensor:
    """[0, 1] as the tiny decoder's authors have it -> [-1, 1] as everything here has it."""
    return pixels * 2 - 1


def in_pieces(decoder, latents, length):
    pieces, state = [], START
    for piece in latents.split(length, 1):
        pictures, state = decoder.decode(piece, state)
        pieces.append(pictures)
    return pieces, state


def test_names_and_shapes_are_the_public_ones():
    cases = manifest()["files"]["tiny_decoder"]["cases"]["full"]
    with torch.device("meta"):
        halves = {
            "decoder": TinyDecoder(cases["decoder_widths"]),
            "encoder": TinyEncoder(cases["encoder_width"]),
        }
    actual = {
        f"{half}.{key}": list(value.shape)
        for half, module in halves.items()
        for key, value in module.state_dict().items()
    }
    assert actual == public_shapes()


def test_sizes_come_from_the_weights(decoder):
    cases = manifest()["files"]["tiny_decoder"]["cases"]
    blocks = [layer for layer in decoder if isinstance(layer, MemoryBlock)]
    assert [block.conv[0].out_channels for block in blocks[::3]] == cases["decoder_widths"][:3]


def test_raw_frames_and_state_match(decoder, golden):
    raw, state = decoder.decode_raw(golden["z"])
    assert_matches(raw, golden["decoded_raw"])
    blocks = [index for index, layer in enumerate(decoder) if isinstance(layer, MemoryBlock)]
    assert {f"memory/{index}" for index in blocks} == {k for k in golden if k.startswith("memory/")}
    for index, tail in zip(blocks, state.tails, strict=True):
        assert_matches(tail, golden[f"memory/{index}"])


def test_the_video_is_trimmed_once_and_clamped(decoder, golden):
    pictures, _ = decoder.decode(golden["z"])
    assert_matches(pictures, signed(golden["decoded_raw"][:, LEADING:].clamp(0, 1)))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_any_cut_of_the_latents_gives_the_same_pictures(decoder, golden, length):
    pieces, state = in_pieces(decoder, golden["z"], length)
    whole, after = decoder.decode(golden["z"])
    assert_matches(torch.cat(pieces, 1), whole, tolerance=1e-5)
    for tail, expected in zip(state.tails, after.tails, strict=True):
        assert_matches(tail, expected, tolerance=1e-5)


def test_each_latent_gives_as_many_pictures_as_officially(decoder, golden):
    pieces, _ = in_pieces(decoder, golden["z"], 1)
    assert [piece.shape[1] for piece in pieces] == golden["stream_counts"].tolist()


def test_a_first_block_gives_nine_pictures_and_later_ones_twelve(decoder, golden):
    block = golden["z"][:, :3]
    first, state = decoder.decode(block)
    later, _ = decoder.decode(block, state)
    assert (first.shape[1], later.shape[1]) == (9, 12)
    assert torch.equal(decoder.decode(block)[0], first)  # a new video knows nothing of the last


def test_a_state_can_be_parked_and_forked(decoder, golden):
    _, state = decoder.decode(golden["z"][:, :2])
    kept = {name: tensor.clone() for name, tensor in state.as_tensors().items()}
    parked = CodecState.from_tensors(kept, state)
    rest = golden["z"][:, 2:]
    expected, _ = decoder.decode(rest, state)
    assert torch.equal(decoder.decode(rest, parked)[0], expected)
    assert torch.equal(decoder.decode(rest, state)[0], expected)


def test_the_videos_of_a_batch_stay_apart(decoder, golden):
    both = torch.cat([golden["z"], golden["z"].flip(1)])
    pieces, _ = in_pieces(decoder, both, 2)
    pictures = torch.cat(pieces, 1)
    for index, latents in enumerate(both):
        alone, _ = decoder.decode(latents[None])
        assert_matches(pictures[index : index + 1], alone, tolerance=1e-5)


def test_encoding_matches(golden):
    latents = load_tiny_encoder(narrow_state()).encode(signed(golden["pixels"]))
    assert_matches(latents, golden["encoded"])


def test_the_full_size_matches(golden):
    state = seeded_state(manifest()["files"]["tiny_decoder"]["cases"]["full"]["seed"])
    for key in (k for k in golden if k.startswith("full/probe/")):
        probe = state[key.removeprefix("full/probe/")].flatten()[: golden[key].numel()]
        if not torch.allclose(probe, golden[key], rtol=1e-5, atol=1e-7):
            pytest.skip(f"another random stream: {key} differs")
    raw, _ = load_tiny_decoder(state).decode_raw(golden["full/z"])
    assert_matches(raw, golden["full/decoded_raw"])
    latents = load_tiny_encoder(state).encode(signed(golden["full/pixels"]))
    assert_matches(latents, golden["full/encoded"])


@pytest.mark.parametrize("device", DEVICES)
def test_bf16_stays_bf16_and_close(golden, device):
    decoder = load_tiny_decoder(narrow_state(), device, torch.bfloat16)
    raw, state = decoder.decode_raw(golden["z"].to(device))
    assert raw.dtype == torch.bfloat16
    assert {tail.dtype for tail in state.tails} == {torch.bfloat16}
    assert relative_rms(raw, golden["decoded_raw"]) < 0.1


def test_weights_that_lack_a_tensor_are_refused():
    state = narrow_state()
    del state["decoder.13.conv.weight"]
    with pytest.raises(MissingWeights, match=r"13\.conv\.weight"):
        load_tiny_decoder(state)


@pytest.mark.parametrize("load", [load_tiny_decoder, load_tiny_encoder])
def test_weights_of_something_else_are_refused(load):
    with pytest.raises(MissingWeights, match="taew2_1"):
        load({"conv.weight": torch.zeros(1)})
