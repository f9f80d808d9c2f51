"""The memory bar says in plain words what lies under the pointer, and says it truly."""

from dataclasses import replace
from types import SimpleNamespace

import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.model.world import Control, MemoryEntry, MemorySegment, MemorySetting, MemoryUsage
from mag_sandbox.sandbox.hud import cards
from mag_sandbox.sandbox.hud.explain import (
    READ,
    MemoryTip,
    age_seconds,
    bar_stretches,
    explain,
    explanation_at,
    hint,
    tip_card,
    tip_place,
)
from mag_sandbox.sandbox.hud.hud_state import LEGEND, HudState, bar_bytes, direction_text
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import SEGMENT_COLOURS, Theme
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

MIB = 1024 * 1024
FPS = 16


def entry(frame, kind, yaw, *, attended=False):
    return MemoryEntry(frame, kind, CameraPose(yaw=yaw), attended)


USAGE = MemoryUsage(
    policy="mag",
    segments=(
        MemorySegment("sink", 1, 16 * MIB),
        MemorySegment("compressed", 2, 48 * MIB),
        MemorySegment("current", 3, 16 * MIB),
    ),
    bytes=64 * MIB,
    budget=256 * MIB,
    full_history_bytes=192 * MIB,
    evicted=0,
    oldest_seconds=656 / FPS,
    attended_frames=1,
    entries=(
        entry(0, "sink", 5.0),
        entry(325, "compressed", 95.0, attended=True),
        entry(655, "compressed", 355.0),
    ),
)
POLICIES = ("mag-retrieve", "mag", "full", "window", "none")


def said(explanation):
    return " ".join((explanation.title, *explanation.lines))


def is_near(colour, other):
    return max(abs(a - b) for a, b in zip(tuple(colour)[:3], other, strict=True)) < 8


def share_of(megabytes):
    return megabytes * MIB / bar_bytes(USAGE)


def test_a_frame_under_the_pointer_says_when_where_and_whether_it_is_read():
    found = explain(USAGE, share_of(17))
    assert found.title == "Compressed: seen 20 s ago"
    assert "Looking at 95°." in found.lines
    assert READ in found.lines
    assert found.pose == CameraPose(yaw=95.0)
    assert found.kind == "compressed"
    assert found.span == pytest.approx((share_of(16), share_of(40)), abs=0.002)


def test_the_newest_frame_is_of_just_now_and_not_read():
    found = explain(USAGE, share_of(63))
    assert found.title == "Compressed: seen just now"
    assert "Not read by the newest block." in found.lines


def test_ages_count_from_the_newest_kept_frame():
    ages = [age_seconds(USAGE, one) for one in USAGE.entries]
    assert ages == pytest.approx([656 / FPS, 331 / FPS, 1 / FPS])


def test_ages_are_a_guess_where_frames_were_imagined_which_take_no_time():
    ahead = replace(USAGE, entries=(*USAGE.entries[:2], entry(655, "look-ahead", 90.0)))
    assert "about 20 s" in explain(ahead, share_of(17)).title


def test_beyond_what_is_kept_the_bar_says_how_much_is_free():
    found = explain(USAGE, 0.9)
    assert found.title == "Free: 192 MiB of 256 MiB"
    assert "Space for about 8 more frames." in found.lines
    assert found.span is None


def test_the_current_block_is_said_not_to_be_memory():
    assert "not memory" in said(explain(USAGE, share_of(70)))


@pytest.mark.parametrize("share", [-1.0, 0.0, 1.0, 2.0])
def test_the_ends_of_the_bar_and_beyond_have_words_too(share):
    assert explain(USAGE, share).title


def test_what_is_drawn_wider_than_it_is_can_be_pointed_at():
    thin = replace(
        USAGE,
        segments=(MemorySegment("sink", 1, 10), MemorySegment("compressed", 2, 20)),
        budget=10_000_000,
    )
    kinds = [stretch.kind for stretch in bar_stretches(thin, 1000)]
    assert kinds == ["sink", "compressed"]
    assert explain(thin, 0.001, 1000).kind == "sink"
    assert explain(thin, 0.0045, 1000).kind == "compressed"
    assert explain(thin, 0.01, 1000).kind is None


def test_every_place_of_the_bar_has_words_under_every_policy():
    for policy in POLICIES:
        world = FakeWorld(MemorySetting(policy=policy))
        block = world.reset(Scene(prompt="A place."), seed=1)
        for _ in range(12):
            block = world.step(Control(CameraCommand(yaw=1.0)))
        memory = replace(block.memory, policy=policy)
        for place in range(201):
            assert explain(memory, place / 200).lines
        for part in (*LEGEND, "title", "size", "ratio", "kept", "attended"):
            assert hint(part, memory).lines


def test_an_empty_memory_has_words_too():
    empty = replace(USAGE, policy="none", segments=(), bytes=0, entries=(), attended_frames=0)
    assert "nothing is kept" in said(explain(empty, 0.1))
    assert "You find nothing again" in said(hint("title", empty))
    assert "0 frames" in said(hint("kept", empty))


def test_words_around_the_bar_say_what_was_lost():
    assert "Nothing was dropped" in said(hint("kept", USAGE))
    assert "12 frames were dropped" in said(hint("kept", replace(USAGE, evicted=12)))


def test_raw_means_something_else_under_each_policy():
    words = {said(hint("raw", replace(USAGE, policy=policy))) for policy in POLICIES[:4]}
    assert len(words) == 4


def test_directions_are_said_as_people_do():
    assert direction_text(CameraPose(yaw=120.0)) == "120°"
    assert direction_text(CameraPose(yaw=359.7, pitch=-10.2)) == "0°, 10° down"


@pytest.fixture(scope="module", params=[(1280, 720), (640, 400)], ids=["large", "small"])
def surface(request):
    with window(request.param, "test") as surface:
        yield surface


def shown(surface):
    """Return the theme, and where the memory card and its parts are drawn."""
    theme = Theme(surface.get_size())
    block = FakeWorld().reset(Scene(prompt="A place."), seed=1)
    state = HudState("", 0.0, replace(block, memory=USAGE))
    card, parts = cards.memory_card(state).drawn(theme, surface.get_width() - 20)
    place = card.get_rect(bottomleft=(10, surface.get_height() - 10))
    return theme, card, place, {name: part.move(place.topleft) for name, part in parts.items()}


def test_a_tip_shows_over_the_memory_card_and_nowhere_else(surface):
    tip = MemoryTip()
    theme, _, card, parts = shown(surface)
    surface.fill((0, 0, 0))
    tip.draw(surface, theme, USAGE, card, parts, (40, 40))
    assert tip.explanation is None
    assert pygame.transform.average_color(surface)[:3] == (0, 0, 0)
    bar = parts["bar"]
    tip.draw(surface, theme, USAGE, card, parts, (bar.left + 1, bar.centery))
    assert tip.explanation.kind == "sink"
    above = surface.subsurface((0, 0, surface.get_width(), card.top))
    assert pygame.transform.average_color(above)[:3] != (0, 0, 0)


def test_every_word_of_the_card_is_explained_where_it_is(surface):
    theme, _, _, parts = shown(surface)
    assert {"bar", "title", "size", "ratio", "kept", "sink", "compressed"} <= set(parts)
    for name, rect in parts.items():
        expected = explain(USAGE, 0.5) if name == "bar" else hint(name, USAGE)
        assert explanation_at(theme, USAGE, parts, rect.center).title == expected.title, name
    rects = list(parts.values())
    for rect in rects:
        assert [other for other in rects if rect.colliderect(other)] == [rect]


def test_the_small_form_explains_its_memory_and_what_was_lost(surface):
    state = HudState("A meadow", 0.0, SimpleNamespace(memory=USAGE))
    theme = Theme(surface.get_size())
    _, parts = cards.slim_card(state).drawn(theme)
    told = explanation_at(theme, USAGE, parts, parts["name"].center)
    assert told.title == "Memory"
    assert "bar" not in " ".join(told.lines), "there is none"
    lost = hint("name", replace(USAGE, evicted=2))
    assert lost.lines[-1] == "2 frames were dropped; what only they showed will be invented anew."


def test_the_parts_lie_where_the_card_draws_them(surface):
    theme, card, place, parts = shown(surface)
    parts = {name: part.move(-place.left, -place.top) for name, part in parts.items()}
    for kind in ("sink", "compressed"):
        middle = parts[kind].left + theme.px(11) // 2, parts[kind].centery
        assert is_near(card.get_at(middle), SEGMENT_COLOURS[kind])
    bar = parts["bar"]
    in_bar = card.get_at((bar.left + bar.width // 6, bar.centery))
    assert is_near(in_bar, SEGMENT_COLOURS["compressed"])
    title = card.subsurface(parts["title"])
    assert max(title.get_at((x, title.get_height() // 2))[0] for x in range(40)) > 150


def test_tips_stay_in_the_window(surface):
    theme, room = Theme(surface.get_size()), surface.get_rect()
    card = pygame.Rect(10, room.height - 110, room.width - 20, 100)
    for part in (*LEGEND, "title", "size", "ratio", "kept", "attended"):
        size = tip_card(hint(part, USAGE)).size(theme)
        for pointer in ((10, room.height - 60), (room.width - 12, room.height - 60)):
            assert room.contains(tip_place(theme, size, room, card, pointer))
            assert not tip_place(theme, size, room, card, pointer).colliderect(card)
