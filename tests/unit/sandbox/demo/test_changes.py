"""A changed world is the same however it was asked for: script, Python, a demo of it."""

from dataclasses import replace

import pytest

from mag_sandbox.controls.edits import EVERYTHING, LARGEST, Edit
from mag_sandbox.model.world import Control, MemorySetting, WorldFailed
from mag_sandbox.sandbox.demo.command import demo_of as demo_text
from mag_sandbox.sandbox.demo.run import Extras, play_demo
from mag_sandbox.sandbox.environment import WorldEnvironment
from mag_sandbox.sandbox.play.session import Session, digest_of
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.scenes.demo.demo import Demo, DemoError, load_demo
from mag_sandbox.scenes.demo.script import parse_script
from mag_sandbox.scenes.things import parse_edit
from tests.doubles import FakeWorld
from tests.tiny import PLACE, RIGHT, STILL
from tests.unit.model.pocket.test_inventing import world

WHILE_PAINTED = 9  # blocks
SCRIPT = """
place "a small red tent" at 20.5deg up 2deg
control 1 0
wait
undo
remove at 10deg down 4deg size 20deg 10deg
control 1 0
wait
prompt "A castle at night."
renew everything
control 1 0
wait
renew view
control 1 0
wait
relight
control 1 0
wait
relight at 50deg down 5deg
control 0 0
wait
forget
control 0 0
""".replace("wait\n", "control 0 0\n" * WHILE_PAINTED)
EDITS = (
    parse_edit("a small red tent", 20.5, 2.0, ["tent"]),
    Edit("undo"),
    Edit("remove", 10.0, -4.0, 20.0, 10.0),
)
_WAIT = (STILL,) * WHILE_PAINTED
CONTROLS = (
    replace(RIGHT, edit=EDITS[0]),
    *_WAIT,
    replace(STILL, edit=EDITS[1]),
    replace(RIGHT, edit=EDITS[2]),
    *_WAIT,
    replace(RIGHT, edit=Edit("renew", 15.0, 0.0, *EVERYTHING), prompt="A castle at night."),
    *_WAIT,
    replace(RIGHT, edit=Edit("renew", 22.5, 0.0, *LARGEST)),
    *_WAIT,
    replace(RIGHT, edit=Edit("relight", 30.0, 0.0, *EVERYTHING)),
    *_WAIT,
    replace(STILL, edit=Edit("relight", 50.0, -5.0, *EVERYTHING)),
    *_WAIT,
    replace(STILL, edit=Edit("forget")),
)


def demo(script: str) -> Demo:
    return Demo("changes", replace(PLACE, name="place"), "place", 1, parse_script(script))


@pytest.fixture(scope="module")
def digests() -> list[str]:
    """What the world shows when it is asked from Python."""
    made = world()
    blocks = [made.reset(replace(PLACE, name="place"), 1)]
    blocks += [made.step(control) for control in CONTROLS]
    done = [block.edited.act for block in blocks if block.edited]
    assert done == ["place", "undo", "remove", "renew", "renew", "relight", "relight", "forget"]
    return [digest_of(block.frames) for block in blocks]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """What a script records."""
    folder = tmp_path_factory.mktemp("changes") / "recording"
    extras = Extras(Recorder(folder, memory=MemorySetting(kept_mib=1)))
    play_demo(demo(SCRIPT), world(), MemorySetting(kept_mib=1), extras=extras)
    return load_recording(folder)


def test_a_script_and_python_make_the_same_world(digests, recording):
    assert [block.digest for block in recording.blocks] == digests
    assert recording.controls == CONTROLS


def test_a_recording_of_changes_becomes_a_demo_that_asks_for_the_same(recording, tmp_path):
    path = tmp_path / "again.yaml"
    path.write_text(demo_text(recording), encoding="utf-8")
    folder, made = tmp_path / "recording", FakeWorld()
    made.spec = replace(made.spec, kinds=("tent",))
    play_demo(load_demo(path), made, MemorySetting(kept_mib=1), extras=Extras(Recorder(folder)))
    assert load_recording(folder).controls == recording.controls


def test_a_player_asks_once_a_block_and_in_order():
    asked: list[Control] = []
    made = FakeWorld(on_step=asked.append)
    made.spec = replace(made.spec, kinds=("tent",))

    class Resting:
        def next_command(self) -> Control:
            return Control()

    session = Session(made, Resting())
    session.start(PLACE, 1)
    for edit in EDITS:
        session.edit(edit)
    for _ in range(4):
        session.advance()
    assert [control.edit for control in asked] == [*EDITS, None]


def test_a_world_in_which_nothing_can_be_changed_says_so_before_anything_is_played():
    session = Session(FakeWorld(), None)
    with pytest.raises(WorldFailed, match="world fake"):
        session.edit(EDITS[0])
    with pytest.raises(DemoError, match="nothing in this world can be changed"):
        play_demo(demo(SCRIPT), FakeWorld(), MemorySetting())
    with pytest.raises(WorldFailed, match="nothing can be changed"):
        WorldEnvironment(FakeWorld()).edit("a tent", 0.0)


def test_a_script_that_names_an_unknown_thing_is_refused_at_its_place():
    with pytest.raises(DemoError, match=r":2:1: this world cannot draw “dragon”"):
        play_demo(demo('hold 1s\nplace "a dragon" at 0deg'), world(), MemorySetting())


def test_an_environment_changes_the_world_and_lists_what_is_around():
    environment = WorldEnvironment(world(), PLACE)
    environment.reset(seed=1)
    edit = environment.edit("a small red tent", 20.5, 2.0)
    told = [environment.step([1.0, 0.0, 0.0, 0.0], edit=edit)[4]]
    told += [environment.step([0.0] * 4)[4] for _ in range(7)]
    (info,) = [info for info in told if info["edited"]]
    assert info["edited"]["kind"] == "tent"
    assert info["notice"] == ""
    (thing,) = [thing for thing in environment.around() if thing["placed"]]
    assert (thing["kind"], thing["color"], thing["placed"]) == ("tent", "red", True)
    assert thing["yaw"] == 20.5
    environment.close()


def test_light_changes_everywhere_or_not_at_all():
    with pytest.raises(ValueError, match="light changes everywhere"):
        Edit("relight", 0.0, 0.0, *LARGEST)
