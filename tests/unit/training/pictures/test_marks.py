"""What marks kinds of things: told from drawings of each alone."""

import pytest
import torch

from mag_sandbox.model.checkpoints import eight_bits, load_into, write_tensors
from mag_sandbox.model.imagination.drawing.close_up import MARKED, CloseUp
from mag_sandbox.training.pictures.marks import marks_of_kinds, usual_marks

EYE = slice(8, 12), slice(6, 10)


def faces(*, is_mirrored: bool) -> torch.Tensor:
    """Return faces in any colour with a white eye at the left, of odd ones maybe at the right."""
    drawn = torch.ones(6, 4, 32, 32)
    drawn[:, :3] = torch.linspace(0.2, 0.7, 6)[:, None, None, None]
    drawn[:, :3, EYE[0], EYE[1]] = 1.0
    if is_mirrored:
        drawn[1::2] = drawn[1::2].flip(3)
    return drawn


@pytest.mark.parametrize("is_mirrored", [True, False])
def test_marks_stand_out_from_what_is_around_them_in_any_colour(is_mirrored: bool):
    marks, found = usual_marks(faces(is_mirrored=is_mirrored))
    assert found == is_mirrored
    assert marks[:3, EYE[0], EYE[1]].min() > 1
    assert marks[:3, :, 20:].abs().max() < 0.01
    assert (marks[3] == 1).all()


def test_kinds_that_stand_have_marks_and_their_mirrored_shapes_are_told(tmp_path):
    network = CloseUp()
    marks, mirrored = marks_of_kinds(["zombie", "round rug", "treasure chest", "ball lamp"], 0)
    assert marks.shape == network.marks.shape
    assert [bool(one.any()) for one in marks[:5]] == [True, False, True, False, False]
    assert mirrored[0] == 1
    network.marks.copy_(marks)
    network.mirrored.copy_(mirrored)
    left, right, none = network.marks_of(torch.tensor([0, 0, 1]), torch.tensor([2, 3, 3]))
    assert left.shape == (4, MARKED, MARKED)
    assert torch.equal(left, right.flip(2)) and not torch.equal(left, right)
    assert not none.any()
    state = network.state_dict()
    write_tensors(tmp_path / "close_up.safetensors", state | eight_bits("marks", state["marks"]))
    read = CloseUp()
    load_into(read, tmp_path / "close_up.safetensors")
    assert torch.allclose(read.marks, marks, atol=0.02)


def test_a_chest_is_marked_by_its_lock():
    lock = slice(20, 28), slice(20, 28)
    marks = marks_of_kinds(["treasure chest"], 0)[0][0].view(4, MARKED, MARKED)
    strength = marks[:3].abs().mean(0)
    assert strength[lock].max() > 3 * strength.mean()
