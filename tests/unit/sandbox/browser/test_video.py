"""Frames are sent when the page keeps up, and are coded so that they look as they were."""

import io
import re

import av
import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.sandbox.browser.video import (
    FINER_S,
    LATE_S,
    LEAST_ON_THE_WAY,
    LEVELS,
    LOOK_S,
    FrameFlow,
    H264Encoder,
    JpegEncoder,
)
from tests import ROOT

ENOUGH_DB = 35.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def flow(clock):
    return FrameFlow(clock=clock)


def test_a_page_that_answers_gets_every_frame(flow, clock):
    for _ in range(100):
        assert flow.may_send
        number = flow.send()
        clock.now += 0.06
        flow.answer(number)
    assert flow.level == 0


def test_a_large_frame_goes_alone(flow, clock):
    flow.answer(flow.send())
    number = flow.send(is_large=True)
    clock.now += 0.01
    assert not flow.may_send
    flow.answer(number)
    assert flow.may_send


def test_frames_follow_each_other_on_a_long_way(flow, clock):
    way, sent = 0.2, []
    flow.answer(flow.send())
    for look in range(100):
        clock.now += 0.06
        while sent and clock.now - sent[0][1] >= way:
            flow.answer(sent.pop(0)[0])
        if flow.may_send:
            sent.append((flow.send(), clock.now))
        assert look < 50 or sent[-1][1] == clock.now
    assert len(sent) > 2


def test_a_page_that_does_not_answer_gets_no_more_frames(flow, clock):
    flow.send()
    clock.now += LATE_S
    assert not flow.may_send
    clock.now += 1000.0
    assert not flow.may_send


def test_frames_do_not_pile_up_however_quick_they_are(flow):
    flow.answer(flow.send())
    while flow.may_send:
        number = flow.send()
    assert number == 1 + LEAST_ON_THE_WAY


def test_an_answer_counts_for_the_frames_before_it_too(flow, clock):
    flow.send()
    newest = flow.send()
    clock.now += 1.0
    flow.answer(newest)
    assert flow.may_send


def test_answers_to_frames_that_were_not_sent_are_ignored(flow):
    flow.answer(5)
    flow.answer(-1)
    assert flow.may_send


def play(flow, clock, seconds, interval, *, waits):
    """Let a page answer after each interval, while more pictures were drawn or not."""
    end = clock.now + seconds
    while clock.now < end:
        number = flow.send()
        if waits:
            flow.wait()
        clock.now += interval
        flow.answer(number)


def test_pictures_become_coarser_while_too_few_arrive_and_finer_later(flow, clock):
    play(flow, clock, 2 * LEVELS * LOOK_S, 0.3, waits=True)
    assert flow.level == LEVELS - 1
    play(flow, clock, 2 * LEVELS * FINER_S * 4, 0.05, waits=False)
    assert flow.level == 0


def test_pictures_stay_fine_while_enough_arrive(flow, clock):
    play(flow, clock, 60.0, 0.06, waits=True)
    assert flow.level == 0


class Line:
    """A connection of so many bytes a second, and a page at its other end."""

    def __init__(self, clock, rate, way):
        self._clock, self._rate, self._way = clock, rate, way
        self._free_at = 0.0  # when all that was sent has left
        self._frames = []  # (number, drawn, when it arrives)
        self.shown = []  # (when, age)

    def send(self, number, size):
        drawn = self._clock.now
        self._free_at = max(self._free_at, drawn) + size / self._rate
        self._frames.append((number, drawn, self._free_at + self._way))

    def answers(self):
        """Return the numbers of frames whose answers have arrived."""
        back = [one for one in self._frames if one[2] + self._way <= self._clock.now]
        self._frames = self._frames[len(back) :]
        self.shown += [(arrived, arrived - drawn) for _, drawn, arrived in back]
        return [number for number, _, _ in back]


def test_a_slow_connection_gets_fewer_frames_and_no_old_ones(flow, clock):
    """2 Mbit/s, 100 ms there and as long back, a minute, sixteen pictures a second."""
    line, level, begun = Line(clock, 2e6 / 8, 0.1), None, clock.now
    sizes = (30_000, 22_000, 16_000, 11_000, 8_000)  # bytes of a picture while turning fast
    for _ in range(60 * 64):  # looks a second
        clock.now += 1 / 64
        for number in line.answers():
            flow.answer(number)
        if round(64 * (clock.now - begun)) % 4:
            continue
        if flow.may_send:
            is_first, level = level != flow.level, flow.level
            line.send(flow.send(is_large=is_first), sizes[level] * (3 if is_first else 1))
        else:
            flow.wait()
    assert len(line.shown) / 60 >= 8
    assert max(age for _, age in line.shown) < 1.0


def screens():
    folder = ROOT / "docs" / "screens"
    return sorted(folder.glob("*.png"))


def some_screens():
    """Return pictures of a scene and of words, which are coded by the same steps as all others."""
    return [path for path in screens() if path.stem in ("play", "settings", "title")]


def pixels(path):
    picture = Image.open(path).convert("RGBA")
    picture = picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))
    return np.ascontiguousarray(np.asarray(picture)[:, :, [2, 1, 0, 3]])


def test_the_screens_are_those_of_the_gallery():
    tour = (ROOT / "sandbox/diagnose/gallery.py").read_text()
    assert set(re.findall(r'yield "(\w+)"', tour)) == {path.stem for path in screens()}


@pytest.mark.parametrize("path", some_screens(), ids=lambda path: path.stem)
def test_a_screen_looks_the_same_after_coding(path):
    drawn = pixels(path)
    size = drawn.shape[1::-1]
    coded, is_key = H264Encoder(size, 0).encode(drawn, 0.0)
    decoder = av.CodecContext.create("h264", "r")
    (frame,) = [*decoder.decode(av.Packet(coded)), *decoder.decode(None)]
    seen = frame.reformat(format="bgra", src_colorspace=1, dst_colorspace=1).to_ndarray()
    assert is_key
    assert psnr(seen[:, :, :3], drawn[:, :, :3]) >= ENOUGH_DB
    coded, is_key = JpegEncoder(size, 0).encode(drawn, 0.0)
    seen = np.asarray(Image.open(io.BytesIO(coded)))[:, :, ::-1]
    assert is_key
    assert psnr(seen, drawn[:, :, :3]) >= ENOUGH_DB


def test_a_stream_goes_on_from_its_first_frame():
    encoder, decoder = H264Encoder((64, 48), 0), av.CodecContext.create("h264", "r")
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 4), np.uint8)
    coded = [encoder.encode(picture, now) for now in (5.0, 5.0, 5.1)]
    assert [is_key for _, is_key in coded] == [True, False, False]
    frames = [frame for data, _ in coded for frame in decoder.decode(av.Packet(data))]
    assert len([*frames, *decoder.decode(None)]) == 3
