"""How the game names, describes and draws each memory policy: one row a policy. No pygame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """What players read and see of one memory policy."""

    label: str  # for players, in place of the name that `--memory` takes
    about: str  # one sentence: what is kept, what is attended
    when_full: str = "When memory is full, something older is forgotten."
    raw: str = "A recent frame, kept as it is."  # what a frame of the kind "raw" is
    colour: tuple[int, int, int] = (204, 121, 167)
    corners: int = 6  # of its mark in charts; 0: a disc, 2: a cross
    keeps_places: bool = True  # False: what is out of view is lost


# Colours after Okabe and Ito; each policy has a mark of its own, too.
POLICIES = {
    "mag-retrieve": PolicyRow(
        "MAG (remembers places)",
        "Keeps one frame of every place, reads those in view.",
        "When memory is full, the oldest place is forgotten for the newest.",
        "The frame just before this block; the next block takes its place.",
        (86, 180, 233),
        0,
    ),
    "mag": PolicyRow(
        "MAG (remembers moments)",
        "Keeps one frame of every block, reads all of them.",
        "When memory is full, the oldest block is forgotten for the newest.",
        colour=(0, 178, 130),
        corners=4,
    ),
    "full": PolicyRow(
        "Everything",
        "Keeps every frame until memory is full, reads all.",
        "When memory is full, the oldest frame is forgotten for the newest.",
        "This policy keeps every frame as it is.",
        (240, 228, 66),
        5,
    ),
    "window": PolicyRow(
        "Window (last seconds only)",
        "Keeps the newest blocks and forgets what you leave.",
        "The size does not matter here: only the newest blocks are kept.",
        "Kept until its block is no longer one of the newest.",
        (230, 159, 0),
        3,
        keeps_places=False,
    ),
    "none": PolicyRow(
        "Nothing",
        "Keeps nothing: what leaves the view is invented anew.",
        "The size does not matter here: nothing is kept.",
        colour=(222, 110, 60),
        corners=2,
        keeps_places=False,
    ),
}


def policy_row(policy: str) -> PolicyRow:
    """Return the row of a policy; one that the table lacks goes by its own name."""
    return POLICIES.get(policy) or PolicyRow(policy, "It decides what is kept and what is read.")
