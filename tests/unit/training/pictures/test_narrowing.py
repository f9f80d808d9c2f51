"""A network of close-ups that is narrowed."""

import torch

from mag_sandbox.model.imagination.drawing.close_up import NUMBERS, WITHIN, CloseUp
from mag_sandbox.training.pictures.narrowing import narrowed, widths_of

WIDE = 20, 40, 56, 20


def batch() -> tuple[torch.Tensor, ...]:
    pictures = [torch.rand(2, count, 16, 16) for count in (4, 2, 4, 4)]
    return *pictures, torch.tensor([3, 4]), torch.tensor([1, 0]), torch.rand(2, NUMBERS)


def test_channels_that_the_rest_can_stand_in_for_are_left_out():
    torch.manual_seed(0)
    wide = CloseUp(WIDE).eval()
    assert widths_of(wide.state_dict()) == WIDE
    for name, module in wide.named_modules():
        stay = next((f for f, w in zip(WITHIN, WIDE, strict=True) if is_within(module, w)), 0)
        if stay and name.endswith(("first", "twofold")):  # the rest repeat the first ones
            told = name.replace("first", "told") if "first" in name else "twofold_told"
            repeat_first(module, stay)
            for half in wide.get_submodule(told).weight.chunk(2):
                half.data[stay:] = half.data[: len(half) - stay]
            for half in wide.get_submodule(told).bias.chunk(2):
                half.data[stay:] = half.data[: len(half) - stay]
    given = batch()
    with torch.no_grad():
        network = narrowed(wide, [given])
        assert widths_of(network.state_dict()) == WITHIN
        assert torch.allclose(network(*given), wide(*given), atol=1e-3)


def is_within(module: torch.nn.Module, width: int) -> bool:
    return isinstance(module, torch.nn.Conv2d) and module.out_channels == width


def repeat_first(module: torch.nn.Module, count: int) -> None:
    for values in (module.weight.data, module.bias.data):
        values[count:] = values[: len(values) - count]
