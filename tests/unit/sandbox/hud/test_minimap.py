"""The map shows what was seen where it was seen, fades it, and greys what is forgotten."""

from dataclasses import replace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraCommand, CameraPose
from mag_sandbox.controls.edits import ENTER, EVERYTHING, LARGEST, Edit
from mag_sandbox.evaluation.similarity.anchors import AnchorMark
from mag_sandbox.model.world import (
    Control,
    Door,
    FrameBlock,
    GroundPlan,
    GroundThing,
    GroundWater,
    MemoryEntry,
    MemoryUsage,
    WorldState,
)
from mag_sandbox.sandbox.hud import minimap
from mag_sandbox.sandbox.hud.minimap import (
    FADED_AFTER,
    HEIGHT,
    SCALE,
    TOP,
    WIDTH,
    MapPicture,
    MapStitcher,
    Minimap,
    draw_view,
    map_area,
    news_of,
    view_box,
)
from mag_sandbox.sandbox.play.events import SessionEnd
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import ACCENT, Theme
from mag_sandbox.scenes import Scene
from tests.doubles import FakeWorld

RED, GREEN = (220, 40, 30), (30, 200, 60)


def usage(*poses, kind="compressed"):
    entries = tuple(MemoryEntry(3 * at, kind, pose, False) for at, pose in enumerate(poses))
    return MemoryUsage("mag", (), 0, 1, 1, 0, 0.0, 0, entries)


def block_at(yaw, pitch=0.0, colour=RED, *, kept=(), fov=90.0, kind="compressed", frames=6):
    picture = np.full((frames, 192, 320, 3), colour, np.uint8)
    pose = CameraPose(yaw, pitch, fov)
    return FrameBlock(picture, (pose,) * frames, 0, "", "", {}, usage(*kept, kind=kind))


def pixel(stitcher, yaw, pitch=0.0):
    """What the map shows in a direction."""
    left, top, width, height = view_box(CameraPose(yaw, pitch))
    return stitcher.picture.pixels[top + height // 2, (left + width // 2) % WIDTH].astype(int)


def chroma(colour):
    return int(max(colour) - min(colour))


def is_near(colour, other, slack=6):
    return max(abs(a - b) for a, b in zip(tuple(colour)[:3], other, strict=True)) <= slack


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (180.0, 0.0), (359.0, 27.0), (90.0, -27.0)])
def test_a_frame_lies_where_it_looks_also_across_the_seam(yaw, pitch):
    stitcher = MapStitcher()
    stitcher.add(block_at(yaw, pitch, kept=[CameraPose(yaw, pitch)]))
    for offset in (-43.0, 0.0, 43.0):
        left, top, _, _ = view_box(CameraPose(yaw + offset, pitch))
        column = (left + round(45 * WIDTH / 360)) % WIDTH
        row = top + round(27 * WIDTH / 360)
        assert is_near(stitcher.picture.pixels[row, column], RED)
    assert chroma(pixel(stitcher, yaw + 180, pitch)) < 40
    assert stitcher.picture.explored == pytest.approx(90 / 360, abs=0.003)


def test_a_frame_is_reduced_by_its_mean_and_not_by_picking_pixels():
    stitcher = MapStitcher()
    block = block_at(0.0, kept=[CameraPose()])
    block.frames[:] = 0
    block.frames[:, ::2, ::2] = 200
    stitcher.add(block)
    assert is_near(pixel(stitcher, 0.0), (50, 50, 50))


def test_a_turn_around_closes_the_ring():
    stitcher = MapStitcher()
    world = FakeWorld()
    stitcher.add(world.reset(Scene(prompt="A place."), seed=3))
    turn = Control(CameraCommand(yaw=1.0))
    for _ in range(110):
        stitcher.add(world.step(turn))
    assert stitcher.picture.explored == 1.0, "also where it was not looked up and down"


def test_after_a_turn_around_there_is_more_to_see_only_above_and_below():
    stitcher = MapStitcher()
    for yaw in (0.0, 90.0, 180.0, 270.0):
        assert stitcher.sees_more_of(CameraPose())
        stitcher.add(block_at(yaw))
    assert not stitcher.sees_more_of(CameraPose(75.0))
    assert stitcher.sees_more_of(CameraPose(75.0, 40.0))


def test_newer_frames_cover_older_ones():
    stitcher = MapStitcher()
    for yaw, colour in ((0.0, RED), (45.0, GREEN)):
        stitcher.add(block_at(yaw, colour=colour, kept=[CameraPose(0.0), CameraPose(45.0)]))
    assert is_near(pixel(stitcher, 20.0), GREEN)
    assert is_near(pixel(stitcher, -30.0), RED, slack=20)  # a little faded


def test_what_was_seen_long_ago_fades_but_keeps_some_colour():
    stitcher, kept = MapStitcher(), [CameraPose(0.0), CameraPose(180.0)]
    stitcher.add(block_at(0.0, kept=kept))
    looks = []
    for frames in (6, 200, FADED_AFTER, 10 * FADED_AFTER):
        block = block_at(180.0, kept=kept, frames=1)
        stitcher.add(replace(block, frames=np.broadcast_to(block.frames, (frames, 192, 320, 3))))
        looks.append(pixel(stitcher, 0.0))
    strengths = [chroma(look) for look in looks]
    assert strengths[0] > strengths[1] > strengths[2] == strengths[3] > 20
    assert is_near(pixel(stitcher, 180.0), RED)


def test_what_was_seen_in_another_light_is_faded_and_still_counts_as_seen():
    stitcher = MapStitcher()
    stitcher.on_start(None, block_at(0.0, kept=[CameraPose(0.0), CameraPose(120.0)]))
    stitcher.add(block_at(120.0, colour=GREEN, kept=[CameraPose(0.0), CameraPose(120.0)]))
    before = stitcher._draw()
    other = block_at(120.0, colour=GREEN, kept=[CameraPose(0.0), CameraPose(120.0)])
    stitcher.add(replace(other, edited=Edit("relight", 120.0, 0.0, *EVERYTHING)))
    now = stitcher._draw()
    assert now.explored == before.explored
    assert chroma(pixel(stitcher, 0.0)) < chroma(RED)


def test_forgotten_ground_is_grey_and_unseen_ground_is_dark():
    stitcher = MapStitcher()
    stitcher.add(block_at(0.0))
    stitcher.add(block_at(180.0, kept=[CameraPose(180.0)]))
    forgotten, unseen = pixel(stitcher, 0.0), pixel(stitcher, 90.0)
    assert chroma(forgotten) == 0
    assert forgotten[0] > 25
    assert max(unseen) < 70


def test_ground_is_known_as_long_as_one_of_several_frames_shows_it():
    poses = [CameraPose(0.0), CameraPose(10.0), CameraPose(0.0), CameraPose(170.0)]
    memory = usage(*poses)
    stitcher = MapStitcher()
    colours = []
    for kept in ((0, 1, 2, 3), (1, 2, 3), (2, 3), (3,), (0, 3)):
        entries = tuple(memory.entries[at] for at in kept)
        block = replace(block_at(0.0, frames=9), memory=replace(memory, entries=entries))
        stitcher.add(block)
        colours.append(chroma(pixel(stitcher, 0.0)) > 0)
    assert colours == [True, True, True, False, True]


def test_ground_imagined_ahead_is_marked_until_it_is_seen():
    def green(stitcher):
        pixels = stitcher.picture.pixels.astype(int)
        return int((pixels[..., 1] - pixels[..., [0, 2]].max(axis=-1) > 20).sum())

    stitcher, ahead = MapStitcher(), [CameraPose(68.0)]
    stitcher.add(block_at(0.0, kept=ahead, kind="look-ahead"))
    assert green(stitcher) > 1000
    stitcher.add(block_at(68.0, kept=ahead, kind="look-ahead"))
    assert green(stitcher) == 0


def test_the_picture_is_made_anew_only_now_and_then():
    stitcher = MapStitcher()
    stitcher.add(block_at(0.0))
    first = stitcher.picture
    stitcher.add(block_at(0.0, frames=3))
    assert stitcher.picture is first
    stitcher.add(block_at(0.0, frames=6))
    assert stitcher.picture is not first


def test_a_new_session_begins_an_empty_map_and_its_end_keeps_it():
    stitcher = MapStitcher()
    stitcher.on_start(None, block_at(0.0))
    stitcher.on_block(None, block_at(90.0))
    explored = stitcher.picture.explored
    stitcher.on_end(SessionEnd("left", 2, 6, 1.0))
    assert stitcher.picture.explored == explored
    stitcher.on_start(None, block_at(0.0))
    assert stitcher.picture.explored < explored


def test_a_map_goes_on_from_its_snapshot():
    kept = [CameraPose(0.0), CameraPose(120.0)]
    stitcher, other = MapStitcher(), MapStitcher()
    stitcher.add(block_at(0.0, kept=kept))
    stitcher.add(block_at(120.0, kept=kept))
    other.on_start(None, block_at(120.0, kept=kept))
    other.restore(stitcher.snapshot())
    assert np.array_equal(other.picture.pixels, stitcher.picture.pixels)
    stitcher.add(block_at(240.0, kept=kept))
    other.add(block_at(240.0, kept=kept))
    assert np.array_equal(other.picture.pixels, stitcher.picture.pixels)


def in_room(number, block, edited=None):
    return replace(block, ground=GroundPlan(room=number), edited=edited)


def test_the_map_of_a_room_is_kept_while_the_player_is_in_another_one():
    stitcher, other = MapStitcher(), MapStitcher()
    stitcher.add(in_room(0, block_at(0.0)))
    stitcher.add(in_room(0, block_at(120.0)))
    seen = stitcher.ring.is_seen
    stitcher.add(in_room(1, block_at(0.0, colour=GREEN), ENTER))
    assert stitcher.ring.is_seen.sum() * 2 == seen.sum()
    other.on_start(None, in_room(1, block_at(0.0, colour=GREEN)))
    other.restore(stitcher.snapshot())
    for one in (stitcher, other):
        one.add(in_room(0, block_at(0.0), ENTER))
        assert np.array_equal(one.ring.is_seen, seen)
        one.add(in_room(1, block_at(0.0, colour=GREEN), ENTER))
        assert one.ring.is_seen.sum() * 2 == seen.sum()


def test_a_damaged_map_of_another_room_is_refused():
    stitcher = MapStitcher()
    stitcher.add(in_room(0, block_at(0.0)))
    stitcher.add(in_room(1, block_at(0.0), ENTER))
    kept = stitcher.snapshot()
    for rooms in ({"kitchen": {}}, {"0": {"frames": -5}}):
        with pytest.raises(ValueError, match="starts over"):
            stitcher.restore(WorldState(kept.arrays, {**kept.data, "rooms": rooms}))


def test_a_memory_that_keeps_no_places_loses_the_maps_of_its_rooms():
    stitcher = MapStitcher()
    stitcher.add(in_room(0, block_at(120.0)))
    for room in (1, 0):
        block = block_at(0.0)
        memory = replace(block.memory, policy="none")
        stitcher.add(in_room(room, replace(block, memory=memory), ENTER))
    assert not stitcher.ring.is_seen[HEIGHT // 2, round(300 * WIDTH / 360)]


@pytest.mark.parametrize(
    ("arrays", "data"),
    [
        ({"ring": np.zeros((2, 2, 3), np.uint8)}, {}),
        ({"seen": np.zeros((HEIGHT, WIDTH), np.float64)}, {}),
        ({"seen": np.full((HEIGHT, WIDTH), 99, np.int32)}, {}),
        ({}, {"frames": -5}),
        ({}, {"frames": "many"}),
        ({}, {"frames": 2**40}),
    ],
)
def test_a_damaged_snapshot_is_refused_and_the_map_stays(arrays, data):
    stitcher = MapStitcher()
    stitcher.add(block_at(0.0))
    before, kept = stitcher.picture, stitcher.snapshot()
    for state in (WorldState(kept.arrays | arrays, kept.data | data), WorldState({}, {})):
        with pytest.raises(ValueError, match="starts over"):
            stitcher.restore(state)
    assert stitcher.picture is before


def test_a_zoomed_view_covers_less_of_the_map():
    wide, narrow = MapStitcher(), MapStitcher()
    wide.add(block_at(0.0))
    narrow.add(block_at(0.0, fov=45.0))
    assert narrow.picture.explored == pytest.approx(wide.picture.explored / 2, rel=0.05)


@pytest.fixture(scope="module")
def theme():
    with window((1280, 720), "test") as surface:
        yield Theme(surface.get_size())


def test_the_card_is_drawn_again_only_when_it_looks_different(theme):
    stitcher, minimap = MapStitcher(), Minimap()
    stitcher.add(block_at(0.0))
    card = minimap.card(theme, stitcher.picture)
    assert minimap.card(theme, stitcher.picture) is card
    mark = AnchorMark(CameraPose(0.0), "here", "key", True)
    marked = minimap.card(theme, stitcher.picture, [mark])
    assert marked is not card
    assert minimap.card(theme, stitcher.picture, [mark]) is marked
    stitcher.add(block_at(0.0, frames=9))
    assert minimap.card(theme, stitcher.picture, [mark]) is not marked


def test_what_does_not_stay_is_striped_where_it_is_told_what_will_be_new(theme):
    stitcher, minimap = MapStitcher(), Minimap()
    stitcher.add(block_at(0.0, kept=[CameraPose(0.0)]))
    area, known = map_area(theme, theme.px(366)), stitcher.picture.stays
    shown = pygame.transform.scale(pygame.surfarray.make_surface(255 * known.T), area.size)
    known = pygame.surfarray.array_red(shown) > 0
    cards = (minimap.card(theme, stitcher.picture, tells_new=new) for new in (False, True))
    plain, told = (pygame.surfarray.array3d(card.subsurface(area)).astype(int) for card in cards)
    changed = (plain != told).any(axis=2)
    assert changed[~known].mean() > 0.2
    assert changed[known].mean() < 0.02


def test_what_will_be_new_is_told_of_level_views():
    stays = np.zeros((HEIGHT, WIDTH), bool)
    stays[:, : WIDTH // 2] = True
    picture = MapPicture(np.zeros((HEIGHT, WIDTH, 3), np.uint8), stays, np.ones(WIDTH, bool))
    assert news_of(picture) == "50% will be new"
    stays[round((TOP - 27) * SCALE) : round((TOP + 27) * SCALE)] = True  # floor and ceiling are not
    assert news_of(picture) == "nothing new unless you repaint"


def test_the_view_is_outlined_where_it_looks_also_at_the_seam(theme):
    stitcher, minimap = MapStitcher(), Minimap()
    stitcher.add(block_at(0.0))

    def bright(card, rect):
        part = card.subsurface(rect)
        return sum(
            min(part.get_at((x, y))[:3]) > 220
            for x in range(part.get_width())
            for y in range(part.get_height())
        )

    for yaw, left_is, right_is in ((-90.0, True, False), (90.0, False, True), (180.0, True, True)):
        card = minimap.card(theme, stitcher.picture)
        surface = pygame.Surface((card.get_width() + 60, card.get_height() + 40))
        draw_view(surface, theme, surface.blit(card, (40, 30)), CameraPose(yaw))
        area = map_area(theme, card.get_width()).move(40, 30)
        third = area.width // 3
        left, right = area.copy(), area.copy()
        left.width = right.width = third
        right.right = area.right
        assert (bright(surface, left) > 30, bright(surface, right) > 30) == (left_is, right_is)
        outside = surface.copy()
        outside.fill((0, 0, 0), area)
        plain = pygame.Surface(surface.get_size())
        plain.blit(card, (40, 30))
        plain.fill((0, 0, 0), area)
        assert pygame.image.tobytes(outside, "RGB") == pygame.image.tobytes(plain, "RGB")


def test_anchors_are_bright_while_remembered_and_grey_when_gone(theme):
    stitcher, minimap = MapStitcher(), Minimap()
    stitcher.add(block_at(180.0))

    def colours(*marks, target=None):
        card = minimap.card(theme, stitcher.picture, marks, target)
        area = map_area(theme, card.get_width())
        return [
            tuple(card.get_at((x, y))[:3])
            for x in range(area.centerx - 12, area.centerx + 13)
            for y in range(area.centery - 30, area.centery + 6)
        ]

    for kind in ("key", "auto"):
        alive = AnchorMark(CameraPose(0.0), "here", kind, True)
        gone = replace(alive, in_memory=False)
        assert ACCENT in colours(alive)
        assert ACCENT not in colours(gone)
        assert colours(gone) != colours()
        assert colours(alive, target=alive).count(ACCENT) > colours(alive).count(ACCENT)


def test_cards_fit_windows_of_any_size():
    stitcher = MapStitcher()
    stitcher.add(block_at(0.0))
    for size in ((640, 400), (1920, 1080)):
        with window(size, "test") as surface:
            theme = Theme(size)
            mark = AnchorMark(CameraPose(0.0, 27.0), "up", "key", True)
            card = Minimap().card(theme, stitcher.picture, [mark])
            assert surface.get_rect().contains(card.get_rect())
            assert card.get_width() == theme.px(366)
            narrow = Minimap().card(theme, stitcher.picture, width=200)
            assert narrow.get_width() == 200
    assert isinstance(card, pygame.Surface)


def walked(stitcher, *places):
    for x, z in places:
        block = block_at(0.0)
        stitcher.add(replace(block, poses=tuple(replace(one, x=x, z=z) for one in block.poses)))


def test_the_way_is_kept_and_goes_on_from_a_snapshot():
    stitcher, other = MapStitcher(), MapStitcher()
    walked(stitcher, (0.0, 0.0), (0.0, 0.5), (0.0, 0.51), (1.0, 0.5))
    assert stitcher.way == ((0.0, 0.0), (0.0, 0.5), (1.0, 0.5))
    other.restore(stitcher.snapshot())
    assert other.way == stitcher.way
    older = stitcher.snapshot()
    del older.arrays["way"]
    MapStitcher().restore(older)


def test_the_way_begins_anew_in_another_place_but_not_beside_a_view_painted_anew():
    stitcher = MapStitcher()
    walked(stitcher, (0.0, 0.0), (0.0, 0.5), (0.0, 1.0))
    block = block_at(0.0)
    here = replace(block, poses=tuple(replace(one, z=1.0) for one in block.poses))
    stitcher.add(replace(here, edited=Edit("renew", 0.0, 0.0, *LARGEST)))
    assert len(stitcher.way) == 3
    stitcher.add(replace(here, edited=Edit("renew", 0.0, 0.0, *EVERYTHING)))
    assert stitcher.way == ((0.0, 1.0),)


def test_a_long_way_is_thinned_out(monkeypatch):
    monkeypatch.setattr(minimap, "MOST_STEPS", 16)
    stitcher = MapStitcher()
    walked(stitcher, *((0.2 * step, 0.0) for step in range(32)))
    assert 8 <= len(stitcher.way) <= 16
    assert stitcher.way[0] == (0.0, 0.0)


def test_the_map_of_a_walk_along_a_sea_that_ends_far_away_is_kept():
    sea = GroundWater("sea", ((3.0, 3.0), (4000.0, 9000.0)))
    stitcher, again = MapStitcher(), MapStitcher()
    stitcher.add(
        replace(block_at(0.0), ground=GroundPlan((), waters=(sea,)), poses=(CameraPose(x=1.0),))
    )
    again.restore(stitcher.snapshot())
    assert again.ground.places == {(3.0, 3.0)}


def test_things_seen_on_a_walk_are_known_also_from_a_snapshot_and_not_in_another_place():
    tent, tree = GroundThing("tent", 1.0, 3.0, 0.4), GroundThing("tree", 1.0, -3.0, 0.4)
    lake = GroundWater("lake", ((3.0, 3.0), (3.0, -3.0)))
    doors = Door("door", 1.0, -4.0), Door("gate", 1.0, -4.0, leads_to="kitchen")
    plan = GroundPlan((tent, tree), doors=doors, waters=(lake,))
    stitcher, ahead = MapStitcher(), CameraPose(x=1.0)
    stitcher.add(replace(block_at(0.0), ground=plan, poses=(ahead,)))
    from_start = np.zeros(WIDTH, bool)
    known = stitcher.ground.part_of(plan, from_start)
    assert (known.things, known.doors, known.waters) == ((tent,), doors[1:], (lake,))
    assert stitcher.ground.part_of(plan, from_start) is known, "made once, not for each frame"
    again = MapStitcher()
    again.restore(stitcher.snapshot())
    assert again.ground.part_of(plan, from_start) == known
    from_start[:] = True
    assert again.ground.part_of(plan, from_start) == plan
    everything = Edit("renew", 0.0, 0.0, *EVERYTHING)
    stitcher.add(replace(block_at(0.0), edited=everything))
    assert not stitcher.ground.places


@pytest.mark.parametrize("far", [float("nan"), 1e9])
def test_a_way_that_cannot_be_is_refused(far):
    stitcher = MapStitcher()
    state = stitcher.snapshot()
    state.arrays["way"] = np.array([(0.0, far)]).view(np.uint8)
    with pytest.raises(ValueError, match="too far away"):
        stitcher.restore(state)


@pytest.mark.parametrize("width", [366, 226, 150])
def test_every_mark_of_the_map_is_explained_where_there_is_room(width, monkeypatch):
    said, text = [], Theme.text
    monkeypatch.setattr(Theme, "text", lambda *a, **kw: said.append(a[1]) or text(*a, **kw))
    stitcher = MapStitcher()
    stitcher.add(block_at(0.0))
    marks = [
        AnchorMark(CameraPose(), "", kind, in_memory=is_kept)
        for kind, is_kept in (("auto", True), ("auto", False), ("player", True))
    ]
    with window((1280, 720), "test"):
        theme = Theme((1280, 720))
        card = Minimap()
        card.card(theme, stitcher.picture, width=width)
        assert "25% seen around" in said
        assert "drawn ahead" in said
        assert "anchor" not in said, "there is none"
        whole = card.card(theme, stitcher.picture, marks, width=width)
        assert {meaning for _, meaning in minimap.MARKS} <= {*said}
        least = card.card(theme, stitcher.picture, marks, width=width, most=whole.get_height())
    assert least.get_height() < whole.get_height()
