"""Clip worlds play end to end, on tiny random pipelines saved and loaded as the public ones are."""

import json
import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.catalogue.memory_plan import (
    MemoryPlan,
    next_smaller,
    predict,
    smaller_plans,
    wanted_plan,
)
from mag_sandbox.model.catalogue.recipes import WAN, ClipCall
from mag_sandbox.model.catalogue.worlds import WORLDS
from mag_sandbox.model.world import Control, MemorySetting, MissingWeights, WorldFailed
from mag_sandbox.sandbox.play.parked_scene import read_state, write_state
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.scenes import Scene
from tests import tiny_clips

PLACE = Scene("a red tower by the sea")
STILL, RIGHT = Control(), Control(CameraCommand(yaw=1.0))
ENDED = [STILL] * 3  # more blocks than a first clip has


@pytest.fixture(scope="module")
def repos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repos")
    tiny_clips.write_clip_repos(folder, (*tiny_clips.CLIP_WORLDS, tiny_clips.BACKWARDS))
    return folder


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "first.png"
    Image.new("RGB", (48, 32), (200, 80, 20)).save(path)
    return str(path)


@pytest.fixture
def tiny(repos):
    def make(name: str = "wan2.1", **how):
        return tiny_clips.tiny_clips(name, repos, **how)

    return make


@pytest.fixture
def scene_for(picture):
    def scene(name: str) -> Scene:
        return PLACE if WORLDS[name].clips.from_text else replace(PLACE, image=picture)

    return scene


def play(world, controls, scene=PLACE, seed=3):
    return [world.reset(scene, seed), *(world.step(control) for control in controls)]


def pictures(blocks) -> np.ndarray:
    return np.concatenate([block.frames for block in blocks])


def test_the_two_framepacks_differ_in_the_order_of_their_windows():
    forward, backwards = (WORLDS[f"framepack-{kind}"].clips for kind in ("f1", "f0"))
    other = {"sampling_type": "inverted_anti_drifting"}
    assert (backwards.options, backwards.go_on) == (other, forward.go_on)
    repos = {tiny_clips.repo_of(f"framepack-{kind}", "generator") for kind in ("f1", "f0")}
    assert len(repos) == 2


@pytest.mark.parametrize("name", (*tiny_clips.CLIP_WORLDS, tiny_clips.BACKWARDS))
def test_every_clip_world_plays_past_the_end_of_a_clip(tiny, scene_for, name):
    told = []
    world = tiny(name, on_progress=lambda *said: told.append(said))
    blocks = play(world, ENDED, scene_for(name))
    length = WORLDS[name].clips.block_length
    assert all(block.frames.shape == (length, 32, 32, 3) for block in blocks)
    assert [block.block_index for block in blocks] == list(range(4))
    assert all(len(block.poses) == length for block in blocks)
    assert pictures(blocks).std() > 5
    assert sum("clip" in block.stage_ms for block in blocks) >= 2
    assert ("making a clip", 0.5) in told
    assert told[-1] == ("ready", 1.0)
    assert world.round_trip(blocks[0].frames[:2]).shape == (2, 32, 32, 3)
    world.close()
    world.close()


@pytest.mark.parametrize("name", tiny_clips.CLIP_WORLDS)
def test_a_parked_clip_world_goes_on_bit_for_bit(tiny, scene_for, tmp_path, name):
    scene = scene_for(name)
    commands = [control.camera for control in (RIGHT, *ENDED)]
    session = Session(tiny(name), ScriptSource(commands))
    session.start(scene, 3)
    session.advance()
    write_state(tmp_path / "state", session.park())
    onward = [session.advance().block for _ in ENDED]
    later = Session(tiny(name), ScriptSource(commands[1:]))
    parked = Playthrough(scene, 3, parked=lambda: read_state(tmp_path / "state"))
    again = [later.begin(parked).block, *(later.advance().block for _ in ENDED[1:])]
    assert np.array_equal(pictures(onward), pictures(again))
    assert [block.poses for block in onward] == [block.poses for block in again]
    assert [block.phrase for block in onward] == [block.phrase for block in again]


def test_seed_and_commands_are_all_that_a_clip_depends_on(tiny):
    first = pictures(play(tiny("skyreels-v2"), ENDED))
    torch.rand(3)  # of a generator that is not ours
    world = tiny("skyreels-v2")
    other = play(world, [RIGHT], seed=9)
    assert np.array_equal(first, pictures(play(world, ENDED)))
    assert not np.array_equal(first[:12], pictures(other)[:12])


def test_a_clip_that_goes_on_is_given_the_frames_shown_last(tiny, monkeypatch):
    world = tiny("skyreels-v2")
    blocks = play(world, [STILL])
    seen = pictures(blocks)
    requests, make = [], world._pipelines.make
    monkeypatch.setattr(
        world._pipelines,
        "make",
        lambda request, tell: requests.append(request) or make(request, tell),
    )
    world.step(STILL)
    left = tiny_clips.FRAMES["skyreels-v2"] - len(seen)  # shown by the step before it asked
    assert 0 < left < 17
    assert np.array_equal(requests[0].earlier[: 17 - left], seen[-(17 - left) :])


def test_what_was_shown_before_is_not_shown_again(tiny):
    world = tiny("skyreels-v2")
    play(world, [STILL] * 3)
    from mag_sandbox.model.full.clips import ClipRequest

    request = ClipRequest(WORLDS["skyreels-v2"].clips.go_on, "a place", 1, world._session.shown)
    made = world._pipelines.make(request, lambda fraction: None)
    frames = tiny_clips.FRAMES["skyreels-v2"]
    assert len(made) == frames + 17 - 2 * 17  # the overlap comes back as given, and decoded


def test_a_command_waits_for_the_next_clip_and_a_prompt_cuts(tiny):
    world = tiny()
    blocks = play(world, [RIGHT])
    assert len({block.phrase for block in blocks}) == 1
    cut = world.step(replace(RIGHT, prompt="a green hill"))
    assert cut.prompt == "a green hill"
    assert cut.phrase == "The camera quickly pans to the right."
    assert "clip" in cut.stage_ms


def test_a_picture_is_where_a_clip_begins_if_the_pipeline_takes_one(tiny, picture):
    scene = replace(PLACE, image=picture)
    plain, begun = (tiny("skyreels-v2").reset(one, 3).frames for one in (PLACE, scene))
    assert not np.array_equal(plain, begun)
    without, with_one = (tiny("wan2.1").reset(one, 3).frames for one in (PLACE, scene))
    assert np.array_equal(without, with_one)  # its weights know no pictures
    with pytest.raises(WorldFailed, match=r"starts from a picture.*image"):
        tiny("framepack-f1").reset(PLACE, 3)


@pytest.mark.parametrize("name", ["wan2.1", "framepack-f1"])  # of one and of two text encoders
def test_the_text_encoder_is_loaded_only_for_new_texts(
    tiny, scene_for, tmp_path, monkeypatch, name
):
    from mag_sandbox.model.full import clips

    loaded, load = [], clips._pipeline

    def watched(*parts, reads: bool):
        pipeline = load(*parts, reads=reads)
        loaded.append({part for part, value in pipeline.components.items() if value is not None})
        return pipeline

    monkeypatch.setattr(clips, "_pipeline", watched)
    first, again = (tiny(name, texts=tmp_path / "kept") for _ in range(2))
    makers = loaded[0]
    assert {"transformer", "vae"} <= makers
    assert not [part for part in makers if part.startswith(("text", "token"))]
    blocks = play(first, [], scene_for(name))
    assert len(loaded) == 3
    assert {"text_encoder", "tokenizer"} <= loaded[2]
    assert not loaded[2] & makers
    same = play(again, [], scene_for(name))
    assert np.array_equal(pictures(blocks), pictures(same))
    assert len(loaded) == 3  # all is on disk
    again.step(replace(STILL, prompt="a green hill"))
    assert len(loaded) == 4
    again.step(replace(STILL, prompt="a grey hill"))
    assert len(loaded) == 4  # it stayed


def test_texts_of_other_weights_are_not_used(tiny, repos, tmp_path, monkeypatch):
    play(tiny(texts=tmp_path / "kept"), [])
    other = tmp_path / "repos" / tiny_clips.repo_of("wan2.1", "pipeline")
    shutil.copytree(repos / tiny_clips.repo_of("wan2.1", "pipeline"), other)
    weights = other / "text_encoder" / "model.safetensors"
    state = {name: tensor + 1 for name, tensor in load_file(weights).items()}
    save_file(state, weights, {"format": "pt"})
    changed = tiny_clips.tiny_clips("wan2.1", tmp_path / "repos", texts=tmp_path / "kept")
    play(changed, [])
    assert len(list((tmp_path / "kept").rglob("*.safetensors"))) == 2


def test_memory_settings_have_no_effect_and_none_is_reported(tiny):
    world = tiny()
    blocks = play(world, [replace(STILL, memory=MemorySetting("mag"))])
    assert world.spec.policies == ("none",)
    assert blocks[1].memory.bytes == blocks[1].memory.kept_frames == 0


def test_what_a_clip_world_is_stands_in_the_recording(tiny):
    about = json.loads(json.dumps(tiny("skyreels-v2").provenance()))
    assert about["continuity"] == "another goes on from its last frames"
    assert about["config"]["clips"]["guidance"] == 6.0
    assert about["execution"]["dtype"] == "float32"
    assert tiny("wan2.1").provenance()["continuity"] == "an unrelated one begins"


def test_numbers_that_are_none_end_the_scene_with_a_sentence(tiny):
    world = tiny()
    with torch.no_grad():
        world._pipelines._vae.decoder.conv_out.bias.fill_(float("nan"))
    with pytest.raises(WorldFailed, match="holds NaN or infinity"):
        world.reset(PLACE, 3)


def test_when_memory_is_full_texts_are_read_on_the_processor(tiny, monkeypatch, caplog):
    world = tiny()
    make, failed = world._pipelines.make, []

    def full_at_first(request, tell):
        if not failed:
            failed.append(1)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return make(request, tell)

    monkeypatch.setattr(world._pipelines, "make", full_at_first)
    with caplog.at_level(logging.WARNING):
        world.reset(PLACE, 3)
    assert "text encoder on the processor" in caplog.text
    assert world.provenance()["plan"]["text_encoder"] == "cpu"
    failed.clear()
    with pytest.raises(WorldFailed, match="nothing more can be offloaded"):
        world.reset(PLACE, 3)


def test_a_pipeline_of_another_kind_is_named(tiny, repos, tmp_path):
    folder = tmp_path / tiny_clips.repo_of("wan2.1", "pipeline")
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    with pytest.raises(MissingWeights, match=r"not a WanPipeline .*fetch wan2\.1"):
        tiny_clips.tiny_clips("wan2.1", tmp_path)


def test_weights_that_could_run_code_are_not_read(repos, tmp_path):
    name = tiny_clips.repo_of("wan2.1", "pipeline")
    shutil.copytree(repos / name, tmp_path / name)
    weights = tmp_path / name / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    torch.save({}, weights.with_suffix(".bin"))
    with pytest.raises(MissingWeights):
        tiny_clips.tiny_clips("wan2.1", tmp_path)


@pytest.mark.parametrize("name", tiny_clips.CLIP_WORLDS)
def test_memory_of_clips_is_predicted_and_only_the_text_encoder_given_up(name):
    row = WORLDS[name]
    plans = list(smaller_plans(row, wanted_plan(row), tiny_decoder=True))
    assert plans == [MemoryPlan(0), MemoryPlan(0, text_encoder="cpu")]
    needed, least = (predict(row, plan) for plan in plans)
    assert needed.total - least.total == least.host_bytes == needed.parts["text encoder"]
    assert next_smaller(row, plans[1], tiny_decoder=True) is None


def test_a_clip_cannot_go_on_from_more_than_a_block_shows():
    with pytest.raises(ValueError, match="goes on from 13 frames"):
        replace(WAN, go_on=ClipCall("WanPipeline", "video", taken_frames=13))
