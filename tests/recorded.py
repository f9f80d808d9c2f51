"""Recordings with frames for tests: a quick turn away and back in a world without a network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mag_sandbox.controls.camera import CameraCommand, CameraSpeed
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.frame_writer import FrameWriter
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.returns.prober import Prober
from mag_sandbox.scenes import Scene
from tests.doubles import SPEC, FakeWorld

QUICK = replace(SPEC, full_speed=CameraSpeed(yaw=96.0, pitch=12.0))  # 18 degrees a block
SCENE = Scene(prompt="A meadow <b>with</b> flowers & bees.", name="meadow", seed=3)
SEED = 7
RIGHT, LEFT = CameraCommand(yaw=1.0), CameraCommand(yaw=-1.0)
HOLD = CameraCommand()
AWAY_AND_BACK = (RIGHT,) * 5 + (HOLD,) + (LEFT,) * 5 + (HOLD,)
BLOCKS = len(AWAY_AND_BACK) + 1
FRAMES = BLOCKS * SPEC.block_length
SECONDS = FRAMES / SPEC.fps


def record(
    folder: Path,
    commands: Sequence[CameraCommand] = AWAY_AND_BACK,
    *,
    with_frames: bool = True,
    with_prober: bool = True,
    scene: Scene = SCENE,
    **options: object,
) -> Path:
    """Play and record; `options` are those of `FrameWriter`."""
    world, recorder = FakeWorld(spec=QUICK), Recorder(folder)
    prober = Prober(spec=QUICK) if with_prober else None
    observers = [recorder, prober] if prober else [recorder]
    if with_frames:
        where = recorder.begun_folder
        observers.append(FrameWriter(where, spec=QUICK, prober=prober, **options))
    session = Session(world, ScriptSource(commands), observers)
    session.start(scene, SEED)
    while session.advance() is not None:
        pass
    session.end("script over")
    if prober is not None:
        prober.close()
    return folder


def played(commands: Sequence[CameraCommand] = AWAY_AND_BACK) -> list:
    """Return the blocks that such a recording is of."""
    session = Session(FakeWorld(spec=QUICK), ScriptSource(commands))
    blocks = [session.start(SCENE, SEED).block]
    while (step := session.advance()) is not None:
        blocks.append(step.block)
    return blocks
