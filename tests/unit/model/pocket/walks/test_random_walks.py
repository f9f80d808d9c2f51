"""Whatever happens on a walk, a save of it goes on to the bit."""

import random
from dataclasses import replace

import numpy as np

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import EVERYTHING, Edit
from mag_sandbox.model.pocket.painting.painting import Plan
from mag_sandbox.model.pocket.world import DiffusionWorld
from mag_sandbox.model.world import Control, MemorySetting
from tests.tiny import CAPTIONS, PLACE, STILL
from tests.unit.model.pocket.test_inventing import begin, world
from tests.unit.model.pocket.walks.test_viewpoints import SKY, TENT

POLICIES = ("mag-retrieve", "mag", "window", "full", "none")


class Player:
    """Does whatever comes to mind."""

    def __init__(self, seed: int):
        self.draw = draw = random.Random(seed)
        self.policy = draw.choice(POLICIES[:4])
        self.slots = draw.choice((6, 12, 30))
        self.last = STILL

    def things(self) -> tuple:
        """Return a plan with some tents."""
        draw = self.draw
        tents = [
            replace(TENT, yaw=draw.uniform(0, 360), pitch=draw.uniform(-9, -5),
                    height=draw.uniform(3, 9))
            for _ in range(draw.randrange(1, 8))
        ]  # fmt: skip
        return (SKY, *tents)

    def next(self, made: DiffusionWorld) -> Control:
        """Go on as before, or do something else."""
        if self.draw.random() < 0.6:
            self.last = replace(self.last, edit=None, memory=None, prompt=None)
        else:
            self.last = self.other(made)
        return self.last

    def other(self, made: DiffusionWorld) -> Control:
        """Move otherwise, and perhaps change memory or the world."""
        draw, pose, chance = self.draw, made._session.pose, self.draw.random()
        camera = CameraCommand(
            yaw=draw.choice((0, 0, 1, -1, 0.5)), forward=draw.choice((1, 1, 1, 0, -1, 0.5)),
            right=draw.choice((0, 0, 0, 1, -1)), pitch=draw.choice((0, 0, 0, 0.5, -0.5)),
        )  # fmt: skip
        spot = {"yaw": draw.uniform(0, 359), "x": pose.x, "z": pose.z}
        wide, tall = draw.uniform(6, 20), draw.uniform(5, 12)
        edits = {
            0.03: Edit("place", pitch=-6.0, width=wide, height=tall, kind="tent", **spot),
            0.05: Edit("undo"),
            0.07: Edit("remove", pitch=-5.0, **spot),
            0.075: Edit("renew", 0.0, 0.0, *EVERYTHING),
            0.08: Edit("forget"),
        }
        edit = next((one for most, one in edits.items() if chance < most), None)
        by_prompt = edit is not None and edit.act in ("renew", "forget")
        memory = MemorySetting(draw.choice(POLICIES), kept_mib=1) if 0.08 < chance < 0.11 else None
        prompt = draw.choice(CAPTIONS) if by_prompt else None
        return Control(camera, edit=edit, memory=memory, prompt=prompt)


def test_whatever_happens_on_a_walk_a_save_goes_on_to_the_bit():
    player = Player(4)  # whose memory is full soon
    made, other = (world(player.policy, slots=player.slots) for _ in range(2))
    other.reset(PLACE, 9)
    begin(made)
    made.step(STILL)
    made.schedule.cancel()
    made.painting.plan = Plan(PLACE.prompt, made.painting.noise, player.things())
    for _ in range(player.draw.randrange(15, 40)):
        made.step(player.next(made))
    other.restore(made.snapshot())
    path = [player.other(made) for _ in range(7)]
    for one, two in zip(map(made.step, path), map(other.step, path), strict=True):
        assert one.poses == two.poses
        assert np.array_equal(one.frames, two.frames)
        assert one.memory.entries == two.memory.entries
