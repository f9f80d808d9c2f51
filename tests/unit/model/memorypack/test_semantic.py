"""SemanticPack's state: who asks whom, what it may know, how large it gets."""

import pytest
import torch
from torch import Tensor

from mag_sandbox.model.memorypack.config import PackConfig
from mag_sandbox.model.memorypack.packing import joined
from mag_sandbox.model.memorypack.semantic import STRUCTURES, SemanticPack
from tests.tiny import TINY
from tests.unit.model.memorypack.tiny_pack import LENGTH, PLACES, frames, prompt, tiny_packed

WINDOW = LENGTH * 1  # tokens of a block: a cell covers the tiny frame
GUIDE = TINY.dit.text_len + 1  # tokens of psi_0
each_structure = pytest.mark.parametrize("structure", STRUCTURES)


def semantic(structure: str = "A", **config) -> SemanticPack:
    return tiny_packed(PackConfig(structure=structure, **config)).pack.semantic


@torch.no_grad()
def psi_after(module: SemanticPack, video, words: Tensor | None = None) -> Tensor:
    state = module.begin(prompt() if words is None else words, video.part(0, 1), PLACES)
    return module.advance(state, video.part(1, video.length), PLACES).psi.values


@each_structure
def test_any_chunking_gives_the_same_state(structure):
    module, video = semantic(structure), frames(6)
    once = psi_after(module, video)
    with torch.no_grad():
        state = module.begin(prompt(), video.part(0, 1), PLACES)
        for first, last in ((0, 1), (1, 4), (4, 6)):
            some = video.part(1 + first * LENGTH, 1 + last * LENGTH)
            state = module.advance(state, some, PLACES)
    assert state.updates == 6
    assert torch.equal(state.psi.values, once)


@each_structure
def test_the_future_never_changes_the_past_but_the_past_changes_the_future(structure):
    module, video, other = semantic(structure), frames(4), frames(4, seed=9)
    for block in range(1, 4):
        cut = 1 + block * LENGTH
        changed = joined((video.part(0, cut), other.part(cut, other.length)))
        early = psi_after(module, video.part(0, cut))
        assert torch.equal(early, psi_after(module, changed.part(0, cut)))
        assert not torch.allclose(psi_after(module, video), psi_after(module, changed))
    first = joined((video.part(0, 1), other.part(1, 1 + LENGTH), video.part(1 + LENGTH, 13)))
    assert not torch.allclose(psi_after(module, video), psi_after(module, first))


@each_structure
def test_psi_has_the_size_of_who_asks_and_never_grows(structure):
    module = semantic(structure)
    expected = {"A": WINDOW, "B": GUIDE, "C": GUIDE + WINDOW}[structure]
    sizes = {psi_after(module, frames(blocks)).shape[1] for blocks in (1, 2, 7)}
    assert sizes == {expected}


@each_structure
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6])
def test_psi_is_bounded_after_the_first_update_whatever_it_was(structure, scale):
    module = semantic(structure)
    limit = float(module.norm.weight.detach().abs().max()) * 1.001
    for blocks in (1, 5):
        psi = psi_after(module, frames(blocks, scale=scale), prompt() * scale)
        assert float(psi.square().mean(dim=-1).sqrt().max()) <= limit


@torch.no_grad()
def test_psi_begins_as_prompt_and_image():
    module, video = semantic(), frames(1)
    one, same, word, picture = (
        module.begin(words, image, PLACES).psi.values
        for words, image in (
            (prompt(), video.part(0, 1)),
            (prompt(), video.part(0, 1)),
            (prompt(6), video.part(0, 1)),
            (prompt(), frames(1, seed=3).part(0, 1)),
        )
    )
    rows = TINY.dit.text_len
    assert one.shape[1] == GUIDE
    assert torch.equal(one, same)
    assert not torch.equal(one[:, :rows], word[:, :rows])
    assert torch.equal(one[:, rows:], word[:, rows:])
    assert torch.equal(one[:, :rows], picture[:, :rows])
    assert not torch.equal(one[:, rows:], picture[:, rows:])


@each_structure
def test_without_guidance_psi_begins_at_zero_and_no_prompt_reaches_it(structure):
    module, video = semantic(structure, guided=False), frames(3)
    state = module.begin(prompt(), video.part(0, 1), PLACES)
    assert not state.psi.values.any()
    told, untold = (psi_after(module, video, prompt(seed)) for seed in (1, 2))
    assert torch.equal(told, untold)
    guided = semantic(structure)
    told, untold = (psi_after(guided, video, prompt(seed)) for seed in (1, 2))
    assert not torch.allclose(told, untold)


def test_structures_differ_only_in_who_asks():
    a, b, c = (semantic(structure).state_dict() for structure in "ABC")
    assert all(torch.equal(a[name], b[name]) and torch.equal(a[name], c[name]) for name in a)
    assert a.keys() == b.keys() == c.keys()


@torch.no_grad()
def test_psi_tokens_lie_at_the_start_of_the_video():
    module, video = semantic(), frames(5)
    state = module.begin(prompt(), video.part(0, 1), PLACES)
    state = module.advance(state, video.part(1, video.length), PLACES)
    newest = video.part(video.length - LENGTH, video.length)
    cell = (1, module.config.cell, module.config.cell)
    there = PLACES.grid(newest.at(video.times[:1])).pooled(cell)
    assert torch.equal(module.tokens(state, video, PLACES).rotary, there.rotary.flatten(1, 3))


@torch.no_grad()
def test_at_first_psi_adds_nothing_to_what_is_read():
    networks = tiny_packed()
    networks.pack.initialise(networks.dit)
    module, video = networks.pack.semantic, frames(2)
    state = module.begin(prompt(), video.part(0, 1), PLACES)
    state = module.advance(state, video.part(1, video.length), PLACES)
    assert state.psi.values.any()
    assert not module.tokens(state, video, PLACES).values.any()
