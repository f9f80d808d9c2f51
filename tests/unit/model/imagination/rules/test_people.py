"""People are seen whole, and hide nothing that words name."""

from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.rules.people import with_people_clear
from mag_sandbox.scenes.relations import Relation
from mag_sandbox.scenes.things import Named

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
    above = MAN._replace(relation=Relation("behind", ("alarm clock",)))
    assert with_people_clear([PERSON, clock], [above], [0]) == [PERSON, clock]
