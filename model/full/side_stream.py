"""A side stream: work on a thread of its own and, on a card, a CUDA stream of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")


class SideStream:
    """Does one thing after the other while the caller does something else.

    side_stream = SideStream("cuda")
    frames = side_stream.start(lambda: video.decode(latents))  # what was computed so far is there
    remember(latents)
    frames.result()
    """

    def __init__(self, device: str) -> None:
        self._stream = torch.cuda.Stream(device) if device.startswith("cuda") else None
        threads = torch.get_num_threads()
        self._thread = ThreadPoolExecutor(1, "side-stream", torch.set_num_threads, (threads,))

    def start(self, work: Callable[[], Result]) -> "Future[Result]":
        """Begin, in inference mode; what it returns must lie on the host."""
        until_now = torch.cuda.current_stream().record_event() if self._stream else None
        return self._thread.submit(self._do, work, until_now)

    def close(self) -> None:
        """Let go of the thread."""
        self._thread.shutdown()

    def _do(self, work: Callable[[], Result], until_now: torch.cuda.Event | None) -> Result:
        with torch.inference_mode():
            if self._stream is None or until_now is None:
                return work()
            self._stream.wait_event(until_now)
            with torch.cuda.stream(self._stream):
                result = work()
            self._stream.synchronize()  # so that whatever it read may be freed
            return result
