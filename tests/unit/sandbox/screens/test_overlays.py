"""What lies over the picture when a view comes back: one moment, large, that then goes."""

from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import ASPECT, CameraCommand, CameraPose
from mag_sandbox.model.world import MemorySegment, MemoryUsage
from mag_sandbox.sandbox.hud.cards import seen_card
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.play.late_warp import WHOLE
from mag_sandbox.sandbox.postcards.postcards import PostcardStamp, Tour
from mag_sandbox.sandbox.screens.overlays import (
    LED,
    NOTICE_FADE_S,
    NOTICE_S,
    PROBE_S,
    WAY_ON,
    WIPE_AWAY_S,
    WIPE_EVERY_S,
    WIPE_S,
    HintOverlay,
    Notices,
    PostcardOverlay,
    ProbeOverlay,
    SplitOverlay,
    wiped,
)
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import Theme
from tests.doubles import SPEC
from tests.unit.sandbox.screens.test_probes_screen import result

MEMORY = MemoryUsage("mag", (MemorySegment("raw", 6, 60),), 60, 100, 500, 0, 1.0, 6, ())
BLUE = (0, 0, 255)


class StubProber:
    latest = None


class StubReel:
    """What is shown: where the view of results is, the camera at rest."""

    def __init__(self):
        self.pose, self.command = CameraPose(), CameraCommand()
        self.current, self.spec, self.crop = self, SPEC, WHOLE
        self.block = SimpleNamespace(memory=MEMORY, prompt="a meadow", edited=None, ground=None)
        self.starting_over = False


@pytest.fixture
def prober():
    return StubProber()


@pytest.fixture
def overlay(prober):
    hud = Hud()
    hud.places["slim"] = pygame.Rect(0, 0, 10, 10)
    return ProbeOverlay(StubReel(), hud, prober, lambda cue: None)


def test_a_view_that_comes_back_is_wiped_between_then_and_now(overlay, prober):
    assert not overlay.update(0.0)
    prober.latest = result(1, then=result(2).then)
    with window((1280, 720), "test") as surface:
        shown = set()
        for now in (1.0, 1.0 + WIPE_S / 4, 1.0 + WIPE_S / 2):
            assert overlay.update(now)
            surface.fill(BLUE)
            overlay.draw_under(surface)
            shown.add(pygame.image.tobytes(surface, "RGB"))
            assert surface.get_rect().contains(overlay._place)
        assert len(shown) == 3
    assert overlay.update(1.0 + WIPE_S), "it goes"
    assert overlay.wake_at is None


def test_nothing_is_wiped_behind_a_box_in_which_the_player_writes(prober):
    box, hud = SimpleNamespace(is_open=False), Hud()
    hud.places["slim"] = pygame.Rect(0, 0, 10, 10)
    overlay = ProbeOverlay(StubReel(), hud, prober, lambda cue: None, boxes=[box])
    prober.latest = result(1, then=result(2).then)
    assert overlay.update(1.0) and overlay.wake_at is not None
    box.is_open = True
    assert overlay.update(1.1) and overlay.wake_at is None, "it goes"
    prober.latest = result(2, then=result(1).then)
    assert not overlay.update(60.0)


def test_a_wipe_begins_and_ends_with_now():
    assert [round(wiped(share), 3) for share in (0.0, 0.5, 1.0, 2.0)] == [0.0, 1.0, 0.0, 0.0]


def test_wipes_that_nobody_asked_for_are_rare(overlay, prober):
    def is_shown(now, number, **changes):
        overlay.update(now - 1e-3 - WIPE_S)  # the one before is gone
        prober.latest = result(number, **changes)
        return overlay.update(now)

    assert not is_shown(100.0, 1, seconds_away=WIPE_AWAY_S - 1), "hardly left"
    assert is_shown(200.0, 2)
    overlay.update(200.0 + WIPE_S)
    assert not is_shown(200.0 + WIPE_EVERY_S - 1, 3)
    assert is_shown(200.0 + WIPE_EVERY_S - 0.5, 4, kind="key"), "an anchor of the player's"
    overlay._reel.command = CameraCommand(yaw=1.0)
    assert overlay.update(200.0 + WIPE_EVERY_S)
    assert overlay.wake_at is None, "it makes way when the camera moves on"


def test_a_wipe_waits_until_the_camera_rests_where_the_view_is(overlay, prober):
    reel = overlay._reel
    reel.command = CameraCommand(yaw=1.0)
    prober.latest = result(1)
    assert not overlay.update(1.0), "in passing"
    reel.command = CameraCommand()
    assert overlay.update(2.0)
    overlay.update(2.0 + WIPE_S)
    reel.pose = CameraPose(yaw=80.0)
    prober.latest = result(2)
    assert not overlay.update(100.0)
    reel.pose = CameraPose()
    assert not overlay.update(101.0), "that moment is over"
    prober.latest, reel.pose = result(3), CameraPose(yaw=40.0)
    assert not overlay.update(102.0), "gone past it"
    reel.pose = CameraPose()
    assert overlay.update(103.0), "and turned back to it"
    overlay.update(103.0 + WIPE_S)
    prober.latest, reel.pose = result(4, kind="key"), CameraPose(z=1.0)
    assert not overlay.update(120.0), "walking up to an anchor"
    reel.pose = CameraPose()
    assert overlay.update(121.0)
    overlay.update(121.0 + WIPE_S)
    reel.command = CameraCommand(yaw=-1.0)
    prober.latest = result(5, kind="key")
    assert not overlay.update(130.0), "an anchor of the player's, too"
    reel.command = CameraCommand()
    assert overlay.update(131.0)


@pytest.mark.parametrize("change", ["edited", "prompt", "undone"])
def test_no_wipe_compares_a_place_with_what_it_was_changed_into(overlay, prober, change):
    reel = overlay._reel
    reel.command = CameraCommand(yaw=1.0)
    prober.latest = result(1)
    assert not overlay.update(1.0), "in passing"
    reel.command = CameraCommand()
    if change == "undone":
        reel.starting_over = True
    else:
        setattr(reel.block, change, "a snowy meadow")
    assert not overlay.update(2.0)
    reel.starting_over, reel.block.edited = False, None
    assert not overlay.update(3.0)


def test_the_clock_of_postcards_rests_under_a_box():
    reel, hunt, box = StubReel(), Mock(tour=None), Mock(is_open=False)
    hunt.update.return_value = False
    overlay = PostcardOverlay(reel, Hud(), hunt, Mock(), "C", [box])
    for reel.seconds, box.is_open in ((5.0, False), (25.0, True), (30.0, False)):
        overlay.update(0.0)
    assert hunt.update.call_args.args[0] == 10.0
    reel.seconds = 20.0  # an earlier moment, as before another memory was chosen
    overlay.update(0.0)
    assert hunt.update.call_args.args[0] == 10.0, "and never goes back"


@pytest.mark.parametrize(
    ("found", "phase", "text"),
    [
        ([True, False, True], "searching", ": 2 of 3 places found"),
        ([True], "waiting", ": 1 of 1 place found"),
        ([], "searching", ""),
        ([True] * 5, "finished", None),
    ],
)
def test_a_game_of_postcards_that_is_ended_says_how_many_places_were_found(found, phase, text):
    stamps = tuple(PostcardStamp("good" if one else "lost", 0.0, 1.0, None) for one in found)
    hunt, said = Mock(tour=Tour(1, phase=phase, stamps=stamps)), Mock()
    overlay = PostcardOverlay(StubReel(), Hud(), hunt, Mock(), "C", say=said)
    assert overlay.dismiss()
    if text is None:
        assert not said.called, "the card has said so"
    else:
        words = f"the postcard game is over{text}; C starts a new one"
        said.assert_called_once_with(words, topic="postcards")


def test_in_a_small_window_the_lab_view_wipes_too(overlay, prober):
    places = overlay._hud.places
    places["speed"], places["memory"] = pygame.Rect(9, 9, 99, 90), pygame.Rect(9, 210, 99, 80)
    prober.latest = result(1)
    assert overlay.update(1.0)
    assert overlay.wake_at < 1.0 + WIPE_S


def test_in_the_lab_view_every_result_is_a_card_of_figures(overlay, prober):
    overlay._hud.places["speed"] = pygame.Rect(14, 14, 200, 100)
    for number in (1, 2):
        prober.latest = result(number, seconds_away=0.5)
        assert overlay.update(float(number))
        assert overlay.wake_at == number + PROBE_S


def test_a_click_puts_it_away(overlay, prober):
    prober.latest = result(1)
    overlay.update(0.0)
    with window((1280, 720), "test") as surface:
        overlay.draw_under(surface)
    click = pygame.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=overlay._place.center)
    assert not overlay.handle(click), "what is below has the click, too"
    overlay.update(0.1)
    assert overlay.wake_at is None


@pytest.mark.parametrize("size", [(480, 300), (1280, 720), (3840, 2160)])
@pytest.mark.parametrize("keys", [None, 0.8])
@pytest.mark.parametrize("seen", [None, np.zeros((192, 320, 3), np.uint8)])
def test_what_halves_remember_stands_below_them_where_there_is_room(size, keys, seen):
    width, height = size
    hud, block = Hud(), SimpleNamespace(memory=MEMORY, beside=None)
    if keys:
        hud.places["keys"] = pygame.Rect(0, round(height * keys), width // 4, height // 20)
    with window(size, "test") as surface:
        surface.fill(BLUE)
        reel = SimpleNamespace(current=SimpleNamespace(block=block))
        trip = SimpleNamespace(
            seen=seen, words="Both turn away and come back", recalls=(), leads=True
        )
        notices = Mock()
        SplitOverlay(reel, hud, trip, "V", notices).draw(surface)
        beside = width // 2 + Theme(size).px(20)
        shown = [y for y in range(height // 2) if surface.get_at((beside, y))[:3] != BLUE]
        rows = len(shown)
        column = [surface.get_at((width // 4, y))[:3] != BLUE for y in range(height)]
        middle = surface.get_at((width // 2, height // 2))[:3]
    top, end = column.index(True), height - column[::-1].index(True)
    pictures_end = (height + width // 2 * ASPECT) / 2
    assert end <= hud.places["keys"].top if keys else top >= pictures_end
    assert middle != BLUE, "a line between them"
    assert notices.draw.call_args.kwargs["top"] > shown[-1], "no notice covers its heading"
    if height >= 720:
        lowest = shown[-1]
        assert lowest < (height - width // 2 * ASPECT) / 2, "no card overlaps the pictures"
    assert rows > Theme(size).px(10), "how to steer, and how to end it"
    assert (rows > Theme(size).px(100)) is (seen is not None), "what was seen, above the line"


@pytest.mark.parametrize("cards", [{}, {"memory": pygame.Rect(10, 600, 1260, 100)}])
def test_halves_have_memory_bars_only_beside_their_legend(cards, monkeypatch):
    drawn, hud = [], Hud()
    monkeypatch.setattr(
        "mag_sandbox.sandbox.hud.cards.draw_bar", lambda *parts: drawn.append(parts[-1])
    )
    hud.places.update(cards)
    reel = SimpleNamespace(
        current=SimpleNamespace(block=SimpleNamespace(memory=MEMORY, beside=None))
    )
    trip = SimpleNamespace(seen=None, words="", recalls=(), leads=True)
    with window((1280, 720), "test") as surface:
        SplitOverlay(reel, hud, trip, "V", Mock()).draw(surface)
    assert bool(drawn) is bool(cards)


@pytest.mark.parametrize(("leads", "said"), [(True, LED), (False, WAY_ON)])
def test_a_comparison_says_whether_the_camera_turns_by_itself(leads, said, monkeypatch):
    noted = []
    monkeypatch.setattr(
        "mag_sandbox.sandbox.screens.overlays.seen_card",
        lambda *parts: noted.append(parts[-1]) or seen_card(*parts),
    )
    block = SimpleNamespace(memory=MEMORY, beside=None)
    reel = SimpleNamespace(current=SimpleNamespace(block=block))
    trip = SimpleNamespace(seen=None, words="", recalls=(), leads=leads)
    with window((1280, 720), "test") as surface:
        SplitOverlay(reel, Hud(), trip, "V", Mock()).draw(surface)
    assert noted == [said.format("V")]


@pytest.mark.parametrize("size", [(480, 300), (1280, 720), (3840, 2160)])
@pytest.mark.parametrize("note", [LED, WAY_ON])
def test_the_caption_of_what_was_seen_is_never_cut(size, note):
    with window(size, "test"):
        theme, words = Theme(size), "Both turn away and come back"
        seen = np.zeros((192, 320, 3), np.uint8)
        card, _ = seen_card(words, seen, note.format("V")).drawn(theme)
        assert theme.text(words, 13, bold=True).get_width() < card.get_width() <= size[0]


@pytest.mark.parametrize("size", [(480, 300), (1280, 720), (3840, 2160)])
def test_the_arrow_of_a_hint_leaves_the_map_free(size):
    width, height = size
    hud = Hud()
    hud.places["map"] = hidden = pygame.Rect(width // 2, 0, width // 2, round(height * 0.55))
    probe = SimpleNamespace(area=pygame.Rect(0, 0, 0, 0), is_silent=False)
    with window(size, "test") as surface:
        HintOverlay(StubReel(), hud, probe).draw(surface)
        arrow = hud.places["key right"]
        assert surface.get_rect().contains(arrow)
        hud.places.clear()
        probe.is_silent = True
        HintOverlay(StubReel(), hud, probe).draw(surface)
        assert not hud.places, "while a postcard is searched nothing is taught"
        probe.is_silent, hud.is_off = False, True
        HintOverlay(StubReel(), hud, probe).draw(surface)
        assert not hud.places, "nor where everything is hidden"
    assert not arrow.colliderect(hidden)


def test_the_arrow_to_the_left_lies_beside_the_list_of_things(monkeypatch):
    hud, probe = Hud(), SimpleNamespace(area=pygame.Rect(0, 0, 0, 0), is_silent=False)
    hud.places["around"] = listed = pygame.Rect(14, 60, 400, 500)
    overlay = HintOverlay(StubReel(), hud, probe)
    monkeypatch.setattr(type(overlay._hints), "key", "left")
    with window((1280, 720), "test") as surface:
        overlay.draw(surface)
        assert surface.get_rect().contains(hud.places["key left"])
    assert not hud.places["key left"].colliderect(listed)


@pytest.mark.parametrize(
    "tools", [None, *(pygame.Rect(14, 680, width, 26) for width in (60, 428, 500, 900))]
)
def test_a_hint_lies_at_the_lower_edge_unless_buttons_need_the_room(tools):
    hud, probe = Hud(), SimpleNamespace(area=pygame.Rect(0, 0, 0, 0), is_silent=False)
    if tools:
        hud.places["tools"] = tools
    with window((1280, 720), "test") as surface:
        HintOverlay(StubReel(), hud, probe).draw(surface)
    hint = hud.places["hint"]
    assert (hint.bottom > 700) == (tools is None or tools.width < 600), "else above them"
    assert tools is None or not hint.inflate(16, 0).colliderect(tools), "nor does it touch them"


def test_a_hint_that_has_no_room_below_the_cards_waits():
    hud, probe = Hud(), SimpleNamespace(area=pygame.Rect(0, 0, 0, 0), is_silent=False)
    hud.places |= {
        "memory": pygame.Rect(10, 210, 460, 80),
        "keys": pygame.Rect(10, 150, 370, 45),
        "speed": pygame.Rect(10, 10, 170, 120),
    }
    with window((480, 300), "test") as surface:
        HintOverlay(StubReel(), hud, probe).draw(surface)
        assert "hint" not in hud.places
        del hud.places["speed"]
        HintOverlay(StubReel(), hud, probe).draw(surface)
        assert "hint" in hud.places


def test_the_same_notice_is_shown_once():
    notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    for topic in ("", "door", ""):
        notices.say("one moment", topic=topic)
    assert len(notices.current) == 1


@pytest.mark.parametrize("size", [(480, 300), (640, 400), (1280, 720)])
def test_notices_cover_neither_the_name_of_the_memory_nor_a_postcard(size):
    notices = Notices(clock=lambda: 0.0, notify=lambda: None)
    with window(size, "test") as surface:
        theme, width = Theme(size), size[0]
        postcard = pygame.Rect(theme.px(14), theme.px(14), theme.px(318), theme.px(324))
        notices.above = lambda: postcard
        head = pygame.Rect(0, theme.px(14), theme.px(254), theme.px(36))
        head.right = width - theme.px(14)
        notices.head = lambda: head
        for number in range(3):
            notices.say(f"A blue teapot, {number}, is there, out of view (ahead, below the view)")
        notices.update(0.0)
        surface.fill(BLUE)
        notices.draw(surface)
        drawn = pygame.surfarray.array3d(surface)
        for free in (head, postcard):
            covered = drawn[free.left : free.right, free.top : free.bottom]
            assert (covered == BLUE[:3]).all()
        assert not (drawn == BLUE[:3]).all(), "they are drawn"


def test_notices_leave_the_map_free_too():
    hud = Hud()
    assert hud.upper_right is None, "the display is off"
    hud.places |= {"slim": pygame.Rect(452, 10, 174, 28)}
    hud.places |= {
        "map from above": pygame.Rect(452, 42, 174, 100),
        "tools": pygame.Rect(0, 380, 9, 9),
    }
    assert hud.upper_right == pygame.Rect(452, 10, 174, 132)


def test_a_notice_fades_in_and_out_instead_of_flashing():
    now = 10.0
    notices = Notices(clock=lambda: now, notify=lambda: None)
    notices.say("over", topic="late")
    with window((640, 400), "test") as surface:

        def shown(at):
            assert notices.update(at)
            surface.fill(BLUE)
            notices.draw(surface)
            return surface.get_at((320, 24))[2]

        assert shown(10.0) > 150
        assert shown(10.0 + NOTICE_FADE_S) < 100
        now = 12.0
        notices.drop("late")
        assert not notices.current
        assert shown(12.0 + NOTICE_FADE_S / 2) > 100, "it fades when it is dropped, too"
        assert shown(12.0 + NOTICE_FADE_S) == 255
        assert notices.wake_at is None
        notices.say("again", topic="late")
        notices.drop("late")
        notices.say("again", topic="late")
        notices.update(12.1)
        assert len(notices._shown) == 1, "not beside its own shadow"


def test_a_notice_that_replaces_another_one_does_not_fade_in_again():
    now = 10.0
    notices = Notices(clock=lambda: now, notify=lambda: None)
    notices.say("volume 10", topic="sound")
    now = 11.0
    notices.say("volume 20", topic="sound")
    (notice,) = notices.current
    assert notice.opacity(11.0) == 1.0
    assert notice.until == 11.0 + NOTICE_S
