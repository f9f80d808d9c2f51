"""Wan 2.1's decoder, run for speed: channels last, with little between convolutions.

It gives the numbers of diffusers' `WanDecoder3d`, over whose weights it works, and keeps the same
frames between pieces. Norms, biases and sums lie between convolutions as plain arithmetic on
[B, T, H, W, C], which a compiler fuses; see `model.full.compiling`.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:  # slow to import
    from diffusers.models.autoencoders import autoencoder_kl_wan as wan

KEPT = 2  # frames that a causal convolution reads before each frame
_SMALLEST = 1e-12  # of a norm


class WanDecoder:
    """The decoder; the frames that it keeps are the caller's.

    pictures, tails = decoder(latents[:, :1])  # [B, 1, h, w, 16] -> [B, 1, 8h, 8w, 3]
    pictures, tails = decoder(latents[:, 1:], tails)  # four pictures a latent frame
    """

    def __init__(self, network: "wan.WanDecoder3d") -> None:
        self._network = network
        for part in network.modules():
            if isinstance(part, nn.Conv3d):
                _lay_out(part.weight, torch.channels_last_3d)
            elif isinstance(part, nn.Conv2d):
                _lay_out(part.weight, torch.channels_last)

    def __call__(self, x: Tensor, tails: Sequence[Tensor] = ()) -> tuple[Tensor, list[Tensor]]:
        """Return pictures and the tails after them, [B, 2, H, W, C] each; no tails: one frame."""
        network, frames = self._network, _FramesBefore(tails)
        x = frames.convolved(network.conv_in, x)
        middle = network.mid_block
        x = _residual(middle.resnets[0], x, frames)
        for attention, block in zip(middle.attentions, middle.resnets[1:], strict=True):
            x = _residual(block, _attention(attention, x), frames)
        for stage in network.up_blocks:
            for block in stage.resnets:
                x = _residual(block, x, frames)
            for upsampler in stage.upsamplers or ():
                x = _upsampled(upsampler, x, frames)
        x = functional.silu(_normed(network.norm_out, x)).to(x.dtype)
        return frames.convolved(network.conv_out, x), frames.newest


class _FramesBefore:
    """The frames before a piece, layer by layer, and those to keep for the next one."""

    def __init__(self, tails: Sequence[Tensor]) -> None:
        self.first = not tails  # of a video
        self.newest: list[Tensor] = []
        self._before: Iterator[Tensor] = iter(tails)

    def extended(self, x: Tensor) -> Tensor:
        """Return a layer's input with the frames before it, zeros before the first one."""
        before = self._nothing(x) if self.first else next(self._before)
        x = torch.cat((before, x), 1)
        # A slice would keep all of x, and compilers drop a clone that keeps the slice's strides.
        self.newest.append(x[:, -KEPT:].clone(memory_format=torch.contiguous_format))
        return x

    @staticmethod
    def _nothing(x: Tensor) -> Tensor:
        return x.new_zeros(x.shape[0], KEPT, *x.shape[2:])

    def convolved(self, part: nn.Conv3d, x: Tensor) -> Tensor:
        """Return a causal convolution over 3 x 3 x 3."""
        x = self.extended(x).permute(0, 4, 1, 2, 3)
        y = functional.conv3d(x, part.weight, padding=(0, 1, 1)).permute(0, 2, 3, 4, 1)
        assert part.bias is not None  # for a type checker
        return y + part.bias  # apart, so that it is fused with what follows

    def doubled(self, part: nn.Conv3d, x: Tensor) -> Tensor:
        """Return two frames of each, by a causal convolution in time; of the first one, itself."""
        if self.first:  # is never seen by this convolution
            self.newest.append(self._nothing(x))
            return x
        batch, frames, height, width, channels = x.shape
        x = self.extended(x)
        three = torch.cat([x[:, start : start + frames] for start in range(KEPT + 1)], -1)
        weight = part.weight.flatten(2).transpose(1, 2).flatten(1)
        y = functional.linear(three, weight, part.bias).unflatten(-1, (2, channels))
        result: Tensor = y.movedim(4, 2).reshape(batch, 2 * frames, height, width, channels)
        return result


def _lay_out(weight: Tensor, memory_format: torch.memory_format) -> None:
    weight.data = weight.detach().contiguous(memory_format=memory_format)


def _normed(part: "wan.WanRMS_norm", x: Tensor) -> Tensor:
    """Return x over its root mean square, times what was learned, in fp32."""
    x = x.float()
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True).clamp_min(_SMALLEST)
    result: Tensor = x / norm * (part.scale * part.gamma.flatten().float())
    return result


def _pointwise(part: nn.Conv2d | nn.Conv3d, x: Tensor) -> Tensor:
    return functional.linear(x, part.weight.flatten(1), part.bias)


def _residual(part: "wan.WanResidualBlock", x: Tensor, frames: _FramesBefore) -> Tensor:
    inner = x
    for norm, convolution in ((part.norm1, part.conv1), (part.norm2, part.conv2)):
        inner = functional.silu(_normed(norm, inner)).to(x.dtype)
        inner = frames.convolved(convolution, inner)
    shortcut = part.conv_shortcut
    return inner + (x if isinstance(shortcut, nn.Identity) else _pointwise(shortcut, x))


def _attention(part: "wan.WanAttentionBlock", x: Tensor) -> Tensor:
    """Return x plus attention within each frame."""
    tokens = _normed(part.norm, x).to(x.dtype).flatten(0, 1).flatten(1, 2)[:, None]
    q, k, v = _pointwise(part.to_qkv, tokens).chunk(3, -1)
    mixed = functional.scaled_dot_product_attention(q, k, v)
    return x + _pointwise(part.proj, mixed).view(x.shape)


def _upsampled(part: "wan.WanResample", x: Tensor, frames: _FramesBefore) -> Tensor:
    """Return x twice as high and wide, and of twice as many frames where the stage does so."""
    if part.mode == "upsample3d":
        x = frames.doubled(part.time_conv, x)
    batch, count, height, width, channels = x.shape
    x = x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2, -1)
    x = x.reshape(batch * count, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)
    convolution = part.resample[1]
    y = functional.conv2d(x, convolution.weight, padding=1).permute(0, 2, 3, 1)
    result: Tensor = y.unflatten(0, (batch, count)) + convolution.bias
    return result
