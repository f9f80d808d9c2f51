"""What players read of each memory policy."""

from mag_sandbox.model.loading import keeps_places, policy_look
from mag_sandbox.model.memory import MEMORY_POLICIES


def test_every_policy_has_a_label_a_sentence_and_a_mark_of_its_own():
    looks = [policy_look(name) for name in MEMORY_POLICIES]
    for values in zip(
        *((look.label, look.about, look.colour, look.corners) for look in looks), strict=True
    ):
        assert len(set(values)) == len(looks)
    assert not {look.label for look in looks} & set(MEMORY_POLICIES)


def test_a_policy_of_another_world_goes_by_its_own_name():
    assert policy_look("memorypack").label == "memorypack"
    own = [policy_look(name).colour for name in MEMORY_POLICIES]
    assert policy_look("memorypack").colour not in own


def test_the_policies_that_forget_what_is_out_of_view_are_marked():
    assert [name for name in MEMORY_POLICIES if not keeps_places(name)] == ["window", "none"]
