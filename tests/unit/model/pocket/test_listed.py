"""The list of things for players has the land that they see, too."""

from dataclasses import replace
from unittest.mock import Mock

import numpy as np

from mag_sandbox.controls.edits import LARGEST
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.surroundings import Place
from mag_sandbox.model.pocket.listed import as_edits, as_listed, things_at_start
from mag_sandbox.model.pocket.painting.painting import Plan

HILLS = PlacedObject("hills", 294.0, -20.0, 360.0, 66.0, (90, 160, 90), (90, 160, 90), 0)
DUNES = PlacedObject("dunes", 60.0, 2.0, 109.0, 11.0, (230, 200, 120), (230, 200, 120), 0)


def test_hills_all_around_are_listed_in_each_direction_where_they_rise():
    hills, dunes = as_listed([HILLS]), as_listed([DUNES])
    assert [(one.yaw, one.pitch - one.height / 2) for one in hills] == [
        (0.0, 0.0), (90.0, 0.0), (180.0, 0.0), (270.0, 0.0),
    ]  # fmt: skip
    assert [(one.yaw, one.width) for one in dunes] == [(60.0, LARGEST[0])]
    assert as_edits([HILLS, DUNES]) == (), "no player can point at them as at things"


def test_things_on_sketched_ground_are_listed_unless_it_is_to_be_planned_anew():
    nothing = np.zeros((16, 96), bool)
    cat = replace(DUNES, kind="cat", width=5.0)
    inventor = Mock(
        plan=Plan("a cat", 7, (cat,)), noise=7, coming_prompt=None, forgotten=nothing, relit=nothing
    )
    inventor.around.known = nothing
    inventor.imagination.visible = lambda things: range(len(things))
    inventor.imagination.lattice.box.return_value = Place(8, 20, 1, 1)
    assert things_at_start(inventor, (cat,)) == [cat]
    inventor.coming_prompt = "a dog"
    assert things_at_start(inventor, (cat,)) == []
