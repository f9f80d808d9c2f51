"""Links open places of the game, and nothing else."""

import json
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.files.border import Refusal
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.sandbox.browser import link as links
from mag_sandbox.sandbox.browser.link import read_link, write_link, write_replay_link
from mag_sandbox.sandbox.browser.messages import MOST_LINK, MOST_MESSAGE
from mag_sandbox.sandbox.recording.reader import Recording
from mag_sandbox.sandbox.recordings import MOST_CONTROLS
from mag_sandbox.scenes import Scene, load_scene

MOVES = np.random.default_rng(0).uniform(-1, 1, (2500, 3)).tolist()  # which no packing shortens
MEMORY = MemorySetting("window", kept_mib=64)
RIGHT = Control(CameraCommand(yaw=1.0))
DRAGGED = Control(CameraCommand(yaw=0.1234567890123456, pitch=-1 / 3), leave_out=("animator",))
CHANGED = Control(prompt="A “desert” & dunes", memory=MEMORY, edit=Edit("place", kind="tent"))


def recorded(controls=(RIGHT,) * 40 + (DRAGGED, CHANGED), *, memory=MEMORY, world="pocket"):
    return Recording.of_controls((load_scene("meadow"), 7), (world, memory, False), controls)


def test_a_link_names_a_scene_and_a_seed():
    place = read_link("scene=meadow&seed=7")
    assert (place.scene, place.seed) == (load_scene("meadow"), 7)


def test_a_link_without_a_seed_opens_the_scene_as_it_is():
    assert read_link("scene=meadow").seed == load_scene("meadow").seed


def test_a_link_may_describe_a_place():
    place = read_link("text=A+red+barn+%26+a+hill.&seed=3")
    assert (place.scene.prompt, place.seed) == ("A red barn & a hill.", 3)


def test_no_link_opens_the_title():
    assert read_link("") is None


@pytest.mark.parametrize(
    "place",
    [(load_scene("meadow"), 7), (Scene("A red barn & a hill.", 3, "A red barn"), 3)],
    ids=["library", "description"],
)
def test_a_written_link_opens_the_same_place(place):
    scene, seed = place
    found = read_link(write_link(scene, seed, scene.prompt))
    assert (found.scene.prompt, found.seed) == (scene.prompt, seed)


def test_a_place_that_was_described_anew_is_shared_as_it_is_now():
    link = write_link(load_scene("meadow"), 7, "A desert.")
    assert read_link(link).scene.prompt == "A desert."


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("scene=meadw", 'did you mean "meadow"'),
        ("scene=/etc/passwd", "names no scene"),
        ("scene=../../scene.yaml", "names no scene"),
        ("scene=meadow&seed=-1", "seed"),
        ("scene=meadow&seed=x", "seed"),
        ("seed=7", "add scene=NAME"),
        ("controls=1.AAAA", "add scene=NAME"),
        ("scene=meadow&weights=x", '"weights", expected scene'),
        ("&".join(f"a{number}=1" for number in range(99)), "copy it again"),
        ("text=%00", ""),
    ],
)
def test_other_links_are_refused_in_a_sentence(link, message):
    with pytest.raises(Refusal) as refused:
        read_link(link)
    assert message in str(refused.value)


def test_a_link_replays_what_was_recorded():
    """Bit by bit, or other pictures would be made."""
    told = recorded()
    link = write_replay_link(told)
    assert link.startswith("scene=meadow&seed=7&controls=1.")
    assert len(link) < 500
    place = read_link(link)
    assert place.recording == told
    assert place.recording.controls == told.controls


def test_a_link_of_ten_minutes_with_the_mouse_is_short_enough():
    moves = [
        Control(CameraCommand(yaw=number / 3200, pitch=-number / 9999)) for number in range(3200)
    ]
    assert len(read_link(write_replay_link(recorded(moves))).recording.controls) == 3200


@pytest.mark.parametrize(
    "recording",
    [
        None,
        recorded(()),
        recorded([Control(CameraCommand(*move)) for move in MOVES]),
        recorded((RIGHT,) * (MOST_CONTROLS + 1)),
        Recording.of_controls(
            (Scene("A hill.", 3, "Hill", image="x.png"), 3), ("pocket", MEMORY, True), [RIGHT]
        ),
    ],
    ids=["none", "of nothing", "too much", "too long", "from a picture"],
)
def test_what_a_link_cannot_hold_is_not_shared(recording):
    assert write_replay_link(recording) == ""


def replaying(**changed) -> str:
    """Return a link whose controls were changed."""
    place = "scene=meadow&seed=7&controls="
    coded = write_replay_link(recorded()).removeprefix(place)
    return place + changed["by"](coded)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (lambda coded: "x", "version"),
        (lambda coded: f"2{coded[1:]}", "this game reads 1"),
        (lambda coded: coded[:-9], "copy it again"),
        (lambda coded: f"{coded[:40]}A{coded[41:]}", "copy it again"),
        (lambda coded: "1.%25%25", "copy it again"),
        (lambda coded: packed({"runs": []}), "copy it again"),
        (lambda coded: packed(told(runs=[])), "0 blocks"),
        (lambda coded: packed(told(runs=[[10**12, {}]])), "blocks, expected 1 to"),
        (lambda coded: packed(told(runs=[[-1, {}], [2, {}]])), "blocks, expected 1 to"),
        (lambda coded: packed(told(runs=[[1, {"camera": {"yaw": 2}}]])), "copy it again"),
        (lambda coded: packed(told(world="mag")), "open it on a server of that world"),
        (lambda coded: packed(told(memory={"kept_mib": 65536})), "65536 MiB"),
        (lambda coded: packed(told(runs=[[1, {"memory": {"kept_mib": 9999}}]])), "9999 MiB"),
        (lambda coded: f"1.{links.pack(bytes(2**26))}", "too long"),
    ],
)
def test_other_controls_are_refused_in_a_sentence(by, message):
    with pytest.raises(Refusal) as refused:
        read_link(replaying(by=by))
    assert message in str(refused.value)


def told(**changed):
    return {"world": "pocket", "memory": {}, "look_ahead": True, "runs": [[1, {}]]} | changed


def packed(data) -> str:
    return f"1.{links.pack(json.dumps(data).encode())}"


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_garbage_is_refused(text):
    with pytest.raises(Refusal):
        read_link(f"scene=meadow&controls={quote(text or 'x')}")


def test_a_link_that_is_as_long_as_can_be_fits_into_a_message():
    assert MOST_LINK + 2000 < MOST_MESSAGE
