"""The planner lists things that stand around, a function of caption and noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mag_sandbox.model.attention import matmul_attention
from mag_sandbox.model.imagination import planner as planner_module
from mag_sandbox.model.imagination.causal import choose
from mag_sandbox.model.imagination.objects import PlacedObject
from mag_sandbox.model.imagination.planner import (
    COLUMNS,
    FIELDS,
    SIZES,
    TURN,
    Drawn,
    Planner,
    columns_of,
    in_order,
    in_view,
    placed_objects,
    thing_numbers,
)
from mag_sandbox.model.imagination.rules.plans import colored, missing, turned
from mag_sandbox.model.imagination.rules.wanted import Wanted
from mag_sandbox.scenes.naming import Named
from tests.unit.model.imagination.tiny import KINDS, TINY, networks, prompts

NOISE = np.random.default_rng(3).random((2, TINY.planner.most, len(FIELDS)))
TENT = PlacedObject("tent", 359.0, -12.0, 30.0, 9.0, (200, 30, 90), (190, 40, 90), 3)


def test_a_plan_is_a_function_of_caption_and_noise():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    plan = planner.plan(prompt, empty, NOISE)
    assert plan == planner.plan(prompt, empty, NOISE)
    assert plan != planner.plan(empty, empty, NOISE)
    assert plan != planner.plan(prompt, empty, 1 - NOISE)
    assert len(plan) <= TINY.planner.most
    assert {thing.kind for thing in plan} <= set(TINY.looks)


def test_a_plan_goes_on_as_it_was_begun():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    begun = placed_objects(thing_numbers([TENT, replace(TENT, yaw=60.0)], KINDS), KINDS)
    plan = planner.plan(prompt, empty, NOISE, begun=begun)
    gaps = {round(two.yaw - one.yaw, 3) % 360 for one, two in zip(begun, plan, strict=False)}
    assert [replace(one, yaw=0.0) for one in plan[:2]] == [replace(one, yaw=0.0) for one in begun]
    assert len(gaps) == 1, "all are turned alike"
    assert plan != planner.plan(prompt, empty, NOISE)


def test_what_words_name_is_added_where_no_plan_shows_it_in_the_colour_they_give():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    nothing_more = replace(TINY.planner, most=1)
    planner.config = nothing_more
    red = Named(("tent",), (214, 73, 72))
    sky = Wanted([red])
    plan = planner.plan(prompt, empty, NOISE[:, :1].repeat(8, axis=1)[:, :1], sky)
    assert [thing.kind for thing in plan] == ["sky", "tent"]
    (again,) = colored(plan[1:], [red])
    assert again == plan[1]
    assert not missing(plan, 0.0, [red])


def test_what_is_added_is_as_large_as_in_life_except_on_a_stage():
    made = Planner(TINY.planner, ("apple", "backdrop"), matmul_attention)
    apple = PlacedObject("apple", 10.0, 0.0, 40.0, 40.0)
    backdrop = PlacedObject("backdrop", 200.0, -15.0, 20.0, 20.0)

    def height(*things: PlacedObject) -> float:
        told = made._usual(thing_numbers(things, made.kinds))
        return placed_objects(told[None], made.kinds)[0].height

    assert height(apple) < 12.0
    assert height(backdrop, apple) > 20.0


def test_only_kinds_of_known_size_are_added_for_a_word_that_also_means_others():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    planner.config = replace(TINY.planner, most=1)
    tried, kinds = planner._tried, []
    planner._tried = lambda numbers, asked, *rest: (
        kinds.append(asked) or tried(numbers, asked, *rest)
    )
    noise = np.random.default_rng(5).random((8, 1, len(FIELDS)))
    planner.plan(prompt, empty, noise, Wanted([Named(("tent", "tree"), None)]))
    assert kinds == [["tent"]]


def test_a_plan_has_no_more_of_a_kind_than_any_scene_and_what_words_name_moves_ahead():
    config = replace(TINY, most={"tent": 1})
    planner, (prompt, empty) = networks(config).planner.eval(), prompts()
    tent = 1 + TINY.looks.index("tent")
    assert planner._most[tent] == 1
    many = np.random.default_rng(5).random((32, 6, len(FIELDS)))
    counts = [list(plan[:, 0]).count(tent) for plan in planner.draw(prompt, empty, many).things]
    assert max(counts) == 1
    behind = replace(TENT, yaw=180.0)
    begun = thing_numbers([replace(TENT, kind="tree", yaw=0.0, width=360.0), behind], KINDS)
    room = planner._with_room(begun, ["tent"])
    assert placed_objects(room, KINDS) == placed_objects(begun, KINDS)[:1]
    planner._most[tent] = 2
    assert np.array_equal(planner._with_room(begun, ["tent"]), begun)


def test_what_no_scene_has_together_is_planned_only_where_words_name_it():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    tent, tree = (1 + TINY.looks.index(kind) for kind in ("tent", "tree"))
    planner._apart[tent, tree] = planner._apart[tree, tent] = True
    many = np.random.default_rng(5).random((32, 6, len(FIELDS)))

    def both(wanted):
        plans = planner.draw(prompt, empty, many, wanted=wanted).things
        return [{tent, tree} <= set(plan[:, 0].tolist()) for plan in plans]

    assert not any(both(Wanted()))
    assert any(both(Wanted([Named(("tree",), None)])))


def test_a_stage_with_two_kinds_of_exhibits_gets_no_third():
    planner = networks().planner
    tent, tree, sky = (1 + TINY.looks.index(kind) for kind in ("tent", "tree", "sky"))
    planner._behind, planner._exhibits[[tent, tree, sky]] = {}, True
    none = torch.zeros(TINY.planner.kinds).bool()

    def next_after(*kinds):
        allowed = planner._next(torch.tensor(kinds), [], none, none)
        return set(allowed.nonzero()[:, 0].tolist())

    assert next_after(tent, tree) == {0, tent, tree, sky}, "without a stand there is no stage"
    planner._stands[tent] = True
    assert next_after(tent, tent) == {0, tent, tree, sky}
    assert next_after(tent, tree) == {0, tent, tree}


def test_what_is_behind_all_comes_first_and_never_again_and_is_of_one_category():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    planner._behind = {"outdoor": ("sky",), "indoor": ("tree", "sky")}
    planner._among = {"outdoor": ("tent",), "indoor": ("tent", "tree")}
    many = np.random.default_rng(5).random((16, 5, len(FIELDS)))

    def kinds_of(wanted):
        plans = planner.draw(prompt, empty, many, wanted=wanted).things
        return [[TINY.looks[kind - 1] for kind in plan[:, 0]] for plan in plans]

    drawn = kinds_of(Wanted())
    assert {tuple(kinds[:2]) for kinds in drawn} <= {("sky", "tent"), ("tree", "sky"), ("sky",)}
    assert all(set(kinds[1:]) <= {"tent"} for kinds in drawn if kinds[0] == "sky")
    assert any("tree" in kinds[2:] for kinds in drawn if kinds[0] == "tree")
    assert all(kinds[:2] == ["tree", "sky"] for kinds in kinds_of(Wanted(category="indoor")))


def test_what_is_drawn_step_by_step_is_what_the_whole_plan_makes_likely():
    """With the likeliest values alone, cached steps end where one pass over all of them does."""
    planner, (prompt, _) = networks().planner.eval(), prompts()
    planner.config, planner._behind = replace(TINY.planner, guidance=1.0, top_p=1e-6), {}
    planner._most[:] = TINY.planner.most
    (drawn, *_), _ = planner.draw(prompt, prompt, NOISE)
    with torch.no_grad():
        logits = planner(torch.from_numpy(drawn)[None], prompt)
    for field, each in enumerate(logits):
        assert each[0].argmax(dim=-1).tolist() == drawn[:, field].tolist()


def test_a_plan_is_the_same_whichever_way_the_ring_is_turned():
    planner, (prompt, _) = networks().planner.eval(), prompts()
    things = [replace(TENT, yaw=yaw) for yaw in (350.0, 20.0, 200.0)]
    here, there = (thing_numbers(turned(things, yaw), KINDS) for yaw in (0.0, 40 * 360.0 / COLUMNS))
    assert here.tolist() == there.tolist()
    assert (here[0, TURN], here[1, TURN]) == (0, 13)
    with torch.no_grad():
        assert planner(torch.from_numpy(here)[None], prompt)[0].isfinite().all()


def test_a_thing_is_likened_to_the_last_of_its_kind_and_no_other():
    """What the first tree is does not matter to a tent that follows another tent."""
    head = networks().planner.eval().head
    tree = replace(TENT, kind="tree", yaw=10.0)
    rows = torch.from_numpy(thing_numbers([tree, TENT, tree, TENT], KINDS))[None]
    reference = planner_module._reference(rows)
    assert reference.there[0].tolist() == [False, False, True, True]
    assert reference.numbers[0, 3, TURN + 1 :].tolist() == rows[0, 1, TURN + 1 :].tolist()
    assert reference.numbers[0, 3, TURN] == rows[0, 3, TURN], "both stand in the same place"
    state = torch.zeros(1, 4, TINY.planner.dim)
    with torch.no_grad():
        alone, likened = head.refer(state, reference)[0, [0, 3]]
    assert not alone.any()
    assert likened.any()


def test_what_repeats_itself_is_likelier_by_its_distance_from_the_last_one():
    head = networks().planner.eval().head
    width = FIELDS.index("width")
    rows = torch.from_numpy(thing_numbers([TENT, TENT], KINDS))[None]
    reference = planner_module._reference(rows)
    with torch.no_grad():
        for part in head.apart:
            part.weight.zero_()
        state = torch.ones(1, 2, TINY.planner.dim)
        plain = head.logits(state, width, reference)
        head.apart[width - 1].weight[SIZES - 1] = 1.0  # no distance at all
        gain = (head.logits(state, width, reference) - plain)[0]
    assert not gain[0].any()
    assert gain[1].nonzero().tolist() == [[rows[0, 0, width]]]


def test_no_thing_knows_those_after_it():
    planner, (prompt, _) = networks().planner.eval(), prompts()
    things = torch.from_numpy(thing_numbers([TENT] * 4, KINDS))[None]
    other = things.clone()
    other[0, 2] = 0
    with torch.no_grad():
        before, after = planner(things, prompt), planner(other, prompt)
    for logits, changed in zip(before, after, strict=True):
        assert torch.equal(logits[:, :2], changed[:, :2])
        assert not torch.equal(logits[:, 3], changed[:, 3])


@pytest.mark.parametrize(
    "thing", [TENT, replace(TENT, yaw=0.0, pitch=40.0, width=2.5, height=170.0)]
)
def test_numbers_tell_a_thing_nearly_as_it_is(thing):
    (again,) = placed_objects(thing_numbers([thing], KINDS), KINDS)
    assert (again.kind, again.variant) == (thing.kind, thing.variant)
    assert again.width == pytest.approx(thing.width, rel=0.06)
    assert again.height == pytest.approx(thing.height, rel=0.06)
    base, expected = (each.pitch - each.height / 2 for each in (again, thing))
    assert abs(base - max(expected, -54.0)) <= 1.2
    for color, told in ((again.color, thing.color), (again.mean_color, thing.mean_color)):
        assert max(abs(a - b) for a, b in zip(color, told, strict=True)) <= 13


def test_only_the_likeliest_values_are_chosen_by_their_share():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    chosen = [choose(logits, torch.tensor([share]), 0.9).item() for share in (0.0, 0.6, 0.999)]
    assert chosen == [0, 1, 2]
    assert choose(logits, torch.tensor([0.999]), 1.0).item() == 3
    assert choose(logits.flip(-1), torch.tensor([0.2]), 0.4).item() == 3


def test_a_plan_is_of_the_category_that_has_what_words_name():
    planner = networks().planner
    planner._behind = {"outdoor": ("sky",), "indoor": ("sky", "tree")}
    planner._among = {"outdoor": ("tent", "tree"), "indoor": ("tree",)}
    tent, tree = (Named((kind,), None) for kind in KINDS)
    assert planner._scenes(Wanted([tent, tree])) == ["outdoor"]
    assert planner._scenes(Wanted([tree])) == ["outdoor", "indoor"]
    assert planner._scenes(Wanted([tent], "indoor")) == ["indoor"], "a place decides"


def test_a_plan_goes_on_around_what_a_view_shows():
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    shown = [PlacedObject("sky", 77.0, 30.0, 360.0, 60.0), replace(TENT, yaw=20.0)]
    others = planner.elsewhere(prompt, empty, NOISE, shown)
    assert others == planner.elsewhere(prompt, empty, NOISE, shown)
    assert others != planner.elsewhere(prompt, empty, NOISE, [*shown[:1], replace(TENT, yaw=70.0)])
    assert len(others) <= TINY.planner.most
    assert {thing.kind for thing in others} <= set(KINDS), "what is behind all is known"
    planner._behind = {"indoor": ("tree",), "outdoor": ("sky",)}
    planner._among = {"indoor": (), "outdoor": ("tent",)}
    others = planner.elsewhere(prompt, empty, NOISE, shown, Wanted(category="indoor"))
    assert {thing.kind for thing in others} == {"tent"}, "the picture is of outdoors"


def test_what_a_view_shows_already_is_not_asked_for_again(monkeypatch):
    planner, (prompt, empty) = networks().planner.eval(), prompts()
    shown = [PlacedObject("sky", 77.0, 30.0, 360.0, 60.0), replace(TENT, yaw=20.0)]
    tent, tree = replace(TENT, yaw=180.0), replace(TENT, kind="tree", yaw=180.0)
    plans = [thing_numbers([*shown, *more], planner.kinds) for more in ([tent], [tree, tree])]
    monkeypatch.setattr(planner, "draw", lambda *_: Drawn(plans, []))
    others = planner.elsewhere(
        prompt, empty, NOISE, shown, Wanted([Named(("tent",), None, most=1)])
    )
    assert {thing.kind for thing in others} == {"tree"}


def test_where_things_stand_is_told_in_any_order():
    things = [replace(TENT, yaw=yaw, width=wide) for yaw, wide in ((9, 30), (0, 360), (99, 30))]
    numbers = thing_numbers(things, KINDS)
    columns = columns_of(numbers)
    turned_around = in_order(numbers[::-1], columns[::-1], first=7)
    stands = (turned_around[:, TURN].cumsum() + 7) % COLUMNS
    assert stands.tolist() == [columns[2], columns[2], columns[0]], (
        "what is all around turns nothing"
    )
    again = in_order(turned_around[::-1], columns, first=0)
    assert again.tolist() == numbers.tolist()


def test_a_level_view_shows_what_reaches_into_it():
    things = [
        replace(TENT, yaw=yaw, pitch=pitch, width=20.0)
        for yaw, pitch in ((0, 0), (50, 0), (60, 0), (310, 0), (0, 50), (180, 0))
    ]
    numbers = thing_numbers(things, KINDS)
    assert in_view(numbers, columns_of(numbers), 0).tolist() == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]


def test_a_place_is_likelier_by_its_distance_from_what_stands_there():
    planner = networks().planner.eval()
    head, far = planner.place, 40
    rows = torch.from_numpy(thing_numbers([TENT, replace(TENT, yaw=TENT.yaw + 45.0)], KINDS))[None]
    with torch.no_grad():
        for part in (head.likely, head.query):
            part.weight.zero_()
            part.bias.zero_()
        head.likely.bias[far] = 1.0  # of the first head
        logits = head(torch.ones(1, 2, TINY.planner.dim), planner._history(rows))[0]
    assert not logits[0].round(decimals=4).any(), "nothing stands before the first"
    assert logits[1].argmax() == far, "a quarter on from the only one before"
