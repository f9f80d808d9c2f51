"""Descriptions of what lies behind doors: plausible, drawn by the world, in the same light."""

import pytest

from mag_sandbox.scenes import rooms
from mag_sandbox.scenes.conditions import sky_outside
from mag_sandbox.scenes.descriptions import DescriptionWords
from mag_sandbox.scenes.rooms import DOORS, caption_behind, place_name
from mag_sandbox.scenes.stances import STANCES
from tests import ROOT

KITCHEN = "a cosy kitchen with yellow walls and a tiled floor in the evening"


@pytest.fixture(scope="module")
def words() -> DescriptionWords:
    return DescriptionWords.load(ROOT / "assets/weights/imagination/words.json")


def behind(door: str, prompt: str, words: DescriptionWords, without: tuple[str, ...] = ()):
    return {caption_behind(door, prompt, words, str(number), without) for number in range(40)}


def test_every_door_and_every_room_leads_to_rooms_that_are_described():
    places = rooms._PLACES
    leads = [name for to in DOORS.values() for name in to]
    leads += [name for place in places.values() for name in place.leads_to]
    assert set(leads) <= set(places)
    assert set(DOORS) <= set(STANCES)
    assert all(place_name(place.caption) == name for name, place in places.items())


def test_a_kitchen_leads_to_rooms_of_its_house_in_the_same_light(words):
    found = behind("door", KITCHEN, words)
    assert {place_name(one) for one in found} == {"dining room", "living room", "garden"}
    dining = next(one for one in found if "dining" in one)
    assert dining == "a dining room with a dining table, yellow walls, tiled floor in the evening"
    assert next(one for one in found if "garden" in one).endswith("at sunset")


def test_windows_of_the_next_room_show_the_same_night(words):
    found = behind("door", "a library with bookshelves at night", words)
    assert {sky_outside(one, words) for one in found} == {"night"}


def test_a_cottage_leads_inside_and_a_door_to_another_room_than_those_named(words):
    inside = {place_name(one) for one in behind("cottage", "a meadow at night", words)}
    assert inside == {"living room", "kitchen", "bedroom"}
    others = {place_name(one) for one in behind("door", KITCHEN, words, ("dining room", "garden"))}
    assert others == {"living room"}


def test_a_gate_leads_out_of_a_place_into_the_next(words):
    beyond = {place_name(one) for one in behind("gate", "a cemetery at night", words)}
    assert beyond == {"church", "crypt", "forest"}
    assert {place_name(one) for one in behind("gate", "a garden", words)} == {"meadow"}
    assert "living room" not in {place_name(one) for one in behind("arch", "a beach", words)}


def test_a_castle_of_a_level_leads_to_another_level(words):
    candy = "Red castles, pink gems and lollipops in a candy game level with a blue background"
    beyond = {place_name(one) for one in behind("castle", candy, words)}
    assert beyond == {"mushroom kingdom", "candy land", "sky island"}


def test_words_without_effect_are_no_part_of_the_name_of_a_room(words):
    assert place_name("a moroccan harem with three horses", words) == "three horses"
    assert place_name("a street with two houses and a church", words) == "street", "and no church"
    assert place_name("an enchanted red car in the rain", words) == "red car"


def test_the_same_door_always_leads_to_the_same_description(words):
    first, again = (caption_behind("door", KITCHEN, words, "7 1 2") for _ in range(2))
    assert first == again


def test_a_room_of_no_known_place_has_its_first_words_as_its_name():
    assert place_name("three red balls on a blue sea") == "three red balls"
    assert place_name("a beach at sunset with a red umbrella") == "beach at sunset"
    assert place_name("A red car in the rain") == "red car"
    assert place_name("Bare trees, keys and ghosts at night.") == "Bare trees"
