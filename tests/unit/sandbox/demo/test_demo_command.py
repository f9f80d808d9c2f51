"""`main.py demo` plays, compares and converts; mistakes are one sentence."""

import csv
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from mag_sandbox.command_line import UsageError
from mag_sandbox.model.loading import policies_of
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.commands.cli import parse
from mag_sandbox.sandbox.demo import compare, show
from mag_sandbox.sandbox.demo.compare import GAP, GIF_FPS, STRIP
from mag_sandbox.sandbox.demo.run import Extras, play_demo
from mag_sandbox.sandbox.play.session import Session
from mag_sandbox.sandbox.recording.frames_file import StoredFrames
from mag_sandbox.sandbox.recording.reader import load_recording
from mag_sandbox.sandbox.recording.recorder import Recorder
from mag_sandbox.scenes import available_demos, load_scene
from mag_sandbox.scenes.demo.demo import DemoError, load_demo
from tests.doubles import FakeWorld
from tests.unit.sandbox.demo.test_demo_run import FAST, SETTING, ShownBlocks, demo_of

SHORT = """
name: Short
scene: kitchen
script: |
  anchor a
  pan right 90deg
  pan left 90deg
  probe a
expect:
  recall: ">= 80"
"""


class TimedWorld(FakeWorld):
    """Says how it runs: as it was asked to, or else as seems fastest, another way each time."""

    probed = itertools.count()

    def __init__(self, execution: dict | None, memory, spec) -> None:
        super().__init__(memory, spec=spec)
        self._execution = execution or {"dtype": f"probe {next(self.probed)}"}

    def provenance(self) -> dict:
        return {**super().provenance(), "execution": self._execution}


@pytest.fixture(autouse=True)
def loaded(monkeypatch, tmp_path):
    """Let `load_world` give a test world, and note what was asked for."""
    asked = []

    def load(name, memory, *, look_ahead, execution, precision, server, on_progress):
        asked.append((name, memory, execution))
        return TimedWorld(
            execution, memory, spec=replace(FAST, name=name, policies=policies_of(name))
        )

    monkeypatch.setattr(choice, "load_world", load)
    monkeypatch.setattr(show, "END_S", 0.2)
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path / "home"))
    return asked


@pytest.fixture
def demo(tmp_path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def run(*arguments: object) -> tuple[int, str]:
    said: list[str] = []
    command = parse(["demo", *map(str, arguments)])
    return command.run(command, said.append), "\n".join(said)


def test_a_demo_is_played_and_written_down(demo, tmp_path, loaded):
    out = tmp_path / "out"
    code, text = run(demo, "--headless", "--out", out, "--memory", "window 4 blocks")
    assert code == 0
    assert "as expected: recall >= 80" in text
    result = json.loads((out / "result.json").read_text())
    assert (result["memory"], result["seed"]) == ("window 4 blocks", load_scene("kitchen").seed)
    assert result["probes"][-1]["kind"] == "script"
    (row,) = csv.DictReader((out / "result.csv").open())
    assert row["expect_met"] == "yes"
    assert len(load_recording(out / "recording").blocks) * 3 == result["frames"]
    with StoredFrames.open(out / "recording") as stored:  # so that an export need not play again
        assert stored.frame_count == result["frames"]
    assert loaded[0][1].window_blocks == 4


def test_what_is_not_as_expected_is_exit_code_1(demo):
    demo.write_text(SHORT.replace(">= 80", "< 40"))
    code, text = run(demo, "--headless")
    assert code == 1
    assert "NOT as expected" in text


def test_a_demo_is_shown_in_the_window_and_measured(demo, tmp_path, monkeypatch):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    demo.write_text(SHORT.replace("kitchen", "meadow").replace("90deg", "30deg"))
    code, text = run(demo, "--out", tmp_path / "out", "--seed", 5)
    assert code == 0
    assert "probe a" in text
    shown = json.loads((tmp_path / "out" / "result.json").read_text())
    assert shown["seed"] == 5
    run(demo, "--headless", "--out", tmp_path / "headless", "--seed", 5)
    alone = json.loads((tmp_path / "headless" / "result.json").read_text())
    assert (shown["frames"], shown["digest"]) == (alone["frames"], alone["digest"])


def test_a_demo_that_the_world_cannot_play_does_not_open_for_long(demo, monkeypatch):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    demo.write_text("scene: kitchen\nscript: zoom in 1.5\n")
    with pytest.raises(WorldFailed, match="this world cannot zoom"):
        run(demo)


def test_seeds_end_in_a_mean(demo, tmp_path):
    demo.write_text("scene: kitchen\nscript: hold 0.2s\n")
    code, _ = run(demo, "--headless", "--seeds", "3..4", "--out", tmp_path / "out")
    assert code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "result.csv").open()))
    assert [row["run"] for row in rows] == ["1", "2", "mean", "low 95%", "high 95%"]
    assert [row["seed"] for row in rows[:2]] == ["3", "4"]
    assert rows[0]["digest"] != rows[1]["digest"]
    assert load_recording(tmp_path / "out" / "run-2" / "recording").start.seed == 4


def test_policies_are_compared_on_one_tape(demo, tmp_path, loaded, monkeypatch):
    videos = []

    def write_video(path, frames, fps):
        videos.append((path.name, len(list(frames)), fps))

    monkeypatch.setattr(compare, "write_video", write_video)
    out = tmp_path / "out"
    asked = ("--headless", "--compare", "mag,window 4 blocks", "--out", out)
    code, text = run(demo, *asked)
    assert code == 0
    assert [memory.policy for _, memory, _ in loaded] == ["mag", "window"]
    assert "window 4 blocks" in text
    result = json.loads((out / "result.json").read_text())
    assert [one["memory"] for one in result["runs"]] == ["mag", "window 4 blocks"]
    assert videos == [("compare.mp4", result["frames"] + 32, 16.0)]
    assert {path.name for path in out.iterdir()} == {
        *("result.json", "result.csv", "compare.csv", "compare.txt", "run-1", "run-2")
    }


@pytest.mark.parametrize("where", [["--headless"], []])
def test_all_of_one_base_run_as_the_first_does_or_their_bytes_differ(
    demo, loaded, monkeypatch, where
):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    demo.write_text("scene: kitchen\nscript: hold 0.2s\n")
    run(demo, *where, "--compare", "mag,memorypack,window")
    (_, _, first), *others = loaded
    assert first is None
    assert {str(execution) for _, _, execution in others} == {str(others[0][2])} != {"None"}


def test_policies_are_compared_in_the_window_one_after_the_other(demo, tmp_path, monkeypatch):
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    demo.write_text(SHORT.replace("90deg", "30deg"))
    out = tmp_path / "out"
    _, text = run(demo, "--compare", "mag,window", "--out", out, "--video", "gif")
    assert "2 of 2: window" in text
    result = json.loads((out / "result.json").read_text())
    assert [one["memory"] for one in result["runs"]] == ["mag", "window"]
    with Image.open(out / "compare.gif") as image:
        assert image.size == (2 * 320 + GAP, 192 + STRIP)
        assert image.n_frames == math.ceil((result["frames"] + 32) / (16 / GIF_FPS))


def test_what_is_left_before_its_end_is_not_compared(demo, tmp_path, monkeypatch):
    def leave_early(load, playthrough, observers, source, *, seconds, headless, session):
        session = Session(load(), source, observers)
        session.begin(playthrough)
        session.end("left")

    monkeypatch.setattr("mag_sandbox.sandbox.demo.command.run_app", leave_early)
    with pytest.raises(DemoError, match="stopped before its end"):
        run(demo, "--compare", "mag,window", "--out", tmp_path / "out")


def test_worlds_are_compared_too(demo, monkeypatch, loaded):
    for module in ("mag_sandbox.sandbox.choice", "mag_sandbox.sandbox.demo.command"):
        monkeypatch.setattr(f"{module}.available_worlds", lambda: ("pocket", "other", "mag"))
    code, text = run(demo, "--headless", "--compare", "pocket,other,mag,world mag")
    assert code == 0
    assert [name for name, _, _ in loaded] == ["pocket", "other", "pocket", "mag"]
    assert loaded[2][1].policy == "mag", "a policy's name goes before a world's"
    assert "other" in text


def test_a_demo_may_compare_by_itself_and_expect_a_lead(demo, loaded):
    compare = "compare: mag, window\n"
    demo.write_text(compare + SHORT + '  lead: ">= 50"\n')
    code, text = run(demo, "--headless")
    assert code == 1
    assert "NOT as expected: lead >= 50 (it is 0)" in text
    assert len(loaded) == 2


def test_the_list_names_every_demo_and_plays_none(loaded):
    code, text = run("--list")
    assert code == 0
    assert all(name in text for name in available_demos())
    assert loaded == []


def test_a_recording_becomes_a_demo_that_makes_the_same_pictures(tmp_path):
    played, again = (ShownBlocks(SETTING, spec=FAST) for _ in range(2))
    recorder = Recorder(tmp_path / "recording", memory=SETTING)
    script = 'wander 2s seed 4; prompt "A \\"red\\" beach."; memory window 3 blocks; pan left 10deg'
    play_demo(demo_of(script), played, SETTING, extras=Extras(recorder))
    code, text = run("--from", tmp_path / "recording", tmp_path / "again.yaml")
    assert code == 0
    assert str(tmp_path / "again.yaml") in text
    play_demo(load_demo(tmp_path / "again.yaml"), again, SETTING)
    one, other = ([block.frames.tobytes() for block in world.shown] for world in (played, again))
    assert one == other
    with pytest.raises(DemoError, match="already exists"):
        run("--from", tmp_path / "recording", tmp_path / "again.yaml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--memory", "window 3 blcks"], 'memory "window 3 blcks": '),
        (["--world", "pokcet"], 'world "pokcet" not found'),
        (["--compare", "mag,window", "--seeds", "1..2"], "leave out --seeds"),
        (["--seeds", "1..1001", "--headless"], "is more than 1000 seeds"),
        (["--seed", "1", "--seeds", "1..2"], "not allowed with"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_played(demo, loaded, arguments, message):
    with pytest.raises((UsageError, WorldFailed, ValueError)) as caught:
        run(demo, *arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert loaded == []


def test_a_script_that_the_world_cannot_play_is_refused_before_anything_is_made(demo):
    demo.write_text("scene: kitchen\nscript: hold 1s; zoom in 1.5\n")
    with pytest.raises(DemoError, match=r"short\.yaml:2:18: this world cannot zoom"):
        run(demo, "--headless")
