"""One video being shown: latents to frames piece by piece, frames to latents, and its progress.

The full autoencoder and the tiny one are two `PictureCodec`s; a stream may change from one to the
other while it runs. It knows nothing of how latents are made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mag_sandbox.files.validation import decode
from mag_sandbox.model.frames import to_frames, to_pictures
from mag_sandbox.model.full.codec_state import START, CodecState, StreamingDecoder
from mag_sandbox.model.full.tiny_decoder import LEADING, TinyDecoder, TinyEncoder
from mag_sandbox.model.full.vae import TIME_STRIDE, WanVae
from mag_sandbox.model.parking import packed, unpacked
from mag_sandbox.model.world import Frames, WorldFailed, WorldState

DecoderName = Literal["exact", "tiny"]


@dataclass(frozen=True, slots=True)
class PictureCodec:
    """An autoencoder of videos."""

    name: DecoderName
    decoder: StreamingDecoder
    encode: Callable[[Tensor], Tensor]  # any [B, T, 3, H, W] in [-1, 1] -> [B, F, 16, h, w]


def exact_codec(vae: WanVae) -> PictureCodec:
    """Return the full autoencoder; the last picture is repeated up to whole latent frames."""

    def encode(pictures: Tensor) -> Tensor:
        missing = (1 - pictures.shape[1]) % TIME_STRIDE
        last = pictures[:, -1:].expand(-1, missing, -1, -1, -1)
        return vae.encode(torch.cat((pictures, last), 1))[0]

    return PictureCodec("exact", vae, encode)


def tiny_codec(decoder: TinyDecoder, encoder: TinyEncoder) -> PictureCodec:
    """Return the tiny autoencoder; the first picture is a latent frame, as with the full one."""

    def encode(pictures: Tensor) -> Tensor:
        first = pictures[:, :1].expand(-1, LEADING, -1, -1, -1)
        return encoder.encode(torch.cat((first, pictures), 1))

    return PictureCodec("tiny", decoder, encode)


class VideoStream:
    """A running video.

    video = VideoStream(exact_codec(vae), load_tiny, "cuda")
    video.begin()
    frames = video.decode(latents)  # 9 frames of the first three latent frames
    more = video.decode(latents)  # 12
    """

    def __init__(
        self,
        codec: PictureCodec,
        load_tiny: Callable[[], PictureCodec] | None,
        device: str,
        home: str | None = None,
    ) -> None:
        """Begin a video with a codec on a device; the tiny one is loaded when memory runs out.

        Latents of given frames are moved to `home`; None: they stay.
        """
        self._codec, self._load_tiny, self._device = codec, load_tiny, device
        self._home = home or device
        self.state = START  # a value, so setting it goes back

    @property
    def decoder(self) -> DecoderName:
        """Name of the present decoder."""
        return self._codec.name

    @property
    def has_tiny(self) -> bool:
        """Whether there is a tiny decoder to change to."""
        return self._load_tiny is not None

    def begin(self) -> None:
        """Begin another video."""
        self.state = START

    def decode(self, latents: Tensor) -> Frames:
        """Return the frames of the next latents, [1, F, C, h, w]; a failure changes nothing."""
        pictures, state = self._codec.decoder.decode(latents.to(self._device), self.state)
        frames = to_frames(pictures[0])
        self.state = state
        return frames

    def encode(self, frames: Frames) -> Tensor:
        """Return latents, fp32 [1, F, C, h, w], of frames that begin a video of their own."""
        pictures = to_pictures(frames).to(self._device)
        return self._codec.encode(pictures[None]).float().to(self._home)

    def round_trip(self, frames: Frames) -> Frames:
        """Return frames after the autoencoder alone."""
        pictures, _ = self._codec.decoder.decode(self.encode(frames).to(self._device))
        return to_frames(pictures[0])[: len(frames)]

    def use_tiny(self, newest: Tensor | None) -> None:
        """Continue with the tiny decoder after the latents that were shown last, if any."""
        if self._load_tiny is None:
            raise RuntimeError("there is no tiny decoder here")
        passed, self.state = self.state.passed, START
        del self._codec  # freed before more is taken
        self._codec = self._load_tiny()
        if newest is not None:
            _, state = self._codec.decoder.decode(newest.to(self._device))
            self.state = CodecState(state.tails, passed)

    def snapshot(self) -> WorldState:
        """Return the progress of the video."""
        return packed(self.state.as_tensors(), {"decoder": self.decoder})

    def read_snapshot(self, state: WorldState, latents: Tensor) -> Callable[[], None]:
        """Return a function that continues from a snapshot whose newest latents are given.

        Raises:
            WorldFailed: it is of a decoder that is not used here; nothing has changed.
            ValueError: the state is damaged; likewise.
        """
        name: DecoderName = decode(DecoderName, state.data["decoder"], "decoder")
        codec = self._codec
        if name == "tiny" and codec.name == "exact" and self._load_tiny is not None:
            codec = self._load_tiny()
        if name != codec.name:
            raise WorldFailed(
                f"the state was saved with the {name} decoder, this world has the {codec.name} "
                "one; free memory of the device and load the world again"
            )
        _, like = codec.decoder.decode(latents[..., :1, :1].to(self._device))
        height, width = latents.shape[-2:]
        kept = CodecState.from_tensors(unpacked(state), like, (height, width))

        def go_on() -> None:
            self._codec, self.state = codec, kept

        return go_on
