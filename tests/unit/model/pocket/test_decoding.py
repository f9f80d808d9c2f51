"""Who makes which part of a block: the thread beside the world, or the world that waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.model.frames import to_frames
from mag_sandbox.model.pocket.pictures.animation import PicturesAtRest
from mag_sandbox.model.pocket.pictures.cells import DrawnPictures
from mag_sandbox.model.pocket.pictures.decoding import BlockDecoder, Codec, SharedWork
from mag_sandbox.model.session_world import StageTimer
from tests.patience import PATIENCE


def test_who_waits_does_what_the_thread_has_not_begun():
    begun, go_on = threading.Event(), threading.Event()

    def first() -> str:
        begun.set()
        assert go_on.wait(PATIENCE)
        return threading.current_thread().name

    def last() -> str:
        go_on.set()
        return threading.current_thread().name

    with ThreadPoolExecutor(1, "beside") as thread:
        work = SharedWork(thread, [first, last])
        assert begun.wait(PATIENCE)
        beside, here = work.results()
    assert beside.startswith("beside")
    assert here == threading.current_thread().name


def test_results_are_in_order_whoever_is_first():
    busy = threading.Event()
    with ThreadPoolExecutor(1, "beside") as thread:
        thread.submit(busy.wait, 60)  # so that all is left to the one who waits
        work = SharedWork(thread, [lambda: 1, lambda: 2, lambda: 3])
        assert work.results() == [1, 2, 3]
        busy.set()
        work = SharedWork(thread, [lambda: 1, lambda: 2, lambda: 3])
        thread.submit(lambda: None).result()  # all was done beside
        assert work.results() == [1, 2, 3]


class AllSky:
    """An animation of pictures that are sky and nothing else."""

    def at_rest(self, drawn, poses):
        return PicturesAtRest(drawn, drawn.cells, has_sky=True)

    def moved(self, resting, sky, poses, time):
        return resting.drawn.frames if sky is None else to_frames(sky)


@pytest.fixture
def decoder():
    codec = Codec(
        encode=torch.as_tensor,  # type: ignore[arg-type]
        picture=lambda x: x,
        draw=lambda x: DrawnPictures(to_frames(x), x),
        open_image=lambda path: path,  # type: ignore[arg-type, return-value]
    )
    made = BlockDecoder(codec, AllSky(), StageTimer())  # type: ignore[arg-type]
    yield made
    made.close()


POSES = (CameraPose(),) * 3
LATENTS = torch.zeros(3, 3, 4, 4)
SKY = torch.linspace(-1, 1, 3)[:, None, None, None].expand_as(LATENTS)


def refuse() -> torch.Tensor:
    raise AssertionError("the sky was made already")


def test_a_sky_that_was_being_made_is_shown_and_not_made_again(decoder):
    begun = decoder.begin(decoder.of_latents(LATENTS), POSES, 0, decoder.beside(lambda: SKY))
    shown = decoder.finish(begun, refuse)
    assert shown.has_sky
    assert shown.frames[:, 0, 0, 0].tolist() == [0, 128, 255]
    assert (shown.rest == 128).all()


@pytest.mark.parametrize("nowhere", [False, True])
def test_a_sky_that_comes_into_view_unexpectedly_is_made_then(decoder, nowhere):
    begun = decoder.begin(
        decoder.of_latents(LATENTS), POSES, 0, decoder.beside(lambda: None) if nowhere else None
    )
    assert decoder.finish(begun, lambda: SKY).frames[:, 0, 0, 0].tolist() == [0, 128, 255]


def test_without_a_sky_clouds_stand_still(decoder):
    shown = decoder.finish(decoder.begin(decoder.of_latents(LATENTS), POSES, 0))
    assert (shown.frames == shown.rest).all()
