"""The map from above shows the way, the player and things where they are; a click walks there."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pygame
import pytest

from mag_sandbox.controls.camera import CameraPose
from mag_sandbox.evaluation.similarity.anchors import AnchorMark
from mag_sandbox.model.world import Door, GroundPlan, GroundThing, GroundWater
from mag_sandbox.sandbox.hud import ground_map as above
from mag_sandbox.sandbox.hud.ground_map import (
    HALVES,
    MOST,
    MOST_NAMED,
    GroundMap,
    MapArea,
    clearest,
    draw_player,
)
from mag_sandbox.sandbox.hud.hud import Hud
from mag_sandbox.sandbox.hud.minimap import WIDTH, MapStitcher
from mag_sandbox.sandbox.screens.overlays import MapOverlay
from mag_sandbox.sandbox.screens.prompt_card import NEW_AREAS, PromptChoice
from mag_sandbox.sandbox.ui.display import window
from mag_sandbox.sandbox.ui.theme import INK, SEGMENT_COLOURS, Theme
from tests.doubles import SPEC, WALKING
from tests.unit.sandbox.hud.test_minimap import block_at, is_near

RED = (220, 30, 30)
ROOM = ((-2.0, 2.0), (2.0, 2.0), (2.0, -2.0), (-2.0, -2.0))
HALL = ((-4.0, 2.2), (4.0, 2.2), (4.0, -2.2), (-4.0, -2.2))  # fills the map
GROUND = GroundPlan((GroundThing("tent", 1.0, 2.0, 0.4, RED),), ROOM)
WAY = ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
HERE = CameraPose(90.0, x=1.0, z=1.0)


def area(pose=HERE, way=WAY, width=400):
    return MapArea.of(Theme((1280, 720)), width, way, pose)


def test_right_is_right_and_ahead_is_up():
    shown = area()
    start, ahead, right = (shown.at(*place) for place in ((0, 0), (0, 1), (1, 0)))
    assert (ahead[0], right[1]) == start
    assert (start[1] - ahead[1], right[0] - start[0]) == pytest.approx((shown.scale,) * 2)
    for place in ((0.5, -1.5), (2.0, 1.0)):
        assert shown.position(shown.at(*place)) == pytest.approx(place)


def test_the_whole_way_is_shown_until_it_is_too_long():
    for far in (3.0, 12.0):
        shown = area(CameraPose(z=far), ((0.0, 0.0), (0.0, far / 2), (0.0, far)))
        assert all(shown.place.collidepoint(shown.at(0.0, z)) for z in (0.0, far))
    shown = area(CameraPose(z=200.0), ((0.0, 0.0), (0.0, 200.0)))
    assert (shown.half, shown.z) == (MOST, 200.0)


def test_the_scale_is_one_outdoors_and_one_for_a_room():
    far, near = ((0.0, 0.0), (0.0, 9.0)), ((0.0, 0.0),)
    assert {area(CameraPose(), way).half for way in (near, far)} == {MOST}
    theme, ways = Theme((1280, 720)), (near, WAY)
    halves = {MapArea.of(theme, 400, way, CameraPose(), ROOM).half for way in ways}
    assert halves == {HALVES[0]}
    large = MapArea.of(theme, 400, near, CameraPose(), ((-7.0, 3.0), (7.0, -3.0)))
    assert large.half == HALVES[1]


def test_things_of_kinds_that_have_no_name_are_faint(monkeypatch):
    monkeypatch.setattr(above, "MOST_NAMED", 1)
    things = GroundThing("tent", 1.0, 2.0, 0.4, RED), GroundThing("flag", -3.0, -1.5, 0.4, RED)
    with window((1280, 720), "test"):
        card, shown = drawn((1280, 720), ground=GroundPlan(things, HALL))
        tent, flag = (card.get_at([round(part) for part in shown.at(one.x, one.z)])[:3]
                      for one in things)  # fmt: skip
    assert is_near(tent, RED)
    assert is_near(flag, above._faint(RED))
    assert not is_near(flag, RED)


@pytest.mark.parametrize(("width", "said"), [(400, above.SQUARES), (170, above.SHORT_SQUARES)])
def test_the_length_of_a_square_is_told_whole(width, said, monkeypatch):
    texts, text = [], Theme.text
    monkeypatch.setattr(Theme, "text", lambda *a, **kw: texts.append(a[1]) or text(*a, **kw))
    with window((640, 400), "test"):
        GroundMap().card(Theme((640, 400)), block_at(0.0), WAY, [], HERE, width=width)
    assert said.format(5) in texts[-4:], "the whole of it is drawn last"


def test_what_is_in_view_has_a_name_before_nearer_things_beside_it(monkeypatch):
    beside = [GroundThing(f"t{place}", -2.0, place - 3.0, 0.2) for place in range(MOST_NAMED)]
    names, shown = names_of([*beside, GroundThing("tower", 4.0, 1.0, 0.2)], monkeypatch)
    assert min(math.dist(name.center, shown.at(4.0, 1.0)) for name in names) < 30


def drawn(size, pose=HERE, ground=GROUND):
    block = replace(block_at(0.0, kept=[CameraPose()]), ground=ground)
    mark = AnchorMark(CameraPose(x=-1.0, z=-1.0), "anchor 1", "player", in_memory=True)
    ground_map, theme = GroundMap(), Theme(size)
    card = ground_map.card(theme, block, WAY, [mark], pose)
    assert ground_map.card(theme, block, WAY, [mark], pose) is card
    draw_player(card, theme, ground_map.area, pose)
    return card, ground_map.area


@pytest.mark.parametrize("size", [(1280, 720), (640, 400)])
def test_things_memory_and_player_are_where_they_should_be(size):
    with window(size, "test"):
        card, shown = drawn(size)
        colours = [card.get_at([round(part) for part in shown.at(*place)])[:3]
                   for place in ((1.0, 2.0), (0.95, 1.0), (0.3, 0.5), (-1.0, -1.0))]  # fmt: skip
        tent, player, remembered, anchor = colours
        assert is_near(tent, RED)
        assert is_near(player, INK, 60)
        blue = SEGMENT_COLOURS["compressed"]
        assert remembered[2] > 80, f"half of {blue}"
        assert anchor[0] > anchor[2], "orange"


def test_where_nothing_is_planned_yet_there_is_the_way_alone():
    with window((1280, 720), "test"):
        drawn((1280, 720), ground=None)


def overlay(spec=WALKING, pose=HERE, stitcher=None):
    stitcher = stitcher or MapStitcher()
    block = replace(block_at(0.0), ground=GROUND)
    reel = SimpleNamespace(pose=pose, current=SimpleNamespace(block=block, spec=spec))
    hud, prober = Hud(), SimpleNamespace(anchors=(), last_anchor=None)
    hud.places["slim"] = pygame.Rect(900, 10, 300, 40)
    prompt, flown = SimpleNamespace(is_open=False), []
    stitcher.picture = replace(stitcher.picture, directions=np.ones(WIDTH, bool))
    return (
        MapOverlay(reel, hud, stitcher, prober, prompt, flown.append, flown.append),
        hud,
        reel,
        flown,
    )


def shown_by(made, hud, surface):
    slim = hud.places["slim"]
    hud.places.clear()
    hud.places["slim"] = slim
    made.draw(surface)
    return [name for name in hud.places if "map" in name]


@pytest.mark.parametrize("pose", [CameraPose(), HERE])
def test_with_the_display_off_there_is_no_map_beside_the_buttons(pose):
    made, hud, *_ = overlay(pose=pose)
    hud.places = {"tools": pygame.Rect(10, 380, 60, 20)}  # the mouse has moved
    with window((640, 400), "test") as surface:
        made.draw(surface)
    assert list(hud.places) == ["tools"]


@pytest.mark.parametrize(("words", "is_told"), [(NEW_AREAS, True), ("light and weather", False)])
def test_the_map_stripes_what_will_be_new_unless_everything_stays(words: str, is_told: bool):
    made, *_ = overlay()
    choices = [PromptChoice("Enter", words, 0, print), PromptChoice("Shift+Enter", "", 1, print)]
    made._prompt = SimpleNamespace(is_open=True, choices=choices)
    made.update(1.0)
    assert made._tells_new is is_told


def test_a_click_near_the_start_means_the_start():
    area = MapArea(pygame.Rect(0, 0, 300, 186), 0.0, 0.0, 5.0)
    x, y = map(round, area.at(0.0, 0.0))
    assert area.position((x + 5, y - 5)) == (0.0, 0.0)
    assert area.position((x + 30, y)) == pytest.approx((1.0, 0.0), abs=0.05)


def test_far_away_the_start_is_marked_at_the_edge_and_a_click_there_leads_back():
    shown = area(CameraPose(z=200.0), ((0.0, 0.0), (0.0, 200.0)))
    x, y = shown.start
    assert shown.place.collidepoint(x, y)
    assert (x, y > shown.place.centery) == (shown.place.centerx, True)
    assert shown.position((round(x), round(y))) == (0.0, 0.0)


@pytest.mark.parametrize("place", [(15.0, 200.0), (2.0, 8.0)])  # with it beyond the map, and on it
def test_a_click_on_the_name_of_the_start_leads_back(place):
    ground_map, pose = GroundMap(), CameraPose(x=place[0], z=place[1])
    block, way = replace(block_at(0.0), ground=GROUND), [(0.0, 0.0), place]
    with window((1280, 720), "test"):
        ground_map.card(Theme((1280, 720)), block, way, (), pose)
    x, y = map(round, ground_map.area.start)
    above = x + 10, y - 9
    assert ground_map.area.position(above) != (0.0, 0.0)
    assert ground_map.position(above) == (0.0, 0.0)
    assert ground_map.position((x, y - 60)) != (0.0, 0.0)


def test_it_comes_with_the_first_step_and_the_key_leads_on():
    with window((1280, 720), "test") as surface:
        made, hud, reel, _ = overlay(pose=CameraPose())
        assert shown_by(made, hud, surface) == ["map"]
        assert not made.is_new
        reel.pose = HERE
        assert shown_by(made, hud, surface) == ["map from above"]
        assert made.is_new, "so that it is told"
        found = []
        for _ in range(3):
            made.turn()
            found.append(shown_by(made, hud, surface))
        assert found == [["map"], [], ["map from above"]]
        turning, hud, *_ = overlay(SPEC, CameraPose())
        turning.turn()
        assert shown_by(turning, hud, surface) == [], "where one cannot walk there is one map"


def test_a_place_that_was_walked_in_is_continued_with_the_same_map():
    stitcher = MapStitcher()
    stitcher.way = WAY
    with window((1280, 720), "test") as surface:
        made, hud, *_ = overlay(pose=CameraPose(), stitcher=stitcher)
        assert shown_by(made, hud, surface) == ["map from above"]
        assert not made.is_new, "it is told where walking begins"


def test_what_the_player_has_not_seen_is_not_on_the_map():
    with window((1280, 720), "test") as surface:
        made, hud, *_ = overlay()
        shown_by(made, hud, surface)
        at = [round(part) for part in made._ground.area.at(1.0, 2.0)]
        assert is_near(surface.get_at(at)[:3], RED, 60)
        made._stitcher.picture = MapStitcher().picture
        shown_by(made, hud, surface)
        assert not is_near(surface.get_at(at)[:3], RED, 60)


def test_a_click_walks_there():
    with window((1280, 720), "test") as surface:
        made, hud, _, flown = overlay()
        shown_by(made, hud, surface)
        at = [round(part) for part in made._ground.area.at(-1.0, 0.5)]
        click = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1)
        assert made.handle(click)
        assert (flown[0].x, flown[0].z) == pytest.approx((-1.0, 0.5), abs=0.05)
        assert flown[0].yaw == HERE.yaw
        outside = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(5, 5), button=1)
        assert not made.handle(outside)


def test_a_click_on_a_door_goes_there():
    door = Door("door", -2.0, 1.0)
    with window((1280, 720), "test") as surface:
        made, hud, reel, flown = overlay()
        reel.current.block = replace(reel.current.block, ground=GroundPlan(doors=(door,)))
        shown_by(made, hud, surface)
        x, y = map(round, made._ground.area.at(-2.0, 1.0))
        assert made.handle(pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(x + 6, y), button=1))
        assert flown == [door]


def test_names_of_doors_do_not_lie_over_each_other_and_mean_their_doors():
    doors = (Door("gate", 0.0, 1.0), Door("arch", 0.2, 1.1), Door("door", -30.0, 30.0, "study"))
    block = replace(block_at(0.0), ground=GroundPlan(walls=HALL, doors=doors))
    ground_map = GroundMap()
    with window((1280, 720), "test"):
        ground_map.card(Theme((1280, 720)), block, WAY, (), HERE)
    names, corner = ground_map.names, ground_map.area.place.topleft
    assert {door.kind for door in names} == {"gate", "arch", "door"}
    assert not names[doors[0]].colliderect(names[doors[1]])
    for door, name in names.items():
        assert ground_map.door(name.move(corner).center, doors) is door
    assert ground_map.door(names[doors[2]].move(corner).center, doors[:2]) is None


def test_of_unknown_doors_of_a_kind_the_nearest_in_sight_has_a_name():
    near, far, outside = (Door("cottage", x, 1.5) for x in (-1.0, 2.0, 90.0))
    known = Door("cottage", -90.0, 0.0, "kitchen")
    block = replace(block_at(0.0), ground=GroundPlan(doors=(outside, far, near, known)))
    ground_map = GroundMap()
    with window((1280, 720), "test"):
        ground_map.card(Theme((1280, 720)), block, WAY, (), HERE)
    assert set(ground_map.names) == {near, known}


def test_the_name_of_a_door_keeps_off_things_beside_it():
    dog, door = GroundThing("dog", 0.0, -2.4, 0.8), Door("door", 0.9, -2.4, "bathroom")
    block = replace(block_at(0.0), ground=GroundPlan((dog,), doors=(door,)))
    ground_map = GroundMap()
    with window((1280, 720), "test"):
        ground_map.card(Theme((1280, 720)), block, WAY, (), HERE)
    shown = ground_map.area
    name, dog_at = ground_map.names[door].move(shown.place.topleft), shown.at(dog.x, dog.z)
    assert name.left >= dog_at[0] + dog.radius * shown.scale


def test_names_of_things_keep_off_doors(monkeypatch):
    dog, door = GroundThing("dog", 0.0, -2.0, 0.2), Door("door", 0.0, -2.5, "bathroom")
    ground, places, write = GroundPlan((dog,), doors=(door,)), [], above._write
    monkeypatch.setattr(above, "_write", lambda *how: places.append(write(*how)) or places[-1])
    ground_map = GroundMap()
    with window((1280, 720), "test"):
        ground_map.card(Theme((1280, 720)), replace(block_at(0.0), ground=ground), WAY, (), HERE)
        post = ground_map.area.at(door.x, door.z)
        assert places
        assert not any(place.inflate(6, 6).collidepoint(post) for place in places)


def test_water_is_on_the_map():
    corners = ((-2.4, 1.0), (-1.2, 1.0), (-1.2, 2.2), (-2.4, 2.2))
    ground = replace(GROUND, waters=(GroundWater("lake", corners, (60, 110, 200)),))
    with window((1280, 720), "test"):
        card, shown = drawn((1280, 720), ground=ground)
        lake = card.get_at([round(part) for part in shown.at(-1.4, 1.2)])
        assert is_near(lake, (60, 110, 200))


def test_a_door_is_seen_on_the_thing_that_it_is():
    thing, door = GroundThing("tent", 1.0, 2.0, 0.4, RED), Door("tent", 1.0, 2.0)
    with window((1280, 720), "test"):
        card, shown = drawn((1280, 720), ground=GroundPlan((thing,), doors=(door,)))
        assert is_near(card.get_at([round(part) for part in shown.at(1.0, 2.0)]), INK)


def names_of(things, monkeypatch, walls=HALL, way=WAY):
    """Return where names are written on a map of things, and the map's area."""
    block = replace(block_at(0.0), ground=GroundPlan(tuple(things), walls))
    ground_map, written = GroundMap(), list[pygame.Rect]()
    with window((1280, 720), "test"):
        monkeypatch.setattr(above, "_write", lambda card, name, at: written.append(at) or at)
        ground_map.card(Theme((1280, 720)), block, way, (), HERE)
    return written, ground_map.area


def test_a_name_that_has_no_room_below_its_thing_is_moved(monkeypatch):
    (corner,), shown = names_of([GroundThing("rocking horse", -3.8, -1.9, 0.4)], monkeypatch)
    assert shown.place.contains(corner)
    rack, cactus = GroundThing("rack", 1.5, 1.3, 0.2), GroundThing("cactus", 1.5, 0.6, 0.2)
    names, shown = names_of([rack, cactus], monkeypatch, ROOM, ((0.0, 0.0), (-1.0, -1.0)))
    walls = pygame.Rect(*shown.at(-2.0, 2.0), 4 * shown.scale, 4 * shown.scale)
    assert len(names) == 2 and not names[0].colliderect(names[1])
    assert all(walls.contains(name) for name in names)
    for thing in (rack, cactus):
        assert not any(name.collidepoint(shown.at(thing.x, thing.z)) for name in names)


def test_names_lie_over_the_way_and_off_the_player(monkeypatch):
    way = ((-2.0, 0.4), (2.0, 0.4))
    (name,), shown = names_of([GroundThing("deer", 2.0, 0.9, 0.3)], monkeypatch, way=way)
    assert not name.collidepoint(shown.at(2.0, 0.4))
    monkeypatch.undo()
    monkeypatch.setattr(above, "_draw_way", lambda card, *_: card.fill(RED))
    deer = GroundPlan((GroundThing("deer", 2.0, 0.9, 0.3),), HALL)
    with window((1280, 720), "test"):
        pictures = []
        for most in (1, 0):
            monkeypatch.setattr(above, "MOST_NAMED", most)
            pictures.append(pygame.surfarray.array3d(drawn((1280, 720), ground=deer)[0]))
    assert (pictures[0] != pictures[1]).any(), "the name lies above"


def test_names_keep_off_the_name_of_a_start_beyond_the_map(monkeypatch):
    here, crowd = CameraPose(z=40.0), range(-8, 9, 2)
    things = [GroundThing(f"{x} {z}", x, z, 0.3) for x in crowd for z in (32, 34, 38)]
    block, ground_map = replace(block_at(0.0), ground=GroundPlan(tuple(things))), GroundMap()
    written: list[pygame.Rect] = []
    with window((1280, 720), "test"):
        monkeypatch.setattr(above, "_write", lambda card, name, at: written.append(at) or at)
        ground_map.card(Theme((1280, 720)), block, ((0.0, 0.0), (0.0, 40.0)), (), here)
    *names, start = written
    assert names and start.collidelist(names) < 0


def test_names_keep_off_marks_and_the_start(monkeypatch):
    mark = AnchorMark(CameraPose(x=0.0, z=0.4), "anchor 1", "player", in_memory=True)
    chest = GroundThing("treasure chest", 0.0, -0.6, 0.3)
    block, ground_map = replace(block_at(0.0), ground=GroundPlan((chest,), HALL)), GroundMap()
    written: list[pygame.Rect] = []
    theme = Theme((1280, 720))
    with window((1280, 720), "test"):
        monkeypatch.setattr(above, "_write", lambda card, name, at: written.append(at) or at)
        here = CameraPose(x=3.0, z=2.0)
        ground_map.card(theme, block, ((0.0, 0.0), (3.0, 2.0)), [mark], here)
    assert len(written) == 2
    for place in (ground_map.area.at(0.0, 0.4), ground_map.area.start):
        spot = pygame.Rect(0, 0, 8, 8)
        spot.center = round(place[0]), round(place[1])
        assert spot.collidelist(written) < 0


def test_a_name_lies_where_it_hides_the_least_of_things():
    beside, over, half = (pygame.Rect(left, 0, 20, 10) for left in (40, 0, 10))
    assert clearest([over, half, beside], [pygame.Rect(0, 0, 20, 20)]) == beside
    assert clearest([over, half], [pygame.Rect(0, 0, 20, 20)]) == half


def test_a_name_that_would_hide_other_things_is_left_out(monkeypatch):
    crowd = [GroundThing("shelf", x / 2, z / 2, 0.3) for x in range(-3, 4) for z in range(-3, 4)]
    names, shown = names_of([*crowd, GroundThing("rocking horse", 3.0, 2.0, 0.2)], monkeypatch)
    for name in names:
        assert sum(name.collidepoint(shown.at(one.x, one.z)) for one in crowd) == 0


def written_on(block, monkeypatch):
    said, text = [], Theme.text
    monkeypatch.setattr(
        Theme, "text", lambda *parts, **look: said.append(parts[1]) or text(*parts, **look)
    )
    with window((1280, 720), "test"):
        GroundMap().card(Theme((1280, 720)), block, WAY, (), CameraPose(0.0, z=1.0))
    return said


def test_a_name_is_written_as_in_the_list_of_things(monkeypatch):
    flower = GroundPlan((GroundThing("wild flower", 1.0, 2.0, 0.4, RED),))
    block = replace(block_at(0.0), prompt="a meadow with wild flowers", ground=flower)
    said = written_on(block, monkeypatch)
    assert "wildflower" in said
    assert "wild flower" not in said


def test_a_door_to_a_known_room_is_no_thing_called_like_the_room(monkeypatch):
    doors = Door("door", 1.0, 2.0, "library"), Door("door", -1.0, 2.0)
    said = written_on(replace(block_at(0.0), ground=GroundPlan(doors=doors)), monkeypatch)
    assert {"to library", "door"} <= {*said}
    assert "library" not in said


def test_only_the_nearest_few_things_have_names(monkeypatch):
    kinds = [GroundThing(f"t{place}", place - 4.0, 2.0, 0.1) for place in range(9)]
    names, shown = names_of(kinds, monkeypatch)
    assert len(names) == MOST_NAMED
    leftmost = min(name.centerx for name in names)
    assert leftmost > shown.at(-3.0, 0.0)[0]


def test_things_are_called_as_in_the_list_of_things_around(monkeypatch):
    sizes = [
        names_of([GroundThing(kind, 1.0, 1.5, 0.3)], monkeypatch)[0][0].size
        for kind in ("shop shelf", "shelf")
    ]
    assert sizes[0] == sizes[1]
