"""The messages that a page sends: one JSON object each, checked like a file.

The server checks each message and passes it on; the game's process reads it again.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from mag_sandbox.files.border import Refusal, refusing

PROTOCOL = "mag-sandbox-page-2"  # subprotocol of the WebSocket
TOKEN = "token."  # before the token, in base64url: another subprotocol, as pages send no headers
ROUTE = "route."  # before a name: a cluster leads all connections of a name to the same replica
MOST_MESSAGE = 64 * 1024  # bytes; links with recorded controls are the largest
MOST_LINK = 60_000  # characters of the part of an address after #
MOST_TEXT = 4000  # characters that are written or pasted at once

Name = Annotated[str, Meta(max_length=64)]
Side = Annotated[int, Meta(ge=64, le=7680)]  # px
Place = Annotated[int, Meta(ge=-(2**15), le=2**15)]  # px


class PageError(Refusal, ValueError):
    """A message that breaks the protocol."""


class PageMessage(Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag=str.lower):
    """One message."""


class Opening(PageMessage, frozen=True):
    """The first message: the page's identity and abilities."""

    width: Side
    height: Side
    session: Name = ""  # to go on with; "": none
    browser: Name = ""  # the same for all pages of a browser
    link: Annotated[str, Meta(max_length=MOST_LINK)] = ""
    returns: bool = False  # the page showed the link's place before the server was restarted
    touch: bool = False  # it is a small screen in a hand
    h264: bool = False  # can be shown
    opus: bool = False  # can be heard


class PageSize(PageMessage, frozen=True):
    """The page has another size."""

    width: Side
    height: Side


class KeyPress(PageMessage, frozen=True):
    """A key went down or up."""

    name: Annotated[str, Meta(max_length=16)]  # as pygame names it
    down: bool
    shift: bool = False
    ctrl: bool = False
    alt: bool = False
    meta: bool = False
    again: bool = False  # it is held, and repeats


class TextWritten(PageMessage, frozen=True):
    """Something is written: by a key, an input method, or from the clipboard."""

    text: Annotated[str, Meta(max_length=MOST_TEXT)]


class PointerMove(PageMessage, frozen=True):
    """The mouse or a finger moved, to a place in the picture."""

    x: Place
    y: Place
    buttons: Annotated[int, Meta(ge=0, le=7)] = 0  # that are down: 1 left, 2 middle, 4 right


class MouseButton(PageMessage, frozen=True):
    """A button of the mouse went down or up."""

    x: Place
    y: Place
    button: Annotated[int, Meta(ge=1, le=3)]
    down: bool


class WheelTurn(PageMessage, frozen=True):
    """The mouse's wheel was turned."""

    x: Annotated[int, Meta(ge=-20, le=20)] = 0
    y: Annotated[int, Meta(ge=-20, le=20)] = 0


class PadButton(PageMessage, frozen=True):
    """A button of a gamepad went down or up, numbered as SDL does."""

    button: Annotated[int, Meta(ge=0, le=14)]
    down: bool


class StickMove(PageMessage, frozen=True):
    """An axis of a gamepad moved, numbered as SDL does."""

    axis: Annotated[int, Meta(ge=0, le=5)]
    value: Annotated[float, Meta(ge=-1, le=1)]


class FocusLost(PageMessage, frozen=True):
    """The page lost the keyboard."""


class PageSeen(PageMessage, frozen=True):
    """Whether the page can be seen; the game waits while it cannot."""

    yes: bool


class FrameShown(PageMessage, frozen=True):
    """A frame is on the screen."""

    number: Annotated[int, Meta(ge=0, lt=2**53)]


class SoundWanted(PageMessage, frozen=True):
    """Whether sound is to be sent; the first key or click turns it on."""

    on: bool


class LinkWanted(PageMessage, frozen=True):
    """Asks for a link to the place on screen."""


FromPage = (
    Opening
    | PageSize
    | KeyPress
    | TextWritten
    | PointerMove
    | MouseButton
    | WheelTurn
    | PadButton
    | StickMove
    | FocusLost
    | PageSeen
    | FrameShown
    | SoundWanted
    | LinkWanted
)
_DECODER: msgspec.json.Decoder[FromPage] = msgspec.json.Decoder(FromPage)


def decode(data: bytes | str) -> FromPage:
    """Return a message, or raise PageError if it breaks the protocol."""
    if len(data) > MOST_MESSAGE:
        raise PageError(f"a message of {len(data)} bytes, more than {MOST_MESSAGE}")
    with refusing(lambda why: PageError(f"a message that is not understood ({why})")):
        return _DECODER.decode(data)


encode = msgspec.json.encode  # a message as it travels
