"""The bidirectional teacher reproduces upstream Wan: one forward, the tables, whole samplings."""

import re

import pytest
import torch

from mag_sandbox.model.full.bidirectional import BidirectionalWan
from mag_sandbox.model.full.samplers import UniPCSampler, euler_sampler
from mag_sandbox.model.rope import GridCoordinates
from tests.golden_vectors import assert_matches, manifest, vectors
from tests.unit.model.test_golden_dit import golden_dit

CASES = manifest()["files"]["wan_sampling"]["cases"]
TABLES = sorted({k.rpartition("/")[0] for k in vectors("wan_sampling") if "_table/" in k})
SAMPLERS = {"unipc": UniPCSampler, "euler": euler_sampler}


def sampler_of(name: str, steps: int, shift: float):
    if name.startswith("unipc"):
        pytest.importorskip("diffusers")
    return SAMPLERS[name.rstrip("0123456789")](steps, shift)


def teacher() -> BidirectionalWan:
    sizes = manifest()["config"]
    dit = golden_dit("dit_memory")
    grid = GridCoordinates(sizes["H"] // 2, sizes["W"] // 2, dit.config.head_dim)
    return BidirectionalWan(dit, grid)


@torch.no_grad()
def test_one_forward_with_a_noise_level_for_each_sample_matches():
    golden, wan = vectors("wan_sampling"), teacher()
    text = wan.dit.text_keys(golden["forward/context"])
    flow = wan.flow(golden["forward/x"], golden["forward/t"], text)
    assert_matches(flow, golden["forward/flow"])


@pytest.mark.parametrize("table", TABLES)
def test_tables_match(table):
    golden = vectors("wan_sampling")
    solver, shift = re.fullmatch(r"(.*)_table/shift(.*)", table).groups()
    timesteps, sigmas = golden[f"{table}/timesteps"], golden[f"{table}/sigmas"]
    sampler = sampler_of(solver, len(timesteps), float(shift))
    assert_matches(torch.tensor(sampler.timesteps, dtype=timesteps.dtype), timesteps)
    ours = sampler.sigmas if solver == "unipc" else torch.tensor(sampler.levels[:-1])
    assert_matches(ours, sigmas)


@torch.no_grad()
@pytest.mark.parametrize("name", list(CASES))
def test_every_sampling_matches(name):
    case, golden, wan = CASES[name], vectors("wan_sampling"), teacher()
    sampler = sampler_of(name, case["steps"], case["shift"])
    inputs = vectors("inputs")
    text, free = (wan.dit.text_keys(inputs[key][:1]) for key in ("context", "context_2"))
    expected = golden[f"{name}/latents"]
    noise = inputs["noise"][:1, : expected.shape[1]]
    seen = Seen(sampler)
    latents = wan.sample(noise, text, free, seen, case["guidance"])
    assert torch.equal(latents, seen.after[-1])
    after = torch.cat(seen.after)[-len(expected) :]
    assert_matches(after, expected)
    assert_matches(latents, expected[-1:])


class Seen:
    """A sampler that keeps the latents after every step."""

    def __init__(self, sampler) -> None:
        self._sampler, self.timesteps, self.after = sampler, sampler.timesteps, []

    def advance(self, *arguments):
        self.after.append(self._sampler.advance(*arguments))
        return self.after[-1]
