"""Clips for distribution matching: parts of videos that the generator makes, memory carried on.

A rollout is the engine of play, `model.full.rollout`, with gradients where the recipe wants them:
only the last denoising step of a block is differentiated, and remembered latents are detached.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, FewSteps, Recipe
from mag_sandbox.model.dit import DiT, TextKeys
from mag_sandbox.model.flow import Draw, Sampler, add_noise, x0_from_flow
from mag_sandbox.model.full.rollout import Rollout
from mag_sandbox.model.generator import Coordinates
from mag_sandbox.model.kv_cache import CacheShape, GraphCache
from mag_sandbox.training.devices import TrainingDevice
from mag_sandbox.training.recipe.clips import (
    ClipSource,
    Conditions,
    FramePlaces,
    PromptSource,
    flow_beside_clean,
)
from mag_sandbox.training.recipe.masks import block_attention, teacher_forcing
from mag_sandbox.training.recipe.presets import Distillation
from mag_sandbox.training.seeded_random import SeededRandom

Renoise = Callable[[int, int], Tensor]  # block of the clip, step -> noise like a block's latents


@dataclass(eq=False)
class TrainedGenerator:
    """Denoises with a gradient through the last step and remembers without one.

    The calls are those of `BlockGenerator`, so `Rollout` plays it.
    """

    dit: DiT
    memory_dit: DiT  # writes memory: MAG's frozen memory model, or the generator
    cache: GraphCache  # read and written
    empty_text: Tensor  # features of the empty prompt, [B, text_len, text_dim]

    def sample(
        self, noise: Tensor, coordinates: Coordinates, text: TextKeys, sampler: Sampler, draw: Draw
    ) -> Tensor:
        """Return clean latents, fp32 [B, F, C, H, W]; see `BlockGenerator.sample`."""
        x, last = noise, len(sampler.timesteps) - 1
        with torch.no_grad():
            for step in range(last):
                x = sampler.advance(x, self._flow(x, sampler, step, coordinates, text), step, draw)
        return sampler.advance(x, self._flow(x, sampler, last, coordinates, text), last, draw)

    @torch.no_grad()
    def remember(
        self, latents: Tensor, coordinates: Coordinates, text: TextKeys | None = None
    ) -> None:
        """Leave clean keys and values in the cache; under the empty prompt if none is given."""
        dit = self.memory_dit
        time = dit.embed_time(torch.zeros(1, latents.shape[1], device=latents.device))
        text = text or dit.text_keys(self.empty_text)
        attend = self.cache.recorder(dit.kernel)
        tokens = dit.embed(latents.detach(), coordinates.features)
        dit.remember(tokens, time, text, coordinates.rotary, attend)

    def _flow(
        self, x: Tensor, sampler: Sampler, step: int, coordinates: Coordinates, text: TextKeys
    ) -> Tensor:
        timesteps = torch.full((1, x.shape[1]), sampler.timesteps[step], device=x.device)
        time = self.dit.embed_time(timesteps)
        attend = self.cache.reader(self.dit.kernel)
        flow: Tensor = self.dit(x, time, text, coordinates.rotary, attend, coordinates.features)
        return flow.float()


class SelfRollout(Rollout):
    """A batch of videos in the making, clip by clip; memory is carried from clip to clip.

    video = SelfRollout(TrainedGenerator(...), places, recipe)  # over a `GraphCache`
    first = video.clip(noise, text, exit_step, renoise)
    more = video.clip(more_noise, text, another_exit_step, renoise)
    """

    def __init__(self, generator: TrainedGenerator, places: FramePlaces, recipe: Recipe) -> None:
        super().__init__(generator, places, recipe)
        self._places, self._levels = places, recipe.sampling

    def coordinates(self, first_frame: int, frames: int) -> Coordinates:
        """Return where and when frames lie."""
        return self._places.at(first_frame, frames)

    def clip(self, noise: Tensor, text: TextKeys, exit_step: int, renoise: Renoise) -> Tensor:
        """Return the next clip's latents; each block's gradient ends at its own last step.

        Args:
            noise: standard normal, [B, F, C, H, W], whole blocks.
            text: keys of the prompt the generator is given, with their gradient.
            exit_step: at which of the recipe's steps every block ends; 0 is the noisiest.
            renoise: noise added after the steps before it.

        Source: Self Forcing, arXiv 2506.08009, algorithm 1.
        """
        self.sampler = until(self._levels, exit_step).sampler()
        made = []
        for index, block in enumerate(torch.split(noise, BLOCK_LENGTH, dim=1)):
            made.append(self.denoise(block, text, partial(renoise, index)))
            self.remember(made[-1].detach(), text)
        return torch.cat(made, dim=1)


def until(levels: FewSteps, exit_step: int) -> FewSteps:
    """Return the first steps of a few-step sampler, up to the one a rollout leaves at."""
    return replace(levels, steps=levels.steps[: exit_step + 1])


Tail = Callable[[Tensor], Tensor]  # a clip's latents -> how the next clip begins
_PLACE, _EXIT, _HISTORY, _NOISE, _SWITCH, _FORCED = range(20, 26)  # keep draws apart


@dataclass(frozen=True, slots=True)
class GeneratedClip:
    """A clip for the scores to judge."""

    latents: Tensor  # [B, F, C, H, W]; a gradient, if any, only in frames made just now
    text: Tensor  # features of the real prompts, [B, text_len, text_dim]
    at: Coordinates


def last_frames(count: int) -> Tail:
    """Return the tail of worlds whose latent frames stand alone: the last ones as they are."""
    return lambda latents: latents[:, latents.shape[1] - count :]


@dataclass(eq=False)
class Videos:
    """Videos being made by the generator at hand, clip after clip.

    Which clip a number means, its prompts and its noise follow from the number. What was made
    before it does so only while clips are asked for in a row: else the clips before are made anew,
    by today's weights.
    """

    dit: DiT  # the generator
    memory_dit: DiT  # writes memory; the generator itself where the recipe says so
    source: PromptSource  # of prompts and places
    config: Distillation  # the numbers
    device: TrainingDevice  # where to compute
    seed: int  # of all draws
    # makes for each video what gives the first frames of its later clips, where there are any;
    # None: the last latents as they are
    tails: Callable[[], Tail] | None = None
    lane: int = 0  # which of the videos: this one, and every `lanes`th after it
    lanes: int = 1  # how many others, itself included, make videos side by side, see `Lanes`

    def __post_init__(self) -> None:
        self._tails = self.tails or (lambda: last_frames(self.config.overlap))
        self._following: tuple[int, int] | None = None  # video, index of its next clip
        self._cache: GraphCache | None = None  # memory of the video

    @property
    def memory_bytes(self) -> int:
        """Bytes that a video remembers at most."""
        dit, recipe = self.dit.config, self.config.recipe
        frame = CacheShape(
            dit.num_layers, self.source.tokens, dit.num_heads, dit.head_dim, BLOCK_LENGTH
        )
        return recipe.slots * frame.slot_bytes(torch.bfloat16)

    def rest(self) -> None:
        """Move the video's memory to main memory."""
        if self._cache:
            self._cache.rest()

    def wake(self) -> None:
        """Move it back to the device."""
        if self._cache:
            self._cache.wake(self.device.device)

    def clip(self, number: int) -> GeneratedClip:
        """Return a clip, with a gradient if the caller has them enabled."""
        video, index = self.place(number)
        if self._following != (video, index):
            self._begin(video)
            with torch.no_grad():
                for earlier in range(index):
                    self._make(video, earlier)
        made = self._make(video, index)
        self._following = video, index + 1
        return made

    def place(self, number: int) -> tuple[int, int]:
        """Return which video a clip belongs to, and its index there."""
        turn, index = divmod(number, self.config.clips) if self.config.in_turn else (number, 0)
        video = self.lane + turn * self.lanes
        if self.config.in_turn:
            return video, index
        return video, SeededRandom(self.seed, _PLACE, video).choice(self.config.clips)

    def _begin(self, video: int) -> None:
        self._conditions: Conditions = self.source.conditions(video, self.config.frames)
        self._text = self._conditions.text
        self._tail, self._start = self._tails(), torch.empty(0)
        empty = self.device.upload(self.source.text("", len(self._text)))
        self._cache = GraphCache(self.source.tokens)
        generator = TrainedGenerator(self.dit, self.memory_dit, self._cache, empty)
        self._rollout = SelfRollout(generator, self._conditions.places, self.config.recipe)

    def _make(self, video: int, index: int) -> GeneratedClip:
        self._switch(video, index)
        first = self._rollout.made
        latents = self._roll(video, index)
        overlap = self.config.overlap if index else 0
        seen = torch.cat((self._start, latents), dim=1) if overlap else latents
        if index + 1 < self.config.clips:
            with torch.no_grad():
                self._start = self._tail(latents.detach())
        at = self._conditions.places.at(first - overlap, seen.shape[1])
        return GeneratedClip(seen, self._text, at)

    def _roll(self, video: int, index: int) -> Tensor:
        config, key = self.config, (video, index)
        batch = len(self._text)
        frames = config.clip_frames - (config.overlap if index else 0)
        noise = SeededRandom(self.seed, _NOISE, *key)
        start = self.device.upload(noise.noise((batch, frames, *self.source.shape)))
        steps = len(config.recipe.sampling.steps)
        exit_step = SeededRandom(self.seed, _EXIT, video // self.lanes, index).choice(steps)
        block = (batch, BLOCK_LENGTH, *self.source.shape)

        def renoise(block_index: int, step: int) -> Tensor:
            random = SeededRandom(self.seed, _NOISE, *key, 1 + block_index * steps + step)
            return self.device.upload(random.noise(block))

        history = SeededRandom(self.seed, _HISTORY, *key).happens(config.history_share)
        text = self.source.text("", batch) if index and history else self._text
        keys = self.dit.text_keys(self.device.upload(text))
        return self._rollout.clip(start, keys, exit_step, renoise)

    def _switch(self, video: int, index: int) -> None:
        random = SeededRandom(self.seed, _SWITCH, video)
        switches = self.config.clips > 1 and random.happens(self.config.switch_share)
        if not switches or index != 1 + random.choice(self.config.clips - 1):
            return
        other = random.choice(2**31)
        self._text = self.source.conditions(other, self.config.frames).text
        with torch.no_grad():
            keys = self.dit.text_keys(self.device.upload(self._text))
            self._rollout.switch_prompt(keys)


class Lanes:
    """Several videos under way at once: clips are asked for from one after the other.

    Processes that share out the numbers of clips continue videos of their own.
    """

    def __init__(self, lanes: Sequence[Videos], awake: int | None = None) -> None:
        """Keep the memories of at most `awake` videos on the device, None: of all.

        Those of the videos that were continued longest ago wait in main memory.
        """
        self._lanes, self._most = lanes, awake or len(lanes)
        self._awake: list[int] = []  # lanes, the one that was continued last at the end

    def clip(self, number: int) -> GeneratedClip:
        """Return a clip, with a gradient if the caller has them enabled."""
        turn, lane = divmod(number, len(self._lanes))
        self._wake(lane)
        return self._lanes[lane].clip(turn)

    def _wake(self, lane: int) -> None:
        others = [one for one in self._awake if one != lane]
        resting = max(0, len(others) + 1 - self._most)
        for one in others[:resting]:
            self._lanes[one].rest()
        if lane not in self._awake:
            self._lanes[lane].wake()
        self._awake = [*others[resting:], lane]


@dataclass(eq=False)
class TeacherForced:
    """Makes clips in one pass over data in place of a rollout's own (CausVid, arXiv 2412.07772)."""

    dit: DiT  # the generator
    source: ClipSource  # of videos
    config: Distillation  # the numbers
    device: TrainingDevice  # where to compute
    seed: int  # of all draws

    def clip(self, number: int) -> GeneratedClip:
        """Return clips whose every block is predicted from a step of its own."""
        levels, random = self.config.recipe.sampling, SeededRandom(self.seed, _FORCED, number)
        drawn = self.source.clips(number, self.config.clip_frames)
        clean = self.device.upload(drawn.latents)
        batch, frames = clean.shape[:2]
        steps = random.steps(len(levels.steps), batch, frames, BLOCK_LENGTH)
        timesteps, sigma = levels.timesteps[steps], self.device.upload(levels.sigmas[steps])
        noisy = add_noise(clean, self.device.upload(random.noise(clean.shape)), sigma)
        mask = teacher_forcing(frames, BLOCK_LENGTH)
        at = drawn.conditions.places.at(0, frames)
        flow = flow_beside_clean(
            self.dit, clean, noisy, timesteps,
            self.dit.text_keys(self.device.upload(drawn.conditions.text)),
            at, block_attention(mask, self.source.tokens, self.dit.kernel, self.device.device),
        )  # fmt: skip
        return GeneratedClip(x0_from_flow(flow, noisy, sigma), drawn.conditions.text, at)
