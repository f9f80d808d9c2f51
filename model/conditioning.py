"""Prompts to what the transformer reads, remembered so that each prompt is encoded once."""

from collections import OrderedDict

import torch
from tokenizers import Tokenizer

from model.dit import TextKeys
from model.networks import PocketNetworks
from model.text_encoder import tokenise

_REMEMBERED = 64  # prompts


class Conditioner:
    """Encodes prompts for one set of networks."""

    def __init__(self, networks: PocketNetworks, tokenizer: Tokenizer) -> None:
        self._networks, self._tokenizer = networks, tokenizer
        self._keys: OrderedDict[str, TextKeys] = OrderedDict()

    def text_keys(self, prompt: str) -> TextKeys:
        """Return every layer's keys and values of a prompt."""
        if prompt not in self._keys:
            text_len = self._networks.config.text.text_len
            with torch.inference_mode():
                ids, mask = tokenise(self._tokenizer, [prompt], text_len)
                device = self._networks.device
                self._keys[prompt] = self._networks.text_keys(ids.to(device), mask.to(device))
            if len(self._keys) > _REMEMBERED:
                self._keys.popitem(last=False)
        self._keys.move_to_end(prompt)
        return self._keys[prompt]
