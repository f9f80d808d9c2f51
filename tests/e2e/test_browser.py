"""The game in Chromium: it shows the world, takes real keys, and goes on after every end."""

import base64
import hashlib
import io
import json
import signal
import struct
import subprocess
import time
from contextlib import closing, contextmanager, suppress

import numpy as np
import pygame
import pytest
from PIL import Image

from mag_sandbox.controls.camera import CameraPose, CameraSpeed
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.files.folders import HOME_VARIABLE, data_folder
from mag_sandbox.model.remote.serving import ListenAddress
from mag_sandbox.sandbox.browser import server
from mag_sandbox.sandbox.browser.page_view import MarginPicture
from mag_sandbox.sandbox.browser.video import H264Encoder
from mag_sandbox.sandbox.play.late_warp import OVERSCAN, SHOWN
from mag_sandbox.sandbox.play.parked_scene import StateError
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.screens.play import WarpablePicture
from mag_sandbox.sandbox.services import PARKED
from mag_sandbox.sandbox.ui.display import Picture, flat_picture, window
from tests import ROOT
from tests.certificates import NEEDS_OPENSSL, certify_localhost
from tests.chromium import Chromium, needs_chromium
from tests.forks import FORKS
from tests.pages import Pages, play_walking
from tests.patience import eventually
from tests.unit.sandbox.browser.test_video import ENOUGH_DB, pixels, some_screens

pytestmark = [needs_chromium, pytest.mark.slow, pytest.mark.timeout(600)]
PLAYS = "shown !== null && shown.header.plays && Boolean(shown.header.pose)"
SETTLED = """(async () => {
  if (decoder) await decoder.flush();
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
})()"""  # what has come is drawn
MEADOW = "#scene=meadow&seed=7"
LARGE = (1280, 720)
SETTINGS, FIRST_STEPS = (1095, 43), (1048, 524)  # px of it: a button of the title, a setting
SECRET = "a-secret-that-is-long-enough"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with Pages() as opened:
        yield opened


@pytest.fixture
def meadow(chromium, pages):
    page = chromium.open(pages.url + MEADOW)
    page.wait(PLAYS)
    yield page
    page.close()


def colours(page) -> int:
    picture = Image.open(io.BytesIO(page.picture())).convert("RGB")
    return len(picture.getcolors(maxcolors=1 << 22))


def yaw(page) -> float:
    return page.ask("shown.header.pose[0]")


def turn_right(page) -> None:
    page.key("ArrowRight", True)
    page.wait("shown.header.pose[0] > 20")
    page.key("ArrowRight", False)


def test_real_keys_turn_the_camera_and_lead_to_the_title(meadow, pages):
    loaded = meadow.ask("performance.getEntriesByType('resource').map((one) => one.name)")
    assert any(name.endswith("page.js") for name in loaded)
    assert all(name.startswith(pages.url) for name in loaded), "nothing comes from elsewhere"
    assert colours(meadow) > 100
    turn_right(meadow)
    meadow.wait("newest && !held.size")
    meadow.press("Escape")
    meadow.wait("!shown.header.plays")
    assert colours(meadow) > 100


def test_a_turn_moves_the_picture_before_the_next_one_is_there_but_not_what_lies_over_it(meadow):
    """With the connection cut, nothing but the page itself can move it."""
    meadow.wait("shown.over.length > 0")
    meadow.ask("socket.onmessage = null")
    meadow.ask(SETTLED)
    [x, y] = meadow.ask("shown.over[0].slice(2, 4)")
    tile = f"[...pen.getImageData({x}, {y}, 16, 16).data].join()"
    over, before, still = meadow.ask(tile), meadow.picture(), yaw(meadow)
    meadow.key("ArrowRight", True)
    meadow.wait("warp.yaw > 2")
    assert meadow.picture() != before
    assert meadow.ask(tile) == over
    meadow.key("ArrowRight", False)
    meadow.wait("warp.yaw === 0")
    assert yaw(meadow) == still


def test_the_mouse_drags_the_view(meadow):
    meadow.mouse("mouseMoved", 320, 250)
    meadow.mouse("mousePressed", 320, 250, "left", clickCount=1, buttons=1)
    for x in range(320, 170, -10):
        meadow.mouse("mouseMoved", x, 250, "left", buttons=1)
    meadow.mouse("mouseReleased", 170, 250, "left", clickCount=1)
    meadow.wait("shown.header.pose[0] > 3 && shown.header.pose[0] < 180")


def test_a_description_is_written_with_real_keys(chromium, pages):
    page = chromium.open(pages.url)
    page.wait("shown !== null")
    page.press("t")
    for letter in "a meadow":
        page.press(letter)
    page.press("Enter")
    page.wait(f"{PLAYS} && place.startsWith('text=')")
    assert page.ask("new URLSearchParams(place).get('text')") == "a meadow"
    page.close()


def test_the_picture_has_the_size_of_the_page_and_is_not_stretched_by_a_wider_one(meadow):
    meadow.resize((900, 500), ratio=2.0)
    meadow.wait("shown.header.window.join() === '1800,1000'")
    meadow.wait("canvas.width === 1800")
    meadow.resize((7680, 320))
    meadow.wait("shown.header.window.join() === '4096,171'")


def test_a_phone_has_buttons_below_the_picture_that_turn_the_camera(chromium, pages):
    page = chromium.open(pages.url + MEADOW, (390, 844), phone=True, ratio=2.0)
    page.wait(PLAYS)
    box = json.loads(page.ask("JSON.stringify(find('bar').getBoundingClientRect())"))
    stage = json.loads(page.ask("JSON.stringify(stage.getBoundingClientRect())"))
    assert stage["height"] > 400
    assert box["top"] >= stage["bottom"] - 1
    assert box["bottom"] <= 845
    key = json.loads(
        page.ask(
            "JSON.stringify(document.querySelector('[data-key=right]').getBoundingClientRect())"
        )
    )
    spot = {"x": key["x"] + key["width"] / 2, "y": key["y"] + key["height"] / 2}
    page.tell("Input.dispatchTouchEvent", type="touchStart", touchPoints=[spot])
    page.wait("shown.header.pose[0] > 5")
    page.tell("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.close()


def test_a_phone_has_buttons_that_walk_where_one_can(chromium, pages):
    seen = "getComputedStyle(document.querySelector('[data-walk]')).display"
    page = chromium.open(pages.url + MEADOW, (390, 844), phone=True, ratio=2.0)
    page.wait(PLAYS)
    assert page.ask(seen) == "none"
    page.close()
    with Pages(play_walking) as walking:
        page = chromium.open(walking.url + MEADOW, (390, 844), phone=True, ratio=2.0)
        page.wait(f"{PLAYS} && {seen} === 'grid'")
        assert page.ask("find('bar').scrollHeight <= find('bar').clientHeight + 1"), "all in sight"
        asked = "JSON.stringify(document.querySelector('[data-key=w]').getBoundingClientRect())"
        key = json.loads(page.ask(asked))
        spot = {"x": key["x"] + key["width"] / 2, "y": key["y"] + key["height"] / 2}
        page.tell("Input.dispatchTouchEvent", type="touchStart", touchPoints=[spot])
        page.wait("held.has('w')")
        page.tell("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        page.wait("!held.size")
        page.close()


def test_two_pages_play_two_worlds(chromium, pages, meadow):
    other = chromium.open(pages.url + "#scene=desert&seed=3")
    other.wait(PLAYS)
    other.key("ArrowLeft", True)
    other.wait("shown.header.pose[0] < 345 && shown.header.pose[0] > 180")
    assert yaw(meadow) == 0
    assert len({game.process.pid for game in pages.games}) == 2
    other.close()


def test_a_page_that_is_loaded_again_goes_on_with_its_game(meadow, pages):
    turn_right(meadow)
    meadow.tell("Page.reload")
    meadow.wait(f"document.readyState === 'complete' && {PLAYS} && shown.header.pose[0] > 20")
    assert len(pages.games) == 1


def test_a_link_that_is_opened_again_goes_on_where_its_page_was_closed(
    chromium, tmp_path, monkeypatch
):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with Pages(keep_s=0.0, places=1) as pages:
        page = chromium.open(pages.url + MEADOW)
        page.wait(PLAYS)
        page.key("ArrowRight", True)
        page.wait("shown.header.pose[0] > 20")
        page.close()
        page = chromium.open(pages.url + MEADOW)  # it waits for the place
        page.wait(PLAYS)
        assert yaw(page) > 20
        page.close()


def serve(port, pipe) -> None:
    """Serve pages until the process is killed, with games that are no forks."""
    with Pages(play_walking, port=port, processes=server.PROCESSES) as pages:
        pipe.send(pages.port)
        signal.pause()


@contextmanager
def serving(port=0):
    """Give a server in a process of its own, and its port."""
    reader, writer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=serve, args=(port, writer))
    process.start()
    writer.close()
    try:
        yield process, reader.recv()
    finally:
        process.kill()
        process.join()
        reader.close()


def is_left() -> bool:
    """Return whether a game whose server is gone has saved its place and let go of it."""
    with suppress(StateError), closing(ParkedScenes(data_folder() / PARKED, 64)) as places:
        return any(places.take(place.id) for place in places.entries())
    return False


def test_after_a_kill_the_page_says_so_and_goes_on_with_the_next_server(
    chromium, tmp_path, monkeypatch
):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    with serving() as (process, port):
        page = chromium.open(f"http://localhost:{port}/{MEADOW}")
        page.wait(PLAYS)
        turn_right(page)
        process.kill()
        page.wait("!find('note').hidden && find('said').textContent.includes('does not answer')")
    eventually(is_left)
    with serving(port):
        page.wait(f"find('note').hidden && {PLAYS} && shown.header.pose[0] > 20")
        page.close()


def test_a_page_without_h264_shows_jpeg(chromium, pages):
    page = chromium.open(pages.url)
    page.wait("shown !== null && shown.header.codec === 'h264'")
    page.ask("knowsH264 = false; socket.close()")
    page.wait("shown.header.codec === 'jpeg'")
    assert colours(page) > 100
    page.close()


def test_sound_begins_with_the_first_key(meadow):
    assert meadow.ask("sound") is None
    meadow.press("ArrowUp")
    meadow.wait("until > 0 && sound.state === 'running'")


def copied(page) -> str:
    """Return the link that a click on the page's button copies."""
    page.ask("globalThis.copied = ''")
    page.ask(
        "navigator.clipboard.write = async ([item]) => {"
        "  globalThis.copied = await (await item.getType('text/plain')).text(); }"
    )
    page.ask("find('link').click()")
    return page.wait("copied")


def test_the_link_of_a_place_is_copied_and_that_of_a_recording_replays_it(chromium, meadow):
    assert copied(meadow).endswith("/#scene=meadow&seed=7")
    meadow.wait("find('link').textContent === 'Copied'")
    meadow.press("F10")
    turn_right(meadow)
    link = copied(meadow)
    meadow.wait("find('link').textContent === 'Copied: it replays'")
    assert "&controls=1." in link
    replay = chromium.open(link)
    replay.wait("shown !== null && shown.header.plays && shown.header.title.includes('meadow')")
    assert copied(replay) == link  # of what is watched
    replay.close()


def test_a_bad_link_is_answered_with_a_sentence(chromium, pages):
    page = chromium.open(f"{pages.url}#scene=medow")
    page.wait("!find('note').hidden && find('said').textContent.includes('did you mean')")
    assert not page.ask("find('again').hidden")
    page.close()


def click_on(page, place) -> None:
    """Click somewhere in the game where nothing moves, and wait for the picture that follows."""
    before = settled(page)
    page.click(*place)
    eventually(lambda: page.picture() != before)
    settled(page)


def settled(page) -> bytes:
    """Return the picture once no newer one comes: cards of the title are drawn one by one."""
    newest = [-1]

    def is_still() -> bool:
        time.sleep(0.7)
        newest.append(page.ask("newest"))
        return newest[-1] == newest[-2]

    eventually(is_still)
    picture: bytes = page.picture()
    return picture


def test_settings_are_changed_with_the_mouse(chromium, pages, tmp_path):
    page = chromium.open(pages.url, LARGE)
    page.wait("shown !== null")
    click_on(page, SETTINGS)
    click_on(page, FIRST_STEPS)
    page.press("Escape")
    file = tmp_path / "settings.yaml"
    eventually(lambda: file.exists() and "hints: false" in file.read_text())
    page.close()


def test_a_session_is_recorded_and_exported(meadow, tmp_path):
    meadow.press("F10")
    turn_right(meadow)
    meadow.press("F10")
    meadow.press("Escape")
    meadow.wait("!shown.header.plays")
    [recording] = tmp_path.glob("data/recordings/*/session.jsonl")
    assert recording.stat().st_size > 1000
    for key in (*["ArrowDown"] * 9, "g"):  # recordings are last
        meadow.press(key)
    eventually(lambda: [*tmp_path.glob("data/recordings/*.mp4")])


def test_a_gamepad_turns_the_camera(meadow):
    meadow.ask(
        "globalThis.buttons = Array.from({ length: 17 }, () => ({ pressed: false, value: 0 }));"
        "globalThis.axes = [0, 0, 0, 0];"
        "navigator.getGamepads = () => [null, { mapping: 'standard', axes, buttons }];"
        "dispatchEvent(new Event('gamepadconnected'))"
    )
    meadow.ask("axes[2] = 1; 0")  # the right stick
    meadow.wait("shown.header.pose[0] > 20 && warp.yaw > 0")
    meadow.ask("axes[2] = 0; 0")
    meadow.wait("warp.yaw === 0")
    meadow.ask("buttons[8].pressed = true; 0")  # back, to the title
    meadow.wait("!shown.header.plays")


@NEEDS_OPENSSL
def test_over_tls_with_a_token_a_page_plays(tmp_path, monkeypatch):
    """Chromium trusts the certificate by the sum of its key."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    cert, key = certify_localhost(tmp_path)
    token = tmp_path / "token"
    token.write_text(SECRET)
    public = run_quietly(f"openssl x509 -in {cert} -noout -pubkey")
    (tmp_path / "public.pem").write_bytes(public)
    der = run_quietly(f"openssl pkey -pubin -in {tmp_path / 'public.pem'} -outform der")
    trusted = base64.b64encode(hashlib.sha256(der).digest()).decode()
    gate = ListenAddress(port=0, token_file=token, tls_cert=cert, tls_key=key)
    flag = f"--ignore-certificate-errors-spki-list={trusted}"
    with Pages(gate=gate) as pages, Chromium(tmp_path / "profile", flag) as chromium:
        page = chromium.open(f"https://localhost:{pages.port}/{MEADOW}")
        page.wait("!find('ask').hidden && document.activeElement === find('token')")
        page.tell("Input.insertText", text=SECRET)
        page.key("Enter", True, text="\r")
        page.wait(PLAYS)
        assert page.ask("socket.url").startswith("wss://")
        assert SECRET not in page.ask("location.href")


def run_quietly(command: str) -> bytes:
    return subprocess.run(command.split(), check=True, capture_output=True).stdout


def coded(drawn: np.ndarray, told: dict) -> bytes:
    """Return a picture as a game sends it."""
    data, is_key = H264Encoder(drawn.shape[1::-1], 0).encode(drawn, 0.0)
    header = json.dumps({"is": "frame", "codec": "h264", "key": is_key, **told}).encode()
    return b"\0" + struct.pack("<I", len(header)) + header + data


def show_screens(pipe) -> None:
    """A game that shows screens of the gallery, the next one whenever a key is pressed."""
    pipe.recv_bytes()
    for number, path in enumerate(some_screens(), 1):
        drawn = pixels(path)
        told = {"number": number, "window": drawn.shape[1::-1], "plays": False, "title": path.stem}
        pipe.send_bytes(coded(drawn, told))
        while b'"down":true' not in pipe.recv_bytes():
            pass
    pipe.recv_bytes()


def on_canvas(page) -> np.ndarray:
    """Return what the page has drawn, uint8 [H, W, 3]."""
    data = page.ask("(draw(performance.now()), canvas.toDataURL('image/png'))")
    seen = Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2])))
    return np.asarray(seen.convert("RGB"))


def test_screens_look_as_in_the_window(chromium):
    with Pages(show_screens) as pages:
        page = chromium.open(pages.url)
        for number, path in enumerate(some_screens(), 1):
            page.wait(f"shown !== null && shown.header.number === {number}")
            assert psnr(on_canvas(page), pixels(path)[:, :, 2::-1]) >= ENOUGH_DB, path.stem
            page.press("x")
        page.close()


def pictures_of_play():
    """Yield pictures of play with something over them, and how the window shows each."""
    screen = Image.open(ROOT / "docs/screens/play.png").convert("RGB")
    frame = np.asarray(screen.resize((640, 384), Image.Resampling.LANCZOS))
    speed = CameraSpeed(40.0, 20.0)
    for size, fit, scale in (((1280, 720), "fill", "smooth"), ((600, 700), "whole", "sharp")):
        with window(size, "test") as surface:
            picture = Picture(fit, scale)
            picture.draw(surface, frame, (OVERSCAN, OVERSCAN, SHOWN, SHOWN))
            placed, sharp = picture.placed, scale == "sharp"
            warpable = WarpablePicture(*placed, CameraPose(), speed, {}, False, sharp)
            surface.blit(flat_picture(np.asarray(screen)[:90, :400]), (100, 320))
            colours = pygame.surfarray.array3d(surface).swapaxes(0, 1)
            yield MarginPicture(surface, warpable), size, colours


def show_play(pipe) -> None:
    """A game that shows pictures of play, the next one whenever a key is pressed."""
    pipe.recv_bytes()
    for number, (sent, size, _) in enumerate(pictures_of_play(), 1):
        told = {"number": number, "window": size, "plays": True, "title": "", **sent.header}
        pipe.send_bytes(coded(sent.pixels, told))
        while b'"down":true' not in pipe.recv_bytes():
            pass
    pipe.recv_bytes()


def test_a_picture_that_the_page_scales_looks_as_in_the_window(chromium):
    with Pages(show_play) as pages:
        page = chromium.open(pages.url)
        for number, (_, _, colours) in enumerate(pictures_of_play(), 1):
            page.wait(f"shown !== null && shown.header.number === {number}")
            assert psnr(on_canvas(page), colours) >= ENOUGH_DB
            page.press("x")
        page.close()
