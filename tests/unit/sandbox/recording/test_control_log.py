"""The controls of a session since its world's reset play it again, bit by bit."""

import numpy as np

from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.browser.link import read_link, write_replay_link
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.session import Playthrough, Session
from mag_sandbox.sandbox.recording.playback import Playback
from mag_sandbox.sandbox.recordings import MOST_CONTROLS, ControlLog
from mag_sandbox.scenes import load_scene
from tests.doubles import FakeWorld
from tests.recorded import AWAY_AND_BACK, QUICK

MEADOW, SEED = load_scene("meadow"), 7
CHOICE = WorldChoice(memory=MemorySetting("window"), look_ahead=False)


def play(source, *observers, playthrough=None):
    session = Session(FakeWorld(CHOICE.memory, spec=QUICK), source, observers)
    step = session.begin(playthrough or Playthrough(MEADOW, SEED))
    shown = [step.block.frames]
    session.change(prompt="A desert.")
    while (step := session.advance()) is not None:
        shown.append(step.block.frames)
    return session, shown


def test_a_session_plays_again_from_its_link():
    log = ControlLog(CHOICE)
    _, then = play(ScriptSource(AWAY_AND_BACK), log)
    recording = read_link(write_replay_link(log.recording)).recording
    assert (recording.start.scene, recording.start.seed) == (MEADOW, SEED)
    assert recording.start.memory == CHOICE.memory
    assert not recording.start.look_ahead
    assert recording.controls[0].prompt == "A desert."
    playback = Playback(recording)
    _, now = play(playback, playback, playthrough=playback.playthrough)
    assert all(map(np.array_equal, then, now))


def test_a_session_that_was_continued_has_no_beginning():
    log = ControlLog(CHOICE)
    session, _ = play(ScriptSource(AWAY_AND_BACK), log)
    assert log.recording is not None
    left = session.park()
    going_on = Playthrough(MEADOW, SEED, lambda: left)
    play(ScriptSource(AWAY_AND_BACK), log, playthrough=going_on)
    assert log.recording is None


def test_a_new_session_is_noted_from_its_own_beginning():
    log = ControlLog(CHOICE)
    for _ in range(2):
        play(ScriptSource(AWAY_AND_BACK), log)
    assert len(log.recording.controls) == len(AWAY_AND_BACK)


def test_a_session_that_is_too_long_is_no_longer_noted():
    log = ControlLog(CHOICE)
    play(ScriptSource(AWAY_AND_BACK), log)
    event = type("Event", (), {"control": Control()})
    for _ in range(MOST_CONTROLS):
        log.on_block(event, None)
    assert log.recording is None
