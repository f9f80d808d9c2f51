"""The title lists what there is; the player's own files are written whole and read back."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mag_sandbox.controls.camera import CameraCommand
from mag_sandbox.controls.sources import ScriptSource
from mag_sandbox.files.folders import cache_folder, data_folder
from mag_sandbox.sandbox.hud.hud_state import clock_text
from mag_sandbox.sandbox.known_words import known_words
from mag_sandbox.sandbox.play.parked_scene import KeptMemory, StateHeader
from mag_sandbox.sandbox.play.scripts import pan_out_and_back
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.frame_writer import frames_beside
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.sandbox.saves.own_scenes import (
    LibraryError,
    delete_own_scene,
    keep_prompted,
    name_with,
    named_after,
    own_scenes,
    picture_own_scene,
    save_own_scene,
    scene_of_prompt,
    title_of,
    told,
)
from mag_sandbox.sandbox.saves.parking import ParkedScenes
from mag_sandbox.sandbox.title.library import (
    SCENES,
    delete_recording,
    left_text,
    past_recordings,
    read_title_model,
)
from mag_sandbox.sandbox.title.model import one_per_place, shelves
from mag_sandbox.sandbox.ui.amounts import bytes_text, when_text
from mag_sandbox.scenes import Scene, SceneError, load_scene
from mag_sandbox.scenes.changes import staying
from mag_sandbox.scenes.vocabulary import Vocabulary
from tests.doubles import SPEC, FakeWorld
from tests.unit.sandbox.saves.test_parking import left

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PICTURE = np.full((192, 320, 3), 90, np.uint8)


@pytest.fixture
def recordings(tmp_path):
    return tmp_path / "data" / "recordings"


def record(folder: Path, blocks: int = 4) -> Path:
    source = ScriptSource(islice(pan_out_and_back(), blocks))
    session = Session(FakeWorld(), source, [Recorder(folder)])
    session.start(Scene("A meadow.", name="Meadow"), 7)
    while session.advance() is not None:
        pass
    session.end("left")
    return folder


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59.9), "59 min ago"),
        (timedelta(hours=3.5), "today 14:30"),
        (timedelta(hours=18.5), "yesterday 23:30"),
        (timedelta(days=1), "yesterday 18:00"),
        (timedelta(days=2), "10 May 18:00"),
        (timedelta(days=800), "3 Mar 2024"),
        (timedelta(days=700_000), "29 Oct 109"),
    ],
)
def test_the_time_of_something_is_said_in_words(ago, text):
    now = datetime(2026, 5, 12, 18).astimezone()  # by the clock of this machine
    assert when_text(now - ago, now) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1024, "1.0 KiB"),
        (41 * 2**20, "41 MiB"),
        (2**20 - 1, "1024 KiB"),
        (int(3.21 * 2**30), "3.2 GiB"),
    ],
)
def test_sizes_are_said_in_words(count, text):
    assert bytes_text(count) == text


def header(**fields) -> StateHeader:
    entry = StateHeader(
        "Meadow", "", Scene("A."), 7, "fake", "A.", 9, 16.0, None, *2 * (NOW.isoformat(),),
        provenance={}, files=dict.fromkeys(("state.safetensors", "world.json")),
    )  # fmt: skip
    return replace(entry, **fields)


def test_a_card_says_when_it_was_left():
    assert left_text(header(), NOW + timedelta(minutes=3)) == "left 3 min ago"
    assert left_text(header(slot="quick"), NOW) == "saved just now"


def test_a_sentence_becomes_a_scene_named_after_its_first_phrase():
    scene = scene_of_prompt("  A castle\non a hill, under\x00 two moons. ", seed=4)
    assert scene.prompt == "A castle on a hill, under two moons."
    assert (scene.name, scene.seed) == ("A castle on a hill", 4)
    assert scene_of_prompt("a red cube and a cup on a stage").name == (
        "A red cube and a cup on a stage"
    )
    assert scene_of_prompt("a bedroom with a pink bed and a lamp").name.startswith("A bedroom with")
    long = scene_of_prompt("a red ball and a snowman and two balloons and a big green bus at night")
    assert long.name == "A red ball and a snowman and two balloons…"
    assert scene_of_prompt("A castle.").name == "A castle"
    assert scene_of_prompt("please add a brown dog").name == "A brown dog"
    assert scene_of_prompt("now").name == "Now"


@pytest.mark.parametrize("prompt", ["", " \n\t", "\x00\x01", "a " * 5000])
def test_a_sentence_that_is_none_is_refused(prompt):
    with pytest.raises(SceneError, match=r"prompt (is empty|has 9999 characters)"):
        scene_of_prompt(prompt)


@given(prompt=st.text(max_size=60), seed=st.integers(0, 2**31 - 1))
def test_any_sentence_is_saved_and_read_back_or_refused(prompt, seed):
    try:
        scene = scene_of_prompt(prompt, seed)
    except SceneError:
        return
    with TemporaryDirectory() as folder:  # its own: names that are taken get another
        assert load_scene(save_own_scene(Path(folder), scene)) == scene


def test_the_same_sentence_is_kept_once_and_another_beside_it(tmp_path):
    for seed in (1, 2):
        save_own_scene(tmp_path, scene_of_prompt("A castle by a lake.", seed))
    save_own_scene(tmp_path, scene_of_prompt("A castle by a lake at night with stars.", 3))
    save_own_scene(tmp_path, scene_of_prompt("A castle by a lake at night with snow.", 3))
    assert sorted(own.scene.seed for own in own_scenes(tmp_path)) == [2, 3, 3]


def test_pictures_of_an_own_scene_come_and_go_with_it(tmp_path):
    start = tmp_path / "photo.jpg"
    start.write_bytes(b"photo")
    folder = tmp_path / "scenes"
    scene = replace(scene_of_prompt("A castle."), image=str(start))
    lake = scene_of_prompt("A lake.")
    path, other = save_own_scene(folder, scene), save_own_scene(folder, lake)
    picture_own_scene(folder, scene, PICTURE)
    picture_own_scene(folder, lake, PICTURE)
    start.unlink()
    own = next(own for own in own_scenes(folder) if own.path == path)
    assert Path(own.scene.image).read_bytes() == b"photo"
    assert own.thumbnail == path.with_suffix(".png")
    delete_own_scene(path)
    assert sorted(folder.iterdir()) == sorted([other, other.with_suffix(".png")])


def test_a_scene_that_another_game_deleted_is_deleted_with_its_pictures(tmp_path):
    path = save_own_scene(tmp_path, scene_of_prompt("A castle."))
    path.with_suffix(".png").write_bytes(b"png")
    path.unlink()
    delete_own_scene(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stem", ["we[i]rd", "a**b", "*"])
def test_a_scene_of_any_name_is_deleted_and_no_other(tmp_path, stem):
    other, path = tmp_path / "weird.png", tmp_path / f"{stem}.yaml"
    for file in (other, path, path.with_suffix(".png")):
        file.write_bytes(b"png")
    delete_own_scene(path)
    assert list(tmp_path.iterdir()) == [other]


def test_a_folder_beside_a_scene_stays(tmp_path):
    path = save_own_scene(tmp_path, scene_of_prompt("A castle."))
    path.with_suffix(".png").mkdir()
    delete_own_scene(path)
    assert list(tmp_path.iterdir()) == [path.with_suffix(".png")]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: None, Path.mkdir])
def test_a_picture_that_is_no_plain_file_any_more_is_named(tmp_path, make):
    picture = tmp_path / "there.png"
    make(picture)
    scene = replace(scene_of_prompt("A castle."), image=str(picture))
    with pytest.raises(LibraryError, match=r"picture .*there.png .*; put it back"):
        save_own_scene(tmp_path / "scenes", scene)


def test_the_oldest_prompted_scene_goes_and_what_a_person_named_stays(tmp_path):
    named = save_own_scene(tmp_path, scene_of_prompt("A castle.")).rename(tmp_path / "mine.yaml")
    for minute, words in enumerate(("one", "two", "three", "four")):
        scene = scene_of_prompt(f"A lake with {words}.")
        keep_prompted(tmp_path, scene, most=4)
        os.utime(next(tmp_path.glob(f"a-lake-with-{words}*")), (minute, minute))
    os.utime(named, (0, 0))
    keep_prompted(tmp_path, scene_of_prompt("A tower."), most=3)
    prompts = [own.scene.prompt for own in own_scenes(tmp_path)]
    assert prompts == ["A tower.", "A lake with four.", "A lake with three.", "A castle."]


def test_only_an_own_scene_is_given_a_picture(tmp_path):
    scene = scene_of_prompt("A castle.", 3)
    save_own_scene(tmp_path, scene)
    picture_own_scene(tmp_path, scene, PICTURE)
    picture_own_scene(tmp_path, replace(scene, prompt="Of the library."), PICTURE)
    (own,) = own_scenes(tmp_path)
    assert own.thumbnail.is_file()
    assert len(list(tmp_path.glob("*.png"))) == 1


def test_a_damaged_own_scene_is_listed_with_its_sentence(tmp_path):
    (tmp_path / "castle.yaml").write_text("sead: 3\n")
    (tmp_path / ".part-1234-lake.yaml").write_text("prompt: half")
    (own,) = own_scenes(tmp_path)
    assert own.scene is None
    assert 'unknown key "sead" (did you mean "seed"?)' in own.problem


def test_a_scene_that_cannot_be_saved_is_said_and_the_older_one_stays(tmp_path, monkeypatch):
    path = save_own_scene(tmp_path, scene_of_prompt("A castle.", 1))

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        LibraryError, match=r"cannot save .* \(No space left on device\); make room"
    ):
        save_own_scene(tmp_path, scene_of_prompt("A castle.", 2))
    assert load_scene(path).seed == 1
    assert list(tmp_path.iterdir()) == [path]


def test_recordings_are_listed_with_what_a_card_shows(recordings):
    record(recordings / "monday")
    (recordings / "monday" / "thumbnail.png").write_bytes(b"picture")
    (found,) = past_recordings(recordings)
    model = read_title_model(ParkedScenes(recordings / "parked", 1), recordings.parent)
    assert ("less than a second" in model.recordings[0].line) == (found.seconds < 1.0)
    size = sum(path.stat().st_size for path in (recordings / "monday").iterdir())
    assert (found.name, found.scene) == ("monday", "Meadow")
    assert found.bytes == size
    assert found.thumbnail == recordings / "monday" / "thumbnail.png"
    assert abs(datetime.now(UTC) - found.when) < timedelta(minutes=5)
    assert not found.interrupted
    assert found.problem is None


def test_each_part_of_a_recording_shows_its_own_number_and_first_view(recordings):
    first = recordings / "meadow-20261129-184117"
    recorder = Recorder(first)
    observers = recorder, frames_beside(recorder)
    session = Session(FakeWorld(), ScriptSource([CameraCommand(yaw=1.0)] * 9), observers)
    shown = []
    for seed, name in ((7, "Desert"), (8, "Desert"), (9, "City")):
        block = session.start(Scene(prompt="A desert.", name=name), seed)
        shown.append(block.block.frames[0])
        session.advance()
    session.end("left")
    model = read_title_model(ParkedScenes(recordings / "parked", 1), recordings.parent)
    cards = {card.title: card for card in model.recordings}
    names = "Desert, part 1", "Desert, part 2", "City, part 3 of “Desert”"
    assert set(cards) == {*names}
    for card, frame in zip(map(cards.__getitem__, names), shown, strict=True):
        with Image.open(card.picture) as picture:
            assert np.array_equal(np.asarray(picture), frame)


def lines(folder: Path) -> list[bytes]:
    return (folder / "session.jsonl").read_bytes().splitlines(keepends=True)


def write(folder: Path, *parts: bytes) -> None:
    (folder / "session.jsonl").write_bytes(b"".join(parts))


def test_a_recording_without_an_end_is_interrupted_and_as_long_as_its_last_block(recordings):
    folder = record(recordings / "monday")
    head = lines(folder)[:3]
    start = json.loads(head[0])
    last = json.loads(head[2]) | {"t": start["first_block"]["t"] + 42.5}
    write(folder, *head[:2], json.dumps(last).encode() + b"\n", b'{"kind": "blo')
    (found,) = past_recordings(recordings)
    assert found.interrupted
    assert found.seconds == 42.5


def test_a_recording_is_as_long_as_its_video_however_long_was_played_before(recordings):
    folder = recordings / "monday"
    recorder = Recorder(folder)
    session = Session(FakeWorld(), ScriptSource([CameraCommand()] * 9))
    session.start(Scene(prompt="A desert.", name="Desert at sunset"), 7)
    session.change(prompt="A beach at night.")
    for _ in range(3):
        session.advance()
    recorder.begin_from(session.park())
    observers = recorder, frames_beside(recorder)
    for observer in observers:
        session.attach(observer, "state")
    shown = [session.advance().block.frames for _ in range(6)]
    for observer in reversed(observers):
        session.detach(observer, "stopped")
    (found,) = past_recordings(recordings)
    assert found.scene == "Desert at sunset, then a beach at night"
    assert found.seconds == pytest.approx(sum(map(len, shown)) / SPEC.fps)
    model = read_title_model(ParkedScenes(recordings / "parked", 1), recordings.parent)
    assert f" · {clock_text(found.seconds)} · " in model.recordings[0].line, "as in the time bar"


def test_a_recording_of_the_first_block_alone_is_listed(recordings):
    folder = record(recordings / "monday")
    write(folder, lines(folder)[0])
    (found,) = past_recordings(recordings)
    assert (found.problem, found.interrupted) == (None, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"not json\n",
        b"[]\n",
        b'{"kind": "block"}\n',
        b'{"kind": "session_start", "scene": 3}\n',
        b'{"kind": "session_start", "scene": {"name": "A", "prompt": 5}}\n',
        b"[" * 10_000 + b"\n",
    ],
)
def test_a_damaged_recording_is_listed_with_its_sentence(recordings, data):
    (recordings / "monday").mkdir(parents=True)
    write(recordings / "monday", data)
    (found,) = past_recordings(recordings)
    assert "session.jsonl cannot be read (" in found.problem
    assert found.scene == "monday"


@pytest.mark.parametrize("seconds", ["NaN", "1e999", '"long"', "null", "[]", "9" * 5000])
def test_a_nonsense_length_never_breaks_the_title(recordings, tmp_path, seconds):
    folder = record(recordings / "monday")
    end = b'{"kind": "session_end", "seconds": %s}\n' % seconds.encode()
    write(folder, lines(folder)[0], end)
    model = read_title_model(ParkedScenes(tmp_path / "parked", 1), tmp_path / "data")
    assert len(model.recordings) == 1


def test_a_folder_without_a_recording_and_a_link_are_damaged(recordings, tmp_path):
    folder = record(tmp_path / "elsewhere")
    (recordings / "empty").mkdir(parents=True)
    (recordings / "linked").mkdir()
    (recordings / "linked" / "session.jsonl").symlink_to(folder / "session.jsonl")
    assert all("cannot be read" in found.problem for found in past_recordings(recordings))


def test_recordings_are_listed_newest_first(recordings):
    for name, hour in (("a", 1), ("b", 3), ("c", 2)):
        folder = record(recordings / name, blocks=1)
        start, *rest = lines(folder)
        start = json.loads(start) | {"created": f"2030-01-01T0{hour}:00:00+00:00"}
        write(folder, json.dumps(start).encode() + b"\n", *rest)
    assert [found.name for found in past_recordings(recordings)] == ["b", "c", "a"]


def test_deleting_a_recording_deletes_nothing_else(recordings, tmp_path):
    folder = record(recordings / "monday")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("precious")
    (recordings / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(LibraryError, match="is not a recording"):
        delete_recording(tmp_path / "mine")
    delete_recording(recordings / "link")
    delete_recording(folder)
    assert list(recordings.iterdir()) == []
    assert (tmp_path / "mine" / "file").exists()
    with pytest.raises(LibraryError, match="cannot be deleted"):
        delete_recording(folder)


def test_the_title_lists_everything(tmp_path):
    data = tmp_path / "data"
    parked = ParkedScenes(data / "parked", 1, now=lambda: NOW)
    id = parked.park(left(kept=KeptMemory("mag", 180, 41 * 2**20)))
    parked.save_slot(parked.load(id))
    (data / "parked" / "broken").mkdir()
    save_own_scene(data / "scenes", scene_of_prompt("A castle by a lake."))
    picture_own_scene(data / "scenes", scene_of_prompt("A castle by a lake."), PICTURE)
    record(data / "recordings" / "monday")
    model = read_title_model(parked, data, now=NOW + timedelta(minutes=3))
    own, *library = model.scenes
    assert (own.title, load_scene(own.id).prompt) == ("A castle by a lake", "A castle by a lake.")
    assert own.picture.is_file()
    assert own.is_own
    assert shelves(model)[1].title == "My own worlds"
    assert len(library) >= 10
    cards = {card.id: card for card in model.parked}
    assert cards[id].about == "Left 3 min ago in fake"
    assert cards[id].picture.is_file()
    assert cards[id].line == "left 3 min ago"
    assert cards[f"{id}-quick"].line == "saved 3 min ago"
    assert "state.json is missing" in cards["broken"].about
    (recording,) = model.recordings
    assert recording.title == "Meadow"
    assert " · less than a second" in recording.line


def test_a_place_that_was_described_anew_has_a_card_of_its_own(tmp_path):
    parked = ParkedScenes(tmp_path / "parked", 64)
    for prompt in ("", "A snowy village at night.", ""):
        parked.park(left(prompt=prompt))
    model = read_title_model(parked, tmp_path)
    cards = {card.title: card for card in one_per_place(model.parked)}
    assert set(cards) == {"Meadow", "Meadow, then a snowy village at night"}
    assert [len(cards[title].others) for title in cards] == [1, 0]


def test_a_copy_has_a_card_of_its_own_that_says_so(tmp_path):
    parked = ParkedScenes(tmp_path / "parked", 64)
    parked.fork(parked.park(left()))
    cards = one_per_place(read_title_model(parked, tmp_path).parked)
    assert [card.title for card in cards] == ["Meadow", "Meadow"]
    assert sorted(card.line for card in cards) == ["a copy, left just now", "left just now"]


def test_the_card_of_a_room_says_where_it_was_begun(tmp_path):
    parked = ParkedScenes(tmp_path / "parked", 64)
    square = Scene(prompt="A market square", name="A market square")
    parked.park(left(scene=square, prompt="A kitchen with a stove"))
    (card,) = read_title_model(parked, tmp_path).parked
    assert card.title == "A kitchen with a stove"
    assert card.about.endswith("begun as “A market square”")
    rooms = "market square", "kitchen", "pantry"
    parked.park(left(scene=square, prompt="A kitchen with a stove", rooms=rooms))
    card, _ = read_title_model(parked, tmp_path).parked
    assert card.title == "A market square", "where the player looks for it"
    assert card.line == "left just now, 3 places"
    assert card.about == "Left just now, 3 places in fake: market square, kitchen, pantry"


def test_without_any_data_there_is_the_library(tmp_path):
    model = read_title_model(ParkedScenes(tmp_path / "parked", 1), tmp_path / "data")
    assert (model.parked, model.recordings) == ((), ())
    assert len(model.scenes) >= 10
    assert list(tmp_path.iterdir()) == []


def test_the_cache_folder_has_a_variable_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("MAG_SANDBOX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("MAG_SANDBOX_CACHE")
    assert cache_folder() == tmp_path / "home" / "cache"


def test_the_data_folder_follows_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "data"
    monkeypatch.delenv("MAG_SANDBOX_HOME")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "mag-sandbox"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path("~/.local/share/mag-sandbox").expanduser()


def test_a_scene_in_other_light_keeps_its_name():
    desert = Scene("A desert of yellow sand at sunset, pyramids, camels.", 0, "Desert at sunset")
    for prompt, name in (
        ("A desert of yellow sand, pyramids, camels, at night, in fog", "Desert, at night, in fog"),
        ("A desert of yellow sand at sunset, pyramids, camels, in the rain", "{}, in the rain"),
        ("A dragon", "{}, then a dragon"),
        ("A desert, dragons", "{}, then a desert, dragons"),
    ):
        assert name_with(desert, prompt) == name.format("Desert at sunset")
    own = Scene("A kitchen at night with a cat on the table", 0, "A kitchen at night")
    for prompt, name in (
        ("A kitchen with a cat on the table, by day", "A kitchen with a cat on the table, by day"),
        (f"{own.prompt}, in the rain", "A kitchen at night, in the rain"),
    ):
        assert name_with(own, prompt) == name
    leopard = Scene("snow leopard on a mountain, 4 eagles above", 0, "A mountain, 4 eagles…")
    prompt = "leopard on a mountain, 4 eagles above, in the rain"
    assert name_with(leopard, prompt) == "A mountain, 4 eagles…, in the rain"


def test_a_place_with_more_in_it_is_called_by_the_light_that_it_has_now():
    words = known_words("pocket")
    desert = Scene("A desert of yellow sand at sunset, pyramids, camels.", 0, "Desert at sunset")
    for prompt, name in (
        (
            "a pink castle, three horses, a dragon, in a desert of sand, at night",
            "Desert, then a pink castle, at night",
        ),
        ("a pink castle in a desert at night", "Desert, then a pink castle in a desert at night"),
        ("a castle in a desert at sunset", "Desert at sunset, then a castle in a desert at sunset"),
        ("a village at night", "Desert at sunset, then a village at night"),
    ):
        assert name_with(desert, prompt, words) == name


def test_a_place_has_the_name_of_something_that_is_shown():
    words = Vocabulary({"whale": 1, "apple": 1, "meadow": 1, "stars": 1}, ())
    for prompt, title in (
        ("A submarine with a whale.", "A whale"), ("a drone", "A drone"),
        ("An apple under a drone.", "An apple"), ("A drone over a whale", "A whale"),
        ("A drone under the stars", "Under the stars"),
    ):  # fmt: skip
        assert title_of(prompt, words) == title
        assert name_with(Scene(prompt, 0, title), "A meadow.", words) == "A meadow"


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("A spooky swamp with a wooden boat", "A swamp with a wooden boat"),
        ("A child's bedroom in a treehouse", "A child's bedroom"),
        ("a mountain on a windy autumn afternoon", "A mountain on an autumn afternoon"),
        ("two knights fighting a green dragon", "Two knights, a green dragon"),
        ("a pirate ship in a storm, with a big octopus attacking it", "A pirate ship in a storm"),
        ("a harbour, a two-tone boat", "A harbour, a boat"),
        ("a platform game in a lava cave", "A platform game in a lava cave"),
        ("a platform game in a crystal cave", "A platform game in a crystal cave"),
    ],
)
def test_a_name_leaves_out_words_without_effect_and_is_a_whole_phrase(prompt, title):
    words = known_words("pocket")
    assert title_of(prompt, words) == title
    scene = Scene(prompt, 0, title)
    assert name_with(scene, f"{prompt}, at night", words) == f"{title}, at night"


def test_the_name_of_a_list_of_things_in_some_light_is_its_place():
    words = known_words("pocket")
    camels = scene_of_prompt("At night, two camels, a tent and a camp fire", 0, words)
    assert camels.name == "A desert at night"
    assert name_with(camels, "a harbour with a dog", words) == "A harbour with a dog"
    assert name_with(camels, f"{camels.prompt}, in fog", words) == "A desert at night, in fog"


def test_where_an_unseen_thing_is_is_in_no_name():
    words = known_words("pocket")
    comet = scene_of_prompt("a meadow, a dog and a green comet in the sky", 0, words)
    assert comet.name == "A meadow, a dog"
    assert told(comet, comet.prompt, words) == "a meadow, a dog"


def test_a_name_says_the_time_of_day_well_where_the_word_for_the_day_is_struck():
    prompt = "a blue bedroom on a snowy winter afternoon, two beds and a globe"
    assert title_of(prompt, known_words("pocket")) == "A blue bedroom in the afternoon"


def test_a_name_keeps_the_word_that_light_is_said_with():
    words = known_words("pocket")
    assert title_of("a theatre stage lit by spotlights", words) == "A stage lit by spotlights"


def test_what_a_name_says_of_another_light_has_an_effect_too():
    words = known_words("pocket")
    harbour = Scene("A harbour city at night", 0, "A harbour city at night")
    foggy = "A harbour city, at noon in thick fog with a rainbow"
    assert name_with(harbour, foggy, words) == "A harbour city, at noon in fog"
    jungle = scene_of_prompt("A jungle temple in morning fog with orange tigers", 0, words)
    assert jungle.name == "A jungle temple in morning fog"
    at_night = staying("at night with a full moon", words, jungle.prompt)
    name = "A jungle temple in fog, at night with a full moon"
    assert name_with(jungle, at_night, words) == name


def test_a_players_description_is_shown_without_words_that_have_no_effect():
    words, text = known_words("pocket"), "A spooky swamp with a wooden boat"
    own, given = Scene(text), Scene(text, image="swamp.png")
    assert told(own, text, words) == "A swamp with a wooden boat"
    assert told(given, text, words) == text, "with the picture that it is of"
    assert told(given, f"{text} and a kangaroo", words) == "A swamp with a wooden boat"
    assert told(own, text, None) == text
    village = Scene("A snowfield with a pond. Birds, a snowman and groups of firs.", 0, "Village")
    asked = Scene(f"{village.prompt[:-1]}, a foggy night, a dragon", 0, "A snowfield with a pond")
    shown = "A snowfield with a pond. Birds, a snowman and groups of firs. A foggy night, a dragon"
    assert told(asked, asked.prompt, words) == shown
    assert named_after(village, asked, words).name == "Village, a foggy night, a dragon"
    assert named_after(own, asked, words) == asked
    assert told(village, f"{village.prompt[:-1]}, at night", words).endswith("firs, at night")


def test_the_card_of_an_own_place_says_what_is_seen_there(tmp_path):
    save_own_scene(tmp_path / SCENES, scene_of_prompt("a meadow with a xylophone and a red barn"))
    model = read_title_model(ParkedScenes(tmp_path / "parked", 64), tmp_path)
    (card,) = (one for one in model.scenes if one.is_own)
    assert card.about == "a meadow with a red barn"
