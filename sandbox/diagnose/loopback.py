"""Measures what a server on this machine adds to a block, against the same world played here.

Both make the same blocks, one after the other in turn, so that whatever else the machine does
disturbs both alike.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter, sleep
from typing import Any

from mag_sandbox.command_line import Say
from mag_sandbox.model.loading import ServerAddress
from mag_sandbox.model.world import NETWORK, SERVER, Control, FrameBlock, World, WorldFailed
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.play.pacing import percentile
from mag_sandbox.sandbox.play.scripts import wander
from mag_sandbox.sandbox.play.session import digest_of
from mag_sandbox.scenes import Scene

PLAYERS = 2
WARM_BLOCKS = 4  # that are not counted
SETTLE_S = 0.1  # before a block is timed: a server looks ahead right after one [s]


@dataclass(frozen=True, slots=True)
class LoopbackPlan:
    """The plan of a measurement."""

    choice: WorldChoice
    scene: Scene
    seed: int
    blocks: int = 60


def run(plan: LoopbackPlan, say: Say) -> dict[str, Any]:
    """Measure one player against play here, then two players at once; return plain JSON data."""
    with _server(plan.choice.name) as address:
        say(f"1/2 {plan.blocks} blocks here and by {address.url}, in turn")
        one = _compared(plan, address)
        say(f"2/2 {PLAYERS} players at once, {plan.blocks} blocks each")
        fps = _crowded(plan, address)
    return {**one, "players": PLAYERS, "fps_of_each": fps, "world": plan.choice.name}


def _compared(plan: LoopbackPlan, address: ServerAddress) -> dict[str, Any]:
    with closing(plan.choice.load()) as here:
        execution = here.provenance().get("execution")
        alike = replace(plan.choice, execution=execution, server=address)
        with closing(alike.load()) as there:
            firsts = [world.reset(plan.scene, plan.seed) for world in (here, there)]
            same = int(_same(*firsts))
            here_ms, there_ms, network_ms, server_ms = [], [], [], []
            for control in _controls(plan):
                block, took = _timed(here, control)
                other, took_there = _timed(there, control)
                same += _same(block, other)
                here_ms.append(took)
                there_ms.append(took_there)
                network_ms.append(other.stage_ms[NETWORK])
                server_ms.append(other.stage_ms[SERVER])
    counted = slice(WARM_BLOCKS, None)
    added = [there - here for here, there in zip(here_ms, there_ms, strict=True)]
    return {
        "block_ms": round(median(here_ms[counted]), 2),
        "remote_block_ms": round(median(there_ms[counted]), 2),
        "added_ms": round(median(added[counted]), 2),
        "network_ms": round(median(network_ms[counted]), 2),
        "network_p95_ms": round(percentile(network_ms[counted], 0.95), 2),
        "server_ms": round(median(server_ms[counted]), 2),
        "equal_digests": f"{same} of {len(here_ms) + 1}",
    }


def _crowded(plan: LoopbackPlan, address: ServerAddress) -> list[float]:
    def play(number: int) -> float:
        with closing(replace(plan.choice, server=address).load()) as world:
            world.reset(plan.scene, plan.seed + number)
            controls = _controls(replace(plan, seed=plan.seed + number))
            for control in controls[:WARM_BLOCKS]:
                world.step(control)
            began = perf_counter()
            frames = sum(len(world.step(control).frames) for control in controls[WARM_BLOCKS:])
            return round(frames / (perf_counter() - began), 2)

    with ThreadPoolExecutor(PLAYERS) as players:
        return list(players.map(play, range(PLAYERS)))


@contextmanager
def _server(world: str) -> Iterator[ServerAddress]:
    command = [sys.executable, "-m", "mag_sandbox", "serve", "--world", world, "--port", "0"]
    command += ["--max-sessions", str(PLAYERS + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            matches = (re.search(r"ws://\S+?(?=;|$)", line) for line in process.stdout)
            url = next((found for found in matches if found), None)
            if url is None:
                raise WorldFailed("the server cannot be run, so nothing was measured; see above")
            yield ServerAddress(url[0])
        finally:
            process.terminate()


def _controls(plan: LoopbackPlan) -> list[Control]:
    return [Control(command) for command in wander(plan.blocks, plan.seed)]


def _timed(world: World, control: Control) -> tuple[FrameBlock, float]:
    while world.prepare():
        pass
    sleep(SETTLE_S)
    began = perf_counter()
    block = world.step(control)
    return block, 1000 * (perf_counter() - began)


def _same(block: FrameBlock, other: FrameBlock) -> bool:
    return digest_of(block.frames) == digest_of(other.frames)
