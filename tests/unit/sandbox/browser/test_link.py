"""Links open places of the game, and nothing else."""

import pytest

from mag_sandbox.files.border import Refusal
from mag_sandbox.sandbox.browser.link import read_link, write_link
from mag_sandbox.scenes import Scene, load_scene


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
        ("scene=meadow&weights=x", '"weights", expected scene'),
        ("&".join(f"a{number}=1" for number in range(99)), "copy it again"),
        ("text=%00", ""),
    ],
)
def test_other_links_are_refused_in_a_sentence(link, message):
    with pytest.raises(Refusal) as refused:
        read_link(link)
    assert message in str(refused.value)
