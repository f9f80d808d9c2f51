"""What players read of each memory policy."""

from mag_sandbox.model.memory import MEMORY_POLICIES
from mag_sandbox.sandbox.hud.policies import POLICIES, policy_row
from tests import ROOT


def test_every_policy_has_a_label_a_sentence_and_a_mark_of_its_own():
    rows = [policy_row(name) for name in MEMORY_POLICIES]
    assert set(MEMORY_POLICIES) == set(POLICIES)
    for values in zip(
        *((row.label, row.about, row.colour, row.corners) for row in rows), strict=True
    ):
        assert len(set(values)) == len(rows)
    assert not {row.label for row in rows} & set(MEMORY_POLICIES)


def test_a_policy_of_another_world_goes_by_its_own_name():
    assert policy_row("memorypack").label == "memorypack"
    assert policy_row("memorypack").colour not in [row.colour for row in POLICIES.values()]


def test_the_guide_lists_them_all():
    guide = (ROOT / "docs/guide.md").read_text()
    for name, row in POLICIES.items():
        about = row.about[0].lower() + row.about[1:].rstrip(".")
        assert f"| {row.label} | `{name}` | {about} |" in guide


def test_the_policies_that_forget_what_is_out_of_view_are_marked():
    assert [name for name in POLICIES if not policy_row(name).keeps_places] == ["window", "none"]
