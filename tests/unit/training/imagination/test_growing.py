"""Networks that learned some kinds, grown to learn more: what they knew, they know."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.checkpoints import eight_bits, load_into, write_tensors
from mag_sandbox.model.imagination.objects import look_number
from mag_sandbox.model.imagination.weights import (
    ImaginationNetworks,
    load_networks,
    read_imagination_config,
    save_networks,
)
from mag_sandbox.model.pocket.networks import TextEncoder
from mag_sandbox.model.pocket.weights import POCKET_WEIGHTS, load_tokenizer, read_config
from mag_sandbox.model.prompts import tokenise
from mag_sandbox.model.world import MissingWeights
from mag_sandbox.renderer.kinds import CLASSES
from mag_sandbox.training.imagination import pipeline
from mag_sandbox.training.imagination.pipeline import CHANGE, CHANGES, TEXT, take_over
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


def test_what_a_folder_lacks_is_as_shipped(tmp_path, monkeypatch):
    shipped = saved(tmp_path / "shipped")
    monkeypatch.setattr(pipeline, "IMAGINATION_WEIGHTS", tmp_path / "shipped")
    saved(tmp_path / "planner")
    for name in ("painter", "reader"):
        (tmp_path / "planner" / f"{name}.safetensors").unlink()
    new = taught(tmp_path / "planner")
    assert torch.equal(shipped.reader.stem.weight, new.reader.stem.weight)


def test_changes_are_added_to_what_is_shipped(tmp_path, monkeypatch):
    shipped = saved(tmp_path / "shipped")
    monkeypatch.setattr(pipeline, "IMAGINATION_WEIGHTS", tmp_path / "shipped")
    folder = tmp_path / "changes"
    saved(folder)
    (folder / "painter.safetensors").unlink()
    name, whole = "dit.blocks.0.ffn.0.weight", "objects.look.weight"
    before = shipped.painter.state_dict()
    change = torch.full_like(before[name], 2.0)
    written = eight_bits(name + CHANGE, change) | {whole: -before[whole]}
    write_tensors(folder / f"painter{CHANGES}", written)
    new = taught(folder).painter.state_dict()
    torch.testing.assert_close(new[name], before[name] + change)
    was, became = (look_number(each.looks.index("tent"), 1) for each in (TINY, MORE))
    assert torch.equal(new[whole][became], -before[whole][was])


def test_changes_that_do_not_fit_are_refused(tmp_path, monkeypatch):
    saved(tmp_path)
    monkeypatch.setattr(pipeline, "IMAGINATION_WEIGHTS", tmp_path)
    write_tensors(tmp_path / f"painter{CHANGES}", {"absent" + CHANGE: torch.zeros(2)})
    with pytest.raises(MissingWeights, match="painter-changes"):
        taught(tmp_path)


def test_the_networks_of_version_3_can_be_trained_on():
    folder = Path(pipeline.__file__).with_name("version-3")
    config = read_imagination_config(folder)
    assert config.kinds == CLASSES[: len(config.kinds)], "kinds are appended"
    networks = ImaginationNetworks(config, matmul_attention)
    take_over(networks, folder, matmul_attention)
    shipped = load_networks(pipeline.IMAGINATION_WEIGHTS, matmul_attention)
    known, changed = (each.painter.sketch.weight for each in (shipped, networks))
    assert (known - changed).norm() > 0.1 * known.norm()
    pocket = read_config(POCKET_WEIGHTS)
    text = TextEncoder(pocket.text)
    load_into(text, folder / TEXT)
    ids, mask = tokenise(load_tokenizer(folder, pocket), ["a harbour"], pocket.text.text_len)
    assert text(ids, mask).isfinite().all()
    assert networks.planner.content[0].weight.isfinite().all()
