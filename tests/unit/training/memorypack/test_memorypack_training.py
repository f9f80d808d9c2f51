"""The command of MemoryPack: from weights and panoramas to parts that the game plays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mag_sandbox.command_line import UsageError, options_of
from mag_sandbox.model.catalogue.worlds import LATENT_HEIGHT, LATENT_WIDTH
from mag_sandbox.model.config import FULL
from mag_sandbox.model.memorypack.config import FRAMEPACK, VARIANTS
from mag_sandbox.model.memorypack.memory import PackMemory
from mag_sandbox.model.memorypack.networks import MemoryPack
from mag_sandbox.model.memorypack.packing import IndexPlaces, LatentFrames
from mag_sandbox.model.memorypack.parts import load_parts
from mag_sandbox.model.rope import index_frequencies
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.training.__main__ import parser
from mag_sandbox.training.memorypack.presets import PRESETS
from mag_sandbox.training.memorypack.train import IndexedVideos, train
from mag_sandbox.training.options import PHASES, MemoryPackOptions
from mag_sandbox.training.options import VARIANTS as ORDERED
from mag_sandbox.training.pocket.paths import REACH, return_path, steady_path
from mag_sandbox.training.recipe.clips import Clips, Conditions
from tests.tiny import TINY
from tests.unit.model.memorypack.tiny_pack import frames
from tests.unit.training.recipe.toy_videos import toy_size


def toy_options(folder: Path, phase: str, **told) -> MemoryPackOptions:
    return MemoryPackOptions(phase, folder=folder, **{"steps": 2, "batch": 1} | told)


def test_phases_follow_each_other_and_leave_only_what_changed(tmp_path: Path):
    teacher = train(toy_options(tmp_path, "teacher"), toy_size())
    direct = train(toy_options(tmp_path, "direct"), toy_size())
    assert (teacher.name, direct.name) == ("A-teacher.safetensors", "A-direct.safetensors")
    before, _ = load_parts(toy_size().dit, teacher)
    after, info = load_parts(toy_size().dit, direct)
    assert info.phases == (("teacher forcing", 2), ("direct forcing", 2))
    assert (info.base, info.config) == ("0123456789abcdef", VARIANTS["A"])
    old, new = before.state_dict(), after.state_dict()
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed <= {"dit.head.modulation", "dit.head.head.weight", "dit.head.head.bias"}


def test_a_later_phase_needs_the_teacher_phase(tmp_path: Path):
    with pytest.raises(MissingWeights, match="train it first with --phase teacher"):
        train(toy_options(tmp_path, "direct"), toy_size())


def test_the_command_line_knows_all_phases_and_variants():
    assert set(PHASES) == set(PRESETS)
    assert set(ORDERED) == set(VARIANTS)
    told = parser().parse_args(["memorypack", "--phase", "direct", "--variant", "zero"])
    options = options_of(MemoryPackOptions, told)
    assert options == MemoryPackOptions("direct", "zero")
    assert options.run == Path("runs/memorypack/zero-direct")


def test_steady_paths_never_jump():
    rng = np.random.default_rng(3)
    for _ in range(20):
        path = steady_path(rng, 6, 3)
        assert path.left.shape == path.top.shape == path.times.shape == (6, 3)
        left, top = path.left.ravel(), path.top.ravel()
        assert np.abs(np.diff(left)).max() <= 25
        assert np.abs(np.diff(top)).max() <= 9
        assert ((top >= 0) & (top <= REACH)).all()
        assert (np.diff(path.times.ravel()) == 1).all()


def test_a_return_path_comes_back_the_way_it_went_and_slower():
    for blocks in (7, 8):
        path = return_path(np.random.default_rng(blocks), blocks, 3)
        assert path.left.shape == path.times.shape == (blocks, 3)
        left, half = path.left.ravel(), (blocks + 1) // 2 * 3
        out, back = left[:half], left[half - 1 :]
        assert ((back >= out.min()) & (back <= out.max())).all()
        gone = np.abs(np.diff(back)).sum() / (len(back) - 1)
        assert 0 < gone < np.abs(np.diff(out)).max()
        assert (back % 1).any()  # lies between views of the way out
        assert (np.diff(path.times.ravel()) == 1).all()


class FullClips:
    """Latents as `precompute` leaves them."""

    shape, tokens = (TINY.dit.channels, *TINY.latent_size), 4

    def clips(self, number: int, most: int) -> Clips:
        video = frames(4).latents[:, : min(most, 12)]  # 12: no whole number of clips
        return Clips(video, Conditions(self.text("", 1) + 1, None))

    def text(self, prompt: str, batch: int) -> torch.Tensor:
        return torch.zeros(batch, TINY.dit.text_len, TINY.dit.text_dim)


def test_the_ring_needs_poses():
    with pytest.raises(UsageError, match="needs poses"):
        MemoryPackOptions(variant="ring", size="full")


def test_full_size_videos_are_placed_by_their_indices():
    source = IndexedVideos(FullClips(), TINY.dit.patch, TINY.dit.head_dim, length=3)
    assert source.videos(0, 2).frames.times.tolist() == list(range(7))
    assert source.videos(0, 9).frames.times.tolist() == list(range(10))
    batch = source.videos(0, 2)
    assert batch.frames.poses is None
    assert batch.prompt.any()
    assert not batch.empty.any()


@torch.no_grad()
@pytest.mark.parametrize(("variant", "psi"), [("framepack", 0), ("A", 312)])
def test_at_full_size_a_block_reads_as_many_tokens_as_the_sheet_says(variant, psi):
    """No weights, only shapes: 480 x 832 pictures."""
    with torch.device("meta"):
        pack = MemoryPack(FULL, VARIANTS[variant])
    places = IndexPlaces(LATENT_HEIGHT // 2, LATENT_WIDTH // 2, index_frequencies(FULL.head_dim))

    class Shapes:
        def grid(self, some: LatentFrames):
            return places.grid(some)._replace()

    count = FRAMEPACK.history + 3
    shape = (1, count, FULL.channels, LATENT_HEIGHT, LATENT_WIDTH)
    video = LatentFrames(torch.empty(shape, device="meta"), torch.arange(count))
    prompt = torch.empty(1, FULL.text_len, FULL.text_dim, device="meta")
    memory = PackMemory(pack, Shapes(), video.part(0, 1), prompt)
    for block in video.part(1, count).windows(3):
        memory.push(block)

    class NoRays:
        config = FULL

    assert memory.tokens(NoRays(), video).values.shape == (1, psi + 3926, FULL.dim)
