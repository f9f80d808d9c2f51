"""Fetching against a stand-in of the hub: choosing, resuming, comparing, refusing."""

import dataclasses
import json
import os
from pathlib import Path

import pytest
from huggingface_hub import constants

from mag_sandbox.model.catalogue import fetching, weight_files
from mag_sandbox.model.catalogue.worlds import DATA, WORLDS
from mag_sandbox.model.world import MissingWeights
from tests import tiny_full
from tests.hub_stand_in import HubStandIn

GENERATOR = "checkpoints/mag_generator/diffusion_pytorch_model.safetensors"
MEMORY = "checkpoints/memory_model/diffusion_pytorch_model.safetensors"
ROW = WORLDS["mag"]


def quiet(stage: str, fraction: float) -> None:
    pass


@pytest.fixture(scope="module")
def repos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repos")
    tiny_full.write_repos(folder)
    return folder


@pytest.fixture
def hub(repos, monkeypatch):
    with HubStandIn(repos) as hub:
        hub.stand_in(monkeypatch)
        yield hub


@pytest.fixture
def own_hub(repos, hub, tmp_path):
    """Let a test change what the repositories hold."""
    hub.folder = tmp_path / "repos"
    for path in repos.rglob("*"):
        if path.is_file():
            copy = hub.folder / path.relative_to(repos)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.hardlink_to(path)
    return hub


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "weights"


def fetch(home: Path, on_progress=quiet, row=ROW) -> weight_files.WorldFiles:
    return fetching.download(fetching.make_plan(row, home), on_progress)


@pytest.mark.parametrize("name", [n for n in WORLDS if n in ("mag", "causvid", "longlive")])
def test_a_fetched_world_has_a_file_for_every_role(hub, home, name):
    row = WORLDS[name]
    files = fetch(home, row=row)
    assert weight_files.require(row, home) == files
    for role in row.roles:
        for path in files.paths(role):
            assert path.is_file()
            assert path.is_relative_to(home)


def test_files_are_those_that_the_hub_has(hub, home, repos):
    files = fetch(home)
    weights = next(path for path in files.paths("generator") if path.suffix == ".safetensors")
    assert weights.read_bytes() == (repos / tiny_full.MAG / GENERATOR).read_bytes()
    assert (weights.parent / "config.json").is_file()
    assert len(files.digest()) == 16


def test_what_is_here_is_not_fetched_again(hub, home):
    fetch(home)
    hub.served.clear()
    plan = fetching.make_plan(ROW, home)
    assert plan.missing() == 0
    fetching.download(plan, quiet)
    assert hub.served == []


def test_worlds_share_the_files_of_a_repository(hub, home):
    fetch(home)
    hub.served.clear()
    fetch(home, row=WORLDS["causvid"])
    assert [name for name, _ in hub.served] == ["autoregressive_checkpoint/model.pt"]


def test_a_fetch_that_was_broken_off_goes_on_where_it_stopped(hub, home):
    class BrokenOff(BaseException):
        pass

    sizes = []

    def break_off(stage: str, fraction: float) -> None:
        sizes.append(fraction)
        if len(sizes) > 4:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        fetch(home, break_off)
    assert weight_files.read_files("mag", home) is None
    (part,) = home.rglob(f"*{fetching.PART}")
    arrived = part.stat().st_size
    assert arrived > 0
    hub.served.clear()
    fetch(home)
    assert hub.served[0] == (GENERATOR, arrived)
    assert not list(home.rglob(f"*{fetching.PART}"))
    weight_files.require(ROW, home)


def test_progress_goes_from_nothing_to_all_and_never_back(hub, home):
    told = []
    fetch(home, lambda stage, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_a_file_that_arrives_damaged_is_refused_and_not_kept(hub, home):
    hub.damaged.add(MEMORY)
    with pytest.raises(fetching.FetchFailed, match=r"memory_model.*arrived damaged.*fetch again"):
        fetch(home)
    assert not list(home.rglob(f"memory_model/*{fetching.PART}"))
    hub.damaged.clear()
    fetch(home)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "bytes, expected"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), "is damaged: SHA-256"),
    ],
)
def test_incomplete_and_wrong_files_are_found_before_play_and_mended_by_fetching(
    hub, home, harm, message
):
    (path, _) = sorted(fetch(home).paths("generator"), key=lambda path: -path.stat().st_size)
    harm(path)
    with pytest.raises(MissingWeights, match=message) as missing:
        weight_files.require(ROW, home)
    assert "run `mag-sandbox fetch mag`" in str(missing.value)
    assert "\n" not in str(missing.value)
    fetch(home)
    weight_files.require(ROW, home)


def test_files_that_only_moved_are_hashed_once_and_then_known(hub, home, monkeypatch):
    (path, _) = sorted(fetch(home).paths("generator"), key=lambda path: -path.stat().st_size)
    path.touch()
    weight_files.require(ROW, home)
    monkeypatch.setattr(weight_files, "sha256_of", lambda path: pytest.fail("hashed again"))
    weight_files.require(ROW, home)


def test_names_that_no_rule_knows_come_with_the_listing(own_hub, home):
    for folder in ("mag_generator", "memory_model"):
        part = own_hub.folder / tiny_full.MAG / "checkpoints" / folder
        part.rename(part.with_name({"mag_generator": "alpha", "memory_model": "beta"}[folder]))
    with pytest.raises(fetching.NamesUnknown, match=r"several files.*alpha.*beta") as unknown:
        fetching.make_plan(ROW, home)
    assert any("alpha/config.json" in file.path for file in unknown.value.listing)
    assert "--file 'generator=PATH'" in str(unknown.value)
    named = {
        role: f"checkpoints/{folder}/diffusion_pytorch_model.safetensors"
        for role, folder in (("generator", "alpha"), ("memory", "beta"))
    }
    fetching.download(fetching.make_plan(ROW, home, named=named), quiet)
    assert "alpha" in str(weight_files.require(ROW, home).paths("generator")[0])


def test_a_full_disk_is_noticed_before_anything_is_fetched(hub, home, monkeypatch):
    usage = dataclasses.make_dataclass("Usage", ["free"])(fetching.SPARE_BYTES)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(fetching.FetchFailed, match=r"needs .* more .* free; make room"):
        fetch(home)
    assert hub.served == []
    assert not home.exists()


def test_an_optional_part_that_is_not_there_is_left_out(own_hub, home):
    (own_hub.folder / tiny_full.TINY_DECODER / "taew2_1.safetensors").unlink()
    plan = fetching.make_plan(ROW, home)
    assert [source.role for source in plan.absent] == ["tiny decoder"]
    files = fetching.download(plan, quiet)
    assert files.paths("tiny decoder") == ()
    weight_files.require(ROW, home)


def test_a_repository_that_is_not_there_is_one_sentence(own_hub, home):
    import shutil

    shutil.rmtree(own_hub.folder / tiny_full.MAG)
    with pytest.raises(fetching.FetchFailed, match="xilluill/MAG is not on the hub"):
        fetch(home)


def test_without_a_connection_what_is_here_is_compared_and_nothing_else_is_tried(hub, home):
    with pytest.raises(fetching.FetchFailed, match="offline"):
        fetching.check_offline(ROW, home)
    files = fetch(home)
    hub.served.clear()
    assert fetching.check_offline(ROW, home) == files
    path = files.paths("vae")[0]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(fetching.FetchFailed, match=r"offline, and .*Wan2\.1_VAE"):
        fetching.check_offline(ROW, home)
    assert hub.served == []


def test_own_weights_stand_where_none_are_public(hub, home, repos):
    row = WORLDS["self-forcing-plus-plus"]
    with pytest.raises(fetching.FetchFailed, match="no public generator"):
        fetching.make_plan(row, home)
    mine = repos / tiny_full.SELF_FORCING / "checkpoints" / "self_forcing_dmd.pt"
    plan = fetching.make_plan(row, home, own={"generator": mine})
    files = fetching.download(plan, quiet)
    assert files.paths("generator") == (mine,)
    assert weight_files.require(row, home) == files


def test_own_weights_that_are_no_weights_are_refused(home, tmp_path):
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"not weights at all")
    with pytest.raises(MissingWeights, match="not a safetensors file; name another"):
        weight_files.own_file("generator", mine)
    with pytest.raises(MissingWeights, match="cannot be read"):
        weight_files.own_file("generator", Path("/dev/null"))


def test_a_path_that_leaves_its_folder_is_not_listed(own_hub, monkeypatch):
    listing = own_hub.listing(tiny_full.MAG)
    listing["siblings"] += [
        {"rfilename": name, "size": 1} for name in ("../evil", "/etc/evil", "a\\evil", "C:evil")
    ]
    monkeypatch.setattr(own_hub, "listing", lambda repo: listing)
    assert not any("evil" in file.path for file in fetching.list_repo(tiny_full.MAG).files)


def test_more_than_was_listed_is_not_taken(hub, home):
    hub.endless.add(GENERATOR)
    with pytest.raises(fetching.FetchFailed, match=r"more than the .* bytes that were expected"):
        fetch(home)
    arrived = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    assert arrived <= fetching.make_plan(ROW, home).bytes


def test_who_sends_next_to_nothing_is_not_waited_for(hub, home, monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.2)
    hub.dripping.add(GENERATOR)
    with pytest.raises(fetching.FetchFailed, match="sends next to nothing"):
        fetch(home)


def test_who_says_nothing_at_all_is_not_waited_for(hub, home, monkeypatch):
    hub.stops[GENERATOR] = 1
    plan = fetching.make_plan(ROW, home)
    with (
        monkeypatch.context() as patch,
        pytest.raises(
            fetching.FetchFailed, match=r"could not be read .*; what has arrived is kept"
        ),
    ):
        patch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
        fetching.download(plan, quiet)
    fetch(home)


def test_a_list_that_never_ends_is_not_waited_for(hub, home, monkeypatch):
    monkeypatch.setattr(fetching, "LISTING_S", -1.0)
    with pytest.raises(fetching.FetchFailed, match="for a list; try again later"):
        fetching.make_plan(ROW, home)


def test_a_head_that_never_ends_is_not_waited_for(hub, home, monkeypatch):
    monkeypatch.setattr(fetching, "ANSWER_S", 0.1)
    hub.silent_heads = True
    with pytest.raises(fetching.FetchFailed, match="does not answer within"):
        fetching.make_plan(ROW, home)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("status", "head", "said"),
    [
        (500, {}, "the hub answered 500"),
        (403, {"X-Error-Code": "GatedRepo"}, "accept its terms"),
        (404, {"X-Error-Code": "RepoNotFound"}, "is not on the hub"),
        (302, {"Location": "/again"}, "redirects more than 10 times"),
        (302, {"Location": "http://[::1"}, "redirects to no address"),
        (302, {"Location": "file:///etc/passwd"}, "unsupported protocol"),
    ],
)
def test_errors_and_redirects_whose_bodies_never_end_are_not_read(hub, home, status, head, said):
    hub.flooding = status, {"Connection": "close"} | head
    with pytest.raises(fetching.FetchFailed, match=said):
        fetching.make_plan(ROW, home)


def test_files_without_number_are_not_fetched(hub, home, monkeypatch):
    many = [SIBLING | {"rfilename": f"bench/{number}.mp4"} for number in range(1_100)]
    hub.said = json.dumps({"siblings": [*many, SIBLING | {"rfilename": "bench.csv"}]}).encode()
    monkeypatch.setattr(fetching.RepoFile, "__eq__", lambda *_: pytest.fail("compared"))
    with pytest.raises(fetching.FetchFailed, match="lists 1100 files of the videos, at most 1000"):
        fetching.make_plan(DATA["mag-bench"], home)


def test_a_path_of_thousands_of_folders_is_not_listed():
    assert not fetching._safe("a/" * 2000 + "b.safetensors")
    assert fetching._safe("a/" * 20 + "b.safetensors")


def test_a_licence_is_told_in_one_short_line(own_hub, home):
    own_hub.licence = "mit\n" * 10**6
    assert all(len(one) < 100 for one in fetching.make_plan(ROW, home).licences().values())


@pytest.mark.timeout(60)
def test_a_part_that_is_no_file_is_made_anew_and_what_it_leads_to_stays(hub, home, tmp_path):
    parts = [planned.part(home) for planned in fetching.make_plan(ROW, home).files[:2]]
    for part in parts:
        part.parent.mkdir(parents=True, exist_ok=True)
    other = tmp_path / "precious"
    other.write_text("precious")
    parts[0].symlink_to(other)
    os.mkfifo(parts[1])
    fetch(home)
    assert other.read_text() == "precious"


def test_a_folder_where_a_file_goes_is_named_and_stays(hub, home):
    planned = fetching.make_plan(ROW, home).files[0]
    (home / planned.path).mkdir(parents=True)
    with pytest.raises(fetching.FetchFailed, match="is a folder where a file goes"):
        fetch(home)
    assert (home / planned.path).is_dir()


def test_a_file_that_cannot_be_checked_is_not_fetched(hub, home):
    """So that "every file checked" is true."""
    hub.said = json.dumps({"siblings": [SIBLING | {"lfs": {"size": 3}}]}).encode()
    with pytest.raises(fetching.FetchFailed, match="without a checksum, so it could not be check"):
        fetching.make_plan(ROW, home)


def test_a_file_that_is_listed_twice_is_fetched_once(own_hub, home, monkeypatch):
    listing = own_hub.listing(tiny_full.MAG)
    listing["siblings"] *= 3
    monkeypatch.setattr(own_hub, "listing", lambda repo: listing)
    files = fetching.list_repo(tiny_full.MAG).files
    assert len({file.path for file in files}) == len(files)


SIBLING = {"rfilename": GENERATOR, "size": 3, "lfs": {"sha256": "0" * 64}}
LISTINGS = {
    "nothing": "",
    "a page": "<html>",
    "a list": "[]",
    "a deep list": "[" * 99_999,
    "files that are text": {"siblings": "x"},
    "a file that is none": {"siblings": [3]},
    "a file without a name": {"siblings": [{}]},
    "a name that is a number": {"siblings": [SIBLING | {"rfilename": 3}]},
    "a size that is text": {"siblings": [SIBLING | {"size": "3"}]},
    "a size below nothing": {"siblings": [SIBLING | {"size": -3}]},
    "a size beyond all": {"siblings": [SIBLING | {"size": 10**30}]},
    "a checksum that leads elsewhere": {
        "siblings": [SIBLING | {"lfs": {"sha256": "a/../../../x"}}]
    },
    "a checksum that is a number": {"siblings": [SIBLING | {"lfs": {"sha256": 3}}]},
    "another that leads elsewhere": {"siblings": [{"rfilename": "a", "blobId": "../../x"}]},
    "a commit that leads elsewhere": {"sha": "../x", "siblings": []},
    "a card that is a list": {"siblings": [], "cardData": [1]},
}


@pytest.mark.parametrize("said", LISTINGS.values(), ids=LISTINGS)
def test_a_listing_that_makes_no_sense_is_one_sentence(hub, home, said):
    hub.said = (said if isinstance(said, str) else json.dumps(said)).encode()
    with pytest.raises(fetching.FetchFailed, match=r"the listing of .* makes no sense") as refused:
        fetching.make_plan(ROW, home)
    assert "\n" not in str(refused.value)
    assert not home.exists()


def test_a_listing_without_an_end_is_not_read(hub, home, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_LISTING", 10)
    with pytest.raises(fetching.FetchFailed, match="more than the 10 bytes"):
        fetching.make_plan(ROW, home)


def test_a_damaged_manifest_is_one_sentence(hub, home):
    fetch(home)
    path = weight_files.manifest_path("mag", home)
    for text in ("{", json.dumps({"format": 99, "files": []}), "[]"):
        path.write_text(text)
        with pytest.raises(MissingWeights, match=r"cannot be read .*; run `mag-sandbox fetch mag`"):
            weight_files.require(ROW, home)


def test_tiny_weights_load_strictly_in_the_networks_of_the_public_ones(repos):
    pytest.importorskip("diffusers")
    pytest.importorskip("ftfy")
    from mag_sandbox.model.dit import DiT
    from mag_sandbox.model.full.text import load_text_encoder, load_tokenizer
    from mag_sandbox.model.full.tiny_decoder import load_tiny_decoder
    from mag_sandbox.model.full.vae import load_vae

    DiT(tiny_full.TINY_FULL).load_state_dict(tiny_full.dit_state(), strict=True)
    load_vae(tiny_full.vae_state())
    load_tiny_decoder(tiny_full.tiny_decoder_state())
    load_text_encoder(tiny_full.text_state())
    load_tokenizer(repos / tiny_full.WAN / "google" / "umt5-xxl", tiny_full.Sizes().vocabulary)
