"""A network that may wait in main memory and come to the device only while it is used."""

import torch
from torch import nn


class Visitor:
    """Holds a network.

    writer = Visitor(network, "cuda")
    writer.waits = True  # from now on in main memory between uses
    with writer:
        network(...)
    """

    def __init__(self, network: nn.Module, device: str) -> None:
        self._network, self._device = network, device
        self.waits = False

    def __enter__(self) -> None:
        if self.waits:
            self._move(self._device)

    def __exit__(self, *failure: object) -> None:
        if self.waits:
            self._move("cpu")

    def _move(self, device: str) -> None:
        # parameters moved in inference mode could not be moved again outside it
        with torch.inference_mode(False), torch.no_grad():
            self._network.to(device)
