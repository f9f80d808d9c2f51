"""Measures the game in Chromium: frames and shifts, delays, processor time, and a slow connection.

python -m tests.browser_bench [--fake] [--slow]

--fake: a world without networks, to measure the rest; --slow: only the slow connection.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from mag_sandbox.sandbox.browser.page_view import PageView
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.commands.browser import play_page
from tests.chromium import Chromium, Page
from tests.pages import Pages, play_fake

MEADOW = "#scene=meadow&seed=7"
LARGE = (1280, 720)  # px of a page
PLAYS = "shown !== null && shown.header.plays && Boolean(shown.header.pose)"
TURN_S = 12.0
SLOW_S = 60.0
RATE, WAY_S = 2e6 / 8, 0.1  # of the slow connection: bytes a second; there, and as long back
COUNT = """(() => {
  globalThis.seen = { frames: [], drawn: 0, ages: [] };
  const take = show;
  show = (image, told) => {
    seen.frames.push(performance.now());
    seen.ages.push(Date.now() - told.at);
    take(image, told);
  };
  let before = "";
  const look = () => {
    const now = [newest, warp.yaw, warp.pitch].join();
    if (now !== before) seen.drawn += 1;
    before = now;
    requestAnimationFrame(look);
  };
  look();
})()"""
ANSWER = """new Promise((resolve) => {
  const pose = shown.header.pose[0];
  let warped = 0, begun = 0;
  addEventListener("keydown", () => { begun = performance.now(); }, { once: true, capture: true });
  const look = () => {
    if (begun && !warped && warp.yaw) warped = performance.now() - begun;
    const now = shown.header.pose || [pose];
    if (begun && now[0] !== pose) resolve([warped, performance.now() - begun]);
    else requestAnimationFrame(look);
  };
  look();
})"""


def play_real(pipe) -> None:
    """Play the pocket world; in a game's own process."""
    count_spent()
    play_page(WorldChoice(), None, pipe)


def count_spent() -> None:
    """Tell the page what taking, coding and sending pictures has taken so far [s]."""
    spent = {}

    def counted(name):
        function = getattr(PageView, name)

        def run(*told, **more):
            begun = time.thread_time()
            try:
                return function(*told, **more)
            finally:
                spent[name] = spent.get(name, 0.0) + time.thread_time() - begun

        return run

    take, PageView._send_picture = counted("_captured"), counted("_send_picture")

    def captured(view, screen):
        pixels, told = take(view, screen)
        return pixels, told | {"spent": sum(spent.values())}

    PageView._captured = captured


def processor_s(pages: Pages) -> float:
    """Return the processor time of the server and its games so far [s]."""
    told = [psutil.Process(os.getpid()), *(psutil.Process(one.process.pid) for one in pages.games)]
    return sum(sum(one.cpu_times()[:2]) for one in told)


def threads(pages: Pages) -> dict[int, float]:
    """Return the processor time of every thread of the games so far [s]."""
    games = [psutil.Process(one.process.pid) for one in pages.games]
    return {one.id: one.user_time + one.system_time for game in games for one in game.threads()}


def turning(page: Page, pages: Pages, seconds: float) -> dict[str, Any]:
    """Hold a key and count."""
    page.ask(COUNT)
    page.key("ArrowRight", True)
    begun, spent, each = time.perf_counter(), processor_s(pages), threads(pages)
    own, path = sum(psutil.Process().cpu_times()[:2]), page.ask("shown.header.spent || 0")
    time.sleep(seconds)
    taken = time.perf_counter() - begun
    cores = (processor_s(pages) - spent) / taken
    path = page.ask("shown.header.spent || 0") - path
    path += sum(psutil.Process().cpu_times()[:2]) - own  # of the server, which the bench is
    now = threads(pages)
    busiest = sorted((now[one] - each.get(one, 0.0)) / taken for one in now)[::-1][:4]
    seen = json.loads(page.ask("JSON.stringify(seen)"))
    page.key("ArrowRight", False)
    ages = sorted(seen["ages"])
    return {
        "world_fps": round(len(seen["frames"]) / taken, 1),
        "displayed_fps": round(seen["drawn"] / taken, 1),
        "cores": round(cores, 2),
        "cores_of_pictures": round(path / taken, 2),
        "cores_of_threads": [round(one, 3) for one in busiest],
        "age_ms_median": ages[len(ages) // 2] if ages else -1,
        "age_ms_most": ages[-1] if ages else -1,
    }


def answers(page: Page, count: int = 9) -> dict[str, float]:
    """Press a key while nothing moves, again and again."""
    warped, framed = [], []
    for _ in range(count):
        page.wait("warp.yaw === 0 && !held.size")
        time.sleep(1.0)
        page.wait("shown.header.pose")  # no comparison lies over the picture
        page.ask(f"globalThis.answer = {ANSWER}; 0")
        page.key("ArrowRight", True)
        told = page.ask("answer")
        page.key("ArrowRight", False)
        warped.append(told[0])
        framed.append(told[1])
    middle = count // 2
    return {
        "key_to_shift_ms": round(sorted(warped)[middle]),
        "key_to_frame_ms": round(sorted(framed)[middle]),
    }


class SlowLine:
    """A proxy to a port, as slow as a bad connection."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True).start()
        self._ready.wait()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=4096)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _meet(self, reader, writer) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to, limit=4096)
        await asyncio.gather(self._carry(reader, back, 1e9), self._carry(there, writer, RATE))

    async def _carry(self, reader, writer, rate) -> None:
        queue: asyncio.Queue = asyncio.Queue(64)  # what a router holds: a quarter of a megabyte

        async def deliver() -> None:
            while (one := await queue.get())[1]:
                await asyncio.sleep(max(0.0, one[0] - time.perf_counter()))
                writer.write(one[1])
            writer.close()

        task, free_at = asyncio.create_task(deliver()), 0.0
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                free_at = max(free_at, time.perf_counter()) + len(data) / rate
                await asyncio.sleep(max(0.0, free_at - time.perf_counter()))
                await queue.put((time.perf_counter() + WAY_S, data))
        await queue.put((0.0, b""))
        await task


def tell(name: str, told: dict[str, Any]) -> None:
    print(json.dumps({name: told}), flush=True)  # noqa: T201 -- a program


def measure(chromium: Chromium, pages: Pages) -> None:
    """Measure on this machine's loopback."""
    page = chromium.open(pages.url + MEADOW, LARGE)
    page.wait(PLAYS)
    time.sleep(4.0)
    tell("turning", turning(page, pages, TURN_S))
    tell("answers", answers(page))
    page.press("Escape")
    page.wait("!shown.header.plays")
    page.close()


def main() -> None:
    """Measure, and print what was measured."""
    play = play_fake if "--fake" in sys.argv else play_real
    with (
        tempfile.TemporaryDirectory() as profile,
        Chromium(Path(profile)) as chromium,
        Pages(play) as pages,
    ):
        if "--slow" not in sys.argv:
            measure(chromium, pages)
        line = SlowLine(pages.port)
        desert = MEADOW.replace("meadow", "desert")
        page = chromium.open(f"http://localhost:{line.port}/{desert}", LARGE)
        page.wait(PLAYS)
        tell("slow", turning(page, pages, SLOW_S))
        page.close()


if __name__ == "__main__":
    main()
