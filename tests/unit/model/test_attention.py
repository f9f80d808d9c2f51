"""All attention kernels that run here agree, and one of them is chosen once."""

import sys
from types import ModuleType

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mag_sandbox.model import attention
from mag_sandbox.model.attention import (
    KERNELS,
    candidate_kernels,
    choose_kernel,
    matmul_attention,
    named_kernel,
    runs,
    sdpa_attention,
)

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
TYPES = {"cpu": torch.float32, "cuda": torch.bfloat16}


def tensors(device: str, dtype: torch.dtype) -> list[torch.Tensor]:
    """Return queries, keys and values that lie as in a cache: heads outside, views of more."""
    draw = torch.Generator().manual_seed(0)
    q = torch.randn(2, 3, 20, 64, generator=draw)
    k, v = torch.randn(2, 2, 3, 50, 64, generator=draw)
    q, k, v = (x.to(device, dtype).transpose(1, 2) for x in (q, k, v))
    return [q, k[:, 5:45], v[:, 5:45]]


@pytest.fixture(autouse=True)
def skip_without_gpu(request):
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")


@pytest.mark.parametrize(
    ("device", "dtype"),
    [
        ("cpu", torch.float32),
        ("cpu", torch.bfloat16),
        pytest.param("cuda", torch.bfloat16, marks=pytest.mark.gpu),
    ],
)
def test_all_kernels_that_run_here_agree(device, dtype):
    found = {
        name: kernel
        for name, kernel in {**KERNELS, **candidate_kernels()}.items()
        if runs(kernel, device, dtype, 64)
    }
    assert {"matmul", "sdpa", "sdpa flash", "sdpa math"} <= set(found)
    q, k, v = tensors(device, dtype)
    exact = matmul_attention(q.double(), k.double(), v.double())
    for name, kernel in found.items():
        error = (kernel(q, k, v).double() - exact).abs().max()
        assert error < (1e-5 if dtype is torch.float32 else 2e-2), name


@pytest.mark.parametrize("device", DEVICES)
def test_the_chosen_kernel_is_the_first_that_runs(device):
    name, kernel = choose_kernel(device, TYPES[device], 64)
    refused = []
    for candidate, other in candidate_kernels().items():
        if candidate == name:
            break
        refused.append(runs(other, device, TYPES[device], 64))
    assert not any(refused)
    assert name in candidate_kernels()
    assert runs(kernel, device, TYPES[device], 64)


def test_where_nothing_special_runs_plain_attention_is_chosen(monkeypatch):
    monkeypatch.setattr(attention, "candidate_kernels", dict)
    assert choose_kernel("cpu", torch.float32, 64) == ("sdpa", sdpa_attention)


def test_kernels_are_found_by_the_name_that_was_reported():
    name, _ = choose_kernel("cpu", torch.float32, 64)
    q, k, v = tensors("cpu", torch.float32)
    assert torch.allclose(named_kernel(name)(q, k, v), sdpa_attention(q, k, v), atol=1e-5)
    assert named_kernel("matmul") is matmul_attention
    with pytest.raises(ValueError, match='attention "magic" is not installed; available: matmul'):
        named_kernel("magic")


@pytest.mark.parametrize("name", list(attention.FLASH_PACKAGES))
def test_an_installed_flash_package_is_preferred_and_called_with_its_own_axes(monkeypatch, name):
    package = attention.FLASH_PACKAGES[name]
    module = ModuleType(package)

    def flash_attn_func(q, k, v):
        assert q.shape[3] == k.shape[3] == 64 and q.shape[2] == v.shape[2]  # [B, L, N, D]
        mixed = matmul_attention(q, k, v)
        return (mixed, None) if name.endswith("3") else mixed

    module.flash_attn_func = flash_attn_func
    monkeypatch.setitem(sys.modules, package, module)
    monkeypatch.setattr(
        attention, "find_spec", lambda wanted: module if wanted == package else None
    )
    chosen, kernel = choose_kernel("cpu", torch.float32, 64)
    assert chosen == name
    q, k, v = tensors("cpu", torch.float32)
    assert torch.equal(kernel(q, k, v), matmul_attention(q, k, v))


def test_a_package_that_is_installed_and_does_not_run_is_passed_over(monkeypatch):
    module = ModuleType("flash_attn")  # without its function, as on a machine it was not built for
    monkeypatch.setitem(sys.modules, "flash_attn", module)
    monkeypatch.setattr(
        attention, "find_spec", lambda wanted: module if wanted == "flash_attn" else None
    )
    assert "flash-attn 2" in candidate_kernels()
    name, _ = choose_kernel("cpu", torch.float32, 64)
    assert name.startswith("sdpa")


class Permitted(TorchDispatchMode):
    """Notes for every operation whether all of PyTorch's attentions are still allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[bool, bool]] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        of = torch.backends.cuda
        self.seen.add((of.flash_sdp_enabled(), of.math_sdp_enabled()))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", ["sdpa flash", "sdpa math"])
def test_kernels_leave_the_attention_of_other_threads_alone(name):
    """The autoencoder's runs beside them, with heads so wide that few kernels take them."""
    with Permitted() as permitted:
        named_kernel(name)(*tensors("cpu", torch.float32))
    assert permitted.seen == {(True, True)}


def test_a_kernel_that_returns_nan_is_not_chosen():
    def broken(q, k, v):
        return q.where(q == 0, torch.nan)

    assert runs(sdpa_attention, "cpu", torch.float32, 64)
    assert not runs(broken, "cpu", torch.float32, 64)
