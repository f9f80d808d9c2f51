"""`python -m evaluation pose`: how well poses are estimated, on sessions whose poses are withheld.

A world with exact poses is played along two paths: out and back, and a random walk that ends where
it began. The estimator gets the frames, and commands that are wrong: too small, too large, or
unevenly so from block to block, since how fast a world obeys a text is not known. Beside it stand
the poses of those commands alone. Recall is that of the game's probe, with exact and with estimated
poses.

The result is plain JSON data (the command adds `world`, its provenance); degrees, percent and
seconds as keys say, null where nothing came back. Per path and error of the commands:

    estimated       mean_yaw, p95_yaw, mean_pitch, return_yaw (at the last frame, when the camera is
                    back), confidence, gain (learned, of yaw)
    commands_alone  mean_yaw, p95_yaw, mean_pitch, return_yaw
    recall          exact, estimated (means of what counted, percent), exact_returns,
                    estimated_returns (views that came back), exact_counted, estimated_counted,
                    difference (mean of absolute differences of the same return, points), paired
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mag_sandbox.command_line import option
from mag_sandbox.controls.camera import (
    CameraCommand,
    CameraPose,
    CameraSpeed,
    command_towards,
    move,
    yaw_difference,
)
from mag_sandbox.evaluation.bench.clips import held_out_scene, pan_and_back
from mag_sandbox.evaluation.probe.anchors import ReturnTracker
from mag_sandbox.evaluation.probe.probe import ProbeResult, compare
from mag_sandbox.model.full.pose_estimate import PoseEstimator
from mag_sandbox.model.world import Control, FrameBlock, World, WorldSpec
from mag_sandbox.scenes import Scene
from mag_sandbox.workers.work import Here, Workplace

PATHS = ("out and back", "wander")
COMMAND_ERRORS = {  # what a command is multiplied by before it is told: anything in between
    "none": (1.0, 1.0),
    "30% low": (0.7, 0.7),
    "40% high": (1.4, 1.4),
    "uneven": (0.5, 1.5),
}
HEADROOM = 2.0  # by which the told full speed is larger, so that larger commands can be told
WALK_SPEED = 20.0  # degrees a second of the way out and back
MAX_OUT = 150.0  # degrees
PAUSE = 1.0  # s before turning back
LEG_BLOCKS = (2, 7)  # of a random walk, the second excluded
SAME_RETURN = 1.0  # s by which exact and estimated returns of a place may differ
MAX_HOME_BLOCKS = 100

OpenWorld = Callable[[], World]


@dataclass(frozen=True, slots=True)
class PoseSettings:
    """What is played."""

    # the walker's way home is not counted
    seconds: float = option(16.0, "length of a session (%(default)g)")
    clips: int = option(2, "held-out scenes, two paths each (%(default)s)", type=int)
    seed: int = option(0, "seed of scenes, noise and walks (%(default)s)", type=int)

    def __post_init__(self) -> None:
        if not 4.0 <= self.seconds <= 600.0:
            raise ValueError(f"seconds is {self.seconds}, expected 4 to 600")
        if not 1 <= self.clips <= 100 or self.seed < 0:
            raise ValueError(
                f"clips is {self.clips} and seed {self.seed}; expected 1 to 100, and 0 or more"
            )


@dataclass(frozen=True, slots=True)
class PlayedSession:
    """What was shown, and what had been asked for."""

    blocks: tuple[FrameBlock, ...]  # with exact poses
    commands: tuple[CameraCommand, ...]  # one a block; the first holds

    @property
    def poses(self) -> tuple[CameraPose, ...]:
        """The truth, one pose a frame."""
        return tuple(pose for block in self.blocks for pose in block.poses)


@dataclass(frozen=True, slots=True)
class PoseTask:
    """A scene to be played along a path."""

    clip: int  # index of the scene
    path: str  # one of PATHS


@dataclass(frozen=True, slots=True, eq=False)
class PoseJob:
    """What workers do; see `mag_sandbox.workers.work.Job`."""

    open_world: OpenWorld
    settings: PoseSettings

    @contextmanager
    def ready(self) -> Iterator[Callable[[PoseTask], dict[str, dict]]]:
        """Open the world and give what plays a path: measures by error of the commands."""
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(self.open_world()) as world,
        ):
            yield partial(self._measured, world, Path(folder))

    def _measured(self, world: World, folder: Path, task: PoseTask) -> dict[str, dict]:
        settings = self.settings
        scene = held_out_scene(task.clip, settings.seed, folder).scene("prompt")
        session = play(world, scene, task.path, settings)
        exact = probe(session.blocks, world, exact_pose=True)
        return {
            error: _measure(misled(session, factors, settings.seed + task.clip), world, exact)
            for error, factors in COMMAND_ERRORS.items()
        }


def evaluate_poses(
    settings: PoseSettings, open_world: OpenWorld, workplace: Workplace | None = None
) -> dict:
    """Have everything played and measured, here for None; see this module for the result."""
    tasks = [PoseTask(clip, path) for clip in range(settings.clips) for path in PATHS]
    with (workplace or Here()).workers(PoseJob(open_world, settings)) as results:
        found = dict(tqdm(results(tasks), total=len(tasks), unit="path"))
    measured = {path: [found[task] for task in tasks if task.path == path] for path in PATHS}
    return {
        "schema": 1,
        "settings": asdict(settings),
        "paths": {
            path: {error: _summary([clip[error] for clip in clips]) for error in COMMAND_ERRORS}
            for path, clips in measured.items()
        },
    }


def pose_table(result: dict) -> list[str]:
    """Return a result as lines for people."""
    lines = [
        f"{'path':13s}{'command error':>14s}{'':>16s}   yaw error: mean   p95  return   recall"
    ]
    for path, by_error in result["paths"].items():
        for error, one in by_error.items():
            recall = one["recall"]
            for name in ("commands_alone", "estimated"):
                errors = one[name]
                line = f"{path:13s}{error:>14s}{name:>16s}{errors['mean_yaw']:19.2f}"
                line += f"{errors['p95_yaw']:6.2f}{errors['return_yaw']:8.2f}"
                if name == "estimated" and recall["difference"] is not None:
                    line += f"   {recall['estimated']:.1f} (exact {recall['exact']:.1f}) percent"
                lines.append(line)
    return lines


def play(world: World, scene: Scene, path: str, settings: PoseSettings) -> PlayedSession:
    """Play a path from a scene's beginning back to it."""
    spec = world.spec
    blocks, commands = [world.reset(scene, scene.seed)], [CameraCommand()]
    for command in _path_commands(path, spec, settings, scene.seed):
        blocks.append(world.step(Control(command)))
        commands.append(command)
    for _ in range(MAX_HOME_BLOCKS):
        command = command_towards(
            blocks[-1].poses[-1], CameraPose(), spec.full_speed, spec.fps, spec.block_length
        )
        if command is None:
            break
        blocks.append(world.step(Control(command)))
        commands.append(command)
    return PlayedSession(tuple(blocks), tuple(commands))


def wander(seed: int, blocks: int) -> list[CameraCommand]:
    """Return a random walk: legs of whole blocks in any direction and at any speed, and pauses."""
    rng = np.random.default_rng(seed)
    commands: list[CameraCommand] = []
    while len(commands) < blocks:
        yaw, pitch = rng.uniform(-1, 1), rng.choice([0.0, rng.uniform(-0.5, 0.5)])
        resting = rng.random() < 0.15
        leg = CameraCommand() if resting else CameraCommand(round(yaw, 2), round(float(pitch), 2))
        commands += [leg] * int(rng.integers(*LEG_BLOCKS))
    return commands[:blocks]


def misled(session: PlayedSession, factors: tuple[float, float], seed: int) -> PlayedSession:
    """Return a session whose commands are told wrongly, each block by another factor in a range.

    What is told is of a full speed HEADROOM times as large.
    """
    drawn = np.random.default_rng(seed).uniform(*factors, len(session.commands)) / HEADROOM
    told = [
        CameraCommand(*(float(factor) * axis for axis in (one.yaw, one.pitch, one.zoom)))
        for factor, one in zip(drawn, session.commands, strict=True)
    ]
    return replace(session, commands=tuple(told))


def estimated_poses(
    session: PlayedSession, estimator: PoseEstimator, seconds: float
) -> tuple[list[tuple[CameraPose, ...]], float]:
    """Return the poses of every block, by frames and commands alone, and the mean confidence."""
    estimates = [
        estimator.update(block.frames, command, seconds)
        for block, command in zip(session.blocks, session.commands, strict=True)
    ]
    confidence = float(np.mean([one.confidence for one in estimates]))
    return [one.poses for one in estimates], confidence


def commanded_poses(
    session: PlayedSession, speed: CameraSpeed, fps: float
) -> list[tuple[CameraPose, ...]]:
    """Return the poses that follow from the commands at an assumed speed."""
    pose, poses = CameraPose(), []
    for block, command in zip(session.blocks, session.commands, strict=True):
        poses.append(move(pose, command, speed, fps, len(block.frames)))
        pose = poses[-1][-1]
    return poses


def pose_errors(
    session: PlayedSession, poses: Sequence[tuple[CameraPose, ...]]
) -> dict[str, float]:
    """Return how far poses are from the truth, in degrees."""
    pairs = list(zip(session.poses, (pose for block in poses for pose in block), strict=True))
    yaw = np.abs([yaw_difference(guess.yaw, truth.yaw) for truth, guess in pairs])
    pitch = np.abs([guess.pitch - truth.pitch for truth, guess in pairs])
    return {
        "mean_yaw": float(yaw.mean()),
        "p95_yaw": float(np.percentile(yaw, 95)),
        "mean_pitch": float(pitch.mean()),
        "return_yaw": float(yaw[-1]),
    }


def probe(blocks: Sequence[FrameBlock], world: World, *, exact_pose: bool) -> list[ProbeResult]:
    """Return what the game's probe says of a session."""
    tracker = ReturnTracker(world.spec.fps)
    returns = [back for block in blocks for back in tracker.add(block)]
    return [
        compare(back, number, exact_pose=exact_pose)
        for number, back in enumerate([*returns, *tracker.finish()], 1)
    ]


def _path_commands(
    path: str, spec: WorldSpec, settings: PoseSettings, seed: int
) -> list[CameraCommand]:
    if path == "wander":
        return wander(seed, round(settings.seconds / spec.block_seconds))
    degrees = min(MAX_OUT, WALK_SPEED * (settings.seconds - PAUSE) / 2)
    legs = pan_and_back(spec, degrees, PAUSE)
    return [leg.command for leg in legs for _ in range(leg.blocks)]


def _measure(session: PlayedSession, world: World, exact: list[ProbeResult]) -> dict[str, dict]:
    spec = world.spec
    assumed = CameraSpeed(spec.full_speed.yaw * HEADROOM, spec.full_speed.pitch * HEADROOM)
    estimator = PoseEstimator(assumed, session.poses[0].fov)
    poses, confidence = estimated_poses(session, estimator, spec.block_seconds)
    blocks = [
        replace(block, poses=guess) for block, guess in zip(session.blocks, poses, strict=True)
    ]
    return {
        "estimated": {
            **pose_errors(session, poses),
            "confidence": confidence,
            "gain": estimator.gain[0],
        },
        "commands_alone": pose_errors(session, commanded_poses(session, assumed, spec.fps)),
        "recall": _recalls(exact, probe(blocks, world, exact_pose=False)),
    }


def _recalls(exact: list[ProbeResult], estimated: list[ProbeResult]) -> dict:
    counted, guessed = (
        [one for one in results if one.recall is not None] for results in (exact, estimated)
    )
    pairs = [(one.recall, twin.recall) for one in counted if (twin := _twin(one, guessed))]
    return {
        "exact_recalls": [one.recall for one in counted],
        "estimated_recalls": [one.recall for one in guessed],
        "pairs": pairs,
        "exact_returns": len(exact),
        "estimated_returns": len(estimated),
    }


def _twin(one: ProbeResult, others: list[ProbeResult]) -> ProbeResult | None:
    """Return the result of the same place at the same time, if there is one."""
    near = [other for other in others if abs(other.seconds - one.seconds) <= SAME_RETURN]
    near = [other for other in near if other.label == one.label]
    return min(near, key=lambda other: abs(other.seconds - one.seconds), default=None)


def _summary(clips: list[dict]) -> dict:
    recalls = [clip["recall"] for clip in clips]
    exact = [value for one in recalls for value in one["exact_recalls"]]
    guessed = [value for one in recalls for value in one["estimated_recalls"]]
    pairs = [pair for one in recalls for pair in one["pairs"]]
    return {
        **{
            name: {key: _mean([clip[name][key] for clip in clips]) for key in clips[0][name]}
            for name in ("estimated", "commands_alone")
        },
        "recall": {
            "exact": _mean(exact),
            "estimated": _mean(guessed),
            "exact_returns": sum(one["exact_returns"] for one in recalls),
            "estimated_returns": sum(one["estimated_returns"] for one in recalls),
            "exact_counted": len(exact),
            "estimated_counted": len(guessed),
            "difference": _mean([abs(one - other) for one, other in pairs]),
            "paired": len(pairs),
        },
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
