"""Makes clips with pipelines of `diffusers`: text and earlier frames in, frames out.

Texts are read before, see `ClipTextEncoder`. It knows nothing of the player or of blocks.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from torch import Tensor

from mag_sandbox.model.catalogue.clips import TIME_STRIDE, ClipCall, ClipRecipe
from mag_sandbox.model.catalogue.worlds import VideoShape
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.full.text_cache import TextFiles
from mag_sandbox.model.world import Frames, WorldFailed


class ClipTextEncoder:
    """Texts of one world.

    texts = ClipTextEncoder(WAN, TextFiles(folder, kind), load_reader, device="cpu")
    texts.read("a harbour at dusk")  # {"prompt_embeds": ..., ...}, on the host
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        files: TextFiles,
        load: Callable[[], DiffusionPipeline],
        device: str,
    ) -> None:
        """Read nothing yet; `load` makes a pipeline, on the host, of the parts that encode."""
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


Tell = Callable[[float], None]  # how far a clip is, in [0, 1]


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """What a clip is to be."""

    call: ClipCall
    text: str
    seed: int
    earlier: Frames | None = None  # shown last, as many as the call takes


class ClipPipelines:
    """The pipelines of one world.

    pipelines = ClipPipelines(WAN, pipeline.components, texts, video, device="cuda")
    frames = pipelines.make(ClipRequest(WAN.from_text, "a harbour at dusk", seed=7), tell)
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        components: Mapping[str, Any],
        texts: ClipTextEncoder,
        video: VideoShape,
        device: str,
    ) -> None:
        """Put a loaded pipeline's components where they work; those that read text are None."""
        self._recipe, self._texts, self._video, self._device = recipe, texts, video, device
        names = dict.fromkeys(call.pipeline for call in recipe.calls)
        self._makers = {name: _pipeline(name, components).to(device) for name in names}
        self._vae = components["vae"]
        self._read: tuple[str, dict[str, Tensor]] = ("", {})  # the newest text

    def read_on(self, device: str) -> None:
        """Have texts read on a device; "cpu" leaves more of the other one."""
        self._texts.read_on(device)

    def read(self, text: str) -> None:
        """Have a text at hand; only the newest one is kept."""
        if text == self._read[0] and self._read[1]:
            return
        tensors = self._texts.read(text).items()
        self._read = text, {name: tensor.to(self._device) for name, tensor in tensors}

    def make(self, request: ClipRequest, tell: Tell) -> Frames:
        """Return the new frames of a clip, the same whenever the request is.

        Raises:
            WorldFailed: the networks gave no numbers.
        """
        recipe, call = self._recipe, request.call
        self.read(request.text)
        steps = recipe.steps

        def step_done(pipeline: object, step: int, time: object, tensors: dict) -> dict:  # noqa: ARG001
            tell((step + 1) / steps)
            return {}

        with torch.random.fork_rng(), torch.no_grad():  # some pipelines draw without a generator
            torch.manual_seed(request.seed)
            options = {
                "height": self._video.frame_size[1],
                "width": self._video.frame_size[0],
                "num_frames": recipe.frames,
                "num_inference_steps": steps,
                "guidance_scale": recipe.guidance,
                "generator": torch.Generator().manual_seed(request.seed),
                "output_type": "np",
                "callback_on_step_end": step_done,
                **recipe.options,
                **call.options,
                **self._read[1],
                **_earlier(request),
            }
            pictures = self._makers[call.pipeline](**options).frames[0]
        return _bytes(pictures[call.repeated_frames :])

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the autoencoder alone."""
        vae = self._vae
        missing = (1 - len(frames)) % TIME_STRIDE
        whole = np.concatenate((frames, np.repeat(frames[-1:], missing, axis=0)))
        pictures = to_pictures(whole).transpose(0, 1)[None].to(self._device, vae.dtype)
        with torch.no_grad():
            decoded = vae.decode(vae.encode(pictures).latent_dist.mode()).sample
        return to_frames(decoded[0].transpose(0, 1))[: len(frames)]


def _pipeline(name: str, components: Mapping[str, Any]) -> DiffusionPipeline:
    """Return a pipeline of `diffusers` made of those parts that it takes."""
    kind = getattr(diffusers, name)
    taken = inspect.signature(kind).parameters
    pipeline = kind(**{name: part for name, part in components.items() if name in taken})
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _earlier(request: ClipRequest) -> dict[str, object]:
    """Return the argument with earlier frames, if the call takes any."""
    if not request.call.takes or request.earlier is None:
        return {}
    images = [Image.fromarray(frame) for frame in request.earlier[-request.call.taken_frames :]]
    return {request.call.takes: images if request.call.takes == "video" else images[0]}


def _bytes(pictures: np.ndarray) -> Frames:
    """Return frames of pictures in [0, 1], [T, H, W, 3]."""
    if not np.isfinite(pictures).all():
        raise WorldFailed(
            "the clip holds NaN or infinity; start the scene again, and check the weights "
            "if it happens again"
        )
    return (np.clip(pictures, 0.0, 1.0) * 255).round().astype(np.uint8)
