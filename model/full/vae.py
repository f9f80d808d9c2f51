"""The Wan 2.1 autoencoder: pictures from and to normalised latents, whole or piece by piece.

Wraps diffusers' `AutoencoderKLWan` under the official weights. The network keeps nothing between
calls; the progress of a video is a `CodecState` of the caller.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mag_sandbox.model.checkpoints import State, load_strictly, placed
from mag_sandbox.model.full.codec_state import START, CodecState, Tail
from mag_sandbox.model.full.wan_decoder import WanDecoder
from mag_sandbox.model.world import MissingWeights

if TYPE_CHECKING:  # slow to import
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

TIME_STRIDE = 4  # pictures of a latent frame, but for the first one
_WIDTH = "encoder.conv1.weight"
Decode = Callable[[Tensor, Sequence[Tensor]], tuple[Tensor, list[Tensor]]]  # a `WanDecoder`


class WanVae:
    """Encoder and decoder of one set of weights.

    latents, _ = vae.encode(pictures)             # [B, 9, 3, H, W] -> [B, 3, 16, H/8, W/8]
    pictures, state = vae.decode(latents)         # the beginning of a video: 9 pictures
    pictures, state = vae.decode(latents, state)  # and on: 12 more
    """

    def __init__(self, network: "AutoencoderKLWan") -> None:
        self.network = network
        self._decoder: Decode = WanDecoder(network.decoder)
        self._compiled: Decode = self._decoder
        self._compiled_shape = torch.Size()  # of the latent frames that it decodes
        shape = (1, -1, 1, 1, 1)
        device = network.device
        self._mean = torch.tensor(network.config.latents_mean, device=device).view(shape)
        self._std = torch.tensor(network.config.latents_std, device=device).view(shape)

    def encode(self, pictures: Tensor, state: CodecState = START) -> tuple[Tensor, CodecState]:
        """Return normalised latents [B, F, 16, h, w] (the mean, no sample) and the state.

        Pictures are [B, T, 3, H, W] in [-1, 1]; T is 4n + 1 at the start of a video, else 4n.

        Raises:
            ValueError: T does not make whole latent frames.
        """
        x = pictures.transpose(1, 2).to(self.network.dtype)
        count, first = x.shape[2], TIME_STRIDE if state.passed else 1
        if count < first or (count - first) % TIME_STRIDE:
            raise ValueError(
                f"{count} pictures make no whole latent frames; give {first} + 4n of them"
            )
        ends = range(first, count + 1, TIME_STRIDE)
        pieces = [x[:, :, max(end - TIME_STRIDE, 0) : end] for end in ends]
        moments, state = self._through(self.network.encoder, pieces, state)
        mean = self.network.quant_conv(moments).chunk(2, dim=1)[0]
        latents = (mean.float() - self._mean) / self._std
        return latents.to(mean.dtype).transpose(1, 2), state

    def compile(self, latent_shape: Sequence[int], backend: str) -> None:
        """Compile the decoder for latent frames of a shape [16, h, w], but for a video's first.

        It raises what the compiler raises; frames are then decoded by the uncompiled decoder.
        """
        latents = torch.zeros(1, 1, *latent_shape, device=self._mean.device)
        _, state = self.decode(latents)
        self._compiled = torch.compile(self._decoder, backend=backend, dynamic=False)
        self._compiled_shape = latents.shape
        try:
            self.decode(latents, state)
        except Exception:
            self._compiled_shape = torch.Size()
            raise

    def decode(self, latents: Tensor, state: CodecState = START) -> tuple[Tensor, CodecState]:
        """Return pictures in [-1, 1]; see `StreamingDecoder`."""
        pictures, state = self.decode_unclamped(latents, state)
        return pictures.clamp_(-1, 1), state

    def decode_unclamped(
        self, latents: Tensor, state: CodecState = START
    ) -> tuple[Tensor, CodecState]:
        """Return pictures as the network makes them; they may leave [-1, 1]."""
        z = latents.transpose(1, 2).float() * self._std + self._mean
        x = self.network.post_quant_conv(z.to(self.network.dtype)).permute(0, 2, 3, 4, 1)
        tails: Sequence[Tensor] = [_channels_last(tail) for tail in state.tails]
        made = []
        # one latent frame at a time: the first must be alone, and memory stays low
        for latent, frame in zip(latents.split(1, 1), x.split(1, 1), strict=True):
            compiled = tails and latent.shape == self._compiled_shape
            decoder = self._compiled if compiled else self._decoder
            pictures, tails = decoder(_with_own_strides(frame), tails)
            made.append(pictures)
        kept = tuple(tail.permute(0, 4, 1, 2, 3) for tail in tails)
        passed = state.passed + len(made)
        return torch.cat(made, 1).permute(0, 1, 4, 2, 3), CodecState(kept, passed)

    def _through(
        self, half: nn.Module, pieces: Sequence[Tensor], state: CodecState
    ) -> tuple[Tensor, CodecState]:
        """Return the outputs of pieces [B, C, *, H, W] in a row, and the state after them."""
        from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d

        # the library replaces entries of this list and leaves the tensors in it as they are
        tails = list(state.tails) or [None] * sum(
            isinstance(part, WanCausalConv3d) for part in half.modules()
        )
        outputs = [half(piece, feat_cache=tails, feat_idx=[0]) for piece in pieces]
        return torch.cat(outputs, 2), CodecState(tuple(tails), state.passed + len(pieces))


def _channels_last(tail: Tail) -> Tensor:
    assert isinstance(tail, Tensor)  # the decoder keeps no others
    return _with_own_strides(tail.permute(0, 2, 3, 4, 1))


def _with_own_strides(x: Tensor) -> Tensor:
    """Return a contiguous x without the strides of what it was cut from, on axes of one, too.

    With other strides the decoder would be compiled again.
    """
    return x.reshape(-1).view(x.shape)


def load_vae(
    official: State, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> WanVae:
    """Return the autoencoder of an official state dict, sized by it, or raise MissingWeights."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    if _WIDTH not in official:
        raise MissingWeights(
            f'the autoencoder weights lack "{_WIDTH}"; use Wan2.1_VAE.pth of Wan2.1-T2V-1.3B'
        )
    with torch.device("meta"):
        network = AutoencoderKLWan(base_dim=official[_WIDTH].shape[0])
    state = convert_wan_vae_to_diffusers(placed(official, device, dtype))
    load_strictly(network, state, "autoencoder")
    return WanVae(network)
