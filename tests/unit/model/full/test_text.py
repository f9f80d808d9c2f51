"""Prompts are cleaned, cut into tokens and encoded as officially."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from mag_sandbox.model.config import END, PAD, UNKNOWN
from mag_sandbox.model.full.text import (
    TEXT_LEN,
    TextEmbedder,
    clean_text,
    encode_tokens,
    load_text_encoder,
    load_tokenizer,
    text_config,
    to_library,
)
from mag_sandbox.model.world import MissingWeights
from tests.golden_vectors import GOLDEN_DIR, assert_matches, manifest, vectors
from tests.unit.model.full.precision import DEVICES, relative_rms

CAPTIONS = ["a red tower & fog", "the camera pans left", "fog"]


def golden_state() -> dict[str, torch.Tensor]:
    golden = vectors("t5")
    return {k.removeprefix("state/"): v for k, v in golden.items() if k.startswith("state/")}


def official_shapes() -> dict[str, torch.Tensor]:
    """The full-size state dict, without its numbers."""
    shapes = json.loads((GOLDEN_DIR / "real_key_shapes.json").read_text())["umt5_xxl_encoder"]
    return {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}


@pytest.fixture(scope="module")
def encoder():
    return load_text_encoder(golden_state())


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory):
    """A tiny tokenizer of the real one's kind: unigrams, marked spaces, an end mark added."""
    words = sorted({word for caption in CAPTIONS for word in caption.split()})
    pieces = [(PAD, 0.0), (END, 0.0), (UNKNOWN, 0.0), *((f"\u2581{word}", -1.0) for word in words)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.add_special_tokens([PAD, END, UNKNOWN])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, 1)]
    )
    folder = tmp_path_factory.mktemp("umt5-xxl")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder, encoder):
    return load_tokenizer(tokenizer_folder, encoder.config.vocab_size)


@pytest.fixture(scope="module")
def embedder(encoder, tokenizer):
    return TextEmbedder(encoder, tokenizer, text_len=24)


@pytest.mark.parametrize(("raw", "cleaned"), manifest()["text_cleaning"])
def test_cleaning_matches(raw, cleaned):
    assert clean_text(raw) == cleaned


def test_encoder_output_matches_before_and_after_zeroing(encoder):
    golden = vectors("t5")
    ids, mask = golden["ids"], golden["mask"]
    output = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    assert_matches(output, golden["encoder_out"])
    features = encode_tokens(encoder, ids, mask)
    assert_matches(features, golden["prompt_embeds"])
    assert not features[mask == 0].any()


def test_a_prompt_without_its_padding_has_the_same_features(encoder):
    golden = vectors("t5")
    for ids, mask, expected in zip(
        golden["ids"], golden["mask"], golden["prompt_embeds"], strict=True
    ):
        used = int(mask.sum())
        alone = encode_tokens(encoder, ids[None, :used], mask[None, :used])
        assert_matches(alone[0], expected[:used])


def test_relative_position_buckets_match(encoder):
    golden = vectors("t5")
    attention = encoder.encoder.block[0].layer[0].SelfAttention
    buckets = attention._relative_position_bucket(golden["rel_pos"])
    assert_matches(buckets, golden["rel_bucket"])


def test_the_official_names_are_the_librarys_at_full_size():
    official = official_shapes()
    encoder = load_text_encoder(official, device="meta", dtype=torch.bfloat16)
    actual = encoder.state_dict()
    library = to_library(official)
    assert {key: value.shape for key, value in library.items()} == {
        key: value.shape for key, value in actual.items()
    }


def test_the_full_size_configuration_is_umt5_xxl():
    config = text_config(official_shapes())
    assert (config.d_model, config.d_kv, config.num_heads) == (4096, 64, 64)
    assert (config.d_ff, config.num_layers, config.vocab_size) == (10240, 24, 256384)
    assert (config.relative_attention_num_buckets, config.relative_attention_max_distance) == (
        32,
        128,
    )
    assert (config.dense_act_fn, config.layer_norm_epsilon) == ("gelu_new", 1e-6)


def test_token_embeddings_are_held_once(encoder):
    assert encoder.shared.weight is encoder.encoder.embed_tokens.weight


def test_rows_past_a_prompt_are_exactly_zero(embedder):
    features = embedder.embed(CAPTIONS)
    assert features.shape == (len(CAPTIONS), embedder.text_len, embedder.encoder.config.d_model)
    for row, caption in zip(features, CAPTIONS, strict=True):
        used = len(embedder.rows(caption))
        assert 1 < used < embedder.text_len
        assert row[:used].any(1).all()
        assert not row[used:].any()


def test_the_empty_prompt_is_one_end_mark(embedder, encoder):
    end = encode_tokens(encoder, torch.tensor([[1]]), torch.tensor([[1]]))[0]
    assert torch.equal(embedder.rows(""), end)
    assert torch.equal(embedder.rows(" \n"), end)


def test_prompts_are_cleaned_before_they_are_encoded(embedder):
    assert torch.equal(
        embedder.rows(" a  red\ttower &amp;amp; fog "), embedder.rows("a red tower & fog")
    )


def test_long_prompts_are_cut_and_keep_one_end_mark(embedder, tokenizer, encoder):
    prompt = " ".join(CAPTIONS * 5)
    ids = tokenizer.encode(prompt).ids  # the template adds the end mark here
    assert ids[-1] == 1
    assert ids.count(1) == 1
    kept = torch.tensor([[*ids[: embedder.text_len - 1], 1]])
    assert torch.equal(
        embedder.rows(prompt), encode_tokens(encoder, kept, torch.ones_like(kept))[0]
    )


@pytest.mark.parametrize("device", DEVICES)
def test_bf16_features_are_bf16_and_close(tokenizer, embedder, device):
    encoder = load_text_encoder(golden_state(), device, torch.bfloat16)
    low = TextEmbedder(encoder, tokenizer, embedder.text_len)
    features = low.embed(CAPTIONS)
    assert features.dtype == torch.bfloat16
    assert relative_rms(features, embedder.embed(CAPTIONS)) < 0.1


def test_features_are_as_long_as_the_transformer_wants(encoder, tokenizer):
    assert TextEmbedder(encoder, tokenizer).embed([""]).shape[1] == TEXT_LEN == 512


def test_weights_that_lack_a_tensor_are_refused():
    state = golden_state()
    del state["blocks.1.ffn.fc2.weight"]
    with pytest.raises(MissingWeights, match=r"wo\.weight"):
        load_text_encoder(state)


def test_weights_of_something_else_are_refused():
    with pytest.raises(MissingWeights, match="models_t5_umt5"):
        load_text_encoder({"conv.weight": torch.zeros(1)})


def test_a_tokenizer_that_is_missing_damaged_or_of_other_weights_is_refused(
    tmp_path, tokenizer_folder
):
    with pytest.raises(MissingWeights, match=r"tokenizer\.json is missing"):
        load_tokenizer(tmp_path, 50)
    with pytest.raises(MissingWeights, match="knows 3 and 1"):
        load_tokenizer(tokenizer_folder, 3)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(MissingWeights, match="cannot be read"):
        load_tokenizer(tmp_path, 50)
