"""What pages send is checked like a file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mag_sandbox.sandbox.browser.messages import (
    MOST_MESSAGE,
    KeyPress,
    Opening,
    PageError,
    decode,
    encode,
)


def test_a_message_travels_unchanged():
    pressed = KeyPress("left", down=True, shift=True)
    assert decode(encode(pressed)) == pressed


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{}",
        "[]",
        '{"is": "party"}',
        '{"is": "opening"}',
        '{"is": "opening", "width": 640, "height": 1e9}',
        '{"is": "opening", "width": 640, "height": 400, "more": 1}',
        '{"is": "keypress", "name": "left", "down": "yes"}',
        '{"is": "keypress", "name": "%s", "down": true}' % ("x" * 17),
        '{"is": "stickmove", "axis": 0, "value": NaN}',
        '{"is": "stickmove", "axis": 0, "value": 1.5}',
        '{"is": "textwritten", "text": "%s"}' % ("x" * MOST_MESSAGE),
        "[" * 60_000,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused_in_a_sentence(data):
    with pytest.raises(PageError, match="message"):
        decode(data)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_garbage_is_refused(data):
    with pytest.raises(PageError):
        decode(data)


def test_the_page_speaks_the_same_version():
    from mag_sandbox.sandbox.browser import messages, server, video
    from tests import ROOT

    script = (ROOT / "sandbox/browser/page.js").read_text()
    for word in (messages.PROTOCOL, messages.TOKEN, video.H264):
        assert f'"{word}"' in script
    tags = {one.__struct_config__.tag for one in messages.FromPage.__args__}
    assert tags == {tag for tag in tags if f'"{tag}"' in script}
    assert set(server.FILES) == {"/", "/page.js", "/page.css", "/icon.png"}
    assert Opening(640, 400).link == ""
