"""Tensors are parked and come back bit for bit."""

import numpy as np
import pytest
import torch

from mag_sandbox.model.parking import packed, unpacked

NOTHING = np.ones((4, 5), np.float32)[:, np.zeros(5, bool)]  # its strides are 0


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([[1.5, -2.0], [3.0, 0.0]]),
        torch.tensor([[1.5, -2.0]], dtype=torch.bfloat16).expand(3, 2),
        torch.ones(2, 1).T,
        torch.tensor([1, 2]),
        torch.from_numpy(NOTHING),
        torch.empty(2, 0, 3),
    ],
)
def test_a_tensor_of_any_numbers_and_strides_comes_back(tensor):
    state = packed({"some": tensor}, {})
    assert state.arrays["some"].dtype == np.uint8
    there = unpacked(state)["some"]
    assert there.dtype == tensor.dtype
    assert torch.equal(there, tensor)
