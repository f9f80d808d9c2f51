"""A replay makes the same blocks again, and says which one differs if one does."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.catalogue import shipped
from mag_sandbox.model.world import MemorySetting
from mag_sandbox.sandbox.play.scripts import pan_out_and_back, wander
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.reader import EVENTS_FILE, Recording, load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.recording.replay import Verifier, verify
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

SCENE = Scene(prompt="A meadow.", name="meadow")


@pytest.fixture
def recording(tmp_path) -> Recording:
    recorder = Recorder(tmp_path / "session")
    session = Session(FakeWorld(), ScriptSource(wander(40)), observers=[recorder])
    session.start(SCENE, seed=7)
    session.change(prompt="A beach.", memory=MemorySetting(policy="none"))
    while session.advance() is not None:
        session.world.prepare()
    session.end("script over")
    return load_recording(tmp_path / "session")


def tampered(recording: Recording, block: int, **changes) -> Recording:
    blocks = list(recording.blocks)
    blocks[block] = replace(blocks[block], **changes)
    return replace(recording, blocks=tuple(blocks))


def test_a_replay_of_the_same_world_matches_every_block(recording):
    verifier = verify(recording, FakeWorld())
    assert verifier.matches
    assert verifier.summary().startswith("verified: 41 blocks and ")


def test_weights_that_changed_are_named_even_where_no_picture_did(recording, monkeypatch):
    verifier = verify(recording, FakeWorld())
    assert "shipped" not in verifier.summary()
    monkeypatch.setattr(shipped, "changed", lambda: ["pocket/world.safetensors"])
    assert verifier.summary().endswith("; not as shipped: pocket/world.safetensors")


def test_the_first_block_that_differs_is_named(recording):
    changed = tampered(tampered(recording, 30, digest="0" * 16), 12, digest="f" * 16)
    verifier = verify(changed, FakeWorld())
    assert not verifier.matches
    assert "2 of 41 blocks" in verifier.summary()
    assert "first at block 12: the shown block differs, recorded ffff" in verifier.summary()


def test_look_ahead_blocks_are_compared_too(recording):
    number = next(i for i, block in enumerate(recording.blocks) if block.look_ahead)
    ahead = recording.blocks[number].look_ahead
    changed = tampered(
        recording, number, look_ahead=(replace(ahead[0], digest="f" * 16), *ahead[1:])
    )
    assert f"block {number}: look-ahead block 0 differs" in verify(changed, FakeWorld()).summary()
    changed = tampered(recording, number, look_ahead=())
    assert "recorded none, replayed" in verify(changed, FakeWorld()).summary()


def test_a_difference_says_what_was_other_when_recorded(recording):
    start = replace(recording.start, provenance={**recording.start.provenance, "threads": -1})
    changed = tampered(replace(recording, start=start), 3, digest="0" * 16)
    assert "changed since: threads" in verify(changed, FakeWorld()).summary()


def test_a_replay_that_is_left_early_is_not_verified(recording):
    verifier = Verifier(recording)
    session = Session(FakeWorld(), ScriptSource(recording.controls), observers=[verifier])
    session.start(SCENE, seed=7)
    session.advance()
    session.end("left")
    assert not verifier.matches
    assert verifier.summary().startswith("not wholly verified: 2 blocks")


def test_another_seed_is_another_session(recording):
    other = replace(recording, start=replace(recording.start, seed=8))
    assert not verify(other, FakeWorld()).matches


def test_a_recording_without_an_end_is_verified_as_far_as_it_goes(recording):
    assert (
        "recording was interrupted" in verify(replace(recording, end=None), FakeWorld()).summary()
    )


def test_panning_out_and_back_ends_where_it_began():
    commands = tuple(islice(pan_out_and_back(), 26))
    assert sum(command.yaw for command in commands) == 0
    assert max(command.yaw for command in commands) == 1


def test_wandering_is_the_same_for_the_same_seed():
    assert wander(200, seed=1) == wander(200, seed=1) != wander(200, seed=2)
    assert len(wander(7)) == 7
    assert all(isinstance(command, CameraCommand) for command in wander(50))


def tamper_file(folder: Path, line: int) -> None:
    path = folder / EVENTS_FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | {"digest": "0" * 16})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
