"""Prompts: known ones need no encoder, and every one is read once."""

import pytest
import torch

from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, weights_hash
from mag_sandbox.model.prompts import TEXTS, Conditioner, PromptFeatures, read_texts, write_texts
from mag_sandbox.scenes import available_scenes, load_scene
from tests.tiny import TINY, tiny_networks, tiny_tokenizer

LENGTH = TINY.text.text_len
PROMPTS = ("", "a red tower", "a green hill")


class CountingEncoder:
    """A text encoder that notes how often it was loaded."""

    def __init__(self):
        self.loaded = 0

    def load(self):
        self.loaded += 1
        return tiny_networks().text


def features_of(encoder: CountingEncoder, known=None) -> PromptFeatures:
    """Return a reader of prompts."""
    return PromptFeatures(tiny_tokenizer(), LENGTH, encoder.load, known or {})


@pytest.fixture
def texts():
    """Return the features of some prompts."""
    read = features_of(CountingEncoder())
    return {prompt: read(prompt) for prompt in PROMPTS}


def test_the_encoder_is_loaded_once_when_a_prompt_is_not_known(tmp_path, texts):
    write_texts(tmp_path, "weights", texts)
    encoder = CountingEncoder()
    read = features_of(encoder, read_texts(tmp_path, "weights"))
    for prompt in PROMPTS:
        assert torch.equal(read(prompt), texts[prompt])
    assert encoder.loaded == 0
    read("a red hill"), read("a green tower")
    assert encoder.loaded == 1


def test_a_player_who_begins_to_write_need_not_wait_later():
    encoder = CountingEncoder()
    read = features_of(encoder)
    read.warm()
    read("a red hill")
    assert encoder.loaded == 1


def test_the_encoder_reads_only_words_that_were_learned():
    def without_nonsense(prompt: str) -> str:
        return prompt.replace("wwwww ", "")

    encoder = CountingEncoder()
    read = PromptFeatures(tiny_tokenizer(), LENGTH, encoder.load, {}, without_nonsense)
    assert torch.equal(read("a wwwww red tower"), read("a red tower"))
    assert not torch.equal(features_of(encoder)("a wwwww red tower"), read("a red tower"))


def test_features_of_other_weights_are_not_used(tmp_path, texts):
    write_texts(tmp_path, "these", texts)
    assert read_texts(tmp_path, "others") == {}
    assert set(read_texts(tmp_path, "these")) == set(PROMPTS)


@pytest.mark.parametrize(
    "content", [None, b"", b"not safetensors", b"\x08" + b"\0" * 7 + b"[[[[[[[["]
)
def test_a_file_that_cannot_be_read_counts_as_empty(tmp_path, content):
    if content is not None:
        (tmp_path / TEXTS).write_bytes(content)
    assert read_texts(tmp_path, "weights") == {}


def test_the_game_comes_with_the_prompts_of_all_its_scenes():
    known = read_texts(POCKET_WEIGHTS, weights_hash(POCKET_WEIGHTS))
    prompts = {load_scene(name).prompt for name in available_scenes()}
    assert prompts | {""} <= set(known), "run `python -m training texts assets/weights/pocket`"


def test_each_prompt_is_projected_once():
    conditioner = Conditioner(tiny_networks().dit, features_of(CountingEncoder()))
    first = conditioner.text_keys("a red tower")
    assert conditioner.text_keys("a red tower") is first
    assert not torch.equal(conditioner.text_keys("a green hill")[0][0], first[0][0])
    for index in range(80):
        conditioner.text_keys(f"tower {index}")
    assert conditioner.text_keys("a red tower") is not first  # long ago, forgotten
    assert torch.equal(conditioner.text_keys("a red tower")[0][0], first[0][0])
