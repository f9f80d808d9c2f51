"""The painter: a flow transformer that turns a plan into the memory's latents, a token a cell.

Each cell is given the objects that cover it. Known cells of a view stand in the same picture as
clean tokens, so that the painting joins them on every side. Uses the transformer of the world, at
patch 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.cancelling import check_cancelled
from mag_sandbox.model.dit import DiT, TextKeys, own_block_attention
from mag_sandbox.model.flow import AdamsBashforthSampler, euler_levels
from mag_sandbox.model.imagination.config import FITTED, PainterConfig, SpriteConfig
from mag_sandbox.model.imagination.objects import (
    BEYOND,
    COVERING,
    HALF,
    INSIDE,
    NUMBERS,
    VARIANTS,
    CoveringObjects,
    half_cells,
)
from mag_sandbox.model.imagination.sketch import Sketch
from mag_sandbox.model.rope import grid_rotary, index_frequencies


class Sprites(nn.Module):
    """A small picture of each look, stretched over an object's box.

    A cell samples it at some points, which place an eye or the bit of a key in it.
    """

    table: Tensor  # [looks, places ** 2 * FITTED]; zero where nothing has the look

    def __init__(self, config: SpriteConfig, looks: int, dim: int) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("table", torch.zeros(looks, config.places**2 * FITTED))
        self.outer = nn.Linear(config.points**2 * FITTED, dim)

    def forward(self, look: Tensor, inside: Tensor, half: Tensor) -> Tensor:
        """Return embedded sprites, [N, dim].

        Args:
            look: of each object, int64 [N].
            inside: where in its box the cell's middle lies, from (-1, -1) to (1, 1), [N, 2].
            half: of its width and height, the numbers in `HALF`, [N, 2].
        """
        result: Tensor = self.outer(self.stretched(look, inside, half))
        return result

    def stretched(self, look: Tensor, inside: Tensor, half: Tensor) -> Tensor:
        """Return the numbers at the points of cells, [N, points ** 2 * FITTED]; see `forward`."""
        size, points = self.config.places, self.config.points
        steps = (torch.arange(points, device=look.device) + 0.5) / points - 0.5
        place = (inside[..., None] + steps / half_cells(half)[..., None]).float()
        place = (place.clamp(-BEYOND, BEYOND) + BEYOND) / (2 * BEYOND) * (size - 1)
        corner = place.floor().clamp(max=size - 2)
        share, first = place - corner, corner.long()
        shares = torch.stack((1 - share, share), dim=-1)  # [N, 2, points, 2]
        columns, rows = torch.stack((first, first + 1), dim=-1).unbind(dim=1)
        rows = (look[:, None, None] * size + rows)[:, :, None, :, None] * size
        around = rows + columns[:, None, :, None]  # [N, points, points, 2, 2]: down, then across
        shares = shares[:, 1, :, None, :, None] * shares[:, 0, None, :, None]
        return functional.embedding_bag(
            around.reshape(-1, 4), self.table.view(-1, FITTED), mode="sum",
            per_sample_weights=shares.reshape(-1, 4).to(self.table.dtype),
        ).view(len(look), self.outer.in_features)  # fmt: skip


class ObjectLayer(nn.Module):
    """Embeds the objects that cover cells: [..., COVERING] objects -> [..., dim].

    The look of an object says what its numbers mean: gain and bias of every hidden number. And each
    look has a sprite.
    """

    def __init__(self, config: PainterConfig) -> None:
        super().__init__()
        hidden, looks = config.object_hidden, config.kinds * VARIANTS
        self.look = nn.Embedding(looks, config.look_dim)
        self.sprites = nn.ModuleList([Sprites(config.sprite, looks, hidden)])  # one, as in files
        self.gain = nn.Linear(config.look_dim, hidden)
        self.bias = nn.Linear(config.look_dim, hidden)
        self.numbers = nn.Linear(NUMBERS, hidden)
        self.depth = nn.Parameter(torch.zeros(COVERING, hidden))
        self.inner = nn.Linear(hidden, hidden)
        self.outer = nn.Linear(COVERING * hidden, config.dit.dim, bias=False)

    def forward(self, objects: CoveringObjects) -> Tensor:
        """Return a vector a cell."""
        there = objects.looks > 0  # one slot in five
        look = objects.looks[there]
        gain, bias = self.gain(self.look.weight)[look], self.bias(self.look.weight)[look]
        depth = self.depth.expand(*there.shape, -1)[there]
        numbers = objects.numbers[there]
        sprites = self.sprites[0](look, numbers[:, INSIDE], numbers[:, HALF])
        x = self.numbers(numbers.to(gain.dtype))
        x = functional.gelu(x * (1 + gain) + bias + depth + sprites)
        x = functional.gelu(self.inner(x))
        slots = x.new_zeros(*there.shape, x.shape[-1])
        slots[there] = x
        result: Tensor = self.outer(slots.flatten(-2))
        return result


def sketched_cells(sketches: Sequence[Sketch], encode: Callable[[Tensor], Tensor]) -> Tensor:
    """Return sketches as cells' inputs, [B, C + 1, H, W]; zero where a sketch is empty.

    Args:
        sketches: of views.
        encode: latents, [B, C, H, W], of pictures, fp32 [B, 3, H, W] in [-1, 1].
    """
    pictures = torch.from_numpy(np.stack([sketch.picture for sketch in sketches]))
    covered = torch.from_numpy(np.stack([sketch.covered for sketch in sketches]))
    latents = encode(pictures)
    covered = covered[:, None].to(latents.device)
    return torch.cat((latents * (covered > 0), covered), dim=1)


Flow = Callable[[Tensor, float], Tensor]  # latents, timestep -> flow, fp32


class Painter(nn.Module):
    """The flow of noisy latents, given objects and text.

    painter = Painter(PainterConfig(), matmul_attention)
    text = painter.text_keys(features)  # once a prompt
    latents = painter.paint(objects, sketched, rows, latents, known, noise, text)
    """

    def __init__(self, config: PainterConfig, kernel: AttentionKernel) -> None:
        super().__init__()
        self.config = config
        self.dit = DiT(config.dit, kernel)
        self.row = nn.Embedding(config.ring[0], config.dit.dim)  # how far from the horizon
        self.known = nn.Parameter(torch.zeros(config.dit.dim))
        self.sketch = nn.Linear(config.dit.channels + 1, config.dit.dim, bias=False)
        nn.init.zeros_(self.sketch.weight)
        self.objects = ObjectLayer(config)

    def initialise(self) -> "Painter":
        """Start training from layers that change nothing."""
        self.dit.initialise()
        nn.init.normal_(self.row.weight, std=0.1)
        nn.init.normal_(self.objects.look.weight, std=0.5)
        return self

    def text_keys(self, features: Tensor) -> TextKeys:
        """Return every layer's keys and values of text features, [B, text_len, text_dim]."""
        return self.dit.text_keys(features)

    def place(
        self, objects: CoveringObjects, sketched: Tensor, rows: Tensor, known: Tensor
    ) -> Tensor:
        """Return the conditioning of cells, [B, H * W, dim]."""
        there = known[..., None].to(self.known.dtype) * self.known
        seen = self.sketch(sketched.to(self.known.dtype).movedim(1, -1))
        place: Tensor = self.objects(objects) + seen + self.row(rows)[:, :, None] + there
        return place.flatten(1, 2)

    def forward(self, noisy: Tensor, place: Tensor, sigma: Tensor, text: TextKeys) -> Tensor:
        """Return the flow of a view's latents, [B, C, H, W].

        Args:
            noisy: latents, clean where they are known, [B, C, H, W].
            place: the conditioning of their cells, [B, H * W, dim].
            sigma: noise level of unknown cells, [B].
            text: `text_keys` of the prompts.
        """
        tokens = self.dit.embed(noisy[:, None]) + place
        flow = self.dit.flow_of_tokens(
            tokens, noisy[:, None].shape, self.dit.embed_time(sigma[:, None] * 1000), text,
            self.rotary(noisy), own_block_attention(self.dit.kernel),
        )  # fmt: skip
        return flow[:, 0]

    def rotary(self, noisy: Tensor) -> Tensor:
        """Return where the tokens of latents, [B, C, H, W], lie, [1, H * W, 1, D / 2]."""
        height, width = noisy.shape[-2:]
        frame = torch.zeros(1, device=noisy.device)
        rotary = grid_rotary(frame, height, width, index_frequencies(self.dit.config.head_dim))
        return rotary.reshape(1, height * width, 1, -1)

    def paint(
        self,
        objects: CoveringObjects,
        sketched: Tensor,
        rows: Tensor,
        latents: Tensor,
        known: Tensor,
        noise: Tensor,
        text: TextKeys,
    ) -> Tensor:
        """Return the latents of a view; those that are known come back as they are.

        Args:
            objects: that cover its cells, [1, H, W, ...].
            sketched: `sketched_cells` of a sketch of them, [1, C + 1, H, W].
            rows: of its cells on the ring, [1, H].
            latents: [1, C, H, W]; anything where they are not known.
            known: where they are, bool [1, H, W].
            noise: standard normal, like the latents.
            text: `text_keys` of the prompt.
        """
        there = known[:, None]
        flow_of = self.flow(self.place(objects, sketched, rows, known), text)
        sampler = AdamsBashforthSampler(euler_levels(self.config.steps, self.config.shift))
        x = torch.where(there, latents, noise)
        for step, timestep in enumerate(sampler.timesteps):
            check_cancelled("painting", step / self.config.steps)
            flow = flow_of(x, timestep)
            x = torch.where(there, latents, sampler.advance(x, flow, step, _no_noise))
        return x

    def flow(self, place: Tensor, text: TextKeys) -> Flow:
        """Return a function of a view's latents to their flow; see `forward`."""
        dtype = self.known.dtype

        def flow(x: Tensor, timestep: float) -> Tensor:
            sigma = torch.full((1,), timestep / 1000, dtype=dtype, device=x.device)
            result: Tensor = self(x.to(dtype), place, sigma, text).float()
            return result

        return flow


def _no_noise(step: int) -> Tensor:
    raise AssertionError(f"step {step} of a deterministic sampler asked for noise")
