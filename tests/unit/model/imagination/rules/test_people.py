"""People are seen whole, and hide nothing that words name."""

import pytest

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.named import obeyed
from mag_sandbox.model.imagination.rules.people import with_people_clear, with_small_animals
from mag_sandbox.scenes.naming import Named, named_things
from mag_sandbox.scenes.relations import Relation

PERSON = PlacedObject("person", 10.0, -7.0, 10.0, 24.0)
MIRROR = PlacedObject("mirror", 10.0, 4.0, 14.0, 14.0)
MAN = Named(("person",), None, 1, 1)


def test_no_mirror_hangs_before_a_head_and_a_named_one_hangs_beside_it():
    assert with_people_clear([PERSON, MIRROR], [MAN], [0]) == [MIRROR, PERSON]
    person, aside = with_people_clear([PERSON, MIRROR], [MAN, Named(("mirror",), None)], [0, 1])
    assert person == PERSON
    assert not aside.overlaps(person)
    portrait = PlacedObject("portrait", 20.0, 4.0, 10.0, 10.0)
    clear = with_people_clear([portrait, PERSON, MIRROR], [MAN], [1, 2])
    assert not clear[1].overlaps(clear[0])


def test_people_stand_beside_what_is_on_a_table_unless_they_are_on_it():
    clock = PlacedObject("alarm clock", 12.0, -8.0, 6.0, 6.0)
    person, still = with_people_clear([PERSON, clock], [MAN], [0])
    assert still == clock
    assert not person.overlaps(clock)
    throne = PlacedObject("throne", 22.0, -6.0, 14.0, 24.0)  # beside the clock
    _, person, _ = with_people_clear([throne, PERSON, clock], [MAN], [0, 1])
    assert not person.overlaps(clock)
    assert not person.overlaps(throne)
    above = MAN._replace(relation=Relation("behind", ("alarm clock",)))
    assert with_people_clear([PERSON, clock], [above], [0]) == [PERSON, clock]


def test_a_dog_is_no_larger_beside_a_child_than_in_life():
    child = PlacedObject("child", 340.0, -9.5, 7.5, 13.7)
    dog = PlacedObject("dog", 10.0, -11.5, 29.8, 16.4)
    horse = PlacedObject("horse", 30.0, -8.0, 24.0, 22.0)
    small = with_small_animals([child, dog, horse], (0, 1, 2))
    assert small[1].height < child.height
    assert small[1].foot == pytest.approx(dog.foot)
    assert (small[0], small[2]) == (child, horse)
    assert with_small_animals([dog, horse], (0, 1)) == [dog, horse]


def test_balloons_are_behind_the_faces_of_all_who_hold_some():
    child = PlacedObject("child", 0.0, -10.0, 8.0, 15.0)
    balloons = PlacedObject("toy balloons", 40.0, 0.0, 8.0, 18.0)
    ground = PlacedObject("near ground", 0.0, -30.0, 360.0, 50.0)
    named = named_things(
        "three children with balloons", ("child", "hot air balloon", "toy balloons")
    )
    kinds = [one.kind for one in obeyed([ground, balloons, child], named)]
    assert kinds[-6:] == ["toy balloons"] * 3 + ["child"] * 3


def test_two_of_three_people_have_guitars_if_words_say_so():
    guitar = PlacedObject("guitar", 5.0, -9.0, 6.0, 10.0)
    floor = PlacedObject("floor", 0.0, -35.0, 360.0, 40.0)
    named = named_things("a person and two people with guitars", ("person", "guitar"))
    plan = obeyed([floor, PERSON, guitar], named)
    kinds = [one.kind for one in plan]
    assert (kinds.count("person"), kinds.count("guitar")) == (3, 2)


@pytest.mark.parametrize("on_stage", [False, True])
def test_each_of_four_drummers_has_a_drum_and_no_other_one_is_there(on_stage: bool):
    floor = PlacedObject("floor", 0.0, -35.0, 360.0, 40.0)
    backdrop = PlacedObject("backdrop", 0.0, 0.0, 90.0, 50.0)
    stand = PlacedObject("pedestal", 30.0, -20.0, 12.0, 12.0)
    drums = [PlacedObject("drum", yaw, -9.0, 13.0, 10.0) for yaw in (5.0, 30.0, 320.0)]
    stage = [backdrop, stand] if on_stage else []
    named = named_things("four people with drums", ("person", "drum"))
    plan = obeyed([floor, *stage, PERSON, *drums], named)
    people = [one for one in plan if one.kind == "person"]
    held = [one for one in plan if one.kind == "drum"]
    assert len(people) == len(held) == 4
    for person, drum in zip(people, held, strict=True):
        assert drum.yaw == pytest.approx(person.yaw)
        assert drum.height < person.height / 2
        assert plan.index(drum) > plan.index(person)


def test_a_door_is_behind_what_stands_before_it():
    bear = PlacedObject("teddy bear", 13.0, -14.0, 24.0, 21.0)
    door, far = (
        PlacedObject("door", 20.0, -6.0, 11.0, 24.0),
        PlacedObject("bed", -60.0, -12, 29, 16),
    )
    assert with_people_clear([far, bear, door], [], [1, 2]) == [far, door, bear]
