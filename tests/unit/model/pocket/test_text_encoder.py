"""Prompts become token ids and text features, with nothing past the prompt."""

import pytest
import torch

from mag_sandbox.model.config import END, PAD, TextConfig
from mag_sandbox.model.pocket.engines.text_reader import TextReader
from mag_sandbox.model.pocket.networks import TextEncoder
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


@pytest.mark.parametrize("config", [TINY.text, TextConfig()], ids=["tiny", "usual"])
def test_the_reader_of_play_gives_the_very_numbers_of_the_library(config):
    torch.manual_seed(3)
    encoder, reader = TextEncoder(config).eval(), TextReader(config).eval()
    for values in encoder.parameters():
        torch.nn.init.normal_(values, std=0.3)
    reader.load_state_dict(encoder.state_dict())
    used = torch.tensor([1, config.text_len // 2, config.text_len])
    mask = (torch.arange(config.text_len) < used[:, None]).long()
    ids = torch.randint(2, config.vocab_size, mask.shape) * mask
    with torch.inference_mode():
        assert torch.equal(reader(ids, mask), encoder(ids, mask))


def test_padding_changes_no_feature(tokenizer):
    encoder = tiny_networks().text
    ids, mask = tokenise(tokenizer, ["a red"], LENGTH)
    used = int(mask.sum())
    alone = encoder(ids[:, :used], mask[:, :used])
    assert torch.allclose(encoder(ids, mask)[:, :used], alone, atol=1e-5)
