"""Work around a device: streams beside it, networks that wait on the host, smaller plans."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from mag_sandbox.model.catalogue.memory_plan import MemoryPlan, next_smaller
from mag_sandbox.model.catalogue.worlds import WorldRow
from mag_sandbox.model.kv_cache import to_host
from mag_sandbox.model.world import WorldFailed

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


class OomFallback:
    """Does work, and if the device is out of memory, again under a smaller plan.

    fallback = OomFallback(row, plan, has_tiny=True, change=world.apply_plan, tell=say)
    latents = fallback.run(lambda: denoise(noise))
    fallback.plan  # the present one
    """

    def __init__(
        self,
        row: WorldRow,
        plan: MemoryPlan,
        *,
        has_tiny: bool,
        change: Callable[[MemoryPlan, MemoryPlan], None],
        tell: Callable[[str], None],
    ) -> None:
        """Begin with a plan; `change` goes to a smaller one, `tell` informs the player."""
        self.plan = plan
        self._row, self._has_tiny = row, has_tiny
        self._change, self._tell = change, tell

    def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, which must change nothing if it fails.

        Raises:
            WorldFailed: there is no room, and no smaller plan.
        """
        while True:
            try:
                return work()
            except torch.cuda.OutOfMemoryError as error:
                plan = self._smaller()
                if plan is None:
                    raise WorldFailed(
                        "the device's memory is full and nothing more can be offloaded; "
                        "close other "
                        "programs or play the pocket world"
                    ) from error
            self._give_up(plan)  # out of `except`, whose traceback holds tensors

    def _smaller(self) -> MemoryPlan | None:
        """Return the next smaller plan; None: there is none, or other devices cannot follow."""
        if self.plan.devices > 1:
            return None
        return next_smaller(self._row, self.plan, tiny_decoder=self._has_tiny)

    def _give_up(self, plan: MemoryPlan) -> None:
        sentence = f"the device's memory is full; continuing with {plan.words()}"
        logger.warning(sentence)
        self._tell(sentence)
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        before, self.plan = self.plan, plan
        self._change(before, plan)


class OffloadedNetwork:
    """A network that may wait in main memory and come to the device only while it is used.

    writer = OffloadedNetwork(network, "cuda")
    writer.offloaded = True  # from now on in main memory between uses
    with writer:
        network(...)

    Its weights never change, so they are copied to main memory once and never back.
    """

    def __init__(self, network: nn.Module, device: str) -> None:
        self._network, self._device = network, device
        self._waiting: list[Tensor] = []  # a copy of each weight, in main memory
        self.offloaded = False

    def __enter__(self) -> None:
        if not self.offloaded:
            return
        with _movable():
            self._waiting = self._waiting or [to_host(one, self._device) for one in self._weights()]
            for weight, copy in zip(self._weights(), self._waiting, strict=True):
                if weight.device.type == "cpu":
                    weight.data = copy.to(self._device, non_blocking=True)

    def __exit__(self, *failure: object) -> None:
        if not self.offloaded:
            return
        with _movable():
            for weight, copy in zip(self._weights(), self._waiting, strict=True):
                weight.data = copy

    def _weights(self) -> list[Tensor]:
        return [*self._network.parameters(), *self._network.buffers()]


@contextmanager
def _movable() -> Iterator[None]:
    """Leave inference mode: tensors moved in it could not be moved again outside."""
    with torch.inference_mode(False), torch.no_grad():
        yield


class SideStream:
    """Runs work in order beside the caller.

    side_stream = SideStream("cuda")
    frames = side_stream.start(lambda: video.decode(latents))  # sees the results so far
    remember(latents)
    frames.result()
    """

    def __init__(self, device: str) -> None:
        self._stream = torch.cuda.Stream(device) if device.startswith("cuda") else None
        threads = torch.get_num_threads()
        self._thread = ThreadPoolExecutor(1, "side-stream", torch.set_num_threads, (threads,))

    def start(self, work: Callable[[], Result]) -> "Future[Result]":
        """Begin work, in inference mode; its result must lie on the host."""
        until_now = torch.cuda.current_stream().record_event() if self._stream else None
        return self._thread.submit(self._do, work, until_now)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _do(self, work: Callable[[], Result], until_now: torch.cuda.Event | None) -> Result:
        with torch.inference_mode():
            if self._stream is None or until_now is None:
                return work()
            self._stream.wait_event(until_now)
            with torch.cuda.stream(self._stream):
                result = work()
            self._stream.synchronize()  # so that its inputs may be freed
            return result
