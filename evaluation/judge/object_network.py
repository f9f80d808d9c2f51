"""The network that names what stands around a place: small things, wherever they stand.

A label says what is in the ring, never where. Each channel's strongest answer finds single small
things, but passes its gradient to one place alone, and so learns late; its mean over all places
reaches them all from the first step. Both are read.
"""

from collections.abc import Sequence

from torch import Tensor, cat, nn

CHANNELS = 56  # of the last layer
_STEM = (20, 40)
_NARROW = 24  # channels inside a block


class ObjectNetwork(nn.Module):
    """Convolutions without a view's layout, and one linear layer of all questions.

    >>> network = ObjectNetwork([4, 3])
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        """Build an untrained network; `sizes` are the numbers of values of the questions."""
        super().__init__()
        self.sizes = list(sizes)
        first, second = _STEM
        self.trunk = nn.Sequential(
            *_convolution(3, first, 3, stride=2), nn.ReLU(),
            *_convolution(first, second, 3, stride=2), nn.ReLU(),
            _Block(second), _Block(second),
            *_convolution(second, CHANNELS, 3, stride=2), nn.ReLU(),
        )  # fmt: skip
        self.heads = nn.Linear(2 * CHANNELS, sum(self.sizes))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return each channel's strongest answer and its mean, [B, CHANNELS] both.

        Args:
            pictures: [B, 3, H, W] in [-1, 1], a view 96 high and 160 wide; wider ones will do.
        """
        maps = self.trunk(pictures).float()
        return maps.amax((2, 3)), maps.mean((2, 3))

    def answers(self, strongest: Tensor, mean: Tensor) -> list[Tensor]:
        """Return the logits of every question, [..., values], of what `forward` returns.

        Of several views of a place: of the highest of their strongest and the mean of their means.
        """
        return list(self.heads(cat((strongest, mean), -1)).split(self.sizes, -1))


class _Block(nn.Module):
    """A residual bottleneck."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            *_convolution(channels, _NARROW, 1), nn.ReLU(),
            *_convolution(_NARROW, _NARROW, 3), nn.ReLU(),
            *_convolution(_NARROW, channels, 1),
        )  # fmt: skip

    def forward(self, maps: Tensor) -> Tensor:
        return (maps + self.inner(maps)).relu()


def _convolution(width: int, wider: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(width, wider, kernel, stride, padding=kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(wider)]
