"""Distribution matching on own rollouts: who learns when, from which clips, under which prompt."""

from collections import Counter
from itertools import pairwise

import pytest
import torch

from mag_sandbox.model import kv_cache
from mag_sandbox.model.catalogue.worlds import RECIPES
from mag_sandbox.model.dit import own_block_attention
from mag_sandbox.training.devices import freeze
from mag_sandbox.training.loop import Loop, LoopConfig
from mag_sandbox.training.optimisers import GeneratorAndCritic
from mag_sandbox.training.recipe.clips import clip_flow
from mag_sandbox.training.recipe.presets import (
    CAUSVID,
    GENERATOR,
    LONGLIVE,
    PRESETS,
    SELF_FORCING,
    SELF_FORCING_PLUS,
    Distillation,
)
from mag_sandbox.training.recipe.stages import ClipDistillationStage
from mag_sandbox.training.recipe.train import clips_to_a_whole_video
from mag_sandbox.training.recipe.videos import (
    Lanes,
    SelfRollout,
    TeacherForced,
    Videos,
    last_frames,
)
from tests.unit.training.recipe.toy_recipe import (
    CONFIG,
    CPU,
    ToySource,
    show_nothing,
    toy_dit,
    toy_sized,
    train,
)

SMALL = {"clip_frames": 6}
VARIANTS = {
    "self-forcing": toy_sized(SELF_FORCING, **SMALL),
    "generator": toy_sized(GENERATOR, **SMALL),
    "self-forcing++": toy_sized(SELF_FORCING_PLUS, clip_frames=6),
    "longlive": toy_sized(LONGLIVE, clip_frames=6),
    "causvid": toy_sized(CAUSVID, **SMALL),
}
variants = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS)


def videos(config: Distillation, dit=None, memory=None, source=None) -> Videos | TeacherForced:
    """Return what makes clips, from the generator's own rollouts or beside data."""
    dit, source = dit or toy_dit(1), source or ToySource()
    if config.context == "clean":
        return TeacherForced(dit, source, config, CPU, 0)
    memory = memory or (toy_dit(2) if config.recipe.remembers == "memory" else dit)
    return Videos(dit, memory, source, config, CPU, 0, lambda: last_frames(config.overlap))


def stage_of(config: Distillation, batches: int = 1) -> ClipDistillationStage:
    """Return the stage; memory model (2) and teacher (3) are networks of their own."""
    generator, source = toy_dit(1), ToySource()
    return ClipDistillationStage(
        GeneratorAndCritic(generator, toy_dit(4)), source, config, CPU, 0, show_nothing,
        teacher=toy_dit(3), videos=videos(config, generator, source=source), negative="bad",
        batches=batches,
    )  # fmt: skip


@variants
def test_a_step_moves_the_generator_or_the_critic_and_nothing_else(config):
    stage = stage_of(config)
    for step in range(2):
        stage.module.zero_grad(set_to_none=True)
        stage.loss(step).backward()
        learns = getattr(stage.module, stage.kind(step))
        other = stage.module.critic if step == 0 else stage.module.generator
        assert all(p.grad is not None for p in learns.parameters())
        assert all(p.grad is None for p in other.parameters())
        assert any(p.grad.abs().sum() > 0 for p in learns.parameters())


def test_the_critic_learns_five_times_as_often():
    stage = stage_of(VARIANTS["generator"])
    assert Counter(map(stage.kind, range(60))) == {"generator": 10, "critic": 50}


def test_all_batches_of_a_step_train_the_same_network():
    stage = stage_of(VARIANTS["generator"], batches=2)
    for batch, learns in enumerate(("generator", "generator", "critic", "critic")):
        stage.module.zero_grad(set_to_none=True)
        stage.loss(batch).backward()
        assert all(p.grad is not None for p in getattr(stage.module, learns).parameters())


def test_every_place_of_a_clip_gets_generator_steps_in_time():
    config = GENERATOR
    places = {step % config.clips for step in range(0, 6 * config.clips, config.period)}
    assert places == set(range(config.clips))


def test_the_memory_model_and_the_teacher_stay_as_they_are():
    config = VARIANTS["generator"]
    memory, teacher, generator = toy_dit(2), toy_dit(3), toy_dit(1)
    before = [p.clone() for network in (memory, teacher) for p in network.parameters()]
    stage = ClipDistillationStage(
        GeneratorAndCritic(generator, toy_dit(4)), ToySource(), config, CPU, 0, show_nothing,
        teacher=teacher, videos=videos(config, generator, memory), negative="bad",
    )  # fmt: skip
    train(stage, 3)
    after = [p for network in (memory, teacher) for p in network.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.grad is None for p in after)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(toy_dit(1).parameters(), generator.parameters(), strict=True)
    )


def test_the_critic_learns_the_clips_it_sees():
    stage = stage_of(VARIANTS["self-forcing"])
    losses = train(stage, 15, batch=1)  # a critic's step, always the same clip
    assert stage.kind(1) == "critic"
    assert losses[-1] < 0.8 * losses[0]


def test_samples_move_from_what_the_critic_says_to_what_the_teacher_says():
    stage = stage_of(VARIANTS["self-forcing"])
    stage._scores._x0 = lambda dit, noised, *_: torch.full_like(
        noised.clean, 1.0 if dit is stage._scores.real else -1.0
    )
    with torch.no_grad():
        before = stage.videos.clip(0).latents.mean()
    train(stage, 12, batch=0)
    with torch.no_grad():
        after = stage.videos.clip(0).latents.mean()
    assert after > before + 0.1


def test_clips_of_a_video_follow_each_other():
    config = VARIANTS["generator"]
    made = videos(config)
    first, second, third = (made.clip(number) for number in range(3))
    assert second.latents.shape[1] == third.latents.shape[1] == config.clip_frames
    assert torch.equal(second.latents[:, : config.overlap], first.latents[:, -config.overlap :])
    assert torch.equal(third.latents[:, : config.overlap], second.latents[:, -config.overlap :])
    last = (config.clips - 1) * (config.clip_frames - config.overlap) + config.clip_frames
    assert last == config.frames
    following = made.clip(config.clips)
    assert following.latents.shape[1] == config.clip_frames
    assert not torch.equal(following.text, first.text)


def test_gradients_reach_only_the_clip_that_was_just_made():
    made = videos(VARIANTS["generator"])
    first = made.clip(0).latents
    second = made.clip(1).latents
    assert first.requires_grad
    assert torch.autograd.grad(second.sum(), [first], allow_unused=True) == (None,)


def test_a_clip_asked_for_out_of_turn_is_the_same_while_the_weights_rest():
    config = VARIANTS["generator"]
    in_turn, at_once = videos(config), videos(config)
    expected = [in_turn.clip(number) for number in range(3)][-1]
    assert torch.equal(at_once.clip(2).latents, expected.latents)


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_lanes_make_videos_of_their_own_and_no_clip_twice(lanes):
    config = VARIANTS["generator"]
    makers = [
        Videos(toy_dit(1), toy_dit(2), ToySource(), config, CPU, 0, lane=lane, lanes=lanes)
        for lane in range(lanes)
    ]
    steps, clips = clips_to_a_whole_video(config, 8 // lanes), []
    for number in range(steps * 8):
        turn, lane = divmod(number, lanes)  # as `Lanes` deals them out
        clips.append(makers[lane].place(turn))
    whole = {(video, index) for video in range(len(clips) // 7) for index in range(7)}
    assert sorted(clips) == sorted(whole)  # none is under way when a state is saved


def test_what_videos_remember_waits_on_the_host_and_is_copied_there_once(monkeypatch):
    config, copied = VARIANTS["generator"], []
    to_host = kv_cache.to_host
    monkeypatch.setattr(kv_cache, "to_host", lambda *told: copied.append(told) or to_host(*told))

    def lanes(awake: int | None) -> tuple[list[Videos], Lanes]:
        makers = [
            Videos(toy_dit(1), toy_dit(2), ToySource(), config, CPU, 0, lane=lane, lanes=3)
            for lane in range(3)
        ]
        return makers, Lanes(makers, awake)

    _, unlimited = lanes(None)
    makers, limited = lanes(2)
    for number in range(6):
        with torch.no_grad():
            expected, made = unlimited.clip(number), limited.clip(number)
        assert torch.equal(expected.latents, made.latents)
        assert sum(bool(one._cache and one._cache._kept) for one in makers) <= 2
    slots = [len(one._cache._on_host) for one in makers]
    assert len(copied) == sum(slots) * 2 * CONFIG.num_layers


def test_frozen_networks_say_what_they_said_before():
    dit, source = toy_dit(1), ToySource()
    drawn = source.clips(0, 3)

    def flow() -> torch.Tensor:
        with torch.no_grad(), CPU.autocast():
            return clip_flow(
                dit, drawn.latents, torch.full((2, 3), 500.0),
                dit.text_keys(drawn.conditions.text), drawn.conditions.places.at(0, 3),
                own_block_attention(dit.kernel),
            )  # fmt: skip

    before = flow()
    freeze(dit)
    assert torch.equal(flow(), before)
    assert not any(parameter.requires_grad for parameter in dit.parameters())
    kinds = {name: value.dtype for name, value in dit.state_dict().items()}
    assert {name for name in kinds if kinds[name] == torch.float32} == {
        name for name in kinds if "norm3" in name
    }


def test_windows_of_long_rollouts_are_drawn_at_random():
    made = videos(VARIANTS["self-forcing++"])
    drawn = {made.place(number) for number in range(60)}
    assert {video for video, _ in drawn} == set(range(60))
    assert {index for _, index in drawn} == set(range(SELF_FORCING_PLUS.clips))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 6)])
def test_later_clips_are_made_under_the_empty_prompt_and_judged_under_the_real_one(share, expected):
    config = toy_sized(GENERATOR, clip_frames=6, history_share=share)
    dit, heard = toy_dit(1), []
    made = videos(config, dit)
    read = dit.text_keys
    dit.text_keys = lambda features: heard.append(not features.any()) or read(features)
    with torch.no_grad():
        clips = [made.clip(number) for number in range(config.clips)]
    assert sum(heard) == expected
    assert not heard[0]  # never the first clip
    assert all(torch.equal(clip.text, clips[0].text) and clip.text.any() for clip in clips)


def test_a_video_may_change_its_prompt_once_and_remembers_under_the_new_one(monkeypatch):
    switched = []
    monkeypatch.setattr(SelfRollout, "switch_prompt", lambda rollout, keys: switched.append(keys))
    config, dit = toy_sized(LONGLIVE, clip_frames=6, clips=4, switch_share=1.0), toy_dit(1)
    made = videos(config, dit)
    with torch.no_grad():
        texts = [made.clip(number).text for number in range(4)]
        new_keys = dit.text_keys(texts[-1])
    changes = [not torch.equal(a, b) for a, b in pairwise(texts)]
    assert sum(changes) == 1
    assert len(switched) == 1
    assert torch.equal(switched[0][0][0], new_keys[0][0])


def test_exit_steps_differ_from_clip_to_clip_and_are_the_same_for_its_blocks():
    config, dit = VARIANTS["self-forcing"], toy_dit(1)
    made, passes = videos(config, dit), []
    forward = dit.forward
    dit.forward = lambda *arguments: passes.append(torch.is_grad_enabled()) or forward(*arguments)
    counts = set()
    for number in range(12):
        passes.clear()
        made.clip(number)
        blocks = config.clip_frames // 3
        assert sum(passes) == blocks  # one differentiated step a block
        assert len(passes) % blocks == 0
        counts.add(len(passes) // blocks)
    assert counts == {1, 2, 3, 4}


def test_a_teacher_forced_block_reads_earlier_data_only():
    config, source = VARIANTS["causvid"], ToySource()
    made = videos(config, source=source)
    before = made.clip(0).latents
    drawn = source.clips(0, 6)
    drawn.latents[:, 3:] += 5
    source.clips = lambda number, frames: drawn
    after = made.clip(0).latents
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_a_stopped_run_goes_on(tmp_path):
    config = LoopConfig(steps=4, warmup=1, decay=0.0)
    stage = stage_of(VARIANTS["generator"], batches=2)
    Loop(stage, config, tmp_path).run()
    again = stage_of(VARIANTS["generator"], batches=2)
    resumed = Loop(again, LoopConfig(steps=5, warmup=1, decay=0.0), tmp_path)
    assert resumed.step == 4
    resumed.run()


def test_every_preset_says_how_many_steps_and_rollouts_fit_their_recipes():
    for preset in PRESETS.values():
        assert preset.optimisation.steps > 0
        if isinstance(preset, Distillation) and preset.context == "own":
            blocks = preset.frames // 3
            assert preset.frames % 3 == 0
            memory = preset.recipe.memory
            kept = preset.recipe.slots - memory.sink_frames
            assert memory.policy != "mag" or kept >= blocks  # training keeps all
    assert GENERATOR.frames == 129
    assert RECIPES["self-forcing"] is SELF_FORCING.recipe


def test_a_clip_cannot_be_all_overlap():
    with pytest.raises(ValueError, match="overlap"):
        toy_sized(GENERATOR, clip_frames=3)
