"""Words become things: kind, colour and size; what is not known is refused with what is near."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from mag_sandbox.controls.edits import HIGHEST, LARGEST, Edit
from mag_sandbox.renderer.kinds import AREAS, CLASSES
from mag_sandbox.scenes import naming, things
from mag_sandbox.scenes.color_names import COLORS, clear_color_name, color_name
from mag_sandbox.scenes.kinds import EXHIBITS, KINDS, THINGS, rivals
from mag_sandbox.scenes.looks import painted_colors
from mag_sandbox.scenes.naming import absent_kinds, named_things, silent_words, telling_words
from mag_sandbox.scenes.places import read_places
from mag_sandbox.scenes.relations import Relation
from mag_sandbox.scenes.things import (
    ThingError,
    parse_edit,
    parse_thing,
    said_color,
    thing_vocabulary,
    words_of,
)
from mag_sandbox.scenes.vocabulary import WORDS_FILE, Vocabulary
from tests import ROOT

EVERYWHERE_OR_NOWHERE = {"puddle", "spotlight", "far hill", "sea of clouds"}


@pytest.mark.parametrize(
    ("text", "kind", "color"),
    [
        ("a red tent", "tent", "red"),
        ("Tents", "tent", None),
        ("an oak", "oak", None),
        ("a tree", "oak", None),
        ("a red tree", "red tree", None),
        ("a purple castle here, please", "castle", "purple"),
        ("a golden couch", "sofa", "gold"),
        ("some potted cactuses", "potted cactus", None),
        ("cactus", "cactus", None),
        ("table with a cloth", "table with a cloth", None),
        ("a teddy", "teddy bear", None),
        ("a cat", "cat", None),
        ("a woman", "person", None),
        ("a red pony", "horse", "red"),
        ("an orange", "orange", None),
        ("an orange lantern", "lantern", "orange"),
    ],
)
def test_words_name_a_kind_and_a_colour(text, kind, color):
    edit = parse_edit(text, 40.0, None, THINGS)
    assert (edit.act, edit.kind, edit.yaw) == ("place", kind, 40.0)
    assert edit.color == (COLORS[color] if color else None)
    assert edit.pitch == THINGS[kind].pitch


@pytest.mark.parametrize("color", ["red", "blue", "white"])
def test_things_of_a_colour_that_people_have_are_of_a_kind(color):
    for kind in THINGS:
        assert all(one.kinds for one in named_things(f"a child with a {color} {kind}", KINDS)), kind
    named = named_things(f"a child with a {color} balloon", KINDS)
    assert {(one.kinds, one.color) for one in named} == {
        (("toy balloons",), COLORS[color]),
        (("child",), None),
    }


def test_size_words_make_things_smaller_and_larger_within_bounds():
    sizes = [parse_edit(f"a {word} tent", 0, 5.0, THINGS) for word in ("tiny", "", "huge")]
    assert sizes[0].width < sizes[1].width < sizes[2].width
    assert all(edit.pitch == 5.0 for edit in sizes)
    for kind in THINGS:
        edit = parse_thing(f"huge {kind}", THINGS)
        assert edit.width <= LARGEST[0]
        assert edit.height <= LARGEST[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a phantom", "cannot draw “phantom”; try ghost"),
        ("a lighthose", "lighthouse"),
        ("a banjo", "guitar"),
        ("xyzzy", "cannot draw “xyzzy”; try "),
        ("a striped tent", "does not know “striped”"),
        ("a rde tent", "try red with “tent”"),
        ("a tent with a flag", "one thing at a time"),
        ("a red and blue tent", "one colour at a time"),
        ("a", "name a thing"),
        ("two purple gnus", "cannot draw “gnus”; try tent, castle"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is_near(text, said):
    with pytest.raises(ThingError, match=said):
        parse_thing(text, THINGS)


@pytest.mark.parametrize(
    "text",
    [
        "a red tent on the wall",
        "put a red tent in the water",
        "red tent next to a tree",
        "a red tent of leaves",
    ],
)
def test_words_that_say_where_are_left_out_for_it_is_put_where_one_points(text):
    assert parse_edit(text, 10.0, 0.0, THINGS) == parse_edit("a red tent", 10.0, 0.0, THINGS)


def test_where_nothing_comes_near_things_of_the_place_are_suggested():
    with pytest.raises(ThingError, match="cannot draw “xyzzy”; try sofa, fireplace"):
        parse_edit("xyzzy", 0.0, None, THINGS, "indoor")


def test_a_kind_that_this_world_cannot_draw_is_not_known():
    with pytest.raises(ThingError, match="cannot draw “castle”"):
        parse_thing("a castle", ["tent", "sofa"])


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("remove it", "remove"),
        ("remove the red tent", "remove"),
        ("another one here", "repaint"),
        ("everything anew", "renew"),
        ("repaint this view", "renew"),
        ("take it back", "undo"),
        ("undo", "undo"),
        ("another tent", "place"),
        ("a tent", "place"),
        ("a cat", "place"),
        ("remove the cat", "remove"),
    ],
)
def test_a_player_says_what_is_to_be_done(text, act):
    edit = parse_edit(text, 10.0, 3.0, THINGS)
    assert (edit.act, edit.yaw, edit.pitch) == (act, 10.0, 3.0)
    assert bool(edit.kind) == (act == "place")


def test_words_of_places_are_not_announced_as_things():
    vocabulary = thing_vocabulary(THINGS)
    assert vocabulary.substitutes("a city") == ()
    assert vocabulary.substitutes("a taxi") == (("taxi", "yellow car"),)


@pytest.mark.parametrize("place", ["cave", "coral reef", "bathroom", "moon"])
def test_what_is_suggested_first_fits_the_place(place):
    suggested = thing_vocabulary(THINGS, place).suggestions("", 5)
    assert len(suggested) == 5
    assert {*suggested} <= read_places()[place].contents


@pytest.mark.parametrize("category", ["child's room", "kitchen", "indoor"])
def test_vehicles_are_toys_in_rooms(category):
    toy, real = (parse_edit("a train", 0.0, None, THINGS, one) for one in (category, "meadow"))
    assert toy.width < real.width / 2
    assert toy.width / toy.height == pytest.approx(real.width / real.height, rel=0.05)
    assert thing_vocabulary(THINGS, category).substitutes("a train") == (("train", "toy train"),)
    assert not thing_vocabulary(THINGS, "meadow").substitutes("a train")
    assert parse_edit("a train", 0.0, None, THINGS, "museum") == real


def test_a_side_is_understood_and_other_words_that_say_where_are_grey():
    vocabulary = thing_vocabulary(THINGS)
    yaws = {
        text: parse_edit(text, 10.0, 0.0, THINGS).yaw
        for text in ("a red tent", "a red tent on the left", "a tent to the right of a house")
    }
    assert list(yaws.values()) == [10.0, 350.0, 30.0]
    grey = {text: [word.text for word in vocabulary.without_effect(text)] for text in yaws}
    assert list(grey.values()) == [[], [], ["house"]]
    assert [word.text for word in vocabulary.without_effect("a cat on a table")] == ["table"]


def test_half_a_name_names_nothing_and_whole_ones_are_known():
    vocabulary = thing_vocabulary(THINGS)

    def grey(text):
        return " ".join(word.text for word in vocabulary.without_effect(text))

    assert grey("a pirate with a sword") == "pirate sword"
    assert grey("remove the big green palm tree") == ""
    assert {grey(f"new {kind}s") + grey(f"a {kind}") for kind in THINGS} == {""}
    assert grey("two white rabbits and a pumpkin") == "two pumpkin"
    assert grey("a snowman with a blue hat") == "blue hat"


def test_names_of_things_are_read_as_things_of_their_kind():
    pocket = Vocabulary.load(ROOT / "assets/weights/imagination" / WORDS_FILE)
    for kind in THINGS:
        assert kind in {
            one
            for named in named_things(pocket.in_known_words(kind), THINGS)
            for one in named.kinds
        }


def test_a_command_with_a_word_that_is_not_known_is_refused():
    with pytest.raises(ThingError, match="cannot draw “nonsense”"):
        parse_edit("remove the nonsense", 0, 0, THINGS)


def test_edits_are_told_in_words():
    assert words_of(parse_thing("orange tent", THINGS)) == "an orange tent"
    assert words_of(parse_thing("a castle", THINGS)) == "a castle"
    assert all(color_name(color) == name for name, color in COLORS.items())


def test_every_thing_of_the_renderer_and_the_weights_that_stands_in_a_place_can_be_named():
    config = ROOT / "assets/weights/imagination/config.json"
    kinds = {*CLASSES, *json.loads(config.read_text(encoding="utf-8"))["kinds"]}
    assert kinds - AREAS - EVERYWHERE_OR_NOWHERE == set(THINGS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"yaw": float("nan")},
        {"pitch": HIGHEST + 1},
        {"width": 0.0},
        {"height": 54.5},
        {"kind": ""},
        {"color": (1, 2)},
        {"color": (0, 0, 256)},
        {"color": (0, 0, 1.5)},
        {"x": float("nan")},
        {"z": float("nan")},
        {"act": "move"},
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|name one"):
        Edit(**{"act": "place", "kind": "tent", **wrong})


def test_a_color_of_numpy_is_recorded_as_numbers():
    edit = Edit("place", kind="tent", color=tuple(np.array([1, 2, 3], np.uint8)))
    assert json.dumps(asdict(edit)["color"]) == "[1, 2, 3]"


def test_a_height_in_words_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match='pitch is "up", expected a number'):
        parse_edit("a tent", 0.0, "up", THINGS)


def test_things_that_a_description_names_are_found_and_each_word_names_one():
    kinds = ("tree", "red tree", "lake", "frozen lake", "sofa", "tent")
    found = named_things("Red trees by a frozen lake, a couch and a green tree", kinds)
    colors = {one.kinds[0]: one.color for one in found}
    assert colors == {
        "red tree": None, "frozen lake": None, "sofa": None, "tree": COLORS["green"]
    }  # fmt: skip
    assert named_things("nothing of it", kinds) == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a crystal ball", {"ball"}),
        ("a red bird house", {"cottage"}),
        ("three lion statues", {"statue"}),
        ("a lake house", {"lake", "cottage"}),
        ("a castle gate", {"castle", "gate"}),
        ("a castle, dragons", {"castle", "dragon"}),
        ("castle dragon knight", {"castle", "dragon", "knight"}),
        ("a wooden horse", {"horse"}),
    ],
)
def test_a_name_before_another_says_of_what_kind_that_is(text: str, kinds: set[str]):
    named = named_things(text, THINGS)
    assert {one.kinds[0] for one in named} == kinds
    silent = {text.split()[place] for place in silent_words(text, THINGS)}
    assert silent == {"crystal", "bird", "lion"} & set(text.split())
    assert all(one.color == COLORS["red"] for one in named if "red" in text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a boy and a girl", 2),
        ("a cat, a cat and two cats", 4),
        ("a cat and a dog on a cat", 1),
        ("a horse race with four horses", 4),
    ],
)
def test_things_of_one_kind_are_counted_together(text: str, count: int):
    first, *_ = named_things(text, THINGS)
    assert (first.least, first.most) == (count, count)


def test_two_people_joined_by_and_are_two():
    assert [one.least for one in named_things("a man and woman", THINGS)] == [2]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("pine trees", ["pine"]),
        ("fir trees", ["pine"]),
        ("a mountain cabin", ["mountains", "log cabin"]),
        ("a river, snow", ["river", "falling snow"]),
    ],
)
def test_a_word_names_a_thing_unless_the_word_before_it_says_which(text: str, kinds: list[str]):
    named = named_things(text, (*THINGS, "river", "mountains", "falling snow"))
    assert sorted(one.kinds[0] for one in named) == sorted(kinds)


def test_a_thing_has_the_colour_right_before_it_and_no_other():
    kinds = ("sofa", "armchair", "sun")
    sofa, armchair = named_things("a library with a big red sofa and an armchair", kinds)
    assert (sofa.color, armchair.color) == (COLORS["red"], None)
    assert named_things("on a sunny day", kinds) == ()


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("sheep", 3, None),
        ("a sheep", 1, 1),
        ("the fish", 3, None),
        ("two deer", 2, 2),
        ("a field of golden wheat", 3, None),
        ("a tall bamboo", 1, None),
    ],
)
def test_words_whose_plural_is_alike_are_several_without_an_article(text, least, most):
    (one,) = named_things(text, THINGS)
    assert (one.least, one.most) == (least, most)


def test_a_word_means_all_kinds_that_it_can():
    (palms,) = named_things("palms", ("palm", "potted palm"))
    assert palms.kinds == ("palm", "potted palm")
    assert named_things("palms", ("palm",))[0].kinds == ("palm",)
    (pines,) = named_things("pine trees", ("oak", "pine"))
    assert pines.kinds == ("pine",), "these trees are pines"


def test_a_colour_is_no_fruit_and_a_place_no_thing_in_it():
    assert named_things("a space station under an orange sky", THINGS) == ()
    found = named_things("an orange by a station", THINGS)
    assert {one.kinds[0] for one in found} == {"orange", "station"}
    found = named_things("An orange, four plants", THINGS)
    assert {one.kinds[0] for one in found} == {"orange", "potted plant"}


@pytest.fixture
def colors_of(monkeypatch):
    """Return what says in which colours kinds are painted."""

    def colors_of(**known: str) -> None:
        read = {kind.replace("_", " "): frozenset(names.split()) for kind, names in known.items()}
        for module in (naming, things):
            monkeypatch.setattr(module, "painted_colors", lambda: read)
        naming._naming.cache_clear()

    yield colors_of
    naming._naming.cache_clear()


def test_a_colour_that_a_kind_does_not_take_is_not_heard(colors_of):
    colors_of(camel="yellow brown")
    for text, heard in (("a blue camel", False), ("a brown camel", True), ("a blue tent", True)):
        (named,) = named_things(text, THINGS)
        assert (named.color is not None) == heard, text
        assert (1 in telling_words(text, THINGS)) == heard, text


def test_what_does_not_take_a_colour_is_not_meant_where_words_give_it(colors_of):
    colors_of(small_robot="grey")
    (plain,), (golden,) = (named_things(f"{word} robots", THINGS) for word in ("some", "golden"))
    assert plain.kinds == ("robot", "small robot")
    assert golden.kinds == ("robot",)


@pytest.mark.parametrize(
    ("text", "grey"), [("a huge pink camel", ["pink"]), ("a blue elephant", []), ("an orange", [])]
)
def test_a_colour_that_a_thing_cannot_have_is_grey(text: str, grey: list[str]):
    vocabulary = thing_vocabulary(list(THINGS))
    assert [word.text for word in vocabulary.without_effect(text)] == grey


def test_a_thing_is_not_put_down_in_a_colour_that_it_does_not_take(colors_of):
    colors_of(camel="yellow brown", unicorn="")
    with pytest.raises(ThingError, match="“camel” cannot be blue in this world; try brown, yellow"):
        parse_thing("a blue camel", THINGS)
    with pytest.raises(ThingError, match="leave the colour out"):
        parse_thing("a purple unicorn", THINGS)
    assert parse_thing("a golden tent", THINGS).color == COLORS["gold"]


def test_colours_were_measured_of_kinds_that_can_be_named():
    known = painted_colors()
    assert known.keys() <= THINGS.keys()
    assert set().union(*known.values()) <= COLORS.keys()
    assert len(known) > len(THINGS) / 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a lamp on the table", "table lamp"),
        ("a clock on a desk", "alarm clock"),
        ("a clock on the wall", "wall clock"),
        ("a clock and a mirror hanging on the blue wall", "wall clock"),
        ("a car on the workbench", "toy car"),
    ],
)
def test_what_is_on_a_table_is_small(text, kind):
    assert kind in {one.kinds[0] for one in named_things(text, tuple(THINGS))}


@pytest.mark.parametrize("thing", ["table", "bed", "fireplace"])
def test_a_clock_above_something_is_one_for_walls(thing: str):
    assert ("wall clock",) in {
        one.kinds for one in named_things(f"a clock above the {thing}", tuple(THINGS))
    }


def test_kinds_that_are_never_together_are_so_both_ways():
    assert rivals("floor lamp") == {"hanging lamp", "wall lamp"}
    assert set(THINGS) >= EXHIBITS
    assert "piano" in rivals("kitchen counter") - rivals("sofa")
    for kind in THINGS:
        assert rivals(kind) <= set(CLASSES) - {kind}
        assert all(kind in rivals(other) for other in rivals(kind))


@pytest.mark.parametrize(
    ("text", "where", "kinds"),
    [
        ("a cat on the big red sofa", "on", ("sofa",)),
        ("a cat that sleeps on top of a sofa", "on", ("sofa",)),
        ("a sofa with a cat on it", "on", ("sofa",)),
        ("a cat to the left of the sofa", "left", ("sofa",)),
        ("a cat next to my sofa in a kitchen", "beside", ("sofa",)),
        ("a sofa, and a cat on the right", "right", ()),
        ("a cat behind me and a sofa", "behind", ()),
        ("a sofa under a lamp, and a big cat to the right of the sofa", "right", ("sofa",)),
        ("a cat between two sofas", "between", ("sofa",)),
        ("a cat and a sofa", None, None),
        ("a cat in a room with a sofa", None, None),
        ("a cat on a lake", "on", ("lake", "frozen lake")),
        ("a cat on a road", None, None),
        ("a barn and a cat, on a lake", None, None),  # all of it is there
        ("a cat around a sofa", "beside", ("sofa",)),
        ("a cat with a red ribbon and a tail on a sofa", None, None),
    ],
)
def test_words_say_where_a_thing_is(text, where, kinds):
    (cat,) = [one for one in named_things(text, THINGS) if one.kinds == ("cat",)]
    assert (cat.relation and (cat.relation.where, cat.relation.kinds)) == (where and (where, kinds))


def test_one_that_rides_a_horse_is_on_it():
    assert where_in("a zombie rides a horse") == {"zombie": ("on", "horse")}


def test_stars_above_something_are_those_of_the_sky():
    named = named_things("stars above a church", tuple(THINGS))
    assert any("star" in one.kinds for one in named)


def test_a_moon_is_above_what_words_say_and_nowhere_else():
    assert where_in("a full moon above a barn") == {"moon": ("above", "barn")}
    assert where_in("a moon above the sea") == where_in("the moon behind a barn") == {}
    assert where_in("a sunbed, a house and the moon in a pool") == {}


def test_a_sun_is_on_the_side_that_words_say():
    (meant,) = named_things("the sun on the right", ("sun",))
    assert meant.relation == Relation("right")


def test_things_of_one_kind_may_differ_in_size():
    (cows,) = named_things("a big cow and a small cow walk", ("cow",))
    assert (cows.least, cows.scale) == (2, 1.0)
    assert [part.scale for part in cows.parts] == [1.5, 0.6]


def test_a_person_fishing_from_a_boat_is_on_it():
    (person,) = (one for one in named_things("a man fishes from a boat", THINGS) if one.relation)
    assert person.relation == Relation("on", ("boat", "rowing boat"))


def test_a_thing_that_someone_carries_is_where_its_owner_is():
    kinds = ("knight", "shield", "person", "dog", "cottage", "oak")

    def where(text: str) -> dict[str, Relation | None]:
        return {one.kinds[0]: one.relation for one in named_things(text, kinds)}

    knight = where("a knight with a red shield on the left")
    assert knight == {"knight": Relation("left"), "shield": Relation("with", ("knight",))}
    assert where("a man with a dog behind me")["person"] == Relation("behind")
    house = where("a cottage with an oak on the left")
    assert house == {"cottage": None, "oak": Relation("left")}


@pytest.mark.parametrize(
    "text",
    ["a street with no people", "without any people, a street", "a street without the people"],
)
def test_what_words_say_is_not_there_is_not_named(text):
    assert not any("person" in one.kinds for one in named_things(text, THINGS))
    assert absent_kinds(text, THINGS) == {"person", "child"}
    (word,) = telling_words(text, THINGS)
    assert text.split()[word] in ("no", "without")


def test_words_that_say_where_things_are_tell():
    assert telling_words("a cat to the left of a red sofa", THINGS) == {4, 5, 7}
    assert telling_words("a cat left of a road", THINGS) == set()


@pytest.mark.parametrize(
    ("color", "name", "clear"),
    [
        ((214, 73, 72), "red", "red"),
        ((156, 104, 62), "wooden", "wooden"),
        ((140, 90, 70), "brown", "brown"),
        ((228, 60, 60), "red", "red"),
        ((200, 190, 60), "yellow", "yellow"),
        ((28, 78, 66), "teal", ""),  # a green cactus at night
        ((120, 200, 120), "green", "green"),
        ((0, 0, 0), "black", "black"),
    ],
)
def test_colours_are_named_as_the_eye_sees_them(color, name, clear):
    assert (color_name(color), clear_color_name(color)) == (name, clear)


def where_in(text: str) -> dict[str, tuple[str, ...]]:
    """Return where a description says that things are, and of which kind the other thing is."""
    told = {one.kinds[0]: one.relation for one in named_things(text, tuple(THINGS))}
    return {kind: (one.where, *one.kinds[:1]) for kind, one in told.items() if one}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("on the left a tent, on the right a car", {"tent": ("left",), "car": ("right",)}),
        ("a tent, to the left a red car", {"car": ("left",)}),
        ("a tent on the left, a car", {"tent": ("left",)}),
        ("a house. Behind the house is a big tree", {"oak": ("behind", "cottage")}),
        ("on the left there is a tent, a car", {"tent": ("left",)}),
        ("a castle with a brass band on the right", {}),
        ("a castle and trumpets on the right", {}),
        ("a tent, a brass band on the right of a castle", {}),
        ("a castle, which stands on the right", {"castle": ("right",)}),
        ("a castle, old and grey, on the right", {"castle": ("right",)}),
        ("behind the church a red tent", {"tent": ("behind", "church")}),
        ("two swans on a lake, behind it a church",
         {"swan": ("on", "lake"), "church": ("behind", "lake")}),
        ("a cottage with a yellow door, an elephant to its right, two dogs to its left",
         {"elephant": ("right", "cottage"), "dog": ("left", "cottage")}),
        ("a fireplace, a sofa before it and a cat on it",
         {"sofa": ("front", "fireplace"), "cat": ("on", "sofa")}),
        ("a castle with a knight on a horse and a dragon above it",
         {"knight": ("on", "horse"), "dragon": ("above", "castle")}),
        ("a tree, three camels, a tent behind them", {"tent": ("behind", "camel")}),
        ("an apple, a bottle and a cup on a table",
         {"apple": ("on", "table"), "bottle": ("on", "table"), "mug": ("on", "table")}),
        ("a fireplace and a cat on a sofa", {"cat": ("on", "sofa")}),
        ("a bowl on a table next to a vase",
         {"bowl": ("on", "table"), "vase": ("on", "table")}),
        ("a cake on a table beside a fireplace",
         {"cake": ("on", "table"), "table": ("beside", "fireplace")}),
        ("a table beside a vase", {"table": ("beside", "vase")}),
        ("a sofa and a cat on a round rug", {"cat": ("on", "round rug")}),
        ("two people and a child on a round rug",
         {"person": ("on", "round rug"), "child": ("on", "round rug")}),
        ("a basket and a cat on a round rug",
         {"basket": ("on", "round rug"), "cat": ("on", "round rug")}),
        ("a dragon above a burning village", {"dragon": ("sky",)}),
        ("a dragon above a castle", {"dragon": ("above", "castle")}),
        ("a round rug in front of a sofa", {"round rug": ("front", "sofa")}),
        ("a man and a parrot in a bird cage", {"parrot": ("on", "bird cage")}),
        ("a bicycle leans on a house", {"bicycle": ("beside", "cottage")}),
        ("a wheat field, smoke over a house", {}),
        ("a bench behind a lake with a cat on it",
         {"bench": ("behind", "lake"), "cat": ("on", "bench")}),
        ("a table before a house with a cake on it",
         {"table": ("front", "cottage"), "cake": ("on", "table")}),
        ("a bench behind a lake with a boat on it",
         {"bench": ("behind", "lake"), "boat": ("on", "lake")}),
        ("a table beside a bed with a lamp on it",
         {"table": ("beside", "bed"), "table lamp": ("on", "table")}),
        ("a house on a hill with a flag on it", {"flag": ("on", "cottage")}),
        ("a scarecrow in a corn field, birds on it", {"bird": ("on", "scarecrow")}),
        ("a house with a tree on each side", {"oak": ("sides", "cottage")}),
        ("a castle, trees on both sides of it", {"oak": ("sides", "castle")}),
        ("a car in front of a castle, with a tree on each side",
         {"car": ("front", "castle"), "oak": ("sides", "castle")}),
        ("trees on both sides of the road", {"oak": ("sides",)}),
        ("a car and a horse next to each other", {"horse": ("beside", "car")}),
        ("palms on the right, camels", {"palm": ("right",)}),
        ("two cars and a knight on a horse", {"knight": ("on", "horse")}),
        ("two dogs side by side", {"dog": ("row",)}),
        ("two dogs in a row on a sofa", {"dog": ("on", "sofa")}),
        ("a castle in the distance, a tent far away", {"castle": ("far",), "tent": ("far",)}),
        ("a cow and far behind it a barn", {"barn": ("far",)}),
        ("a barn far behind a cow, a tent far behind", {"barn": ("far",), "tent": ("far",)}),
        ("a meadow, and behind it a barn", {"barn": ("far",)}),
        ("beyond the lake a castle", {"castle": ("behind", "lake")}),
        ("a fountain in the middle of the park", {"fountain": ("ahead",)}),
        ("a man at a door", {"person": ("front", "door")}),
        ("a house with a car in front", {"car": ("front", "cottage")}),
        ("an owl in an oak, a boy in a boat", {"owl": ("on", "oak"), "child": ("on", "boat")}),
        ("a man in a car", {"person": ("front", "car")}),
        ("a bee in a tulip", {}),
        ("on my left a house, a dog to my right", {"cottage": ("left",), "dog": ("right",)}),
        ("a castle with a dragon flying above, at night", {"dragon": ("above", "castle")}),
        ("a church with an owl overhead and a dog", {"owl": ("above", "church")}),
    ],
)  # fmt: skip
def test_words_before_and_after_things_say_where_they_are(text: str, where: dict):
    assert where_in(text) == where


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a house with a dog on each side", (2, 2)), ("two dogs on each side of a house", (2, 2)),
        ("a house with dogs on both sides", (4, None)),
        ("a house with a tree on both sides", (2, None)),
    ],
)  # fmt: skip
def test_as_many_are_on_one_side_as_on_the_other(text: str, count: tuple[int, int | None]):
    named = named_things(text, tuple(THINGS))
    one = next(one for one in named if one.relation)
    assert (one.least, one.most) == count


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("a woman in red", "red"), ("a man dressed in blue with a dog", "blue"),
        ("a woman in a yellow dress", "gold"), ("a man in a red car", None),
        ("a man wearing a green coat on a horse", "green"), ("a man with a green hat", None),
        ("a white woman in red", "white"),
    ],
)  # fmt: skip
def test_clothes_give_people_their_colour_and_nothing_else(text: str, color: str | None):
    people = next(one for one in named_things(text, tuple(THINGS)) if one.kinds[0] == "person")
    assert people.color == (COLORS[color] if color else None)
    assert all(one.color is None for one in named_things("people in red and dogs", ("dog",)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a red car and a blue car", [("red", 1, ""), ("blue", 1, "")]),
        ("two white dogs and three black dogs", [("white", 2, ""), ("black", 3, "")]),
        ("a black horse on the left, a white horse on the right",
         [("black", 1, "left"), ("white", 1, "right")]),
        ("a tent on the left, a tent on the right", [(None, 1, "left"), (None, 1, "right")]),
    ],
)  # fmt: skip
def test_things_of_one_kind_that_differ_are_parts_of_one_name(text: str, parts: list):
    (named,) = named_things(text, tuple(THINGS))
    assert (named.least, named.most) == (sum(count for _, count, _ in parts),) * 2
    assert [
        (color_name(one.color) if one.color else None, one.least,
         one.relation.where if one.relation else "")
        for one in named.parts
    ] == parts  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a red car. The car is fast", "a red car and my dog beside the car", "a car, cars"]
)
def test_what_is_named_again_is_the_same_thing(text: str):
    car = next(one for one in named_things(text, tuple(THINGS)) if one.kinds[0] == "car")
    assert not car.parts
    assert car.least == 1


@pytest.mark.parametrize(
    "text",
    [
        "a cat on a sofa. The cat is black", "a cat that sleeps, the cat is black",
        "a sofa, a cat. It is black", "a cat which is black and a sofa", "a cat painted black",
        "a dog and a cat that is painted black",
    ],
)  # fmt: skip
def test_later_words_give_a_thing_its_colour(text: str):
    colors = {one.kinds[0]: one.color for one in named_things(text, tuple(THINGS))}
    assert colors.pop("cat") == COLORS["black"]
    assert not any(colors.values())


@pytest.mark.parametrize("text", ["a red wooden chair", "two wooden red chairs"])
def test_a_colour_counts_more_than_that_of_wood(text: str):
    (chair,) = named_things(text, ("chair",))
    assert chair.color == COLORS["red"]
    assert named_things("a wooden chair", ("chair",))[0].color == COLORS["wooden"]


def test_wood_is_browner_than_bricks():
    red, green, blue = COLORS["wooden"]
    assert red - green <= 60 and green - blue >= 40


def test_a_colour_before_another_word_is_of_that():
    (car,) = named_things("the car is red wine", ("car",))
    assert car.color is None


def test_children_are_not_the_people_beside_them():
    named = named_things("two people with two children", ("person", "child"))
    assert sorted(one.kinds for one in named) == [("child",), ("person",)]
    (people,) = named_things("two people", ("person", "child"))
    assert people.kinds == ("person",)


def test_behind_the_hills_is_far_away():
    church, _ = sorted(named_things("a church behind the hills", ("church", "hills")))
    assert church.relation == Relation("far")


def test_what_is_not_painted_gold_is_yellow():
    (bench,) = named_things("a golden bench", ("bench",))
    assert bench.color == COLORS["yellow"]
    (tent,) = named_things("a golden tent", ("tent",))
    assert tent.color == COLORS["gold"]


def test_a_full_moon_is_one_and_a_box_full_of_apples_has_many():
    (moon,) = named_things("a full moon", ("moon",))
    assert moon.least == 1
    (apples,) = named_things("a box full of apples", ("apple",))
    assert apples.least > 5


def test_a_rock_behind_a_house_is_no_material():
    named = named_things("a big rock behind a cottage", ("rock", "cottage"))
    (rock,) = (one for one in named if one.kinds == ("rock",))
    assert rock.relation == Relation("behind", ("cottage",))
    assert [one.kinds for one in named_things("a rock garden", ("rock",))] == []


def test_what_leans_on_a_tree_is_beside_it():
    bicycle = named_things("a bicycle leaning on an oak", ("bicycle", "oak"))[0]
    assert bicycle.relation == Relation("beside", ("oak",))


def test_things_after_a_comma_are_not_what_others_are_in_front_of():
    named = named_things("children in front of a saloon, horses", ("child", "horse"))
    assert all(one.relation is None for one in named)


def test_a_thing_has_the_colour_that_is_said_before_its_own():
    assert parse_edit("a red taxi", 0.0, 0.0, THINGS).color == COLORS["red"]
    assert parse_edit("a taxi", 0.0, 0.0, THINGS).color == COLORS["yellow"]


@pytest.mark.parametrize("text", ["five fir trees behind me", "five palm trees behind me"])
def test_trees_of_a_kind_are_where_words_say(text: str):
    (trees,) = named_things(text, ("pine", "palm", "oak"))
    assert trees.relation == Relation("behind")
    assert (trees.least, trees.most) == (5, 5)


def test_a_person_without_an_article_is_one():
    for text, most in (("man in a boat", 1), ("bride and groom", 2), ("men in boats", None)):
        (one,) = named_things(text.replace("bride", "man").replace("groom", "man"), ("person",))
        assert one.most == most


def test_palm_trees_are_several():
    assert named_things("palm trees", ("palm", "oak"))[0].least > 1
    assert named_things("a palm tree", ("palm", "oak"))[0].least == 1


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("make it blue", "blue"), ("paint it red please", "red"), ("a golden one", "gold"),
        ("turn this grey", "grey"), ("blue", "blue"), ("a blue tent", None), ("make it", None),
    ],
)  # fmt: skip
def test_words_that_say_a_colour_alone(text: str, color: str | None):
    assert said_color(text) == color
    if color:
        assert not thing_vocabulary(THINGS).without_effect(text)


def test_a_flock_has_several_and_what_is_under_the_stars_is_anywhere():
    assert named_things("a flock of sheep", ("sheep",))[0].least == 5
    fire, _ = sorted(named_things("a camp fire under the stars", ("camp fire", "star")))
    assert fire.relation is None


def test_riders_are_on_what_they_ride_and_who_flies_a_kite_stands():
    named = named_things("an astronaut riding a horse", ("astronaut", "horse"))
    assert named[0].relation == Relation("on", ("horse",))
    named = named_things("two boys riding horses", ("child", "horse"))
    assert sorted(named)[0].relation == Relation("on", ("horse",))
    (boy,) = named_things("a boy flying a kite", ("child",))
    assert boy.relation is None
    (dragon,) = named_things("a dragon flying", ("dragon",))
    assert dragon.relation == Relation("sky")


def test_in_front_is_ahead_where_what_was_named_before_is_behind_or_on_a_side():
    kinds = ("log cabin", "lake", "oak", "cottage")
    for text in ("a cabin behind me, a lake in front", "a cabin on the left, a lake in front"):
        named = {one.kinds[0]: one for one in named_things(text, kinds)}
        assert named["lake"].relation == Relation("ahead")
    _, oak = sorted(named_things("a house with a tree in front", kinds))
    assert oak.relation is not None and oak.relation.where == "front"


def test_contents_are_on_what_holds_them_and_that_is_where_words_say():
    text = "a bowl of oranges and a mug on the table"
    named = {one.kinds[0]: one for one in named_things(text, ("bowl", "mug", "orange", "table"))}
    assert named["orange"].relation == Relation("on", ("bowl",))
    assert named["bowl"].relation == named["mug"].relation == Relation("on", ("table",))
    horse, statue = sorted(named_things("a statue of a horse on the left", ("statue", "horse")))
    assert (horse.relation, statue.relation) == (None, Relation("left"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("three ponies", "horse"),
        ("two fires", "fireplace"),
        ("a chest of drawers", "cabinet"),
        ("two open fires", "fireplace"),
        ("black trainers", "sneaker"),
        ("blocks of flats", "apartment house"),
        ("plants in pots", "potted plant"),
        ("two standing lamps", "floor lamp"),
        ("old columns", "ruin"),
        ("a stone lantern", "stone lantern"),
    ],
)
def test_the_renderers_own_words_and_their_plurals_are_read(text: str, kind: str):
    (named,) = named_things(text, THINGS)
    assert named.kinds[0] == kind


def test_a_rock_before_a_number_is_a_thing():
    kinds = {named.kinds[0] for named in named_things("a rock, two camp fires", THINGS)}
    assert kinds == {"rock", "camp fire"}


def test_pumpkins_listed_with_a_goat_are_not_on_the_hay_bale_with_it():
    kinds = ("pumpkin", "goat", "hay bale", "cat", "dog")
    told = {one.kinds[0]: one for one in named_things("pumpkins and a goat on a hay bale", kinds)}
    assert told["goat"].relation == Relation("on", ("hay bale",))
    assert told["pumpkin"].relation is None
    both = {one.kinds[0]: one for one in named_things("a cat and a dog on a hay bale", kinds)}
    assert both["cat"].relation == both["dog"].relation == Relation("on", ("hay bale",))


@pytest.mark.parametrize(
    ("said", "where"), [("behind", "behind"), ("in front of", "front"), ("under", "under")]
)
def test_all_of_a_list_are_where_its_last_thing_is_told_to_be(said, where):
    kinds = ("cow", "horse", "fence", "cat")
    text = f"two cows and a white horse {said} a fence, a cat"
    told = {one.kinds[0]: one.relation for one in named_things(text, kinds)}
    assert told["cow"] == told["horse"] == Relation(where, ("fence",))
    assert told["cat"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a red balloon", [("balloon", "hot air balloon")]),
        ("an alien", [("alien", "slime")]),  # by way of a monster
        ("a lamb", [("lamb", "sheep")]),
        ("two pink flamingos", [("flamingos", "pink swans")]),
        ("two sheep", []),
    ],
)
def test_things_that_are_drawn_as_others_are_told(text, told):
    assert [*thing_vocabulary(THINGS).substitutes(text)] == told


@pytest.mark.parametrize(
    ("text", "kind", "relation"),
    [
        ("a boy and a kite on a hill", "child", Relation("on", ("hills",))),
        ("six people and a brass band behind a counter", "person", None),
        ("a cake with candles on a desk", "cake", Relation("on", ("desk", "school desk"))),
        ("a house with a cat on a rug", "cottage", None),
        ("a lamp on a table and a teddy bear on the bed", "table", None),
        ("a dog beside a chair and a cat on the sofa", "chair", None),
        ("bread in a window", "bread", None),
        ("a fox behind a bush, a rabbit in front of it", "rabbit", Relation("front", ("bush",))),
        ("a bus left of a church and a tree to its right", "oak", Relation("right", ("church",))),
        ("a fox in front of a bush, a cat behind it", "cat", Relation("behind", ("bush",))),
        ("a fox behind a bush, a cat behind it", "cat", Relation("behind", ("fox",))),
    ],
)
def test_words_say_where_things_are_that_share_a_place_or_lie_on_the_other_side(
    text, kind, relation
):
    (one,) = (one for one in named_things(text, KINDS) if one.kinds[0] == kind)
    assert one.relation == relation


def test_three_dancers_and_a_drummer_are_four_people():
    (people,) = named_things("people and a person", ["person"])
    assert people.least == 4


@pytest.mark.parametrize(
    ("kind", "name"),
    [("curtains", "curtains"), ("ice cream", "an ice cream"), ("bread", "bread"),
     ("orange", "an orange"), ("moon", "the moon")],
)  # fmt: skip
def test_a_thing_is_told_with_its_article_if_it_takes_one(kind, name):
    assert words_of(Edit("place", kind=kind)) == name


def test_many_people_of_a_place_are_as_many_as_words_number():
    text = "a football field with many people, three people and a ball"
    (people,) = [one for one in named_things(text, ("person", "ball")) if "person" in one.kinds]
    assert (people.least, people.most) == (3, 3)


def test_a_woman_beside_a_man_are_two_people():
    (people,) = named_things("a woman beside a man", KINDS)
    assert [(one.least, one.shape is None) for one in people.parts] == [(1, False), (1, True)]
