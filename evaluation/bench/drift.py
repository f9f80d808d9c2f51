"""The clip `three minutes`: what becomes of a scene that is looked at again and again.

The first view is invented from the prompt alone. The camera turns all the way around, over and
over; one turn takes 15% of the time. So the first turn, which invents everything, and the last one
look in the same directions, and what pictures lost or gained between them is drift.

Source: the exposure bias metric (start-end contrast) of MemoryPack and Direct Forcing, arXiv
2510.01784, equation 8: the first 15% of the frames against the last 15%. Measures that need no
network are ours, and so are ratios instead of differences.
"""

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.evaluation.bench.clips import HeldOutScene, Leg, blocks_in
from mag_sandbox.evaluation.probe.metrics import gradient_energy
from mag_sandbox.model.full.image_shift import luma
from mag_sandbox.model.world import Control, World, WorldSpec

SHARE = 0.15  # of the time that one turn takes


def contrast(frame: np.ndarray) -> float:
    """Return the standard deviation of the brightness within a frame [grey levels]."""
    return float(luma(frame).std())


def saturation(frame: np.ndarray) -> float:
    """Return how far the strongest and the weakest colour channel lie apart, in the mean.

    0 is grey, 255 as colourful as can be [levels].
    """
    channels = frame.astype(np.int16)
    return float((channels.max(axis=-1) - channels.min(axis=-1)).mean())


MEASURES = {"gradient": gradient_energy, "contrast": contrast, "saturation": saturation}


def around_and_around(spec: WorldSpec, minutes: float) -> list[Leg]:
    """Return the path: a turn out, what nobody looks at, and a last turn over the same directions.

    Raises:
        ValueError: the camera cannot turn around in that share of the time.
    """
    turn, blocks = blocks_in(60 * minutes * SHARE, spec), blocks_in(60 * minutes, spec)
    speed = 360.0 / (turn * spec.block_seconds)  # degrees a second
    if speed > spec.full_speed.yaw:
        least = 360.0 / spec.full_speed.yaw / SHARE / 60
        raise ValueError(
            f"a clip of {minutes:g} minutes is too short to turn around in {SHARE:.0%} of it; "
            f"give drift at least {least:.2g} minutes, or 0 to leave it out"
        )
    around = CameraCommand(yaw=speed / spec.full_speed.yaw)
    between = blocks - 2 * turn
    return [Leg("out", around, turn), Leg("away", around, between), Leg("back", around, turn)]


def play_drift(world: World, scene: HeldOutScene, legs: list[Leg]) -> dict[str, float | None]:
    """Play a path of `around_and_around`; frames are measured as they come, and not kept.

    Returns:
        `{measure}_ratio`, of the last turn over the first: 1 is unchanged; and drift, the largest
        change, a share of what it was. None: the first turn has nothing of it.
    """
    world.reset(scene.scene("prompt"), scene.seed)
    found: dict[str, list[list[float]]] = {}
    for leg in legs:
        for _ in range(leg.blocks):
            frames = world.step(Control(leg.command)).frames
            if leg.phase != "away":
                rows = [[measure(frame) for measure in MEASURES.values()] for frame in frames]
                found.setdefault(leg.phase, []).extend(rows)
    first, last = (np.mean(found[phase], axis=0) for phase in ("out", "back"))
    ratios = {
        f"{name}_ratio": float(after / before) if before else None
        for name, before, after in zip(MEASURES, first, last, strict=True)
    }
    changes = [abs(ratio - 1) for ratio in ratios.values() if ratio is not None]
    return {"drift": max(changes, default=None), **ratios}
