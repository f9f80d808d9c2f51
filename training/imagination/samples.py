"""Pictures of samples for eyes: held-out scenes as drawn, and painted from what stands in them."""

import copy
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.imagination import Coder, Imagination, Subject
from mag_sandbox.model.imagination.painter import Painter
from mag_sandbox.model.imagination.weights import ImaginationNetworks
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.render import HELD_OUT, render
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import view_at
from mag_sandbox.training.imagination.rings import category_of
from mag_sandbox.training.imagination.stage_painter import placed

VIEWS = 12
ACROSS = 4  # pictures a row
_AHEAD = CameraPose(180.0)


class SampleSheets:
    """Paints held-out scenes anew, with copies of networks on the host, as in play.

    Args:
        networks: what is trained.
        autoencoder: of the memory.
        text: reads captions.
        tokenizer: of captions.
    """

    def __init__(
        self,
        networks: ImaginationNetworks,
        autoencoder: Autoencoder,
        text: TextEncoder,
        tokenizer: Tokenizer,
    ) -> None:
        self._networks, self._autoencoder = networks, copy.deepcopy(autoencoder).cpu()
        self._scenes = [render(category_of(HELD_OUT + i), HELD_OUT + i) for i in range(VIEWS)]
        captions = [scene.caption() for scene in self._scenes]
        with torch.no_grad():
            told = [*captions, ""]
            reader = copy.deepcopy(text).cpu()
            self._prompts = reader(*tokenise(tokenizer, told, text.config.text_len))

    def paintings(self, path: Path, painter: Painter) -> None:  # noqa: ARG002 (one of the networks)
        """Write scenes, and the same scenes painted from their own things."""
        networks = copy.deepcopy(self._networks)
        for module in networks.parts().values():
            module.cpu()
        invented = Imagination(networks.config, lambda: networks, Coder.of(self._autoencoder))
        pose, nothing = invented.lattice.nearest(_AHEAD), invented.nothing()
        rows: list[list[np.ndarray]] = []
        for number, scene in enumerate(self._scenes):
            if number % ACROSS == 0:
                rows += [[], []]
            things = [placed(thing) for thing in (*bands_of(scene), *scene.things)]
            told, empty = self._prompts[number : number + 1], self._prompts[-1:]
            place = invented.lattice.place(pose)
            around = invented.repainted(nothing, place, Subject(told, empty, number, things))
            latents = torch.from_numpy(around.at(place).latents)[None]
            rows[-2].append(view_at(scene.pixels, pose.yaw, pose.pitch))
            rows[-1].append(to_frames(self._autoencoder.decode(latents))[0])
        write_sheet(path, rows)
