"""The game's side of a page: draws off screen, sends pictures, and takes the page's input.

The world's frame is sent unscaled, with the margin that the window hides; below it are the tiles of
the window in which cards and maps are drawn. So the page can scale and shift the frame while the
player turns, and the display stays in place.
"""

import base64
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any

import numpy as np
import pygame

from mag_sandbox.sandbox.browser.link import write_link, write_replay_link
from mag_sandbox.sandbox.browser.messages import (
    FrameShown,
    FromPage,
    LinkWanted,
    Opening,
    PageSeen,
    PageSize,
    SoundWanted,
    decode,
    encode,
)
from mag_sandbox.sandbox.browser.page_input import PageInput
from mag_sandbox.sandbox.browser.sound import to_page
from mag_sandbox.sandbox.browser.video import Encoder, FrameFlow, H264Encoder, JpegEncoder
from mag_sandbox.sandbox.play.late_warp import SHOWN, Shifter
from mag_sandbox.sandbox.screens import Screen
from mag_sandbox.sandbox.screens.play import PlayScreen, ReplayScreen, WarpablePicture
from mag_sandbox.sandbox.ui.display import window, window_surface
from mag_sandbox.sandbox.ui.theme import Theme
from mag_sandbox.sandbox.view import View
from mag_sandbox.scenes import Scene

PLAY_S = 1 / 40  # between two pictures of play, at least
STILL_S = 1 / 15  # of other screens
STAYS_S = 0.7  # without a newer picture, before a coarse one is sent again
TILE = 16  # px: side of the tiles in which the display is sent
MOST_OVER = 0.25  # share of the window that the display may cover while the page shifts frames
_BYTES = b"\0"  # first byte of a binary message in the pipe; text begins with {
_HEADER = struct.Struct("<I")  # bytes of the JSON that comes before a coded picture


class PageView(View):
    """Shows a game in the page at the other end of a pipe.

    view = PageView(pipe, wake)
    game = PlayerGame(..., view=view)
    app.play(game, None)
    """

    shifter: Shifter = "page"

    def __init__(self, pipe: Pipe, wake: Callable[[], None]) -> None:
        """Wait for the page's opening; `wake` wakes the main loop."""
        self._pipe, self._wake = pipe, wake
        opening = decode(pipe.recv_bytes())
        assert isinstance(opening, Opening)  # the server has checked it
        self._meet(opening)
        self._sending = threading.Lock()
        self._input = PageInput()
        self._seen = threading.Event()
        self._seen.set()
        self._changed = threading.Condition()  # guards what follows
        self._flow = FrameFlow()
        self._encoder: Encoder | None = None  # of the thread that sends
        self._picture: tuple[np.ndarray, dict[str, Any]] | None = None  # to be coded and sent
        self._is_stale = False  # something was drawn and not sent
        self._not_before = 0.0  # when the next picture may be sent [s]
        self._ends = False
        self._is_heard = False  # the player has pressed a key: browsers allow sound from then on
        self._place: tuple[Scene, int] | None = None  # that the page knows
        self._wants_link = threading.Event()
        self.outputs = (to_page(self._send_sound, self._wants_sound),)
        self._failure: Exception | None = None  # of a thread
        self._anew = True  # the page has nothing yet

    @contextmanager
    def opened(self, size: tuple[int, int], words: str = "") -> Iterator[None]:  # noqa: ARG002
        """Show the game in the page for as long as the block lasts."""
        with window(self._size, words):
            for target in (self._listen, self._send_pictures):
                threading.Thread(target=self._run, args=(target,), daemon=True).start()
            try:
                yield
            finally:
                with self._changed:
                    self._ends = True
                    self._changed.notify_all()
        if self._failure:
            raise self._failure

    def show(self, screen: Screen) -> None:
        """Send the picture unless the page is behind; wait while the page is hidden."""
        with self._changed:
            keeps_up, now = self._flow.may_send, time.perf_counter()
            can_send = self._picture is None and keeps_up and now >= self._not_before
            self._is_stale = not can_send
            if can_send:
                self._not_before = now + (PLAY_S if isinstance(screen, PlayScreen) else STILL_S)
            elif not keeps_up:
                self._flow.wait()
            self._changed.notify_all()  # a picture that is not sent is to be drawn again
        if can_send:
            picture = self._captured(screen)
            with self._changed:
                self._picture = picture
                self._changed.notify_all()
        if isinstance(screen, PlayScreen) and not isinstance(screen, ReplayScreen):
            self._tell_place(screen)
        if self._wants_link.is_set():
            self._wants_link.clear()
            self._tell_link(screen)
        self._seen.wait()
        if window_surface().get_size() != self._size:
            pygame.display.set_mode(self._size, pygame.RESIZABLE)

    def resize(self, size: tuple[int, int]) -> None:
        """Do nothing: the browser's window is the reader's."""

    def toggle_fullscreen(self, size: tuple[int, int]) -> None:  # noqa: ARG002 -- see `View`
        """Ask the page to fill the screen, or to go back."""
        self.send({"is": "fullscreen"})

    def send(self, message: object) -> None:
        """Send a message, from any thread; nothing where the server is gone."""
        data = message if isinstance(message, bytes) else encode(message)
        with suppress(OSError), self._sending:
            self._pipe.send_bytes(data)

    def _tell_place(self, screen: PlayScreen) -> None:
        """Tell the page the link by which it continues this place."""
        played = screen.playthrough
        if self._place != (played.scene, played.seed):
            self._place = played.scene, played.seed
            link = write_link(played.scene, played.seed, played.scene.prompt)
            self.send({"is": "place", "link": link})

    def _tell_link(self, screen: Screen) -> None:
        """Tell the page the link to share: of the recording, if there is one, else of the place."""
        link = replay = ""
        if isinstance(screen, PlayScreen):
            played = screen.playthrough
            replay = write_replay_link(screen.session.recording)
            link = replay or write_link(played.scene, played.seed, screen.reel.current.block.prompt)
        self.send({"is": "link", "link": link, "replays": bool(replay)})

    def _send_sound(self, packet: bytes) -> None:
        self.send(_BYTES + _HEADER.pack(0) + packet)

    def _wants_sound(self) -> bool:
        with self._changed:
            keeps_up = self._flow.may_send
        return self._is_heard and self.opening.opus and keeps_up and self._seen.is_set()

    def end(self, sentence: str) -> None:
        """Tell the page that the game is over."""
        self.send({"is": "ended", "sentence": sentence})

    def _captured(self, screen: Screen) -> tuple[np.ndarray, dict[str, Any]]:
        surface = window_surface()
        header: dict[str, Any] = {
            "window": surface.get_size(),
            "title": pygame.display.get_caption()[0],
            "plays": isinstance(screen, PlayScreen),
            "at": round(1000 * time.time()),  # ms: what the bench measures the age by
        }
        warpable = None
        if isinstance(screen, PlayScreen):
            warpable, ground = screen.warpable, screen.reel.current.block.ground
            header["door"] = ground is not None and ground.door is not None
        if warpable is None:
            return _evened(surface), header
        picture = MarginPicture(surface, warpable)
        if picture.fits:
            return picture.pixels, header | picture.header
        return _evened(surface), header

    def _send_pictures(self) -> None:
        """Code and send what `show` leaves, one picture after the other.

        A coarse picture that stays is sent again, as fine as can be.
        """
        is_fine, newest = True, None
        while True:
            with self._changed:
                stale = self._is_stale
                arrived = self._changed.wait_for(
                    lambda: self._ends or self._picture or self._is_stale != stale,  # noqa: B023
                    STILL_S if stale else None if is_fine else STAYS_S,
                )
                if self._ends:
                    return
                if self._picture is None and (arrived or stale):
                    self._catch_up()
                    continue
                picture, level = self._picture or newest, self._flow.level if arrived else 0
                flow, anew, self._anew = self._flow, self._anew, False
            assert picture is not None  # either is there
            newest, is_fine = picture, level == 0
            self._send_picture(*picture, level, flow, anew=anew)
            with self._changed:
                if picture is self._picture:
                    self._picture = None
            self._catch_up()

    def _send_picture(
        self, pixels: np.ndarray, header: dict[str, Any], level: int, flow: FrameFlow, *, anew: bool
    ) -> None:
        encoder = self._encoder_for((pixels.shape[1], pixels.shape[0]), level, anew=anew)
        data, is_key = encoder.encode(pixels, time.perf_counter())
        with self._changed:
            if flow is not self._flow:  # another page is there, which cannot decode it
                return
            number = flow.send(is_large=is_key and encoder.codec == "h264")
        coded = {"is": "frame", "number": number, "codec": encoder.codec, "key": is_key}
        encoded = json.dumps(header | coded).encode()
        self.send(_BYTES + _HEADER.pack(len(encoded)) + encoded + data)

    def _encoder_for(self, size: tuple[int, int], level: int, *, anew: bool) -> Encoder:
        now = self._encoder
        if now is None or anew or (now.size, now.level) != (size, level):
            make = H264Encoder if self.opening.h264 else JpegEncoder
            self._encoder = now = make(size, level)
        return now

    def _catch_up(self) -> None:
        """Redraw the screen if its newest picture was not sent."""
        with self._changed:
            is_due = self._is_stale and self._picture is None and self._flow.may_send
        if is_due:
            self._redraw()

    def _redraw(self) -> None:
        self._post(pygame.Event(pygame.WINDOWEXPOSED))
        self._wake()

    def _listen(self) -> None:
        """Take messages until the server is gone or the game is to end."""
        with suppress(EOFError, OSError):
            while (data := self._pipe.recv_bytes()) and data[:1] == b"{":
                self._take(decode(data))

    def _run(self, target: Callable[[], None]) -> None:
        """Run one of the threads; the game keeps its place and ends with it."""
        try:
            target()
        except Exception as error:  # raised again where the game ends
            self._failure = error
        finally:
            self._seen.set()
            self._post(pygame.Event(pygame.QUIT))
            self._wake()

    def _take(self, message: FromPage) -> None:
        match message:
            case FrameShown(number=number):
                with self._changed:
                    self._flow.answer(number)
                self._catch_up()
                return
            case Opening():
                self._meet(message)
                with self._changed:
                    self._flow, self._anew = FrameFlow(self._flow.newest), True
                    self._is_stale = True
                self._is_heard, self._place = False, None
                self._seen.set()
                self._redraw()
            case PageSize(width=width, height=height):
                self._size = width, height
                self._redraw()
            case PageSeen(yes=yes):
                if yes:
                    self._seen.set()
                else:
                    self._post(pygame.Event(pygame.WINDOWFOCUSLOST))
                    self._seen.clear()
            case SoundWanted(on=on):
                self._is_heard = on
            case LinkWanted():
                self._wants_link.set()
                self._redraw()
            case _:
                for event in self._input.events(message):
                    self._post(event)
        self._wake()

    def _meet(self, opening: Opening) -> None:
        """Draw for this page from now on."""
        self.opening = opening
        self._size = opening.width, opening.height  # of the picture, as the page wants it [px]
        Theme.is_handheld = opening.touch

    def _post(self, event: pygame.Event) -> None:
        with suppress(pygame.error):  # too many events wait, or the window is being closed
            pygame.event.post(event)


def _evened(surface: pygame.Surface) -> np.ndarray:
    """Return a surface's pixels, uint8 [H, W, 4], blue first; H and W are even for H.264."""
    width, height = surface.get_size()
    pixels = np.zeros((height + height % 2, width + width % 2, 4), np.uint8)
    pixels.view(np.uint32)[:height, :width, 0] = pygame.surfarray.pixels2d(surface).T
    return pixels


class MarginPicture:
    """The frame, with the margin that the window hides, and below it the display's tiles."""

    def __init__(self, surface: pygame.Surface, warpable: WarpablePicture) -> None:
        self._surface, self._picture = surface, warpable
        self._seen = warpable.place.clip(surface.get_rect())
        (width, height), whole = surface.get_size(), warpable.whole.get_size()
        frame = min(warpable.frame, warpable.whole, key=_area)
        self._rows, self._columns = -(-height // TILE), -(-width // TILE)
        wide, bottom = (-(-side // 2) * 2 for side in frame.get_size())  # even, for H.264
        self._abreast = wide // TILE  # tiles in a row below the frame
        over = self._over()
        beside = np.ones_like(over)  # the picture, where bars are
        beside[self._inner_tiles()] = False
        most = round(MOST_OVER * over.size) + int(np.count_nonzero(beside))
        room = -(-most // self._abreast)
        self.fits = int(np.count_nonzero(over)) <= room * self._abreast  # else it is not sent so
        if not self.fits:
            return
        self.pixels = np.zeros((bottom + room * TILE, wide, 4), np.uint8)
        canvas = pygame.image.frombuffer(self.pixels, self.pixels.shape[1::-1], "BGRA")
        canvas.blit(frame, (0, 0))
        self._draw_over(over, bottom)
        place, shown, pose, speed = warpable.place, warpable.shown, warpable.pose, warpable.speed
        self.header: dict[str, Any] = {
            "frame": frame.get_size(),
            "whole": whole,
            "origin": (place.left - shown.left, place.top - shown.top),  # of it, in the window
            "margin": shown.topleft,
            "picture": tuple(self._seen),
            "sharp": warpable.is_sharp,
            "shown": SHOWN,
            "pose": (pose.yaw, pose.pitch, pose.fov),
            "speed": (speed.yaw, speed.pitch, speed.zoom),
            "narrowest": speed.narrowest_fov,
            "moves": {key: (move.axis, move.direction) for key, move in warpable.moves.items()},
            "rests": warpable.rests,
            "bottom": bottom,
            "abreast": self._abreast,
            "over": base64.b64encode(np.packbits(over).tobytes()).decode(),
        }

    def _inner_tiles(self) -> tuple[slice, slice]:
        """Return the tiles that lie within the picture: (rows, columns)."""
        seen, (width, height) = self._seen, self._surface.get_size()
        right = self._columns if seen.right == width else seen.right // TILE
        below = self._rows if seen.bottom == height else seen.bottom // TILE
        return slice(-(-seen.top // TILE), below), slice(-(-seen.left // TILE), right)

    def _over(self) -> np.ndarray:
        """Return the tiles in which the window differs from the bare picture, bool [rows, columns].

        Beside the picture it always does.
        """
        seen, shown, place = self._seen, self._picture.shown, self._picture.place
        drawn = pygame.surfarray.pixels2d(self._surface).T
        whole = pygame.surfarray.pixels2d(self._picture.whole).T
        left, top = shown.left + seen.left - place.left, shown.top + seen.top - place.top
        bare = whole[top : top + seen.height, left : left + seen.width]
        full = np.zeros((self._rows * TILE, self._columns * TILE), np.uint32)
        height, width = drawn.shape
        full[:height, :width] = 0xFFFFFF
        part = slice(seen.top, seen.bottom), slice(seen.left, seen.right)
        np.bitwise_xor(drawn[part], bare, out=full[part])
        lines = np.bitwise_or.reduce(full.reshape(self._rows, TILE, -1), axis=1)
        tiles = np.bitwise_or.reduce(lines.reshape(self._rows, self._columns, TILE), axis=2)
        over: np.ndarray = tiles & 0xFFFFFF != 0
        return over

    def _draw_over(self, over: np.ndarray, bottom: int) -> None:
        """Draw those tiles below the frame, row by row."""
        width, height = self._surface.get_size()
        full = np.zeros((self._rows * TILE, self._columns * TILE), np.uint32)
        full[:height, :width] = pygame.surfarray.pixels2d(self._surface).T
        tiles = full.reshape(self._rows, TILE, self._columns, TILE).swapaxes(1, 2)[over]
        below = self.pixels.view(np.uint32)[bottom:, : self._abreast * TILE, 0]
        for row in range(0, len(tiles), self._abreast):
            line = tiles[row : row + self._abreast]
            top = row // self._abreast * TILE
            below[top : top + TILE, : len(line) * TILE] = line.swapaxes(0, 1).reshape(TILE, -1)


def _area(surface: pygame.Surface) -> int:
    width, height = surface.get_size()
    return width * height
