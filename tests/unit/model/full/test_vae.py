"""The wrapped autoencoder reproduces the official one: whole, streamed, and encoded again."""

import json
from collections.abc import Iterable
from itertools import accumulate

import pytest
import torch

from mag_sandbox.model.full.codec_state import START, CodecState
from mag_sandbox.model.full.vae import load_vae
from mag_sandbox.model.world import MissingWeights
from tests.golden_vectors import GOLDEN_DIR, assert_matches, manifest, vectors
from tests.unit.model.full.precision import DEVICES, relative_rms


@pytest.fixture(scope="module")
def vae():
    return load_vae(vectors("vae_state"))


@pytest.fixture(scope="module")
def golden():
    return vectors("vae")


def official_pieces(latents: torch.Tensor) -> list[torch.Tensor]:
    """Cut latents as the set did: its pieces, the rest last."""
    ends = list(accumulate(manifest()["config"]["vae_chunks"]))
    return [piece for piece in latents.tensor_split(ends, 1) if piece.shape[1]]


def streamed(vae, latents: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    pieces, state = [], START
    for piece in latents:
        pictures, state = vae.decode(piece, state)
        pieces.append(pictures)
    return pieces


def official_shapes() -> dict[str, torch.Tensor]:
    """The full-size state dict, without its numbers."""
    shapes = json.loads((GOLDEN_DIR / "real_key_shapes.json").read_text())["vae_wan2.1"]
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


def test_encoding_matches(vae, golden):
    assert_matches(vae.encode(golden["pixels"])[0], golden["encoded"])


def test_decoding_matches(vae, golden):
    assert_matches(vae.decode(golden["z"])[0], golden["decoded"])


def test_decoding_without_clamping_matches(vae, golden):
    assert_matches(vae.decode_unclamped(golden["z"])[0], golden["decoded_unclamped"])


def test_streamed_decoding_matches_piece_by_piece(vae, golden):
    pieces = streamed(vae, official_pieces(golden["z"]))
    assert [piece.shape[1] for piece in pieces] == golden["stream_chunks"].tolist()
    assert_matches(torch.cat(pieces, 1), golden["decoded_streaming"])


@pytest.mark.parametrize("length", [1, 3])
def test_any_cut_of_the_latents_gives_the_same_pictures(vae, golden, length):
    pieces = streamed(vae, golden["z"].split(length, 1))
    assert_matches(torch.cat(pieces, 1), golden["decoded"])


def test_encoding_the_last_pictures_again_leaves_a_running_stream_alone(vae, golden):
    first, last = golden["reencode/pixels_chunk1"], golden["reencode/latents_last9"]
    begun = (first.shape[1] + 3) // 4
    pictures, state = vae.decode(golden["z"][:, :begun])
    assert_matches(pictures, first)
    again, _ = vae.encode(pictures[:, -(4 * last.shape[1] - 3) :])
    assert_matches(again, last)
    assert_matches(vae.decode(golden["z"][:, begun:], state)[0], golden["reencode/pixels_rest"])


def test_streamed_encoding_equals_encoding_at_once(vae, golden):
    pictures = golden["pixels"]
    first, state = vae.encode(pictures[:, :5])
    rest, _ = vae.encode(pictures[:, 5:], state)
    assert_matches(torch.cat([first, rest], 1), golden["encoded"])


def test_two_sessions_may_go_on_from_one_state(vae, golden):
    z = golden["z"]
    _, state = vae.decode(z[:, :1])
    here, _ = vae.decode(z[:, 1:], state)
    other, _ = vae.decode(z[:, 1:].flip(1), state)
    again, _ = vae.decode(z[:, 1:], state)
    assert torch.equal(here, again)
    assert not torch.equal(here, other)


@pytest.mark.parametrize("passed", [1, 2])
def test_a_parked_stream_goes_on_as_if_it_had_not_stopped(vae, golden, passed):
    z = golden["z"]
    _, state = vae.decode(z[:, :passed])
    parked = {name: tensor.clone() for name, tensor in state.as_tensors().items()}
    resumed = CodecState.from_tensors(parked, state)
    assert torch.equal(vae.decode(z[:, passed:], resumed)[0], vae.decode(z[:, passed:], state)[0])


def test_the_videos_of_a_batch_stay_apart(vae, golden):
    z = golden["z"]
    pictures, _ = vae.decode(torch.cat([z, z.flip(1)]))
    assert_matches(pictures[: len(z)], golden["decoded"])
    assert_matches(pictures[len(z) :], vae.decode(z.flip(1))[0])


@pytest.mark.parametrize(("begun", "count"), [(False, 4), (False, 0), (True, 5)])
def test_pictures_that_make_no_whole_latent_frames_are_refused(vae, golden, begun, count):
    _, later = vae.encode(golden["pixels"][:, :1])
    with pytest.raises(ValueError, match=f"{count} pictures make no whole latent frames"):
        vae.encode(golden["pixels"][:, :count], later if begun else START)


@pytest.mark.parametrize("device", DEVICES)
def test_bf16_stays_bf16_and_close(golden, device):
    vae = load_vae(vectors("vae_state"), device, torch.bfloat16)
    pictures, state = vae.decode(golden["z"].to(device))
    latents, _ = vae.encode(pictures)
    assert pictures.dtype == latents.dtype == torch.bfloat16
    assert {tail.dtype for tail in state.tails if isinstance(tail, torch.Tensor)} == {
        pictures.dtype
    }
    assert relative_rms(pictures, golden["decoded"]) < 0.1


def test_full_size_weights_have_the_librarys_names_and_shapes():
    official = official_shapes()
    actual = load_vae(official, device="meta").network.state_dict()
    assert sorted(v.shape for v in actual.values()) == sorted(v.shape for v in official.values())


def test_a_full_size_block_has_the_sizes_of_the_game():
    vae = load_vae(official_shapes(), device="meta", dtype=torch.bfloat16)
    latents = torch.empty(1, 3, 16, 60, 104, device="meta")
    first, state = vae.decode(latents)
    later, _ = vae.decode(latents, state)
    assert first.shape == (1, 9, 3, 480, 832)
    assert later.shape == (1, 12, 3, 480, 832)


def test_weights_that_lack_a_tensor_are_refused():
    state = dict(vectors("vae_state"))
    del state["decoder.head.2.bias"]
    with pytest.raises(MissingWeights, match=r"conv_out\.bias"):
        load_vae(state)


@pytest.mark.parametrize("name", ["decoder.tail.weight", "encoder.conv1.weights"])
def test_weights_with_an_unknown_name_are_refused(name):
    state = {**vectors("vae_state"), name: torch.zeros(1)}
    with pytest.raises(MissingWeights, match=name.rpartition(".")[2]):
        load_vae(state)


def test_weights_of_something_else_are_refused():
    with pytest.raises(MissingWeights, match=r"Wan2\.1_VAE\.pth"):
        load_vae({"conv.weight": torch.zeros(1)})
