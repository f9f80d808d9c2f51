"""Layers that are compiled give the numbers of plain ones, through whole sessions."""

import gc
import logging
import weakref
from dataclasses import replace

import pytest
import torch
from functorch.compile import make_boxed_func
from torch import Tensor
from torch._dynamo.backends.common import aot_autograd
from torch._inductor.fx_passes.post_grad import remove_noop_ops

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.model.catalogue.memory_plan import MemoryPlan
from mag_sandbox.model.dit import DiT, own_block_attention
from mag_sandbox.model.full import compiling
from mag_sandbox.model.full import loading as full
from mag_sandbox.model.full.compiling import PARTS, STAGE, compiled_layer
from mag_sandbox.model.full.vae import load_vae
from mag_sandbox.model.full.world import StreamWorld
from mag_sandbox.model.world import Control, FrameBlock
from mag_sandbox.scenes import Scene
from tests import tiny_full
from tests.golden_vectors import assert_matches, vectors
from tests.unit.model.test_golden_dit import golden_dit, rotary_of

PLACE = Scene("a red tower by the sea")
RIGHT, UP = Control(CameraCommand(yaw=1.0)), Control(CameraCommand(pitch=0.5))
OTHER = replace(RIGHT, prompt="a green hill under a grey sky")
PATH = (RIGHT, RIGHT, UP, RIGHT, RIGHT, RIGHT, OTHER, RIGHT, UP, RIGHT)
SLOTS = 8  # fewer than the row has, so that the ring is full soon


def counting(backend):
    """Return a compiler that counts what it is given."""
    from torch._dynamo.testing import CompileCounterWithBackend  # slow to import

    return CompileCounterWithBackend(backend)


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch):
    """Begin and end with no compiled code."""
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.fixture
def tiny(repos, texts):
    """Return a function that makes tiny worlds."""

    def make(*, compiled: bool, **how) -> StreamWorld:
        plan = MemoryPlan(SLOTS, decoder="tiny")
        execution = {**full.execution_for("cpu", None).as_dict(), "compiled": compiled}
        return tiny_full.tiny_stream("mag", repos, texts, plan=plan, execution=execution, **how)

    return make


def play(world: StreamWorld, path=PATH) -> tuple[list[Tensor], list[FrameBlock]]:
    """Return the latents of every block of a session, and the blocks."""
    blocks, latents = [world.reset(PLACE, seed=3)], []
    for control in path:
        latents.append(world._session.newest.clone())
        blocks.append(world.step(control))
    return [*latents, world._session.newest.clone()], blocks


def difference(actual: Tensor, expected: Tensor) -> float:
    """Return the largest difference, as a fraction of the largest number."""
    return ((actual - expected).abs().max() / expected.abs().max()).item()


def test_a_whole_session_is_the_same_compiled_once_for_all_layers_and_blocks(tiny, monkeypatch):
    counted = counting("aot_eager")
    monkeypatch.setattr(compiling, "BACKEND", counted)
    told = []
    world = tiny(compiled=True, on_progress=lambda *said: told.append(said))
    assert [done for stage, done in told if stage == STAGE] == [0, 1 / 3, 2 / 3]
    assert counted.frame_count == 3
    compiled, blocks = play(world)
    assert counted.frame_count == 3
    assert world.provenance()["execution"]["compiled"] is True
    plain, _ = play(tiny(compiled=False))
    assert blocks[-1].memory.evicted > 0
    assert max(difference(*pair) for pair in zip(compiled, plain, strict=True)) < 1e-5
    assert difference(plain[-1], plain[-2]) > 0.1  # blocks differ


def test_a_compiled_world_leaves_nothing_behind_but_code_that_the_next_one_uses(tiny, monkeypatch):
    counted = counting("aot_eager")
    monkeypatch.setattr(compiling, "BACKEND", counted)
    gc.disable()  # a device's memory is needed at once
    try:
        for _ in range(2):
            world = tiny(compiled=True)
            world.reset(PLACE, seed=0)
            weights = weakref.ref(world.parts()[0].dit.blocks[0].ffn[0].weight)
            world.close()
            del world
            assert weights() is None
    finally:
        gc.enable()
    assert counted.frame_count == 3


def test_where_compiling_fails_it_is_said_in_a_line_and_play_goes_on(tiny, monkeypatch, caplog):
    def broken(graph, inputs):
        raise RuntimeError("no compiler here\nand much more")

    monkeypatch.setattr(compiling, "BACKEND", broken)
    with caplog.at_level(logging.WARNING):
        world = tiny(compiled=True)
    (said,) = (
        record.getMessage() for record in caplog.records if record.name == compiling.__name__
    )
    assert "no compiler here" in said
    assert "\n" not in said
    assert world.provenance()["execution"]["compiled"] is False
    plain, _ = play(tiny(compiled=False), PATH[:3])
    assert all(torch.equal(*pair) for pair in zip(play(world, PATH[:3])[0], plain, strict=True))


def test_loading_can_be_broken_off_while_layers_are_compiled(tiny):
    class ClosedError(Exception):
        pass

    def on_progress(stage: str, done: float) -> None:
        if stage == STAGE and done:
            raise ClosedError

    with pytest.raises(ClosedError):
        tiny(compiled=True, on_progress=on_progress)


def official_flow(dit: DiT) -> Tensor:
    """Return what a network makes of the reference's inputs."""
    golden = vectors("dit_trace")
    latents = golden["input_x"]
    with torch.inference_mode():
        text = dit.text_keys(vectors("inputs")["context"])
        rotary = rotary_of(dit, torch.arange(latents.shape[1]))
        time = dit.embed_time(golden["t"])
        return dit(latents, time, text, rotary, own_block_attention(dit.kernel))


# A compiler of C++ takes half a minute for what nobody plays: worlds are compiled for cards only.
def test_compiled_layers_reproduce_the_official_flow(monkeypatch):
    counted = counting("aot_eager_decomp_partition")
    monkeypatch.setattr(compiling, "BACKEND", counted)
    dit = golden_dit("dit_generator").requires_grad_(False)
    kind = compiled_layer(rotary_of(dit, torch.arange(3)).shape[1], counted)
    kind.ready.update(PARTS)
    for layer in dit.blocks:
        layer.__class__ = kind
    assert_matches(official_flow(dit), vectors("dit_trace")["flow"])
    assert counted.frame_count == 3


def test_recordings_say_whether_layers_were_compiled(monkeypatch):
    made = full.execution_for("cpu", None)
    assert not made.compiled
    monkeypatch.setattr(full, "compiles", lambda device: True)
    assert full.execution_for("cpu", None).compiled
    for recorded in (True, False):
        again = full.execution_for("cpu", replace(made, compiled=recorded).as_dict())
        assert again == replace(made, compiled=recorded)
    older = made.as_dict()
    del older["compiled"]
    assert full.execution_for("cpu", older) == made


def compiled_vae(backend):
    vae = load_vae(vectors("vae_state"))
    with torch.inference_mode():
        vae.compile(vectors("vae")["z"].shape[2:], backend)
    return vae


def without_needless_copies(graph, inputs):
    """A compiler that drops copies as torch's does."""

    def compiler(graph, inputs):
        remove_noop_ops(graph.graph)
        graph.recompile()
        return make_boxed_func(graph.forward)

    return aot_autograd(fw_compiler=compiler)(graph, inputs)


def test_a_compiled_decoder_makes_the_same_video_of_blocks_compiled_once():
    counted, latents = counting(without_needless_copies), vectors("vae")["z"]
    vae = compiled_vae(counted)
    with torch.inference_mode():
        first, state = vae.decode(latents[:, :1])
        second, state = vae.decode(latents[:, 1:2], state)
        rest, state = vae.decode(latents[:, 2:], state)
    assert_matches(torch.cat((first, second, rest), 1), vectors("vae")["decoded"])
    assert counted.frame_count == 1
    tails = state.tails
    assert all(tail.untyped_storage().nbytes() == tail.nbytes for tail in tails), "no larger memory"


def test_where_the_decoder_cannot_be_compiled_it_runs_as_it_is():
    def broken(graph, inputs):
        raise RuntimeError("no compiler here")

    vae, latents = load_vae(vectors("vae_state")), vectors("vae")["z"]
    with pytest.raises(Exception, match="no compiler here"):
        vae.compile(latents.shape[2:], broken)
    assert_matches(vae.decode(latents)[0], vectors("vae")["decoded"])
