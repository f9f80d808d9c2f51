"""A world as an environment with `reset` and `step`, for programs that play it.

Needs Gymnasium only for `gymnasium_environment`; `WorldEnvironment` has the same methods without.
There is no task: the reward is always 0, an episode ends after a number of blocks.
"""

import random
from dataclasses import asdict
from typing import Any

import numpy as np

from mag_sandbox.controls.camera import AXES, CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.similarity.anchors import ReturnTracker
from mag_sandbox.evaluation.similarity.recall import compare
from mag_sandbox.files.validation import of_type
from mag_sandbox.model.world import Control, FrameBlock, Frames, World, WorldFailed, no_edits
from mag_sandbox.sandbox.hud.around import Lookout
from mag_sandbox.scenes import Scene, load_scene
from mag_sandbox.scenes.scene import MAX_SEED
from mag_sandbox.scenes.things import parse_edit

EPISODE_BLOCKS = 320  # a minute at 16 frames a second and three frames a block


class WorldEnvironment:
    """Plays a world block by block; an action is the camera's fraction of full speed on each axis.

    >>> environment = WorldEnvironment(world, "meadow")
    >>> picture, info = environment.reset(seed=7)
    >>> picture, reward, terminated, truncated, info = environment.step([1.0, 0.0])
    >>> sorted(info)
    ['block_index', 'edited', 'frames', 'memory', 'notice', 'pose', 'probe', 'prompt']
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"]}  # noqa: RUF012 - Gymnasium's name
    render_mode: str | None = "rgb_array"

    def __init__(
        self, world: World, scene: Scene | str = "meadow", *, blocks: int = EPISODE_BLOCKS
    ) -> None:
        """Set the world and the scene.

        Args:
            world: the world to play; closed by `close`.
            scene: the default scene; options of `reset` may name another one.
            blocks: of an episode.
        """
        if not hasattr(world, "spec"):
            raise ValueError(f"world is {world!r:.80}, expected what load_world returns")
        self.world = world
        self.axes = tuple(axis for axis in AXES if axis in world.spec.axes)
        self.metadata = {**self.metadata, "render_fps": round(world.spec.fps)}
        self._scene = _scene(scene)
        self._blocks = of_type("blocks", blocks, int)
        self._left = 0
        self._block: FrameBlock | None = None
        self._tracker = ReturnTracker(world.spec.fps)
        self._lookout = Lookout()
        self._random = random.Random()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Frames, dict[str, Any]]:
        """Begin an episode and return its first picture.

        Args:
            seed: of the world, and of the seeds of later episodes; None: the next of those.
            options: "scene": a scene or its name.
        """
        if seed is not None:
            seed = of_type("seed", seed, int)
            self._random.seed(seed)
        options = of_type("options", options, dict | None) or {}
        self._scene = _scene(options.get("scene", self._scene))
        self._tracker = ReturnTracker(self.world.spec.fps)
        self._lookout = Lookout()
        self._left = self._blocks
        world_seed = self._random.randint(0, MAX_SEED) if seed is None else seed % (MAX_SEED + 1)
        return self._seen(self.world.reset(self._scene, world_seed))

    def step(
        self, action: Any, *, prompt: str | None = None, edit: Edit | None = None
    ) -> tuple[Frames, float, bool, bool, dict[str, Any]]:
        """Make one block and return its last picture, 0.0, False, whether time is up, and more.

        Args:
            action: a number from -1 to 1 for each of `axes`; larger ones are clipped.
            prompt: another description from now on.
            edit: of the world; see `edit`.

        Raises:
            WorldFailed: there was no reset, or the world stopped.
            ValueError: the action has another number of axes, or holds no numbers.
        """
        if self._block is None:
            raise WorldFailed("the environment has no scene yet; call reset first")
        try:
            values = np.asarray(action)
            values = np.empty(0) if np.iscomplexobj(values) else values.astype(float).reshape(-1)
        except (TypeError, ValueError, OverflowError):  # a word, rows of different lengths
            values = np.empty(0)
        if len(values) != len(self.axes) or not np.isfinite(values).all():
            expected = ", ".join(self.axes)
            raise ValueError(f"action is {action!r:.80}, expected a number for each of {expected}")
        turns = (float(np.clip(value, -1.0, 1.0)) for value in values)
        command = CameraCommand(**dict(zip(self.axes, turns, strict=True)))
        self._left -= 1
        picture, info = self._seen(self.world.step(Control(command, prompt, edit=edit)))
        return picture, 0.0, False, self._left <= 0, info

    def edit(self, text: str, yaw: float, pitch: float | None = None) -> Edit:
        """Return the change that words ask for: "a red tent", "remove", "everything anew", "undo".

        Args:
            text: the words.
            yaw: of the spot, as of a pose [degrees].
            pitch: likewise; None: where such things usually are.

        Raises:
            WorldFailed: nothing in this world can be changed.
            ThingError: the words name nothing that it can draw.
        """
        spec = self.world.spec
        if not spec.kinds:
            raise WorldFailed(no_edits(spec.name))
        return parse_edit(text, yaw, pitch, spec.kinds)

    def around(self) -> list[dict[str, Any]]:
        """Return the known things seen so far: kind, colour, angles, whether placed.

        Raises:
            MissingWeights: those of the network that looks are not there.
        """
        return [asdict(one) for one in self._lookout.things()]

    def render(self) -> Frames | None:
        """Return the newest picture, uint8 [H, W, 3]; None before the first."""
        return None if self._block is None else self._block.frames[-1].copy()

    def close(self) -> None:
        """Free the world; may be called twice."""
        self.world.close()

    def _seen(self, block: FrameBlock) -> tuple[Frames, dict[str, Any]]:
        self._block = block
        self._lookout.add(block)
        usage, pose = block.memory, block.poses[-1]
        info = {
            "frames": block.frames.copy(),
            "block_index": block.block_index,
            "pose": asdict(pose),
            "prompt": block.prompt,
            "memory": {
                "policy": usage.policy,
                "bytes": usage.bytes,
                "budget": usage.budget,
                "kept_frames": usage.kept_frames,
                "attended_frames": usage.attended_frames,
                "evicted": usage.evicted,
            },
            "edited": None if block.edited is None else asdict(block.edited),
            "notice": block.notice,
            "probe": self._probe(block),
        }
        return block.frames[-1].copy(), info

    def _probe(self, block: FrameBlock) -> dict[str, Any] | None:
        returns = self._tracker.add(block)
        if not returns:
            return None
        result = compare(returns[-1], 1, exact_pose=self.world.spec.exact_pose)
        return {
            "anchor": result.label,
            "psnr": result.psnr,
            "ssim": result.ssim,
            "recall": result.recall,
            "overlap": result.overlap,
            "seconds_away": result.seconds_away,
            "anchor_memory": result.fate,
            "reason": result.reason,
        }


def _scene(named: Scene | str) -> Scene:
    return load_scene(named) if isinstance(named, str) else of_type("scene", named, Scene)


def gymnasium_environment(
    world: World,
    scene: Scene | str = "meadow",
    *,
    blocks: int = EPISODE_BLOCKS,
    render_mode: str | None = "rgb_array",
) -> Any:
    """Return a world as a `gymnasium.Env`: pictures observed, the camera's speeds as actions.

    Args:
        world: the world to play; closed with the environment.
        scene: the default scene.
        blocks: of an episode.
        render_mode: "rgb_array" or None.

    Raises:
        WorldFailed: Gymnasium is not installed.
    """
    try:
        import gymnasium  # an extra: the game itself needs none
    except ModuleNotFoundError:
        raise WorldFailed(
            "Gymnasium is not installed; run `pip install gymnasium`, or use WorldEnvironment"
        ) from None

    class Environment(WorldEnvironment, gymnasium.Env):  # type: ignore[misc]
        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[Frames, dict[str, Any]]:
            if seed is not None:
                seed = of_type("seed", seed, int)
            gymnasium.Env.reset(self, seed=seed)  # its generator is checked, ours is used
            return super().reset(seed=seed, options=options)

    environment, spaces = Environment(world, scene, blocks=blocks), gymnasium.spaces
    environment.render_mode, spec = render_mode, world.spec
    shape = spec.frame_height, spec.frame_width, 3
    environment.observation_space = spaces.Box(0, 255, shape, np.uint8)
    environment.action_space = spaces.Box(-1.0, 1.0, (len(environment.axes),), np.float32)
    return environment
