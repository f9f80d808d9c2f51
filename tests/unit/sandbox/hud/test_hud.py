"""The display fits windows of any size and is drawn again only when what it says changed."""

import re
from dataclasses import replace

import pygame
import pytest

from mag_sandbox.controls.bindings import DEFAULTS
from mag_sandbox.controls.camera import AXES, CameraCommand
from mag_sandbox.controls.phrase_compiler import all_phrases
from mag_sandbox.model.loading import available_policies, policy_look
from mag_sandbox.model.world import Control, MemoryUsage
from mag_sandbox.sandbox.hud import cards
from mag_sandbox.sandbox.hud.figures import Figures
from mag_sandbox.sandbox.hud.hints import Step, arrow_card, hint_card
from mag_sandbox.sandbox.hud.hud import Hud, next_level
from mag_sandbox.sandbox.hud.hud_state import HudState
from mag_sandbox.sandbox.hud.minimap import MapStitcher, Minimap
from mag_sandbox.sandbox.hud.toolbar import Toolbar
from mag_sandbox.sandbox.play_session import PlayerSession
from mag_sandbox.sandbox.settings import SandboxConfig
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.layout import Card
from mag_sandbox.sandbox.ui.theme import Theme
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld
from tests.unit.sandbox.hud.test_help_card import NotingTheme

SIZES = [(1280, 720), (640, 400), (1920, 1080)]


@pytest.fixture(scope="module")
def state():
    world = FakeWorld()
    world.reset(Scene(prompt="A place."), seed=1)
    for _ in range(30):
        block = world.step(Control(CameraCommand(yaw=1.0)))
    figures = Figures()
    stages = {"denoise": 31, "remember": 8, "decode": 3, "look_ahead": 20}
    figures.add_block(stages)
    figures.update(0.0, fps=16.0, latency_ms=118)
    prompt = "A quiet desert at sunset with tall cacti, distant mountains and a red tower."
    return HudState(
        scene="Desert at sunset",
        seconds=134,
        block=replace(block, prompt=prompt),
        figures=figures.rows,
        lights={"left": "idle", "up": "queued", "down": "idle", "right": "applied"},
    )


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def surface(request):
    with window(request.param, "test") as surface:
        yield surface


def test_levels_go_round():
    assert [next_level(level) for level in ("small", "full", "off")] == ["full", "off", "small"]


def test_off_draws_nothing(surface, state):
    Hud().draw(surface, state, "off")
    assert pygame.transform.average_color(surface) == (0, 0, 0, 0)


@pytest.mark.parametrize("level", ["full", "small"])
def test_no_card_leaves_the_window_and_none_covers_another(surface, state, level):
    drawn = []
    hud = Hud()

    class Spy:
        def __init__(self):
            self.get_size, self.get_rect = surface.get_size, surface.get_rect

        def blit(self, card, place):
            drawn.append(pygame.Rect(place, card.get_size()))

    hud.draw(Spy(), state, level)
    assert len(drawn) == (4 if level == "full" else 1)
    for rect in drawn:
        assert surface.get_rect().contains(rect)
        assert [other for other in drawn if rect.colliderect(other)] == [rect]


def test_the_small_form_says_how_much_was_forgotten_once_something_was(state):
    for evicted, words in ((0, []), (1, ["1 view forgotten"]), (7, ["7 views forgotten"])):
        memory = replace(state.block.memory, evicted=evicted)
        card = cards.slim_card(replace(state, block=replace(state.block, memory=memory)))
        assert re.findall(r"\d+ views? forgotten", str(card.content)) == words


def test_the_small_form_names_the_memory_in_use(state):
    for policy, words in (("mag-retrieve", "(remembers places)"), ("window", "(last seconds")):
        memory = replace(state.block.memory, policy=policy)
        card = cards.slim_card(replace(state, block=replace(state.block, memory=memory)))
        assert words in str(card.content)


@pytest.mark.parametrize("policy", available_policies())
@pytest.mark.parametrize("recording", [False, True])
def test_what_a_memory_keeps_is_said_at_the_usual_size_also_while_recording(
    state, policy, recording, monkeypatch
):
    said = []
    write = Theme.write
    monkeypatch.setattr(Theme, "write", lambda *a, **kw: said.append(a[2]) or write(*a, **kw))
    memory = replace(state.block.memory, policy=policy)
    now = replace(state, block=replace(state.block, memory=memory), recording=recording)
    with window((1280, 720), "test"):
        cards.slim_card(now).drawn(Theme((1280, 720)))
    assert policy_look(policy).label in " ".join(said)


@pytest.mark.parametrize("size", [(480, 300), (800, 500), (1280, 720)])
@pytest.mark.parametrize("more", [{}, {"recording": True}, {"mode": "paused"}])
def test_the_name_of_the_memory_is_never_cut(state, more, size, monkeypatch):
    said = []
    text = Theme.text
    monkeypatch.setattr(Theme, "text", lambda *a, **kw: said.append(a[1]) or text(*a, **kw))
    memory = replace(state.block.memory, policy="window")
    now = replace(state, block=replace(state.block, memory=memory), **more)
    with window(size, "test"):
        cards.slim_card(now).drawn(Theme(size))
    assert "Window" in said
    assert not [words for words in said if words.endswith("...")]


def test_a_tiny_window_shows_the_small_form(state):
    with window((400, 240), "test") as surface:
        hud, full = Hud(), Hud()
        hud.draw(surface, state, "small")
        small = pygame.image.tobytes(surface, "RGB")
        surface.fill((0, 0, 0))
        full.draw(surface, state, "full")
        assert pygame.image.tobytes(surface, "RGB") == small


def test_cards_are_drawn_again_only_when_they_say_something_else(surface, state, monkeypatch):
    drawn, original = [], Card.drawn
    monkeypatch.setattr(
        Card,
        "drawn",
        lambda self, *args, **more: drawn.append(self) or original(self, *args, **more),
    )
    hud = Hud()
    hud.draw(surface, state, "full")
    assert len(drawn) == 4
    drawn.clear()
    hud.draw(surface, replace(state, seconds=134.06), "full")
    assert drawn == []
    for changes, card in (
        ({"figures": (("", "15.9 fps"),)}, "speed_card"),
        ({"mode": "paused"}, "scene_card"),
        ({"exact_pose": False}, "scene_card"),
        ({"lights": {**state.lights, "left": "queued"}}, "keys_card"),
        ({"block": replace(state.block, memory=replace(state.block.memory, rebuilt=1))},
         "memory_card"),
    ):  # fmt: skip
        changed = replace(state, **changes)
        hud.draw(surface, changed, "full")
        assert getattr(cards, card)(changed) in drawn, card
        hud.draw(surface, state, "full")
        drawn.clear()


def test_a_long_name_is_shown_in_two_lines(surface, state):
    theme, drawn = Hud().theme(surface), cards.scene_card
    long = replace(state, scene="Desert at sunset, then a dragon next to a castle")
    short, tall = (drawn(one).drawn(theme)[0].get_height() for one in (state, long))
    assert tall > short


def test_the_bar_shows_every_kind_that_is_kept(surface, state):
    theme = Hud().theme(surface)
    card = pygame.Surface((700, 60), pygame.SRCALPHA)
    cards.draw_bar(theme, card, pygame.Rect(10, 10, 600, 30), state.block.memory)
    row = {tuple(card.get_at((x, 25)))[:3] for x in range(10, 610)}

    def is_shown(colour):
        return any(max(abs(a - b) for a, b in zip(colour, one, strict=True)) < 8 for one in row)

    kinds = {segment.kind for segment in state.block.memory.segments}
    assert kinds == {"sink", "compressed", "look-ahead", "raw", "current"}
    assert all(is_shown(cards.SEGMENT_COLOURS[kind]) for kind in kinds)


def test_no_camera_phrase_is_cut_or_moves_what_is_below(surface, state):
    theme, heights = NotingTheme(surface.get_size()), set()
    for phrase in all_phrases(AXES):
        shown = replace(state, block=replace(state.block, phrase=phrase))
        theme.written.clear()
        heights.add(cards.scene_card(shown).drawn(theme)[0].get_height())
        assert not [words for words in theme.written if words.endswith("...")]
    assert len(heights) == 1


def test_messages_and_help_fit(surface):
    hud = Hud()
    long = "The network produced values that are not numbers; " * 6
    hud.draw_message(surface, "The world stopped", long, "Esc: leave")
    hud.draw_help(surface)
    hud.draw_notice(surface, "Paused")
    theme = hud.theme(surface)
    card = cards.message_card("T", long, "H").drawn(theme)[0]
    assert surface.get_rect().contains(card.get_rect(center=surface.get_rect().center))


def test_long_prompts_end_in_dots(surface):
    theme = Hud().theme(surface)
    lines = theme.wrap("word " * 200, 300, lines=3)
    assert len(lines) == 3
    assert lines[-1].endswith("...")
    assert theme.wrap("two words", 300, lines=3) == ["two words"]


def test_what_is_shown_by_default_covers_little_of_the_picture(state):
    with window((1280, 720), "test") as surface:
        hud = Hud()
        hud.draw(surface, state, SandboxConfig().hud)
        card = Minimap().card(
            hud.theme(surface), MapStitcher().picture, width=hud.places["slim"].width
        )
        theme = hud.theme(surface)
        arrow = arrow_card("left").drawn(theme)[0].get_rect()
        toolbar = Toolbar(PlayerSession.buttons, DEFAULTS.title)
        toolbar.handle(pygame.Event(pygame.MOUSEMOTION, pos=(5, 5)), 0.0)
        toolbar.draw(surface, theme, (14, 706), 0.0)
        assert len(toolbar.places) == len(PlayerSession.buttons)
        for step in Step:
            hint = hint_card(step, DEFAULTS.title).drawn(theme, at_most=1252)[0].get_rect()
            shown = (*hud.places.values(), card.get_rect(), hint, arrow, *toolbar.places.values())
            assert sum(rect.width * rect.height for rect in shown) <= 0.08 * 1280 * 720


def test_a_faded_display_lets_the_picture_through(surface, state):
    hud, shown = Hud(), []
    for hud.opacity in (1.0, 0.3, 1.0):
        surface.fill((255, 255, 255))
        hud.draw(surface, state, "small")
        shown.append(pygame.transform.average_color(surface, hud.places["slim"])[0])
    assert shown[0] == shown[2] < shown[1]


def test_recording_is_said(surface, state):
    hud, shown = Hud(), []
    for recording in (False, True):
        surface.fill((0, 0, 0))
        hud.draw(surface, replace(state, recording=recording), "small")
        shown.append(pygame.surfarray.array3d(surface.subsurface(hud.places["slim"])).astype(int))
    red = [(one[..., 0] - one[..., 1] > 120).sum() for one in shown]
    assert red[0] < red[1]


def test_the_camera_keys_of_the_lab_view_can_be_found(surface, state):
    hud = Hud()
    hud.draw(surface, state, "full")
    card, caps = hud.places["keys"], hud.parts("keys")
    assert list(caps) == list(state.lights)
    assert [hud.key_at(cap.center) for cap in caps.values()] == list(caps)
    assert hud.key_at((card.right + 1, card.top)) is None


@pytest.mark.parametrize(
    ("recall", "told"),
    [(98.0, "as it was"), (82.0, "mostly as it was"), (60.0, "partly as it was"), (3.0, "made up")],
)
def test_a_half_is_as_it_was_only_if_nothing_plainly_changed(recall: float, told: str):
    with window((640, 400), "test"):
        theme = NotingTheme((640, 400))
        memory = MemoryUsage("mag", (), 0, 1, 1, 0, 0.0, 0, ())
        for judged in (recall, None):
            cards.split_card(memory, judged, has_bar=True).drawn(theme, 400)
    (verdict,) = {one for one in theme.written if "as it was" in one or "made up" in one}
    assert verdict.startswith(told)
