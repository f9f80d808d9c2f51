"""Sessions go on beyond the 1,024 latent frames at which the public table of positions ends."""

from functools import cache

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mag_sandbox.model.catalogue.recipes import BLOCK_LENGTH, FewSteps, Recipe, ring, window
from mag_sandbox.model.catalogue.worlds import RECIPES
from mag_sandbox.model.config import DiTConfig
from mag_sandbox.model.dit import DiT
from mag_sandbox.model.full.rollout import Rollout, full_cache
from mag_sandbox.model.generator import BlockGenerator, block_noise, block_noises
from mag_sandbox.model.rope import TABLE_FRAMES, GridCoordinates
from tests.tiny import randomise
from tests.unit.model.test_golden_dit import index_rotary

CONFIG = DiTConfig(
    dim=16, ffn_dim=16, num_heads=1, num_layers=1, channels=2, freq_dim=8, text_dim=4, text_len=2
)
GRID = 1, 2  # tokens down and across
SHAPE = (1, BLOCK_LENGTH, CONFIG.channels, 2, 4)
ONE_STEP = FewSteps((1000,))
FAR = 2 * TABLE_FRAMES  # latent frames


@cache
def network() -> DiT:
    return randomise(DiT(CONFIG), seed=0).eval().requires_grad_(False)


class ReferenceTable:
    """Coordinates that end where the public table ends."""

    def rotary(self, first_frame: int, frames: int) -> torch.Tensor:
        assert first_frame + frames <= TABLE_FRAMES
        return index_rotary(torch.arange(first_frame, first_frame + frames), *GRID, CONFIG.head_dim)


def session(recipe: Recipe, grid=None) -> tuple[Rollout, list]:
    dit = network()
    text = dit.text_keys(torch.ones(1, CONFIG.text_len, CONFIG.text_dim))
    cache_ = full_cache(CONFIG, recipe, tokens=2, dtype=torch.float32)
    generator = BlockGenerator(dit, dit, cache_, 1.0, text)
    return Rollout(generator, grid or GridCoordinates(*GRID, CONFIG.head_dim), recipe), text


@torch.inference_mode()
def play(rollout: Rollout, text, until: int, seed: int = 3) -> torch.Tensor:
    made = []
    while rollout.made < until:
        index = rollout.made // BLOCK_LENGTH
        noises = block_noises(seed, index, SHAPE, steps=1)
        made.append(rollout.denoise(noises[0], text, noises[1:].__getitem__))
        rollout.remember(made[-1], text)
    return torch.cat(made, dim=1)


def test_a_session_goes_on_to_frame_2048_and_the_first_1024_are_as_with_the_public_table():
    recipe = Recipe(*ring(5, sink_frames=2), ONE_STEP)
    long = play(*session(recipe), until=FAR)
    assert long.shape[1] >= FAR
    assert torch.isfinite(long).all()
    assert long[:, -100:].std() > 0.5 * long[:, :100].std()
    assert long[:, -100:].std() < 2 * long[:, :100].std()
    whole_blocks = TABLE_FRAMES // BLOCK_LENGTH * BLOCK_LENGTH
    public = play(*session(recipe, ReferenceTable()), until=whole_blocks)
    assert torch.equal(long[:, :whole_blocks], public)


def test_frame_5000_is_made_as_frame_0_is_where_memory_is_a_window():
    """Attention sees differences of positions only, so it must not matter where a video begins."""
    recipe = Recipe(*window(6), ONE_STEP)
    made = []
    for start in (0, TABLE_FRAMES - 4, FAR - 8):
        rollout, text = session(recipe)
        rollout.made = start // BLOCK_LENGTH * BLOCK_LENGTH
        made.append(same_noise(rollout, text))
    for other in made[1:]:
        assert (other - made[0]).abs().max() < 1e-4 * made[0].abs().max()


@torch.inference_mode()
def same_noise(rollout: Rollout, text) -> torch.Tensor:
    made = []
    for index in range(5):
        noises = block_noises(1, index, SHAPE, steps=1)
        made.append(rollout.denoise(noises[0], text, noises[1:].__getitem__))
        rollout.remember(made[-1], text)
    return torch.cat(made, dim=1)


@pytest.mark.parametrize("head_dim", [16, 128])
def test_the_table_grows_and_its_first_rows_stay(head_dim):
    grid = GridCoordinates(2, 3, head_dim)
    for first in (0, 7, 1021, 1022, 4999, 7, 1021):
        expected = index_rotary(torch.arange(first, first + 3), 2, 3, head_dim)
        assert torch.equal(grid.rotary(first, 3), expected)


def test_coordinates_of_one_block_are_not_those_of_the_next():
    grid = GridCoordinates(2, 3, 16)
    first = grid.rotary(0, 3)
    kept = first.clone()
    grid.rotary(3, 3)
    assert torch.equal(first, kept)


class Watch(TorchDispatchMode):
    """Notes every operation and the types of what it makes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.types: set[torch.dtype] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.names.add(function.overloadpacket.__name__)
        self.types.update(r.dtype for r in (result,) if isinstance(r, torch.Tensor))
        return result


@pytest.mark.parametrize("name", ["mag", "self-forcing", "longlive", "causvid"])
@torch.no_grad()
def test_nothing_is_joined_waited_for_or_made_in_float64_while_playing(name):
    rollout, text = session(RECIPES[name])
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))

    def block() -> None:
        rollout.remember(rollout.denoise(noise, text, lambda step: noise), text)

    block()  # levels are embedded once
    with Watch() as watch:
        block()
    assert {"mm", "addmm"} & watch.names  # it does watch
    assert not {"cat", "_local_scalar_dense", "nonzero", "item"} & watch.names
    assert torch.float64 not in watch.types
    assert torch.complex128 not in watch.types


def test_noise_is_a_function_of_seed_block_and_step():
    noises = block_noises(4, 2, SHAPE, steps=4)
    assert torch.equal(noises, block_noises(4, 2, SHAPE, steps=4))
    assert torch.equal(noises[0], block_noise(4, 2, SHAPE))
    drawn = [*noises, *block_noises(4, 3, SHAPE, steps=4), *block_noises(5, 2, SHAPE, steps=4)]
    for index, one in enumerate(drawn):
        assert not any(torch.equal(one, other) for other in drawn[:index])
