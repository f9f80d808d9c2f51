"""Low precision, on the devices there are: single values may stray by much, all of them little."""

import pytest
import torch

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
DEVICES = ("cpu", pytest.param("cuda", marks=(pytest.mark.gpu, NO_CUDA)))


def relative_rms(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the root mean square of the difference, as a fraction of that of `expected`."""
    actual, expected = actual.double().cpu(), expected.double().cpu()
    return ((actual - expected).pow(2).mean() / expected.pow(2).mean()).sqrt().item()
