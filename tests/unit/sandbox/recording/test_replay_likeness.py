"""On another machine a replay is compared with the kept frames instead of digests."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mag_sandbox.model.world import Control, FrameBlock, MemorySetting, WorldFailed
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.commands.cli import parse
from mag_sandbox.sandbox.recording.reader import ALIKE_DB, Recording, load_recording
from mag_sandbox.sandbox.recording.replay import NO_FRAMES, Verifying, changed, verify
from tests.doubles import FakeWorld
from tests.recorded import FRAMES, QUICK, record

HERE = {"execution": {"dtype": "bfloat16"}, "packages": {"torch": "1"}}
ELSEWHERE = {"execution": {"dtype": "float32"}, "packages": {"torch": "1"}}


class WorldElsewhere(FakeWorld):
    """Makes the same pictures up to some noise, and says that it ran otherwise."""

    def __init__(self, noise: int = 2, provenance: dict = ELSEWHERE) -> None:
        super().__init__(MemorySetting(), spec=QUICK)
        self._noise, self._said = noise, provenance

    def provenance(self) -> dict:
        return {**super().provenance(), **self._said}

    def reset(self, scene, seed) -> FrameBlock:
        return self._noisy(super().reset(scene, seed))

    def step(self, control: Control) -> FrameBlock:
        return self._noisy(super().step(control))

    def _noisy(self, block: FrameBlock) -> FrameBlock:
        rng = np.random.default_rng(block.block_index)
        noise = rng.integers(-self._noise, self._noise + 1, block.frames.shape)
        return replace(block, frames=np.clip(block.frames + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return record(tmp_path_factory.mktemp("likeness") / "monday")


@pytest.fixture
def recording(folder) -> Recording:
    recording = load_recording(folder)
    provenance = {**recording.start.provenance, **HERE}
    return replace(recording, start=replace(recording.start, provenance=provenance))


def verified(recording: Recording, world: FakeWorld, by: str, monkeypatch) -> tuple[bool, str]:
    """Return the verdict, and everything that was said."""
    monkeypatch.setattr(choices, "load_world", lambda *args, **more: world)
    said: list[str] = []
    verifying = Verifying(recording, WorldChoice(), by)
    with verifying.verifier(said.append) as verifier:
        verify(recording, verifying.load(), verifier)
        return verifier.matches, "\n".join([*said, verifier.summary()])


def test_frames_are_compared_where_the_arithmetic_is_another(recording, monkeypatch):
    matches, text = verified(recording, WorldElsewhere(), "auto", monkeypatch)
    assert matches
    assert text.startswith(f"alike: {FRAMES} frames against those kept, PSNR median ")
    assert "changed since: execution" in text


def test_digests_are_compared_where_it_is_the_same(recording, monkeypatch):
    assert verified(recording, WorldElsewhere(0, HERE), "auto", monkeypatch)[0]
    matches, text = verified(recording, WorldElsewhere(1, HERE), "auto", monkeypatch)
    assert not matches
    assert text.startswith("NOT the same: ")


def test_either_can_be_asked_for(recording, monkeypatch):
    assert not verified(recording, WorldElsewhere(1), "digest", monkeypatch)[0]
    matches, text = verified(recording, WorldElsewhere(1, HERE), "psnr", monkeypatch)
    assert matches
    assert "changed since" not in text


def test_equal_frames_are_equal_although_they_were_kept_as_jpeg(recording, monkeypatch):
    text = verified(recording, WorldElsewhere(0), "psnr", monkeypatch)[1]
    assert "PSNR median 60.0 dB" in text
    assert "lowest 60.0 dB" in text


def test_another_place_is_not_alike(recording, monkeypatch):
    other = replace(recording, start=replace(recording.start, seed=99))
    matches, text = verified(other, WorldElsewhere(0), "psnr", monkeypatch)
    assert not matches
    assert text.startswith("NOT alike: ")
    assert f"at least {ALIKE_DB:g} expected" in text


def test_the_frame_least_like_is_named(recording, monkeypatch):
    class Stumbling(WorldElsewhere):
        def _noisy(self, block):
            block = super()._noisy(block)
            if block.block_index == 4:
                block.frames[2] = 0
            return block

    matches, text = verified(recording, Stumbling(), "auto", monkeypatch)
    assert matches, "a single frame leaves the median as it is"
    assert "at frame 14 (0.9 s)" in text


def test_without_kept_frames_digests_are_compared_and_a_sentence_says_so(tmp_path, monkeypatch):
    recording = load_recording(record(tmp_path / "plain", with_frames=False))
    world = WorldElsewhere(0, {"machine": "abacus"})
    matches, text = verified(recording, world, "psnr", monkeypatch)
    assert matches
    assert text.startswith(NO_FRAMES)


def test_a_recording_says_on_which_machine_it_was_made(folder):
    recording = load_recording(folder)
    provenance = recording.start.provenance
    assert changed(recording, provenance) == ""
    assert changed(recording, {**provenance, "machine": "abacus"}) == "machine"


def test_older_recordings_do_not_say_and_count_as_made_here(recording):
    old = {key: value for key, value in recording.start.provenance.items() if key != "machine"}
    older = replace(recording, start=replace(recording.start, provenance=old))
    assert changed(older, recording.start.provenance) == ""


def test_a_package_that_is_no_longer_used_changes_nothing(recording):
    now = {**recording.start.provenance, **HERE}
    then = {**now, "packages": {**HERE["packages"], "once": "2"}}
    older = replace(recording, start=replace(recording.start, provenance=then))
    assert changed(older, now) == ""
    for packages in ({"torch": "2"}, {"torch": "1", "new": "1"}):
        assert changed(older, {**now, "packages": packages}) == "packages"


def test_what_cannot_run_as_recorded_runs_otherwise_unless_digests_are_asked_for(
    recording, monkeypatch
):
    def load(name, memory, *, execution, **more):
        if execution:
            raise WorldFailed("the recording was made on a CUDA device, and there is none here")
        return FakeWorld()

    monkeypatch.setattr(choices, "load_world", load)
    choice = WorldChoice(execution=HERE["execution"])
    assert Verifying(recording, choice, "auto").load().spec.name == "fake"
    with pytest.raises(WorldFailed, match="CUDA"):
        Verifying(recording, choice, "digest").load()


def test_the_command_line_knows_how_to_compare():
    assert parse(["replay", "runs/monday", "--verify"]).by == "auto"
    assert parse(["replay", "runs/monday", "--verify", "--by", "psnr"]).by == "psnr"
