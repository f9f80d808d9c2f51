"""Prompts to what the transformer reads, remembered so that each prompt is projected once."""

from collections import OrderedDict

import torch

from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.prompts import PromptFeatures

_REMEMBERED = 16  # prompts


class Conditioner:
    """Turns prompts into keys and values for one transformer, on its device and in its dtype."""

    def __init__(self, dit: DiT, features: PromptFeatures) -> None:
        self._dit, self._features = dit, features
        self._keys: OrderedDict[str, TextKeys] = OrderedDict()

    def text_keys(self, prompt: str) -> TextKeys:
        """Return every layer's keys and values of a prompt."""
        if prompt not in self._keys:
            like = self._dit.head.modulation  # is never fused
            with torch.inference_mode():
                self._keys[prompt] = self._dit.text_keys(self._features(prompt).to(like))
            if len(self._keys) > _REMEMBERED:
                self._keys.popitem(last=False)
        self._keys.move_to_end(prompt)
        return self._keys[prompt]

    def warm(self) -> None:
        """Load what is needed to read any prompt."""
        self._features.warm()
