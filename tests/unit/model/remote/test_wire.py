import hashlib
import re
import zlib
from dataclasses import replace
from io import BytesIO

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.edits import Edit
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model.remote import wire
from mag_sandbox.model.world import Control, MemorySetting
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

SHARE = st.floats(-1, 1)
EDITS = st.builds(
    Edit, act=st.sampled_from(("remove", "repaint", "undo")), yaw=st.floats(-360, 360)
)
CONTROLS = st.builds(
    Control,
    st.builds(CameraCommand, SHARE, SHARE, SHARE),
    st.none() | st.text("a é日\x00", max_size=40),
    st.none() | st.builds(MemorySetting, kept_mib=st.integers(1, 2**16)),
    st.none() | EDITS,
)
SCHEMA = "47cd"  # of wire.VERSION; another one needs another version


def block():
    world = FakeWorld()
    world.reset(Scene("a place"), 7)
    made = world.step(Control(CameraCommand(yaw=1.0)))
    return replace(made, rest=made.frames // 2, planned=(Edit("undo"),), undoable=2)


BLOCK = block()


def sent(message, *how):
    data = wire.encode(message, *how)
    return (
        wire.decode_from_client
        if isinstance(message, wire.NumberedRequest)
        else wire.decode_from_server
    )(data)


def step(**changed):
    """A request as plain data, to be changed."""
    data = msgspec.msgpack.decode(wire.encode(wire.NumberedRequest(1, wire.StepRequest(Control()))))
    return data | changed


@given(CONTROLS)
def test_every_control_arrives_as_it_was_sent(control):
    assert sent(wire.NumberedRequest(3, wire.StepRequest(control))).request.control == control


@pytest.mark.parametrize("coding", ["raw", "packed"])
def test_a_block_arrives_to_the_bit_with_all_that_is_said_of_it(coding):
    there = sent(wire.Reply(1, 2.0, wire.BlockReply(BLOCK)), coding).result.block
    for name in ("frames", "rest"):
        assert np.array_equal(getattr(there, name), getattr(BLOCK, name))
        assert getattr(there, name).flags.writeable
    plain = replace(there, frames=BLOCK.frames, rest=BLOCK.rest)
    assert plain == BLOCK or all(
        getattr(plain, name) == getattr(BLOCK, name)
        for name in ("poses", "memory", "look_ahead", "planned", "stage_ms", "prompt", "phrase")
    )


def test_frames_as_jpeg_are_alike_and_far_smaller():
    answer = wire.Reply(1, 2.0, wire.BlockReply(BLOCK))
    there = sent(answer, "jpeg", 90).result.block
    assert psnr(there.frames[0], BLOCK.frames[0]) > 30
    assert 5 * len(wire.encode(answer, "jpeg", 90)) < len(wire.encode(answer))


@given(st.binary(max_size=300))
def test_garbage_is_refused_in_a_sentence(data):
    for read in (wire.decode_from_client, wire.decode_from_server):
        with pytest.raises(wire.WireError, match="unreadable"):
            read(data)


@given(st.data())
def test_a_message_with_some_bytes_changed_is_read_or_refused_and_nothing_else(data):
    valid = wire.encode(
        wire.NumberedRequest(1, wire.StepRequest(Control(prompt="a hill", edit=Edit("undo"))))
    )
    changed = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.decode_from_client(bytes(changed))
    except wire.WireError as refused:
        assert str(refused)


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "1"},
        {"number": 2**70},
        {"more": 1},
        {"type": "Reply"},
        {"request": {"type": "NextBlock", "control": {"camera": {"yaw": float("nan")}}}},
        {"request": {"type": "NextBlock", "control": {"camera": {"yaw": 2.0}}}},
        {"request": {"type": "NextBlock", "control": {"prompt": "x" * 1001}}},
        {"request": {"type": "NextBlock", "control": {"edit": {"act": "explode"}}}},
        {"request": {"type": "NextBlock", "control": {"memory": {"kept_mib": -1}}}},
        {"request": {"type": "Reset", "scene": {"prompt": " "}, "seed": 1}},
        {"request": {"type": "Shout"}},
        {"request": msgspec.msgpack.Ext(1, b"pickle")},
    ],
    ids=lambda changed: re.sub(" object at .*>", ">", str(changed)),
)  # fmt: skip
def test_what_makes_no_sense_is_refused(changed):
    try:
        data = msgspec.msgpack.encode(step(**changed))
    except OverflowError:
        return
    with pytest.raises(wire.WireError):
        wire.decode_from_client(data)


def picture(width, height, kind="JPEG"):
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, kind)
    return file.getvalue()


def array(shape, pieces, coding="raw", **more):
    return {"shape": shape, "pieces": pieces, "coding": coding, "dtype": "uint8"} | more


LIES = {
    "fewer bytes": array([2, 3], [b"12345"]),
    "more bytes": array([2, 3], [b"1234567"]),
    "two pieces": array([2, 3], [b"123", b"456"]),
    "negative": array([-2, -3], [b"123456"]),
    "no shape": array([], [b"1"]),
    "another type": array([6], [b"123456"], dtype="object"),
    "what unpacks to more": array([2, 3], [zlib.compress(bytes(2**20))], "packed"),
    "what unpacks to less": array([2, 3], [zlib.compress(b"1")], "packed"),
    "more than any picture": array([2**40], [zlib.compress(b"1")], "packed"),
    "no packed bytes": array([2, 3], [b"123456"], "packed"),
    "a larger picture": array([1, 4, 4, 3], [picture(4000, 4000)], "jpeg"),
    "another format": array([1, 4, 4, 3], [picture(4, 4, "PNG")], "jpeg"),
    "fewer pictures": array([2, 4, 4, 3], [picture(4, 4)], "jpeg"),
    "huge pictures": array([1, 2**20, 2**20, 3], [picture(4, 4)], "jpeg"),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_array_is_never_other_than_it_says(lie):
    answer = {"type": "Reply", "number": 1, "server_ms": 1.0}
    data = msgspec.msgpack.encode(answer | {"result": {"type": "FramesReply", "frames": LIES[lie]}})
    if lie == "what unpacks to more":  # no more is unpacked than was said
        assert wire.decode_from_server(data).result.frames.shape == (2, 3)
        return
    with pytest.raises(wire.WireError):
        wire.decode_from_server(data)


def test_clients_send_arrays_only_as_they_are():
    frames = np.zeros((1, 4, 4, 3), np.uint8)
    for how in (("packed",), ("jpeg", 90)):
        with pytest.raises(wire.WireError):
            wire.decode_from_client(
                wire.encode(wire.NumberedRequest(1, wire.RoundTrip(frames)), *how)
            )


@given(st.binary(max_size=100), st.integers(0, 3))
def test_parts_make_up_the_message_again(message, whole):
    message += bytes(whole * wire.PART // 2)
    assembler = wire.Assembler(len(message))
    parts = list(wire.split_message(message))
    assert all(len(part) <= wire.PART + 1 for part in parts)
    assert [assembler.add(part) for part in parts] == [None] * (len(parts) - 1) + [message]


def test_a_message_that_is_too_large_is_refused_before_it_is_complete():
    assembler = wire.Assembler(wire.MOST_OPENING)
    with pytest.raises(wire.WireError, match=r"more than 0\.0625 MiB"):
        assembler.add(b"\1" + bytes(wire.MOST_OPENING + 1))


def test_another_schema_has_another_version():
    kinds = (wire.FromServer, wire.FromClient, wire.CodedArray)
    schemas = [repr(msgspec.inspect.type_info(kind)) for kind in kinds]
    assert hashlib.sha256("".join(schemas).encode()).hexdigest()[:4] == SCHEMA, wire.VERSION
