"""The memory bar of a world with MemoryPack: scales and psi are named as what they are."""

import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.anchors import FATES
from mag_sandbox.model.world import MemoryEntry, MemorySegment, MemoryUsage
from mag_sandbox.sandbox.hud.explain import explain, hint
from mag_sandbox.sandbox.hud.hud_state import LEGEND, bar_stretches
from mag_sandbox.sandbox.ui.theme import SEGMENT_COLOURS

EACH = 1000
COUNTS = {"sink": 1, "packed-4x": 16, "packed-2x": 2, "raw": 1}


def usage() -> MemoryUsage:
    kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
    entries = tuple(
        MemoryEntry(index, kind, CameraPose(), attended=True) for index, kind in enumerate(kinds)
    )
    kept = [MemorySegment(kind, count, count * EACH) for kind, count in COUNTS.items()]
    segments = (*kept, MemorySegment("psi", 0, 2 * EACH), MemorySegment("current", 3, 3 * EACH))
    return MemoryUsage(
        "memorypack", segments, 22 * EACH, 22 * EACH, 90 * EACH, 40, 5.0, 20, entries
    )


@pytest.mark.parametrize(
    ("kind", "share", "says"),
    [
        ("packed-4x", 8 / 25, "4 x 4 x 4"),
        ("packed-2x", 18 / 25, "2 x 2 x 2"),
        ("psi", 21 / 25, "each block updates"),
    ],
)
def test_a_place_of_the_bar_says_what_it_is(kind, share, says):
    found = explain(usage(), share)
    assert found.kind == kind
    assert says in " ".join(found.lines)
    assert says in " ".join(hint(kind, usage()).lines)


def test_every_kind_has_a_word_and_a_colour_of_its_own():
    kinds = {stretch.kind for stretch in bar_stretches(usage(), 400)}
    assert kinds == {*COUNTS, "psi", "current"}
    assert len({SEGMENT_COLOURS[kind] for kind in LEGEND}) == len(LEGEND)
    assert len(set(LEGEND.values())) == len(LEGEND)
    assert COUNTS.keys() <= FATES.keys()  # comparisons know what became of a frame
