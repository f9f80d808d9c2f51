"""`python -m training imagination`: planner, reader and painter in turn, resumable."""

import copy
import logging
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.attention import AttentionKernel
from mag_sandbox.model.autoencoder import Autoencoder
from mag_sandbox.model.checkpoints import load_into, stored, write_tensors
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.imagination.config import ImaginationConfig, PlannerConfig
from mag_sandbox.model.imagination.imagination import Coder, Imagination, Subject
from mag_sandbox.model.imagination.objects import VARIANTS, look_number
from mag_sandbox.model.imagination.painter import Painter, Sprites
from mag_sandbox.model.imagination.weights import (
    TEXT,
    ImaginationNetworks,
    load_networks,
    save_networks,
)
from mag_sandbox.model.pocket.text_encoder import TextEncoder
from mag_sandbox.model.pocket.weights import (
    AUTOENCODER,
    TOKENIZER,
    WORLD,
    load_tokenizer,
    read_config,
)
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.renderer.behind import bands_of
from mag_sandbox.renderer.kinds import BEHIND, CLASSES, COURSES
from mag_sandbox.renderer.render import CATEGORIES, HELD_OUT, category_of, render
from mag_sandbox.renderer.sheets import write_sheet
from mag_sandbox.renderer.views import view_at
from mag_sandbox.training.devices import TrainingDevice, choose_device
from mag_sandbox.training.imagination.crowds import crowded_rings
from mag_sandbox.training.imagination.fitted_sprites import fitted_sprites
from mag_sandbox.training.imagination.rings import RingLog, ring_latents, ring_log, walks
from mag_sandbox.training.imagination.stage_own_steps import OwnStepsStage
from mag_sandbox.training.imagination.stage_painter import PainterStage, placed
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_reader import ReaderStage
from mag_sandbox.training.loop import Loop, LoopConfig, Stage
from mag_sandbox.training.options import ImaginationTraining
from mag_sandbox.training.pocket.data import Captions
from mag_sandbox.training.pocket.text_pretraining import (
    TextOnlyCaptions,
    TextPretraining,
    TextPretrainingStage,
    facts_of,
)
from mag_sandbox.training.pocket.words import save_tokenizer, train_tokenizer

DECAY, EMA = 0.4, 0.998  # runs are short: the rate falls to zero over much of one
EXHIBITS = 8  # kinds on a stage of the renderer's
logger = logging.getLogger(__name__)


class ImaginationPipeline:
    """Builds what the stages need, in order, each from the one before.

    ImaginationPipeline(ImaginationTraining(), choose_device()).run()
    """

    def __init__(self, training: ImaginationTraining, device: TrainingDevice) -> None:
        self.training, self.device, self.folder = training, device, training.folder
        torch.manual_seed(training.seed)
        self.networks = ImaginationNetworks(_config(self._log), device.kernel)
        self.networks.painter.initialise()
        if training.init_from is not None:
            take_over(self.networks, training.init_from, device.kernel)
        pocket = read_config(training.weights)
        self.autoencoder = Autoencoder(pocket.autoencoder).requires_grad_(False)
        load_into(self.autoencoder, training.weights / AUTOENCODER)
        self.text = TextEncoder(pocket.text).requires_grad_(False)
        if training.init_from is not None:
            load_into(self.text, training.init_from / TEXT)
            self.tokenizer = load_tokenizer(training.init_from, pocket)
        else:
            load_into(self.text, training.weights / WORLD, part="text.")
            self.tokenizer = load_tokenizer(training.weights, pocket)
            if training.text_steps:
                captions = (one for each in self._log.captions for one in each)
                own = train_tokenizer(captions, pocket.text.vocab_size)
                read_anew(self.text, self.tokenizer, own)
                self.tokenizer = own
        device.place(self.autoencoder)
        self.text.to(device.device)

    def run(self) -> None:
        """Train the unfinished stages from their states, and write the weights."""
        training, networks = self.training, self.networks
        if training.text_steps:
            self._learn(self._text_stage(), training.text_steps)
            self.text.requires_grad_(False)
        planning = PlannerStage(
            networks.planner, self._log, self._captions, self.text, self.device, training.seed
        )
        self._learn(planning, training.planner_steps)
        reading = ReaderStage(
            networks.reader, self._latents, self._log.things[: training.rings],
            networks.config.kinds, self.device, training.seed,
        )  # fmt: skip
        self._learn(reading, training.reader_steps)
        self._learn(self._painter_stage(PainterStage), training.painter_steps)
        if training.own_steps:
            self._learn(self._painter_stage(OwnStepsStage), training.own_steps)
        save_networks(self.folder / "weights", self.networks)
        state = {name: stored(value) for name, value in self.text.state_dict().items()}
        write_tensors(self.folder / "weights" / TEXT, state)
        save_tokenizer(self.tokenizer, self.folder / "weights" / TOKENIZER)
        logger.info("weights written to %s", self.folder / "weights")

    def _learn(self, stage: Stage, steps: int) -> None:
        Loop(stage, LoopConfig(steps, warmup=100, decay=DECAY, ema=EMA), self.folder).run()

    def _text_stage(self) -> TextPretrainingStage:
        facts = facts_of(
            [one for each in self._log.captions for one in each],
            [one for each in self._log.answers for one in each],
        )
        captions = TextOnlyCaptions(self.tokenizer, self.text.config.text_len, facts)
        module = TextPretraining(self.text.requires_grad_(True), facts.choices)
        module.to(self.device.device)
        return TextPretrainingStage(
            module, captions, self.device, self.training.seed, trained=False
        )

    def _painter_stage(self, kind: type[PainterStage]) -> PainterStage:
        training = self.training
        self._fit_sprites()
        walked = walks(training.data, self.autoencoder, training.walks, self.device)
        crowd, latents = crowded_rings(
            training.data, self.autoencoder, training.crowded, self.device
        )
        drawn = sum(map(len, self._latents))
        log = RingLog(
            self._log.captions[:drawn] + crowd.captions + walked.log.captions,
            self._log.answers[:drawn] + crowd.answers + walked.log.answers,
            self._log.things[:drawn] + crowd.things + walked.log.things,
        )
        captions = Captions(log, self.tokenizer, self.text.config.text_len)
        return kind(
            self.networks.painter, [*self._latents, *latents, *walked.latents], self.autoencoder,
            self.networks.sketcher(self.autoencoder.config.stride), log.things,
            self.networks.config.looks, captions, self.text, self.device, training.seed,
            self._sheets.paintings, walked.carried,
        )  # fmt: skip

    def _fit_sprites(self) -> None:
        networks, training = self.networks, self.training
        config, sprites = networks.config, cast(Sprites, networks.painter.objects.sprites[0])
        table = fitted_sprites(training.data, training.rings, config.looks, config.painter)
        fitted = torch.from_numpy(table).to(sprites.table)
        shown = fitted.any(dim=1)
        sprites.table[shown] = fitted[shown]  # looks that no ring shows stay as they were

    @cached_property
    def _log(self) -> RingLog:
        return ring_log(self.training.data, max(self.training.rings, self.training.logs))

    @cached_property
    def _latents(self) -> list[np.ndarray]:
        training = self.training
        return ring_latents(training.data, self.autoencoder, training.rings, self.device)

    @cached_property
    def _captions(self) -> Captions:
        return Captions(self._log, self.tokenizer, self.text.config.text_len)

    @cached_property
    def _sheets(self) -> "SampleSheets":
        return SampleSheets(self.networks, self.autoencoder, self.text, self.tokenizer)


def _config(log: RingLog) -> ImaginationConfig:
    shown: dict[str, set[str]] = {name: set() for name in CATEGORIES}
    most = Counter[str]()
    for seed, things in enumerate(log.things):
        shown[category_of(seed)] |= {thing.name for thing in things}
        most |= Counter(thing.name for thing in things)
    among = {
        category: tuple(kind for kind in CLASSES if kind in kinds)
        for category, kinds in shown.items()
    }
    courses = tuple(kind for kind in CLASSES if kind in COURSES)
    planner = PlannerConfig(exhibits=EXHIBITS)
    return ImaginationConfig(CLASSES, BEHIND, among, planner, courses=courses, most=dict(most))


def train(training: ImaginationTraining) -> None:
    """Train planner, reader and painter on the best device of this machine."""
    ImaginationPipeline(training, choose_device()).run()


@torch.no_grad()
def read_anew(text: TextEncoder, before: Tokenizer, now: Tokenizer) -> None:
    """Move a text encoder to another tokenizer: tokens that it knew keep their embeddings."""
    table = text.umt5.shared.weight
    known = table.clone()
    for token, row in now.get_vocab().items():
        same = before.token_to_id(token)
        rows = before.encode(token).ids if same is None else [same]
        table[row] = known[rows].mean(dim=0) if rows else known.mean(dim=0)


# tables with a row for each kind, for each kind after a row for none, or for each look
OF_KINDS = (
    "reader.there.weight", "reader.there.bias", "reader.gain.weight", "reader.bias.weight",
    "reader.named.weight", "reader.named.bias",
)  # fmt: skip
AFTER_NONE = (
    "planner.content.0.weight", "planner.head.drawn.0.weight",
    "planner.head.outer.0.weight", "planner.head.outer.0.bias",
)  # fmt: skip
OF_LOOKS = ("painter.objects.look.weight", "painter.objects.sprites")


@torch.no_grad()
def take_over(networks: ImaginationNetworks, folder: Path, kernel: AttentionKernel) -> None:
    """Copy weights from a folder; tables of kinds are matched row by row.

    Rows of other kinds stay as they are. Only the tables of kinds may differ in size.
    """
    known = load_networks(folder, kernel)
    old, new = known.config.looks, networks.config.looks
    both = [(old.index(kind), new.index(kind)) for kind in new if kind in old]
    for name, module in networks.parts().items():
        learned = known.parts()[name].state_dict()
        for key, value in module.state_dict().items():
            pairs = _rows(f"{name}.{key}", both)
            if pairs is None:
                value.copy_(learned[key])
            else:
                _copy_rows(value, learned[key], pairs)


def _rows(name: str, both: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """Return which row of a tensor becomes which, or None if it is no table of kinds."""
    if name in OF_KINDS:
        return both
    if name in AFTER_NONE:
        return [(0, 0), *((1 + before, 1 + now) for before, now in both)]
    if not name.startswith(OF_LOOKS) or not name.endswith(("look.weight", "table")):
        return None
    looks = [
        (look_number(before, None) + variant, look_number(now, None) + variant)
        for before, now in both
        for variant in range(VARIANTS)
    ]
    return [(0, 0), *looks]


def _copy_rows(value: Tensor, learned: Tensor, pairs: list[tuple[int, int]]) -> None:
    fits = [(before, now) for before, now in pairs if before < len(learned) and now < len(value)]
    before, now = torch.tensor(fits).unbind(dim=1)
    value[now] = learned[before]


VIEWS = 12
ACROSS = 4  # pictures a row
_AHEAD = CameraPose(180.0)


class SampleSheets:
    """Paints held-out scenes anew, with copies of networks on the host, as in play.

    Args:
        networks: in training.
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
            reader = copy.deepcopy(text).cpu()
            self._prompts = reader(*tokenise(tokenizer, captions, text.config.text_len))

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
            prompt = self._prompts[number : number + 1]
            place = invented.lattice.place(pose)
            around = invented.repainted(
                nothing, place, nothing.mask(place), Subject(prompt, number, things)
            )
            latents = torch.from_numpy(around.at(place).latents)[None]
            rows[-2].append(view_at(scene.pixels, pose.yaw, pose.pitch))
            rows[-1].append(to_frames(self._autoencoder.decode(latents))[0])
        write_sheet(path, rows)
