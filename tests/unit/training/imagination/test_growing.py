"""Networks that learned some kinds, grown to learn more: what they knew, they know."""

from dataclasses import replace
from pathlib import Path

import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination.objects import look_number
from mag_sandbox.model.imagination.weights import ImaginationNetworks, load_networks, save_networks
from mag_sandbox.training.imagination.pipeline import take_over
from tests.tiny import randomise
from tests.unit.model.imagination.tiny import TINY

MORE = replace(
    TINY,
    kinds=("comet", *reversed(TINY.kinds), "lantern"),
    planner=replace(TINY.planner, kinds=TINY.planner.kinds + 9),
    painter=replace(TINY.painter, kinds=TINY.painter.kinds + 9),
    reader=replace(TINY.reader, kinds=TINY.reader.kinds + 9),
)


def saved(folder: Path) -> ImaginationNetworks:
    """Return networks as they are read from a folder."""
    networks = ImaginationNetworks(TINY, matmul_attention)
    for module in networks.parts().values():
        randomise(module, 3)
        for values in module.buffers():
            values.normal_(generator=torch.Generator().manual_seed(4))
    save_networks(folder, networks)
    return load_networks(folder, matmul_attention)


def taught(folder: Path) -> ImaginationNetworks:
    networks = ImaginationNetworks(MORE, matmul_attention)
    take_over(networks, folder, matmul_attention)
    return networks


def test_each_kind_keeps_what_was_learned_of_it_under_its_new_number(tmp_path):
    old, new = saved(tmp_path), taught(tmp_path)
    for kind in (*TINY.kinds, *TINY.all_behind):
        before, now = TINY.looks.index(kind), MORE.looks.index(kind)
        assert torch.equal(old.reader.gain.weight[before], new.reader.gain.weight[now])
        assert torch.equal(old.reader.there.bias[before], new.reader.there.bias[now])
        for table in ("content.0.weight", "head.outer.0.weight", "head.outer.0.bias"):
            was, became = (each.planner.state_dict()[table] for each in (old, new))
            assert torch.equal(was[1 + before], became[1 + now])
        for variant in (None, 0, 4):
            rows = look_number(before, variant), look_number(now, variant)
            for was, became in zip(
                (old.painter.objects.look.weight, *(x.table for x in old.painter.objects.sprites)),
                (new.painter.objects.look.weight, *(x.table for x in new.painter.objects.sprites)),
                strict=True,
            ):
                assert torch.equal(was[rows[0]], became[rows[1]])


def test_all_else_is_as_it_was(tmp_path):
    old, new = saved(tmp_path), taught(tmp_path)
    same = [
        torch.equal(value, new.parts()[name].state_dict()[key])
        for name, module in old.parts().items()
        for key, value in module.state_dict().items()
        if value.shape == new.parts()[name].state_dict()[key].shape
    ]
    assert len(same) > 40
    assert all(same)
    assert torch.equal(old.planner.content[0].weight[0], new.planner.content[0].weight[0])
