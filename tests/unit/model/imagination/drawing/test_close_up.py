"""The network that shows a thing from nearer than it was painted."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.drawing.close_up import (
    FINER,
    MOST,
    NUMBERS,
    SCALE,
    WAVES,
    CloseUps,
    CutOutPicture,
    _told,
    crisp,
    places_in,
)
from mag_sandbox.model.imagination.objects import BEYOND, PlacedObject
from mag_sandbox.model.imagination.weights import IMAGINATION_WEIGHTS, load_networks

BROWN = np.array([0.1, -0.2, -0.5])[:, None, None]
MUSHROOM = PlacedObject("mushroom", 0.0, -10.0, 8.0, 8.0, (200, 40, 40), (200, 60, 60), 1)


@pytest.fixture(scope="module")
def close_ups() -> CloseUps:
    networks = load_networks(IMAGINATION_WEIGHTS, matmul_attention)
    return CloseUps(lambda: networks.close_up, networks.config.kinds, lambda _thing: sprite())


def sprite() -> np.ndarray:
    """Return a red disc that fills a box of `soft_disc`, as sprites are."""
    down, across = (np.mgrid[:32, :32] - 15.5) / 15.5 * BEYOND
    share = (np.hypot(down, across) < 1).astype(np.float32)
    return np.stack((0.6 * share, -0.6 * share, -0.6 * share, share))


def soft_disc(height: int, width: int, color: float = 0.6) -> CutOutPicture:
    """Return the cut-out of a soft red disc in the middle of a box."""
    down, across = np.mgrid[:height, :width]
    radius = np.hypot(down - height / 2 + 0.5, across - width / 2 + 0.5)
    alpha = ((min(height, width) * 0.35 - radius) / 6 + 0.5).clip(0, 1)
    colors = np.stack((color * alpha, -color * alpha, -color * alpha))
    layer = np.concatenate((colors, alpha[None])).astype(np.float32)
    return CutOutPicture(layer, (0.15 * width, 0.15 * height, 0.7 * width, 0.7 * height))


@pytest.mark.parametrize(("height", "width"), [(40, 40), (37, 42), (9, 63)])
def test_a_close_up_is_as_many_times_as_large_and_no_colour_exceeds_its_alpha(
    close_ups: CloseUps, height: int, width: int
):
    given = soft_disc(height, width)
    layer, box = close_ups.enlarged(given, MUSHROOM)
    assert layer.shape == (4, FINER * height, FINER * width)
    assert box == tuple(FINER * end for end in given.box)
    assert (layer[3] >= 0).all() and (layer[3] <= 1).all()
    assert (np.abs(layer[:3]) <= layer[3:] + 1e-6).all()
    assert np.array_equal(layer, close_ups.enlarged(given, MUSHROOM).layer)


@pytest.mark.parametrize(("height", "width"), [(37, 42), (150, 150)])
def test_a_thing_drawn_again_is_as_large_as_it_was(close_ups: CloseUps, height: int, width: int):
    given = soft_disc(height, width)
    (layer, box), near = close_ups.redrawn(given, MUSHROOM)
    assert layer.shape == given.layer.shape
    assert box == given.box
    assert near.layer.shape == (4, FINER * height, FINER * width)
    assert near.box == tuple(FINER * end for end in box)
    assert (np.abs(layer[:3]) <= layer[3:] + 1e-6).all()
    apart = (layer[3] > 0.5) != (given.layer[3] > 0.5)
    assert apart.sum() < 0.15 * (given.layer[3] > 0.5).sum()


def test_a_very_large_thing_is_drawn_again_from_a_smaller_picture(close_ups: CloseUps):
    given = soft_disc(200, 200)
    (layer, box), near = close_ups.redrawn(given, MUSHROOM)
    assert layer.shape == given.layer.shape
    assert box == given.box
    assert near.layer.shape[1] < 200 * FINER
    assert near.box[2] / near.layer.shape[2] == pytest.approx(given.box[2] / 200)
    apart = (layer[3] > 0.5) != (given.layer[3] > 0.5)
    assert apart.sum() < 0.15 * (given.layer[3] > 0.5).sum()


def test_outlines_are_crisper_and_stay_where_they_are(close_ups: CloseUps):
    given = soft_disc(48, 48)
    alpha = close_ups.enlarged(given, MUSHROOM).layer[3]
    soft = given.layer[3].repeat(FINER, 0).repeat(FINER, 1)
    between = [((one > 0.1) & (one < 0.9)).sum() for one in (alpha, soft)]
    assert between[0] < 0.6 * between[1]
    assert ((alpha > 0.5) != (soft > 0.5)).sum() < 0.15 * (soft > 0.5).sum()


def test_a_part_that_is_missing_is_mended_as_the_plan_has_it(close_ups: CloseUps):
    whole = soft_disc(48, 48)
    broken = whole.layer.copy()
    broken[:, 26:32, :20] = 0.0  # a hole at the left edge
    share = [
        close_ups.enlarged(whole._replace(layer=layer), MUSHROOM).layer[3, 54:62, 22:38].mean()
        for layer in (whole.layer, broken)
    ]
    assert share[0] > 0.9
    assert share[1] > 0.3


def test_of_a_large_cut_out_less_is_computed(close_ups: CloseUps):
    """It takes the box with it."""
    given = soft_disc(200, 300)
    seen: list[tuple[int, ...]] = []
    network = close_ups._networks[SCALE]
    handle = network.register_forward_pre_hook(lambda _module, args: seen.append(args[0].shape))
    try:
        layer, box = close_ups.enlarged(given, MUSHROOM)
    finally:
        handle.remove()
    assert seen[0][2] * seen[0][3] < 1.15 * MOST
    assert box[2] / layer.shape[2] == pytest.approx(given.box[2] / 300)
    assert box[1] / layer.shape[1] == pytest.approx(given.box[1] / 200)
    assert layer.shape[1] > 200


def test_bf16_shows_about_the_same(close_ups: CloseUps):
    network = close_ups._networks[SCALE]
    half = CloseUps(
        lambda: network, [MUSHROOM.kind], lambda _thing: sprite(), lambda: torch.bfloat16
    )
    full = CloseUps(lambda: network, [MUSHROOM.kind], lambda _thing: sprite())
    layers = [one.enlarged(soft_disc(40, 40), MUSHROOM).layer for one in (full, half)]
    assert layers[1].dtype == np.float32
    assert not np.array_equal(*layers)
    assert np.abs(layers[0] - layers[1]).mean() < 0.01


def test_a_cut_out_shows_its_thing_if_it_has_about_its_colours(close_ups: CloseUps):
    shown = [close_ups.shows(soft_disc(40, 40, color), MUSHROOM) for color in (0.6, 0.4, -0.6)]
    assert shown == [True, True, False]


def test_the_means_of_two_by_two_pixels_are_computed_directly(close_ups: CloseUps):
    network = close_ups._networks[SCALE]
    places = torch.from_numpy(places_in((2.0, 2.0, 9.0, 14.0), (20, 12)))[None]
    given = torch.rand(1, 4, 20, 12), places, torch.rand(1, 4, 32, 32)
    told = torch.rand(1, 4, 48, 48), torch.tensor([3]), torch.tensor([1]), torch.rand(1, NUMBERS)
    with torch.inference_mode():
        whole, means = (one(*given, *told) for one in (network, network.pooled()))
    assert torch.allclose(torch.nn.functional.avg_pool2d(whole, 2), means, atol=1e-5)


def test_waves_at_places_are_convolved_as_if_every_row_and_column_were(close_ups: CloseUps):
    """Facts modulate them, of one picture and of several."""
    network = close_ups._networks[SCALE]
    places = torch.from_numpy(places_in((2.0, 2.0, 9.0, 14.0), (20, 12)))[None]
    shown, told = torch.rand(1, 24, 20, 12), torch.rand(1, 2 * network.twofold.out_channels)
    lines = [places * torch.pi * wave for wave in WAVES]
    waves = [turn(line) for turn in (torch.sin, torch.cos) for line in lines]
    factor, shift = told[..., None, None].chunk(2, 1)
    with torch.inference_mode():
        all_convolved = network.twofold(torch.cat((shown, *waves), dim=1)) * (1 + factor) + shift
        one = _told(network.twofold, shown, told, places)
        two = _told(network.twofold, *(torch.cat((each, each)) for each in (shown, told, places)))
    for made in (one, two[:1], two[1:]):
        assert torch.allclose(made, torch.nn.functional.silu(all_convolved), atol=1e-5)


def test_a_thing_that_is_only_planned_is_drawn_once_in_its_proportions(close_ups: CloseUps):
    tall = replace(MUSHROOM, width=10.0, height=20.0)
    drawn = close_ups.sketched(tall)
    assert drawn is not None
    assert drawn is close_ups.sketched(replace(tall, yaw=50.0)), "things alike are drawn once"
    assert drawn.box[3] / drawn.box[2] == pytest.approx(2.0, rel=0.05)
    red, alpha = drawn.layer[0], drawn.layer[3]
    assert red[alpha > 0.9].mean() > 0.5
    assert drawn.layer.shape[1] > 2 * sprite().shape[1]


def test_marks_are_drawn_where_they_were_not_painted(close_ups: CloseUps):
    """Hidden, they are not: there is nothing else that tells of them."""
    chest, (layer, box) = PlacedObject("treasure chest", 0.0, -10.0, 8.0, 8.0), soft_disc(48, 48)
    plain = np.concatenate((np.broadcast_to(layer[3] * BROWN, (3, 48, 48)), layer[3:]))
    contrasts = []
    for hides in (False, True):
        network = close_ups._networks[SCALE].copied()
        if hides:
            network.marks = torch.zeros_like(network.marks)
        alone = CloseUps(lambda one=network: one, close_ups._kinds, lambda _thing: None)
        shown = alone.enlarged(CutOutPicture(plain.astype(np.float32), box), chest).layer
        contrasts.append(float(shown[:3, 36:60, 36:60].std(axis=(1, 2)).mean()))
    assert contrasts[0] > 1.2 * contrasts[1]


def test_edges_become_steeper_and_overshoot_nothing():
    ramp = torch.tensor([0.2, 0.2, 0.3, 0.5, 0.7, 0.8, 0.8]).expand(1, 4, 5, 7)
    steep = crisp(ramp)[0, 0, 2]
    assert steep.tolist() == pytest.approx([0.2, 0.2, 0.2, 0.5, 0.8, 0.8, 0.8], abs=0.11)
    assert steep[4] - steep[2] > ramp[0, 0, 2, 4] - ramp[0, 0, 2, 2]
    assert steep.min() >= ramp.min() and steep.max() <= ramp.max()


def test_the_outline_of_a_thing_has_its_colour():
    """Also where its colour fades before its alpha does."""
    alpha = torch.tensor([0.0, 0.1, 0.3, 0.6, 0.9, 1.0, 1.0]).expand(1, 1, 7, 7)
    faded = 0.8 * (alpha - 0.1).clamp(0) / 0.9
    *colors, shown = crisp(torch.cat((faded, faded, faded, alpha), dim=1))[0, :, 3]
    outline = (shown > 0.1) & (shown < 1)
    assert outline.any()
    assert (colors[0] / shown)[outline].min() > 0.75


def test_only_kinds_that_it_was_taught_are_known(close_ups: CloseUps):
    assert close_ups.knows(MUSHROOM)
    assert not close_ups.knows(PlacedObject("gramophone of glass", 0.0, 0.0, 1.0, 1.0))
    assert not CloseUps(lambda: None, [MUSHROOM.kind], lambda _thing: None).knows(MUSHROOM), (
        "weights may lack it"
    )
