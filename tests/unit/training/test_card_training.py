"""Training on a card that is not there: a step of every stage, losses and gradients."""

import copy
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import pytest

from mag_sandbox.model.attention import sdpa_attention
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.lora import LowRank, adapt
from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import RayPlaces
from mag_sandbox.model.memorypack.parts import untrained
from mag_sandbox.model.pocket.networks import PocketNetworks
from mag_sandbox.model.pocket.pictures.animator import Animator
from mag_sandbox.model.rope import GridCoordinates, RayCoordinates
from mag_sandbox.renderer.canvas import RING_HEIGHT, RING_WIDTH
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.imagination.rings import RINGS_EACH, RingLog
from mag_sandbox.training.imagination.stage_painter import PainterStage
from mag_sandbox.training.imagination.stage_planner import PlannerStage
from mag_sandbox.training.imagination.stage_reader import ReaderStage
from mag_sandbox.training.loop import Stage
from mag_sandbox.training.memorypack.presets import PackTraining
from mag_sandbox.training.memorypack.stage import MemoryPackStage, VideoBatch
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.pocket import stage_animator, stage_autoencoder
from mag_sandbox.training.pocket.data import CHANNELS, PanoramaSet, RestingViews
from mag_sandbox.training.pocket.stage_animator import AnimatorStage
from mag_sandbox.training.pocket.stage_autoencoder import AutoencoderStage, DecoderStage
from mag_sandbox.training.pocket.stage_distillation import FrameDistillationStage, GenerationTask
from mag_sandbox.training.pocket.stage_world import SequenceTask
from mag_sandbox.training.recipe.clips import GridPlaces
from mag_sandbox.training.recipe.presets import (
    CAUSVID,
    LONGLIVE,
    MEMORY,
    STUDENT,
    TEACHER,
    Optimisation,
)
from mag_sandbox.training.recipe.stages import (
    ClipDistillationStage,
    MemoryStage,
    StudentStage,
    TeacherStage,
    TeacherTrajectories,
)
from mag_sandbox.training.recipe.videos import Lanes, TeacherForced, Videos
from tests.card import CARD, fake_card
from tests.tiny import TINY, TINY_ANIMATOR, shallow, tiny_autoencoder
from tests.unit.model.imagination.tiny import KINDS, codec, networks
from tests.unit.training.imagination import test_stages as imagination
from tests.unit.training.pocket.test_frame_distillation import FixedCaptions, RandomSequences
from tests.unit.training.recipe.toy_recipe import CONFIG, ToySource, show_nothing, toy_sized
from tests.unit.training.recipe.toy_videos import ToyVideos

pytestmark = pytest.mark.apart  # PyTorch keeps devices


class Card(TrainingDevice):
    """The card that is not there; it knows no mixed precision."""

    def autocast(self) -> AbstractContextManager:
        return nullcontext()


ON_A_CARD = Card(CARD, sdpa_attention)
RUN = ON_A_CARD, 0  # and the seed
NUMBERS = *RUN, show_nothing


def learn(stage: Stage | SequenceTask, step: int = 0) -> None:
    """Make the losses of a batch and their gradients; all moved weights lie on the card."""
    for loss in stage.losses(step) if isinstance(stage, Stage) else [stage.loss(step)]:
        loss.backward()
    moved = [one for one in stage.module.parameters() if one.grad is not None]
    assert moved and all(str(one.device) == str(one.grad.device) == CARD for one in moved)


def toy_dit() -> DiT:
    return DiT(replace(CONFIG, num_layers=1), sdpa_attention).to(CARD)


class CardSource(ToySource):
    """Clips whose places lie on the card, as those of full size do."""

    def __init__(self) -> None:
        super().__init__(batch=1, frames=6)
        self._places = GridPlaces(GridCoordinates(2, 2, CONFIG.head_dim, CARD))


@fake_card()
def test_the_recipes_stages_keep_to_their_card():
    source = CardSource()
    learn(TeacherStage(toy_dit(), source, toy_sized(TEACHER, frames=6), *NUMBERS))
    learn(MemoryStage(toy_dit(), source, toy_sized(MEMORY, frames=6), *NUMBERS))
    config = toy_sized(STUDENT, frames=3, teacher_steps=4, context="clean")
    ways = TeacherTrajectories(toy_dit(), source, config, "bad", *RUN)
    learn(StudentStage(toy_dit(), ways, config, *NUMBERS, tokens=source.tokens))


@fake_card()
def test_causvid_keeps_to_its_card():
    config, source, generator = toy_sized(CAUSVID, clip_frames=6), CardSource(), toy_dit()
    learn(distillation(generator, source, config, TeacherForced(generator, source, config, *RUN)))


@fake_card()
def test_distillation_keeps_to_its_card():
    """LongLive's prompt changes, and a memory model writes as MAG's does."""
    changes = {"clip_frames": 6, "clips": 2, "critic_steps": 1, "switch_share": 1.0}
    config, source, generator = toy_sized(LONGLIVE, **changes), CardSource(), toy_dit()
    made = generator, toy_dit(), source, config, *RUN, None
    videos = Lanes([Videos(*made, lane, 2) for lane in range(2)], awake=1)
    stage = distillation(generator, source, config, videos)
    for step in range(3):
        learn(stage, step)


def distillation(generator, source, config, videos) -> ClipDistillationStage:
    return ClipDistillationStage(
        GeneratorAndCritic(generator, toy_dit()), source, config, *RUN, show_nothing,
        teacher=toy_dit(), videos=videos, negative="bad",
    )  # fmt: skip


@fake_card()
def test_memorypack_keeps_to_its_card():
    numbers = PackTraining(Optimisation(steps=8), forcing="direct", curriculum=(1,))
    packed = untrained(DiT(TINY.dit, sdpa_attention).to(CARD), PackConfig())
    learn(MemoryPackStage(packed, ToyVideos(1), numbers, *NUMBERS, shift=2.0))


class CardPans(ToyVideos):
    """Videos whose places and poses lie on the card."""

    def __init__(self) -> None:
        super().__init__()
        self.places = RayPlaces(RayCoordinates.of(TINY, device=CARD))

    def videos(self, number: int, clips: int) -> VideoBatch:
        """Return toy videos with their poses on the card."""
        made = super().videos(number, clips)
        frames = made.frames
        assert frames.poses is not None
        return replace(made, frames=frames._replace(poses=frames.poses.to(CARD)))


def test_psi_of_slots_keeps_to_its_card():
    with fake_card():
        numbers = PackTraining(Optimisation(steps=8), forcing="teacher", curriculum=(3,))
        parts = untrained(DiT(TINY.dit, sdpa_attention).to(CARD), PackConfig(structure="ring"))
        learn(MemoryPackStage(parts, CardPans(), numbers, *NUMBERS, shift=2.0))
        rings = PanoramaSet(np.zeros((1, RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8), *[[]] * 2)
        views = RestingViews(rings, tiny_autoencoder().to(CARD), ON_A_CARD)
        assert str(views.latents(0, *np.full((3, 2), 60.0)).device) == CARD


def test_the_imaginations_stages_keep_to_their_card(monkeypatch):
    for name in ("painter", "planner", "reader"):
        monkeypatch.setattr(f"{imagination.STAGES}.stage_{name}.BATCH", 2)
    made, captions, text = networks(), imagination._Captions(), imagination._Text()
    latents, things = [np.zeros((RINGS_EACH, 3, 8, 16), np.float16)], [[imagination.TREE]] * 3
    rings = RingLog([["a tree"]] * 3, [[{}]] * 3, things)
    with fake_card():
        for module in made.parts().values():
            module.to(CARD)
        read = captions, text, *RUN
        sketched = codec().to(CARD), made.sketcher(imagination.CELL)
        learn(
            PainterStage(made.painter, latents, *sketched, things, KINDS, *read, lambda *told: None)
        )
        learn(PlannerStage(made.planner, rings, *read))
        learn(ReaderStage(made.reader, latents, things, KINDS, *RUN))


def test_the_pocket_worlds_stages_keep_to_their_card(monkeypatch):
    for module in (stage_animator, stage_autoencoder):
        monkeypatch.setattr(module, "BATCH", 1)
    monkeypatch.setattr(stage_autoencoder, "DECODER_BATCH", 1)
    rings = np.zeros((2, RING_HEIGHT, RING_WIDTH, CHANNELS), np.uint8)
    data = PanoramaSet(rings, np.array([8.0, 40.0]), [["a"]] * 2)
    world, captions = PocketNetworks(shallow(TINY), sdpa_attention), FixedCaptions()
    generator = adapt(copy.deepcopy(world.dit), 2)
    with fake_card():
        codec = tiny_autoencoder().requires_grad_(True).to(CARD)
        learn(AutoencoderStage(codec, data, *RUN))
        learn(DecoderStage(codec, data, *RUN))
        learn(AnimatorStage(Animator(TINY_ANIMATOR).to(CARD), codec, data, *RUN))
        world.to(CARD)
        weight = world.dit.layers[0].ffn[0].weight
        assert str(LowRank(weight, 2)(weight).device) == CARD  # as `adapt` calls it
        told = {"guidance": 3.0, "from_noise": 0.5, "own_past": 1.0}
        learn(SequenceTask(world, RandomSequences(3), captions, *RUN, **told))
        module = GeneratorAndCritic(generator.to(CARD), copy.deepcopy(world.dit))
        tasks = {"moving": GenerationTask(RandomSequences(3), 1, steps=1, empty_prompt=0.5)}
        stage = FrameDistillationStage(module, world, tasks, captions, *RUN, print)
        for step in range(2):
            learn(stage, step)
