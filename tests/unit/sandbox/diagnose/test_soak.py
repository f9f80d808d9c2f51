"""The soak plays everything by itself, and tells growth from noise."""

import json
import random
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.sandbox import choice
from mag_sandbox.sandbox.commands import cli
from mag_sandbox.sandbox.diagnose import mishaps, soak
from mag_sandbox.sandbox.diagnose.soak import (
    CHORES,
    VISIT_BLOCKS,
    SoakPlayer,
    SoakRow,
    growth_of,
    has_settled,
    slope,
    too_much,
    verdict_of,
)
from mag_sandbox.sandbox.screens import Continue, PlayScene, Way
from mag_sandbox.sandbox.screens.play import PlayScreen
from mag_sandbox.sandbox.title.screen import TitleScreen
from tests.doubles import FakeWorld
from tests.games import FAST, SCENE, games
from tests.recorded import AWAY_AND_BACK, record


def rows(count: int = 60, visits: int = 2, **figures) -> list[SoakRow]:
    """Return a row a minute; each figure is given as a function of the minute."""
    usual = SoakRow(0.0, 800.0, 0.0, 800.0, 9, 30, 90.0, 120.0, 0, 0.0, 0)
    return [
        replace(
            usual,
            seconds=60.0 * minute,
            visits=visits * minute,
            **{name: figure(minute) for name, figure in figures.items()},
        )
        for minute in range(count)
    ]


def test_the_slope_is_not_bent_by_outliers():
    assert slope([(0, 0), (1, 2), (2, 4), (3, 6)]) == 2
    assert slope([(0, 0), (1, 2), (2, 900), (3, 6), (4, 8)]) == pytest.approx(2, abs=0.5)
    assert slope([]) == slope([(1, 5)]) == 0


def test_what_chance_may_have_done_is_no_leak_and_a_leak_in_it_is():
    """As in an hour with mishaps: places of 200 MiB are being written at any time."""
    chance = random.Random(1)
    swings = [chance.uniform(0.0, 250.0) for _ in range(60)]
    assert slope([(m / 60, swings[m]) for m in range(30, 60)]) > 100
    swinging = rows(beyond_mib=lambda minute: 1200.0 + swings[minute])
    assert too_much(swinging) == []
    numbers = {
        "growth_per_hour": growth_of(swinging),
        "settled": True,
        "grows": [],
        "unexpected": [],
    }
    assert "beyond_mib grows cannot be told from chance" in verdict_of(numbers)
    (sentence,) = too_much(rows(beyond_mib=lambda minute: 1200.0 + swings[minute] + 8 * minute))
    assert sentence.startswith("beyond_mib grows by ")


def test_only_the_second_half_counts():
    grown = rows(beyond_mib=lambda minute: 800.0 + 10 * min(minute, 30))
    assert growth_of(grown)["beyond_mib"] == 0
    assert too_much(grown) == []


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("beyond_mib", lambda minute: 800.0 + 1.5 * minute),
        ("threads", lambda minute: 9 + minute // 6),
        ("open_files", lambda minute: 30 + minute // 4),
    ],
)
def test_a_leak_is_named_with_its_figure_and_its_bound(figure, value):
    (sentence,) = too_much(rows(**{figure: value}))
    assert sentence.startswith(f"{figure} grows by ")
    assert " allowed; " in sentence


def test_noise_is_no_leak():
    noisy = rows(
        beyond_mib=lambda minute: 800.0 + 20 * (minute % 3),
        threads=lambda minute: 9 + minute % 2,
        open_files=lambda minute: 30 + minute % 5,
    )
    assert too_much(noisy) == []


def test_what_is_held_on_purpose_is_told_apart_from_a_leak(run):
    game = run()
    log = soak.Log(game.game.folder, soak.BlockTimes(), 0.0, lambda said: None)
    for held in (0, 300 * 2**20):
        log.tick(0, lambda held=held: held)
    before, after = log.rows
    assert (before.held_mib, after.held_mib) == (0.0, 300.0)
    assert after.beyond_mib == pytest.approx(after.resident_mib - 300.0)
    filling = rows(
        resident_mib=lambda minute: 800.0 + 10 * minute, held_mib=lambda minute: 10.0 * minute
    )
    assert too_much(filling) == []


def test_a_run_that_did_too_little_is_not_judged():
    assert has_settled(rows(count=60))
    short = rows(count=3)
    assert not has_settled(short)
    assert not has_settled([])
    numbers = {"growth_per_hour": growth_of(short), "settled": False, "grows": [], "minutes": 3.0}
    numbers["unexpected"] = []
    assert "not judged" in verdict_of(numbers)
    assert "play longer than 3 minutes" in verdict_of(numbers)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with games(tmp_path / "data") as start:
        yield start


def left_in(game) -> list:
    """Return the places that were left; what was saved while playing is none."""
    return [one for one in game.services.saves.scenes.entries() if not one.header.slot]


def test_every_chore_of_a_visit_is_done_and_the_place_is_left(run):
    turns = threading.Semaphore()  # a block a turn of the main loop, however busy the machine
    world = FakeWorld(spec=FAST, on_step=lambda control: turns.acquire(timeout=1.0))
    game, player = run(world), SoakPlayer(1, [SCENE])
    game.play()
    prompts = set()

    def acted(kind):
        turns.release()
        player.act(game.game, game.screen)
        if isinstance(game.screen, PlayScreen):
            prompts.add(game.screen.reel.current.block.prompt)
        return isinstance(game.screen, kind)

    game.wait(lambda: acted(TitleScreen))
    assert set(player.done) == {*CHORES.values(), "left"}
    assert player.done["record"] == 2, "begun and ended"
    assert soak.PROMPTS[1] in prompts
    # on a busy machine it is first there as it was saved by itself
    shown = lambda: [one.header.frames_shown >= 3 * VISIT_BLOCKS for one in left_in(game)]  # noqa: E731
    game.wait(lambda: shown() == [True])
    assert len(list((game.game.folder / "recordings").iterdir())) == 1


def test_places_are_visited_first_and_gone_on_with_then(run, monkeypatch):
    monkeypatch.setattr(soak, "REST_S", 0.0)
    game, player = run(), SoakPlayer(1, [SCENE])
    player.act(game.game, game.screen)
    assert game.screen.outcome == PlayScene(SCENE)
    game.play(PlayScene(SCENE))
    game.see_blocks(17)
    game.go(Way.TITLE, TitleScreen)
    (entry,) = game.parked()
    player.act(game.game, game.screen)
    assert game.screen.outcome == Continue(entry.id)


@pytest.fixture
def fake_world(monkeypatch, tmp_path):
    monkeypatch.setattr(
        choice, "load_world", lambda name, memory, **more: FakeWorld(memory, spec=FAST)
    )
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


def test_the_command_says_a_line_at_a_time_and_writes_all_figures(
    fake_world, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(soak, "USUAL_S", 0.0)  # a line a turn, however slow the machine
    file = tmp_path / "soak.json"
    assert cli.main(["soak", "--minutes", "0.05", "--json", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("MiB on disk" in line for line in lines) >= 10
    numbers = json.loads(file.read_text())
    assert len(numbers["rows"]) >= 10
    last = numbers["rows"][-1]
    assert min(last["resident_mib"], last["threads"], last["open_files"], last["blocks"]) > 0
    assert set(numbers["growth_per_hour"]) >= {"beyond_mib", "threads", "open_files"}
    assert not (tmp_path / "settings.yaml").exists(), "the player's settings are not touched"


def test_growth_is_exit_code_1(fake_world, monkeypatch, capsys):
    sizes = iter(range(10**6))
    monkeypatch.setattr(soak, "resident_bytes", lambda: next(sizes) * 100 * 2**20)
    monkeypatch.setattr(soak, "LEAST_VISITS", 0)
    monkeypatch.setattr(soak, "USUAL_S", 0.0)
    assert cli.main(["soak", "--minutes", "0.02"]) == 1
    assert "beyond_mib grows by" in capsys.readouterr().out


def test_what_happens_to_a_computer_breaks_nothing_that_was_kept(
    fake_world, monkeypatch, tmp_path, capsys
):
    made = []

    class Noted(mishaps.Mishaps):
        def __init__(self, say):
            super().__init__(say)
            made.append(self)

    monkeypatch.setattr(mishaps, "Mishaps", Noted)
    monkeypatch.setattr(mishaps, "EVERY_S", 0.1)
    monkeypatch.setattr(mishaps, "suspend", lambda seconds: None)
    monkeypatch.setattr(soak, "REST_S", 0.0)
    all_happened = lambda: bool(made) and made[0].happened.total() >= 6  # noqa: E731
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: 1e9 * all_happened()))
    file = tmp_path / "soak.json"
    code = cli.main(["soak", "--minutes", "1", "--mishaps", "--json", str(file)])
    said = capsys.readouterr().out
    assert code == 0, said
    assert json.loads(file.read_text())["mishaps"]["the disk is full"] >= 1
    assert "everything that was kept can be read" in said


def test_a_run_that_ends_while_the_device_is_lost_has_not_failed(fake_world, monkeypatch, capsys):
    made = []

    class Loses(mishaps.Mishaps):
        def happen(self, game):
            made.append(self)
            self._lose(game)

    monkeypatch.setattr(mishaps, "Mishaps", Loses)
    time_is_up = lambda: bool(made) and made[0].losses > 0  # noqa: E731
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: 1e9 * time_is_up()))
    assert cli.main(["soak", "--minutes", "1", "--mishaps"]) == 0, capsys.readouterr().out


def test_what_no_mishap_explains_is_exit_code_1(fake_world, monkeypatch, capsys):
    played, step = [], FakeWorld.step
    monkeypatch.setattr(FakeWorld, "step", lambda *asked: played.append(asked) or step(*asked))
    monkeypatch.setattr(FakeWorld, "snapshot", lambda self: 1 / 0)
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: 1e9 * bool(played)))
    assert cli.main(["soak", "--minutes", "1", "--mishaps"]) == 1
    assert "nobody expected: not saved" in capsys.readouterr().out


def test_a_device_that_is_lost_fails_once_and_is_tried_again(run):
    trouble = mishaps.Mishaps(lambda said: None)
    world = trouble.losable(lambda progress: FakeWorld(spec=FAST))(None)
    game, player = run(world, FakeWorld(spec=FAST)), SoakPlayer(1, [])
    game.play(PlayScene(SCENE))
    world.is_lost = True
    game.wait(lambda: game.screen.has_failed)
    player.act(game.game, game.screen)
    assert game.screen.outcome is Way.RETRY
    assert not world.is_lost


def test_what_cannot_be_read_afterwards_is_named(tmp_path):
    folder = record(tmp_path / "recordings" / "monday", AWAY_AND_BACK[:2])
    assert mishaps.unreadable(tmp_path) == []
    (folder / "session.jsonl").write_text("{}\n")
    (sentence,) = mishaps.unreadable(tmp_path)
    assert "session.jsonl line 1" in sentence
