"""Cached block-by-block forwards reproduce the official caches: our policies, our storage."""

from math import ceil

import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.kv_cache import CacheShape, KVCache
from mag_sandbox.model.memory import make_policy
from mag_sandbox.model.slots import BlockInfo
from mag_sandbox.model.world import MemorySetting
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.test_golden_dit import golden_dit, rotary_of

LENGTH = 3
CASES = manifest()["files"]["cache_modes"]["cases"]
COMPRESSED = ("mag_compress_global", "mag_compress_ring", "mag_compress_nosink")
WINDOWS = ("mag_original_window", "sf_window", "longlive_window_sink")


def setting_and_capacity(case: str) -> tuple[MemorySetting, int]:
    """Return our words for an official case.

    MAG counts ring slots besides the sinks. Windows count differently: Self Forcing and LongLive
    include the block at hand, MAG's uncompressed mode only what is past.
    """
    sizes = CASES[case]
    sinks = sizes.get("sink_size", 0)
    if case in COMPRESSED:
        return MemorySetting("mag", sink_frames=sinks), sinks + sizes["slots"]
    if case == "sf_full":
        return MemorySetting("full"), sizes["cache_frames"]
    past = sizes["cache_frames"] - sinks - LENGTH
    window = MemorySetting("window", window_blocks=ceil(past / LENGTH), sink_frames=sinks)
    return window, sinks + past


class Replayed:
    """One official case, block by block."""

    def __init__(self, case: str, kernel: str) -> None:
        golden = vectors("inputs")
        self.reader = golden_dit("dit_generator", kernel)
        compressed = case in COMPRESSED
        self.writer = golden_dit("dit_memory", kernel) if compressed else self.reader
        with torch.no_grad():
            self.prompt = self.reader.text_keys(golden["context"])
            written_under = golden["context_empty" if compressed else "context"]
            self.memory_text = self.writer.text_keys(written_under)
        setting, capacity = setting_and_capacity(case)
        self.policy = make_policy(setting, capacity)
        config, sizes = self.reader.config, manifest()["config"]
        shape = CacheShape(
            config.num_layers, sizes["L"], config.num_heads, config.head_dim, LENGTH, sizes["B"]
        )
        self.cache = KVCache(shape, capacity, torch.float32)

    @torch.no_grad()
    def block(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the flow of the noisy block and of the clean one, which is then remembered."""
        golden = vectors("inputs")
        frames = slice(index * LENGTH, (index + 1) * LENGTH)
        rotary = rotary_of(self.reader, torch.arange(frames.start, frames.stop))
        noise, clean = golden["noise"][:, frames], golden["clean"][:, frames]
        noisy_at = vectors("cache_modes")["t_noisy"].expand(noise.shape[:2])
        self.cache.attend(self.policy.attend(CameraPose()))
        flow_noisy = self.reader(
            noise, self.reader.embed_time(noisy_at), self.prompt, rotary,
            self.cache.reader(self.reader.kernel),
        )  # fmt: skip
        flow_clean = self.writer(
            clean, self.writer.embed_time(torch.zeros_like(noisy_at)), self.memory_text, rotary,
            self.cache.reader(self.writer.kernel),
        )  # fmt: skip
        poses = (CameraPose(),) * LENGTH
        self.cache.write(self.policy.admit(BlockInfo(frames.start, poses)))
        return flow_noisy, flow_clean

    def kept(self, slots: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values of slots in the golden layer, [B, slots * L, heads, head_dim]."""
        layer = int(vectors("cache_modes")["layer_index"])
        keys, values = self.cache.export(slots)
        return keys[layer].transpose(0, 1).flatten(1, 2), values[layer].transpose(0, 1).flatten(
            1, 2
        )


def play(case: str, kernel: str) -> Replayed:
    """Replay a whole case, comparing both flows of every block."""
    replayed, golden = Replayed(case, kernel), vectors("cache_modes")
    for index in range(manifest()["config"]["blocks"]):
        noisy, clean = replayed.block(index)
        assert_matches(noisy, golden[f"{case}/block{index}/flow_noisy"])
        assert_matches(clean, golden[f"{case}/block{index}/flow_clean"])
        if f"{case}/block{index}/cache_k" in golden:
            compare_caches(replayed, case, index)
    return replayed


def compare_caches(replayed: Replayed, case: str, index: int) -> None:
    """Compare what is kept after a block with the official buffers."""
    golden = vectors("cache_modes")
    expected = [golden[f"{case}/block{index}/cache_{name}"] for name in "kv"]
    tokens = manifest()["config"]["L"]
    table = replayed.policy.table
    if case in COMPRESSED:
        sinks = CASES[case]["sink_size"]
        filled = [slot for slot in table.slots() if slot >= sinks]
        for actual, official in zip(replayed.kept(filled), expected, strict=True):
            assert_matches(actual, official[:, : len(filled) * tokens])  # slot by slot
        official = [golden[f"{case}/block{index}/cache_sink_{name}"] for name in "kv"]
        for actual, sink in zip(replayed.kept(list(range(sinks))), official, strict=True):
            if sinks:
                assert_matches(actual, sink[:, : sinks * tokens])
        return
    by_age = sorted(table.slots(), key=lambda slot: table.frames[slot].frame_index)
    sinks = [slot for slot in by_age if table.frames[slot].kind == "sink"]
    recent = [slot for slot in by_age if slot not in sinks]
    for slots, end in (
        (sinks, slice(len(sinks) * tokens)),
        (recent, slice(-len(recent) * tokens, None)),
    ):
        for actual, official in zip(replayed.kept(slots), expected, strict=True):
            if slots:
                assert_matches(actual, official[:, end])


@pytest.mark.parametrize("kernel", ["sdpa", "matmul"])
@pytest.mark.parametrize("case", [*COMPRESSED, *WINDOWS, "sf_full"])
def test_every_cached_forward_matches(case, kernel):
    replayed = play(case, kernel)
    frames = manifest()["config"]["blocks"] * LENGTH
    kept = {entry.frame_index for entry in replayed.policy.table.entries(())}
    assert max(kept) == frames - 1
    if case == "sf_full":
        assert kept == set(range(frames))


def test_every_case_is_covered():
    assert set(CASES) == {*COMPRESSED, *WINDOWS, "sf_full"}
