"""Prompts become token ids and text features, with nothing past the prompt."""

import pytest
import torch

from mag_sandbox.model.config import END, PAD, TextConfig
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.model.prompts import tokenise
from tests.tiny import CAPTIONS, TINY, tiny_networks, tiny_tokenizer

LENGTH = TINY.text.text_len


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


def test_a_short_prompt_ends_with_the_end_mark_and_padding(tokenizer):
    ids, mask = tokenise(tokenizer, ["a red"], LENGTH)
    used = int(mask.sum())
    assert ids.shape == mask.shape == (1, LENGTH)
    assert ids[0, used - 1] == tokenizer.token_to_id(END)
    assert mask[0].tolist() == [1] * used + [0] * (LENGTH - used)
    assert set(ids[0, used:].tolist()) == {tokenizer.token_to_id(PAD)}


def test_a_long_prompt_is_cut_and_keeps_its_end_mark(tokenizer):
    ids, mask = tokenise(tokenizer, ["a red tower " * 30, "sea"], LENGTH)
    assert mask[0].all()
    assert ids[0, -1] == tokenizer.token_to_id(END)
    assert ids[0, :-1].tolist() == tokenizer.encode("a red tower " * 30).ids[: LENGTH - 1]


def test_the_empty_prompt_is_one_end_mark(tokenizer):
    ids, mask = tokenise(tokenizer, [""], LENGTH)
    assert ids[0, 0] == tokenizer.token_to_id(END)
    assert mask.sum() == 1


def test_capitals_and_unknown_characters_do_no_harm(tokenizer):
    one, _ = tokenise(tokenizer, ["A Red TOWER"], LENGTH)
    other, _ = tokenise(tokenizer, ["a red tower"], LENGTH)
    assert torch.equal(one, other)
    assert tokenise(tokenizer, ["塔 🗼"], LENGTH)[1].sum() >= 1


def test_rows_past_the_prompt_are_exactly_zero(tokenizer):
    ids, mask = tokenise(tokenizer, ["a red", "", CAPTIONS[0]], LENGTH)
    features = tiny_networks().text(ids, mask)
    assert features.shape == (3, LENGTH, TINY.text.dim)
    assert features[mask == 0].abs().max() == 0
    assert (features[mask == 1].abs().amax(dim=-1) > 0).all()


def of_the_library(config: TextConfig):
    from transformers.models.umt5.configuration_umt5 import UMT5Config
    from transformers.models.umt5.modeling_umt5 import UMT5EncoderModel

    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=config.vocab_size,
            d_model=config.dim,
            d_kv=config.dim // config.num_heads,
            d_ff=config.ffn_dim,
            num_layers=config.num_layers,
            num_heads=config.num_heads,
            dropout_rate=0.0,
            feed_forward_proj="gated-gelu",
        )
    ).eval()


@pytest.mark.parametrize("config", [TINY.text, TextConfig()], ids=["tiny", "usual"])
@pytest.mark.parametrize("mixed", [False, True], ids=["float32", "autocast"])
def test_features_are_the_very_numbers_of_the_library(config, mixed):
    torch.manual_seed(3)
    library, encoder = of_the_library(config), TextEncoder(config).eval()
    for values in library.parameters():
        torch.nn.init.normal_(values, std=0.3)
    encoder.umt5.load_state_dict(library.state_dict())
    used = torch.tensor([1, config.text_len // 2, config.text_len])
    mask = (torch.arange(config.text_len) < used[:, None]).long()
    ids = torch.randint(2, config.vocab_size, mask.shape) * mask
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        features = library(input_ids=ids, attention_mask=mask).last_hidden_state
        assert torch.equal(encoder(ids, mask), features * mask[..., None].to(features.dtype))


def test_training_begins_with_weights_as_spread_as_the_library_has_them():
    torch.manual_seed(0)
    library, encoder = of_the_library(TextConfig()), TextEncoder(TextConfig())
    ours, theirs = encoder.umt5.state_dict(), library.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weights in ours.items():
        if weights.ndim > 1:
            assert float(weights.std()) == pytest.approx(float(theirs[name].std()), rel=0.3)
        else:
            assert torch.equal(weights, theirs[name])


def test_padding_changes_no_feature(tokenizer):
    encoder = tiny_networks().text
    ids, mask = tokenise(tokenizer, ["a red"], LENGTH)
    used = int(mask.sum())
    alone = encoder(ids[:, :used], mask[:, :used])
    assert torch.allclose(encoder(ids, mask)[:, :used], alone, atol=1e-5)
