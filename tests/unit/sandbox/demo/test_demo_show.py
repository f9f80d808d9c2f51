"""A demo in the window says what it does, shows then and now, and ends with a verdict."""

from functools import partial
from unittest.mock import Mock

import pygame
import pytest

from mag_sandbox.sandbox import app
from mag_sandbox.sandbox import choice as choices
from mag_sandbox.sandbox.choice import WorldChoice
from mag_sandbox.sandbox.demo import show
from mag_sandbox.sandbox.demo.run import DemoRun, caption_of
from mag_sandbox.sandbox.demo.show import DemoSession
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.scenes.demo.tape import Enter, List, Mark, Probe, SetAnchor
from tests.doubles import FakeWorld
from tests.unit.sandbox.demo.test_demo_run import FAST, SETTING, demo_of

SMALL = SandboxConfig(window_width=640, window_height=400, muted=True)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (SetAnchor("door"), "“door”"),
        (Probe("door"), "Back at the view “door”"),
        (SetAnchor("a"), "Remember view A"),
        (Probe("a"), "Back at view A: "),
        (Mark("night falls"), "night falls"),
        (Enter("kitchen", again=True), "Back in kitchen"),
        (List(), ""),
    ],
)
def test_every_turn_of_a_script_has_a_caption(item, said):
    assert said in caption_of(item)


def test_a_caption_gives_way_to_the_camera_after_some_seconds(monkeypatch):
    said = []
    monkeypatch.setattr(show, "Text", lambda words, *_, **__: said.append(words) or Mock())
    reel, demo = Mock(), Mock(caption="Remember view A", watch=Mock(results=[]))
    reel.current.block.phrase = "pan right"
    overlay = show.DemoOverlay(reel, Hud(SMALL), demo)
    overlay._caption = lambda *_, **__: pygame.Surface((9, 9))
    monkeypatch.setattr(show, "Card", Mock())
    for now in (1.0, 1.0 + show.CAPTION_S / 2, 1.1 + show.CAPTION_S):
        overlay.update(now)
        overlay.draw(pygame.Surface((640, 400)))
    assert said == ["Remember view A", "Remember view A", "Pan right"]


def test_the_window_shows_what_was_compared_and_closes_after_the_verdict(monkeypatch):
    load = lambda name, memory, **more: FakeWorld(memory, spec=FAST)  # noqa: E731
    monkeypatch.setattr(choices, "load_world", load)
    monkeypatch.setattr(show, "END_S", 0.2)
    verdicts, captions = [], set()
    verdict_card, draw = show.verdict_card, show.DemoOverlay.draw

    def noted_verdict(rows):
        verdicts.append(tuple(rows))
        return verdict_card(rows)

    def noted(self, surface):
        before = pygame.image.tobytes(surface, "RGB")
        draw(self, surface)
        if pygame.image.tobytes(surface, "RGB") != before:
            captions.add(self._demo.caption)

    monkeypatch.setattr(show, "verdict_card", noted_verdict)
    monkeypatch.setattr(show.DemoOverlay, "draw", noted)
    script = 'hold 1s; anchor a; pan right 90deg; pan left 90deg; probe a; mark "the end"; hold 1s'
    run = DemoRun(demo_of(script), SETTING, 7)
    summary = app.run(
        partial(run.load, WorldChoice("pocket", SETTING)),
        run.playthrough,
        SMALL,
        [run],
        source=run,
        session=lambda reel, hud: DemoSession(reel, hud, run),
    )
    run.finish()
    assert summary.reason == "script over"
    assert "the end" in captions
    assert len(captions) > 1
    assert [row.anchor for row in verdicts[-1] if row.kind == "script"] == ["a"]
    assert run.result().probes
