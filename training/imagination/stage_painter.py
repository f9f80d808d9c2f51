"""The second stage: the painter, on cuts of rings of latents, from codes that are a bit off."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mag_sandbox.model.imagination.codes import to_values
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RINGS_EACH
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.losses import flow_target, sample_noise_levels
from mag_sandbox.training.optimisers import muon_and_adamw
from mag_sandbox.training.pocket.stage_images import Captions

BATCH = 24  # views
CAPTION_DROPOUT = 0.1
NOTHING_KNOWN = 0.5  # share of views; of the others, a part on some side is known
JITTER = 0.05  # share of the numbers of codes that are one level off
Sheet = Callable[[Path, Painter], None]


class PainterStage(Stage):
    """Trains `Painter`.

    Args:
        module: what is trained.
        codes: of the rings, uint16 [N, rows, columns, codes].
        latents: of the rings, float16 [RINGS_EACH, C, rows, columns] each.
        captions: of the rings, as token ids.
        text: reads them; it stays as it is.
        device: where to compute.
        seed: of all draws.
        sheet: writes a picture of samples.
    """

    name = "painter"

    def __init__(
        self,
        module: Painter,
        codes: np.ndarray,
        latents: Sequence[np.ndarray],
        captions: Captions,
        text: TextEncoder,
        device: TrainingDevice,
        seed: int,
        sheet: Sheet,
    ) -> None:
        self.module, self.codes, self.latents = module.to(device.device), codes, latents
        self.captions, self.text = captions, text.eval()
        self.device, self.seed, self._sheet = device, seed, sheet

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon over the layers' matrices and AdamW over everything else."""
        matrices = [p for p in self.module.dit.blocks.parameters() if p.ndim == 2]
        return muon_and_adamw(self.module, matrices, 0.012, 1.5e-3)

    def loss(self, step: int) -> Tensor:
        """Return the flow loss of one batch of views, over what is not known of them."""
        rng = np.random.default_rng([self.seed, 30, step])
        draw = torch.Generator().manual_seed(int(rng.integers(2**62)))
        which = rng.integers(len(self.codes), size=BATCH * self.device.scale)
        latents, values = self._cut(which, rng)
        known = torch.from_numpy(self._known(len(which), rng))
        sigma = sample_noise_levels((len(which),), draw)
        noisy, target = flow_target(latents, sigma, draw)
        noisy = torch.where(known[:, None], latents, noisy)
        upload = self.device.upload
        noisy, known, target = upload(noisy), upload(known), upload(target)
        with self.device.autocast():
            with torch.no_grad():
                ids, mask = self.captions.draw(which, rng, CAPTION_DROPOUT)
                features = self.text(upload(ids), upload(mask))
            text = self.module.text_keys(features)
            flow = self.module(noisy, known, upload(values), upload(sigma), text)
        error = (flow.float() - target).square().mean(dim=1)
        return error.masked_fill(known, 0).sum() / (~known).sum()

    def _cut(self, which: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return latents [B, C, H, W] of random views, and values of their codes [B, H, W, 6]."""
        config = self.module.config
        height, width = config.view_rows, config.view_columns
        rows, columns = self.codes.shape[1:3]
        latents, codes = [], []
        for ring in which:
            top = int(rng.integers(rows - height + 1))
            across = (int(rng.integers(columns)) + np.arange(width)) % columns
            kept = self.latents[ring // RINGS_EACH][ring % RINGS_EACH]
            latents.append(kept[:, top : top + height][:, :, across])
            codes.append(self.codes[ring, top : top + height][:, across])
        values = to_values(torch.from_numpy(np.stack(codes).astype(np.int64)), config.codes)
        off = rng.choice([-1.0, 0.0, 1.0], values.shape, p=(JITTER / 2, 1 - JITTER, JITTER / 2))
        level = 2 / (config.codes.levels - 1)
        jittered = (values + level * torch.from_numpy(off).float()).clamp(-1, 1)
        return torch.from_numpy(np.stack(latents).astype(np.float32)), jittered

    def _known(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return where views are known, bool [count, H, W]: nowhere, or all but some box."""
        height, width = self.module.config.view_rows, self.module.config.view_columns
        known = np.zeros((count, height, width), bool)
        for view in known:
            if rng.random() >= NOTHING_KNOWN:
                side, part = rng.integers(4), float(rng.uniform(0.2, 1.0))
                view[:] = True
                rows, columns = round(part * height), round(part * width)
                if side == 0:
                    view[:, :columns] = False
                elif side == 1:
                    view[:, -columns:] = False
                else:
                    top = int(rng.integers(height - rows + 1))
                    left = 0 if side == 2 else int(rng.integers(width - columns + 1))
                    right = width if side == 2 else left + columns
                    view[top : top + rows, left:right] = False
        return known

    @torch.no_grad()
    def sheet(self, path: Path, step: int) -> None:  # noqa: ARG002 (the sheet needs no step)
        """Write a picture of samples."""
        self._sheet(path, self.module)
