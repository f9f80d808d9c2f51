"""Pictures four times as large: in place, no new colours, and crisper edges than scaling leaves."""

import numpy as np
import pytest
from PIL import Image

from mag_sandbox.evaluation.quality.enlarging import edge_widths, edges_of
from mag_sandbox.evaluation.similarity.metrics import psnr
from mag_sandbox.model import enlarging
from mag_sandbox.model.enlarger import SCALE
from mag_sandbox.model.enlarging import enlarged
from tests.patience import PATIENCE
from tests.vnni import needs_vnni


def soft_disc(size: int, scale: int) -> np.ndarray:
    """A disc whose edge is a ramp of some pixels at scale 1, uint8 [1, H, W, 3]."""
    y, x = (np.mgrid[: size * scale, : size * scale] + 0.5) / scale
    ramp = 2.5 if scale == 1 else 1 / scale
    inside = np.clip((size / 3 - np.hypot(x - size / 2, y - size / 2)) / ramp + 0.5, 0, 1)
    return (60 + 140 * inside[..., None] * (1.0, 0.9, 0.7)).round().astype(np.uint8)[None]


def test_an_enlarged_picture_is_nearer_to_one_drawn_at_that_size_than_a_scaled_one():
    small, drawn = soft_disc(96, 1), soft_disc(96, SCALE)[0]
    size = drawn.shape[1], drawn.shape[0]
    scaled = np.asarray(Image.fromarray(small[0]).resize(size, Image.Resampling.BILINEAR))
    (large,) = enlarged(small)
    edges = edges_of(drawn, np.random.default_rng(0))
    assert large.shape == drawn.shape
    assert psnr(large, drawn) > psnr(scaled, drawn) + 1.5
    widths = [np.median(edge_widths(one, edges)) for one in (drawn, large, scaled)]
    assert widths[0] < widths[1] < 0.6 * widths[2]


def test_plain_pictures_stay_plain_and_no_colour_is_new():
    plain = np.full((2, 24, 40, 3), 90, np.uint8)
    assert np.array_equal(enlarged(plain), plain.repeat(SCALE, axis=1).repeat(SCALE, axis=2))
    frames = soft_disc(48, 1).repeat(2, axis=0)
    large = enlarged(frames)
    assert np.array_equal(large[0], large[1])
    assert (large.min(), large.max()) == (frames.min(), frames.max())


def forget_graphs() -> None:
    """Have graphs compiled anew, in a precision that is chosen anew."""
    enlarging._compiled.cache_clear()
    enlarging._precision.cache_clear()


@pytest.mark.parametrize(
    ("precision", "largest", "least_psnr"),
    [("fp32", 1, 59), pytest.param("int8", 16, 44, marks=needs_vnni)],
)
def test_graph_and_module_make_the_same_picture(precision, largest, least_psnr, monkeypatch):
    if not enlarging.compiles_here():
        pytest.skip("no graphs run here")
    frames = soft_disc(40, 1)
    monkeypatch.setattr(enlarging, "picture_precision", lambda: precision)
    forget_graphs()
    by_graph = enlarged(frames)
    forget_graphs()
    monkeypatch.setattr(enlarging, "compiles_here", lambda: False)
    by_module = enlarged(frames)
    assert np.abs(by_graph.astype(int) - by_module).max() <= largest
    assert psnr(by_graph[0], by_module[0]) > least_psnr


def test_frames_of_a_size_are_enlarged_at_once_when_their_network_is_compiled(monkeypatch):
    class Compiling:
        is_ready = False

    assert enlarged(soft_disc(16, 1)).shape == (1, 64, 64, 3)
    assert enlarging.is_ready(16, 16)
    monkeypatch.setattr(enlarging, "compiles_here", lambda: True)
    monkeypatch.setattr(enlarging, "_compiled", lambda height, width: Compiling())
    assert not enlarging.is_ready(24, 24)


def test_choosing_a_precision_may_wait_for_graphs_to_be_compiled(monkeypatch):
    if not enlarging.compiles_here():
        pytest.skip("no graphs run here")
    from mag_sandbox.model.compiled import graphs

    def choose() -> str:
        return graphs._COMPILING.submit(lambda: "fp32").result(timeout=PATIENCE)

    monkeypatch.setattr(enlarging, "picture_precision", choose)
    forget_graphs()
    assert enlarged(soft_disc(16, 1)).shape == (1, 64, 64, 3)
    forget_graphs()
