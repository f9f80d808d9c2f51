"""A real window under Xvfb: it opens, shows the world, and takes keys from the outside."""

import json
import os
import select
import shutil
import subprocess
import sys

import pytest
from PIL import Image, ImageGrab, features

from tests import ROOT
from tests.patience import PATIENCE

PLAYER = """
import json, sys
from mag_sandbox.sandbox.app import run
from mag_sandbox.sandbox.play.session import Playthrough
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.scenes import load_scene
from tests.doubles import FakeWorld
from tests.patience import PATIENCE

class Reporter:
    def on_start(self, event, block): print("started", flush=True)
    def on_block(self, event, block): print(event.block_index, event.control.camera.yaw, flush=True)
    def on_end(self, event): print("ended", event.reason, flush=True)

config = SandboxConfig(window_width=1280, window_height=720)
playthrough = Playthrough(load_scene("desert"), 7)
summary = run(lambda progress: FakeWorld(), playthrough, config, [Reporter()])
print(json.dumps({"reason": summary.reason, "frames": summary.frames, "error": summary.error,
                  "latencies": summary.latencies_ms, "overhead": summary.overhead_ms}))
"""

pytestmark = [
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed"),
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed"),
    pytest.mark.skipif(not features.check("xcb"), reason="Pillow cannot read an X screen here"),
]


@pytest.fixture
def display():
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x720x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    ready, _, _ = select.select([read], [], [], PATIENCE)
    try:
        assert ready, "Xvfb did not start"
        yield f":{os.read(read, 16).decode().strip()}"
    finally:
        os.close(read)
        server.terminate()
        server.wait(PATIENCE)


@pytest.fixture
def player(display):
    environment = {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11"}
    process = subprocess.Popen(
        [sys.executable, "-c", PLAYER],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield process
    process.kill()
    process.wait(PATIENCE)


def press(display: str, action: str, key: str) -> None:
    environment = {**os.environ, "DISPLAY": display}
    subprocess.run(["xdotool", action, key], env=environment, check=True, timeout=PATIENCE)


def read_until(process: subprocess.Popen, wanted: str) -> str:
    for line in process.stdout:
        if wanted in line:
            return line
    raise AssertionError(f"the player ended without saying {wanted!r}")


def test_a_person_can_look_around_and_leave(display, player):
    read_until(player, "started")
    read_until(player, "2 0.0")
    before = ImageGrab.grab(xdisplay=display)
    press(display, "keydown", "Right")
    read_until(player, " 1.0")
    for _ in range(4):
        read_until(player, " 1.0")
    after = ImageGrab.grab(xdisplay=display)
    press(display, "keyup", "Right")
    press(display, "key", "Escape")
    assert "ended left" in read_until(player, "ended")
    summary = json.loads(read_until(player, "reason"))
    assert (summary["reason"], summary["error"]) == ("left", None)
    assert summary["frames"] > 10
    assert summary["latencies"]
    assert is_a_picture(before)
    assert is_a_picture(after)
    assert before.tobytes() != after.tobytes()


def is_a_picture(screen: Image.Image) -> bool:
    """Whether there are many colours in the middle, where no card is."""
    middle = screen.convert("RGB").crop((300, 200, 980, 520))
    return len(middle.getcolors(maxcolors=1 << 20)) > 100
