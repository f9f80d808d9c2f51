"""What pipelines of `diffusers` read of a text, kept on disk by the full text.

The parts that encode are several gigabytes; they are loaded when a text comes up that was never
encoded, and then stay. Knows nothing of pictures.
"""

from collections.abc import Callable

import torch
from diffusers import DiffusionPipeline
from torch import Tensor

from mag_sandbox.model.catalogue.clips import ClipRecipe
from mag_sandbox.model.full.text_cache import TextFiles


class ClipTexts:
    """Texts of one world.

    texts = ClipTexts(WAN, TextFiles(folder, kind), load_reader, device="cpu")
    texts.read("a harbour at dusk")  # {"prompt_embeds": ..., ...}, on the host
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        files: TextFiles,
        load: Callable[[], DiffusionPipeline],
        device: str,
    ) -> None:
        """Read nothing yet.

        Args:
            recipe: what a text is to become.
            files: where that is kept.
            load: makes a pipeline of the parts that encode, on the host.
            device: on which they work; see `read_on`.
        """
        self._recipe, self._files, self._load = recipe, files, load
        self._device = device
        self._reader: DiffusionPipeline | None = None

    def read(self, text: str) -> dict[str, Tensor]:
        """Return the arguments that a pipeline is given for a text, on the host."""
        kept = self._files.read(text)
        if kept is None or set(kept) != set(self._recipe.texts):
            kept = self._encode(text)
            self._files.write(text, kept)
            self._files.trim([text])
        return kept

    def read_on(self, device: str) -> None:
        """Encode on a device; "cpu" leaves more of the other one."""
        self._device = device
        if self._reader is not None:
            self._reader.to(device)

    def _encode(self, text: str) -> dict[str, Tensor]:
        if self._reader is None:
            self._reader = self._load().to(self._device)
        with torch.no_grad():
            encoded = self._reader.encode_prompt(
                prompt=text, device=torch.device(self._device), **self._recipe.text_options
            )
        named = zip(self._recipe.texts, encoded, strict=True)
        return {name: tensor.to("cpu") for name, tensor in named}
