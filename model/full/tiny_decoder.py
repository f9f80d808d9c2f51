"""The tiny autoencoder for Wan 2.1 latents (TAEHV, weights `taew2_1`), decoder and encoder.

Two-dimensional convolutions only; time is in memory blocks, which also see their own input of the
previous frame. Frames of a batch go through in parallel. Their last inputs are a `CodecState` of
the caller, so any cut of the latents gives the same pictures.

Source: layout of github.com/madebyollin/taehv (MIT), written anew.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.checkpoints import State, load_strictly, placed
from mag_sandbox.model.full.codec_state import START, CodecState, Tail
from mag_sandbox.model.world import MissingWeights

LATENT_CHANNELS = 16
TIME_STRIDE = 4  # raw frames of a latent frame
LEADING = 3  # raw frames before the first picture of a video: the first latent frame gives one
GROWS = (1, 2, 2)  # frames made of one, by decoder stage
POOLS = (2, 2, 1)  # frames made into one, by encoder stage
_MEMORY_BLOCKS = 3  # of a stage


class SoftClamp(nn.Module):
    """Keeps latents within (-3, 3)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return 3 * tanh(x / 3)."""
        return torch.tanh(x / 3) * 3


class Grow(nn.Module):
    """Makes several frames of each: the first channels are the earliest."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width * stride, 1, bias=False)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """Return [T * stride, C, H, W] of [T, C, H, W]."""
        result: Tensor = self.conv(x).reshape(-1, self.width, *x.shape[-2:])
        return result


class Pool(nn.Module):
    """Makes one frame of several in a row; a video's frames must be whole groups."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width * stride, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return [T / stride, C, H, W] of [T, C, H, W]."""
        result: Tensor = self.conv(x.reshape(-1, self.conv.in_channels, *x.shape[-2:]))
        return result


class MemoryBlock(nn.Module):
    """Three convolutions over a frame and the one before it, added to the frame."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor, batch: int, tail: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return all videos' frames, [B * T, C, H, W], and the last input of each, [B, C, H, W].

        The tail is the frame before the first one; None at the start: zeros.
        """
        frames = x.unflatten(0, (batch, -1))
        before = torch.zeros_like(frames[:, 0]) if tail is None else tail
        previous = torch.cat([before[:, None], frames[:, :-1]], 1).flatten(0, 1)
        changed = functional.relu(self.conv(torch.cat([x, previous], 1)) + x)
        return changed, frames[:, -1].clone()


class TinyDecoder(nn.Sequential):
    """Latents to pictures; a `StreamingDecoder`."""

    def __init__(self, widths: Sequence[int]) -> None:
        layers = [SoftClamp(), nn.Conv2d(LATENT_CHANNELS, widths[0], 3, padding=1), nn.ReLU()]
        for grow, width, narrower in zip(GROWS, widths, widths[1:], strict=False):
            layers += [MemoryBlock(width) for _ in range(_MEMORY_BLOCKS)]
            layers += [nn.Upsample(scale_factor=2), Grow(width, grow)]
            layers.append(nn.Conv2d(width, narrower, 3, padding=1, bias=False))
        super().__init__(*layers, nn.ReLU(), nn.Conv2d(widths[-1], 3, 3, padding=1))

    def decode(self, latents: Tensor, state: CodecState = START) -> tuple[Tensor, CodecState]:
        """Return pictures in [-1, 1]; see `StreamingDecoder`."""
        raw, later = self.decode_raw(latents, state)
        shown = raw if state.passed else raw[:, LEADING:]
        return shown.clamp(0, 1) * 2 - 1, later

    def decode_raw(self, latents: Tensor, state: CodecState = START) -> tuple[Tensor, CodecState]:
        """Return four frames a latent frame, [B, 4F, 3, H, W], about in [0, 1], and the state."""
        x = latents.to(next(self.parameters()).dtype)
        frames, tails = _through(self, x, state.tails)
        return frames, CodecState(tails, state.passed + latents.shape[1])


class TinyEncoder(nn.Sequential):
    """Pictures to latents, a whole video at once."""

    def __init__(self, width: int) -> None:
        layers = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
        for pool in POOLS:
            layers += [Pool(width, pool), nn.Conv2d(width, width, 3, 2, padding=1, bias=False)]
            layers += [MemoryBlock(width) for _ in range(_MEMORY_BLOCKS)]
        super().__init__(*layers, nn.Conv2d(width, LATENT_CHANNELS, 3, padding=1))

    def encode(self, pictures: Tensor) -> Tensor:
        """Return normalised latents, [B, F, 16, h, w], of pictures in [-1, 1], [B, T, 3, H, W].

        The last picture is repeated up to a multiple of four, and four make a latent frame; the
        full autoencoder groups them otherwise (1, 4, 4, ...).
        """
        missing = -pictures.shape[1] % TIME_STRIDE
        padded = torch.cat([pictures, pictures[:, -1:].expand(-1, missing, -1, -1, -1)], 1)
        return _through(self, (padded.to(next(self.parameters()).dtype) + 1) / 2, ())[0]


def load_tiny_decoder(
    official: State, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> TinyDecoder:
    """Return the decoder of a state dict with the public names, sized by it."""
    state = _half(official, "decoder.")
    widths = [_width(state, key) for key in ("1.weight", "8.weight", "14.weight", "20.weight")]
    with torch.device("meta"):
        decoder = TinyDecoder(widths)
    load_strictly(decoder, placed(state, device, dtype), "tiny decoder")
    return decoder


def load_tiny_encoder(
    official: State, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> TinyEncoder:
    """Return the encoder of a state dict with the public names, sized by it."""
    state = _half(official, "encoder.")
    with torch.device("meta"):
        encoder = TinyEncoder(_width(state, "0.weight"))
    load_strictly(encoder, placed(state, device, dtype), "tiny encoder")
    return encoder


def _through(
    layers: nn.Sequential, videos: Tensor, tails: tuple[Tail, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return videos [B, T, C, H, W] after all layers, and what the memory blocks saw last."""
    batch, x = len(videos), videos.flatten(0, 1)
    before, after = iter(tails), []
    for layer in layers:
        if isinstance(layer, MemoryBlock):
            x, tail = layer(x, batch, next(before, None))
            after.append(tail)
        else:
            x = layer(x)
    return x.unflatten(0, (batch, -1)), tuple(after)


def _half(official: State, prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in official.items() if k.startswith(prefix)}


def _width(state: State, key: str) -> int:
    if key not in state:
        raise MissingWeights(f'the tiny autoencoder weights lack "{key}"; use taew2_1.safetensors')
    return state[key].shape[0]
