"""Networks as graphs make what modules make, and the same each time."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch.nn import functional

if find_spec("openvino") is None:
    pytest.skip("networks are not compiled here", allow_module_level=True)

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.compiled.graphs import GraphCompiler, graph_input, op
from mag_sandbox.model.compiled.quantisation import read_ranges
from mag_sandbox.model.compiled.transformer_graphs import GraphDiT, KeysAndValues, Sizes
from mag_sandbox.model.execution import compiles_here, run_pictures
from mag_sandbox.model.imagination.drawing.refiner import GIVEN, Refiner
from mag_sandbox.model.imagination.drawing.refining import SEEN
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, load_networks
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.pocket import loading as pocket
from mag_sandbox.model.pocket.engines.engine import PlainAnimator, PocketEngine
from mag_sandbox.model.pocket.engines.graph_engine import GraphEngine
from mag_sandbox.model.pocket.engines.picture_graphs import GraphAnimator
from mag_sandbox.model.pocket.pictures.animator import Animator, Moments
from mag_sandbox.model.pocket.pictures.cells import cells_of, frames_of
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, RANGES
from tests.tiny import (
    FP32,
    LEFT,
    RIGHT,
    STILL,
    TINY,
    TINY_ANIMATOR,
    UP,
    assert_same_pictures,
    play,
    randomise,
    tiny_autoencoder,
    tiny_networks,
    tiny_rays,
    tiny_world,
    write_tiny_weights,
)
from tests.vnni import needs_vnni

COMPILED = replace(FP32, compiled=True)
OTHER_SIZE = 2, 5  # of latents that are decoded by a graph of their own
SIZE = TINY.frame_height, TINY.frame_width
WALK = [RIGHT] * 4 + [UP, STILL, LEFT, LEFT]
MOMENTS = Moments(
    torch.tensor([[10.0, 0.0, 90.0], [40.0, 9.0, 90.0]], dtype=torch.float64),
    torch.tensor([3.0, 70.0], dtype=torch.float64),
)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def dit():
    return tiny_networks().dit


@pytest.mark.parametrize(
    ("frames", "kept_frames", "exact"), [(1, 0, False), (3, 2, False), (1, 2, True), (3, 0, True)]
)
def test_a_compiled_pass_is_that_of_the_network(dit, frames, kept_frames, exact):
    """Whatever is remembered, however many frames are made, and whether that was known before."""
    shape = CacheShape.of(TINY)
    cache = KVCache(shape, 4, torch.float32)
    cache.load(range(4), *drawn(2, shape.layers, 4, 1, shape.tokens, shape.heads, shape.head_dim))
    slots = range(kept_frames)
    kept = _kept(cache, slots)
    rays, poses = tiny_rays(), drawn(1, frames, 3, seed=1) + torch.tensor([20.0, 0.0, 80.0])
    rotary, order = rays.rotary(poses, torch.arange(frames)[None]), torch.arange(frames)
    features = rays.features(poses, order)
    latents = drawn(1, frames, TINY.dit.channels, *TINY.latent_size, seed=2)
    texts = drawn(1, TINY.text.text_len, TINY.text.dim, seed=3)
    compiled = GraphDiT(dit, "denoise", GraphCompiler(COMPILED))
    for remembers in (False, True) if exact else ():
        compiled.prepare(remembers=remembers, exact=[Sizes(frames * shape.tokens)])
    with torch.inference_mode():
        cache.attend(slots, frames)
        time = dit.embed_time(torch.full((1, frames), 700.0))
        text, attend = dit.text_keys(texts), cache.reader(dit.kernel)
        flow = dit(latents, time, text, rotary, attend, features)
        where = compiled.text_keys(texts), rotary, kept, features
        assert torch.allclose(compiled.flow(latents, 700.0, *where), flow, atol=1e-4)
        clean = dit.embed_time(torch.zeros(1, frames))
        dit.remember(dit.embed(latents, features), clean, text, rotary, attend)
        own = slice(0, frames * shape.tokens)
        made = compiled.remember(latents, 0.0, *where)
        assert torch.allclose(made.keys, cache._read_keys[:, 0, :, own], atol=1e-4)
        assert torch.allclose(made.values, cache._read_values[:, 0, :, own], atol=1e-4)


def _kept(cache: KVCache, slots) -> KeysAndValues:
    exported = cache.export(list(slots))  # [layers, n, 1, tokens, N, D]
    return KeysAndValues(*(each[:, :, 0].permute(0, 3, 1, 2, 4).flatten(2, 3) for each in exported))


@pytest.fixture(scope="module")
def animator() -> Animator:
    animator = randomise(Animator(TINY_ANIMATOR), 3, gain=0.5).eval().requires_grad_(False)
    return run_pictures(animator, FP32)


@pytest.mark.parametrize("blows", [True, False])
def test_the_compiled_animator_moves_as_it_does(animator, blows):
    plain = PlainAnimator(animator)
    compiled = GraphAnimator(animator, SIZE, GraphCompiler(COMPILED), plain)
    rest, upwind = (cells_of(drawn(2, 3, *SIZE, seed=seed).clamp(-1, 1)) for seed in range(2))
    with torch.inference_mode():
        parts = plain.parts(rest, MOMENTS)
        assert torch.allclose(compiled.parts(rest, MOMENTS), parts, atol=1e-5)
        moved, expected = (
            one.moved(rest, upwind if blows else None, parts, MOMENTS) for one in (compiled, plain)
        )
        assert psnr(frames_of(moved), frames_of(expected)) > 59


def test_the_compiled_autoencoder_codes_as_it_does():
    """Also pictures of another size than the world's."""
    autoencoder = tiny_autoencoder()
    autoencoder.offset.fill_(0.3)
    plain = PocketEngine(FP32).coding(autoencoder, TINY)
    compiled = GraphEngine(GraphCompiler(COMPILED)).coding(
        autoencoder, TINY, [OTHER_SIZE], [OTHER_SIZE]
    )
    with torch.inference_mode():
        for height, width in (SIZE, (32, 80), (32, 96)):
            frames = (drawn(2, height, width, 3) * 60 + 120).clamp(0, 255).byte().numpy()
            latents = plain.encode(frames)
            assert torch.allclose(compiled.encode(frames), latents, atol=1e-4)
            assert torch.allclose(compiled.picture(latents), plain.picture(latents), atol=1e-4)
            shown, expected = (one.draw(latents) for one in (compiled, plain))
            assert torch.allclose(shown.cells, expected.cells, atol=1e-4)
            assert psnr(shown.frames, expected.frames) > 59
        larger = np.zeros((1, SIZE[0] + 4, SIZE[1], 3), np.uint8)  # by less than a latent's cell
        for coding in (plain, compiled):
            with pytest.raises(RuntimeError, match="divisible"):
                coding.encode(larger)


@pytest.fixture(scope="module")
def moving_weights(tmp_path_factory):
    return write_tiny_weights(tmp_path_factory.mktemp("weights"), generator_rank=2, moves=True)


def test_the_compiled_refiner_refines_as_it_does():
    """Also tiles of another size."""
    network, cell = randomise(Refiner(), 4, gain=0.5).eval().requires_grad_(False), 8
    plain = PocketEngine(FP32).refiner(network, cell)
    compiled = GraphEngine(GraphCompiler(COMPILED)).refiner(network, cell)
    with torch.inference_mode():
        for rows, columns in (SEEN, (2, 3)):
            given = torch.rand(1, GIVEN, cell * rows, cell * columns)
            expected = plain(given)
            assert float(expected.std()) > 0.01
            assert torch.allclose(compiled(given), expected, atol=1e-4)


@needs_vnni
def test_the_shipped_refiner_in_int8_draws_as_in_fp32():
    network = load_networks(IMAGINATION_WEIGHTS, matmul_attention).refiner
    assert network is not None
    digests = pocket.network_digests("", "known")
    ranges = read_ranges(POCKET_WEIGHTS / RANGES, digests)
    narrow = replace(COMPILED, precisions=(("refiner", "int8"),))
    made = [
        GraphEngine(GraphCompiler(one, ranges.quantise)).refiner(network.requires_grad_(False), 16)
        for one in (COMPILED, narrow)
    ]
    given = functional.interpolate(drawn(1, GIVEN, 4, 6).sigmoid(), [16 * side for side in SEEN])
    exact, near = (one(given) for one in made)
    assert 0 < float((exact - near).abs().mean()) < 0.004


def test_text_is_folded_one_prompt_at_a_time(dit):
    texts = torch.zeros(2, TINY.text.text_len, TINY.text.dim)
    with pytest.raises(ValueError, match="2 texts at once"):
        GraphDiT(dit, "denoise", GraphCompiler(COMPILED)).text_keys(texts)


def test_a_compiled_world_shows_what_it_shows_as_it_is_where_its_state_goes_on_too(moving_weights):
    plain = tiny_world(weights=moving_weights)
    world = tiny_world(weights=moving_weights, execution=COMPILED)
    for block, other in zip(play(plain, WALK), play(world, WALK), strict=True):
        assert psnr(block.frames, other.frames) > 55
    plain.restore(world.snapshot())
    for control in WALK:
        assert psnr(plain.step(control).frames, world.step(control).frames) > 50


def test_a_compiled_world_repeats_to_the_bit(moving_weights):
    """Beside another one, and from a state on."""
    world, other = (tiny_world(weights=moving_weights, execution=COMPILED) for _ in range(2))
    alone = play(world, WALK)
    with ThreadPoolExecutor() as threads:
        both = [threads.submit(play, one, WALK) for one in (world, other)]
        for blocks in both:
            assert_same_pictures(blocks.result(), alone)
    state = world.snapshot()
    on = [world.step(control) for control in WALK]
    other.restore(state)
    assert_same_pictures([other.step(control) for control in WALK], on)


def test_a_recording_of_compiled_networks_runs_as_they_are_where_they_cannot_be(monkeypatch):
    assert pocket.recorded_execution(COMPILED.as_dict()) == COMPILED
    monkeypatch.setattr(pocket, "compiles_here", lambda: False)
    assert pocket.recorded_execution(COMPILED.as_dict()) == FP32


def test_nothing_is_compiled_under_another_allocator(monkeypatch):
    assert compiles_here()
    monkeypatch.setenv("LD_PRELOAD", "/usr/lib/libtcmalloc_minimal.so.4")
    assert not compiles_here()


def test_openvino_sends_no_reports(tmp_path):
    """It keeps a name for this computer where it does."""
    code = "import sys, mag_sandbox.model.compiled.graphs; print(sys.modules['openvino_telemetry'])"
    home = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "None"
    assert not [path for path in tmp_path.iterdir() if "intel" in path.name.lower()]


def test_a_graph_that_threads_call_at_once_is_compiled_a_second_time():
    compiler, side, compiled = GraphCompiler(COMPILED), 512, []

    def write():
        compiled.append(1)
        x = graph_input(side, side)
        return [x], [op.matmul(x, x, transpose_a=False, transpose_b=False)]

    graph, x = compiler.compile("decoder", write), torch.eye(side)
    made = [torch.empty_like(x) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        while len(graph._copies) == 1:
            list(threads.map(lambda y: graph([x], [y]), made))
    graph._copies[1].result()
    assert all(torch.equal(y, x) for y in made)
    assert len(compiled) < len(made)
