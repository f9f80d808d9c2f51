"""The picture is sent with its margin, and with what lies over it apart from it."""

import base64
import json
import multiprocessing
import struct

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import CameraPose, CameraSpeed
from mag_sandbox.sandbox.browser.messages import (
    FocusLost,
    FrameShown,
    KeyPress,
    MouseButton,
    Opening,
    PadButton,
    PointerMove,
    StickMove,
    TextWritten,
    WheelTurn,
    encode,
)
from mag_sandbox.sandbox.browser.page_input import PageInput
from mag_sandbox.sandbox.browser.page_view import TILE, MarginPicture, PageView
from mag_sandbox.sandbox.browser.video import H264Encoder
from mag_sandbox.sandbox.play.late_warp import OVERSCAN, SHOWN
from mag_sandbox.sandbox.screens.play import WarpablePicture
from mag_sandbox.sandbox.ui.display import Picture, flat_picture, window
from tests.patience import eventually

FRAME = np.random.default_rng(0).integers(0, 255, (192, 320, 3), np.uint8)
CENTRED = (OVERSCAN, OVERSCAN, SHOWN, SHOWN)


@pytest.fixture
def surface():
    with window((640, 384), "test") as opened:
        yield opened


def drawn(surface, fit="fill", scale="smooth"):
    """Draw a frame into a surface, as the screen of play does."""
    picture = Picture(fit, scale)
    picture.draw(surface, FRAME, CENTRED)
    speed, moves = CameraSpeed(40.0, 20.0), DEFAULTS.moves
    return WarpablePicture(*picture.placed, CameraPose(), speed, moves, False, scale == "sharp")


def seen(surface):
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def shown_by_the_page(sent, size):
    """Put together what a page shows while it shifts nothing."""
    header, colours = sent.header, sent.pixels[:, :, 2::-1]
    wide, tall = header["frame"]
    frame = flat_picture(colours[:tall, :wide])
    scale = pygame.transform.scale if header["sharp"] else pygame.transform.smoothscale
    whole = seen(scale(frame, header["whole"]))
    width, height = size
    page = np.zeros((height, width, 3), np.uint8)
    (x, y), (left, top, across, along) = header["origin"], header["picture"]
    page[top : top + along, left : left + across] = whole[
        top - y : top - y + along, left - x : left - x + across
    ]
    columns, rows = -(-width // TILE), -(-height // TILE)
    bits = np.frombuffer(base64.b64decode(header["over"]), np.uint8)
    over = np.unpackbits(bits, count=rows * columns)
    abreast = header["abreast"]
    for count, tile in enumerate(np.flatnonzero(over)):
        x, y = tile % columns * TILE, tile // columns * TILE
        from_x, from_y = count % abreast * TILE, header["bottom"] + count // abreast * TILE
        part = page[y : y + TILE, x : x + TILE]
        part[:] = colours[from_y : from_y + part.shape[0], from_x : from_x + part.shape[1]]
    return page


@pytest.mark.parametrize("fit", ["fill", "whole"])
@pytest.mark.parametrize("scale", ["smooth", "sharp"])
@pytest.mark.parametrize("size", [(640, 384), (651, 397), (1280, 400), (300, 640), (200, 120)])
def test_a_page_that_shifts_nothing_shows_what_the_window_does(size, fit, scale):
    with window(size, "test") as surface:
        warpable = drawn(surface, fit, scale)
        pygame.draw.rect(surface, (255, 0, 0), (37, 53, 90, 21))
        surface.fill((0, 255, 0), (size[0] - 3, size[1] - 3, 3, 3))
        sent = MarginPicture(surface, warpable)
        assert np.array_equal(shown_by_the_page(sent, size), seen(surface))
        assert sent.pixels.shape[0] % 2 == sent.pixels.shape[1] % 2 == 0


def test_the_frame_is_sent_as_it_is(surface):
    sent = MarginPicture(surface, drawn(surface))
    assert np.array_equal(sent.pixels[: FRAME.shape[0], : FRAME.shape[1], 2::-1], FRAME)


def test_around_the_window_is_room_to_shift_the_picture(surface):
    warpable = drawn(surface)
    across, along = MarginPicture(surface, warpable).header["margin"]
    assert across == pytest.approx(OVERSCAN * warpable.whole.get_width(), abs=1)
    assert along == pytest.approx(OVERSCAN * warpable.whole.get_height(), abs=1)


def test_what_covers_too_much_is_not_sent_apart_from_the_picture(surface):
    warpable = drawn(surface)
    surface.fill((0, 0, 0), (0, 0, 640, 300))
    assert not MarginPicture(surface, warpable).fits


def test_bars_are_not_what_covers_too_much():
    with window((300, 640), "test") as surface:
        sent = MarginPicture(surface, drawn(surface, "whole"))
    assert sent.fits
    assert sent.header["picture"][3] < 320


def test_one_size_of_the_window_makes_one_size_of_pictures(surface):
    warpable = drawn(surface)
    empty = MarginPicture(surface, warpable).pixels.shape
    surface.fill((0, 0, 0), (0, 0, 100, 100))
    assert MarginPicture(surface, warpable).pixels.shape == empty


def test_the_page_has_the_keys_mouse_and_gamepads_of_the_window(surface):
    page = PageInput()

    def events(message):
        return [(event.type, event.dict) for event in page.events(message)]

    [(kind, fields)] = events(KeyPress("page up", down=True, ctrl=True))
    assert (kind, fields["key"]) == (pygame.KEYDOWN, pygame.K_PAGEUP)
    assert fields["mod"] & pygame.KMOD_CTRL
    assert events(TextWritten("ö"))[0][1]["text"] == "ö"
    [(kind, fields)] = events(PointerMove(40, 30, buttons=1))
    assert (kind, fields["rel"], fields["buttons"]) == (pygame.MOUSEMOTION, (40, 30), (1, 0, 0))
    moved, (kind, fields) = events(MouseButton(50, 30, 3, down=True))
    assert (moved[1]["rel"], kind, fields["button"]) == ((10, 0), pygame.MOUSEBUTTONDOWN, 3)
    assert events(WheelTurn(y=-2))[0][1]["y"] == -2
    assert events(PadButton(14, down=False))[0][0] == pygame.CONTROLLERBUTTONUP
    assert events(StickMove(5, 1.0))[0][1]["value"] == 32767
    assert events(FocusLost())[0][0] == pygame.WINDOWFOCUSLOST


def test_keys_that_the_game_does_not_know_do_nothing(surface):
    assert list(PageInput().events(KeyPress("brightness", down=True))) == []


def test_held_keys_repeat_where_the_window_lets_them(surface):
    again = KeyPress("left", down=True, again=True)
    pygame.key.set_repeat()
    assert list(PageInput().events(again)) == []
    pygame.key.set_repeat(400, 40)
    assert len(list(PageInput().events(again))) == 1
    pygame.key.set_repeat()


def test_a_page_that_comes_while_a_picture_is_coded_gets_none_of_the_page_before(monkeypatch):
    page, pipe = multiprocessing.Pipe()
    page.send_bytes(encode(Opening(64, 64, h264=True)))
    view = PageView(pipe, lambda: None)
    coded, codings = H264Encoder.encode, []

    def interrupted(encoder, pixels, now):
        codings.append(view.opening)
        if len(codings) == 2:  # another page takes over in the middle
            page.send_bytes(encode(Opening(64, 64)))
            eventually(lambda: not view.opening.h264)
        return coded(encoder, pixels, now)

    def shown():
        view.show(None)
        return page.poll(0.01)

    def received():
        eventually(shown)
        data = page.recv_bytes()[1:]
        return json.loads(data[4 : 4 + struct.unpack("<I", data[:4])[0]])

    monkeypatch.setattr(H264Encoder, "encode", interrupted)
    with view.opened((64, 64)):
        first = received()
        page.send_bytes(encode(FrameShown(first["number"])))
        second = received()
        pipe.close()
    assert (first["codec"], second["codec"]) == ("h264", "jpeg")
    assert second["number"] > first["number"]
