"""Text features are made once, kept on disk, and made anew when a file is damaged."""

import os
import weakref

import pytest
import torch

from mag_sandbox.model.full import text_cache
from mag_sandbox.model.full.text_cache import EmbeddingStore, weights_identity

LENGTH, DIM = 8, 16


class Encoder:
    """Stands in for the 11 GB: features say which text they are of."""

    def rows(self, text: str) -> torch.Tensor:
        generator = torch.Generator().manual_seed(sum(text.encode()))
        return torch.randn(len(text) % LENGTH + 1, DIM, generator=generator).to(torch.bfloat16)


class Loader:
    """Counts how often the encoder was loaded and what became of it."""

    def __init__(self) -> None:
        self.loads: list[weakref.ref] = []

    def __call__(self) -> Encoder:
        encoder = Encoder()
        self.loads.append(weakref.ref(encoder))
        return encoder


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def store(tmp_path, loader) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "text", "wan", loader, LENGTH)


def again(store: EmbeddingStore, tmp_path, identity: str = "wan", length: int = LENGTH):
    """Another session's store on the same disk, and its loader."""
    loader = Loader()
    return EmbeddingStore(tmp_path / "text", identity, loader, length), loader


def files(tmp_path):
    found = (path for path in (tmp_path / "text").rglob("*") if path.is_file())
    return sorted(path for path in found if path.name != text_cache.LOCK)


def test_features_are_padded_with_zeros(store):
    features = store.get(["abc"])["abc"]
    expected = Encoder().rows("abc")
    assert features.shape == (LENGTH, DIM)
    assert torch.equal(features[: len(expected)], expected)
    assert not features[len(expected) :].any()


def test_one_load_serves_all_missing_texts_and_the_encoder_is_dropped(store, loader):
    store.get(["left", "right", "left", ""])
    assert len(loader.loads) == 1
    assert loader.loads[0]() is None


def test_nothing_is_loaded_when_everything_is_kept(store, tmp_path):
    first = store.get(["left", "right"])
    later, loader = again(store, tmp_path)
    assert later.missing(["left", "right", "up", "up"]) == ["up"]
    second = later.get(["right", "left"])
    assert loader.loads == []
    assert list(second) == ["right", "left"]
    assert all(torch.equal(first[text], second[text]) for text in first)
    assert second["left"].dtype == torch.bfloat16


def test_only_missing_texts_are_encoded(store, tmp_path):
    store.get(["left"])
    later, _ = again(store, tmp_path)
    encoded = []
    later.get(["left", "right"], lambda stage, fraction: encoded.append((stage, fraction)))
    assert encoded == [("loading the text encoder", 0.0), ("encoding text", 0.0)]


@pytest.mark.parametrize("other", [{"identity": "other weights"}, {"length": LENGTH + 1}])
def test_features_of_another_encoder_or_length_are_not_used(store, tmp_path, other):
    store.get(["left"])
    later, loader = again(store, tmp_path, **other)
    later.get(["left"])
    assert len(loader.loads) == 1


@pytest.mark.parametrize("damage", [b"", b"{not safetensors", None])
def test_a_damaged_file_is_made_anew(store, tmp_path, damage):
    expected = store.get(["left"])["left"]
    (path,) = files(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    later, loader = again(store, tmp_path)
    assert torch.equal(later.get(["left"])["left"], expected)
    assert len(loader.loads) == 1
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "rows",
    [
        torch.full((2, DIM), float("nan")),
        torch.zeros(DIM),
        torch.zeros(LENGTH + 1, DIM),
        torch.zeros(2, DIM, dtype=torch.int32),
    ],
)
def test_a_file_with_other_things_in_it_is_made_anew(store, tmp_path, rows):
    expected = store.get(["left"])["left"]
    (path,) = files(tmp_path)
    path.write_bytes(text_cache.save({"rows": rows}, {"text": "left"}))
    assert torch.equal(store.get(["left"])["left"], expected)


def test_a_file_of_another_text_is_made_anew(store, tmp_path):
    store.get(["right"])
    (right,) = files(tmp_path)
    expected = store.get(["left"])["left"]
    (left,) = (path for path in files(tmp_path) if path != right)
    left.write_bytes(right.read_bytes())
    assert torch.equal(store.get(["left"])["left"], expected)


def test_files_of_before_are_taken_over(store, tmp_path):
    expected = store.get(["left"])["left"]
    (path,) = files(tmp_path)
    path.rename(tmp_path / "text" / path.name)  # where all lay once
    later, loader = again(store, tmp_path)
    assert torch.equal(later.get(["left"])["left"], expected)
    assert loader.loads == []
    assert files(tmp_path) == [path]


def test_filling_loads_the_encoder_once_and_only_for_what_is_missing(store, tmp_path, loader):
    store.get(["left"])
    later, loader = again(store, tmp_path)
    with later.filling() as fill:
        fill(["left"])
        assert loader.loads == []
        fill(["right"])
        fill(["up", "right"])
    assert len(loader.loads) == 1
    assert loader.loads[0]() is None
    assert later.missing(["left", "right", "up"]) == []
    assert torch.equal(later.get(["up"])["up"], store.get(["up"])["up"])


def test_filling_holds_no_features_however_many_texts_there_are(tmp_path):
    made = weakref.WeakSet()

    class Watched(Encoder):
        def rows(self, text):
            made.add(rows := super().rows(text))
            return rows

    def texts():
        for number in range(200):
            assert len(made) <= 1
            yield str(number)

    store = EmbeddingStore(tmp_path / "text", "wan", Watched, LENGTH)
    with store.filling() as fill:
        fill(texts())
    assert len(files(tmp_path)) == 200


def test_filling_says_when_there_is_no_room(tmp_path, loader):
    (tmp_path / "text").write_text("a file stands where the folder should be")
    store = EmbeddingStore(tmp_path / "text", "wan", loader, LENGTH)
    with store.filling() as fill, pytest.raises(OSError):
        fill(["left"])


def test_nothing_unfinished_is_left_behind(store, tmp_path):
    store.get(["left", "right"])
    assert {path.suffix for path in files(tmp_path)} == {text_cache.SUFFIX}


def test_a_failing_write_costs_nothing_but_the_keeping(tmp_path, loader):
    (tmp_path / "text").write_text("a file stands where the folder should be")
    store = EmbeddingStore(tmp_path / "text", "wan", loader, LENGTH)
    assert store.get(["left"])["left"].any()
    assert store.missing(["left"]) == ["left"]


def test_an_encoder_that_fails_is_dropped_and_says_so(tmp_path, loader):
    class Broken(Encoder):
        def rows(self, text):
            raise RuntimeError("out of memory")

    store = EmbeddingStore(tmp_path / "text", "wan", Broken, LENGTH)
    with pytest.raises(RuntimeError, match="out of memory"):
        store.get(["left"])


def test_texts_unused_for_longest_go_when_the_limit_is_reached(tmp_path, loader):
    store = EmbeddingStore(tmp_path / "text", "wan", loader, LENGTH, limit_mib=1)
    store.get(["old", "older"])
    for age, text in ((2, "old"), (3, "older")):
        os.utime(store._files._path(text), (1e9 - age, 1e9 - age))
    store.get(["old"])  # used again: now the newest
    size = sum(path.stat().st_size for path in files(tmp_path))
    store._files._limit = size  # as if full
    store.get(["new"])
    assert store.missing(["old", "older", "new"]) == ["older"]


def test_texts_of_the_same_call_are_never_deleted(tmp_path, loader):
    store = EmbeddingStore(tmp_path / "text", "wan", loader, LENGTH, limit_mib=0)
    store.get(["left", "right"])
    assert store.missing(["left", "right"]) == []


def test_the_identity_of_weights_follows_their_content(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    data = bytearray(os.urandom(3 * 2**20))
    one.write_bytes(data)
    two.write_bytes(data)
    same = weights_identity(one)
    assert weights_identity(two) == same
    data[2**20] ^= 1
    two.write_bytes(data)
    assert weights_identity(two) != same
    two.write_bytes(data[:-1])
    assert weights_identity(two) != same
    assert weights_identity(one, two) != weights_identity(two, one)
